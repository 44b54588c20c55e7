/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSEC cache: answers that follow from what was proven before, made without asking anybody (RFC 8198, RFC 8020).
 *
 * Learnt is from answers that the validator called secure, and of them only from sets that it proved itself and that were not
 * expanded: NSEC and NSEC3 into the ranges of this worker (resolve/ranges), the SOA of their zone and the set of each wildcard that was seen
 * expanded into the shared cache, under a scope that no question has. What is made of it is judged by the code that judges answers
 * (dnssec/denial): no such name, no such data, or the wildcard's data with the proof that nothing is closer.
 * Nothing is made without the SOA; it lives no longer than the shortest of what it rests on, and than the SOA's MINIMUM (RFC 9077).
 *
 * A denial goes no further than the one who spoke it may speak: not across a route to other servers, nor past a trust anchor,
 * positive or negative, below the zone. What the owner flushes from the cache empties the ranges as well.
 *
 * One for each worker; memory is handed in; what find gives lies in the room's arena.
 */
#ifndef WR_RESOLVE_NSECACHE_H
#define WR_RESOLVE_NSECACHE_H

#include "dnssec/chain.h"
#include "resolve/answer.h"
#include "resolve/prove.h"
#include "resolve/ranges.h"
#include "resolve/upstream.h"

struct wr_nsecache {
    struct wr_ranges ranges;
    struct wr_cache *cache;
    const struct wr_prove_settings *settings; /* NULL: nothing is made */
    const struct wr_upstreams *upstreams;
    const struct wr_trusttime *time; /* for anchors with an end */
    uint64_t flushes;                /* of the cache, when the ranges were last looked at */
};

/* What a question is to be spared. */
struct wr_nsecache_ask {
    const uint8_t *name;
    uint16_t type;
    uint32_t now_s;
    const struct wr_ttl_policy *ttl;
    void *scratch; /* WR_CACHE_SCRATCH_SIZE octets */
};

void wr_nsecache_init(struct wr_nsecache *n, struct wr_cache *cache, void *block, uint32_t places,
                      const struct wr_hash_key *key);
/* New settings. What was learnt stays, as the cache does: anchors and routes are asked at each look. It is forgotten
 * when nothing is validated any more. */
void wr_nsecache_adopt(struct wr_nsecache *n, const struct wr_prove_settings *settings,
                       const struct wr_upstreams *upstreams);

/* What the validator has just found secure. */
void wr_nsecache_learn(struct wr_nsecache *n, const struct wr_chain *ch,
                       const struct wr_ttl_policy *ttl, uint32_t now_s);
/* One NSEC or NSEC3 that the keys of the zone proved, on the way to the keys of another. */
void wr_nsecache_learn_range(struct wr_nsecache *n, const uint8_t *zone, const struct wr_rrset *set,
                             uint32_t set_ttl, const struct wr_ttl_policy *ttl, uint32_t now_s);
/* Adds what follows for the name to the answer: a denial, or one set; `ret_last`: a CNAME leads on where it is false. */
bool wr_nsecache_find(struct wr_nsecache *n, const struct wr_nsecache_ask *ask,
                      struct wr_arena *arena, struct wr_answer *a, bool *ret_last);
/* May what is known of `above`, that it does not exist, be said of `name`? */
bool wr_nsecache_reaches(const struct wr_nsecache *n, const uint8_t *above, const uint8_t *name);
/* An NXDOMAIN of that security denies all below it. */
bool wr_nsecache_cuts(const struct wr_nsecache *n, uint8_t security);

#endif
