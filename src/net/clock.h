/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock: where the time that everybody below the purity line is given comes from.
 *
 * Both clocks are read through libc, so that a shim that is preloaded sees every reading. The monotonic
 * one is read once a batch and goes on while the machine is suspended (CLOCK_BOOTTIME), for TTLs do, and what a time server said; timers of
 * libuv do not (CLOCK_MONOTONIC), so what was due meanwhile is done with the next event, or as late after the machine woke as was left of it
 * when it went to sleep. The wall clock is the kernel's coarse one: whole seconds are all that is wanted.
 *
 * weir never sets a clock. What it believes of the wall clock is a struct wr_clock, which all threads share: the kernel's
 * reading, proven or not; or a base that was found elsewhere, and then the time is the monotonic clock plus that base, so that
 * nobody who steps the kernel's clock moves it. One word, so that everybody sees one belief or the next and never a mixture.
 */
#ifndef WR_NET_CLOCK_H
#define WR_NET_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* All zero: the kernel's wall clock, and nobody confirmed it. */
struct wr_clock {
    _Atomic int64_t word; /* twice the base in microseconds, and 1 when it is proven */
};

/* Reads both clocks. `wall_proven` is copied: whether somebody trustworthy confirmed the wall clock. */
void wr_clock_now(bool wall_proven, struct wr_now *ret_now);
/* The same by what is believed; NULL: the kernel's, not proven. Any thread. */
void wr_clock_read(const struct wr_clock *clock, struct wr_now *ret_now);
/* `base_us`: what is added to the monotonic clock; 0: the kernel's wall clock is taken. One thread alone. */
void wr_clock_believe(struct wr_clock *clock, bool proven, int64_t base_us);
bool wr_clock_is_proven(const struct wr_clock *clock);
/* CLOCK_MONOTONIC, which stands in a suspend: what others of this machine count by (systemd). Nothing of weir's is measured with it. */
uint64_t wr_clock_awake_us(void);
/* Whether the kernel says that somebody keeps its wall clock right (adjtimex). True where it cannot be asked. */
bool wr_clock_is_synchronised(void);

#endif
