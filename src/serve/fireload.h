/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fire load: whether the kernel's table of connections is full, and what the owner is told of it.
 *
 *     wr_fireload_take(l, seen)      every few seconds, as net/conntrackload has it: has it become full, or is that over?
 *     wr_fireload_text(...)          in words, the remedy included
 *
 * Full is a table that has little room (95 of 100) and has dropped a packet since the last look, so that somebody has felt it. It is over as soon as a
 * look finds more room than that and nothing dropped, or room for a tenth: what weir does meanwhile breaks things that work otherwise
 * (policy/rulesetuntracked.c). A table at its brim is one piece of news.
 */
#ifndef WR_SERVE_FIRELOAD_H
#define WR_SERVE_FIRELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/conntrackload.h"

enum wr_fireload_news {
    WR_FIRELOAD_NONE,
    WR_FIRELOAD_FULL,
    WR_FIRELOAD_OVER,
    WR_FIRELOAD_UNKNOWN, /* it was full, and some looks had no answer since: it is full no longer, for nobody can tell */
};

struct wr_fireload {
    struct wr_conntrackload last; /* most 0: nothing is known */
    uint64_t dropped;             /* packets since the first look */
    bool full;
    unsigned unanswered; /* looks in a row */
};

/* It may be full: who has most of it is worth a look. */
bool wr_fireload_is_tight(const struct wr_conntrackload *seen);
enum wr_fireload_news wr_fireload_take(struct wr_fireload *l, const struct wr_conntrackload *seen);
/* `device`: whose address began what `top` says, as the log may call it, "": no device's; `addr`: the address, "": the log may not have it. Who has
 * less than a quarter is not named. It may be another that writes the address on packets. */
void wr_fireload_text(const struct wr_fireload *l, const struct wr_conntracktop *top,
                      const char *device, const char *addr, char *ret_text, size_t cap);

#endif
