/* SPDX-License-Identifier: Apache-2.0 */
/* The listening side over TCP: pipelining, out of order, half-closed clients, and each bound. */
#include "unit/net/world.h"

#include <signal.h>
#include <sys/resource.h>

#include "transport/odohkeys.h"

static int dial(const struct world *w, const char *from)
{
    return wire_connect(SOCK_STREAM, from, &w->tcp);
}

/* RFC 7766 section 6.2.1.1: answers come as they are ready. */
static void test_pipelined_out_of_order(void **state)
{
    struct world *w = world_new();
    int fd;

    world_start(w);
    fd = dial(w, "127.0.0.1");
    world_ask_tcp(fd, 1, 'l');
    world_ask_tcp(fd, 2, 'h');
    world_ask_tcp(fd, 3, 'o');
    world_expect_tcp(fd, 2, 'r');
    world_expect_tcp(fd, 3, 'o');
    world_expect_tcp(fd, 1, 'l');
    close(fd);
    world_free(w);
}

/* An answer is one write: length and message come in one segment. */
static void test_octet_by_octet_and_one_write(void **state)
{
    struct world *w = world_new();
    uint8_t framed[2 + QUERY_SIZE] = {0, QUERY_SIZE}, answer[64];
    int fd;

    world_start(w);
    fd = dial(w, "127.0.0.1");
    world_query(framed + 2, 77, 'h');
    for (size_t i = 0; i < sizeof(framed); i++) {
        assert_int_equal(send(fd, framed + i, 1, MSG_NOSIGNAL), 1);
    }
    assert_true(wire_readable(fd, WIRE_WAIT_MS));
    assert_int_equal(recv(fd, answer, sizeof(answer), 0), 2 + QUERY_SIZE);
    close(fd);
    world_free(w);
}

static void test_half_closed_client_gets_its_answers(void **state)
{
    struct world *w = world_new();
    int fd;

    world_start(w);
    fd = dial(w, "127.0.0.1");
    world_ask_tcp(fd, 1, 'l');
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    world_expect_tcp(fd, 1, 'l');
    assert_true(world_closed(fd, WIRE_WAIT_MS));
    close(fd);
    world_free(w);
}

/* A dropped message is settled: the connection goes idle and is closed then. */
static void test_idle_is_closed_also_after_a_drop(void **state)
{
    struct world *w = world_new();
    int silent, dropped;

    w->setup.limits.tcp_idle_ms = 60;
    world_start(w);
    silent = dial(w, "127.0.0.1");
    dropped = dial(w, "127.0.0.1");
    world_ask_tcp(dropped, 1, 'd');
    assert_true(world_closed(silent, WIRE_WAIT_MS));
    assert_true(world_closed(dropped, WIRE_WAIT_MS));
    close(silent);
    close(dropped);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_idle, 2);
    assert_int_equal(w->stats.gauge_tcp_clients, 0);
    assert_int_equal(w->shared.connections, 0);
    world_free(w);
}

/* Where nothing would be answered any more the client hears of it at once, whatever else it has asked; others stay. */
static void test_a_drop_may_end_the_connection(void **state)
{
    struct world *w = world_new();
    int fd, other;

    world_start(w);
    fd = dial(w, "127.0.0.1");
    other = dial(w, "127.0.0.1");
    world_ask_tcp(other, 1, 'h');
    world_expect_tcp(other, 1, 'r');
    world_ask_tcp(fd, 1, 'n');
    world_ask_tcp(fd, 2, 'e');
    world_ask_tcp(fd, 3, 'h');
    assert_true(world_closed(fd, WIRE_WAIT_MS));
    world_ask_tcp(other, 2, 'd');
    world_ask_tcp(other, 3, 'h');
    world_expect_tcp(other, 3, 'r');
    close(fd);
    close(other);
    world_stop(w, 0);
    assert_int_equal(w->engine->events[WR_EVENT_CLIENT_GONE], 1);
    assert_int_equal(w->stats.tcp_idle, 0);
    assert_int_equal(w->stats.gauge_tcp_clients, 0);
    assert_int_equal(w->shared.connections, 0);
    world_free(w);
}

static _Atomic bool held;

static void hold_up(int signal)
{
    const struct timespec time = {.tv_nsec = 300000000};

    (void)signal;
    held = true;
    nanosleep(&time, NULL);
}

/* What the client sent within the idle time is answered, however late the worker comes to it. */
static void test_query_before_a_late_timer(void **state)
{
    struct world *w = world_new();
    int fd;

    w->setup.limits.tcp_idle_ms = 200;
    world_start(w);
    fd = dial(w, "127.0.0.1");
    world_ask_tcp(fd, 1, 'h');
    world_expect_tcp(fd, 1, 'r');
    signal(SIGUSR1, hold_up);
    assert_int_equal(pthread_kill(w->thread, SIGUSR1), 0);
    while (!held) {
        usleep(100);
    }
    world_ask_tcp(fd, 2, 'h');
    world_expect_tcp(fd, 2, 'r');
    assert_true(world_closed(fd, WIRE_WAIT_MS));
    close(fd);
    world_free(w);
}

/* Who is over his own share takes no place from others. */
static void test_refused_takes_no_place(void **state)
{
    struct world *w = world_new();
    int other, mine, more;

    w->setup.limits.tcp_connections = 2;
    w->setup.limits.tcp_per_client = 1;
    world_start(w);
    other = dial(w, "127.0.0.2");
    mine = dial(w, "127.0.0.1");
    more = dial(w, "127.0.0.1");
    assert_true(world_closed(more, WIRE_WAIT_MS));
    world_ask_tcp(other, 1, 'h');
    world_expect_tcp(other, 1, 'r');
    close(other);
    close(mine);
    close(more);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_refused, 1);
    assert_int_equal(w->stats.tcp_yielded, 0);
    world_free(w);
}

/* One octet now and then does not keep a connection: the message has one deadline. */
static void test_slow_message_is_closed(void **state)
{
    struct world *w = world_new();
    bool closed = false;
    int fd;

    w->setup.limits.tcp_message_ms = 100;
    world_start(w);
    fd = dial(w, "127.0.0.1");
    world_ask_tcp(fd, 1, 'h');
    world_expect_tcp(fd, 1, 'r');
    for (int i = 0; i < 12 && !closed; i++) {
        send(fd, "\0", 1, MSG_NOSIGNAL); /* a length of 0x0000.. would be malformed: two octets */
        closed = world_closed(fd, 40);
        if (i == 0) {
            send(fd, "\377", 1, MSG_NOSIGNAL);
        }
    }
    assert_true(closed);
    close(fd);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_slow, 1);
    world_free(w);
}

static void test_impossible_length_is_closed(void **state)
{
    static const uint8_t head[][2] = {{0, 0}, {0, 11}, {0xff, 0xff}};
    struct world *w = world_new();

    world_start(w);
    for (size_t i = 0; i < 3; i++) {
        int fd = dial(w, "127.0.0.1");

        assert_int_equal(send(fd, head[i], 2, MSG_NOSIGNAL), 2);
        assert_true(world_closed(fd, WIRE_WAIT_MS));
        close(fd);
    }
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_malformed, 3);
    world_free(w);
}

static void test_per_client_limit(void **state)
{
    struct world *w = world_new();
    int fd[3], other;

    w->setup.limits.tcp_per_client = 2;
    world_start(w);
    for (int i = 0; i < 3; i++) {
        fd[i] = dial(w, "127.0.0.1");
    }
    assert_true(world_closed(fd[2], WIRE_WAIT_MS));
    other = dial(w, "127.0.0.2"); /* another client has its own */
    world_ask_tcp(other, 1, 'h');
    world_expect_tcp(other, 1, 'r');
    world_ask_tcp(fd[0], 2, 'h');
    world_expect_tcp(fd[0], 2, 'r');
    close(fd[0]);
    for (int i = 0; i < 1000 && w->shared.connections > 2; i++) {
        wire_readable(fd[1], 5);
    }
    close(fd[2]);
    fd[2] = dial(w, "127.0.0.1"); /* the place is free again */
    world_ask_tcp(fd[2], 3, 'h');
    world_expect_tcp(fd[2], 3, 'r');
    close(fd[1]);
    close(fd[2]);
    close(other);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_refused, 1);
    world_free(w);
}

/* At the last place the connection that is idle longest yields; who waits for an answer does not. */
static void test_oldest_idle_yields(void **state)
{
    struct world *w = world_new();
    int busy, oldest, newer, newest;

    w->setup.limits.tcp_connections = 3;
    world_start(w);
    busy = dial(w, "127.0.0.1");
    world_ask_tcp(busy, 1, 'n');
    world_ask_tcp(busy, 2, 'h');
    world_expect_tcp(busy, 2, 'r');
    oldest = dial(w, "127.0.0.1");
    world_ask_tcp(oldest, 3, 'h');
    world_expect_tcp(oldest, 3, 'r');
    newer = dial(w, "127.0.0.1");
    world_ask_tcp(newer, 4, 'h');
    world_expect_tcp(newer, 4, 'r');
    newest = dial(w, "127.0.0.1");
    assert_true(world_closed(oldest, WIRE_WAIT_MS));
    world_ask_tcp(newest, 5, 'h');
    world_expect_tcp(newest, 5, 'r');
    world_ask_tcp(newer, 6, 'h');
    world_expect_tcp(newer, 6, 'r');
    close(busy);
    close(oldest);
    close(newer);
    close(newest);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_yielded, 1);
    world_free(w);
}

/* Who is in the middle of a message yields as well, by when it began and not by its last octet; who is owed an answer
 * does not. */
static void test_partial_yields(void **state)
{
    struct world *w = world_new();
    int slow, newer, newest;

    w->setup.limits.tcp_connections = 2;
    world_start(w);
    slow = dial(w, "127.0.0.1");
    world_ask_tcp(slow, 1, 'h');
    world_expect_tcp(slow, 1, 'r');
    assert_int_equal(send(slow, "\0\24", 2, MSG_NOSIGNAL), 2);
    newer = dial(w, "127.0.0.1");
    world_ask_tcp(newer, 2, 'h');
    world_expect_tcp(newer, 2, 'r');
    assert_int_equal(send(slow, "x", 1, MSG_NOSIGNAL), 1);
    world_ask_tcp(newer, 3, 'h'); /* after the octet, so that both have been seen */
    world_expect_tcp(newer, 3, 'r');
    newest = dial(w, "127.0.0.1");
    assert_true(world_closed(slow, WIRE_WAIT_MS));
    world_ask_tcp(newest, 4, 'h');
    world_expect_tcp(newest, 4, 'r');
    world_ask_tcp(newer, 5, 'n');
    world_ask_tcp(newer, 6, 'h');
    world_expect_tcp(newer, 6, 'r');
    assert_int_equal(send(newer, "\0", 1, MSG_NOSIGNAL), 1);
    close(slow);
    slow = dial(w, "127.0.0.1");
    assert_true(world_closed(newest, WIRE_WAIT_MS));
    close(slow);
    close(newer);
    close(newest);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_yielded, 2);
    world_free(w);
}

/* Those who may not ask fill their own few places, one after the other, and nobody else's. */
static void test_outsiders_have_few_places(void **state)
{
    struct world *w = world_new();
    int outsider[3], inside;

    w->setup.limits.tcp_connections = 2 * WR_NET_OUTSIDERS_SHARE;
    world_start(w);
    inside = dial(w, "127.0.0.1");
    world_ask_tcp(inside, 1, 'h');
    world_expect_tcp(inside, 1, 'r');
    for (int i = 0; i < 3; i++) {
        outsider[i] = dial(w, "127.9.0.1");
        world_ask_tcp(outsider[i], 2, 'h'); /* and is told so, by the engine */
        world_expect_tcp(outsider[i], 2, 'r');
        assert_int_equal(send(outsider[i], "\0", 1, MSG_NOSIGNAL), 1);
    }
    assert_true(world_closed(outsider[0], WIRE_WAIT_MS));
    assert_int_equal(w->shared.outsiders, 2);
    world_ask_tcp(inside, 3, 'h');
    world_expect_tcp(inside, 3, 'r');
    close(inside);
    for (int i = 0; i < 3; i++) {
        close(outsider[i]);
    }
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_yielded, 1);
    wr_loop_destroy(w->loop);
    w->loop = NULL;
    assert_int_equal(w->shared.outsiders, 0);
    free(w->engine);
    free(w);
}

/* An outsider who has a place gives it to whoever may ask, and takes none from him. */
static void test_outsider_yields_first(void **state)
{
    struct world *w = world_new();
    int outsider, inside, more;

    w->setup.limits.tcp_connections = 2;
    world_start(w);
    inside = dial(w, "127.0.0.1");
    world_ask_tcp(inside, 1, 'h');
    world_expect_tcp(inside, 1, 'r');
    outsider = dial(w, "127.9.0.1");
    world_ask_tcp(outsider, 2, 'h');
    world_expect_tcp(outsider, 2, 'r');
    more = dial(w, "127.0.0.1");
    assert_true(world_closed(outsider, WIRE_WAIT_MS)); /* though the other is idle for longer */
    world_ask_tcp(more, 3, 'h');
    world_expect_tcp(more, 3, 'r');
    close(outsider);
    outsider = dial(w, "127.9.0.1");
    assert_true(world_closed(outsider, WIRE_WAIT_MS));
    world_ask_tcp(inside, 4, 'h');
    world_expect_tcp(inside, 4, 'r');
    close(outsider);
    close(inside);
    close(more);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_yielded, 1);
    assert_int_equal(w->stats.tcp_refused, 1);
    world_free(w);
}

/* A worker that was slow to accept finds all places taken by another, none of them its to give up. */
static void test_a_slow_worker_has_places(void **state)
{
    struct world *w = world_new();
    int fd[3];

    w->setup.limits.tcp_connections = 4;
    w->shared.connections = 4;
    world_start(w);
    for (int i = 0; i < 2; i++) {
        fd[i] = dial(w, "127.0.0.1");
        world_ask_tcp(fd[i], 1, 'n');
        world_ask_tcp(fd[i], 2, 'h');
        world_expect_tcp(fd[i], 2, 'r');
    }
    fd[2] = dial(w, "127.0.0.1");
    assert_true(world_closed(fd[2], WIRE_WAIT_MS));
    close(fd[0]);
    close(fd[1]);
    close(fd[2]);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_refused, 1);
    world_free(w);
}

static void test_all_busy_refuses(void **state)
{
    struct world *w = world_new();
    int busy, more;

    w->setup.limits.tcp_connections = 1;
    world_start(w);
    busy = dial(w, "127.0.0.1");
    world_ask_tcp(busy, 1, 'n');
    world_ask_tcp(busy, 2, 'h');
    world_expect_tcp(busy, 2, 'r');
    more = dial(w, "127.0.0.1");
    assert_true(world_closed(more, WIRE_WAIT_MS));
    close(busy);
    close(more);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_refused, 1);
    assert_true(w->engine->events[WR_EVENT_CLIENT_GONE] <= 1);
    world_free(w);
}

/* A client with little room that asks without an end. */
struct flood {
    int fd;
    size_t at; /* what was sent of the question in work */
    uint8_t framed[2 + 4000];
};

enum flooded { FLOOD_SENT, FLOOD_FULL, FLOOD_GONE };

static void flood_start(struct flood *f, struct world *w)
{
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(&w->tcp, &sa);
    int small = 4096;

    *f = (struct flood){.fd = wire_socket(SOCK_STREAM, "127.0.0.1"),
                        .framed = {4000 >> 8, 4000 & 0xff}};
    /* Before it connects: what its kernel has once offered to take, it takes, and that buys time. */
    setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(connect(f->fd, &sa.any, size), 0);
    world_query(f->framed + 2, 1, 'h');
}

/* Sends what fits. FULL: nothing does, and nothing will for so long. */
static enum flooded flood_on(struct flood *f, int wait_ms)
{
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    ssize_t n =
        send(f->fd, f->framed + f->at, sizeof(f->framed) - f->at, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0) {
        f->at = (f->at + (size_t)n) % sizeof(f->framed);
        return FLOOD_SENT;
    }
    if (errno != EAGAIN) {
        return FLOOD_GONE;
    }
    return poll(&p, 1, wait_ms) == 0 ? FLOOD_FULL : FLOOD_SENT;
}

/* A client that asks and does not read: not read any more, then closed; memory stays bounded. */
static void test_client_that_does_not_read(void **state)
{
    enum { TRIES = 100 };
    struct world *w = world_new();
    struct flood f;

    w->setup.limits.tcp_message_ms = 100;
    w->setup.limits.tcp_queue = 64 * 1024;
    world_start(w);
    /* Held up in the middle of a question for longer than the time of one, it is closed for that, and comes again. */
    for (int tries = 0; tries < TRIES && w->stats.tcp_unread == 0; tries++) {
        flood_start(&f, w);
        while (w->stats.tcp_unread == 0 && flood_on(&f, 20) != FLOOD_GONE) {
        }
        close(f.fd);
    }
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_unread, 1);
    assert_int_equal(w->stats.tcp_malformed, 0);
    world_free(w);
}

/* An octet read now and then is progress, and does not hold the place for ever. */
static void test_client_that_reads_slowly(void **state)
{
    struct world *w = world_new();
    struct flood f;
    uint8_t octets[2048];
    bool gone = false;

    w->setup.limits.tcp_message_ms = 60000;
    w->setup.limits.tcp_read_ms = 300;
    w->setup.limits.tcp_queue = 64 * 1024 * 1024;
    world_start(w);
    flood_start(&f, w);
    for (int i = 0; i < 3000 && !gone && w->stats.tcp_unread == 0; i++) {
        enum flooded got = flood_on(&f, 10);

        gone = got == FLOOD_GONE;
        if (got == FLOOD_FULL) {
            (void)!recv(f.fd, octets, sizeof(octets), MSG_DONTWAIT);
        }
    }
    close(f.fd);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_unread, 1);
    world_free(w);
}

/* More questions than may be owed are read later, none is lost. */
static void test_pipeline_bound(void **state)
{
    enum { MANY = 400 };
    struct world *w = world_new();
    bool seen[MANY] = {false};
    uint8_t framed[2 + QUERY_SIZE];
    int fd;

    w->setup.limits.tcp_pipeline = 4;
    world_start(w);
    fd = dial(w, "127.0.0.1");
    for (uint16_t i = 0; i < MANY; i++) {
        world_ask_tcp(fd, i, 'l');
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(world_read(fd, framed, sizeof(framed)), sizeof(framed));
        assert_false(seen[framed[2] << 8 | framed[3]]);
        seen[framed[2] << 8 | framed[3]] = true;
    }
    close(fd);
    world_free(w);
}

/* The engine is told of a client that goes while it is owed an answer, and a late answer goes nowhere. */
static void test_client_gone(void **state)
{
    struct world *w = world_new();
    struct linger reset = {.l_onoff = 1};
    int fd, probe;

    world_start(w);
    fd = dial(w, "127.0.0.1");
    world_ask_tcp(fd, 1, 'n');
    world_ask_tcp(fd, 2, 'h');
    world_expect_tcp(fd, 2, 'r');
    world_ask_tcp(fd, 3, 'l');
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    for (int i = 0; i < 500 && w->engine->events[WR_EVENT_CLIENT_GONE] == 0; i++) {
        poll(NULL, 0, 10);
    }
    probe = dial(w, "127.0.0.1");
    world_ask_tcp(probe, 4, 'l');
    world_expect_tcp(probe, 4, 'l');
    close(probe);
    world_stop(w, 0);
    assert_int_equal(w->engine->events[WR_EVENT_CLIENT_GONE], 1);
    world_free(w);
}

/* Without descriptors clients are refused at once, and served again when there are some. */
static void test_no_descriptors(void **state)
{
    struct world *w = world_new();
    struct rlimit old, none;
    int fd[3], highest;

    world_start(w);
    fd[0] = dial(w, "127.0.0.1");
    world_ask_tcp(fd[0], 1, 'h');
    world_expect_tcp(fd[0], 1, 'r');
    fd[1] = wire_socket(SOCK_STREAM, "127.0.0.1");
    highest = dup(fd[1]);
    close(highest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = (rlim_t)highest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    {
        union wr_sockaddr sa;
        socklen_t size = wr_sock_from_addr(&w->tcp, &sa);

        assert_int_equal(connect(fd[1], &sa.any, size), 0);
    }
    assert_true(world_closed(fd[1], WIRE_WAIT_MS));
    world_ask_tcp(fd[0], 2, 'h');
    world_expect_tcp(fd[0], 2, 'r');
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    fd[2] = dial(w, "127.0.0.1");
    world_ask_tcp(fd[2], 3, 'h');
    world_expect_tcp(fd[2], 3, 'r');
    for (int i = 0; i < 3; i++) {
        close(fd[i]);
    }
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_refused, 1);
    world_free(w);
}

/* The key of a target changes in a worker that nobody asks. */
static void test_the_key_changes_unasked(void **state)
{
    struct world *w = world_new();
    struct wr_terms terms = {.doh_path = "/dns-query", .odoh_target = true};
    struct wr_now now;

    wr_clock_now(false, &now);
    wr_assert(now.mono_us > 0);
    terms.odoh_since_us = now.mono_us - WR_ODOH_PERIOD_US + 50 * WR_MS;
    world_create(w);
    wr_loop_set_terms(w->loop, &terms);
    world_start(w);
    for (int i = 0; i < WIRE_WAIT_MS && atomic_load(&w->stats.odoh_turned) == 0; i++) {
        usleep(1000);
    }
    world_stop(w, 0);
    assert_int_equal(w->stats.odoh_turned, 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipelined_out_of_order),
        cmocka_unit_test(test_octet_by_octet_and_one_write),
        cmocka_unit_test(test_half_closed_client_gets_its_answers),
        cmocka_unit_test(test_idle_is_closed_also_after_a_drop),
        cmocka_unit_test(test_a_drop_may_end_the_connection),
        cmocka_unit_test(test_query_before_a_late_timer),
        cmocka_unit_test(test_refused_takes_no_place),
        cmocka_unit_test(test_slow_message_is_closed),
        cmocka_unit_test(test_impossible_length_is_closed),
        cmocka_unit_test(test_per_client_limit),
        cmocka_unit_test(test_oldest_idle_yields),
        cmocka_unit_test(test_partial_yields),
        cmocka_unit_test(test_outsiders_have_few_places),
        cmocka_unit_test(test_outsider_yields_first),
        cmocka_unit_test(test_all_busy_refuses),
        cmocka_unit_test(test_a_slow_worker_has_places),
        cmocka_unit_test(test_client_that_does_not_read),
        cmocka_unit_test(test_client_that_reads_slowly),
        cmocka_unit_test(test_pipeline_bound),
        cmocka_unit_test(test_client_gone),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_the_key_changes_unasked),
    };

    return cmocka_run_group_tests_name("net/tcp", tests, NULL, NULL);
}
