/* SPDX-License-Identifier: Apache-2.0 */
/* Connections are counted by address and by prefix, over all workers, and given back. */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/limits.h"

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;

    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return a;
}

static void test_bound_of_one_client(void **state)
{
    struct wr_net_shared *shared = calloc(1, sizeof(*shared));
    struct wr_net_limits limits = wr_limits_default();
    struct wr_addr a = addr("192.0.2.1:1000"), same = addr("192.0.2.1:2000"),
                   b = addr("192.0.2.2:1000");

    limits.tcp_per_client = 2;
    assert_true(wr_limits_enter(shared, &limits, &a));
    assert_true(wr_limits_enter(shared, &limits, &same));
    assert_false(wr_limits_enter(shared, &limits, &a));
    assert_true(wr_limits_enter(shared, &limits, &b));
    assert_int_equal(shared->connections, 3);
    wr_limits_leave(shared, &limits, &same);
    assert_true(wr_limits_enter(shared, &limits, &a));
    free(shared);
}

/* A device that takes its share leaves the others of its /64 theirs; one that changes its address has an end. */
static void test_v6_prefix(void **state)
{
    struct wr_net_shared *shared = calloc(1, sizeof(*shared));
    struct wr_net_limits limits = wr_limits_default();
    struct wr_addr a = addr("2001:db8::1"), first = addr("2001:db8::"),
                   other = addr("2001:db8:0:1::1");
    unsigned entered = 2;

    limits.tcp_per_client = 1;
    assert_true(wr_limits_enter(shared, &limits, &a));
    assert_false(wr_limits_enter(shared, &limits, &a));
    assert_true(wr_limits_enter(shared, &limits, &first));
    for (unsigned i = 0; i < 100; i++) {
        a.ip[15] = (uint8_t)(i + 2);
        entered += wr_limits_enter(shared, &limits, &a);
    }
    assert_int_equal(entered, WR_PREFIX_CLIENTS);
    assert_true(wr_limits_enter(shared, &limits, &other));
    assert_int_equal(shared->connections, WR_PREFIX_CLIENTS + 1);
    free(shared);
}

/* With 512 places taken by strangers, few of others would be refused wrongly. */
static void test_strangers_do_not_fill_a_client(void **state)
{
    struct wr_net_shared *shared = calloc(1, sizeof(*shared));
    struct wr_net_limits limits = wr_limits_default();
    unsigned refused = 0;

    limits.tcp_per_client = 1;
    for (unsigned i = 0; i < 512; i++) {
        struct wr_addr a = addr("10.0.0.1");

        a.ip[2] = (uint8_t)(i >> 8);
        a.ip[3] = (uint8_t)i;
        refused += !wr_limits_enter(shared, &limits, &a);
    }
    assert_true(refused <= 16); /* (512 / 4096)^2 at the end, a third of it on average */
    free(shared);
}

static void test_all_given_back(void **state)
{
    struct wr_net_shared *shared = calloc(1, sizeof(*shared));
    struct wr_net_limits limits = wr_limits_default();

    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 300; i++) {
            struct wr_addr a = addr("10.0.0.1");

            a.ip[2] = (uint8_t)(i >> 8);
            a.ip[3] = (uint8_t)i;
            if (round == 0) {
                assert_true(wr_limits_enter(shared, &limits, &a));
            } else {
                wr_limits_leave(shared, &limits, &a);
            }
        }
    }
    assert_int_equal(shared->connections, 0);
    for (unsigned i = 0; i < WR_NET_CLIENT_SLOTS; i++) {
        assert_int_equal(shared->clients[0][i] + shared->clients[1][i], 0);
    }
    free(shared);
}

/* Ten seconds' worth of handshakes at once, then its rate; a neighbour in the network has its own, and without a table nobody is bounded. */
static void test_handshakes(void **state)
{
    struct wr_net_shared *shared = calloc(1, sizeof(*shared));
    struct wr_net_limits limits = wr_limits_default();
    void *block = calloc(1, wr_quota_size(1024));
    struct wr_addr one, two;
    unsigned granted = 0;

    assert_int_equal(wr_addr_from_text("192.0.2.1:1000", &one), 0);
    assert_int_equal(wr_addr_from_text("192.0.2.2:1000", &two), 0);
    limits.handshake_rate = 5;
    assert_true(wr_limits_handshake(shared, &limits, &one, 1));
    shared->quota = wr_quota_init(block, 1024);
    for (int i = 0; i < 200; i++) {
        one.port++; /* a client is an address, whatever its port */
        granted += wr_limits_handshake(shared, &limits, &one, WR_S);
    }
    assert_in_range(granted, 50, 51);
    assert_true(wr_limits_handshake(shared, &limits, &two, WR_S));
    granted = 0;
    for (int i = 0; i < 200; i++) {
        granted += wr_limits_handshake(shared, &limits, &one, 2 * WR_S);
    }
    assert_in_range(granted, 5, 6);
    limits.handshake_rate = 0;
    assert_true(wr_limits_handshake(shared, &limits, &one, 2 * WR_S));
    free(block);
    free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_of_one_client),
        cmocka_unit_test(test_v6_prefix),
        cmocka_unit_test(test_strangers_do_not_fill_a_client),
        cmocka_unit_test(test_all_given_back),
        cmocka_unit_test(test_handshakes),
    };

    return cmocka_run_group_tests_name("net/limits", tests, NULL, NULL);
}
