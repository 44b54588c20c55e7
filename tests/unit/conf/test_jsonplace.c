/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "conf/jsonplace.h"

static const char text[] = "{\n"
                           "  \"a\": [1, {\"x\": \"}\\\"]\"}, 3],\n"
                           "  \"b\" : {\"c\": {\"d\": true},\n"
                           "          \"e\": -1.5e3}\n"
                           "}\n";

static void expect(const struct wr_jsonplace *p, unsigned line, unsigned column)
{
    unsigned l = 0, c = 0;
    wr_jsonplace_find(p, text, strlen(text), &l, &c);
    assert_int_equal(l, line);
    assert_int_equal(c, column);
}

static void test_way(void **state)
{
    struct wr_jsonplace p = {.steps = 0};
    expect(&p, 1, 1);
    wr_jsonplace_key(&p, "a");
    expect(&p, 2, 8);
    wr_jsonplace_item(&p, 2);
    expect(&p, 2, 27);
    wr_jsonplace_up(&p);
    wr_jsonplace_item(&p, 1);
    wr_jsonplace_key(&p, "x");
    expect(&p, 2, 18);
    p.steps = 0;
    wr_jsonplace_key(&p, "b");
    wr_jsonplace_key(&p, "e");
    expect(&p, 4, 16);
}

/* What is not there is where it would be. */
static void test_not_there(void **state)
{
    struct wr_jsonplace p = {.steps = 0};
    wr_jsonplace_key(&p, "b");
    wr_jsonplace_key(&p, "z");
    expect(&p, 3, 9);
    p.steps = 0;
    wr_jsonplace_key(&p, "a");
    wr_jsonplace_item(&p, 9);
    expect(&p, 2, 8);
    p.steps = 0;
    wr_jsonplace_item(&p, 0); /* the root is no list */
    expect(&p, 1, 1);
}

/* It ends, whatever it is given: text that is cut anywhere. */
static void test_cut(void **state)
{
    struct wr_jsonplace p = {.steps = 0};
    unsigned line = 0, column = 0;
    wr_jsonplace_key(&p, "b");
    wr_jsonplace_key(&p, "e");
    for (size_t n = 0; n < strlen(text); n++) {
        wr_jsonplace_find(&p, text, n, &line, &column);
        assert_in_range(line, 1, 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_way),
        cmocka_unit_test(test_not_there),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
