/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/generate.h"

static void ranges(void **state)
{
    static const struct {
        const char *text;
        int err;
        uint32_t start, stop, step, count;
    } cases[] = {
        {"1-254", WR_OK, 1, 254, 1, 254},
        {"0-0", WR_OK, 0, 0, 1, 1},
        {"0-6/2", WR_OK, 0, 6, 2, 4},
        {"0-7/2", WR_OK, 0, 7, 2, 4},
        {"0-2147483647/2147483647", WR_OK, 0, 2147483647, 2147483647, 2},
        {"0-65535", WR_OK, 0, 65535, 1, WR_ZONEFILE_GENERATE_MAX},
        {"0-65536", WR_E_LIMIT, 0, 0, 0, 0},
        {"0-2147483647", WR_E_LIMIT, 0, 0, 0, 0},
        {"2-1", WR_E_RANGE, 0, 0, 0, 0},
        {"1-2/0", WR_E_RANGE, 0, 0, 0, 0},
        {"1-2147483648", WR_E_RANGE, 0, 0, 0, 0},
        {"", WR_E_FORMAT, 0, 0, 0, 0},
        {"1", WR_E_FORMAT, 0, 0, 0, 0},
        {"1-", WR_E_FORMAT, 0, 0, 0, 0},
        {"-1", WR_E_FORMAT, 0, 0, 0, 0},
        {"1-2/", WR_E_FORMAT, 0, 0, 0, 0},
        {"1-2x", WR_E_FORMAT, 0, 0, 0, 0},
        {"1-2/1x", WR_E_FORMAT, 0, 0, 0, 0},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_generate g = {.start = 77};
        int err = wr_generate_range(cases[i].text, strlen(cases[i].text), &g);

        if (err != cases[i].err) {
            fail_msg("%s: %d", cases[i].text, err);
        }
        if (err) {
            assert_int_equal(g.start, 77);
            continue;
        }
        assert_int_equal(g.start, cases[i].start);
        assert_int_equal(g.stop, cases[i].stop);
        assert_int_equal(g.step, cases[i].step);
        assert_int_equal(wr_generate_count(&g), cases[i].count);
    }
}

static void lines(void **state)
{
    static const struct {
        const char *text;
        uint32_t number;
        int err;
        const char *line;
    } cases[] = {
        {"h$ A 1.2.3.$", 7, WR_OK, "h7 A 1.2.3.7"},
        {"a$$b\\$c", 7, WR_OK, "a\\$b\\$c"},
        {"${0}", 7, WR_OK, "7"},
        {"${10}", 7, WR_OK, "17"},
        {"${-7,3}", 7, WR_OK, "000"},
        {"${0,3,d}", 7, WR_OK, "007"},
        {"${0,0,x}${0,4,X}", 255, WR_OK, "ff00FF"},
        {"${0,0,o}", 8, WR_OK, "10"},
        {"${0,0,n}", 0x1a, WR_OK, "a.1"},
        {"${0,7,N}", 0x1a, WR_OK, "A.1.0.0"},
        {"${0,1,n}", 0, WR_OK, "0"},
        {"", 7, WR_OK, ""},
        {"$", 2147483647, WR_OK, "2147483647"},
        {"${1}", 2147483647, WR_E_RANGE, NULL},
        {"${-8}", 7, WR_E_RANGE, NULL},
        {"${0,256}", 7, WR_E_RANGE, NULL},
        {"${", 7, WR_E_FORMAT, NULL},
        {"${0", 7, WR_E_FORMAT, NULL},
        {"${0,", 7, WR_E_FORMAT, NULL},
        {"${0,1,", 7, WR_E_FORMAT, NULL},
        {"${0,1,q}", 7, WR_E_FORMAT, NULL},
        {"${0,1,dd}", 7, WR_E_FORMAT, NULL},
        {"${}", 7, WR_E_FORMAT, NULL},
        {"0123456789012345678901234567890123456789", 7, WR_E_FULL, NULL},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char room[32];
        struct wr_str s;
        int err;

        wr_str_init(&s, room, sizeof(room));
        err = wr_generate_line(cases[i].text, strlen(cases[i].text), cases[i].number, &s);
        if (err != cases[i].err || (!err && strcmp(room, cases[i].line))) {
            fail_msg("%s: %d %s", cases[i].text, err, room);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
