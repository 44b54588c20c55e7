/* SPDX-License-Identifier: Apache-2.0 */
/* The link watcher, in a network namespace of its own: a burst of changes is one call. */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/link.h"

static bool own_network;

static void set_loopback(bool up)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

static void on_change(void *user)
{
    unsigned *calls = user;

    ++*calls;
}

static void on_timeout(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Turns for that long. */
static void turn(uv_loop_t *loop, uint64_t ms)
{
    uv_timer_t timer;

    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_timeout, ms, 0);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

/* Sets the address again, as a client of DHCP does at each renewal. */
static void set_address(const char *address)
{
    struct ifreq request = {.ifr_name = "lo"};
    struct sockaddr_in in = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    memcpy(&request.ifr_addr, &in, sizeof(in));
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
    close(fd);
}

/* A message about a link in which nothing is new: its MTU, which this watcher does not mind. */
static void tell_again(void)
{
    struct {
        struct nlmsghdr h;
        struct ifinfomsg info;
        struct rtattr mtu;
        uint32_t value;
    } m = {.h = {.nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST},
           .info = {.ifi_family = AF_UNSPEC, .ifi_index = 1},
           .mtu = {.rta_len = RTA_LENGTH(4), .rta_type = IFLA_MTU},
           .value = 1400};
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    assert_int_equal(send(fd, &m, sizeof(m), 0), sizeof(m));
    close(fd);
}

static void test_what_was_so_before_is_no_change(void **state)
{
    struct wr_link *link;
    unsigned calls = 0;
    uv_loop_t loop;

    (void)state;
    if (!own_network) {
        print_message("no network namespace to be had here\n");
        skip();
    }
    set_loopback(true);
    set_address("127.0.0.2");
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(wr_link_watch(&loop, on_change, &calls, &link), WR_OK);
    turn(&loop, 500);
    calls = 0;
    tell_again();
    turn(&loop, 500);
    assert_int_equal(calls, 0);
    set_address("127.0.0.3");
    turn(&loop, 500);
    assert_int_equal(calls, 1);
    wr_link_close(link);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_a_burst_is_one_call(void **state)
{
    struct wr_link *link;
    unsigned calls = 0;
    uv_loop_t loop;

    if (!own_network) {
        print_message("no network namespace to be had here\n");
        skip();
    }
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(wr_link_watch(&loop, on_change, &calls, &link), WR_OK);
    for (int i = 0; i < 5; i++) {
        set_loopback(i % 2 == 0);
    }
    turn(&loop, 20);
    assert_int_equal(calls, 0); /* not before it is quiet */
    turn(&loop, 500);
    assert_int_equal(calls, 1);
    set_loopback(false);
    turn(&loop, 500);
    assert_int_equal(calls, 2);
    wr_link_close(link);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_nothing_changes_nothing_is_said(void **state)
{
    struct wr_link *link;
    unsigned calls = 0;
    uv_loop_t loop;

    if (!own_network) {
        print_message("no network namespace to be had here\n");
        skip();
    }
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(wr_link_watch(&loop, on_change, &calls, &link), WR_OK);
    turn(&loop, 300);
    assert_int_equal(calls, 0);
    wr_link_close(link);
    wr_link_close(NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changes_nothing_is_said),
        cmocka_unit_test(test_a_burst_is_one_call),
        cmocka_unit_test(test_what_was_so_before_is_no_change),
    };

    own_network = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    return cmocka_run_group_tests_name("net/link", tests, NULL, NULL);
}
