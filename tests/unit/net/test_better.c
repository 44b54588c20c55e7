/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/net/namer.h"

#include <stdlib.h>
#include <time.h>

#include "net/better.h"

static struct certs_one ca, here, elsewhere;
static struct wr_creds *creds;
static struct wr_better_room *room;
static struct wr_better_found found;
static struct plain plain;

static int find(bool unproven)
{
    struct wr_better look = {
        .server = plain.at, .timeout_ms = 20000, .creds = creds, .unproven = unproven};
    uint8_t query[64];
    size_t size = wr_better_query(77, query);

    return wr_better_find(&look, query, size, room, &found);
}

static int setup(void **state)
{
    struct wr_creds_setup s = {0};
    struct wr_verdict_text why;
    int64_t day = 86400, from = (int64_t)time(NULL) - day, until = from + 30 * day;

    certs_make(&ca, &(struct certs_want){.cn = "CA", .ca = true, .from_s = from, .until_s = until},
               NULL);
    certs_make(&here, &(struct certs_want){.ips = {"127.0.0.1"}, .from_s = from, .until_s = until},
               &ca);
    certs_make(
        &elsewhere,
        &(struct certs_want){
            .names = {"dns.example"}, .ips = {"192.0.2.1"}, .from_s = from, .until_s = until},
        &ca);
    s.anchors = ca.pem.data;
    s.anchors_size = ca.pem.size;
    assert_int_equal(wr_creds_make(&s, &why, &creds), WR_OK);
    room = calloc(1, sizeof(*room));
    plain_start(&plain);
    return room ? 0 : -1;
}

static int teardown(void **state)
{
    plain_stop(&plain);
    free(room);
    wr_creds_drop(creds);
    certs_free(&elsewhere);
    certs_free(&here);
    certs_free(&ca);
    return 0;
}

static void test_proven(void **state)
{
    struct server s;

    server_start(&s, ANSWERS, &here);
    plain_name(&plain, 0, 1, &s);
    plain.count = 1;
    assert_int_equal(find(false), WR_OK);
    assert_true(found.proven);
    assert_int_equal(found.way.scheme, WR_URI_TLS);
    assert_int_equal(found.way.port, s.at.port);
    assert_int_equal(found.ttl_s, 120);
    server_stop(&s);
}

/* A certificate, by the right authority, that is not for this address: only where the owner wants no proof. */
static void test_unproven(void **state)
{
    struct server s;

    server_start(&s, ANSWERS, &elsewhere);
    plain_name(&plain, 0, 1, &s);
    plain.count = 1;
    assert_int_equal(find(false), WR_E_DENIED);
    assert_non_null(strstr(found.why, "127.0.0.1"));
    assert_int_equal(found.ttl_s, 120);
    assert_int_equal(find(true), WR_OK);
    assert_false(found.proven);
    server_stop(&s);
}

/* The one that is liked best is not good, the next one is. */
static void test_second(void **state)
{
    struct server bad, good;

    server_start(&bad, GARBAGE, &here);
    server_start(&good, ANSWERS, &here);
    plain_name(&plain, 0, 1, &bad);
    plain_name(&plain, 1, 2, &good);
    plain.count = 2;
    assert_int_equal(find(false), WR_OK);
    assert_int_equal(found.way.port, good.at.port);
    assert_string_equal(found.why, "");
    server_stop(&bad);
    server_stop(&good);
}

static void test_none(void **state)
{
    plain.count = 0;
    assert_int_equal(find(true), WR_E_NOTFOUND);
    assert_int_equal(found.ttl_s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proven),
        cmocka_unit_test(test_unproven),
        cmocka_unit_test(test_second),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
