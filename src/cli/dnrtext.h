/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNR text: the options of RFC 9463 as people and DHCP servers write them.
 *
 * First the octets in hexadecimal digits, then the lines for dnsmasq, Kea and odhcpd, as far as each can say it: dnsmasq has one
 * option of a number and no router advertisement of this kind, radvd has none. Addresses of a family that there is none of are
 * not missed: the options of that family are left out.
 */
#ifndef WR_CLI_DNRTEXT_H
#define WR_CLI_DNRTEXT_H

#include <stdio.h>

#include "transport/dnr.h"

/* Instances of one gateway: all transports at their own ports, and one for each other port. */
#define WR_DNRTEXT_MAX       16
#define WR_DNRTEXT_ADDRS_MAX 16

struct wr_dnrtext {
    struct wr_dnr one[WR_DNRTEXT_MAX];                         /* by priority */
    struct wr_addr addr[WR_DNRTEXT_MAX][WR_DNRTEXT_ADDRS_MAX]; /* what they may point to */
    size_t count;
    uint32_t lifetime_s; /* of router advertisements */
};

void wr_dnrtext_print(const struct wr_dnrtext *t, FILE *out);
/* {"instances": [{priority, name, alpn, addresses}], "dhcpv4": HEX or null, "dhcpv6": [HEX], "ra": [HEX]}. WR_E_NOMEM. */
int wr_dnrtext_json(const struct wr_dnrtext *t, FILE *out);

#endif
