/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/rig.h"

static struct rig r, sent;

static const struct wire_rr good = WIRE_AN("x.example.", WR_TYPE_A, 60, "192.0.2.99");

static int setup(void **state)
{
    rig_start(&r);
    return 0;
}

static int teardown(void **state)
{
    rig_stop(&r);
    return 0;
}

static void feed_stream(wr_id stream, const struct rig *to, size_t chunk)
{
    static uint8_t frame[1500]; /* stays until all of it is polled */
    size_t size = rig_response(to, 0, 0, &good, 1, frame + 2, sizeof(frame) - 2);
    frame[0] = (uint8_t)(size >> 8);
    frame[1] = (uint8_t)size;
    for (size_t at = 0; at < size + 2; at += chunk) {
        size_t n = size + 2 - at < chunk ? size + 2 - at : chunk;
        wr_requests_stream_bytes(r.requests, stream, frame + at, n, &r.now);
        if (at + n < size + 2) {
            rig_quiet(&r);
        }
    }
}

static wr_id open_stream(void)
{
    rig_expect(&r, WR_REQUEST_STREAM_OPEN);
    wr_id stream = r.out.id;
    rig_quiet(&r);
    wr_requests_stream_open(r.requests, stream, r.now.mono_us);
    rig_expect(&r, WR_REQUEST_STREAM_WRITE);
    sent = r;
    return stream;
}

static void test_truncated_then_stream_octet_by_octet(void **state)
{
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    sent = r;
    rig_answer(&r, &sent, WR_FLAG_TC, 0, NULL, 0);
    rig_expect(&r, WR_REQUEST_FORGET);
    wr_id stream = open_stream();
    feed_stream(stream, &sent, 1);
    rig_result(&r, id, 0);
    rig_quiet(&r);
    /* The next truncated answer uses the same connection. */
    id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    sent = r;
    rig_answer(&r, &sent, WR_FLAG_TC, 0, NULL, 0);
    rig_expect(&r, WR_REQUEST_FORGET);
    rig_expect(&r, WR_REQUEST_STREAM_WRITE);
    assert_true(r.out.id == stream);
    sent = r;
    feed_stream(stream, &sent, 4000);
    rig_result(&r, id, 0);
}

static void test_lost_stream_goes_to_another_server(void **state)
{
    r.upstreams.upstream[0].scheme = WR_SCHEME_TCP;
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_STREAM_OPEN);
    wr_requests_stream_closed(r.requests, r.out.id, WR_LOST_BROKEN, r.now.mono_us); /* refused */
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    assert_int_equal(rig_server(&r), 1);
    sent = r;
    rig_answer(&r, &sent, 0, 0, &good, 1);
    rig_result(&r, id, 0);
}

static void test_hung_stream(void **state)
{
    r.upstreams.groups = 1;
    r.upstreams.upstream[0].scheme = WR_SCHEME_TCP;
    r.upstreams.group[0].servers = 1;
    wr_id id = rig_ask(&r, "x.example.");
    uint64_t begun = r.now.mono_us;
    open_stream();
    while (rig_wait(&r, 10 * WR_S) != WR_REQUEST_FINISHED) {
    }
    assert_true(r.now.mono_us - begun <= 3 * WR_S);
    assert_true(r.out.failed);
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* A lone server, and a connection to it that hangs without anybody's word (a link changed somewhere else): the question that
 * finds out is answered over a new one, and the hung one is closed within three seconds. */
static void test_hung_stream_loses_no_question(void **state)
{
    r.upstreams.groups = 1;
    r.upstreams.upstream[0].scheme = WR_SCHEME_TCP;
    r.upstreams.group[0].servers = 1;
    wr_id id = rig_ask(&r, "x.example.");
    wr_id hung = open_stream();
    feed_stream(hung, &sent, 4000);
    rig_result(&r, id, 0);
    r.now.mono_us += 5 * WR_S;
    uint64_t begun = r.now.mono_us;
    id = rig_ask(&r, "y.example.");
    rig_expect(&r, WR_REQUEST_STREAM_WRITE); /* and nobody hears it */
    struct rig asked = r;
    wr_id stream = 0;
    while (!stream) {
        enum wr_request_action a = rig_wait(&r, 3 * WR_S);
        assert_int_not_equal(a, WR_REQUEST_FINISHED);
        assert_int_not_equal(a, WR_REQUEST_NOTHING);
        stream = a == WR_REQUEST_STREAM_OPEN ? r.out.id : 0;
    }
    assert_true(r.now.mono_us - begun <= 1100 * WR_MS);
    r.now.mono_us += 50 * WR_MS;
    wr_requests_stream_open(r.requests, stream, r.now.mono_us);
    while (rig_poll(&r) != WR_REQUEST_STREAM_WRITE ||
           !wr_name_equal(r.msg.qname.wire, asked.msg.qname.wire)) {
        assert_int_not_equal(r.out.action, WR_REQUEST_NOTHING);
    }
    sent = r;
    feed_stream(stream, &sent, 4000);
    rig_result(&r, id, 0);
    while (rig_wait(&r, 3 * WR_S) != WR_REQUEST_STREAM_CLOSE) {
        assert_int_not_equal(r.out.action, WR_REQUEST_NOTHING);
    }
    assert_true(r.out.id == hung);
    assert_true(r.now.mono_us - begun <= 3 * WR_S);
}

/* It was not hung, the name takes its time: what comes over the first connection counts, though the question went over another. */
static void test_slow_answer_is_taken(void **state)
{
    r.upstreams.groups = 1;
    r.upstreams.upstream[0].scheme = WR_SCHEME_TCP;
    r.upstreams.group[0].servers = 1;
    wr_id id = rig_ask(&r, "x.example.");
    uint64_t begun = r.now.mono_us;
    wr_id stream = open_stream();
    struct rig first = sent;
    while (rig_wait(&r, 3 * WR_S) != WR_REQUEST_STREAM_OPEN) {
        assert_int_not_equal(r.out.action, WR_REQUEST_NOTHING);
    }
    wr_requests_stream_open(r.requests, r.out.id, r.now.mono_us);
    while (rig_poll(&r) != WR_REQUEST_STREAM_WRITE) {
        assert_int_not_equal(r.out.action, WR_REQUEST_NOTHING);
    }
    r.now.mono_us = begun + 1500 * WR_MS;
    feed_stream(stream, &first, 4000);
    rig_result(&r, id, 0);
    assert_int_equal(wr_requests_count(r.requests), 0);
    id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_STREAM_WRITE);
    assert_true(r.out.id == stream); /* as good as before */
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* While all are suspect each is probed every half second, and the first answer makes it good. */
static void test_probes_find_the_way_back(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        r.state[i].suspect_until_us = r.now.mono_us + 20 * WR_S;
        r.state[i].failures = 4;
    }
    wr_id id = rig_ask(&r, "x.example.");
    while (rig_wait(&r, 5 * WR_S) != WR_REQUEST_FINISHED) {
    }
    assert_true(r.out.failed);
    wr_requests_release(r.requests, id, r.now.mono_us);
    unsigned probes = 0;
    uint64_t end = r.now.mono_us + 5 * WR_S;
    while (r.now.mono_us < end) {
        if (rig_wait(&r, end - r.now.mono_us) == WR_REQUEST_DATAGRAM) {
            assert_int_equal(wr_name_labels(r.msg.qname.wire), 0);
            probes++;
        }
    }
    assert_in_range(probes, 27, 33);
    while (rig_wait(&r, 1 * WR_S) != WR_REQUEST_DATAGRAM) {
    }
    sent = r;
    int server = rig_server(&r);
    rig_answer(&r, &sent, 0, WR_RCODE_REFUSED, NULL, 0); /* any answer shows that it is there */
    assert_int_equal(r.state[server].suspect_until_us, 0);
    while (rig_poll(&r) != WR_REQUEST_NOTHING) {
        assert_int_not_equal(r.out.action, WR_REQUEST_FINISHED); /* nobody waits for a probe */
    }
    id = rig_ask(&r, "y.example.");
    assert_int_equal(rig_poll(&r), WR_REQUEST_DATAGRAM);
    assert_int_equal(rig_server(&r), server);
}

static void test_adopt_moves_what_is_in_flight(void **state)
{
    struct wr_upstreams other = r.upstreams;
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    sent = r;
    other.group[0].server[0] = 2;
    wr_requests_adopt(r.requests, &other, &r.ttl, NULL, 1000, r.now.mono_us);
    memset(&r.upstreams, 0xee, sizeof(r.upstreams)); /* nothing points there any more */
    assert_true(wr_requests_deadline(r.requests) <=
                r.now.mono_us); /* asked at once, not at a timer */
    rig_expect(&r, WR_REQUEST_FORGET);
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    assert_int_equal(rig_server(&r), 2);
    rig_answer(&r, &sent, 0, 0, &good, 1); /* the old exchange is over */
    rig_quiet(&r);
    sent = r;
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* Over TCP for fear of forgeries: a name that the server is slow on, perhaps the forger's, does not end that. */
static void test_slow_name_does_not_end_wariness(void **state)
{
    enum wr_request_action action;
    r.upstreams.groups = 1;
    r.upstreams.group[0].servers = 1;
    r.state[0].wary_until_us = r.now.mono_us + 3600 * WR_S;
    wr_id slow = rig_ask(&r, "slow.example.");
    wr_id stream = open_stream();
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_STREAM_WRITE);
    sent = r;
    r.now.mono_us += 10 * WR_MS;
    feed_stream(stream, &sent, 4000);
    rig_result(&r, id, 0);
    while ((action = rig_wait(&r, 10 * WR_S)) != WR_REQUEST_FINISHED) {
        assert_int_not_equal(action, WR_REQUEST_DATAGRAM);
        if (action == WR_REQUEST_STREAM_OPEN) {
            wr_requests_stream_open(r.requests, r.out.id, r.now.mono_us);
        }
    }
    assert_true(r.state[0].wary_until_us != 0);
    wr_requests_release(r.requests, slow, r.now.mono_us);
    /* Nobody answers there at all: an answer by UDP is better than none. */
    r.state[0].suspect_until_us = 0;
    r.now.mono_us += 60 * WR_S;
    slow = rig_ask(&r, "y.example.");
    while ((action = rig_wait(&r, WR_MS)) != WR_REQUEST_STREAM_OPEN) {
        assert_int_not_equal(action, WR_REQUEST_NOTHING);
    }
    wr_requests_stream_closed(r.requests, r.out.id, WR_LOST_BROKEN, r.now.mono_us);
    assert_true(rig_wait(&r, WR_MS) == WR_REQUEST_FINISHED && r.out.failed);
    assert_int_equal(r.state[0].wary_until_us, 0);
    wr_requests_release(r.requests, slow, r.now.mono_us);
}

/* Somebody guessed, so a lone server is asked over TCP, and a filter on the way swallows that. One client asks once, and
 * again three seconds later: by then UDP is used, without any other question having come to help. */
static void test_filtered_tcp_ends_wariness(void **state)
{
    enum wr_request_action action;
    unsigned datagrams = 0;
    r.upstreams.groups = 1;
    r.upstreams.group[0].servers = 1;
    r.state[0].wary_until_us = r.now.mono_us + 3600 * WR_S;
    uint64_t end = r.now.mono_us + 5 * WR_S;
    wr_id id = rig_ask(&r, "x.example.");
    while (rig_wait(&r, 3 * WR_S) != WR_REQUEST_FINISHED) {
        assert_int_not_equal(r.out.action, WR_REQUEST_DATAGRAM);
    }
    assert_true(r.out.failed);
    wr_requests_release(r.requests, id, r.now.mono_us);
    while ((action = rig_wait(&r, end - r.now.mono_us)) != WR_REQUEST_NOTHING) {
        if (action == WR_REQUEST_DATAGRAM) { /* a probe, and UDP does come through */
            sent = r;
            datagrams++;
            rig_answer(&r, &sent, 0, 0, NULL, 0);
        }
    }
    assert_in_range(datagrams, 1, 2);
    id = rig_ask(&r, "y.example.");
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    sent = r;
    struct wire_rr rr = WIRE_AN("y.example.", WR_TYPE_A, 60, "192.0.2.7");
    rig_answer(&r, &sent, 0, 0, &rr, 1);
    rig_result(&r, id, 0);
}

/* The same when TCP opens and drips: an octet now and then is no answer, and must not hold the server on TCP for an hour. */
static void test_dripping_tcp_ends_wariness(void **state)
{
    static const uint8_t head[] = {0x7f, 0xff}, drop[1];
    wr_id stream = 0;
    bool answered = false;
    r.upstreams.groups = 1;
    r.upstreams.group[0].servers = 1;
    r.state[0].wary_until_us = r.now.mono_us + 3600 * WR_S;
    wr_id id = rig_ask(&r, "x.example.");
    uint64_t end = r.now.mono_us + 4600 * WR_MS; /* before the message has had its time */
    while (r.now.mono_us < end && !answered) {
        enum wr_request_action action = rig_wait(&r, 500 * WR_MS);
        if (action == WR_REQUEST_STREAM_OPEN) {
            stream = r.out.id;
            wr_requests_stream_open(r.requests, stream, r.now.mono_us);
        } else if (action == WR_REQUEST_STREAM_WRITE) {
            wr_requests_stream_bytes(r.requests, stream, head, 2, &r.now);
        } else if (action == WR_REQUEST_NOTHING && stream) {
            wr_requests_stream_bytes(r.requests, stream, drop, 1, &r.now);
        } else if (action == WR_REQUEST_FINISHED) {
            assert_true(r.out.failed && r.out.id == id);
            wr_requests_release(r.requests, id, r.now.mono_us);
        } else if (action == WR_REQUEST_DATAGRAM) { /* a probe, and UDP does come through */
            sent = r;
            rig_answer(&r, &sent, 0, 0, NULL, 0);
            answered = true;
        }
    }
    assert_true(answered);
    assert_int_equal(r.state[0].wary_until_us, 0);
    assert_int_equal(r.state[0].suspect_until_us, 0);
}

static void test_counters(void **state)
{
    struct wr_requests_counters c;
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    sent = r;
    sent.msg.id ^= 0x55;
    rig_answer(&r, &sent, 0, 0, &good, 1);
    while (rig_poll(&r) != WR_REQUEST_NOTHING) {
    }
    wr_requests_counters(r.requests, &c);
    assert_int_equal(c.sent, 1);
    assert_int_equal(c.wrong, 1);
    assert_int_equal(c.tcp, 1);
    assert_int_equal(c.streams, 1);
    assert_int_equal(r.state[0].wrong, 1);
    wr_requests_release(r.requests, id, r.now.mono_us);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_truncated_then_stream_octet_by_octet),
        CASE(test_lost_stream_goes_to_another_server),
        CASE(test_hung_stream),
        CASE(test_hung_stream_loses_no_question),
        CASE(test_slow_answer_is_taken),
        CASE(test_probes_find_the_way_back),
        CASE(test_adopt_moves_what_is_in_flight),
        CASE(test_slow_name_does_not_end_wariness),
        CASE(test_filtered_tcp_ends_wariness),
        CASE(test_dripping_tcp_ends_wariness),
        CASE(test_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
