/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "resolve/pref64.h"

#define ONE "64:ff9b::/96"
#define TWO "2001:db8:64::/96"

static struct wr_pref64 table;
static uint64_t now_us;

static int setup(void **state)
{
    memset(&table, 0, sizeof(table));
    now_us = 1000 * WR_S;
    return 0;
}

static struct wr_addr router(unsigned number, uint32_t ifindex)
{
    struct wr_addr a = {.family = WR_AF_V6, .scope = ifindex};
    a.ip[0] = 0xfe;
    a.ip[1] = 0x80;
    a.ip[14] = (uint8_t)(number >> 8);
    a.ip[15] = (uint8_t)number;
    return a;
}

/* What the router says of one prefix; is another in use afterwards? */
static bool say(const struct wr_addr *from, const char *prefix, uint32_t lifetime_s)
{
    struct wr_routeradv adv = {.prefixes = 1};
    assert_int_equal(wr_addr_prefix_from_text(prefix, &adv.prefix[0].prefix), WR_OK);
    adv.prefix[0].lifetime_s = lifetime_s;
    wr_pref64_hear(&table, from, &adv, now_us);
    return wr_pref64_look(&table, now_us);
}

static bool pass(unsigned seconds)
{
    now_us += seconds * WR_S;
    return wr_pref64_look(&table, now_us);
}

static bool uses(const char *prefix)
{
    struct wr_prefix want = {.addr = {.family = WR_AF_NONE}};
    if (prefix) {
        assert_int_equal(wr_addr_prefix_from_text(prefix, &want), WR_OK);
    }
    return wr_pref64_same(&table.used, &want);
}

static void test_it_lives_and_ends(void **state)
{
    struct wr_addr r = router(1, 2);

    assert_true(uses(NULL) && wr_pref64_deadline(&table) == WR_TIME_NEVER);
    assert_false(pass(1));
    assert_true(say(&r, ONE, 600));
    assert_true(uses(ONE));
    assert_true(wr_pref64_deadline(&table) == now_us + 600 * WR_S);
    assert_false(pass(599));
    assert_false(say(&r, ONE, 600)); /* told again: it lives longer, and that is no news */
    assert_false(pass(599));
    assert_true(pass(1));
    assert_true(uses(NULL) && table.entries == 0);
    assert_false(pass(1));
}

static void test_it_is_withdrawn(void **state)
{
    struct wr_addr r = router(1, 2), other = router(2, 2);

    say(&r, ONE, 600);
    assert_false(say(&other, ONE, 0)); /* of what it never said */
    assert_true(uses(ONE));
    assert_true(say(&r, ONE, 0));
    assert_true(uses(NULL));
}

/* It lives as long as one of them stands by it; the same address on another link is another router. */
static void test_several_routers(void **state)
{
    struct wr_addr r = router(1, 2), other = router(1, 3);

    say(&r, ONE, 600);
    say(&other, ONE, 1200);
    assert_false(say(&r, ONE, 0));
    assert_true(uses(ONE));
    assert_false(pass(600));
    assert_true(say(&other, ONE, 0));
    say(&r, ONE, 600);
    say(&other, TWO, 600);
    assert_true(uses(ONE));
    wr_pref64_forget(&table, 2);
    assert_true(wr_pref64_look(&table, now_us));
    assert_true(uses(TWO));
    assert_int_equal(table.entries, 1);
}

/* Renumbering: the old one is used until it ends, whatever else is offered; then the one that lives longest. */
static void test_one_at_a_time(void **state)
{
    struct wr_addr r = router(1, 2);

    say(&r, ONE, 600);
    assert_false(say(&r, TWO, 1800));
    assert_false(say(&r, "2001:db8:65::/64", 3600));
    assert_false(say(&r, "2001:db8:66::/64", 2400));
    assert_true(uses(ONE));
    assert_true(say(&r, ONE, 0));
    assert_true(uses("2001:db8:65::/64"));
}

static void test_a_flood(void **state)
{
    struct wr_addr r = router(1, 2);
    char text[64];

    say(&r, ONE, 8);
    for (unsigned i = 0; i < 3 * WR_PREF64_MAX; i++) {
        struct wr_addr made_up = router(100 + i, 2);
        snprintf(text, sizeof(text), "2001:db8:%x::/48", i + 1);
        assert_false(say(&made_up, text, 1000 + 8 * i));
        assert_true(table.entries <= WR_PREF64_MAX);
    }
    assert_true(uses(ONE));
    assert_int_equal(table.entries, WR_PREF64_MAX);
    assert_true(pass(8));
    assert_true(uses("2001:db8:60::/48")); /* the last of them lives longest */
    /* When all places hold the one in use there is none for another. */
    setup(NULL);
    for (unsigned i = 0; i < WR_PREF64_MAX; i++) {
        struct wr_addr many = router(i, 2);
        say(&many, ONE, 600);
    }
    assert_false(say(&r, TWO, 600));
    assert_true(uses(ONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_it_lives_and_ends, setup),
        cmocka_unit_test_setup(test_it_is_withdrawn, setup),
        cmocka_unit_test_setup(test_several_routers, setup),
        cmocka_unit_test_setup(test_one_at_a_time, setup),
        cmocka_unit_test_setup(test_a_flood, setup),
    };
    return cmocka_run_group_tests_name("pref64", tests, NULL, NULL);
}
