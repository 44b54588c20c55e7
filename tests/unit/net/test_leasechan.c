/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/leasechan.h"
#include "net/leasewire.h"

enum { SAIDS = 8192 };

static uv_loop_t loop;
static struct wr_leasechan *chan;
static int hand; /* the other end */
static struct wr_lease_said said[SAIDS];
static unsigned saids;
static struct wr_now now;
static uint8_t room[WR_LEASEWIRE_SIZE + 64];

static void on_event(void *user, const struct wr_event *event)
{
    assert_int_equal(event->kind, WR_EVENT_LEASE);
    assert_true(saids < SAIDS);
    said[saids++] = event->lease;
}

static const struct wr_now *tick(void *user)
{
    return &now;
}

static const struct wr_feed feed = {.event = on_event, .tick = tick};

static int start(void **state)
{
    int pair[2];
    saids = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(wr_leasechan_open(&loop, pair[0], &feed, &chan), WR_OK);
    hand = pair[1];
    return 0;
}

static int stop(void **state)
{
    if (hand >= 0) {
        close(hand);
    }
    wr_leasechan_close(chan);
    uv_run(&loop, UV_RUN_DEFAULT);
    wr_leasechan_destroy(chan);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void turn(void)
{
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void ask(uint64_t id)
{
    const struct wr_lease_ask a = {
        .id = id,
        .client = {.family = WR_AF_V4, .ip = {10, 0, 0, 1}},
        .dests = 1,
        .dest = {{.family = WR_AF_V4, .ip = {198, 51, 100, 7}, .for_s = 120}}};
    wr_leasechan_ask(chan, &a);
}

/* How many asks the next message of the worker's has; 0: there is none. */
static uint16_t heard(uint64_t *ret_first)
{
    struct wr_reader r;
    struct wr_lease_ask a;
    uint16_t count = 0;
    ssize_t n = recv(hand, room, sizeof(room), MSG_DONTWAIT);
    if (n <= 0) {
        return 0;
    }
    assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_ASKS, room, (size_t)n, &count), WR_OK);
    for (uint16_t i = 0; i < count; i++) {
        assert_int_equal(wr_leasewire_get_ask(&r, i + 1 == count, &a), WR_OK);
        *ret_first = i == 0 ? a.id : *ret_first;
    }
    return count;
}

static void answer(uint64_t id, uint32_t granted)
{
    struct wr_leasewire m;
    const struct wr_lease_said s = {.id = id, .granted = granted};
    wr_leasewire_start(&m, WR_LEASEWIRE_SAIDS, room, sizeof(room));
    assert_int_equal(wr_leasewire_put_said(&m, &s), WR_OK);
    size_t n = wr_leasewire_finish(&m);
    assert_int_equal(send(hand, room, n, 0), (ssize_t)n);
}

static void test_asks_of_a_turn_go_together(void **state)
{
    uint64_t first = 0;
    ask(1);
    ask(2);
    ask(3);
    assert_int_equal(heard(&first), 0); /* not before its end */
    wr_leasechan_flush(chan);
    assert_int_equal(heard(&first), 3);
    assert_int_equal(first, 1);
    wr_leasechan_flush(chan);
    assert_int_equal(heard(&first), 0);
    answer(2, 1);
    answer(1, 0);
    turn();
    assert_int_equal(saids, 2);
    assert_int_equal(said[0].id, 2);
    assert_int_equal(said[0].granted, 1);
    assert_int_equal(said[1].id, 1);
    assert_int_equal(said[1].err, WR_OK);
}

static void test_more_than_a_message_holds(void **state)
{
    uint64_t first = 0;
    for (uint64_t i = 1; i <= WR_LEASE_BATCH_MAX + 1; i++) {
        ask(i);
    }
    assert_int_equal(heard(&first), WR_LEASE_BATCH_MAX);
    wr_leasechan_flush(chan);
    assert_int_equal(heard(&first), 1);
    assert_int_equal(first, WR_LEASE_BATCH_MAX + 1);
}

static void test_who_does_not_read_is_asked_no_more(void **state)
{
    uint64_t first = 0;
    unsigned sent = 0;
    while (saids == 0 && sent < 4000) {
        ask(++sent);
        wr_leasechan_flush(chan);
    }
    assert_int_equal(saids, 1);
    assert_int_equal(said[0].id, sent);
    assert_int_equal(said[0].err, WR_E_FULL);
    assert_int_equal(heard(&first), 1); /* and again, as soon as he does */
    ask(sent + 1);
    wr_leasechan_flush(chan);
    assert_int_equal(saids, 1);
}

static void refused(unsigned from)
{
    ask(7);
    ask(8);
    wr_leasechan_flush(chan);
    assert_int_equal(saids, from + 2);
    assert_int_equal(said[from].id, 7);
    assert_int_equal(said[from].err, WR_E_CLOSED);
    assert_int_equal(said[from + 1].id, 8);
}

static void test_who_has_died(void **state)
{
    close(hand);
    hand = -1;
    refused(0); /* before it is known */
    turn();
    refused(2);
}

static void test_who_has_died_and_it_is_known(void **state)
{
    close(hand);
    hand = -1;
    turn();
    refused(0);
}

static void test_nonsense_ends_it(void **state)
{
    assert_int_equal(send(hand, "nonsense", 8, 0), 8);
    turn();
    refused(0);
}

static void test_too_much_ends_it(void **state)
{
    answer(1, 1);
    memset(room, 0, sizeof(room));
    assert_int_equal(send(hand, room, sizeof(room), 0), (ssize_t)sizeof(room));
    turn();
    assert_int_equal(saids, 1); /* what came before that was said */
    refused(1);
}

static void test_where_there_is_none(void **state)
{
    struct wr_leasechan *none;
    assert_int_equal(wr_leasechan_open(&loop, -1, &feed, &none), WR_OK);
    struct wr_leasechan *kept = chan;
    chan = none;
    refused(0);
    chan = kept;
    wr_leasechan_close(none);
    wr_leasechan_destroy(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(test_asks_of_a_turn_go_together),
        T(test_more_than_a_message_holds),
        T(test_who_does_not_read_is_asked_no_more),
        T(test_who_has_died),
        T(test_who_has_died_and_it_is_known),
        T(test_nonsense_ends_it),
        T(test_too_much_ends_it),
        T(test_where_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
