/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNR: how a network tells its devices of an encrypted resolver, in DHCP options and router advertisements (RFC 9463).
 *
 *     wr_dnr_put_v4(list, n, &w)              all of it: the value of DHCPv4 option 162, with every instance in it
 *     wr_dnr_put_v6(&list[i], &w)             one of it: the value of one DHCPv6 option 144
 *     wr_dnr_put_ra(&list[i], 1800, &w)       one of it: a whole option 144 of Neighbor Discovery
 *
 * Written only: weir tells who configures a DHCP server what to write, and is no client of these options itself.
 * An instance has the name that the certificate proves, the addresses of the option's family (others are passed over), and the
 * parameters of the service without hints, as section 3.1.5 wants.
 *
 * WR_E_NOTFOUND: no address of that family, or no instance; WR_E_RANGE: longer than the option can be; WR_E_FULL: the writer
 * is. Then the writer is to be thrown away. Pure; no memory.
 */
#ifndef WR_TRANSPORT_DNR_H
#define WR_TRANSPORT_DNR_H

#include "transport/service.h"

enum {
    WR_DNR_V4_CODE = 162, /* OPTION_V4_DNR */
    WR_DNR_V6_CODE = 144, /* OPTION_V6_DNR */
    WR_DNR_RA_TYPE = 144, /* Encrypted DNS option */
};

/* Most octets of any of the three: an option of Neighbor Discovery has 255 times 8. */
#define WR_DNR_SIZE 2040

struct wr_dnr {
    uint16_t priority;   /* the smallest is tried first; not 0 */
    const uint8_t *name; /* wire form */
    const struct wr_addr *addr;
    size_t addrs;
    struct wr_service service;
};

/* More than 255 octets are cut into several options of that code by the server, the value going on (RFC 3396). */
int wr_dnr_put_v4(const struct wr_dnr *list, size_t count, struct wr_writer *w);
int wr_dnr_put_v6(const struct wr_dnr *one, struct wr_writer *w);
/* UINT32_MAX: for ever; 0: withdrawn. */
int wr_dnr_put_ra(const struct wr_dnr *one, uint32_t lifetime_s, struct wr_writer *w);

#endif
