/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "conf/feedline.h"
#include "dns/name.h"
#include "policy/nametree.h"

/* What a line gave, as text: "name(sb)" for each name, the prefix, "bad" or "other". */
static char got[4096];

static void add(const char *text)
{
    if (got[0] != 0) {
        strncat(got, " ", sizeof(got) - strlen(got) - 1);
    }
    strncat(got, text, sizeof(got) - strlen(got) - 1);
}

static void on_name(void *user, const uint8_t *name, uint8_t flags)
{
    char text[WR_NAME_TEXT_SIZE + 16];
    size_t n = wr_name_to_text(name, text, WR_NAME_TEXT_SIZE) - 1;
    snprintf(text + n, 16, "(%s%s%s%s)", flags & WR_NAMETREE_SELF ? "s" : "",
             flags & WR_NAMETREE_BELOW ? "b" : "", flags & WR_NAMETREE_EXCEPT ? "x" : "",
             flags & WR_NAMETREE_STRONG ? "i" : "");
    add(text);
}

static void on_prefix(void *user, const struct wr_prefix *prefix)
{
    char text[WR_ADDR_TEXT_SIZE + 8];
    size_t n = wr_addr_to_text(&prefix->addr, text, WR_ADDR_TEXT_SIZE);
    snprintf(text + n, 8, "/%u", prefix->len);
    add(text);
}

static void on_aside(void *user, enum wr_feed_aside kind, struct wr_str_part part, const char *what)
{
    assert_true(what != NULL && what[0] != 0);
    add(kind == WR_FEED_BAD ? "bad" : "other");
}

static const struct wr_feedline_hooks hooks = {on_name, on_prefix, on_aside, NULL};

struct row {
    const char *line, *gives;
};

static void hold(uint8_t format, const struct row *rows, size_t count)
{
    struct wr_suffixes *suffixes = wr_suffixes_open();
    const struct wr_feedline_rules rules = {.format = format, .suffixes = suffixes};
    for (size_t i = 0; i < count; i++) {
        got[0] = 0;
        wr_feedline_read(&rules, (struct wr_str_part){rows[i].line, strlen(rows[i].line)}, &hooks);
        if (strcmp(got, rows[i].gives) != 0) {
            fail_msg("format %u: %s: %s", format, rows[i].line, got);
        }
    }
    wr_suffixes_close(suffixes);
}

#define HOLD(format, ...)                                   \
    do {                                                    \
        static const struct row rows[] = {__VA_ARGS__};     \
        hold(format, rows, sizeof(rows) / sizeof(rows[0])); \
    } while (0)

static void test_hosts(void **state)
{
    HOLD(WR_FEED_HOSTS, {"0.0.0.0 ads.example", "ads.example(s)"},
         {"127.0.0.1\tads.example\tb.example # why\r", "ads.example(s) b.example(s)"},
         {":: ads.example", "ads.example(s)"}, {"::1 ads.example", "ads.example(s)"},
         {"0 ads.example", "ads.example(s)"}, {"# 0.0.0.0 ads.example", ""}, {"", ""},
         {"  \t ", ""}, {"127.0.0.1 localhost", "other"},
         {"127.0.0.1 localhost.localdomain", "localhost.localdomain(s)"},
         {"192.0.2.7 printer.example", "other"}, {"0.0.0.0 0.0.0.0", "other"}, {"0.0.0.0", "bad"},
         {"ads.example", "bad"}, {"0.0.0.0 ads.example bad/name", "ads.example(s) bad"},
         {"0.0.0.0/8 ads.example", "bad"}, {"1.2.3.4.5 ads.example", "bad"});
}

static void test_domains(void **state)
{
    HOLD(WR_FEED_DOMAINS, {"ads.example", "ads.example(s)"},
         {" ads.example. # why", "ads.example(s)"}, {"ads.example b.example", "bad"},
         {"ads.example#why", "bad"}, {"com", "other"}, {"co.uk", "co.uk(s)"},
         {"*.example.com", "bad"}, {"! comment", ""}, {"; comment", ""}, {"// comment", ""},
         {"192.0.2.1", "bad"});
}

static void test_wildcards(void **state)
{
    HOLD(WR_FEED_WILDCARDS, {"*.ads.example", "ads.example(sb)"},
         {".ads.example", "ads.example(sb)"}, {"ads.example", "ads.example(sb)"}, {"*", "other"},
         {"*.", "other"}, {".", "other"}, {"*.com", "other"}, {"*.co.uk", "other"},
         {"*.github.io", "github.io(sb)"}, {"a.*.example", "other"}, {"*.*.example", "other"});
}

static void test_dnsmasq(void **state)
{
    HOLD(WR_FEED_DNSMASQ, {"address=/ads.example/", "ads.example(sb)"},
         {"address=/ads.example/0.0.0.0", "ads.example(sb)"},
         {"address=/a.example/b.example/::", "a.example(sb) b.example(sb)"},
         {"address=/ads.example/#", "ads.example(sb)"}, {"address=/ads.example/192.0.2.1", "other"},
         {"server=/ads.example/", "ads.example(sb)"}, {"local=/ads.example/", "ads.example(sb)"},
         {"server=/ok.ads.example/#", "ok.ads.example(sbx)"},
         {"server=/corp.example/192.0.2.1", "other"}, {"server=192.0.2.1", "other"},
         {"address=//0.0.0.0", "other"}, {"server=//", "other"},
         {"address=/*.ads.example/", "other"}, {"address=/com/", "other"},
         {"address=/#/0.0.0.0", "bad"}, {"domain-needed", "bad"}, {"cache-size=1000", "other"},
         {"ipset=/ads.example/set", "other"}, {"address=/a b/", "bad"});
}

static void test_adblock(void **state)
{
    HOLD(WR_FEED_ADBLOCK, {"||ads.example^", "ads.example(sb)"},
         {"||ads.example^|", "ads.example(sb)"}, {"||*.ads.example^", "ads.example(b)"},
         {"@@||ok.ads.example^", "ok.ads.example(sbx)"},
         {"||ads.example^$important", "ads.example(sbi)"},
         {"@@||ads.example^$important", "ads.example(sbxi)"},
         {"||ads.example^$all", "ads.example(sb)"},
         {"||ads.example^$document,important", "ads.example(sbi)"},
         {"||ads.example^$third-party", "other"}, {"||ads.example^$dnsrewrite=192.0.2.1", "other"},
         {"||ads.example^$client=192.0.2.9", "other"}, {"||ads.example", "other"},
         {"||ads.", "other"}, {"|ads.example^", "ads.example(s)"},
         {"|ads.example|", "ads.example(s)"}, {"|ads.example", "other"},
         {"ads.example", "ads.example(s)"}, {"ads.example^", "other"},
         {"||ads.example/path^", "other"}, {"||ads*.example^", "other"},
         {"/^ads[0-9]+\\./", "other"}, {"|https://ads.example/", "other"},
         {"example.com##.banner", "other"}, {"##.banner", "other"},
         {"example.com#@#.banner", "other"}, {"! Title: list", ""}, {"# comment", ""},
         {"[Adblock Plus 2.0]", ""}, {"||192.0.2.1^", "192.0.2.1/32"}, {"@@||192.0.2.1^", "other"},
         {"||com^", "other"}, {"||co.uk^", "other"}, {"@@||co.uk^", "co.uk(sbx)"}, {"||^", "other"},
         {"||", "other"}, {"@@", "other"}, {"$", "other"}, {"$important", "other"},
         {"||ads example^", "bad"});
}

static void test_addresses(void **state)
{
    HOLD(WR_FEED_ADDRESSES, {"192.0.2.1", "192.0.2.1/32"}, {"192.0.2.0/24 ; SBL1", "192.0.2.0/24"},
         {"2001:db8::/32 # why", "2001:db8::/32"}, {"192.0.2.1/24", "bad"}, {"0.0.0.0/0", "other"},
         {"10.0.0.0/7", "other"}, {"::/0", "other"}, {"192.0.2.1-192.0.2.9", "bad"},
         {"fe80::1%2", "bad"}, {"ads.example", "bad"}, {"192.0.2.1:53", "bad"});
}

static void test_table(void **state)
{
    HOLD(WR_FEED_TABLE, {"ads.example,keitaro,2024-09-01", "ads.example(s)"},
         {"Domain,Malware", "other"}, {"192.0.2.1\tsource", "192.0.2.1/32"},
         {"2001:db8::1;source", "2001:db8::1/128"},
         {"https://dns.example/dns-query\tsource", "dns.example(s)"},
         {"https://dns.example:8443/q,x", "dns.example(s)"},
         {"\"ads.example\",\"x\"", "ads.example(s)"}, {"https://192.0.2.1/q", "192.0.2.1/32"},
         {",x", "bad"}, {"https://", "bad"}, {"\"", "bad"});
}

static void test_auto(void **state)
{
    HOLD(WR_FEED_AUTO, {"0.0.0.0 ads.example", "ads.example(s)"}, {"ads.example", "ads.example(s)"},
         {"*.ads.example", "ads.example(sb)"}, {".ads.example", "ads.example(sb)"},
         {"||ads.example^", "ads.example(sb)"}, {"@@||ok.example^", "ok.example(sbx)"},
         {"address=/ads.example/", "ads.example(sb)"}, {"192.0.2.1", "192.0.2.1/32"},
         {"192.0.2.0/24 ; SBL1", "192.0.2.0/24"}, {"2001:db8::1 # x", "2001:db8::1/128"},
         {"## title", ""}, {"##.banner", "other"}, {"! x", ""}, {"[Adblock]", ""},
         {"example.com##.banner", "other"}, {"ads.example,x", "ads.example(s)"},
         {"2o7.example", "2o7.example(s)"}, {"dead.beef.example", "dead.beef.example(s)"},
         {"\x01\x02\x03", "bad"}, {"hello world", "bad"});
}

static void test_what_the_owner_says(void **state)
{
    const struct wr_feedline_rules below = {.format = WR_FEED_HOSTS, .below = true},
                                   wide = {.format = WR_FEED_ADBLOCK, .wide = true};
    got[0] = 0;
    wr_feedline_read(&below, (struct wr_str_part){"0.0.0.0 ads.example", 19}, &hooks);
    assert_string_equal(got, "ads.example(sb)");
    got[0] = 0;
    wr_feedline_read(&wide, (struct wr_str_part){"||zip^", 6}, &hooks);
    assert_string_equal(got, "zip(sb)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_dnsmasq),
        cmocka_unit_test(test_adblock),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_auto),
        cmocka_unit_test(test_what_the_owner_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
