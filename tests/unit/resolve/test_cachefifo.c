/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/limits.h"
#include "cachetest.h"
#include "resolve/cacheblock.h"
#include "resolve/cachefifo.h"

static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];

/* Live words and entries as a walk sees them are what the counters say. */
static void check_counts(struct wr_cache *c, uint32_t now_s)
{
    struct wr_cache_stats stats;
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint64_t cursor = 0, entries = 0, bytes = 0;

    while (wr_cache_walk(c, &cursor, now_s, scratch, &name, &key, &e) == WR_OK) {
        entries++;
        bytes += 8 + (16 + name.size + 4u + e.rrset.size + 7) / 8 * 8;
    }
    wr_cache_stats(c, &stats);
    assert_int_equal(stats.entries, entries);
    assert_int_equal(stats.used_bytes, bytes);
    assert_int_equal(stats.torn, 0);
}

struct model {
    uint32_t versions[4000];
    uint32_t names;
    uint32_t hits, gets;
};

static uint32_t any_size(struct wr_rng *rng)
{
    switch (wr_rng_below(rng, 50)) {
    case 0: return 10 + wr_rng_below(rng, 49000);
    case 1: return 10 + wr_rng_below(rng, 9000);
    default: return 10 + wr_rng_below(rng, 150);
    }
}

/* Whatever is found is the newest version of what was asked for, octet by octet. */
static void work(struct wr_cache *c, struct model *m, uint64_t seed, uint32_t steps)
{
    struct wr_rng rng;
    uint8_t name[32];
    struct wr_cache_key key;

    wr_rng_seed_u64(&rng, seed);
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t number = wr_rng_below(&rng, wr_rng_below(&rng, m->names) + 1),
                 now_s = 1000 + i / 50;
        int64_t got = cachetest_get(c, number, now_s, false);

        m->gets++;
        if (got >= 0) {
            m->hits++;
            assert_int_equal(got, m->versions[number]);
        }
        if (got < 0 || wr_rng_below(&rng, 8) == 0) {
            m->versions[number]++;
            assert_int_equal(cachetest_put(c, number, m->versions[number], any_size(&rng), now_s),
                             0);
            assert_int_equal(cachetest_get(c, number, now_s, true), m->versions[number]);
        }
        if (wr_rng_below(&rng, 64) == 0) {
            cachetest_key_of(c, number, name, &key);
            assert_int_equal(wr_cache_remove(c, &key), WR_OK);
            assert_int_equal(cachetest_get(c, number, now_s, true), WR_E_NOTFOUND);
        }
        if (i % 1000 == 999) {
            check_counts(c, now_s);
        }
    }
}

static void hits_are_the_newest_version_in_a_tiny_block(void **state)
{
    struct model m = {.names = 4000};
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
    struct wr_cache_stats stats;

    work(c, &m, 1, 60000);
    wr_cache_stats(c, &stats);
    assert_in_range(m.hits, m.gets / 20, m.gets);
    assert_true(stats.evicted > 1000 && stats.promoted > 100 && stats.ghost_hits > 10);
    free(block);
}

static void hits_are_the_newest_version_with_several_shards(void **state)
{
    struct model m = {.names = 4000};
    void *block;
    struct wr_cache *c = cachetest_open(4 << 20, &block);

    assert_int_equal(c->geometry.shards, 4);
    work(c, &m, 2, 60000);
    free(block);
}

static void positions_go_round_their_48_bits(void **state)
{
    struct model m = {.names = 2000};
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, 0);

    for (int ring = 0; ring < WR_CACHEBLOCK_RINGS; ring++) {
        uint64_t pos = (WR_CACHERING_POS_MASK & ~sh.rings[ring].mask) - 2 * sh.rings[ring].mask - 2;

        wr_cacheword_set(&sh.state->rings[ring].head, pos);
        wr_cacheword_set(&sh.state->rings[ring].tail, pos);
    }
    work(c, &m, 3, 40000);
    for (int ring = 0; ring < WR_CACHEBLOCK_RINGS; ring++) {
        assert_true(wr_cacheword_get(&sh.state->rings[ring].head) < (uint64_t)1 << 40);
    }
    free(block);
}

static void the_largest_entry_fits_the_smallest_block(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);

    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(cachetest_put(c, i, 1, WR_RRSET_SIZE_MAX, 100), WR_OK);
        assert_int_equal(cachetest_get(c, i, 100, false), 1);
    }
    check_counts(c, 100);
    free(block);
}

static void an_entry_over_the_limit_is_refused(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
    struct wr_cache_entry e = {.kind = WR_CACHE_NODATA, .flat = scratch};
    struct wr_cache_key key;
    uint8_t name[32];

    cachetest_key_of(c, 1, name, &key);
    e.flat_size = WR_RRSET_SIZE_MAX + 1;
    assert_int_equal(wr_cache_put(c, &key, 1, &e), WR_E_LIMIT);
    e.flat_size = UINT32_MAX;
    assert_int_equal(wr_cache_put(c, &key, 1, &e), WR_E_LIMIT);
    e.flat_size = WR_RRSET_SIZE_MAX;
    assert_int_equal(wr_cache_put(c, &key, 1, &e), WR_OK);
    free(block);
}

/* A home of few names: one is asked once and then never; the others are refreshed until the block has been
 * written over many times. */
static void refreshing_a_few_names_evicts_none(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
    struct wr_cache_stats stats;

    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(cachetest_put(c, i, 1, 60, 100), WR_OK);
    }
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t number = 100 + i % 200;

        cachetest_get(c, number, 100, number % 3 == 0);
        assert_int_equal(cachetest_put(c, number, 2 + i, 60, 100), WR_OK);
    }
    for (uint32_t i = 0; i < 300; i++) {
        assert_true(cachetest_get(c, i, 100, true) >= 1);
    }
    wr_cache_stats(c, &stats);
    assert_int_equal(stats.evicted, 0);
    assert_int_equal(stats.entries, 300);
    free(block);
}

static void everything_stays_while_there_is_room(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(1 << 20, &block);
    struct wr_cache_stats stats;

    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(cachetest_put(c, i, 1, 30, 100), WR_OK);
    }
    wr_cache_stats(c, &stats);
    assert_int_equal(stats.evicted, 0);
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(cachetest_get(c, i, 100, true), 1);
    }
    free(block);
}

/* Names whose hashes share the pair of buckets of name 0, more than it has slots. */
static void a_full_pair_of_buckets_gives_up_its_least_used(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, 0);
    struct wr_cache_stats stats;
    struct wr_cache_key key;
    uint8_t name[32];
    uint32_t crowd[40], count = 0, left = 0;
    ptrdiff_t pair;

    cachetest_key_of(c, 0, name, &key);
    pair = (wr_cacheindex_at(&sh.index, key.hash, 0) - sh.index.slots) / WR_CACHEINDEX_PAIR_SLOTS;
    for (uint32_t i = 0; i < 100000 && count < 40; i++) {
        cachetest_key_of(c, i, name, &key);
        if ((wr_cacheindex_at(&sh.index, key.hash, 0) - sh.index.slots) /
                WR_CACHEINDEX_PAIR_SLOTS ==
            pair) {
            crowd[count++] = i;
        }
    }
    assert_int_equal(count, 40);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(cachetest_put(c, crowd[i], 1, 20, 100), WR_OK);
        assert_int_equal(cachetest_get(c, crowd[i], 100, i >= 4), 1); /* the first four are used */
    }
    for (uint32_t i = 0; i < count; i++) {
        int64_t got = cachetest_get(c, crowd[i], 100, true);

        assert_true(i >= 4 || got == 1);
        left += got == 1;
    }
    assert_int_equal(left, WR_CACHEINDEX_PAIR_SLOTS);
    wr_cache_stats(c, &stats);
    assert_int_equal(stats.entries, left);
    assert_int_equal(stats.evicted, count - left);
    check_counts(c, 100);
    free(block);
}

/* Memory that was overwritten by accident: the shard is emptied and counted, and goes on. */
static void a_torn_ring_empties_its_shard(void **state)
{
    uint64_t torn = 0;

    for (unsigned ring = 0; ring < WR_CACHEBLOCK_RINGS; ring++) {
        for (uint64_t size = 0; size < 0x10000; size = size * 5 + 1) {
            void *block;
            struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
            struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, 0);
            const struct wr_cachering *r = &sh.rings[ring];
            struct wr_cache_stats stats;
            uint64_t tail;

            for (uint32_t i = 0; i < 6000; i++) {
                cachetest_put(c, i, 1, 60, 100);
                cachetest_get(c, i / 2, 100, false);
            }
            tail = wr_cacheword_get(&r->state->tail);
            for (uint64_t i = 0; i < 64; i++) {
                wr_cacheword_set(&r->words[(wr_cachering_offset(r, tail) + i) % r->units], size);
            }
            for (uint32_t i = 6000; i < 16000; i++) {
                assert_int_equal(cachetest_put(c, i, 1, 60, 100), WR_OK);
                assert_int_equal(cachetest_get(c, i, 100, false), 1);
            }
            wr_cache_stats(c, &stats);
            assert_true(stats.entries > 500 && stats.entries < 4500);
            assert_true(stats.used_bytes < WR_CACHE_SIZE_MIN);
            assert_true(stats.torn < 10);
            torn += stats.torn;
            free(block);
        }
    }
    assert_true(torn >= 4);
}

/* Two names with the same tag and the same bucket: found by trying, as a tag has 12 bits and there are few buckets. */
static void names_with_one_tag_are_told_apart(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, 0);
    struct wr_cache_key key;
    uint8_t name[32];
    uint32_t *first = calloc(sh.index.buckets * 4096, sizeof(*first)), pairs = 0;

    assert_non_null(first);
    for (uint32_t i = 1; i < 20000; i++) {
        uint64_t place;

        cachetest_key_of(c, i, name, &key);
        place = (uint64_t)(wr_cacheindex_at(&sh.index, key.hash, 0) - sh.index.slots) / 8 * 4096 +
                wr_cacheindex_tag(key.hash);
        if (first[place]) {
            assert_int_equal(cachetest_put(c, i, 1, 20, 100), WR_OK);
            assert_int_equal(cachetest_put(c, first[place], 2, 20, 100), WR_OK);
            assert_int_equal(cachetest_get(c, i, 100, false), 1);
            assert_int_equal(cachetest_get(c, first[place], 100, false), 2);
            pairs++;
        }
        first[place] = i;
    }
    assert_in_range(pairs, 10, 1000);
    free(first);
    free(block);
}

static double hit_ratio(struct wr_cache *c, const struct cachetest_zipf *z, uint64_t seed,
                        uint32_t steps, uint32_t scan_each, uint32_t *scanned)
{
    struct wr_rng rng;
    uint32_t hits = 0;

    wr_rng_seed_u64(&rng, seed);
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t number = cachetest_zipf_next(z, &rng);

        if (cachetest_get(c, number, 100, false) >= 0) {
            hits++;
        } else {
            cachetest_put(c, number, 1, 30, 100);
        }
        for (uint32_t k = 0; k < scan_each; k++, ++*scanned) {
            cachetest_put(c, 500000 + *scanned, 1, 30, 100);
        }
    }
    return (double)hits / steps;
}

/* bench/eviction.c prints the same beside a plain LRU. */
static void a_scan_of_ten_times_the_capacity_takes_little(void **state)
{
    struct cachetest_zipf z = cachetest_zipf_open(20000);
    double ratios[2];
    struct wr_cache_stats stats;

    for (uint32_t with = 0; with < 2; with++) {
        void *block;
        struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
        uint32_t scanned = 0;

        hit_ratio(c, &z, 1, 60000, 0, &scanned);
        wr_cache_stats(c, &stats);
        ratios[with] = hit_ratio(c, &z, 2, 40000, with, &scanned);
        assert_true(!with || scanned >= 10 * stats.entries);
        free(block);
    }
    print_message("# hit ratio %.4f, during the scan %.4f: %.3f of it\n", ratios[0], ratios[1],
                  ratios[1] / ratios[0]);
    assert_true(ratios[1] >= 0.95 * ratios[0]);
    free(z.sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_are_the_newest_version_in_a_tiny_block),
        cmocka_unit_test(hits_are_the_newest_version_with_several_shards),
        cmocka_unit_test(positions_go_round_their_48_bits),
        cmocka_unit_test(the_largest_entry_fits_the_smallest_block),
        cmocka_unit_test(an_entry_over_the_limit_is_refused),
        cmocka_unit_test(refreshing_a_few_names_evicts_none),
        cmocka_unit_test(everything_stays_while_there_is_room),
        cmocka_unit_test(a_full_pair_of_buckets_gives_up_its_least_used),
        cmocka_unit_test(a_torn_ring_empties_its_shard),
        cmocka_unit_test(names_with_one_tag_are_told_apart),
        cmocka_unit_test(a_scan_of_ten_times_the_capacity_takes_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
