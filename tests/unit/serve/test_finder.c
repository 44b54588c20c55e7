/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/net/namer.h"

#include <stdlib.h>
#include <time.h>

#include "conf/mistakes.h"
#include "net/asksock.h"
#include "serve/finder.h"

static struct certs_one ca, leaf, stranger, ended;
static struct wr_creds *creds;
static struct plain plain;
static _Atomic unsigned news;
static struct wr_finder *finder;
static struct wr_gate_way ways[WR_UPSTREAMS_MAX];
static struct wr_clock clock_of;
static struct wr_prove_settings prove;

static void on_news(void *user)
{
    news++;
}

static int setup(void **state)
{
    struct wr_creds_setup s = {0};
    struct wr_verdict_text why;
    int64_t day = 86400, from = (int64_t)time(NULL) - day, until = from + 30 * day;
    const struct wr_finder_setup how = {.news = on_news, .clock = &clock_of};

    certs_make(
        &ca,
        &(struct certs_want){.cn = "CA", .ca = true, .from_s = from - 9 * day, .until_s = until},
        NULL);
    certs_make(&leaf, &(struct certs_want){.ips = {"127.0.0.1"}, .from_s = from, .until_s = until},
               &ca);
    certs_make(&stranger,
               &(struct certs_want){.ips = {"192.0.2.1"}, .from_s = from, .until_s = until}, &ca);
    certs_make(&ended,
               &(struct certs_want){.ips = {"127.0.0.1"}, .from_s = from - day, .until_s = from},
               &ca);
    s.anchors = ca.pem.data;
    s.anchors_size = ca.pem.size;
    assert_int_equal(wr_creds_make(&s, &why, &creds), WR_OK);
    plain_start(&plain);
    news = 0;
    wr_clock_believe(&clock_of, true, 0);
    return wr_finder_create(&how, &finder);
}

static int teardown(void **state)
{
    wr_finder_free(finder);
    plain_stop(&plain);
    wr_creds_drop(creds);
    certs_free(&stranger);
    certs_free(&ended);
    certs_free(&leaf);
    certs_free(&ca);
    return 0;
}

static struct wr_conf *read_conf(const char *discover)
{
    static struct wr_mistakes mistakes;
    struct wr_conf *conf = NULL;
    char text[512];

    snprintf(text, sizeof(text),
             "upstream:\n  groups:\n    - name: isp\n      servers: [\"udp://127.0.0.1:%u\"]\n"
             "      discover: %s\n",
             plain.at.port, discover);
    memset(&mistakes, 0, sizeof(mistakes));
    assert_int_equal(wr_conf_read(text, strlen(text), &mistakes, &conf), WR_OK);
    return conf;
}

/* Waits for news; the look itself is what takes time. */
static void await(unsigned count)
{
    uint64_t end = wr_asksock_now_us() + 60 * WR_S;
    const struct timespec moment = {.tv_nsec = 5000000};

    while (news < count) {
        assert_true(wr_asksock_now_us() < end);
        nanosleep(&moment, NULL);
    }
}

/* Looks once more, to the end: who is asked twice has settled the first. */
static void look_again(void)
{
    uint64_t end = wr_asksock_now_us() + 60 * WR_S;
    const struct timespec moment = {.tv_nsec = 5000000};

    for (unsigned i = 0; i < 2; i++) {
        unsigned asked = plain.asked;

        wr_finder_link(finder);
        while (plain.asked == asked) {
            assert_true(wr_asksock_now_us() < end);
            nanosleep(&moment, NULL);
        }
    }
}

/* What is said in the clear brings the way, and does not take it. */
static void test_found_and_kept(void **state)
{
    struct wr_conf *conf = read_conf("proven"), *off = read_conf("off");
    struct server s;

    server_start(&s, ANSWERS, &leaf);
    plain_name(&plain, 0, 1, &s);
    plain.count = 1;
    assert_int_equal(wr_finder_plan(finder, conf, creds), WR_OK);
    await(1);
    assert_int_equal(wr_finder_ways(finder, ways), 1);
    assert_true(wr_addr_equal(&ways[0].plain, &plain.at));
    assert_int_equal(ways[0].way.scheme, WR_URI_TLS);
    assert_int_equal(ways[0].way.addr.port, s.at.port);
    assert_int_equal(ways[0].way.proof, WR_URI_PKIX);
    /* The same configuration again: what is known stays, and nobody is asked anew. */
    assert_int_equal(wr_finder_plan(finder, conf, creds), WR_OK);
    assert_int_equal(wr_finder_ways(finder, ways), 1);
    plain.count = 0; /* or somebody on the path says so */
    look_again();
    assert_int_equal(wr_finder_ways(finder, ways), 1);
    assert_int_equal(wr_finder_plan(finder, off, creds), WR_OK);
    assert_int_equal(wr_finder_ways(finder, ways), 0);
    server_stop(&s);
    wr_conf_free(conf);
    wr_conf_free(off);
}

/* A captive portal: another certificate where the way was, and a lie in the clear. What was proven stays; with it questions find nobody there. */
static void test_refused(void **state)
{
    struct wr_conf *conf = read_conf("proven");
    struct server s;

    server_start(&s, ANSWERS, &leaf);
    plain_name(&plain, 0, 1, &s);
    plain.count = 1;
    assert_int_equal(wr_finder_plan(finder, conf, creds), WR_OK);
    await(1);
    server_stop(&s);
    server_start_at(&s, ANSWERS, &stranger, s.at.port);
    for (unsigned named = 0; named < 2; named++) { /* nothing, and that it is there */
        plain.count = named;
        look_again();
        assert_int_equal(wr_finder_ways(finder, ways), 1);
        assert_int_equal(ways[0].way.proof, WR_URI_PKIX);
    }
    assert_int_equal(news, 1);
    server_stop(&s);
    wr_conf_free(conf);
}

/* What was proven before the time was known is proven again when it is. */
static void test_time_comes(void **state)
{
    struct wr_conf *conf = read_conf("proven");
    struct server s;

    server_start(&s, ANSWERS, &ended);
    plain_name(&plain, 0, 1, &s);
    plain.count = 1;
    prove.floor_s = 1;
    wr_clock_believe(&clock_of, false, 0);
    wr_finder_trust(finder, &prove);
    assert_int_equal(wr_finder_plan(finder, conf, creds), WR_OK);
    await(1);
    assert_int_equal(wr_finder_ways(finder, ways), 1);
    wr_clock_believe(&clock_of, true, 0);
    await(2);
    assert_int_equal(wr_finder_ways(finder, ways), 0);
    server_stop(&s);
    wr_conf_free(conf);
}

/* One look after another, by the rules. */
static void test_learn(void **state)
{
    struct wr_better_found named = {.ways = 1, .ttl_s = 600}, nothing = {0};
    struct wr_finder_known k = {0};

    named.way[0].at = (struct wr_upgrade){.scheme = WR_URI_TLS, .port = 853};
    named.way[0].proven = true;
    assert_int_equal(wr_finder_learn(&k, WR_OK, &named, 100 * WR_S), 600);
    assert_int_equal(k.ways, 1);
    /* Forged: nothing is named, or what is named is no good. It stays, and is looked at again soon. */
    assert_int_equal(wr_finder_learn(&k, WR_E_NOTFOUND, &nothing, 200 * WR_S), 60);
    assert_int_equal(wr_finder_learn(&k, WR_E_DENIED, &nothing, 260 * WR_S), 120);
    assert_int_equal(wr_finder_learn(&k, WR_E_TIMEOUT, &nothing, 380 * WR_S), 240);
    assert_int_equal(k.ways, 1);
    /* What it said has ended. Silence takes nothing then either; that it is not named does, for a minute. */
    assert_int_equal(wr_finder_learn(&k, WR_E_TIMEOUT, &nothing, 701 * WR_S), 480);
    assert_int_equal(k.ways, 1);
    assert_int_equal(wr_finder_learn(&k, WR_E_NOTFOUND, &nothing, 702 * WR_S), 60);
    assert_int_equal(k.ways, 0);
    assert_int_equal(wr_finder_learn(&k, WR_E_NOTFOUND, &nothing, 800 * WR_S), 3600);
}

/* Somebody else is where the way was proven. */
static void test_learn_refused(void **state)
{
    struct wr_better_found named = {.ways = 1, .ttl_s = 600}, other;
    struct wr_finder_known k = {0};

    named.way[0].at = (struct wr_upgrade){.scheme = WR_URI_TLS, .port = 853};
    named.way[0].proven = true;
    other = named;
    other.refused = true;
    other.way[0].proven = false;
    assert_int_equal(wr_finder_learn(&k, WR_OK, &named, 900 * WR_S), 600);
    assert_int_equal(wr_finder_learn(&k, WR_E_TIMEOUT, &other, 901 * WR_S), 60);
    assert_int_equal(wr_finder_learn(&k, WR_E_NOTFOUND, &other, 961 * WR_S), 120);
    assert_int_equal(wr_finder_learn(&k, WR_E_DENIED, &other, 1081 * WR_S), 240);
    /* What is taken without a proof does not take the place of what was proven. */
    assert_int_equal(wr_finder_learn(&k, WR_OK, &other, 1321 * WR_S), 480);
    assert_true(k.ways == 1 && k.way[0].proven);
    /* What it said has ended. */
    assert_int_equal(wr_finder_learn(&k, WR_E_TIMEOUT, &other, 1500 * WR_S), 60);
    assert_int_equal(k.ways, 0);
    assert_int_equal(wr_finder_learn(&k, WR_OK, &other, 1600 * WR_S), 600);
    assert_true(k.ways == 1 && !k.way[0].proven);
    other = named; /* and the proven one takes that of the other */
    assert_int_equal(wr_finder_learn(&k, WR_OK, &other, 1601 * WR_S), 600);
    assert_true(k.ways == 1 && k.way[0].proven);
    /* Proven before the time was known, and not any more. */
    other.early = true;
    assert_int_equal(wr_finder_learn(&k, WR_OK, &other, 1700 * WR_S), 600);
    other.refused = true;
    assert_int_equal(wr_finder_learn(&k, WR_E_DENIED, &other, 1701 * WR_S), 60);
    assert_int_equal(k.ways, 0);
}

/* Who is silent is looked for later and later, who has nothing to name once an hour, and nobody more than once a minute. */
static void test_rests(void **state)
{
    assert_int_equal(wr_finder_rest_s(WR_OK, 300, 0), 300);
    assert_int_equal(wr_finder_rest_s(WR_OK, 0, 0), 60);
    assert_int_equal(wr_finder_rest_s(WR_OK, UINT32_MAX, 0), 86400);
    assert_int_equal(wr_finder_rest_s(WR_E_DENIED, 10, 0), 300);
    assert_int_equal(wr_finder_rest_s(WR_E_DENIED, 7200, 0), 7200);
    assert_int_equal(wr_finder_rest_s(WR_E_NOTFOUND, 0, 0), 3600);
    assert_int_equal(wr_finder_rest_s(WR_E_TIMEOUT, 0, 1), 60);
    assert_int_equal(wr_finder_rest_s(WR_E_IO, 0, 3), 240);
    assert_int_equal(wr_finder_rest_s(WR_E_TIMEOUT, 0, 1000000), 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_and_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_comes, setup, teardown),
        cmocka_unit_test(test_learn),
        cmocka_unit_test(test_learn_refused),
        cmocka_unit_test(test_rests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
