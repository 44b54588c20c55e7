/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a target between connections, against a proxy in memory that gives one configuration. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/dohserver.h"
#include "transport/odohkeys.h"
#include "transport/upconnodoh.h"
#include "unit/transport/dohmsg.h"
#include "unit/transport/httpmem.h"

static const struct wr_doh_site site = {
    .resource = {{"/proxy", WR_DOH_OBLIVIOUS, WR_HTTP_TYPE_ODOH, WR_DOH_POST, false},
                 {"/proxy", WR_DOH_ODOH_CONFIGS, WR_HTTP_TYPE_OCTETS, WR_DOH_GET, false}},
    .count = 2,
    .message_max = 4096,
};

static struct httpmem mem[2];
static struct wr_dohserver proxy;
static struct wr_upconnodoh *o;
static struct wr_odohkept kept;
static struct wr_rng rng;
static uint64_t now_us;
static unsigned fetches, posts;
static uint8_t pinned[96];
static size_t pinned_size;

static int begin(const char *target)
{
    struct wr_dohserver_setup front = {.version = WR_HTTP_2, .site = &site};
    struct wr_dohclient_setup setup = {
        .version = WR_HTTP_2, .method = WR_HTTP_POST, .host = "proxy.example", .path = "/proxy"};
    struct wr_upconn_oblivious to = {target, "/dns-query", &rng, &kept, pinned, pinned_size};

    setup.memory = (struct wr_http_memory){httpmem_resize, &mem[0]};
    front.memory = httpmem_of(&mem[1]);
    assert_int_equal(wr_dohserver_start(&proxy, &front, now_us), WR_OK);
    return wr_upconnodoh_start(&o, &setup, &to, now_us);
}

static void finish(void)
{
    if (o) {
        wr_upconnodoh_end(o);
    }
    o = NULL;
    wr_dohserver_end(&proxy);
    assert_int_equal(mem[0].pieces + mem[1].pieces, 0);
}

static void proxy_turn(void)
{
    static uint8_t get[4096];
    struct wr_doh_query q;

    while (wr_dohserver_next(&proxy, get, &q) == WR_OK) {
        static const uint8_t seed[WR_ODOH_RANDOM] = {9};
        struct wr_http_reply reply = {.status = 200, .type = WR_HTTP_TYPE_OCTETS, .max_age_s = -1};
        uint8_t bytes[256];
        struct wr_odoh_key key;
        struct wr_writer w;

        if (q.kind == WR_DOH_OBLIVIOUS) {
            posts++;
            continue;
        }
        fetches++;
        wr_buf_write_init(&w, bytes, sizeof(bytes));
        assert_int_equal(wr_odoh_key_make(&key, WR_AEAD_AES128GCM, seed), WR_OK);
        assert_int_equal(wr_odoh_configs_write(&key.config, 1, &w), WR_OK);
        reply.body = bytes;
        reply.size = w.pos;
        assert_int_equal(wr_dohserver_reply(&proxy, q.stream, &reply), WR_OK);
    }
}

static void talk(void)
{
    static uint8_t bytes[3000];
    struct wr_dohclient_said said;

    for (unsigned round = 0; round < 20; round++) {
        size_t n;

        assert_false(wr_upconnodoh_next(o, now_us, &said));
        while ((n = wr_odohclient_output(&o->client, bytes, sizeof(bytes))) > 0) {
            (void)wr_dohserver_feed(&proxy, bytes, n, now_us);
        }
        proxy_turn();
        while ((n = wr_dohserver_output(&proxy, bytes, sizeof(bytes))) > 0) {
            (void)wr_odohclient_feed(&o->client, bytes, n, now_us);
        }
    }
}

static int setup(void **state)
{
    memset(&kept, 0, sizeof(kept));
    httpmem_of(&mem[0]);
    wr_rng_seed_u64(&rng, 3);
    now_us = 7 * WR_S;
    fetches = posts = 0;
    pinned_size = 0;
    return 0;
}

/* Fetched once, and not by the next connection; half a day later it is fetched, however often the connection was made anew. */
static void test_kept(void **state)
{
    assert_int_equal(begin("target.example"), WR_OK);
    assert_false(wr_odohclient_ready(&o->client));
    talk();
    assert_true(wr_odohclient_ready(&o->client));
    assert_int_equal(kept.until_us, now_us + WR_ODOH_MAX_AGE_S * WR_S);
    finish();
    for (unsigned hour = 1; hour < 12; hour++) {
        now_us += 3600 * WR_S;
        assert_int_equal(begin("target.example"), WR_OK);
        assert_true(wr_odohclient_ready(&o->client));
        talk();
        finish();
        assert_int_equal(fetches, 1);
    }
    now_us += 3600 * WR_S;
    assert_int_equal(begin("target.example"), WR_OK);
    assert_false(wr_odohclient_ready(&o->client));
    talk();
    assert_int_equal(fetches, 2);
    finish();
}

/* What is pinned is used, whatever is kept, and nothing is fetched however old it gets; what cannot be read is refused. */
static void test_pinned(void **state)
{
    static const uint8_t seed[WR_ODOH_RANDOM] = {8};
    struct wr_odoh_key key;
    struct wr_writer w;

    assert_int_equal(begin("target.example"), WR_OK);
    talk();
    finish();
    wr_buf_write_init(&w, pinned, sizeof(pinned));
    assert_int_equal(wr_odoh_key_make(&key, WR_AEAD_AES128GCM, seed), WR_OK);
    assert_int_equal(wr_odoh_configs_write(&key.config, 1, &w), WR_OK);
    pinned_size = w.pos;
    assert_int_equal(begin("target.example"), WR_OK);
    for (unsigned day = 0; day < 3; day++) {
        talk();
        assert_memory_equal(wr_odohclient_config(&o->client), &key.config, sizeof(key.config));
        now_us += 24 * 3600 * WR_S;
    }
    finish();
    assert_int_equal(fetches, 1);
    assert_memory_not_equal(&kept.config, &key.config, sizeof(key.config));
    pinned_size--;
    assert_int_not_equal(begin("target.example"), WR_OK);
    finish();
}

/* More than the slots are not taken, and nothing breaks. */
static void test_slots(void **state)
{
    uint8_t query[64];

    assert_int_equal(begin("target.example"), WR_OK);
    talk();
    for (uint16_t id = 1; id <= WR_UPCONNODOH_SLOTS; id++) {
        assert_int_equal(wr_odohclient_ask(&o->client, query, dohmsg_query(query, 64, id)), WR_OK);
    }
    assert_int_equal(wr_odohclient_ask(&o->client, query, dohmsg_query(query, 64, 99)), WR_E_AGAIN);
    talk();
    assert_int_equal(posts, WR_UPCONNODOH_SLOTS);
    finish();
}

/* What does not begin holds nothing. */
static void test_refused(void **state)
{
    assert_int_equal(begin("proxy.example"), WR_E_DENIED);
    finish();
    mem[0].left = 0;
    assert_int_equal(begin("target.example"), WR_E_NOMEM);
    finish();
    mem[0].left = 1;
    assert_int_equal(begin("target.example"), WR_E_NOMEM);
    finish();
}

#define CASE(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_kept), CASE(test_pinned), CASE(test_slots),
                                       CASE(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
