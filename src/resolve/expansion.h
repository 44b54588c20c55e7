/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expansion: the proof that goes with a set that was made from a wildcard (RFC 4035 section 3.1.3.3).
 *
 * A client that validates wants the NSEC or NSEC3 that say that nothing is closer. The cache keeps single sets, so the proof
 * is kept beside: an entry of the same name and type under a scope of its own, looked up only when the set's signature says that
 * it was made from a wildcard. The set lives no longer than its proof, and the proof as long as the set.
 *
 * Memory: what is added lies in the room's arena; the room's scratch is used.
 */
#ifndef WR_RESOLVE_EXPANSION_H
#define WR_RESOLVE_EXPANSION_H

#include "resolve/answer.h"

/* The set may have been made from a wildcard: one of its signatures has fewer labels than its owner. Which of them was found good is
 * not known here, and anybody can put one before it. */
bool wr_expansion_is(const struct wr_rrset *set);
/* The set's TTL becomes at most that of the proofs in the answer, if it is secure by them. */
void wr_expansion_shorten(const struct wr_answer *a, struct wr_rrset *set);
/* Keeps the proofs of the answer beside the set. Returns how many writes were skipped because a shard was held. */
unsigned wr_expansion_keep(struct wr_cache *c, const struct wr_question *q, uint32_t now_s,
                           struct wr_answer_room *room, const struct wr_answer *a,
                           const struct wr_rrset *set);
/* Adds what was kept to the authority section. False: there is nothing that is as secure as the set, or no room. */
bool wr_expansion_add(struct wr_cache *c, const struct wr_question *q, uint32_t now_s,
                      struct wr_answer_room *room, const struct wr_rrset *set, struct wr_answer *a);

#endif
