/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "conf/feedrules.h"

#define SOURCE "a list is a file (/etc/weir/list.txt) or an https:// URL\n"

static char said[1024];
static unsigned warned;

static void put(void *user, const char *path, bool warning, const char *text)
{
    size_t n = strlen(said);
    if (warning) {
        warned++;
        return;
    }
    snprintf(said + n, sizeof(said) - n, "%s: %s\n", path, text);
}

static void test_names(void **state)
{
    struct wr_conf_feed feeds[] = {{.name = "ads", .from = "/a"},
                                   {.name = "Ads", .from = "/a"},
                                   {.name = ".hidden", .from = "/a"},
                                   {.name = "malware", .from = "https://lists.example/a"}};
    struct wr_conf conf = {.feeds = {feeds, 4}};
    wr_feedrules_check(&conf, put, NULL);
    assert_string_equal(said, "feeds[1].name: another feed has this name\n"
                              "feeds[2].name: the name of a feed does not begin with a dot\n");
    said[0] = 0;
    feeds[1].name = feeds[2].name = NULL; /* mistakes that were told already */
    wr_feedrules_check(&conf, put, NULL);
    assert_string_equal(said, "");
}

static void test_sources(void **state)
{
    const char *pins[] = {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "sha256/AAAA"};
    struct wr_conf_feed feeds[] = {
        {.name = "none", .from = "list.txt"},
        {.name = "other", .from = "ftp://lists.example/a"},
        {.name = "plain", .from = "http://lists.example/a"},
        {.name = "pinned", .from = "https://lists.example/a", .pins = {pins, 1}},
        {.name = "bad pin", .from = "https://lists.example/a", .pins = {pins, 2}},
        {.name = "pinned file", .from = "/a", .pins = {pins, 1}},
    };
    struct wr_conf conf = {.feeds = {feeds, 6}};
    said[0] = 0;
    wr_feedrules_check(&conf, put, NULL);
    assert_string_equal(
        said, "feeds[0].from: " SOURCE "feeds[1].from: " SOURCE "feeds[2].from: " SOURCE
              "feeds[4].pins[1]: a pin is sha256/ and 32 octets in base64 (44 characters)\n"
              "feeds[5].pins[0]: a pin is of the server of a URL; this is a file\n");
}

static void test_signatures(void **state)
{
    const char *keys[] = {"RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/", "RWSL"};
    struct wr_conf_feed feeds[] = {
        {.name = "good", .from = "/a", .keys = {keys, 1}, .signature = ""},
        {.name = "named", .from = "/a", .keys = {keys, 1}, .signature = "/a.sig"},
        {.name = "bad key", .from = "/a", .keys = {keys, 2}, .signature = ""},
        {.name = "no key", .from = "/a", .signature = "/a.sig"},
        {.name = "elsewhere", .from = "/a", .keys = {keys, 1}, .signature = "https://x.example/a"},
        {.name = "no URL", .from = "https://x.example/a", .keys = {keys, 1}, .signature = "a.sig"},
    };
    struct wr_conf conf = {.feeds = {feeds, 6}};
    said[0] = 0;
    wr_feedrules_check(&conf, put, NULL);
    assert_string_equal(
        said,
        "feeds[2].keys[1]: a key is the line of minisign's or signify's .pub file that begins with "
        "RW\n"
        "feeds[3].signature: without `keys` nothing is held against it\n"
        "feeds[4].signature: a file's signature is a file, a URL's is at a URL\n"
        "feeds[5].signature: this is no https:// URL\n");
}

/* A list that nobody looks into. */
static void test_idle(void **state)
{
    const char *named[] = {"b"};
    struct wr_conf_rule rule = {.name = "r", .feeds = {named, 1}};
    struct wr_conf_feed feeds[] = {{.name = "a", .from = "/a", .verdict = 1},
                                   {.name = "b", .from = "/b"},
                                   {.name = "c", .from = "/c"}};
    struct wr_conf conf = {.feeds = {feeds, 3}, .policy = {.rules = {&rule, 1}}};
    warned = 0;
    said[0] = 0;
    wr_feedrules_check(&conf, put, NULL);
    assert_int_equal(warned, 1);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_sources),
                                       cmocka_unit_test(test_signatures),
                                       cmocka_unit_test(test_idle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
