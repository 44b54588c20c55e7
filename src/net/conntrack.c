/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conntrack.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/nlask.h"
#include "net/nlread.h"

enum { READ_SIZE = 65536, TUPLE_MAX = 512 };

/* --- the list --- */

static void read_address(struct wr_nlread body, bool v6, struct wr_addr *ret_addr)
{
    if (body.n == (v6 ? 16 : 4)) {
        *ret_addr = (struct wr_addr){.family = v6 ? WR_AF_V6 : WR_AF_V4};
        memcpy(ret_addr->ip, body.at, body.n);
    }
}

static void read_tuple(struct wr_nlread tuple, struct wr_addr ret_pair[2])
{
    struct wr_nlread part, one;
    for (unsigned type; (type = wr_nlread_next(&tuple, &part)) != 0;) {
        for (unsigned kind; type == CTA_TUPLE_PROTO && (kind = wr_nlread_next(&part, &one)) != 0;) {
            if (kind == CTA_PROTO_DST_PORT && one.n == 2) {
                ret_pair[1].port = (uint16_t)(one.at[0] << 8 | one.at[1]);
            }
        }
        for (unsigned kind; type == CTA_TUPLE_IP && (kind = wr_nlread_next(&part, &one)) != 0;) {
            switch (kind) {
            case CTA_IP_V4_SRC: read_address(one, false, &ret_pair[0]); break;
            case CTA_IP_V4_DST: read_address(one, false, &ret_pair[1]); break;
            case CTA_IP_V6_SRC: read_address(one, true, &ret_pair[0]); break;
            case CTA_IP_V6_DST: read_address(one, true, &ret_pair[1]); break;
            default: break;
            }
        }
    }
}

static bool read_entry(const struct nlmsghdr *h, struct wr_conntrack *ret)
{
    size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
    if (h->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) || h->nlmsg_len < head) {
        return false;
    }
    struct wr_nlread in = {(const uint8_t *)h + head, h->nlmsg_len - head}, body;
    memset(ret, 0, sizeof(*ret));
    for (unsigned type; (type = wr_nlread_next(&in, &body)) != 0;) {
        if (type == CTA_TUPLE_ORIG) {
            read_tuple(body, ret->addr);
            ret->tuple = body.at - NLA_HDRLEN;
            ret->tuple_size = body.n + NLA_HDRLEN;
        } else if (type == CTA_TUPLE_REPLY) {
            read_tuple(body, ret->addr + 2);
            ret->addr[3].port = 0;
        } else if (type == CTA_ZONE && body.n == sizeof(ret->zone)) {
            memcpy(&ret->zone, body.at, sizeof(ret->zone));
            ret->has_zone = true;
        } else if (type == CTA_ID && body.n == sizeof(ret->id)) {
            memcpy(&ret->id, body.at, sizeof(ret->id));
            ret->has_id = true;
        }
    }
    return ret->tuple != NULL;
}

bool wr_conntrack_read(const uint8_t *bytes, size_t n, uint32_t seq, wr_conntrack_hook *hook,
                       void *user)
{
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
        const struct nlmsghdr *h = (const void *)(bytes + at);
        struct wr_conntrack one;
        if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at) {
            break;
        }
        if (h->nlmsg_seq == seq && (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)) {
            return true;
        }
        if (h->nlmsg_seq == seq && read_entry(h, &one)) {
            hook(user, &one);
        }
        at += NLMSG_ALIGN(h->nlmsg_len);
    }
    return false;
}

/* --- the cut --- */

struct cut {
    const struct wr_addr *addr;
    size_t count;
    uint16_t changed; /* those that are changed, to this port; 0: those of addresses */
    uint32_t cut;
    int fd;
};

struct message {
    struct nlmsghdr h;
    struct nfgenmsg g;
    uint8_t body[TUPLE_MAX + 32];
};

_Static_assert(sizeof(struct nfgenmsg) == NLMSG_ALIGN(sizeof(struct nfgenmsg)), "no gap");

static void begin(struct message *m, uint8_t family, unsigned type, unsigned flags, uint32_t seq)
{
    memset(m, 0, sizeof(*m));
    m->h.nlmsg_len = sizeof(m->h) + sizeof(m->g);
    m->h.nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
    m->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    m->h.nlmsg_seq = seq;
    m->g.nfgen_family = family;
    m->g.version = NFNETLINK_V0;
}

static void add(struct message *m, const void *bytes, size_t n)
{
    memcpy((uint8_t *)m + m->h.nlmsg_len, bytes, n);
    m->h.nlmsg_len += (uint32_t)NLA_ALIGN(n);
}

static void add_attribute(struct message *m, unsigned type, const void *value, size_t n)
{
    uint8_t room[NLA_HDRLEN + 8] = {0};
    const struct nlattr a = {(uint16_t)(NLA_HDRLEN + n), (uint16_t)type};
    memcpy(room, &a, sizeof(a));
    memcpy(room + NLA_HDRLEN, value, n);
    add(m, room, NLA_HDRLEN + n);
}

bool wr_conntrack_is_of(const struct wr_conntrack *e, const struct wr_addr *addr)
{
    for (unsigned k = 0; k < (wr_addr_is_private(addr) ? 4 : 1); k++) {
        if (wr_addr_same_ip(addr, &e->addr[k])) {
            return true;
        }
    }
    return false;
}

bool wr_conntrack_is_changed(const struct wr_conntrack *e, uint16_t port)
{
    return e->addr[1].port == port && (!wr_addr_same_ip(&e->addr[0], &e->addr[3]) ||
                                       !wr_addr_same_ip(&e->addr[1], &e->addr[2]));
}

static bool is_wanted(const struct cut *c, const struct wr_conntrack *e)
{
    if (c->changed != 0) {
        return wr_conntrack_is_changed(e, c->changed);
    }
    for (size_t i = 0; i < c->count; i++) {
        if (wr_conntrack_is_of(e, &c->addr[i])) {
            return true;
        }
    }
    return false;
}

static void on_entry(void *user, const struct wr_conntrack *e)
{
    struct cut *c = user;
    struct message m;
    if (c->cut >= WR_CONNTRACK_CUT_MAX || e->tuple_size > TUPLE_MAX || !is_wanted(c, e)) {
        return;
    }
    begin(&m, e->addr[0].family == WR_AF_V6 ? NFPROTO_IPV6 : NFPROTO_IPV4, IPCTNL_MSG_CT_DELETE, 0,
          0);
    add(&m, e->tuple, e->tuple_size);
    if (e->has_zone) {
        add_attribute(&m, CTA_ZONE, &e->zone, sizeof(e->zone));
    }
    if (e->has_id) {
        add_attribute(&m, CTA_ID, &e->id, sizeof(e->id));
    }
    /* One that is gone by itself meanwhile is an error that nobody waits for. */
    if (send(c->fd, &m, m.h.nlmsg_len, 0) >= 0) {
        c->cut++;
    }
}

static int list(int fd, int deletes_fd, uint8_t family, uint32_t seq, struct cut *c)
{
    static _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    struct message m;
    begin(&m, family, IPCTNL_MSG_CT_GET, NLM_F_DUMP, seq);
    c->fd = deletes_fd;
    if (send(fd, &m, m.h.nlmsg_len, 0) < 0) {
        return WR_E_IO;
    }
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return WR_E_IO;
        }
        if (wr_conntrack_read(bytes, (size_t)n, seq, on_entry, c)) {
            return WR_OK;
        }
    }
}

static int list_and_cut(struct cut *c, bool v4, bool v6, uint32_t *ret_cut)
{
    int lists, deletes = -1, err = wr_nlask_open(NETLINK_NETFILTER, &lists);
    if (err == WR_OK) {
        err = wr_nlask_open(NETLINK_NETFILTER, &deletes);
    }
    if (err == WR_OK && v4) {
        err = list(lists, deletes, NFPROTO_IPV4, 1, c);
    }
    if (err == WR_OK && v6) {
        err = list(lists, deletes, NFPROTO_IPV6, 2, c);
    }
    if (lists >= 0) {
        close(lists);
    }
    if (deletes >= 0) {
        close(deletes);
    }
    *ret_cut = c->cut;
    return err;
}

int wr_conntrack_cut(const struct wr_addr *addr, size_t count, uint32_t *ret_cut)
{
    struct cut c = {.addr = addr, .count = count};
    bool v4 = false, v6 = false;
    for (size_t i = 0; i < count; i++) {
        v4 = v4 || addr[i].family == WR_AF_V4;
        v6 = v6 || addr[i].family == WR_AF_V6;
    }
    return list_and_cut(&c, v4, v6, ret_cut);
}

int wr_conntrack_cut_changed(uint16_t port, uint32_t *ret_cut)
{
    struct cut c = {.changed = port};
    return list_and_cut(&c, true, true, ret_cut);
}
