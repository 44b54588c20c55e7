/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "cachetest.h"
#include "resolve/cacheblock.h"

static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];

static void everything_lies_inside_the_block(void **state)
{
    for (size_t size = WR_CACHE_SIZE_MIN; size < (40u << 20); size += size / 3 + 4096) {
        void *block;
        struct wr_cache *c = cachetest_open(size / 64 * 64, &block);
        struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, c->geometry.shards - 1);

        assert_true((uint8_t *)(sh.rings[1].words + sh.rings[1].units) <=
                    (uint8_t *)block + size / 64 * 64);
        assert_true(c->geometry.buckets % 2 == 0 && c->geometry.buckets > 0);
        assert_true(c->geometry.shards == 1 || c->geometry.shard_size > 1000000);
        assert_true(sh.rings[1].units / 2 * 8 >= WR_CACHE_SCRATCH_SIZE);
        assert_true(((uintptr_t)sh.index.slots & 63) == 0);
        free(block);
    }
}

static void an_unaligned_block_does(void **state)
{
    uint8_t *block = malloc(WR_CACHE_SIZE_MIN + 64);
    struct wr_cache *c;

    assert_non_null(block);
    assert_int_equal(wr_cache_format(block + 17, WR_CACHE_SIZE_MIN + 30, &cachetest_key, &c), 0);
    assert_int_equal(cachetest_put(c, 1, 5, 30, 100), 0);
    assert_int_equal(wr_cache_attach(block + 17, WR_CACHE_SIZE_MIN + 30, &c), 0);
    assert_int_equal(cachetest_get(c, 1, 100, true), 5);
    free(block);
}

static void fill(struct wr_cache *c, uint32_t names, uint64_t seed)
{
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, seed);
    for (uint32_t i = 0; i < 3 * names; i++) {
        uint32_t number = wr_rng_below(&rng, names);

        cachetest_put(c, number, 1, wr_rng_below(&rng, 60) ? 30 : 30000, 100);
        cachetest_get(c, wr_rng_below(&rng, names), 100, false);
    }
}

/* A block moved elsewhere in memory is found again with all that was in it. */
static void attach_finds_everything_again(void **state)
{
    void *block, *copy;
    struct wr_cache *c = cachetest_open(2 << 20, &block), *again;
    struct wr_cache_stats before, after;
    int64_t versions[3000];
    uint8_t name[32];
    struct wr_cache_key key;

    fill(c, 3000, 1);
    for (uint32_t i = 0; i < 3000; i += 7) {
        cachetest_key_of(c, i, name, &key);
        wr_cache_remove(c, &key);
    }
    for (uint32_t i = 0; i < 3000; i++) {
        versions[i] = cachetest_get(c, i, 100, true);
    }
    wr_cache_stats(c, &before);
    copy = aligned_alloc(64, 2 << 20);
    assert_non_null(copy);
    memcpy(copy, block, 2 << 20);
    free(block);
    assert_int_equal(wr_cache_attach(copy, 2 << 20, &again), WR_OK);
    wr_cache_stats(again, &after);
    assert_int_equal(after.entries, before.entries);
    assert_int_equal(after.used_bytes, before.used_bytes);
    for (uint32_t i = 0; i < 3000; i++) {
        assert_int_equal(cachetest_get(again, i, 100, true), versions[i]);
    }
    fill(again, 3000, 2);
    wr_cache_stats(again, &after);
    assert_int_equal(after.torn, 0);
    free(copy);
}

static void attach_refuses_a_foreign_header(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(1 << 20, &block), *again;

    assert_int_equal(wr_cache_attach(block, (1 << 20) - 64, &again), WR_E_VERSION);
    c->version++;
    assert_int_equal(wr_cache_attach(block, 1 << 20, &again), WR_E_VERSION);
    c->version--;
    c->key.k[0] ^= 1;
    assert_int_equal(wr_cache_attach(block, 1 << 20, &again), WR_E_CHECKSUM);
    c->key.k[0] ^= 1;
    c->geometry.buckets++;
    assert_int_equal(wr_cache_attach(block, 1 << 20, &again), WR_E_VERSION);
    c->geometry.buckets--;
    assert_int_equal(wr_cache_attach(block, 1 << 20, &again), WR_OK);
    memset(block, 0, 1 << 20);
    assert_int_equal(wr_cache_attach(block, 1 << 20, &again), WR_E_VERSION);
    free(block);
}

/* Killed between any two steps of a write: the flag is set, words lie behind the head without a slot. */
static void attach_clears_what_a_killed_writer_left(void **state)
{
    void *block;
    struct wr_cache *c = cachetest_open(1 << 20, &block), *again;
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, 0);
    const struct wr_cachering *r = &sh.rings[WR_CACHEBLOCK_SMALL];
    struct wr_cache_stats stats;
    uint64_t head;

    fill(c, 300, 1);
    wr_cache_stats(c, &stats);
    head = wr_cacheword_get(&r->state->head);
    for (int i = 0; i < 5; i++) {
        wr_cacheword_store(&r->words[wr_cachering_offset(r, head) + (unsigned)i], UINT64_MAX / 7);
    }
    wr_cacheword_set(&r->state->live, 12345);
    atomic_store(&sh.state->writing, 1);
    assert_int_equal(cachetest_put(c, 1, 9, 30, 100), WR_E_BUSY);
    assert_int_equal(wr_cache_attach(block, 1 << 20, &again), WR_OK);
    assert_int_equal(cachetest_put(again, 1, 9, 30, 100), WR_OK);
    assert_int_equal(cachetest_get(again, 1, 100, true), 9);
    free(block);
}

/* Every entry that a walk gives is one that was put, octet by octet, or it is not given. */
static void walk_all(struct wr_cache *c, uint32_t *ret_count)
{
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint64_t cursor = 0;

    while (wr_cache_walk(c, &cursor, 100, scratch, &name, &key, &e) == WR_OK) {
        if (e.kind == WR_CACHE_RRSET && e.rrset.size > 0) {
            volatile uint8_t last = e.rrset.data[e.rrset.size - 1];

            (void)last;
        }
        ++*ret_count;
    }
}

static void attach_bears_any_octets(void **state)
{
    size_t size = WR_CACHE_SIZE_MIN;
    void *block, *clean = malloc(size);
    struct wr_cache *c = cachetest_open(size, &block), *again;
    struct wr_rng rng;
    uint32_t walked = 0;

    assert_non_null(clean);
    fill(c, 1500, 3);
    memcpy(clean, block, size);
    for (uint64_t seed = 1; seed <= 150; seed++) {
        uint32_t flips = 1u << seed % 14;

        memcpy(block, clean, size);
        wr_rng_seed_u64(&rng, seed);
        for (uint32_t i = 0; i < flips; i++) {
            /* Not the header, and often the states of the rings. */
            uint32_t room = wr_rng_below(&rng, 4) ? (uint32_t)size - 256 : 256;

            ((uint8_t *)block)[256 + wr_rng_below(&rng, room)] ^=
                (uint8_t)(1 + wr_rng_below(&rng, 255));
        }
        assert_int_equal(wr_cache_attach(block, size, &again), WR_OK);
        walk_all(again, &walked);
        for (uint32_t i = 0; i < 400; i++) {
            uint8_t name[32];
            struct wr_cache_key key;
            struct wr_cache_entry e;

            cachetest_key_of(again, i, name, &key);
            (void)wr_cache_get(again, &key, 100, false, scratch, &e);
            assert_int_equal(cachetest_put(again, 2000 + i, 1, i == 5 ? 20000 : 40, 100), WR_OK);
            assert_int_equal(cachetest_get(again, 2000 + i, 100, true), 1);
        }
        wr_cache_flush(again, (const uint8_t *)"");
    }
    assert_true(walked > 1000);
    free(clean);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_lies_inside_the_block),
        cmocka_unit_test(an_unaligned_block_does),
        cmocka_unit_test(attach_finds_everything_again),
        cmocka_unit_test(attach_refuses_a_foreign_header),
        cmocka_unit_test(attach_clears_what_a_killed_writer_left),
        cmocka_unit_test(attach_bears_any_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
