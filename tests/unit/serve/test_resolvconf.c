/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "serve/resolvconf.h"

#define CAP 4

static void test_table(void **state)
{
    static const struct {
        const char *text;
        uint32_t count, bad;
        const char *first, *zone;
    } rows[] = {
        {"", 0, 0, NULL, ""},
        {"nameserver 192.0.2.1\n", 1, 0, "192.0.2.1:53", ""},
        {"nameserver 192.0.2.1", 1, 0, "192.0.2.1:53", ""},
        {"\tnameserver\t 192.0.2.1 \r\n", 1, 0, "192.0.2.1:53", ""},
        {"nameserver 192.0.2.1 # the box\n", 1, 0, "192.0.2.1:53", ""},
        {"# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", 0, 0, NULL, ""},
        {"nameservers 192.0.2.1\nNAMESERVER 192.0.2.1\n", 0, 0, NULL, ""},
        {"search example\noptions edns0\nnameserver 2001:db8::1\n", 1, 0, "[2001:db8::1]:53", ""},
        {"nameserver fe80::1%eth0\n", 1, 0, "[fe80::1]:53", "eth0"},
        {"nameserver fe80::1%\nnameserver fe80::1%averyveryverylongname\n", 0, 2, NULL, ""},
        {"nameserver\nnameserver dns.example\nnameserver 192.0.2.1:53\n", 0, 3, NULL, ""},
        {"nameserver 0.0.0.0\n", 0, 1, NULL, ""},
        {"nameserver 192.0.2.1\nnameserver 192.0.2.1\n", 1, 0, "192.0.2.1:53", ""},
        {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
         "nameserver 192.0.2.4\nnameserver 192.0.2.5\n",
         CAP, 0, "192.0.2.1:53", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_resolvconf_server got[CAP];
        uint32_t bad = 99;
        uint32_t n = wr_resolvconf_read(rows[i].text, strlen(rows[i].text), got, CAP, &bad);
        assert_int_equal(n, rows[i].count);
        assert_int_equal(bad, rows[i].bad);
        if (rows[i].first != NULL) {
            char text[WR_ADDR_TEXT_SIZE];
            wr_addr_to_text(&got[0].addr, text, sizeof(text));
            assert_string_equal(text, rows[i].first);
            assert_string_equal(got[0].zone, rows[i].zone);
        }
    }
}

static void test_octets_behind_the_text(void **state)
{
    static const char text[] = "nameserver 192.0.2.14";
    struct wr_resolvconf_server got[CAP];
    assert_int_equal(wr_resolvconf_read(text, strlen(text) - 1, got, CAP, NULL), 1);
    assert_int_equal(got[0].addr.ip[3], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_octets_behind_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
