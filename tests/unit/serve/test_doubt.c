/* SPDX-License-Identifier: Apache-2.0 */
/* Is what a policy says the same, whatever is not known? All kinds of what may not be known, one rule each. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "serve/doubt.h"

static const uint8_t NAME[] = "\1a\4test", OTHER[] = "\1b\4test";
static const uint8_t *const TEST[] = {(const uint8_t *)"\4test"};
static const uint8_t *const ALSO[] = {OTHER};
static struct wr_prefix net = {.addr = {.family = WR_AF_V4, .ip = {192, 0, 2}}, .len = 24};
static const uint16_t LIST = 9;

static struct wr_doubt_said ask(const struct wr_policy_rule *rules, uint32_t count,
                                const struct wr_policy_only *only, unsigned of, bool strict,
                                const uint8_t *name)
{
    const struct wr_now now = {.wall_s = 1, .wall_proven = true};
    const struct wr_who nobody = {0};
    const struct wr_addr hidden = {.family = WR_AF_NONE};
    struct wr_policy_spec spec = {
        .rule = rules, .rules = count, .only = only, .onlys = only ? 1 : 0};
    void *block = aligned_alloc(64, wr_policy_size(&spec));
    const struct wr_policy_ask a = {
        .who = &nobody, .client = &hidden, .name = name, .type = WR_TYPE_A, .now = &now};
    struct wr_doubt *d;
    struct wr_doubt_said said;
    assert_int_equal(wr_doubt_open(wr_policy_compile(block, &spec), strict, &d), WR_OK);
    for (int i = 0; i < 2; i++) { /* made, and as it was made */
        assert_int_equal(wr_doubt_question(d, &a, of, &said), WR_OK);
    }
    wr_doubt_close(d);
    free(block);
    return said;
}

static struct wr_policy_rule rule(uint16_t label, uint8_t action)
{
    return (struct wr_policy_rule){
        .label = label, .action = action, .below = {TEST, 1}, .days = 0x7f};
}

static void test_what_is_not_known(void **state)
{
    struct wr_policy_rule r = rule(3, WR_VERDICT_NXDOMAIN);
    struct wr_doubt_said said = ask(&r, 1, NULL, 0, false, NAME);
    assert_true(said.sure);
    assert_int_equal(said.verdict.action, WR_VERDICT_NXDOMAIN);
    r.address = &net;
    r.addresses = 1;
    said = ask(&r, 1, NULL, 0, false, NAME);
    assert_false(said.sure);
    assert_int_equal(said.rule, 3);
    assert_int_equal(said.verdict.action, WR_VERDICT_NONE);
    assert_true(ask(&r, 1, NULL, 0, false, (const uint8_t *)"\3org").sure);
    r.shadow = true;
    assert_true(ask(&r, 1, NULL, 0, false, NAME).sure);

    r = rule(3, WR_VERDICT_NXDOMAIN);
    r.about.client = &net;
    r.about.clients = 1;
    assert_true(ask(&r, 1, NULL, 0, false, NAME).sure);
    assert_true(ask(&r, 1, NULL, WR_DOUBT_DEVICE, false, NAME).sure);
    assert_false(ask(&r, 1, NULL, WR_DOUBT_CLIENT, false, NAME).sure);

    r = rule(3, WR_VERDICT_NXDOMAIN);
    r.about.groups = 2;
    assert_true(ask(&r, 1, NULL, WR_DOUBT_CLIENT, false, NAME).sure);
    assert_false(ask(&r, 1, NULL, WR_DOUBT_CLIENT | WR_DOUBT_DEVICE, false, NAME).sure);

    r = rule(3, WR_VERDICT_NXDOMAIN);
    r.feed = &LIST;
    r.feeds = 1;
    r.below.count = 0;
    assert_true(ask(&r, 1, NULL, 0, false, NAME).sure);
    assert_false(ask(&r, 1, NULL, WR_DOUBT_LISTS, false, NAME).sure);
}

/* What stands above, below, and beside one that may hold. */
static void test_order(void **state)
{
    struct wr_policy_rule r[3] = {rule(1, WR_VERDICT_REFUSED), rule(2, WR_VERDICT_NXDOMAIN),
                                  rule(3, WR_VERDICT_REFUSED)};
    r[1].address = &net;
    r[1].addresses = 1;
    assert_true(ask(r, 3, NULL, 0, false, NAME).sure); /* never reached */
    assert_false(ask(r + 1, 2, NULL, 0, false, NAME).sure);
    r[1].action = WR_VERDICT_REFUSED;
    assert_true(ask(r + 1, 2, NULL, 0, false, NAME).sure); /* says the same */
    r[0].alias = (struct wr_policy_names){ALSO, 1};
    r[1].action = WR_VERDICT_DROP; /* hidden behind one that says the same */
    struct wr_doubt_said said = ask(r, 3, NULL, 0, false, NAME);
    assert_false(said.sure);
    assert_int_equal(said.rule, 2);
    r[0] = rule(1, WR_VERDICT_ALLOW);
    r[0].alias = (struct wr_policy_names){ALSO, 1};
    assert_true(ask(r, 1, NULL, 0, false, NAME).sure);
    assert_false(ask(r, 1, NULL, 0, true, NAME).sure);
}

static void test_lists(void **state)
{
    struct wr_policy_only o = {.label = 5, .about = {.groups = 1}, .below = {ALSO, 1}};
    assert_true(ask(NULL, 0, &o, 0, false, NAME).sure);
    struct wr_doubt_said said = ask(NULL, 0, &o, WR_DOUBT_DEVICE, false, NAME);
    assert_false(said.sure);
    assert_int_equal(said.rule, 5);
    assert_true(ask(NULL, 0, &o, WR_DOUBT_DEVICE, false, OTHER).sure);
}

static void test_no_policy(void **state)
{
    struct wr_doubt *d;
    struct wr_doubt_said said = {.sure = false};
    const struct wr_policy_ask a = {.name = NAME};
    assert_int_equal(wr_doubt_open(NULL, false, &d), WR_OK);
    assert_int_equal(wr_doubt_question(d, &a, WR_DOUBT_CLIENT, &said), WR_OK);
    assert_true(said.sure && said.verdict.action == WR_VERDICT_NONE);
    wr_doubt_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_known),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_no_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
