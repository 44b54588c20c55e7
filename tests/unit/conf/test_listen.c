/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/listen.h"

static void test_good(void **state)
{
    static const struct {
        const char *text, *printed, *interface;
        uint8_t family;
        uint16_t port;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1:53", "", WR_AF_V4, 53},
        {"192.168.7.1:5353", "192.168.7.1:5353", "", WR_AF_V4, 5353},
        {"0.0.0.0", "0.0.0.0:53", "", WR_AF_V4, 53},
        {"::1", "[::1]:53", "", WR_AF_V6, 53},
        {"::", "[::]:53", "", WR_AF_V6, 53},
        {"[fd00::1]:5353", "[fd00::1]:5353", "", WR_AF_V6, 5353},
        {"[fd00::1]", "[fd00::1]:53", "", WR_AF_V6, 53},
        {"fe80::1%br-iot", "[fe80::1%br-iot]:53", "br-iot", WR_AF_V6, 53},
        {"[fe80::1%br-iot]:54", "[fe80::1%br-iot]:54", "br-iot", WR_AF_V6, 54},
        {"br-iot", "br-iot:53", "br-iot", WR_AF_NONE, 53},
        {"br-iot:5353", "br-iot:5353", "br-iot", WR_AF_NONE, 5353},
        {"eth0.10", "eth0.10:53", "eth0.10", WR_AF_NONE, 53},
        {"lo", "lo:53", "lo", WR_AF_NONE, 53},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_conf_listen listen, again;
        char text[128];
        struct wr_str s;

        assert_int_equal(wr_listen_from_text(rows[i].text, 53, &listen), WR_OK);
        assert_int_equal(listen.addr.family, rows[i].family);
        assert_int_equal(listen.addr.port, rows[i].port);
        assert_string_equal(listen.interface, rows[i].interface);
        wr_str_init(&s, text, sizeof(text));
        wr_listen_to_text(&listen, &s);
        assert_string_equal(text, rows[i].printed);
        assert_int_equal(wr_listen_from_text(text, 7, &again), WR_OK);
        assert_memory_equal(&listen, &again, sizeof(listen));
    }
}

static void test_bad(void **state)
{
    static const char *const rows[] = {
        "",
        "192.168.7.300", /* meant as an address: no interface */
        "1.2.3",
        "12345",
        "192.168.7.1:0",
        "192.168.7.1:65536",
        "[::1]:0",
        "[::1",
        "[br-iot]",
        "1::2::3",
        "br-iot:",
        "br-iot:0",
        "br-iot:dns",
        "br-iot:65536",
        "br/iot",
        "br iot",
        "sixteencharacters",
        "fe80::1%",
        "fe80::1%sixteencharacters",
        "fe80::1%a b",
        "*",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_conf_listen listen;

        if (wr_listen_from_text(rows[i], 53, &listen) != WR_E_FORMAT)
            fail_msg("%s was taken", rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
