/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "transport/odohproxy.h"

static struct wr_odohproxy list(void)
{
    struct wr_odohproxy p;

    wr_odohproxy_init(&p);
    assert_int_equal(wr_odohproxy_refuse(&p, "proxy.example"), WR_OK);
    assert_int_equal(wr_odohproxy_allow(&p, "dns.example", 443, "/dns-query"), WR_OK);
    assert_int_equal(wr_odohproxy_allow(&p, "dns.example", 8443, "/odd path"), WR_OK);
    assert_int_equal(wr_odohproxy_allow(&p, "2001:db8::1", 443, "/q"), WR_OK);
    return p;
}

static const struct {
    const char *parameters;
    bool post;
    uint16_t status;
    unsigned index;
} rows[] = {
    {"targethost=dns.example&targetpath=/dns-query", true, 0, 0},
    {"targethost=DNS.Example&targetpath=%2Fdns-query", true, 0, 0},
    {"targetpath=%2fdns%2Dquery&targethost=dns.example%3A443", true, 0, 0},
    {"dns=AAAA&targethost=dns.example&x&targetpath=/dns-query&=&", true, 0, 0},
    {"targethost=%5B2001:db8::1%5D&targetpath=/q", true, 0, 2},
    {"targethost=[2001:db8::1]:443&targetpath=/q", true, 0, 2},
    {"targethost=dns.example&targetpath=/.well-known/odohconfigs", false, 0, 0},
    /* not listed: path, port, host; the configurations are not to be posted to, the rest not to be got */
    {"targethost=dns.example&targetpath=/dns-query/", true, 403, 0},
    {"targethost=dns.example&targetpath=/DNS-query", true, 403, 0},
    {"targethost=dns.example:8443&targetpath=/dns-query", true, 403, 0},
    {"targethost=dns.example.&targetpath=/dns-query", true, 403, 0},
    {"targethost=192.0.2.1&targetpath=/dns-query", true, 403, 0},
    {"targethost=localhost:22&targetpath=/", true, 403, 0},
    {"targethost=dns.example&targetpath=/.well-known/odohconfigs", true, 403, 0},
    {"targethost=other.example&targetpath=/.well-known/odohconfigs", false, 403, 0},
    {"targethost=dns.example&targetpath=/dns-query", false, 405, 0},
    /* this host itself */
    {"targethost=proxy.example&targetpath=/dns-query", true, 403, 0},
    {"targethost=PROXY.example:8443&targetpath=/dns-query", true, 403, 0},
    /* broken */
    {"", true, 400, 0},
    {"targethost=dns.example", true, 400, 0},
    {"targetpath=/dns-query", true, 400, 0},
    {"targethost=&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example&targethost=dns.example&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example&targetpath=/dns-query&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example&targetpath=dns-query", true, 400, 0},
    {"targethost=dns.example%&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example%4&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example%zz&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example%00&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example%0d%0aHost:x&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example&targetpath=/odd%20path", true, 400, 0},
    {"targethost=dns.example:0&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example:65536&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example:443443443&targetpath=/dns-query", true, 400, 0},
    {"targethost=dns.example:&targetpath=/dns-query", true, 400, 0},
    {"targethost=:443&targetpath=/dns-query", true, 400, 0},
    {"targethost=2001:db8::1&targetpath=/q", true, 400, 0},
    {"targethost=[2001:db8::1&targetpath=/q", true, 400, 0},
    {"targethost=[]&targetpath=/q", true, 400, 0},
    {"targethost=[2001:db8::1]x&targetpath=/q", true, 400, 0},
};

static void test_judge(void **state)
{
    struct wr_odohproxy p = list();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = NULL;
        unsigned index = 99;
        uint16_t got = wr_odohproxy_judge(&p, rows[i].parameters, strlen(rows[i].parameters),
                                          rows[i].post, &index, &path);

        if (got != rows[i].status || (got == 0 && (index != rows[i].index || path[0] != '/'))) {
            fail_msg("%s: %u, target %u", rows[i].parameters, got, index);
        }
    }
}

/* Too long: hosts, paths, all of it. */
static void test_long(void **state)
{
    struct wr_odohproxy p = list();
    static char text[3000];
    const char *path;
    unsigned index;

    snprintf(text, sizeof(text), "targethost=%0264d&targetpath=/q", 0);
    assert_int_equal(wr_odohproxy_judge(&p, text, strlen(text), true, &index, &path), 400);
    snprintf(text, sizeof(text), "targethost=dns.example&targetpath=/%0256d", 0);
    assert_int_equal(wr_odohproxy_judge(&p, text, strlen(text), true, &index, &path), 400);
    snprintf(text, sizeof(text), "targethost=dns.example&targetpath=/dns-query&%02500d", 0);
    assert_int_equal(wr_odohproxy_judge(&p, text, strlen(text), true, &index, &path), 400);
}

/* Proxy and target are never one, in whatever order they are named. */
static void test_never_both(void **state)
{
    struct wr_odohproxy p = list();

    assert_int_equal(wr_odohproxy_allow(&p, "Proxy.Example", 443, "/x"), WR_E_DENIED);
    assert_int_equal(wr_odohproxy_refuse(&p, "DNS.example"), WR_E_DENIED);
    for (unsigned i = p.targets; i < WR_ODOH_TARGETS_MAX; i++) {
        assert_int_equal(wr_odohproxy_allow(&p, "more.example", 443, "/"), WR_OK);
    }
    assert_int_equal(wr_odohproxy_allow(&p, "more.example", 443, "/"), WR_E_FULL);
}

/* What a client writes is what a proxy reads. */
static void test_write(void **state)
{
    struct wr_odohproxy p = list();
    char text[200];
    const char *path = NULL;
    unsigned index = 9;

    assert_true(wr_odohproxy_write("dns.example", "/dns-query", text, sizeof(text)));
    assert_string_equal(text, "targethost=dns.example&targetpath=%2Fdns-query");
    assert_int_equal(wr_odohproxy_judge(&p, text, strlen(text), true, &index, &path), 0);
    assert_string_equal(path, "/dns-query");
    assert_true(wr_odohproxy_write("[2001:db8::1]", "/q", text, sizeof(text)));
    assert_int_equal(wr_odohproxy_judge(&p, text, strlen(text), true, &index, &path), 0);
    assert_int_equal(index, 2);
    assert_true(wr_odohproxy_write("a&b", "/%?", text, sizeof(text)));
    assert_string_equal(text, "targethost=a%26b&targetpath=%2F%25%3F");
    assert_false(wr_odohproxy_write("dns.example", "/dns-query", text, 30));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_never_both),
        cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
