/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cut: a delegation, as the parent's servers told it (RFC 1034 section 4.2, RFC 9499 "zone cut").
 *
 * The NS set of the child, glue for its servers, taken from one referral. In the cache it is
 * one entry under a scope of its own (WR_SCOPE_CUT): what a parent says of a child serves to find the child's
 * servers and is never an answer to a client; what the child says of itself never becomes a delegation. So a zone that was
 * taken away is gone when the parent's TTL is over, whatever its servers go on saying (ghost domains, RFC 8499).
 *
 * What the child says of its servers is kept too, under another scope (WR_SCOPE_OWN), and only where it names one that the parent does
 * not: when none of the parent's servers answers, those are the last resort. It serves a delegation that is there, and lives
 * no longer than that has left.
 *
 * DS sets, or the proof that there is none, stand in the referral too; they are kept as answers to a DS
 * question with checking disabled, for the validator to judge.
 *
 * Memory: sets point into the arena that was given.
 */
#ifndef WR_RESOLVE_CUT_H
#define WR_RESOLVE_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "resolve/answer.h"
#include "resolve/gather.h"

#define WR_CUT_GLUE_MAX 32

struct wr_cut {
    const uint8_t *zone; /* the child */
    struct wr_rrset ns;
    struct wr_rrset glue[WR_CUT_GLUE_MAX];
    uint8_t glues;
    struct wr_answer ds; /* DS as an answer, or NSEC and NSEC3 as a denial; rcode NOERROR */
};

/* Takes the delegation towards `qname` out of a referral by servers of `zone`. WR_E_NOTFOUND: there is none strictly
 * below `zone`; WR_E_FORMAT, WR_E_LIMIT, WR_E_NOMEM. */
int wr_cut_from_referral(const struct wr_msg *msg, const uint8_t *zone, const uint8_t *qname,
                         struct wr_arena *arena, struct wr_cut *ret_cut);
/* The same for the answer to a question for the NS set of `zone` itself (priming, RFC 9609 section 3): answer and
 * additional section. */
int wr_cut_from_priming(const struct wr_msg *msg, const uint8_t *zone, struct wr_arena *arena,
                        struct wr_cut *ret_cut);

/* Remembers it, unless it names only servers inside the zone and no address. TTLs are those of the sets, clamped by the policy. */
void wr_cut_keep(struct wr_cache *c, const struct wr_ttl_policy *p, uint32_t now_s,
                 struct wr_answer_room *room, struct wr_cut *cut);
/* The deepest delegation known for `name`, or above it with `above` (DS lives there: RFC 4035 section 3.1.4.1);
 * ns.ttl is what is left of it. WR_E_NOTFOUND. */
int wr_cut_find(struct wr_cache *c, const uint8_t *name, bool above, uint32_t now_s,
                struct wr_answer_room *room, struct wr_cut *ret_cut);
/* The delegation known of exactly this zone, and its entry, for people: no use is counted. WR_E_NOTFOUND. */
int wr_cut_look(struct wr_cache *c, const uint8_t *zone, uint32_t now_s,
                struct wr_answer_room *room, struct wr_cut *ret_cut,
                struct wr_cache_entry *ret_entry);
/* The NS set of `zone` that its server put beside an answer, or gave as one. WR_E_NOTFOUND, WR_E_FORMAT, WR_E_LIMIT, WR_E_NOMEM. */
int wr_cut_own_from_answer(const struct wr_msg *msg, const uint8_t *zone, struct wr_arena *arena,
                           struct wr_rrset *ret_ns);
/* Remembers it for `most_s`, what the delegation has left, or for less. */
void wr_cut_keep_own(struct wr_cache *c, uint32_t now_s, struct wr_answer_room *room,
                     const struct wr_rrset *ns, uint32_t most_s);
int wr_cut_find_own(struct wr_cache *c, const uint8_t *zone, uint32_t now_s,
                    struct wr_answer_room *room, struct wr_rrset *ret_ns);
/* What is remembered was wrong: the next look goes to the parent. */
void wr_cut_forget(struct wr_cache *c, const uint8_t *zone);

#endif
