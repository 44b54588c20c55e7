/* SPDX-License-Identifier: Apache-2.0 */
#include "net/markroute.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/nlask.h"

enum { ROOM = 256, READ_SIZE = 1024, PREF = 52 };

struct message {
    struct nlmsghdr h;
    union {
        struct fib_rule_hdr rule;
        struct rtmsg route;
    } head;
    uint8_t body[ROOM];
};

_Static_assert(sizeof(struct fib_rule_hdr) == sizeof(struct rtmsg), "one head");

static void begin(struct message *m, unsigned type, unsigned flags)
{
    memset(m, 0, sizeof(*m));
    m->h.nlmsg_len = NLMSG_LENGTH(sizeof(m->head));
    m->h.nlmsg_type = (uint16_t)type;
    m->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

static void add(struct message *m, unsigned type, const void *value, size_t n)
{
    struct rtattr a = {(unsigned short)RTA_LENGTH(n), (unsigned short)type};
    uint8_t *at = (uint8_t *)m + m->h.nlmsg_len;
    memcpy(at, &a, sizeof(a));
    memcpy(at + RTA_LENGTH(0), value, n);
    m->h.nlmsg_len += RTA_ALIGN(a.rta_len);
}

static void add_u32(struct message *m, unsigned type, uint32_t value)
{
    add(m, type, &value, sizeof(value));
}

/* The first rule (what this host itself looks up), or the second. */
static void put_rule(struct message *m, uint8_t family, const struct wr_hairpin_way *way,
                     bool second)
{
    const uint8_t protocol = RTPROT_KERNEL;
    m->head.rule.family = family;
    m->head.rule.action = FR_ACT_TO_TBL;
    add_u32(m, FRA_PRIORITY, PREF + second);
    add_u32(m, FRA_FWMARK, way->mark);
    add_u32(m, FRA_FWMASK, UINT32_MAX);
    add_u32(m, FRA_TABLE, second ? way->table : RT_TABLE_MAIN);
    add(m, FRA_PROTOCOL, &protocol, sizeof(protocol));
    if (!second) {
        add(m, FRA_IIFNAME, "lo", sizeof("lo"));
    }
}

static void put_route(struct message *m, uint8_t family, const struct wr_hairpin_way *way)
{
    m->head.route.rtm_family = family;
    m->head.route.rtm_protocol = RTPROT_KERNEL;
    m->head.route.rtm_type = RTN_LOCAL;
    m->head.route.rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
    add_u32(m, RTA_TABLE, way->table);
    add_u32(m, RTA_OIF, if_nametoindex("lo"));
}

/* 0, or the kernel's errno. */
static int carry_out(int fd, const struct message *m)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    struct nlmsghdr h;
    struct nlmsgerr e;
    ssize_t n;
    if (send(fd, m, m->h.nlmsg_len, 0) < 0) {
        return errno;
    }
    do {
        n = recv(fd, bytes, sizeof(bytes), 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno;
    }
    if ((size_t)n < NLMSG_LENGTH(sizeof(e))) {
        return EPROTO;
    }
    memcpy(&h, bytes, sizeof(h));
    memcpy(&e, bytes + NLMSG_HDRLEN, sizeof(e));
    return h.nlmsg_type == NLMSG_ERROR ? -e.error : EPROTO;
}

static bool is_missing(int number)
{
    return number == ENOENT || number == ESRCH || number == ENODEV;
}

/* Of a family that is not there at all, or switched off (disable_ipv6: EACCES; a lack of privilege is EPERM). */
static bool is_no_family(int number)
{
    return number == EAFNOSUPPORT || number == EOPNOTSUPP || number == EPFNOSUPPORT ||
           number == EACCES;
}

static int make(int fd, uint8_t family, const struct wr_hairpin_way *way)
{
    struct message m;
    for (unsigned second = 0; second < 2; second++) {
        begin(&m, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
        put_rule(&m, family, way, second != 0);
        int number = carry_out(fd, &m);
        if (number != 0 && number != EEXIST) {
            return number;
        }
    }
    begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    put_route(&m, family, way);
    int number = carry_out(fd, &m);
    return number == EEXIST ? 0 : number;
}

static int take_away(int fd, uint8_t family, const struct wr_hairpin_way *way)
{
    struct message m;
    int first = 0;
    for (unsigned second = 0; second < 2; second++) {
        begin(&m, RTM_DELRULE, 0);
        put_rule(&m, family, way, second != 0);
        int number = carry_out(fd, &m);
        first = first == 0 && !is_missing(number) ? number : first;
    }
    begin(&m, RTM_DELROUTE, 0);
    put_route(&m, family, way);
    int number = carry_out(fd, &m);
    return first == 0 && !is_missing(number) ? number : first;
}

static int for_both(const struct wr_hairpin_way *way,
                    int (*work)(int fd, uint8_t family, const struct wr_hairpin_way *way))
{
    static const uint8_t families[] = {AF_INET, AF_INET6};
    int fd, first = wr_nlask_open(NETLINK_ROUTE, &fd) == WR_OK ? 0 : errno;
    for (size_t i = 0; fd >= 0 && i < sizeof(families); i++) {
        int number = work(fd, families[i], way);
        first = first == 0 && !is_no_family(number) ? number : first;
    }
    if (fd >= 0) {
        close(fd);
    }
    errno = first;
    return first == 0 ? WR_OK : first == EPERM ? WR_E_DENIED : WR_E_IO;
}

int wr_markroute_make(const struct wr_hairpin_way *way)
{
    return for_both(way, make);
}

int wr_markroute_remove(const struct wr_hairpin_way *way)
{
    return for_both(way, take_away);
}
