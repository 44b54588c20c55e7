/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that note who tries what past weir; tests/e2e/firewall.py has the kernel obey them. */
#include "unit/policy/rulesettext.h"

#include "policy/rulesetbypass.h"

static void test_noted(void **state)
{
    const struct wr_ruleset_item all[] = {
        flagged(WR_RULESET_SEGMENT, 0, WR_RULESET_ANSWERED | WR_RULESET_REJECTS, ""),
        flagged(WR_RULESET_INTERFACE, 0, 0, "br-cam"), flagged(WR_RULESET_SEGMENT, 1, 0, ""),
        flagged(WR_RULESET_RESOLVER, 1, 0, "192.0.2.53")};
    const char *text = table_of(all, 4);
    need(text, "set tried_unleased6 { type iface_index . ether_addr . ipv6_addr . inet_proto . "
               "inet_service; flags dynamic,timeout; timeout 2m; gc-interval 10s; size 512; }\n");
    need(text, "chain tried_doh {\n"
               "\t\tupdate @tried_doh4 { iif . ether saddr . ip daddr . meta l4proto . th dport "
               "counter }\n"
               "\t\tupdate @tried_doh6 { iif . ether saddr . ip6 daddr . meta l4proto . th dport "
               "counter }\n"
               "\t}\n");
    /* In every segment, but for whom it may ask; before anything is decided. */
    need(text, "add element inet weir segment_1_resolvers4 { 192.0.2.53 }\n");
    need(text, "chain segment_1_tried {\n\t\tip daddr @segment_1_resolvers4 return\n"
               "\t\tip6 daddr @segment_1_resolvers6 return\n"
               "\t\tth dport { 53, 853 } goto tried_dns\n\t\tip daddr @doh4 goto tried_doh\n"
               "\t\tip6 daddr @doh6 goto tried_doh\n\t}\n");
    need(text, "chain segment_1 {\n"
               "\t\ttcp flags & (fin | syn | rst | ack) == syn jump segment_1_tried\n"
               "\t\tmeta l4proto udp jump segment_1_tried\n\t}\n");
    need(text, "chain segment_0_unleased {\n"
               "\t\ttcp flags & (fin | syn | rst | ack) == syn jump tried_unleased\n"
               "\t\tmeta l4proto udp jump tried_unleased\n\t\tmeta l4proto tcp counter name");
}

static void test_set_names(void **state)
{
    char name[32];
    struct wr_str text;
    static const char *const want[WR_RULESETBYPASS_SETS] = {"tried_dns4",      "tried_dns6",
                                                            "tried_doh4",      "tried_doh6",
                                                            "tried_unleased4", "tried_unleased6"};
    for (unsigned i = 0; i < WR_RULESETBYPASS_SETS; i++) {
        wr_str_init(&text, name, sizeof(name));
        wr_rulesetbypass_set(i, &text);
        assert_string_equal(name, want[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noted),
        cmocka_unit_test(test_set_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
