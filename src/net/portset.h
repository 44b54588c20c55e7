/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port set: which UDP ports may be taken at random towards upstreams.
 *
 * All of 1024..65535, less those that would get in somebody's way: our own listeners, ports that the owner reserved
 * (net.ipv4.ip_local_reserved_ports), and a short list of services that commonly start later than weir
 * and need their port (mDNS, SSDP, WireGuard, ...). Ports in use right now are the kernel's to refuse.
 */
#ifndef WR_NET_PORTSET_H
#define WR_NET_PORTSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

struct wr_portset;

int wr_portset_create(const uint16_t *avoid, size_t avoids, struct wr_portset **ret_set);
void wr_portset_destroy(struct wr_portset *set);
/* Takes "8000-8100,9000" (the kernel's form) out; what is no number is skipped. */
void wr_portset_reserve(struct wr_portset *set, const char *text);
/* One of the set, each as likely as the other. */
uint16_t wr_portset_pick(const struct wr_portset *set, struct wr_rng *rng);
/* How many there are. */
uint32_t wr_portset_count(const struct wr_portset *set);

#endif
