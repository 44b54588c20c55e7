/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease hand: the part of the process with the privilege (serve/firehand) that puts leases into the kernel.
 *
 * Each worker has a channel of its own to it (net/leasewire). What all of them have asked for by now becomes one transaction (net/nftset), and
 * the answers leave when the kernel has it. Who the client is, the kernel says: the MAC address that his address has on the interface; nobody there has it: he is
 * behind another router, and the lease is for his address, and for the others that his device is known by (wr_leasehand_known).
 *
 * It believes no worker: it opens to addresses of machines of the Internet alone, within the bounds, and to nobody in particular who is
 * not on the interface that was named. What the rules say of a segment's subnets stands before any lease (policy/rulesetlease.c).
 *
 * The list of all leases is here (policy/leaselist): read from the kernel before the rules are written, and what is missing there is put into the
 * sets again. An ask that the kernel refuses (somebody has flushed the table) is answered with an error; while nobody is held back (the owner has
 * removed the table) all is granted, bounds or not. It is noted within them in any case, and in the sets when the rules come.
 */
#ifndef WR_SERVE_LEASEHAND_H
#define WR_SERVE_LEASEHAND_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/leaseknown.h"
#include "policy/leaselist.h"

/* Asks that one transaction answers. */
#define WR_LEASEHAND_ASKS_MAX 1024

struct wr_leasehand;

/* WR_E_NOMEM; WR_E_IO: no netlink (errno). */
int wr_leasehand_create(uint32_t capacity, struct wr_leasehand **ret_hand);
void wr_leasehand_destroy(struct wr_leasehand *h);
/* How many in all, and of one party; for how long a new one is at most where a party's room is scarce. */
void wr_leasehand_bound(struct wr_leasehand *h, uint32_t all, uint32_t party, uint32_t scarce_s);
/* The port of its changes, as net/nftwatch tells it. */
uint32_t wr_leasehand_port(const struct wr_leasehand *h);

/* The list and what the kernel has, as one; what is missing there is wanted. WR_E_NOTFOUND: some set is not there. */
int wr_leasehand_recall(struct wr_leasehand *h);
/* Everything that is wanted, into the sets; what is asked for from then on, too. */
int wr_leasehand_fill(struct wr_leasehand *h);

/* Whether anybody is held back, as far as the rules go; at first they are. */
void wr_leasehand_hold(struct wr_leasehand *h, bool held);

/* Reads what is readable of these channels, commits and answers. One that talks nonsense or has ended is closed: its fd is -1 then. */
void wr_leasehand_serve(struct wr_leasehand *h, struct pollfd *channel, size_t count);
/* Which addresses devices are known by, in parts: with the last of them leases follow. False: too many, or not sound. */
bool wr_leasehand_known(struct wr_leasehand *h, const struct wr_leaseknown *known, size_t count,
                        bool last);
/* What these have ends now: `family` none, a MAC address in the first octets of `ip`, wherever it is; else an address. */
void wr_leasehand_forget(struct wr_leasehand *h, const struct wr_leaseknown *who, size_t count);
/* What has ended leaves the list: every now and then. */
void wr_leasehand_tick(struct wr_leasehand *h);

/* Addresses that were not opened for want of room, since the start. */
uint64_t wr_leasehand_refused(const struct wr_leasehand *h);
const struct wr_leaselist *wr_leasehand_list(const struct wr_leasehand *h);
uint64_t wr_leasehand_now_ms(void);

/* The key of a set's element, as the kernel has it: which set it is in, its octets. */
unsigned wr_leasehand_set_of(const struct wr_leaselist_key *key);
size_t wr_leasehand_key_write(const struct wr_leaselist_key *key, uint8_t ret_octets[64]);
/* False: these are none of an element of that set. */
bool wr_leasehand_key_read(unsigned set, const uint8_t *octets, size_t n,
                           struct wr_leaselist_key *ret_key);

#endif
