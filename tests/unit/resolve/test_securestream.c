/* SPDX-License-Identifier: Apache-2.0 */
/* Streams to a server of DNS over TLS: proof before the first question, tickets, what is noted, and how each failure ends. */
#include "unit/transport/dotserver.h"

#include <stdlib.h>

#include "base/limits.h"
#include "resolve/securestream.h"
#include "resolve/stream.h"
#include "transport/whom.h"

#define T0 (70 * WR_S)

static struct dotserver d;
static struct wr_streams s;
static void *block;
static struct wr_rng rng;
static struct wr_exchange x[3];
static struct wr_upstreams upstreams;
static struct wr_uri uri;
static struct wr_whom whom;
static struct wr_conninfo conns[WR_UPSTREAMS_MAX];
static struct wr_conninfo_view view;
static struct wr_stream_out out;
static struct wr_exchange *got;
static wr_id stream;
static uint16_t asked_id;
static struct wr_now now;

static void prove(const char *facts)
{
    char text[200];
    snprintf(text, sizeof(text), "tls://192.0.2.1%s", facts);
    assert_int_equal(wr_uri_from_text(text, strlen(text), &uri, NULL), WR_OK);
    whom = wr_whom_of(&uri, upstreams.trust);
}

static int setup(void **state)
{
    dotserver_start(&d, &(struct certs_want){.names = {"dns.example"}});
    now = dotserver_now;
    memset(&upstreams, 0, sizeof(upstreams));
    memset((void *)conns, 0, sizeof(conns));
    memset(x, 0, sizeof(x));
    upstreams.upstreams = 1;
    upstreams.trust = dotserver_trust(&d);
    prove("#name=dns.example");
    upstreams.upstream[0] = (struct wr_upstream){.addr = uri.addr,
                                                 .scheme = WR_SCHEME_TLS,
                                                 .slot = 5,
                                                 .generation = 2,
                                                 .uri = &uri,
                                                 .whom = &whom};
    block = aligned_alloc(64, (wr_streams_size(4) + 63) & ~(size_t)63);
    wr_streams_init(&s, block, 4);
    wr_streams_adopt(&s, &upstreams);
    s.conns = conns;
    s.memory.resize = NULL;
    wr_rng_seed_u64(&rng, 3);
    for (unsigned i = 0; i < 3; i++) {
        wr_list_init(&x[i].node);
        wr_list_init(&x[i].on_stream);
        x[i].addr = uri.addr;
        x[i].scheme = WR_SCHEME_TLS;
        x[i].slot = 5;
        x[i].generation = 2;
    }
    return 0;
}

static int teardown(void **state)
{
    wr_streams_stop(&s);
    dotserver_end(&d);
    wr_creds_drop(upstreams.trust);
    free(block);
    return 0;
}

static void look(void)
{
    wr_conninfo_read(&conns[5], 2, &view);
}

static void open_for(unsigned n)
{
    assert_int_equal(wr_streams_place(&s, &x[n], &rng, T0), 0);
    assert_int_equal(wr_streams_poll(&s, T0, &out), WR_STREAM_OPEN);
    assert_false(out.datagrams);
    stream = out.id;
    wr_streams_opened(&s, stream, T0);
}

/* Until nothing more happens: true when an answer to `got` came. Questions that want to be asked are asked. */
static bool play(void)
{
    static uint8_t bytes[64 * 1024];
    uint8_t query[19] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
    const uint8_t *msg, *said;
    size_t size;
    for (unsigned turn = 0; turn < 100; turn++) {
        got = NULL;
        while (wr_streams_message(&s, &now, &got, &msg, &size)) {
            if (got) {
                return true;
            }
        }
        enum wr_stream_action action = wr_streams_poll(&s, T0, &out);
        if (action == WR_STREAM_ASK) {
            asked_id = out.exchange->stream_msg_id;
            query[0] = (uint8_t)(asked_id >> 8);
            query[1] = (uint8_t)asked_id;
            wr_streams_ask(&s, out.id, query, sizeof(query));
        } else if (action == WR_STREAM_WRITE) {
            dotserver_hear(&d, out.bytes, out.size);
        } else if (action == WR_STREAM_CLOSE) {
            return false;
        } else if ((size = dotserver_say(&d, &said)) > 0) {
            memcpy(bytes, said, size);
            wr_streams_bytes(&s, stream, bytes, size, &now);
        } else {
            return false;
        }
    }
    fail_msg("no end of it");
    return false;
}

/* When the proof was made that the ticket stands for. */
static uint64_t proven_us(void)
{
    for (unsigned i = 0; i < WR_TICKETS_MAX; i++) {
        if (s.tickets.place[i].put) {
            return s.tickets.place[i].proven_us;
        }
    }
    fail_msg("there is no ticket");
    return 0;
}

static void test_proof_then_questions_then_resumption(void **state)
{
    open_for(0);
    assert_true(play());
    assert_ptr_equal(got, &x[0]);
    assert_int_equal(d.queries, 1);
    assert_int_equal(d.heard[0] << 8 | d.heard[1], x[0].stream_msg_id);
    look();
    assert_int_equal(view.handshakes, 1);
    assert_int_equal(view.resumed, 0);
    assert_string_equal(view.version, "TLS1.3");
    wr_streams_leave(&s, &x[0], T0);
    assert_false(play());
    assert_int_equal(wr_streams_deadline(&s), T0 + 30 * WR_S);
    /* The next question goes over the same connection, */
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    assert_true(play());
    assert_int_equal(d.queries, 2);
    wr_streams_leave(&s, &x[1], T0);
    /* which is closed with a farewell when it is idle, */
    wr_streams_expire(&s, wr_streams_deadline(&s));
    assert_false(play());
    assert_int_equal(out.id, stream);
    assert_int_equal(d.err, WR_E_CLOSED);
    assert_int_equal(s.pool.taken, 0);
    look();
    assert_int_equal(view.failures, 0);
    /* and the one after that is resumed. */
    dotserver_accept(&d);
    uint64_t first_us = now.mono_us;
    assert_int_equal(proven_us(), first_us);
    now.mono_us += WR_S;
    open_for(2);
    assert_true(play());
    look();
    assert_int_equal(view.handshakes, 2);
    assert_int_equal(view.resumed, 1);
    /* The next ticket, which some servers give to a resumed session too, is as old as the proof. */
    wr_securestream_ticket(&s, wr_pool_get(&s.pool, stream), (const uint8_t *)"new", 3);
    assert_int_equal(proven_us(), first_us);
}

static void orphaned(unsigned n, bool own)
{
    bool again = true;
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[n]);
    assert_false(again);
    assert_int_equal(x[n].lost, own ? WR_LOST_OWN : WR_LOST_BROKEN);
    assert_int_equal(d.queries, 0);
}

static void failed(uint8_t why, const char *text)
{
    look();
    assert_int_equal(view.failures, 1);
    assert_int_equal(view.why, why);
    if (!strstr(view.text, text)) {
        fail_msg("\"%s\" does not say \"%s\"", view.text, text);
    }
}

static void test_stranger_is_told_nothing(void **state)
{
    prove("#name=other.example");
    open_for(0);
    assert_false(play());
    orphaned(0, false);
    failed(WR_UPCONN_STRANGER, "other.example");
}

static void test_pins(void **state)
{
    uint8_t good[WR_CREDS_PIN_SIZE];
    assert_int_equal(wr_creds_pin(d.leaf.der.data, d.leaf.der.size, good), WR_OK);
    prove("#pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    open_for(0);
    assert_false(play());
    orphaned(0, false);
    failed(WR_UPCONN_STRANGER, "pin");
    memcpy(uri.pin[0], good, sizeof(good));
    dotserver_accept(&d);
    open_for(0);
    assert_true(play());
}

static bool heard_nothing(void)
{
    const uint8_t *msg;
    size_t size;
    return !wr_streams_message(&s, &now, &got, &msg, &size);
}

static void test_who_never_speaks(void **state)
{
    open_for(0);
    uint64_t at_us = wr_streams_deadline(&s);
    assert_true(at_us <= T0 + 3 * WR_S);
    wr_streams_expire(&s, at_us);
    orphaned(0, false);
    failed(WR_UPCONN_MUTE, "");
    assert_false(play());
    /* One that hangs in the middle of the handshake has no more time for dripping. */
    dotserver_accept(&d);
    open_for(1);
    assert_true(heard_nothing());
    static const uint8_t drop[] = {22};
    wr_streams_bytes(&s, stream, drop, 1, &now);
    assert_true(heard_nothing());
    assert_int_equal(wr_streams_deadline(&s), T0 + 2 * WR_S);
}

static void test_refused_and_deaf(void **state)
{
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    assert_int_equal(wr_streams_poll(&s, T0, &out), WR_STREAM_OPEN);
    wr_streams_closed(&s, out.id, WR_LOST_BROKEN, T0);
    orphaned(0, false);
    failed(WR_UPCONN_REFUSED, "");
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    wr_streams_expire(&s, wr_streams_deadline(&s));
    look();
    assert_int_equal(view.why, WR_UPCONN_DEAF);
}

/* A connection that hangs after a link change is left within three seconds, also when nobody says that the link changed. */
static void test_hung(void **state)
{
    bool again;
    open_for(0);
    assert_true(play());
    wr_streams_leave(&s, &x[0], T0);
    d.mute = true;
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    assert_false(play());
    assert_int_equal(wr_streams_deadline(&s), T0 + 1 * WR_S);
    wr_streams_expire(&s, T0 + 1 * WR_S);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_true(again); /* over a new connection, while it can still be answered */
    look();
    assert_int_equal(view.failures, 0);
    assert_int_equal(wr_streams_deadline(&s), T0 + 2 * WR_S);
    wr_streams_expire(&s, T0 + 2 * WR_S);
    failed(WR_UPCONN_HUNG, "");
}

static bool is_full; /* no memory is to be had */

static void *resize(void *user, void *old, size_t size)
{
    if (size == 0) {
        free(old);
        return NULL;
    }
    return is_full ? NULL : realloc(old, size);
}

/* No memory for one question over HTTPS: it alone comes to nothing, and nobody is to blame. */
static void test_no_memory_for_one(void **state)
{
    bool again;
    d.web = true;
    dotserver_accept(&d);
    s.memory = (struct wr_http_memory){.resize = resize};
    uri.scheme = WR_URI_HTTPS;
    upstreams.upstream[0].scheme = x[0].scheme = x[1].scheme = x[2].scheme = WR_SCHEME_HTTPS;
    open_for(0);
    assert_true(play());
    wr_streams_leave(&s, &x[0], T0);
    is_full = true;
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    assert_false(play());
    is_full = false;
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_false(again);
    assert_int_equal(x[1].lost, WR_LOST_OWN);
    assert_int_equal(wr_streams_place(&s, &x[2], &rng, T0), 0);
    assert_true(play());
    assert_ptr_equal(got, &x[2]);
    look();
    assert_int_equal(view.handshakes, 1); /* over the same connection */
    assert_int_equal(view.failures, 0);
}

/* Other settings may ask for other proof: nothing goes over a connection that was proven by the old ones. */
static void test_adopt_ends_what_was_proven(void **state)
{
    static struct wr_upstreams none, same;
    static struct wr_whom other, with;
    open_for(0);
    assert_true(play());
    wr_streams_leave(&s, &x[0], T0);
    assert_false(play());
    same = upstreams; /* a reload that changed something else */
    wr_streams_adopt(&s, &same);
    assert_int_equal(s.pool.taken, 1);
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    assert_true(play());
    wr_streams_leave(&s, &x[0], T0);
    wr_streams_adopt(&s, &none);
    assert_false(play());
    assert_int_equal(s.pool.taken, 0);
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0),
                     WR_E_FULL); /* it is no server of these */
    wr_streams_adopt(&s, &upstreams);
    dotserver_accept(&d);
    open_for(1);
    assert_true(play());
    look();
    assert_int_equal(view.resumed, 0);
    same = upstreams; /* other authorities, */
    same.trust = dotserver_trust(&d);
    wr_streams_leave(&s, &x[1], T0);
    wr_streams_adopt(&s, &same);
    assert_false(play());
    assert_int_equal(s.pool.taken, 0);
    wr_streams_adopt(&s, &upstreams);
    wr_creds_drop(same.trust);
    dotserver_accept(&d);
    open_for(1); /* or records that are looked up, */
    assert_true(play());
    look();
    assert_int_equal(view.resumed, 0);
    other = whom;
    same = upstreams;
    same.upstream[0].whom = &other;
    wr_streams_adopt(&s, &same); /* the same ones */
    assert_int_equal(s.pool.taken, 1);
    upstreams.upstream[0].whom = &with;
    with.tlsas = 1;
    wr_streams_adopt(&s, &upstreams);
    assert_false(play());
    assert_int_equal(s.pool.taken, 0);
}

/* What was proven while nobody knew the time is proven again when it is known; the question goes along. */
static void test_time_becomes_known(void **state)
{
    bool again;
    now.wall_proven = false;
    open_for(0);
    assert_true(play());
    assert_true(s.unproven > 0);
    wr_streams_leave(&s, &x[0], T0);
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    now.wall_proven = true;
    wr_streams_time_proven(&s);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_true(again);
    assert_false(play());
    dotserver_accept(&d);
    open_for(1);
    assert_true(play());
    assert_int_equal(s.unproven, 0);
    look();
    assert_int_equal(view.resumed, 0);
}

/* A handshake that began without the time may end with it: what it was judged by counts. */
static void test_time_becomes_known_in_a_handshake(void **state)
{
    bool again;
    now.wall_proven = false;
    open_for(0);
    assert_true(heard_nothing());
    assert_null(wr_streams_orphan(&s, &again)); /* it goes on */
    wr_streams_time_proven(&s);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_true(again);
}

/* Over HTTPS one question may fail alone: it is told, asked elsewhere, and the connection goes on. */
static void test_https_question_fails_alone(void **state)
{
    bool again;
    for (unsigned i = 0; i < 3; i++) {
        x[i].scheme = WR_SCHEME_HTTPS;
    }
    upstreams.upstream[0].scheme = WR_SCHEME_HTTPS;
    upstreams.upstream[0].uri = NULL;                                   /* the usual path */
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), WR_E_FULL); /* nobody lends memory */
    s.memory.resize = dotserver_resize;
    d.web = true;
    dotserver_accept(&d);
    open_for(0);
    assert_true(play());
    assert_ptr_equal(got, &x[0]);
    look();
    assert_string_equal(view.protocol, "h2");
    wr_streams_leave(&s, &x[0], T0);
    d.mute = true;
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    assert_false(play());
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_int_equal(x[1].stream, 0);
    assert_int_equal(x[1].lost, WR_LOST_ALONE); /* the name may be to blame: the server is not */
    d.mute = false;
    look();
    assert_int_equal(view.failures, 1);
    assert_int_equal(view.why, WR_UPCONN_NOT_DNS);
    assert_int_equal(wr_streams_place(&s, &x[2], &rng, T0), 0);
    assert_true(play());
    assert_ptr_equal(got, &x[2]);
    assert_int_equal(s.opened, 1);
}

/* A scheme that no connection speaks yet is refused; it was opened as plain TCP. */
static void test_nothing_encrypted_becomes_plain(void **state)
{
    static const uint8_t schemes[] = {WR_SCHEME_HTTPS, WR_SCHEME_QUIC, WR_SCHEME_ODOH};
    s.memory.resize = NULL; /* what HTTP and QUIC stand in */
    for (unsigned i = 0; i < sizeof(schemes); i++) {
        x[0].scheme = upstreams.upstream[0].scheme = schemes[i];
        assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), WR_E_FULL);
        assert_int_equal(s.opened, 0);
    }
}

/* Between two messages of one record another connection is asked: it leaves the room alone in which the second one stands. */
static void test_https_asks_beside_what_is_read(void **state)
{
    x[0].scheme = x[1].scheme = upstreams.upstream[0].scheme = WR_SCHEME_HTTPS;
    s.memory.resize = dotserver_resize;
    d.web = true;
    dotserver_accept(&d);
    open_for(0);
    assert_true(play());
    wr_streams_leave(&s, &x[0], T0);
    assert_false(play());
    memset(s.plain, 0xa5, WR_UPCONN_PLAIN);
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    assert_int_equal(wr_streams_poll(&s, T0, &out), WR_STREAM_ASK);
    uint8_t query[19] = {out.exchange->stream_msg_id >> 8,
                         out.exchange->stream_msg_id & 255,
                         1,
                         0,
                         0,
                         1,
                         0,
                         0,
                         0,
                         0,
                         0,
                         0,
                         1,
                         'a',
                         0,
                         0,
                         1,
                         0,
                         1};
    wr_streams_ask(&s, out.id, query, sizeof(query));
    assert_int_equal(wr_streams_poll(&s, T0, &out), WR_STREAM_WRITE);
    for (size_t i = 0; i < WR_UPCONN_PLAIN; i++) {
        assert_int_equal(s.plain[i], 0xa5);
    }
}

/* By HTTP/1.1 what is asked next waits for the response before: it has another connection. By HTTP/2 it does not wait. */
static void test_by_http_1_who_finds_it_busy_has_another(void **state)
{
    static const uint8_t query[19] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
    x[0].scheme = x[1].scheme = x[2].scheme = upstreams.upstream[0].scheme = WR_SCHEME_HTTPS;
    s.memory.resize = dotserver_resize;
    d.web = true;
    for (unsigned i = 0; i < 2; i++) {
        bool again;
        d.old = i == 1;
        dotserver_accept(&d);
        open_for(0);
        assert_true(play());
        wr_streams_leave(&s, &x[0], T0);
        assert_false(play());
        assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
        assert_int_equal(x[1].stream, stream); /* one that is at leisure is taken again */
        assert_int_equal(wr_streams_poll(&s, T0, &out), WR_STREAM_ASK);
        wr_streams_ask(&s, out.id, query, sizeof(query));
        assert_int_equal(wr_streams_poll(&s, T0, &out), WR_STREAM_WRITE); /* and is not answered */
        assert_int_equal(wr_streams_place(&s, &x[2], &rng, T0), 0);
        assert_int_equal(x[2].stream == stream, i == 0);
        assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
        assert_int_equal(x[0].stream, x[2].stream);
        wr_streams_abandon(&s);
        while (wr_streams_orphan(&s, &again)) {
        }
        assert_false(play());
    }
}

static void test_servers_keepalive(void **state)
{
    open_for(0);
    assert_true(play());
    wr_streams_keepalive(&s, &x[0], 450);
    wr_streams_leave(&s, &x[0], T0);
    assert_int_equal(wr_streams_deadline(&s), T0 + 45 * WR_S);
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    assert_true(play());
    wr_streams_keepalive(&s, &x[0], UINT16_MAX); /* our places are ours */
    wr_streams_leave(&s, &x[0], T0);
    assert_int_equal(wr_streams_deadline(&s), T0 + WR_STREAM_KEEP_MS * WR_MS);
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    assert_true(play());
    wr_streams_keepalive(&s, &x[0], 0); /* it wants to be left */
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    assert_true(x[1].stream != x[0].stream);
    wr_streams_leave(&s, &x[0], T0);
    assert_int_equal(wr_streams_deadline(&s), T0);
}

/* What an idle server may say is little. */
static void test_idle_server_talks_on(void **state)
{
    uint8_t noise[1000] = {23, 3, 3, 3, 0xe3}; /* a record's beginning */
    open_for(0);
    assert_true(play());
    wr_streams_leave(&s, &x[0], T0);
    assert_false(play());
    d.tls.in_size = 0;
    unsigned fed = 0;
    for (; s.pool.taken && fed < 100; fed++) {
        wr_streams_bytes(&s, stream, noise, sizeof(noise), &now);
        play();
    }
    assert_true(fed < 100);
}

/* What a proxy says is about its target; port and scheme of the URL are right then. */
static void test_what_a_proxy_says(void **state)
{
    static struct wr_stream st;
    static const char text[] = "the proxy does not carry to that target (403)";
    st = (struct wr_stream){.slot = 5, .generation = 2, .scheme = WR_SCHEME_ODOH};
    st.upstream = &upstreams.upstream[0];
    wr_securestream_failed(&s, &st, WR_UPCONN_NOT_DNS, text, T0);
    look();
    assert_int_equal(view.why, WR_UPCONN_UNCARRIED);
    assert_string_equal(view.text, text);
    st.scheme = WR_SCHEME_HTTPS;
    wr_securestream_failed(&s, &st, WR_UPCONN_NOT_DNS, "", T0);
    look();
    assert_int_equal(view.why, WR_UPCONN_NOT_DNS);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_proof_then_questions_then_resumption),
        CASE(test_stranger_is_told_nothing),
        CASE(test_pins),
        CASE(test_who_never_speaks),
        CASE(test_refused_and_deaf),
        CASE(test_hung),
        CASE(test_no_memory_for_one),
        CASE(test_adopt_ends_what_was_proven),
        CASE(test_time_becomes_known),
        CASE(test_time_becomes_known_in_a_handshake),
        CASE(test_https_question_fails_alone),
        CASE(test_nothing_encrypted_becomes_plain),
        CASE(test_https_asks_beside_what_is_read),
        CASE(test_by_http_1_who_finds_it_busy_has_another),
        CASE(test_servers_keepalive),
        CASE(test_idle_server_talks_on),
        CASE(test_what_a_proxy_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
