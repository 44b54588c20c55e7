/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: always an argument, always two clocks.
 *
 * `mono_us` never goes back, goes on while the machine is suspended, and drives
 * every deadline, round-trip time and cache age. `wall_s` is what the box believes the date is (seconds since
 * 1970, UTC); it may be unset, wrong, or step, so nothing but signature
 * validity, kept files and log lines may use it, and those look at
 * `wall_proven` first.
 */
#ifndef WR_BASE_TIME_H
#define WR_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct wr_now {
    uint64_t mono_us; /* microseconds, monotonic, since an arbitrary start > 0 */
    int64_t wall_s;   /* seconds since 1970-01-01 UTC */
    bool wall_proven; /* somebody trustworthy confirmed wall_s */
};

#define WR_TIME_NEVER UINT64_MAX          /* a deadline that does not come */
#define WR_MS         ((uint64_t)1000)    /* microseconds in a millisecond */
#define WR_S          ((uint64_t)1000000) /* microseconds in a second */

static inline uint64_t wr_time_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
