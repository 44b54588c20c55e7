/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink messages about neighbours, and the watcher in a network namespace of its own. */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/neighbours.h"

static bool own_network;

struct message {
    struct nlmsghdr h;
    struct ndmsg nd;
    struct rtattr dst;
    uint8_t addr[16];
    struct rtattr lladdr;
    uint8_t mac[8];
};

/* An IPv6 neighbour at interface 1. */
static struct message message(uint16_t state)
{
    struct message m = {
        .h = {.nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWNEIGH},
        .nd = {.ndm_family = AF_INET6, .ndm_ifindex = 1, .ndm_state = state},
        .dst = {.rta_len = RTA_LENGTH(16), .rta_type = NDA_DST},
        .addr = {0xfd, [15] = 9},
        .lladdr = {.rta_len = RTA_LENGTH(6), .rta_type = NDA_LLADDR},
        .mac = {0, 0x11, 0x22, 0x33, 0x44, 0x55},
    };
    return m;
}

struct seen {
    unsigned count;
    struct wr_neighbour last;
};

static void note(void *user, const struct wr_neighbour *n)
{
    struct seen *seen = user;
    seen->count++;
    seen->last = *n;
}

static struct seen read_it(const struct message *m, size_t n, unsigned *ret_met)
{
    struct seen seen = {0};
    *ret_met = wr_neighbours_read((const uint8_t *)m, n, 7, note, &seen);
    return seen;
}

static void test_messages(void **state)
{
    unsigned met;
    struct message m = message(NUD_REACHABLE);
    struct seen s = read_it(&m, sizeof(m), &met);
    assert_int_equal(s.count, 1);
    assert_int_equal(met, 0);
    assert_true(s.last.confirmed && s.last.news);
    assert_int_equal(s.last.ifindex, 1);
    assert_int_equal(s.last.addr.family, WR_AF_V6);
    assert_int_equal(s.last.addr.ip[15], 9);
    assert_memory_equal(s.last.mac, m.mac, 6);
    m = message(NUD_STALE);
    m.h.nlmsg_seq = 7;
    m.h.nlmsg_flags = NLM_F_MULTI;
    s = read_it(&m, sizeof(m), &met);
    assert_true(s.count == 1 && !s.last.confirmed && !s.last.news); /* of the dump */
    m.h.nlmsg_flags |= NLM_F_DUMP_INTR;
    (void)read_it(&m, sizeof(m), &met);
    assert_int_equal(met, WR_NEIGHBOURS_LOST);
    static const uint16_t without[] = {NUD_INCOMPLETE, NUD_FAILED, NUD_NOARP, NUD_NONE};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        m = message(without[i]);
        assert_int_equal(read_it(&m, sizeof(m), &met).count, 0);
    }
    m = message(NUD_REACHABLE);
    m.h.nlmsg_type = RTM_DELNEIGH;
    assert_int_equal(read_it(&m, sizeof(m), &met).count, 0);
    m.h.nlmsg_type = NLMSG_DONE;
    m.h.nlmsg_seq = 7;
    (void)read_it(&m, sizeof(m), &met);
    assert_int_equal(met, WR_NEIGHBOURS_DONE);
    m.h.nlmsg_type = NLMSG_ERROR;
    (void)read_it(&m, sizeof(m), &met);
    assert_int_equal(met, WR_NEIGHBOURS_LOST);
}

/* Whatever is cut off or has another size is passed over. */
static void test_broken(void **state)
{
    unsigned met;
    struct message m = message(NUD_REACHABLE);
    for (size_t n = 0; n < sizeof(m); n++) {
        assert_int_equal(read_it(&m, n, &met).count, 0);
    }
    m.lladdr.rta_len = RTA_LENGTH(8); /* InfiniBand and its like have longer ones */
    assert_int_equal(read_it(&m, sizeof(m), &met).count, 0);
    m = message(NUD_REACHABLE);
    m.dst.rta_len = 0;
    assert_int_equal(read_it(&m, sizeof(m), &met).count, 0);
    m.dst.rta_len = 0xffff;
    assert_int_equal(read_it(&m, sizeof(m), &met).count, 0);
    m = message(NUD_REACHABLE);
    m.nd.ndm_family = AF_BRIDGE;
    assert_int_equal(read_it(&m, sizeof(m), &met).count, 0);
    m = message(NUD_REACHABLE);
    m.nd.ndm_family = AF_INET; /* with an address of 16 octets */
    assert_int_equal(read_it(&m, sizeof(m), &met).count, 0);
}

static void on_timeout(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Turns until so many were seen, at most ten seconds. */
static void turn(uv_loop_t *loop, const unsigned *count, unsigned until)
{
    uv_timer_t timer;
    uv_timer_init(loop, &timer);
    for (int i = 0; i < 1000 && *count < until; i++) {
        uv_timer_start(&timer, on_timeout, 10, 0);
        uv_run(loop, UV_RUN_DEFAULT);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

static void tell_kernel(const struct message *m)
{
    struct message ask = *m;
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    ask.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
    assert_true(fd >= 0 && send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask));
    close(fd);
}

/* One that was there before is in the dump, one that comes is told. */
static void test_watch(void **state)
{
    uv_loop_t loop;
    struct wr_neighbours *w = NULL;
    struct seen seen = {0};
    if (!own_network) {
        skip();
    }
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
    struct message m = message(NUD_PERMANENT);
    m.addr[15] = 1;
    tell_kernel(&m);
    uv_loop_init(&loop);
    assert_int_equal(wr_neighbours_watch(&loop, note, &seen, &w), WR_OK);
    turn(&loop, &seen.count, 1);
    assert_int_equal(seen.last.addr.ip[15], 1);
    assert_false(seen.last.news);
    assert_true(seen.last.confirmed);
    m.addr[15] = 2;
    m.mac[5] = 0x66;
    tell_kernel(&m);
    turn(&loop, &seen.count, 2);
    assert_int_equal(seen.last.addr.ip[15], 2);
    assert_int_equal(seen.last.mac[5], 0x66);
    assert_true(seen.last.news);
    wr_neighbours_dump(w); /* both */
    turn(&loop, &seen.count, 4);
    assert_int_equal(seen.count, 4);
    assert_int_equal(wr_neighbours_losses(w), 0);
    wr_neighbours_close(w);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

struct flood {
    unsigned last; /* times that the last one was told */
    unsigned lost; /* times that it was told that some were not */
};

static void note_last(void *user, const struct wr_neighbour *n)
{
    struct flood *flood = user;
    if (n == NULL) {
        flood->lost++;
        return;
    }
    flood->last += n->addr.ip[12] == 0x27 && n->addr.ip[13] == 0x0f;
}

/* More at once than the kernel keeps for who does not read: that is seen, and all are asked for again. */
static void test_overflow(void **state)
{
    uv_loop_t loop;
    struct wr_neighbours *w = NULL;
    struct flood flood = {0};
    if (!own_network) {
        skip();
    }
    uv_loop_init(&loop);
    assert_int_equal(wr_neighbours_watch(&loop, note_last, &flood, &w), WR_OK);
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    struct message m = message(NUD_PERMANENT);
    m.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
    for (unsigned i = 0; i < 10000; i++) {
        m.addr[12] = (uint8_t)(i >> 8);
        m.addr[13] = (uint8_t)i;
        assert_int_equal(send(fd, &m, sizeof(m), 0), sizeof(m));
    }
    close(fd);
    turn(&loop, &flood.last, 1);
    assert_int_not_equal(flood.last, 0);
    assert_true(wr_neighbours_losses(w) > 0);
    assert_int_equal(flood.lost, wr_neighbours_losses(w));
    wr_neighbours_close(w);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_overflow),
    };
    own_network = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 || unshare(CLONE_NEWNET) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
