/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "policy/learn.h"

enum { CAP = 64, DAY = 86400 };

static _Alignas(8) uint8_t *block;
static struct wr_learn *l;
static struct wr_learn_row row[2 * CAP];
static uint32_t rows;

static void read_name(const char *text, struct wr_name *n)
{
    assert_int_equal(wr_name_from_text(text, strlen(text), n), 0);
}

/* Top-level domains that exist, and a company's below which strangers have names. */
static bool shared(void *user, const uint8_t *name)
{
    static const char *const text[] = {"example", "test", "arpa", "cdn.example"};
    struct wr_name n;
    for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        read_name(text[i], &n);
        if (wr_name_equal(n.wire, name)) {
            return true;
        }
    }
    return false;
}

static void fresh(void)
{
    free(block);
    block = malloc(wr_learn_size(CAP));
    assert_non_null(block);
    l = wr_learn_init(block, CAP, shared, NULL);
    rows = 0;
}

static void take_at(const char *text, int64_t when, bool missing)
{
    struct wr_name n;
    read_name(text, &n);
    assert_int_equal(wr_learn_take(l, n.wire, when, missing), 0);
}

static void take(const char *text)
{
    take_at(text, 1000, false);
}

static void other(const char *text)
{
    struct wr_name n;
    read_name(text, &n);
    wr_learn_other(l, n.wire);
}

/* All that is proposed, in one text. */
static const char *proposed(void)
{
    static char all[CAP * 64];
    size_t at = 0;
    char text[WR_NAME_TEXT_SIZE];
    all[0] = 0;
    rows = wr_learn_rows(l, row);
    for (uint32_t i = 0; i < rows; i++) {
        (void)wr_name_to_text(row[i].name, text, sizeof(text));
        at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s%s", at > 0 ? " " : "",
                               row[i].below ? "*." : "", text);
    }
    return all;
}

static bool permits(const char *text)
{
    struct wr_name n;
    read_name(text, &n);
    return wr_learn_permits(row, rows, n.wire) != NULL;
}

static void test_names_are_themselves(void **state)
{
    fresh();
    take("API.vendor.example");
    take("api.vendor.example");
    take("time.test");
    take("host.cdn.example");
    wr_learn_sum(l);
    assert_string_equal(proposed(), "host.cdn.example. api.vendor.example. time.test.");
    assert_int_equal(row[1].queries, 2);
    assert_int_equal(row[1].names, 1);
    assert_true(permits("api.vendor.example"));
    assert_false(permits("eu.api.vendor.example"));
    assert_false(permits("vendor.example"));
    assert_false(permits("www.vendor.example"));
    assert_false(permits("other.cdn.example"));
}

static void test_a_part_of_a_domain(void **state)
{
    fresh();
    take("a.ch.vendor.example");
    take("b.ch.vendor.example");
    take("www.vendor.example");
    wr_learn_sum(l);
    assert_string_equal(proposed(), "*.ch.vendor.example. www.vendor.example.");
    assert_int_equal(row[0].why, WR_LEARN_PART);
    assert_int_equal(row[0].names, 2);
    assert_true(permits("c.ch.vendor.example"));
    assert_false(permits("ch.vendor.example"));
    /* what is said of a part is not unsaid by others */
    other("z.ch.vendor.example");
    assert_string_equal(proposed(), "*.ch.vendor.example. www.vendor.example.");
}

/* One in the other: the shorter one says it. */
static void test_parts_of_parts(void **state)
{
    fresh();
    take("ch.vendor.example");
    take("a.x.ch.vendor.example");
    take("b.x.ch.vendor.example");
    take("c.ch.vendor.example");
    wr_learn_sum(l);
    assert_string_equal(proposed(), "ch.vendor.example. *.ch.vendor.example.");
    assert_int_equal(row[1].names, 3);
    assert_true(permits("ch.vendor.example") && permits("z.x.ch.vendor.example"));
}

static void test_a_domain_of_its_own(void **state)
{
    fresh();
    take("a.vendor.example");
    take("b.vendor.example");
    wr_learn_sum(l);
    assert_string_equal(proposed(), "a.vendor.example. b.vendor.example.");
    fresh();
    take("a.vendor.example");
    take("b.vendor.example");
    take("c.d.vendor.example");
    wr_learn_sum(l);
    assert_string_equal(proposed(), "*.vendor.example.");
    assert_int_equal(row[0].why, WR_LEARN_DOMAIN);
    other("b.vendor.example"); /* what both ask for says nothing */
    other("x.vendor.test");
    assert_string_equal(proposed(), "*.vendor.example.");
    other("shop.vendor.example");
    assert_string_equal(proposed(), "a.vendor.example. b.vendor.example. c.d.vendor.example.");
}

static void test_names_that_differ_in_digits(void **state)
{
    fresh();
    take("push12-eu.vendor.example");
    take("push7-eu.vendor.example");
    take("node1.vendor.test");
    take("node.vendor.test");
    take("srv-a.third.test");
    take("srv-b.third.test");
    wr_learn_sum(l);
    assert_string_equal(proposed(), "*.vendor.example. srv-a.third.test. srv-b.third.test. "
                                    "node.vendor.test. node1.vendor.test.");
    assert_int_equal(row[0].why, WR_LEARN_ALIKE);
    other("www.vendor.example");
    assert_false(strcmp(proposed(), "*.vendor.example.") == 0);
    assert_false(permits("push3-eu.vendor.example"));
}

/* Below a suffix of strangers, and around it, nothing is opened. */
static void test_strangers(void **state)
{
    fresh();
    for (unsigned i = 0; i < 5; i++) {
        char text[32];
        snprintf(text, sizeof(text), "ip-10-0-0-%u.cdn.example", i);
        take(text);
    }
    take("one.test");
    take("two.test");
    take("three.test");
    wr_learn_sum(l);
    (void)proposed();
    assert_int_equal(rows, 8);
    assert_false(permits("ip-10-0-0-9.cdn.example"));
    assert_false(permits("four.test"));
}

/* A domain that has such a suffix in it is not opened either. */
static bool inside(void *user, const uint8_t *name)
{
    struct wr_name n;
    read_name("rent.vendor.example", &n);
    return shared(user, name) || wr_name_equal(n.wire, name);
}

static void test_strangers_inside(void **state)
{
    fresh();
    l = wr_learn_init(block, CAP, inside, NULL);
    take("a.vendor.example");
    take("b.vendor.example");
    take("c.vendor.example");
    take("mine.rent.vendor.example");
    wr_learn_sum(l);
    (void)proposed();
    assert_int_equal(rows, 4);
    assert_false(permits("yours.rent.vendor.example"));
    assert_false(permits("d.vendor.example"));
}

static void test_what_does_not_exist(void **state)
{
    fresh();
    take_at("qpzmxj.example", 1000, true);
    take_at("probe.test", 1000, true);
    take_at("probe.test", 1000 + WR_LEARN_AGAIN_S, true);
    take_at("a.dga.example", 1000, true);
    take_at("b.dga.example", 1000, true);
    take_at("c.dga.example", 1000, true);
    take_at("one.ch.vendor.example", 1000, false);
    take_at("two.ch.vendor.example", 1000, true);
    take_at("camera.lan", 1000, true);
    take_at("api.vendor.example.lan", 1000, true);
    take_at("gw", 1000, false);
    wr_learn_sum(l);
    assert_string_equal(proposed(), "one.ch.vendor.example. gw. *.lan. probe.test.");
    assert_int_equal(row[2].why, WR_LEARN_LOCAL);
    assert_int_equal(wr_learn_told(l).never, 5);
    assert_int_equal(wr_learn_told(l).names, 10);
    assert_true(permits("nas.lan"));
    assert_false(permits("d.dga.example"));
}

static void test_dualstack(void **state)
{
    fresh();
    take("DualStack.box-1.cdn.example");
    take("dualstack.box-2.cdn.example");
    take("box-2.cdn.example");
    take("dualstack.cdn.example"); /* that would be all of them */
    wr_learn_sum(l);
    assert_string_equal(proposed(),
                        "dualstack.box-1.cdn.example. box-1.cdn.example. box-2.cdn.example. "
                        "dualstack.box-2.cdn.example. dualstack.cdn.example.");
    assert_int_equal(row[1].why, WR_LEARN_PLAIN);
    assert_false(permits("box-3.cdn.example"));
}

static void test_when(void **state)
{
    fresh();
    take_at("a.ch.vendor.example", 5 * DAY, false);
    take_at("b.ch.vendor.example", 2 * DAY, false);
    take_at("b.ch.vendor.example", 3 * DAY, false);
    wr_learn_sum(l);
    (void)proposed();
    assert_int_equal(rows, 1);
    assert_int_equal(row[0].first_s, 2 * DAY);
    assert_int_equal(row[0].last_s, 5 * DAY);
    assert_int_equal(row[0].queries, 3);
}

static void test_no_more_than_there_is_room_for(void **state)
{
    struct wr_name n;
    char text[32];
    fresh();
    for (unsigned i = 0; i < CAP; i++) {
        snprintf(text, sizeof(text), "a.n%c%c.example", 'a' + i % 8, 'a' + i / 8);
        take(text);
    }
    read_name("one.too.many.test", &n);
    assert_int_equal(wr_learn_take(l, n.wire, 1, false), WR_E_FULL);
    read_name("A.naa.example", &n);
    assert_int_equal(wr_learn_take(l, n.wire, 1, false), 0);
    wr_learn_sum(l);
    (void)proposed();
    assert_int_equal(rows, CAP);
    assert_int_equal(wr_learn_told(l).over, 1);
    assert_false(permits("one.too.many.test"));
    fresh();
    wr_learn_sum(l);
    assert_string_equal(proposed(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_themselves),
        cmocka_unit_test(test_a_part_of_a_domain),
        cmocka_unit_test(test_parts_of_parts),
        cmocka_unit_test(test_a_domain_of_its_own),
        cmocka_unit_test(test_names_that_differ_in_digits),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_strangers_inside),
        cmocka_unit_test(test_what_does_not_exist),
        cmocka_unit_test(test_dualstack),
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_no_more_than_there_is_room_for),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(block);
    return failed;
}
