/* SPDX-License-Identifier: Apache-2.0 */
/* Labels. Certificates: test_conn.c, test_doqclaim.c. */
#include "unit/unit.h"

#include <string.h>

#include "transport/identity.h"

static void test_names(void **state)
{
    static const struct {
        const char *name, *below, *label;
    } row[] = {
        {"camera-7.dns.example", "dns.example", "camera-7"},
        {"a_b.dns.example", "dns.example", "a_b"},
        {"dns.example", "dns.example", ""},
        {".dns.example", "dns.example", ""},
        {"a.b.dns.example", "dns.example", ""},
        {"a.xdns.example", "dns.example", ""},
        {"xdns.example", "dns.example", ""},
        {"a.dns.example", "", ""},
        {"", "dns.example", ""},
        {"a b.dns.example", "dns.example", ""},
        {"\xc3\xa4.dns.example", "dns.example", ""},
        {"abcdefghijklmnopqrstuvwxyz01234.dns.example", "dns.example",
         "abcdefghijklmnopqrstuvwxyz01234"},
        {"abcdefghijklmnopqrstuvwxyz012345.dns.example", "dns.example", ""},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct wr_identity who = {0};

        wr_identity_name(&who, row[i].name, row[i].below);
        assert_string_equal(who.text, row[i].label);
        assert_int_equal(who.kind, row[i].label[0] == '\0' ? WR_IDENTITY_NONE : WR_IDENTITY_SNI);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
