/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "policy/prefix.h"
#include "serve/recursion.h"

static struct wr_recursion made;
static struct wr_upstreams upstreams;

static void make(const char *yaml)
{
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    struct wr_conf *conf = NULL;
    wr_mistakes_init(mistakes);
    if (wr_conf_read(yaml, strlen(yaml), mistakes, &conf) != WR_OK) {
        wr_mistakes_print(mistakes, "test", stderr);
        fail();
    }
    free(mistakes);
    wr_recursion_free(&made);
    memset(&upstreams, 0, sizeof(upstreams));
    assert_int_equal(wr_recursion_make(conf, &made, &upstreams), WR_OK);
    wr_conf_free(conf); /* nothing points into it */
}

static int teardown(void **state)
{
    wr_recursion_free(&made);
    wr_recursion_free(&made); /* twice does no harm */
    return 0;
}

static bool never(const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return wr_prefix_has(upstreams.never, upstreams.nevers, &a);
}

/* Thirteen root servers with an address of each family; each line of the table is an address. */
static void test_hints_of_the_internet(void **state)
{
    unsigned families[2] = {0, 0};
    make("");
    assert_ptr_equal(upstreams.hints, &made.hints);
    for (unsigned i = 0; i < made.hints.count; i++) {
        const struct wr_addr *a = &made.hints.addr[i];
        families[a->family == WR_AF_V6]++;
        assert_int_equal(a->port, 53);
        for (unsigned k = 0; k < i; k++) {
            assert_false(wr_addr_equal(a, &made.hints.addr[k]));
        }
    }
    assert_int_equal(families[0], 13);
    assert_int_equal(families[1], 13);
    assert_true(upstreams.minimise);
}

static void test_hints_of_the_owner(void **state)
{
    make("recursion: {hints: [\"udp://192.0.2.1\", \"udp://[2001:db8::1]:5353\"], "
         "minimise: false}\n");
    assert_int_equal(made.hints.count, 2);
    assert_int_equal(made.hints.addr[0].family, WR_AF_V4);
    assert_int_equal(made.hints.addr[0].port, 53);
    assert_int_equal(made.hints.addr[1].family, WR_AF_V6);
    assert_int_equal(made.hints.addr[1].port, 5353);
    assert_false(upstreams.minimise);
}

/* By default at least this machine is never asked because a stranger's zone says so. */
static void test_never(void **state)
{
    make("");
    assert_true(never("127.0.0.1"));
    assert_true(never("127.255.0.1"));
    assert_true(never("::1"));
    assert_false(never("192.0.2.1"));
    assert_false(never("2001:db8::1"));
    make("recursion: {never_ask: [10.0.0.0/8, \"fd00::/8\", 10.1.0.0/16]}\n");
    assert_true(never("10.9.9.9"));
    assert_true(never("10.1.0.1"));
    assert_true(never("fd12::1"));
    assert_false(never("127.0.0.1"));
    make("recursion: {never_ask: []}\n");
    assert_int_equal(upstreams.nevers, 0);
    assert_false(never("127.0.0.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_hints_of_the_internet, teardown),
        cmocka_unit_test_teardown(test_hints_of_the_owner, teardown),
        cmocka_unit_test_teardown(test_never, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
