/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upwatch: tells the log when connections to an encrypted upstream fail, why, and what to do.
 *
 * Workers note failures (resolve/conninfo); this looks at the notes once a tick. One line an upstream and minute at the most, with how
 * many failures there were since the last one; and one when it is well again.
 */
#ifndef WR_SERVE_UPWATCH_H
#define WR_SERVE_UPWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "resolve/conninfo.h"
#include "resolve/upstream.h"

struct wr_upwatch {
    struct wr_upwatch_one {
        uint64_t told_us;  /* when a failure was told last; 0: never, or it is well again */
        uint64_t failures; /* counted when it was told */
        uint32_t generation;
    } one[WR_UPSTREAMS_MAX];
};

enum wr_upwatch_news { WR_UPWATCH_NOTHING = 0, WR_UPWATCH_FAILS, WR_UPWATCH_WELL };

/* What is to be told of this upstream now; the line is in `ret_line`, with its NUL. */
enum wr_upwatch_news wr_upwatch_look(struct wr_upwatch *w, const struct wr_upstream *up,
                                     struct wr_conninfo *conns, uint64_t now_us, char *ret_line,
                                     size_t cap);
/* The same for all of them, to the log. */
void wr_upwatch_tick(struct wr_upwatch *w, const struct wr_upstreams *upstreams,
                     struct wr_conninfo *conns, uint64_t now_us);

#endif
