/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "policy/rpzowner.h"

static struct wr_name name(const char *text)
{
    struct wr_name n;
    memset(&n, 0, sizeof(n));
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), WR_OK);
    return n;
}

static const char *read_owner(const struct wr_name *owner, struct wr_rpzowner *ret)
{
    struct wr_name zone = name("rpz.example");
    return wr_rpzowner_read(owner->wire, zone.wire, ret);
}

static void test_names(void **state)
{
    static const struct {
        const char *owner;
        uint8_t kind;
        bool star;
        uint8_t size; /* of the name without the root's octet */
    } table[] = {
        {"bad.test.rpz.example", WR_RPZ_QNAME, false, 9},
        {"*.bad.test.rpz.example", WR_RPZ_QNAME, true, 9},
        {"*.rpz.example", WR_RPZ_QNAME, true, 0},
        {"x.*.bad.RPZ.Example", WR_RPZ_QNAME, false, 8},
        {"ns1.bad.test.rpz-nsdname.rpz.example", WR_RPZ_NSDNAME, false, 13},
        {"*.bad.test.RPZ-NSDNAME.rpz.example", WR_RPZ_NSDNAME, true, 9},
        {"rpz-ip.test.rpz.example", WR_RPZ_QNAME, false,
         12}, /* not at the end: a name like others */
        {"*.rpz-nsdname.rpz.example", WR_RPZ_NSDNAME, true, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct wr_rpzowner o;
        struct wr_name owner = name(table[i].owner);
        assert_null(read_owner(&owner, &o));
        assert_int_equal(o.kind, table[i].kind);
        assert_int_equal(o.star, table[i].star);
        assert_int_equal(o.name_size, table[i].size);
        assert_false(o.apex);
    }
    struct wr_rpzowner o;
    struct wr_name apex = name("rpz.example");
    assert_null(read_owner(&apex, &o));
    assert_true(o.apex);
    (void)state;
}

static void test_prefixes(void **state)
{
    static const struct {
        const char *owner;
        uint8_t kind;
        const char *prefix;
    } table[] = {
        {"24.0.2.0.192.rpz-ip", WR_RPZ_IP, "192.0.2.0/24"},
        {"32.1.2.0.192.rpz-client-ip", WR_RPZ_CLIENT_IP, "192.0.2.1/32"},
        {"8.0.0.0.10.rpz-nsip", WR_RPZ_NSIP, "10.0.0.0/8"},
        {"1.0.0.0.128.rpz-ip", WR_RPZ_IP, "128.0.0.0/1"},
        {"128.57.zz.102.db8.2001.rpz-ip", WR_RPZ_IP, "2001:db8:102::57/128"},
        {"48.zz.1.DB8.2001.rpz-ip", WR_RPZ_IP, "2001:db8:1::/48"},
        {"128.1.zz.rpz-client-ip", WR_RPZ_CLIENT_IP, "::1/128"},
        {"32.zz.db8.2001.rpz-ip", WR_RPZ_IP, "2001:db8::/32"},
        {"128.zz.1.2001.rpz-ip", WR_RPZ_IP, "2001:1::/128"},
        {"128.8.7.6.5.4.3.2.1.rpz-ip", WR_RPZ_IP, "1:2:3:4:5:6:7:8/128"},
        {"128.124.0.0.cc.bb.aa.db8.2001.rpz-ip", WR_RPZ_IP, "2001:db8:aa:bb:cc::124/128"},
        {"128.1.zz.2.3.rpz-ip", WR_RPZ_IP, "3:2::1/128"}, /* five labels, and no IPv4 */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char text[128];
        struct wr_rpzowner o;
        struct wr_prefix p;
        snprintf(text, sizeof(text), "%s.rpz.example", table[i].owner);
        struct wr_name owner = name(text);
        memset(&p, 0, sizeof(p));
        assert_int_equal(wr_addr_prefix_from_text(table[i].prefix, &p), WR_OK);
        const char *wrong = read_owner(&owner, &o);
        if (wrong) {
            print_error("%s: %s\n", text, wrong);
        }
        assert_null(wrong);
        assert_int_equal(o.kind, table[i].kind);
        assert_int_equal(o.prefix.len, p.len);
        assert_true(wr_addr_equal(&o.prefix.addr, &p.addr));
    }
    (void)state;
}

static void test_broken(void **state)
{
    static const char *const owners[] = {
        "bad.test",
        "rpz-ip.rpz.example",
        "24.rpz-ip.rpz.example",
        "24.192.rpz-ip.rpz.example",
        "33.1.2.0.192.rpz-ip.rpz.example",
        "0.0.0.0.0.rpz-ip.rpz.example",
        "24.1.2.0.192.rpz-ip.rpz.example",
        "24.0.2.0.256.rpz-ip.rpz.example",
        "24.0.2.0.x.rpz-ip.rpz.example",
        "x.0.2.0.192.rpz-ip.rpz.example",
        "24.0.2.0.00192.rpz-ip.rpz.example",
        "128.zz.zz.1.rpz-ip.rpz.example",
        "128.1.2.3.rpz-ip.rpz.example",
        "129.zz.1.rpz-ip.rpz.example",
        "128.zz.12345.rpz-ip.rpz.example",
        "32.zz.1.db8.2001.rpz-ip.rpz.example",
        "128.9.8.7.6.5.4.3.2.1.rpz-ip.rpz.example",
        "128.1.2.3.4.5.zz.6.7.8.rpz-ip.rpz.example",
        "rpz-nsdname.rpz.example",
        "x.rpz-asn.rpz.example",
        "*.24.0.2.0.192.rpz-ip.rpz.example",
    };
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        struct wr_rpzowner o = {.kind = 77};
        struct wr_name owner = name(owners[i]);
        const char *wrong = read_owner(&owner, &o);
        if (!wrong) {
            print_error("%s was taken\n", owners[i]);
        }
        assert_non_null(wrong);
        assert_int_equal(o.kind, 77);
    }
    (void)state;
}

static void test_actions(void **state)
{
    static const struct {
        const char *target;
        uint8_t action;
    } table[] = {
        {".", WR_RPZ_NXDOMAIN},
        {"*.", WR_RPZ_NODATA},
        {"rpz-passthru.", WR_RPZ_PASSTHRU},
        {"RPZ-Drop.", WR_RPZ_DROP},
        {"rpz-tcp-only.", WR_RPZ_TCP_ONLY},
        {"bad.test.", WR_RPZ_PASSTHRU}, /* its own name: the old way */
        {"*.garden.example.", WR_RPZ_STAR},
        {"garden.example.", WR_RPZ_DATA},
        {"rpz-passthru.example.", WR_RPZ_DATA},
        {"rpz-nonsense.", 0},
        {"x.rpz-drop.", 0},
    };
    struct wr_rpzowner o;
    struct wr_name owner = name("bad.test.rpz.example");
    assert_null(read_owner(&owner, &o));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct wr_name target = name(table[i].target);
        assert_int_equal(wr_rpzowner_action(&o, target.wire), table[i].action);
    }
    owner = name("*.bad.test.rpz.example");
    assert_null(read_owner(&owner, &o));
    struct wr_name target = name("bad.test");
    assert_int_equal(wr_rpzowner_action(&o, target.wire), WR_RPZ_DATA);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
