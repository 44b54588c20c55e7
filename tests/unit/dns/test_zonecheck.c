/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <stdio.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/zonecheck.h"
#include "unit/dns/zonetest.h"

#define GOOD_HEAD \
    "$TTL 60\n@ SOA ns root 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n" /* three lines and one more */

static const struct wr_hash_key key = {{1, 2}};

struct run {
    struct wr_zonecheck check;
    bool judging;
    int err;
    char told[2000];
    size_t len;
};

static void put(struct run *r, uint32_t line, const struct wr_zonecheck_finding *found, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        r->len += (size_t)snprintf(r->told + r->len, sizeof(r->told) - r->len, "%u%c %s\n", line,
                                   found[i].warning ? '?' : '!', found[i].reason);
    }
}

static void take(void *data, enum wr_zonefile_what what, const struct wr_zonefile_event *event)
{
    struct wr_zonecheck_finding found[WR_ZONECHECK_FINDINGS];
    struct run *r = data;

    assert_int_equal(what, WR_ZONEFILE_RECORD);
    if (r->judging) {
        put(r, event->place.line, found, wr_zonecheck_judge(&r->check, event, found));
    } else if (!r->err) {
        r->err = wr_zonecheck_learn(&r->check, event);
    }
}

static int check(struct run *r, const char *text, const char *apex, uint32_t entries)
{
    static const uint8_t example[] = "\7example";
    const struct wr_zonefile_options options = {.origin = example, .class_ = WR_CLASS_IN};
    struct wr_zonecheck_finding found[WR_ZONECHECK_FINDINGS];
    void *block = malloc(wr_zonecheck_size(entries));

    r->err = WR_OK;
    r->judging = false;
    r->len = 0;
    r->told[0] = 0;
    wr_zonecheck_start(&r->check, (const uint8_t *)apex, &key, block, entries);
    zonetest_read(&options, text, NULL, 4096, take, r);
    r->judging = true;
    if (!r->err) {
        zonetest_read(&options, text, NULL, 4096, take, r);
        put(r, 0, found, wr_zonecheck_finish(&r->check, found));
    }
    free(block);
    return r->err;
}

static const struct {
    const char *text, *findings;
} cases[] = {
    {GOOD_HEAD, ""},
    {"", "0! the zone has no SOA record\n"},
    {"$TTL 1\n@ SOA . . 1 2 3 4 5\n", "0! the zone has no NS record at its apex\n"},
    {GOOD_HEAD "b.test. A 192.0.2.1\nexample.test. A 192.0.2.1\nxample. A 192.0.2.1\n",
     "5! outside of the zone\n6! outside of the zone\n7! outside of the zone\n"},
    {GOOD_HEAD "@ SOA ns root 2 2 3 4 5\na SOA ns root 1 2 3 4 5\n",
     "5! a second SOA record\n6! a SOA record that is not at the apex of the zone\n"},
    /* the same record twice is one record */
    {GOOD_HEAD "@ SOA NS root 1 2 3 4 5\na CNAME ns\nA CNAME NS\n", ""},
    {GOOD_HEAD "a CNAME ns\na TXT x\nb TXT x\nB CNAME ns\nc CNAME ns\nc CNAME b\n",
     "5! CNAME beside other data\n8! CNAME beside other data\n10! a second CNAME record\n"},
    {GOOD_HEAD "a CNAME ns\na RRSIG CNAME 8 2 60 0 0 1 . AA==\na NSEC b RRSIG\na KEY 0 3 1 AA==\n",
     ""},
    {GOOD_HEAD "@ CNAME b.test.\n", "5! CNAME beside other data\n"},
    {GOOD_HEAD "a DNAME b.test.\na DNAME c.test.\nx.a TXT x\na TXT x\n",
     "6! a second DNAME record\n7! below a DNAME record\n"},
    {GOOD_HEAD "@ DNAME b.test.\n", "4! below a DNAME record\n"},
    {GOOD_HEAD "a TXT x\na 61 TXT y\na 61 A 192.0.2.1\n",
     "6? another TTL than the first record of the same name and type\n"},
    {GOOD_HEAD "@ NS a.test.\n@ NS b\n@ NS c\nc CNAME ns\n@ NS d\nd TXT x\n",
     "6! the name server has no address in this zone\n7! the name server is an alias\n"
     "9! the name server has no address in this zone\n"},
    /* delegations */
    {GOOD_HEAD "a NS ns.a\na NS x.b\na NS c.test.\nb NS ns.b\nns.b AAAA ::1\n",
     "5! the glue is missing: the name server is below the delegation\n"
     "6? the name server is below another delegation, and there is no glue\n"},
    {GOOD_HEAD
     "a NS ns\na DS 1 8 2 aa\na NSEC b NS\na A 192.0.2.1\na TXT x\nx.a A 192.0.2.1\nx.a TXT x\n"
     "b DS 1 8 2 aa\n@ DS 1 8 2 aa\n*.c NS ns\n",
     "9? beside a delegation: not part of this zone\n11? below a delegation: not part of this "
     "zone\n"
     "12? a DS record without a delegation\n13! a DS record at the apex: it belongs to the zone "
     "above\n"
     "14? a delegation of a wildcard\n"},
    /* targets */
    {GOOD_HEAD "a MX 1 b\na MX 2 ns\na MX 3 c\nc CNAME ns\na MX 4 d.test.\na SRV 0 0 1 e\nf MX 0 "
               ".\nf SRV 0 0 0 .\n",
     "5? the target has no address in this zone\n7? the target is an alias\n"
     "10? the target has no address in this zone\n"},
    {GOOD_HEAD "*.w A 192.0.2.1\na MX 1 x.w\na MX 2 y.x.w\nz.w TXT x\na MX 3 z.w\na MX 4 y.z.w\na "
               "MX 1 m.del\ndel NS ns\n",
     "9? the target has no address in this zone\n10? the target has no address in this zone\n"},
    /* a dot forgotten */
    {GOOD_HEAD
     "a.example A 192.0.2.1\nb CNAME a.example\nc PTR d.example\nexample TXT x\nexamplex TXT x\n",
     "5? the owner ends with the zone's name twice: is its last dot missing?\n"
     "6? the target ends with the zone's name twice: is its last dot missing?\n"
     "7? the target ends with the zone's name twice: is its last dot missing?\n"
     "8? the owner ends with the zone's name twice: is its last dot missing?\n"},
};

static void findings(void **state)
{
    static struct run r;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned given = 0; given < (i == 1 ? 1 : 2); given++) {
            assert_int_equal(check(&r, cases[i].text, given ? "\7example" : NULL, 64), WR_OK);
            if (strcmp(r.told, cases[i].findings)) {
                fail_msg("%s\n--- gave\n%s--- not\n%s", cases[i].text, r.told, cases[i].findings);
            }
        }
    }
}

static void another_apex_than_the_soa(void **state)
{
    static struct run r;

    assert_int_equal(check(&r, "a.example. 1 SOA . . 1 2 3 4 5\n", "\7example", 8), WR_OK);
    assert_string_equal(r.told, "1! a SOA record that is not at the apex of the zone\n"
                                "0! the zone has no SOA record\n"
                                "0! the zone has no NS record at its apex\n");
    assert_int_equal(check(&r, "", "\7example", 8), WR_OK);
    assert_string_equal(r.told, "0! the zone has no SOA record\n"
                                "0! the zone has no NS record at its apex\n");
}

static void the_root_zone(void **state)
{
    static struct run r;

    assert_int_equal(
        check(&r, ". 1 SOA . . 1 2 3 4 5\n. 1 NS a.\na. 1 A 192.0.2.1\nb. 1 NS a.b.\n", NULL, 16),
        WR_OK);
    assert_string_equal(r.told,
                        "4! the glue is missing: the name server is below the delegation\n");
}

static void too_little_memory(void **state)
{
    static struct run r;

    for (uint32_t entries = 1; entries < 5; entries++) {
        assert_int_equal(check(&r, GOOD_HEAD, NULL, entries), WR_E_FULL);
    }
    assert_int_equal(check(&r, GOOD_HEAD, NULL, 5), WR_OK);
    assert_string_equal(r.told, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings),
        cmocka_unit_test(another_apex_than_the_soa),
        cmocka_unit_test(the_root_zone),
        cmocka_unit_test(too_little_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
