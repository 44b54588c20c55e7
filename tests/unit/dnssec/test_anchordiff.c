/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "dnssec/anchordiff.h"

#define HEX(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define KEY1   ". DS 1 8 2 " HEX("11")
#define KEY2   ". DS 2 8 2 " HEX("22")
#define ISLAND "island.example. DS 3 13 2 " HEX("33")
#define SHORE  "Shore.example. DS 3 13 2 " HEX("33")

static struct wr_anchor room[2][8];
static struct wr_anchors table[2];

static void add(struct wr_anchors *a, const char *text)
{
    struct wr_name name;

    if (text[0] == '!') {
        assert_int_equal(wr_name_from_text(text + 1, strlen(text + 1), &name), WR_OK);
        assert_int_equal(wr_anchors_add_negative(a, name.wire, 0), WR_OK);
    } else {
        assert_int_equal(wr_anchors_add_text(a, text, strlen(text)), WR_OK);
    }
}

/* "!name": a negative one. Texts end with NULL. */
static void make(unsigned which, const char *const *text)
{
    wr_anchors_init(&table[which], room[which], 8);
    for (; *text; text++) {
        add(&table[which], *text);
    }
}

/* NULL `below`: they are the same. */
static void check(const char *const *a, const char *const *b, const char *below)
{
    struct wr_name seen, wanted;

    make(0, a);
    make(1, b);
    bool same = wr_anchordiff_mark(&table[0]) == wr_anchordiff_mark(&table[1]);

    assert_int_equal(same, below == NULL);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(wr_anchordiff_find(&table[i], &table[!i], &seen), !same);
        if (below) {
            assert_int_equal(wr_name_from_text(below, strlen(below), &wanted), WR_OK);
            assert_true(wr_name_equal(seen.wire, wanted.wire));
        }
    }
}

#define LIST(...)         \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

static void test_same(void **state)
{
    check(LIST(KEY1, KEY2, ISLAND, "!bad.example."), LIST("!bad.EXAMPLE.", ISLAND, KEY2, KEY1),
          NULL);
}

static void test_where(void **state)
{
    check(LIST(KEY1), LIST(KEY2), ".");
    check(LIST(KEY1), LIST(KEY1, KEY2), ".");
    check(LIST(KEY1, ISLAND), LIST(KEY1), "island.example.");
    check(LIST(KEY1, "!a.b.example."), LIST(KEY1), "a.b.example.");
    check(LIST(KEY1, ISLAND), LIST(KEY1, SHORE), "example.");
    check(LIST(KEY1, ISLAND, "!a.test."), LIST(KEY1), ".");
    check(LIST(KEY1, ISLAND, "!www.island.example."), LIST(KEY1), "island.example.");
    check(LIST(KEY1, ISLAND), LIST(KEY1, ISLAND, "!island.example."), "island.example.");
}

static void test_how(void **state)
{
    struct wr_name below, island;

    assert_int_equal(wr_name_from_text("island.example.", 15, &island), WR_OK);
    make(0, LIST(KEY1, ISLAND, "!bad."));
    make(1, LIST(KEY1, ISLAND, "!bad."));
    table[1].list[2].until_s = 5; /* a negative one that ends */
    assert_true(wr_anchordiff_find(&table[0], &table[1], &below));
    make(1, LIST(KEY1, ISLAND, "!bad."));
    assert_int_equal(wr_anchors_close(&table[1], island.wire), WR_OK);
    assert_true(wr_anchordiff_find(&table[0], &table[1], &below));
    assert_true(wr_name_equal(below.wire, island.wire));
    assert_true(wr_anchordiff_mark(&table[0]) != wr_anchordiff_mark(&table[1]));
    wr_anchors_init(&table[0], room[0], 8);
    assert_true(wr_anchordiff_mark(&table[0]) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_where),
                                       cmocka_unit_test(test_how)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
