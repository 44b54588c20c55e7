/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/world.h"

#include "dnssec/keycache.h"

static const struct wr_hash_key key = {{3, 4}};
static struct wr_keycache cache;
static void *block;

static void open_cache(uint32_t zones)
{
    block = malloc(wr_keycache_size(zones));
    memset(block, 0xa5, wr_keycache_size(zones));
    wr_keycache_init(&cache, block, zones, &key);
}

static void close_cache(void)
{
    wr_keycache_close(&cache);
    free(block);
}

static struct wr_zone_entry *put(const char *zone, uint8_t security, uint64_t now, uint64_t until)
{
    struct wr_name name = world_name(zone);

    return wr_keycache_put(&cache, name.wire, security, 5, "why", NULL, now, until);
}

static struct wr_zone_entry *find(const char *zone, uint64_t now)
{
    struct wr_name name = world_name(zone);

    return wr_keycache_find(&cache, name.wire, now);
}

static void test_put_and_find(void **state)
{
    struct wr_zone_entry *e;

    open_cache(100);
    assert_null(find("a.", 1));
    assert_null(find(".", 1));
    e = put("a.", WR_SECURITY_INSECURE, 10, 20);
    assert_non_null(e);
    assert_ptr_equal(find("A.", 19), e);
    assert_int_equal(e->ede, 5);
    assert_string_equal(e->reason, "why");
    assert_null(find("a.", 20));
    assert_null(find("b.a.", 15));
    assert_ptr_equal(put("a.", WR_SECURITY_BOGUS, 15, 50), e); /* in its own place */
    assert_int_equal(find("a.", 30)->security, WR_SECURITY_BOGUS);
    put(".", WR_SECURITY_BOGUS, 15, 50);
    assert_non_null(find(".", 30));
    wr_keycache_clear(&cache);
    assert_null(find("a.", 30));
    close_cache();
}

static char *letter(unsigned i)
{
    static char name[] = "a0.";

    name[0] = (char)('a' + i % 16);
    name[1] = (char)('0' + i / 16);
    return name;
}

/* One row: the one that was not used for the longest goes; what is held stays. */
static void test_replacement(void **state)
{
    const unsigned last = WR_KEYCACHE_WAYS - 1;
    struct wr_zone_entry *held;

    open_cache(0);
    for (unsigned i = 0; i <= last; i++) {
        put(letter(i), WR_SECURITY_INSECURE, 1 + i, i == 2 ? 50 : 1000);
    }
    put("x.", WR_SECURITY_INSECURE, 60, 1000); /* the expired one goes first */
    assert_null(find("c0.", 61));
    for (unsigned i = 0; i <= last;
         i++) { /* all are there, and `x.` is now the one that was not used */
        assert_true((find(letter(i), 70 + i) != NULL) == (i != 2));
    }
    put("y.", WR_SECURITY_INSECURE, 80, 1000);
    assert_null(find("x.", 81));
    assert_non_null(find("a0.", 81));
    held = find(letter(last), 82);
    wr_keycache_hold(held);
    for (unsigned i = 0; i < 2 * WR_KEYCACHE_WAYS; i++) {
        put(letter(last + 1 + i), WR_SECURITY_INSECURE, 90 + i, 1000);
    }
    assert_null(find("a0.", 120));
    assert_ptr_equal(find(letter(last), 121), held);
    put(letter(last), WR_SECURITY_BOGUS, 122, 1000); /* the held one ends, a new one begins */
    assert_int_equal(held->security, WR_SECURITY_INSECURE);
    assert_int_equal(find(letter(last), 123)->security, WR_SECURITY_BOGUS);
    wr_keycache_drop(held);
    close_cache();
}

/* As many zones as half of what it was made for all stay, but for a few that fell into one row. */
static void test_half_full(void **state)
{
    enum { ZONES = 500 };
    unsigned there = 0;

    open_cache(2 * ZONES);
    for (unsigned turn = 0; turn < 2; turn++) {
        there = 0;
        for (unsigned i = 0; i < ZONES; i++) {
            char name[16];

            snprintf(name, sizeof(name), "z%u.example.", i);
            if (turn == 0) {
                put(name, WR_SECURITY_INSECURE, 1 + i, 100000);
            }
            there += find(name, 1000 + i) != NULL;
        }
    }
    assert_in_range(there, ZONES * 99 / 100, ZONES);
    close_cache();
}

static void test_all_held(void **state)
{
    struct wr_zone_entry *e[WR_KEYCACHE_WAYS];

    open_cache(4);
    for (int i = 0; i < WR_KEYCACHE_WAYS; i++) {
        e[i] = put(letter((unsigned)i), WR_SECURITY_INSECURE, 1, 1000);
        wr_keycache_hold(e[i]);
    }
    assert_null(put("x.", WR_SECURITY_INSECURE, 1, 1000));
    for (int i = 0; i < WR_KEYCACHE_WAYS; i++) {
        wr_keycache_drop(e[i]);
    }
    assert_non_null(put("x.", WR_SECURITY_INSECURE, 1, 1000));
    close_cache();
}

/* Keys are taken over, and freed when their place is taken (the leak checker looks on). */
static void test_keys(void **state)
{
    struct world_copy *set = world_get("n3.sec.", "n3.sec.", WR_TYPE_DNSKEY);
    struct wr_name zone = world_name("n3.sec.");
    struct wr_ds_list none;
    struct wr_keyset keys;

    wr_ds_list_clear(&none);
    open_cache(4);
    for (int round = 0; round < 3; round++) {
        struct wr_zone_entry *e;

        wr_keyset_open(&keys, &set->set, &none);
        assert_int_equal(keys.count, 2);
        e = wr_keycache_put(&cache, zone.wire, WR_SECURITY_SECURE, -1, "", &keys, 1, 100);
        assert_int_equal(keys.count, 0);
        assert_int_equal(e->keys->count, 2);
    }
    for (unsigned i = 0; i < 2 * WR_KEYCACHE_WAYS; i++) {
        put(letter(i), WR_SECURITY_INSECURE, 200 + i, 1000);
    }
    close_cache();
    free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_find), cmocka_unit_test(test_replacement),
        cmocka_unit_test(test_half_full),    cmocka_unit_test(test_all_held),
        cmocka_unit_test(test_keys),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
