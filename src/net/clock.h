/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock: where the time that everybody below the purity line is given comes from.
 *
 * Both clocks are read through libc, so that a shim that is preloaded sees every reading. The monotonic
 * one is read once a batch; the wall clock is the kernel's coarse one: whole seconds are all that is wanted.
 */
#ifndef WR_NET_CLOCK_H
#define WR_NET_CLOCK_H

#include <stdbool.h>

#include "base/time.h"

/* Reads both clocks. `wall_proven` is copied: whether somebody trustworthy confirmed the wall clock. */
void wr_clock_now(bool wall_proven, struct wr_now *ret_now);
/* Whether the kernel says that somebody keeps its wall clock right (adjtimex). True where it cannot be asked. */
bool wr_clock_is_synchronised(void);

#endif
