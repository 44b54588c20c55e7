/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write budget: how many octets may go to flash, and how often.
 *
 * A bucket: an eighth of the day's budget may be written at once, the other seven flow in over the day; so no 24
 * hours ever see more than the budget. What is written at one time is at most what is in the bucket. The interval
 * between two checkpoints doubles while the bucket is less than half full after one, up to the maximum, and halves again
 * when it is; a failed write doubles it too.
 *
 * Units: octets, microseconds of the monotonic clock.
 */
#ifndef WR_RESOLVE_WRITEBUDGET_H
#define WR_RESOLVE_WRITEBUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define WR_WRITEBUDGET_HOURS 24

struct wr_writebudget {
    uint64_t per_day;
    uint64_t cap;       /* of the bucket */
    uint64_t level;     /* octets in it */
    uint64_t filled_us; /* when it was last filled */
    uint64_t min_us, max_us, interval_us;
    uint64_t next_us; /* when the next checkpoint is due */
    uint64_t hour;    /* number of the hour that hours[hour % 24] counts */
    uint64_t hours[WR_WRITEBUDGET_HOURS];
};

void wr_writebudget_init(struct wr_writebudget *b, uint64_t per_day_bytes, uint64_t min_us,
                         uint64_t max_us, uint64_t now_us);
/* New figures at a reload; what was written stays counted. */
void wr_writebudget_change(struct wr_writebudget *b, uint64_t per_day_bytes, uint64_t min_us,
                           uint64_t max_us);
/* Octets that may be written now. */
uint64_t wr_writebudget_allowed(struct wr_writebudget *b, uint64_t now_us);
static inline bool wr_writebudget_due(const struct wr_writebudget *b, uint64_t now_us)
{
    return now_us >= b->next_us;
}
/* Takes from the bucket what was given to write(), whatever became of it. */
void wr_writebudget_spend(struct wr_writebudget *b, uint64_t now_us, uint64_t bytes);
/* Octets that another life of the program wrote so long ago: what has not flowed in again since is taken from the bucket. */
void wr_writebudget_before(struct wr_writebudget *b, uint64_t ago_s, uint64_t bytes);
/* A checkpoint is done (or failed): sets the interval and the next time. */
void wr_writebudget_done(struct wr_writebudget *b, uint64_t now_us, bool failed);
/* Written in the last 24 hours (by whole hours). */
uint64_t wr_writebudget_today(const struct wr_writebudget *b, uint64_t now_us);

#endif
