/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to an upstream over plain TCP: questions in frames, answers as they come, an end for what is no message. */
#include "unit/unit.h"

#include "base/err.h"
#include "transport/upconn.h"

static struct wr_upconn c;
static struct wr_upconn_said said;
static uint8_t room[WR_UPCONN_ROOM], out[WR_UPCONN_OUT];
static const struct wr_now now = {.mono_us = 9 * WR_S};

static int setup(void **state)
{
    wr_upconn_start(&c, &(struct wr_upconn_setup){.kind = WR_UPCONN_TCP, .room = room, .out = out});
    return 0;
}

static void open_it(void)
{
    wr_upconn_opened(&c, NULL, 0);
    assert_true(wr_upconn_next(&c, &now, &said));
    assert_int_equal(said.kind, WR_UPCONN_SAID_READY);
    assert_false(wr_upconn_next(&c, &now, &said));
}

static void test_nothing_before_the_socket(void **state)
{
    static const uint8_t msg[12];
    assert_false(wr_upconn_can_ask(&c));
    assert_int_equal(wr_upconn_ask(&c, msg, sizeof(msg)), WR_E_AGAIN);
    wr_upconn_feed(&c, msg, sizeof(msg), &now);
    assert_false(wr_upconn_next(&c, &now, &said));
    assert_false(wr_upconn_has_output(&c));
}

static void test_asks_in_frames(void **state)
{
    static const uint8_t one[12] = {1}, two[13] = {2}, long_one[WR_UPCONN_ASK_MAX + 1];
    const uint8_t *bytes;
    open_it();
    assert_int_equal(wr_upconn_ask(&c, long_one, sizeof(long_one)), WR_E_LIMIT);
    assert_int_equal(wr_upconn_ask(&c, one, sizeof(one)), WR_OK);
    assert_int_equal(wr_upconn_ask(&c, two, sizeof(two)), WR_OK);
    assert_true(wr_upconn_has_output(&c));
    assert_int_equal(wr_upconn_output(&c, &bytes), 29);
    assert_memory_equal(bytes, "\0\x0c\x01", 3);
    assert_memory_equal(bytes + 14, "\0\x0d\x02", 3);
    assert_int_equal(wr_upconn_output(&c, &bytes), 0);
}

/* What nobody takes is bounded: then nothing is asked until it was taken. */
static void test_output_is_bounded(void **state)
{
    static const uint8_t msg[WR_UPCONN_ASK_MAX];
    const uint8_t *bytes;
    unsigned asked = 0;
    open_it();
    while (wr_upconn_can_ask(&c) && asked < 100) {
        assert_int_equal(wr_upconn_ask(&c, msg, sizeof(msg)), WR_OK);
        asked++;
    }
    assert_int_equal(asked, (WR_UPCONN_OUT - WR_TLS_RECORD_MORE) / (2 + WR_UPCONN_ASK_MAX));
    assert_int_equal(wr_upconn_ask(&c, msg, 12), WR_E_AGAIN);
    assert_int_equal(wr_upconn_output(&c, &bytes), asked * (2 + WR_UPCONN_ASK_MAX));
    assert_true(wr_upconn_can_ask(&c));
}

static void test_answers_come_in_pieces(void **state)
{
    static const uint8_t octets[] = {0, 12, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 12};
    static const uint8_t rest[12] = {6, 6};
    open_it();
    wr_upconn_feed(&c, octets, 3, &now);
    assert_false(wr_upconn_next(&c, &now, &said));
    assert_true(wr_upconn_partial(&c));
    wr_upconn_feed(&c, octets + 3, sizeof(octets) - 3, &now);
    assert_true(wr_upconn_next(&c, &now, &said));
    assert_int_equal(said.kind, WR_UPCONN_SAID_ANSWER);
    assert_int_equal(said.size, 12);
    assert_int_equal(said.msg[11], 9);
    assert_false(wr_upconn_next(&c, &now, &said));
    wr_upconn_feed(&c, rest, sizeof(rest), &now);
    assert_true(wr_upconn_next(&c, &now, &said));
    assert_int_equal(said.msg[1], 6);
    assert_false(wr_upconn_next(&c, &now, &said));
    assert_false(wr_upconn_partial(&c));
}

static void test_no_message_is_the_end(void **state)
{
    static const uint8_t junk[] = {0, 3, 1, 2, 3};
    open_it();
    wr_upconn_feed(&c, junk, sizeof(junk), &now);
    assert_true(wr_upconn_next(&c, &now, &said));
    assert_int_equal(said.kind, WR_UPCONN_SAID_ENDED);
    assert_false(wr_upconn_next(&c, &now, &said));
    assert_false(wr_upconn_can_ask(&c));
    assert_string_equal(wr_upconn_state_name(c.state), "OVER");
}

static void test_closed_asks_no_more(void **state)
{
    open_it();
    wr_upconn_close(&c);
    assert_false(wr_upconn_can_ask(&c));
    assert_false(wr_upconn_has_output(&c)); /* TCP has its own farewell */
    wr_upconn_end(&c);
    assert_string_equal(wr_upconn_state_name(c.state), "OVER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_before_the_socket, setup),
        cmocka_unit_test_setup(test_asks_in_frames, setup),
        cmocka_unit_test_setup(test_output_is_bounded, setup),
        cmocka_unit_test_setup(test_answers_come_in_pieces, setup),
        cmocka_unit_test_setup(test_no_message_is_the_end, setup),
        cmocka_unit_test_setup(test_closed_asks_no_more, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
