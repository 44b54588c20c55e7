/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budget: octets that all encrypted connections of all workers may take together.
 *
 *     if (!wr_budget_take(b, n, limit)) make room, or refuse who comes
 *     wr_budget_add(b, n)   wr_budget_give(b, n)
 *
 * What a TLS or QUIC session holds is its library's, so each is counted as what one was measured at (WR_TLS_SESSION_COST), and our own
 * buffers as what they are. `take` asks first; `add` is for what an open connection has come to need: it may pass the limit, and then nobody
 * new comes in until it is below again. One atomic number; the limit is the caller's, so that a reload changes it.
 */
#ifndef WR_TRANSPORT_BUDGET_H
#define WR_TRANSPORT_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct wr_budget {
    _Atomic uint64_t used;
};

bool wr_budget_take(struct wr_budget *b, uint64_t octets, uint64_t limit);
void wr_budget_add(struct wr_budget *b, uint64_t octets);
void wr_budget_give(struct wr_budget *b, uint64_t octets);
uint64_t wr_budget_used(const struct wr_budget *b);
/* The same for who comes: while there is no room `yield` has somebody give way and says how many octets are free by that (0: nobody can), a few
 * at the most, and not in vain: when what is wanted is out of reach, who comes has the place of who went, if that is large enough. Others
 * take and give at the same time, so what is free by whom is not seen in the number. */
bool wr_budget_win(struct wr_budget *b, uint64_t octets, uint64_t limit,
                   uint64_t (*yield)(void *user), void *user);
/* Somebody gave way and `freed` octets are free by that, and `lack` are wanted still: shall others give way too, `left` of them at the most? Not
 * where nothing was freed, or what holds the rest is elsewhere: then who comes can have the place of the one that went, and no more. */
bool wr_budget_is_near(uint64_t lack, uint64_t freed, unsigned left);

#endif
