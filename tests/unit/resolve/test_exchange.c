/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "base/time.h"
#include "resolve/exchange.h"

#define T0 (50 * WR_S)

static struct wr_upstreams u;
static struct wr_upstream up;
static struct wr_upstream_state st;
static struct wr_question q;
static struct wr_prefix subnet;
static struct wr_exchange x;
static struct wr_rng rng;
static uint8_t sent[600], reply[1500];
static struct wr_msg asked, msg;
static enum wr_response kind;

static void start_by(enum wr_scheme scheme)
{
    static const uint8_t key[16] = {4};
    memset(&x, 0, sizeof(x));
    wr_list_init(&x.node);
    wr_list_init(&x.on_stream);
    up.scheme = (uint8_t)scheme;
    struct wr_exchange_setup setup = {.subnet = &subnet,
                                      .upstreams = &u,
                                      .peer = {.addr = up.addr, .scheme = up.scheme},
                                      .recursion_desired = true,
                                      .state = &st,
                                      .question = &q,
                                      .client_cookie_key = key,
                                      .now_us = T0};
    wr_exchange_start(&x, &setup, &rng);
}

static void start(bool tcp)
{
    start_by(tcp ? WR_SCHEME_TCP : WR_SCHEME_UDP);
}

static int setup(void **state)
{
    subnet = (struct wr_prefix){0};
    memset(&st, 0, sizeof(st));
    u = (struct wr_upstreams){.case_randomisation = true, .cookies = true};
    q = (struct wr_question){.name = wire_name("camera.cloud.example."), .type = WR_TYPE_A};
    assert_int_equal(wr_addr_from_text("192.0.2.1:53", &up.addr), 0);
    wr_rng_seed_u64(&rng, 11);
    start(false);
    return 0;
}

static void send_now(bool stream)
{
    size_t size = wr_exchange_write(&x, &st, stream, sent, sizeof(sent));
    assert_int_equal(wr_msg_parse(&asked, sent, size), 0);
    x.port_open = true;
    x.want = 0;
}

struct twist {
    uint16_t id_xor, flags, rcode;
    bool other_case, other_name, other_type, bare, no_cookie, wrong_cookie;
    uint8_t server_cookie_size;
    bool edns;
};

/* Some servers answer nothing useful to capitals: their names are asked in small letters, over UDP and TCP. */
static void test_names_in_small_letters(void **state)
{
    static struct wr_name small[2];
    small[0] = wire_name("other.example.");
    small[1] = wire_name("CLOUD.example.");
    q.name = wire_name("Camera.CLOUD.example.");
    u.lower_case = small;
    for (u.lower_cases = 0; u.lower_cases <= 2; u.lower_cases++) {
        unsigned capitals = 0;
        for (unsigned i = 0; i < 20; i++) {
            start(false);
            send_now(i % 2 == 0);
            for (unsigned at = 0; at < asked.qname.size; at++) {
                capitals += asked.qname.wire[at] >= 'A' && asked.qname.wire[at] <= 'Z';
            }
        }
        assert_int_equal(capitals > 0, u.lower_cases < 2);
    }
}

static size_t make_reply(struct twist t)
{
    struct wr_build b;
    struct wr_name name;
    uint8_t cookie[40];
    wr_name_set(&name, asked.qname.wire);
    name.wire[1] ^= t.other_case ? 0x20 : 0;
    name.wire[1] = t.other_name ? 'z' : name.wire[1];
    wr_build_start(&b, reply, sizeof(reply), asked.id ^ t.id_xor, (uint16_t)(WR_FLAG_QR | t.flags));
    if (!t.bare) {
        wr_build_question(&b, name.wire, t.other_type ? WR_TYPE_AAAA : q.type, WR_CLASS_IN);
    }
    if (t.edns) {
        struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_NONE};
        memcpy(cookie, asked.edns.cookie, 8);
        memset(cookie + 8, 0x77, 32);
        cookie[0] ^= t.wrong_cookie;
        opt.cookie = t.no_cookie ? NULL : cookie;
        opt.cookie_size = t.no_cookie ? 0 : (uint8_t)(8 + t.server_cookie_size);
        assert_int_equal(wr_build_opt(&b, &opt, t.rcode), 0);
    }
    return wr_build_finish(&b, t.rcode);
}

static enum wr_exchange_verdict judge(struct twist t)
{
    size_t size = make_reply(t);
    return wr_exchange_datagram(&x, &st, &up.addr, reply, size, T0, &msg, &kind);
}

static void test_question_is_random_and_complete(void **state)
{
    unsigned turned = 0;
    uint16_t first_id;
    send_now(false);
    first_id = asked.id;
    assert_true(asked.flags & WR_FLAG_RD);
    assert_true(wr_name_equal(asked.qname.wire, q.name.wire));
    assert_int_equal(asked.edns.udp_size, WR_EDNS_UDP_SIZE);
    assert_int_equal(asked.edns.cookie_size, 8);
    assert_false(asked.edns.ecs);
    for (unsigned i = 0; i < 64; i++) {
        start(false);
        send_now(false);
        turned += asked.qname.wire[1] == 'C';
    }
    assert_in_range(turned, 16, 48);
    assert_int_not_equal(asked.id, first_id);
}

static void test_a_subnet_only_where_configured(void **state)
{
    assert_int_equal(wr_addr_prefix_from_text("198.51.100.0/22", &subnet), 0);
    start(false);
    send_now(false);
    assert_true(asked.edns.ecs);
    const uint8_t *end = asked.wire + asked.size;
    assert_memory_equal(end - 11, "\0\10\0\7\0\1\26\0\xc6\x33\x64", 11);
}

static void test_repeat_is_the_same_message(void **state)
{
    uint8_t again[600];
    size_t size = wr_exchange_write(&x, &st, false, sent, sizeof(sent));
    wr_exchange_repeat(&x);
    assert_int_equal(wr_exchange_write(&x, &st, false, again, sizeof(again)), size);
    assert_memory_equal(sent, again, size); /* one id, one port, one window for a forger */
}

static void test_good_reply(void **state)
{
    send_now(false);
    assert_int_equal(judge((struct twist){0}), WR_EXCHANGE_ACCEPTED);
    assert_int_equal(x.state, WR_EXCHANGE_DONE);
    assert_int_equal(x.want, WR_EXCHANGE_WANT_FORGET);
    assert_int_equal(judge((struct twist){0}), WR_EXCHANGE_REJECTED); /* once only */
}

static void test_each_lie_is_seen(void **state)
{
    const struct twist lies[] = {{.id_xor = 1},
                                 {.other_case = true},
                                 {.other_name = true},
                                 {.other_type = true},
                                 {.flags = WR_OPCODE_NOTIFY << 11},
                                 {.edns = true, .wrong_cookie = true, .server_cookie_size = 8},
                                 {.bare = true}};
    for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        memset((void *)&st, 0, sizeof(st)); /* each as the first of its hour */
        start(false);
        send_now(false);
        assert_int_equal(judge(lies[i]), WR_EXCHANGE_REJECTED);
        assert_int_equal(x.state, WR_EXCHANGE_STREAM); /* where guessing is no use */
        assert_int_equal(x.want, WR_EXCHANGE_WANT_STREAM | WR_EXCHANGE_WANT_FORGET);
        assert_int_equal(judge((struct twist){0}), WR_EXCHANGE_REJECTED); /* UDP is over */
    }
    memset((void *)&st, 0, sizeof(st));
    struct wr_addr other = up.addr;
    other.port = 54;
    start(false);
    send_now(false);
    size_t size = make_reply((struct twist){0});
    assert_int_equal(wr_exchange_datagram(&x, &st, &other, reply, size, T0, &msg, &kind),
                     WR_EXCHANGE_REJECTED);
    start(false);
    send_now(false);
    assert_int_equal(wr_exchange_datagram(&x, &st, &up.addr, reply, 11, T0, &msg, &kind),
                     WR_EXCHANGE_REJECTED);
}

static void test_guesses_in_a_servers_name_are_bounded(void **state)
{
    for (unsigned i = 0; i < WR_WRONG_UPSTREAM_MAX; i++) {
        start(false);
        assert_int_equal(x.state, WR_EXCHANGE_UDP);
        send_now(false);
        assert_int_equal(judge((struct twist){.id_xor = 1}), WR_EXCHANGE_REJECTED);
    }
    start(false); /* another question, and no datagram that could be guessed at */
    assert_int_equal(x.state, WR_EXCHANGE_STREAM);
    assert_int_equal(x.want, WR_EXCHANGE_WANT_STREAM);
    wr_exchange_tcp_failed(&x, &st); /* a server without TCP is not given up for that */
    start(false);
    assert_int_equal(x.state, WR_EXCHANGE_UDP);
}

static void test_without_case_randomisation(void **state)
{
    u.case_randomisation = false;
    start(false);
    send_now(false);
    assert_memory_equal(asked.qname.wire, q.name.wire, q.name.size);
    assert_int_equal(judge((struct twist){.other_case = true}), WR_EXCHANGE_ACCEPTED);
}

static void test_a_known_cookie_is_demanded(void **state)
{
    send_now(false);
    assert_int_equal(judge((struct twist){.edns = true, .server_cookie_size = 16}),
                     WR_EXCHANGE_ACCEPTED);
    start(false);
    send_now(false);
    assert_int_equal(asked.edns.cookie_size, 24); /* learned and sent back */
    assert_int_equal(asked.edns.cookie[8], 0x77);
    assert_int_equal(judge((struct twist){0}), WR_EXCHANGE_REJECTED);
}

static void test_badcookie_is_tried_once_more_then_tcp(void **state)
{
    struct twist bad = {.edns = true, .server_cookie_size = 8, .rcode = WR_RCODE_BADCOOKIE};
    send_now(false);
    assert_int_equal(judge(bad), WR_EXCHANGE_CONTINUES);
    assert_int_equal(x.want, WR_EXCHANGE_WANT_DATAGRAM);
    send_now(false);
    assert_int_equal(asked.edns.cookie_size, 16);
    assert_int_equal(judge(bad), WR_EXCHANGE_CONTINUES);
    assert_int_equal(x.state, WR_EXCHANGE_STREAM);
}

static void test_server_without_edns(void **state)
{
    send_now(false);
    assert_int_equal(judge((struct twist){.bare = true, .rcode = WR_RCODE_FORMERR}),
                     WR_EXCHANGE_CONTINUES);
    send_now(false);
    assert_false(asked.edns.present);
    assert_int_equal(judge((struct twist){0}), WR_EXCHANGE_ACCEPTED);
    start(false);
    send_now(false);
    assert_false(asked.edns.present); /* remembered */
    assert_int_equal(judge((struct twist){.rcode = WR_RCODE_FORMERR}), WR_EXCHANGE_ACCEPTED);
    assert_int_equal(kind, WR_RESPONSE_FORMERR);
    st.no_edns_until_us = T0; /* an hour later: tried again */
    start(false);
    assert_true(x.edns);
}

static void test_who_spoke_edns_does_not_forget_it(void **state)
{
    send_now(false);
    assert_int_equal(judge((struct twist){.edns = true, .no_cookie = true}), WR_EXCHANGE_ACCEPTED);
    start(false);
    send_now(false);
    assert_int_equal(judge((struct twist){.bare = true, .rcode = WR_RCODE_FORMERR}),
                     WR_EXCHANGE_REJECTED);
    assert_int_equal(st.no_edns_until_us, 0);
}

static void test_truncated_and_streams(void **state)
{
    send_now(false);
    assert_int_equal(judge((struct twist){.flags = WR_FLAG_TC}), WR_EXCHANGE_CONTINUES);
    assert_int_equal(st.truncated, 1);
    assert_int_equal(x.state, WR_EXCHANGE_STREAM);
    x.stream_msg_id = 0x4242;
    send_now(true);
    assert_int_equal(asked.id, 0x4242);
    assert_memory_equal(asked.qname.wire, q.name.wire,
                        q.name.size); /* no 0x20 where none is needed */
    size_t size = make_reply((struct twist){.other_case = true});
    assert_int_equal(wr_exchange_streamed(&x, &st, reply, size, T0, &msg, &kind),
                     WR_EXCHANGE_ACCEPTED);
    start(true);
    assert_int_equal(x.want, WR_EXCHANGE_WANT_STREAM);
    x.stream_msg_id = 1;
    send_now(true);
    size = make_reply((struct twist){.other_name = true});
    assert_int_equal(wr_exchange_streamed(&x, &st, reply, size, T0, &msg, &kind),
                     WR_EXCHANGE_REJECTED);
    assert_int_equal(x.state, WR_EXCHANGE_FAILED);
}

/* Encrypted: the size says little (RFC 8467), no cookie says who asks, and the server is asked how long it keeps connections. In
 * plain text nothing is padded (RFC 7830 section 6). */
static void test_padded_when_encrypted(void **state)
{
    static const char *const names[] = {
        "a.", "camera.cloud.example.",
        "a23456789.b23456789.c23456789.d23456789.e23456789.f23456789.g23456789.h23456789."};
    static const enum wr_scheme schemes[] = {WR_SCHEME_TLS, WR_SCHEME_HTTPS, WR_SCHEME_QUIC};
    for (unsigned i = 0; i < 9; i++) {
        q.name = wire_name(names[i / 3]);
        start_by(schemes[i % 3]);
        assert_int_equal(x.state, WR_EXCHANGE_STREAM);
        send_now(true);
        assert_int_equal(wr_exchange_write(&x, &st, true, sent, sizeof(sent)) % 128, 0);
        assert_true(asked.edns.padding);
        assert_int_equal(asked.edns.cookie_size, 0);
        assert_int_equal(asked.edns.keepalive, schemes[i % 3] == WR_SCHEME_TLS);
    }
    start_by(WR_SCHEME_TCP);
    send_now(true);
    assert_false(asked.edns.padding);
    assert_int_equal(asked.edns.cookie_size, 8);
}

#define CASE(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_names_in_small_letters),
        CASE(test_question_is_random_and_complete),
        CASE(test_a_subnet_only_where_configured),
        CASE(test_repeat_is_the_same_message),
        CASE(test_good_reply),
        CASE(test_each_lie_is_seen),
        CASE(test_guesses_in_a_servers_name_are_bounded),
        CASE(test_without_case_randomisation),
        CASE(test_a_known_cookie_is_demanded),
        CASE(test_badcookie_is_tried_once_more_then_tcp),
        CASE(test_server_without_edns),
        CASE(test_who_spoke_edns_does_not_forget_it),
        CASE(test_truncated_and_streams),
        CASE(test_padded_when_encrypted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
