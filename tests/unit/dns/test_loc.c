/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/loc.h"

static int read_loc(const char *text, uint8_t *ret, size_t cap)
{
    struct wr_lex lex;
    struct wr_writer w;
    size_t column = 0;
    int err;

    wr_lex_init(&lex, text, strlen(text));
    wr_buf_write_init(&w, ret, cap);
    err = wr_loc_read_text(&lex, &w, &column);
    if (!err) {
        assert_int_equal(w.pos, WR_LOC_SIZE);
    }
    return err;
}

/* RFC 1876 section 4 and its neighbours */
static void texts(void **state)
{
    static const char *const cases[][2] = {
        {"42 21 54 N 71 06 18 W -24m 30m",
         "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"},
        {"52 14 05 N 00 08 50 E 10m", "52 14 5.000 N 0 8 50.000 E 10.00m 1.00m 10000.00m 10.00m"},
        {"32 7 19 S 116 2 25 E 10m", "32 7 19.000 S 116 2 25.000 E 10.00m 1.00m 10000.00m 10.00m"},
        {"42 n 71 w 0", "42 0 0.000 N 71 0 0.000 W 0.00m 1.00m 10000.00m 10.00m"},
        {"90 S 180 W -100000 0 0 0", "90 0 0.000 S 180 0 0.000 W -100000.00m 0.00m 0.00m 0.00m"},
        {"1 2 3.4 N 5 6 7.89 E 1.5 2m 90000000m 0.03",
         "1 2 3.400 N 5 6 7.890 E 1.50m 2.00m 90000000.00m 0.03m"},
        {"0 N 0 E 42849672.95m", "0 0 0.000 N 0 0 0.000 E 42849672.95m 1.00m 10000.00m 10.00m"},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t wire[WR_LOC_SIZE], again[WR_LOC_SIZE];
        char text[200];
        struct wr_str s;

        assert_int_equal(read_loc(cases[i][0], wire, sizeof(wire)), WR_OK);
        wr_str_init(&s, text, sizeof(text));
        assert_int_equal(wr_loc_put_text(&s, wire), WR_OK);
        assert_string_equal(text, cases[i][1]);
        assert_int_equal(read_loc(text, again, sizeof(again)), WR_OK);
        assert_memory_equal(wire, again, sizeof(wire));
    }
}

static void broken_texts(void **state)
{
    static const char *const cases[] = {"",
                                        "1",
                                        "1 N",
                                        "1 N 1",
                                        "1 N 1 E",
                                        "1 E 1 N 0",
                                        "N 1 E 0",
                                        "1 2 3 4 N 1 E 0",
                                        "91 N 1 E 0",
                                        "90 0 0.001 N 1 E 0",
                                        "1 N 181 E 0",
                                        "1 60 N 1 E 0",
                                        "1 1 60 N 1 E 0",
                                        "1 1 1.0001 N 1 E 0",
                                        "1.5 N 1 E 0",
                                        "-1 N 1 E 0",
                                        "1 N 1 E x",
                                        "1 N 1 E m",
                                        "1 N 1 E -100000.01",
                                        "1 N 1 E 42849672.96",
                                        "1 N 1 E 1.234",
                                        "1 N 1 E 0 90000000.01",
                                        "1 N 1 E 0 -1",
                                        "1 N 1 E 0 1 1 1 1",
                                        "1 N 1 E 99999999999999999999999999",
                                        "1 N 1 E 0 .5"};

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t wire[WR_LOC_SIZE];

        if (read_loc(cases[i], wire, sizeof(wire)) == WR_OK) {
            fail_msg("read: %s", cases[i]);
        }
    }
}

static void no_room(void **state)
{
    uint8_t wire[WR_LOC_SIZE];

    for (size_t cap = 0; cap < WR_LOC_SIZE; cap++) {
        assert_int_equal(read_loc("1 N 1 E 0", wire, cap), WR_E_FULL);
    }
}

static void octets_without_a_text(void **state)
{
    uint8_t good[WR_LOC_SIZE] = {0,    0x12, 0x16, 0x13, 0x80, 0,    0,    0,
                                 0x80, 0,    0,    0,    0,    0x98, 0x96, 0x80};
    static const struct {
        unsigned at;
        uint8_t v;
    } changes[] = {{0, 1},    {1, 0xa0}, {1, 0x1a}, {1, 0x05}, {2, 0xff},
                   {3, 0x0f}, {4, 0xff}, {4, 0},    {8, 0xff}, {8, 0}};
    char text[200];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    assert_int_equal(wr_loc_put_text(&s, good), WR_OK);
    for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint8_t bad[WR_LOC_SIZE];

        memcpy(bad, good, sizeof(bad));
        bad[changes[i].at] = changes[i].v;
        assert_int_equal(wr_loc_put_text(&s, bad), WR_E_FORMAT);
    }
}

static void what_has_a_text_comes_back(void **state)
{
    struct wr_rng rng;
    unsigned had = 0;

    wr_rng_seed_u64(&rng, 3);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t wire[WR_LOC_SIZE], again[WR_LOC_SIZE];
        char text[200];
        struct wr_str s;

        wr_rng_bytes(&rng, wire, sizeof(wire));
        wire[0] = 0;
        wire[1] &= 0x77;
        wire[2] &= 0x77;
        wire[3] &= 0x77;
        wire[4] = 0x80 ^ (wire[4] & 0xf);
        wire[8] = 0x80 ^ (wire[8] & 0x1f);
        wr_str_init(&s, text, sizeof(text));
        if (wr_loc_put_text(&s, wire) == WR_OK) {
            assert_int_equal(read_loc(text, again, sizeof(again)), WR_OK);
            assert_memory_equal(wire, again, sizeof(wire));
            had++;
        }
    }
    assert_true(had > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(broken_texts),
        cmocka_unit_test(no_room),
        cmocka_unit_test(octets_without_a_text),
        cmocka_unit_test(what_has_a_text_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
