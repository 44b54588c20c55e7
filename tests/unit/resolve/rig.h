/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rig for requests without an engine: a cache, three servers in one group and one more behind a route, a
 * clock, and short ways to answer what is sent.
 */
#ifndef TESTS_UNIT_RESOLVE_RIG_H
#define TESTS_UNIT_RESOLVE_RIG_H

#include "unit/resolve/wire.h"

#include <stdlib.h>

#include "resolve/request.h"
#include "transport/creds.h"
#include "transport/whom.h"

#define RIG_CACHE ((size_t)512 * 1024)
#define RIG_FOUND 64 /* slots for servers that are found */

struct rig {
    struct wr_now now;
    struct wr_upstreams upstreams;
    struct wr_route route;
    struct wr_ttl_policy ttl;
    struct wr_upstream_state state[WR_UPSTREAMS_MAX + RIG_FOUND];
    struct wr_rng rng;
    struct wr_requests *requests;
    struct wr_request_out out;
    struct wr_msg msg; /* what was sent last */
    uint8_t bytes[1024];
    struct wr_cache *cache;
    void *cache_block, *block;
    struct wr_whom whom; /* of encrypted servers: nothing is proven */
    struct wr_creds *trust;
};

static inline void *rig_resize(void *user, void *at, size_t size)
{
    if (size == 0) {
        free(at);
        return NULL;
    }
    return realloc(at, size);
}

static inline void rig_start_sized(struct rig *r, uint32_t requests)
{
    struct wr_hash_key key = {{1, 2}};
    static const uint8_t cookie_key[16] = {1};
    memset(r, 0, sizeof(*r));
    r->now = (struct wr_now){.mono_us = 500 * WR_S};
    r->ttl = (struct wr_ttl_policy){.max_s = 86400, .max_negative_s = 3600, .failure_s = 5};
    r->route = (struct wr_route){.zone = wire_name("corp.example."), .group = 1};
    r->upstreams = (struct wr_upstreams){
        .upstreams = 4, .groups = 2, .routes = 1, .ipv4 = true, .ipv6 = true, .route = &r->route};
    r->upstreams.group[0] =
        (struct wr_group){.strategy = WR_STRATEGY_ORDER, .servers = 3, .server = {0, 1, 2}};
    r->upstreams.group[1] =
        (struct wr_group){.strategy = WR_STRATEGY_ORDER, .servers = 1, .server = {3}};
    for (uint8_t i = 0; i < 4; i++) {
        struct wr_upstream *u = &r->upstreams.upstream[i];
        *u = (struct wr_upstream){.scheme = WR_SCHEME_UDP, .slot = i};
        u->addr =
            (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, (uint8_t)(i + 1)}, .port = 53};
    }
    r->cache_block = aligned_alloc(64, RIG_CACHE);
    struct wr_requests_setup setup = {.requests = requests,
                                      .streams = 4,
                                      .infra_slots = RIG_FOUND,
                                      .upstreams = &r->upstreams,
                                      .ttl = &r->ttl,
                                      .query_timeout_ms = 5000,
                                      .upstream_state = r->state,
                                      .memory = {.resize = rig_resize},
                                      .client_cookie_key = cookie_key,
                                      .table_key = key,
                                      .rng = &r->rng};
    assert_int_equal(wr_cache_format(r->cache_block, RIG_CACHE, &key, &setup.cache), 0);
    r->cache = setup.cache;
    wr_rng_seed_u64(&r->rng, 8);
    r->block = aligned_alloc(64, (wr_requests_size(&setup) + 63) & ~(size_t)63);
    r->requests = wr_requests_start(r->block, &setup);
}

static inline void rig_start(struct rig *r)
{
    rig_start_sized(r, 16);
}

/* Server `i` is asked over an encrypted transport from now on. */
static inline void rig_encrypt(struct rig *r, unsigned i, enum wr_scheme scheme)
{
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why;
    if (!r->trust) {
        assert_int_equal(wr_creds_make(&setup, &why, &r->trust), 0);
    }
    r->whom = (struct wr_whom){.proof = WR_URI_OPPORTUNISTIC, .name = ""};
    r->upstreams.trust = r->trust;
    r->upstreams.upstream[i].scheme = (uint8_t)scheme;
    r->upstreams.upstream[i].whom = &r->whom;
}

static inline void rig_stop(struct rig *r)
{
    wr_requests_stop(r->requests, r->now.mono_us);
    wr_creds_drop(r->trust);
    free(r->cache_block);
    free(r->block);
}

static inline wr_id rig_ask(struct rig *r, const char *name)
{
    struct wr_question q = {.name = wire_name(name), .type = WR_TYPE_A};
    bool joined;
    return wr_requests_ask(r->requests, &q, r->now.mono_us, &joined);
}

/* The next thing wanted; what is sent is copied and parsed. */
static inline enum wr_request_action rig_poll(struct rig *r)
{
    wr_requests_poll(r->requests, &r->now, &r->out);
    unsigned skip = r->out.action == WR_REQUEST_STREAM_WRITE ? 2 : 0;
    if (r->out.bytes) {
        memcpy(r->bytes, r->out.bytes, r->out.size);
        r->out.bytes = r->bytes;
        assert_int_equal(wr_msg_parse(&r->msg, r->bytes + skip, r->out.size - skip), 0);
    }
    return r->out.action;
}

/* Which server the datagram in r->out goes to, from 0. */
static inline int rig_server(const struct rig *r)
{
    return r->out.addr.ip[3] - 1;
}

static inline void rig_expect(struct rig *r, enum wr_request_action action)
{
    enum wr_request_action got = rig_poll(r);
    if (got != action) {
        fail_msg("action %d, expected %d", got, action);
    }
}

static inline void rig_quiet(struct rig *r)
{
    rig_expect(r, WR_REQUEST_NOTHING);
}

/* Lets time pass to the next action, at most `us`. */
static inline enum wr_request_action rig_wait(struct rig *r, uint64_t us)
{
    uint64_t end = r->now.mono_us + us;
    for (;;) {
        if (rig_poll(r) != WR_REQUEST_NOTHING) {
            return r->out.action;
        }
        uint64_t at = wr_requests_deadline(r->requests);
        if (at > end) {
            r->now.mono_us = end;
            return WR_REQUEST_NOTHING;
        }
        r->now.mono_us = at > r->now.mono_us ? at : r->now.mono_us;
    }
}

/* An answer to the datagram or stream message that stands in `sent`, from the server it went to. */
static inline size_t rig_response(const struct rig *sent, uint16_t flags, uint16_t rcode,
                                  const struct wire_rr *rrs, unsigned count, uint8_t *room,
                                  size_t cap)
{
    struct wr_build b;
    wr_build_start(&b, room, cap, sent->msg.id, (uint16_t)(WR_FLAG_QR | flags));
    wr_build_question(&b, sent->msg.qname.wire, sent->msg.qtype, WR_CLASS_IN);
    for (unsigned i = 0; i < count; i++) {
        wire_put(&b, &rrs[i]);
    }
    return wr_build_finish(&b, rcode);
}

static inline void rig_answer(struct rig *r, const struct rig *sent, uint16_t flags, uint16_t rcode,
                              const struct wire_rr *rrs, unsigned count)
{
    uint8_t reply[1500];
    size_t size = rig_response(sent, flags, rcode, rrs, count, reply, sizeof(reply));
    wr_requests_datagram(r->requests, sent->out.id, &sent->out.addr, reply, size, &r->now);
}

/* Takes the result, releases the request, and gives up what was still out. */
static inline void rig_result(struct rig *r, wr_id id, uint16_t rcode)
{
    while (rig_poll(r) != WR_REQUEST_FINISHED) {
        assert_int_not_equal(r->out.action, WR_REQUEST_NOTHING);
    }
    assert_true(r->out.id == id);
    assert_int_equal(r->out.answer->rcode, rcode);
    wr_requests_release(r->requests, id, r->now.mono_us);
}

#endif
