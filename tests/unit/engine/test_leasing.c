/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine/rig.h"

#include <stdio.h>

#include "engine/leasing.h"

static struct rig r;
static struct wr_segment segment[2];
static struct wr_segment_subnet subnet[2];
static struct wr_segments segments;
static struct wr_leasemirror *mirror;
static void *mirror_block;
static struct wr_device_table *devices;
static void *devices_block;
static struct wr_lease_ask ask; /* of the last LEASE */

/* 1, 10.1.0.0/16: the house. 2, 10.2.0.0/16: cameras, who may reach what was answered to them. */
static int start(void **state)
{
    static const struct wr_hash_key key = {{3, 4}};
    rig_start(&r);
    memset(segment, 0, sizeof(segment));
    memset(subnet, 0, sizeof(subnet));
    segments =
        (struct wr_segments){.segment = segment, .subnet = subnet, .segments = 2, .subnets = 2};
    for (uint16_t i = 0; i < 2; i++) {
        segment[i].label = (uint16_t)(i + 1);
        subnet[i].segment = i;
        assert_int_equal(
            wr_addr_prefix_from_text(i ? "10.2.0.0/16" : "10.1.0.0/16", &subnet[i].prefix), 0);
    }
    wr_segment_compile(&segments);
    segment[1].answered = true;
    size_t size = (wr_leasemirror_size(256) + 63) & ~(size_t)63;
    mirror_block = aligned_alloc(64, size);
    assert_non_null(mirror_block);
    memset(mirror_block, 0, size);
    mirror = wr_leasemirror_init(mirror_block, 256, &key);
    r.settings.segments = &segments;
    r.settings.lease = (struct wr_lease_settings){.floor_s = 60, .grace_s = 60, .name_max = 32};
    r.setup.leases = mirror;
    devices_block = aligned_alloc(64, (wr_device_size(16) + 63) & ~(size_t)63);
    assert_non_null(devices_block);
    memset(devices_block, 0, wr_device_size(16));
    devices = wr_device_init(devices_block, 16, &key);
    r.setup.devices = devices;
    r.engine = wr_engine_start(rig_alloc(&r, 3, wr_engine_size(&r.setup)), &r.setup, &r.now);
    return 0;
}

static int stop(void **state)
{
    rig_stop(&r);
    free(mirror_block);
    free(devices_block);
    return 0;
}

static void expect_lease(void)
{
    rig_expect(&r, WR_ACTION_LEASE);
    ask = *r.act.lease;
}

static void say(uint64_t id, uint32_t granted, int err)
{
    struct wr_event ev = {.kind = WR_EVENT_LEASE,
                          .lease = {.id = id, .granted = granted, .err = err}};
    wr_engine_feed(r.engine, &ev, &r.now);
}

static const struct rig_query camera = {.name = "www.example.", .from = "10.2.0.1:4000"};
static const struct rig_query house = {.name = "www.example.", .from = "10.1.0.1:4000"};

/* An answer with these addresses (last octets of 198.51.100.0/24) for the query, from the upstream. */
static void ask_and_answer(struct rig_query q, unsigned addresses, uint32_t ttl)
{
    static uint8_t ip[64][4];
    static struct rig_rr rr[64];
    for (unsigned i = 0; i < addresses; i++) {
        memcpy(ip[i], (const uint8_t[]){198, 51, 100, (uint8_t)(i + 1)}, 4);
        rr[i] = (struct rig_rr){
            .owner = q.name, .type = WR_TYPE_A, .ttl = ttl, .rdata = ip[i], .size = 4};
    }
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, rr, addresses);
}

static void test_a_reply_waits_until_it_is_granted(void **state)
{
    ask_and_answer(camera, 2, 300);
    expect_lease();
    assert_int_equal(ask.dests, 2);
    assert_int_equal(ask.dest[0].for_s, 360);
    assert_int_equal(ask.client.ip[1], 2);
    assert_int_equal(ask.client.port, 0);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_quiet(&r);
    assert_int_equal(wr_engine_inflight(r.engine), 1);
    assert_int_equal(wr_engine_deadline(r.engine), r.now.mono_us + WR_LEASE_WAIT_US);
    say(ask.id, 3, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    assert_int_equal(r.act.client.from.ip[1], 2);
    rig_quiet(&r);
    assert_int_equal(wr_engine_inflight(r.engine), 0);
    assert_int_equal(r.stats.leases_asked, 1);
    assert_int_equal(r.stats.replies, 1);
    say(ask.id, 3, WR_OK); /* twice is once */
    rig_quiet(&r);
}

static void test_others_do_not_wait(void **state)
{
    ask_and_answer(house, 2, 300);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.3.0.1:4000"});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.stats.leases_asked, 0);
}

static void test_what_has_no_address_does_not_wait(void **state)
{
    const struct rig_rr soa = RIG_SOA("example.", 60);
    rig_ask(&r, camera);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, WR_RCODE_NXDOMAIN, 0, &soa, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.stats.leases_asked, 0);
}

/* From the cache, for the same client at once; for another he waits for his own. */
static void test_a_hit_needs_none_while_there_is_one(void **state)
{
    ask_and_answer(camera, 2, 300);
    expect_lease();
    rig_expect(&r, WR_ACTION_FORGET);
    say(ask.id, 3, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    for (unsigned i = 0; i < 3; i++) { /* for as long as the entry lives */
        r.now.mono_us += 99 * WR_S;
        rig_ask(&r, camera);
        rig_expect(&r, WR_ACTION_REPLY);
    }
    assert_int_equal(r.stats.leases_held, 3);
    assert_int_equal(r.stats.leases_asked, 1);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.2:4000"});
    expect_lease();
    assert_int_equal(ask.client.ip[3], 2);
    say(ask.id, 3, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    wr_leasemirror_forget(mirror, &ask.client);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.2:4000"});
    expect_lease();
}

/* TTL 0 gets the floor; so for the floor and half the grace nobody asks again. */
static void test_the_floor(void **state)
{
    struct wr_leasemirror_party party;
    ask_and_answer(camera, 1, 0);
    expect_lease();
    assert_int_equal(ask.dest[0].for_s, 120);
    rig_expect(&r, WR_ACTION_FORGET);
    say(ask.id, 1, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    party = wr_leasemirror_party(mirror, &ask);
    assert_true(wr_leasemirror_holds(mirror, &party, &ask.dest[0], 1000 + 120));
    r.now.mono_us += 90 * WR_S;
    ask_and_answer(camera, 1, 0);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    r.now.mono_us += 1 * WR_S;
    ask_and_answer(camera, 1, 0);
    expect_lease();
}

static void test_only_what_is_new_is_asked_for_and_only_what_is_granted_leaves(void **state)
{
    ask_and_answer(camera, 1, 300);
    expect_lease();
    rig_expect(&r, WR_ACTION_FORGET);
    say(ask.id, 1, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    ask_and_answer((struct rig_query){.name = "cdn.example.", .from = "10.2.0.1:4000"}, 4, 100);
    expect_lease();
    assert_int_equal(ask.dests, 3); /* the first is there */
    for (unsigned i = 0; i < 3; i++) {
        assert_true(ask.dest[i].ip[3] >= 2);
    }
    uint8_t granted = ask.dest[1].ip[3];
    rig_expect(&r, WR_ACTION_FORGET);
    say(ask.id, 1u << 1 | 1u << 31, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    struct wr_msg_walk walk = wr_msg_walk(&r.msg, WR_SECTION_ANSWER);
    struct wr_msg_rr rr;
    while (wr_msg_next(&walk, &rr)) {
        assert_true(r.bytes[rr.rdata + 3] == 1 || r.bytes[rr.rdata + 3] == granted);
    }
    assert_int_equal(r.stats.leases_cut, 1);
}

/* Where a device's room is scarce, and what it was answered is open for a short time, it remembers it for a shorter one. */
static void test_granted_for_less(void **state)
{
    struct wr_leasemirror_party party;
    struct wr_event ev = {.kind = WR_EVENT_LEASE};
    ask_and_answer(camera, 2, 86400);
    expect_lease();
    rig_expect(&r, WR_ACTION_FORGET);
    ev.lease = (struct wr_lease_said){.id = ask.id, .granted = 3, .most_s = 360};
    wr_engine_feed(r.engine, &ev, &r.now);
    rig_expect(&r, WR_ACTION_REPLY);
    struct wr_msg_walk walk = wr_msg_walk(&r.msg, WR_SECTION_ANSWER);
    struct wr_msg_rr rr;
    unsigned n = 0;
    for (; wr_msg_next(&walk, &rr); n++) {
        assert_int_equal(rr.ttl, 300); /* without the grace */
    }
    assert_int_equal(n, 2);
    party = wr_leasemirror_party(mirror, &ask);
    assert_true(wr_leasemirror_holds(mirror, &party, &ask.dest[0], 1000 + 360));
    assert_false(wr_leasemirror_holds(mirror, &party, &ask.dest[0], 1000 + 361));
    rig_ask(&r, camera); /* from the cache, where it lasts: it has no lease for so long */
    expect_lease();
    ev.lease = (struct wr_lease_said){.id = ask.id, .granted = 3, .most_s = 10};
    wr_engine_feed(r.engine, &ev, &r.now);
    rig_expect(&r, WR_ACTION_REPLY);
    walk = wr_msg_walk(&r.msg, WR_SECTION_ANSWER);
    assert_true(wr_msg_next(&walk, &rr));
    assert_int_equal(rr.ttl, 0);
}

static void test_none_granted_is_no_data(void **state)
{
    ask_and_answer(camera, 4, 300);
    expect_lease();
    rig_expect(&r, WR_ACTION_FORGET);
    say(ask.id, 0, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
    assert_int_equal(r.msg.flags & 15, WR_RCODE_NOERROR);
    assert_int_equal(r.msg.edns.ede, WR_EDE_BLOCKED);
}

static void fails(bool closed, int err)
{
    segment[1].closed = closed;
    wr_leasemirror_clear(mirror);
    rig_ask(&r, camera);
    expect_lease();
    if (err != WR_OK) {
        say(ask.id, 0, err);
        rig_expect(&r, WR_ACTION_REPLY);
    } else {
        assert_false(rig_wait(&r, WR_LEASE_WAIT_US - 1));
        assert_true(rig_wait(&r, 1));
        assert_int_equal(r.act.kind, WR_ACTION_REPLY);
        say(ask.id, 3, WR_OK); /* too late */
        rig_quiet(&r);
    }
    assert_int_equal(r.msg.flags & 15, closed ? WR_RCODE_SERVFAIL : WR_RCODE_NOERROR);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], closed ? 0 : 2);
    assert_int_equal(r.msg.edns.ede, closed ? WR_EDE_NOT_READY : WR_EDE_NONE);
    struct wr_leasemirror_party party = wr_leasemirror_party(mirror, &ask);
    assert_false(wr_leasemirror_holds(mirror, &party, &ask.dest[0], 0));
}

static void test_refused_or_late_the_segment_decides(void **state)
{
    ask_and_answer(house, 2, 300);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    fails(false, WR_E_IO);
    fails(true, WR_E_IO);
    fails(false, WR_OK);
    fails(true, WR_OK);
    assert_int_equal(r.stats.leases_failed, 4);
    assert_int_equal(r.stats.servfail, 2);
}

/* The same place is used again, and what is said late to the one before is not said to it. */
static void test_late_is_of_no_place(void **state)
{
    ask_and_answer(camera, 2, 300);
    expect_lease();
    uint64_t before = ask.id;
    rig_expect(&r, WR_ACTION_FORGET);
    assert_true(rig_wait(&r, WR_LEASE_WAIT_US));
    rig_ask(&r, camera);
    expect_lease();
    assert_int_equal((uint32_t)ask.id, (uint32_t)before);
    say(before, 3, WR_OK);
    rig_quiet(&r);
    say(before, 0, WR_E_IO);
    rig_quiet(&r);
    say(UINT64_MAX, 3, WR_OK);
    say(0, 3, WR_OK);
    rig_quiet(&r);
    say(ask.id, 3, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
}

static void test_when_all_places_are_taken_the_segment_decides(void **state)
{
    char name[32], from[32];
    ask_and_answer(house, 2, 300);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    for (unsigned i = 0; i < WR_LEASE_SMALL_MAX + 2; i++) {
        snprintf(from, sizeof(from), "10.2.%u.%u:4000", i / 250, 1 + i % 250);
        snprintf(name, sizeof(name), "www.example.");
        segment[1].closed = i == WR_LEASE_SMALL_MAX + 1;
        rig_ask(&r, (struct rig_query){.name = name, .from = from});
        if (i < WR_LEASE_SMALL_MAX) {
            expect_lease();
        } else {
            rig_expect(&r, WR_ACTION_REPLY);
            assert_int_equal(r.msg.flags & 15,
                             segment[1].closed ? WR_RCODE_SERVFAIL : WR_RCODE_NOERROR);
        }
    }
    assert_int_equal(wr_engine_inflight(r.engine), WR_LEASE_SMALL_MAX);
    segment[1].closed = false;
    unsigned replies = 0;
    while (rig_wait(&r, WR_LEASE_WAIT_US)) {
        replies += r.act.kind == WR_ACTION_REPLY;
    }
    assert_int_equal(replies, WR_LEASE_SMALL_MAX);
    assert_int_equal(wr_engine_inflight(r.engine), 0);
}

static void test_a_large_reply_has_a_place_of_its_own(void **state)
{
    static uint8_t rdata[3 + 8 + 4 + 1800] = {0, 1, 0, 0, 4, 0, 4, 198, 51, 100, 7, 0xfd, 0xe8};
    const struct rig_rr rr = {.owner = "www.example.",
                              .type = WR_TYPE_HTTPS,
                              .ttl = 60,
                              .rdata = rdata,
                              .size = sizeof(rdata)};
    rdata[13] = 1800 >> 8;
    rdata[14] = 1800 & 255;
    struct rig_query q = {
        .name = "www.example.", .type = WR_TYPE_HTTPS, .from = "10.2.0.1:4000", .tcp = true};
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &rr, 1);
    expect_lease();
    rig_expect(&r, WR_ACTION_FORGET);
    say(ask.id, 1, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_true(r.act.size > WR_LEASE_SMALL_SIZE);
    wr_leasemirror_clear(mirror);
    for (unsigned i = 0; i < WR_LEASE_LARGE_MAX; i++) {
        rig_ask(&r, q);
        expect_lease();
    }
    rig_ask(&r, q);
    rig_expect(&r,
               WR_ACTION_REPLY); /* there is no place for one more, and small ones have theirs */
    struct wr_event gone = {.kind = WR_EVENT_CLIENT_GONE,
                            .client = {.transport = WR_CLIENT_TCP, .conn = 99}};
    wr_engine_feed(r.engine, &gone, &r.now);
    assert_int_equal(wr_engine_inflight(r.engine), 0);
    say(ask.id, 0x7ff, WR_OK); /* who asked is gone */
    rig_quiet(&r);
}

static void test_other_settings_meanwhile(void **state)
{
    static struct wr_settings next;
    ask_and_answer(camera, 2, 300);
    expect_lease();
    rig_expect(&r, WR_ACTION_FORGET);
    next = r.settings;
    next.segments = NULL; /* there are no segments any more */
    next.serial++;
    wr_engine_adopt(r.engine, &next, &r.now);
    rig_quiet(&r);
    say(ask.id, 0, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    rig_ask(&r, camera);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_false(wr_engine_wants_interface(r.engine));
    wr_engine_adopt(r.engine, &r.settings, &r.now);
    wr_leasemirror_clear(mirror);
    assert_true(wr_engine_wants_interface(r.engine));
    rig_ask(&r, camera);
    expect_lease();
    segment[1].closed = true;
    segment[1].answered = false; /* and this one has no leases any more */
    assert_true(rig_wait(&r, WR_LEASE_WAIT_US));
    assert_int_equal(r.msg.flags & 15, WR_RCODE_NOERROR);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
}

/* What may not be reached leaves without a lease asked for it; what weir says itself stays. */
static void test_never(void **state)
{
    static const uint8_t inside[] = {10, 1, 0, 7}, outside[] = {198, 51, 100, 7};
    const struct rig_rr rr[] = {
        {.owner = "www.example.", .type = WR_TYPE_A, .ttl = 60, .rdata = inside, .size = 4},
        {.owner = "www.example.", .type = WR_TYPE_A, .ttl = 60, .rdata = outside, .size = 4}};
    rig_ask(&r, camera);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, rr, 2);
    expect_lease();
    assert_int_equal(ask.dests, 1);
    rig_expect(&r, WR_ACTION_FORGET);
    say(ask.id, 1, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1);
    rig_ask(&r, (struct rig_query){.name = "only.example.", .from = "10.2.0.1:4000"});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    struct rig_rr one = rr[0];
    one.owner = "only.example.";
    rig_answer(&r, 0, 0, &one, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
}

/* Behind a server that is believed the lease is the device's, by its MAC address, and one of another device's is not his. */
static void test_for_whom_a_server_asks(void **state)
{
    static struct wr_prefix hop;
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x1a};
    uint8_t opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 10, 0xfd, 0xe9, 0, 6, 2, 0, 0, 0, 0, 0x1a};
    uint8_t query[256];
    ask_and_answer(house, 1, 300);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    assert_int_equal(wr_addr_prefix_from_text("10.2.0.1/32", &hop), 0);
    r.settings.hops = &hop;
    r.settings.hop_count = 1;
    for (unsigned i = 0; i < 3; i++) {
        struct rig_query q = {.name = "www.example.", .from = "10.2.0.1:4000", .no_edns = true};
        size_t n = rig_build_query(&q, query, sizeof(query));
        query[11] = 1; /* with this OPT record */
        opt[sizeof(opt) - 1] = i < 2 ? 0x1a : 0x1b;
        memcpy(query + n, opt, sizeof(opt));
        rig_feed_bytes(&r, &q, query, n + sizeof(opt));
        if (i == 1) {
            rig_expect(&r, WR_ACTION_REPLY);
            continue;
        }
        expect_lease();
        assert_true(ask.has_mac);
        assert_memory_equal(ask.mac, mac, 5);
        assert_int_equal(ask.mac[5], i == 0 ? 0x1a : 0x1b);
        say(ask.id, 1, WR_OK);
        rig_expect(&r, WR_ACTION_REPLY);
    }
}

/* While it waits other queries are answered, and each gets the reply that is its own. */
static void test_several_at_once(void **state)
{
    struct wr_lease_ask first;
    ask_and_answer(camera, 1, 300);
    expect_lease();
    first = ask;
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.2:4000", .id = 7});
    expect_lease();
    rig_ask(&r, house);
    rig_expect(&r, WR_ACTION_REPLY);
    say(ask.id, 1, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.id, 7);
    say(first.id, 1, WR_OK);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.id, 0x1234);
}

/* 10.2.0.1 is device 17, which may reach www.example by TCP, port 443, and nothing else. */
static const struct wr_policy *profile(struct wr_policy_spec *spec, void **set_block, void **block)
{
    static struct wr_mud_ace aces[2];
    static char texts[64];
    struct wr_mud mud;
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    struct wr_who who = {.device = 17, .state = WR_WHO_KNOWN, .sure = 90};
    struct wr_addr addr;
    wr_mud_init(&mud, aces, 2, texts, sizeof(texts));
    a.family = WR_AF_V4;
    a.protocol = 6;
    a.dst_port = (struct wr_mud_ports){443, 443, WR_MUD_PORT_IN};
    assert_int_equal(wr_mud_text(&mud, "www.example", 11, &a.dst_name), WR_OK);
    assert_int_equal(wr_mud_add(&mud, &a), WR_OK);
    const struct wr_mudset_item item = {.device = 17, .mud = &mud};
    *set_block = malloc(wr_mudset_size(&item, 1));
    assert_non_null(*set_block);
    const struct wr_hash_key key = {{1, 2}};
    spec->mud = wr_mudset_compile(*set_block, &item, 1, &key);
    *block = aligned_alloc(64, (wr_policy_size(spec) + 63) & ~(size_t)63);
    assert_non_null(*block);
    assert_int_equal(wr_addr_from_text("10.2.0.1", &addr), WR_OK);
    assert_int_equal(wr_device_put(devices, wr_device_key(devices, &addr, 0), &who), WR_OK);
    return wr_policy_compile(*block, spec);
}

/* A lease of a name in a profile is for the ports of that name; who has none gets one for all. */
static void test_ports_of_a_profile(void **state)
{
    struct wr_policy_spec spec = {.ttl_s = 60, .mud_label = 9};
    void *set_block, *block;
    r.settings.policy = profile(&spec, &set_block, &block);
    ask_and_answer(camera, 1, 300);
    expect_lease();
    assert_int_equal(ask.device, 17);
    assert_int_equal(ask.ports, 1);
    assert_true(ask.port[0].protocol == 6 && ask.port[0].port == 443);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.2:4000"});
    expect_lease();
    assert_int_equal(ask.ports, 0);
    rig_ask(&r, (struct rig_query){.name = "other.example.", .from = "10.2.0.1:4000"});
    rig_expect(&r, WR_ACTION_REPLY); /* refused: nobody is asked, and nothing is opened */
    assert_int_equal(r.bytes[3] & 15, WR_RCODE_NXDOMAIN);
    free(set_block);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(test_a_reply_waits_until_it_is_granted),
        T(test_others_do_not_wait),
        T(test_what_has_no_address_does_not_wait),
        T(test_a_hit_needs_none_while_there_is_one),
        T(test_the_floor),
        T(test_only_what_is_new_is_asked_for_and_only_what_is_granted_leaves),
        T(test_granted_for_less),
        T(test_none_granted_is_no_data),
        T(test_refused_or_late_the_segment_decides),
        T(test_late_is_of_no_place),
        T(test_when_all_places_are_taken_the_segment_decides),
        T(test_a_large_reply_has_a_place_of_its_own),
        T(test_other_settings_meanwhile),
        T(test_never),
        T(test_for_whom_a_server_asks),
        T(test_several_at_once),
        T(test_ports_of_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
