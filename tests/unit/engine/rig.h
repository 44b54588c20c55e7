/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rig for one engine: memory, settings with two upstreams, a clock, and short ways to ask, to poll, and to answer
 * as an upstream would. Everything is static: one engine a test program.
 */
#ifndef TESTS_UNIT_ENGINE_RIG_H
#define TESTS_UNIT_ENGINE_RIG_H

#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dns/build.h"
#include "engine/engine.h"
#include "policy/prefix.h"

#define RIG_CACHE ((size_t)1024 * 1024)

struct rig {
    struct wr_now now;
    struct wr_settings settings;
    struct wr_prefix allow[2];
    struct wr_secrets secrets;
    struct wr_stats stats;
    struct wr_upstream_state *state;
    struct wr_cache *cache;
    struct wr_engine *engine;
    struct wr_engine_setup setup;
    struct wr_action act;
    struct wr_ring ring;
    uint8_t room[WR_EDNS_UDP_SIZE];
    uint8_t bytes[WR_MSG_MAX]; /* copy of the last action's octets */
    struct wr_msg msg;         /* parsed from bytes */
    uint8_t query[512];        /* of rig_ask: a handover points into it */
    void *blocks[5];
};

static inline void *rig_alloc(struct rig *r, unsigned i, size_t size)
{
    free(r->blocks[i]);
    r->blocks[i] = aligned_alloc(64, (size + 63) & ~(size_t)63);
    assert_non_null(r->blocks[i]);
    memset(r->blocks[i], 0, size);
    return r->blocks[i];
}

static inline void rig_settings(struct rig *r)
{
    struct wr_settings *s = &r->settings;
    *s = (struct wr_settings){.allow = r->allow,
                              .allows = 1,
                              .query_timeout_ms = 5000,
                              .client_inflight = 64,
                              .refused_rate = 2,
                              .prefix4_len = 24,
                              .prefix6_len = 56,
                              .rrl_prefix4_len = 24,
                              .rrl_prefix6_len = 56,
                              .edns_udp_size = WR_EDNS_UDP_SIZE,
                              .tcp_idle_ms = 10000,
                              .server_cookies = true,
                              .minimal_any = true};
    s->ttl = (struct wr_ttl_policy){.max_s = 86400,
                                    .max_negative_s = 3600,
                                    .failure_s = 5,
                                    .prefetch = true,
                                    .stale = true,
                                    .stale_max_age_s = 86400,
                                    .stale_ttl_s = 30,
                                    .stale_client_timeout_ms = 1800};
    s->upstreams = (struct wr_upstreams){.upstreams = 2,
                                         .groups = 1,
                                         .ipv4 = true,
                                         .ipv6 = true,
                                         .case_randomisation = true,
                                         .cookies = true};
    s->upstreams.group[0] = (struct wr_group){
        .name = "isp", .strategy = WR_STRATEGY_ORDER, .servers = 2, .server = {0, 1}};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_upstream *u = &s->upstreams.upstream[i];
        assert_int_equal(wr_addr_from_text(i ? "192.0.2.2:53" : "192.0.2.1:53", &u->addr), 0);
        u->scheme = WR_SCHEME_UDP;
        u->slot = (uint8_t)i;
    }
    assert_int_equal(wr_addr_prefix_from_text("10.0.0.0/8", &r->allow[0]), 0);
}

static inline void rig_start(struct rig *r)
{
    struct wr_hash_key key = {{1, 2}};
    memset(r, 0, sizeof(*r));
    r->now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = 1700000000};
    rig_settings(r);
    memset(&r->secrets, 7, sizeof(r->secrets));
    assert_int_equal(wr_cache_format(rig_alloc(r, 0, RIG_CACHE), RIG_CACHE, &key, &r->cache), 0);
    r->state = rig_alloc(r, 1, WR_UPSTREAMS_MAX * sizeof(*r->state));
    wr_ring_init(&r->ring, rig_alloc(r, 4, 65536), 65536);
    r->setup =
        (struct wr_engine_setup){.workers = 1,
                                 .requests = 32,
                                 .waiters = 64,
                                 .streams = 4,
                                 .settings = &r->settings,
                                 .secrets = &r->secrets,
                                 .cache = r->cache,
                                 .upstream_state = r->state,
                                 .quota = wr_quota_init(rig_alloc(r, 2, wr_quota_size(1024)), 1024),
                                 .records = &r->ring,
                                 .stats = &r->stats};
    wr_rng_seed_u64(&r->setup.rng, 42);
    r->engine = wr_engine_start(rig_alloc(r, 3, wr_engine_size(&r->setup)), &r->setup, &r->now);
}

static inline void rig_stop(struct rig *r)
{
    for (unsigned i = 0; i < 5; i++) {
        free(r->blocks[i]);
    }
}

static inline void rig_name(const char *text, struct wr_name *ret)
{
    assert_int_equal(wr_name_from_text(text, strlen(text), ret), 0);
}

/* The next action; its octets are copied and, when they are a message, parsed. */
static inline bool rig_poll(struct rig *r)
{
    if (!wr_engine_poll(r->engine, &r->now, &r->act)) {
        r->act.kind = WR_ACTION_NONE;
        return false;
    }
    if (r->act.bytes) {
        memcpy(r->bytes, r->act.bytes, r->act.size);
        r->act.bytes = r->bytes;
        unsigned skip = r->act.kind == WR_ACTION_STREAM_WRITE ? 2 : 0;
        assert_int_equal(wr_msg_parse(&r->msg, r->bytes + skip, r->act.size - skip), 0);
    }
    return true;
}

static inline void rig_expect(struct rig *r, enum wr_action_kind kind)
{
    assert_true(rig_poll(r));
    if (r->act.kind != kind) {
        fail_msg("action %s, expected %s", wr_action_name(r->act.kind), wr_action_name(kind));
    }
}

static inline void rig_quiet(struct rig *r)
{
    if (rig_poll(r)) {
        fail_msg("unexpected action %s", wr_action_name(r->act.kind));
    }
}

/* Goes on to `us` from now, ringing the engine at each deadline on the way; stops at the first action. */
static inline bool rig_wait(struct rig *r, uint64_t us)
{
    uint64_t end = r->now.mono_us + us;
    for (;;) {
        uint64_t at = wr_time_min(wr_engine_deadline(r->engine), end);
        struct wr_event ev = {.kind = WR_EVENT_TIME};
        r->now.mono_us = at > r->now.mono_us ? at : r->now.mono_us;
        wr_engine_feed(r->engine, &ev, &r->now);
        if (rig_poll(r)) {
            return true;
        }
        if (r->now.mono_us >= end) {
            return false;
        }
    }
}

struct rig_query {
    const char *name;
    const char *from;  /* default 10.0.0.1:4000 */
    const char *asked; /* a resolver of others; default 10.0.0.254:53, weir */
    uint16_t type;     /* default A */
    uint16_t id;       /* default 0x1234 */
    uint16_t flags;    /* added to RD */
    bool no_rd, tcp, dnssec_ok, no_edns;
    uint32_t ifindex;
    const uint8_t *cookie;
    uint8_t cookie_size;
    uint16_t class_;
};

static inline size_t rig_build_query(const struct rig_query *q, uint8_t *room, size_t cap)
{
    struct wr_build b;
    struct wr_name name;
    rig_name(q->name, &name);
    wr_build_start(&b, room, cap, q->id ? q->id : 0x1234,
                   (uint16_t)(q->flags | (q->no_rd ? 0 : WR_FLAG_RD)));
    wr_build_question(&b, name.wire, q->type ? q->type : WR_TYPE_A,
                      q->class_ ? q->class_ : WR_CLASS_IN);
    struct wr_build_opt opt = {.udp_size = 1232,
                               .dnssec_ok = q->dnssec_ok,
                               .ede = WR_EDE_NONE,
                               .cookie = q->cookie,
                               .cookie_size = q->cookie_size};
    if (!q->no_edns) {
        assert_int_equal(wr_build_opt(&b, &opt, 0), 0);
    }
    return wr_build_finish(&b, 0);
}

static inline void rig_feed_bytes(struct rig *r, const struct rig_query *q, const uint8_t *bytes,
                                  size_t size)
{
    struct wr_event ev = {.kind = WR_EVENT_QUERY,
                          .bytes = bytes,
                          .size = size,
                          .room = r->room,
                          .room_size = sizeof(r->room)};
    assert_int_equal(wr_addr_from_text(q->from ? q->from : "10.0.0.1:4000", &ev.client.from), 0);
    assert_int_equal(wr_addr_from_text(q->asked ? q->asked : "10.0.0.254:53", &ev.client.local), 0);
    ev.client.foreign = q->asked != NULL;
    ev.client.transport = q->tcp ? WR_CLIENT_TCP : WR_CLIENT_UDP;
    ev.client.conn = q->tcp ? 99 : 0;
    ev.client.ifindex = q->ifindex;
    wr_engine_feed(r->engine, &ev, &r->now);
}

static inline void rig_ask(struct rig *r, struct rig_query q)
{
    size_t size = rig_build_query(&q, r->query, sizeof(r->query));
    rig_feed_bytes(r, &q, r->query, size);
}

/* One record of an upstream's answer, in text. */
struct rig_rr {
    const char *owner;
    uint16_t type;
    uint32_t ttl;
    const uint8_t *rdata;
    uint16_t size;
    enum wr_section section;
};

/* Answers the query that stands in r->msg / r->act (a DATAGRAM) from its own address. */
static inline size_t rig_build_answer(struct rig *r, uint16_t rcode, uint16_t flags,
                                      const struct rig_rr *rrs, unsigned count, uint8_t *room,
                                      size_t cap)
{
    struct wr_build b;
    wr_build_start(&b, room, cap, r->msg.id, (uint16_t)(WR_FLAG_QR | WR_FLAG_RA | flags));
    wr_build_question(&b, r->msg.qname.wire, r->msg.qtype, WR_CLASS_IN);
    for (unsigned i = 0; i < count; i++) {
        struct wr_name owner;
        rig_name(rrs[i].owner, &owner);
        assert_int_equal(wr_build_rr(&b, rrs[i].section, owner.wire, rrs[i].type, WR_CLASS_IN,
                                     rrs[i].ttl, rrs[i].rdata, rrs[i].size),
                         0);
    }
    return wr_build_finish(&b, rcode);
}

static inline void rig_answer(struct rig *r, uint16_t rcode, uint16_t flags,
                              const struct rig_rr *rrs, unsigned count)
{
    uint8_t reply[4096];
    assert_int_equal(r->act.kind, WR_ACTION_DATAGRAM);
    struct wr_event ev = {
        .kind = WR_EVENT_DATAGRAM, .id = r->act.id, .from = r->act.to, .bytes = reply};
    ev.size = rig_build_answer(r, rcode, flags, rrs, count, reply, sizeof(reply));
    wr_engine_feed(r->engine, &ev, &r->now);
}

#define RIG_A(name_, ttl_)                                      \
    (struct rig_rr)                                             \
    {                                                           \
        .owner = (name_), .type = WR_TYPE_A, .ttl = (ttl_),     \
        .rdata = (const uint8_t *)"\xc6\x33\x64\x07", .size = 4 \
    }

/* SOA ". . 1 2 3 4 60" of the zone. */
#define RIG_SOA(zone_, ttl_)                                                                    \
    (struct rig_rr)                                                                             \
    {                                                                                           \
        .owner = (zone_), .type = WR_TYPE_SOA, .ttl = (ttl_),                                   \
        .rdata = (const uint8_t *)"\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x3c", .size = 22, \
        .section = WR_SECTION_AUTHORITY                                                         \
    }

/* The first record of a section of r->msg. */
static inline struct wr_msg_rr rig_rr_at(const struct rig *r, enum wr_section section)
{
    struct wr_msg_walk walk = wr_msg_walk(&r->msg, section);
    struct wr_msg_rr rr;
    assert_true(wr_msg_next(&walk, &rr));
    return rr;
}

#endif
