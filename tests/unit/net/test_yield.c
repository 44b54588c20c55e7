/* SPDX-License-Identifier: Apache-2.0 */
/* Who gives up its place, and in which order: no socket is needed to see that. */
#include "unit/unit.h"

#include "base/time.h"
#include "net/yield.h"

static struct wr_yield y;
static struct wr_yield_seat seat[8], *who;
static struct wr_timer *block[4 * 8];

static int start(void **state)
{
    assert_true(wr_yield_size(8) <= sizeof(block));
    wr_yield_init(&y, block, 8);
    return 0;
}

static void enter(unsigned i, bool outsider, enum wr_yield_kind kind, uint64_t since_us)
{
    wr_yield_enter(&y, &seat[i], outsider, i % 2 == 1);
    wr_yield_set(&y, &seat[i], kind, since_us);
}

/* All places are taken; with a limit of one no worker has any of its own. */
static bool full(bool outsider)
{
    struct wr_yield_places places = {.limit = 1, .connections = 9};

    return wr_yield_for(&y, &places, outsider, &who);
}

static void test_the_oldest_that_is_owed_nothing(void **state)
{
    enter(0, false, WR_YIELD_BUSY, 1);
    enter(1, false, WR_YIELD_IDLE, 20);
    enter(2, false, WR_YIELD_PARTIAL, 10);
    enter(3, false, WR_YIELD_IDLE, 30);
    assert_true(full(false));
    assert_ptr_equal(who, &seat[2]);
    assert_ptr_equal(wr_yield_oldest_idle(&y), &seat[1]);
    wr_yield_leave(&y, &seat[2]);
    assert_true(full(false));
    assert_ptr_equal(who, &seat[1]);
    wr_yield_set(&y, &seat[1], WR_YIELD_IDLE, 40); /* it was busy between */
    assert_true(full(false));
    assert_ptr_equal(who, &seat[3]);
    wr_yield_leave(&y, &seat[1]);
    wr_yield_leave(&y, &seat[3]);
    assert_false(full(false)); /* who is owed an answer stays */
    assert_int_equal(y.seats, 1);
    wr_yield_set(&y, &seat[0], WR_YIELD_IDLE, 50);
    assert_true(full(false));
    assert_ptr_equal(who, &seat[0]);
}

/* More octets of one message are no reason to wait behind others; the next message is. */
static void test_a_message_in_pieces(void **state)
{
    enter(0, false, WR_YIELD_PARTIAL, 10);
    enter(1, false, WR_YIELD_PARTIAL, 10);
    wr_yield_set(&y, &seat[0], WR_YIELD_PARTIAL, 10);
    assert_true(full(false));
    assert_ptr_equal(who, &seat[0]);
    wr_yield_set(&y, &seat[0], WR_YIELD_PARTIAL, 11);
    assert_true(full(false));
    assert_ptr_equal(who, &seat[1]);
}

/* What it sent meanwhile asked nothing: it is as old as it was, and before those that became idle since. */
static void test_idle_again_without_a_question(void **state)
{
    enter(0, false, WR_YIELD_IDLE, 10);
    enter(1, false, WR_YIELD_IDLE, 20);
    enter(2, true, WR_YIELD_IDLE, 30);
    enter(3, true, WR_YIELD_IDLE, 40);
    wr_yield_set(&y, &seat[0], WR_YIELD_PARTIAL, 50);
    assert_ptr_equal(wr_yield_oldest_idle(&y), &seat[1]);
    wr_yield_set(&y, &seat[0], WR_YIELD_IDLE, 10);
    assert_ptr_equal(wr_yield_oldest_idle(&y), &seat[0]);
    assert_ptr_equal(wr_yield_oldest_sealed(&y), &seat[1]);
    wr_yield_set(&y, &seat[1], WR_YIELD_BUSY, 60);
    assert_ptr_equal(wr_yield_oldest_sealed(&y), &seat[3]);
    wr_yield_leave(&y, &seat[0]);
    wr_yield_leave(&y, &seat[3]);
    assert_ptr_equal(wr_yield_oldest_idle(&y), &seat[2]);
    assert_null(wr_yield_oldest_sealed(&y));
}

static void test_outsiders_yield_first_and_take_no_place(void **state)
{
    enter(0, false, WR_YIELD_IDLE, 10);
    assert_false(full(true));
    enter(1, true, WR_YIELD_PARTIAL, 90);
    assert_true(full(true));
    assert_ptr_equal(who, &seat[1]);
    assert_true(full(false));
    assert_ptr_equal(who, &seat[1]);
    wr_yield_leave(&y, &seat[1]);
    assert_true(full(false));
    assert_ptr_equal(who, &seat[0]);
}

static void test_the_outsiders_share(void **state)
{
    struct wr_yield_places places = {.limit = 4 * WR_NET_OUTSIDERS_SHARE, .connections = 9};

    places.outsiders = 5;
    assert_true(wr_yield_for_outsider(&y, &places, &who)); /* each worker has one of its own */
    assert_null(who);
    enter(0, true, WR_YIELD_BUSY, 1);
    assert_false(wr_yield_for_outsider(&y, &places, &who));
    wr_yield_set(&y, &seat[0], WR_YIELD_IDLE, 2);
    enter(1, false, WR_YIELD_IDLE, 1);
    assert_true(wr_yield_for_outsider(&y, &places, &who));
    assert_ptr_equal(who, &seat[0]);
    places.outsiders = 4;
    assert_true(wr_yield_for_outsider(&y, &places, &who));
    assert_null(who);
    places = (struct wr_yield_places){.limit = 2, .outsiders = 1}; /* one, however few there are */
    assert_true(wr_yield_for_outsider(&y, &places, &who));
    assert_null(who);
}

/* Others took all places: a worker that came late has a few, unless they are its own that fill them. */
static void test_places_of_its_own(void **state)
{
    struct wr_yield_places places = {.limit = 4, .connections = 5};

    assert_true(wr_yield_for(&y, &places, false, &who));
    assert_null(who);
    enter(0, false, WR_YIELD_BUSY, 1);
    assert_true(wr_yield_for(&y, &places, false, &who));
    enter(1, false, WR_YIELD_BUSY, 1);
    assert_false(wr_yield_for(&y, &places, false, &who)); /* half of the limit */
    places = (struct wr_yield_places){.limit = 2 * WR_NET_CONNECTIONS_OWN + 2,
                                      .connections = 2 * WR_NET_CONNECTIONS_OWN + 3};
    for (unsigned i = 2; i < 8; i++) {
        assert_true(wr_yield_for(&y, &places, false, &who));
        enter(i, false, WR_YIELD_BUSY, 1);
    }
    assert_int_equal(y.seats, WR_NET_CONNECTIONS_OWN);
    assert_false(wr_yield_for(&y, &places, false, &who));
    places.connections = places.limit;
    assert_true(wr_yield_for(&y, &places, false, &who)); /* room for all */
    assert_null(who);
}

static void test_idle_time_shrinks(void **state)
{
    assert_int_equal(wr_yield_idle_us(100, 0, 10000), 10000 * WR_MS);
    assert_int_equal(wr_yield_idle_us(100, 75, 10000), 10000 * WR_MS);
    assert_int_equal(wr_yield_idle_us(100, 90, 10000), 4000 * WR_MS);
    assert_int_equal(wr_yield_idle_us(100, 100, 10000), 250 * WR_MS);
    assert_int_equal(wr_yield_idle_us(100, 200, 10000), 250 * WR_MS); /* the limit was lowered */
}

#define CASE(test) cmocka_unit_test_setup(test, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_oldest_that_is_owed_nothing),
        CASE(test_a_message_in_pieces),
        CASE(test_idle_again_without_a_question),
        CASE(test_outsiders_yield_first_and_take_no_place),
        CASE(test_the_outsiders_share),
        CASE(test_places_of_its_own),
        CASE(test_idle_time_shrinks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
