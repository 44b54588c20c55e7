/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/askedby.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "conf/devicerules.h"
#include "policy/census.h"

static bool has_mac(const struct wr_census_device *d, const uint8_t mac[6])
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *m = &d->mark[i];
        if (m->kind == WR_MARK_MAC && m->size == 6 && memcmp(m->octets, mac, 6) == 0) {
            return true;
        }
    }
    return false;
}

static const struct wr_census_device *device_of(const struct wr_census *m, const char *text)
{
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    uint8_t mac[6];
    if (wr_devicerules_mac(text, mac) != WR_OK) {
        return wr_census_find(m, text);
    }
    while ((d = wr_census_walk(m, &cursor)) != NULL && !has_mac(d, mac)) {
    }
    return d;
}

static const struct wr_census_address *last_address(const struct wr_census_device *d)
{
    const struct wr_census_address *last = NULL;
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *a = &d->address[i];
        if (a->addr.family != WR_AF_NONE && (last == NULL || a->last_s > last->last_s)) {
            last = a;
        }
    }
    return last;
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
    const struct wr_census_device *d = m != NULL ? device_of(m, text) : NULL;
    if (d == NULL) {
        snprintf(why, cap,
                 "no address, and no device, or more than one, is called so; `weir devices` shows "
                 "their names, ids and MAC addresses");
        return WR_E_NOTFOUND;
    }
    const struct wr_census_address *a = last_address(d);
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
