/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/askedby.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "conf/devicerules.h"
#include "policy/census.h"

const struct wr_census_device *wr_askedby_device(const struct wr_census *m, const char *text)
{
    struct wr_addr addr;
    uint8_t mac[6];
    if (wr_devicerules_mac(text, mac) == WR_OK) {
        return wr_census_of_mac(m, mac);
    }
    return wr_addr_from_text(text, &addr) == WR_OK ? wr_census_of_address(m, &addr)
                                                   : wr_census_find(m, text);
}

/* Where the device is that has this address, as it was seen last; 0: nowhere, or nobody has it. */
static uint32_t ifindex_of(const struct wr_census *m, const struct wr_addr *addr)
{
    const struct wr_census_device *d;
    uint32_t cursor = 0, ifindex = 0;
    int64_t last_s = INT64_MIN;
    while (m != NULL && (d = wr_census_walk(m, &cursor)) != NULL) {
        for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
            const struct wr_census_address *a = &d->address[i];
            if (a->addr.family != WR_AF_NONE && wr_addr_same_ip(&a->addr, addr) &&
                a->last_s > last_s) {
                ifindex = a->ifindex != 0 ? a->ifindex : d->ifindex;
                last_s = a->last_s;
            }
        }
    }
    return ifindex;
}

int wr_askedby_find(const struct wr_census *m, const char *text, struct wr_askedby *ret, char *why,
                    size_t cap)
{
    *ret = (struct wr_askedby){.ifindex = 0};
    if (wr_addr_from_text(text, &ret->addr) == WR_OK) {
        ret->ifindex = ifindex_of(m, &ret->addr);
        return WR_OK;
    }
    const struct wr_census_device *d = m != NULL ? wr_askedby_device(m, text) : NULL;
    if (d == NULL) {
        snprintf(why, cap,
                 "no address, and no device, or more than one, is called so; `weir devices` shows "
                 "their names, ids and MAC addresses");
        return WR_E_NOTFOUND;
    }
    const struct wr_census_address *a = wr_census_last_address(d);
    if (a == NULL) {
        snprintf(why, cap,
                 "no address of this device is known, so nobody knows which segment it would ask "
                 "from");
        return WR_E_NOTFOUND;
    }
    ret->addr = a->addr;
    ret->ifindex = a->ifindex != 0 ? a->ifindex : d->ifindex;
    return WR_OK;
}
