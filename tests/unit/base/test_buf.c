/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/buf.h"
#include "base/err.h"

static const uint8_t sixteen[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff};

static void numbers_come_in_network_order(void **state)
{
    struct wr_reader r;

    wr_buf_read_init(&r, sixteen, sizeof(sixteen));
    assert_int_equal(wr_buf_get_u8(&r), 0);
    assert_int_equal(wr_buf_get_u16(&r), 0x0102);
    assert_int_equal(wr_buf_get_u32(&r), 0x03040506);
    assert_true(wr_buf_get_u64(&r) == 0x0708090a0b0c0d0eULL);
    assert_int_equal(wr_buf_left(&r), 1);
    assert_int_equal(wr_buf_get_u8(&r), 0xff);
    assert_int_equal(r.err, WR_OK);
}

static void the_error_sticks(void **state)
{
    struct wr_reader r;

    wr_buf_read_init(&r, sixteen, 3);
    assert_int_equal(wr_buf_get_u32(&r), 0);
    assert_int_equal(r.err, WR_E_SHORT);
    assert_int_equal(r.pos, 0);
    assert_int_equal(wr_buf_get_u8(&r), 0); /* there would be room */
    assert_null(wr_buf_get_bytes(&r, 1));
    wr_buf_seek(&r, 0);
    wr_buf_fail_reader(&r, WR_E_FORMAT);
    assert_int_equal(r.err, WR_E_SHORT);
}

static void each_size_stops_at_the_end(void **state)
{
    for (size_t size = 0; size <= sizeof(sixteen); size++) {
        struct wr_reader r;

        wr_buf_read_init(&r, sixteen, size);
        (void)wr_buf_get_u64(&r);
        assert_int_equal(r.err, size < 8 ? WR_E_SHORT : WR_OK);
        wr_buf_read_init(&r, sixteen, size);
        (void)wr_buf_get_u16(&r);
        assert_int_equal(r.err, size < 2 ? WR_E_SHORT : WR_OK);
    }
}

static void bytes_seek_and_skip(void **state)
{
    struct wr_reader r;

    wr_buf_read_init(&r, sixteen, sizeof(sixteen));
    wr_buf_skip(&r, 4);
    assert_ptr_equal(wr_buf_get_bytes(&r, 4), sixteen + 4);
    wr_buf_seek(&r, 16);
    assert_int_equal(wr_buf_left(&r), 0);
    assert_non_null(wr_buf_get_bytes(&r, 0));
    assert_int_equal(r.err, WR_OK);
    wr_buf_seek(&r, 17);
    assert_int_equal(r.err, WR_E_SHORT);
    wr_buf_read_init(&r, sixteen, sizeof(sixteen));
    assert_null(wr_buf_get_bytes(&r, SIZE_MAX));
    assert_int_equal(r.err, WR_E_SHORT);
}

static void writing_and_reading_back(void **state)
{
    uint8_t room[64];
    struct wr_writer w;
    struct wr_reader r;

    wr_buf_write_init(&w, room, sizeof(room));
    wr_buf_put_u8(&w, 0xab);
    wr_buf_put_u16(&w, 0x1234);
    wr_buf_put_u32(&w, 0xdeadbeef);
    wr_buf_put_u64(&w, 0x0123456789abcdefULL);
    wr_buf_put_bytes(&w, "xyz", 3);
    wr_buf_put_bytes(&w, NULL, 0);
    wr_buf_patch_u16(&w, 1, 0x4321);
    assert_int_equal(w.pos, 18);
    wr_buf_read_init(&r, room, w.pos);
    assert_int_equal(wr_buf_get_u8(&r), 0xab);
    assert_int_equal(wr_buf_get_u16(&r), 0x4321);
    assert_true(wr_buf_get_u32(&r) == 0xdeadbeef);
    assert_true(wr_buf_get_u64(&r) == 0x0123456789abcdefULL);
    assert_memory_equal(wr_buf_get_bytes(&r, 3), "xyz", 3);
}

static void a_full_writer_writes_nothing_more(void **state)
{
    uint8_t room[8];
    struct wr_writer w;

    memset(room, 0xee, sizeof(room));
    wr_buf_write_init(&w, room, 7);
    wr_buf_put_u32(&w, 0);
    wr_buf_put_u32(&w, 0);
    assert_int_equal(w.err, WR_E_FULL);
    assert_int_equal(w.pos, 4);
    wr_buf_put_u8(&w, 1);
    wr_buf_put_u16(&w, 1);
    wr_buf_put_u64(&w, 1);
    wr_buf_put_bytes(&w, "a", 1);
    assert_int_equal(w.pos, 4);
    assert_int_equal(room[4], 0xee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_in_network_order),
        cmocka_unit_test(the_error_sticks),
        cmocka_unit_test(each_size_stops_at_the_end),
        cmocka_unit_test(bytes_seek_and_skip),
        cmocka_unit_test(writing_and_reading_back),
        cmocka_unit_test(a_full_writer_writes_nothing_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
