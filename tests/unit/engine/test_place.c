/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine/rig.h"

static struct rig r;
static struct wr_prefix desk;
static struct wr_segment segment[2];
static struct wr_segment_subnet subnet[2];
static struct wr_segments segments;

/* 1, 10.1.0.0/16: the house. 2, 10.2.0.0/16: cameras. */
static void start(void)
{
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
    r.settings.segments = &segments;
    r.settings.ttl.stale_client_timeout_ms = 20;
}

static int rcode_of(const char *from)
{
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = from});
    rig_expect(&r, WR_ACTION_REPLY);
    return r.act.bytes[3] & 15;
}

static void fill(void)
{
    const struct rig_rr rr = RIG_A("www.example.", 60);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.3.0.1:4000"});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &rr, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
}

static void test_a_segment_says_who_of_it_may_ask(void **state)
{
    struct wr_addr outside, of_it;
    start();
    fill();
    assert_int_equal(wr_addr_prefix_from_text("10.2.0.7/32", &desk), 0);
    segment[1].allow = &desk;
    segment[1].allows = 1;
    assert_int_equal(rcode_of("10.2.0.7:4000"), WR_RCODE_NOERROR);
    assert_int_equal(rcode_of("10.2.0.8:4000"), WR_RCODE_REFUSED);
    assert_int_equal(rcode_of("10.1.0.8:4000"), WR_RCODE_NOERROR);
    r.allow[0].addr.ip[0] = 9; /* nobody else may */
    assert_int_equal(rcode_of("10.2.0.7:4000"), WR_RCODE_NOERROR);
    assert_int_equal(rcode_of("10.1.0.8:4000"), WR_RCODE_REFUSED);
    assert_int_equal(wr_addr_from_text("10.2.0.7", &of_it), 0);
    assert_int_equal(wr_addr_from_text("10.1.0.8", &outside), 0);
    assert_true(wr_engine_may_ask(r.engine, &of_it));
    assert_false(wr_engine_may_ask(r.engine, &outside));
    rig_stop(&r);
}

/* Who gets a reply in this time, by the second octet of his address: an answer (1), or a failure (16). */
static unsigned replies(uint64_t us)
{
    uint64_t end = r.now.mono_us + us;
    unsigned who = 0;
    while (rig_poll(&r) || rig_wait(&r, end - r.now.mono_us)) {
        if (r.act.kind == WR_ACTION_REPLY) {
            bool answered = (r.act.bytes[3] & 15) == WR_RCODE_NOERROR;
            who |= (answered ? 1u : 16u) << r.act.client.from.ip[1];
        }
    }
    return who;
}

/* All three wait for one question; nobody answers it. */
static unsigned wait_for_stale(void)
{
    static const char *const from[] = {"10.2.0.1:4000", "10.1.0.1:4000", "10.3.0.1:4000"};
    for (unsigned i = 0; i < 3; i++) {
        rig_ask(&r, (struct rig_query){.name = "www.example.", .from = from[i]});
    }
    return replies(30 * WR_MS);
}

static void test_a_segment_may_get_nothing_stale(void **state)
{
    start();
    segment[1].stale = WR_SEGMENT_STALE_NEVER;
    fill();
    r.now.mono_us += 100 * WR_S;
    assert_int_equal(wait_for_stale(),
                     1u << 1 | 1u << 3); /* the first in the row goes on waiting */
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.2:4000"});
    assert_int_equal(replies(1), 0); /* nor is he told at once, as others are now */
    assert_int_equal(replies(5000 * WR_MS), 16u << 2);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.1.0.2:4000"});
    assert_int_equal(replies(1), 1u << 1); /* it failed a moment ago */
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.2:4000"});
    assert_int_equal(replies(1), 16u << 2);
    rig_stop(&r);
}

static void test_a_segment_alone_may_get_what_is_stale(void **state)
{
    start();
    r.settings.ttl.stale = false;
    segment[0].stale = WR_SEGMENT_STALE_SERVE;
    segment[0].stale_max_age_s = 200;
    fill();
    r.now.mono_us += 100 * WR_S;
    assert_int_equal(wait_for_stale(), 1u << 1);
    rig_stop(&r);
    start();
    segment[0].stale = WR_SEGMENT_STALE_SERVE;
    segment[0].stale_max_age_s = 20;
    fill();
    r.now.mono_us += 100 * WR_S;
    assert_int_equal(wait_for_stale(), 1u << 2 | 1u << 3);
    rig_stop(&r);
}

/* What decides is not there: a closed segment is told so, an open one goes on, and both are counted. */
static void test_a_closed_segment_is_told_nothing_without_its_lists(void **state)
{
    static const uint16_t feed = 30;
    static const struct wr_nametree names;
    static const struct wr_policy_rule rule = {
        .label = 5, .action = WR_VERDICT_NXDOMAIN, .feed = &feed, .feeds = 1};
    static const struct wr_policy_spec spec = {.rule = &rule, .rules = 1};
    static struct wr_feedset feeds;
    void *block = aligned_alloc(64, (wr_policy_size(&spec) + 63) / 64 * 64);
    assert_non_null(block);
    start();
    fill();
    segment[1].closed = true;
    r.settings.policy = wr_policy_compile(block, &spec);
    feeds = (struct wr_feedset){.count = 1, .item = {{.label = 30}}};
    wr_engine_adopt(r.engine, &r.settings, &r.now);
    wr_engine_adopt_feeds(r.engine, &feeds);
    assert_int_equal(rcode_of("10.2.0.7:4000"), WR_RCODE_REFUSED);
    assert_int_equal(r.msg.edns.ede, WR_EDE_NOT_READY);
    assert_int_equal(rcode_of("10.1.0.7:4000"), WR_RCODE_NOERROR);
    assert_int_equal(rcode_of("10.3.0.7:4000"), WR_RCODE_NOERROR); /* in no segment */
    assert_int_equal(r.stats.lack_refused, 1);
    assert_int_equal(r.stats.lack_passed, 1);
    static struct wr_feedset whole;
    whole = feeds;
    whole.item[0].names = &names;
    wr_engine_adopt_feeds(r.engine, &whole);
    r.settings.policy = NULL; /* what the list says is not looked at here */
    assert_int_equal(rcode_of("10.2.0.7:4000"), WR_RCODE_NOERROR);
    assert_int_equal(r.stats.lack_refused, 1);
    rig_stop(&r);
    free(block);
}

/* What leads into a segment that is not seen does not exist, fresh from the upstream and from the cache; others get it. */
static void test_what_is_not_seen_does_not_exist(void **state)
{
    static const uint8_t inside[] = {10, 1, 0, 9};
    struct rig_rr rr = RIG_A("www.example.", 60);
    rr.rdata = inside;
    start();
    segment[1].hides = 1;
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.1:4000"});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &rr, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_NXDOMAIN);
    assert_int_equal(r.msg.edns.ede, WR_EDE_NONE);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
    rig_expect(&r, WR_ACTION_FORGET);
    assert_int_equal(rcode_of("10.2.0.1:4000"), WR_RCODE_NXDOMAIN);
    assert_int_equal(rcode_of("10.1.0.1:4000"), WR_RCODE_NOERROR);
    assert_int_equal(rcode_of("10.3.0.1:4000"), WR_RCODE_NOERROR); /* in no segment */
    segment[1].hides = 2; /* its own is never among them; another is not this one */
    assert_int_equal(rcode_of("10.2.0.1:4000"), WR_RCODE_NOERROR);
    rig_stop(&r);
}

/* Signatures are no addresses; an IPv4 address in one of IPv6 is the same. */
static void test_what_is_not_seen_signed_and_mapped(void **state)
{
    static const uint8_t inside[] = {10, 1, 0, 9};
    static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 0, 9};
    static const uint8_t signature[] = {0,    1, 13, 2, 0, 0, 0, 60, 0x70, 0, 0, 0,
                                        0x10, 0, 0,  0, 0, 7, 0, 1,  2,    3, 4};
    const struct rig_rr rr[] = {
        {"www.example.", WR_TYPE_A, 60, inside, 4, WR_SECTION_ANSWER},
        {"www.example.", WR_TYPE_RRSIG, 60, signature, sizeof(signature), WR_SECTION_ANSWER}};
    const struct rig_rr six = {"www.example.", WR_TYPE_AAAA, 60, mapped, 16, WR_SECTION_ANSWER};
    for (unsigned i = 0; i < 2; i++) {
        start();
        segment[1].hides = 1;
        rig_ask(&r, (struct rig_query){.name = "www.example.",
                                       .type = i == 0 ? WR_TYPE_A : WR_TYPE_AAAA,
                                       .from = "10.2.0.1:4000",
                                       .dnssec_ok = true});
        rig_expect(&r, WR_ACTION_DATAGRAM);
        rig_answer(&r, 0, 0, i == 0 ? rr : &six, i == 0 ? 2 : 1);
        rig_expect(&r, WR_ACTION_REPLY);
        assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_NXDOMAIN);
        rig_stop(&r);
    }
}

/* So it is where the firewall is not in force, for those that want it. */
static void test_a_closed_segment_is_told_nothing_without_its_firewall(void **state)
{
    start();
    fill();
    segment[1].closed = segment[1].guarded = segment[0].closed = true;
    r.settings.firewall_lack = 30;
    wr_engine_adopt(r.engine, &r.settings, &r.now);
    assert_int_equal(rcode_of("10.2.0.7:4000"), WR_RCODE_REFUSED);
    assert_int_equal(r.msg.edns.ede, WR_EDE_NOT_READY);
    assert_int_equal(rcode_of("10.1.0.7:4000"), WR_RCODE_NOERROR);
    r.settings.firewall_lack = 0;
    wr_engine_adopt(r.engine, &r.settings, &r.now);
    assert_int_equal(rcode_of("10.2.0.7:4000"), WR_RCODE_NOERROR);
    assert_int_equal(r.stats.lack_refused, 1);
    segment[1].guarded = false;
    rig_stop(&r);
}

/* Whom the last one asked, if not weir. */
static bool was_asked(const char *whom)
{
    struct wr_addr want, got = {.family = WR_AF_NONE};
    struct wr_record rec = {0};
    const void *at;
    uint32_t n;
    while ((at = wr_ring_peek(&r.ring, &n)) != NULL) {
        const uint8_t *behind = (const uint8_t *)at + sizeof(rec);
        memcpy(&rec, at, sizeof(rec));
        behind += rec.name_size + rec.claim_size;
        assert_int_equal(n, sizeof(rec) + rec.name_size + rec.claim_size + rec.asked_size);
        assert_true(wr_record_get_asked(behind, rec.asked_size, &got));
        wr_ring_pop(&r.ring);
    }
    assert_int_equal(wr_addr_from_text(whom, &want), 0);
    return wr_addr_equal(&want, &got);
}

/* In the place of others weir answers who is in a segment that wants it, whatever listeners that has, and nobody else. */
static void test_a_segment_is_answered_in_place_of_others(void **state)
{
    static struct wr_segment_door door = {.segment = 1}; /* every address, as 0.0.0.0 is */
    struct rig_query q = {.name = "www.example.", .from = "10.1.0.7:4000", .asked = "8.8.8.8:53"};
    start();
    fill();
    assert_false(was_asked("8.8.8.8:53"));
    assert_int_equal(wr_addr_from_text("0.0.0.0:53", &door.addr), 0);
    segments.door = &door;
    segments.doors = 1;
    segment[1].hairpins = true;
    rig_ask(&r, q); /* the listener is the cameras', and he asked none */
    rig_expect(&r, WR_ACTION_DROP);
    assert_true(was_asked("8.8.8.8:53"));
    q.from = "10.3.0.7:4000";
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_DROP);
    assert_int_equal(r.stats.dropped_outsider, 2);
    assert_int_equal(r.stats.foreign, 0);
    q.from = "10.2.0.7:4000";
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.client.local.ip[0], 8);
    assert_int_equal(r.act.client.local.port, 53);
    assert_true(was_asked("8.8.8.8:53"));
    q.asked = "[2001:4860:4860::8888]:53";
    q.tcp = true;
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_true(was_asked("[2001:4860:4860::8888]:53"));
    assert_int_equal(r.stats.foreign, 2);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .from = "10.2.0.7:4000"});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_false(was_asked("10.0.0.254:53"));
    /* What holds for his own questions to weir holds here. */
    q.from = "10.2.0.8:4000";
    assert_int_equal(wr_addr_prefix_from_text("10.2.0.7/32", &desk), 0);
    segment[1].allow = &desk;
    segment[1].allows = 1;
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_REFUSED);
    rig_stop(&r);
}

/* Between an interface's coming and the settings that know it, nobody is answered by the rules of no segment. */
static void test_nobody_is_judged_by_an_interface_that_is_not_known(void **state)
{
    static const uint32_t there[] = {1, 1, 3, 3, 7};
    static const struct wr_segment_link link = {.ifindex = 3, .segment = 1};
    static const struct {
        uint32_t ifindex;
        bool answered;
    } cases[] = {{1, true},  {3, true},  {7, true},          {0, false},
                 {2, false}, {8, false}, {UINT32_MAX, false}};
    struct rig_query q = {.name = "www.example.", .from = "10.3.0.7:4000"};
    start();
    fill();
    r.settings.interfaces = there;
    r.settings.interface_count = 5;
    q.ifindex = 8;
    rig_ask(&r, q); /* no segment has an interface: nothing is decided by that */
    rig_expect(&r, WR_ACTION_REPLY);
    segments.link = &link;
    segments.links = 1;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        q.ifindex = cases[i].ifindex;
        rig_ask(&r, q);
        rig_expect(&r, cases[i].answered ? WR_ACTION_REPLY : WR_ACTION_DROP);
        assert_int_equal(r.act.hang_up,
                         !cases[i].answered); /* it would be so on this connection for ever */
    }
    assert_int_equal(r.stats.dropped_interface, 4);
    r.settings.interface_count = 0; /* nobody says when one comes */
    rig_ask(&r, q);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_is_judged_by_an_interface_that_is_not_known),
        cmocka_unit_test(test_a_segment_says_who_of_it_may_ask),
        cmocka_unit_test(test_a_segment_may_get_nothing_stale),
        cmocka_unit_test(test_a_segment_is_answered_in_place_of_others),
        cmocka_unit_test(test_a_closed_segment_is_told_nothing_without_its_lists),
        cmocka_unit_test(test_what_is_not_seen_does_not_exist),
        cmocka_unit_test(test_what_is_not_seen_signed_and_mapped),
        cmocka_unit_test(test_a_closed_segment_is_told_nothing_without_its_firewall),
        cmocka_unit_test(test_a_segment_alone_may_get_what_is_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
