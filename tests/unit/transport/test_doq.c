/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9250's rules for the octets of one stream. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/doq.h"

enum { MAX = 100 };

/* A stream of `size` octets that says it holds `length`, in steps of `step`. */
static int count(uint16_t length, size_t size, size_t step, bool fin, struct wr_doq_count *c)
{
    uint8_t bytes[300] = {(uint8_t)(length >> 8), (uint8_t)length};
    int err = WR_OK;

    *c = (struct wr_doq_count){0};
    for (size_t at = 0; at < size && err == WR_OK; at += step) {
        size_t n = size - at < step ? size - at : step;

        err = wr_doq_count(c, bytes + at, n, fin && at + n == size, MAX);
    }
    if (size == 0) {
        err = wr_doq_count(c, bytes, 0, fin, MAX);
    }
    return err;
}

static void test_count(void **state)
{
    static const struct {
        uint16_t length;
        size_t size;
        bool fin, whole;
        int err;
    } rows[] = {
        {12, 14, true, true, WR_OK},         {12, 14, false, true, WR_OK},
        {12, 13, false, false, WR_OK},       {12, 13, true, false, WR_E_FORMAT},
        {12, 15, false, false, WR_E_FORMAT}, {11, 13, true, false, WR_E_FORMAT},
        {0, 2, false, false, WR_E_FORMAT},   {12, 0, true, false, WR_E_FORMAT},
        {12, 1, true, false, WR_E_FORMAT},   {100, 102, true, true, WR_OK},
        {101, 103, true, false, WR_E_LIMIT}, {65535, 2, false, false, WR_E_LIMIT},
        {12, 28, true, false, WR_E_FORMAT}, /* two messages */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step < 5; step++) {
            struct wr_doq_count c;

            assert_int_equal(count(rows[i].length, rows[i].size, step, rows[i].fin, &c),
                             rows[i].err);
            if (rows[i].err == WR_OK) {
                assert_int_equal(c.whole, rows[i].whole);
                assert_int_equal(c.ended, rows[i].fin);
            }
        }
    }
}

static void test_a_late_end(void **state)
{
    struct wr_doq_count c;

    assert_int_equal(count(12, 14, 14, false, &c), WR_OK);
    assert_true(c.whole && !c.ended);
    assert_int_equal(wr_doq_count(&c, NULL, 0, true, MAX), WR_OK);
    assert_true(c.whole && c.ended);
    assert_int_equal(wr_doq_count(&c, (const uint8_t *)"x", 1, true, MAX), WR_E_FORMAT);
}

static void test_check(void **state)
{
    uint8_t msg[] = {0, 0, 1, 0, 0,  1, 0,   0, 0, 0, 0, 1, 1, 'a', 0,  0, 1,
                     0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 4, 0,   11, 0, 0};

    assert_int_equal(wr_doq_check(msg, sizeof(msg)), WR_E_FORMAT); /* edns-tcp-keepalive */
    msg[31] = 12;
    assert_int_equal(wr_doq_check(msg, sizeof(msg)), WR_OK); /* padding */
    msg[1] = 1;
    assert_int_equal(wr_doq_check(msg, sizeof(msg)), WR_E_FORMAT); /* an id */
    msg[1] = 0;
    assert_int_equal(wr_doq_check(msg, 11), WR_E_FORMAT);
    assert_int_equal(wr_doq_check(msg, 14), WR_OK); /* FORMERR is not ours to say */
}

static void test_early(void **state)
{
    uint8_t msg[12] = {0};

    for (unsigned opcode = 0; opcode < 16; opcode++) {
        msg[2] = (uint8_t)(opcode << 3);
        assert_int_equal(wr_doq_may_be_early(msg, sizeof(msg)), opcode == 0 || opcode == 4);
    }
    assert_false(wr_doq_may_be_early(msg, 2));
}

static void test_names(void **state)
{
    assert_string_equal(wr_doq_code_name(WR_DOQ_PROTOCOL_ERROR), "DOQ_PROTOCOL_ERROR");
    assert_string_equal(wr_doq_code_name(0xd098ea5e), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count), cmocka_unit_test(test_a_late_end),
        cmocka_unit_test(test_check), cmocka_unit_test(test_early),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
