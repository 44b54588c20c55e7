/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "engine/reply.h"

static struct wr_settings settings = {
    .edns_udp_size = 1232, .tcp_idle_ms = 12000, .server_cookies = true, .minimal_any = true};
static const uint8_t key[16] = {9};
static uint8_t room[WR_MSG_MAX];
static struct wr_msg msg;

static struct wr_reply maker(void)
{
    return (struct wr_reply){.settings = &settings, .cookie_key = key, .wall_s = 1700000000};
}

static struct wr_asker asker(void)
{
    struct wr_asker a = {.id = 77,
                         .flags = WR_FLAG_RD | WR_FLAG_CD,
                         .qclass = WR_CLASS_IN,
                         .udp_size = 512,
                         .has_question = true};
    assert_int_equal(wr_name_from_text("CaMera.example.", 15, &a.question.name), 0);
    a.question.type = WR_TYPE_TXT;
    return a;
}

/* `records` strings of 200 octets. */
static struct wr_answer answer_of(unsigned records, uint8_t *data, const uint8_t *owner)
{
    struct wr_answer answer;
    wr_answer_clear(&answer);
    answer.answers = 1;
    answer.answer[0] = (struct wr_rrset){.owner = owner,
                                         .data = data,
                                         .size = records * 203,
                                         .ttl = 60,
                                         .type = WR_TYPE_TXT,
                                         .class_ = WR_CLASS_IN,
                                         .records = (uint16_t)records};
    for (unsigned i = 0; i < records; i++) {
        uint8_t *at = data + i * 203;
        memset(at, 'x', 203);
        at[0] = 0;
        at[1] = 201;
        at[2] = 200;
        at[3] = (uint8_t)('a' + i);
    }
    return answer;
}

static void read_back(size_t size)
{
    assert_int_equal(wr_msg_parse(&msg, room, size), 0);
    assert_true(msg.flags & WR_FLAG_QR);
    assert_int_equal(msg.id, 77);
}

static void test_header_and_case(void **state)
{
    struct wr_reply r = maker();
    struct wr_asker a = asker();
    uint8_t data[203];
    struct wr_answer answer = answer_of(1, data, a.question.name.wire);
    bool tc;
    read_back(wr_reply_answer(&r, &a, &answer, room, sizeof(room), &tc));
    assert_false(tc);
    assert_int_equal(msg.flags & 0x87f0, WR_FLAG_QR | WR_FLAG_RD | WR_FLAG_RA | WR_FLAG_CD);
    assert_memory_equal(msg.qname.wire, a.question.name.wire, a.question.name.size);
    assert_false(msg.edns.present); /* who sent no OPT gets none */
}

static void test_truncation_by_transport(void **state)
{
    struct wr_reply r = maker();
    struct wr_asker a = asker();
    uint8_t data[203 * 8];
    struct wr_answer answer = answer_of(8, data, a.question.name.wire);
    bool tc;
    size_t size = wr_reply_answer(&r, &a, &answer, room, sizeof(room), &tc);
    assert_true(tc && size <= 512);
    read_back(size);
    assert_true(msg.flags & WR_FLAG_TC);
    assert_int_equal(msg.counts[WR_SECTION_ANSWER], 0);
    a.edns = true;
    a.udp_size = 4096; /* more than we send over UDP */
    size = wr_reply_answer(&r, &a, &answer, room, sizeof(room), &tc);
    assert_true(tc && size <= 1232);
    a.client.transport = WR_CLIENT_TCP;
    size = wr_reply_answer(&r, &a, &answer, room, sizeof(room), &tc);
    assert_false(tc);
    read_back(size);
    assert_int_equal(msg.counts[WR_SECTION_ANSWER], 8);
}

static void test_signatures_only_for_do(void **state)
{
    struct wr_reply r = maker();
    struct wr_asker a = asker();
    uint8_t data[203 * 2];
    struct wr_answer answer = answer_of(2, data, a.question.name.wire);
    bool tc;
    answer.answer[0].records = 1;
    answer.answer[0].sigs = 1;
    read_back(wr_reply_answer(&r, &a, &answer, room, sizeof(room), &tc));
    assert_int_equal(msg.counts[WR_SECTION_ANSWER], 1);
    a.edns = a.question.dnssec_ok = true;
    a.udp_size = 1232;
    read_back(wr_reply_answer(&r, &a, &answer, room, sizeof(room), &tc));
    assert_int_equal(msg.counts[WR_SECTION_ANSWER], 2);
    assert_true(msg.edns.dnssec_ok);
}

static void test_error_with_reason(void **state)
{
    struct wr_reply r = maker();
    struct wr_asker a = asker();
    a.edns = true;
    read_back(wr_reply_error(&r, &a, WR_RCODE_BADVERS, WR_EDE_NETWORK_ERROR, "cut", room, 512));
    assert_int_equal(wr_msg_rcode(&msg), WR_RCODE_BADVERS);
    assert_int_equal(msg.edns.ede, WR_EDE_NETWORK_ERROR);
    assert_int_equal(msg.edns.ede_text_size, 3);
    a.has_question = false;
    read_back(wr_reply_error(&r, &a, WR_RCODE_FORMERR, WR_EDE_NONE, NULL, room, 512));
    assert_int_equal(msg.qdcount, 0);
}

static void test_cookie_keepalive_nsid(void **state)
{
    struct wr_reply r = maker();
    struct wr_asker a = asker();
    a.edns = a.nsid = true;
    a.cookie_state = WR_COOKIE_CLIENT;
    memset(a.client_cookie, 3, 8);
    a.client.transport = WR_CLIENT_TCP;
    a.client.from.family = WR_AF_V4;
    strcpy(settings.identity, "gw");
    read_back(wr_reply_error(&r, &a, 0, WR_EDE_NONE, NULL, room, 512));
    assert_int_equal(msg.edns.cookie_size, 24);
    assert_memory_equal(msg.edns.cookie, a.client_cookie, 8);
    assert_true(msg.edns.keepalive && msg.edns.nsid);
    assert_int_equal(msg.edns.keepalive_100ms, 120);
    a.client.transport = WR_CLIENT_DOT;
    read_back(wr_reply_error(&r, &a, 0, WR_EDE_NONE, NULL, room, 512));
    assert_true(msg.edns.keepalive);
    a.client.transport = WR_CLIENT_DOH; /* HTTP keeps connections by itself */
    read_back(wr_reply_error(&r, &a, 0, WR_EDE_NONE, NULL, room, 512));
    assert_false(msg.edns.keepalive);
    settings.server_cookies = false;
    read_back(wr_reply_error(&r, &a, 0, WR_EDE_NONE, NULL, room, 512));
    assert_int_equal(msg.edns.cookie_size, 0);
    settings.server_cookies = true;
    a.client.transport =
        WR_CLIENT_UDP; /* only where there is a connection, and who understands options */
    read_back(wr_reply_error(&r, &a, 0, WR_EDE_NONE, NULL, room, 512));
    assert_false(msg.edns.keepalive);
    a.client.transport = WR_CLIENT_TCP;
    a.edns = false;
    read_back(wr_reply_error(&r, &a, 0, WR_EDE_NONE, NULL, room, 512));
    assert_false(msg.edns.present);
}

/* Only over an encrypted transport, and only who padded the query is padded for. */
static void test_padding(void **state)
{
    struct wr_reply r = maker();

    for (uint8_t transport = WR_CLIENT_UDP; transport < WR_CLIENT_TRANSPORTS; transport++) {
        for (int padded = 0; padded < 2; padded++) {
            struct wr_asker a = asker();
            uint8_t data[203 * 8];
            struct wr_answer answer = answer_of(4, data, a.question.name.wire);
            bool tc;
            size_t small, large;

            a.edns = true;
            a.udp_size = 1232;
            a.padded = padded;
            a.client.transport = transport;
            small =
                wr_reply_error(&r, &a, WR_RCODE_NXDOMAIN, WR_EDE_NONE, NULL, room, sizeof(room));
            read_back(small);
            assert_int_equal(msg.edns.padding, padded && wr_client_is_encrypted(transport));
            large = wr_reply_answer(&r, &a, &answer, room, sizeof(room), &tc);
            read_back(large);
            if (padded && wr_client_is_encrypted(transport)) {
                assert_int_equal(small, 468);
                assert_int_equal(large, 2 * 468);
            } else {
                assert_true(small < 100);
            }
        }
    }
}

static void test_small_ones(void **state)
{
    struct wr_reply r = maker();
    struct wr_asker a = asker();
    read_back(wr_reply_slip(&a, room, 512));
    assert_true(msg.flags & WR_FLAG_TC);
    read_back(wr_reply_refusal(&a, room, 512));
    assert_int_equal(wr_msg_rcode(&msg), WR_RCODE_REFUSED);
    assert_false(msg.flags & WR_FLAG_RA);
    assert_false(msg.edns.present);
    read_back(wr_reply_any(&r, &a, room, 512));
    assert_int_equal(msg.counts[WR_SECTION_ANSWER], 1);
    a.qclass = WR_CLASS_CH;
    read_back(wr_reply_chaos(&r, &a, "me", room, 512));
    assert_int_equal(msg.counts[WR_SECTION_ANSWER], 1);
}

/* Whoever forgot a prefix in `allow` sees why; a stranger, whose address may be a lie, is sent no octet more than he sent. */
static void test_who_is_told_why_not(void **state)
{
    static const struct {
        const char *from;
        uint8_t transport;
        bool edns, told;
    } rows[] = {
        {"192.0.2.1", WR_CLIENT_UDP, true, false}, {"192.0.2.1", WR_CLIENT_TCP, true, true},
        {"192.0.2.1", WR_CLIENT_DOT, true, true},  {"10.1.2.3", WR_CLIENT_UDP, true, true},
        {"fe80::1", WR_CLIENT_UDP, true, true},    {"127.0.0.1", WR_CLIENT_UDP, false, false},
        {"10.1.2.3", WR_CLIENT_TCP, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_asker a = asker();
        assert_int_equal(wr_addr_from_text(rows[i].from, &a.client.from), 0);
        a.client.transport = rows[i].transport;
        a.edns = rows[i].edns;
        size_t size = wr_reply_refusal(&a, room, 512);
        read_back(size);
        assert_int_equal(wr_msg_rcode(&msg), WR_RCODE_REFUSED);
        assert_int_equal(msg.edns.present, rows[i].told);
        assert_int_equal(msg.edns.ede, rows[i].told ? WR_EDE_PROHIBITED : WR_EDE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_and_case),
        cmocka_unit_test(test_truncation_by_transport),
        cmocka_unit_test(test_signatures_only_for_do),
        cmocka_unit_test(test_error_with_reason),
        cmocka_unit_test(test_cookie_keepalive_nsid),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_small_ones),
        cmocka_unit_test(test_who_is_told_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
