/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads over one block: under TSan this is the proof that there is no data race. */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "cachetest.h"

#define THREADS 3
#define NAMES   3000
#define STEPS   40000

struct worker {
    pthread_t thread;
    struct wr_cache *c;
    uint32_t number;
    uint32_t hits, puts, skipped, backwards;
    int64_t seen[NAMES];
};

static void remove_one(struct wr_cache *c, uint32_t number)
{
    struct wr_cache_key key;
    uint8_t name[32];

    cachetest_key_of(c, number, name, &key);
    (void)wr_cache_remove(c, &key);
}

/* What a walk gives is whole, whatever the others write meanwhile. */
static void walk_all(struct wr_cache *c)
{
    static _Thread_local _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint64_t cursor = 0;
    uint32_t number;

    while (wr_cache_walk(c, &cursor, 100, scratch, &name, &key, &e) == WR_OK) {
        memcpy(&number, e.rrset.data + 2, sizeof(number));
        (void)cachetest_version(&e, number);
    }
}

/* Puts names of its own (so that their versions grow in one order) and reads all: versions never go back. */
static void *work(void *arg)
{
    struct worker *w = arg;
    struct wr_rng rng;
    uint8_t name[32];

    wr_rng_seed_u64(&rng, w->number);
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t number = wr_rng_below(&rng, NAMES);
        int64_t got = cachetest_get(w->c, number, 100, false);
        uint32_t size = wr_rng_below(&rng, 100) ? 50 : wr_rng_below(&rng, 20000);

        if (got >= 0) {
            w->hits++;
            w->backwards += got < w->seen[number];
            w->seen[number] = got;
        }
        if (number % THREADS == w->number && (got < 0 || wr_rng_below(&rng, 4) == 0)) {
            int err = cachetest_put(w->c, number, i, size, 100);

            w->puts += err == WR_OK;
            w->skipped += err == WR_E_BUSY;
        }
        if (wr_rng_below(&rng, 500) == 0) {
            remove_one(w->c, number);
        }
        if (w->number == 1 && i % 5000 == 4999) {
            walk_all(w->c);
        }
        if (w->number == 0 && i % 10000 == 9999) {
            cachetest_name(number, name);
            wr_cache_flush(w->c, i % 20000 == 9999 ? name : name + 12);
        }
    }
    return NULL;
}

static void threads_share_a_block(void **state)
{
    static struct worker workers[THREADS];
    void *block;
    struct wr_cache *c = cachetest_open(WR_CACHE_SIZE_MIN, &block), *again;
    uint32_t hits = 0, puts = 0, skipped = 0;
    struct wr_cache_stats stats;

    for (uint32_t i = 0; i < THREADS; i++) {
        workers[i].c = c;
        workers[i].number = i;
        memset(workers[i].seen, 0xff, sizeof(workers[i].seen));
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].backwards, 0);
        hits += workers[i].hits;
        puts += workers[i].puts;
        skipped += workers[i].skipped;
    }
    wr_cache_stats(c, &stats);
    print_message("# %u hits, %u puts, %u skipped\n", hits, puts, skipped);
    assert_true(hits > STEPS / 4 && puts > STEPS / 10);
    assert_int_equal(stats.inserted, puts);
    assert_true(stats.skipped_busy >= skipped);
    assert_int_equal(stats.torn, 0);
    assert_int_equal(wr_cache_attach(block, WR_CACHE_SIZE_MIN, &again), WR_OK);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_a_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
