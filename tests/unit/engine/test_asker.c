/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "engine/asker.h"
#include "policy/prefix.h"

/* example. A IN, RD and CD, OPT with DO, 4000 octets, a client cookie and NSID. */
static const uint8_t query[] = {0x12, 0x34, 0x01, 0x10, 0,   1,   0,    0, 0, 0,  0, 1,  7,
                                'E',  'x',  'a',  'm',  'p', 'l', 'e',  0, 0, 1,  0, 1,  0,
                                0,    41,   0x0f, 0xa0, 0,   0,   0x80, 0, 0, 16, 0, 10, 0,
                                8,    1,    2,    3,    4,   5,   6,    7, 8, 0,  3, 0,  0};

static void test_all_is_taken_along(void **state)
{
    struct wr_msg m;
    struct wr_asker a;
    struct wr_client c = {.conn = 5};
    assert_int_equal(wr_msg_parse(&m, query, sizeof(query)), 0);
    wr_asker_init(&a, &c, &m, 99);
    memset(&m, 0, sizeof(m)); /* nothing points into it */
    assert_int_equal(a.id, 0x1234);
    assert_int_equal(a.asked_us, 99);
    assert_int_equal(a.client.conn, 5);
    assert_true(a.has_question && a.edns && a.nsid && a.question.dnssec_ok);
    assert_true(a.question.checking_disabled);
    assert_int_equal(a.udp_size, 4000);
    assert_int_equal(a.query_size, sizeof(query));
    assert_int_equal(a.cookie_state, WR_COOKIE_CLIENT);
    assert_memory_equal(a.client_cookie, "\1\2\3\4\5\6\7\10", 8);
    assert_memory_equal(a.question.name.wire, "\7Example", 9);
}

static void test_without_edns(void **state)
{
    struct wr_msg m;
    struct wr_asker a;
    struct wr_client c = {0};
    uint8_t plain[25];
    memcpy(plain, query, sizeof(plain));
    plain[11] = 0;
    assert_int_equal(wr_msg_parse(&m, plain, sizeof(plain)), 0);
    wr_asker_init(&a, &c, &m, 1);
    assert_int_equal(a.udp_size, 512);
    assert_false(a.edns || a.question.dnssec_ok || a.nsid);
    assert_int_equal(a.cookie_state, WR_COOKIE_NONE);
}

/* Whose MAC address it is says a server that is believed, and nobody else. */
static void test_hop(void **state)
{
    struct wr_msg m;
    struct wr_asker a;
    struct wr_client c = {.from = {.family = WR_AF_V4, .ip = {192, 0, 2, 1}}};
    struct wr_prefix hops[1];
    struct wr_edns edns = {
        .present = true, .mac_given = true, .mac = {0, 0x11, 0x22, 0x33, 0x44, 0x5f}};
    assert_int_equal(wr_addr_prefix_from_text("192.0.2.1", &hops[0]), 0);
    uint32_t count = wr_prefix_compile(hops, 1);
    assert_int_equal(wr_msg_parse(&m, query, sizeof(query)), 0);
    wr_asker_init(&a, &c, &m, 1);
    wr_asker_hop(&a, &m.edns, hops, count);
    assert_string_equal(a.client.claim, "");
    wr_asker_hop(&a, &edns, hops, count);
    assert_int_equal(a.client.claim_kind, WR_CLAIM_HOP);
    assert_string_equal(a.client.claim, "00112233445f");
    wr_asker_hop(&a, &edns, NULL, 0); /* handed to a worker who does not believe it any more */
    assert_int_equal(a.client.claim_kind, WR_CLAIM_NONE);
    assert_string_equal(a.client.claim, "");
    a.client.from.ip[3] = 2;
    wr_asker_hop(&a, &edns, hops, count);
    assert_int_equal(a.client.claim_kind, WR_CLAIM_NONE);
    strcpy(a.client.claim, "tv"); /* what it says itself stays */
    a.client.claim_kind = WR_CLAIM_PATH;
    wr_asker_hop(&a, &edns, hops, count);
    assert_int_equal(a.client.claim_kind, WR_CLAIM_PATH);
    assert_string_equal(a.client.claim, "tv");
}

static void test_without_question(void **state)
{
    struct wr_msg m;
    struct wr_asker a;
    struct wr_client c = {0};
    uint8_t empty[12] = {1};
    assert_int_equal(wr_msg_parse(&m, empty, sizeof(empty)), 0);
    wr_asker_init(&a, &c, &m, 1);
    assert_false(a.has_question);
    assert_int_equal(a.question.name.size, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_taken_along),
        cmocka_unit_test(test_hop),
        cmocka_unit_test(test_without_edns),
        cmocka_unit_test(test_without_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
