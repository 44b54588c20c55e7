/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/rig.h"

#include "resolve/request_state.h"
#include "resolve/streamlife.h"

static struct rig r, first, second;

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

static void expect_datagram_to(int server, struct rig *ret_sent)
{
    assert_int_equal(rig_wait(&r, 2 * WR_S), WR_REQUEST_DATAGRAM);
    assert_int_equal(rig_server(&r), server);
    *ret_sent = r;
}

/* Silence: the second is asked while the first stays out, and the first may still answer. */
static void test_hedge_and_late_winner(void **state)
{
    wr_id id = rig_ask(&r, "x.example.");
    expect_datagram_to(0, &first);
    uint64_t begun = r.now.mono_us;
    expect_datagram_to(1, &second);
    assert_in_range(r.now.mono_us - begun, 20 * WR_MS, 250 * WR_MS);
    rig_answer(&r, &first, 0, 0, &good, 1);
    rig_result(&r, id, 0);
    rig_answer(&r, &second, 0, 0, &good, 1); /* too late: ignored */
    assert_int_equal(wr_requests_count(r.requests), 0);
}

/* Two addresses of one server: over the first no connection is to be had, and nobody says so. After the delay of RFC 8305 section 8
 * one to the other is begun, and the first goes on. When they are two servers the first has its time. */
static void test_attempts_in_turn(void **state)
{
    for (unsigned same = 0; same < 2; same++) {
        struct wr_addr v6 = {.family = WR_AF_V6, .ip = {0x20, 1, 0xd, 0xb8}, .port = 853};
        rig_encrypt(&r, 0, WR_SCHEME_TLS);
        rig_encrypt(&r, 1, WR_SCHEME_TLS);
        r.upstreams.group[0].servers = 2;
        r.upstreams.upstream[0].addr = v6;
        r.upstreams.upstream[0].origin = r.upstreams.upstream[1].origin = same;
        r.state[0].srtt_us = 400 * WR_MS; /* it was there, and far */
        r.state[0].rttvar_us = 200 * WR_MS;
        wr_id id = rig_ask(&r, "x.example.");
        assert_int_equal(rig_wait(&r, 0), WR_REQUEST_STREAM_OPEN);
        assert_true(wr_addr_equal(&r.out.addr, &v6));
        uint64_t begun = r.now.mono_us;
        assert_int_equal(rig_wait(&r, 2 * WR_S), WR_REQUEST_STREAM_OPEN);
        assert_true(wr_addr_equal(&r.out.addr, &r.upstreams.upstream[1].addr));
        assert_int_equal(r.now.mono_us - begun, same ? 250 * WR_MS : 800 * WR_MS);
        assert_int_equal(r.state[0].failures, same ? 0 : 1); /* it is late, not dead */
        wr_requests_release(r.requests, id, r.now.mono_us);
        rig_stop(&r);
        rig_start(&r);
    }
}

/* An error is no reason to wait. */
static void test_errors_move_on_at_once(void **state)
{
    static const uint16_t rcodes[] = {WR_RCODE_SERVFAIL, WR_RCODE_REFUSED, WR_RCODE_NOTAUTH};
    uint64_t begun = r.now.mono_us;
    wr_id id = rig_ask(&r, "x.example.");
    for (int i = 0; i < 3; i++) {
        expect_datagram_to(i, &first);
        rig_answer(&r, &first, 0, rcodes[i], NULL, 0);
        rig_expect(&r, WR_REQUEST_FORGET);
    }
    assert_int_equal(r.now.mono_us, begun);
    rig_result(&r, id, WR_RCODE_SERVFAIL);
    assert_true(r.out.failed);
    assert_non_null(strstr(r.out.answer->ede_text, "answered NOTAUTH"));
    assert_int_equal(r.out.answer->ede_zone[0], 0); /* the route is the root's */
}

static void test_unreachable_moves_on_and_marks(void **state)
{
    wr_id id = rig_ask(&r, "x.example.");
    expect_datagram_to(0, &first);
    wr_requests_unreachable(r.requests, first.out.id, WR_LOST_BROKEN, r.now.mono_us);
    rig_expect(&r, WR_REQUEST_FORGET);
    expect_datagram_to(1, &first);
    rig_answer(&r, &first, 0, 0, &good, 1);
    rig_result(&r, id, 0);
    assert_true(r.state[0].suspect_until_us > r.now.mono_us);
    rig_ask(&r, "y.example.");
    bool asked_good = false;
    while (rig_poll(&r) != WR_REQUEST_NOTHING) {
        asked_good |= r.out.action == WR_REQUEST_DATAGRAM && rig_server(&r) == 1 &&
                      wr_name_labels(r.msg.qname.wire) > 0;
        assert_false(r.out.action == WR_REQUEST_DATAGRAM && rig_server(&r) == 0);
    }
    assert_true(asked_good);
}

/* An ICMP error may be forged: it makes the next server's turn come early, and nothing else. */
static void test_told_unreachable_only_hurries(void **state)
{
    wr_id id = rig_ask(&r, "x.example.");
    uint64_t begun = r.now.mono_us;
    expect_datagram_to(0, &first);
    wr_requests_unreachable(r.requests, first.out.id, WR_LOST_TOLD, r.now.mono_us);
    expect_datagram_to(1, &second);
    assert_int_equal(r.now.mono_us, begun);
    rig_quiet(&r); /* the first is not forgotten */
    assert_int_equal(r.state[0].suspect_until_us, 0);
    rig_answer(&r, &first, 0, 0, &good, 1);
    rig_result(&r, id, 0);
}

/* A lone server: however many come, the question goes on as without them. */
static void test_told_unreachable_ends_nothing(void **state)
{
    r.upstreams.group[0].servers = 1;
    wr_id id = rig_ask(&r, "x.example.");
    unsigned sends = 0;
    for (uint64_t end = r.now.mono_us + 1500 * WR_MS; r.now.mono_us < end;) {
        enum wr_request_action a = rig_wait(&r, end - r.now.mono_us);
        assert_int_not_equal(a, WR_REQUEST_FINISHED);
        if (a == WR_REQUEST_DATAGRAM && wr_name_labels(r.msg.qname.wire) > 0) {
            first = r;
            sends++;
        }
        for (int i = 0; sends && i < 5; i++) {
            wr_requests_unreachable(r.requests, first.out.id, WR_LOST_TOLD, r.now.mono_us);
        }
    }
    assert_in_range(sends, 6, WR_FORWARD_TRIES_MAX - 1);
    assert_int_equal(r.state[0].given_up, 0);
    rig_answer(&r, &first, 0, 0, &good, 1);
    rig_result(&r, id, 0);
    assert_int_equal(r.state[0].suspect_until_us, 0);
}

/* The turn of a suspect takes none from the good server, whose message may only be lost. */
static void test_a_suspects_turn_costs_no_time(void **state)
{
    r.upstreams.group[0].servers = 2;
    r.state[1].suspect_until_us = r.now.mono_us + 20 * WR_S;
    r.state[1].failures = 6;
    rig_ask(&r, "x.example.");
    unsigned sends[2] = {0, 0};
    uint64_t first_us[2] = {0, 0}, repeat_us = 0, end = r.now.mono_us + 1800 * WR_MS;
    while (r.now.mono_us < end && sends[0] + sends[1] < WR_FORWARD_TRIES_MAX) {
        if (rig_wait(&r, end - r.now.mono_us) != WR_REQUEST_DATAGRAM ||
            wr_name_labels(r.msg.qname.wire) == 0) {
            continue;
        }
        int server = rig_server(&r);
        first_us[server] = sends[server]++ ? first_us[server] : r.now.mono_us;
        repeat_us = server == 0 && sends[0] == 2 ? r.now.mono_us : repeat_us;
        if (server == 0) { /* another answer keeps it good */
            r.state[0].answered_us = r.now.mono_us;
        }
    }
    assert_true(first_us[0] < first_us[1]);
    assert_int_equal(repeat_us, first_us[1]);
    assert_in_range(sends[0], 3 * sends[1], WR_FORWARD_TRIES_MAX);
}

/* No port, no descriptor: nobody out there is to blame, and the next question may have one. */
static void test_own_want_blames_nobody(void **state)
{
    struct wr_answer_room room = {.scratch = malloc(WR_CACHE_SCRATCH_SIZE)};
    static uint8_t arena[WR_RRSET_SIZE_MAX];
    struct wr_answer kept;
    struct wr_question q = {.name = wire_name("x.example."), .type = WR_TYPE_A};
    uint32_t stored_s;
    bool by_silence;
    wr_arena_init(&room.arena, arena, sizeof(arena));
    wr_id id = rig_ask(&r, "x.example.");
    for (int i = 0; i < 3; i++) {
        expect_datagram_to(i, &first);
        wr_requests_unreachable(r.requests, first.out.id, WR_LOST_OWN, r.now.mono_us);
        rig_expect(&r, WR_REQUEST_FORGET);
        assert_int_equal(r.state[i].suspect_until_us | r.state[i].failures, 0);
    }
    rig_result(&r, id, WR_RCODE_SERVFAIL);
    assert_int_equal(r.out.answer->ede, WR_EDE_OTHER);
    assert_int_equal(wr_answer_find_failure(r.cache, &q, (uint32_t)(r.now.mono_us / WR_S), &room,
                                            &kept, &stored_s, &by_silence),
                     WR_FOUND_NOTHING);
    free(room.scratch);
}

/* Everybody silent: over within 2 s, at most twelve messages; afterwards all are asked at once and it takes 350 ms. */
static void test_silence_is_bounded(void **state)
{
    unsigned sends = 0;
    uint64_t begun = r.now.mono_us;
    wr_id id = rig_ask(&r, "x.example.");
    while (rig_wait(&r, 5 * WR_S) != WR_REQUEST_FINISHED) {
        sends += r.out.action == WR_REQUEST_DATAGRAM;
    }
    assert_in_range(sends, 3, WR_FORWARD_TRIES_MAX + 6); /* with the probes */
    assert_true(r.now.mono_us - begun <= 2 * WR_S);
    assert_int_equal(r.out.answer->ede, WR_EDE_NO_REACHABLE_AUTHORITY);
    assert_non_null(strstr(r.out.answer->ede_text, "none of the upstreams"));
    wr_requests_release(r.requests, id, r.now.mono_us);
    begun = r.now.mono_us;
    rig_ask(&r, "z.example.");
    while (rig_wait(&r, 5 * WR_S) != WR_REQUEST_FINISHED) {
    }
    assert_in_range(r.now.mono_us - begun, 300 * WR_MS, 400 * WR_MS);
}

/* It answers others and is slow on this name: waited for, and asked again. */
static void test_slow_name_is_waited_for(void **state)
{
    wr_id id = rig_ask(&r, "x.example."), other;
    expect_datagram_to(0, &first);
    while (r.now.mono_us < 502500 * WR_MS) {
        enum wr_request_action a = rig_wait(&r, 100 * WR_MS);
        assert_int_not_equal(a, WR_REQUEST_FINISHED);
        if (a == WR_REQUEST_NOTHING) {
            other = rig_ask(&r, "quick.example.");
            struct wire_rr rr = WIRE_AN("quick.example.", WR_TYPE_A, 0, "192.0.2.7");
            assert_int_equal(rig_poll(&r), WR_REQUEST_DATAGRAM);
            second = r;
            rig_answer(&r, &second, 0, 0, &rr, 1);
            rig_result(&r, other, 0);
        }
    }
    rig_answer(&r, &first, 0, 0, &good, 1);
    rig_result(&r, id, 0);
}

static void test_parallel_asks_all(void **state)
{
    r.upstreams.group[0].strategy = WR_STRATEGY_PARALLEL;
    wr_id id = rig_ask(&r, "x.example.");
    for (int i = 0; i < 3; i++) {
        rig_expect(&r, WR_REQUEST_DATAGRAM);
        assert_int_equal(rig_server(&r), i);
    }
    second = r;
    rig_quiet(&r);
    rig_answer(&r, &second, 0, 0, &good, 1);
    rig_result(&r, id, 0);
}

static void test_no_server_of_a_family_allowed(void **state)
{
    r.upstreams.ipv4 = false;
    wr_id id = rig_ask(&r, "x.example.");
    rig_result(&r, id, WR_RCODE_SERVFAIL);
    assert_non_null(strstr(r.out.answer->ede_text, "none of the upstreams may be asked"));
}

/* What was learned about a server that is gone from the slot is not told of its successor. */
static void test_report_for_an_old_generation(void **state)
{
    rig_ask(&r, "x.example.");
    expect_datagram_to(0, &first);
    r.state[0].generation = 1;
    wr_requests_unreachable(r.requests, first.out.id, WR_LOST_BROKEN, r.now.mono_us);
    assert_int_equal(r.state[0].suspect_until_us, 0);
}

/* A response that is none to one question (a 502 of HTTP) tells of the name: whoever chose it made no server suspect. */
static void test_failed_alone(void **state)
{
    rig_ask(&r, "x.example.");
    expect_datagram_to(0, &first);
    wr_requests_unreachable(r.requests, first.out.id, WR_LOST_ALONE, r.now.mono_us);
    assert_int_equal(r.state[0].suspect_until_us, 0);
    assert_int_equal(r.state[0].given_up, 0);
    rig_expect(&r, WR_REQUEST_FORGET);
    rig_expect(&r, WR_REQUEST_DATAGRAM); /* the next is asked at once */
    assert_int_not_equal(rig_server(&r), 0);
}

static void test_link_change_asks_again_at_once(void **state)
{
    rig_ask(&r, "x.example.");
    expect_datagram_to(0, &first);
    r.state[2].suspect_until_us = 1;
    wr_requests_link_changed(r.requests, r.now.mono_us);
    rig_expect(&r, WR_REQUEST_DATAGRAM);
    assert_int_equal(r.state[2].suspect_until_us, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* DoT before DoH before plain text: each is left when it is silent, not when it is slow once, and plain text comes last. */
static void test_transports_in_turn(void **state)
{
    rig_encrypt(&r, 0, WR_SCHEME_HTTPS);
    rig_encrypt(&r, 1, WR_SCHEME_TLS);
    wr_id id = rig_ask(&r, "x.example.");
    uint64_t begun = r.now.mono_us;
    rig_expect(&r, WR_REQUEST_STREAM_OPEN);
    assert_int_equal(rig_server(&r), 1);
    assert_int_equal(rig_wait(&r, 1 * WR_S), WR_REQUEST_STREAM_OPEN);
    assert_int_equal(rig_server(&r), 0);
    assert_in_range(r.now.mono_us - begun, 300 * WR_MS, 600 * WR_MS);
    wr_requests_stream_closed(r.requests, r.out.id, WR_LOST_BROKEN, r.now.mono_us);
    while (rig_wait(&r, 1 * WR_S) != WR_REQUEST_DATAGRAM) { /* probes */
        assert_int_not_equal(r.out.action, WR_REQUEST_FINISHED);
    }
    assert_int_equal(rig_server(&r), 2);
    assert_in_range(r.now.mono_us - begun, 1 * WR_S, 1100 * WR_MS);
    first = r;
    rig_answer(&r, &first, 0, 0, &good, 1);
    rig_result(&r, id, 0);
}

/* That we have no room for a connection, or no memory, says nothing of the server: it is no reason for plain text. */
static void test_no_room_is_no_reason_for_plain_text(void **state)
{
    rig_encrypt(&r, 0, WR_SCHEME_TLS);
    r.upstreams.group[0].servers = 2;
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_STREAM_OPEN);
    assert_int_equal(rig_server(&r), 0);
    wr_requests_stream_closed(r.requests, r.out.id, WR_LOST_OWN, r.now.mono_us);
    for (enum wr_request_action a = rig_wait(&r, 5 * WR_S); a != WR_REQUEST_FINISHED;
         a = rig_wait(&r, 5 * WR_S)) {
        assert_int_not_equal(a, WR_REQUEST_DATAGRAM);
        assert_int_not_equal(a, WR_REQUEST_NOTHING);
    }
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* A connection that is there, and on which as many questions are out as may be, however silent: what never got its turn says nothing of
 * the server either. */
static void test_no_turn_is_no_reason_for_plain_text(void **state)
{
    struct wr_streams *s = &r.requests->env.streams;
    rig_encrypt(&r, 0, WR_SCHEME_TLS);
    r.upstreams.group[0].servers = 2;
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_STREAM_OPEN);
    for (enum wr_request_action a = r.out.action; a != WR_REQUEST_FINISHED;
         a = rig_wait(&r, 5 * WR_S)) {
        struct wr_stream *st = wr_pool_get(&s->pool, r.out.id);
        assert_int_not_equal(a, WR_REQUEST_DATAGRAM);
        assert_int_not_equal(a, WR_REQUEST_NOTHING);
        if (a == WR_REQUEST_STREAM_OPEN) {
            st->conn.kind = WR_UPCONN_DOQ; /* has no room */
            st->state = WR_STREAM_READY;
            st->ready_us = r.now.mono_us;
            wr_streamlife_arm(s, st);
        }
    }
    assert_int_equal(r.state[0].timeouts, 0);
    assert_int_equal(r.state[0].suspect_until_us, 0);
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* Nor is it when the server answered and there was no place for what it said. */
static void test_no_place_for_an_answer_is_no_reason_either(void **state)
{
    rig_encrypt(&r, 0, WR_SCHEME_TLS);
    r.upstreams.group[0].servers = 2;
    wr_id id = rig_ask(&r, "x.example.");
    rig_expect(&r, WR_REQUEST_STREAM_OPEN);
    struct wr_request *q = wr_pool_get(&r.requests->pool, id);
    struct wr_exchange *x = wr_pool_get(&r.requests->env.exchanges, q->forward.exchange[0]);
    wr_forward_no_room(&q->forward, &r.requests->env, x, r.now.mono_us);
    wr_request_settle(r.requests, q, id, r.now.mono_us);
    for (enum wr_request_action a = rig_wait(&r, 5 * WR_S); a != WR_REQUEST_FINISHED;
         a = rig_wait(&r, 5 * WR_S)) {
        assert_int_not_equal(a, WR_REQUEST_DATAGRAM);
        assert_int_not_equal(a, WR_REQUEST_NOTHING);
    }
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* With encryption required nothing else is left, and no root is asked either. */
static void test_encryption_required(void **state)
{
    r.upstreams.encrypted_only = true;
    r.upstreams.group[0].recurse_after = true;
    wr_id id = rig_ask(&r, "x.example.");
    rig_result(&r, id, WR_RCODE_SERVFAIL);
    assert_true(r.out.failed);
    rig_encrypt(&r, 1, WR_SCHEME_TLS);
    id = rig_ask(&r, "y.example.");
    rig_expect(&r, WR_REQUEST_STREAM_OPEN);
    assert_int_equal(rig_server(&r), 1);
    for (enum wr_request_action a = rig_wait(&r, 10 * WR_S); a != WR_REQUEST_FINISHED;
         a = rig_wait(&r, 10 * WR_S)) {
        assert_int_not_equal(a, WR_REQUEST_DATAGRAM);
        assert_int_not_equal(a, WR_REQUEST_NOTHING);
        if (a == WR_REQUEST_STREAM_OPEN) {
            assert_int_equal(rig_server(&r), 1);
        }
    }
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* What proves the address of a group's own servers is asked of others while nobody of the group can be asked. */
static void test_keys_for_bootstrap(void **state)
{
    struct wr_question q = {.name = wire_name("example."), .type = WR_TYPE_DNSKEY};
    bool joined;
    r.upstreams.bootstrap = 2; /* group 1: server 3 */
    for (int i = 0; i < 3; i++) {
        r.upstreams.upstream[i].addr.family = WR_AF_NONE;
    }
    wr_id id = wr_requests_ask(r.requests, &q, r.now.mono_us, &joined);
    expect_datagram_to(3, &first);
    rig_answer(&r, &first, 0, 0, NULL, 0);
    rig_result(&r, id, 0);
    id = rig_ask(&r, "x.example."); /* a client's name goes to nobody it was not meant for */
    rig_result(&r, id, WR_RCODE_SERVFAIL);
    for (int i = 0; i < 3; i++) {
        r.upstreams.upstream[i].addr.family = WR_AF_V4;
    }
    q.name = wire_name("other.");
    wr_requests_ask(r.requests, &q, r.now.mono_us, &joined);
    expect_datagram_to(0, &first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_hedge_and_late_winner),
        CASE(test_attempts_in_turn),
        CASE(test_no_room_is_no_reason_for_plain_text),
        CASE(test_no_place_for_an_answer_is_no_reason_either),
        CASE(test_no_turn_is_no_reason_for_plain_text),
        CASE(test_errors_move_on_at_once),
        CASE(test_told_unreachable_only_hurries),
        CASE(test_a_suspects_turn_costs_no_time),
        CASE(test_told_unreachable_ends_nothing),
        CASE(test_own_want_blames_nobody),
        CASE(test_unreachable_moves_on_and_marks),
        CASE(test_silence_is_bounded),
        CASE(test_slow_name_is_waited_for),
        CASE(test_parallel_asks_all),
        CASE(test_no_server_of_a_family_allowed),
        CASE(test_report_for_an_old_generation),
        CASE(test_failed_alone),
        CASE(test_link_change_asks_again_at_once),
        cmocka_unit_test_setup_teardown(test_transports_in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_encryption_required, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_for_bootstrap, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
