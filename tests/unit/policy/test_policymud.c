/* SPDX-License-Identifier: Apache-2.0 */
/* A profile beside lists of approved names and rules: what a device gets by all of them. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "policy/policy.h"

#define LABEL 77

static struct wr_mud_ace aces[2][4];
static char texts[2][256];
static struct wr_mud mud[2];
static struct wr_policy_only only;
static struct wr_policy_rule rule;
static struct wr_name names[4];
static const uint8_t *list[4];
static uint16_t segment = 3;
static void *set_block, *block;

static void permit(struct wr_mud *m, const char *name)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    a.family = WR_AF_V4;
    assert_int_equal(wr_mud_text(m, name, strlen(name), &a.dst_name), WR_OK);
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
}

static struct wr_policy_names name(unsigned i, const char *text)
{
    assert_int_equal(wr_name_from_text(text, strlen(text), &names[i]), WR_OK);
    list[i] = names[i].wire;
    return (struct wr_policy_names){&list[i], 1};
}

/* Device 7 may reach cloud.example and shared.example, 8 shared.example; segment 3 has time.example; ads.example is denied to all. */
static bool shadow;

static const struct wr_policy *make(bool with_only)
{
    for (unsigned i = 0; i < 2; i++) {
        wr_mud_init(&mud[i], aces[i], 4, texts[i], sizeof(texts[i]));
    }
    permit(&mud[0], "cloud.example");
    permit(&mud[0], "shared.example");
    permit(&mud[0], "ads.example");
    permit(&mud[1], "shared.example");
    const struct wr_mudset_item items[] = {{7, shadow, &mud[0], false}, {8, false, &mud[1], false}};
    set_block = malloc(wr_mudset_size(items, 2));
    assert_non_null(set_block);
    only = (struct wr_policy_only){.name = "home",
                                   .label = 5,
                                   .about = {.segment = &segment, .segments = 1},
                                   .below = name(0, "time.example")};
    rule = (struct wr_policy_rule){
        .name = "ads", .label = 6, .action = WR_VERDICT_NXDOMAIN, .exact = name(1, "ads.example")};
    const struct wr_hash_key key = {{1, 2}};
    struct wr_policy_spec spec = {.rule = &rule,
                                  .rules = 1,
                                  .only = &only,
                                  .onlys = with_only,
                                  .mud = wr_mudset_compile(set_block, items, 2, &key),
                                  .mud_label = LABEL};
    block = aligned_alloc(64, (wr_policy_size(&spec) + 63) / 64 * 64);
    assert_non_null(block);
    return wr_policy_compile(block, &spec);
}

static int teardown(void **state)
{
    free(block);
    free(set_block);
    block = set_block = NULL;
    return 0;
}

/* The label of what denies the name; 0: nothing does. */
static unsigned denied(const struct wr_policy *p, struct wr_who who, const char *text)
{
    struct wr_now now = {.mono_us = 1};
    struct wr_name n;
    struct wr_addr client = {.family = WR_AF_V4};
    uint64_t quiet = 0;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), WR_OK);
    struct wr_policy_ask ask = {.who = &who,
                                .client = &client,
                                .name = n.wire,
                                .type = WR_TYPE_A,
                                .now = &now,
                                .quiet = &quiet};
    struct wr_verdict first = wr_policy_question(p, &ask);
    struct wr_verdict again =
        wr_policy_question(p, &ask); /* the name is in no table: it is still judged */
    assert_int_equal(first.rule, again.rule);
    assert_true(first.shadow || wr_policy_answer(p, &ask, NULL, 0).rule == first.rule);
    return wr_policy_takes(first.action) && !first.shadow ? first.rule : 0;
}

static void test_alone(void **state)
{
    const struct wr_policy *p = make(false);
    struct wr_who who = {.device = 7, .state = WR_WHO_KNOWN};
    char reason[WR_POLICY_REASON_SIZE];
    assert_int_equal(denied(p, who, "cloud.example"), 0);
    assert_int_equal(denied(p, who, "x.cloud.example"), LABEL);
    assert_int_equal(denied(p, who, "other.example"), LABEL);
    assert_int_equal(denied(p, who, "ads.example"), 6); /* what a rule denies no profile opens */
    who.device = 9;
    assert_int_equal(denied(p, who, "other.example"), 0);
    struct wr_verdict v = {.action = WR_VERDICT_NXDOMAIN, .rule = LABEL};
    assert_int_equal(wr_policy_reason(p, &v, reason), WR_EDE_BLOCKED);
    assert_string_equal(reason, "not in the profile of this device (MUD)");
}

/* What the segment's list has is approved as well; who has no profile has that list alone. */
static void test_with_list(void **state)
{
    const struct wr_policy *p = make(true);
    struct wr_who who = {.device = 7, .state = WR_WHO_KNOWN, .segment = 3};
    assert_int_equal(denied(p, who, "cloud.example"), 0);
    assert_int_equal(denied(p, who, "time.example"), 0);
    assert_int_equal(denied(p, who, "other.example"), 5);
    who.device = 9;
    assert_int_equal(denied(p, who, "cloud.example"), 5);
    assert_int_equal(denied(p, who, "time.example"), 0);
}

/* Of whom two things are said: what both have, and the segment's. */
static void test_conflict(void **state)
{
    const struct wr_policy *p = make(false);
    struct wr_who who = {.device = 7, .rival = 8, .state = WR_WHO_CONFLICT};
    assert_int_equal(denied(p, who, "shared.example"), 0);
    assert_int_equal(denied(p, who, "cloud.example"), LABEL);
    who.device = 9;
    assert_int_equal(denied(p, who, "cloud.example"), LABEL);
    teardown(NULL);
    p = make(true);
    who.segment = 3;
    assert_int_equal(denied(p, who, "time.example"), 0);
    assert_int_equal(denied(p, who, "shared.example"),
                     5); /* a profile opens nothing to who may be another */
}

/* In the shadow it refuses nothing, and is told where nothing else is said. */
static void test_shadow(void **state)
{
    shadow = true;
    const struct wr_policy *p = make(false);
    shadow = false;
    _Atomic uint64_t hits[LABEL + 1] = {0};
    struct wr_who who = {.device = 7, .state = WR_WHO_KNOWN};
    struct wr_now now = {.mono_us = 1};
    struct wr_addr client = {.family = WR_AF_V4};
    struct wr_policy_ask ask = {
        .who = &who, .client = &client, .type = WR_TYPE_A, .now = &now, .hits = hits};
    assert_int_equal(denied(p, who, "other.example"), 0);
    assert_int_equal(denied(p, who, "ads.example"), 6);
    ask.name = name(2, "other.example").name[0];
    struct wr_verdict v = wr_policy_question(p, &ask);
    assert_true(v.shadow && v.rule == LABEL && v.action == WR_VERDICT_NXDOMAIN);
    assert_int_equal(hits[LABEL], 1);
    ask.name = name(2, "cloud.example").name[0];
    v = wr_policy_question(p, &ask);
    assert_true(v.action == WR_VERDICT_NONE && v.rule == 0);
    assert_int_equal(hits[LABEL], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_alone, teardown),
        cmocka_unit_test_teardown(test_with_list, teardown),
        cmocka_unit_test_teardown(test_conflict, teardown),
        cmocka_unit_test_teardown(test_shadow, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
