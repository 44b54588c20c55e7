/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that keep discovery in its segment; tests/e2e/firewall.py has the kernel obey them. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "policy/ruleset.h"

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

/* The house, in which the cameras have a subnet; both keep what finds devices, the guests do not. */
static void test_discovery(void **state)
{
    const struct wr_ruleset_item all[] = {
        item(WR_RULESET_SEGMENT, 0, WR_RULESET_KEEPS, ""),
        item(WR_RULESET_INTERFACE, 0, 0, "br-lan"),
        item(WR_RULESET_INTERFACE, 0, 0, "wlan0"),
        item(WR_RULESET_SUBNET, 0, 0, "10.0.0.0/8"),
        item(WR_RULESET_SEGMENT, 1, WR_RULESET_KEEPS, ""),
        item(WR_RULESET_SUBNET, 1, 0, "10.1.0.0/16"),
        item(WR_RULESET_SEGMENT, 2, 0, ""),
    };
    const char *text = text_of(all, 7);
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
