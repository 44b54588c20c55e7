/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "conf/kindsfile.h"

static const char vendors[] = "00-17-88   (hex)\t\tPhilips Lighting BV\n"
                              "50-C7-BF   (hex)\t\tTP-LINK\n"
                              "00-11-22   (hex)\t\tPHILIPS Ltd\n";

static struct wr_kindsfile read_it(const char *text)
{
    struct wr_ouifile oui;
    struct wr_kindsfile file;
    assert_int_equal(wr_ouifile_read(vendors, strlen(vendors), &oui), WR_OK);
    assert_int_equal(wr_kindsfile_read(text, strlen(text), &oui, &file), WR_OK);
    wr_ouifile_free(&oui);
    return file;
}

static void test_lines(void **state)
{
    struct wr_kindsfile f = read_it("# a comment\n\n"
                                    "camera wishes 1,3,6 class \"udhcp 1.22.*\" host IPcam*\r\n"
                                    "\tbulb vendor \"philips*\" mac 00:17:88\n"
                                    "plug vendor tp-link\n"
                                    "tablet wishes6 23,1024");
    assert_int_equal(f.bad, 0);
    assert_int_equal(f.kinds.lines, 4);
    assert_string_equal(f.line[0].kind, "camera");
    assert_string_equal(f.line[0].class, "udhcp 1.22.*");
    assert_string_equal(f.line[0].host, "ipcam*");
    assert_int_equal(f.line[0].wishes_size, 3);
    assert_memory_equal(f.line[0].wishes, "\1\3\6", 3);
    assert_true(f.wants_vendors && f.line[1].vendor);
    assert_int_equal(f.line[1].ouis, 2);
    assert_int_equal(f.oui[f.line[1].oui], 0x001122); /* sorted */
    assert_int_equal(f.oui[f.line[1].oui + 1], 0x001788);
    assert_int_equal(f.line[1].mac_size, 3);
    assert_int_equal(f.line[2].ouis, 1);
    assert_memory_equal(f.line[3].wishes6, "\0\x17\4\0", 4);
    wr_kindsfile_free(&f);
}

/* Each of them is left out alone, and the first is told by its number. */
static void test_bad(void **state)
{
    static const char *const bad[] = {
        "camera",
        "camera wishes",
        "camera wishes 1,,2",
        "camera wishes 256",
        "camera wishes 1 wishes 2",
        "camera wishes6 65536",
        "camera class \"open",
        "camera class \"\"",
        "camera class a*b",
        "camera colour red",
        "camera mac 00:17",
        "camera mac 00:17:8",
        "camera mac 00.17.88",
        "camera mac 02:17:88",
        "camera mac 00:17:88:00:00:00:00",
        "camera vendor a vendor b",
        "cam* host x",
        "this-kind-has-a-name-that-is-longer-than-all-others host x",
        "camera wishes "
        "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[400];
        snprintf(text, sizeof(text), "tv host tv\n%s\nbulb host bulb\n", bad[i]);
        struct wr_kindsfile f = read_it(text);
        assert_int_equal(f.bad, 1);
        assert_int_equal(f.first_bad, 2);
        assert_non_null(f.why);
        assert_int_equal(f.kinds.lines, 2);
        wr_kindsfile_free(&f);
    }
}

static void test_bounds(void **state)
{
    static const char line[] = "tv host tv\n";
    size_t n = sizeof(line) - 1, lines = WR_KINDS_LINES_MAX + 5;
    char *text = malloc(lines * n + 1);
    for (size_t i = 0; i < lines; i++) {
        memcpy(text + i * n, line, n);
    }
    text[lines * n] = 0;
    struct wr_kindsfile f = read_it(text);
    assert_int_equal(f.kinds.lines, WR_KINDS_LINES_MAX);
    assert_int_equal(f.bad, 5);
    assert_int_equal(f.first_bad, WR_KINDS_LINES_MAX + 1);
    wr_kindsfile_free(&f);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
