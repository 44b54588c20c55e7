/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asked by: which device a word means, and whose question it would be, for who wants to know what would become of it.
 *
 * A device is meant by a MAC address, an address, its name, its id ("d17") or the host name that it gives itself, in this order: what looks like an address is
 * never looked for among names, or a device that calls itself by another's address would be taken for it. Of a device its question would come from the address at which it
 * was seen last; an address that a device has is asked from where that device is.
 */
#ifndef WR_SERVE_ASKEDBY_H
#define WR_SERVE_ASKEDBY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct wr_census;
struct wr_census_device;

struct wr_askedby {
    struct wr_addr addr;
    uint32_t ifindex; /* where the device is; 0: not known */
};

/* NULL: none, or more than one. */
const struct wr_census_device *wr_askedby_device(const struct wr_census *m, const char *text);
/* `m` may be NULL: no device is known. WR_E_NOTFOUND: there is no such device, or no address of it is known; `why` says which. */
int wr_askedby_find(const struct wr_census *m, const char *text, struct wr_askedby *ret, char *why,
                    size_t cap);

#endif
