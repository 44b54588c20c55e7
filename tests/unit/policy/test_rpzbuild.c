/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/policy/rpzzone.h"

#define HEAD                                                          \
    "@ 3600 IN SOA ns.rpz. host.rpz. 7 28800 7200 604800 120\n" /* */ \
    "@ 3600 IN NS ns.rpz.\n"

static struct rpzzone z;

static void test_counts(void **state)
{
    rpzzone_make(&z, "rpz.example",
                 HEAD "bad CNAME .\n*.bad CNAME .\nworse A 192.0.2.1\nworse A 192.0.2.2\n"
                      "worse TXT \"x\"\n32.1.2.0.192.rpz-ip CNAME .\n"
                      "24.0.2.0.192.rpz-client-ip CNAME rpz-drop.\n"
                      "ns.bad.rpz-nsdname CNAME .\n128.1.zz.db8.2001.rpz-nsip CNAME .\n");
    assert_int_equal(z.rejects, 0);
    assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_QNAME), 3);
    assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_IP), 1);
    assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_CLIENT_IP), 1);
    assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_NSDNAME), 1);
    assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_NSIP), 1);
    assert_int_equal(wr_rpz_serial(z.zone), 7);
    assert_int_equal(wr_rpz_expire_s(z.zone), 604800);
    assert_true(wr_name_equal(wr_rpz_name(z.zone), z.name.wire));
    rpzzone_free(&z);
    (void)state;
}

/* Each line is set aside and told; the one before it and the one behind it are there. */
static void test_broken_lines_are_set_aside(void **state)
{
    static const char *const lines[] = {
        "33.1.2.0.192.rpz-ip CNAME .", "x.rpz-asn CNAME .",
        "x CNAME rpz-nonsense.",       "x NS ns.example.",
        "x DNAME other.example.",      "before CNAME *.",
        "before A 192.0.2.1",          "elsewhere.example. CNAME .",
        "x SOA a. b. 1 2 3 4 5",       "x DS 1 8 2 00",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), HEAD "before CNAME .\n%s\nbehind CNAME .\n", lines[i]);
        rpzzone_make(&z, "rpz.example", text);
        if (z.rejects != 1) {
            print_error("%s\n", lines[i]);
        }
        assert_int_equal(z.rejects, 1);
        assert_int_equal(z.rejected_line, 4);
        assert_true(strlen(z.rejected) > 8);
        assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_QNAME), 2);
        rpzzone_free(&z);
    }
    (void)state;
}

/* What a signed zone has beside its policy is no mistake, and a record that stands twice is one. */
static void test_quiet(void **state)
{
    rpzzone_make(&z, "rpz.example",
                 HEAD "@ TXT \"about\"\n"
                      "bad CNAME .\nbad CNAME .\n"
                      "bad NSEC c.rpz.example. CNAME NSEC RRSIG\n");
    assert_int_equal(z.rejects, 0);
    assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_QNAME), 1);
    rpzzone_free(&z);
    (void)state;
}

static void test_many_at_one_name(void **state)
{
    static char text[RPZZONE_RECORDS * 40];
    size_t n = 0;
    for (unsigned i = 0; i < 410; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "bad A 192.0.%u.%u\n", i / 250, i % 250);
    }
    rpzzone_make(&z, "rpz.example", text);
    assert_int_equal(z.rejects, 10);
    assert_int_equal(wr_rpz_serial(z.zone), 0); /* without a SOA record it is a zone all the same */
    rpzzone_free(&z);
    (void)state;
}

static void test_room(void **state)
{
    rpzzone_read(&z, "rpz.example", HEAD "bad CNAME .\n");
    struct wr_rpzbuild_input in = rpzzone_input(&z);
    const struct wr_rpz *zone = NULL;
    size_t size = wr_rpzbuild_size(&in);
    z.block = malloc(size);
    assert_int_equal(wr_rpzbuild(z.block, size - 1, &in, &zone), WR_E_FULL);
    assert_null(zone);
    in.records = WR_NAMES_RECORDS_MAX + 1;
    assert_true(wr_rpzbuild_size(&in) == SIZE_MAX);
    assert_int_equal(wr_rpzbuild(z.block, size, &in, &zone), WR_E_LIMIT);
    rpzzone_free(&z);
    rpzzone_make(&z, "rpz.example", "");
    assert_int_equal(wr_rpz_triggers(z.zone, WR_RPZ_QNAME), 0);
    rpzzone_free(&z);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_broken_lines_are_set_aside),
        cmocka_unit_test(test_quiet),  cmocka_unit_test(test_many_at_one_name),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
