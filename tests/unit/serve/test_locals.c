/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "dns/codes.h"
#include "serve/locals.h"

static char folder[64], said[4096];
static struct wr_locals locals;
static struct wr_conf *conf;
static struct wr_now now = {.mono_us = 1, .wall_s = 1000, .wall_proven = true};

static void tell(void *user, enum wr_names_said what, const char *file, uint32_t line,
                 const char *text)
{
    char row[600];
    snprintf(row, sizeof(row), "%s:%u: %s\n", strrchr(file, '/') ? strrchr(file, '/') : file, line,
             text);
    strncat(said, row, sizeof(said) - strlen(said) - 1);
}

static const struct wr_names_hooks hooks = {.tell = tell};

static void write_file(const char *name, const char *text)
{
    char path[128], temporary[160];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    FILE *f = fopen(temporary, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(rename(temporary, path),
                     0); /* another inode: a change whatever the clock's grain */
}

static struct wr_conf *read_conf(const char *format)
{
    char yaml[1000] = "";
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    struct wr_conf *c = NULL;
    for (const char *at; (at = strchr(format, '@')) != NULL; format = at + 1) {
        strncat(yaml, format, (size_t)(at - format));
        strcat(yaml, folder);
    }
    strcat(yaml, format);
    wr_mistakes_init(mistakes);
    if (wr_conf_read(yaml, strlen(yaml), mistakes, &c) != WR_OK) {
        wr_mistakes_print(mistakes, "test", stderr);
        fail();
    }
    free(mistakes);
    return c;
}

static void load(const char *format)
{
    conf = read_conf(format);
    assert_int_equal(wr_locals_load(&locals, conf, NULL, NULL, &now, &hooks), WR_OK);
}

static uint8_t verdict_of(const struct wr_localset *set, const char *text)
{
    struct wr_name name;
    struct wr_local_hit hit;
    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    wr_local_find(set->local, name.wire, WR_TYPE_A, WR_LOCAL_EVERYONE, &hit);
    return hit.verdict;
}

static bool has(const struct wr_localset *set, const char *text)
{
    return verdict_of(set, text) == WR_LOCAL_HIT_DATA;
}

static bool refreshed_has(const char *text)
{
    struct wr_localset set;
    struct wr_heldset *held;
    assert_int_equal(wr_locals_refresh(&locals, conf, &now, &hooks, &set, &held), WR_OK);
    wr_heldset_free(locals.held);
    locals.held = held;
    wr_localset_free(&locals.set);
    locals.set = set;
    return has(&locals.set, text);
}

static int setup(void **state)
{
    strcpy(folder, "/tmp/weir-locals-XXXXXX");
    said[0] = 0;
    now.wall_s = 1000;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];
    wr_locals_free(&locals);
    wr_conf_free(conf);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void test_changes_are_seen(void **state)
{
    write_file("hosts", "192.0.2.1 one\n");
    write_file("leases", "0 01 192.0.2.10 cam *\n");
    load("local: {hosts: [@/hosts], leases: [{file: @/leases, format: dnsmasq}]}");
    assert_true(has(&locals.set, "one.") && has(&locals.set, "cam.home.arpa."));
    assert_false(wr_locals_look(&locals, &now));
    write_file("leases", "0 01 192.0.2.10 cam *\n2000 02 192.0.2.11 nas *\n");
    assert_true(wr_locals_look(&locals, &now));
    assert_true(refreshed_has("nas.home.arpa.") && has(&locals.set, "one."));
    assert_false(wr_locals_look(&locals, &now));
    now.wall_s = 2000; /* the lease ends, though no file changed */
    assert_true(wr_locals_look(&locals, &now));
    assert_false(refreshed_has("nas.home.arpa."));
    assert_false(wr_locals_look(&locals, &now));
    assert_string_equal(said, "");
}

static void test_missing_file_comes(void **state)
{
    load("local: {hosts: [@/hosts]}");
    assert_non_null(strstr(said, "/hosts:0: cannot be read: No such file"));
    assert_false(wr_locals_look(&locals, &now));
    said[0] = 0;
    write_file("hosts", "192.0.2.1 one\n");
    assert_true(wr_locals_look(&locals, &now));
    assert_true(refreshed_has("one."));
    char path[128];
    snprintf(path, sizeof(path), "%s/hosts", folder);
    unlink(path);
    assert_true(wr_locals_look(&locals, &now));
    assert_true(refreshed_has("one.")); /* the last good ones */
    assert_non_null(strstr(said, "its last names stay"));
    assert_false(wr_locals_look(&locals, &now));
}

/* A file that is being written: the last good names stay while it looks so, and not for ever. */
static void test_torn_file(void **state)
{
    write_file("leases", "0 01 192.0.2.10 cam *\n");
    load("local: {leases: [{file: @/leases, format: dnsmasq}]}");
    write_file("leases", "");
    assert_true(refreshed_has("cam.home.arpa."));
    assert_true(wr_locals_look(&locals, &now)); /* there is something to wait for */
    write_file("leases", "0 02 192.0.2.11 nas *\n0 01 192.0");
    assert_true(refreshed_has("cam.home.arpa."));
    write_file("leases", "0 02 192.0.2.11 nas *\n0 01 192.0.2.10 cam *\n");
    assert_true(refreshed_has("cam.home.arpa.") && has(&locals.set, "nas.home.arpa."));
    assert_false(wr_locals_look(&locals, &now));
    write_file("leases", "");
    unsigned looks = 0;
    while (refreshed_has("cam.home.arpa.")) {
        assert_true(++looks < 20);
    }
    assert_true(looks >= 3);
    assert_false(wr_locals_look(&locals, &now));
}

#define HEAD \
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n"

static void test_kea_parts(void **state)
{
    write_file("kea.2",
               HEAD "192.0.2.1,01,,3600,9000,1,0,0,old,0\n192.0.2.2,02,,3600,9000,1,0,0,two,0\n");
    write_file("kea.1", HEAD "192.0.2.1,01,,3600,9000,1,0,0,new,0\n");
    write_file("kea", HEAD);
    load("local: {leases: [{file: @/kea, format: kea}]}");
    assert_true(has(&locals.set, "two.home.arpa.") && has(&locals.set, "new.home.arpa."));
    assert_false(has(&locals.set, "old.home.arpa."));
    write_file("kea.completed", HEAD "192.0.2.3,03,,3600,9000,1,0,0,three,0\n");
    assert_true(wr_locals_look(&locals, &now));
    assert_true(refreshed_has("three.home.arpa."));
    assert_false(has(&locals.set, "two.home.arpa."));
}

/* A reload shares what has not changed, and one that is thrown away leaves the locals in force as they were. */
static void test_reload(void **state)
{
    struct wr_locals next;
    struct wr_conf *other;
    write_file("hosts", "192.0.2.1 one\nbad line\n");
    load("local: {hosts: [@/hosts]}");
    assert_non_null(strstr(said, "/hosts:2: "));
    said[0] = 0;
    other = read_conf(
        "local: {hosts: [@/hosts], zones: [{zone: home.arpa, records: [a A 192.0.2.9]}]}");
    assert_int_equal(wr_locals_load(&next, other, &locals, NULL, &now, &hooks), WR_OK);
    assert_string_equal(said, ""); /* not read again */
    assert_true(has(&next.set, "one.") && has(&next.set, "a.home.arpa."));
    wr_locals_free(&next);
    assert_true(refreshed_has("one."));
    wr_conf_free(other);
}

static const struct wr_heldzone *held(const char *text)
{
    struct wr_name name;
    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    return wr_heldzones_find(wr_heldset_zones(locals.held), name.wire, WR_TYPE_A, 0, 7);
}

/* A zone that is asked stands beside the local names, with its signatures. */
static void test_zone_that_is_asked(void **state)
{
    struct wr_locals next;
    static const char sig[] =
        "60 IN RRSIG A 13 2 60 20300101000000 20200101000000 7 z.example. AAAA\n";
    char text[512];
    snprintf(text, sizeof(text),
             "@ 60 IN SOA ns h 5 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\nns %s", sig);
    write_file("zone", text);
    load("local: {zones: [{zone: z.example, use: resolution, file: @/zone, fallback: false}, "
         "{zone: y.example, use: both, file: @/none}]}");
    assert_false(has(&locals.set, "ns.z.example."));
    const struct wr_heldzone *z = held("ns.z.example.");
    assert_non_null(z);
    assert_false(z->fallback || z->answers);
    assert_int_equal(z->index->records, 4);
    assert_null(held("ns.y.example.")); /* it cannot be read, and its servers may be asked */
    assert_non_null(strstr(said, "/none:0: cannot be read"));
    write_file("zone", "ns 60 IN A 192.0.2.1\n"); /* no zone any more: the last good one stays */
    assert_int_equal(wr_locals_load(&next, conf, &locals, NULL, &now, &hooks), WR_OK);
    assert_non_null(strstr(said, "/zone:0: cannot be used: it has no SOA record"));
    wr_locals_free(&locals);
    locals = next;
    assert_int_equal(held("ns.z.example.")->index->records, 4);
    struct wr_localset set;
    struct wr_heldset *again;
    assert_int_equal(wr_locals_refresh(&locals, conf, &now, &hooks, &set, &again), WR_OK);
    assert_ptr_equal(wr_heldset_zones(again)->zone[0].index, held("ns.z.example.")->index);
    wr_heldset_free(again);
    wr_localset_free(&set);
}

/* A zone file is read at a reload, and only then; a broken one leaves the last good one. */
static void test_zone_file(void **state)
{
    static const char yaml[] = "local: {zones: [{zone: home.arpa, file: @/zone}]}";
    struct wr_locals next;
    write_file("zone", "a A 192.0.2.1\nb 60 A 192.0.2\nwww.example.com. A 192.0.2.2\n$INCLUDE sub\n"
                       "c CNAME a\nc A 192.0.2.3\n");
    write_file("sub", "d A 192.0.2.4\n");
    load(yaml);
    assert_true(has(&locals.set, "a.home.arpa.") && has(&locals.set, "d.home.arpa."));
    assert_false(has(&locals.set, "b.home.arpa.") || has(&locals.set, "www.example.com."));
    assert_non_null(strstr(said, "/zone:2: "));
    assert_non_null(strstr(said, "/zone:3: www.example.com.: the name is not in its zone"));
    assert_non_null(strstr(said, "/zone:6: c.home.arpa. A: a CNAME must stand alone"));
    write_file("zone", "new A 192.0.2.1\n");
    assert_false(wr_locals_look(&locals, &now));
    assert_false(refreshed_has("new.home.arpa."));
    assert_int_equal(wr_locals_load(&next, conf, &locals, NULL, &now, &hooks), WR_OK);
    assert_true(has(&next.set, "new.home.arpa.") && !has(&next.set, "a.home.arpa."));
    wr_locals_free(&locals);
    locals = next;
    char path[128];
    snprintf(path, sizeof(path), "%s/zone", folder);
    unlink(path);
    assert_int_equal(wr_locals_load(&next, conf, &locals, NULL, &now, &hooks), WR_OK);
    assert_true(has(&next.set, "new.home.arpa."));
    assert_non_null(strstr(said, "/zone:0: cannot be read: No such file"));
    wr_locals_free(&next);
}

#define SIMPLE                                                                        \
    "@ 86400 SOA ns1 admin 2018031900 1800 900 604800 86400\n@ 86400 NS ns1\n"        \
    "@ 86400 NS ns2\n@ 86400 ZONEMD 2018031900 1 1 "                                  \
    "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc2" \
    "7777f98b8e730044c\nns1 3600 A 203.0.113.63\n"

/* A zone that does not match its digest (RFC 8976) is not taken, and the last good one stays. */
static void test_zone_digest(void **state)
{
    static const char yaml[] = "local: {zones: [{zone: example, file: @/zone}]}";
    struct wr_locals next;
    write_file("zone", SIMPLE "ns2 3600 AAAA 2001:db8::63\n");
    load(yaml);
    assert_string_equal(said, "");
    assert_true(has(&locals.set, "ns1.example."));
    write_file("zone", SIMPLE "ns2 3600 AAAA 2001:db8::63\nevil A 192.0.2.1\n");
    assert_int_equal(wr_locals_load(&next, conf, &locals, NULL, &now, &hooks), WR_OK);
    assert_true(has(&next.set, "ns1.example.") && !has(&next.set, "evil.example."));
    assert_non_null(strstr(said, "/zone:0: the zone is not taken: the zone does not match the "
                                 "digest in its ZONEMD record"));
    wr_locals_free(&next);
    /* There is no last good one: then its names fail, rather than not to exist or to be wrong. */
    assert_int_equal(wr_locals_load(&next, conf, NULL, NULL, &now, &hooks), WR_OK);
    assert_int_equal(verdict_of(&next.set, "ns1.example."), WR_LOCAL_HIT_FAILED);
    assert_int_equal(verdict_of(&next.set, "evil.example."), WR_LOCAL_HIT_FAILED);
    wr_locals_free(&next);
}

static void test_zone_digest_demand(void **state)
{
    write_file("zone", SIMPLE "evil A 192.0.2.1\n");
    load("local: {zones: [{zone: example, file: @/zone, zonemd: ignore}]}");
    assert_string_equal(said, "");
    assert_true(has(&locals.set, "evil.example."));
    wr_locals_free(&locals);
    wr_conf_free(conf);
    write_file("zone", "a A 192.0.2.1\n");
    load("local: {zones: [{zone: example, file: @/zone, zonemd: require}]}");
    assert_false(has(&locals.set, "a.example."));
    assert_non_null(strstr(said, "the zone is not taken: there is no ZONEMD record"));
}

static void test_not_a_file(void **state)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/hosts", folder);
    assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes: it must not wait */
    load("local: {hosts: [@/hosts]}");
    assert_non_null(strstr(said, "cannot be read"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_changes_are_seen),   CASE(test_missing_file_comes), CASE(test_torn_file),
        CASE(test_zone_file),          CASE(test_zone_that_is_asked), CASE(test_zone_digest),
        CASE(test_zone_digest_demand), CASE(test_kea_parts),          CASE(test_reload),
        CASE(test_not_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
