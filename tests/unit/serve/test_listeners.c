/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/hairpin.h"
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

/* A listener for TLS is one socket, of TCP: another port than UDP's, and no other number of it. */
static void test_encrypted(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    memset(&l, 0, sizeof(l));
    want("127.0.0.1:5300", "127.0.0.1:8530");
    places[1].transport = WR_CLIENT_DOT;
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, 3);
    assert_int_equal(c->open[2].transport, WR_CLIENT_DOT);
    assert_int_equal(c->open[2].addr.port, 8530);
    assert_int_equal(wr_listeners_wanted(&l, &gate), 3);
    wr_listeners_settle(&l, c);
    assert_int_equal(wr_listeners_right(&l, &gate), 3);
    places[1].transport = WR_CLIENT_UDP; /* the same address and port, in the open now */
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, 2);
    assert_int_equal(c->closes, 1);
    struct wr_listener_entry open[WR_NET_LISTENERS_MAX];
    assert_int_equal(wr_listeners_after(&l, NULL, open), 3);
    assert_int_equal(open[2].transport, WR_CLIENT_DOT);
    assert_int_equal(wr_listeners_after(&l, c, open), 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_not_equal(open[i].transport, WR_CLIENT_DOT);
    }
    c->closes = 0; /* it is held open, for something is missing */
    c->opens = 0;
    assert_int_equal(wr_listeners_after(&l, c, open), 3);
    assert_int_equal(open[2].transport, WR_CLIENT_DOT);
    free(c);
}

/* The sockets for foreign DNS are nobody's listeners: they stay, and are not counted. */
static void test_hairpins(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    struct wr_listener_entry open[WR_NET_LISTENERS_MAX];
    const struct wr_addr at = wr_hairpin_at(WR_AF_V4);
    memset(&l, 0, sizeof(l));
    want("127.0.0.1:5300", NULL);
    wr_listeners_plan(&l, &gate, c);
    struct wr_crew_listen *one = wr_listeners_place(&l, &at, WR_CLIENT_UDP, c);
    assert_non_null(one);
    assert_int_equal(one->number, 2);
    assert_int_equal(one->fd[WR_WORKERS_MAX - 1], -1);
    assert_int_equal(c->opens, 3);
    wr_listeners_settle(&l, c);
    assert_int_equal(wr_listeners_count(&l), 2);
    assert_int_equal(wr_listeners_right(&l, &gate), 2);
    assert_int_equal(wr_listeners_after(&l, NULL, open), 2);
    want(NULL, NULL);
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->closes, 2);
    assert_true(c->close[0] != 2 && c->close[1] != 2);
    while (wr_listeners_place(&l, &at, WR_CLIENT_TCP, c) != NULL) {
    }
    assert_int_equal(c->opens, WR_NET_LISTENERS_MAX - 3);
    free(c);
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

/* A UDP socket that somebody else has, at a port that nobody has over TCP; *ret_addr is where. */
static int take_port(struct wr_addr *ret_addr)
{
    union wr_sockaddr sa;
    for (unsigned i = 0; i < 100; i++) {
        socklen_t size = sizeof(sa);
        memset(&sa, 0, sizeof(sa));
        int taken = socket(AF_INET, SOCK_DGRAM, 0), beside = socket(AF_INET, SOCK_STREAM, 0);
        struct wr_addr any_port = addr("127.0.0.1:0");
        wr_sock_from_addr(&any_port, &sa);
        assert_int_equal(bind(taken, &sa.any, sizeof(sa.v4)), 0);
        assert_int_equal(getsockname(taken, &sa.any, &size), 0);
        wr_sock_to_addr(&sa, ret_addr);
        bool both = bind(beside, &sa.any, sizeof(sa.v4)) == 0;
        close(beside);
        if (both) {
            return taken;
        }
        close(taken);
    }
    fail_msg("no port is free over UDP and TCP");
    return -1;
}

static void close_open(struct wr_listeners_change *c)
{
    for (uint32_t i = 0; i < c->opens; i++) {
        for (unsigned k = 0; k < WR_WORKERS_MAX; k++) {
            if (c->open[i].fd[k] >= 0) {
                close(c->open[i].fd[k]);
            }
        }
    }
}

/* Real sockets: one for each worker; what is in use is counted and left out, the rest is there. */
static void test_open(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    struct wr_helper none = {.fd = -1};
    memset(&l, 0, sizeof(l));
    want("127.0.0.1:0", NULL);
    int taken = take_port(&places[0].addr);
    wr_listeners_plan(&l, &gate, c);
    wr_listeners_open(&l, &none, 2, false, c);
    assert_int_equal(c->failed, 1);
    assert_int_equal(c->opens, 1);
    assert_int_equal(c->open[0].transport, WR_CLIENT_TCP);
    assert_true(c->open[0].fd[0] >= 0 && c->open[0].fd[1] >= 0);
    assert_int_equal(c->open[0].fd[2], -1);
    assert_int_equal(l.missings, 1);
    assert_int_equal(l.missing[0].transport, WR_CLIENT_UDP);
    char text[512];
    wr_listeners_tell(&l.missing[0], text, sizeof(text));
    assert_non_null(strstr(text, "cannot listen on 127.0.0.1:"));
    assert_non_null(strstr(text, "over UDP"));
    close_open(c);
    close(taken);
    free(c);
}

/* The kernel may still look whether somebody else has an IPv6 address: that it cannot be listened on is said when it does not come, once. An IPv4
 * address is there or not. */
static void test_said_when_it_is_so(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    struct wr_helper none = {.fd = -1};
    memset(&l, 0, sizeof(l));
    want("[2001:db8::77]:5300", "198.51.100.77:5300");
    for (int i = 0; i <= WR_LISTENERS_QUIET_TRIES + 1; i++) {
        wr_listeners_plan(&l, &gate, c);
        wr_listeners_open(&l, &none, 1, false, c); /* of a reload: it counts for nothing */
        assert_int_equal(l.missing[0].said, i >= WR_LISTENERS_QUIET_TRIES);
        wr_listeners_plan(&l, &gate, c);
        wr_listeners_open(&l, &none, 1, true, c);
        assert_int_equal(l.missings, 4);
        for (unsigned k = 0; k < 4; k++) {
            const struct wr_listener_missing *m = &l.missing[k];
            assert_int_equal(m->err, WR_E_NOTFOUND);
            assert_int_equal(m->said,
                             m->addr.family == WR_AF_V4 || i + 1 >= WR_LISTENERS_QUIET_TRIES);
        }
    }
    memset(&l, 0, sizeof(l));
    wr_listeners_plan(&l, &gate, c);
    wr_listeners_open(&l, &none, 1, false, c);
    assert_false(l.missing[0].said);
    wr_listeners_say(&l); /* it is the end: there is nothing else to listen on */
    assert_true(l.missing[0].said && l.missing[3].said);
    free(c);
}

/* Two of weir's own want one port: that is said, and not that another process is to be stopped. */
static void test_two_of_its_own(void **state)
{
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    struct wr_helper none = {.fd = -1};
    char text[512];
    memset(&l, 0, sizeof(l));
    want("127.0.0.1:0", NULL);
    int taken = take_port(&places[0].addr); /* of UDP: that of TCP is free */
    places[1] = places[0];
    gate.listeners = 2;
    places[0].transport = WR_CLIENT_DOT;
    places[1].transport = WR_CLIENT_DOH;
    wr_listeners_plan(&l, &gate, c);
    assert_int_equal(c->opens, 2);
    wr_listeners_open(&l, &none, 2, false, c);
    assert_int_equal(c->opens, 1);
    assert_int_equal(l.missings, 1);
    wr_listeners_tell(&l.missing[0], text, sizeof(text));
    assert_non_null(strstr(text, "over HTTPS: weir itself has that port, for its listener of TLS"));
    assert_null(strstr(text, "stop it"));
    wr_listeners_settle(&l, c);
    close_open(c);
    places[0].transport = places[1].transport = WR_CLIENT_UDP;
    close(taken);
    free(c);
}

/* From one address to another that is taken: the old ones stay until the new one can be had. */
static void test_the_old_stay(void **state)
{
    static const struct wr_gate_world world = {.local = NULL};
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    struct wr_helper none = {.fd = -1};
    struct wr_addr in_use;
    memset(&l, 0, sizeof(l));
    want("127.0.0.1:5300", NULL);
    wr_listeners_plan(&l, &gate, c);
    wr_listeners_settle(&l, c);
    int taken = take_port(&in_use);
    want("127.0.0.1:1", NULL);
    places[0].addr = in_use;
    char why[sizeof(l.missing[0].why)] = "";
    for (int i = 0; i < 3; i++) { /* the reload, and two tries more */
        wr_listeners_plan(&l, &gate, c);
        assert_int_equal(c->closes, 2);
        wr_listeners_open(&l, &none, 1, i > 0, c);
        wr_listeners_hold(&l, &world, c);
        assert_int_equal(c->opens, i == 0); /* TCP is to be had */
        assert_int_equal(c->closes, 0);
        assert_int_equal(c->held, 2);
        wr_listeners_settle(&l, c);
        assert_int_equal(wr_listeners_count(&l), 3);
        assert_int_equal(wr_listeners_wanted(&l, &gate), 2);
        assert_int_equal(wr_listeners_right(&l, &gate), 1);
        if (i == 0) {
            close_open(c);
            strcpy(why, l.missing[0].why);
        }
        assert_string_equal(l.missing[0].why, why); /* who has it is not forgotten */
    }
    close(taken);
    wr_listeners_plan(&l, &gate, c);
    wr_listeners_open(&l, &none, 1, true, c);
    wr_listeners_hold(&l, &world, c);
    assert_int_equal(c->opens, 1);
    assert_int_equal(c->closes, 2);
    assert_int_equal(c->held + c->failed + l.missings, 0);
    wr_listeners_settle(&l, c);
    assert_int_equal(wr_listeners_count(&l), 2);
    assert_int_equal(wr_listeners_right(&l, &gate), 2);
    close_open(c);
    free(c);
}

/* What has left the machine is closed, whatever is missing. */
static void test_an_address_that_is_gone(void **state)
{
    struct wr_gate_local local[1];
    memset(local, 0, sizeof(local));
    local[0].addr = addr("192.0.2.1:1");
    local[0].addr.port = 0;
    const struct wr_gate_world world = {.local = local, .locals = 1};
    struct wr_listeners l;
    struct wr_listeners_change *c = malloc(sizeof(*c));
    memset(&l, 0, sizeof(l));
    want("192.0.2.1:5300", "192.0.2.2:5300");
    wr_listeners_plan(&l, &gate, c);
    wr_listeners_settle(&l, c);
    want("127.0.0.1:5300", NULL);
    wr_listeners_plan(&l, &gate, c);
    c->opens = 0;
    c->failed = 2;
    wr_listeners_hold(&l, &world, c);
    assert_int_equal(c->held, 2);
    assert_int_equal(c->closes, 2);
    for (uint32_t i = 0; i < c->closes; i++) {
        assert_in_range(c->close[i], 2, 3); /* 192.0.2.2 */
    }
    free(c);
}

/* From all addresses to one of them, the port being our own. */
static void test_from_all_to_one(void **state)
{
    static const struct wr_gate_world world = {.local = NULL};
    struct wr_listeners l;
    struct wr_listeners_change *first = malloc(sizeof(*first)), *c = malloc(sizeof(*c));
    struct wr_helper none = {.fd = -1};
    struct wr_addr at;
    memset(&l, 0, sizeof(l));
    close(take_port(&at)); /* free a moment ago */
    want("0.0.0.0:1", NULL);
    places[0].addr.port = at.port;
    wr_listeners_plan(&l, &gate, first);
    wr_listeners_open(&l, &none, 2, false, first);
    assert_int_equal(first->opens, 2);
    wr_listeners_settle(&l, first);
    places[0].addr = at;
    wr_listeners_plan(&l, &gate, c);
    wr_listeners_open(&l, &none, 2, false, c);
    wr_listeners_hold(&l, &world, c);
    assert_int_equal(c->opens, 2);
    assert_int_equal(c->closes, 2);
    close_open(first);
    close_open(c);
    free(first);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_hairpins),
        cmocka_unit_test(test_come_and_go),
        cmocka_unit_test(test_no_more_numbers),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_said_when_it_is_so),
        cmocka_unit_test(test_two_of_its_own),
        cmocka_unit_test(test_the_old_stay),
        cmocka_unit_test(test_an_address_that_is_gone),
        cmocka_unit_test(test_from_all_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
