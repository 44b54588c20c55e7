/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refer: what a cache says to who wants no recursion and whose answer it does not have (RFC 1034 section 4.3.2, step 4):
 * what it knows of the chain, and whom to ask for the end of it.
 *
 * That is the deepest delegation known, as the parent told it: the NS set and its glue; for those who understand DNSSEC the DS set or what
 * proves that there is none (RFC 4035 section 3.1.4). A child's own NS set takes its place when somebody asked for that and it was
 * proven. Nobody is asked anything here; an owner who wants the best of referrals has what they lack asked for first (wr_refer_lacks). The answer is as secure as its worst set, and a parent's NS set is not signed: AD
 * is not for referrals, but for those with the child's.
 *
 * Names that have a route to somebody else are not delegated here, whatever the public tree says of them.
 *
 * Memory: sets point into the room's arena, behind what the chain has there.
 */
#ifndef WR_RESOLVE_REFER_H
#define WR_RESOLVE_REFER_H

#include "resolve/answer.h"
#include "resolve/upstream.h"

/* `a` is what wr_answer_find left with WR_FOUND_NOTHING, from the same room; it becomes the answer. False: nothing is known. */
bool wr_refer_find(struct wr_cache *c, const struct wr_ttl_policy *p, const struct wr_upstreams *u,
                   const struct wr_question *q, uint32_t now_s, const struct wr_answer_room *room,
                   struct wr_answer *a);

enum wr_refer_lack {
    WR_REFER_COMPLETE = 0, /* as good as can be, or the name is not ours to refer */
    WR_REFER_NS,           /* the NS set of the zone, of which nothing is known yet */
    WR_REFER_DS,           /* that is proven, what the parent says of DS has not been judged */
    WR_REFER_ROOT,         /* no delegation is known at all: the root's NS set */
};

/* What would make the referral better, as a question to be asked; of proofs only when they are wanted. `a` is scratch. */
enum wr_refer_lack wr_refer_lacks(struct wr_cache *c, const struct wr_ttl_policy *p,
                                  const struct wr_upstreams *u, const struct wr_question *q,
                                  bool proofs, uint32_t now_s, struct wr_answer_room *room,
                                  struct wr_answer *a, struct wr_question *ret_missing);

/* The answer to that question for the root. */
bool wr_refer_root(struct wr_cache *c, const struct wr_ttl_policy *p, const struct wr_question *q,
                   uint32_t now_s, struct wr_answer_room *room, struct wr_answer *a);

#endif
