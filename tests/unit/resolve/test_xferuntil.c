/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What proved a copy bounds its life: a primary, or who is on the path to it, confirms the serial without end.
 */
#include "unit/resolve/wire.h"

#include "resolve/xfer.h"

static struct wr_xfer x;
static struct wr_rng rng;
static struct wr_now now;
static uint8_t room[WR_XFER_ROOM], soa[WR_XFERREAD_SOA_MAX];
static uint16_t soa_size, id;
static uint32_t conn;
static unsigned fresh, expired;
static bool committed;

static void drain(void)
{
    struct wr_xfer_action a;
    enum wr_xfer_what what;
    while ((what = wr_xfer_poll(&x, &now, &a)) != WR_XFER_NOTHING) {
        conn = what == WR_XFER_OPEN ? a.conn : conn;
        id = what == WR_XFER_SEND ? (uint16_t)(a.bytes[2] << 8 | a.bytes[3]) : id;
        fresh += what == WR_XFER_FRESH;
        expired += what == WR_XFER_EXPIRE;
        committed = committed || what == WR_XFER_COMMIT;
    }
}

static void feed(enum wr_xfer_event_kind kind)
{
    wr_xfer_feed(&x, &(struct wr_xfer_event){.kind = kind, .conn = conn}, &now);
    drain();
}

static void sleep_until_deadline(void)
{
    now.mono_us = wr_xfer_deadline(&x);
    feed(WR_XFER_TICK);
}

/* The SOA record with the serial that we have, so often. */
static void answer(unsigned records)
{
    uint8_t wire[512];
    struct wr_build b;
    wr_build_start(&b, wire + 2, sizeof(wire) - 2, id, WR_FLAG_QR | WR_FLAG_AA);
    for (unsigned i = 0; i < records; i++) {
        assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, x.set.zone, WR_TYPE_SOA, WR_CLASS_IN,
                                     60, soa, soa_size),
                         WR_OK);
    }
    size_t n = wr_build_finish(&b, 0);
    wire[0] = (uint8_t)(n >> 8);
    wire[1] = (uint8_t)n;
    wr_xfer_feed(
        &x,
        &(struct wr_xfer_event){.kind = WR_XFER_OCTETS, .conn = conn, .bytes = wire, .size = n + 2},
        &now);
    drain();
}

/* A kept copy that is proven for so long. */
static int restore(uint64_t until_s)
{
    static const char text[] = "ns.example. root.example. 5 1000 100 5000 60";
    struct wr_xfer_settings settings = {.zone = (const uint8_t *)"\7example", .primaries = 1};
    struct wr_writer w;
    settings.primary[0].addr = (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, 1}};
    now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = 1700000000, .wall_proven = true};
    wr_buf_write_init(&w, soa, sizeof(soa));
    assert_int_equal(wr_present_read_rdata(text, strlen(text), WR_TYPE_SOA, NULL, &w, NULL), WR_OK);
    soa_size = (uint16_t)w.pos;
    fresh = expired = 0;
    committed = false;
    wr_rng_seed_u64(&rng, 1);
    wr_xfer_start(&x, &settings, &rng, room, &now);
    wr_xfer_until(&x, until_s ? now.mono_us + until_s * WR_S : WR_TIME_NEVER);
    return wr_xfer_restore(&x, soa, soa_size, -1, &now);
}

static void test_confirmed_for_ever(void **state)
{
    assert_int_equal(restore(20000), WR_OK); /* four times the expire time */
    uint64_t until_us = x.until_us;
    for (unsigned i = 0; x.data == WR_XFER_LIVE && i < 100; i++) {
        sleep_until_deadline();
        feed(WR_XFER_CONNECTED);
        if (x.state == WR_XFER_SOA) {
            answer(1);
        }
    }
    assert_int_equal(x.data, WR_XFER_EXPIRED);
    assert_int_equal(now.mono_us, until_us);
    assert_true(fresh >= 20);
    assert_int_equal(expired, 1);
    assert_int_equal(x.qtype, WR_TYPE_AXFR); /* the whole, at once, whatever its serial */
    answer(2);
    assert_true(committed);
    wr_xfer_until(&x, now.mono_us + 4000 * WR_S); /* and what came is proven for longer */
    feed(WR_XFER_TAKEN);
    assert_int_equal(x.data, WR_XFER_LIVE);
    assert_int_equal(x.expire_us, now.mono_us + 4000 * WR_S);
}

static void test_the_proof_is_gone(void **state)
{
    assert_int_equal(restore(0), WR_OK);
    sleep_until_deadline();
    feed(WR_XFER_CONNECTED);
    answer(1);
    assert_int_equal(x.expire_us, now.mono_us + 5000 * WR_S);
    wr_xfer_until(&x, now.mono_us);
    feed(WR_XFER_TICK);
    assert_int_equal(x.data, WR_XFER_EXPIRED);
    assert_int_equal(expired, 1);
    assert_true(x.wake_us <= now.mono_us + WR_XFER_NOTIFY_S * WR_S); /* not in a loop, but soon */
}

/* What becomes known of its age does not lengthen it. */
static void test_the_age_of_a_kept_copy(void **state)
{
    assert_int_equal(restore(700), WR_OK);
    assert_int_equal(x.expire_us, now.mono_us + 700 * WR_S);
    wr_xfer_age(&x, 10, &now);
    assert_int_equal(x.expire_us, now.mono_us + 700 * WR_S);
    wr_xfer_age(&x, 4900, &now);
    assert_int_equal(x.expire_us, now.mono_us + 100 * WR_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirmed_for_ever),
        cmocka_unit_test(test_the_proof_is_gone),
        cmocka_unit_test(test_the_age_of_a_kept_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
