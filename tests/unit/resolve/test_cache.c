/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "resolve/cache.h"
#include "resolve/cacheblock.h"

static const struct wr_hash_key secret = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];

struct fixture {
    void *block;
    size_t size;
    struct wr_cache *c;
};

static struct fixture *open_cache(size_t size)
{
    struct fixture *f = malloc(sizeof(*f));

    assert_non_null(f);
    f->size = size;
    f->block = aligned_alloc(64, size);
    assert_non_null(f->block);
    memset(f->block, 0xa5, size);
    assert_int_equal(wr_cache_format(f->block, size, &secret, &f->c), WR_OK);
    return f;
}

static void close_cache(struct fixture *f)
{
    free(f->block);
    free(f);
}

static struct wr_name name_of(const char *text)
{
    struct wr_name name;

    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    return name;
}

/* An entry with one A record 192.0.2.<last>. */
static struct wr_cache_entry entry_a(uint8_t *data, uint8_t last, uint32_t stored_s, uint32_t ttl)
{
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET, .ede = WR_EDE_NONE};
    static const uint8_t a[] = {0, 4, 192, 0, 2, 0};

    memcpy(data, a, sizeof(a));
    data[5] = last;
    e.security = WR_SECURITY_UNCHECKED;
    e.rank = WR_RANK_ANSWER;
    e.stored_s = stored_s;
    e.ttl = ttl;
    e.rrset.data = data;
    e.rrset.size = sizeof(a);
    e.rrset.records = 1;
    e.rrset.type = WR_TYPE_A;
    e.rrset.class_ = WR_CLASS_IN;
    return e;
}

static int put_a(struct wr_cache *c, const char *text, uint8_t last, uint32_t now_s, uint32_t ttl)
{
    struct wr_name name = name_of(text);
    struct wr_cache_key key;
    uint8_t data[8];
    struct wr_cache_entry e = entry_a(data, last, now_s, ttl);

    wr_cache_key_init(c, name.wire, WR_TYPE_A, 0, &key);
    return wr_cache_put(c, &key, now_s, &e);
}

/* The last octet of the address, or an error. */
static int get_a_peek(struct wr_cache *c, const char *text, uint32_t now_s, bool peek)
{
    struct wr_name name = name_of(text);
    struct wr_cache_key key;
    struct wr_cache_entry e;
    int err;

    wr_cache_key_init(c, name.wire, WR_TYPE_A, 0, &key);
    err = wr_cache_get(c, &key, now_s, peek, scratch, &e);
    if (err) {
        return err;
    }
    assert_int_equal(e.kind, WR_CACHE_RRSET);
    assert_int_equal(e.rrset.size, 6);
    assert_int_equal(e.rrset.records, 1);
    assert_true(wr_name_equal(e.rrset.owner, name.wire));
    return e.rrset.data[5];
}

static int get_a(struct wr_cache *c, const char *text, uint32_t now_s)
{
    return get_a_peek(c, text, now_s, false);
}

/* --- what is put comes back ------------------------------------------------------------------- */

static void too_small_a_block_is_refused(void **state)
{
    struct wr_cache *c = NULL;
    static uint8_t block[4096];

    assert_int_equal(wr_cache_format(block, sizeof(block), &secret, &c), WR_E_RANGE);
    assert_int_equal(wr_cache_attach(block, sizeof(block), &c), WR_E_RANGE);
    assert_null(c);
}

static void an_rrset_comes_back_whatever_the_case(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);

    assert_int_equal(get_a(f->c, "cam.iot.test", 100), WR_E_NOTFOUND);
    assert_int_equal(put_a(f->c, "Cam.IoT.test", 7, 100, 60), WR_OK);
    assert_int_equal(get_a(f->c, "cam.iot.test", 100), 7);
    assert_int_equal(get_a(f->c, "CAM.IOT.TEST", 100), 7);
    assert_int_equal(get_a(f->c, "cam.iot.tesu", 100), WR_E_NOTFOUND);
    assert_int_equal(get_a(f->c, "cam2.iot.test", 100), WR_E_NOTFOUND);
    assert_int_equal(get_a(f->c, "iot.test", 100), WR_E_NOTFOUND);
    close_cache(f);
}

static void types_and_scopes_are_apart(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_name name = name_of("cam.iot.test");
    struct wr_cache_key key;
    struct wr_cache_entry e;

    put_a(f->c, "cam.iot.test", 7, 100, 60);
    wr_cache_key_init(f->c, name.wire, WR_TYPE_AAAA, 0, &key);
    assert_int_equal(wr_cache_get(f->c, &key, 100, false, scratch, &e), WR_E_NOTFOUND);
    wr_cache_key_init(f->c, name.wire, WR_TYPE_A, 1, &key);
    assert_int_equal(wr_cache_get(f->c, &key, 100, false, scratch, &e), WR_E_NOTFOUND);
    close_cache(f);
}

static void every_field_comes_back(void **state)
{
    static const uint8_t flat[] = "flat octets";
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_name name = name_of("gone.iot.test");
    struct wr_cache_entry e = {.kind = WR_CACHE_NXDOMAIN,
                               .flags = WR_CACHE_WITH_SIGS,
                               .security = WR_SECURITY_SECURE,
                               .rank = WR_RANK_AUTH_ANSWER,
                               .rcode = 3,
                               .ede = 19,
                               .stored_s = 90,
                               .ttl = 30,
                               .flat = flat,
                               .flat_size = sizeof(flat),
                               .sets = 2};
    struct wr_cache_entry back;
    struct wr_cache_key key;

    wr_cache_key_init(f->c, name.wire, 0, 5, &key);
    assert_int_equal(wr_cache_put(f->c, &key, 100, &e), WR_OK);
    assert_int_equal(wr_cache_get(f->c, &key, 100, true, scratch, &back), WR_OK);
    assert_int_equal(back.kind, WR_CACHE_NXDOMAIN);
    assert_int_equal(back.flags, WR_CACHE_WITH_SIGS);
    assert_int_equal(back.security, WR_SECURITY_SECURE);
    assert_int_equal(back.rank, WR_RANK_AUTH_ANSWER);
    assert_int_equal(back.rcode, 3);
    assert_int_equal(back.ede, 19);
    assert_int_equal(back.stored_s, 90);
    assert_int_equal(back.ttl, 30);
    assert_int_equal(back.ttl_left, 20);
    assert_int_equal(back.sets, 2);
    assert_int_equal(back.flat_size, sizeof(flat));
    assert_memory_equal(back.flat, flat, sizeof(flat));
    close_cache(f);
}

static void names_of_all_sizes_come_back(void **state)
{
    struct fixture *f = open_cache(1 << 20);
    char text[WR_NAME_TEXT_SIZE];

    for (int round = 0; round < 2; round++) {
        for (int size = 0; size <= 250; size++) {
            for (int i = 0; i < size; i++) {
                text[i] = i % 50 == 49 ? '.' : (char)((round ? 'a' : 'A') + (size + i) % 26);
            }
            text[size] = 0;
            if (size == 0 || text[size - 1] != '.') {
                strcat(text, ".");
            }
            if (round == 0) {
                assert_int_equal(put_a(f->c, text, (uint8_t)size, 100, 60), WR_OK);
            } else if (size % 50 != 49) {
                assert_int_equal(get_a(f->c, text, 100), size);
            }
        }
    }
    close_cache(f);
}

static void ttl_left_counts_down_and_below_zero(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_name name = name_of("cam.iot.test");
    struct wr_cache_entry e;
    struct wr_cache_key key;

    put_a(f->c, "cam.iot.test", 7, 100, 60);
    wr_cache_key_init(f->c, name.wire, WR_TYPE_A, 0, &key);
    assert_int_equal(wr_cache_get(f->c, &key, 159, true, scratch, &e), WR_OK);
    assert_int_equal(e.ttl_left, 1);
    assert_int_equal(wr_cache_get(f->c, &key, 3760, true, scratch, &e), WR_OK);
    assert_int_equal(e.ttl_left, -3600);
    assert_int_equal(wr_cache_get(f->c, &key, 99, true, scratch, &e), WR_OK);
    assert_int_equal(e.ttl_left, 60); /* never more than it was given */
    close_cache(f);
}

static void an_entry_can_be_older_than_the_clock(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_name name = name_of("cam.iot.test");
    struct wr_cache_entry e, back;
    struct wr_cache_key key;
    uint8_t data[8];

    e = entry_a(data, 1, 10 - 50, 60); /* stored 50 s ago, the clock says 10 */
    wr_cache_key_init(f->c, name.wire, WR_TYPE_A, 0, &key);
    assert_int_equal(wr_cache_put(f->c, &key, 10, &e), WR_OK);
    assert_int_equal(wr_cache_get(f->c, &key, 10, true, scratch, &back), WR_OK);
    assert_int_equal(back.ttl_left, 10);
    close_cache(f);
}

static void uses_are_counted_up_to_three_and_not_by_a_peek(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_name name = name_of("cam.iot.test");
    struct wr_cache_entry e;
    struct wr_cache_key key;

    put_a(f->c, "cam.iot.test", 7, 100, 60);
    wr_cache_key_init(f->c, name.wire, WR_TYPE_A, 0, &key);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(wr_cache_get(f->c, &key, 100, true, scratch, &e), WR_OK);
        assert_int_equal(e.used, i < 3 ? i : 3);
        assert_int_equal(wr_cache_get(f->c, &key, 100, true, scratch, &e), WR_OK);
        assert_int_equal(e.used, i < 3 ? i : 3);
        get_a(f->c, "cam.iot.test", 100);
    }
    put_a(f->c, "cam.iot.test", 8, 100, 60); /* a refresh keeps them */
    assert_int_equal(wr_cache_get(f->c, &key, 100, true, scratch, &e), WR_OK);
    assert_int_equal(e.used, 3);
    close_cache(f);
}

/* --- who may replace whom --------------------------------------------------------------------- */

static int put_as(struct fixture *f, enum wr_cache_kind kind, uint8_t rank, uint8_t security,
                  uint32_t now_s)
{
    struct wr_name name = name_of("cam.iot.test");
    struct wr_cache_key key;
    uint8_t data[8];
    struct wr_cache_entry e = entry_a(data, rank, now_s, 60);

    e.kind = kind;
    e.rank = rank;
    e.security = security;
    wr_cache_key_init(f->c, name.wire, WR_TYPE_A, 0, &key);
    return wr_cache_put(f->c, &key, now_s, &e);
}

static void fresh_data_is_not_replaced_by_worse(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    enum wr_cache_kind set = WR_CACHE_RRSET, none = WR_CACHE_NODATA;

    assert_int_equal(put_as(f, set, WR_RANK_ANSWER, WR_SECURITY_INSECURE, 100), WR_OK);
    assert_int_equal(put_as(f, set, WR_RANK_ADDITIONAL, WR_SECURITY_SECURE, 100), WR_E_EXISTS);
    assert_int_equal(put_as(f, none, WR_RANK_ADDITIONAL, WR_SECURITY_SECURE, 100), WR_E_EXISTS);
    assert_int_equal(put_as(f, set, WR_RANK_AUTH_ANSWER, WR_SECURITY_BOGUS, 100), WR_E_EXISTS);
    assert_int_equal(put_as(f, set, WR_RANK_ANSWER, WR_SECURITY_INSECURE, 101), WR_OK);
    assert_int_equal(put_as(f, none, WR_RANK_AUTH_ANSWER, WR_SECURITY_SECURE, 101), WR_OK);
    /* Stale: anything that is data. */
    assert_int_equal(put_as(f, set, WR_RANK_ADDITIONAL, WR_SECURITY_UNCHECKED, 160), WR_E_EXISTS);
    assert_int_equal(put_as(f, set, WR_RANK_ADDITIONAL, WR_SECURITY_UNCHECKED, 161), WR_OK);
    close_cache(f);
}

static void a_failure_replaces_no_data_and_is_replaced_by_any(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);

    assert_int_equal(put_as(f, WR_CACHE_RRSET, WR_RANK_ANSWER, 0, 100), WR_OK);
    assert_int_equal(put_as(f, WR_CACHE_FAILURE, WR_RANK_AUTH_ANSWER, 4, 100), WR_E_EXISTS);
    assert_int_equal(put_as(f, WR_CACHE_FAILURE, WR_RANK_AUTH_ANSWER, 4, 999), WR_E_EXISTS);
    assert_int_equal(get_a(f->c, "cam.iot.test", 999), WR_RANK_ANSWER); /* stale, and there */
    wr_cache_flush(f->c, (const uint8_t *)"");
    assert_int_equal(put_as(f, WR_CACHE_FAILURE, WR_RANK_AUTH_ANSWER, 4, 100), WR_OK);
    assert_int_equal(put_as(f, WR_CACHE_RRSET, WR_RANK_ADDITIONAL, 0, 100), WR_OK);
    assert_int_equal(get_a(f->c, "cam.iot.test", 100), WR_RANK_ADDITIONAL);
    close_cache(f);
}

static void remove_and_flush_take_out_what_they_say(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_name name = name_of("iot.test");
    struct wr_cache_key key;
    struct wr_cache_stats stats;

    put_a(f->c, "iot.test", 1, 100, 60);
    put_a(f->c, "cam.iot.test", 2, 100, 60);
    put_a(f->c, "a.b.IOT.test", 3, 100, 60);
    put_a(f->c, "notiot.test", 4, 100, 60);
    put_a(f->c, "test", 5, 100, 60);
    wr_cache_key_init(f->c, name.wire, WR_TYPE_A, 0, &key);
    assert_int_equal(wr_cache_remove(f->c, &key), WR_OK);
    assert_int_equal(wr_cache_remove(f->c, &key), WR_E_NOTFOUND);
    assert_int_equal(get_a(f->c, "iot.test", 100), WR_E_NOTFOUND);
    assert_int_equal(wr_cache_flush(f->c, name.wire), 2);
    assert_int_equal(get_a(f->c, "cam.iot.test", 100), WR_E_NOTFOUND);
    assert_int_equal(get_a(f->c, "notiot.test", 100), 4);
    assert_int_equal(get_a(f->c, "test", 100), 5);
    wr_cache_stats(f->c, &stats);
    assert_int_equal(stats.entries, 2);
    assert_int_equal(wr_cache_flush(f->c, (const uint8_t *)""), 2);
    wr_cache_stats(f->c, &stats);
    assert_int_equal(stats.entries, 0);
    assert_int_equal(stats.used_bytes, 0);
    close_cache(f);
}

static void a_write_that_meets_a_writer_is_skipped_and_counted(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(f->c, 0);
    struct wr_cache_stats stats;

    put_a(f->c, "cam.iot.test", 1, 100, 60);
    atomic_store(&sh.state->writing, 1);
    assert_int_equal(put_a(f->c, "cam.iot.test", 2, 100, 60), WR_E_BUSY);
    assert_int_equal(get_a(f->c, "cam.iot.test", 100), 1);
    wr_cache_stats(f->c, &stats);
    assert_int_equal(stats.skipped_busy, 1);
    atomic_store(&sh.state->writing, 0);
    assert_int_equal(put_a(f->c, "cam.iot.test", 2, 100, 60), WR_OK);
    close_cache(f);
}

static void a_walk_meets_everything_once(void **state)
{
    struct fixture *f = open_cache(4 << 20); /* four shards */
    uint8_t seen[500] = {0};
    struct wr_name name;
    struct wr_cache_key key, again;
    struct wr_cache_entry e;
    uint64_t cursor = 0;
    int count = 0;
    char text[64];

    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof(text), "H%d.iot.test", i);
        assert_int_equal(put_a(f->c, text, (uint8_t)i, 100, 60), WR_OK);
    }
    while (wr_cache_walk(f->c, &cursor, 110, scratch, &name, &key, &e) == WR_OK) {
        int number = atoi((const char *)name.wire + 2);

        assert_in_range(number, 0, 499);
        assert_int_equal(seen[number]++, 0);
        assert_int_equal(e.rrset.data[5], (uint8_t)number);
        assert_int_equal(e.ttl_left, 50);
        assert_ptr_equal(key.name, name.wire);
        wr_cache_key_init(f->c, key.name, key.type, key.scope, &again);
        assert_true(again.hash == key.hash);
        count++;
    }
    assert_int_equal(count, 500);
    close_cache(f);
}

/* Hints change nothing, for what is there and for what is not. */
static void hints_change_nothing(void **state)
{
    struct fixture *f = open_cache(WR_CACHE_SIZE_MIN);
    struct wr_name name = name_of("there.example.");
    struct wr_cache_stats before, after;
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 3);
    assert_int_equal(put_a(f->c, "there.example.", 7, 100, 60), WR_OK);
    wr_cache_stats(f->c, &before);
    wr_cache_foresee(f->c, wr_cache_hash(f->c, name.wire, WR_TYPE_A, 0));
    wr_cache_foresee_entry(f->c, wr_cache_hash(f->c, name.wire, WR_TYPE_A, 0));
    for (int i = 0; i < 10000; i++) {
        uint64_t hash = wr_rng_u64(&rng);

        wr_cache_foresee(f->c, hash);
        wr_cache_foresee_entry(f->c, hash);
    }
    wr_cache_stats(f->c, &after);
    assert_memory_equal(&before, &after, sizeof(before));
    close_cache(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_small_a_block_is_refused),
        cmocka_unit_test(an_rrset_comes_back_whatever_the_case),
        cmocka_unit_test(types_and_scopes_are_apart),
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(names_of_all_sizes_come_back),
        cmocka_unit_test(ttl_left_counts_down_and_below_zero),
        cmocka_unit_test(an_entry_can_be_older_than_the_clock),
        cmocka_unit_test(uses_are_counted_up_to_three_and_not_by_a_peek),
        cmocka_unit_test(fresh_data_is_not_replaced_by_worse),
        cmocka_unit_test(a_failure_replaces_no_data_and_is_replaced_by_any),
        cmocka_unit_test(remove_and_flush_take_out_what_they_say),
        cmocka_unit_test(a_write_that_meets_a_writer_is_skipped_and_counted),
        cmocka_unit_test(a_walk_meets_everything_once),
        cmocka_unit_test(hints_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
