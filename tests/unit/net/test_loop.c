/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: each kind of action carried out, each kind of event fed, deadlines, other threads, drain. */
#include "unit/net/world.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include "net/leasewire.h"

static void test_answers_at_once_and_later(void **state)
{
    struct world *w = world_new();
    int fd;

    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 1, 'h');
    world_expect(fd, 1, 'r');
    world_ask(fd, 2, 'o');
    world_expect(fd, 2, 'o');
    world_ask(fd, 3, 'l');
    world_expect(fd, 3, 'l');
    close(fd);
    world_stop(w, 0);
    assert_int_equal(w->engine->events[WR_EVENT_QUERY], 3);
    world_free(w);
}

/* The upstream sees the query from a port that is not the listener's, and its answer comes through. */
static void test_asks_an_upstream(void **state)
{
    struct world *w = world_new();
    int up = wire_socket(SOCK_DGRAM, "127.0.0.1"), fd;
    uint8_t query[64];
    union wr_sockaddr from;
    socklen_t from_size = sizeof(from);

    w->engine->upstream = wire_addr("127.0.0.1");
    w->engine->upstream.port = wire_port(up);
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 9, 'u');
    assert_true(wire_readable(up, WIRE_WAIT_MS));
    assert_int_equal(recvfrom(up, query, sizeof(query), 0, &from.any, &from_size), QUERY_SIZE);
    assert_int_not_equal(ntohs(from.v4.sin_port), w->udp.port);
    query[13] = 'U';
    assert_int_equal(sendto(up, query, QUERY_SIZE, 0, &from.any, from_size), QUERY_SIZE);
    world_expect(fd, 9, 'U');
    world_stop(w, 0);
    assert_int_equal(w->stats.ports_opened, 1);
    assert_int_equal(w->stats.gauge_ports_open, 0);
    close(fd);
    close(up);
    world_free(w);
}

static void test_unreachable_upstream(void **state)
{
    struct world *w = world_new();
    int up = wire_socket(SOCK_DGRAM, "127.0.0.1"), fd;

    w->engine->upstream = wire_addr("127.0.0.1");
    w->engine->upstream.port = wire_port(up);
    close(up); /* nobody listens there now */
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 4, 'u');
    world_expect(fd, 4, '!');
    close(fd);
    world_stop(w, 0);
    assert_int_equal(w->engine->events[WR_EVENT_UNREACHABLE], 1);
    assert_int_equal(w->engine->lost, WR_LOST_TOLD); /* by ICMP */
    world_free(w);
}

/* Says that the lease of the next message's only ask is granted. */
static void grant(int hand)
{
    static uint8_t bytes[WR_LEASEWIRE_SIZE];
    struct wr_leasewire m;
    struct wr_lease_ask ask;
    struct wr_reader r;
    uint16_t count = 0;

    assert_true(wire_readable(hand, WIRE_WAIT_MS));
    ssize_t n = recv(hand, bytes, sizeof(bytes), 0);
    assert_true(n > 0);
    assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_ASKS, bytes, (size_t)n, &count), WR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(wr_leasewire_get_ask(&r, true, &ask), WR_OK);
    assert_int_equal(ask.client.ip[0], 127);
    const struct wr_lease_said said = {.id = ask.id, .granted = 1};
    wr_leasewire_start(&m, WR_LEASEWIRE_SAIDS, bytes, sizeof(bytes));
    assert_int_equal(wr_leasewire_put_said(&m, &said), WR_OK);
    n = (ssize_t)wr_leasewire_finish(&m);
    assert_int_equal(send(hand, bytes, (size_t)n, 0), n);
}

static void test_asks_the_firewall(void **state)
{
    struct world *w = world_new();
    int pair[2], fd;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    w->setup.lease_fd = pair[0];
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 1, 'f');
    grant(pair[1]);
    world_expect(fd, 1, 'F');
    close(pair[1]); /* it has died: who asks is told so, and waits for nothing */
    world_ask(fd, 2, 'f');
    world_expect(fd, 2, '!');
    world_ask(fd, 3, 'h');
    world_expect(fd, 3, 'r');
    close(fd);
    world_stop(w, 0);
    world_free(w);
    w = world_new(); /* there is none */
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 4, 'f');
    world_expect(fd, 4, '!');
    close(fd);
    world_stop(w, 0);
    world_free(w);
}

/* What the kernel refuses to send, and what cannot be sent for want of descriptors, are told apart. */
static void test_whose_fault(void **state)
{
    struct world *w = world_new();
    struct rlimit old, none;
    int fd, next;

    w->engine->upstream =
        wire_addr("255.255.255.255"); /* the kernel lets no ordinary socket send there */
    w->engine->upstream.port = 53;
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 4, 'u');
    world_expect(fd, 4, '!');
    assert_int_equal(w->engine->lost, WR_LOST_BROKEN);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    next = dup(fd); /* the first number that is free */
    close(next);
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    world_ask(fd, 5, 'u');
    world_expect(fd, 5, '!');
    assert_int_equal(w->engine->lost, WR_LOST_OWN);
    w->engine->lost = WR_LOST_BROKEN;
    world_ask(fd, 6, 's');
    world_expect(fd, 6, '!');
    assert_int_equal(w->engine->lost, WR_LOST_OWN);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    close(fd);
    world_stop(w, 0);
    world_free(w);
}

/* What is always due gets its time again and again, and never so much that nobody else is heard. */
static void test_work_has_an_end(void **state)
{
    struct world *w = world_new();
    uint32_t times;
    int fd;

    w->engine->busy = true;
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    for (uint16_t i = 1; i <= 20; i++) {
        times = w->engine->events[WR_EVENT_TIME];
        world_ask(fd, i, i % 2 == 0 ? 'h' : 'l');
        world_expect(fd, i, i % 2 == 0 ? 'r' : 'l');
        while (w->engine->events[WR_EVENT_TIME] == times) {
        }
    }
    close(fd);
    world_stop(w, 0);
    world_free(w);
}

static void test_asks_over_a_stream(void **state)
{
    struct world *w = world_new();
    int up = wire_socket(SOCK_STREAM, "127.0.0.1"), fd, stream;
    uint8_t query[64];

    assert_int_equal(listen(up, 5), 0);
    w->engine->upstream = wire_addr("127.0.0.1");
    w->engine->upstream.port = wire_port(up);
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 6, 's');
    assert_true(wire_readable(up, WIRE_WAIT_MS));
    stream = accept(up, NULL, NULL);
    assert_int_equal(world_read(stream, query, QUERY_SIZE), QUERY_SIZE);
    query[13] = 'S';
    assert_int_equal(send(stream, query, QUERY_SIZE, 0), QUERY_SIZE);
    world_expect(fd, 6, 'S');
    assert_true(world_closed(stream, WIRE_WAIT_MS)); /* the engine closed it */
    close(stream);
    close(up);
    world_ask(fd, 7, 's'); /* nobody listens any more */
    world_expect(fd, 7, '!');
    close(fd);
    world_free(w);
}

struct handing {
    struct wr_client client;
    uint8_t bytes[64];
    size_t size;
    enum wr_hand kind;
    uint16_t worker;
    uint32_t calls, flushes;
    bool refuse;
    _Atomic uint32_t woken;
};

static bool hand(void *user, enum wr_hand kind, uint16_t worker, const struct wr_client *client,
                 const uint8_t *bytes, size_t size)
{
    struct handing *h = user;

    h->calls++;
    if (h->refuse) {
        return false;
    }
    h->kind = kind;
    h->worker = worker;
    h->client = *client;
    h->size = size;
    memcpy(h->bytes, bytes, size);
    return true;
}

static void handed(void *user)
{
    struct handing *h = user;

    h->flushes++;
}

/* What was handed over comes back as another worker would send it. */
static void woken(void *user, struct wr_loop *loop)
{
    struct handing *h = user;

    if (h->woken++ == 0) {
        wr_loop_take_query(loop, &h->client, h->bytes, h->size);
    }
}

static void test_hands_over(void **state)
{
    struct world *w = world_new();
    struct handing h = {0};
    int fd;

    w->setup.hooks = (struct wr_loop_hooks){&h, hand, woken, handed};
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 11, 'x');
    world_ask(fd, 12, 'h');
    world_expect(fd, 12, 'r');
    wr_loop_wake(w->loop);
    world_expect(fd, 11, 'H');
    close(fd);
    world_stop(w, 0);
    assert_int_equal(h.calls, 1);
    assert_int_equal(h.flushes, 1);
    assert_int_equal(h.kind, WR_HAND_QUERY);
    assert_int_equal(h.worker, 1);
    world_free(w);
}

/* A full ring: the query is answered here. */
static void test_hand_over_refused(void **state)
{
    struct world *w = world_new();
    struct handing h = {.refuse = true};
    int fd;

    w->setup.hooks = (struct wr_loop_hooks){&h, hand, NULL, handed};
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    for (uint16_t i = 0; i < 20; i++) {
        world_ask(fd, i, 'x');
    }
    for (uint16_t i = 0; i < 20; i++) {
        world_expect(fd, i, 'H');
    }
    close(fd);
    world_stop(w, 0);
    assert_int_equal(h.calls, 20);
    assert_int_equal(h.flushes, 0);
    world_free(w);
}

/* A full ring: a refresh is let go. Fed back, it would be handed over again and the turn would not end. */
static void test_refresh_refused(void **state)
{
    struct world *w = world_new();
    struct handing h = {.refuse = true};
    int fd;

    w->setup.hooks = (struct wr_loop_hooks){&h, hand, NULL, handed};
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 1, 'p');
    world_expect(fd, 1, 'o');
    world_ask(fd, 2, 'h');
    world_expect(fd, 2, 'r');
    close(fd);
    world_stop(w, 0);
    assert_int_equal(h.calls, 1);
    world_free(w);
}

static void test_link_change_is_fed(void **state)
{
    struct world *w = world_new();
    int fd;

    world_start(w);
    wr_loop_link_changed(w->loop);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    for (int i = 0; i < 500 && w->engine->events[WR_EVENT_LINK] == 0; i++) {
        world_ask(fd, 1, 'h');
        world_expect(fd, 1, 'r');
    }
    close(fd);
    assert_int_equal(w->engine->events[WR_EVENT_LINK], 1);
    world_free(w);
}

/* Stopping answers what is in flight, over both transports, and takes nothing more. */
static void test_stop_drains(void **state)
{
    struct world *w = world_new();
    int udp, tcp;

    world_start(w);
    udp = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    tcp = wire_connect(SOCK_STREAM, "127.0.0.1", &w->tcp);
    world_ask(udp, 1, 'l');
    world_ask_tcp(tcp, 2, 'h');
    world_expect_tcp(tcp, 2, 'r'); /* it is being served */
    world_ask_tcp(tcp, 3, 'l');
    while (w->engine->inflight + w->engine->events[WR_EVENT_TIME] < 2) {
        world_ask(udp, 4, 'h');
        wire_readable(udp, 1);
    }
    world_stop(w, 5000);
    world_expect_tcp(tcp, 3, 'l');
    assert_true(world_closed(tcp, WIRE_WAIT_MS));
    assert_int_equal(w->engine->inflight, 0);
    close(udp);
    close(tcp);
    world_free(w);
}

/* A question that nobody answers does not hold the stop for longer than it may. */
static void test_stop_ends_in_time(void **state)
{
    struct world *w = world_new();
    int tcp;

    world_start(w);
    tcp = wire_connect(SOCK_STREAM, "127.0.0.1", &w->tcp);
    world_ask_tcp(tcp, 2, 'h');
    world_ask_tcp(tcp, 3, 'n');
    world_expect_tcp(tcp, 2, 'r');
    world_stop(w, 50);
    close(tcp);
    world_free(w);
}

static void test_listeners_come_and_go(void **state)
{
    struct world *w = world_new();
    struct wr_addr more = wire_addr("127.0.0.1");
    int fd;

    world_create(w);
    world_listen(w, 7, WR_CLIENT_UDP, &more);
    wr_loop_unlisten(w->loop, 0);
    assert_int_equal(wr_loop_listen(w->loop, WR_NET_LISTENERS_MAX, WR_CLIENT_UDP, 0, &more),
                     WR_E_RANGE);
    assert_int_equal(wr_loop_listen(w->loop, 7, WR_CLIENT_UDP, 0, &more), WR_E_EXISTS);
    assert_int_equal(wr_loop_listen(w->loop, 1, WR_CLIENT_TCP, 0, &more), WR_E_EXISTS);
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &more);
    world_ask(fd, 3, 'h');
    world_expect(fd, 3, 'r');
    close(fd);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    world_ask(fd, 3, 'h');
    assert_true(wire_readable(fd, WIRE_WAIT_MS)); /* refused: nobody is there */
    assert_int_equal(recv(fd, &more, 1, 0), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_at_once_and_later),
        cmocka_unit_test(test_asks_an_upstream),
        cmocka_unit_test(test_unreachable_upstream),
        cmocka_unit_test(test_asks_the_firewall),
        cmocka_unit_test(test_whose_fault),
        cmocka_unit_test(test_work_has_an_end),
        cmocka_unit_test(test_asks_over_a_stream),
        cmocka_unit_test(test_hands_over),
        cmocka_unit_test(test_hand_over_refused),
        cmocka_unit_test(test_refresh_refused),
        cmocka_unit_test(test_link_change_is_fed),
        cmocka_unit_test(test_stop_drains),
        cmocka_unit_test(test_stop_ends_in_time),
        cmocka_unit_test(test_listeners_come_and_go),
    };

    return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
