/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that keep discovery in its segment; tests/e2e/firewall.py has the kernel obey them. */
#include "unit/policy/rulesettext.h"

/* The house, in which the cameras have a subnet; both keep what finds devices, the guests do not. */
static void test_discovery(void **state)
{
    const struct wr_ruleset_item all[] = {
        flagged(WR_RULESET_SEGMENT, 0, WR_RULESET_KEEPS, ""),
        flagged(WR_RULESET_INTERFACE, 0, 0, "br-lan"),
        flagged(WR_RULESET_INTERFACE, 0, 0, "wlan0"),
        flagged(WR_RULESET_SUBNET, 0, 0, "10.0.0.0/8"),
        flagged(WR_RULESET_SEGMENT, 1, WR_RULESET_KEEPS, ""),
        flagged(WR_RULESET_SUBNET, 1, 0, "10.1.0.0/16"),
        flagged(WR_RULESET_SEGMENT, 2, 0, ""),
    };
    const char *text = table_of(all, 7);
    need(text, "counter segment_0_discovery { }\n");
    need(text,
         "chain segment_0_leaving {\n"
         "\t\tmeta l4proto tcp counter name segment_0_discovery reject with tcp reset\n"
         "\t\tcounter name segment_0_discovery reject with icmpx type port-unreachable\n\t}\n");
    need(text, "chain segment_0_discovery {\n\t\toifname \"br-lan\" return\n"
               "\t\toifname \"wlan0\" return\n"
               "\t\tip daddr 10.1.0.0/16 goto segment_0_leaving\n"
               "\t\tip daddr 10.0.0.0/8 return\n\t\tgoto segment_0_leaving\n\t}\n");
    need(text, "chain segment_1_discovery {\n\t\tip daddr 10.1.0.0/16 return\n"
               "\t\tip daddr 10.0.0.0/8 goto segment_1_leaving\n\t\tgoto segment_1_leaving\n\t}\n");
    need(text,
         "\t\tudp dport { 1900, 5353, 5355 } jump segment_1_discovery\n"
         "\t\ttcp dport 5355 jump segment_1_discovery\n"
         "\t\tip daddr { 224.0.0.251, 224.0.0.252, 239.255.255.250 } jump segment_1_discovery\n"
         "\t\tip6 daddr & fff0:ffff:ffff:ffff:ffff:ffff:ffff:ffff == "
         "{ ff00::c, ff00::fb, ff00::1:3 } jump segment_1_discovery\n\t}\n");
    assert_null(strstr(text, "segment_2_discovery"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_discovery)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
