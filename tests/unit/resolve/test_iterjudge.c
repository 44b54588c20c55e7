/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "base/check.h"
#include "resolve/iter.h"

#define SOA "ns.example. hm.example. 1 2 3 4 60"

static struct wr_question asked;
static struct wr_iter it;
static struct wr_msg msg;
static uint8_t wire[4096];

/* What a response is to a question for www.example.com put to servers of com. */
static void test_judge(void **state)
{
    static const struct {
        bool whole;
        uint16_t flags;
        enum wr_response kind, want;
        bool remember;
        struct wire_rr rr;
    } rows[] = {
        /* answers */
        {true, WR_FLAG_AA, WR_RESPONSE_ANSWER, WR_RESPONSE_ANSWER, false, {0}},
        {true, 0, WR_RESPONSE_ANSWER, WR_RESPONSE_ANSWER, false, {0}},
        {true, WR_FLAG_RA, WR_RESPONSE_ANSWER, WR_RESPONSE_LAME, false, {0}}, /* doubted */
        {true, WR_FLAG_RA, WR_RESPONSE_CNAME, WR_RESPONSE_LAME, false, {0}},
        {true, WR_FLAG_AA | WR_FLAG_RA, WR_RESPONSE_CNAME, WR_RESPONSE_CNAME, false, {0}},
        {true, 0, WR_RESPONSE_ANSWER, WR_RESPONSE_REFERRAL, false,
         WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.x.")},
        {true, WR_FLAG_AA, WR_RESPONSE_ANSWER, WR_RESPONSE_ANSWER, false,
         WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.x.")},
        {true, WR_FLAG_AA, WR_RESPONSE_NXDOMAIN, WR_RESPONSE_NXDOMAIN, false, {0}},
        /* nothing of the type */
        {true, WR_FLAG_AA, WR_RESPONSE_NODATA, WR_RESPONSE_NODATA, false,
         WIRE_NS("com.", WR_TYPE_SOA, 60, SOA)},
        {true, WR_FLAG_AA, WR_RESPONSE_NODATA, WR_RESPONSE_NODATA, false,
         WIRE_NS("com.", WR_TYPE_NS, 60, "ns.com.")},
        {true, 0, WR_RESPONSE_NODATA, WR_RESPONSE_LAME, false, {0}}, /* doubted, not remembered */
        {false, 0, WR_RESPONSE_NODATA, WR_RESPONSE_NODATA, false, {0}},
        /* down, up, aside */
        {true, 0, WR_RESPONSE_REFERRAL, WR_RESPONSE_REFERRAL, false,
         WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.x.")},
        {true, WR_FLAG_AA, WR_RESPONSE_NODATA, WR_RESPONSE_REFERRAL, false,
         WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.x.")},
        {true, 0, WR_RESPONSE_REFERRAL, WR_RESPONSE_LAME, true,
         WIRE_NS("com.", WR_TYPE_NS, 60, "ns.com.")},
        {true, 0, WR_RESPONSE_REFERRAL, WR_RESPONSE_LAME, true,
         WIRE_NS(".", WR_TYPE_NS, 60, "a.root.")},
        {true, 0, WR_RESPONSE_NODATA, WR_RESPONSE_LAME, true,
         WIRE_NS("org.", WR_TYPE_NS, 60, "ns.org.")},
        {false, 0, WR_RESPONSE_REFERRAL, WR_RESPONSE_LAME, false,
         WIRE_NS(".", WR_TYPE_NS, 60, "a.root.")},
        {true, 0, WR_RESPONSE_NODATA, WR_RESPONSE_LAME, false,
         WIRE_NS("other.com.", WR_TYPE_NS, 60, "ns.x.")},
        {true, WR_FLAG_RA, WR_RESPONSE_NODATA, WR_RESPONSE_LAME, true, {0}},
        /* errors are errors */
        {true, 0, WR_RESPONSE_REFUSED, WR_RESPONSE_REFUSED, true, {0}},
        {false, 0, WR_RESPONSE_REFUSED, WR_RESPONSE_REFUSED, false, {0}},
        {true, 0, WR_RESPONSE_SERVFAIL, WR_RESPONSE_SERVFAIL, false, {0}},
    };
    for (unsigned i = 0; i < WR_ARRAY_LEN(rows); i++) {
        bool remember = !rows[i].remember;
        asked = (struct wr_question){.name = wire_name("www.example.com."), .type = WR_TYPE_A};
        it = (struct wr_iter){.zone = wire_name("com."), .question = asked, .asked = &asked};
        it.shown = rows[i].whole ? 3 : 2;
        if (!rows[i].whole) {
            it.question.name = wire_name("example.com.");
        }
        (void)wire_response(wire, sizeof(wire), "www.example.com.", WR_TYPE_A, rows[i].flags, 0,
                            &rows[i].rr, rows[i].rr.owner != NULL, &msg);
        enum wr_response got = wr_iter_judge(&it, &msg, rows[i].kind, &remember);
        if (got != rows[i].want || remember != rows[i].remember) {
            fail_msg("row %u: %s, %s", i, wr_classify_name(got),
                     remember ? "remembered" : "not remembered");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_judge)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
