/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "conf/leasefile.h"

static char said[8192], out[8192];
static struct wr_leases leases;
static char *copies[4];
static const struct wr_hash_key key = {{3, 4}};

static void wrong(void *user, uint8_t part, uint32_t line, const char *text)
{
    char row[600];
    snprintf(row, sizeof(row), "%u:%u %s\n", part, line, text);
    strncat(said, row, sizeof(said) - strlen(said) - 1);
}

static int setup(void **state)
{
    said[0] = 0;
    memset(copies, 0, sizeof(copies));
    return wr_leases_create(&key, &leases);
}

static int teardown(void **state)
{
    wr_leases_free(&leases);
    for (unsigned i = 0; i < 4; i++) {
        free(copies[i]);
    }
    return 0;
}

static void read_part(enum wr_lease_format format, uint8_t part, const char *text)
{
    const struct wr_lease_hooks hooks = {.wrong = wrong};
    size_t n = strlen(text);
    copies[part] = malloc(n ? n : 1);
    memcpy(copies[part], text, n);
    assert_int_equal(wr_leases_read(&leases, format, part, copies[part], n, &hooks), WR_OK);
}

/* One line a lease: address, name, client, end. */
static const char *table(void)
{
    out[0] = 0;
    for (uint32_t i = 0; i < leases.count; i++) {
        const struct wr_lease *l = &leases.item[i];
        char addr[WR_ADDR_TEXT_SIZE], row[800];
        wr_addr_to_text(&l->addr, addr, sizeof(addr));
        snprintf(row, sizeof(row), "%s %.*s %.*s %lld%s\n", addr, (int)l->host.n, l->host.at,
                 (int)l->client.n, l->client.at,
                 l->until_s == INT64_MAX ? -1LL : (long long)l->until_s, l->gone ? " gone" : "");
        strncat(out, row, sizeof(out) - strlen(out) - 1);
    }
    return out;
}

static void test_dnsmasq(void **state)
{
    read_part(WR_LEASE_DNSMASQ, 0,
              "1700000000 00:11:22:33:44:55 192.168.1.10 camera 01:00:11:22:33:44:55\n"
              "0 00:11:22:33:44:56 192.168.1.11 * *\n"
              "duid 00:01:00:01:2a:aa\n"
              "1700000001 1234567 fd00::10 camera 00:01:00:01:aa\n"
              "\n"
              "rubbish\n"
              "1700000000 00:11:22:33:44:57 192.168.1.300 x *\n"
              "1700000009 00:11:22:33:44:58 192.168.1.12 half");
    assert_string_equal(table(), "192.168.1.10 camera 00:11:22:33:44:55 1700000000\n"
                                 "192.168.1.11 * 00:11:22:33:44:56 -1\n"
                                 "fd00::10 camera 00:01:00:01:aa 1700000001\n");
    assert_non_null(strstr(said, "0:6 \"rubbish\" is no lease"));
    assert_non_null(strstr(said, "0:7 "));
    assert_non_null(strstr(said, "0:8 the last line is not complete"));
}

#define KEA4                                                                                     \
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state," \
    "user_context,pool_id\n"
#define KEA6                                                                                 \
    "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len," \
    "fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id\n"

/* The last line of an address counts, over the parts that a clean-up leaves. */
static void test_kea4(void **state)
{
    read_part(WR_LEASE_KEA, 0,
              KEA4 "192.0.2.1,00:11:22:33:44:55,01:00,3600,1700000000,1,0,0,old.home.arpa.,0,,0\n"
                   "192.0.2.2,00:11:22:33:44:66,,3600,1700000000,1,0,0,two,0,,0\n"
                   "192.0.2.3,00:11:22:33:44:77,,4294967295,1700000000,1,0,0,three,0,,0\n");
    read_part(WR_LEASE_KEA, 1,
              KEA4 "192.0.2.1,00:11:22:33:44:55,01:00,3600,1700003600,1,0,0,new,0,,0\n"
                   "192.0.2.2,00:11:22:33:44:66,,0,1700000000,1,0,0,two,0,,0\n"
                   "192.0.2.4,00:11:22:33:44:88,,3600,1700000000,1,0,0,declined,1,,0\n"
                   "192.0.2.5,x\n"
                   "300.0.2.5,x,,1,1,1,0,0,x,0,,0\n"
                   "192.0.2.6,00:11:22:33:44:99,,36");
    assert_string_equal(table(), "192.0.2.1 new 00:11:22:33:44:55 1700003600\n"
                                 "192.0.2.2 two 00:11:22:33:44:66 1700000000 gone\n"
                                 "192.0.2.3 three 00:11:22:33:44:77 -1\n"
                                 "192.0.2.4 declined 00:11:22:33:44:88 1700000000 gone\n");
    assert_non_null(strstr(said, "1:5 "));
    assert_non_null(strstr(said, "1:6 \"300.0.2.5\" is no address"));
    assert_non_null(strstr(said, "1:7 the last line is not complete"));
}

/* Whoever gets an address that another client had comes behind those who had theirs before. */
static void test_order(void **state)
{
    read_part(WR_LEASE_KEA, 0,
              KEA4 "192.0.2.1,aa,,3600,9000,1,0,0,old,0,,0\n"
                   "192.0.2.2,bb,,3600,9000,1,0,0,printer,0,,0\n"
                   "192.0.2.1,aa,,3600,9600,1,0,0,old,0,,0\n"
                   "192.0.2.3,dd,,3600,9000,1,0,0,x,0,,0\n"
                   "192.0.2.1,cc,,3600,9900,1,0,0,printer,0,,0\n");
    wr_leases_sort(&leases);
    assert_string_equal(table(), "192.0.2.2 printer bb 9000\n192.0.2.3 x dd 9000\n"
                                 "192.0.2.1 printer cc 9900\n");
}

static void test_kea6(void **state)
{
    read_part(WR_LEASE_KEA, 0,
              KEA6 "2001:db8::5,00:01:aa,3600,1700000000,1,1800,0,7,128,0,0,cam,,0,,,,0\n"
                   "2001:db8:1::,00:01:aa,3600,1700000000,1,1800,2,7,56,0,0,cam,,0,,,,0\n");
    assert_string_equal(table(), "2001:db8::5 cam 00:01:aa 1700000000\n"); /* a prefix is no host */
    assert_string_equal(said, "");
}

static void test_kea_without_header(void **state)
{
    read_part(WR_LEASE_KEA, 0, "192.0.2.1,00:11:22:33:44:55,01:00,3600,1700000000,1,0,0,a,0,,0\n");
    assert_string_equal(table(), "");
    assert_non_null(strstr(said, "is no header of a Kea lease file"));
}

static void test_isc(void **state)
{
    read_part(WR_LEASE_ISC, 0,
              "# The format of this file is documented in dhcpd.leases(5).\n"
              "authoring-byte-order little-endian;\n"
              "server-duid \"\\000\\001;{}\";\n"
              "lease 192.0.2.10 {\n  starts 2 2023/11/14 21:13:20;\n  ends 2 2023/11/14 22:13:20;\n"
              "  binding state active;\n  next binding state free;\n"
              "  hardware ethernet 00:11:22:33:44:55;\n  uid \"\\001\\000\\021\";\n"
              "  client-hostname \"printer\";\n}\n"
              "lease 192.0.2.11 { ends never; client-hostname \"for}ever\"; }\n"
              "lease 192.0.2.12 { ends epoch 1700000000; # Tue\n binding state active; }\n"
              "lease 192.0.2.10 {\n  ends 2 2023/11/14 23:13:20;\n  binding state free;\n}\n"
              "lease not.an.address { ends never; }\n"
              "failover peer \"x\" state { my state normal at 2 2023/11/14 22:13:20; }\n"
              "ia-na \"duid-of-it\" {\n  cltt 2 2023/11/14 22:13:20;\n  iaaddr 2001:db8::1 {\n"
              "    binding state active;\n    ends 2 2023/11/14 22:13:20;\n"
              "    set ddns-fwd-name = \"nas.home.arpa\";\n  }\n}\n"
              "lease 192.0.2.13 {\n  ends 9 yesterday;\n}\n"
              "lease 192.0.2.14 {\n  ends never;\n  client-hostname \"half");
    assert_string_equal(table(), "192.0.2.10   1700003600 gone\n"
                                 "192.0.2.11 for}ever  -1\n"
                                 "192.0.2.12   1700000000\n"
                                 "2001:db8::1 nas.home.arpa duid-of-it 1700000000\n"
                                 "192.0.2.13   -1\n");
    assert_non_null(strstr(said, "\"not.an.address\" is no address"));
    assert_non_null(strstr(said, "is no time at which the lease ends"));
    assert_non_null(strstr(said, "the last block is not complete"));
}

static void test_isc_depth(void **state)
{
    read_part(WR_LEASE_ISC, 0, "a { a { a { a { a { a { a { a { a { a {");
    assert_non_null(strstr(said, "nested too deep"));
}

static void test_odhcpd(void **state)
{
    read_part(WR_LEASE_ODHCPD, 0,
              "# br-lan 001122334455 ipv4 cam 1700000000 64 32 192.168.1.5/32\n"
              "# br-lan 00010001aa 7f nas -1 5 128 fd00::5/128 2001:db8::5/128\n"
              "fd00::5\tnas\n"
              "# br-lan 00010001ab 7f router 1700000000 0 62 2001:db8:0:4::/62\n"
              "# br-lan 00010001ac 7f - 1700000000 0 128 fd00::6/128\n"
              "# br-lan broken\n");
    assert_string_equal(table(), "192.168.1.5 cam 001122334455 1700000000\n"
                                 "fd00::5 nas 00010001aa -1\n"
                                 "2001:db8::5 nas 00010001aa -1\n"
                                 "fd00::6 - 00010001ac 1700000000\n");
    assert_non_null(strstr(said, "0:6 "));
}

static void test_table_is_bounded(void **state)
{
    const struct wr_lease_hooks hooks = {.wrong = wrong};
    size_t room = (size_t)(WR_LEASES_MAX + 10) * 48, n = 0;
    char *text = malloc(room);
    for (unsigned i = 0; i < WR_LEASES_MAX + 10; i++) {
        n += (size_t)snprintf(text + n, room - n, "0 m 10.%u.%u.%u h *\n", i >> 16, i >> 8 & 255,
                              i & 255);
    }
    assert_int_equal(wr_leases_read(&leases, WR_LEASE_DNSMASQ, 0, text, n, &hooks), WR_E_LIMIT);
    assert_int_equal(leases.count, WR_LEASES_MAX);
    assert_non_null(strstr(said, "more leases than are taken"));
    free(text);
}

static void test_named(void **state)
{
    static const struct {
        struct wr_lease_word host;
        bool named;
    } row[] = {{{"", 0}, false}, {{"*", 1}, false}, {{"-", 1}, false},
               {{"a", 1}, true}, {{"**", 2}, true}, {{"tv", 2}, true}};
    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        assert_int_equal(wr_lease_is_named(&row[i].host), row[i].named);
    }
}

static void test_names(void **state)
{
    static const uint8_t zone[] = "\4home\4arpa";
    static const struct {
        const char *host, *says; /* the name, or why not */
    } rows[] = {
        {"Camera", "camera.home.arpa."},
        {"my_pc-2", "my_pc-2.home.arpa."},
        {"cam.home.arpa", "cam.home.arpa."},
        {"cam.HOME.arpa.", "cam.home.arpa."},
        {"cam.", "cam.home.arpa."},
        {"www.google.com", "outside of the leases' zone"},
        {"a.b.home.arpa", "outside of the leases' zone"},
        {"home.arpa", "outside of the leases' zone"},
        {"a..home.arpa", "outside of the leases' zone"},
        {"..", "empty label"},
        {".", "empty label"},
        {"a b", "is no host name"},
        {"*x", "is no host name"},
        {"a\\032", "is no host name"},
        {"caf\xc3\xa9", "is no host name"},
        {"\033[31m", "is no host name"},
        {"_tcp", "begins or ends with a sign"},
        {"-a", "begins or ends with a sign"},
        {"a-", "begins or ends with a sign"},
        {"a_", "begins or ends with a sign"},
        {"xn--80ak6aa92e", "international name"},
        {"LocalHost", "programs trust"},
        {"wpad", "programs trust"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "63 octets"},
    };
    struct wr_name name;
    const char *why;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_lease_word host = {rows[i].host, strlen(rows[i].host)};
        char text[WR_NAME_TEXT_SIZE] = "";
        int err = wr_lease_name(&host, zone, &name, &why);
        if (err == WR_OK) {
            wr_name_to_text(name.wire, text, sizeof(text));
        }
        if (err == WR_OK ? strcmp(text, rows[i].says) != 0
                         : err != WR_E_DENIED || !strstr(why, rows[i].says)) {
            fail_msg("%s: %s", rows[i].host, err == WR_OK ? text : why);
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        struct wr_lease_word none = {i == 1 ? "*" : "-", i ? 1 : 0};
        assert_int_equal(wr_lease_name(&none, zone, &name, &why), WR_E_NOTFOUND);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_dnsmasq),
        CASE(test_kea4),
        CASE(test_kea6),
        CASE(test_order),
        CASE(test_kea_without_header),
        CASE(test_isc),
        CASE(test_isc_depth),
        CASE(test_odhcpd),
        CASE(test_table_is_bounded),
        CASE(test_named),
        CASE(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
