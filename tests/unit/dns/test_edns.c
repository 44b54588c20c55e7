/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/edns.h"

struct option_case {
    const char *what;
    const char *octets;
    size_t size;
    int err;
};

#define C(what, octets, err)                  \
    {                                         \
        what, octets, sizeof(octets) - 1, err \
    }

static const struct option_case cases[] = {
    C("none", "", WR_OK),
    C("half a head", "\0\x0a\0", WR_E_FORMAT),
    C("value past the end", "\0\x0c\0\4abc", WR_E_FORMAT),
    C("unknown", "\xfd\xe9\0\3abc", WR_OK),
    C("nsid empty", "\0\3\0\0", WR_OK),
    C("nsid value", "\0\3\0\2ab", WR_OK),
    C("cookie 7",
      "\0\x0a\0\7"
      "1234567",
      WR_E_FORMAT),
    C("cookie 8",
      "\0\x0a\0\x08"
      "12345678",
      WR_OK),
    C("cookie 9",
      "\0\x0a\0\x09"
      "123456789",
      WR_E_FORMAT),
    C("cookie 15",
      "\0\x0a\0\x0f"
      "123456789012345",
      WR_E_FORMAT),
    C("cookie 16",
      "\0\x0a\0\x10"
      "1234567890123456",
      WR_OK),
    C("cookie 40",
      "\0\x0a\0\x28"
      "1234567890123456789012345678901234567890",
      WR_OK),
    C("cookie 41",
      "\0\x0a\0\x29"
      "12345678901234567890123456789012345678901",
      WR_E_FORMAT),
    C("cookie 0", "\0\x0a\0\0", WR_E_FORMAT),
    C("subnet v4", "\0\x08\0\7\0\1\x18\0\xc0\0\2", WR_OK),
    C("subnet v4 whole", "\0\x08\0\x08\0\1\x20\x20\1\2\3\4", WR_OK),
    C("subnet none", "\0\x08\0\4\0\1\0\0", WR_OK),
    C("subnet family 0", "\0\x08\0\4\0\0\0\0", WR_OK),
    C("subnet too short", "\0\x08\0\3\0\1\0", WR_E_FORMAT),
    C("subnet too few", "\0\x08\0\6\0\1\x18\0\xc0\0", WR_E_FORMAT),
    C("subnet too many", "\0\x08\0\x08\0\1\x18\0\xc0\0\2\0", WR_E_FORMAT),
    C("subnet bits behind", "\0\x08\0\7\0\1\x17\0\xc0\0\3", WR_E_FORMAT),
    C("subnet v4 33", "\0\x08\0\x09\0\1\x21\0\1\2\3\4\0", WR_E_FORMAT),
    C("subnet scope 33", "\0\x08\0\4\0\1\0\x21", WR_E_FORMAT),
    C("subnet v6 129", "\0\x08\0\4\0\2\x81\0", WR_E_FORMAT),
    C("expire query", "\0\x09\0\0", WR_OK),
    C("expire", "\0\x09\0\4\0\0\0\1", WR_OK),
    C("expire 3", "\0\x09\0\3\0\0\1", WR_E_FORMAT),
    C("keepalive query", "\0\x0b\0\0", WR_OK),
    C("keepalive", "\0\x0b\0\2\0\x64", WR_OK),
    C("keepalive 1", "\0\x0b\0\1\0", WR_E_FORMAT),
    C("padding", "\0\x0c\0\3\0\0\0", WR_OK),
    C("padding of anything", "\0\x0c\0\3xyz", WR_OK),
    C("chain", "\0\x0d\0\5\3com\0", WR_OK),
    C("chain root", "\0\x0d\0\1\0", WR_OK),
    C("chain empty", "\0\x0d\0\0", WR_E_FORMAT),
    C("chain open", "\0\x0d\0\4\3com", WR_E_FORMAT),
    C("chain pointer", "\0\x0d\0\2\xc0\x0c", WR_E_FORMAT),
    C("chain and more", "\0\x0d\0\2\0\0", WR_E_FORMAT),
    C("key tag", "\0\x0e\0\4\1\2\3\4", WR_OK),
    C("key tag odd", "\0\x0e\0\3\1\2\3", WR_E_FORMAT),
    C("key tag empty", "\0\x0e\0\0", WR_E_FORMAT),
    C("extended error", "\0\x0f\0\2\0\3", WR_OK),
    C("extended error 1", "\0\x0f\0\1\0", WR_E_FORMAT),
    C("extended error 0", "\0\x0f\0\0", WR_E_FORMAT),
    C("report channel", "\0\x12\0\7\5agent\0", WR_OK),
    C("report channel open", "\0\x12\0\6\5agent", WR_E_FORMAT),
    C("good, then broken", "\0\x0c\0\0\0\x09\0\1\0", WR_E_FORMAT),
};

static void forms(void **state)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_edns edns = {.ede = WR_EDE_NONE};
        int err = wr_edns_read_options((const uint8_t *)cases[i].octets, cases[i].size, &edns);

        if (err != cases[i].err) {
            fail_msg("%s: %d", cases[i].what, err);
        }
    }
}

static void values(void **state)
{
    static const char octets[] = "\0\3\0\0"
                                 "\0\x0a\0\x10"
                                 "1234567890123456"
                                 "\0\x0b\0\2\1\2"
                                 "\0\x0c\0\1\0"
                                 "\0\x0f\0\7\0\x16"
                                 "route"
                                 "\0\x08\0\4\0\1\0\0"
                                 "\0\x0a\0\x08"
                                 "xxxxxxxx"
                                 "\0\x0f\0\3\0\1x"
                                 "\xfd\xe9\0\6\0\x11\x22\x33\x44\x55"
                                 "\xfd\xe9\0\3abc"; /* of local use: something else */
    struct wr_edns edns = {.ede = WR_EDE_NONE};

    assert_int_equal(wr_edns_read_options((const uint8_t *)octets, sizeof(octets) - 1, &edns),
                     WR_OK);
    assert_true(edns.nsid && edns.keepalive && edns.padding && edns.ecs);
    assert_int_equal(edns.keepalive_100ms, 0x102);
    assert_int_equal(edns.cookie_size, 16); /* the first of two */
    assert_memory_equal(edns.cookie, "1234567890123456", 16);
    assert_int_equal(edns.ede, 22); /* the first of two */
    assert_int_equal(edns.ede_text_size, 5);
    assert_memory_equal(edns.ede_text, "route", 5);
    assert_null(edns.agent_domain);
    assert_true(edns.mac_given);
    assert_memory_equal(edns.mac, "\0\x11\x22\x33\x44\x55", 6);
}

static void whom_to_report_to(void **state)
{
    static const char octets[] = "\0\x12\0\1\0\0\x12\0\7\5agent\0\0\x12\0\7\5other";
    struct wr_edns edns = {.ede = WR_EDE_NONE};

    assert_int_equal(wr_edns_read_options((const uint8_t *)octets, sizeof(octets), &edns), WR_OK);
    assert_non_null(edns.agent_domain); /* not the root, and the first of two */
    assert_memory_equal(edns.agent_domain, "\5agent", 7);
}

static void a_flood_of_options_stops(void **state)
{
    uint8_t octets[4 * (WR_EDNS_OPTIONS_MAX + 1)] = {0};
    struct wr_edns edns = {.ede = WR_EDE_NONE};

    for (unsigned i = 0; i < sizeof(octets); i += 4) {
        octets[i] = 0xfd;
    }
    assert_int_equal(wr_edns_read_options(octets, sizeof(octets) - 4, &edns), WR_OK);
    assert_int_equal(wr_edns_read_options(octets, sizeof(octets), &edns), WR_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(values),
        cmocka_unit_test(whom_to_report_to),
        cmocka_unit_test(a_flood_of_options_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
