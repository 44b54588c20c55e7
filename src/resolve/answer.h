/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answer: what weir will say to a question, before it is written as a message.
 *
 * The chain of RRsets from the name asked to its end, the proofs and the SOA of
 * a negative answer, the RCODE, the extended error. It comes from the cache
 * (wr_answer_find) or from a response (resolve/scrub); wr_answer_keep puts one
 * into the cache. Each link of a chain is looked for among local names (resolve/local) before the cache, so what the
 * owner says of a name holds wherever a chain comes by it.
 *
 * Memory: the sets point into the room given to find, or into the arena that scrub used. TTLs are what is
 * left to live, already aged.
 */
#ifndef WR_RESOLVE_ANSWER_H
#define WR_RESOLVE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/rrset.h"
#include "resolve/cache.h"
#include "resolve/local.h"
#include "resolve/question.h"
#include "resolve/ttl.h"

/* RRsets in one section of an answer: the longest chain with its DNAMEs, or the proofs of a denial. */
#define WR_ANSWER_SETS_MAX 26
/* Of them, those of one name that are given to who asks for ANY. */
#define WR_ANSWER_ANY_SETS_MAX 24
/* RRsets of the additional section, of local answers only: what a client of a service would ask next. */
#define WR_ANSWER_EXTRAS_MAX 8

struct wr_answer {
    uint16_t rcode;
    int16_t ede; /* WR_EDE_NONE or the code */
    const char *
        ede_text; /* the reason in words, or NULL; of find_failure in the room, else static or its maker's */
    const uint8_t *ede_zone; /* the zone that the reason speaks of, or NULL */
    bool stale;
    uint8_t security;   /* enum wr_security: the worst of all sets */
    bool authoritative; /* AA: the first owner is a local name (RFC 1035 section 4.1.1) */
    bool local;         /* nothing in it came from anybody else */
    bool no_recursion;  /* without RA: how some tell that a denial is policy's */
    uint8_t answers, authorities, extras;
    struct wr_rrset answer[WR_ANSWER_SETS_MAX];
    struct wr_rrset authority[WR_ANSWER_SETS_MAX];
    struct wr_rrset extra[WR_ANSWER_EXTRAS_MAX];
    uint32_t ttl;       /* the least TTL of all sets; of a negative answer its own */
    uint32_t age_share; /* find: hundredths of its life that the oldest set has used, 0 to 100 */
};

/* Octets of a reason in words that are kept with a failure. */
#define WR_ANSWER_REASON_MAX 255

enum wr_found {
    WR_FOUND_NOTHING = 0,
    WR_FOUND_FRESH,
    WR_FOUND_STALE,   /* expired, within the bound of the policy */
    WR_FOUND_FAILURE, /* a failure a moment ago (RFC 9520) */
    WR_FOUND_ALIAS,   /* local links only: the end of the chain is to be asked of others */
};

struct wr_nsecache;

/* Where find puts what it copies out of the cache. */
struct wr_answer_room {
    struct wr_arena arena;
    void *scratch; /* WR_CACHE_SCRATCH_SIZE octets */
    uint8_t least; /* enum wr_security: what is worse does not serve, unless checking is disabled */
    struct wr_nsecache
        *nsecache; /* what follows from proofs where the cache has nothing; or NULL */
    bool
        inner; /* of the requests: it may serve a question with checking disabled, and nothing points into the scratch */
};

void wr_answer_clear(struct wr_answer *a);

/* Looks the question up among local names (NULL: none) and in the cache, following CNAMEs and DNAMEs. `ret_answer` is set for
 * FRESH, and STALE; for NOTHING it has the links that are known, and where they lead (wr_answer_last_name). */
enum wr_found wr_answer_find(struct wr_cache *c, const struct wr_ttl_policy *p,
                             const struct wr_local *local, const struct wr_question *q,
                             uint32_t now_s, bool peek, struct wr_answer_room *room,
                             struct wr_answer *ret_answer);
/* The failure kept for a question, when it was stored, and whether the first answer of an upstream ends it:
 * WR_FOUND_FAILURE or NOTHING. The room's arena is reset. */
enum wr_found wr_answer_find_failure(struct wr_cache *c, const struct wr_question *q,
                                     uint32_t now_s, struct wr_answer_room *room,
                                     struct wr_answer *ret_answer, uint32_t *ret_stored_s,
                                     bool *ret_by_silence);

/* Puts every set, or the negative answer for the chain's last name, into the cache. TTLs in `a` are clamped
 * by the policy on the way (in place). Returns how many writes were skipped because a shard was held. */
unsigned wr_answer_keep(struct wr_cache *c, const struct wr_ttl_policy *p,
                        const struct wr_question *q, uint32_t now_s, struct wr_answer_room *room,
                        struct wr_answer *a);
/* Adds the sets of an entry to the authority section, each once. False: no room. */
bool wr_answer_add_flat(struct wr_answer_room *room, const struct wr_cache_entry *e, uint32_t ttl,
                        struct wr_answer *a);
/* Remembers that resolution failed, with the extended error of `a`, its zone and as much of its text as WR_ANSWER_REASON_MAX. */
void wr_answer_keep_failure(struct wr_cache *c, const struct wr_ttl_policy *p,
                            const struct wr_question *q, uint32_t now_s, const struct wr_answer *a,
                            bool by_silence);

/* The name at the end of the chain: the last CNAME's target, or the question's own. */
const uint8_t *wr_answer_last_name(const struct wr_answer *a, const uint8_t *qname);
/* `name` with the DNAME's owner replaced by its target (RFC 6672 section 2.2). WR_E_RANGE: over 255 octets. */
int wr_answer_substitute(const uint8_t *name, const struct wr_rrset *dname,
                         struct wr_name *ret_target);
/* The CNAME set from `name` to `target` that the DNAME implies (section 3.1), as secure as it is. WR_E_NOMEM. */
int wr_answer_synthesize(struct wr_arena *arena, const uint8_t *name, const struct wr_name *target,
                         const struct wr_rrset *dname, struct wr_rrset *ret_set);
/* The target of a CNAME set, or NULL when it is not one. */
const uint8_t *wr_answer_cname_target(const struct wr_rrset *set);

#endif
