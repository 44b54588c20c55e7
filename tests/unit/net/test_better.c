/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/net/namer.h"

#include <stdlib.h>
#include <time.h>

#include "net/better.h"

static struct certs_one ca, here, elsewhere, ended;
static struct wr_creds *creds;
static struct wr_better_room *room;
static struct wr_better_found found;
static struct plain plain;
static struct wr_clock clock_of; /* the kernel's time, and it is right */

static int find_by(struct wr_better look)
{
    uint8_t query[64];

    look.server = plain.at;
    look.timeout_ms = 20000;
    look.creds = creds;
    look.clock = &clock_of;
    size_t size = wr_better_query(77, query);

    plain.asked = 0;
    return wr_better_find(&look, query, size, room, &found);
}

static int find(bool unproven)
{
    return find_by((struct wr_better){.unproven = unproven});
}

static int setup(void **state)
{
    struct wr_creds_setup s = {0};
    struct wr_verdict_text why;
    struct certs_want old = {.ips = {"127.0.0.1"}};
    int64_t day = 86400, from = (int64_t)time(NULL) - day, until = from + 30 * day;

    certs_make(
        &ca,
        &(struct certs_want){.cn = "CA", .ca = true, .from_s = from - 30 * day, .until_s = until},
        NULL);
    certs_make(&here, &(struct certs_want){.ips = {"127.0.0.1"}, .from_s = from, .until_s = until},
               &ca);
    certs_make(
        &elsewhere,
        &(struct certs_want){
            .names = {"dns.example"}, .ips = {"192.0.2.1"}, .from_s = from, .until_s = until},
        &ca);
    old.from_s = from - 20 * day;
    old.until_s = from - 10 * day;
    certs_make(&ended, &old, &ca);
    wr_clock_believe(&clock_of, true, 0);
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
    certs_free(&ended);
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
    assert_int_equal(found.ways, 1);
    assert_true(found.way[0].proven && !found.early && !found.refused);
    assert_int_equal(found.way[0].at.scheme, WR_URI_TLS);
    assert_int_equal(found.way[0].at.port, s.at.port);
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
    assert_false(found.way[0].proven);
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
    assert_int_equal(found.way[0].at.port, good.at.port);
    assert_string_equal(found.why, "");
    server_stop(&bad);
    server_stop(&good);
}

/* While the time is not proven the floor judges, and what it let pass is marked; when it is, the time does. */
static void test_time(void **state)
{
    int64_t now_s = (int64_t)time(NULL), day = 86400;
    struct server s;

    server_start(&s, ANSWERS, &ended);
    plain_name(&plain, 0, 1, &s);
    plain.count = 1;
    assert_int_equal(find(false), WR_E_DENIED);
    wr_clock_believe(&clock_of, false, 0);
    assert_int_equal(find_by((struct wr_better){.floor_s = now_s - 15 * day}), WR_OK);
    assert_true(found.way[0].proven && found.early);
    assert_int_equal(find_by((struct wr_better){.floor_s = now_s - 5 * day}), WR_E_DENIED);
    assert_false(found.early);
    assert_int_equal(find_by((struct wr_better){.floor_s = now_s - 15 * day, .system_clock = true}),
                     WR_E_DENIED);
    server_stop(&s);
    /* Proven, and another time than the kernel's: twelve days ago that certificate was good. */
    wr_clock_believe(&clock_of, true,
                     (now_s - 12 * day) * (int64_t)WR_S - (int64_t)wr_asksock_now_us());
    server_start(&s, ANSWERS, &ended);
    plain_name(&plain, 0, 1, &s);
    assert_int_equal(find(false), WR_OK);
    assert_false(found.early);
    wr_clock_believe(&clock_of, true, 0);
    server_stop(&s);
}

/* Over a way that is known the server itself is asked, and nobody in the clear. */
static void test_known(void **state)
{
    struct wr_upgrade known = {.scheme = WR_URI_TLS};
    struct wr_better look = {.known = &known, .knowns = 1};
    static struct plain itself; /* what it says over TLS */
    struct server s, other;

    server_start(&s, ANSWERS, &here);
    s.user = &itself;
    s.reply = plain_reply;
    plain_name(&itself, 0, 1, &s);
    itself.count = 1;
    plain.count = 0; /* forged */
    known.port = s.at.port;
    assert_int_equal(find_by(look), WR_OK);
    assert_int_equal(plain.asked, 0);
    assert_int_equal(found.way[0].at.port, s.at.port);
    itself.count = 0; /* it names nothing: then both say so */
    assert_int_equal(find_by(look), WR_E_NOTFOUND);
    assert_int_equal(plain.asked, 1);
    assert_false(found.refused);
    server_stop(&s);
    /* Somebody else is there: what is said in the clear leads to who proves himself. */
    server_start(&other, ANSWERS, &elsewhere);
    known.port = other.at.port;
    assert_int_equal(find_by(look), WR_E_NOTFOUND);
    assert_true(found.refused);
    server_stop(&other);
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
        cmocka_unit_test(test_proven), cmocka_unit_test(test_unproven),
        cmocka_unit_test(test_second), cmocka_unit_test(test_time),
        cmocka_unit_test(test_known),  cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
