/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time find: the addresses of a time server, asked of weir's own workers.
 *
 * A question for A and one for AAAA go to the worker that owns the name, checked like any client's (while time is unproven against the
 * floor alone); what comes of them is found in the cache, or among local names. It is settled when both are known, when there
 * are some of one kind and the other takes long, or when it took too long. Aliases are followed as for clients.
 */
#ifndef WR_SERVE_TIMEFIND_H
#define WR_SERVE_TIMEFIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/time.h"
#include "resolve/answer.h"

struct wr_serve;

struct wr_timefind {
    bool open, asked[2], done[2]; /* A, AAAA */
    uint64_t since_us;
    struct wr_addr addr[WR_TIME_ADDRS_MAX]; /* the IPv4 ones first, half of the places at most */
    unsigned addrs;
};

#define WR_TIMEFIND_ARENA_SIZE (64 * 1024)

/* What a look needs; one for all. */
struct wr_timefind_room {
    struct wr_answer answer;
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    _Alignas(8) uint8_t arena[WR_TIMEFIND_ARENA_SIZE];
};

void wr_timefind_begin(struct wr_timefind *f, const struct wr_now *now);
/* True, once: it is settled. Look again and again until then. */
bool wr_timefind_look(struct wr_timefind *f, struct wr_serve *s, const struct wr_name *name,
                      struct wr_timefind_room *room, const struct wr_now *now);
/* The addresses, both kinds in turn, so that after a failure the other is tried. */
void wr_timefind_mix(const struct wr_timefind *f, struct wr_addr ret_addr[WR_TIME_ADDRS_MAX]);

#endif
