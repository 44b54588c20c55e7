/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease wire: what a worker and the process with the privilege send each other about leases, as octets.
 *
 * One SOCK_SEQPACKET pair a worker, made before the processes part. A message of the worker's has asks, at most WR_LEASE_BATCH_MAX: all
 * of one turn of its loop, which the hand makes one transaction of. The hand says of each ask what was granted, when the kernel has it;
 * in which messages and in which order is its affair.
 *
 *     magic(4) kind(1) zero(1) count(2)
 *     ask:  id(8) ifindex(4) device(4) scope(4) family(1) has_mac(1) dests(1) ports(1) client(16) mac(6) zero(2)
 *           dests times: family(1) zero(3) for(4) ip(16);   ports times: protocol(1) zero(1) port(2)
 *     said: id(8) granted(4) err(4) most(4)
 *
 * Numbers are in network order. Who reads believes nothing: a worker may be somebody else's by now. What is not sound to the last
 * octet is WR_E_FORMAT, and the channel is of no more use.
 */
#ifndef WR_NET_LEASEWIRE_H
#define WR_NET_LEASEWIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "policy/lease.h"

enum wr_leasewire_kind { WR_LEASEWIRE_ASKS = 1, WR_LEASEWIRE_SAIDS };

#define WR_LEASEWIRE_HEAD_SIZE 8
#define WR_LEASEWIRE_ASK_SIZE  48 /* without its addresses and ports */
#define WR_LEASEWIRE_DEST_SIZE 24
#define WR_LEASEWIRE_PORT_SIZE 4
#define WR_LEASEWIRE_SAID_SIZE 20
/* The longest message. */
#define WR_LEASEWIRE_SIZE                                                               \
    (WR_LEASEWIRE_HEAD_SIZE +                                                           \
     WR_LEASE_BATCH_MAX *                                                               \
         (WR_LEASEWIRE_ASK_SIZE + (size_t)WR_LEASE_DESTS_MAX * WR_LEASEWIRE_DEST_SIZE + \
          (size_t)WR_LEASE_PORTS_MAX * WR_LEASEWIRE_PORT_SIZE))

struct wr_leasewire {
    struct wr_writer w;
    uint16_t count;
};

/* Writing: start, put one by one, finish (the size). WR_E_FULL: this one is for another message. */
void wr_leasewire_start(struct wr_leasewire *m, enum wr_leasewire_kind kind, void *room,
                        size_t cap);
int wr_leasewire_put_ask(struct wr_leasewire *m, const struct wr_lease_ask *ask);
int wr_leasewire_put_said(struct wr_leasewire *m, const struct wr_lease_said *said);
size_t wr_leasewire_finish(struct wr_leasewire *m);

/* Reading: open, then get `*ret_count` of them. After the last the octets must be at their end, or that one is WR_E_FORMAT. */
int wr_leasewire_open(struct wr_reader *r, enum wr_leasewire_kind kind, const void *bytes, size_t n,
                      uint16_t *ret_count);
int wr_leasewire_get_ask(struct wr_reader *r, bool last, struct wr_lease_ask *ret_ask);
int wr_leasewire_get_said(struct wr_reader *r, bool last, struct wr_lease_said *ret_said);

#endif
