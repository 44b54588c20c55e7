/* SPDX-License-Identifier: Apache-2.0 */
/* What would be asked in plain text is found, each at its key, and nothing else. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "conf/secrecy.h"

#define PIN "pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct wr_mistakes mistakes;
static struct wr_conf *conf;
static struct wr_uri servers[2];
static struct wr_conf_group group;
static struct wr_conf_route route;
static struct wr_conf_zone zone;

static struct {
    unsigned errors, warnings;
    char path[128], text[512]; /* of the last */
} said;

static void on_wrong(void *user, const char *path, bool warning, const char *text)
{
    said.errors += !warning;
    said.warnings += warning;
    snprintf(said.path, sizeof(said.path), "%s", path);
    snprintf(said.text, sizeof(said.text), "%s", text);
}

static void uri(unsigned i, const char *text)
{
    assert_int_equal(wr_uri_from_text(text, strlen(text), &servers[i], NULL), WR_OK);
}

/* A group of one encrypted server, and encryption required. */
static int setup(void **state)
{
    wr_mistakes_init(&mistakes);
    assert_int_equal(wr_conf_read("", 0, &mistakes, &conf), WR_OK);
    memset(servers, 0, sizeof(servers));
    uri(0, "tls://192.0.2.1#name=dns.example");
    group = (struct wr_conf_group){.name = "safe", .cache = true};
    group.servers.items = servers;
    group.servers.count = 1;
    conf->upstream.groups.items = &group;
    conf->upstream.groups.count = 1;
    conf->upstream.default_group = "safe";
    conf->upstream.default_index = 0;
    conf->upstream.encryption = WR_ENCRYPTION_REQUIRED;
    conf->recursion.root_copy.enable = false;
    return 0;
}

static int teardown(void **state)
{
    wr_conf_free(conf);
    return 0;
}

static void expect(const char *path, const char *words)
{
    memset(&said, 0, sizeof(said));
    wr_secrecy_check(conf, on_wrong, NULL);
    if (path == NULL) {
        if (said.errors || said.warnings)
            fail_msg("%s: %s", said.path, said.text);
        return;
    }
    if (said.errors != 1 || strcmp(said.path, path) != 0 || !strstr(said.text, words))
        fail_msg("%u: %s: %s", said.errors, said.path, said.text);
}

static void test_good(void **state)
{
    expect(NULL, NULL);
    conf->upstream.encryption = WR_ENCRYPTION_OPTIONAL;
    conf->upstream.default_index = WR_CONF_RECURSION;
    conf->recursion.root_copy.enable = true;
    group.recurse_after = true;
    expect(NULL, NULL);
}

/* A plain server beside an encrypted one is there because somebody said so. */
static void test_mixed_group(void **state)
{
    conf->upstream.encryption = WR_ENCRYPTION_OPTIONAL;
    uri(1, "udp://192.0.2.2");
    group.servers.count = 2;
    expect("upstream.groups[0].servers[1]", "allow_plain: true");
    group.allow_plain = true;
    expect(NULL, NULL);
    uri(0, "tcp://192.0.2.1"); /* all plain: nothing to be secret about */
    group.allow_plain = false;
    expect(NULL, NULL);
}

/* What `required` refuses is not said to be allowed by another key. */
static void test_mixed_group_when_required(void **state)
{
    uri(1, "tcp://192.0.2.2");
    group.servers.count = 2;
    expect("upstream.groups[0].servers[1]", "upstream.encryption is required");
    assert_null(strstr(said.text, "allow_plain"));
}

static void warns(const char *url, const char *words)
{
    uri(0, url);
    memset(&said, 0, sizeof(said));
    wr_secrecy_check(conf, on_wrong, NULL);
    assert_int_equal(said.errors, 0);
    assert_int_equal(said.warnings, words != NULL);
    if (words &&
        (strcmp(said.path, "upstream.groups[0].servers[0]") != 0 || !strstr(said.text, words)))
        fail_msg("%s: %s", said.path, said.text);
}

/* A pin proves a key, and no name; who writes both wants to know. */
static void test_a_name_beside_a_pin(void **state)
{
    warns("tls://192.0.2.1#name=dns.example&" PIN, "name=dns.example is not proven");
    warns("quic://192.0.2.1#name=dns.example&" PIN, "&pkix&all");
    warns("odoh://t.example#proxy=192.0.2.1/p&name=p.example&" PIN, "name=p.example");
    warns("tls://192.0.2.1#name=dns.example&" PIN "&pkix", NULL);
    warns("tls://192.0.2.1#name=dns.example&" PIN "&pkix&all", NULL);
    warns("tls://dns.example#addr=192.0.2.1&" PIN, NULL); /* the host is what it is called */
    warns("tls://192.0.2.1#" PIN, NULL);
    conf->upstream.encryption = WR_ENCRYPTION_OPTIONAL;
    warns("tls://192.0.2.1#name=dns.example&" PIN, "not proven");
}

static void test_groups(void **state)
{
    uri(0, "udp://192.0.2.1");
    expect("upstream.groups[0].servers[0]", "udp://192.0.2.1 is asked in plain text");
    uri(0, "https://192.0.2.1/");
    group.allow_plain = true;
    expect("upstream.groups[0].allow_plain", "remove one");
    group.allow_plain = false;
    group.recurse_after = true;
    expect("upstream.groups[0].recurse_after", "required");
    group.recurse_after = false;
    group.authoritative = true;
    expect("upstream.groups[0].authoritative", "delegate");
}

/* An address that has to be looked up, by whom? */
static void test_bootstrap(void **state)
{
    uri(0, "tls://dns.example");
    expect("upstream.groups[0].servers[0]", "upstream.bootstrap");
    uri(0, "tls://192.0.2.1#name=dns.example&dane");
    expect("upstream.groups[0].servers[0]", "its TLSA records would be looked up in plain text");
    uri(1, "tls://192.0.2.2");
    conf->upstream.bootstrap.items = &servers[1];
    conf->upstream.bootstrap.count = 1;
    expect(NULL, NULL);
    uri(1, "udp://192.0.2.2");
    expect("upstream.bootstrap[0]", "udp://192.0.2.2 would be asked for names in plain text");
    conf->upstream.encryption = WR_ENCRYPTION_OPTIONAL;
    expect(NULL, NULL);
}

static void test_routes(void **state)
{
    route = (struct wr_conf_route){.group = "recursion", .group_index = WR_CONF_RECURSION};
    conf->upstream.routes.items = &route;
    conf->upstream.routes.count = 1;
    expect("upstream.routes[0].group", "from the root");
    route.group_index = WR_CONF_SYSTEM;
    expect("upstream.routes[0].group", "resolv.conf");
    route.group_index = 0;
    expect(NULL, NULL);
    conf->upstream.default_index = WR_CONF_SYSTEM;
    expect("upstream.default", "resolv.conf");
    conf->upstream.default_group = "";
    conf->upstream.default_index = WR_CONF_RECURSION;
    expect("upstream.encryption", "name a group");
}

static void test_zones(void **state)
{
    conf->recursion.root_copy.enable = true;
    expect("recursion.root_copy.enable", "plain text");
    conf->recursion.root_copy.enable = false;
    zone = (struct wr_conf_zone){.file = "x", .use = WR_USE_ANSWERS};
    conf->local.zones.items = &zone;
    conf->local.zones.count = 1;
    expect(NULL, NULL);
    zone.use = WR_USE_BOTH;
    expect("local.zones[0].use", "delegates");
    uri(1, "tcp://192.0.2.2");
    zone.primaries.items = &servers[1];
    zone.primaries.count = 1;
    expect("local.zones[0].primaries", "transferred");
    zone.use = WR_USE_ANSWERS;
    uri(1, "tls://192.0.2.2");
    expect(NULL, NULL);
}

static void test_opportunistic(void **state)
{
    uri(0, "tls://192.0.2.1#opportunistic");
    memset(&said, 0, sizeof(said));
    wr_secrecy_check(conf, on_wrong, NULL);
    assert_int_equal(said.errors, 0);
    assert_int_equal(said.warnings, 1);
    assert_string_equal(said.path, "upstream.groups[0].servers[0]");
    /* Whoever finds the addresses of the others is no better. */
    uri(0, "tls://192.0.2.1#name=dns.example");
    uri(1, "tls://192.0.2.2#opportunistic");
    conf->upstream.bootstrap.items = &servers[1];
    conf->upstream.bootstrap.count = 1;
    memset(&said, 0, sizeof(said));
    wr_secrecy_check(conf, on_wrong, NULL);
    assert_int_equal(said.errors, 0);
    assert_int_equal(said.warnings, 1);
    assert_string_equal(said.path, "upstream.bootstrap[0]");
    assert_non_null(strstr(said.text, "forge"));
    conf->upstream.bootstrap.count = 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_good),
        CASE(test_mixed_group),
        CASE(test_groups),
        CASE(test_routes),
        CASE(test_zones),
        CASE(test_opportunistic),
        CASE(test_bootstrap),
        CASE(test_mixed_group_when_required),
        CASE(test_a_name_beside_a_pin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
