/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/firefacts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "policy/prefix.h"

/* A list of strangers takes no whole provider away. */
#define DOH_LEN4_MIN 16
#define DOH_LEN6_MIN 32

struct wr_ruleset_item *wr_firefacts_put(struct wr_firefacts *f, enum wr_ruleset_kind kind,
                                         size_t segment)
{
    if (f->count >= WR_RULESET_ITEMS_MAX) {
        f->left++;
        return NULL;
    }
    struct wr_ruleset_item *item = &f->item[f->count++];
    memset(item, 0, sizeof(*item));
    item->kind = (uint8_t)kind;
    item->segment = (uint16_t)segment;
    return item;
}

/* Field by field: gaps are zero, so equal items are equal octets. */
static void put_prefix(struct wr_firefacts *f, enum wr_ruleset_kind kind, size_t segment,
                       const struct wr_prefix *prefix, uint32_t ifindex)
{
    struct wr_ruleset_item *item = wr_firefacts_put(f, kind, segment);
    if (item != NULL) {
        memcpy(item->prefix.addr.ip, prefix->addr.ip, sizeof(item->prefix.addr.ip));
        item->prefix.addr.family = prefix->addr.family;
        item->prefix.addr.scope = ifindex;
        item->prefix.len = prefix->len;
    }
}

/* Of these prefixes those that are in no other: the sets of nft have no overlaps. */
static void put_set(struct wr_firefacts *f, enum wr_ruleset_kind kind, size_t segment,
                    struct wr_prefix *prefix, size_t count)
{
    uint32_t left = wr_prefix_compile(prefix, (uint32_t)count);
    for (uint32_t i = 0; i < left; i++) {
        put_prefix(f, kind, segment, &prefix[i], 0);
    }
}

/* The same of a list of the owner's. */
static void put_list(struct wr_firefacts *f, enum wr_ruleset_kind kind, size_t segment,
                     const struct wr_prefix *prefix, size_t count)
{
    struct wr_prefix copy[WR_SEGMENT_PLACES_MAX];
    size_t n = count < WR_SEGMENT_PLACES_MAX ? count : WR_SEGMENT_PLACES_MAX;
    for (size_t k = 0; k < n; k++) {
        copy[k] = prefix[k];
    }
    put_set(f, kind, segment, copy, n);
}

static unsigned dns_flags(const struct wr_firefacts *f, uint32_t foreign)
{
    bool hairpins = foreign == WR_CONF_FOREIGN_ANSWER && f->hairpins;
    unsigned more = !hairpins      ? 0
                    : f->redirects ? WR_RULESET_HAIRPINS | WR_RULESET_REDIRECTS
                                   : WR_RULESET_HAIRPINS;
    return foreign == WR_CONF_FOREIGN_PASS ? 0 : WR_RULESET_REJECTS | more;
}

void wr_firefacts_segments(struct wr_firefacts *f, const struct wr_conf *conf)
{
    for (size_t i = 0; i < conf->segments.count; i++) {
        const struct wr_conf_segment *s = &conf->segments.items[i];
        struct wr_ruleset_item *item = wr_firefacts_put(f, WR_RULESET_SEGMENT, i);
        if (item != NULL) {
            item->flags =
                (uint8_t)(dns_flags(f, s->foreign_dns) | (s->reach != 0 ? WR_RULESET_ANSWERED : 0) |
                          (s->discovery == 0 ? WR_RULESET_KEEPS : 0));
        }
        for (size_t k = 0; k < s->interfaces.count; k++) {
            item = wr_firefacts_put(f, WR_RULESET_INTERFACE, i);
            size_t n = strnlen(s->interfaces.items[k], sizeof(item->interface) - 1);
            if (item != NULL) {
                memcpy(item->interface, s->interfaces.items[k], n);
            }
        }
        for (size_t k = 0; k < s->subnets.count; k++) {
            put_prefix(f, WR_RULESET_SUBNET, i, &s->subnets.items[k], 0);
        }
        put_list(f, WR_RULESET_RESOLVER, i, s->resolvers.items, s->resolvers.count);
        put_list(f, WR_RULESET_REACH, i, s->reaches.items, s->reaches.count);
    }
}

static void put_port(struct wr_firefacts *f, enum wr_ruleset_kind kind, uint16_t port)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->item[i].kind == kind && f->item[i].port == port) {
            return;
        }
    }
    struct wr_ruleset_item *item = wr_firefacts_put(f, kind, 0);
    if (item != NULL) {
        item->port = port;
        item->flags = kind == WR_RULESET_UDP && f->untracked ? WR_RULESET_UNTRACKED : 0;
    }
}

void wr_firefacts_ports(struct wr_firefacts *f, const struct wr_conf *conf)
{
    for (size_t i = 0; i < conf->listen.count; i++) {
        put_port(f, WR_RULESET_UDP, conf->listen.items[i].addr.port);
        put_port(f, WR_RULESET_TCP, conf->listen.items[i].addr.port);
    }
    for (size_t i = 0; i < conf->encrypted.dot.count; i++) {
        put_port(f, WR_RULESET_TCP, conf->encrypted.dot.items[i].addr.port);
    }
    for (size_t i = 0; i < conf->encrypted.doh.count; i++) {
        put_port(f, WR_RULESET_TCP, conf->encrypted.doh.items[i].addr.port);
    }
    for (size_t i = 0; i < conf->encrypted.doq.count; i++) {
        put_port(f, WR_RULESET_UDP, conf->encrypted.doq.items[i].addr.port);
    }
}

static void store_be64(uint64_t v, uint8_t *p)
{
    for (int i = 7; i >= 0; i--) {
        p[i] = (uint8_t)v;
        v >>= 8;
    }
}

static bool is_doh(const struct wr_addrtree_item *item, struct wr_prefix *ret)
{
    struct wr_prefix p = {.len = (uint8_t)item->len};
    bool v4 = item->family == WR_AF_V4;
    p.addr.family = (uint8_t)item->family;
    store_be64(item->high, p.addr.ip);
    if (v4) {
        memset(p.addr.ip + 4, 0, sizeof(p.addr.ip) - 4);
    } else {
        store_be64(item->low, p.addr.ip + 8);
    }
    *ret = p;
    return item->len >= (v4 ? DOH_LEN4_MIN : DOH_LEN6_MIN) &&
           wr_addr_kind(&p.addr) == WR_ADDR_MACHINE;
}

int wr_firefacts_dohs(struct wr_firefacts *f, const struct wr_feedset *feeds, const uint16_t *label,
                      size_t labels)
{
    struct wr_prefix *all = calloc(WR_RULESET_ITEMS_MAX, sizeof(*all));
    size_t n = 0;
    if (all == NULL) {
        return WR_E_NOMEM;
    }
    for (uint32_t i = 0; i < feeds->count; i++) {
        const struct wr_addrtree *tree = feeds->item[i].addrs;
        bool wanted = false;
        for (size_t k = 0; k < labels; k++) {
            wanted = wanted || feeds->item[i].label == label[k];
        }
        for (uint32_t k = 0; wanted && tree != NULL && k < tree->count; k++) {
            if (n == WR_RULESET_ITEMS_MAX) {
                f->left += tree->count - k;
                break;
            }
            n += is_doh(&tree->item[k], &all[n]) ? 1 : 0;
        }
    }
    put_set(f, WR_RULESET_DOH, 0, all, n);
    free(all);
    return WR_OK;
}

/* The kernel forwards no others: they are cut off by the MAC address. A device can claim any address (RFC 4861: whoever sends is a neighbour), so an
 * address is cut off at the interface where it was seen, and nowhere else. */
bool wr_firefacts_is_forwarded(const struct wr_addr *addr)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);
    return addr->family != WR_AF_NONE && (kind == WR_ADDR_MACHINE || kind == WR_ADDR_PRIVATE);
}

static void put_device(struct wr_firefacts *f, const struct wr_census_device *d)
{
    for (unsigned i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        static const uint8_t none[6];
        const struct wr_mark *mark = &d->mark[i];
        if (mark->kind == WR_MARK_MAC && mark->size == 6 && memcmp(mark->octets, none, 6) != 0) {
            struct wr_ruleset_item *item = wr_firefacts_put(f, WR_RULESET_MAC, 0);
            if (item != NULL) {
                memcpy(item->mac, mark->octets, sizeof(item->mac));
            }
        }
    }
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_addr *addr = &d->address[i].addr;
        if (wr_firefacts_is_forwarded(addr)) {
            const struct wr_prefix one = {.addr = *addr,
                                          .len = addr->family == WR_AF_V4 ? 32 : 128};
            put_prefix(f, WR_RULESET_ADDRESS, 0, &one, d->address[i].ifindex);
        }
    }
}

uint32_t wr_firefacts_quarantine(struct wr_firefacts *f, const struct wr_census *m)
{
    const struct wr_census_device *d;
    uint32_t cursor = 0, devices = 0;
    while ((d = wr_census_walk(m, &cursor)) != NULL) {
        if (d->quarantined) {
            put_device(f, d);
            devices++;
        }
    }
    return devices;
}

size_t wr_firefacts_known(const struct wr_census *m, struct wr_leaseknown *ret_known, size_t cap)
{
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    size_t n = 0;
    while ((d = wr_census_walk(m, &cursor)) != NULL) {
        for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX && n < cap; i++) {
            const struct wr_census_address *a = &d->address[i];
            if (wr_firefacts_is_forwarded(&a->addr) && d->number != 0) {
                ret_known[n] = (struct wr_leaseknown){
                    .device = d->number, .ifindex = a->ifindex, .family = a->addr.family};
                memcpy(ret_known[n++].ip, a->addr.ip, sizeof(a->addr.ip));
            }
        }
    }
    return n;
}

size_t wr_firefacts_parties(const struct wr_census_device *d, struct wr_leaseknown *ret_who,
                            size_t cap)
{
    size_t n = 0;
    for (unsigned i = 0; i < WR_CENSUS_MARKS_MAX && n < cap; i++) {
        const struct wr_mark *mark = &d->mark[i];
        if (mark->kind == WR_MARK_MAC && mark->size == 6) {
            ret_who[n] = (struct wr_leaseknown){.device = d->number};
            memcpy(ret_who[n++].ip, mark->octets, 6);
        }
    }
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX && n < cap; i++) {
        const struct wr_addr *addr = &d->address[i].addr;
        if (wr_firefacts_is_forwarded(addr)) {
            ret_who[n] = (struct wr_leaseknown){.device = d->number, .family = addr->family};
            memcpy(ret_who[n++].ip, addr->ip, sizeof(addr->ip));
        }
    }
    return n;
}

uint64_t wr_firefacts_mark(const struct wr_ruleset_item *item, size_t count)
{
    static const struct wr_hash_key key = {
        {0, 0}}; /* who could aim at it would only miss a change of his own */
    return wr_hash_sip13(&key, item, count * sizeof(*item));
}

uint64_t wr_firefacts_known_mark(const struct wr_leaseknown *known, size_t count)
{
    static const struct wr_hash_key key = {{0, 1}};
    return wr_hash_sip13(&key, known, count * sizeof(*known));
}
