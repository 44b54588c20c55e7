/* SPDX-License-Identifier: Apache-2.0 */
/* What nft is told while the table of connections is full; tests/e2e/faults.py fills it. */
#include "unit/policy/rulesettext.h"

static void test_rules(void **state)
{
    struct wr_ruleset_item all[] = {{.kind = WR_RULESET_UDP, .port = 53},
                                    {.kind = WR_RULESET_TCP, .port = 54},
                                    {.kind = WR_RULESET_UDP, .port = 853}};
    assert_null(strstr(table_of(all, 3), "untracked"));
    all[1].flags = WR_RULESET_UNTRACKED;
    assert_false(wr_ruleset_is_sound(&all[1])); /* connections of TCP last */
    all[1].flags = 0;
    all[0].flags = all[2].flags = WR_RULESET_UNTRACKED;
    assert_true(wr_ruleset_is_sound(&all[0]));
    assert_non_null(strstr(table_of(all, 3),
                           "\tchain untracked_quarantined {\n"
                           "\t\tmeta l4proto tcp counter name quarantine drop\n"
                           "\t\tudp dport 123 counter name quarantine drop\n"
                           "\t\tnotrack\n"
                           "\t}\n"
                           "\tchain untracked_in {\n"
                           "\t\ttype filter hook prerouting priority -300; policy accept;\n"
                           "\t\tudp dport { 53, 853 } fib daddr type local notrack\n"
                           "\t\tether saddr @quarantined_mac goto untracked_quarantined\n"
                           "\t\tiif . ip saddr @quarantined4 goto untracked_quarantined\n"
                           "\t\tiif . ip6 saddr @quarantined6 goto untracked_quarantined\n"
                           "\t}\n"
                           "\tchain untracked_out {\n"
                           "\t\ttype filter hook output priority -300; policy accept;\n"
                           "\t\tudp dport { 53, 853 } fib daddr type local notrack\n"
                           "\t\tudp sport { 53, 853 } fib saddr type local notrack\n"
                           "\t}\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
