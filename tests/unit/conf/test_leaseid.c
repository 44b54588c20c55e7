/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/leaseid.h"

static const struct wr_hash_key key = {{5, 6}};

static struct wr_leaseid id_at(struct wr_leases *leases, uint32_t i)
{
    struct wr_leaseid id;
    assert_true(i < leases->count);
    wr_leaseid_of(&leases->item[i], &key, &id);
    assert_false(wr_leaseid_is_none(&id));
    return id;
}

static void wrong(void *user, uint8_t part, uint32_t line, const char *text)
{
    fail_msg("line %u: %s", (unsigned)line, text);
}

static void read_text(struct wr_leases *leases, enum wr_lease_format format, const char *text)
{
    const struct wr_lease_hooks hooks = {.wrong = wrong};
    assert_int_equal(wr_leases_read(leases, format, 0, text, strlen(text), &hooks), WR_OK);
}

/* Are the first two leases of these texts of one client? */
static bool same(enum wr_lease_format format, const char *one, const char *other)
{
    struct wr_leases leases;
    assert_int_equal(wr_leases_create(&key, &leases), WR_OK);
    read_text(&leases, format, one);
    if (other) {
        read_text(&leases, format, other);
    }
    struct wr_leaseid a = id_at(&leases, 0), b = id_at(&leases, 1);
    bool is = wr_leaseid_same(&a, &b);
    assert_int_equal(is, wr_leaseid_same(&b, &a));
    wr_leases_free(&leases);
    return is;
}

#define V4(mac, id)       "9 " mac " 192.0.2.1 cam " id "\n"
#define V4_OTHER(mac, id) "9 " mac " 192.0.2.2 cam " id "\n"
#define V6(duid)          "duid 00:03:00:01:aa\n9 77 fd00::1 cam " duid "\n"
#define MAC               "00:11:22:33:44:55"
#define MAC2              "00:11:22:33:44:66"

static void test_dnsmasq(void **state)
{
    const enum wr_lease_format f = WR_LEASE_DNSMASQ;
    assert_true(same(f, V4(MAC, "*") V4_OTHER(MAC, "01:" MAC), NULL));
    assert_false(same(f, V4(MAC, "*") V4_OTHER(MAC2, "*"), NULL));
    assert_true(same(f, V4(MAC, "*") V6("00:03:00:01:" MAC), NULL));             /* DUID-LL */
    assert_true(same(f, V4(MAC, "*") V6("00:01:00:01:2a:bb:cc:dd:" MAC), NULL)); /* DUID-LLT */
    assert_true(same(f, V4("06-" MAC, "*") V6("00:03:00:01:" MAC), NULL));
    assert_false(same(f, V4(MAC, "*") V6("00:03:00:01:" MAC2), NULL));
    assert_false(same(f, V4(MAC, "*") V6("00:02:00:00:ab:11:" MAC), NULL)); /* DUID-EN */
    assert_true(same(f,
                     V4(MAC, "ff:00:00:00:07:00:02:00:00:ab:11:22") /* RFC 4361 */
                     V6("00:02:00:00:ab:11:22"),
                     NULL));
    /* Who was seen with another address is another client, though it sends this one's identifier. */
    assert_false(same(f,
                      V4(MAC, "ff:00:00:00:07:00:02:00:00:ab:11:22")
                          V4_OTHER(MAC2, "ff:00:00:00:07:00:02:00:00:ab:11:22"),
                      NULL));
    assert_false(same(f, V4(MAC, "01:" MAC2) V4_OTHER(MAC2, "01:" MAC2), NULL));
}

#define KEA4 "address,hwaddr,client_id,valid_lifetime,expire,hostname,state\n"
#define KEA6 "address,duid,valid_lifetime,expire,lease_type,iaid,hostname,hwaddr,state\n"

static void test_kea(void **state)
{
    const enum wr_lease_format f = WR_LEASE_KEA;
    const char *v4 = KEA4 "192.0.2.1," MAC ",01:" MAC ",9,9,cam,0\n";
    assert_true(same(f, v4, KEA6 "fd00::1,00:02:00:00:ab:11,9,9,0,7,cam," MAC ",0\n"));
    assert_false(same(f, v4, KEA6 "fd00::1,00:02:00:00:ab:11,9,9,0,7,cam,,0\n"));
    assert_true(same(f, v4, KEA6 "fd00::1,00:03:00:01:" MAC ",9,9,0,7,cam,,0\n"));
    assert_false(same(f, v4, KEA6 "fd00::1,00:03:00:01:" MAC2 ",9,9,0,7,cam,,0\n"));
}

static void test_isc(void **state)
{
    const enum wr_lease_format f = WR_LEASE_ISC;
    const char *v4 = "lease 192.0.2.1 { hardware ethernet " MAC ";\n"
                     " uid \"\\377\\000\\000\\000\\007\\000\\002\\\\\\\"x\"; }\n";
    /* The same DUID, 00 02 5c 22 78, behind an IAID. */
    assert_true(
        same(f, v4, "ia-na \"\\001\\001\\001\\001\\000\\002\\\\\\\"x\" { iaaddr fd00::1 { } }\n"));
    assert_false(
        same(f, v4, "ia-na \"\\001\\001\\001\\001\\000\\002\\\\\\\"y\" { iaaddr fd00::1 { } }\n"));
    assert_true(same(f, v4,
                     "ia-na \"\\001\\001\\001\\001\\000\\003\\000\\001\\000\\021\\\"3DU\""
                     " { iaaddr fd00::1 { } }\n"));
    /* Without a word of who it is nothing ties a lease to another. */
    assert_false(same(f, "lease 192.0.2.1 { }\nlease 192.0.2.2 { }\n", NULL));
}

static void test_odhcpd(void **state)
{
    const enum wr_lease_format f = WR_LEASE_ODHCPD;
    const char *v4 = "# br-lan 001122334455 ipv4 cam 9 64 32 192.0.2.1/32\n";
    assert_true(same(f, v4, "# br-lan 00030001001122334455 7 cam 9 64 128 fd00::1/128\n"));
    assert_false(same(f, v4, "# br-lan 00030001001122334466 7 cam 9 64 128 fd00::1/128\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dnsmasq),
        cmocka_unit_test(test_kea),
        cmocka_unit_test(test_isc),
        cmocka_unit_test(test_odhcpd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
