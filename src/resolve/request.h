/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request: one distinct question, from its first client to its answer.
 *
 *   ASKING -> CHASING -> FINISHED
 *
 * Equal questions share a request: one question is out once (RFC 5452 section 5). A response that
 * ends in a CNAME is followed, each link to whoever is responsible for it
 * (CHASING), within WR_CHAIN_MAX links and WR_REQUEST_SENDS_MAX messages. The result is
 * cached and handed out as a wr_answer; a failure is remembered for a moment (RFC 9520). Names that are local
 * (resolve/local) are never asked of anybody, wherever in a chain they stand.
 *
 * `struct wr_requests` holds all requests of one engine with their exchanges and streams, and is moved by
 * the calls of every machine: what came in is fed, actions are polled until NOTHING, the deadline says when
 * to call wr_requests_time. Who waits for a request is the engine's affair.
 */
#ifndef WR_RESOLVE_REQUEST_H
#define WR_RESOLVE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/map.h"
#include "base/time.h"
#include "resolve/answer.h"
#include "resolve/forward.h"
#include "resolve/heldzone.h"
#include "resolve/prove.h"
#include "resolve/ttl.h"

struct wr_requests;

struct wr_requests_setup {
    uint32_t requests;
    uint32_t streams;
    uint32_t
        infra_slots; /* behind the WR_UPSTREAMS_MAX of upstream_state: servers found by iteration; 0: none */
    uint32_t zones;                        /* whose keys are remembered; 0: nothing is validated */
    uint32_t ranges;                       /* proven ones that are remembered; 0: none */
    const struct wr_prove_settings *prove; /* or NULL */
    const struct wr_upstreams *upstreams;
    const struct wr_ttl_policy *ttl;
    const struct wr_local *local;    /* or NULL */
    const struct wr_heldzones *held; /* likewise; without infra_slots none is asked */
    uint32_t query_timeout_ms;
    struct wr_cache *cache;
    struct wr_upstream_state *upstream_state;
    struct wr_http_memory memory;         /* for HTTP to upstreams; resize NULL: none is asked so */
    const struct wr_tls_standin *standin; /* speaks TLS in a simulation; NULL: GnuTLS does */
    struct wr_conninfo *conns; /* WR_UPSTREAMS_MAX of them, shared by all workers, or NULL */
    const uint8_t *client_cookie_key;
    struct wr_hash_key table_key;
    struct wr_rng *rng; /* the engine's, lives as long */
    const struct wr_trace *trace;
};

size_t wr_requests_size(const struct wr_requests_setup *setup);
struct wr_requests *wr_requests_start(void *block, const struct wr_requests_setup *setup);

/* What answers without a request, for the engine's own looks (struct wr_answer_room). */
struct wr_nsecache *wr_requests_nsecache(struct wr_requests *rs);

/* The request for the question: the one in flight (`ret_joined`; not so when it was asked anew), or a new one. 0: the pool
 * is full. */
wr_id wr_requests_ask(struct wr_requests *rs, const struct wr_question *q, uint64_t now_us,
                      bool *ret_joined);
/* At the end of the engine: what libraries hold for the keys is given back. */
void wr_requests_stop(struct wr_requests *rs, uint64_t now_us);
/* Ends a request, finished or not. */
void wr_requests_release(struct wr_requests *rs, wr_id id, uint64_t now_us);
/* NULL when it is over. */
const struct wr_question *wr_requests_question(const struct wr_requests *rs, wr_id id);
/* When the stale timer is to ring for this request (WR_REQUEST_STALE_DUE); once. */
void wr_requests_set_stale(struct wr_requests *rs, wr_id id, uint64_t at_us);
/* Has any server of the question's group answered, or a link changed, since that second? Failures before it are over. */
bool wr_requests_upstream_back(const struct wr_requests *rs, const struct wr_question *q,
                               uint64_t since_us);

void wr_requests_datagram(struct wr_requests *rs, wr_id exchange, const struct wr_addr *from,
                          const uint8_t *bytes, size_t size, const struct wr_now *now);
void wr_requests_unreachable(struct wr_requests *rs, wr_id exchange, enum wr_lost lost,
                             uint64_t now_us);
void wr_requests_stream_open(struct wr_requests *rs, wr_id stream, uint64_t now_us);
/* The octets must stay until poll gave NOTHING. */
void wr_requests_stream_bytes(struct wr_requests *rs, wr_id stream, const uint8_t *bytes,
                              size_t size, const struct wr_now *now);
void wr_requests_stream_closed(struct wr_requests *rs, wr_id stream, enum wr_lost lost,
                               uint64_t now_us);
void wr_requests_link_changed(struct wr_requests *rs, uint64_t now_us);
/* New upstreams, new policy: what is in flight is asked again of whoever is responsible now. */
void wr_requests_adopt(struct wr_requests *rs, const struct wr_upstreams *upstreams,
                       const struct wr_ttl_policy *ttl, const struct wr_prove_settings *prove,
                       uint32_t query_timeout_ms, uint64_t now_us);

/* New local names: chains that come by one later end or go on there. Nothing points into the old ones afterwards. */
void wr_requests_adopt_local(struct wr_requests *rs, const struct wr_local *local);
/* New zones that are held, likewise. */
void wr_requests_adopt_held(struct wr_requests *rs, const struct wr_heldzones *held);

enum wr_request_action {
    WR_REQUEST_NOTHING = 0,
    WR_REQUEST_DATAGRAM,     /* id, addr, bytes */
    WR_REQUEST_FORGET,       /* id */
    WR_REQUEST_STREAM_OPEN,  /* id, addr, datagrams */
    WR_REQUEST_STREAM_WRITE, /* id, bytes */
    WR_REQUEST_STREAM_CLOSE, /* id */
    WR_REQUEST_FINISHED,     /* id is the request; answer, slot: release it before the next poll */
    WR_REQUEST_STALE_DUE,    /* id is the request, which goes on */
};

struct wr_request_out {
    enum wr_request_action action;
    wr_id id;
    struct wr_addr addr;
    bool datagrams;
    const uint8_t *bytes;
    size_t size;
    const struct wr_answer *answer;
    bool failed;  /* FINISHED: nobody answered; answer is the SERVFAIL with its reason */
    uint8_t slot; /* FINISHED: the upstream that answered, 255 none */
    const struct wr_name *report; /* FINISHED: the error report to be sent (RFC 9567), or NULL */
};

void wr_requests_poll(struct wr_requests *rs, const struct wr_now *now,
                      struct wr_request_out *ret_out);
uint64_t wr_requests_deadline(const struct wr_requests *rs);
uint32_t wr_requests_count(const struct wr_requests *rs);

struct wr_requests_counters {
    uint64_t sent, answers, timeouts, wrong, hedges, tcp, streams, yielded, cache_skipped, held,
        held_bogus;
};
void wr_requests_counters(const struct wr_requests *rs, struct wr_requests_counters *ret);

#endif
