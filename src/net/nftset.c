/* SPDX-License-Identifier: Apache-2.0 */
#include "net/nftset.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/nlask.h"

enum { READ_SIZE = 32768, QUEUE_SIZE = 1 << 22, LIST_MAX = 60000 };

#define TABLE "weir"

/* --- writing --- */

static void put(struct wr_nftset_batch *b, const void *bytes, size_t n)
{
    size_t whole = NLMSG_ALIGN(n);
    wr_assert(b->size + whole <= WR_NFTSET_BATCH_SIZE);
    memcpy(b->room + b->size, bytes, n);
    memset(b->room + b->size + n, 0, whole - n);
    b->size += whole;
}

static void put_attribute(struct wr_nftset_batch *b, unsigned type, const void *value, size_t n)
{
    const struct nlattr a = {(uint16_t)(NLA_HDRLEN + n), (uint16_t)type};
    put(b, &a, sizeof(a));
    put(b, value, n);
}

/* Returns where it begins, for close_nested. */
static size_t open_nested(struct wr_nftset_batch *b, unsigned type)
{
    const struct nlattr a = {0, (uint16_t)(type | NLA_F_NESTED)};
    size_t at = b->size;
    put(b, &a, sizeof(a));
    return at;
}

static void close_nested(struct wr_nftset_batch *b, size_t at)
{
    const uint16_t n = (uint16_t)(b->size - at);
    memcpy(b->room + at, &n, sizeof(n));
}

static size_t open_message(struct wr_nftset_batch *b, unsigned type, unsigned flags, uint8_t family,
                           uint16_t resource)
{
    struct nlmsghdr h;
    struct nfgenmsg g;
    size_t at = b->size;
    memset(&h, 0, sizeof(h));
    h.nlmsg_type = (uint16_t)type;
    h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    h.nlmsg_seq = b->seq++;
    memset(&g, 0, sizeof(g));
    g.nfgen_family = family;
    g.version = NFNETLINK_V0;
    g.res_id = htobe16(resource);
    put(b, &h, sizeof(h));
    put(b, &g, sizeof(g));
    return at;
}

static void close_message(struct wr_nftset_batch *b, size_t at)
{
    const uint32_t n = (uint32_t)(b->size - at);
    memcpy(b->room + at, &n, sizeof(n));
}

static void put_mark(struct wr_nftset_batch *b, unsigned type)
{
    close_message(b, open_message(b, type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

static void name_set(struct wr_nftset_batch *b, const char *set)
{
    put_attribute(b, NFTA_SET_ELEM_LIST_TABLE, TABLE, sizeof(TABLE));
    put_attribute(b, NFTA_SET_ELEM_LIST_SET, set, strlen(set) + 1);
}

static void end_open(struct wr_nftset_batch *b)
{
    if (b->set != NULL) {
        close_nested(b, b->list);
        close_message(b, b->message);
        b->set = NULL;
    }
}

void wr_nftset_begin(const struct wr_nftset *nft, struct wr_nftset_batch *b, void *room)
{
    *b = (struct wr_nftset_batch){.room = room, .first = nft->seq + 1, .seq = nft->seq + 1};
    put_mark(b, NFNL_MSG_BATCH_BEGIN);
}

size_t wr_nftset_room(const struct wr_nftset_batch *b)
{
    size_t kept = b->size + 2 * WR_NFTSET_HEAD_SIZE;
    return kept < WR_NFTSET_BATCH_SIZE ? WR_NFTSET_BATCH_SIZE - kept : 0;
}

static int put_element(struct wr_nftset_batch *b, bool adds, const char *set, const void *key,
                       size_t n, uint64_t timeout_ms)
{
    wr_assert(n <= WR_NFTSET_KEY_MAX);
    if (wr_nftset_room(b) < WR_NFTSET_ELEMENT_SIZE) {
        return WR_E_FULL;
    }
    if (b->set == NULL || b->adds != adds || strcmp(b->set, set) != 0 ||
        b->size - b->list > LIST_MAX) {
        end_open(b);
        b->message = open_message(
            b, NFNL_SUBSYS_NFTABLES << 8 | (adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM),
            adds ? NLM_F_CREATE : 0, NFPROTO_INET, 0);
        name_set(b, set);
        b->list = open_nested(b, NFTA_SET_ELEM_LIST_ELEMENTS);
        b->adds = adds;
        b->set = set;
    }
    size_t element = open_nested(b, NFTA_LIST_ELEM), data = open_nested(b, NFTA_SET_ELEM_KEY);
    put_attribute(b, NFTA_DATA_VALUE, key, n);
    close_nested(b, data);
    if (timeout_ms > 0) {
        const uint64_t be = htobe64(timeout_ms);
        put_attribute(b, NFTA_SET_ELEM_TIMEOUT, &be, sizeof(be));
    }
    close_nested(b, element);
    return WR_OK;
}

int wr_nftset_add(struct wr_nftset_batch *b, const char *set, const void *key, size_t n,
                  uint64_t timeout_ms)
{
    return put_element(b, true, set, key, n, timeout_ms);
}

int wr_nftset_delete(struct wr_nftset_batch *b, const char *set, const void *key, size_t n)
{
    return put_element(b, false, set, key, n, 0);
}

/* --- the socket --- */

int wr_nftset_open(struct wr_nftset *ret_nft)
{
    struct sockaddr_nl sa = {0};
    socklen_t size = sizeof(sa);
    int queue = QUEUE_SIZE, fd;
    if (wr_nlask_open(NETLINK_NETFILTER, &fd) != WR_OK) {
        return WR_E_IO;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue,
                     sizeof(queue)); /* as much as there may be */
    if (getsockname(fd, (struct sockaddr *)&sa, &size) != 0) {
        int number = errno;
        close(fd);
        errno = number;
        return WR_E_IO;
    }
    *ret_nft = (struct wr_nftset){.fd = fd, .port = sa.nl_pid};
    return WR_OK;
}

void wr_nftset_close(struct wr_nftset *nft)
{
    if (nft->fd >= 0) {
        close(nft->fd);
    }
    nft->fd = -1;
}

static int error_of(int number)
{
    errno = number;
    return number == ENOENT                        ? WR_E_NOTFOUND
           : number == ENOMEM || number == ENOBUFS ? WR_E_NOMEM
                                                   : WR_E_IO;
}

/* What was said to the messages `first` to `last` in one read: the first error; -1: nothing. The acknowledgement of the last is 0. */
static int verdict_of(const uint8_t *bytes, size_t n, uint32_t first, uint32_t last)
{
    int verdict = -1;
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
        const struct nlmsghdr *h = (const void *)(bytes + at);
        struct nlmsgerr e;
        if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at) {
            break;
        }
        if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_len >= NLMSG_LENGTH(sizeof(e)) &&
            h->nlmsg_seq - first <= last - first) {
            memcpy(&e, NLMSG_DATA(h), sizeof(e));
            if (e.error != 0) {
                return -e.error;
            }
            verdict = h->nlmsg_seq == last ? 0 : verdict;
        }
        at += NLMSG_ALIGN(h->nlmsg_len);
    }
    return verdict;
}

/* All that is there; it is there as soon as the batch is sent. An error stands before an acknowledgement, wherever they are. */
static int take_verdict(const struct wr_nftset *nft, uint32_t first, uint32_t last)
{
    static _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    int verdict = -1;
    for (;;) {
        ssize_t n = recv(nft->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno != EAGAIN) {
            return error_of(errno); /* something was lost: nobody knows */
        }
        if (n < 0) {
            return verdict == 0 ? WR_OK : error_of(verdict < 0 ? EPROTO : verdict);
        }
        int one = verdict_of(bytes, (size_t)n, first, last);
        verdict = verdict > 0 || one < 0 ? verdict : one;
    }
}

int wr_nftset_commit(struct wr_nftset *nft, struct wr_nftset_batch *b)
{
    if (b->set == NULL) {
        return WR_OK; /* nothing to do */
    }
    struct nlmsghdr *h = (void *)(b->room + b->message);
    uint32_t last = h->nlmsg_seq;
    h->nlmsg_flags |= NLM_F_ACK;
    end_open(b);
    put_mark(b, NFNL_MSG_BATCH_END);
    nft->seq = b->seq;
    ssize_t sent;
    do {
        sent = send(nft->fd, b->room, b->size, 0);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return error_of(errno);
    }
    return take_verdict(nft, b->first, last);
}
