/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine: the octets are a script of what strangers do to a gateway. Each step has an octet of what happens, an octet of
 * detail, a length and that many octets: a client's message, an upstream's reply to something that is out, octets on a
 * stream, silence, a lost stream, a changed link, what the firewall says, time. Clients of 10.8.0.0/13 reach what was answered to them. A reply step may ask that id and question be copied from what
 * was sent, so that what follows is believed and reaches scrub and cache.
 *
 * Promised: each query has exactly one REPLY or DROP in the end; a reply reads back and has the query's id; no action
 * names a finished exchange; no address of this network leaves to who may not reach it; the work for one step is bounded.
 */
#include "fuzz.h"

#include "dns/build.h"
#include "engine/engine.h"

enum { CACHE_SIZE = 256 * 1024, OUT_MAX = 64, ACTIONS_MAX = 20000, QUERIES_MAX = 4096 };

struct out {
    wr_id id;
    struct wr_addr to;
    uint8_t bytes[8192]; /* on a stream all questions that were ready at once */
    size_t size;
};

static struct wr_engine *engine;
static struct wr_engine_setup setup;
static struct wr_settings settings;
static struct wr_stats stats;
static struct wr_prefix allow;
static struct wr_secrets secrets;
static struct wr_now now;
static struct out datagrams[OUT_MAX], streams[OUT_MAX];
static unsigned datagrams_out, streams_out, queries, outcomes, leases_out;
static wr_id leases[OUT_MAX];
static struct wr_segment segment;
static struct wr_segment_subnet subnet;
static struct wr_segments segments;
static void *mirror_block;
static uint8_t blocks[2][CACHE_SIZE] __attribute__((aligned(64)));
static struct wr_upstream_state states[WR_UPSTREAMS_MAX];
static void *engine_block;

static void make_settings(void)
{
    settings = (struct wr_settings){.allow = &allow,
                                    .allows = 1,
                                    .query_timeout_ms = 3000,
                                    .client_inflight = 40,
                                    .refused_rate = 5,
                                    .rrl_rate = 50,
                                    .rrl_slip = 2,
                                    .prefix4_len = 24,
                                    .prefix6_len = 56,
                                    .rrl_prefix4_len = 24,
                                    .rrl_prefix6_len = 56,
                                    .edns_udp_size = 1232,
                                    .server_cookies = true,
                                    .minimal_any = true,
                                    .without_rd = WR_WITHOUT_RD_LEARN};
    settings.ttl = (struct wr_ttl_policy){.max_s = 86400,
                                          .max_negative_s = 3600,
                                          .failure_s = 2,
                                          .prefetch = true,
                                          .stale = true,
                                          .stale_max_age_s = 600,
                                          .stale_ttl_s = 30,
                                          .stale_client_timeout_ms = 500};
    settings.upstreams = (struct wr_upstreams){.upstreams = 2,
                                               .groups = 1,
                                               .ipv4 = true,
                                               .ipv6 = true,
                                               .case_randomisation = true,
                                               .cookies = true};
    settings.upstreams.group[0] = (struct wr_group){.servers = 2, .server = {0, 1}};
    for (uint8_t i = 0; i < 2; i++) {
        struct wr_upstream *u = &settings.upstreams.upstream[i];
        u->addr = (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, i}, .port = 53};
        u->scheme = i ? WR_SCHEME_TCP : WR_SCHEME_UDP;
        u->slot = i;
    }
    allow = (struct wr_prefix){.addr = {.family = WR_AF_V4, .ip = {10}}, .len = 8};
    segment = (struct wr_segment){.label = 1, .answered = true};
    wr_addr_prefix_from_text("10.8.0.0/13", &subnet.prefix);
    segments =
        (struct wr_segments){.segment = &segment, .subnet = &subnet, .segments = 1, .subnets = 1};
    wr_segment_compile(&segments);
    settings.segments = &segments;
    settings.lease = (struct wr_lease_settings){.floor_s = 1, .grace_s = 2, .name_max = 4};
    settings.dns64.prefix =
        (struct wr_prefix){.addr = {.family = WR_AF_V6, .ip = {0, 0x64, 0xff, 0x9b}}, .len = 96};
}

static void begin(void)
{
    struct wr_hash_key key = {{5, 6}};
    make_settings();
    memset(&stats, 0, sizeof(stats));
    memset(states, 0, sizeof(states));
    now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = 1700000000};
    datagrams_out = streams_out = queries = outcomes = leases_out = 0;
    size_t mirror_size = (wr_leasemirror_size(64) + 63) & ~(size_t)63;
    mirror_block = mirror_block ? mirror_block : aligned_alloc(64, mirror_size);
    promise(mirror_block != NULL);
    memset(mirror_block, 0, mirror_size);
    setup = (struct wr_engine_setup){.workers = 1,
                                     .requests = 12,
                                     .waiters = 24,
                                     .streams = 2,
                                     .settings = &settings,
                                     .secrets = &secrets,
                                     .upstream_state = states,
                                     .stats = &stats,
                                     .leases = wr_leasemirror_init(mirror_block, 64, &key),
                                     .quota = wr_quota_init(blocks[1], 512)};
    promise(wr_cache_format(blocks[0], CACHE_SIZE, &key, &setup.cache) == WR_OK);
    wr_rng_seed_u64(&setup.rng, 1);
    if (!engine_block) {
        engine_block = aligned_alloc(64, (wr_engine_size(&setup) + 63) & ~(size_t)63);
        promise(engine_block != NULL);
    }
    engine = wr_engine_start(engine_block, &setup, &now);
}

static void note(struct out *list, unsigned *count, const struct wr_action *a)
{
    struct out *o = &list[*count % OUT_MAX];
    *o = (struct out){.id = a->id, .to = a->to, .size = a->size};
    promise(a->size <= (a->kind == WR_ACTION_DATAGRAM ? 640 : sizeof(o->bytes)));
    if (a->size) {
        memcpy(o->bytes, a->bytes, a->size);
    }
    (*count)++;
}

/* Of the answer section; what weir says itself may be (RFC 7050). */
static void check_reach(const struct wr_msg *m)
{
    struct wr_msg_walk walk = wr_msg_walk(m, WR_SECTION_ANSWER);
    struct wr_msg_rr rr;
    while (wr_msg_next(&walk, &rr)) {
        bool v4 = rr.type == WR_TYPE_A && rr.class_ == WR_CLASS_IN && rr.rdlength == 4;
        promise(!v4 || m->wire[rr.rdata] != 10 || (m->wire[rr.rdata + 1] & 0xf8) == 8);
    }
}

static void check_reply(const struct wr_action *a)
{
    struct wr_msg m;
    promise(wr_msg_parse(&m, a->bytes, a->size) == WR_OK);
    promise(m.flags & WR_FLAG_QR);
    promise(a->client.transport == WR_CLIENT_TCP || a->size <= 1232);
    if (a->client.from.ip[0] == 10 && (a->client.from.ip[1] & 0xf8) == 8) {
        check_reach(&m);
    }
    outcomes++;
}

static void drain(void)
{
    struct wr_action a;
    unsigned n = 0;
    while (wr_engine_poll(engine, &now, &a)) {
        promise(++n < ACTIONS_MAX);
        switch (a.kind) {
        case WR_ACTION_REPLY: check_reply(&a); break;
        case WR_ACTION_DROP: outcomes++; break;
        case WR_ACTION_DATAGRAM: note(datagrams, &datagrams_out, &a); break;
        case WR_ACTION_STREAM_OPEN: note(streams, &streams_out, &a); break;
        case WR_ACTION_LEASE:
            promise(a.lease->dests > 0 && a.lease->dests <= settings.lease.name_max);
            leases[leases_out++ % OUT_MAX] = a.lease->id;
            break;
        case WR_ACTION_STREAM_WRITE: note(datagrams, &datagrams_out, &a); break;
        default: promise(a.kind == WR_ACTION_FORGET || a.kind == WR_ACTION_STREAM_CLOSE);
        }
    }
}

static void feed(struct wr_event *ev)
{
    wr_engine_feed(engine, ev, &now);
    drain();
}

static void client(uint8_t detail, const uint8_t *bytes, size_t size)
{
    static uint8_t room[1232];
    struct wr_event ev = {.kind = WR_EVENT_QUERY,
                          .bytes = bytes,
                          .size = size,
                          .room = room,
                          .room_size = sizeof(room)};
    ev.client.from =
        (struct wr_addr){.family = WR_AF_V4, .port = 9, .ip = {detail & 1 ? 11 : 10, detail >> 4}};
    ev.client.transport = detail & 2 ? WR_CLIENT_TCP : WR_CLIENT_UDP;
    ev.client.conn = detail & 2 ? detail : 0;
    queries++;
    feed(&ev);
}

/* A reply to the `detail`-th of the last things sent; with bit 7 its id and question are copied. */
static void reply(uint8_t detail, const uint8_t *bytes, size_t size)
{
    uint8_t copy[1024];
    const struct out *o = &datagrams[(detail & 0x3f) % OUT_MAX];
    struct wr_event ev = {
        .kind = WR_EVENT_DATAGRAM, .id = o->id, .from = o->to, .bytes = bytes, .size = size};
    struct wr_msg m;
    if (detail & 0x80 && o->size && wr_msg_parse(&m, o->bytes, o->size) == WR_OK && size >= 10) {
        size_t rest = size - 10;
        memcpy(copy, o->bytes, m.question_end);
        memcpy(copy + 2, bytes, 10);
        copy[2] |= 0x80;
        copy[4] = 0;
        copy[5] = 1;
        rest = rest < sizeof(copy) - m.question_end ? rest : sizeof(copy) - m.question_end;
        memcpy(copy + m.question_end, bytes + 10, rest);
        ev.bytes = copy;
        ev.size = m.question_end + rest;
    }
    feed(&ev);
}

static void stream(uint8_t what, uint8_t detail, const uint8_t *bytes, size_t size)
{
    struct wr_event ev = {.id = streams[detail % OUT_MAX].id, .bytes = bytes, .size = size};
    ev.kind = what == 2   ? WR_EVENT_STREAM_OPEN
              : what == 3 ? WR_EVENT_STREAM_BYTES
                          : WR_EVENT_STREAM_CLOSED;
    ev.lost = (enum wr_lost)(detail % 3);
    feed(&ev);
}

static void pass_time(uint64_t us)
{
    struct wr_event ev = {.kind = WR_EVENT_TIME};
    now.mono_us += us;
    feed(&ev);
}

/* To the `detail`-th of the last asks, or to one of before. */
static void firewall(uint8_t detail, const uint8_t *bytes, size_t size)
{
    struct wr_event ev = {.kind = WR_EVENT_LEASE};
    ev.lease.id = leases[detail % OUT_MAX] - ((detail & 0x40) != 0 ? UINT64_C(2) << 32 : 0);
    ev.lease.granted = size > 0 ? bytes[0] : UINT32_MAX;
    ev.lease.err = (detail & 0x80) != 0 ? WR_E_IO : WR_OK;
    feed(&ev);
}

static void step(uint8_t what, uint8_t detail, const uint8_t *bytes, size_t size)
{
    struct wr_event ev = {.kind = WR_EVENT_LINK, .id = datagrams[detail % OUT_MAX].id};
    if ((what & 0x18) == 0x18) {
        firewall(detail, bytes, size);
        return;
    }
    switch (what & 7) {
    case 0: client(detail, bytes, size); break;
    case 1: reply(detail, bytes, size); break;
    case 2:
    case 3:
    case 4: stream(what & 7, detail, bytes, size); break;
    case 5:
        ev.kind = detail & 0x40 ? WR_EVENT_LINK : WR_EVENT_UNREACHABLE;
        ev.lost = (enum wr_lost)(detail % 3);
        feed(&ev);
        break;
    case 6: pass_time((uint64_t)detail * 10 * WR_MS); break;
    default: pass_time((uint64_t)detail * WR_S);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    while (size >= 3 && queries < QUERIES_MAX) {
        size_t n = data[2] < size - 3 ? data[2] : size - 3;
        step(data[0], data[1], data + 3, n);
        data += 3 + n;
        size -= 3 + n;
    }
    for (unsigned i = 0; i < 40; i++) {
        pass_time(200 * WR_MS); /* everything is over by its deadline */
    }
    promise(outcomes == queries);
    return 0;
}
