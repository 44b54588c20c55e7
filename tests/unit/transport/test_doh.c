/* SPDX-License-Identifier: Apache-2.0 */
/* DoH: which request is a query, how long an answer may be kept, what a response must be. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/doh.h"
#include "unit/transport/dohmsg.h"

static const struct wr_doh_site site = {
    .resource =
        {
            {"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_GET | WR_DOH_POST, true},
            {"/dns-query", WR_DOH_OBLIVIOUS, WR_HTTP_TYPE_ODOH, WR_DOH_POST, false},
            {"/.well-known/odohconfigs", WR_DOH_ODOH_CONFIGS, WR_HTTP_TYPE_OCTETS, WR_DOH_GET,
             false},
        },
    .count = 3,
    .message_max = 64,
};

/* dig lamp.home A with id 0, as base64url */
#define QUERY "AAABAAABAAAAAAAABGxhbXAEaG9tZQAAAQAB"

struct asked {
    const char *target;
    uint8_t method, type;
    uint16_t status;
    uint8_t kind;
    const char *claim;
};

static const struct asked table[] = {
    {"/dns-query?dns=" QUERY, WR_HTTP_GET, 0, 0, WR_DOH_DNS, ""},
    {"/dns-query?dns=" QUERY, WR_HTTP_HEAD, 0, 0, WR_DOH_DNS, ""},
    {"/dns-query?x=y&dns=" QUERY "&ct=z", WR_HTTP_GET, 0, 0, WR_DOH_DNS, ""},
    {"/dns-query/kitchen-cam?dns=" QUERY, WR_HTTP_GET, 0, 0, WR_DOH_DNS, "kitchen-cam"},
    {"/dns-query", WR_HTTP_POST, WR_HTTP_TYPE_DNS, 0, WR_DOH_DNS, ""},
    {"/dns-query/cam.2?x", WR_HTTP_POST, WR_HTTP_TYPE_DNS, 0, WR_DOH_DNS, "cam.2"},
    {"/dns-query", WR_HTTP_POST, WR_HTTP_TYPE_ODOH, 0, WR_DOH_OBLIVIOUS, ""},
    {"/.well-known/odohconfigs", WR_HTTP_GET, 0, 0, WR_DOH_ODOH_CONFIGS, ""},
    {"/", WR_HTTP_GET, 0, 404, 0, ""},
    {"", WR_HTTP_GET, 0, 404, 0, ""},
    {"*", WR_HTTP_OTHER, 0, 404, 0, ""},
    {"/dns-querys?dns=" QUERY, WR_HTTP_GET, 0, 404, 0, ""},
    {"/dns-query/?dns=" QUERY, WR_HTTP_GET, 0, 404, 0, ""},
    {"/dns-query/a/b?dns=" QUERY, WR_HTTP_GET, 0, 404, 0, ""},
    {"/dns-query/..?dns=" QUERY, WR_HTTP_GET, 0, 404, 0, ""},
    {"/dns-query/%61?dns=" QUERY, WR_HTTP_GET, 0, 404, 0, ""},
    {"/dns-query/a234567890123456789012345678901?dns=" QUERY, WR_HTTP_GET, 0, 0, WR_DOH_DNS,
     "a234567890123456789012345678901"},
    {"/dns-query/a2345678901234567890123456789012?dns=" QUERY, WR_HTTP_GET, 0, 404, 0, ""},
    {"/.well-known/odohconfigs", WR_HTTP_POST, WR_HTTP_TYPE_DNS, 405, 0, ""},
    {"/dns-query", WR_HTTP_OTHER, 0, 405, 0, ""},
    {"/dns-query", WR_HTTP_UNKNOWN, 0, 501, 0, ""},
    {"/dns-query", WR_HTTP_POST, WR_HTTP_TYPE_NONE, 415, 0, ""},
    {"/dns-query", WR_HTTP_POST, WR_HTTP_TYPE_OTHER, 415, 0, ""},
    {"/dns-query/cam", WR_HTTP_POST, WR_HTTP_TYPE_ODOH, 415, 0, ""},
    {"/dns-query", WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?", WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?dns=", WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?DNS=" QUERY, WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?dns=" QUERY "&dns=" QUERY, WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?dns=AAABAAAB", WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?dns=A!A", WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?dns=AAA+" QUERY, WR_HTTP_GET, 0, 400, 0, ""},
    {"/dns-query?dns=AACAAAABAAAAAAAABGxhbXAEaG9tZQAAAQAB", WR_HTTP_GET, 0, 400, 0, ""}, /* QR */
    {"/dns-query?dns=" QUERY QUERY QUERY, WR_HTTP_GET, 0, 414, 0, ""},
};

static uint16_t judge(const struct asked *a, const struct wr_http_message *extra,
                      struct wr_doh_query *ret_query, const char **ret_allow)
{
    static uint8_t room[64], body[64];
    struct wr_http_message message = *extra;

    message.head.method = a->method;
    message.head.type = a->type;
    message.target = (struct wr_str_part){a->target, strlen(a->target)};
    if (a->method == WR_HTTP_POST && message.body == NULL) {
        message.body = body;
        message.size = dohmsg_query(body, sizeof(body), 0);
    }
    return wr_doh_judge(&site, &message, false, room, ret_query, ret_allow);
}

static void requests(void **state)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct wr_doh_query query;
        const char *allow;
        uint16_t status = judge(&table[i], &(struct wr_http_message){.stream = 5}, &query, &allow);

        if (status != table[i].status) {
            print_message("%s: %u\n", table[i].target, status);
        }
        assert_int_equal(status, table[i].status);
        assert_true((status == 405) == (allow != NULL));
        if (status == 0) {
            assert_int_equal(query.kind, table[i].kind);
            assert_int_equal(query.stream, 5);
            assert_int_equal(query.claim.n, strlen(table[i].claim));
            assert_memory_equal(query.claim.n ? query.claim.at : "", table[i].claim, query.claim.n);
        }
        if (status == 0 && query.kind == WR_DOH_DNS) {
            uint8_t want[64];
            assert_int_equal(query.size, dohmsg_query(want, sizeof(want), 0));
            assert_memory_equal(query.bytes, want, query.size);
        }
    }
}

static void allowed_methods(void **state)
{
    struct wr_doh_query query;
    const char *allow;

    judge(&(struct asked){"/dns-query", WR_HTTP_OTHER, 0, 0, 0, ""}, &(struct wr_http_message){0},
          &query, &allow);
    assert_string_equal(allow, "GET, HEAD, POST");
    judge(&(struct asked){"/dns-query/cam", WR_HTTP_OTHER, 0, 0, 0, ""},
          &(struct wr_http_message){0}, &query, &allow);
    assert_string_equal(allow, "GET, HEAD, POST");
    judge(&(struct asked){"/.well-known/odohconfigs", WR_HTTP_POST, 0, 0, 0, ""},
          &(struct wr_http_message){0}, &query, &allow);
    assert_string_equal(allow, "GET, HEAD");
}

static void other_refusals(void **state)
{
    const struct asked post = {"/dns-query", WR_HTTP_POST, WR_HTTP_TYPE_DNS, 0, 0, ""};
    uint8_t update[64], notify[64];
    struct wr_doh_query query;
    const char *allow;
    size_t n = dohmsg_query(update, sizeof(update), 0);

    memcpy(notify, update, n);
    update[2] = 0x28; /* opcode UPDATE */
    assert_int_equal(judge(&post, &(struct wr_http_message){.err = WR_E_LIMIT}, &query, &allow),
                     413);
    assert_int_equal(judge(&post, &(struct wr_http_message){.err = WR_E_FULL}, &query, &allow),
                     431);
    assert_int_equal(judge(&post, &(struct wr_http_message){.err = WR_E_NOMEM}, &query, &allow),
                     503);
    assert_int_equal(judge(&post, &(struct wr_http_message){.head.encoded = true}, &query, &allow),
                     415);
    assert_int_equal(
        judge(&post, &(struct wr_http_message){.body = update, .size = 11}, &query, &allow), 400);
    assert_int_equal(
        judge(&post, &(struct wr_http_message){.body = update, .size = n}, &query, &allow), 0);
    assert_int_equal(judge(&post,
                           &(struct wr_http_message){.body = update, .size = n, .head.early = true},
                           &query, &allow),
                     425);
    assert_int_equal(judge(&post,
                           &(struct wr_http_message){.body = notify, .size = n, .head.early = true},
                           &query, &allow),
                     0);
    assert_true(query.early);
}

/* --- answers ------------------------------------------------------------------------------------ */

static uint32_t age_of(uint16_t flags, const uint32_t *ttls, uint16_t answers, const uint32_t *soa)
{
    uint8_t room[512];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    dohmsg_question(&w, 0, flags, answers, soa != NULL);
    for (uint16_t i = 0; i < answers; i++) {
        dohmsg_record(&w, 1, ttls[i], 4);
    }
    if (soa != NULL) { /* names of the root, then five numbers, of which the last is the minimum */
        wr_buf_put_u16(&w, 0xc00c);
        wr_buf_put_u16(&w, 6);
        wr_buf_put_u16(&w, 1);
        wr_buf_put_u32(&w, soa[0]);
        wr_buf_put_u16(&w, 22);
        wr_buf_put_u16(&w, 0);
        for (int i = 0; i < 4; i++) {
            wr_buf_put_u32(&w, 7);
        }
        wr_buf_put_u32(&w, soa[1]);
    }
    return wr_doh_max_age(room, w.pos);
}

static void max_age(void **state)
{
    const uint32_t ttls[] = {300, 60, 3600}, soa[] = {900, 30}, long_soa[] = {20, 86400};

    assert_int_equal(age_of(0x8180, ttls, 3, NULL), 60);
    assert_int_equal(age_of(0x8180, ttls, 1, NULL), 300);
    assert_int_equal(age_of(0x8180, NULL, 0, soa), 30);
    assert_int_equal(age_of(0x8183, NULL, 0, soa), 30);
    assert_int_equal(age_of(0x8183, NULL, 0, long_soa), 20);
    assert_int_equal(age_of(0x8180, ttls, 1, soa), 30); /* an alias to nothing */
    assert_int_equal(age_of(0x8183, ttls, 1, NULL), 0); /* a denial without SOA */
    assert_int_equal(age_of(0x8180, NULL, 0, NULL), 0); /* a referral, or nothing */
    assert_int_equal(age_of(0x8182, ttls, 1, NULL), 0); /* SERVFAIL */
    assert_int_equal(wr_doh_max_age((const uint8_t *)"xx", 2), 0);
}

static void a_response_answers_its_question(void **state)
{
    uint8_t query[64], answer[128];
    size_t q = dohmsg_query(query, sizeof(query), 0),
           n = dohmsg_answer(answer, sizeof(answer), 0, 60);

    assert_int_equal(wr_doh_check(query, q, answer, n), WR_OK);
    answer[13] = 'L';
    assert_int_equal(wr_doh_check(query, q, answer, n), WR_OK); /* case */
    answer[13] = 'x';
    assert_int_equal(wr_doh_check(query, q, answer, n), WR_E_FORMAT); /* another name */
    answer[13] = 'l';
    answer[24] = 28;
    assert_int_equal(wr_doh_check(query, q, answer, n), WR_E_FORMAT); /* another type */
    answer[24] = 1;
    answer[2] &= 0x7f;
    assert_int_equal(wr_doh_check(query, q, answer, n), WR_E_FORMAT); /* a query */
    answer[2] |= 0x80;
    assert_int_equal(wr_doh_check(query, q, answer, n - 1), WR_E_FORMAT); /* cut */
    assert_int_equal(wr_doh_check(query, q, (const uint8_t *)"\0\0\x81\x81\0\0\0\0\0\0\0\0", 12),
                     WR_OK);
    assert_int_equal(wr_doh_check(query, q, (const uint8_t *)"\0\0\x81\x80\0\0\0\0\0\0\0\0", 12),
                     WR_E_FORMAT);
}

static void age_is_taken_off(void **state)
{
    uint8_t answer[128];
    size_t n = dohmsg_answer(answer, sizeof(answer), 0, 300);

    wr_doh_age(answer, n, 0);
    assert_int_equal(wr_doh_max_age(answer, n), 300);
    wr_doh_age(answer, n, 100);
    assert_int_equal(wr_doh_max_age(answer, n), 200);
    wr_doh_age(answer, n, 4000);
    assert_int_equal(wr_doh_max_age(answer, n), 0);
}

static void target_of_get(void **state)
{
    uint8_t query[64];
    char room[128];
    size_t n = dohmsg_query(query, sizeof(query), 0);
    struct wr_str_part target;

    assert_true(wr_doh_target_size(10, n) <= sizeof(room));
    target = wr_doh_target("/dns-query", query, n, room, sizeof(room));
    assert_string_equal(target.at, "/dns-query?dns=" QUERY);
    assert_int_equal(target.n, strlen(target.at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(allowed_methods),
        cmocka_unit_test(other_refusals),
        cmocka_unit_test(max_age),
        cmocka_unit_test(a_response_answers_its_question),
        cmocka_unit_test(age_is_taken_off),
        cmocka_unit_test(target_of_get),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
