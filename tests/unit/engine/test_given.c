/* SPDX-License-Identifier: Apache-2.0 */
/* What rules give in place of an answer, and what becomes of a device that a rule puts in quarantine. */
#include "unit/engine/rig.h"

#include "policy/device.h"

#define RULES 8

static struct rig r;
static struct wr_policy_rule rule[RULES];
static struct wr_rrset data[RULES];
static struct wr_name name[RULES], target[RULES];
static uint8_t stored[RULES][2 + WR_NAME_MAX];
static const uint8_t *list[RULES];
static struct wr_prefix far;
static struct wr_policy_spec spec;
static struct wr_device_table *devices;
static void *block, *devices_block;
static bool aa; /* of the last reply */

static const uint8_t some_a[4] = {192, 0, 2, 7};

/* A rule for one name; it gives `rdata` of this type. */
static struct wr_policy_rule *give(const char *owner, uint16_t type, const void *rdata, size_t size)
{
    unsigned i = spec.rules++;
    rig_name(owner, &name[i]);
    list[i] = name[i].wire;
    stored[i][0] = 0;
    stored[i][1] = (uint8_t)size;
    memcpy(stored[i] + 2, rdata, size);
    data[i] = (struct wr_rrset){.type = type,
                                .class_ = WR_CLASS_IN,
                                .ttl = 77,
                                .records = 1,
                                .data = stored[i],
                                .size = (uint32_t)size + 2};
    rule[i] = (struct wr_policy_rule){.label = (uint16_t)(i + 1),
                                      .action = WR_VERDICT_DATA,
                                      .ede = WR_EDE_BLOCKED,
                                      .data_ede = WR_EDE_FORGED,
                                      .exact = {&list[i], 1},
                                      .data = &data[i],
                                      .datas = 1,
                                      .name = "a-rule"};
    return &rule[i];
}

static void lead(const char *owner, const char *to)
{
    struct wr_name *n = &target[spec.rules];
    rig_name(to, n);
    (void)give(owner, WR_TYPE_CNAME, n->wire, n->size);
}

static void start(void)
{
    static const struct wr_hash_key key = {{1, 2}};
    rig_start(&r);
    free(devices_block);
    devices_block = aligned_alloc(64, wr_device_size(16));
    assert_non_null(devices_block);
    memset(devices_block, 0, wr_device_size(16));
    devices = wr_device_init(devices_block, 16, &key);
    r.setup.devices = devices;
    r.engine = wr_engine_start(rig_alloc(&r, 3, wr_engine_size(&r.setup)), &r.setup, &r.now);
    spec = (struct wr_policy_spec){.rule = rule, .ttl_s = 30};
}

static void adopt(const struct wr_policy *policy)
{
    static struct wr_settings settings[2];
    static unsigned turn;
    r.settings.serial++;
    r.settings.policy = policy;
    settings[turn ^= 1] = r.settings; /* who waits is judged by those of before */
    wr_engine_adopt(r.engine, &settings[turn], &r.now);
}

static void rules_in_force(void)
{
    free(block);
    block = aligned_alloc(64, (wr_policy_size(&spec) + 63) / 64 * 64);
    assert_non_null(block);
    adopt(wr_policy_compile(block, &spec));
}

static struct wr_record last_record(void)
{
    struct wr_record rec = {0};
    const void *at;
    uint32_t n;
    while ((at = wr_ring_peek(&r.ring, &n)) != NULL) {
        memcpy(&rec, at, sizeof(rec));
        wr_ring_pop(&r.ring);
    }
    return rec;
}

static void expect_reply(uint16_t rcode, unsigned answers, int ede)
{
    bool replied = false;
    while (rig_poll(&r)) {
        if (r.act.kind == WR_ACTION_REPLY) {
            replied = true;
            assert_int_equal(r.bytes[3] & 15, rcode);
            assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], answers);
            assert_int_equal(r.msg.flags & WR_FLAG_AD, 0);
            assert_int_equal(r.msg.edns.ede, ede);
            aa = (r.msg.flags & WR_FLAG_AA) != 0;
        }
    }
    assert_true(replied);
}

/* Of all that is wanted now, the question that is sent; it can be answered. */
static void expect_question(const char *text)
{
    struct wr_name n;
    struct wr_action act = {.kind = WR_ACTION_NONE};
    static uint8_t bytes[WR_MSG_MAX];
    while (rig_poll(&r)) {
        if (r.act.kind == WR_ACTION_DATAGRAM) {
            act = r.act;
            memcpy(bytes, r.bytes, r.act.size);
        }
    }
    assert_int_equal(act.kind, WR_ACTION_DATAGRAM);
    memcpy(r.bytes, bytes, act.size);
    r.act = act;
    assert_int_equal(wr_msg_parse(&r.msg, r.bytes, act.size), 0);
    rig_name(text, &n);
    assert_true(wr_name_equal(r.msg.qname.wire, n.wire));
}

/* The target is asked for; fresh, from the cache, and stale, the rule's CNAME stands before what is known of it. */
static void test_leads_fresh_cached_and_stale(void **state)
{
    static const uint8_t signature[] = {0,    1, 13, 2, 0, 0, 0, 60, 0x70, 0, 0, 0,
                                        0x10, 0, 0,  0, 0, 7, 0, 1,  2,    3, 4};
    const struct rig_rr rr[] = {
        {"target.example.", WR_TYPE_A, 60, some_a, 4, WR_SECTION_ANSWER},
        {"target.example.", WR_TYPE_RRSIG, 60, signature, sizeof(signature), WR_SECTION_ANSWER}};
    start();
    lead("www.given.", "target.example.");
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "target.example.", .dnssec_ok = true});
    expect_question("target.example.");
    rig_answer(&r, 0, 0, rr, 2);
    expect_reply(WR_RCODE_NOERROR, 2, WR_EDE_NONE); /* with its signature */
    r.now.mono_us += 100 * WR_S;
    rig_ask(&r, (struct rig_query){.name = "www.given.", .flags = WR_FLAG_AD, .dnssec_ok = true});
    expect_question("target.example.");
    rig_answer(&r, 0, 0, rr, 2);
    expect_reply(WR_RCODE_NOERROR, 2, WR_EDE_FORGED);
    struct wr_record rec = last_record();
    assert_int_equal(rec.verdict.rule, 1);
    assert_int_equal(rec.verdict.action, WR_VERDICT_DATA);
    rig_ask(&r, (struct rig_query){.name = "www.given."});
    expect_reply(WR_RCODE_NOERROR, 2, WR_EDE_FORGED);
    r.now.mono_us += 100 * WR_S;
    rig_ask(&r, (struct rig_query){.name = "www.given."});
    expect_question("target.example.");
    r.now.mono_us += 1900 * WR_MS;
    struct wr_event time = {.kind = WR_EVENT_TIME};
    wr_engine_feed(r.engine, &time, &r.now);
    expect_reply(WR_RCODE_NOERROR, 2, WR_EDE_FORGED);
    assert_int_equal(r.stats.cache_stale, 1);
    rig_stop(&r);
}

/* Who waits for a rule's target is judged anew when there are other rules. */
static void test_rules_that_are_gone(void **state)
{
    const struct rig_rr there = {"target.example.", WR_TYPE_A, 60, some_a, 4, WR_SECTION_ANSWER};
    const struct rig_rr own = {"www.given.", WR_TYPE_A, 60, some_a, 4, WR_SECTION_ANSWER};
    start();
    lead("www.given.", "target.example.");
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "www.given."});
    expect_question("target.example.");
    adopt(NULL);
    expect_question("target.example."); /* it is asked anew, for whoever waits */
    rig_answer(&r, 0, 0, &there, 1);
    expect_question("www.given.");
    rig_answer(&r, 0, 0, &own, 1);
    expect_reply(WR_RCODE_NOERROR, 1, WR_EDE_NONE);
    rig_stop(&r);
}

/* Nor has who is somebody else by then the answer to another name than he asked for. */
static void test_led_as_another_one(void **state)
{
    const struct rig_rr there = {"target.example.", WR_TYPE_A, 60, some_a, 4, WR_SECTION_ANSWER};
    struct wr_who who = {.device = 5, .state = WR_WHO_KNOWN, .sure = 90};
    struct wr_addr addr;
    start();
    lead("www.given.", "target.example.");
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "www.given."});
    expect_question("target.example.");
    assert_int_equal(wr_addr_from_text("10.0.0.1", &addr), 0);
    assert_int_equal(wr_device_put(devices, wr_device_key(devices, &addr, 0), &who), 0);
    r.now.mono_us += 20 * WR_MS;
    rig_answer(&r, 0, 0, &there, 1);
    expect_reply(WR_RCODE_NOERROR, 2, WR_EDE_FORGED);
    rig_stop(&r);
}

static void test_more_names_than_rules_may_lead_to(void **state)
{
    static const char *const way[] = {"a.", "b.", "c.", "d.", "e.", "f."};
    start();
    for (unsigned i = 0; i < 5; i++) {
        lead(way[i], way[i + 1]);
    }
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "a."});
    expect_reply(WR_RCODE_SERVFAIL, 0, WR_EDE_OTHER);
    rig_ask(&r, (struct rig_query){.name = "b."});
    expect_question("f.");
    rig_stop(&r);
}

/* What is denied stays denied, and is asked of nobody; over a connection nobody is sent to one. */
static void test_led_to_what_is_denied(void **state)
{
    start();
    lead("www.given.", "shut.example.");
    lead("far.given.", "slow.example.");
    give("shut.example.", WR_TYPE_A, some_a, 4)->action = WR_VERDICT_NXDOMAIN;
    give("slow.example.", WR_TYPE_A, some_a, 4)->action = WR_VERDICT_TRUNCATE;
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "www.given."});
    expect_reply(WR_RCODE_NXDOMAIN, 0, WR_EDE_BLOCKED);
    assert_int_equal(last_record().verdict.rule, 3);
    assert_int_equal(r.stats.cache_misses, 0);
    rig_ask(&r, (struct rig_query){.name = "far.given."});
    expect_reply(WR_RCODE_NOERROR, 0, WR_EDE_NONE);
    rig_ask(&r, (struct rig_query){.name = "far.given.", .tcp = true});
    expect_question("slow.example.");
    rig_stop(&r);
}

/* What rules say of how a name is asked for holds for a target. */
static void test_the_way_to_a_target(void **state)
{
    const struct rig_rr rr = {"bank.example.", WR_TYPE_A, 60, some_a, 4, WR_SECTION_ANSWER};
    start();
    struct wr_upstreams *u = &r.settings.upstreams;
    u->groups = 2;
    u->group[1] = (struct wr_group){.name = "other", .servers = 1, .server = {1}};
    u->view[0] = (struct wr_view){.number = 1, .group = 1, .whole = true};
    u->views = 1;
    lead("www.given.", "bank.example.");
    lead("far.given.", "far.example.");
    give("bank.example.", WR_TYPE_A, some_a, 4)->action = WR_VERDICT_SECURE;
    give("far.example.", WR_TYPE_A, some_a, 4)->action = WR_VERDICT_ROUTE;
    rule[3].view = 1;
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "far.given."});
    expect_question("far.example.");
    assert_int_equal(r.act.to.ip[3], 2);
    rig_ask(&r, (struct rig_query){.name = "www.given.", .flags = WR_FLAG_CD});
    expect_question("bank.example.");
    assert_int_equal(r.act.to.ip[3], 1);
    rig_answer(&r, 0, 0, &rr, 1);
    expect_reply(WR_RCODE_SERVFAIL, 0, WR_EDE_BLOCKED); /* nobody has proven it */
    rig_stop(&r);
}

/* Of an answer from wherever it comes; and its CNAME is followed. */
static void test_in_place_of_an_answer(void **state)
{
    static const uint8_t far_a[4] = {198, 51, 100, 7};
    const struct rig_rr rr = {"far.example.", WR_TYPE_A, 60, far_a, 4, WR_SECTION_ANSWER};
    static _Atomic uint64_t hits[RULES];
    start();
    r.setup.hits = hits;
    r.engine = wr_engine_start(rig_alloc(&r, 3, wr_engine_size(&r.setup)), &r.setup, &r.now);
    assert_int_equal(wr_addr_prefix_from_text("198.51.100.0/24", &far), 0);
    lead("x.", "target.example.");
    rule[0].exact.count = 0;
    rule[0].address = &far;
    rule[0].addresses = 1;
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "far.example."});
    expect_question("far.example.");
    rig_answer(&r, 0, 0, &rr, 1);
    expect_question("target.example.");
    const struct rig_rr there = {"target.example.", WR_TYPE_A, 60, some_a, 4, WR_SECTION_ANSWER};
    rig_answer(&r, 0, 0, &there, 1);
    expect_reply(WR_RCODE_NOERROR, 2, WR_EDE_FORGED);
    assert_false(aa); /* the name is somebody else's */
    assert_int_equal(hits[1], 1);
    rig_ask(&r, (struct rig_query){.name = "far.example."}); /* both from the cache */
    expect_reply(WR_RCODE_NOERROR, 2, WR_EDE_FORGED);
    assert_int_equal(hits[1], 2);
    rig_stop(&r);
}

/* A device that is known well is recorded as one to be shut off; anybody else is refused. */
static void test_quarantine(void **state)
{
    static const struct {
        uint8_t state, sure, action;
        bool there, shadow, tcp;
    } rows[] = {
        {WR_WHO_KNOWN, 90, WR_VERDICT_QUARANTINE, true, false, true},
        {WR_WHO_KNOWN, 40, WR_VERDICT_REFUSED, true, false, true}, /* it only says so */
        {WR_WHO_CONFLICT, 50, WR_VERDICT_REFUSED, true, false, true},
        {0, 0, WR_VERDICT_REFUSED, false, false, false},
        {WR_WHO_KNOWN, 90, WR_VERDICT_QUARANTINE, true, true, false},
        {WR_WHO_KNOWN, 90, WR_VERDICT_TRUNCATE, true, false, false}, /* another may have sent it */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_who who = {.device = 5, .state = rows[i].state, .sure = rows[i].sure};
        struct wr_addr addr;
        start();
        assert_int_equal(wr_addr_from_text("10.0.0.1", &addr), 0);
        if (rows[i].there) {
            assert_int_equal(wr_device_put(devices, wr_device_key(devices, &addr, 0), &who), 0);
        }
        give("c2.example.", WR_TYPE_A, some_a, 4)->action = WR_VERDICT_QUARANTINE;
        rule[0].datas = 0;
        rule[0].shadow = rows[i].shadow;
        rules_in_force();
        rig_ask(&r, (struct rig_query){.name = "c2.example.",
                                       .flags = WR_FLAG_CD,
                                       .dnssec_ok = true,
                                       .tcp = rows[i].tcp});
        if (rows[i].shadow) {
            expect_question("c2.example.");
            rig_stop(&r);
            continue;
        }
        bool asks_for_tcp = rows[i].action == WR_VERDICT_TRUNCATE;
        expect_reply(asks_for_tcp ? WR_RCODE_NOERROR : WR_RCODE_REFUSED, 0,
                     asks_for_tcp ? WR_EDE_NONE : WR_EDE_BLOCKED);
        struct wr_record rec = last_record();
        assert_int_equal(rec.verdict.action, rows[i].action);
        assert_int_equal(rec.device, rows[i].there ? 5 : 0);
        assert_int_equal(r.stats.denied, asks_for_tcp ? 0 : 1);
        rig_stop(&r);
    }
}

/* By what an answer has in it, fresh, from the cache and stale. */
static void test_quarantine_by_an_answer(void **state)
{
    static const uint8_t far_a[4] = {198, 51, 100, 7};
    const struct rig_rr rr = {"far.example.", WR_TYPE_A, 60, far_a, 4, WR_SECTION_ANSWER};
    struct wr_who who = {.device = 5, .state = WR_WHO_KNOWN, .sure = 90};
    struct wr_addr addr;
    start();
    assert_int_equal(wr_addr_from_text("10.0.0.1", &addr), 0);
    assert_int_equal(wr_device_put(devices, wr_device_key(devices, &addr, 0), &who), 0);
    assert_int_equal(wr_addr_prefix_from_text("198.51.100.0/24", &far), 0);
    give("x.", WR_TYPE_A, some_a, 4)->action = WR_VERDICT_QUARANTINE;
    rule[0].datas = rule[0].exact.count = 0;
    rule[0].address = &far;
    rule[0].addresses = 1;
    rules_in_force();
    for (unsigned i = 0; i < 3; i++) {
        rig_ask(&r, (struct rig_query){.name = "far.example.", .tcp = true});
        if (i == 0) {
            expect_question("far.example.");
            rig_answer(&r, 0, 0, &rr, 1);
        }
        if (i == 2) {
            expect_question("far.example.");
            r.now.mono_us += 1900 * WR_MS;
            struct wr_event time = {.kind = WR_EVENT_TIME};
            wr_engine_feed(r.engine, &time, &r.now);
        }
        expect_reply(WR_RCODE_REFUSED, 0, WR_EDE_BLOCKED);
        assert_int_equal(last_record().verdict.action, WR_VERDICT_QUARANTINE);
        r.now.mono_us += i == 1 ? 100 * WR_S : 0;
    }
    rig_stop(&r);
}

/* What protects against rebinding goes by the name that is asked for, not by that which led there. */
static void test_a_public_target_with_a_private_address(void **state)
{
    static const uint8_t private_a[4] = {192, 168, 0, 7};
    const struct rig_rr rr = {"target.example.", WR_TYPE_A, 60, private_a, 4, WR_SECTION_ANSWER};
    static struct wr_route route;
    start();
    rig_name("given.", &route.zone); /* the owner's: its addresses may be private */
    r.settings.upstreams.route = &route;
    r.settings.upstreams.routes = 1;
    lead("www.given.", "target.example.");
    spec.rebinding = true;
    rules_in_force();
    rig_ask(&r, (struct rig_query){.name = "www.given."});
    expect_question("target.example.");
    rig_answer(&r, 0, 0, &rr, 1);
    expect_reply(WR_RCODE_NOERROR, 0, WR_EDE_BLOCKED);
    rig_stop(&r);
}

static void know(uint8_t state)
{
    struct wr_who who = {.device = 7, .state = state};
    struct wr_addr addr;
    assert_int_equal(wr_addr_from_text("10.0.0.1", &addr), 0);
    assert_int_equal(wr_device_put(devices, wr_device_key(devices, &addr, 0), &who), 0);
}

/* Who is put in quarantine while a question of his is out is told so, and not the answer. */
static void test_quarantine_while_it_waits(void **state)
{
    const struct rig_rr rr = {"one.example.", WR_TYPE_A, 60, some_a, 4, WR_SECTION_ANSWER};
    start();
    rules_in_force();
    know(WR_WHO_KNOWN);
    rig_ask(&r, (struct rig_query){.name = "one.example."});
    expect_question("one.example.");
    r.now.mono_us += 1000;
    know(WR_WHO_QUARANTINED);
    rig_answer(&r, 0, 0, &rr, 1);
    expect_reply(WR_RCODE_REFUSED, 0, WR_EDE_PROHIBITED);
    assert_int_equal(last_record().verdict.by, WR_VERDICT_BY_QUARANTINE);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leads_fresh_cached_and_stale),
        cmocka_unit_test(test_rules_that_are_gone),
        cmocka_unit_test(test_more_names_than_rules_may_lead_to),
        cmocka_unit_test(test_led_as_another_one),
        cmocka_unit_test(test_led_to_what_is_denied),
        cmocka_unit_test(test_the_way_to_a_target),
        cmocka_unit_test(test_in_place_of_an_answer),
        cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_quarantine_by_an_answer),
        cmocka_unit_test(test_a_public_target_with_a_private_address),
        cmocka_unit_test(test_quarantine_while_it_waits),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(block);
    free(devices_block);
    return failed;
}
