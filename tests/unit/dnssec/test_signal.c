/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "dnssec/signal.h"

static struct wr_rollover r;

static void begin(const char *zone)
{
    struct wr_name name;

    assert_int_equal(wr_name_from_text(zone, strlen(zone), &name), WR_OK);
    wr_rollover_init(&r, name.wire);
}

static void key(unsigned place, uint16_t tag, enum wr_rollover_state state)
{
    r.keys[place].ds.tag = tag;
    r.keys[place].state = (uint8_t)state;
}

static void expect(const char *text)
{
    struct wr_name name;
    char seen[WR_NAME_TEXT_SIZE];

    assert_int_equal(wr_signal_name(&r, &name), WR_OK);
    assert_int_equal(name.size, wr_name_size(name.wire));
    wr_name_to_text(name.wire, seen, sizeof(seen));
    assert_string_equal(seen, text);
}

static void test_the_tags_that_are_trusted(void **state)
{
    struct wr_name name;

    begin(".");
    assert_int_equal(wr_signal_name(&r, &name), WR_E_NOTFOUND);
    key(0, 38696, WR_ROLLOVER_VALID);
    expect("_ta-9728.");
    key(3, 20326, WR_ROLLOVER_MISSING);
    expect("_ta-4f66-9728.");
    key(4, 20326, WR_ROLLOVER_VALID); /* another key with that tag */
    key(5, 1, WR_ROLLOVER_ADD_PEND);
    key(6, 2, WR_ROLLOVER_REVOKED);
    key(7, 3, WR_ROLLOVER_REMOVED);
    expect("_ta-4f66-9728.");
    begin("island.example.");
    key(0, 10, WR_ROLLOVER_VALID);
    expect("_ta-000a.island.example.");
}

static void test_as_many_as_fit(void **state)
{
    char zone[256] = "";
    struct wr_name name;

    begin(".");
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        key(i, (uint16_t)(100 - i), WR_ROLLOVER_VALID);
    }
    expect("_ta-0055-0056-0057-0058-0059-005a-005b-005c-005d-005e-005f-0060.");
    for (unsigned i = 0; i < 124; i++) {
        strcat(zone, "a.");
    }
    begin(zone);
    key(0, 7, WR_ROLLOVER_VALID);
    assert_int_equal(wr_signal_name(&r, &name), WR_E_RANGE);
}

static void test_the_sentinel(void **state)
{
    static const struct {
        const char *name;
        bool fails;
    } rows[] = {{"root-key-sentinel-is-ta-20326.example.", false},
                {"root-key-sentinel-not-ta-20326.example.", true},
                {"root-key-sentinel-is-ta-38696.example.", false},
                {"ROOT-key-Sentinel-NOT-ta-38696.", true},
                {"root-key-sentinel-is-ta-00001.example.", true},
                {"root-key-sentinel-not-ta-00001.example.", false},
                {"root-key-sentinel-is-ta-12345.example.", true}, /* of an island */
                /* no sentinels */
                {"root-key-sentinel-is-ta-1.example.", false},
                {"root-key-sentinel-is-ta-99999.example.", false},
                {"root-key-sentinel-is-ta-0x001.example.", false},
                {"root-key-sentinel-not-ta-020326.example.", false},
                {"www.root-key-sentinel-not-ta-20326.example.", false},
                {"root-key-sentinel-not-ta-.example.", false},
                {".", false}};
    static const char island[] = "island.example. DS 12345 13 2 "
                                 "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    struct wr_anchor room[8];
    struct wr_anchors anchors;
    struct wr_name name;

    wr_anchors_init(&anchors, room, 8);
    assert_int_equal(wr_anchors_add_builtin(&anchors), WR_OK);
    assert_int_equal(wr_anchors_add_text(&anchors, island, strlen(island)), WR_OK);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(wr_name_from_text(rows[i].name, strlen(rows[i].name), &name), WR_OK);
        if (wr_signal_fails(&anchors, name.wire) != rows[i].fails) {
            fail_msg("%s", rows[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tags_that_are_trusted),
        cmocka_unit_test(test_as_many_as_fit),
        cmocka_unit_test(test_the_sentinel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
