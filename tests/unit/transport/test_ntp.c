/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/time.h"
#include "transport/ntp.h"

#define NONCE UINT64_C(0x0123456789abcdef)
/* 2026-11-27 12:00:00 UTC, and the same in the seconds of NTP. */
#define NOON_S   INT64_C(1795780800)
#define NOON_NTP ((uint32_t)(NOON_S + INT64_C(2208988800)))

static void put(uint8_t *at, uint64_t v, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        at[i] = (uint8_t)(v >> (8 * (size - 1 - i)));
    }
}

/* A reply of a server that got the question at noon and answered a quarter of a second later. */
static void make(uint8_t m[WR_NTP_SIZE])
{
    memset(m, 0, WR_NTP_SIZE);
    m[0] = 4 << 3 | 4;
    m[1] = 2;
    put(m + 4, 1 << 16, 4); /* root delay: a second */
    put(m + 8, 1 << 15, 4); /* root dispersion: half of one */
    put(m + 12, 0x44454e59, 4);
    put(m + 24, NONCE, 8);
    put(m + 32, (uint64_t)NOON_NTP << 32, 8);
    put(m + 40, (uint64_t)NOON_NTP << 32 | 1u << 30, 8);
}

static void test_the_request_says_nothing(void **state)
{
    uint8_t m[WR_NTP_SIZE], want[WR_NTP_SIZE] = {0x23};

    put(want + 40, NONCE, 8);
    wr_ntp_ask(NONCE, m);
    assert_memory_equal(m, want, WR_NTP_SIZE);
}

static void test_a_reply(void **state)
{
    uint8_t m[WR_NTP_SIZE + 20] = {0};
    struct wr_ntp_reply r;
    int64_t base_us;
    uint64_t doubt_us;

    make(m);
    assert_int_equal(wr_ntp_read(m, sizeof(m), NONCE, &r),
                     WR_NTP_TIME); /* octets behind it are not looked at */
    assert_int_equal(wr_ntp_read(m, WR_NTP_SIZE, NONCE, &r), WR_NTP_TIME);
    assert_int_equal(r.stratum, 2);
    assert_int_equal(r.doubt_us, 1000000);
    /* Half a second under way, of which the server had it a quarter. */
    assert_true(wr_ntp_weigh(&r, 10 * WR_S, 10 * WR_S + 500 * WR_MS, NOON_S, &base_us, &doubt_us));
    assert_true(base_us == (NOON_S - 10) * 1000000 - 125000);
    assert_int_equal(doubt_us, 1250000);
}

/* What was not asked for, or is no reply, is as if it had not come. */
static void test_foreign(void **state)
{
    static const struct {
        uint8_t at, value;
    } broken[] = {{0, 4 << 3 | 3}, {0, 4 << 3 | 5}, {0, 4}, {0, 5 << 3 | 4}, {24, 0}, {31, 0}};
    uint8_t m[WR_NTP_SIZE];
    struct wr_ntp_reply r;

    for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        make(m);
        m[broken[i].at] ^= broken[i].at >= 24 ? 1 : 0;
        m[broken[i].at] = broken[i].at < 24 ? broken[i].value : m[broken[i].at];
        assert_int_equal(wr_ntp_read(m, WR_NTP_SIZE, NONCE, &r), WR_NTP_FOREIGN);
    }
    make(m);
    for (unsigned size = 0; size < WR_NTP_SIZE; size++) {
        assert_int_equal(wr_ntp_read(m, size, NONCE, &r), WR_NTP_FOREIGN);
    }
}

static void test_servers_without_the_time(void **state)
{
    static const struct {
        uint8_t at, size;
        uint64_t value;
    } broken[] = {{0, 1, 3 << 6 | 4 << 3 | 4},
                  {1, 1, 16},
                  {4, 4, 33 << 16},
                  {8, 4, 16 << 16},
                  {32, 8, 0},
                  {40, 8, 0}};
    uint8_t m[WR_NTP_SIZE];
    struct wr_ntp_reply r;

    for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        make(m);
        put(m + broken[i].at, broken[i].value, broken[i].size);
        assert_int_equal(wr_ntp_read(m, WR_NTP_SIZE, NONCE, &r), WR_NTP_UNKNOWN);
    }
    make(m);
    m[1] = 0; /* a kiss */
    assert_int_equal(wr_ntp_read(m, WR_NTP_SIZE, NONCE, &r), WR_NTP_REFUSED);
    memcpy(m + 12, "RSTR", 4);
    assert_int_equal(wr_ntp_read(m, WR_NTP_SIZE, NONCE, &r), WR_NTP_REFUSED);
    memcpy(m + 12, "RATE", 4);
    assert_int_equal(wr_ntp_read(m, WR_NTP_SIZE, NONCE, &r), WR_NTP_SLOWER);
    memcpy(m + 12, "INIT", 4);
    assert_int_equal(wr_ntp_read(m, WR_NTP_SIZE, NONCE, &r), WR_NTP_UNKNOWN);
}

/* The seconds of NTP end in 2036 and begin anew: the moment that is known says which are meant. */
static void test_eras(void **state)
{
    static const int64_t moments[] = {0,
                                      NOON_S,
                                      INT64_C(2085978495),
                                      INT64_C(2085978496),
                                      INT64_C(2085978497),
                                      INT64_C(4102444800)};
    int64_t base_us;
    uint64_t doubt_us;

    for (unsigned i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        uint64_t stamp =
            (uint64_t)(uint32_t)(uint64_t)(moments[i] + INT64_C(2208988800)) << 32 | 1u << 31;
        struct wr_ntp_reply r = {.receive = stamp, .transmit = stamp};

        for (int64_t off = -INT64_C(2000000000); off <= INT64_C(2000000000); off += 1000000000) {
            assert_true(wr_ntp_weigh(&r, WR_S, WR_S, moments[i] + off, &base_us, &doubt_us));
            assert_true(base_us == moments[i] * 1000000 - 500000);
        }
    }
}

static void test_timestamps_that_do_not_fit(void **state)
{
    struct wr_ntp_reply r = {.receive = (uint64_t)NOON_NTP << 32};
    int64_t base_us;
    uint64_t doubt_us;

    r.transmit = r.receive + (UINT64_C(9) << 32); /* it had it for nine seconds of a trip of two */
    assert_false(wr_ntp_weigh(&r, WR_S, 3 * WR_S, NOON_S, &base_us, &doubt_us));
    r.transmit = r.receive + (UINT64_C(2) << 32);
    assert_false(wr_ntp_weigh(&r, WR_S, WR_S, NOON_S, &base_us, &doubt_us));
    assert_true(wr_ntp_weigh(&r, WR_S, 3 * WR_S, NOON_S, &base_us, &doubt_us));
    assert_false(wr_ntp_weigh(&r, WR_S, 3 * WR_S + 1, NOON_S, &base_us, &doubt_us)); /* too long */
    r.transmit = r.receive - (UINT64_C(4) << 32); /* answered before it was asked */
    assert_false(wr_ntp_weigh(&r, WR_S, 3 * WR_S, NOON_S, &base_us, &doubt_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_request_says_nothing),
        cmocka_unit_test(test_a_reply),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_servers_without_the_time),
        cmocka_unit_test(test_eras),
        cmocka_unit_test(test_timestamps_that_do_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
