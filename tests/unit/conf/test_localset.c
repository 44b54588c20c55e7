/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/localset.h"
#include "dns/codes.h"
#include "dns/present.h"

static char said[4096];
static const struct wr_hash_key key = {{7, 8}};
static struct wr_conf *conf;
static struct wr_names own, hosts, leases;
static struct wr_localset set;
static const struct wr_localset *before; /* the set in force while one is built */

static void tell(void *user, enum wr_names_said what, const char *file, uint32_t line,
                 const char *text)
{
    char row[600];
    snprintf(row, sizeof(row), "%s:%u: %s\n", file, line, text);
    strncat(said, row, sizeof(said) - strlen(said) - 1);
}

static const struct wr_names_hooks hooks = {.tell = tell};

/* What the configuration, a hosts file and a dnsmasq lease file make together. */
static void build(const char *yaml, const char *hosts_text, const char *lease_text, int64_t now_s)
{
    static const uint8_t home[] = "\4home\4arpa";
    const struct wr_names *const sources[] = {&own, &hosts, &leases};
    const struct wr_names_text part = {lease_text, strlen(lease_text)};
    said[0] = 0;
    conf = good_conf(yaml);
    wr_names_init(&own, "");
    wr_names_init(&hosts, "/h");
    wr_names_init(&leases, "/l");
    wr_names_read_conf(&own, conf);
    wr_names_read_hosts(&hosts, hosts_text, strlen(hosts_text), 60, &hooks);
    wr_names_read_leases(&leases, WR_LEASE_DNSMASQ, home, 60, &part, 1, &key, &hooks);
    assert_int_equal(wr_localset_build(conf, sources, 3, now_s, &key, before, &hooks, &set), WR_OK);
    wr_names_free(&own);
    wr_names_free(&hosts);
    wr_names_free(&leases);
}

static void done(void)
{
    wr_localset_free(&set);
    wr_conf_free(conf);
}

/* "data RDATA", "alias RDATA", "pass", "nodata", "nxdomain". */
static const char *ask(const char *text, uint16_t type)
{
    static const char *const words[] = {"pass", "data ", "alias ", "dname ", "nodata", "nxdomain"};
    static char said_of[1024];
    struct wr_name name;
    struct wr_local_hit hit;
    struct wr_str s;
    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    wr_local_find(set.local, name.wire, type, WR_LOCAL_EVERYONE, &hit);
    wr_str_init(&s, said_of, sizeof(said_of));
    wr_str_text(&s, words[hit.verdict]);
    if (hit.verdict == WR_LOCAL_HIT_DATA || hit.verdict == WR_LOCAL_HIT_ALIAS) {
        struct wr_rrset_walk walk = wr_rrset_walk(&hit.set);
        const uint8_t *rdata;
        uint16_t size;
        for (unsigned i = 0; wr_rrset_next(&walk, &rdata, &size); i++) {
            wr_str_text(&s, i ? ", " : "");
            wr_present_rdata(&s, hit.set.type, rdata, size);
        }
    }
    return said_of;
}

static void test_special_by_default_and_off(void **state)
{
    build("", "", "", 0);
    assert_string_equal(ask("x.test.", WR_TYPE_A), "nxdomain");
    assert_string_equal(ask("localhost.", WR_TYPE_A), "data 127.0.0.1");
    assert_string_equal(ask("1.0.0.10.in-addr.arpa.", WR_TYPE_PTR), "nxdomain");
    assert_string_equal(ask("www.example.", WR_TYPE_A), "pass");
    done();
    build("local: {special: {off: [test, 10.in-addr.arpa]}}", "", "", 0);
    assert_string_equal(ask("x.test.", WR_TYPE_A), "pass");
    assert_string_equal(ask("1.0.0.10.in-addr.arpa.", WR_TYPE_PTR), "pass");
    assert_string_equal(ask("x.invalid.", WR_TYPE_A), "nxdomain");
    done();
    build("local: {special: {enable: false}}", "", "", 0);
    assert_string_equal(ask("x.test.", WR_TYPE_A), "pass");
    assert_string_equal(ask("localhost.", WR_TYPE_A), "pass");
    assert_null(set.local);
    done();
}

static void test_special_is_covered(void **state)
{
    build("local: {zones: [{zone: internal, records: [a A 192.0.2.1]}, {zone: x.test, type: "
          "transparent}]}\n"
          "upstream:\n  groups: [{name: g, servers: [\"udp://192.0.2.53\"]}]\n"
          "  routes: [{zone: in-addr.arpa, group: g}, {zone: corp.alt, group: g}, {zone: ., group: "
          "g}]\n",
          "", "", 0);
    assert_string_equal(ask("a.internal.", WR_TYPE_A), "data 192.0.2.1"); /* its own zone */
    assert_string_equal(ask("b.internal.", WR_TYPE_A), "nxdomain");
    assert_string_equal(ask("b.x.test.", WR_TYPE_A), "pass");
    assert_string_equal(ask("b.y.test.", WR_TYPE_A), "nxdomain");
    assert_string_equal(ask("1.0.0.10.in-addr.arpa.", WR_TYPE_PTR), "pass"); /* routed from above */
    assert_string_equal(ask("a.corp.alt.", WR_TYPE_A), "pass");              /* a hole */
    assert_string_equal(ask("a.alt.", WR_TYPE_A), "nxdomain");
    assert_string_equal(ask("a.onion.", WR_TYPE_A),
                        "nxdomain"); /* the root's route covers nothing */
    done();
}

/* A zone that is asked is nothing that weir knows by itself, also inside of one that it does know, or of a special one. */
static void test_zones_that_are_asked(void **state)
{
    build("local: {zones: [{zone: home.arpa, records: [a A 192.0.2.1]}, {zone: sub.home.arpa, use: "
          "resolution, file: /z}, {zone: x.test, use: both, file: /z}]}",
          "", "", 0);
    assert_string_equal(ask("a.home.arpa.", WR_TYPE_A), "data 192.0.2.1");
    assert_string_equal(ask("b.home.arpa.", WR_TYPE_A), "nxdomain");
    assert_string_equal(ask("a.sub.home.arpa.", WR_TYPE_A), "pass");
    assert_string_equal(ask("a.x.test.", WR_TYPE_A), "pass");
    assert_string_equal(ask("a.y.test.", WR_TYPE_A), "nxdomain");
    done();
}

static void test_reverse(void **state)
{
    static const char yaml[] = "local: {zones: [{zone: home.arpa, records: [printer A 192.0.2.4, "
                               "other A 192.0.2.4, nas AAAA fd00::5, lo A 127.0.0.9]}, {zone: "
                               "2.0.192.in-addr.arpa, records: [7 PTR written.home.arpa.]}]";
    char text[400];
    snprintf(text, sizeof(text), "%s}\n", yaml);
    build(text, "192.0.2.4 third\n192.0.2.7 seven\n198.51.100.1 pub alias\n", "", 0);
    assert_string_equal(ask("4.2.0.192.in-addr.arpa.", WR_TYPE_PTR), "data printer.home.arpa.");
    assert_string_equal(ask("7.2.0.192.in-addr.arpa.", WR_TYPE_PTR), "data written.home.arpa.");
    assert_string_equal(ask("1.100.51.198.in-addr.arpa.", WR_TYPE_PTR), "data pub.");
    assert_string_equal(ask("8.2.0.192.in-addr.arpa.", WR_TYPE_PTR), "nxdomain");
    assert_string_equal(ask("9.0.0.127.in-addr.arpa.", WR_TYPE_PTR), "nxdomain");
    assert_string_equal(
        ask("5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.",
            WR_TYPE_PTR),
        "data nas.home.arpa.");
    done();
    snprintf(text, sizeof(text), "%s, reverse: false}\n", yaml);
    build(text, "", "", 0);
    assert_string_equal(ask("4.2.0.192.in-addr.arpa.", WR_TYPE_PTR), "nxdomain");
    done();
}

/* A client's word yields to every other name, and to a client that has it already. */
static void test_leases_shadow_nothing(void **state)
{
    build("local: {zones: [{zone: home.arpa, records: [printer A 192.0.2.4]}, {zone: "
          "sub.home.arpa}]}\n",
          "192.0.2.5 nas.home.arpa\n",
          "100 01 192.0.2.10 printer *\n"
          "100 02 192.0.2.11 nas *\n"
          "100 03 192.0.2.12 sub *\n"
          "100 04 192.0.2.13 cam *\n"
          "100 05 192.0.2.14 cam *\n"
          "100 04 192.0.2.15 cam *\n"
          "duid 00:01:00:01:2a:aa\n"
          "100 71 fd00::13 cam 00:03:00:01:04\n"
          "100 72 fd00::66 cam 00:03:00:01:66\n",
          50);
    assert_string_equal(ask("printer.home.arpa.", WR_TYPE_A), "data 192.0.2.4");
    assert_string_equal(ask("nas.home.arpa.", WR_TYPE_A), "data 192.0.2.5");
    assert_string_equal(ask("sub.home.arpa.", WR_TYPE_A), "nodata");
    assert_string_equal(ask("cam.home.arpa.", WR_TYPE_A), "data 192.0.2.13, 192.0.2.15");
    assert_string_equal(ask("cam.home.arpa.", WR_TYPE_AAAA), "data fd00::13");
    assert_non_null(
        strstr(said, "/l:1: printer.home.arpa.: this client's name is one of the site"));
    assert_non_null(strstr(said, "/l:2: nas.home.arpa.: "));
    assert_non_null(strstr(said, "/l:3: sub.home.arpa.: "));
    assert_non_null(strstr(said, "/l:5: cam.home.arpa.: another client has this name"));
    assert_non_null(strstr(said, "/l:9: cam.home.arpa.: another client has this name"));
    assert_string_equal(ask("14.2.0.192.in-addr.arpa.", WR_TYPE_PTR), "nxdomain");
    done();
}

/* Who has a name keeps it as long as the lease lasts, in whatever order the file is written anew. */
static void test_holders(void **state)
{
    static struct wr_localset first;
    static const char holder[] = "100 04 192.0.2.200 cam *\n100 09 192.0.2.9 nas *\n";
    build("", "", holder, 50);
    first = set;
    wr_conf_free(conf);
    assert_int_equal(first.holders, 2);
    before = &first;
    build("", "",
          "100 66 192.0.2.66 cam *\n100 04 192.0.2.200 cam *\n100 66 192.0.2.67 new *\n"
          "duid 00:03:00:01:aa\n100 1 fd00::66 cam 00:03:00:01:66\n100 2 fd00::9 nas "
          "00:03:00:01:09\n",
          50);
    assert_string_equal(ask("cam.home.arpa.", WR_TYPE_A), "data 192.0.2.200");
    assert_string_equal(ask("cam.home.arpa.", WR_TYPE_AAAA), "nodata");
    assert_string_equal(ask("nas.home.arpa.", WR_TYPE_AAAA), "data fd00::9");
    assert_string_equal(ask("new.home.arpa.", WR_TYPE_A), "data 192.0.2.67");
    assert_non_null(strstr(said, "/l:1: cam.home.arpa.: another client"));
    done();
    build("", "", "100 66 192.0.2.66 cam *\n40 04 192.0.2.200 cam *\n", 50); /* it has ended */
    assert_string_equal(ask("cam.home.arpa.", WR_TYPE_A), "data 192.0.2.66");
    done();
    build("", "192.0.2.1 cam.home.arpa\n", holder, 50); /* the owner's word comes first */
    assert_string_equal(ask("cam.home.arpa.", WR_TYPE_A), "data 192.0.2.1");
    done();
    before = NULL;
    wr_localset_free(&first);
}

/* One client with many addresses, and one name with many records: bounded, and built in no time. */
static void test_crowds(void **state)
{
    enum { MANY = 30000 };
    size_t room = (size_t)MANY * 48 + 1, n = 0, h = 0;
    char *text = malloc(room), *hosts_text = malloc(room);
    for (unsigned i = 0; i < MANY; i++) {
        n += (size_t)snprintf(text + n, room - n, "0 same 10.1.%u.%u crowd *\n", i >> 8, i & 255);
        h += (size_t)snprintf(hosts_text + h, room - h, "10.2.%u.%u one.home.arpa\n", i >> 8,
                              i & 255);
    }
    build("", hosts_text, text, 0);
    struct wr_local_hit hit;
    wr_local_find(set.local, (const uint8_t *)"\5crowd\4home\4arpa", WR_TYPE_A, WR_LOCAL_EVERYONE,
                  &hit);
    assert_int_equal(hit.set.records, WR_LEASE_ADDRESSES_MAX);
    wr_local_find(set.local, (const uint8_t *)"\3one\4home\4arpa", WR_TYPE_A, WR_LOCAL_EVERYONE,
                  &hit);
    assert_int_equal(hit.set.records, WR_RRSET_RECORDS_MAX);
    assert_non_null(strstr(said, "as many addresses as one name may have"));
    done();
    free(text);
    free(hosts_text);
}

static void test_leases_end(void **state)
{
    static const char text[] =
        "100 01 192.0.2.10 a *\n130 02 192.0.2.11 b *\n0 03 192.0.2.12 c *\n";
    struct wr_local_hit hit;
    struct wr_name name;
    build("local: {leases: [{file: /l, format: dnsmasq}]}", "", text, 100);
    assert_string_equal(ask("a.home.arpa.", WR_TYPE_A), "nxdomain");
    assert_string_equal(ask("b.home.arpa.", WR_TYPE_A), "data 192.0.2.11");
    assert_string_equal(ask("c.home.arpa.", WR_TYPE_A), "data 192.0.2.12");
    assert_int_equal(set.expires_s, 130);
    assert_int_equal(wr_name_from_text("b.home.arpa", 11, &name), WR_OK);
    wr_local_find(set.local, name.wire, WR_TYPE_A, WR_LOCAL_EVERYONE, &hit);
    assert_int_equal(hit.set.ttl, 30); /* no longer than the lease */
    wr_local_find(set.local, (const uint8_t *)"\1x\4home\4arpa", WR_TYPE_A, WR_LOCAL_EVERYONE,
                  &hit);
    assert_int_equal(hit.soa.ttl, 10); /* the moment the lease is, the name is found */
    done();
    build("", "", text, INT64_MIN); /* no clock: no lease has ended */
    assert_string_equal(ask("a.home.arpa.", WR_TYPE_A), "data 192.0.2.10");
    done();
}

static void test_rejects_are_told(void **state)
{
    build("local: {zones: [{zone: home.arpa, records: [a A 192.0.2.4, a CNAME b]}]}\n",
          "192.0.2.5 home.arpa\n", "", 0);
    assert_non_null(strstr(said, "a.home.arpa. CNAME: a CNAME must stand alone"));
    assert_string_equal(ask("a.home.arpa.", WR_TYPE_A), "data 192.0.2.4");
    assert_string_equal(ask("home.arpa.", WR_TYPE_A), "data 192.0.2.5");
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special_by_default_and_off),
        cmocka_unit_test(test_special_is_covered),
        cmocka_unit_test(test_zones_that_are_asked),
        cmocka_unit_test(test_reverse),
        cmocka_unit_test(test_leases_shadow_nothing),
        cmocka_unit_test(test_holders),
        cmocka_unit_test(test_crowds),
        cmocka_unit_test(test_leases_end),
        cmocka_unit_test(test_rejects_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
