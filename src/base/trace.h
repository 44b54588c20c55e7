/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace: each move of a machine, in one line, for whoever listens.
 *
 * A machine calls wr_trace_move(sink, "request", id, "WAIT", "DONE", why). With
 * no sink it costs one branch. The simulator hashes the lines (same seed, same
 * trace); `weir serve --trace` and `weir ask +trace` print them.
 */
#ifndef WR_BASE_TRACE_H
#define WR_BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

struct wr_trace {
    void (*line)(void *user, const char *machine, uint64_t id, const char *from, const char *to,
                 const char *why);
    void *user;
};

/* Is anybody listening? Then a text worth reading may be made. */
static inline bool wr_trace_on(const struct wr_trace *t)
{
    return __builtin_expect(t != 0 && t->line != 0, 0);
}

static inline void wr_trace_move(const struct wr_trace *t, const char *machine, uint64_t id,
                                 const char *from, const char *to, const char *why)
{
    if (__builtin_expect(t != 0 && t->line != 0, 0)) {
        t->line(t->user, machine, id, from, to, why);
    }
}

#endif
