/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reverse: the name that stands for an address.
 *
 * 4.3.2.1.in-addr.arpa for an IPv4 address (RFC 1035 section 3.5), 32 nibbles under ip6.arpa for an IPv6
 * one (RFC 3596 section 2.5). Port and scope of the address do not matter.
 */
#ifndef WR_DNS_REVERSE_H
#define WR_DNS_REVERSE_H

#include "base/addr.h"
#include "dns/name.h"

/* WR_E_FORMAT: the address has no family. */
int wr_reverse_name(const struct wr_addr *addr, struct wr_name *ret_name);

#endif
