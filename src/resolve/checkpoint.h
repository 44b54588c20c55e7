/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoint: cache entries as octets that survive a power cut: the format of the kept cache's file, and nothing of files.
 *
 *   file header (32)  magic "weirkeep" | version (4) | zero (4) | file id (16, random)
 *   batch header (64) magic (4) | octets of records (4) | records (4) | number in the file (4) | wall second (8) |
 *                     monotonic second (8) | boot (16) | wall proven (1) | mark of the anchors (8) | zero (7)
 *   records           size (2) | what (1) | ...
 *   tag (16)          SipHash-2-4-128 under a secret key over: file id, tag of the batch before, header, records
 *
 * All numbers in network order. A batch is written and synced as one: whole and true, or not there. Since the tag
 * runs on from the batch before, a batch cannot be moved, repeated or brought in from another file unnoticed; cutting
 * off the end can (docs/threats.md). A damaged batch is left out and what follows is still found.
 *
 * Records: ENTRY, one cache entry with its age in seconds at the time of the batch; FLUSH, a name below which (and
 * with it) everything earlier is void. Later records win.
 *
 * What was judged says so by its security. It holds for the anchors of the batch's mark; who has others leaves it out.
 *
 * Time: an entry read back is re-aged by the time that passed, if that is proven: by the monotonic clock of the same
 * boot, or by two proven wall clocks in order. If not, it counts as expired now, or for as long as it was when written.
 *
 * Reading trusts nothing, not even a right tag: names, counts, sizes and rdata are checked as if a stranger had sent them.
 */
#ifndef WR_RESOLVE_CHECKPOINT_H
#define WR_RESOLVE_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/time.h"
#include "dns/name.h"
#include "resolve/cache.h"

#define WR_CHECKPOINT_VERSION     1
#define WR_CHECKPOINT_FILE_HEADER 32
#define WR_CHECKPOINT_BATCH_HEAD  64
#define WR_CHECKPOINT_TAG_SIZE    16
#define WR_CHECKPOINT_ID_SIZE     16
#define WR_CHECKPOINT_BOOT_SIZE   16
/* Beside its records a batch takes this. */
#define WR_CHECKPOINT_BATCH_EXTRA (WR_CHECKPOINT_BATCH_HEAD + WR_CHECKPOINT_TAG_SIZE)
/* Room for a batch with one entry of any size. */
#define WR_CHECKPOINT_BATCH_MAX 65536

struct wr_checkpoint_clock {
    struct wr_now now;
    uint8_t boot[WR_CHECKPOINT_BOOT_SIZE]; /* which boot the monotonic clock is of */
    uint64_t anchors;                      /* by which its verdicts were given; 0: not known */
};

/* Where a file stands: what the next batch's tag runs on from. */
struct wr_checkpoint_chain {
    struct wr_hash_key key;
    uint8_t id[WR_CHECKPOINT_ID_SIZE];
    uint8_t tag[WR_CHECKPOINT_TAG_SIZE]; /* of the last batch; zero before the first */
    uint32_t number;                     /* of the next batch */
};

/* --- writing ---------------------------------------------------------------------------------- */

/* Writes the 32 octets and starts the chain. */
void wr_checkpoint_file(struct wr_checkpoint_chain *chain, const struct wr_hash_key *key,
                        const uint8_t id[WR_CHECKPOINT_ID_SIZE], uint8_t *ret_header);

struct wr_checkpoint_batch {
    struct wr_writer w;
    uint32_t records;
};

void wr_checkpoint_start(struct wr_checkpoint_batch *batch, void *room, size_t cap);
/* WR_E_FULL: not in, the batch is as it was; WR_E_LIMIT: larger than a record may be. */
int wr_checkpoint_add(struct wr_checkpoint_batch *batch, const struct wr_cache_key *key,
                      const struct wr_cache_entry *entry, uint32_t now_s);
int wr_checkpoint_add_flush(struct wr_checkpoint_batch *batch, const uint8_t *name);
/* Header and tag; moves the chain on. Returns the octets to write, all from the start of the room. */
size_t wr_checkpoint_finish(struct wr_checkpoint_batch *batch, struct wr_checkpoint_chain *chain,
                            const struct wr_checkpoint_clock *clock);

/* --- reading ---------------------------------------------------------------------------------- */

enum wr_checkpoint_what { WR_CHECKPOINT_ENTRY = 1, WR_CHECKPOINT_FLUSH = 2 };

struct wr_checkpoint_record {
    enum wr_checkpoint_what what;
    struct wr_name name;
    struct wr_cache_key key; /* of ENTRY; the hash is not set; name points to `name` */
    struct wr_cache_entry entry;
    uint32_t age_s; /* at the time of the batch */
};

struct wr_checkpoint_reader {
    const uint8_t *bytes;
    size_t size;
    size_t pos;                       /* of the next batch */
    struct wr_checkpoint_chain chain; /* after the last whole batch */
    size_t good;                      /* octets up to the end of the last whole batch */
    uint32_t damaged;                 /* places where octets were skipped to find the next batch */
    struct wr_checkpoint_clock clock; /* of the batch being read */
    struct wr_reader records;
    uint32_t left;                          /* records of the batch */
    uint8_t should[WR_CHECKPOINT_TAG_SIZE]; /* the tag that the batch last refused should have */
};

/* WR_E_FORMAT: no checkpoint; WR_E_VERSION: of a later version; WR_E_SHORT: cut in the header. */
int wr_checkpoint_open(struct wr_checkpoint_reader *r, const struct wr_hash_key *key,
                       const void *bytes, size_t size);
/* The next record of the next whole batch; WR_E_NOTFOUND at the end. A malformed record ends its batch. The record points
 * into the file's octets. */
int wr_checkpoint_next(struct wr_checkpoint_reader *r, struct wr_checkpoint_record *ret_record);

/* Seconds that surely passed between the two, the most that any clock says; false when nothing is sure. */
bool wr_checkpoint_passed(const struct wr_checkpoint_clock *then,
                          const struct wr_checkpoint_clock *now, uint64_t *ret_s);
/* Sets entry.stored_s for the cache from the record's age and what is proven of the time since. False: it has been
 * stale for longer than stale_max_s, leave it. */
bool wr_checkpoint_age(const struct wr_checkpoint_clock *then,
                       const struct wr_checkpoint_clock *now, uint32_t stale_max_s,
                       struct wr_checkpoint_record *record);

#endif
