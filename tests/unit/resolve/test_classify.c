/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "resolve/classify.h"

static uint8_t room[4096];

struct row {
    enum wr_response want;
    uint16_t flags, rcode;
    uint16_t qtype;
    unsigned count;
    struct wire_rr rr[3];
};

#define SOA "ns.example. hm.example. 1 2 3 4 60"

static const struct row rows[] = {
    {WR_RESPONSE_ANSWER, 0, 0, WR_TYPE_A, 1, {WIRE_AN("x.example.", WR_TYPE_A, 1, "192.0.2.1")}},
    {WR_RESPONSE_ANSWER,
     0,
     0,
     WR_TYPE_A,
     2,
     {WIRE_AN("x.example.", WR_TYPE_CNAME, 1, "y.example."),
      WIRE_AN("y.example.", WR_TYPE_A, 1, "192.0.2.1")}},
    {WR_RESPONSE_CNAME, 0, 0, WR_TYPE_A, 1, {WIRE_AN("x.example.", WR_TYPE_CNAME, 1, "y.test.")}},
    {WR_RESPONSE_ANSWER,
     0,
     0,
     WR_TYPE_CNAME,
     1,
     {WIRE_AN("x.example.", WR_TYPE_CNAME, 1, "y.test.")}},
    {WR_RESPONSE_NODATA, 0, 0, WR_TYPE_A, 1, {WIRE_NS("example.", WR_TYPE_SOA, 1, SOA)}},
    {WR_RESPONSE_NODATA, 0, 0, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_NODATA,
     0,
     0,
     WR_TYPE_A,
     2,
     {WIRE_NS("example.", WR_TYPE_SOA, 1, SOA), WIRE_NS("example.", WR_TYPE_NS, 1, "ns.example.")}},
    {WR_RESPONSE_REFERRAL, 0, 0, WR_TYPE_A, 1, {WIRE_NS("example.", WR_TYPE_NS, 1, "ns.example.")}},
    {WR_RESPONSE_NODATA,
     WR_FLAG_AA,
     0,
     WR_TYPE_A,
     1,
     {WIRE_NS("example.", WR_TYPE_NS, 1, "ns.example.")}},
    {WR_RESPONSE_NODATA, 0, 0, WR_TYPE_A, 1, {WIRE_NS("other.", WR_TYPE_NS, 1, "ns.example.")}},
    {WR_RESPONSE_NXDOMAIN, 0, WR_RCODE_NXDOMAIN, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_TRUNCATED, WR_FLAG_TC, WR_RCODE_NXDOMAIN, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_FORMERR, 0, WR_RCODE_FORMERR, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_SERVFAIL, 0, WR_RCODE_SERVFAIL, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_NOTIMP, 0, WR_RCODE_NOTIMP, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_REFUSED, 0, WR_RCODE_REFUSED, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_ANSWER, /* RFC 6672 section 2.2: a DNAME makes the name too long */
     0,
     WR_RCODE_YXDOMAIN,
     WR_TYPE_A,
     1,
     {WIRE_AN("example.", WR_TYPE_DNAME, 1, "long.test.")}},
    {WR_RESPONSE_OTHER, 0, WR_RCODE_YXDOMAIN, WR_TYPE_A, 0, {{0}}},
    {WR_RESPONSE_OTHER, 0, WR_RCODE_NOTAUTH, WR_TYPE_A, 0, {{0}}},
};

static void test_table(void **state)
{
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_msg m;
        struct wr_name q = wire_name("x.example.");
        wire_response(room, sizeof(room), "x.example.", rows[i].qtype, rows[i].flags, rows[i].rcode,
                      rows[i].rr, rows[i].count, &m);
        enum wr_response got = wr_classify(&m, q.wire, rows[i].qtype);
        if (got != rows[i].want) {
            fail_msg("row %u: %s, expected %s", i, wr_classify_name(got),
                     wr_classify_name(rows[i].want));
        }
    }
}

static void test_extended_rcodes(void **state)
{
    static const struct {
        uint16_t rcode;
        enum wr_response want;
    } codes[] = {{WR_RCODE_BADVERS, WR_RESPONSE_BADVERS},
                 {WR_RCODE_BADCOOKIE, WR_RESPONSE_BADCOOKIE}};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_build b;
        struct wr_msg m;
        struct wr_name q = wire_name("x.example.");
        struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_NONE};
        wr_build_start(&b, room, sizeof(room), 1, WR_FLAG_QR);
        wr_build_question(&b, q.wire, WR_TYPE_A, WR_CLASS_IN);
        assert_int_equal(wr_build_opt(&b, &opt, codes[i].rcode), 0);
        size_t size = wr_build_finish(&b, codes[i].rcode);
        assert_int_equal(wr_msg_parse(&m, room, size), 0);
        assert_int_equal(wr_classify(&m, q.wire, WR_TYPE_A), codes[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_extended_rcodes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
