/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "dns/word.h"

static void names(void **state)
{
    static const uint8_t origin[] = "\4zone\4test";
    static const struct {
        const char *text;
        int err;
        const char *absolute, *relative; /* read without an origin and with it */
    } cases[] = {
        {"@", WR_OK, "\1@", "\4zone\4test"},
        {"a", WR_OK, "\1a", "\1a\4zone\4test"},
        {"a.", WR_OK, "\1a", "\1a"},
        {"a\\.", WR_OK, "\2a.", "\2a.\4zone\4test"},
        {"a\\\\.", WR_OK, "\2a\\", "\2a\\"},
        {"\\@", WR_OK, "\1@", "\1@\4zone\4test"},
        {".", WR_OK, "", ""},
        {"", WR_E_FORMAT, NULL, NULL},
        {"a..b", WR_E_FORMAT, NULL, NULL},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_name name = {.size = 77};
        size_t n = strlen(cases[i].text);

        assert_int_equal(wr_word_name(cases[i].text, n, NULL, &name), cases[i].err);
        if (cases[i].err) {
            assert_int_equal(name.size, 77);
            continue;
        }
        assert_int_equal(name.size, strlen(cases[i].absolute) + 1);
        assert_memory_equal(name.wire, cases[i].absolute, name.size);
        assert_int_equal(wr_word_name(cases[i].text, n, origin, &name), WR_OK);
        assert_int_equal(name.size, strlen(cases[i].relative) + 1);
        assert_memory_equal(name.wire, cases[i].relative, name.size);
    }
}

static void seconds(void **state)
{
    static const struct {
        const char *text;
        uint32_t max;
        int err;
        uint32_t seconds;
    } cases[] = {
        {"0", 10, WR_OK, 0},
        {"3600", UINT32_MAX, WR_OK, 3600},
        {"1h30m", UINT32_MAX, WR_OK, 5400},
        {"1W2D3H4M5S", UINT32_MAX, WR_OK, 788645},
        {"2147483647", INT32_MAX, WR_OK, INT32_MAX},
        {"2147483648", INT32_MAX, WR_E_RANGE, 0},
        {"35791394m7s", INT32_MAX, WR_OK, INT32_MAX},
        {"35791394m8s", INT32_MAX, WR_E_RANGE, 0},
        {"4294967295w4294967295d4294967295h", UINT32_MAX, WR_E_RANGE, 0},
        {"99999999999999999999w", UINT32_MAX, WR_E_RANGE, 0},
        {"", 10, WR_E_FORMAT, 0},
        {"h", 10, WR_E_FORMAT, 0},
        {"1x", 10, WR_E_FORMAT, 0},
        {"1h1", 10, WR_E_FORMAT, 0},
        {"1m1h", 10000, WR_E_FORMAT, 0},
        {"1h1h", 10000, WR_E_FORMAT, 0},
        {"-1", 10, WR_E_FORMAT, 0},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t got = 77;
        int err = wr_word_seconds(cases[i].text, strlen(cases[i].text), cases[i].max, &got);

        if (err != cases[i].err || got != (err ? 77 : cases[i].seconds)) {
            fail_msg("%s: %d, %u", cases[i].text, err, got);
        }
    }
}

static void times_and_numbers(void **state)
{
    uint16_t small = 77;
    uint32_t large = 77;

    assert_int_equal(wr_word_time("20240229235959", 14, &large), WR_OK);
    assert_int_equal(large, 1709251199);
    assert_int_equal(wr_word_time("4294967295", 10, &large), WR_OK);
    assert_int_equal(large, UINT32_MAX);
    assert_int_equal(wr_word_time("20230229000000", 14, &large), WR_E_RANGE);
    assert_int_equal(wr_word_time("4294967296", 10, &large), WR_E_RANGE);
    assert_int_equal(large, UINT32_MAX);
    assert_int_equal(wr_word_octal("177777", 6, &small), WR_OK);
    assert_int_equal(small, 65535);
    assert_int_equal(wr_word_octal("200000", 6, &small), WR_E_RANGE);
    assert_int_equal(wr_word_octal("", 0, &small), WR_E_FORMAT);
    assert_int_equal(wr_word_octal("18", 2, &small), WR_E_FORMAT);
    assert_int_equal(small, 65535);
}

static void addresses(void **state)
{
    static const char *const broken[] = {"", "1.2.3", "1.2.3.4:53", "[::1]", "::1", "1.2.3.4/8"};
    struct wr_addr addr = {.family = WR_AF_NONE};

    for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(wr_word_addr(broken[i], strlen(broken[i]), WR_AF_V4, &addr), WR_E_FORMAT);
    }
    assert_int_equal(wr_word_addr("fe80::1%1", 9, WR_AF_V6, &addr), WR_E_FORMAT);
    assert_int_equal(addr.family, WR_AF_NONE);
    assert_int_equal(wr_word_addr("1.2.3.4 and more", 7, WR_AF_V4, &addr), WR_OK);
    assert_memory_equal(addr.ip, "\1\2\3\4", 4);
    assert_int_equal(wr_word_addr("::1", 3, WR_AF_V6, &addr), WR_OK);
    assert_int_equal(addr.family, WR_AF_V6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(seconds),
        cmocka_unit_test(times_and_numbers),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
