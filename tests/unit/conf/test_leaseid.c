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

/* The same as octets, in each format's way of writing them. */
static void test_octets(void **state)
{
    static const struct {
        enum wr_lease_format format;
        const char *text;
        bool has_mac, is_duid;
        const char *id;
    } rows[] = {
        {WR_LEASE_DNSMASQ, "1790000000 00:11:22:33:44:55 192.0.2.1 cam 01:00:11:22:33:44:55\n",
         true, false, "\1\0\x11\x22\x33\x44\x55"},
        {WR_LEASE_DNSMASQ, "1790000000 06-00:11:22:33:44:55 192.0.2.1 cam *\n", true, false, ""},
        {WR_LEASE_DNSMASQ, "duid 00:01\n1790000000 7 2001:db8::1 cam 00:03:00:01:aa\n", false, true,
         "\0\3\0\1\xaa"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const uint8_t mac[6] = {0, 0x11, 0x22, 0x33, 0x44, 0x55};
        struct wr_leases leases;
        struct wr_leaseid_octets o;
        assert_int_equal(wr_leases_create(&key, &leases), WR_OK);
        read_text(&leases, rows[i].format, rows[i].text);
        assert_int_equal(leases.count, 1);
        wr_leaseid_octets(&leases.item[0], &o);
        assert_int_equal(o.has_mac, rows[i].has_mac);
        assert_memory_equal(o.mac, rows[i].has_mac ? mac : (const uint8_t[6]){0}, 6);
        assert_int_equal(o.id_size, i == 0 ? 7 : i == 1 ? 0 : 5);
        assert_memory_equal(o.id, rows[i].id, o.id_size);
        assert_int_equal(o.is_duid, o.id_size > 0 && rows[i].is_duid);
        wr_leases_free(&leases);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dnsmasq), cmocka_unit_test(test_kea),    cmocka_unit_test(test_isc),
        cmocka_unit_test(test_odhcpd),  cmocka_unit_test(test_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
