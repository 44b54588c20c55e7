/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/present.h"
#include "resolve/xferread.h"

static char told[4096];
static struct wr_xferread reader;
static struct wr_name zone;

static void tell(const char *text)
{
    strncat(told, text, sizeof(told) - strlen(told) - 1);
}

/* "+" and "-" for records ("name type first-word"), words for the rest. */
static void tell_step(const struct wr_xferread_step *s)
{
    static const char *const names[] = {"",         "FULL", "DIFF",    "+",       "-",
                                        "outside ", "END",  "CURRENT", "BROKEN: "};
    char text[1024];
    struct wr_str str;

    tell(told[0] ? " " : "");
    tell(names[s->op]);
    if (s->op == WR_XFERREAD_BROKEN) {
        tell(s->reason);
    }
    if (s->rr.owner) {
        struct wr_soa_numbers n;

        wr_str_init(&str, text, sizeof(text));
        if (s->rr.type == WR_TYPE_SOA && wr_xferread_numbers(s->rr.rdata, s->rr.size, &n)) {
            wr_str_char(&str, 's');
            wr_str_u64(&str, n.serial);
        } else {
            wr_name_put_text(&str, s->rr.owner);
        }
        tell(text);
    }
}

/* A word is a record: "s7" is the apex' SOA with that serial, "t7" one whose other fields differ, any other word an A record's owner. */
static void take(const char *word)
{
    struct wr_name owner = zone;
    uint8_t rdata[600];
    char text[300];
    struct wr_writer w;
    struct wr_xferread_step steps[WR_XFERREAD_STEPS];
    bool soa = (word[0] == 's' || word[0] == 't') && word[1] >= '0' && word[1] <= '9';
    struct wr_xfer_rr rr = {.rdata = rdata, .ttl = 60, .type = soa ? WR_TYPE_SOA : WR_TYPE_A};
    unsigned n;

    snprintf(text, sizeof(text),
             soa ? "ns.example. root.example. %s 3600 600 86400 %u" : "192.0.2.1", word + 1,
             word[0] == 's' ? 60u : 61u);
    if (!soa) {
        assert_int_equal(wr_name_from_text(word, strlen(word), &owner), WR_OK);
    }
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    assert_int_equal(wr_present_read_rdata(text, strlen(text), rr.type, NULL, &w, NULL), WR_OK);
    rr.owner = owner.wire;
    rr.size = (uint16_t)w.pos;
    n = wr_xferread_take(&reader, &rr, steps);
    assert_true(n <= WR_XFERREAD_STEPS);
    for (unsigned i = 0; i < n; i++) {
        tell_step(&steps[i]);
    }
}

static void run(bool incremental, uint32_t serial, const char *words)
{
    char copy[512], *rest = copy, *word;

    assert_int_equal(wr_name_from_text("example.", 8, &zone), WR_OK);
    told[0] = 0;
    wr_xferread_start(&reader, zone.wire, incremental, serial);
    snprintf(copy, sizeof(copy), "%s", words);
    while ((word = strsep(&rest, " ")) != NULL) {
        if (word[0]) {
            take(word);
        }
    }
}

static void test_table(void **state)
{
    static const struct {
        bool incremental;
        uint32_t serial;
        const char *records, *steps;
        bool over;
    } rows[] = {
        {false, 0, "s7 a.example. b.example. s7", "FULL +s7 +a.example. +b.example. END", true},
        {false, 0, "s7 s7", "FULL +s7 END", true},
        {false, 0, "s7 a.example.", "FULL +s7 +a.example.", false},
        {false, 0, "", "", false},
        {false, 0, "a.example. s7",
         "BROKEN: the transfer does not begin with the zone's SOA record BROKEN: records behind "
         "the end of the transfer",
         true},
        {false, 0, "s7 a.example. s8",
         "FULL +s7 +a.example. BROKEN: the zone changed while it was sent", true},
        {false, 0, "s7 a.example. t7",
         "FULL +s7 +a.example. BROKEN: the zone changed while it was sent", true},
        {false, 0, "s7 a.test. s7", "FULL +s7 outside a.test. END", true},
        {false, 0, "s7 s7 a.example.",
         "FULL +s7 END BROKEN: records behind the end of the transfer", true},
        /* Nothing new: the same serial, or an earlier one. */
        {true, 7, "s7", "CURRENT", true},
        {true, 8, "s7", "CURRENT", true},
        {true, 4294967295u, "s2", "", false}, /* past zero: later, so more must come */
        /* The whole instead of changes. */
        {true, 5, "s7 a.example. s7", "FULL +s7 +a.example. END", true},
        {true, 5, "s7 s7", "FULL +s7 END", true},
        {true, 5, "s7 a.test. s7", "FULL +s7 outside a.test. END", true},
        /* RFC 1995 section 7: one difference, and two of them. */
        {true, 5, "s7 s5 a.example. s7 b.example. s7", "DIFF -s5 -a.example. +s7 +b.example. END",
         true},
        {true, 5, "s7 s5 a.example. s6 b.example. s6 b.example. s7 c.example. s7",
         "DIFF -s5 -a.example. +s6 +b.example. -s6 -b.example. +s7 +c.example. END", true},
        {true, 5, "s7 s5 s7 s7", "DIFF -s5 +s7 END", true},
        {true, 5, "s7 s5 s7 x.test. s7", "DIFF -s5 +s7 outside x.test. END", true},
        {true, 5, "s7 s5 a.example. s7 b.example.", "DIFF -s5 -a.example. +s7 +b.example.", false},
        {true, 5, "s7 s6 s7 s7",
         "BROKEN: the changes do not begin at our serial BROKEN: records behind the end of the "
         "transfer BROKEN: records behind the end of the transfer",
         true},
        {true, 5, "s7 s5 s4",
         "DIFF -s5 BROKEN: the serials of the changes do not follow each other", true},
        {true, 5, "s7 s5 s8",
         "DIFF -s5 BROKEN: the serials of the changes do not follow each other", true},
        {true, 5, "s7 s5 s6 s5",
         "DIFF -s5 +s6 BROKEN: the serials of the changes do not follow each other", true},
        {true, 5, "s7 s5 s6 s7",
         "DIFF -s5 +s6 BROKEN: the serials of the changes do not follow each other", true},
        {true, 5, "s7 s5 s7 t7",
         "DIFF -s5 +s7 BROKEN: the serials of the changes do not follow each other", true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run(rows[i].incremental, rows[i].serial, rows[i].records);
        assert_string_equal(told, rows[i].steps);
        assert_int_equal(wr_xferread_is_over(&reader), rows[i].over);
    }
}

/* RFC 1982 section 3.2. */
static void test_serials(void **state)
{
    assert_true(wr_xferread_is_later(1, 0) && wr_xferread_is_later(0, 4294967295u));
    assert_true(wr_xferread_is_later(0x7fffffff, 0) && !wr_xferread_is_later(0x80000000u, 0));
    assert_false(wr_xferread_is_later(5, 5) || wr_xferread_is_later(4, 5));
    assert_false(wr_xferread_is_later(0, 0x80000000u));
}

static void test_numbers(void **state)
{
    static const uint8_t soa[22] = {0, 0, 0, 0, 0, 7, 0,  0, 0, 8, 0,
                                    0, 0, 9, 0, 0, 0, 10, 0, 0, 0, 11};
    struct wr_soa_numbers n;

    assert_true(wr_xferread_numbers(soa, 22, &n));
    assert_int_equal(n.serial, 7);
    assert_int_equal(n.minimum_s, 11);
    assert_false(wr_xferread_numbers(soa, 21, &n) || wr_xferread_numbers(soa, 0, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_serials),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
