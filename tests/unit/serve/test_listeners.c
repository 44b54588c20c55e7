/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/listeners.h"

static struct wr_gate_listener places[WR_GATE_LISTENERS_MAX];
static struct wr_gate gate = {.listener = places};

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    memset(&a, 0, sizeof(a));
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return a;
}

static void want(const char *one, const char *two)
{
    gate.listeners = 0;
    if (one != NULL) {
        places[gate.listeners++].addr = addr(one);
    }
    if (two != NULL) {
        places[gate.listeners++].addr = addr(two);
    }
}

static void test_come_and_go(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    memset(&l, 0, sizeof(l));
    want("127.0.0.1:5300", "[::1]:5300");
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, 4);
    assert_int_equal(c->closes, 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(c->open[i].number, i);
        assert_int_equal(c->open[i].fd[0], -1);
    }
    assert_int_equal(wr_listeners_count(&l), 0); /* a plan changes nothing */
    wr_listeners_settle(&l, c);
    assert_int_equal(wr_listeners_count(&l), 4);

    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens + c->closes, 0);

    want("[::1]:5300", "127.0.0.1:5301");
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, 2);
    assert_int_equal(c->closes, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_in_range(c->open[i].number, 4, 5); /* not the numbers that are about to be closed */
        assert_in_range(c->close[i], 0, 1);
    }
    wr_listeners_settle(&l, c);
    assert_int_equal(wr_listeners_count(&l), 4);

    want("127.0.0.1:5300", NULL);
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, 2);
    assert_int_equal(c->closes, 4);
    assert_int_equal(c->open[0].number, 0); /* free again */
    free(c);
}

static void test_no_more_numbers(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    memset(&l, 0, sizeof(l));
    for (unsigned i = 0; i < WR_GATE_LISTENERS_MAX; i++) {
        places[i].addr = addr("127.0.0.1:5300");
        places[i].addr.port = (uint16_t)(6000 + i);
    }
    gate.listeners = WR_GATE_LISTENERS_MAX;
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, WR_NET_LISTENERS_MAX);
    wr_listeners_settle(&l, c);
    want("127.0.0.1:5300", NULL); /* all numbers are still held by what is about to go */
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, 0);
    assert_int_equal(c->failed, 2);
    assert_int_equal(c->closes, WR_NET_LISTENERS_MAX);
    free(c);
}

/* Real sockets: one for each worker; what is in use is counted and left out, the rest is there. */
static void test_open(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    struct wr_helper none = {.fd = -1};
    memset(&l, 0, sizeof(l));
    want("127.0.0.1:0", NULL);
    union wr_sockaddr sa;
    socklen_t size = sizeof(sa);
    memset(&sa, 0, sizeof(sa));
    int taken = socket(AF_INET, SOCK_DGRAM, 0);
    wr_sock_from_addr(&places[0].addr, &sa);
    assert_int_equal(bind(taken, &sa.any, sizeof(sa.v4)), 0);
    assert_int_equal(getsockname(taken, &sa.any, &size), 0);
    wr_sock_to_addr(&sa, &places[0].addr);
    wr_listeners_plan(&l, &gate, c);
    wr_listeners_open(&l, &none, 2, c);
    assert_int_equal(c->failed, 1);
    assert_int_equal(c->opens, 1);
    assert_int_equal(c->open[0].transport, WR_CLIENT_TCP);
    assert_true(c->open[0].fd[0] >= 0 && c->open[0].fd[1] >= 0);
    assert_int_equal(c->open[0].fd[2], -1);
    close(c->open[0].fd[0]);
    close(c->open[0].fd[1]);
    close(taken);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_come_and_go),
        cmocka_unit_test(test_no_more_numbers),
        cmocka_unit_test(test_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
