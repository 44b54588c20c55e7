/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nft dump: what the kernel has in weir's table of the packet filter, read by netlink (nf_tables): counters, and elements of sets with
 * what is counted at each.
 *
 * A process of nft for it would take some ten milliseconds each time; this takes a few system calls. Needs CAP_NET_ADMIN. It waits for the
 * kernel, so not for a worker.
 */
#ifndef WR_NET_NFTDUMP_H
#define WR_NET_NFTDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr_nftdump {
    const uint8_t *key; /* of an element; of a counter its name, without a NUL */
    size_t size;
    uint64_t packets;
    uint64_t expires_ms; /* of an element: when it goes; 0: it stays */
};

typedef void wr_nftdump_hook(void *user, const struct wr_nftdump *one);

enum wr_nftdump_met {
    WR_NFTDUMP_DONE = 1,   /* the end */
    WR_NFTDUMP_FAILED = 2, /* the kernel refuses: there is no such thing */
};

/* Calls the hook for each in one read of the socket. Returns what it met: bits. */
unsigned wr_nftdump_read(const uint8_t *bytes, size_t n, uint32_t seq, wr_nftdump_hook *hook,
                         void *user);

/* WR_E_IO (errno). */
int wr_nftdump_open(int *ret_fd);
/* All counters of table inet weir; all elements of one set of it. WR_E_NOTFOUND: there is none; WR_E_IO. */
int wr_nftdump_counters(int fd, wr_nftdump_hook *hook, void *user);
int wr_nftdump_set(int fd, const char *set, wr_nftdump_hook *hook, void *user);

#endif
