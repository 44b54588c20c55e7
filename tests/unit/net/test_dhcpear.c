/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/dhcpear.h"

/* A cable with two ends; the kernel names the other one. */
#define EAR   "ear0"
#define OTHER "veth0"

static bool own_network;
static const uint8_t mac[6] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55};

struct heard {
    unsigned count;
    uint32_t ifindex;
    uint8_t from[6];
    size_t n;
    uint8_t first; /* octet of the packet */
};

static void note(void *user, uint32_t ifindex, const uint8_t from[6], const uint8_t *packet,
                 size_t n)
{
    struct heard *h = user;
    h->count++;
    h->ifindex = ifindex;
    memcpy(h->from, from, 6);
    h->n = n;
    h->first = packet[0];
}

static void set_up(const char *name)
{
    struct ifreq request = {.ifr_flags = 0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strcpy(request.ifr_name, name);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

static void ask_kernel(void *message, size_t size)
{
    struct {
        struct nlmsghdr h;
        struct nlmsgerr e;
    } reply = {.e = {.error = -1}};
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    assert_true(fd >= 0 && send(fd, message, size, 0) == (ssize_t)size);
    assert_true(recv(fd, &reply, sizeof(reply), MSG_TRUNC) >= (ssize_t)sizeof(reply));
    assert_int_equal(reply.e.error, 0);
    close(fd);
}

static void make_cable(void)
{
    struct {
        struct nlmsghdr h;
        struct ifinfomsg i;
        struct rtattr name;
        char ear[8];
        struct rtattr info, kind;
        char veth[8];
    } m = {.h = {.nlmsg_len = sizeof(m),
                 .nlmsg_type = RTM_NEWLINK,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL},
           .name = {RTA_LENGTH(sizeof(EAR)), IFLA_IFNAME},
           .ear = EAR,
           .info = {RTA_LENGTH(sizeof(struct rtattr) + 8), IFLA_LINKINFO},
           .kind = {RTA_LENGTH(5), IFLA_INFO_KIND},
           .veth = "veth"};
    ask_kernel(&m, sizeof(m));
    set_up(EAR);
    set_up(OTHER);
}

static void cut_cable(void)
{
    struct {
        struct nlmsghdr h;
        struct ifinfomsg i;
    } m = {.h = {.nlmsg_len = sizeof(m),
                 .nlmsg_type = RTM_DELLINK,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
           .i = {.ifi_index = (int)if_nametoindex(EAR)}};
    ask_kernel(&m, sizeof(m));
}

/* A frame to everybody; `packet` is 60 octets. */
static void send_frame(const char *interface, uint16_t type, const uint8_t *packet)
{
    uint8_t frame[14 + 60];
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface), .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, mac, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
    memcpy(frame + 14, packet, 60);
    assert_int_equal(sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(frame));
    close(fd);
}

static void send4(const char *interface, uint8_t protocol, uint8_t fragment, uint16_t port)
{
    uint8_t p[60] = {0x46}; /* a header of six words */
    p[6] = fragment;
    p[9] = protocol;
    p[24 + 2] = (uint8_t)(port >> 8);
    p[24 + 3] = (uint8_t)port;
    send_frame(interface, 0x0800, p);
}

static void send6(const char *interface, uint8_t protocol, uint16_t port)
{
    uint8_t p[60] = {0x60};
    p[6] = protocol;
    p[42] = (uint8_t)(port >> 8);
    p[43] = (uint8_t)port;
    send_frame(interface, 0x86dd, p);
}

static void on_timeout(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Turns until so many were heard, at most ten seconds. */
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

/* Everything that is no request to a DHCP server, and then one that is. */
static void pass_by(void)
{
    send4(OTHER, 17, 0, 53);
    send4(OTHER, 6, 0, 67);
    send4(OTHER, 17, 0x20, 67);
    send4(OTHER, 17, 0, 68);
    send6(OTHER, 17, 53);
    send6(OTHER, 6, 547);
    send_frame(OTHER, 0x0806, (uint8_t[60]){0});
    send4(EAR, 17, 0, 67); /* our own */
}

static void test_hears(void **state)
{
    uv_loop_t loop;
    struct wr_dhcpear *ear = NULL;
    struct wr_sock_error error;
    struct heard heard = {0};
    int fd = -1;
    if (!own_network) {
        skip();
    }
    assert_int_equal(wr_dhcpear_open(&fd, &error), WR_OK);
    uv_loop_init(&loop);
    assert_int_equal(wr_dhcpear_hear(&loop, fd, EAR, note, &heard, &ear), WR_OK);
    assert_false(wr_dhcpear_look(ear)); /* there is no such interface yet */
    for (unsigned round = 0; round < 2; round++) {
        make_cable();
        assert_true(wr_dhcpear_look(ear));
        assert_true(wr_dhcpear_look(ear));
        pass_by();
        send4(OTHER, 17, 0, 67);
        turn(&loop, &heard.count, 2 * round + 1);
        assert_int_equal(heard.count, 2 * round + 1);
        assert_int_equal(heard.ifindex, if_nametoindex(EAR));
        assert_memory_equal(heard.from, mac, 6);
        assert_int_equal(heard.n, 60);
        assert_int_equal(heard.first, 0x46);
        pass_by();
        send6(OTHER, 17, 547);
        turn(&loop, &heard.count, 2 * round + 2);
        assert_int_equal(heard.count, 2 * round + 2);
        assert_int_equal(heard.first, 0x60);
        cut_cable();
        assert_false(wr_dhcpear_look(ear));
    }
    int off = 0; /* nobody takes the filter away again */
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)), -1);
    wr_dhcpear_close(ear);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

static void test_denied(void **state)
{
    struct wr_sock_error error = {0};
    int fd = -1;
    if (geteuid() != 0 || seteuid(65534) != 0) {
        skip();
    }
    int err = wr_dhcpear_open(&fd, &error);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(err, WR_E_DENIED);
    assert_non_null(strstr(error.text, "CAP_NET_RAW"));
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hears),
        cmocka_unit_test(test_denied),
    };
    own_network = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
