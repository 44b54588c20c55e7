/* SPDX-License-Identifier: Apache-2.0 */
/* The expectation is written here once more, by document: the table is not its own judge. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dns/codes.h"
#include "dns/reverse.h"
#include "resolve/special.h"

static const struct wr_special_row *rows;
static size_t count;
static struct wr_name names[256];
static const struct wr_local *local;
static void *block;

static int setup(void **state)
{
    static struct wr_local_zone zones[256];
    static struct wr_local_record records[64];
    struct wr_local_input in = {.zone = zones, .record = records, .key = {{1, 2}}};
    count = wr_special_rows(&rows);
    for (size_t i = 0; i < count; i++) {
        wr_special_name(&rows[i], &names[i]);
        in.zones += wr_special_zone(&rows[i], &names[i], &zones[in.zones]);
        in.records += wr_special_records(&rows[i], &records[in.records]);
    }
    block = malloc(wr_local_size(&in));
    return wr_local_build(block, wr_local_size(&in), &in, &local);
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

static struct wr_local_hit ask(const char *text, uint16_t type)
{
    static struct wr_name n;
    struct wr_local_hit hit;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    wr_local_find(local, n.wire, type, WR_LOCAL_EVERYONE, &hit);
    return hit;
}

static void expect(const char *name, uint16_t type, enum wr_local_verdict verdict)
{
    struct wr_local_hit hit = ask(name, type);
    if (hit.verdict != verdict) {
        fail_msg("%s type %u: verdict %u, expected %u", name, type, hit.verdict, verdict);
    }
    if (verdict == WR_LOCAL_HIT_NXDOMAIN || verdict == WR_LOCAL_HIT_NODATA) {
        assert_true(hit.has_soa);
        assert_int_equal(hit.ede, WR_EDE_OTHER);
        assert_true(strlen(hit.ede_text) > 8);
        assert_int_equal(hit.soa.ttl, 10800);
    }
}

static void nothing_exists(const char *zone)
{
    char name[300] = "a.b.";
    strcat(name, zone);
    expect(zone, WR_TYPE_A, WR_LOCAL_HIT_NXDOMAIN);
    expect(zone, WR_TYPE_DS, WR_LOCAL_HIT_NXDOMAIN);
    expect(name, WR_TYPE_A, WR_LOCAL_HIT_NXDOMAIN);
    expect(name, WR_TYPE_SRV, WR_LOCAL_HIT_NXDOMAIN);
}

static void empty_zone(const char *zone)
{
    char name[300] = "a.b.";
    strcat(name, zone);
    expect(zone, WR_TYPE_SOA, WR_LOCAL_HIT_DATA);
    expect(zone, WR_TYPE_NS, WR_LOCAL_HIT_DATA);
    expect(zone, WR_TYPE_PTR, WR_LOCAL_HIT_NODATA);
    expect(zone, WR_TYPE_DS,
           WR_LOCAL_HIT_PASS); /* delegated without DS: that is for the parent to prove */
    expect(name, WR_TYPE_PTR, WR_LOCAL_HIT_NXDOMAIN);
}

static void test_test(void **state)
{
    nothing_exists("test.");
}
static void test_invalid(void **state)
{
    nothing_exists("invalid.");
}
static void test_local(void **state)
{
    nothing_exists("local.");
}
static void test_onion(void **state)
{
    nothing_exists("onion.");
}
static void test_alt(void **state)
{
    nothing_exists("alt.");
}
static void test_internal(void **state)
{
    nothing_exists("internal.");
}
static void test_6tisch(void **state)
{
    nothing_exists("6tisch.arpa.");
}
static void test_eap_noob(void **state)
{
    nothing_exists("eap-noob.arpa.");
}
static void test_home_arpa(void **state)
{
    empty_zone("home.arpa.");
}
static void test_service_arpa(void **state)
{
    empty_zone("service.arpa.");
}

static void loopback(const char *name)
{
    struct wr_local_hit hit = ask(name, WR_TYPE_A);
    assert_int_equal(hit.verdict, WR_LOCAL_HIT_DATA);
    assert_memory_equal(hit.set.data, "\0\4\177\0\0\1", 6);
    hit = ask(name, WR_TYPE_AAAA);
    assert_int_equal(hit.verdict, WR_LOCAL_HIT_DATA);
    assert_memory_equal(hit.set.data, "\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 18);
    expect(name, WR_TYPE_TXT, WR_LOCAL_HIT_NODATA);
}

/* RFC 6761 section 6.3: names ending in localhost are loopback, other types do not exist. */
static void test_localhost(void **state)
{
    loopback("localhost.");
    loopback("LocalHost.");
    loopback("a.b.localhost.");
    expect("localhost.", WR_TYPE_DS, WR_LOCAL_HIT_NODATA);
}

static void reverse_loopback(const char *address)
{
    struct wr_addr a;
    struct wr_name n;
    struct wr_local_hit hit;
    assert_int_equal(wr_addr_from_text(address, &a), 0);
    assert_int_equal(wr_reverse_name(&a, &n), 0);
    wr_local_find(local, n.wire, WR_TYPE_PTR, WR_LOCAL_EVERYONE, &hit);
    assert_int_equal(hit.verdict, WR_LOCAL_HIT_DATA);
    assert_memory_equal(hit.set.data, "\0\13\11localhost", 13);
}

static void test_loopback_reverse(void **state)
{
    reverse_loopback("127.0.0.1");
    reverse_loopback("::1");
    expect("2.0.0.127.in-addr.arpa.", WR_TYPE_PTR, WR_LOCAL_HIT_NXDOMAIN);
}

/* RFC 6303 sections 4.1 to 4.6 by address. */
static void test_private_reverse(void **state)
{
    static const char *const inside[] = {
        "10.0.0.1",    "10.255.255.255",  "172.16.0.1",    "172.31.255.254", "192.168.0.1",
        "0.1.2.3",     "169.254.1.1",     "192.0.2.77",    "198.51.100.1",   "203.0.113.255",
        "127.1.1.1",   "100.64.0.1",      "100.127.255.1", "100.99.3.3",     "fd00::1",
        "fdff:1::2",   "fe80::1",         "fe9f::1",       "feaf::1",        "febf::1",
        "2001:db8::1", "2001:db8:ffff::", "100.70.0.9",    "172.20.1.1",
    };
    static const char *const outside[] = {
        "11.0.0.1",    "172.15.0.1",  "172.32.0.1", "192.167.0.1", "192.0.3.1",     "198.51.101.1",
        "100.63.0.1",  "100.128.0.1", "fc00::1",    "fec0::1",     "2001:db7::1",   "::2",
        "169.253.0.1", "8.8.8.8",     "2a00::1",    "1.0.0.127",   "255.255.255.1",
    };
    struct wr_addr a;
    struct wr_name n;
    struct wr_local_hit hit;
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        assert_int_equal(wr_addr_from_text(inside[i], &a), 0);
        assert_int_equal(wr_reverse_name(&a, &n), 0);
        wr_local_find(local, n.wire, WR_TYPE_PTR, WR_LOCAL_EVERYONE, &hit);
        if (hit.verdict != WR_LOCAL_HIT_NXDOMAIN) {
            fail_msg("%s: verdict %u", inside[i], hit.verdict);
        }
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        assert_int_equal(wr_addr_from_text(outside[i], &a), 0);
        assert_int_equal(wr_reverse_name(&a, &n), 0);
        wr_local_find(local, n.wire, WR_TYPE_PTR, WR_LOCAL_EVERYONE, &hit);
        if (hit.verdict != WR_LOCAL_HIT_PASS) {
            fail_msg("%s: verdict %u", outside[i], hit.verdict);
        }
    }
    empty_zone("10.in-addr.arpa.");
    empty_zone("d.f.ip6.arpa.");
    expect("255.255.255.255.in-addr.arpa.", WR_TYPE_PTR, WR_LOCAL_HIT_NODATA);
    expect("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", WR_TYPE_PTR,
           WR_LOCAL_HIT_NODATA);
}

/* RFC 9462 section 8.2: served here, and without designated resolvers there is no data. */
static void test_resolver_arpa(void **state)
{
    expect("_dns.resolver.arpa.", WR_TYPE_SVCB, WR_LOCAL_HIT_NODATA);
    expect("resolver.arpa.", WR_TYPE_A, WR_LOCAL_HIT_NODATA);
}

/* RFC 8880 section 7.1: a resolver that does no DNS64 passes it on. */
static void test_ipv4only(void **state)
{
    expect("ipv4only.arpa.", WR_TYPE_AAAA, WR_LOCAL_HIT_PASS);
    expect("ipv4only.arpa.", WR_TYPE_A, WR_LOCAL_HIT_PASS);
    expect("170.0.0.192.in-addr.arpa.", WR_TYPE_PTR, WR_LOCAL_HIT_PASS);
}

static void test_everything_else(void **state)
{
    static const char *const plain[] = {".",
                                        "arpa.",
                                        "in-addr.arpa.",
                                        "com.",
                                        "example.",
                                        "example.com.",
                                        "testing.",
                                        "xlocal.",
                                        "local.example.",
                                        "a-localhost.",
                                        "100.in-addr.arpa.",
                                        "172.in-addr.arpa."};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        expect(plain[i], WR_TYPE_A, WR_LOCAL_HIT_PASS);
    }
}

static void test_rows_are_sound(void **state)
{
    unsigned shared = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].name[strlen(rows[i].name) - 1] == '.');
        assert_true(strlen(wr_special_treatment_text(rows[i].treatment)) > 3);
        for (size_t j = 0; j < i; j++) {
            assert_false(wr_name_equal(names[i].wire, names[j].wire));
        }
        shared += strstr(rows[i].why, "7793") != NULL;
    }
    assert_int_equal(shared, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_test),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_onion),
        cmocka_unit_test(test_alt),
        cmocka_unit_test(test_internal),
        cmocka_unit_test(test_6tisch),
        cmocka_unit_test(test_eap_noob),
        cmocka_unit_test(test_home_arpa),
        cmocka_unit_test(test_service_arpa),
        cmocka_unit_test(test_localhost),
        cmocka_unit_test(test_loopback_reverse),
        cmocka_unit_test(test_private_reverse),
        cmocka_unit_test(test_resolver_arpa),
        cmocka_unit_test(test_ipv4only),
        cmocka_unit_test(test_everything_else),
        cmocka_unit_test(test_rows_are_sound),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
