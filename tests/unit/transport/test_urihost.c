/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/urihost.h"

static struct wr_uri_scan scan(const char *text)
{
    return (struct wr_uri_scan){.text = text, .end = strlen(text)};
}

static void test_names(void **state)
{
    static const struct {
        const char *text, *name; /* NULL: refused */
        size_t at;
    } rows[] = {
        {"dns.example", "dns.example", 0},
        {"DNS.Example.", "dns.example", 0},
        {"a", "a", 0},
        {"1.1.1.one", "1.1.1.one", 0},
        {"xn--bcher-kva.example", "xn--bcher-kva.example", 0},
        {"", NULL, 0},
        {".", NULL, 0},
        {"a..b", NULL, 2},
        {"a.b..", NULL, 4},
        {".a", NULL, 0},
        {"-a.example", NULL, 0},
        {"a-.example", NULL, 0},
        {"a_b.example", NULL, 1},
        {"b\xc3\xbc.example", NULL, 1},
        {"1.2.3", NULL, 0},
        {"dns.42", NULL, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_uri_scan s = scan(rows[i].text);
        char name[WR_URI_NAME_SIZE] = "";
        int err = wr_urihost_name(&s, name);

        if (rows[i].name) {
            assert_int_equal(err, WR_OK);
            assert_string_equal(name, rows[i].name);
        } else if (err != WR_E_FORMAT || s.error.at != rows[i].at) {
            fail_msg("%s: %d at %zu", rows[i].text, err, s.error.at);
        }
    }
}

static void test_long_names(void **state)
{
    char text[300], name[WR_URI_NAME_SIZE];
    struct wr_uri_scan s;

    memset(text, 'a', sizeof(text));
    s = (struct wr_uri_scan){.text = text, .end = 64};
    assert_int_equal(wr_urihost_name(&s, name), WR_E_FORMAT);
    for (size_t i = 63; i < sizeof(text); i += 64)
        text[i] = '.';
    s = (struct wr_uri_scan){.text = text, .end = 253};
    assert_int_equal(wr_urihost_name(&s, name), WR_OK);
    assert_int_equal(strlen(name), 253);
    s = (struct wr_uri_scan){.text = text, .end = 254};
    assert_int_equal(wr_urihost_name(&s, name), WR_E_FORMAT);
}

static void test_addresses(void **state)
{
    struct wr_uri_scan s = scan("192.0.2.1:53");
    char zone[WR_URI_ZONE_SIZE] = "", name[WR_URI_NAME_SIZE] = "";
    struct wr_addr addr = {.family = WR_AF_NONE};
    uint16_t port = 853;

    assert_int_equal(wr_urihost_read(&s, &addr, zone, name), WR_OK);
    assert_int_equal(addr.family, WR_AF_V4);
    assert_string_equal(name, "");
    assert_int_equal(s.at, 9);
    assert_int_equal(wr_urihost_port(&s, &port), WR_OK);
    assert_int_equal(port, 53);
    s = scan("dns.example");
    assert_int_equal(wr_urihost_read(&s, &addr, zone, name), WR_OK);
    assert_int_equal(addr.family, WR_AF_NONE);
    assert_string_equal(name, "dns.example");
    assert_int_equal(wr_urihost_port(&s, &port), WR_OK);
    assert_int_equal(port, 53); /* as it was */
    s = scan("dns.example");
    assert_int_equal(wr_urihost_read(&s, &addr, zone, NULL), WR_E_FORMAT);
    s = scan("[fe80::1%eth0]");
    assert_int_equal(wr_urihost_read(&s, &addr, NULL, NULL), WR_E_FORMAT);
    assert_non_null(strstr(s.error.why, "interface"));
}

static void test_paths(void **state)
{
    char path[WR_URI_PATH_SIZE], text[300];
    struct wr_uri_scan s = scan("/dns-query{?dns}");

    assert_int_equal(wr_urihost_path(&s, path), WR_OK);
    assert_string_equal(path, "/dns-query");
    s = scan("/a%20b;c=(d)");
    assert_int_equal(wr_urihost_path(&s, path), WR_OK);
    assert_string_equal(path, "/a%20b;c=(d)");
    s = scan("/a{b}");
    assert_int_equal(wr_urihost_path(&s, path), WR_E_FORMAT);
    assert_int_equal(s.error.at, 2);
    memset(text, '/', sizeof(text));
    s = (struct wr_uri_scan){.text = text, .end = WR_URI_PATH_SIZE};
    assert_int_equal(wr_urihost_path(&s, path), WR_E_FORMAT);
    s = (struct wr_uri_scan){.text = text, .end = WR_URI_PATH_SIZE - 1};
    assert_int_equal(wr_urihost_path(&s, path), WR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
