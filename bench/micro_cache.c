/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache, alone: nanoseconds per hit, miss and write, and octets per cached name, in one thread.
 *
 *     build/main/bench/micro_cache [names] [block MiB]
 *
 * Times are of the processor (CLOCK_PROCESS_CPUTIME_ID), so that others on the machine count little.
 * The names are h000000.iot.test and on, each with one A record. "warm" asks the same 64 names; "spread" asks all
 * of them in random order, so that the machine's own caches miss. Resident pages are what the kernel counts for
 * the mapping (mincore): index, ghosts and rings alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/rng.h"
#include "dns/codes.h"
#include "resolve/cache.h"
#include "resolve/checkpoint.h"

static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct name {
    uint8_t wire[18];
};

static void make_name(struct name *name, uint32_t number)
{
    memcpy(name->wire, "\7h000000\3iot\4test", 18);
    for (int i = 7; i > 1; i--, number /= 10) {
        name->wire[i] = (uint8_t)('0' + number % 10);
    }
}

static uint64_t resident_bytes(void *block, size_t size)
{
    size_t pages = (size + 4095) / 4096;
    unsigned char *in = malloc(pages);
    uint64_t count = 0;

    if (!in || mincore(block, size, in)) {
        return 0;
    }
    for (size_t i = 0; i < pages; i++) {
        count += in[i] & 1;
    }
    free(in);
    return count * 4096;
}

static void put_all(struct wr_cache *c, struct name *names, struct wr_cache_key *keys,
                    uint32_t count)
{
    uint8_t data[] = {0, 4, 192, 0, 2, 1};
    struct wr_cache_entry e = {
        .kind = WR_CACHE_RRSET, .rank = WR_RANK_ANSWER, .ttl = 300, .stored_s = 1};

    e.rrset.type = WR_TYPE_A;
    e.rrset.class_ = WR_CLASS_IN;
    e.rrset.data = data;
    e.rrset.size = sizeof(data);
    e.rrset.records = 1;
    for (uint32_t i = 0; i < count; i++) {
        make_name(&names[i], i);
        wr_cache_key_init(c, names[i].wire, WR_TYPE_A, 0, &keys[i]);
        if (wr_cache_put(c, &keys[i], 1, &e)) {
            fprintf(stderr, "put %u refused\n", i);
        }
    }
}

static double get_ns(struct wr_cache *c, const struct wr_cache_key *keys, const uint32_t *order,
                     uint32_t steps, uint64_t *ret_hits)
{
    struct wr_cache_entry e;
    double start = now_ns();
    uint64_t hits = 0;

    for (uint32_t i = 0; i < steps; i++) {
        hits += wr_cache_get(c, &keys[order[i]], 2, false, scratch, &e) == 0;
    }
    *ret_hits = hits;
    return (now_ns() - start) / steps;
}

static void print_gets(struct wr_cache *c, struct name *names, struct wr_cache_key *keys,
                       uint32_t count)
{
    uint32_t steps = 2000000, *order = malloc(steps * sizeof(*order));
    struct wr_cache_key absent[64];
    struct name other[64];
    struct wr_rng rng;
    uint64_t hits, found;
    double ns;

    if (!order) {
        return;
    }
    wr_rng_seed_u64(&rng, 1);
    for (uint32_t i = 0; i < 64; i++) {
        make_name(&other[i], 900000 + i);
        wr_cache_key_init(c, other[i].wire, WR_TYPE_A, 0, &absent[i]);
    }
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < steps; i++) {
            order[i] = i % 64;
        }
        ns = get_ns(c, keys, order, steps, &hits);
        printf("hit, warm    %6.1f ns  (%.3f found)", ns, (double)hits / steps);
        ns = get_ns(c, absent, order, steps, &found);
        printf("   miss, warm %6.1f ns", ns);
        for (uint32_t i = 0; i < steps; i++) {
            order[i] = wr_rng_below(&rng, count);
        }
        ns = get_ns(c, keys, order, steps, &hits);
        printf("   hit, spread %6.1f ns  (%.5f found)\n", ns, (double)hits / steps);
    }
    free(order);
}

static void print_writes(struct wr_cache *c, struct name *names, struct wr_cache_key *keys,
                         uint32_t count)
{
    uint32_t rounds = 10;
    double start = now_ns();

    for (uint32_t i = 0; i < rounds; i++) {
        put_all(c, names, keys, count);
    }
    printf("write, with the key's hash %6.1f ns\n", (now_ns() - start) / ((double)count * rounds));
}

/* All entries as batches of a checkpoint; returns the octets. */
static size_t write_checkpoint(struct wr_cache *c, uint8_t *file, size_t cap)
{
    static const struct wr_hash_key secret = {{3, 4}};
    static const struct wr_checkpoint_clock clock = {.now = {2 * WR_S, 1700000000, true}};
    uint8_t id[WR_CHECKPOINT_ID_SIZE] = {1};
    struct wr_checkpoint_chain chain;
    struct wr_checkpoint_batch batch;
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint64_t cursor = 0;
    size_t size = WR_CHECKPOINT_FILE_HEADER;

    wr_checkpoint_file(&chain, &secret, id, file);
    wr_checkpoint_start(&batch, file + size, WR_CHECKPOINT_BATCH_MAX);
    while (size + 2 * WR_CHECKPOINT_BATCH_MAX < cap &&
           wr_cache_walk(c, &cursor, 2, scratch, &name, &key, &e) == 0) {
        if (wr_checkpoint_add(&batch, &key, &e, 2) != 0) {
            size += wr_checkpoint_finish(&batch, &chain, &clock);
            wr_checkpoint_start(&batch, file + size, WR_CHECKPOINT_BATCH_MAX);
            (void)wr_checkpoint_add(&batch, &key, &e, 2);
        }
    }
    return size + wr_checkpoint_finish(&batch, &chain, &clock);
}

static uint64_t read_checkpoint(struct wr_cache *c, const uint8_t *file, size_t size)
{
    static const struct wr_hash_key secret = {{3, 4}};
    static const struct wr_checkpoint_clock clock = {.now = {3 * WR_S, 1700000001, true}};
    struct wr_checkpoint_reader r;
    struct wr_checkpoint_record record;
    uint64_t count = 0;

    if (wr_checkpoint_open(&r, &secret, file, size)) {
        return 0;
    }
    while (wr_checkpoint_next(&r, &record) == 0) {
        if (wr_checkpoint_age(&r.clock, &clock, 86400, &record)) {
            wr_cache_key_init(c, record.name.wire, record.key.type, record.key.scope, &record.key);
            count += wr_cache_put(c, &record.key, 3, &record.entry) == 0;
        }
    }
    return count;
}

static void print_restart(void *block, size_t block_size, const struct wr_hash_key *key)
{
    size_t cap = (size_t)64 << 20, size;
    uint8_t *file = malloc(cap);
    struct wr_cache *c;
    double start = now_ns();
    uint64_t count;

    if (!file || wr_cache_attach(block, block_size, &c)) {
        printf("restart: attach refused\n");
        free(file);
        return;
    }
    printf("attach a block left behind %6.1f ms\n", (now_ns() - start) / 1e6);
    start = now_ns();
    size = write_checkpoint(c, file, cap);
    printf("all as checkpoint batches  %6.1f ms, %zu octets\n", (now_ns() - start) / 1e6, size);
    start = now_ns();
    if (wr_cache_format(block, block_size, key, &c) == 0) {
        count = read_checkpoint(c, file, size);
        printf("read back, checked and put %6.1f ms, %lu entries\n", (now_ns() - start) / 1e6,
               (unsigned long)count);
    }
    free(file);
}

int main(int argc, char **argv)
{
    uint32_t count = argc > 1 ? (uint32_t)atoi(argv[1]) : 100000;
    size_t size = (size_t)(argc > 2 ? atoi(argv[2]) : 16) << 20;
    struct wr_hash_key key = {{1, 2}};
    struct name *names = malloc(count * sizeof(*names));
    struct wr_cache_key *keys = malloc(count * sizeof(*keys));
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct wr_cache_stats stats;
    struct wr_cache *c;
    uint64_t resident;

    if (!names || !keys || block == MAP_FAILED || wr_cache_format(block, size, &key, &c)) {
        fprintf(stderr, "no memory\n");
        return 1;
    }
    put_all(c, names, keys, count);
    wr_cache_stats(c, &stats);
    resident = resident_bytes(block, size);
    printf("%u A records in %zu MiB: %lu entries, %lu evicted\n", count, size >> 20,
           (unsigned long)stats.entries, (unsigned long)stats.evicted);
    printf("octets per name: %.1f resident pages (index and all), %.1f used (entry and slot)\n",
           (double)resident / (double)stats.entries,
           (double)stats.used_bytes / (double)stats.entries);
    print_gets(c, names, keys, count);
    print_writes(c, names, keys, count);
    print_restart(block, size, &key);
    return 0;
}
