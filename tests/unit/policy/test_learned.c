/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "policy/learned.h"
#include "policy/mudtell.h"

enum { ACES = 16 };

static struct wr_mud_ace ace[ACES];
static char texts[2048];
static struct wr_mud mud;
static struct wr_name name[ACES];
static struct wr_learn_row row[ACES];

static void fill(uint32_t i, const char *text, bool below)
{
    assert_int_equal(wr_name_from_text(text, strlen(text), &name[i]), 0);
    row[i] = (struct wr_learn_row){.name = name[i].wire, .below = below};
}

static int make(uint32_t rows, uint32_t aces, uint32_t *ret_odd)
{
    const struct wr_learned_about about = {
        .device = "Cam 3/\xff", .last_update = "2026-11-28T10:00:00+00:00", .hours = 30 * 24 + 5};
    wr_mud_init(&mud, ace, aces, texts, sizeof(texts));
    return wr_learned_profile(&about, row, rows, &mud, ret_odd);
}

static void test_profile(void **state)
{
    uint32_t odd = 7;
    fill(0, "api.vendor.example", false);
    fill(1, "ch.vendor.example", true);
    fill(2, "a\\.b.example", false); /* a dot inside of a label */
    fill(3, "_cache._tcp.example", false);
    assert_int_equal(make(4, ACES, &odd), WR_OK);
    assert_int_equal(odd, 1);
    assert_int_equal(mud.aces, 2 + 3 * 2);
    assert_string_equal(wr_mud_at(&mud, mud.url), "https://learned.invalid/Cam-3--.json");
    assert_string_equal(wr_mud_at(&mud, mud.systeminfo),
                        "learned from 30 days of queries by Cam-3--");
    assert_string_equal(wr_mud_at(&mud, mud.last_update), "2026-11-28T10:00:00+00:00");
    static const char *const wanted[] = {"api.vendor.example", "*.ch.vendor.example",
                                         "_cache._tcp.example"};
    for (uint32_t i = 2; i < mud.aces; i++) {
        const struct wr_mud_ace *a = &mud.ace[i];
        assert_string_equal(wr_mud_at(&mud, wr_mud_peer_name(a)), wanted[(i - 2) / 2]);
        assert_int_equal(a->family, i % 2 == 0 ? WR_AF_V4 : WR_AF_V6);
        assert_int_equal(a->protocol, WR_MUD_ANY);
        assert_int_equal(wr_mudtell_judge(&mud, a, NULL).means, WR_MUD_BY_NAME);
        assert_false(wr_mudtell_judge(&mud, a, NULL).partly);
    }
    assert_int_equal(wr_mudtell_judge(&mud, &mud.ace[0], NULL).means, WR_MUD_BY_GATEWAY);
}

static void test_bounds(void **state)
{
    uint32_t odd;
    fill(0, "api.vendor.example", false);
    fill(1, "b.vendor.example", false);
    assert_int_equal(make(2, 6, &odd), WR_OK);
    assert_int_equal(make(2, 5, &odd), WR_E_FULL);
    assert_int_equal(make(0, 2, &odd), WR_OK);
}

/* sixty octets are all that RFC 8520 has for it */
static void test_a_long_name(void **state)
{
    char device[200];
    uint32_t odd;
    memset(device, 'x', sizeof(device) - 1);
    device[sizeof(device) - 1] = 0;
    const struct wr_learned_about about = {.device = device, .last_update = "", .hours = 3650 * 24};
    wr_mud_init(&mud, ace, ACES, texts, sizeof(texts));
    assert_int_equal(wr_learned_profile(&about, row, 0, &mud, &odd), WR_OK);
    assert_int_equal(strlen(wr_mud_at(&mud, mud.systeminfo)), 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_a_long_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
