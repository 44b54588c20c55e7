/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of requests: shared by request.c (what becomes of a request) and
 * driver.c (what the world brings and is asked to do). Nobody else includes it.
 */
#ifndef WR_RESOLVE_REQUEST_STATE_H
#define WR_RESOLVE_REQUEST_STATE_H

#include "resolve/request.h"

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
    uint8_t chain_sets;
    uint8_t state;
    bool mapped; /* in the in-flight map */
    bool ours;   /* the chain begins with a local name: AA */
    bool probe;  /* no client: asks whether a suspect answers again */
};

struct wr_requests {
    struct wr_forward_env env;
    struct wr_pool pool;
    struct wr_pool chains;
    uint32_t query_timeout_ms;
    struct wr_map map;
    struct wr_heap timers;
    const struct wr_ttl_policy *ttl;
    const struct wr_local *local; /* or NULL */
    struct wr_cache *cache;
    struct wr_hash_key table_key;
    struct wr_answer answer; /* of the request that finished */
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
};

/* After each move of the forward: is the request over, and when does it want to be woken? */
void wr_request_settle(struct wr_requests *rs, struct wr_request *r, wr_id id);
/* A believed reply came for the exchange's request. */
void wr_request_reply(struct wr_requests *rs, struct wr_exchange *x, const struct wr_msg *msg,
                      enum wr_response kind, const struct wr_now *now);
/* The network gave up on the exchange. */
void wr_request_lost(struct wr_requests *rs, struct wr_exchange *x, uint64_t now_us);
/* Asks the end of the chain so far of whoever is responsible for it. */
void wr_request_ask_stage(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us);
/* Makes the SERVFAIL of a failed request the result. */
void wr_request_hand_out_failure(struct wr_requests *rs, struct wr_request *r, wr_id id,
                                 uint32_t now_s);
/* A request of our own: does this server of the group answer? No client waits, nothing is kept. */
void wr_request_probe(struct wr_requests *rs, unsigned group, unsigned server, uint64_t now_us);
/* From here on suspects are looked after. */
void wr_request_arm_probes(struct wr_requests *rs, uint64_t now_us);

#endif
