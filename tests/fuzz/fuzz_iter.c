/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iter: the octets are what all servers on the way from the root answer, one after another and round and round, so that a
 * short input is a whole hostile Internet.
 *
 * An answer is an octet of what happens (silence, the network refuses, records, raw octets), one of flags and RCODE, and
 * records of four octets each: section and owner, type, TTL, rdata. Owners and names in rdata are ancestors of the name asked, a few
 * fixed names, or names that were never used before (each look-up leads to new ones: NXNSAttack).
 *
 * Promised: each question has exactly one result, by its deadline; all requests that it leads to send no more than
 * WR_REQUEST_SENDS_MAX messages; nothing is left open; nobody is asked who may not be.
 */
#include "fuzz.h"

#include "dns/build.h"
#include "policy/prefix.h"
#include "resolve/request.h"

enum { CACHE_SIZE = 256 * 1024, SLOTS = 32, TURNS_MAX = 100000, REPLY_MAX = 1200 };

static struct wr_upstreams upstreams;
static struct wr_hints hints;
static struct wr_prefix never;
static struct wr_ttl_policy ttl;
static struct wr_upstream_state states[WR_UPSTREAMS_MAX + SLOTS];
static struct wr_rng rng;
static struct wr_now now;
static struct wr_requests *requests;
static uint8_t cache_block[CACHE_SIZE] __attribute__((aligned(64)));
static void *block;
static unsigned sent, asked, results, fresh;
static wr_id wanted[4];

/* The script, which never ends. */
static const uint8_t *script;
static size_t script_size, script_at;

static uint8_t take(void)
{
    uint8_t c = script[script_at];
    script_at = (script_at + 1) % script_size;
    return c;
}

static void make_upstreams(uint8_t options)
{
    ttl = (struct wr_ttl_policy){.max_s = 86400, .max_negative_s = 3600, .failure_s = 5};
    hints = (struct wr_hints){.count = 1};
    hints.addr[0] = (struct wr_addr){.family = WR_AF_V4, .ip = {198, 51, 100, 1}, .port = 53};
    never = (struct wr_prefix){.addr = {.family = WR_AF_V4, .ip = {127}}, .len = 8};
    upstreams = (struct wr_upstreams){.default_group = WR_GROUP_RECURSE,
                                      .hints = &hints,
                                      .never = &never,
                                      .nevers = 1,
                                      .minimise = options & 1,
                                      .ipv4 = true,
                                      .ipv6 = (options & 2) != 0,
                                      .case_randomisation = true,
                                      .cookies = (options & 4) != 0};
}

static void begin(uint8_t options)
{
    static const uint8_t cookie_key[16] = {7};
    struct wr_hash_key key = {{5, 6}};
    make_upstreams(options);
    memset(states, 0, sizeof(states));
    now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = 1700000000};
    sent = asked = results = fresh = 0;
    wr_rng_seed_u64(&rng, 1);
    struct wr_requests_setup setup = {.requests = 200,
                                      .streams = 4,
                                      .infra_slots = SLOTS,
                                      .upstreams = &upstreams,
                                      .ttl = &ttl,
                                      .query_timeout_ms = 5000,
                                      .upstream_state = states,
                                      .client_cookie_key = cookie_key,
                                      .table_key = key,
                                      .rng = &rng};
    promise(wr_cache_format(cache_block, CACHE_SIZE, &key, &setup.cache) == WR_OK);
    if (!block) {
        block = aligned_alloc(64, (wr_requests_size(&setup) + 63) & ~(size_t)63);
        promise(block != NULL);
    }
    requests = wr_requests_start(block, &setup);
}

/* A name of the script: an ancestor of the name asked, a known one, or one that nobody has heard of. */
static void name_of(uint8_t code, const uint8_t *qname, struct wr_name *ret)
{
    static const char *const known[] = {".",           "a.",          "b.",         "ns.a.",
                                        "ns.b.",       "x.a.",        "y.b.",       "ns.x.a.",
                                        "ns.y.b.",     "www.x.a.",    "www.y.b.",   "c.x.a.",
                                        "long.www.a.", "n1.www.x.a.", "n2.www.x.a."};
    unsigned labels = wr_name_labels(qname);
    unsigned skip = code & 7;
    uint8_t label[4] = {3, 'f', 0, 0};
    if (code & 0x80) {
        const char *text = known[(code & 0x0f) % 15];
        promise(wr_name_from_text(text, strlen(text), ret) == WR_OK);
        return;
    }
    wr_name_set(ret, wr_name_skip_labels(qname, skip < labels ? skip : labels));
    if (code & 0x40) {
        label[2] = (uint8_t)('0' + fresh % 64);
        label[3] = (uint8_t)('0' + fresh / 64 % 64);
        fresh++;
        struct wr_name parent = *ret;
        (void)wr_name_prepend(label, parent.wire, ret);
    }
}

static size_t rdata_of(uint16_t type, uint8_t code, const uint8_t *qname, uint8_t *room)
{
    struct wr_name name;
    switch (type) {
    case WR_TYPE_A:
        memcpy(room, (const uint8_t[]){code & 0x80 ? 127 : 192, 0, 2, code & 7}, 4);
        return code & 0x40 ? 3 : 4;
    case WR_TYPE_AAAA:
        memset(room, 0, 16);
        memcpy(room, (const uint8_t[]){0x20, 1, 0x0d, 0xb8}, 4);
        room[15] = code;
        return 16;
    case WR_TYPE_SOA:
        memset(room, 0, 22);
        room[21] = code;
        return 22;
    case WR_TYPE_DS: memset(room, code, 36); return 36;
    default:
        name_of(code, qname, &name);
        memcpy(room, name.wire, name.size);
        return name.size;
    }
}

static void record(struct wr_build *b, const uint8_t *qname)
{
    static const uint16_t types[] = {WR_TYPE_NS,    WR_TYPE_NS,    WR_TYPE_NS,  WR_TYPE_A,
                                     WR_TYPE_A,     WR_TYPE_AAAA,  WR_TYPE_SOA, WR_TYPE_CNAME,
                                     WR_TYPE_DNAME, WR_TYPE_DNAME, WR_TYPE_DS,  WR_TYPE_TXT};
    static const uint32_t ttls[] = {0, 1, 60, 86400, UINT32_MAX};
    uint8_t owner_code = take(), rdata[300];
    uint16_t type = types[take() % 12];
    uint32_t life = ttls[take() % 5];
    struct wr_name owner;
    name_of(owner_code & 0xcf, qname, &owner);
    size_t size = rdata_of(type, take(), qname, rdata);
    unsigned section = owner_code >> 4 & 3;
    (void)wr_build_rr(b, (enum wr_section)(section > 2 ? 1 : section), owner.wire, type,
                      WR_CLASS_IN, life, rdata, size);
}

/* Sections must come in order: the records of the script are sorted into it by three walks over the same part. */
static void records(struct wr_build *b, const uint8_t *qname, unsigned count)
{
    size_t from = script_at;
    for (unsigned section = 0; section < 3; section++) {
        script_at = from;
        for (unsigned i = 0; i < count; i++) {
            unsigned at = script[script_at] >> 4 & 3;
            if ((at > 2 ? 1 : at) == section) {
                record(b, qname);
            } else {
                script_at = (script_at + 4) % script_size;
            }
        }
    }
}

static size_t respond(const struct wr_msg *q, uint8_t what, uint8_t *room)
{
    static const uint8_t rcodes[] = {0, 0, 0, 0, 3, 2, 5, 1};
    uint8_t flags = take();
    struct wr_build b;
    wr_build_start(&b, room, REPLY_MAX, q->id,
                   (uint16_t)(WR_FLAG_QR | (flags & 1 ? WR_FLAG_AA : 0) |
                              (flags & 2 ? WR_FLAG_RA : 0) |
                              ((flags & 0x0c) == 0x0c ? WR_FLAG_TC : 0)));
    wr_build_question(&b, q->qname.wire, q->qtype, WR_CLASS_IN);
    if ((what & 3) == 3) { /* raw octets behind the question */
        size_t size = wr_build_finish(&b, 0);
        room[7] = flags & 3;
        room[9] = flags >> 2 & 3;
        for (unsigned n = take(); n > 0; n--) {
            room[size++] = take();
        }
        return size;
    }
    records(&b, q->qname.wire, (what >> 2) % 20);
    return wr_build_finish(&b, rcodes[flags >> 4 & 7]);
}

static void datagram(const struct wr_request_out *out)
{
    uint8_t copy[1024], room[REPLY_MAX + 300];
    struct wr_msg q;
    struct wr_addr to = out->addr;
    sent++;
    promise(!wr_addr_is_loopback(&to) && !wr_addr_is_any(&to));
    promise(out->size <= sizeof(copy));
    memcpy(copy, out->bytes, out->size);
    promise(wr_msg_parse(&q, copy, out->size) == WR_OK);
    promise(!(q.flags & WR_FLAG_RD));
    uint8_t what = take();
    if (what == 0) {
        return; /* silence */
    }
    if (what == 1) {
        wr_requests_unreachable(requests, out->id, WR_LOST_BROKEN, now.mono_us);
        return;
    }
    now.mono_us += 5 * WR_MS;
    size_t size = respond(&q, what, room);
    wr_requests_datagram(requests, out->id, &to, room, size, &now);
}

static void finished(const struct wr_request_out *out)
{
    promise(out->answer != NULL);
    for (unsigned i = 0; i < 4; i++) {
        if (wanted[i] == out->id) {
            wanted[i] = 0;
            results++;
        }
    }
    wr_requests_release(requests, out->id, now.mono_us);
}

/* Everything that happens until `end_us`. */
static void run(uint64_t end_us)
{
    struct wr_request_out out;
    for (unsigned turn = 0;; turn++) {
        promise(turn < TURNS_MAX);
        wr_requests_poll(requests, &now, &out);
        switch (out.action) {
        case WR_REQUEST_NOTHING: {
            uint64_t at = wr_requests_deadline(requests);
            if (at > end_us) {
                now.mono_us = end_us > now.mono_us ? end_us : now.mono_us;
                return;
            }
            now.mono_us = at > now.mono_us ? at : now.mono_us;
            break;
        }
        case WR_REQUEST_DATAGRAM: datagram(&out); break;
        case WR_REQUEST_STREAM_OPEN:
            wr_requests_stream_closed(requests, out.id, WR_LOST_BROKEN, now.mono_us);
            break;
        case WR_REQUEST_FINISHED: finished(&out); break;
        default: break;
        }
    }
}

static void ask(uint8_t code)
{
    static const char *const names[] = {"www.x.a.", "ns.y.b.", "c.d.e.f.g.h.i.x.a.", "x.a."};
    static const uint16_t types[] = {WR_TYPE_A, WR_TYPE_NS, WR_TYPE_DS, WR_TYPE_TXT};
    const char *text = names[code & 3];
    struct wr_question q = {.type = types[code >> 2 & 3], .dnssec_ok = (code & 0x10) != 0};
    bool joined;
    promise(wr_name_from_text(text, strlen(text), &q.name) == WR_OK);
    wr_id id = wr_requests_ask(requests, &q, now.mono_us, &joined);
    promise(id != 0);
    if (!joined) {
        wanted[asked % 4] = id;
        asked++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 4096) {
        return 0;
    }
    begin(data[0]);
    script = data + 1;
    script_size = size - 1;
    script_at = 0;
    memset(wanted, 0, sizeof(wanted));
    for (unsigned i = 0; i < 1u + (data[0] >> 6); i++) {
        ask(take());
        run(now.mono_us + (data[0] & 0x20 ? 100 * WR_MS : 0));
        if (data[0] & 0x10) {
            wr_requests_link_changed(requests, now.mono_us);
        }
        if (data[0] & 0x08) {
            wr_requests_adopt(requests, &upstreams, &ttl, NULL, 5000, now.mono_us);
        }
    }
    uint64_t end = now.mono_us + 6 * WR_S;
    run(end);
    promise(results == asked);
    promise(sent <= asked * WR_REQUEST_SENDS_MAX);
    run(end + 60 * WR_S);
    promise(wr_requests_count(requests) == 0);
    return 0;
}
