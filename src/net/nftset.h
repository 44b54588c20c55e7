/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nft set: elements of sets in table inet weir, changed by netlink (nfnetlink, NFNL_SUBSYS_NFTABLES); net/nftdump reads them.
 *
 * A batch is one transaction: all of it is in force when the call comes back with WR_OK, or nothing is. The kernel carries it out before the
 * call that sends it returns, so nobody waits for anything else. No program runs: some twenty microseconds, where nft takes ten milliseconds.
 *
 *     wr_nftset_begin, wr_nftset_add / wr_nftset_delete ..., wr_nftset_commit
 *
 * Keys are octets as the kernel has them: each part of a concatenation padded to four, an interface in the machine's order, all else in the
 * network's. An element that is there is left as it is by an add (its time too, before Linux 6.12); one that is not there has a delete refused, and
 * the batch with it. Whoever renews adds, deletes and adds: that is right in either case.
 *
 * Needs CAP_NET_ADMIN. One thread.
 */
#ifndef WR_NET_NFTSET_H
#define WR_NET_NFTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_NFTSET_KEY_MAX 64
/* Octets of a batch: less than the least that the kernel lets a socket send at once (net.core.wmem_default, 208 KiB). */
#define WR_NFTSET_BATCH_SIZE 131072
/* Of these a batch takes so many for sure. */
#define WR_NFTSET_ELEMENT_SIZE (2 * WR_NFTSET_KEY_MAX)
#define WR_NFTSET_HEAD_SIZE    256

struct wr_nftset {
    int fd;        /* -1: there is none */
    uint32_t port; /* of its socket: who changed the sets, as net/nftwatch tells it */
    uint32_t seq;
};

struct wr_nftset_batch {
    uint8_t *room;
    size_t size;
    uint32_t first, seq;
    size_t message, list; /* where the open ones begin; 0: there is none */
    bool adds;            /* the open message does */
    const char *set;      /* of the open message */
};

/* WR_E_IO: no netlink here, or not permitted (errno). */
int wr_nftset_open(struct wr_nftset *ret_nft);
void wr_nftset_close(struct wr_nftset *nft);

/* `room`: WR_NFTSET_BATCH_SIZE octets, aligned as malloc has it. */
void wr_nftset_begin(const struct wr_nftset *nft, struct wr_nftset_batch *b, void *room);
/* The element, for so long; timeout_ms 0: for ever. `set` lives until commit. WR_E_FULL: the batch takes no more. */
int wr_nftset_add(struct wr_nftset_batch *b, const char *set, const void *key, size_t n,
                  uint64_t timeout_ms);
int wr_nftset_delete(struct wr_nftset_batch *b, const char *set, const void *key, size_t n);
/* Octets that are left. */
size_t wr_nftset_room(const struct wr_nftset_batch *b);
/* WR_E_NOTFOUND: a set, the table or an element that was to be deleted is not there; WR_E_NOMEM; WR_E_IO (errno). Nothing is changed then. */
int wr_nftset_commit(struct wr_nftset *nft, struct wr_nftset_batch *b);

#endif
