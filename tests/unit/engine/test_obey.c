/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine/rig.h"

static struct rig r;
static struct wr_policy_rule rule[4];
static struct wr_name name[4];
static const uint8_t *list[4];
static struct wr_prefix bad;
static struct wr_policy_spec spec;
static void *block;

/* The rules: ads.example is denied, gone.example dropped, slow.example cut over UDP, what is in 198.51.100.0/24 refused. */
static void compile(void)
{
    static const char *const text[] = {"ads.example", "gone.example", "slow.example"};
    static const uint8_t action[] = {WR_VERDICT_NXDOMAIN, WR_VERDICT_DROP, WR_VERDICT_TRUNCATE};
    memset(rule, 0, sizeof(rule));
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(wr_name_from_text(text[i], strlen(text[i]), &name[i]), 0);
        list[i] = name[i].wire;
        rule[i] = (struct wr_policy_rule){.label = (uint16_t)(i + 1),
                                          .action = action[i],
                                          .ede = WR_EDE_FILTERED,
                                          .below = {&list[i], 1},
                                          .name = "a-rule"};
    }
    assert_int_equal(wr_addr_prefix_from_text("198.51.100.0/24", &bad), 0);
    rule[3] = (struct wr_policy_rule){.label = 4,
                                      .action = WR_VERDICT_REFUSED,
                                      .ede = WR_EDE_PROHIBITED,
                                      .address = &bad,
                                      .addresses = 1};
    spec = (struct wr_policy_spec){.rule = rule, .rules = 4, .ttl_s = 77};
    free(block);
    block = aligned_alloc(64, (wr_policy_size(&spec) + 63) / 64 * 64);
    assert_non_null(block);
}

static void start(void)
{
    rig_start(&r);
    compile();
    r.settings.serial++;
    r.settings.policy = wr_policy_compile(block, &spec);
    wr_engine_adopt(r.engine, &r.settings, &r.now);
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

static void test_a_denied_question_is_told_to_nobody(void **state)
{
    start();
    rig_ask(&r,
            (struct rig_query){.name = "x.Ads.example.", .flags = WR_FLAG_AD, .dnssec_ok = true});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_NXDOMAIN);
    assert_int_equal(r.msg.flags & WR_FLAG_AD, 0);
    assert_int_equal(r.msg.edns.ede, WR_EDE_FILTERED);
    assert_int_equal(r.msg.counts[WR_SECTION_AUTHORITY], 1);
    struct wr_record rec = last_record();
    assert_int_equal(rec.verdict.rule, 1);
    assert_int_equal(rec.verdict.action, WR_VERDICT_NXDOMAIN);
    assert_int_equal(rec.ede, WR_EDE_FILTERED);
    assert_int_equal(r.stats.denied, 1);
    rig_ask(&r, (struct rig_query){.name = "gone.example."});
    rig_expect(&r, WR_ACTION_DROP);
    assert_int_equal(last_record().verdict.rule, 2);
    assert_int_equal(r.stats.dropped_policy, 1);
    assert_int_equal(r.stats.cache_misses, 0);
    rig_stop(&r);
}

static void test_truncated_over_udp_alone(void **state)
{
    start();
    rig_ask(&r, (struct rig_query){.name = "slow.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_true(r.msg.flags & WR_FLAG_TC);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
    rig_ask(&r, (struct rig_query){.name = "slow.example.", .tcp = true});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_stop(&r);
}

static const uint8_t bad_a[4] = {198, 51, 100, 7};

/* Fresh from the upstream, then from the cache, then stale. */
static void test_an_answer_is_judged_wherever_it_comes_from(void **state)
{
    const struct rig_rr rr = {"www.example.", WR_TYPE_A, 60, bad_a, 4, WR_SECTION_ANSWER};
    start();
    rig_ask(&r, (struct rig_query){.name = "www.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &rr, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_REFUSED);
    assert_int_equal(r.msg.edns.ede, WR_EDE_PROHIBITED);
    assert_int_equal(last_record().verdict.trigger, WR_TRIGGER_ADDRESS);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "www.example.", .flags = WR_FLAG_CD});
    rig_expect(&r, WR_ACTION_DATAGRAM); /* CD: another view of the cache, and the same rule */
    rig_answer(&r, 0, 0, &rr, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_REFUSED);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "www.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_REFUSED);
    assert_int_equal(last_record().verdict.rule, 4);
    r.now.mono_us += 100 * WR_S;
    rig_ask(&r, (struct rig_query){.name = "www.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    r.now.mono_us += 1900 * WR_MS;
    struct wr_event time = {.kind = WR_EVENT_TIME};
    wr_engine_feed(r.engine, &time, &r.now);
    bool replied = false;
    for (unsigned i = 0; i < 10 && !replied && wr_engine_poll(r.engine, &r.now, &r.act); i++) {
        replied = r.act.kind == WR_ACTION_REPLY;
    }
    assert_true(replied);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_REFUSED);
    rig_stop(&r);
}

static void passes(const char *text, bool does)
{
    rig_ask(&r, (struct rig_query){.name = text});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, does ? WR_RCODE_NOERROR : WR_RCODE_NXDOMAIN);
}

/* That nothing was to be said of a name is remembered as long as rules and lists are the same, and no longer. */
static void test_silence_ends_with_new_rules_and_lists(void **state)
{
    static const uint8_t good_a[4] = {192, 0, 2, 7};
    static const uint16_t label = 9;
    static const struct wr_hash_key key = {{4, 2}};
    static struct wr_nametree tree;
    static struct wr_feedset none, lists;
    static uint64_t room[64];
    const struct rig_rr rr = {"www.quiet.example.", WR_TYPE_A, 60, good_a, 4, WR_SECTION_ANSWER};
    struct wr_nametree_item item;
    struct wr_name listed;
    size_t size;
    start();
    rule[3] = (struct wr_policy_rule){
        .label = 4, .action = WR_VERDICT_NXDOMAIN, .feed = &label, .feeds = 1, .name = "a-list"};
    assert_int_equal(wr_name_from_text("quiet.example", 13, &listed), 0);
    assert_int_equal(wr_nametree_item(&key, listed.wire, 3, 5, &item), 0);
    assert_int_equal(wr_nametree_build(&key, &item, 1, room, sizeof(room), &size), 0);
    assert_int_equal(wr_nametree_open(&tree, room, size), 0);
    none = (struct wr_feedset){.count = 1, .item = {{.label = label}}};
    lists = (struct wr_feedset){.count = 1, .item = {{.label = label, .names = &tree}}};
    r.settings.policy = wr_policy_compile(block, &spec);
    r.settings.serial++;
    wr_engine_adopt(r.engine, &r.settings, &r.now);
    wr_engine_adopt_feeds(r.engine, &none);
    rig_ask(&r, (struct rig_query){.name = "www.quiet.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &rr, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_expect(&r, WR_ACTION_FORGET);
    passes("www.quiet.example.", true);
    wr_engine_adopt_feeds(r.engine, &lists);
    passes("www.quiet.example.", false);
    passes("WWW.Quiet.Example.", false);
    wr_engine_adopt_feeds(r.engine, &none);
    passes("www.quiet.example.", true);
    list[0] = listed.wire; /* now a rule */
    r.settings.policy = wr_policy_compile(block, &spec);
    r.settings.serial++;
    wr_engine_adopt(r.engine, &r.settings, &r.now);
    passes("www.quiet.example.", false);
    rig_stop(&r);
}

/* A rule that came while a question was out holds for it. */
static void test_new_rules_hold_for_who_waits(void **state)
{
    static const uint8_t good_a[4] = {192, 0, 2, 7};
    const struct rig_rr rr = {"ads.example.", WR_TYPE_A, 60, good_a, 4, WR_SECTION_ANSWER};
    static struct wr_settings first;
    start();
    first = r.settings;
    first.policy = NULL;
    wr_engine_adopt(r.engine, &first, &r.now);
    rig_ask(&r, (struct rig_query){.name = "ads.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    spec.rules = 3; /* none of them wants answers */
    compile();
    spec.rules = 3;
    r.settings.policy = wr_policy_compile(block, &spec);
    r.settings.serial++;
    wr_engine_adopt(r.engine, &r.settings, &r.now);
    bool replied = false;
    for (unsigned i = 0; i < 20 && !replied; i++) {
        if (!wr_engine_poll(r.engine, &r.now, &r.act)) {
            break;
        }
        if (r.act.kind == WR_ACTION_DATAGRAM) {
            assert_int_equal(wr_msg_parse(&r.msg, r.act.bytes, r.act.size), 0);
            rig_answer(&r, 0, 0, &rr, 1);
        }
        replied = r.act.kind == WR_ACTION_REPLY;
    }
    assert_true(replied);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_NXDOMAIN);
    rig_stop(&r);
}

static void test_segment_of_the_client(void **state)
{
    static struct wr_segment segment[1] = {{.label = 9}};
    static struct wr_segment_subnet subnet[1];
    static struct wr_segments segments = {
        .segment = segment, .subnet = subnet, .segments = 1, .subnets = 1};
    assert_int_equal(wr_addr_prefix_from_text("10.0.0.0/30", &subnet[0].prefix), 0);
    wr_segment_compile(&segments);
    start();
    static const uint16_t nine[] = {9};
    rule[0].about = (struct wr_policy_about){.segment = nine, .segments = 1};
    r.settings.segments = &segments;
    rig_ask(&r, (struct rig_query){.name = "ads.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_NXDOMAIN);
    assert_int_equal(last_record().segment, 9);
    rig_ask(&r, (struct rig_query){.name = "ads.example.", .from = "10.0.0.99:1"});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_denied_question_is_told_to_nobody),
        cmocka_unit_test(test_truncated_over_udp_alone),
        cmocka_unit_test(test_an_answer_is_judged_wherever_it_comes_from),
        cmocka_unit_test(test_silence_ends_with_new_rules_and_lists),
        cmocka_unit_test(test_new_rules_hold_for_who_waits),
        cmocka_unit_test(test_segment_of_the_client),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(block);
    return failed;
}
