/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: messages on a stream, cut at every place that a network can cut them. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/frame.h"

enum { STREAM_CAP = 512 };

/* Writes a frame of `size` octets that all hold `fill`; gives the place behind it. */
static size_t put_frame(uint8_t *stream, size_t at, size_t size, uint8_t fill)
{
    stream[at] = (uint8_t)(size >> 8);
    stream[at + 1] = (uint8_t)size;
    memset(stream + at + 2, fill, size);
    return at + 2 + size;
}

static void check_message(struct wr_frame *f, size_t size, uint8_t fill)
{
    const uint8_t *msg = NULL;
    size_t n = 0;

    assert_int_equal(wr_frame_next(f, &msg, &n), WR_OK);
    assert_int_equal(n, size);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(msg[i], fill);
    }
}

static void check_again(struct wr_frame *f)
{
    const uint8_t *msg = (const uint8_t *)"untouched";
    size_t n = 99;

    assert_int_equal(wr_frame_next(f, &msg, &n), WR_E_AGAIN);
    assert_string_equal((const char *)msg, "untouched");
    assert_int_equal(n, 99);
}

static void test_whole_messages_are_not_copied(void **state)
{
    uint8_t room[64], stream[STREAM_CAP];
    const uint8_t *msg;
    size_t n, size = put_frame(stream, 0, 12, 1);
    struct wr_frame f;

    size = put_frame(stream, size, 40, 2);
    wr_frame_init(&f, room, sizeof(room));
    check_again(&f);
    wr_frame_feed(&f, stream, size);
    assert_int_equal(wr_frame_next(&f, &msg, &n), WR_OK);
    assert_ptr_equal(msg, stream + 2);
    check_message(&f, 40, 2);
    check_again(&f);
    assert_false(wr_frame_partial(&f));
}

/* Three messages, the stream cut in two at every octet. */
static void test_cut_anywhere(void **state)
{
    uint8_t room[64], stream[STREAM_CAP];
    size_t size = put_frame(stream, 0, 12, 1);

    size = put_frame(stream, size, 62, 2);
    size = put_frame(stream, size, 30, 3);
    for (size_t cut = 0; cut <= size; cut++) {
        static const struct {
            size_t end, size;
            uint8_t fill;
        } want[] = {{14, 12, 1}, {78, 62, 2}, {110, 30, 3}};
        struct wr_frame f;
        size_t i = 0;

        wr_frame_init(&f, room, sizeof(room));
        wr_frame_feed(&f, stream, cut);
        for (; i < 3 && want[i].end <= cut; i++) {
            check_message(&f, want[i].size, want[i].fill);
            assert_false(wr_frame_partial(&f));
        }
        check_again(&f);
        assert_int_equal(wr_frame_partial(&f), cut != 0 && (i == 0 || want[i - 1].end != cut));
        wr_frame_feed(&f, stream + cut, size - cut);
        for (; i < 3; i++) {
            check_message(&f, want[i].size, want[i].fill);
        }
        check_again(&f);
        assert_false(wr_frame_partial(&f));
    }
}

static void test_one_octet_at_a_time(void **state)
{
    uint8_t room[64], stream[STREAM_CAP];
    size_t size = put_frame(stream, 0, 20, 7);
    struct wr_frame f;

    size = put_frame(stream, size, 13, 8);
    wr_frame_init(&f, room, sizeof(room));
    for (size_t i = 0; i < size; i++) {
        wr_frame_feed(&f, stream + i, 1);
        if (i == 21) {
            check_message(&f, 20, 7);
        } else if (i == size - 1) {
            check_message(&f, 13, 8);
        }
        check_again(&f);
    }
}

static void test_lengths_at_the_bounds(void **state)
{
    static const struct {
        size_t length;
        int err;
    } row[] = {{0, WR_E_FORMAT}, {11, WR_E_FORMAT}, {12, WR_OK},
               {62, WR_OK},      {63, WR_E_LIMIT},  {65535, WR_E_LIMIT}};

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        uint8_t room[64], stream[2] = {(uint8_t)(row[i].length >> 8), (uint8_t)row[i].length};
        const uint8_t *msg;
        size_t n;

        for (size_t step = 1; step <= 2; step++) {
            struct wr_frame f;
            int err = WR_E_AGAIN;

            wr_frame_init(&f, room, sizeof(room));
            for (size_t at = 0; at < 2; at += step) {
                wr_frame_feed(&f, stream + at, step);
                err = wr_frame_next(&f, &msg, &n);
            }
            assert_int_equal(err, row[i].err == WR_OK ? WR_E_AGAIN : row[i].err);
            assert_int_equal(wr_frame_partial(&f), row[i].err == WR_OK);
        }
    }
}

/* After a lost length nothing of the stream is believed again. */
static void test_error_sticks(void **state)
{
    uint8_t room[64], stream[STREAM_CAP] = {0, 3, 1, 2, 3};
    size_t size = put_frame(stream, 5, 12, 1);
    const uint8_t *msg;
    size_t n;
    struct wr_frame f;

    wr_frame_init(&f, room, sizeof(room));
    wr_frame_feed(&f, stream, size);
    assert_int_equal(wr_frame_next(&f, &msg, &n), WR_E_FORMAT);
    wr_frame_feed(&f, stream + 5, size - 5);
    assert_int_equal(wr_frame_next(&f, &msg, &n), WR_E_FORMAT);
    assert_false(wr_frame_partial(&f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_messages_are_not_copied),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_one_octet_at_a_time),
        cmocka_unit_test(test_lengths_at_the_bounds),
        cmocka_unit_test(test_error_sticks),
    };

    return cmocka_run_group_tests_name("transport/frame", tests, NULL, NULL);
}
