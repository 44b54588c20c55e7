/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kept cache file from a stranger. Twice: as it is (the tags will be wrong: search and refuse), and as the records of
 * one batch under a right tag, for the record reader must bear anything too. What is read goes into a cache and comes
 * out again as a batch, which must read back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "resolve/checkpoint.h"

enum { BLOCK = WR_CACHE_SIZE_MIN };

static const struct wr_hash_key secret = {{1, 2}};
static _Alignas(64) uint8_t block[BLOCK];
static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
static uint8_t file[WR_CHECKPOINT_FILE_HEADER + WR_CHECKPOINT_BATCH_MAX];
static const struct wr_checkpoint_clock now = {.now = {1000 * WR_S, 1700000000, true}};

static unsigned load(struct wr_cache *c, const uint8_t *data, size_t size)
{
    struct wr_checkpoint_reader r;
    struct wr_checkpoint_record record;
    unsigned count = 0;

    if (wr_checkpoint_open(&r, &secret, data, size)) {
        return 0;
    }
    while (wr_checkpoint_next(&r, &record) == WR_OK) {
        wr_assert(r.good <= size && r.pos <= size);
        if (record.what == WR_CHECKPOINT_FLUSH) {
            wr_cache_flush(c, record.name.wire);
        } else if (wr_checkpoint_age(&r.clock, &now, 86400, &record)) {
            wr_cache_key_init(c, record.name.wire, record.key.type, record.key.scope, &record.key);
            count += wr_cache_put(c, &record.key, 1000, &record.entry) == WR_OK;
        }
    }
    return count;
}

/* Under a right tag. */
static size_t wrap(const uint8_t *data, size_t size)
{
    struct wr_checkpoint_chain chain;
    struct wr_checkpoint_batch batch;
    uint8_t id[WR_CHECKPOINT_ID_SIZE] = {0};

    wr_checkpoint_file(&chain, &secret, id, file);
    wr_checkpoint_start(&batch, file + WR_CHECKPOINT_FILE_HEADER, WR_CHECKPOINT_BATCH_MAX);
    wr_buf_put_bytes(&batch.w, data, size);
    batch.records = 1000;
    return WR_CHECKPOINT_FILE_HEADER + wr_checkpoint_finish(&batch, &chain, &now);
}

static void out_and_in(struct wr_cache *c)
{
    static _Alignas(64) uint8_t second[BLOCK];
    struct wr_checkpoint_chain chain;
    struct wr_checkpoint_batch batch;
    struct wr_cache *again;
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint8_t id[WR_CHECKPOINT_ID_SIZE] = {0};
    uint64_t cursor = 0;

    wr_checkpoint_file(&chain, &secret, id, file);
    wr_checkpoint_start(&batch, file + WR_CHECKPOINT_FILE_HEADER, WR_CHECKPOINT_BATCH_MAX);
    while (wr_cache_walk(c, &cursor, 1000, scratch, &name, &key, &e) == WR_OK) {
        if (wr_checkpoint_add(&batch, &key, &e, 1000) == WR_E_FULL) {
            break;
        }
    }
    wr_assert(wr_cache_format(second, BLOCK, &secret, &again) == WR_OK);
    wr_assert(
        load(again, file, WR_CHECKPOINT_FILE_HEADER + wr_checkpoint_finish(&batch, &chain, &now)) ==
        batch.records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_cache *c;

    if (size > WR_CHECKPOINT_BATCH_MAX - WR_CHECKPOINT_BATCH_EXTRA) {
        return 0;
    }
    wr_assert(wr_cache_format(block, BLOCK, &secret, &c) == WR_OK);
    load(c, data, size);
    load(c, file, wrap(data, size));
    out_and_in(c);
    return 0;
}
