/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Yield: which client's TCP connection is closed when places are short.
 *
 * There are places for so many connections over all workers. When they are taken, one that is QUIET makes room for who comes: nothing is
 * owed to it, it is IDLE or in the middle of a message (PARTIAL), and it is the one that has been so for longest. A connection that is owed
 * an answer never yields. Who may not ask (an outsider: a connection to them costs what any does, and they get REFUSED on it) has a small
 * share of the places, yields before everybody else, and takes no place of those who may ask. A worker closes only its own
 * connections; so that one which came late is not without any, a few places are each worker's own. As the last quarter of the places goes,
 * idle ones are closed sooner of themselves.
 *
 * What makes a connection young is for its owner to say: it may become idle again with an earlier `since_us` than others that are, when all that came
 * meanwhile asked nothing.
 *
 *     wr_yield_enter(y, seat, outsider, sealed);  wr_yield_set(y, seat, kind, since_us);  ...  wr_yield_leave(y, seat);
 *     if (wr_yield_for(y, &places, outsider, &who)) close `who`, unless it is NULL: then there is room
 *
 * Each connection has a seat as a member. Nothing is owned and nothing is closed here, and no clock is read: times are given, in
 * microseconds. Counts of all workers are the caller's to read, as they are at that moment.
 */
#ifndef WR_NET_YIELD_H
#define WR_NET_YIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "net/limits.h"

enum wr_yield_kind { WR_YIELD_BUSY = 0, WR_YIELD_IDLE, WR_YIELD_PARTIAL };

struct wr_yield_seat {
    struct wr_timer idle; /* IDLE: among those that are, by since when */
    struct wr_list node;  /* PARTIAL: of those that are, in the order in which they became so */
    uint64_t since_us;    /* since when it is quiet */
    uint8_t kind;
    bool outsider, sealed;
};

/* The seats of one worker. */
struct wr_yield {
    struct wr_heap idle[2][2]; /* by outsider and sealed */
    struct wr_list partial[2]; /* by outsider */
    uint32_t seats, outsiders; /* of those, from addresses that may not ask */
};

/* Over all workers, with the one that comes. */
struct wr_yield_places {
    uint32_t limit, connections, outsiders;
};

size_t wr_yield_size(uint32_t seats);
/* `block` is memory for so many seats. */
void wr_yield_init(struct wr_yield *y, void *block, uint32_t seats);
/* `sealed`: it is encrypted, and may yield octets (wr_yield_oldest_sealed) as well as its place. */
void wr_yield_enter(struct wr_yield *y, struct wr_yield_seat *s, bool outsider, bool sealed);
void wr_yield_leave(struct wr_yield *y, struct wr_yield_seat *s);
/* After each change. Its turn to yield counts from `since_us`, when it became idle or its message began: more octets of the same message
 * are no reason to wait behind others. */
void wr_yield_set(struct wr_yield *y, struct wr_yield_seat *s, enum wr_yield_kind kind,
                  uint64_t since_us);
/* The seat that has been idle for longest, or NULL. */
struct wr_yield_seat *wr_yield_oldest_idle(const struct wr_yield *y);
struct wr_yield_seat *wr_yield_oldest_sealed(const struct wr_yield *y);
/* How long one may be idle: the whole time while there is room, in the last quarter of the places less and less. */
uint64_t wr_yield_idle_us(uint32_t limit, uint32_t connections, uint32_t idle_ms);
/* A place among those of outsiders, for one that has been counted as such; then one among all for who has been counted. `ret_who` yields
 * for it; NULL: there is room. False: nobody does. */
bool wr_yield_for_outsider(const struct wr_yield *y, const struct wr_yield_places *places,
                           struct wr_yield_seat **ret_who);
bool wr_yield_for(const struct wr_yield *y, const struct wr_yield_places *places, bool outsider,
                  struct wr_yield_seat **ret_who);

#endif
