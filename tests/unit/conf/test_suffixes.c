/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "conf/suffixes.h"
#include "dns/name.h"

static bool has(const struct wr_suffixes *s, const char *text)
{
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    return wr_suffixes_has(s, n.wire);
}

static bool shared(const struct wr_suffixes *s, const char *text)
{
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    return wr_suffixes_shared(s, n.wire);
}

static void test_suffixes(void **state)
{
    struct wr_suffixes *s = wr_suffixes_open();
    assert_non_null(s);
    assert_true(has(s, "com"));
    assert_true(has(s, "CO.UK"));
    assert_true(has(s, "co.uk."));
    assert_true(has(s, "nonsense"));
    assert_false(has(s, "example.com"));
    assert_false(has(s, "example.co.uk"));
    assert_false(has(s, "a.b.c.d.e.f.co.uk"));
    assert_false(has(s, "github.io")); /* a company's, not a registry's */
    assert_true(shared(s, "github.io"));
    assert_true(shared(s, "GitHub.io"));
    assert_true(shared(s, "com"));
    assert_false(shared(s, "nonsense")); /* nobody has a name there */
    assert_false(shared(s, "example.com"));
    assert_false(shared(s, "a.b.c.d.e.f.github.io"));
    wr_suffixes_close(s);
}

static void test_without_a_list(void **state)
{
    assert_true(has(NULL, "com"));
    assert_true(has(NULL, "."));
    assert_false(has(NULL, "co.uk"));
    assert_true(shared(NULL, "example.com"));
    wr_suffixes_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suffixes),
        cmocka_unit_test(test_without_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
