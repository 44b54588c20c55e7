/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNR list: from the encrypted listeners and the certificates to what a network may tell its devices (RFC 9463).
 *
 * Transports at their own ports and at the same addresses are one instance, for some DHCP servers have room for one; each other port
 * is an instance of its own. DoQ before DoT before DoH. Addresses are those of the listeners that a device of the network can reach, or the
 * ones that are wanted, as far as a listener is there.
 */
#ifndef WR_CLI_DNRLIST_H
#define WR_CLI_DNRLIST_H

#include "cli/dnrtext.h"
#include "resolve/designated.h"

/* What the owner wants told; all may be left out. */
struct wr_dnrlist_want {
    const uint8_t *name; /* wire form; NULL: the first of the first certificate */
    const struct wr_addr *addr;
    size_t addrs;
};

/* Fills t->one and t->count; names point into `d` or are the wanted one. WR_E_NOTFOUND: nothing can be told, and *ret_why says what
 * to do (static). */
int wr_dnrlist_make(const struct wr_designated *d, const struct wr_dnrlist_want *want,
                    struct wr_dnrtext *t, const char **ret_why);

#endif
