/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dhcpear.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/list.h"
#include "net/readable.h"

enum { READS_TURN = 64, V4_SERVER = 67, V6_SERVER = 547 };

struct wr_dhcpear {
    struct wr_readable readable; /* first */
    wr_dhcpear_hook *hook;
    void *user;
    const char *interface;
    uint32_t ifindex; /* that it is bound to; 0: to none */
};

/* --- the filter --- */

#define LOAD(size, at)     BPF_STMT(BPF_LD | (size) | BPF_ABS, (uint32_t)(at))
#define GO(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define ABOUT(what)        ((uint32_t)SKF_AD_OFF + (uint32_t)(what))

/* At the IP header. What is cut short of an octet that is looked at is thrown away by the kernel. */
static int tune(int fd)
{
    struct sock_filter filter[] = {
        LOAD(BPF_W, ABOUT(SKF_AD_PKTTYPE)),
        GO(PACKET_OUTGOING, 15, 0), /* our own */
        LOAD(BPF_W, ABOUT(SKF_AD_PROTOCOL)),
        GO(ETHERTYPE_IP, 0, 7),
        LOAD(BPF_B, 9),
        GO(IPPROTO_UDP, 0, 11),
        LOAD(BPF_H, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 9, 0), /* a fragment */
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),             /* the header's size */
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        GO(V4_SERVER, 5, 6),
        GO(ETHERTYPE_IPV6, 0, 5),
        LOAD(BPF_B, 6),
        GO(IPPROTO_UDP, 0, 3),
        LOAD(BPF_H, 42),
        GO(V6_SERVER, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, WR_DHCP_PACKET_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0) {
        return -1;
    }
    return setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on));
}

/* --- the socket --- */

int wr_dhcpear_open(int *ret_fd, struct wr_sock_error *error)
{
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int number = fd < 0 ? errno : 0;
    if (fd >= 0 && tune(fd) != 0) {
        number = errno;
        close(fd);
    }
    if (number == 0) {
        *ret_fd = fd;
        return WR_OK;
    }
    error->number = number;
    if (number == EPERM || number == EACCES || number == EAFNOSUPPORT) {
        snprintf(
            error->text, sizeof(error->text),
            "to hear DHCP needs CAP_NET_RAW and AF_PACKET at the start: start weir as root, or add "
            "CAP_NET_RAW to AmbientCapabilities= and CapabilityBoundingSet= and AF_PACKET to "
            "RestrictAddressFamilies= of its unit");
        return WR_E_DENIED;
    }
    snprintf(error->text, sizeof(error->text), "DHCP cannot be heard: %s", strerror(number));
    return WR_E_IO;
}

/* False: nothing is left. */
static bool read_one(struct wr_dhcpear *e)
{
    uint8_t bytes[WR_DHCP_PACKET_MAX];
    struct sockaddr_ll from = {.sll_family = AF_UNSPEC};
    socklen_t size = sizeof(from);
    ssize_t n = recvfrom(e->readable.fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size);
    if (n < 0) {
        return errno == EINTR;
    }
    if (n > 0 && from.sll_hatype == ARPHRD_ETHER && from.sll_halen == 6) {
        e->hook(e->user, (uint32_t)from.sll_ifindex, from.sll_addr, bytes, (size_t)n);
    }
    return true;
}

static void on_readable(struct wr_readable *r)
{
    struct wr_dhcpear *e = WR_CONTAINER(r, struct wr_dhcpear, readable);
    for (int i = 0; i < READS_TURN && read_one(e); i++) {
    }
}

/* DHCPv6 clients ask a group (ff02::1:2); an interface passes on the groups that somebody wants. */
static bool bind_to(int fd, uint32_t ifindex)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)ifindex};
    struct packet_mreq group = {.mr_ifindex = (int)ifindex,
                                .mr_type = PACKET_MR_MULTICAST,
                                .mr_alen = 6,
                                .mr_address = {0x33, 0x33, 0, 1, 0, 2}};
    (void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof(group));
    return bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

bool wr_dhcpear_look(struct wr_dhcpear *e)
{
    uint32_t ifindex = if_nametoindex(e->interface);
    if (ifindex != e->ifindex) {
        e->ifindex = ifindex != 0 && bind_to(e->readable.fd, ifindex) ? ifindex : 0;
    }
    return e->ifindex != 0;
}

int wr_dhcpear_hear(uv_loop_t *loop, int fd, const char *interface, wr_dhcpear_hook *hook,
                    void *user, struct wr_dhcpear **ret_ear)
{
    struct wr_readable *r;
    int err = wr_readable_open(loop, fd, sizeof(struct wr_dhcpear), on_readable, &r);
    if (err != WR_OK) {
        return err;
    }
    struct wr_dhcpear *e = WR_CONTAINER(r, struct wr_dhcpear, readable);
    e->interface = interface;
    e->hook = hook;
    e->user = user;
    (void)wr_dhcpear_look(e);
    *ret_ear = e;
    return WR_OK;
}

void wr_dhcpear_close(struct wr_dhcpear *e)
{
    if (e != NULL) {
        wr_readable_close(&e->readable);
    }
}
