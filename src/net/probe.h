/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probe: does anybody answer at an address? By the smallest thing that an honest client does.
 *
 * Over TCP a connection is made and closed. Over UDP a STUN binding request is sent, and again as RFC 8489 section 6.2.1 has it
 * (after WR_DOCTOR_STUN_RTO_MS, doubled each time). Blocking, with one deadline of the monotonic clock; for verbs, not for
 * the gateway. An address that is no machine's (multicast, broadcast, unspecified, IPv4 in IPv6) is never sent anything: unreachable.
 */
#ifndef WR_NET_PROBE_H
#define WR_NET_PROBE_H

#include <stdint.h>

#include "base/addr.h"
#include "transport/stun.h"

enum wr_probe {
    WR_PROBE_ALIVE = 0,
    WR_PROBE_SILENT,      /* nothing in time */
    WR_PROBE_CLOSED,      /* the machine says that nobody is there (RST, ICMP) */
    WR_PROBE_ABSENT,      /* a router, or the link, says that no such machine is there */
    WR_PROBE_UNREACHABLE, /* this machine has no way there */
    WR_PROBE_WRONG,       /* something came back that is no answer */
};

/* What a failed system call on a connected socket says of the other side. */
enum wr_probe wr_probe_of_errno(int number);
enum wr_probe wr_probe_tcp(const struct wr_addr *to, uint32_t timeout_ms);
enum wr_probe wr_probe_stun(const struct wr_addr *to, uint32_t timeout_ms,
                            const uint8_t id[WR_STUN_ID_SIZE]);

#endif
