/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of requests: shared by request.c (what becomes of a request), stage.c (whom a name is asked of: a group, or the
 * servers of a zone cut), depend.c (requests that wait for requests) and driver.c (what the world brings and is
 * asked to do), held.c (zones that are held here and asked like servers), reason.c (why one failed). Nobody else includes it.
 */
#ifndef WR_RESOLVE_REQUEST_STATE_H
#define WR_RESOLVE_REQUEST_STATE_H

#include "dnssec/chain.h"
#include "resolve/iter.h"
#include "resolve/nsecache.h"
#include "resolve/prove.h"
#include "resolve/request.h"
#include "resolve/scrub.h"

#define WR_REQUEST_MESSAGE_ROOM 1024
#define WR_REQUEST_REPLY_ROOM   4096

enum wr_request_state { WR_REQUEST_ASKING = 0, WR_REQUEST_CHASING, WR_REQUEST_OVER };

struct wr_request {
    struct wr_question question; /* the client's */
    struct wr_question asked;    /* now: the question, or the end of the chain so far */
    struct wr_forward forward;
    struct wr_timer timer;
    uint64_t hash;
    uint64_t end_us;   /* it is over by then, whatever happens */
    uint64_t stale_us; /* when the stale timer rings, or never */
    wr_id chain;       /* octets of the chain so far, or 0 */
    uint16_t chain_size;
    uint32_t chain_s; /* second of its first link: the TTLs in it count from there */
    uint16_t sends;   /* of the stages before */
    uint16_t sends_max;
    wr_id prove;                 /* the proof of this stage's answer, or 0 */
    struct wr_dnssec_work work;  /* of all its proofs */
    wr_servers bogus;            /* servers of the group whose answer was bogus */
    uint8_t bogus_tries, server; /* the server that answered last */
    const char *why;             /* static: a reason that the forward does not know, or NULL */
    int16_t why_ede;             /* its code */
    wr_id iter;                  /* the iteration of this stage, or 0 */
    struct wr_list parents;      /* of wr_depend: requests that wait for this one */
    wr_id child[WR_DEPEND_CHILDREN_MAX]; /* requests this one waits for */
    uint8_t depth;                       /* of look-ups within look-ups */
    bool woken; /* a child is done: the stage goes on when its turn comes */
    uint8_t chain_sets;
    bool chain_long; /* in the pool of long ones */
    uint8_t state;
    bool mapped; /* in the in-flight map */
    bool ours;   /* the chain begins with a local name: AA */
    bool probe;  /* no client: asks whether a suspect answers again */
    bool anew;   /* the settings changed: it is asked again when its turn comes */
};

/* One wait of a request for another. */
struct wr_depend {
    struct wr_list node; /* in the child's list */
    wr_id id;            /* its own */
    wr_id parent;
    uint16_t share; /* messages set aside for the child; 0: it was there already */
    uint8_t what;   /* enum wr_depend_what */
};

enum wr_depend_what { WR_DEPEND_ADDRESS = 0, WR_DEPEND_PRIME, WR_DEPEND_KEYS };

enum wr_depend_result {
    WR_DEPEND_READY = 0, /* rs->sub is the answer */
    WR_DEPEND_WAITING,   /* the request is woken when it is there */
    WR_DEPEND_FAILED,
};

struct wr_requests {
    struct wr_forward_env env;
    struct wr_iter_env iter_env;
    struct wr_pool pool;
    uint32_t children; /* of the requests: those that others led to */
    struct wr_pool chains, long_chains;
    struct wr_pool iters;
    struct wr_pool depends;
    struct wr_peers *cuts; /* by the place of the iteration */
    /* prove.c */
    const struct wr_prove_settings *prove; /* NULL: nothing is validated */
    struct wr_pool proofs;
    uint8_t *proof_rooms;
    struct wr_list proving; /* proofs that have a turn to come */
    bool proved;            /* one had its turn since poll gave NOTHING */
    struct wr_keycache keycache;
    uint64_t flushes; /* of the cache, when the key cache was emptied last */
    struct wr_dnssec_env dnssec;
    struct wr_dnssec_policy dnssec_policy;
    struct wr_trusttime time;
    uint32_t prove_now_s;
    struct wr_nsecache nsecache;
    char reason[WR_NAME_TEXT_SIZE + 128]; /* of the failure that is handed out */
    struct wr_name reason_zone;
    struct wr_name agent;  /* of the response that is looked at; size 0: none (RFC 9567) */
    struct wr_name report; /* of the failure that is handed out; size 0: none */
    uint32_t query_timeout_ms;
    struct wr_map map;
    struct wr_heap timers;
    const struct wr_ttl_policy *ttl;
    const struct wr_local *local; /* or NULL */
    struct wr_cache *cache;
    struct wr_hash_key table_key;
    struct wr_answer answer; /* of the request that finished */
    struct wr_answer sub;    /* what one request asked of another */
    uint64_t found_us;       /* when a server that was found last answered; 0: never */
    uint64_t found_back_us;  /* when one did after a time without any; 0: never */
    struct wr_answer_room room;
    struct wr_requests_counters counters;
    wr_id finished;
    bool failed;
    uint8_t slot;
    uint32_t turn;
    uint64_t
        link_us; /* when links last changed: older silence says nothing of upstreams; 0: never */
    uint64_t probe_us;                        /* next look whether probes are due, or never */
    uint8_t message[WR_REQUEST_MESSAGE_ROOM]; /* to be sent */
    uint8_t plain[WR_REQUEST_REPLY_ROOM];     /* a reply, with 0x20 undone */
    uint8_t *held_room;                       /* WR_MSG_MAX octets: what a held zone says */
};

/* After each move of the forward: is the request over, and when does it want to be woken? */
void wr_request_settle(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);
/* A believed reply came for the exchange's request. */
void wr_request_reply(struct wr_requests *rs, struct wr_exchange *x, const struct wr_msg *msg,
                      enum wr_response kind, const struct wr_now *now);
/* The exchange came to nothing, or so it is said. */
void wr_request_lost(struct wr_requests *rs, struct wr_exchange *x, enum wr_lost lost,
                     uint64_t now_us);
/* The forward, or a zone that is held, has a response that may be used: it leads on, or is the answer. */
int wr_request_use(struct wr_requests *rs, struct wr_request *r, wr_id id, const struct wr_msg *msg,
                   enum wr_response kind, const struct wr_now *now);
/* A request for the question, or the one in flight. NULL: the pool is full. */
struct wr_request *wr_request_take(struct wr_requests *rs, const struct wr_question *q,
                                   uint64_t end_us, wr_id *ret_id, bool *ret_joined);

/* The answer is that there is nothing of the type; nobody gave a SOA, so nothing is kept. */
void wr_request_empty(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);

/* The stage has its answer, in rs->answer: it is kept, and the request goes on along the chain or is finished. */
void wr_request_stage_done(struct wr_requests *rs, struct wr_request *r, wr_id id,
                           enum wr_response kind, const struct wr_now *now);
/* The answer is bogus: it is asked of another server, or the request has failed. `blame`: by what that server said, and not for
 * want of keys. */
void wr_request_bogus(struct wr_requests *rs, struct wr_request *r, wr_id id, bool blame,
                      uint64_t now_us);

/* rs->answer came from the cache: it ends the chain of the request; or its links are added to the chain, and its end is asked
 * next. False: that does not fit, and nothing changed. */
void wr_request_end_known(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);
bool wr_request_go_along(struct wr_requests *rs, struct wr_request *r, uint64_t now_us);

/* --- prove.c --- */
size_t wr_prove_size(uint32_t requests, uint32_t zones);
void wr_prove_init(struct wr_requests *rs, uint8_t *block, uint32_t requests, uint32_t zones,
                   const struct wr_hash_key *key);
/* New settings; no proof is running. */
void wr_prove_adopt(struct wr_requests *rs, const struct wr_prove_settings *settings);
bool wr_prove_wanted(const struct wr_requests *rs, const struct wr_request *r);
/* Begins to prove rs->answer, which is copied. WR_E_FULL, WR_E_NOMEM. */
int wr_prove_begin(struct wr_requests *rs, struct wr_request *r, wr_id id, enum wr_response kind,
                   uint64_t now_us);
/* rs->answer is an alias: a denial beside it that its target's zone has DS is kept, as if it had been asked for; it is judged
 * when somebody wants to know. */
void wr_prove_keep_beside(struct wr_requests *rs, struct wr_request *r, uint64_t now_us);
/* Is the proof over, and bogus for want of keys that nobody gave? */
bool wr_prove_is_unreachable(const struct wr_requests *rs, const struct wr_request *r);
/* What the proof waited for; NULL: it cannot be had. */
void wr_prove_fed(struct wr_requests *rs, struct wr_request *r, const struct wr_request *child,
                  const struct wr_answer *answer);
/* One step of one proof; false: none has anything to do. */
bool wr_prove_turn(struct wr_requests *rs, const struct wr_now *now);
/* Fills in why the answer is bogus; false: it is not, and `a` says what the proof waits for, if it runs. `ret_silence` is set
 * when it is: its keys could not be had, so that the first answer of a server ends it. */
bool wr_prove_explain(struct wr_requests *rs, const struct wr_request *r, struct wr_answer *a,
                      bool *ret_silence);
void wr_prove_end(struct wr_requests *rs, struct wr_request *r);
/* Is the answer there, and being proven? */
bool wr_prove_is_running(const struct wr_requests *rs, const struct wr_request *r);
void wr_prove_time_changed(struct wr_requests *rs, uint8_t least);

/* First of all when something comes or is polled: what the cache must be to serve now. What was judged without the time is judged
 * again when it is known. */
static inline void wr_prove_look_at_clock(struct wr_requests *rs, const struct wr_now *now)
{
    if (rs->prove && wr_prove_least(rs->prove, now) != rs->room.least) {
        wr_prove_time_changed(rs, wr_prove_least(rs->prove, now));
    }
}

/* --- stage.c --- */
/* Asks the end of the chain so far of whoever is responsible for it. */
void wr_request_ask_stage(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);
/* The iteration of the request, or NULL. */
struct wr_iter *wr_stage_iter(const struct wr_requests *rs, const struct wr_request *r);
/* The server that answered last gave a bogus answer: another is asked. False: there is no other. `blame` as above. */
bool wr_stage_ask_other(struct wr_requests *rs, struct wr_request *r, wr_id id, bool blame,
                        uint64_t now_us);
/* What was said of a part of the name is not proven for the whole: more of it is asked. */
void wr_stage_show_more(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);
/* Goes on after a wait. */
void wr_stage_go_on(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);
/* Its timer rang: servers were silent, nothing came of what it waits for (an address, a proof) by its end, or a link changed. */
void wr_stage_time(struct wr_requests *rs, struct wr_request *r, uint64_t now_us);
/* The forward failed: is there another way? False: the request has failed. */
bool wr_stage_another_way(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);
/* A usable response from servers of a cut that is not the answer yet: follows it. False: it leads nowhere. */
bool wr_stage_lead_on(struct wr_requests *rs, struct wr_request *r, wr_id id,
                      const struct wr_msg *msg, enum wr_response kind, uint64_t now_us);
/* What the response is, seen by who was asked; a lame server is remembered. */
enum wr_response wr_stage_judge(struct wr_requests *rs, const struct wr_request *r,
                                const struct wr_exchange *x, const struct wr_msg *msg,
                                enum wr_response kind, uint64_t now_us);
/* A server that was found has answered. */
void wr_stage_heard(struct wr_requests *rs, uint64_t now_us);
/* An answer of the root about itself is its delegation (RFC 9609 section 3); any other is left alone. */
void wr_stage_prime(struct wr_requests *rs, const struct wr_request *r, const struct wr_msg *msg,
                    uint64_t now_us);
/* What is asked of whom, for scrub. */
void wr_stage_scrub(const struct wr_requests *rs, const struct wr_request *r,
                    const struct wr_msg *msg, struct wr_scrub *ret_what);
/* Ends the stage's iteration, if there is one. */
void wr_stage_end(struct wr_requests *rs, struct wr_request *r);

/* --- held.c --- */
/* Is the stage one for a zone that is held, though a group of forwarders has the route? */
bool wr_held_is_wanted(const struct wr_requests *rs, const struct wr_request *r,
                       const uint8_t *route, uint64_t now_us);
/* Asks the zone of the iteration what it has to say. */
void wr_held_ask(struct wr_requests *rs, struct wr_request *r, wr_id id, struct wr_iter *it,
                 uint64_t now_us);
/* What the zone said is bogus. False: nobody else is to be asked. */
bool wr_held_distrust(struct wr_requests *rs, struct wr_request *r, const struct wr_iter *it,
                      uint64_t now_us);

/* --- reason.c --- */
/* Why the request failed: the code, the zone and the words. True: its answer is bogus, and `ret_silence` is set. */
bool wr_request_explain(struct wr_requests *rs, const struct wr_request *r, struct wr_answer *a,
                        bool *ret_silence);

/* --- depend.c --- */
/* The answer to `q` for a request that needs it: from the cache, or from a request that is asked. */
/* `avoid`: servers of a configured group that are asked only when there are no others; 0: none. */
enum wr_depend_result wr_depend_on(struct wr_requests *rs, struct wr_request *r, wr_id id,
                                   const struct wr_question *q, uint8_t what, wr_servers avoid,
                                   uint64_t now_us);
/* The request came to its end: those who wait are told and woken. `answer` NULL: it failed. */
void wr_depend_tell(struct wr_requests *rs, struct wr_request *r, wr_id id,
                    const struct wr_answer *answer, uint64_t now_us);
/* Makes the SERVFAIL of a failed request the result. */
void wr_request_hand_out_failure(struct wr_requests *rs, struct wr_request *r, wr_id id,
                                 uint64_t now_us);
/* A request of our own: does this server of the group answer? No client waits, nothing is kept. */
void wr_request_probe(struct wr_requests *rs, unsigned group, unsigned server, uint64_t now_us);
/* From here on suspects are looked after. */
void wr_request_arm_probes(struct wr_requests *rs, uint64_t now_us);

#endif
