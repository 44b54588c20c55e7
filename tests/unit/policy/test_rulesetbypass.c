/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that note who tries what past weir; tests/e2e/firewall.py has the kernel obey them. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "policy/ruleset.h"
#include "policy/rulesetbypass.h"

static struct wr_ruleset_item item(enum wr_ruleset_kind kind, uint16_t segment, unsigned flags,
                                   const char *text)
{
    struct wr_ruleset_item i;
    memset(&i, 0, sizeof(i));
    i.kind = (uint8_t)kind;
    i.segment = segment;
    i.flags = (uint8_t)flags;
    if (kind == WR_RULESET_INTERFACE) {
        strncpy(i.interface, text, sizeof(i.interface) - 1);
    } else if (kind != WR_RULESET_SEGMENT) {
        assert_int_equal(wr_addr_prefix_from_text(text, &i.prefix), WR_OK);
    }
    return i;
}

static char room[16384];

static const char *text_of(const struct wr_ruleset_item *i, size_t n)
{
    struct wr_str text;
    for (size_t k = 0; k < n; k++) {
        assert_true(wr_ruleset_is_sound(&i[k]));
    }
    wr_str_init(&text, room, sizeof(room));
    assert_int_equal(wr_ruleset_text(i, n, WR_RULESET_TABLE, &text), WR_OK);
    return room;
}

static void need(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in\n%s", part, text);
    }
}

static void test_noted(void **state)
{
    const struct wr_ruleset_item all[] = {
        item(WR_RULESET_SEGMENT, 0, WR_RULESET_ANSWERED | WR_RULESET_REJECTS, ""),
        item(WR_RULESET_INTERFACE, 0, 0, "br-cam"), item(WR_RULESET_SEGMENT, 1, 0, ""),
        item(WR_RULESET_RESOLVER, 1, 0, "192.0.2.53")};
    const char *text = text_of(all, 4);
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
