/* SPDX-License-Identifier: Apache-2.0 */
/* Upstream TCP connections: opened, written in order, read, closed by either side, late ids. */
#include "unit/net/wire.h"

#include <stdlib.h>

#include "net/dial.h"

struct fixture {
    uv_loop_t loop;
    struct wr_net_stats stats;
    struct wr_net_limits limits;
    struct wr_now now;
    struct wr_dials *dials;
    uint8_t room[4096];
    int listener;
    struct wr_addr to;
    unsigned opened, closed, reports;
    size_t octets;
    uint8_t last;
    bool in_order;
};

static void on_event(void *user, const struct wr_event *event)
{
    struct fixture *f = user;

    f->opened += event->kind == WR_EVENT_STREAM_OPEN;
    f->closed += event->kind == WR_EVENT_STREAM_CLOSED;
    if (event->kind == WR_EVENT_STREAM_BYTES) {
        f->reports++;
        for (size_t i = 0; i < event->size; i++) {
            f->in_order = f->in_order && event->bytes[i] == (uint8_t)(f->octets + i);
        }
        f->octets += event->size;
    }
}

static const struct wr_now *on_tick(void *user)
{
    struct fixture *f = user;

    return &f->now;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct wr_feed feed = {
        .user = f, .event = on_event, .tick = on_tick, .stats = &f->stats, .limits = &f->limits};

    f->limits = wr_limits_default();
    f->in_order = true;
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(wr_dial_create(&f->loop, &feed, f->room, sizeof(f->room), &f->dials), WR_OK);
    f->listener = wire_socket(SOCK_STREAM, "127.0.0.1");
    assert_int_equal(listen(f->listener, 8), 0);
    f->to = wire_addr("127.0.0.1");
    f->to.port = wire_port(f->listener);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    wr_dial_close_all(f->dials);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(f->stats.gauge_streams, 0);
    wr_dial_destroy(f->dials);
    close(f->listener);
    free(f);
    return 0;
}

/* Turns until the condition holds, or for too long. */
#define TURN_UNTIL(f, condition)                                     \
    do {                                                             \
        for (int turn_ = 0; turn_ < 5000 && !(condition); turn_++) { \
            uv_run(&(f)->loop, UV_RUN_NOWAIT);                       \
            poll(NULL, 0, turn_ > 100);                              \
        }                                                            \
        assert_true(condition);                                      \
    } while (0)

static const wr_id id = (wr_id)5 << 32 | 20;

static void test_written_before_connected_arrives(void **state)
{
    struct fixture *f = *state;
    char got[16];
    int fd;

    assert_int_equal(wr_dial_open(f->dials, id, &f->to, false), WR_OK);
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"one ", 4), WR_OK);
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"two", 3), WR_OK);
    TURN_UNTIL(f, f->opened == 1);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    fd = accept(f->listener, NULL, NULL);
    TURN_UNTIL(f, recv(fd, got, 7, MSG_PEEK | MSG_DONTWAIT) == 7);
    assert_memory_equal(got, "one two", 7);
    close(fd);
    TURN_UNTIL(f, f->closed == 1);
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"x", 1), WR_E_STALE);
}

static void test_reads_much_in_order(void **state)
{
    enum { MUCH = 1 << 20 };
    struct fixture *f = *state;
    static uint8_t octets[MUCH];
    size_t sent = 0;
    int fd;

    for (size_t i = 0; i < MUCH; i++) {
        octets[i] = (uint8_t)i;
    }
    assert_int_equal(wr_dial_open(f->dials, id, &f->to, false), WR_OK);
    TURN_UNTIL(f, f->opened == 1);
    fd = accept(f->listener, NULL, NULL);
    while (sent < MUCH) {
        ssize_t n = send(fd, octets + sent, MUCH - sent, MSG_DONTWAIT);

        sent += n > 0 ? (size_t)n : 0;
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    TURN_UNTIL(f, f->octets == MUCH);
    assert_true(f->in_order);
    close(fd);
}

/* Each datagram is one report and each write one datagram; who is not the peer is not heard. */
static void test_datagrams_keep_their_borders(void **state)
{
    struct fixture *f = *state;
    int peer = wire_socket(SOCK_DGRAM, "127.0.0.1"), other = wire_socket(SOCK_DGRAM, "127.0.0.1");
    struct sockaddr_storage from;
    socklen_t from_size = sizeof(from);
    char got[16];

    f->to.port = wire_port(peer);
    assert_int_equal(wr_dial_open(f->dials, id, &f->to, true), WR_OK);
    TURN_UNTIL(f, f->opened == 1);
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"one", 3), WR_OK);
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"four", 4), WR_OK);
    assert_int_equal(recvfrom(peer, got, sizeof(got), 0, (struct sockaddr *)&from, &from_size), 3);
    assert_int_equal(recv(peer, got, sizeof(got), 0), 4);
    static const uint8_t octets[] = {0, 1, 2};
    assert_int_equal(sendto(other, octets, 3, 0, (struct sockaddr *)&from, from_size), 3);
    assert_int_equal(sendto(peer, octets, 2, 0, (struct sockaddr *)&from, from_size), 2);
    assert_int_equal(sendto(peer, octets + 2, 1, 0, (struct sockaddr *)&from, from_size), 1);
    TURN_UNTIL(f, f->octets >= 3);
    assert_int_equal(f->octets, 3);
    assert_int_equal(f->reports, 2);
    close(other);
    close(peer);
    /* Now nobody is there: the network says so, once. */
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"x", 1), WR_OK);
    TURN_UNTIL(f, f->closed == 1);
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"x", 1), WR_E_STALE);
}

static void test_refused_is_reported_once(void **state)
{
    struct fixture *f = *state;
    int gone = wire_socket(SOCK_STREAM, "127.0.0.1");
    int err;

    f->to.port = wire_port(gone);
    close(gone);
    err = wr_dial_open(f->dials, id, &f->to, false);
    if (err == WR_OK) {
        TURN_UNTIL(f, f->closed == 1);
        uv_run(&f->loop, UV_RUN_NOWAIT);
        assert_int_equal(f->closed, 1);
    }
    assert_int_equal(f->stats.streams_failed, 1);
    assert_int_equal(f->opened, 0);
}

static void test_closed_by_us_is_not_reported(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(wr_dial_open(f->dials, id, &f->to, false), WR_OK);
    wr_dial_close(f->dials, id);
    wr_dial_close(f->dials, id);
    for (int i = 0; i < 20; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(f->opened + f->closed, 0);
}

/* The same place with a new generation: the old id means nothing. */
static void test_generations(void **state)
{
    struct fixture *f = *state;
    wr_id later = id + ((wr_id)2 << 32);

    assert_int_equal(wr_dial_open(f->dials, id, &f->to, false), WR_OK);
    wr_dial_close(f->dials, id);
    assert_int_equal(wr_dial_open(f->dials, later, &f->to, false), WR_OK);
    wr_dial_close(f->dials, id);
    assert_int_equal(wr_dial_write(f->dials, id, (const uint8_t *)"x", 1), WR_E_STALE);
    assert_int_equal(wr_dial_write(f->dials, later, (const uint8_t *)"x", 1), WR_OK);
    TURN_UNTIL(f, f->opened == 1);
}

static void test_queue_is_bounded(void **state)
{
    struct fixture *f = *state;
    static const uint8_t octets[65536];
    int err = WR_OK, i;

    f->limits.upstream_queue = 100000;
    assert_int_equal(wr_dial_open(f->dials, id, &f->to, false), WR_OK);
    for (i = 0; i < 10000 && err == WR_OK; i++) { /* nobody accepts, nobody reads */
        err = wr_dial_write(f->dials, id, octets, sizeof(octets));
    }
    assert_int_equal(err, WR_E_FULL);
    assert_int_equal(wr_dial_write(f->dials, id, octets, 1), WR_E_STALE);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_written_before_connected_arrives),
        WITH(test_reads_much_in_order),
        WITH(test_datagrams_keep_their_borders),
        WITH(test_refused_is_reported_once),
        WITH(test_closed_by_us_is_not_reported),
        WITH(test_generations),
        WITH(test_queue_is_bounded),
    };

    return cmocka_run_group_tests_name("net/dial", tests, NULL, NULL);
}
