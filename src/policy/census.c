/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "policy/census_state.h"
#include "policy/kinds.h"

static const uint8_t no_mac[6] = {0};

bool wr_census_mac_is_local(const uint8_t mac[6])
{
    return (mac[0] & 2) != 0;
}

bool wr_census_is_machines_mac(const uint8_t mac[6])
{
    return (mac[0] & 1) == 0 && memcmp(mac, no_mac, 6) != 0;
}

bool wr_census_is_machines_address(const struct wr_addr *addr)
{
    switch (wr_addr_kind(addr)) {
    case WR_ADDR_MACHINE:
    case WR_ADDR_PRIVATE:
    case WR_ADDR_LINK_LOCAL: return true;
    default: return false;
    }
}

/* --- marks --- */

void wr_census_mark_set(const struct wr_census *m, uint8_t kind, const void *octets, size_t size,
                        struct wr_mark *ret_mark)
{
    struct wr_mark mark = {.kind = kind};
    size_t kept = size <= WR_MARK_SIZE ? size : WR_MARK_SIZE - sizeof(uint64_t);
    memcpy(mark.octets, octets, kept);
    mark.size = (uint8_t)kept;
    if (kept < size) {
        uint64_t hash = wr_hash_sip13(&m->setup.key, octets, size);
        memcpy(mark.octets + kept, &hash, sizeof(hash));
        mark.size = WR_MARK_SIZE;
    }
    *ret_mark = mark;
}

static bool is_same_mark(const struct wr_mark *a, const struct wr_mark *b)
{
    return a->kind == b->kind && a->size == b->size && memcmp(a->octets, b->octets, a->size) == 0;
}

static uint64_t mark_hash(const struct wr_census *m, const struct wr_mark *mark)
{
    return wr_hash_mix(wr_hash_sip13(&m->setup.key, mark->octets, mark->size) ^ mark->kind);
}

/* A host name is no proof, and neither is a claim or how one asks for an address: many devices may have the same. */
static bool is_one_devices(uint8_t kind)
{
    return kind != WR_MARK_HOST && kind < WR_MARK_CLAIM;
}

static struct wr_mark *mark_of(struct wr_census_device *d, const struct wr_mark *mark)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (is_same_mark(&d->mark[i], mark)) {
            return &d->mark[i];
        }
    }
    return NULL;
}

bool wr_census_has_mark(const struct wr_census_device *d, const struct wr_mark *mark)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (is_same_mark(&d->mark[i], mark)) {
            return true;
        }
    }
    return false;
}

struct wr_census_device *wr_census_by_mark(const struct wr_census *m, const struct wr_mark *mark)
{
    uint64_t hash = mark_hash(m, mark);
    uint32_t cursor;
    for (uint64_t at = wr_map_first(&m->marks, hash, &cursor); at != 0;
         at = wr_map_next(&m->marks, hash, &cursor)) {
        if (wr_census_has_mark(&m->device[at - 1], mark)) {
            return &m->device[at - 1];
        }
    }
    return NULL;
}

void wr_census_mark_drop(struct wr_census *m, struct wr_census_device *d, struct wr_mark *mark)
{
    if (is_one_devices(mark->kind)) {
        wr_map_remove(&m->marks, mark_hash(m, mark), (uint64_t)(d - m->device) + 1);
    }
    wr_census_unpublish_claim(m, mark);
    memset(mark, 0, sizeof(*mark));
    d->unjudged = true;
}

/* What strangers can say of a device without an end: a new one takes the place of one of its kind. */
static bool is_plenty(uint8_t kind)
{
    return kind != WR_MARK_MAC && kind != WR_MARK_CERTIFICATE;
}

static bool is_less(const struct wr_mark *a, const struct wr_mark *b)
{
    return b == NULL || a->doubted > b->doubted ||
           (a->doubted == b->doubted && a->last_s < b->last_s);
}

/* A free place, or that of the mark that is least worth keeping: the owner's stay. */
static struct wr_mark *mark_room(struct wr_census *m, struct wr_census_device *d, uint8_t kind)
{
    struct wr_mark *least = NULL, *least_alike = NULL, *free = NULL;
    unsigned alike = 0;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        struct wr_mark *at = &d->mark[i];
        if (at->kind == WR_MARK_NONE) {
            free = free == NULL ? at : free;
        } else if ((at->sources & WR_FROM_CONFIG) == 0) {
            least = is_less(at, least) ? at : least;
            alike += at->kind == kind;
            least_alike = at->kind == kind && is_less(at, least_alike) ? at : least_alike;
        }
    }
    if (is_plenty(kind) && alike >= WR_CENSUS_ALIKE_MAX) {
        least = least_alike;
    } else if (free != NULL) {
        return free;
    }
    if (least != NULL) {
        wr_census_mark_drop(m, d, least);
    }
    return least;
}

struct wr_mark *wr_census_mark_add(struct wr_census *m, struct wr_census_device *d,
                                   const struct wr_mark *mark, uint8_t source, int64_t now_s)
{
    struct wr_mark *at = mark_of(d, mark);
    if (at != NULL) {
        bool news = (at->sources & source) == 0;
        at->sources = (uint8_t)((at->sources & ~WR_FROM_MEMORY) | source);
        at->last_s = now_s > at->last_s ? now_s : at->last_s;
        m->changes += news;
        if (news && mark->kind == WR_MARK_CLAIM) {
            wr_census_publish_claims(m, d);
        }
        return at;
    }
    if (is_one_devices(mark->kind) && wr_census_by_mark(m, mark) != NULL) {
        return NULL;
    }
    at = mark_room(m, d, mark->kind);
    if (at == NULL ||
        (is_one_devices(mark->kind) &&
         wr_map_put(&m->marks, mark_hash(m, mark), (uint64_t)(d - m->device) + 1) != WR_OK)) {
        return NULL;
    }
    *at = *mark;
    at->first_s = at->last_s = now_s;
    at->ifindex = 0;
    at->sources = source;
    d->unjudged = true;
    m->changes++;
    if (mark->kind == WR_MARK_CERTIFICATE || mark->kind == WR_MARK_CLAIM ||
        (mark->kind == WR_MARK_MAC && m->hops)) {
        wr_census_publish_claims(m, d);
    }
    return at;
}

/* --- kinds --- */

void wr_census_judge(struct wr_census *m, struct wr_census_device *d)
{
    if (!d->unjudged) {
        return;
    }
    struct wr_kinds_found found = wr_kinds_of(m->kinds, d->mark);
    struct wr_str s;
    char kind[WR_CENSUS_NAME_SIZE];
    wr_str_init(&s, kind, sizeof(kind));
    wr_str_text(&s, found.kind != NULL ? found.kind : "");
    d->unjudged = false;
    d->found_sure = found.sure;
    d->found_from = found.from;
    if (strcmp(d->found, kind) != 0) {
        memcpy(d->found, kind, sizeof(kind));
        wr_census_publish(m, d);
    }
}

void wr_census_kinds(struct wr_census *m, const struct wr_kinds *kinds)
{
    m->kinds = kinds;
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        if (m->device[i].number != 0) {
            m->device[i].unjudged = true;
            wr_census_judge(m, &m->device[i]);
        }
    }
}

/* --- MAC addresses --- */

unsigned wr_census_macs(const struct wr_census_device *d)
{
    unsigned macs = 0;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        macs += d->mark[i].kind == WR_MARK_MAC;
    }
    return macs;
}

/* A MAC address in two places at once; or two by turns, of a device that was known again by the younger: then there are two devices. */
static void look_at_mac(struct wr_census *m, struct wr_census_device *d, const struct wr_mark *mac,
                        uint32_t ifindex, int64_t now_s)
{
    uint8_t at = (uint8_t)(mac - d->mark);
    if (mac->ifindex != 0 && ifindex != 0 && mac->ifindex != ifindex &&
        now_s - mac->last_s < WR_CENSUS_CONFLICT_S) {
        wr_census_trouble(m, d, WR_TROUBLE_INTERFACES, 0, now_s);
    }
    if (d->last_mac != at) {
        d->turns =
            now_s - d->turn_s < WR_CENSUS_QUIET_S && d->turns < 255 ? (uint8_t)(d->turns + 1) : 1;
        d->turn_s = now_s;
        d->last_mac = at;
        if (d->linked && d->turns > 2) {
            wr_census_trouble(m, d, WR_TROUBLE_RETURNED, 0, now_s);
        }
    }
}

void wr_census_seen(struct wr_census *m, struct wr_census_device *d, uint32_t ifindex,
                    int64_t now_s)
{
    wr_census_judge(m, d);
    if (now_s - d->last_s >= WR_CENSUS_CONFLICT_S) {
        m->changes++; /* the registry need not know each time */
    }
    d->last_s = now_s > d->last_s ? now_s : d->last_s;
    if (ifindex != 0 && ifindex != d->ifindex) {
        uint32_t before = d->ifindex;
        d->ifindex = ifindex;
        if (d->crowd_s != 0) {
            wr_census_publish_crowd(m, before, now_s);
            wr_census_publish_crowd(m, ifindex, now_s);
        }
    }
}

/* The device of a MAC address that was not known: one that has the address by its lease and has shown none yet, or a new one. */
static struct wr_census_device *of_new_mac(struct wr_census *m, const struct wr_mark *mac,
                                           const struct wr_addr *addr, uint32_t ifindex,
                                           int64_t now_s)
{
    struct wr_census_address *a;
    struct wr_census_device *d = wr_census_by_address(m, addr, ifindex, &a);
    if (d == NULL || wr_census_macs(d) > 0 ||
        (a->sources & (WR_FROM_LEASE | WR_FROM_CONFIG)) == 0) {
        d = wr_census_new(m, ifindex, false, now_s);
    }
    if (d != NULL) {
        wr_census_mark_add(m, d, mac, WR_FROM_NEIGHBOUR, now_s);
    }
    return d;
}

void wr_census_neighbour(struct wr_census *m, uint32_t ifindex, const uint8_t mac[6],
                         const struct wr_addr *addr, enum wr_neighbour_age age, int64_t now_s)
{
    struct wr_census_address *a;
    struct wr_mark mark;
    if (!wr_census_is_machines_mac(mac) || !wr_census_is_machines_address(addr)) {
        return;
    }
    wr_census_mark_set(m, WR_MARK_MAC, mac, 6, &mark);
    struct wr_census_device *d = wr_census_by_mark(m, &mark);
    struct wr_census_device *holder = wr_census_by_address(m, addr, ifindex, &a);
    if (age != WR_NEIGHBOUR_CONFIRMED && holder != NULL &&
        (age == WR_NEIGHBOUR_OLD || holder == d)) {
        return;
    }
    if (d == NULL) {
        d = of_new_mac(m, &mark, addr, ifindex, now_s);
    } else if (holder != NULL && holder != d && wr_census_macs(holder) == 0 &&
               (a->sources & WR_FROM_LEASE) && !wr_census_is_owners(holder)) {
        wr_census_fold(m, holder, d); /* a DUID without a MAC address, and here is that */
    }
    if (d == NULL) {
        return;
    }
    struct wr_mark *at = mark_of(d, &mark);
    if (at != NULL) {
        look_at_mac(m, d, at, ifindex, now_s);
        at = wr_census_mark_add(m, d, &mark, WR_FROM_NEIGHBOUR, now_s);
        at->ifindex = ifindex != 0 ? ifindex : at->ifindex;
    }
    wr_census_seen(m, d, ifindex, now_s);
    wr_census_place(m, d, addr, ifindex, WR_FROM_NEIGHBOUR, 0, now_s);
}

/* --- claims --- */

/* A certificate that a device has, shown from an address of another: a new MAC address of the same, or a copy. */
static void show_again(struct wr_census *m, struct wr_census_device *shows,
                       struct wr_census_device *has, int64_t now_s)
{
    if (wr_census_is_made_up(shows)) {
        wr_census_fold(m, shows, has);
        wr_census_seen(m, has, 0, now_s);
    } else {
        wr_census_trouble(m, has, WR_TROUBLE_COPIED, shows->number, now_s);
    }
}

void wr_census_claim(struct wr_census *m, const struct wr_addr *addr, uint32_t ifindex,
                     const char *claim, bool proven, int64_t now_s)
{
    struct wr_census_address *a;
    struct wr_mark mark;
    size_t size = strlen(claim);
    if (size == 0 || size > WR_MARK_SIZE || !wr_census_is_machines_address(addr)) {
        return;
    }
    wr_census_mark_set(m, proven ? WR_MARK_CERTIFICATE : WR_MARK_CLAIM, claim, size, &mark);
    struct wr_census_device *d = wr_census_by_address(m, addr, ifindex, &a);
    struct wr_census_device *has = proven ? wr_census_by_mark(m, &mark) : NULL;
    if (has != NULL && d != NULL && has != d) {
        show_again(m, d, has, now_s);
        return;
    }
    d = d != NULL ? d : has;
    if (d == NULL && proven) {
        d = wr_census_new(m, ifindex, false, now_s);
    }
    if (d == NULL) {
        return;
    }
    wr_census_mark_add(m, d, &mark, WR_FROM_QUERY, now_s);
    wr_census_seen(m, d, ifindex, now_s);
    if (proven) {
        wr_census_place(m, d, addr, ifindex, WR_FROM_QUERY, 0, now_s);
    }
}

/* --- servers that ask for others --- */

void wr_census_hops(struct wr_census *m, bool any)
{
    for (uint32_t i = 0; i < m->setup.devices && m->hops != any; i++) {
        struct wr_census_device *d = &m->device[i];
        for (size_t k = 0; d->number != 0 && m->hops && k < WR_CENSUS_MARKS_MAX; k++) {
            if (d->mark[k].kind == WR_MARK_MAC) {
                wr_census_unpublish_claim(m, &d->mark[k]);
            }
        }
    }
    bool news = any && !m->hops;
    m->hops = any;
    for (uint32_t i = 0; i < m->setup.devices && news; i++) {
        if (m->device[i].number != 0) {
            wr_census_publish_claims(m, &m->device[i]);
        }
    }
}

const struct wr_census_device *wr_census_of_mac(const struct wr_census *m, const uint8_t mac[6])
{
    struct wr_mark mark;
    wr_census_mark_set(m, WR_MARK_MAC, mac, 6, &mark);
    return wr_census_by_mark(m, &mark);
}

bool wr_census_has_mac(const struct wr_census_device *d, const uint8_t mac[6])
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *m = &d->mark[i];
        if (m->kind == WR_MARK_MAC && m->size == 6 && memcmp(m->octets, mac, 6) == 0) {
            return true;
        }
    }
    return false;
}

const struct wr_census_address *wr_census_last_address(const struct wr_census_device *d)
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

void wr_census_mac_text(const uint8_t mac[6], char ret_text[WR_CENSUS_MAC_SIZE])
{
    struct wr_str s;
    wr_str_init(&s, ret_text, WR_CENSUS_MAC_SIZE);
    for (unsigned i = 0; i < 6; i++) {
        wr_str_text(&s, i > 0 ? ":" : "");
        wr_str_hex(&s, &mac[i], 1);
    }
}

void wr_census_relayed(struct wr_census *m, const uint8_t mac[6], int64_t now_s)
{
    struct wr_mark mark;
    if (!wr_census_is_machines_mac(mac)) {
        return;
    }
    wr_census_mark_set(m, WR_MARK_MAC, mac, 6, &mark);
    struct wr_census_device *d = wr_census_by_mark(m, &mark);
    d = d != NULL ? d : wr_census_new(m, WR_CENSUS_BEHIND, false, now_s);
    if (d != NULL) {
        wr_census_mark_add(m, d, &mark, WR_FROM_HOP, now_s);
        wr_census_seen(m, d, 0, now_s);
    }
}

/* --- time --- */

void wr_census_tick(struct wr_census *m, int64_t now_s)
{
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        struct wr_census_device *d = &m->device[i];
        if (d->number == 0) {
            continue;
        }
        if (d->trouble != WR_TROUBLE_NONE && now_s - d->trouble_s >= WR_CENSUS_CONFLICT_S &&
            !wr_census_is_doubted(d)) {
            d->trouble = WR_TROUBLE_NONE;
            m->changes++;
            wr_census_publish(m, d);
        }
        wr_census_tick_addresses(m, d, now_s);
        if (d->crowd_s != 0 && now_s - d->crowd_s >= WR_CENSUS_CROWD_S) {
            d->crowd_s = 0;
            wr_census_publish_crowd(m, d->ifindex, now_s);
        }
        if (wr_census_is_over(m, d, now_s)) {
            wr_census_drop(m, d);
        } else if (d->candidate != 0) {
            wr_census_tick_candidate(m, d, now_s);
        }
    }
}
