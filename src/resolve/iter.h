/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iter: finds, from the deepest zone cut that is known, the servers that answer for a name (RFC 1034 section 5.3.3).
 *
 *   START -> SERVERS -> ASKING -> (referral: deeper cut) SERVERS -> ... -> ANSWERED
 *               |          '-> (all failed) SERVERS: other addresses, or FAILED
 *               '-> WAITING for addresses of servers without glue -> SERVERS
 *
 * The machine knows nothing of messages on their way: it says what to do next (wr_iter_next) and is told what came of it.
 * ASK: put `question` to `peers` (by a forward, which has the time-outs and the hedging). FETCH: find the addresses of a
 * name. WAIT: nothing until something that was fetched comes. What the response to ASK is, is judged here as well
 * (wr_iter_judge): authoritative answers end it, referrals lead on, a server that answers for somebody else is lame.
 *
 * Delegations come from the cache (resolve/cut), from a stub's configuration, or from the hints when the root is not known yet; then
 * the root itself is asked first (PRIME, RFC 9609). When no server of a delegation answers, those that the zone has named itself are
 * asked, as long as the delegation lives. A whole zone that is held here (resolve/heldzone), at the cut or below it, is asked before
 * any server (HELD); what it says is judged like a server's.
 */
#ifndef WR_RESOLVE_ITER_H
#define WR_RESOLVE_ITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/trace.h"
#include "resolve/classify.h"
#include "resolve/cut.h"
#include "resolve/heldzone.h"
#include "resolve/infra.h"
#include "resolve/question.h"

enum wr_iter_state {
    WR_ITER_START = 0,
    WR_ITER_SERVERS, /* chooses addresses of the cut's servers */
    WR_ITER_WAITING, /* for the addresses of servers, or for the root */
    WR_ITER_ASKING,
    WR_ITER_ANSWERED,
    WR_ITER_FAILED,
};

/* Why nothing was found, least telling first. */
enum wr_iter_failure {
    WR_ITER_NO_ANSWER = 0, /* servers did not answer, or with errors: the forward knows more */
    WR_ITER_NO_ADDRESS,    /* no server of the zone has an address that may be asked */
    WR_ITER_TOO_LONG,      /* a bound of limits.h */
};

enum wr_iter_do {
    WR_ITER_DO_ASK = 0, /* it->question to it->peers */
    WR_ITER_DO_HELD,    /* it->question to the zone it->zone that is held */
    WR_ITER_DO_FETCH,   /* ret_name, ret_type */
    WR_ITER_DO_PRIME,   /* the root's NS set, then start again */
    WR_ITER_DO_WAIT,
    WR_ITER_DO_AGAIN, /* nothing: ask for the next thing */
    WR_ITER_DO_FAIL,
    WR_ITER_DO_EMPTY, /* the answer is that there is nothing of the type, by servers that gave no SOA */
};

/* What becomes of servers that are lame for the zone. */
enum wr_iter_lame {
    WR_ITER_LAME_NONE = 0, /* there are none, or no others */
    WR_ITER_LAME_LEFT,     /* left out while others are asked */
    WR_ITER_LAME_TURN,     /* the others gave no answer: they are asked, and nobody else */
};

/* A server of the cut. */
struct wr_iter_server {
    uint16_t at; /* its name in `names` */
    bool known;  /* an address was taken, from glue or fetched */
    bool fetched4, fetched6;
    bool glued; /* glue of another delegation was looked for */
};

struct wr_iter {
    struct wr_name zone;         /* the cut whose servers are asked */
    struct wr_question question; /* what they are asked now: the name asked, or less of it */
    const struct wr_question *asked;
    struct wr_peers *peers; /* the addresses that are asked now */
    struct wr_iter_server server[WR_ITER_SERVERS_MAX];
    uint8_t names[1536]; /* of the servers, wire form */
    uint16_t names_size;
    uint8_t servers;
    uint8_t out; /* fetches under way */
    uint8_t fetches, referrals;
    uint8_t shown;     /* labels of `question` */
    uint8_t min_steps; /* questions asked with less than the whole name */
    uint8_t state;     /* enum wr_iter_state */
    uint8_t failure;   /* enum wr_iter_failure */
    uint8_t lame;      /* enum wr_iter_lame */
    bool primed;       /* the root was asked for, whatever came of it */
    bool whole;        /* no minimisation any more: a server did not like it */
    bool
        empty; /* a server had nothing to say of the name, not even a SOA: believed when nobody says more */
    bool tried;          /* addresses of this cut were asked, and none gave a usable answer */
    bool recursor;       /* a server answered from its cache, as if it were a resolver */
    bool trusting;       /* nobody else is left: its word is taken */
    bool held;           /* the zone is held here, and no server is asked */
    uint8_t passed_over; /* of zones that are held: resolve/heldzone.h */
    const void *spoke; /* the state of the held zone that answered, to know it again; may be gone */
    bool own;          /* the servers are those that only the zone itself names: the last resort */
    bool owned;        /* it came to them before, in this zone: the lame ones have one turn */
    uint32_t
        until_s; /* the delegation of `zone` lives that long; one that its servers make lives no longer */
    uint8_t group; /* configured, whose servers the first cut had; or WR_GROUP_RECURSE */
    uint32_t trace_id;
};

/* What all iterations of an engine share. */
struct wr_iter_env {
    const struct wr_upstreams *upstreams;
    struct wr_infra infra;
    const struct wr_heldzones *held; /* or NULL */
    struct wr_cache *cache;
    const struct wr_ttl_policy *ttl;
    struct wr_answer_room *room; /* used during a call only */
    struct wr_rng *rng;
    const struct wr_trace *trace;
};

const char *wr_iter_state_name(uint8_t state);

/* Begins for `asked`, which lives as long. `group`: a configured group whose servers have `zone`, or WR_GROUP_RECURSE. */
void wr_iter_start(struct wr_iter *it, const struct wr_iter_env *env,
                   const struct wr_question *asked, struct wr_peers *peers, unsigned group,
                   const uint8_t *zone, uint64_t now_us);
/* The next thing to do. ret_name is set for FETCH. */
enum wr_iter_do wr_iter_next(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us,
                             struct wr_name *ret_name, uint16_t *ret_type);
/* What a believed response of class `kind` is to a question put to servers of it->zone; LAME: as an error of that server,
 * who is remembered for it when `ret_remember`. */
enum wr_response wr_iter_judge(struct wr_iter *it, const struct wr_msg *msg, enum wr_response kind,
                               bool *ret_remember);
/* A response that leads on and is no answer to the question asked: a referral, or any answer to less than the whole
 * name. False: it does not, the response is unusable. */
bool wr_iter_lead_on(struct wr_iter *it, const struct wr_iter_env *env, const struct wr_msg *msg,
                     enum wr_response kind, uint64_t now_us);
/* Is an answer to it->question the answer to what was asked? */
bool wr_iter_is_whole(const struct wr_iter *it);
/* None of the peers gave a usable answer; `errors`: they answered with errors. */
void wr_iter_exhausted(struct wr_iter *it, const struct wr_iter_env *env, bool errors);
/* What this one of the peers said is bogus: the others are asked, if there are any. `blame`: it is this server's fault, and for a
 * while it is not asked for that zone. */
void wr_iter_avoid(struct wr_iter *it, const struct wr_iter_env *env, unsigned server, bool blame,
                   uint64_t now_us);
/* What the zone's servers say of its servers, in a message that nobody else could easily have made: kept when they name one that the
 * delegation does not. */
void wr_iter_learn_own(const struct wr_iter *it, const struct wr_iter_env *env,
                       const struct wr_msg *msg, uint64_t now_us);
/* A fetch came to its end; NULL: it failed. */
void wr_iter_fetched(struct wr_iter *it, const struct wr_iter_env *env,
                     const struct wr_answer *answer, uint64_t now_us);
/* Is anybody left to be asked, when those that are asked now say nothing? Then that is not waited for to the end. */
static inline bool wr_iter_has_others(const struct wr_iter *it)
{
    return it->lame == WR_ITER_LAME_LEFT;
}
/* The root was asked for, or could not be. */
void wr_iter_primed(struct wr_iter *it);

#endif
