/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/writebudget.h"

#include <string.h>

#include "base/time.h"

#define HOUR_US ((uint64_t)3600 * WR_S)
#define DAY_MS  (24 * HOUR_US / WR_MS)
/* Keeps the product of a day's milliseconds and a day's octets below 2^64. */
#define PER_DAY_MAX ((uint64_t)1 << 36)

void wr_writebudget_change(struct wr_writebudget *b, uint64_t per_day_bytes, uint64_t min_us,
                           uint64_t max_us)
{
    b->per_day = per_day_bytes < PER_DAY_MAX ? per_day_bytes : PER_DAY_MAX;
    b->cap = b->per_day / 8;
    b->level = b->level < b->cap ? b->level : b->cap;
    b->min_us = min_us;
    b->max_us = max_us < min_us ? min_us : max_us;
    b->interval_us = b->interval_us < b->min_us ? b->min_us : b->interval_us;
    b->interval_us = b->interval_us > b->max_us ? b->max_us : b->interval_us;
}

void wr_writebudget_init(struct wr_writebudget *b, uint64_t per_day_bytes, uint64_t min_us,
                         uint64_t max_us, uint64_t now_us)
{
    memset(b, 0, sizeof(*b));
    b->filled_us = now_us;
    b->hour = now_us / HOUR_US;
    wr_writebudget_change(b, per_day_bytes, min_us, max_us);
    b->level = b->cap;
    b->next_us = now_us + b->interval_us;
}

static void fill(struct wr_writebudget *b, uint64_t now_us)
{
    uint64_t rate = b->per_day - b->cap, passed_ms, more;

    if (now_us <= b->filled_us || rate == 0) {
        return;
    }
    passed_ms = (now_us - b->filled_us) / WR_MS;
    if (passed_ms >= DAY_MS) {
        b->level = b->cap;
        b->filled_us = now_us;
        return;
    }
    more = passed_ms * rate / DAY_MS;
    b->level = b->level + more < b->cap ? b->level + more : b->cap;
    /* Only the time that made whole octets is used up, rounded up: never more than the budget. */
    b->filled_us += (more * DAY_MS + rate - 1) / rate * WR_MS;
}

uint64_t wr_writebudget_allowed(struct wr_writebudget *b, uint64_t now_us)
{
    fill(b, now_us);
    return b->level;
}

static void turn_hours(struct wr_writebudget *b, uint64_t now_us)
{
    uint64_t hour = now_us / HOUR_US;

    if (hour > b->hour + WR_WRITEBUDGET_HOURS) {
        memset(b->hours, 0, sizeof(b->hours));
        b->hour = hour;
    }
    while (b->hour < hour) {
        b->hour++;
        b->hours[b->hour % WR_WRITEBUDGET_HOURS] = 0;
    }
}

void wr_writebudget_spend(struct wr_writebudget *b, uint64_t now_us, uint64_t bytes)
{
    fill(b, now_us);
    turn_hours(b, now_us);
    b->level -= bytes < b->level ? bytes : b->level;
    b->hours[b->hour % WR_WRITEBUDGET_HOURS] += bytes;
}

void wr_writebudget_before(struct wr_writebudget *b, uint64_t ago_s, uint64_t bytes)
{
    uint64_t rate = b->per_day - b->cap;

    /* In the time that fills the bucket from nothing, all of it has come back. */
    if (rate > 0 && ago_s * 1000 < b->cap * DAY_MS / rate) {
        b->level -= bytes < b->level ? bytes : b->level;
    }
}

void wr_writebudget_done(struct wr_writebudget *b, uint64_t now_us, bool failed)
{
    if (failed || b->level < b->cap / 2) {
        b->interval_us = b->interval_us < b->max_us / 2 ? b->interval_us * 2 : b->max_us;
    } else {
        b->interval_us = b->interval_us / 2 > b->min_us ? b->interval_us / 2 : b->min_us;
    }
    b->next_us = now_us + b->interval_us;
}

uint64_t wr_writebudget_today(const struct wr_writebudget *b, uint64_t now_us)
{
    struct wr_writebudget copy = *b;
    uint64_t sum = 0;

    turn_hours(&copy, now_us);
    for (int i = 0; i < WR_WRITEBUDGET_HOURS; i++) {
        sum += copy.hours[i];
    }
    return sum;
}
