/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop over the stand-in engine in a thread of its own, with listeners on free loopback ports, and the
 * client's side of sockets with a time-out on every wait.
 */
#ifndef WEIR_TESTS_NET_WORLD_H
#define WEIR_TESTS_NET_WORLD_H

#include "unit/net/wire.h"

#include <pthread.h>

#include "base/err.h"
#include "net/loop.h"
#include "unit/net/fake.h"

enum { QUERY_SIZE = 20 };

struct world {
    struct wr_engine *engine;
    struct wr_loop *loop;
    struct wr_net_shared shared;
    struct wr_net_stats stats;
    struct wr_loop_setup setup;
    struct wr_addr udp, tcp; /* where it listens */
    pthread_t thread;
    bool running;
};

/* Reads exactly n octets; fewer when the other side closes. */
static inline size_t world_read(int fd, uint8_t *at, size_t n)
{
    size_t have = 0;

    while (have < n && wire_readable(fd, WIRE_WAIT_MS)) {
        ssize_t got = recv(fd, at + have, n - have, 0);

        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    return have;
}

static inline void world_query(uint8_t *query, uint16_t number, char word)
{
    memset(query, 0, QUERY_SIZE);
    query[0] = (uint8_t)(number >> 8);
    query[1] = (uint8_t)number;
    query[12] = (uint8_t)word;
}

static inline void world_ask(int fd, uint16_t number, char word)
{
    uint8_t query[QUERY_SIZE];

    world_query(query, number, word);
    assert_int_equal(send(fd, query, sizeof(query), 0), sizeof(query));
}

static inline void world_expect(int fd, uint16_t number, char word)
{
    uint8_t answer[512];

    assert_true(wire_readable(fd, WIRE_WAIT_MS));
    assert_int_equal(recv(fd, answer, sizeof(answer), 0), QUERY_SIZE);
    assert_int_equal(answer[0] << 8 | answer[1], number);
    assert_int_equal(answer[2] & 0x80, 0x80);
    assert_int_equal(answer[13], word);
}

static inline void world_ask_tcp(int fd, uint16_t number, char word)
{
    uint8_t framed[2 + QUERY_SIZE] = {0, QUERY_SIZE};

    world_query(framed + 2, number, word);
    assert_int_equal(send(fd, framed, sizeof(framed), MSG_NOSIGNAL), sizeof(framed));
}

static inline void world_expect_tcp(int fd, uint16_t number, char word)
{
    uint8_t framed[2 + QUERY_SIZE];

    assert_int_equal(world_read(fd, framed, sizeof(framed)), sizeof(framed));
    assert_int_equal(framed[1], QUERY_SIZE);
    assert_int_equal(framed[2] << 8 | framed[3], number);
    assert_int_equal(framed[15], word);
}

/* True when the other side closes within the time, and sends nothing before. */
static inline bool world_closed(int fd, int timeout_ms)
{
    uint8_t octet;

    return wire_readable(fd, timeout_ms) && recv(fd, &octet, 1, 0) <= 0;
}

static inline void *world_thread(void *user)
{
    struct world *w = user;

    wr_loop_run(w->loop);
    return NULL;
}

static inline void world_listen(struct world *w, uint16_t number, enum wr_client_transport how,
                                struct wr_addr *addr)
{
    static const struct wr_sock_options options;
    struct wr_sock_error error;
    struct wr_addr any = *addr;
    int fd;

    assert_int_equal(how == WR_CLIENT_UDP ? wr_sock_listen_udp(addr, &options, &fd, &error)
                                          : wr_sock_listen_tcp(addr, &options, &fd, &error),
                     WR_OK);
    addr->port = wire_port(fd);
    any.port = addr->port;
    assert_int_equal(wr_loop_listen(w->loop, number, how, fd, &any), WR_OK);
}

/* Creates; change w->setup between this and world_start. */
static inline struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->engine = fake_new();
    w->setup = (struct wr_loop_setup){.engine = w->engine,
                                      .limits = wr_limits_default(),
                                      .shared = &w->shared,
                                      .stats = &w->stats};
    w->setup.limits.ports = 64;
    wr_rng_seed_u64(&w->setup.rng, 7);
    return w;
}

static inline void world_create(struct world *w)
{
    assert_int_equal(wr_loop_create(&w->setup, &w->loop), WR_OK);
    w->udp = wire_addr("127.0.0.1");
    w->tcp = wire_addr("127.0.0.1");
    world_listen(w, 0, WR_CLIENT_UDP, &w->udp);
    world_listen(w, 1, WR_CLIENT_TCP, &w->tcp);
}

static inline void world_start(struct world *w)
{
    if (w->loop == NULL) {
        world_create(w);
    }
    assert_int_equal(pthread_create(&w->thread, NULL, world_thread, w), 0);
    w->running = true;
}

/* Stops the loop and waits for its thread; what it counted may be read then. */
static inline void world_stop(struct world *w, uint32_t drain_ms)
{
    wr_loop_stop(w->loop, drain_ms);
    assert_int_equal(pthread_join(w->thread, NULL), 0);
    w->running = false;
}

static inline void world_free(struct world *w)
{
    if (w->running) {
        world_stop(w, 0);
    }
    wr_loop_destroy(w->loop);
    free(w->engine);
    free(w);
}

#endif
