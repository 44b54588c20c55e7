/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "serve/policycompile.h"

static const uint8_t zone[] = "\3rpz\4test";
static unsigned told;
static char last[512];

static void tell(void *user, enum wr_names_said said, const char *file, uint32_t line,
                 const char *text)
{
    (void)user, (void)said, (void)file, (void)line;
    told++;
    snprintf(last, sizeof(last), "%s", text);
}

/* NAME.rpz.test CNAME TARGET */
static void add(struct wr_names *names, const char *name, const char *target)
{
    struct wr_name owner, to;
    assert_int_equal(wr_name_from_text(name, strlen(name), &owner), WR_OK);
    assert_int_equal(wr_name_from_text(target, strlen(target), &to), WR_OK);
    assert_true(wr_names_add(names, owner.wire, WR_TYPE_CNAME, 60, to.wire,
                             (uint16_t)wr_name_size(to.wire), 0));
}

static void test_compile(void **state)
{
    const struct wr_names_hooks hooks = {.tell = tell};
    const struct wr_hash_key key = {{1, 2}};
    struct wr_policyzone *z;
    struct wr_names names;
    char name[64];
    wr_names_init(&names, "x");
    add(&names, "bad.site.rpz.test.", ".");
    for (unsigned i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "n%u.rpz.test.", i);
        add(&names, name, i % 2 == 0 ? "." : "rpz-none.");
    }
    assert_int_equal(wr_policycompile(&names, zone, &key, &hooks, &z), WR_OK);
    wr_names_free(&names); /* it has copies of everything */
    assert_int_equal(wr_rpz_triggers(z->rpz, WR_RPZ_QNAME), 11);
    assert_int_equal(z->rejects, 10);
    assert_int_equal(told, 9); /* eight of them, and how many */
    assert_string_equal(last, "10 records were set aside in all");
    assert_ptr_equal(wr_policyzone_hold(z), z);
    wr_policyzone_let_go(z);
    assert_int_equal(wr_rpz_triggers(z->rpz, WR_RPZ_QNAME), 11);
    wr_policyzone_let_go(z);
    wr_policyzone_let_go(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
