/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Select: which server of a group is asked next, how long to wait for it, and what its silence means.
 *
 * Rules:
 *  - A server that answers is good. Its round-trip time is smoothed (RFC 6298), the time-out follows from it.
 *  - Two time-outs in a row (an ICMP error is one), or one "no way there", make it suspect: it is not the first choice for 0.5 s, then 1 s,
 *    doubling to 30 s, each with jitter. A time-out counts only when the server answered nobody since the
 *    question was sent: a slow name is not a dead server.
 *  - That may be mere loss. A group is down when all of its servers are suspect and a whole question, with all its
 *    tries, was given up unheard: only then clients are told sooner.
 *  - Back-off counts only while another server of the group is good. When all are suspect, every one may be
 *    asked at once, and each is probed every half second until one answers.
 *  - A group goes by transport: ODoH, else DoQ, else DoT, else DoH, then the same of servers that need not prove themselves
 *    (`opportunistic`), else plain. A transport is left when each of its servers is
 *    suspect, or silent or of no use for this question; for plain text only when each of the encrypted ones is unreachable: an
 *    error is an answer. Since suspects are probed, the better transport comes back by itself.
 *  - A suspect whose time is over is probed with a question of our own: no client waits for it.
 *  - A link change ends all suspicion.
 * Nothing is ever dead for good.
 *
 * The state is shared by all workers (relaxed atomics); two workers that write at once lose one sample, not the rule.
 */
#ifndef WR_RESOLVE_SELECT_H
#define WR_RESOLVE_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "resolve/upstream.h"

/* What a choice is made from. */
struct wr_select {
    const struct wr_upstreams *upstreams;
    struct wr_upstream_state *state; /* by slot */
    struct wr_rng *rng;
    uint32_t *turn;              /* counts choices, for round robin */
    const struct wr_peers *cuts; /* groups from WR_GROUP_CUT on */
};

/* Sets of servers are bit masks over the group's list. */
typedef uint32_t wr_servers;

/* Servers in the group, and one of them. */
unsigned wr_select_count(const struct wr_select *s, unsigned group);
struct wr_peer wr_select_peer(const struct wr_select *s, unsigned group, unsigned i);
uint8_t wr_select_strategy(const struct wr_select *s, unsigned group);
/* Servers of the group that may be asked at all (family, encryption; an address and what proves it are known). */
wr_servers wr_select_usable(const struct wr_select *s, unsigned group);
/* Servers of the group that are suspect: from the failure that made them so to their next answer. */
wr_servers wr_select_suspects(const struct wr_select *s, unsigned group);
/* Those of `among` whose turn it is by their transport. `bad`: of those nothing is to be had for this question; `gone`: they
 * cannot be reached. */
wr_servers wr_select_turn(const struct wr_select *s, unsigned group, wr_servers among,
                          wr_servers bad, wr_servers gone);
/* Is it another address of the same server? */
bool wr_select_is_sibling(const struct wr_select *s, unsigned group, unsigned i, unsigned other);
/* The best server of `among` by the group's strategy; -1 when `among` is empty. */
int wr_select_pick(const struct wr_select *s, unsigned group, wr_servers among);
/* How long to wait for this server before another try, microseconds. */
uint64_t wr_select_patience(const struct wr_upstream_state *st);
void wr_select_answered(struct wr_upstream_state *st, uint64_t rtt_us, uint64_t now_us);
/* A question sent at `sent_us` got no answer in time. */
void wr_select_timed_out(struct wr_upstream_state *st, uint64_t sent_us, uint64_t now_us,
                         struct wr_rng *rng);
/* The network says that nobody is there. */
void wr_select_unreachable(struct wr_upstream_state *st, uint64_t now_us, struct wr_rng *rng);
/* A question with all its tries ended, and the server answered nobody since it began. */
void wr_select_gave_up(struct wr_upstream_state *st, uint64_t now_us, struct wr_rng *rng);
/* A link changed: everybody gets a new chance. */
void wr_select_forgive(struct wr_upstream_state *st);
bool wr_select_is_suspect(const struct wr_upstream_state *st);
/* All usable servers of the group are suspect, or there is none. */
bool wr_select_all_suspect(const struct wr_select *s, unsigned group);
/* All are suspect, and a question was given up on each: nobody will answer the next one either. */
bool wr_select_is_down(const struct wr_select *s, unsigned group);
/* May this caller probe this suspect now? Half a second after the last probe; and not before its back-off is over,
 * unless `none_good`. One caller of all workers gets a yes. */
bool wr_select_claim_probe(const struct wr_select *s, unsigned group, unsigned server,
                           bool none_good, uint64_t now_us);
/* Has any server of the group answered since? */
bool wr_select_answered_since(const struct wr_select *s, unsigned group, uint64_t since_us);

#endif
