/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the engine: shared by engine.c (the four calls), pipeline.c (what becomes of a query) and
 * admit.c (who may ask), place.c (what his segment changes), outcome.c (how it leaves: reply, drop, record), obey.c (what policy makes of it). Nobody else includes it.
 */
#ifndef WR_ENGINE_ENGINE_STATE_H
#define WR_ENGINE_ENGINE_STATE_H

#include "base/str.h"
#include "engine/engine.h"
#include "engine/lately.h"
#include "engine/leasing.h"
#include "engine/reply.h"
#include "engine/rewrite.h"
#include "engine/waiting.h"
#include "policy/lack.h"
#include "policy/silence.h"
#include "resolve/request.h"

struct wr_engine {
    struct wr_engine_setup setup;
    const struct wr_settings *settings;
    struct wr_requests *requests;
    struct wr_waiting waiting;
    struct wr_rng rng;
    struct wr_answer_room room;     /* for look-ups */
    struct wr_answer found;         /* what a look-up found */
    struct wr_action ready;         /* made by the last feed, not yet polled */
    struct wr_action refresh;       /* a refresh to hand over, likewise */
    wr_id flushing;                 /* the request whose waiters are getting its answer */
    const struct wr_answer *answer; /* of that request */
    bool answer_failed;
    uint8_t answer_slot;
    wr_id stale_flushing; /* the request whose waiters are getting a stale answer */
    uint32_t turn;
    struct wr_requests_counters
        counted;                 /* what of the requests' counters is in the stats already */
    uint8_t *message;            /* WR_MSG_MAX octets for replies */
    struct wr_lately refreshing; /* questions whose refresh is under way */
    struct wr_lately reported;   /* error reports that were sent */
    struct wr_name report;       /* the next; size 0: none */
    uint64_t report_us;          /* none is sent before then */
    struct wr_dns64 dns64;       /* of the settings, or with the prefix that was discovered */
    wr_id discovering;           /* the request for it; 0: none, or nobody waits for it any more */
    uint64_t discover_us; /* when the upstream is asked for it again; WR_TIME_NEVER: it is not */
    uint16_t
        lack[WR_SEGMENTS_MAX]; /* by the place of a segment: what decides for it and is not there */
    bool lacks;                /* anything is */
    struct wr_ttl_policy ttl;  /* of the asker that is looked for, where his segment has its own */
    struct wr_dns64_room translated; /* the answer that is being written */
    struct wr_rewrite rewrite;       /* likewise, as policy zones change it */
    struct wr_leasing leasing;       /* replies that wait for the firewall */
    struct wr_silence silence;       /* names that rules and lists of now have nothing of */
};

/* Where a reply came from, for its record. */
struct wr_outcome {
    uint8_t source; /* enum wr_source */
    uint8_t slot;   /* upstream, 255 none */
    uint16_t rcode;
    int16_t ede;
    uint8_t security;   /* enum wr_security */
    uint64_t what_hash; /* what counts as one kind for response rate limiting */
    uint64_t bucket;    /* of response rate limiting, when it is known already; 0: not yet */
};

/* A query from a client: admits it, answers it, or has it wait. */
void wr_pipeline_query(struct wr_engine *e, const struct wr_event *event, const struct wr_now *now);
/* The question that was put in place of the asker's: answered, into e->ready, or waited for. */
void wr_pipeline_again(struct wr_engine *e, const struct wr_asker *asker, const struct wr_now *now);
/* The best stale answer for the asker's question, in e->found. */
bool wr_pipeline_find_stale(struct wr_engine *e, const struct wr_asker *a,
                            const struct wr_now *now);

/* Makes the action for a reply of `size` octets: sent, truncated or withheld. */
void wr_outcome_send(struct wr_engine *e, const struct wr_asker *a, const struct wr_outcome *o,
                     uint8_t *bytes, size_t size, const struct wr_now *now,
                     struct wr_action *ret_action);
/* The reply leaves: counted and recorded. */
void wr_outcome_leave(struct wr_engine *e, const struct wr_asker *a, const struct wr_outcome *o,
                      uint8_t *bytes, size_t size, const struct wr_now *now,
                      struct wr_action *ret_action);
/* A deliberate drop; `counter` says why. */
void wr_outcome_drop(struct wr_engine *e, const struct wr_asker *a, _Atomic uint64_t *counter,
                     const struct wr_now *now, struct wr_action *ret_action);
/* Writes and sends an answer, if policy lets it pass. */
void wr_outcome_answer(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                       uint8_t source, uint8_t slot, uint8_t *room, size_t cap,
                       const struct wr_now *now, struct wr_action *ret_action);
/* The same of an answer that policy has seen. */
void wr_outcome_say(struct wr_engine *e, const struct wr_asker *a, const struct wr_answer *answer,
                    uint8_t source, uint8_t slot, uint8_t *room, size_t cap,
                    const struct wr_now *now, struct wr_action *ret_action);
/* Writes and sends an RCODE alone. */
void wr_outcome_error(struct wr_engine *e, const struct wr_asker *a, uint16_t rcode, int ede,
                      const char *text, uint8_t *room, size_t cap, const struct wr_now *now,
                      struct wr_action *ret_action);
void wr_outcome_reply_setup(const struct wr_engine *e, const struct wr_now *now,
                            struct wr_reply *ret);

/* admit.c: who is counted, and whether he may ask. True: with that the query is settled, into e->ready. */
void wr_admit_count_as(const struct wr_engine *e, struct wr_asker *a);
bool wr_admit_allowed(struct wr_engine *e, const struct wr_asker *a, bool readable, uint8_t *room,
                      size_t cap, const struct wr_now *now);
bool wr_admit_rate(struct wr_engine *e, struct wr_asker *a, bool readable, uint8_t *room,
                   size_t cap, const struct wr_now *now);
/* Has he more unanswered questions than one may have? */
bool wr_admit_is_busy(const struct wr_engine *e, const struct wr_asker *a);
/* Is he counted as a device? */
bool wr_admit_is_device(const struct wr_asker *a);

/* place.c: the asker's segment, or NULL. */
const struct wr_segment *wr_place_of(const struct wr_engine *e, const struct wr_asker *a);
/* Did he come by an interface that was not there yet when it was looked which segment each is of? */
bool wr_place_is_unknown(const struct wr_engine *e, const struct wr_asker *a);
/* May he ask, by his segment or else by all; and what of expired answers holds for him. */
bool wr_place_allows(const struct wr_engine *e, const struct wr_asker *a);
/* Are they answered in place of the resolvers of others that they ask? */
bool wr_place_hairpins(const struct wr_engine *e, const struct wr_asker *a);
const struct wr_ttl_policy *wr_place_ttl(struct wr_engine *e, const struct wr_asker *a);
/* Does the answer lead into a segment that his does not see? True: with that the query is settled. */
bool wr_place_hides(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                    uint8_t *room, size_t cap, const struct wr_now *now,
                    struct wr_action *ret_action);
/* What decides for segments may have come or gone. */
void wr_place_look(struct wr_engine *e);
/* Is it told nothing to his segment now? True: with that the query is settled, into e->ready. */
bool wr_place_refuses(struct wr_engine *e, struct wr_asker *a, uint8_t *room, size_t cap,
                      const struct wr_now *now);

/* obey.c: who asks, as far as it is known; once, and again where a query was handed to. */
void wr_obey_identify(const struct wr_engine *e, struct wr_asker *a);
/* What policy says of the question, and of an answer that is about to be sent, is done. True: with that the query is settled, into
 * e->ready or the action. `hash` of the question as it was asked (wr_engine_foresee); 0: not known. */
bool wr_obey_question(struct wr_engine *e, struct wr_asker *a, uint64_t hash, uint8_t *room,
                      size_t cap, const struct wr_now *now);
bool wr_obey_answer(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                    uint8_t *room, size_t cap, const struct wr_now *now,
                    struct wr_action *ret_action);
/* Does the answer lead to another question, for policy or for DNS64? Then that is the asker's from here on. */
bool wr_obey_turn(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                  const struct wr_now *now);

static inline uint32_t wr_engine_now_s(const struct wr_now *now)
{
    return (uint32_t)(now->mono_us / WR_S);
}

#endif
