/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that are of no use are found, and no others. */
#include "unit/conf/conftest.h"

#include "conf/policylook.h"

static char said[512];

static void found(void *user, size_t rule, const char *text)
{
    size_t n = strlen(said);
    snprintf(said + n, sizeof(said) - n, "%zu %s;", rule, text);
}

/* What is said of these rules. */
static const char *look(const char *segments, const char *rules)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "groups: [{name: tv}]\nfeeds: [{name: bad, from: /bad}, {name: worse, from: "
             "/worse}]\nsegments: "
             "[%s]\npolicy:\n  rules:\n%s",
             segments, rules);
    struct wr_conf *c = good_conf(text);
    said[0] = 0;
    wr_policylook_find(c, found, NULL);
    wr_conf_free(c);
    return said;
}

#define CAMS   "{name: cams, subnets: [10.0.0.0/24], only: [vendor.example]}"
#define TWO    CAMS ", {name: desks, subnets: [10.1.0.0/24]}"
#define R(...) "    - {verdict: nxdomain, " __VA_ARGS__ "}\n"

static void test_shadowed(void **state)
{
    static const char *const rows[] = {
        R("name: a, domains: [example]") R("name: b, names: [x.example]"),
        R("name: a, domains: [example]") R("name: b, domains: [ads.example, net.example]"),
        R("name: a, names: [x.example]") R("name: b, names: [x.example], types: [A]"),
        R("name: a, clients: [10.0.0.0/8]") R("name: b, clients: [10.2.0.0/16], domains: [x]"),
        R("name: a, segments: [cams, desks]") R("name: b, segments: [desks]"),
        R("name: a, servers: [x, y]") R("name: b, servers: [y], domains: [z]"),
        R("name: a, devices: [x, y], kinds: [tv, box]") R("name: b, devices: [y], kinds: [tv]"),
        R("name: a, addresses: [10.0.0.0/8]") R("name: b, addresses: [10.1.0.0/16], days: [mon]"),
        R("name: a, domains: [example], except: [x.example]")
            R("name: b, domains: [example], except: [x.example, y.example]"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(look(TWO, rows[i]),
                            "1 never decides: whatever it is about, rule a has decided;");
    }
    assert_string_equal(look(TWO, R("name: a, feeds: [bad, worse], domains: [example]")
                                      R("name: b, feeds: [worse], names: [x.example]")),
                        "1 never decides: whatever it is about, rule a has decided;");
    /* What the owner calls a kind is less than what is found to be one as well. */
    assert_string_equal(look(TWO, "    - {verdict: allow, name: a, kinds: [tv], domains: [x]}\n"
                                  "    - {verdict: drop, name: b, kinds: [tv], domains: [x]}\n"),
                        "");
    /* What is decided on the question leaves no answer to look at. */
    assert_string_equal(
        look(TWO, R("name: b, aliases: [y.example], domains: [x.example]")
                      R("name: a, domains: [example]")),
        "0 never decides: whatever it is about, rule a has decided on the question;");
    static const char *const ends[] = {"sinkhole", "quarantine", "data, data: [A 192.0.2.1]"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char rules[256];
        snprintf(
            rules, sizeof(rules),
            R("name: b, servers: [y.example], domains: [x.example]") "    - {name: a, domains: "
                                                                     "[example], verdict: %s}\n",
            ends[i]);
        assert_string_equal(
            look(TWO, rules),
            "0 never decides: whatever it is about, rule a has decided on the question;");
    }
}

static void test_of_use(void **state)
{
    static const char *const rows[] = {
        R("name: a, names: [x.example]") R("name: b, domains: [x.example]"),
        R("name: a, domains: [x.example]") R("name: b, domains: [example]"),
        R("name: a, domains: [example], shadow: true") R("name: b, domains: [example]"),
        "    - {name: a, domains: [example], verdict: log}\n" R("name: b, domains: [example]"),
        R("name: a, domains: [example], days: [mon]") R("name: b, domains: [example]"),
        R("name: a, domains: [example], types: [A]") R("name: b, domains: [example]"),
        R("name: a, domains: [example], except: [x.example]") R("name: b, domains: [x.example]"),
        R("name: a, domains: [example], segments: [cams]") R("name: b, domains: [example]"),
        R("name: a, aliases: [y.example]") R("name: b, domains: [example]"),
        R("name: a, groups: [tv]") R("name: b, domains: [example]"),
        R("name: a, devices: [x]") R("name: b, devices: [x, y]"),
        R("name: a, servers: [x]") R("name: b, addresses: [10.0.0.0/8]"),
        R("name: a, servers: [x]") R("name: b, servers: [x, y]"),
        R("name: a, kinds: [x]") R("name: b, devices: [x]"),
        R("name: a, clients: [10.0.0.0/16]") R("name: b, clients: [10.0.0.0/8]"),
        R("name: a, segments: [cams], domains: [log.vendor.example]"),
        R("name: a, segments: [cams], domains: [example]"),
        R("name: a, segments: [cams, desks], domains: [x.example]"),
        R("name: a, segments: [cams]"),
        R("name: a, domains: [example]") R("name: b, names: [x.example], feeds: [bad]"),
        R("name: a, names: [x.example], except: [example], feeds: [bad]"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(look(TWO, rows[i]), "");
    }
}

static void test_dead(void **state)
{
    assert_string_equal(look("", R("name: a, domains: [x.example], except: [example]")),
                        "0 never decides: all of its names are excepted;");
    assert_string_equal(
        look(CAMS, R("name: a, segments: [cams], domains: [x.example]")),
        "0 never decides: none of its names is among the approved ones of its segments;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadowed),
        cmocka_unit_test(test_of_use),
        cmocka_unit_test(test_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
