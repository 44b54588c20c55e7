/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dns/reverse.h"

static void test_names(void **state)
{
    static const struct {
        const char *addr, *name;
    } rows[] = {
        {"192.0.2.1", "1.2.0.192.in-addr.arpa."},
        {"0.0.0.0", "0.0.0.0.in-addr.arpa."},
        {"255.10.9.100", "100.9.10.255.in-addr.arpa."},
        {"2001:db8::fe12",
         "2.1.e.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."},
        {"::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr addr;
        struct wr_name name;
        char text[WR_NAME_TEXT_SIZE];
        assert_int_equal(wr_addr_from_text(rows[i].addr, &addr), WR_OK);
        assert_int_equal(wr_reverse_name(&addr, &name), WR_OK);
        wr_name_to_text(name.wire, text, sizeof(text));
        assert_string_equal(text, rows[i].name);
        assert_int_equal(wr_name_size(name.wire), name.size);
    }
}

static void test_no_family(void **state)
{
    struct wr_addr none = {.family = WR_AF_NONE};
    struct wr_name name = {.size = 77};
    assert_int_equal(wr_reverse_name(&none, &name), WR_E_FORMAT);
    assert_int_equal(name.size, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
