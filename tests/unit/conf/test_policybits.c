/* SPDX-License-Identifier: Apache-2.0 */
/* What a client's bits stand for: each once, and what is over is counted. */
#include "unit/conf/conftest.h"

#include "conf/policybits.h"

static void test_each_once(void **state)
{
    struct wr_conf *c =
        good_conf("groups: [{name: tv}, {name: lamps}]\n"
                  "policy:\n  rules:\n"
                  "    - {name: a, groups: [tv], devices: [tv, door], verdict: drop}\n"
                  "    - {name: b, devices: [door], kinds: [tv], verdict: drop}\n"
                  "    - {name: c, kinds: [tv], verdict: allow}\n");
    static const char *const rows[] = {"tv",          "lamps",   "device:tv",
                                       "device:door", "kind:tv", "said:tv"};
    struct wr_policybit bits[WR_WHO_GROUPS_MAX];

    assert_int_equal(wr_policybits_list(c, bits), 6);
    for (size_t i = 0; i < 6; i++) {
        char text[WR_POLICYBITS_TEXT_SIZE];

        wr_policybits_text(bits[i].what, bits[i].name, text);
        assert_string_equal(text, rows[i]);
    }
    wr_conf_free(c);
}

static void test_more_than_there_is_room_for(void **state)
{
    char text[4096] = "policy: {rules: [{name: a, verdict: drop, devices: [";
    struct wr_policybit bits[WR_WHO_GROUPS_MAX];

    for (unsigned i = 0; i < WR_WHO_GROUPS_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%sd%u", i ? ", " : "", i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "]}]}\n");
    struct wr_conf *c = good_conf(text);

    assert_int_equal(wr_policybits_list(c, bits), WR_WHO_GROUPS_MAX);
    c->policy.rules.items[0].kinds.items = c->policy.rules.items[0].devices.items;
    c->policy.rules.items[0].kinds.count = 2;
    assert_int_equal(wr_policybits_list(c, bits), WR_WHO_GROUPS_MAX + 2);
    c->policy.rules.items[0].kinds.count = 0;
    wr_conf_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
