/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eviction: the cache's hit ratio while a scan of ten times its capacity passes, beside a plain LRU.
 *
 * One trace with a fixed seed: names drawn by Zipf's law, mixed with names that are asked once and never again.
 * The LRU holds as many entries as the cache held when both were warm; so both have the same room. Exit 1
 * when the cache keeps less than 0.95 of its ratio without a scan.
 */
#include "../tests/unit/resolve/cachetest.h"

#define NAMES  100000
#define WARM   400000
#define STEPS  200000
#define SCANS  4 /* names of the scan per name of the trace */
#define SPREAD (1u << 20)

/* --- plain LRU: a doubly linked list over numbers ------------------------------------------------ */

struct lru {
    uint32_t *next, *prev; /* by number; 0 is the list itself */
    bool *in;
    uint32_t count, cap;
};

static struct lru lru_open(uint32_t cap)
{
    size_t n = SPREAD + NAMES + 1;
    struct lru l = {calloc(n, 4), calloc(n, 4), calloc(n, 1), 0, cap};

    if (!l.next || !l.prev || !l.in) {
        abort();
    }
    return l;
}

static void lru_take(struct lru *l, uint32_t i)
{
    l->next[l->prev[i]] = l->next[i];
    l->prev[l->next[i]] = l->prev[i];
    l->in[i] = false;
    l->count--;
}

static void lru_push(struct lru *l, uint32_t i)
{
    l->next[i] = l->next[0];
    l->prev[i] = 0;
    l->prev[l->next[0]] = i;
    l->next[0] = i;
    l->in[i] = true;
    l->count++;
}

static bool lru_ask(struct lru *l, uint32_t number)
{
    uint32_t i = number + 1;
    bool hit = l->in[i];

    if (hit) {
        lru_take(l, i);
    } else if (l->count == l->cap) {
        lru_take(l, l->prev[0]);
    }
    lru_push(l, i);
    return hit;
}

/* --- the trace ---------------------------------------------------------------------------------- */

static bool cache_ask(struct wr_cache *c, uint32_t number)
{
    if (cachetest_get(c, number, 100, false) >= 0) {
        return true;
    }
    cachetest_put(c, number, 1, 30, 100);
    return false;
}

static double run(struct wr_cache *c, struct lru *l, const struct cachetest_zipf *z, uint64_t seed,
                  uint32_t steps, uint32_t scans, uint32_t *scanned)
{
    struct wr_rng rng;
    uint32_t hits = 0;

    wr_rng_seed_u64(&rng, seed);
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t number = cachetest_zipf_next(z, &rng);

        hits += c ? cache_ask(c, number) : lru_ask(l, number);
        for (uint32_t k = 0; k < scans; k++, ++*scanned) {
            number = NAMES + *scanned % (SPREAD - NAMES);
            (void)(c ? cache_ask(c, number) : lru_ask(l, number));
        }
    }
    return (double)hits / steps;
}

static uint32_t entries(const struct wr_cache *c)
{
    struct wr_cache_stats stats;

    wr_cache_stats(c, &stats);
    return (uint32_t)stats.entries;
}

int main(void)
{
    struct cachetest_zipf z = cachetest_zipf_open(NAMES);
    double ratio[2][2];
    uint32_t held = 0, scanned = 0;

    for (uint32_t with = 0; with < 2; with++) {
        void *block;
        struct wr_cache *c = cachetest_open(1 << 20, &block);
        struct lru l;

        run(c, NULL, &z, 1, WARM, 0, &scanned);
        held = entries(c);
        scanned = 0;
        ratio[0][with] = run(c, NULL, &z, 2, STEPS, with ? SCANS : 0, &scanned);
        l = lru_open(held);
        run(NULL, &l, &z, 1, WARM, 0, &scanned);
        scanned = 0;
        ratio[1][with] = run(NULL, &l, &z, 2, STEPS, with ? SCANS : 0, &scanned);
        free(block);
        free(l.next);
        free(l.prev);
        free(l.in);
    }
    printf("capacity %u entries, scan of %u names (%.1f x)\n", held, scanned,
           scanned / (double)held);
    printf("          no scan   during it   kept\n");
    printf("S3-FIFO   %.4f    %.4f      %.3f\n", ratio[0][0], ratio[0][1],
           ratio[0][1] / ratio[0][0]);
    printf("plain LRU %.4f    %.4f      %.3f\n", ratio[1][0], ratio[1][1],
           ratio[1][1] / ratio[1][0]);
    free(z.sums);
    return ratio[0][1] >= 0.95 * ratio[0][0] ? 0 : 1;
}
