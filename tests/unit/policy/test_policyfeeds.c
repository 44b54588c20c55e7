/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that name feeds (policy/policy): what is listed, by what of a query, and which line is told. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dns/codes.h"
#include "policy/policy.h"

enum { ADS = 11, BAD = 12 };

static const struct wr_hash_key key = {{8, 15}};
static uint64_t ads_block[64], bad_block[64], addr_block[64];
static struct wr_nametree ads, bad;
static struct wr_addrtree addrs;
static struct wr_feedset set;
static struct wr_policy_rule rule[4];
static _Atomic uint64_t hits[8];
static void *block;
static const struct wr_policy *policy;

static struct wr_name name_of(const char *text)
{
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    return n;
}

static void make_names(const char *text, uint32_t line, void *room, size_t cap,
                       struct wr_nametree *tree)
{
    struct wr_nametree_item item;
    struct wr_name n = name_of(text);
    size_t size;
    assert_int_equal(wr_nametree_item(&key, n.wire, 3, line, &item), 0);
    assert_int_equal(wr_nametree_build(&key, &item, 1, room, cap, &size), 0);
    assert_int_equal(wr_nametree_open(tree, room, size), 0);
}

/* "ads" lists ads.example and below, "bad" tracker.net and 198.51.100.0/24. */
static int start(void **state)
{
    const struct wr_prefix p = {.addr = {.ip = {198, 51, 100, 0}, .family = WR_AF_V4}, .len = 24};
    struct wr_addrtree_item item;
    size_t size;
    make_names("ads.example", 5, ads_block, sizeof(ads_block), &ads);
    make_names("tracker.net", 6, bad_block, sizeof(bad_block), &bad);
    wr_addrtree_item(&p, 7, &item);
    assert_int_equal(wr_addrtree_build(&key, &item, 1, addr_block, sizeof(addr_block), &size), 0);
    assert_int_equal(wr_addrtree_open(&addrs, addr_block, size), 0);
    set = (struct wr_feedset){
        .count = 2,
        .has_addresses = true,
        .item = {{.label = ADS, .names = &ads}, {.label = BAD, .names = &bad, .addrs = &addrs}}};
    memset((void *)hits, 0, sizeof(hits));
    return 0;
}

static void compile(uint32_t rules)
{
    const struct wr_policy_spec spec = {.rule = rule, .rules = rules};
    size_t size = wr_policy_size(&spec);
    free(block);
    block = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(block);
    policy = wr_policy_compile(block, &spec);
}

static struct wr_verdict ask(const char *name, const struct wr_feedset *feeds,
                             const struct wr_rrset *sets, unsigned count)
{
    static const struct wr_addr client = {.ip = {10, 0, 0, 1}, .family = WR_AF_V4};
    static const struct wr_who who;
    struct wr_name n = name_of(name);
    const struct wr_policy_ask a = {.who = &who,
                                    .client = &client,
                                    .name = n.wire,
                                    .type = WR_TYPE_A,
                                    .hits = hits,
                                    .feeds = feeds};
    return sets != NULL ? wr_policy_answer(policy, &a, sets, count)
                        : wr_policy_question(policy, &a);
}

static void is(struct wr_verdict v, uint16_t by, uint16_t feed, uint32_t line, uint8_t trigger)
{
    assert_int_equal(v.rule, by);
    assert_int_equal(v.feed, feed);
    assert_int_equal(v.line, line);
    if (by != 0) {
        assert_int_equal(v.trigger, trigger);
    }
}

static const uint16_t both[] = {ADS, BAD};

static void test_names(void **state)
{
    rule[0] = (struct wr_policy_rule){
        .label = 1, .action = WR_VERDICT_NXDOMAIN, .feed = both, .feeds = 2};
    compile(1);
    is(ask("x.ads.example", &set, NULL, 0), 1, ADS, 5, WR_TRIGGER_NAME);
    is(ask("TRACKER.net", &set, NULL, 0), 1, BAD, 6, WR_TRIGGER_NAME);
    is(ask("good.example", &set, NULL, 0), 0, 0, 0, 0);
    is(ask("ads.example", NULL, NULL, 0), 0, 0, 0, 0); /* no list has come yet */
    assert_int_equal(hits[1], 2);
}

static void test_answers(void **state)
{
    static const uint8_t to_tracker[] = "\0\x0f\1x\7tracker\3net"; /* the root is the NUL */
    static const uint8_t good[] = {0, 4, 192, 0, 2, 7}, listed[] = {0, 4, 198, 51, 100, 7};
    struct wr_name www = name_of("www.example"), x = name_of("x.tracker.net");
    struct wr_rrset sets[] = {{.owner = www.wire,
                               .data = to_tracker,
                               .size = sizeof(to_tracker),
                               .type = WR_TYPE_CNAME,
                               .class_ = WR_CLASS_IN,
                               .records = 1},
                              {.owner = x.wire,
                               .data = good,
                               .size = sizeof(good),
                               .type = WR_TYPE_A,
                               .class_ = WR_CLASS_IN,
                               .records = 1}};
    rule[0] = (struct wr_policy_rule){
        .label = 1, .action = WR_VERDICT_NXDOMAIN, .feed = both, .feeds = 2};
    compile(1);
    is(ask("www.example", &set, NULL, 0), 0, 0, 0, 0);
    is(ask("www.example", &set, sets, 2), 1, BAD, 6, WR_TRIGGER_ALIAS);
    is(ask("www.example", &set, sets + 1, 1), 0, 0, 0, 0);
    sets[1].data = listed;
    is(ask("www.example", &set, sets + 1, 1), 1, BAD, 7, WR_TRIGGER_ADDRESS);
    assert_int_equal(hits[1], 2);
    /* An answer is looked at where it can matter. */
    assert_true(wr_policy_wants_answer(policy, &set, sets + 1, 1));
    set.has_addresses = false;
    assert_false(wr_policy_wants_answer(policy, &set, sets + 1, 1));
    assert_true(wr_policy_wants_answer(policy, &set, sets, 2));
    assert_false(wr_policy_wants_answer(policy, NULL, sets, 2));
}

/* Names of a rule and its feeds: either will do; an exception of the rule goes before; the first rule wins. */
static void test_with_others(void **state)
{
    struct wr_name own = name_of("own.example"), ok = name_of("ok.ads.example"),
                   first = name_of("first.ads.example");
    const uint8_t *owns[] = {own.wire}, *oks[] = {ok.wire}, *firsts[] = {first.wire};
    rule[0] = (struct wr_policy_rule){.label = 1, .action = WR_VERDICT_ALLOW, .below = {firsts, 1}};
    rule[1] = (struct wr_policy_rule){.label = 2,
                                      .action = WR_VERDICT_NXDOMAIN,
                                      .below = {owns, 1},
                                      .except = {oks, 1},
                                      .feed = both,
                                      .feeds = 1};
    compile(2);
    is(ask("own.example", &set, NULL, 0), 2, 0, 0, WR_TRIGGER_NAME);
    is(ask("ads.example", &set, NULL, 0), 2, ADS, 5, WR_TRIGGER_NAME);
    is(ask("x.ok.ads.example", &set, NULL, 0), 0, 0, 0, 0);
    is(ask("first.ads.example", &set, NULL, 0), 1, 0, 0, WR_TRIGGER_NAME);
    is(ask("tracker.net", &set, NULL, 0), 0, 0, 0, 0);
    free(block);
    block = NULL;
}

/* Where nothing was found is marked; what is there never is, nor what nobody has looked for; and marks do not change what is said. */
static void test_quiet(void **state)
{
    static const struct wr_addr client = {.ip = {10, 0, 0, 1}, .family = WR_AF_V4};
    const struct wr_who who = {.groups = 1};
    const uint64_t table = (uint64_t)1 << 63;
    struct wr_name own = name_of("own.example");
    const uint8_t *owns[] = {own.wire};
    rule[0] = (struct wr_policy_rule){.label = 1,
                                      .action = WR_VERDICT_NXDOMAIN,
                                      .feed = &both[1],
                                      .feeds = 1,
                                      .about = {.groups = 2}};
    rule[1] = (struct wr_policy_rule){
        .label = 2, .action = WR_VERDICT_NXDOMAIN, .below = {owns, 1}, .feed = both, .feeds = 1};
    compile(2);
    const struct {
        const char *name;
        uint16_t rule;
        uint64_t one, both; /* marks, when the client is in the one group, and in both */
    } rows[] = {{"plain.test", 0, table | 1, table | 3},
                {"tracker.net", 0, table | 1, table | 1},
                {"ads.example", 2, table, table | 2},
                {"x.own.example", 2, 0, 2}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name n = name_of(rows[i].name);
        uint64_t quiet = 0;
        struct wr_who now = who;
        struct wr_policy_ask a = {.who = &now,
                                  .client = &client,
                                  .name = n.wire,
                                  .type = WR_TYPE_A,
                                  .feeds = &set,
                                  .quiet = &quiet};
        for (unsigned round = 0; round < 2; round++) {
            assert_int_equal(wr_policy_question(policy, &a).rule, rows[i].rule);
            assert_int_equal(quiet, rows[i].one);
        }
        now.groups = 3;
        for (unsigned round = 0; round < 2; round++) {
            bool listed = i == 1; /* for the other group */
            assert_int_equal(wr_policy_question(policy, &a).rule, listed ? 1 : rows[i].rule);
            assert_int_equal(quiet, rows[i].both);
        }
    }
    free(block);
    block = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_names, start),
        cmocka_unit_test_setup(test_answers, start),
        cmocka_unit_test_setup(test_with_others, start),
        cmocka_unit_test_setup(test_quiet, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
