/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "resolve/heldzone.h"

static const struct wr_zoneindex some;
static struct wr_heldzone_state state[5];
static struct wr_name name[5];
static struct wr_heldzone zone[5];
static const struct wr_heldzones zones = {.count = 5, .zone = zone};

static int setup(void **unused)
{
    static const char *const names[5] = {".", "corp.example.", "a.corp.example.", "gone.", "shut."};
    memset(state, 0, sizeof(state));
    for (unsigned i = 0; i < 5; i++) {
        name[i] = wire_name(names[i]);
        zone[i] = (struct wr_heldzone){
            .name = name[i].wire, .index = &some, .fallback = true, .state = &state[i]};
    }
    zone[3].index = zone[4].index = NULL;
    zone[4].fallback = false;
    return 0;
}

static unsigned passed;

/* The number of the zone, or -1. */
static int find(const char *qname, uint16_t type, uint32_t now_s)
{
    const struct wr_heldzone *found =
        wr_heldzones_find(&zones, wire_name(qname).wire, type, passed, now_s);
    return found ? (int)(found - zone) : -1;
}

static void test_the_deepest(void **unused)
{
    static const struct {
        const char *name;
        uint16_t type;
        int zone;
    } rows[] = {
        {".", WR_TYPE_NS, 0},
        {".", WR_TYPE_DS, 0},
        {"com.", WR_TYPE_A, 0},
        {"com.", WR_TYPE_DS, 0},
        {"corp.example.", WR_TYPE_A, 1},
        {"www.CORP.example.", WR_TYPE_A, 1},
        {"corp.example.", WR_TYPE_DS, 0},
        {"a.corp.example.", WR_TYPE_SOA, 2},
        {"a.corp.example.", WR_TYPE_DS, 1},
        {"x.a.corp.example.", WR_TYPE_DS, 2},
        {"xcorp.example.", WR_TYPE_A, 0},
        {"www.gone.", WR_TYPE_A, 0}, /* nothing of it is there: the servers, or who stands above */
        {"www.shut.", WR_TYPE_A, 4}, /* it is not asked of anybody else */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (find(rows[i].name, rows[i].type, 7) != rows[i].zone) {
            fail_msg("row %zu: %d", i, find(rows[i].name, rows[i].type, 7));
        }
    }
    assert_null(wr_heldzones_find(NULL, name[0].wire, WR_TYPE_A, 0, 7));
    assert_ptr_equal(wr_heldzones_named(&zones, name[2].wire), &zone[2]);
    assert_null(wr_heldzones_named(&zones, wire_name("b.").wire));
    assert_null(wr_heldzones_named(NULL, name[0].wire));
}

static void test_rest(void **unused)
{
    static const uint32_t begins[] = {100, UINT32_MAX - 10, UINT32_MAX - WR_HELDZONE_REST_S + 1};
    for (unsigned i = 0; i < 3; i++) {
        wr_heldzone_distrust(&zone[2], begins[i]);
        assert_int_equal(find("a.corp.example.", WR_TYPE_A, begins[i]), 1);
        assert_int_equal(find("a.corp.example.", WR_TYPE_A, begins[i] + WR_HELDZONE_REST_S - 1), 1);
        assert_int_equal(find("a.corp.example.", WR_TYPE_A, begins[i] + WR_HELDZONE_REST_S + 1), 2);
    }
    assert_int_equal(state[2].bogus, 3);
    zone[2].fallback = false; /* there is nobody else: it is asked all the same */
    wr_heldzone_distrust(&zone[2], 100);
    assert_int_equal(find("a.corp.example.", WR_TYPE_A, 101), 2);
}

/* What gave nothing that can be used is left out with what is below it, but never what nobody else may answer for. */
static void test_passed_over(void **unused)
{
    passed = 3 + 1; /* a.corp.example. */
    assert_int_equal(find("x.a.corp.example.", WR_TYPE_A, 7), 1);
    passed = 2 + 1;
    assert_int_equal(find("x.a.corp.example.", WR_TYPE_A, 7), 0);
    passed = 0 + 1;
    assert_int_equal(find("x.a.corp.example.", WR_TYPE_A, 7), -1);
    assert_int_equal(find("x.shut.", WR_TYPE_A, 7), 4);
    passed = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_passed_over, setup),
                                       cmocka_unit_test_setup(test_the_deepest, setup),
                                       cmocka_unit_test_setup(test_rest, setup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
