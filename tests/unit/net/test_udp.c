/* SPDX-License-Identifier: Apache-2.0 */
/* The listening side over UDP: batches, the source address of answers, both families, odd sizes. */
#include "unit/net/world.h"

#include <net/if.h>

#include "net/udp.h"

static void test_many_in_one_batch(void **state)
{
    enum { MANY = 200 };
    struct world *w = world_new();
    bool seen[MANY] = {false};
    int fd;

    world_create(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    for (uint16_t i = 0; i < MANY; i++) {
        world_ask(fd, i, i % 3 == 0 ? 'h' : i % 3 == 1 ? 'o' : 'l');
    }
    world_start(w); /* they are all there when it begins */
    for (int i = 0; i < MANY; i++) {
        uint8_t answer[64];

        assert_true(wire_readable(fd, WIRE_WAIT_MS));
        assert_int_equal(recv(fd, answer, sizeof(answer), 0), QUERY_SIZE);
        seen[answer[0] << 8 | answer[1]] = true;
    }
    for (int i = 0; i < MANY; i++) {
        assert_true(seen[i]);
    }
    close(fd);
    world_stop(w, 0);
    assert_int_equal(w->stats.udp_batches, 4); /* 64 + 64 + 64 + 8 */
    assert_int_equal(w->stats.udp_unsent, 0);
    world_free(w);
}

/* Settings that want to know the interface find it with the first query that comes in after them, at what is open and what is opened. */
static void test_interface_of_the_first(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct world *w = world_new();
        struct wr_addr later = wire_addr("127.0.0.1");
        int fd;

        world_create(w);
        w->engine->wants = true;
        if (i == 0) {
            wr_loop_inform(w->loop);
        } else {
            world_listen(w, 3, WR_CLIENT_UDP, &later);
        }
        world_start(w);
        fd = wire_connect(SOCK_DGRAM, "127.0.0.1", i == 0 ? &w->udp : &later);
        world_ask(fd, 1, 'h');
        world_expect(fd, 1, 'r');
        assert_int_equal(atomic_load(&w->engine->ifindex), if_nametoindex("lo"));
        close(fd);
        world_free(w);
    }
}

/* On a wildcard socket the answer comes from the address that was asked: a connected client sees it. */
static void check_wildcard(const char *any, const char *const *asked, size_t count)
{
    struct world *w = world_new();
    struct wr_addr wild = wire_addr(any);

    world_create(w);
    world_listen(w, 3, WR_CLIENT_UDP, &wild);
    world_start(w);
    for (size_t i = 0; i < count; i++) {
        struct wr_addr to = wire_addr(asked[i]);
        int fd;

        to.port = wild.port;
        fd = wire_connect(SOCK_DGRAM, asked[i], &to);
        world_ask(fd, 1, 'h');
        world_expect(fd, 1, 'r');
        world_ask(fd, 2, 'l');
        world_expect(fd, 2, 'l');
        close(fd);
    }
    world_free(w);
}

static void test_answers_from_the_asked_address_v4(void **state)
{
    static const char *const asked[] = {"127.0.0.1", "127.0.0.2", "127.9.8.7"};

    check_wildcard("0.0.0.0", asked, 3);
}

static void test_answers_from_the_asked_address_v6(void **state)
{
    static const char *const asked[] = {"::1"};

    check_wildcard("::", asked, 1);
}

static void test_one_address_v6(void **state)
{
    struct world *w = world_new();
    struct wr_addr one = wire_addr("::1");
    int fd;

    world_create(w);
    world_listen(w, 3, WR_CLIENT_UDP, &one);
    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "::1", &one);
    world_ask(fd, 8, 'h');
    world_expect(fd, 8, 'r');
    close(fd);
    world_free(w);
}

/* Empty and oversized datagrams reach the engine cut to the buffer, and nothing is overrun. */
static void test_odd_sizes(void **state)
{
    struct world *w = world_new();
    static uint8_t big[60000];
    int fd;

    world_start(w);
    fd = wire_connect(SOCK_DGRAM, "127.0.0.1", &w->udp);
    assert_int_equal(send(fd, big, 0, 0), 0);
    big[12] = 'd';
    assert_int_equal(send(fd, big, sizeof(big), 0), sizeof(big));
    world_ask(fd, 1, 'd');
    world_ask(fd, 5, 'h');
    world_expect(fd, 5, 'r');
    close(fd);
    world_stop(w, 0);
    assert_int_equal(w->engine->events[WR_EVENT_QUERY], 4);
    world_free(w);
}

/* One that the kernel refuses (port 0) does not keep the others from leaving. */
static void test_refused_answer_is_skipped(void **state)
{
    struct wr_net_stats stats = {0};
    struct wr_net_limits limits = wr_limits_default();
    struct wr_feed feed = {.stats = &stats, .limits = &limits};
    struct wr_client bad = {0}, good = {0};
    static const struct wr_sock_options options;
    struct wr_addr addr = wire_addr("127.0.0.1");
    struct wr_sock_error error;
    struct wr_udp *u;
    uv_loop_t loop;
    uint8_t octets[16];
    int fd, listener;

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(wr_udp_create(&loop, &feed, &u), WR_OK);
    assert_int_equal(wr_sock_listen_udp(&addr, &options, &listener, &error), WR_OK);
    assert_int_equal(wr_udp_add(u, 0, listener, &addr), WR_OK);
    fd = wire_socket(SOCK_DGRAM, "127.0.0.1");
    good.from = bad.from = addr;
    good.from.port = wire_port(fd);
    wr_udp_reply(u, &bad, (const uint8_t *)"bad", 3);
    wr_udp_reply(u, &good, (const uint8_t *)"good", 4);
    wr_udp_flush(u);
    assert_true(wire_readable(fd, WIRE_WAIT_MS));
    assert_int_equal(recv(fd, octets, sizeof(octets), 0), 4);
    assert_int_equal(stats.udp_unsent, 1);
    good.listener = 9; /* no such listener: counted, not crashed */
    wr_udp_reply(u, &good, (const uint8_t *)"lost", 4);
    assert_int_equal(stats.udp_unsent, 2);
    close(fd);
    wr_udp_close(u);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    wr_udp_destroy(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_in_one_batch),
        cmocka_unit_test(test_interface_of_the_first),
        cmocka_unit_test(test_answers_from_the_asked_address_v4),
        cmocka_unit_test(test_answers_from_the_asked_address_v6),
        cmocka_unit_test(test_one_address_v6),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_refused_answer_is_skipped),
    };

    return cmocka_run_group_tests_name("net/udp", tests, NULL, NULL);
}
