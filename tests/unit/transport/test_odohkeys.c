/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/odohkeys.h"

#define START (7 * WR_S)

static const uint8_t secret[32] = {1, 2, 3}, fresh[WR_ODOH_RANDOM] = {4};

/* What a client makes of the configurations that are published now. */
static size_t ask(const struct wr_odohkeys *k, uint8_t *room, size_t cap)
{
    struct wr_odoh_config config;
    struct wr_odoh_asked asked;
    struct wr_writer w;

    assert_int_equal(wr_odoh_configs_read(k->configs, k->configs_size, &config), WR_OK);
    wr_buf_write_init(&w, room, cap);
    assert_int_equal(wr_odoh_ask(&asked, &config, fresh, (const uint8_t *)"query", 5, &w), WR_OK);
    return w.pos;
}

static int opens(const struct wr_odohkeys *k, const uint8_t *query, size_t size)
{
    uint8_t room[512];
    struct wr_odoh_heard heard;
    size_t n;

    return wr_odoh_query(k->key, k->keys, query, size, fresh, room, sizeof(room), &n, &heard);
}

/* A key is good for two periods: it is published in the first. In the third it is not known any more. */
static void test_periods(void **state)
{
    struct wr_odohkeys k;
    uint8_t query[512];
    size_t n;

    assert_int_equal(wr_odohkeys_start(&k, secret, START), WR_OK);
    assert_int_equal(k.keys, 1);
    n = ask(&k, query, sizeof(query));
    for (uint64_t at = START; at < START + 2 * WR_ODOH_PERIOD_US; at += WR_ODOH_PERIOD_US / 7) {
        assert_int_equal(wr_odohkeys_turn(&k, at), WR_OK);
        assert_int_equal(opens(&k, query, n), WR_OK);
    }
    assert_int_equal(wr_odohkeys_turn(&k, START + 2 * WR_ODOH_PERIOD_US - 1), WR_OK);
    assert_int_equal(opens(&k, query, n), WR_OK);
    assert_int_equal(wr_odohkeys_turn(&k, START + 2 * WR_ODOH_PERIOD_US), WR_OK);
    assert_int_equal(opens(&k, query, n), WR_E_NOTFOUND);
}

/* Fetched in the last microsecond of a period and kept as long as HTTP is told: still good. */
static void test_fetched_late(void **state)
{
    struct wr_odohkeys k;
    uint64_t late = START + WR_ODOH_PERIOD_US - 1;
    uint8_t query[512];
    size_t n;

    assert_int_equal(wr_odohkeys_start(&k, secret, START), WR_OK);
    assert_int_equal(wr_odohkeys_turn(&k, late), WR_OK);
    n = ask(&k, query, sizeof(query));
    assert_int_equal(wr_odohkeys_turn(&k, late + WR_ODOH_MAX_AGE_S * WR_S), WR_OK);
    assert_int_equal(opens(&k, query, n), WR_OK);
}

/* Workers that look at different moments have the same keys; another start, or another secret, has others. */
static void test_workers_agree(void **state)
{
    struct wr_odohkeys often, seldom, other;

    assert_int_equal(wr_odohkeys_start(&often, secret, START), WR_OK);
    assert_int_equal(wr_odohkeys_start(&seldom, secret, START), WR_OK);
    assert_int_equal(wr_odohkeys_start(&other, fresh, START), WR_OK);
    assert_memory_not_equal(often.configs, other.configs, often.configs_size);
    for (unsigned i = 1; i <= 40; i++) {
        assert_int_equal(wr_odohkeys_turn(&often, START + i * (WR_ODOH_PERIOD_US / 3)), WR_OK);
    }
    assert_int_equal(wr_odohkeys_turn(&seldom, START + 40 * (WR_ODOH_PERIOD_US / 3)), WR_OK);
    assert_memory_equal(&often, &seldom, sizeof(often));
    assert_memory_not_equal(often.key[0].secret, often.key[1].secret, WR_HPKE_KEY);
}

/* What is kept does not give back the keys before: the secret moves on with each period. */
static void test_secret_moves_on(void **state)
{
    struct wr_odohkeys k;
    uint8_t before[32];

    assert_int_equal(wr_odohkeys_start(&k, secret, START), WR_OK);
    assert_memory_not_equal(k.secret, secret, sizeof(secret));
    memcpy(before, k.secret, sizeof(before));
    assert_int_equal(wr_odohkeys_turn(&k, START + WR_ODOH_PERIOD_US), WR_OK);
    assert_memory_not_equal(k.secret, before, sizeof(before));
}

/* A worker that starts later, from what was kept, has the keys of the others; what was kept is another secret by then. */
static void test_start_later(void **state)
{
    struct wr_odohkeys old, late;
    uint64_t since_us = START, now_us = START + WR_ODOH_PERIOD_US * 7 / 2;
    uint8_t kept[32];

    memcpy(kept, secret, sizeof(kept));
    assert_int_equal(wr_odohkeys_advance(kept, &since_us, START + WR_ODOH_PERIOD_US - 1), WR_OK);
    assert_memory_equal(kept, secret, sizeof(kept));
    assert_int_equal(wr_odohkeys_start(&old, secret, START), WR_OK);
    assert_int_equal(wr_odohkeys_turn(&old, now_us), WR_OK);
    assert_int_equal(wr_odohkeys_advance(kept, &since_us, now_us), WR_OK);
    assert_memory_not_equal(kept, secret, sizeof(kept));
    assert_int_equal(since_us, START + 3 * WR_ODOH_PERIOD_US);
    assert_int_equal(wr_odohkeys_start(&late, kept, since_us), WR_OK);
    assert_memory_equal(late.configs, old.configs, old.configs_size);
    assert_memory_equal(late.secret, old.secret, sizeof(old.secret));
    assert_int_equal(late.since_us, old.since_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),       cmocka_unit_test(test_fetched_late),
        cmocka_unit_test(test_workers_agree), cmocka_unit_test(test_secret_moves_on),
        cmocka_unit_test(test_start_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
