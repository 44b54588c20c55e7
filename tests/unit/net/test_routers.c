/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Router advertisements on the loopback of a network namespace of its own, with a link-local address: who sends them from a raw socket
 * chooses hop limit and source. Everything that is refused is followed by one that is not, which is what is waited for.
 */
#include "unit/net/wire.h"

#include <linux/ipv6.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "net/routers.h"

enum { LO = 1 };

static const uint8_t ADVERT[16] = {134, 0, 0, 0, 64, 0, 7, 8};
static bool own_network;

struct heard {
    unsigned count;
    struct wr_addr router;
    uint8_t last; /* octet of the message */
    size_t size;
};

static void hear(void *user, const struct wr_addr *router, const uint8_t *message, size_t size)
{
    struct heard *h = user;
    h->count++;
    h->router = *router;
    h->last = message[size - 1];
    h->size = size;
}

/* The loopback with an address of the link, which it has not by itself. */
static void prepare(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    struct in6_ifreq address = {.ifr6_prefixlen = 64, .ifr6_ifindex = LO};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    assert_int_equal(inet_pton(AF_INET6, "fe80::1", &address.ifr6_addr), 1);
    assert_true(ioctl(fd, SIOCSIFADDR, &address) == 0 || errno == EEXIST);
    close(fd);
}

/* A new address can be used a moment later: the kernel first sees that nobody else has it. */
static void bind_patiently(int fd, const struct sockaddr_in6 *sa)
{
    int bound = -1;

    for (unsigned i = 0; bound != 0 && i < WIRE_WAIT_MS / 10; i++) {
        bound = bind(fd, (const struct sockaddr *)sa, sizeof(*sa));
        assert_true(bound == 0 || (errno == EADDRNOTAVAIL && poll(NULL, 0, 10) == 0));
    }
    assert_int_equal(bound, 0);
}

/* An advertisement whose last octet is `mark`. */
static void advertise(const char *from, int hops, uint8_t type, uint8_t mark)
{
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_scope_id = LO};
    uint8_t message[sizeof(ADVERT)];
    int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

    memcpy(message, ADVERT, sizeof(message));
    message[0] = type;
    message[sizeof(message) - 1] = mark;
    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET6, from, &sa.sin6_addr), 1);
    bind_patiently(fd, &sa);
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops)), 0);
    assert_int_equal(inet_pton(AF_INET6, "fe80::1", &sa.sin6_addr), 1);
    assert_int_equal(sendto(fd, message, sizeof(message), 0, (struct sockaddr *)&sa, sizeof(sa)),
                     sizeof(message));
    close(fd);
}

static void turn(uv_loop_t *loop, const struct heard *h, unsigned count)
{
    while (h->count < count) {
        assert_true(uv_run(loop, UV_RUN_ONCE) != 0);
    }
}

static void test_only_routers_of_the_link(void **state)
{
    struct heard h = {0};
    struct wr_sock_error error;
    struct wr_routers *routers;
    uv_loop_t loop;
    int fd;

    if (!own_network) {
        skip();
    }
    prepare();
    uv_loop_init(&loop);
    assert_int_equal(wr_routers_open(&fd, &error), WR_OK);
    assert_int_equal(wr_routers_hear(&loop, fd, hear, &h, &routers), WR_OK);
    advertise("fe80::1", 254, ND_ROUTER_ADVERT, 1); /* it passed a router */
    advertise("::1", 255, ND_ROUTER_ADVERT, 2);     /* no router's address */
    advertise("fe80::1", 255, ND_ROUTER_SOLICIT, 3);
    advertise("fe80::1", 255, ND_NEIGHBOR_ADVERT, 4);
    advertise("fe80::1", 255, ND_ROUTER_ADVERT, 5);
    turn(&loop, &h, 1);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.last, 5);
    assert_int_equal(h.size, sizeof(ADVERT));
    assert_int_equal(h.router.scope, LO);
    assert_int_equal(h.router.ip[15], 1);
    wr_routers_close(routers);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* That routers hear it is shown by tests/e2e/serve_routers.py: the loopback carries no question to a group. */
static void test_no_way_to_ask(void **state)
{
    static const uint8_t question[8] = {ND_ROUTER_SOLICIT};
    struct wr_routers *routers;
    struct wr_sock_error error;
    uv_loop_t loop;
    int fd;

    if (!own_network) {
        skip();
    }
    uv_loop_init(&loop);
    assert_int_equal(wr_routers_open(&fd, &error), WR_OK);
    assert_int_equal(wr_routers_hear(&loop, fd, hear, NULL, &routers), WR_OK);
    assert_int_equal(wr_routers_ask(routers, 4711, question, sizeof(question)), WR_E_IO);
    wr_routers_close(routers);
    wr_routers_close(NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_routers_of_the_link),
        cmocka_unit_test(test_no_way_to_ask),
    };
    own_network = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    if (!own_network) {
        printf("# no network namespace of our own here\n");
    }
    return cmocka_run_group_tests_name("routers", tests, NULL, NULL);
}
