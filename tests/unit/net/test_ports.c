/* SPDX-License-Identifier: Apache-2.0 */
/* Upstream ports: unpredictable, retired, deaf to strangers and to what comes too late. */
#include "unit/net/wire.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/limits.h"
#include "net/ports.h"

struct fixture {
    struct wr_ports *ports;
    struct wr_rng rng;
    struct wr_net_stats stats;
    struct wr_addr to; /* the upstream */
    int up;
    uint64_t now_us;
};

static struct fixture *fixture_new(uint32_t count)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct wr_ports_setup setup = {.ports = count, .rng = &f->rng, .stats = &f->stats};

    wr_rng_seed_u64(&f->rng, 42);
    assert_int_equal(wr_ports_create(&setup, &f->ports), WR_OK);
    f->up = wire_socket(SOCK_DGRAM, "127.0.0.1");
    f->to = wire_addr("127.0.0.1");
    f->to.port = wire_port(f->up);
    f->now_us = 100 * WR_S;
    return f;
}

static void fixture_free(struct fixture *f)
{
    wr_ports_destroy(f->ports);
    close(f->up);
    free(f);
}

static wr_id exchange_id(uint32_t index, uint32_t generation)
{
    return (wr_id)generation << 32 | index;
}

static void ask(struct fixture *f, wr_id id)
{
    assert_int_equal(wr_ports_send(f->ports, id, &f->to, (const uint8_t *)"question", 8, f->now_us),
                     WR_OK);
}

/* The upstream takes one question; its port is given. */
static uint16_t take(struct fixture *f, union wr_sockaddr *ret_from)
{
    uint8_t bytes[64];
    socklen_t size = sizeof(*ret_from);

    assert_true(wire_readable(f->up, WIRE_WAIT_MS));
    assert_int_equal(recvfrom(f->up, bytes, sizeof(bytes), 0, &ret_from->any, &size), 8);
    return ntohs(ret_from->v4.sin_port);
}

static void answer(int fd, const union wr_sockaddr *to, const char *text)
{
    assert_int_equal(sendto(fd, text, strlen(text), 0, &to->any, sizeof(to->v4)), strlen(text));
}

static bool next(struct fixture *f, struct wr_ports_event *ret)
{
    wr_ports_turn(f->ports, f->now_us);
    return wr_ports_next(f->ports, ret);
}

static void test_question_and_answer(void **state)
{
    struct fixture *f = fixture_new(16);
    wr_id id = exchange_id(3, 1);
    struct wr_ports_event event;
    union wr_sockaddr from;

    ask(f, id);
    take(f, &from);
    assert_false(next(f, &event));
    answer(f->up, &from, "the answer");
    assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
    assert_true(next(f, &event));
    assert_int_equal(event.exchange, id);
    assert_false(event.unreachable);
    assert_int_equal(event.size, 10);
    assert_memory_equal(event.bytes, "the answer", 10);
    assert_true(wr_addr_equal(&event.from, &f->to));
    wr_ports_forget(f->ports, id, f->now_us);
    assert_int_equal(f->stats.gauge_ports_open, 0);
    fixture_free(f);
}

/* Asking slowly, every question has a port of its own, spread over the whole range. */
static void test_ports_are_fresh_and_spread(void **state)
{
    enum { QUESTIONS = 400 };
    struct fixture *f = fixture_new(16384);
    static uint8_t seen[65536];
    unsigned low = 0, repeated = 0;

    for (uint32_t i = 0; i < QUESTIONS; i++) {
        union wr_sockaddr from;
        uint16_t port;

        f->now_us += 2 * WR_MS;
        ask(f, exchange_id(0, i + 1));
        port = take(f, &from);
        assert_true(port >= 1024);
        assert_int_not_equal(port, 5353);
        repeated += seen[port]++ > 0;
        low += port < 33000;
        wr_ports_forget(f->ports, exchange_id(0, i + 1), f->now_us);
        assert_int_equal(f->stats.gauge_ports_open, 0);
    }
    /* 400 of 64 k: 1.2 pairs expected; half below the middle, sigma is 10. */
    assert_true(repeated <= 10);
    assert_true(low > QUESTIONS / 2 - 60 && low < QUESTIONS / 2 + 60);
    assert_int_equal(f->stats.ports_reused, 0);
    fixture_free(f);
}

/* Many out at once: each on its own port. */
static void test_no_port_twice_at_once(void **state)
{
    enum { QUESTIONS = 256 };
    struct fixture *f = fixture_new(QUESTIONS);
    static uint8_t seen[65536];

    memset(seen, 0, sizeof(seen));
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        union wr_sockaddr from;

        ask(f, exchange_id(i, 1));
        assert_int_equal(seen[take(f, &from)]++, 0);
    }
    assert_int_equal(wr_ports_send(f->ports, exchange_id(QUESTIONS, 1), &f->to,
                                   (const uint8_t *)"question", 8, f->now_us),
                     WR_E_FULL);
    wr_ports_forget(f->ports, exchange_id(7, 1), f->now_us);
    ask(f, exchange_id(QUESTIONS, 1)); /* the one place that is free */
    fixture_free(f);
}

/* Asking fast, ports whose answer came are used again; those without an answer never are. */
static void test_fast_asking_reuses_only_answered_ports(void **state)
{
    enum { QUESTIONS = 2000 };
    struct fixture *f = fixture_new(64);
    struct wr_ports_event event;

    for (uint32_t i = 1; i <= QUESTIONS; i++) {
        union wr_sockaddr from;

        ask(f, exchange_id(1, i)); /* the time stands still */
        take(f, &from);
        answer(f->up, &from, "yes");
        assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
        assert_true(next(f, &event));
        wr_ports_forget(f->ports, exchange_id(1, i), f->now_us);
    }
    assert_true(f->stats.ports_reused > QUESTIONS / 2);
    assert_true(wr_ports_idle(f->ports) > 32);
    for (uint32_t i = 1; i <= 64; i++) {
        union wr_sockaddr from;

        ask(f, exchange_id(2, i));
        take(f, &from);
        wr_ports_forget(f->ports, exchange_id(2, i), f->now_us);
    }
    assert_true(wr_ports_idle(f->ports) < 64);
    /* In the background the others are closed once it is quiet. */
    for (int i = 0; i < 40 && wr_ports_idle(f->ports) > 0; i++) {
        f->now_us += 200 * WR_MS;
        wr_ports_rest(f->ports, f->now_us);
    }
    assert_int_equal(wr_ports_idle(f->ports), 0);
    assert_int_equal(f->stats.gauge_ports_open, 0);
    fixture_free(f);
}

/* The kernel does not let through what another address sends. */
static void test_strangers_are_not_heard(void **state)
{
    struct fixture *f = fixture_new(16);
    int stranger = wire_socket(SOCK_DGRAM, "127.0.0.2");
    int same_host = wire_socket(SOCK_DGRAM, "127.0.0.1");
    struct wr_ports_event event;
    union wr_sockaddr from;

    ask(f, exchange_id(0, 1));
    take(f, &from);
    answer(stranger, &from, "forged");
    answer(same_host, &from, "forged from another port");
    assert_false(wire_readable(wr_ports_fd(f->ports), 30));
    answer(f->up, &from, "true");
    assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
    assert_true(next(f, &event));
    assert_int_equal(event.size, 4);
    close(stranger);
    close(same_host);
    fixture_free(f);
}

/* Wrong answers in a row: bounded, then the port is deaf though the exchange goes on. */
static void test_flood_is_bounded(void **state)
{
    struct fixture *f = fixture_new(16);
    struct wr_ports_event event;
    union wr_sockaddr from;
    unsigned heard = 0;

    ask(f, exchange_id(0, 1));
    take(f, &from);
    for (int i = 0; i < 100; i++) {
        sendto(f->up, "wrong", 5, 0, &from.any, sizeof(from.v4));
        heard += next(f, &event);
    }
    assert_int_equal(heard, WR_WRONG_READS_MAX);
    assert_int_equal(f->stats.ports_flooded, 1);
    wr_ports_forget(f->ports, exchange_id(0, 1), f->now_us);
    ask(f, exchange_id(0, 2));
    fixture_free(f);
}

/* What comes to a port at rest is thrown away, and the port with it. */
static void test_stray_closes_an_idle_port(void **state)
{
    struct fixture *f = fixture_new(1);
    struct wr_ports_event event;
    union wr_sockaddr from;

    for (uint32_t i = 1; wr_ports_idle(f->ports) == 0; i++) {
        ask(f, exchange_id(0, i));
        take(f, &from);
        answer(f->up, &from, "yes");
        assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
        assert_true(next(f, &event));
        wr_ports_forget(f->ports, exchange_id(0, i), f->now_us);
    }
    answer(f->up, &from, "late");
    assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
    assert_false(next(f, &event));
    assert_int_equal(f->stats.ports_stray, 1);
    assert_int_equal(wr_ports_idle(f->ports), 0);
    fixture_free(f);
}

static void test_unreachable(void **state)
{
    struct fixture *f = fixture_new(16);
    struct wr_ports_event event;
    int gone = wire_socket(SOCK_DGRAM, "127.0.0.1");

    f->to.port = wire_port(gone);
    close(gone);
    ask(f, exchange_id(5, 2));
    assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
    assert_true(next(f, &event));
    assert_true(event.unreachable);
    assert_int_equal(event.exchange, exchange_id(5, 2));
    wr_ports_forget(f->ports, exchange_id(5, 2), f->now_us);
    f->to = wire_addr("255.255.255.255"); /* the kernel refuses: it is no single host */
    f->to.port = 53;
    assert_int_equal(wr_ports_send(f->ports, exchange_id(5, 3), &f->to, (const uint8_t *)"question",
                                   8, f->now_us),
                     WR_E_IO);
    assert_int_equal(f->stats.gauge_ports_open, 0);
    fixture_free(f);
}

/* Ids with an old generation, or never used, do nothing. */
static void test_late_ids_are_ignored(void **state)
{
    struct fixture *f = fixture_new(16);
    union wr_sockaddr from;

    wr_ports_forget(f->ports, exchange_id(9, 1), f->now_us);
    wr_ports_forget(f->ports, exchange_id(UINT32_MAX, 1), f->now_us);
    ask(f, exchange_id(9, 2));
    wr_ports_forget(f->ports, exchange_id(9, 1), f->now_us);
    assert_int_equal(f->stats.gauge_ports_open, 1);
    take(f, &from);
    ask(f, exchange_id(9, 2)); /* the same exchange again: from the same port */
    {
        union wr_sockaddr again;

        assert_int_equal(take(f, &again), ntohs(from.v4.sin_port));
    }
    fixture_free(f);
}

static void test_v6(void **state)
{
    struct fixture *f = fixture_new(16);
    int up = wire_socket(SOCK_DGRAM, "::1");
    uint8_t bytes[16];

    f->to = wire_addr("::1");
    f->to.port = wire_port(up);
    ask(f, exchange_id(0, 1));
    assert_true(wire_readable(up, WIRE_WAIT_MS));
    assert_int_equal(recv(up, bytes, sizeof(bytes), 0), 8);
    close(up);
    fixture_free(f);
}

static void test_bits(void **state)
{
    assert_int_equal(wr_ports_bits(0), 1600);
    assert_int_equal(wr_ports_bits(1), 1600);
    assert_int_equal(wr_ports_bits(16384), 3000);
    assert_int_equal(wr_ports_bits(32768), 3100);
    /* log2(12000) = 13.551, to the hundredth or one below */
    assert_true(wr_ports_bits(12000) >= 2954 && wr_ports_bits(12000) <= 2955);
}

static void test_share(void **state)
{
    char text[320];

    assert_int_equal(wr_ports_share(16384, 2, 65536, text, sizeof(text)), 16384);
    assert_string_equal(text, "");
    assert_int_equal(wr_ports_share(16384, 2, 18976, text, sizeof(text)), 9488);
    assert_non_null(strstr(text, "29.2"));
    assert_int_equal(wr_ports_share(16384, 4, 48, text, sizeof(text)), 12);
    assert_int_equal(wr_ports_share(16384, 4, 0, text, sizeof(text)), 1);
    assert_int_equal(wr_ports_share(1 << 20, 1, 1 << 24, text, sizeof(text)), WR_PORTS_MAX);
}

/* RFC 9715: in a network whose packets are small, an answer that needs fragments is refused, a small one not. */
static void test_fragments_are_refused(void **state)
{
    struct ifreq request = {.ifr_name = "lo"};
    static const uint8_t big[3000];
    struct wr_ports_event event;
    union wr_sockaddr from;
    struct fixture *f;
    int fd;

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        print_message("no network namespace to be had here\n");
        skip();
    }
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    request.ifr_mtu = 1280;
    assert_int_equal(ioctl(fd, SIOCSIFMTU, &request), 0);
    request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
    f = fixture_new(16);
    ask(f, exchange_id(0, 1));
    take(f, &from);
    assert_int_equal(sendto(f->up, big, sizeof(big), 0, &from.any, sizeof(from.v4)), sizeof(big));
    assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
    assert_false(next(f, &event));
    assert_int_equal(f->stats.ports_fragment, 1);
    assert_int_equal(sendto(f->up, big, 1200, 0, &from.any, sizeof(from.v4)), 1200);
    assert_true(wire_readable(wr_ports_fd(f->ports), WIRE_WAIT_MS));
    assert_true(next(f, &event));
    assert_int_equal(event.size, 1200);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question_and_answer),
        cmocka_unit_test(test_ports_are_fresh_and_spread),
        cmocka_unit_test(test_no_port_twice_at_once),
        cmocka_unit_test(test_fast_asking_reuses_only_answered_ports),
        cmocka_unit_test(test_strangers_are_not_heard),
        cmocka_unit_test(test_flood_is_bounded),
        cmocka_unit_test(test_stray_closes_an_idle_port),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_late_ids_are_ignored),
        cmocka_unit_test(test_v6),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_fragments_are_refused), /* last: it leaves this network */
    };

    return cmocka_run_group_tests_name("net/ports", tests, NULL, NULL);
}
