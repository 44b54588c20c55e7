/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "unit/engine/rig.h"
#include "unit/resolve/localtest.h"

static struct rig r;

static void expect_error(uint16_t rcode)
{
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), rcode);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
    rig_quiet(&r);
}

static void test_outsider_hears_refused_then_nothing(void **state)
{
    rig_start(&r);
    r.settings.prefix4_len = 32; /* the network counts, not what is one client */
    for (unsigned i = 0; i < 2; i++) {
        struct rig_query q = {.name = "a.example.", .from = "203.0.113.5:999"};
        uint8_t query[512];
        size_t size = rig_build_query(&q, query, sizeof(query));
        rig_feed_bytes(&r, &q, query, size);
        expect_error(WR_RCODE_REFUSED);
        assert_true(r.act.size <= size);
    }
    for (unsigned i = 0; i < 20; i++) {
        rig_ask(&r, (struct rig_query){.name = "a.example.", .from = "203.0.113.9:999"});
        rig_expect(&r, WR_ACTION_DROP);
    }
    assert_int_equal(r.stats.dropped_outsider, 20);
    rig_stop(&r);
}

static void test_broken_messages(void **state)
{
    rig_start(&r);
    const struct rig_query q = {.name = "a.example."};
    uint8_t bytes[64] = {0};
    rig_feed_bytes(&r, &q, bytes, 11);
    rig_expect(&r, WR_ACTION_DROP);
    bytes[2] = 0x80; /* QR */
    rig_feed_bytes(&r, &q, bytes, 12);
    rig_expect(&r, WR_ACTION_DROP);
    bytes[2] = 0;
    rig_feed_bytes(&r, &q, bytes, 12); /* QDCOUNT 0 without a cookie */
    expect_error(WR_RCODE_FORMERR);
    bytes[5] = 2; /* QDCOUNT 2 */
    rig_feed_bytes(&r, &q, bytes, 22);
    expect_error(WR_RCODE_FORMERR);
    bytes[5] = 1;
    bytes[12] = 0xc0; /* a pointer to itself */
    bytes[13] = 12;
    rig_feed_bytes(&r, &q, bytes, 18);
    expect_error(WR_RCODE_FORMERR);
    assert_int_equal(r.stats.dropped_malformed, 1);
    assert_int_equal(r.stats.dropped_response, 1);
    rig_stop(&r);
}

static void test_not_done_here(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .flags = WR_OPCODE_UPDATE << 11});
    expect_error(WR_RCODE_NOTIMP);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .type = WR_TYPE_AXFR});
    expect_error(WR_RCODE_REFUSED);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .type = WR_TYPE_OPT});
    expect_error(WR_RCODE_NOTIMP);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .class_ = 4});
    expect_error(WR_RCODE_REFUSED);
    rig_ask(&r, (struct rig_query){.name = "unseen.example.", .no_rd = true});
    expect_error(WR_RCODE_REFUSED);
    assert_int_equal(r.stats.upstream_sent, 0);
    rig_stop(&r);
}

/* A primary may tell, though it is nobody who may ask; nobody else is listened to (RFC 1996 section 3.10). */
static void test_notify(void **state)
{
    static _Atomic uint32_t counts[WR_NEWS_COUNTS];
    static const struct wr_news_zone zone = {
        .name = {.wire = "\4corp\7example", .size = 14},
        .from = {{.family = WR_AF_V4, .ip = {203, 0, 113, 5}, .port = 53}},
        .froms = 1};
    struct rig_query q = {.name = "corp.example.",
                          .type = WR_TYPE_SOA,
                          .from = "203.0.113.5:999",
                          .flags = WR_OPCODE_NOTIFY << 11};
    rig_start(&r);
    r.settings.news = (struct wr_news){.zone = &zone, .zones = 1, .counts = counts};
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_NOERROR);
    assert_int_equal(wr_msg_opcode(&r.msg), WR_OPCODE_NOTIFY);
    assert_true(r.msg.flags & WR_FLAG_AA);
    assert_int_equal(counts[wr_news_number(zone.name.wire)], 1);
    q.from = "203.0.113.6:999";
    rig_ask(&r, q);
    expect_error(WR_RCODE_REFUSED);
    q.from = NULL; /* one who may ask */
    rig_ask(&r, q);
    expect_error(WR_RCODE_NOTIMP);
    q.from = "203.0.113.5:999";
    q.flags = 0;
    rig_ask(&r, q); /* a question of the primary is a question */
    expect_error(WR_RCODE_REFUSED);
    assert_int_equal(counts[wr_news_number(zone.name.wire)], 1);
    assert_int_equal(r.stats.notifies, 1);
    rig_stop(&r);
}

static void test_any_is_minimal(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .type = WR_TYPE_ANY});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).type, WR_TYPE_HINFO);
    rig_stop(&r);
}

static void test_chaos_only_when_told(void **state)
{
    rig_start(&r);
    struct rig_query q = {.name = "id.server.", .type = WR_TYPE_TXT, .class_ = WR_CLASS_CH};
    rig_ask(&r, q);
    expect_error(WR_RCODE_REFUSED);
    strcpy(r.settings.identity, "gw-1");
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_REPLY);
    struct wr_msg_rr rr = rig_rr_at(&r, WR_SECTION_ANSWER);
    assert_memory_equal(r.msg.wire + rr.rdata, "\4gw-1", 5);
    rig_stop(&r);
}

static void test_server_cookie_proves_the_address(void **state)
{
    rig_start(&r);
    r.settings.rrl_rate = 1;
    uint8_t cookie[40];
    memset(cookie, 0x5a, 8);
    rig_ask(&r, (struct rig_query){
                    .name = "a.example.", .type = WR_TYPE_ANY, .cookie = cookie, .cookie_size = 8});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.edns.cookie_size, 24);
    memcpy(cookie, r.msg.edns.cookie, 24);
    for (unsigned i = 0; i < 50; i++) { /* proven: no response rate limit */
        rig_ask(&r, (struct rig_query){.name = "a.example.",
                                       .type = WR_TYPE_ANY,
                                       .cookie = cookie,
                                       .cookie_size = 24});
        rig_expect(&r, WR_ACTION_REPLY);
        assert_false(r.msg.flags & WR_FLAG_TC);
    }
    cookie[20] ^= 1; /* forged: limited like everybody */
    unsigned answered = 0;
    for (unsigned i = 0; i < 50; i++) {
        rig_ask(&r, (struct rig_query){.name = "a.example.",
                                       .type = WR_TYPE_ANY,
                                       .cookie = cookie,
                                       .cookie_size = 24});
        assert_true(rig_poll(&r));
        answered += r.act.kind == WR_ACTION_REPLY;
    }
    assert_true(answered <= 1);
    assert_int_equal(r.stats.badcookie, 50);
    rig_stop(&r);
}

static void test_limited_responses_slip_truncated(void **state)
{
    unsigned full = 0, slipped = 0, dropped = 0;
    rig_start(&r);
    r.settings.rrl_rate = 5;
    r.settings.rrl_slip = 2;
    for (unsigned i = 0; i < 200; i++) {
        r.now.mono_us += 100;
        rig_ask(&r, (struct rig_query){.name = "a.example.", .type = WR_TYPE_ANY});
        assert_true(rig_poll(&r));
        dropped += r.act.kind == WR_ACTION_DROP;
        if (r.act.kind == WR_ACTION_REPLY) {
            bool tc = r.msg.flags & WR_FLAG_TC;
            slipped += tc;
            full += !tc;
            assert_true(!tc || r.act.size <= 12 + 11 + 4 + 11);
        }
    }
    assert_in_range(full, 5, 6);
    assert_true(slipped > 50 && dropped > 50);
    assert_int_equal(r.stats.slipped_rrl, slipped);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .type = WR_TYPE_ANY, .tcp = true});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_false(r.msg.flags & WR_FLAG_TC);
    rig_stop(&r);
}

static void test_client_rate(void **state)
{
    rig_start(&r);
    r.settings.client_rate = r.settings.client_burst = 10;
    for (unsigned i = 0; i < 30; i++) {
        rig_ask(&r, (struct rig_query){.name = "a.example.", .type = WR_TYPE_ANY});
        assert_true(rig_poll(&r));
    }
    assert_int_equal(r.stats.dropped_client_rate, 20);
    rig_ask(&r,
            (struct rig_query){.name = "a.example.", .type = WR_TYPE_ANY, .from = "10.7.7.7:5"});
    rig_expect(&r, WR_ACTION_REPLY); /* another prefix, another bucket */
    rig_stop(&r);
}

static unsigned answered(const char *from, bool tcp, unsigned queries)
{
    unsigned replies = 0;
    for (unsigned i = 0; i < queries; i++) {
        rig_ask(&r, (struct rig_query){
                        .name = "a.example.", .type = WR_TYPE_ANY, .from = from, .tcp = tcp});
        while (rig_poll(&r)) {
            replies += r.act.kind == WR_ACTION_REPLY;
        }
    }
    return replies;
}

/* Whoever forges a device's address takes nothing from what the device sends over TCP. */
static void test_a_forger_does_not_silence(void **state)
{
    rig_start(&r);
    r.settings.client_rate = r.settings.client_burst = 10;
    assert_int_equal(answered("10.1.1.1:1000", false, 30), 10);
    assert_int_equal(answered("10.1.1.1:1000", true, 30), 10);
    rig_stop(&r);
}

/* A device of an IPv6 network leaves its neighbours theirs; with one address after another it comes to an end. */
static void test_neighbours_of_one_prefix(void **state)
{
    char from[64];
    unsigned replies = 0;
    rig_start(&r);
    r.settings.client_rate = r.settings.client_burst = 10;
    r.settings.prefix6_len = 64;
    assert_int_equal(wr_addr_prefix_from_text("fd00:7::/64", &r.allow[0]), 0);
    assert_int_equal(answered("[fd00:7::5]:1000", false, 30), 10);
    assert_int_equal(answered("[fd00:7::6]:1000", false, 10), 10);
    for (unsigned i = 0; i < 30; i++) {
        snprintf(from, sizeof(from), "[fd00:7::1:%x]:1000", i);
        replies += answered(from, false, 10);
    }
    assert_int_equal(replies, 10 * WR_PREFIX_CLIENTS - 20);
    rig_stop(&r);
}

/* The query that weir sent to 192.0.2.1 arrives at weir, asked of 192.0.2.1: its client cookie tells. */
static void test_own_question_is_a_loop(void **state)
{
    uint8_t query[512];
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "loop.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    size_t size = r.act.size;
    memcpy(query, r.act.bytes, size);
    struct wr_event ev = {.kind = WR_EVENT_QUERY, .bytes = query, .size = size};
    assert_int_equal(wr_addr_from_text("10.0.0.254:40000", &ev.client.from), 0);
    ev.client.local = r.act.to;
    wr_engine_feed(r.engine, &ev, &r.now);
    expect_error(WR_RCODE_SERVFAIL);
    assert_non_null(r.msg.edns.ede_text);
    assert_int_equal(r.stats.forwarding_loops, 1);
    rig_stop(&r);
}

/* `dnssec.serve: false`: who asks for signatures is answered like who does not, and nobody is asked for them. */
static void test_no_signatures_for_anybody(void **state)
{
    rig_start(&r);
    r.settings.unsigned_only = true;
    rig_ask(&r, (struct rig_query){.name = "a.example.", .dnssec_ok = true});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    assert_false(r.msg.edns.dnssec_ok);
    rig_answer(&r, 0, 0, &RIG_A("a.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_true(r.msg.edns.present);
    assert_false(r.msg.edns.dnssec_ok);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_stop(&r);
}

static void test_do_and_cd_stand_apart(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "a.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    assert_false(r.msg.edns.dnssec_ok);
    rig_answer(&r, 0, 0, &RIG_A("a.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .dnssec_ok = true});
    rig_expect(&r, WR_ACTION_DATAGRAM); /* signatures were not fetched: asked again with DO */
    assert_true(r.msg.edns.dnssec_ok);
    rig_answer(&r, 0, 0, &RIG_A("a.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .flags = WR_FLAG_CD});
    rig_expect(
        &r, WR_ACTION_DATAGRAM); /* an unchecked answer is not shared with who wants it checked */
    assert_true(r.msg.flags & WR_FLAG_CD);
    rig_stop(&r);
}

static void test_refresh_before_expiry(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "a.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &RIG_A("a.example.", 100), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    r.now.mono_us += 50 * WR_S;
    rig_ask(&r, (struct rig_query){.name = "a.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    rig_quiet(&r);
    r.now.mono_us += 45 * WR_S;
    rig_ask(&r, (struct rig_query){.name = "a.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &RIG_A("a.example.", 100), 1);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_quiet(&r);
    assert_int_equal(r.stats.prefetches, 1);
    r.now.mono_us += 50 * WR_S;
    rig_ask(&r, (struct rig_query){.name = "a.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).ttl, 50);
    rig_stop(&r);
}

/* A name that is asked often is handed to its worker once, not at each hit of its last tenth. */
static void test_refresh_is_handed_over_once(void **state)
{
    char name[32] = "n0.example.";
    rig_start(&r);
    r.setup.workers = 2;
    r.engine = wr_engine_start(rig_alloc(&r, 3, wr_engine_size(&r.setup)), &r.setup, &r.now);
    do { /* a name of the other worker */
        name[1]++;
        rig_ask(&r, (struct rig_query){.name = name});
        assert_true(rig_poll(&r));
    } while (r.act.kind != WR_ACTION_HANDOVER);
    struct wr_event ev = {
        .kind = WR_EVENT_QUERY, .client = r.act.client, .bytes = r.bytes, .size = r.act.size};
    wr_engine_feed(r.engine, &ev, &r.now); /* the ring is full: asked here */
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &RIG_A(name, 100), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    r.now.mono_us += 95 * WR_S;
    for (unsigned i = 0; i < 50; i++) {
        rig_ask(&r, (struct rig_query){.name = name});
        rig_expect(&r, WR_ACTION_REPLY);
        if (i == 0) {
            rig_expect(&r, WR_ACTION_HANDOVER);
            assert_true(r.act.client.refresh);
        }
        rig_quiet(&r);
        r.now.mono_us += 10 * WR_MS;
    }
    r.now.mono_us += 600 * WR_MS; /* it came to nothing: another */
    rig_ask(&r, (struct rig_query){.name = name});
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_HANDOVER);
    rig_stop(&r);
}

/* With two workers half of the names belong to the other one. */
static void test_handover(void **state)
{
    unsigned handed = 0;
    rig_start(&r);
    r.setup.workers = 2;
    r.engine = wr_engine_start(rig_alloc(&r, 3, wr_engine_size(&r.setup)), &r.setup, &r.now);
    for (unsigned i = 0; i < 40; i++) {
        char name[32] = "n00.example.";
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        rig_ask(&r, (struct rig_query){.name = name, .from = i % 2 ? "10.1.0.1:5" : "10.2.0.1:5"});
        assert_true(rig_poll(&r));
        if (r.act.kind == WR_ACTION_HANDOVER) {
            handed++;
            assert_int_equal(r.act.worker, 1);
            assert_true(r.act.client.handed);
            struct wr_event ev = {.kind = WR_EVENT_QUERY,
                                  .client = r.act.client,
                                  .bytes = r.bytes,
                                  .size = r.act.size};
            rig_quiet(&r);
            if (handed == 1) { /* the other's ring is full: it comes back and is asked here */
                wr_engine_feed(r.engine, &ev, &r.now);
                rig_expect(&r, WR_ACTION_DATAGRAM);
            }
        }
    }
    assert_in_range(handed, 8, 32);
    rig_stop(&r);
}

/* A worker of two that learns for referrals, and whose names are those of the root's servers. */
static void learning_worker(uint16_t worker)
{
    rig_start(&r);
    r.setup.workers = 2;
    r.setup.worker = worker;
    r.settings.without_rd = WR_WITHOUT_RD_LEARN;
    r.settings.upstreams.group[0].authoritative = true;
    r.setup.infra_slots = 16;
    r.state = rig_alloc(&r, 1, (WR_UPSTREAMS_MAX + 16) * sizeof(*r.state));
    r.setup.upstream_state = r.state;
    r.engine = wr_engine_start(rig_alloc(&r, 3, wr_engine_size(&r.setup)), &r.setup, &r.now);
}

/* What a referral lacks is asked by the worker that owns that question, once, and there the client waits. */
static void test_learning_for_a_referral(void **state)
{
    unsigned handed = 0;
    for (uint16_t worker = 0; worker < 2; worker++) {
        learning_worker(worker);
        rig_ask(&r, (struct rig_query){.name = "www.example.", .no_rd = true});
        assert_true(rig_poll(&r));
        if (r.act.kind == WR_ACTION_HANDOVER) {
            struct wr_event ev = {.kind = WR_EVENT_QUERY,
                                  .client = r.act.client,
                                  .bytes = r.bytes,
                                  .size = r.act.size};
            handed++;
            assert_true(r.act.client.handed);
            assert_int_equal(r.act.worker, 1 - worker);
            rig_quiet(&r);
            wr_engine_feed(r.engine, &ev, &r.now); /* as if it were the other */
            assert_true(rig_poll(&r));
        }
        assert_int_equal(r.act.kind, WR_ACTION_DATAGRAM);
        assert_int_equal(r.msg.qtype, WR_TYPE_NS);
        assert_int_equal(r.msg.qname.wire[0], 0);
        rig_answer(&r, 0, WR_FLAG_AA,
                   &(struct rig_rr){".", WR_TYPE_NS, 300, (const uint8_t *)"\1a\4root", 8,
                                    WR_SECTION_ANSWER},
                   1);
        rig_expect(&r, WR_ACTION_REPLY);
        assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_NOERROR);
        assert_int_equal(r.msg.qtype, WR_TYPE_A);
        assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).type, WR_TYPE_NS);
        rig_stop(&r);
    }
    assert_int_equal(handed, 1);
}

/* The root's servers are silent: who wants no recursion waits no longer than who would be given something stale, nor does who joins. */
static void test_learning_does_not_take_long(void **state)
{
    learning_worker(0);
    r.setup.workers = 1;
    r.engine = wr_engine_start(rig_alloc(&r, 3, wr_engine_size(&r.setup)), &r.setup, &r.now);
    uint64_t begun_us = r.now.mono_us;
    rig_ask(&r, (struct rig_query){.name = "www.example.", .no_rd = true});
    do {
        assert_true(rig_wait(&r, 10 * WR_S));
    } while (r.act.kind != WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_REFUSED);
    assert_int_equal(r.now.mono_us - begun_us, 1800 * WR_MS);
    rig_ask(&r, (struct rig_query){.name = "ftp.example.", .no_rd = true});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_REFUSED);
    rig_stop(&r);
}

static void test_the_busiest_prefix_yields(void **state)
{
    unsigned flood_failed = 0;
    rig_start(&r);
    for (unsigned i = 0; i < 60; i++) {
        char name[32] = "f00.example.";
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        rig_ask(&r, (struct rig_query){.name = name, .from = "10.66.0.1:5"});
        while (rig_poll(&r)) {
            flood_failed += r.act.kind == WR_ACTION_REPLY;
        }
    }
    assert_int_equal(wr_engine_inflight(r.engine), 32);
    assert_int_equal(flood_failed, 28);
    rig_ask(&r, (struct rig_query){.name = "door.example.", .from = "10.1.0.1:5"});
    bool asked = false;
    while (rig_poll(&r)) {
        asked |= r.act.kind == WR_ACTION_DATAGRAM;
        if (r.act.kind == WR_ACTION_REPLY) {
            assert_int_equal(r.act.client.from.ip[1], 66);
            assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_SERVFAIL);
        }
    }
    assert_true(asked);
    rig_stop(&r);
}

static struct localtest t;

/* Encrypted services are named by weir itself, to who asks an address where they are; else the special zone has NODATA, and nobody
 * is asked (RFC 9462 sections 4 and 6.4). */
static void test_designated(void **state)
{
    static struct wr_designated_door door = {
        .addr = {.family = WR_AF_V4, .ip = {10, 0, 0, 254}, .port = 853}, .kind = WR_SERVICE_DOT};
    static struct wr_name name;
    static struct wr_designated_proof proof = {.name = &name, .names = 1};
    struct rig_query q = {.name = "_dns.resolver.arpa.", .type = WR_TYPE_SVCB};
    rig_start(&r);
    memset(&t, 0, sizeof(t));
    localtest_zone(&t, "resolver.arpa.", WR_LOCAL_NODATA);
    wr_engine_adopt_local(r.engine, localtest_build(&t));
    rig_name("gate.example.", &name);
    rig_ask(&r, q);
    expect_error(WR_RCODE_NOERROR);
    r.settings.designated = (struct wr_designated){
        .door = &door, .proof = &proof, .doors = 1, .proofs = 1, .path = "/"};
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1);
    assert_true(r.msg.flags & WR_FLAG_AA);
    struct wr_msg_rr rr = rig_rr_at(&r, WR_SECTION_ANSWER);
    assert_int_equal(rr.type, WR_TYPE_SVCB);
    assert_int_equal(rr.ttl, WR_DESIGNATED_TTL_S);
    /* Another's address is not where they are, whatever address that is. */
    static struct wr_segment segment = {.label = 1, .hairpins = true};
    static struct wr_segment_subnet subnet;
    static struct wr_segments segments = {
        .segment = &segment, .subnet = &subnet, .segments = 1, .subnets = 1};
    subnet.prefix = r.allow[0];
    r.settings.segments = &segments;
    q.asked = "10.0.0.254:53";
    rig_ask(&r, q);
    expect_error(WR_RCODE_NOERROR);
    q.asked = NULL;
    door.addr.ip[3] = 253; /* not at the address that was asked, and no certificate has it */
    rig_ask(&r, q);
    expect_error(WR_RCODE_NOERROR);
    q.type = WR_TYPE_A;
    rig_ask(&r, q);
    expect_error(WR_RCODE_NOERROR);
    assert_int_equal(r.stats.upstream_sent, 0);
    localtest_free(&t);
    rig_stop(&r);
}

static void own_names(void)
{
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "cam.home.arpa.", WR_TYPE_A, "192.0.2.7");
    localtest_add(&t, "*.w.home.arpa.", WR_TYPE_A, "192.0.2.8");
    localtest_add(&t, "out.home.arpa.", WR_TYPE_CNAME, "www.example.");
    wr_engine_adopt_local(r.engine, localtest_build(&t));
}

static void expect_local(const char *name, uint16_t type, uint16_t rcode, unsigned answers)
{
    rig_ask(&r, (struct rig_query){.name = name, .type = type, .no_rd = true});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), rcode);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], answers);
    assert_true(r.msg.flags & WR_FLAG_AA);
    assert_false(r.msg.flags & WR_FLAG_AD);
    rig_quiet(&r);
}

/* Local names need no upstream and no recursion, and are ours: AA (RFC 1034 section 4.3.1). */
static void test_local_names(void **state)
{
    rig_start(&r);
    own_names();
    expect_local("CAM.home.arpa.", WR_TYPE_A, 0, 1);
    assert_memory_equal(rig_rr_at(&r, WR_SECTION_ANSWER).owner.wire, "\3CAM", 4); /* as asked */
    expect_local("x.w.home.arpa.", WR_TYPE_A, 0, 1);
    expect_local("cam.home.arpa.", WR_TYPE_AAAA, 0, 0);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_AUTHORITY).type, WR_TYPE_SOA);
    expect_local("no.home.arpa.", WR_TYPE_A, WR_RCODE_NXDOMAIN, 0);
    expect_local("no.home.arpa.", WR_TYPE_ANY, WR_RCODE_NXDOMAIN, 0);
    assert_int_equal(r.stats.local_answers, 4);
    assert_int_equal(r.stats.cache_hits, 0);
    rig_ask(&r, (struct rig_query){.name = "cam.home.arpa.", .type = WR_TYPE_ANY});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).type, WR_TYPE_HINFO);
    wr_engine_adopt_local(r.engine, NULL);
    rig_ask(&r, (struct rig_query){.name = "cam.home.arpa."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    localtest_free(&t);
    rig_stop(&r);
}

/* Without RD a delegation is told with its glue, and no AA (RFC 1034 section 4.3.2 step 3b); with RD somebody is asked. */
static void test_referral(void **state)
{
    rig_start(&r);
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "sub.home.arpa.", WR_TYPE_NS, "ns.sub.home.arpa.");
    localtest_add(&t, "sub.home.arpa.", WR_TYPE_NS, "ns.example.");
    localtest_add(&t, "ns.sub.home.arpa.", WR_TYPE_A, "192.0.2.9");
    wr_engine_adopt_local(r.engine, localtest_build(&t));
    rig_ask(&r, (struct rig_query){.name = "x.sub.home.arpa.", .no_rd = true, .no_edns = true});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), 0);
    assert_false(r.msg.flags & WR_FLAG_AA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
    assert_int_equal(r.msg.counts[WR_SECTION_AUTHORITY], 2);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_AUTHORITY).type, WR_TYPE_NS);
    assert_int_equal(r.msg.counts[WR_SECTION_ADDITIONAL], 1);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ADDITIONAL).type, WR_TYPE_A);
    rig_ask(&r, (struct rig_query){.name = "x.sub.home.arpa."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    localtest_free(&t);
    rig_stop(&r);
}

/* The alias is ours, its target is not: asked once, then known, and stale when it must be. */
static void test_local_alias_to_outside(void **state)
{
    const struct rig_rr a = RIG_A("www.example.", 60);
    rig_start(&r);
    own_names();
    rig_ask(&r, (struct rig_query){.name = "out.home.arpa."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    assert_true(wr_name_equal(r.msg.qname.wire, wire_name("www.example.").wire));
    rig_answer(&r, 0, 0, &a, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    while (rig_poll(&r)) {
    }
    rig_ask(&r, (struct rig_query){.name = "out.home.arpa."});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    assert_int_equal(r.stats.cache_hits, 1);
    r.now.mono_us += 100 * WR_S; /* www.example is stale now, and nobody answers */
    rig_ask(&r, (struct rig_query){.name = "out.home.arpa."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    while (rig_wait(&r, 3 * WR_S) && r.act.kind != WR_ACTION_REPLY) {
    }
    assert_int_equal(r.act.kind, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), 0);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    assert_int_equal(r.stats.cache_stale, 1);
    localtest_free(&t);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outsider_hears_refused_then_nothing),
        cmocka_unit_test(test_broken_messages),
        cmocka_unit_test(test_not_done_here),
        cmocka_unit_test(test_notify),
        cmocka_unit_test(test_designated),
        cmocka_unit_test(test_any_is_minimal),
        cmocka_unit_test(test_chaos_only_when_told),
        cmocka_unit_test(test_server_cookie_proves_the_address),
        cmocka_unit_test(test_limited_responses_slip_truncated),
        cmocka_unit_test(test_client_rate),
        cmocka_unit_test(test_a_forger_does_not_silence),
        cmocka_unit_test(test_neighbours_of_one_prefix),
        cmocka_unit_test(test_own_question_is_a_loop),
        cmocka_unit_test(test_no_signatures_for_anybody),
        cmocka_unit_test(test_do_and_cd_stand_apart),
        cmocka_unit_test(test_refresh_before_expiry),
        cmocka_unit_test(test_refresh_is_handed_over_once),
        cmocka_unit_test(test_handover),
        cmocka_unit_test(test_learning_for_a_referral),
        cmocka_unit_test(test_learning_does_not_take_long),
        cmocka_unit_test(test_the_busiest_prefix_yields),
        cmocka_unit_test(test_local_names),
        cmocka_unit_test(test_referral),
        cmocka_unit_test(test_local_alias_to_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
