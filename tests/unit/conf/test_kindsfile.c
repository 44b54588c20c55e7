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
        ("camera wishes "
         "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"),
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

/* --- devices that were captured --- */

enum { SOURCE, DEVICE, KIND, VENDOR, MESSAGE, OUI, WISHES, CLASS, COLUMNS };

struct row {
    char *at[COLUMNS];
};

static size_t read_rows(char *text, struct row *rows, size_t room)
{
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        struct row *r = &rows[count];
        char *end = line;
        for (size_t i = 0; i < COLUMNS && end != NULL; i++) {
            r->at[i] = end;
            end = strchr(end, '\t');
            if (end != NULL) {
                *end++ = 0;
            }
        }
        count += line[0] != '#' && r->at[WISHES][0] != 0 && count + 1 < room;
    }
    return count;
}

/* One line of a table for each of them: by DHCP alone, or with the maker as well. */
static char *table_of(const struct row *rows, size_t count, bool makers)
{
    size_t cap = count * 300 + 1, n = 0;
    char *text = malloc(cap);
    text[0] = 0;
    for (size_t i = 0; i < count; i++) {
        char *const *at = rows[i].at;
        n += (size_t)snprintf(text + n, cap - n, "%s wishes %s", at[KIND], at[WISHES]);
        if (at[CLASS][0] != 0) {
            n += (size_t)snprintf(text + n, cap - n, " class \"%.40s\"", at[CLASS]);
        }
        if (makers) {
            n += (size_t)snprintf(text + n, cap - n, " mac %.2s:%.2s:%.2s", at[OUI], at[OUI] + 2,
                                  at[OUI] + 4);
        }
        n += (size_t)snprintf(text + n, cap - n, "\n");
    }
    return text;
}

static void marks_of(const struct row *row, struct wr_mark mark[WR_CENSUS_MARKS_MAX])
{
    memset(mark, 0, WR_CENSUS_MARKS_MAX * sizeof(*mark));
    mark[0].kind = WR_MARK_WISHES;
    for (char *at = row->at[WISHES]; *at != 0; at += *at == ',') {
        mark[0].octets[mark[0].size++] = (uint8_t)strtoul(at, &at, 10);
    }
    mark[1].kind = WR_MARK_CLASS;
    mark[1].size = (uint8_t)strnlen(row->at[CLASS], WR_MARK_SIZE);
    memcpy(mark[1].octets, row->at[CLASS], mark[1].size);
    mark[2] = (struct wr_mark){.kind = WR_MARK_MAC, .size = 6};
    unsigned long oui = strtoul(row->at[OUI], NULL, 16);
    for (unsigned i = 0; i < 3; i++) {
        mark[2].octets[i] = (uint8_t)(oui >> (16 - 8 * i));
    }
}

/* What is the same for things of two kinds is the kind of neither: nobody is taken for what he is not. */
static void test_captured(void **state)
{
    static char text[65536], path[1024];
    static struct row rows[256];
    const char *shared = getenv("WEIR_SHARED");
    snprintf(path, sizeof(path), "%s/data/train/iot/dhcp_fingerprints.tsv",
             shared != NULL ? shared : "");
    FILE *file = shared != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        print_message("no fingerprints: WEIR_SHARED does not say where the shared data lies\n");
        skip();
    }
    text[fread(text, 1, sizeof(text) - 1, file)] = 0;
    fclose(file);
    size_t count = read_rows(text, rows, 256);
    assert_true(count > 80);
    for (unsigned makers = 0; makers < 2; makers++) {
        char *table = table_of(rows, count, makers != 0);
        struct wr_kindsfile f = read_it(table);
        unsigned right = 0, wrong = 0;
        assert_int_equal(f.bad, 0);
        for (size_t i = 0; i < count; i++) {
            struct wr_mark mark[WR_CENSUS_MARKS_MAX];
            marks_of(&rows[i], mark);
            struct wr_kinds_found found = wr_kinds_of(&f.kinds, mark);
            bool same = found.kind != NULL && strcmp(found.kind, rows[i].at[KIND]) == 0;
            right += same;
            wrong += found.kind != NULL && !same;
        }
        print_message("%u requests of devices, %s: %u have their kind, %u another one\n",
                      (unsigned)count, makers ? "with the maker" : "by DHCP alone", right, wrong);
        assert_int_equal(wrong, 0);
        assert_true(right * 2 > count);
        wr_kindsfile_free(&f);
        free(table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_captured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
