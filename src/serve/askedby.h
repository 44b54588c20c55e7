/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asked by: whose question it would be, for who wants to know what would become of it.
 *
 * A word is an address, or a device: by its name, its id ("d17") or a MAC address. Of a device its question would come from the address at which it
 * was seen last; an address that a device has is asked from where that device is.
 */
#ifndef WR_SERVE_ASKEDBY_H
#define WR_SERVE_ASKEDBY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct wr_census;

struct wr_askedby {
    struct wr_addr addr;
    uint32_t ifindex; /* where the device is; 0: not known */
};

/* `m` may be NULL: no device is known. WR_E_NOTFOUND: there is no such device, or no address of it is known; `why` says which. */
int wr_askedby_find(const struct wr_census *m, const char *text, struct wr_askedby *ret, char *why,
                    size_t cap);

#endif
