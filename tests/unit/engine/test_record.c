/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "engine/record.h"

static void test_names(void **state)
{
    assert_string_equal(wr_record_source_name(WR_SOURCE_CACHE), "cache");
    assert_string_equal(wr_record_source_name(WR_SOURCE_DROPPED), "dropped");
    assert_string_equal(wr_record_source_name(200), "?");
}

/* Records lie behind one another in a ring, eight octets apart at least. */
static void test_shape(void **state)
{
    assert_int_equal(sizeof(struct wr_record) % 8, 0);
    assert_in_range(sizeof(struct wr_record), 1, 80);
}

static void test_asked(void **state)
{
    static const char *const texts[] = {"8.8.8.8:53", "[2001:4860:4860::8888]:5353"};
    uint8_t room[WR_RECORD_ASKED_SIZE + 1] = {0};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_addr addr, back;
        assert_int_equal(wr_addr_from_text(texts[i], &addr), 0);
        uint8_t n = wr_record_put_asked(&addr, room);
        assert_int_equal(n, i == 0 ? 6 : 18);
        assert_true(wr_record_get_asked(room, n, &back));
        assert_true(wr_addr_equal(&addr, &back));
        assert_true(wr_record_get_asked(room, 0, &back));
        assert_int_equal(back.family, WR_AF_NONE);
        for (size_t odd = 1; odd < sizeof(room); odd++) {
            assert_int_equal(wr_record_get_asked(room, odd, &back), odd == 6 || odd == 18);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
