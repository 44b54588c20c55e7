/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log read: the log on disk from its first event to its last, and whether anything is missing.
 *
 * Open a folder (also one that a running weir writes), then step: each step is one block, opened or passed over; events are taken from
 * the block that is open. Reading never changes anything. A block that is being written is the end for now.
 *
 *     while (wr_logread_step(r) == WR_OK)
 *         while (wr_logread_event(r, &event) == WR_OK) { ... }
 *
 * Proof: with `verify` each block's hash is held against the block before (serve/logblock), each segment's first hash against the
 * segment before. So nothing in the middle can be cut, swapped or altered unless everything behind it is made anew; that this did not
 * happen, and that nothing was cut from the end, is proven by a hash that was told to somebody else (`wr_logread_head`, the exports). Segments that were
 * removed to keep the size are announced in the log beforehand; a first segment above those is missing something.
 */
#ifndef WR_SERVE_LOGREAD_H
#define WR_SERVE_LOGREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/logblock.h"

struct wr_logread;

struct wr_logread_want {
    uint64_t after;       /* numbers of events: those up to here are not wanted */
    int64_t since, until; /* seconds; blocks outside are passed over. INT64_MIN, INT64_MAX: all */
    bool verify;
};

/* WR_E_IO, WR_E_DENIED (errno), WR_E_NOMEM. An empty folder is an empty log. */
int wr_logread_open(const char *folder, const struct wr_logread_want *want,
                    struct wr_logread **ret_read);
void wr_logread_close(struct wr_logread *r); /* NULL is fine */

/*
 * To the next block. WR_E_NOTFOUND: the end; a later step finds what has been written since. With `verify` the walk ends at
 * WR_E_CHECKSUM or WR_E_FORMAT, and wr_logread_trouble says where and what; without, what cannot be read is passed over, and counted.
 */
int wr_logread_step(struct wr_logread *r);
/* The next event of the block, within `after`, `since` and `until`. WR_E_NOTFOUND: step on. */
int wr_logread_event(struct wr_logread *r, struct wr_ledger_event *ret_event);

const char *wr_logread_trouble(const struct wr_logread *r);
struct wr_logread_sum {
    uint64_t segments, blocks, events, octets; /* gone through */
    uint64_t bad;                              /* blocks and segments that could not be read */
    uint64_t first, last;                      /* numbers of events */
    uint64_t unfinished;                       /* octets behind the last whole block */
    int64_t from_s, to_s;
};
void wr_logread_sum(const struct wr_logread *r, struct wr_logread_sum *ret_sum);
/* The hash of the block that the walk is at: all zero before the first. */
const uint8_t *wr_logread_head(const struct wr_logread *r);
/* Numbers of the segment and the octet in it, for people. */
uint64_t wr_logread_segment(const struct wr_logread *r);

#endif
