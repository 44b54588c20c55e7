/* SPDX-License-Identifier: Apache-2.0 */
#include "net/nftdump.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "net/nlask.h"
#include "net/nlread.h"

#define TABLE "weir"

enum { READ_SIZE = 65536, BODY_MAX = 64, NAME_MAX_OCTETS = 31 };

/* --- messages --- */

static uint64_t be64(struct wr_nlread body)
{
    uint64_t v = 0;
    for (size_t i = 0; body.n == 8 && i < 8; i++) {
        v = v << 8 | body.at[i];
    }
    return v;
}

static uint64_t read_packets(struct wr_nlread counter)
{
    struct wr_nlread body;
    uint64_t packets = 0;
    for (unsigned type; (type = wr_nlread_next(&counter, &body)) != 0;) {
        packets = type == NFTA_COUNTER_PACKETS ? be64(body) : packets;
    }
    return packets;
}

/* Of an element: `counter` alone is written at it. */
static uint64_t read_expression(struct wr_nlread expression)
{
    struct wr_nlread body;
    uint64_t packets = 0;
    for (unsigned type; (type = wr_nlread_next(&expression, &body)) != 0;) {
        packets = type == NFTA_EXPR_DATA ? read_packets(body) : packets;
    }
    return packets;
}

static void read_element(struct wr_nlread in, wr_nftdump_hook *hook, void *user)
{
    struct wr_nftdump one = {.key = NULL};
    struct wr_nlread body, value;
    for (unsigned type; (type = wr_nlread_next(&in, &body)) != 0;) {
        if (type == NFTA_SET_ELEM_KEY && wr_nlread_next(&body, &value) == NFTA_DATA_VALUE) {
            one.key = value.at;
            one.size = value.n;
        } else if (type == NFTA_SET_ELEM_EXPR) {
            one.packets = read_expression(body);
        } else if (type == NFTA_SET_ELEM_EXPIRATION) {
            one.expires_ms = be64(body);
        }
    }
    if (one.key != NULL) {
        hook(user, &one);
    }
}

static void read_elements(struct wr_nlread in, wr_nftdump_hook *hook, void *user)
{
    struct wr_nlread body, element;
    for (unsigned type; (type = wr_nlread_next(&in, &body)) != 0;) {
        while (type == NFTA_SET_ELEM_LIST_ELEMENTS && wr_nlread_next(&body, &element) != 0) {
            read_element(element, hook, user);
        }
    }
}

static void read_object(struct wr_nlread in, wr_nftdump_hook *hook, void *user)
{
    static const uint8_t counter[4] = {0, 0, 0, NFT_OBJECT_COUNTER};
    struct wr_nftdump one = {.key = NULL};
    struct wr_nlread body;
    bool counts = false;
    for (unsigned type; (type = wr_nlread_next(&in, &body)) != 0;) {
        if (type == NFTA_OBJ_NAME && body.n > 0) {
            one.key = body.at;
            one.size = strnlen((const char *)body.at, body.n);
        } else if (type == NFTA_OBJ_TYPE) {
            counts = body.n == sizeof(counter) && memcmp(body.at, counter, sizeof(counter)) == 0;
        } else if (type == NFTA_OBJ_DATA) {
            one.packets = read_packets(body);
        }
    }
    if (counts && one.key != NULL) {
        hook(user, &one);
    }
}

unsigned wr_nftdump_read(const uint8_t *bytes, size_t n, uint32_t seq, wr_nftdump_hook *hook,
                         void *user)
{
    static const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
        const struct nlmsghdr *h = (const void *)(bytes + at);
        if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at) {
            break;
        }
        if (h->nlmsg_seq == seq && h->nlmsg_type == NLMSG_DONE) {
            return WR_NFTDUMP_DONE;
        }
        if (h->nlmsg_seq == seq && h->nlmsg_type == NLMSG_ERROR) {
            return WR_NFTDUMP_DONE | WR_NFTDUMP_FAILED;
        }
        struct wr_nlread in = {(const uint8_t *)h + head,
                               h->nlmsg_len > head ? h->nlmsg_len - head : 0};
        if (h->nlmsg_seq == seq &&
            h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM)) {
            read_elements(in, hook, user);
        } else if (h->nlmsg_seq == seq &&
                   h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ)) {
            read_object(in, hook, user);
        }
        at += NLMSG_ALIGN(h->nlmsg_len);
    }
    return 0;
}

/* --- the socket --- */

struct message {
    struct nlmsghdr h;
    struct nfgenmsg g;
    uint8_t body[BODY_MAX];
};

_Static_assert(sizeof(struct nfgenmsg) == NLMSG_ALIGN(sizeof(struct nfgenmsg)), "no gap");

static void add(struct message *m, unsigned type, const void *value, size_t n)
{
    const struct nlattr a = {(uint16_t)(NLA_HDRLEN + n), (uint16_t)type};
    memcpy((uint8_t *)m + m->h.nlmsg_len, &a, sizeof(a));
    memcpy((uint8_t *)m + m->h.nlmsg_len + NLA_HDRLEN, value, n);
    m->h.nlmsg_len += (uint32_t)NLA_ALIGN(NLA_HDRLEN + n);
}

static int dump(int fd, struct message *m, wr_nftdump_hook *hook, void *user)
{
    static uint32_t last;
    static _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    unsigned met = 0;
    m->h.nlmsg_seq = ++last;
    if (send(fd, m, m->h.nlmsg_len, 0) < 0) {
        return WR_E_IO;
    }
    while ((met & WR_NFTDUMP_DONE) == 0) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return WR_E_IO;
        }
        met = wr_nftdump_read(bytes, (size_t)n, last, hook, user);
    }
    return (met & WR_NFTDUMP_FAILED) != 0 ? WR_E_NOTFOUND : WR_OK;
}

static void begin(struct message *m, unsigned type)
{
    memset(m, 0, sizeof(*m));
    m->h.nlmsg_len = sizeof(m->h) + sizeof(m->g);
    m->h.nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
    m->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    m->g.nfgen_family = NFPROTO_INET;
    m->g.version = NFNETLINK_V0;
}

int wr_nftdump_counters(int fd, wr_nftdump_hook *hook, void *user)
{
    static const uint8_t counter[4] = {0, 0, 0, NFT_OBJECT_COUNTER};
    struct message m;
    begin(&m, NFT_MSG_GETOBJ);
    add(&m, NFTA_OBJ_TABLE, TABLE, sizeof(TABLE));
    add(&m, NFTA_OBJ_TYPE, counter, sizeof(counter));
    return dump(fd, &m, hook, user);
}

int wr_nftdump_set(int fd, const char *set, wr_nftdump_hook *hook, void *user)
{
    struct message m;
    begin(&m, NFT_MSG_GETSETELEM);
    add(&m, NFTA_SET_ELEM_LIST_TABLE, TABLE, sizeof(TABLE));
    add(&m, NFTA_SET_ELEM_LIST_SET, set, strnlen(set, NAME_MAX_OCTETS) + 1);
    return dump(fd, &m, hook, user);
}

int wr_nftdump_open(int *ret_fd)
{
    return wr_nlask_open(NETLINK_NETFILTER, ret_fd);
}
