/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conntrackload.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/conntrack.h"
#include "net/nlask.h"
#include "net/nlread.h"

enum { READ_SIZE = 65536 };

static uint32_t u32(struct wr_nlread body)
{
    return body.n != 4 ? 0
                       : (uint32_t)body.at[0] << 24 | (uint32_t)body.at[1] << 16 |
                             (uint32_t)body.at[2] << 8 | body.at[3];
}

static void read_one(const struct nlmsghdr *h, struct wr_conntrackload *load)
{
    const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
    if (h->nlmsg_len < head || h->nlmsg_type >> 8 != NFNL_SUBSYS_CTNETLINK) {
        return;
    }
    struct wr_nlread in = {(const uint8_t *)h + head, h->nlmsg_len - head}, body;
    const unsigned kind = h->nlmsg_type & 0xff;
    for (unsigned type; (type = wr_nlread_next(&in, &body)) != 0;) {
        if (kind == IPCTNL_MSG_CT_GET_STATS && type == CTA_STATS_GLOBAL_ENTRIES) {
            load->entries = u32(body);
        } else if (kind == IPCTNL_MSG_CT_GET_STATS && type == CTA_STATS_GLOBAL_MAX_ENTRIES) {
            load->most = u32(body);
        } else if (kind == IPCTNL_MSG_CT_GET_STATS_CPU && type == CTA_STATS_DROP) {
            load->dropped += u32(body);
        }
    }
}

/* With the last message comes a number: 0, or what is wrong, below it. */
static int end_of(const struct nlmsghdr *h)
{
    int32_t said = 0;
    if (h->nlmsg_len >= NLMSG_HDRLEN + sizeof(said)) {
        memcpy(&said, (const uint8_t *)h + NLMSG_HDRLEN, sizeof(said));
    }
    if (said < 0) {
        errno = said > -4096 ? -said : EIO; /* as far as the kernel's go */
    }
    return said < 0 ? WR_E_IO : WR_OK;
}

int wr_conntrackload_read(const uint8_t *bytes, size_t n, uint32_t seq,
                          struct wr_conntrackload *load)
{
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
        const struct nlmsghdr *h = (const void *)(bytes + at);
        if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at) {
            break;
        }
        if (h->nlmsg_seq == seq && (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)) {
            return end_of(h);
        }
        if (h->nlmsg_seq == seq) {
            read_one(h, load);
        }
        at += NLMSG_ALIGN(h->nlmsg_len);
    }
    return WR_E_AGAIN;
}

/* --- the socket --- */

static int ask(int fd, unsigned type, unsigned flags, uint32_t seq)
{
    struct {
        struct nlmsghdr h;
        struct nfgenmsg g;
    } m = {.h = {.nlmsg_len = sizeof(m),
                 .nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type),
                 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
                 .nlmsg_seq = seq},
           .g = {.version = NFNETLINK_V0}}; /* of all families */
    return send(fd, &m, sizeof(m), 0) < 0 ? WR_E_IO : WR_OK;
}

static uint8_t *receive(int fd, size_t *ret_n)
{
    static _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    ssize_t n;
    do {
        n = recv(fd, bytes, sizeof(bytes), 0);
    } while (n < 0 && errno == EINTR);
    *ret_n = n > 0 ? (size_t)n : 0;
    return n > 0 ? bytes : NULL;
}

int wr_conntrackload_ask(int fd, struct wr_conntrackload *ret_load)
{
    static const struct {
        unsigned type, flags;
    } questions[] = {{IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK},
                     {IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP}};
    static uint32_t seq = 1u << 31; /* the socket has other questions too */
    struct wr_conntrackload load = {.most = 0};
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const uint8_t *bytes;
        size_t n;
        int err;
        if (ask(fd, questions[i].type, questions[i].flags, ++seq) != WR_OK) {
            return WR_E_IO;
        }
        do {
            bytes = receive(fd, &n);
            if (bytes == NULL) {
                return WR_E_IO;
            }
            err = wr_conntrackload_read(bytes, n, seq, &load);
        } while (err == WR_E_AGAIN);
        if (err != WR_OK) {
            return err;
        }
    }
    if (load.most == 0) {
        errno = ENOENT;
        return WR_E_IO;
    }
    *ret_load = load;
    return WR_OK;
}

/* --- who has most --- */

static int compare(const void *a, const void *b)
{
    const struct wr_addr *x = a, *y = b;
    int family = (int)x->family - (int)y->family;
    return family != 0 ? family : memcmp(x->ip, y->ip, sizeof(x->ip));
}

void wr_conntrackload_count(struct wr_addr *addr, size_t n, struct wr_conntracktop *ret_top)
{
    *ret_top = (struct wr_conntracktop){.of = (uint32_t)n};
    qsort(addr, n, sizeof(addr[0]), compare);
    for (size_t first = 0, at = 0; at < n; at++) {
        first = compare(&addr[first], &addr[at]) == 0 ? first : at;
        if (at + 1 - first > ret_top->count) {
            ret_top->count = (uint32_t)(at + 1 - first);
            ret_top->addr = addr[at];
        }
    }
}

struct sample {
    struct wr_addr addr[WR_CONNTRACK_SAMPLE_MAX];
    size_t n;
};

static void on_entry(void *user, const struct wr_conntrack *e)
{
    struct sample *s = user;
    if (s->n < WR_CONNTRACK_SAMPLE_MAX) {
        s->addr[s->n++] = e->addr[0];
    }
}

int wr_conntrackload_top(struct wr_conntracktop *ret_top)
{
    static struct sample sample;
    int fd; /* of its own: with it the rest of the list goes */
    const uint8_t *bytes = NULL;
    size_t n;
    if (wr_nlask_open(NETLINK_NETFILTER, &fd) != WR_OK) {
        return WR_E_IO;
    }
    sample.n = 0;
    int err = ask(fd, IPCTNL_MSG_CT_GET, NLM_F_DUMP, 1);
    while (err == WR_OK && sample.n < WR_CONNTRACK_SAMPLE_MAX) {
        bytes = receive(fd, &n);
        err = bytes != NULL ? WR_OK : WR_E_IO;
        if (bytes != NULL && wr_conntrack_read(bytes, n, 1, on_entry, &sample)) {
            break;
        }
    }
    close(fd);
    if (err == WR_OK) {
        wr_conntrackload_count(sample.addr, sample.n, ret_top);
    }
    return err;
}
