/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock-free read in seeded interleavings: between any two words that a reader loads, a writer may put, evict,
 * flush or fill the whole ring. The cache is compiled into this file with a hook at each load.
 */
#include "unit/unit.h"

static void between_loads(void);
#define WR_CACHEWORD_HOOK() between_loads()

#include "../src/resolve/cache.c"
#include "../src/resolve/cacheblock.c"
#include "../src/resolve/cacheentry.c"
#include "../src/resolve/cachefifo.c"
#include "../src/resolve/cacheindex.c"
#include "../src/resolve/cachering.c"

#include "cachetest.h"

#define NAMES 300

static struct {
    struct wr_cache *c;
    struct wr_rng rng;
    bool reading;
    uint32_t odds; /* one in so many loads lets the writer in */
    uint32_t versions[NAMES];
    uint32_t writes;
} world;

static void write_something(void)
{
    uint32_t number = wr_rng_below(&world.rng, NAMES);
    uint32_t many = wr_rng_below(&world.rng, 40) ? 1 : 400;
    uint8_t name[32];

    if (wr_rng_below(&world.rng, 200) == 0) {
        cachetest_name(number, name);
        wr_cache_flush(world.c, name + 8); /* all of iot.test */
        return;
    }
    for (uint32_t i = 0; i < many; i++) {
        uint32_t n = (number + i) % NAMES;
        uint32_t size = wr_rng_below(&world.rng, 9) ? 60 : wr_rng_below(&world.rng, 9000);

        if (cachetest_put(world.c, n, world.versions[n] + 1, size, 100) == WR_OK) {
            world.versions[n]++;
            world.writes++;
        }
    }
}

static void between_loads(void)
{
    if (world.reading && wr_rng_below(&world.rng, world.odds) == 0) {
        world.reading = false;
        write_something();
        world.reading = true;
    }
}

/* What a read gives is a whole entry of what was asked, not older than when the read began. */
static void run_seed(uint64_t seed, uint32_t *hits, uint32_t *raced)
{
    void *block;

    world.c = cachetest_open(WR_CACHE_SIZE_MIN, &block);
    wr_rng_seed_u64(&world.rng, seed);
    memset(world.versions, 0, sizeof(world.versions));
    world.odds = 5 + wr_rng_below(&world.rng, 60);
    for (int i = 0; i < 200; i++) {
        write_something();
    }
    for (int i = 0; i < 600; i++) {
        uint32_t number = wr_rng_below(&world.rng, NAMES), before = world.versions[number];
        uint32_t writes = world.writes;
        int64_t got;

        world.reading = true;
        got = cachetest_get(world.c, number, 100, false);
        world.reading = false;
        if (got >= 0) {
            assert_in_range(got, before, world.versions[number]);
            ++*hits;
            *raced += writes != world.writes;
        } else {
            assert_int_equal(got, WR_E_NOTFOUND);
        }
    }
    free(block);
}

static void a_reader_is_never_fooled(void **state)
{
    uint32_t hits = 0, raced = 0;

    for (uint64_t seed = 1; seed <= 60; seed++) {
        run_seed(seed, &hits, &raced);
    }
    print_message("# %u hits, %u of them with writes in between\n", hits, raced);
    assert_true(raced > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_is_never_fooled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
