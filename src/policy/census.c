/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "policy/census_state.h"

static const uint8_t no_mac[6] = {0};

bool wr_census_mac_is_local(const uint8_t mac[6])
{
    return (mac[0] & 2) != 0;
}

static bool is_machines_mac(const uint8_t mac[6])
{
    return (mac[0] & 1) == 0 && memcmp(mac, no_mac, 6) != 0;
}

static bool is_machines_address(const struct wr_addr *addr)
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

/* A host name is no proof, and a claim neither: many devices may have the same. */
static bool is_one_devices(uint8_t kind)
{
    return kind != WR_MARK_HOST && kind != WR_MARK_CLAIM;
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
}

/* A free place, or that of the mark that is least worth keeping: the owner's stay. */
static struct wr_mark *mark_room(struct wr_census *m, struct wr_census_device *d)
{
    struct wr_mark *least = NULL;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        struct wr_mark *at = &d->mark[i];
        if (at->kind == WR_MARK_NONE) {
            return at;
        }
        if ((at->sources & WR_FROM_CONFIG) == 0 && (least == NULL || at->last_s < least->last_s)) {
            least = at;
        }
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
    at = mark_room(m, d);
    if (at == NULL ||
        (is_one_devices(mark->kind) &&
         wr_map_put(&m->marks, mark_hash(m, mark), (uint64_t)(d - m->device) + 1) != WR_OK)) {
        return NULL;
    }
    *at = *mark;
    at->first_s = at->last_s = now_s;
    at->ifindex = 0;
    at->sources = source;
    m->changes++;
    if (mark->kind == WR_MARK_CERTIFICATE || mark->kind == WR_MARK_CLAIM) {
        wr_census_publish_claims(m, d);
    }
    return at;
}

/* --- MAC addresses --- */

static unsigned macs_of(const struct wr_census_device *d)
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

static void seen(struct wr_census *m, struct wr_census_device *d, uint32_t ifindex, int64_t now_s)
{
    if (now_s - d->last_s >= WR_CENSUS_CONFLICT_S) {
        m->changes++; /* the registry need not know each time */
    }
    d->last_s = now_s > d->last_s ? now_s : d->last_s;
    d->ifindex = ifindex != 0 ? ifindex : d->ifindex;
}

/* The device of a MAC address that was not known: one that has the address by its lease and has shown none yet, or a new one. */
static struct wr_census_device *of_new_mac(struct wr_census *m, const struct wr_mark *mac,
                                           const struct wr_addr *addr, uint32_t ifindex,
                                           int64_t now_s)
{
    struct wr_census_address *a;
    struct wr_census_device *d = wr_census_by_address(m, addr, ifindex, &a);
    if (d == NULL || macs_of(d) > 0 || (a->sources & (WR_FROM_LEASE | WR_FROM_CONFIG)) == 0) {
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
    if (!is_machines_mac(mac) || !is_machines_address(addr)) {
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
    } else if (holder != NULL && holder != d && macs_of(holder) == 0 &&
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
    seen(m, d, ifindex, now_s);
    wr_census_place(m, d, addr, ifindex, WR_FROM_NEIGHBOUR, 0, now_s);
}

/* --- leases --- */

struct lease_marks {
    struct wr_mark mac, id, host; /* kind NONE: there is none */
};

static bool is_macs_own(const uint8_t *id, size_t size, const struct wr_census_lease *l)
{
    return size == 7 && id[0] == 1 && (!l->has_mac || memcmp(id + 1, l->mac, 6) == 0);
}

/* RFC 4361 section 6.1: a client identifier of type 255 is an IAID of four octets and the DUID. */
static void marks_of_lease(const struct wr_census *m, const struct wr_census_lease *l,
                           struct lease_marks *ret)
{
    char host[WR_MARK_SIZE];
    uint8_t kind = l->id_kind;
    const uint8_t *id = l->id;
    size_t size = kind == WR_MARK_NONE ? 0 : l->id_size, n = 0;
    memset(ret, 0, sizeof(*ret));
    if (kind == WR_MARK_CLIENT && size > 5 && id[0] == 255) {
        kind = WR_MARK_DUID;
        id += 5;
        size -= 5;
    }
    if (l->has_mac && is_machines_mac(l->mac)) {
        wr_census_mark_set(m, WR_MARK_MAC, l->mac, 6, &ret->mac);
    }
    if (size > 1 && !(kind == WR_MARK_CLIENT && is_macs_own(id, size, l))) {
        wr_census_mark_set(m, kind, id, size, &ret->id);
    }
    for (; l->host != NULL && n < l->host_size && n < sizeof(host); n++) {
        char c = l->host[n];
        host[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    if (n > 0) {
        wr_census_mark_set(m, WR_MARK_HOST, host, n, &ret->host);
    }
}

/* A DUID with a link-layer address inside (RFC 8415 sections 11.2 and 11.4): the device of that address, where its maker gave it. */
static struct wr_census_device *by_duid_mac(const struct wr_census *m, const struct wr_mark *id)
{
    struct wr_mark mac;
    bool llt = id->size == 14 && id->octets[0] == 0 && id->octets[1] == 1;
    bool ll = id->size == 10 && id->octets[0] == 0 && id->octets[1] == 3;
    if (id->kind != WR_MARK_DUID || (!llt && !ll)) {
        return NULL;
    }
    const uint8_t *octets = id->octets + id->size - 6;
    if (!is_machines_mac(octets) || wr_census_mac_is_local(octets)) {
        return NULL;
    }
    wr_census_mark_set(m, WR_MARK_MAC, octets, 6, &mac);
    return wr_census_by_mark(m, &mac);
}

static bool has_kind(const struct wr_census_device *d, uint8_t kind)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static int64_t last_heard(const struct wr_census_device *d)
{
    int64_t last_s = INT64_MIN;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == WR_MARK_MAC && d->mark[i].last_s > last_s) {
            last_s = d->mark[i].last_s;
        }
    }
    return last_s;
}

static bool is_quiet(const struct wr_census_device *d, int64_t now_s)
{
    int64_t last_s = last_heard(d);
    return last_s == INT64_MIN || now_s - last_s >= WR_CENSUS_QUIET_S;
}

/* A device of nothing but MAC addresses that it made up itself. */
static bool is_made_up(const struct wr_census_device *d)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *mark = &d->mark[i];
        if (mark->kind == WR_MARK_CERTIFICATE ||
            (mark->kind == WR_MARK_MAC && !wr_census_mac_is_local(mark->octets))) {
            return false;
        }
    }
    return macs_of(d) > 0 && !wr_census_is_owners(d);
}

/* `d` came with a MAC address of its own making, and with the identifier of `old`. Strong enough? Now, or when `old` stays silent. */
static struct wr_census_device *link_to(struct wr_census *m, struct wr_census_device *d,
                                        struct wr_census_device *old,
                                        const struct lease_marks *marks, int64_t now_s)
{
    if (!is_made_up(d) || marks->host.kind == WR_MARK_NONE ||
        !wr_census_has_mark(old, &marks->host)) {
        return d;
    }
    if (!is_quiet(old, now_s)) {
        d->candidate = old->number;
        return d;
    }
    wr_census_fold(m, d, old);
    old->linked = true;
    return old;
}

/* Whose lease it is, by all that is in it; perhaps a new device. */
static struct wr_census_device *of_lease(struct wr_census *m, const struct lease_marks *marks,
                                         int64_t now_s)
{
    struct wr_census_device *by_id = NULL, *d = NULL;
    if (marks->id.kind != WR_MARK_NONE) {
        by_id = wr_census_by_mark(m, &marks->id);
        by_id = by_id != NULL ? by_id : by_duid_mac(m, &marks->id);
    }
    if (marks->mac.kind == WR_MARK_NONE) {
        return by_id != NULL || marks->id.kind == WR_MARK_NONE ? by_id
                                                               : wr_census_new(m, 0, false, now_s);
    }
    d = wr_census_by_mark(m, &marks->mac);
    if (d == NULL && by_id != NULL && macs_of(by_id) == 0) {
        return by_id;
    }
    if (d == NULL && (d = wr_census_new(m, 0, false, now_s)) != NULL) {
        wr_census_mark_add(m, d, &marks->mac, WR_FROM_LEASE, now_s);
    }
    if (d != NULL && by_id != NULL && by_id != d) {
        return link_to(m, d, by_id, marks, now_s);
    }
    return d;
}

/* Another identifier and another name than ever before: is that the same device? */
static bool has_changed(const struct wr_census_device *d, const struct lease_marks *marks)
{
    return marks->id.kind != WR_MARK_NONE && marks->host.kind != WR_MARK_NONE &&
           has_kind(d, marks->id.kind) && has_kind(d, WR_MARK_HOST) &&
           !wr_census_has_mark(d, &marks->id) && !wr_census_has_mark(d, &marks->host);
}

static bool has_all(const struct wr_census_device *d, const struct lease_marks *marks)
{
    return (marks->mac.kind == WR_MARK_NONE || wr_census_has_mark(d, &marks->mac)) &&
           (marks->id.kind == WR_MARK_NONE || wr_census_has_mark(d, &marks->id)) &&
           (marks->host.kind == WR_MARK_NONE || wr_census_has_mark(d, &marks->host));
}

void wr_census_lease(struct wr_census *m, const struct wr_census_lease *lease, int64_t now_s)
{
    struct lease_marks marks;
    struct wr_census_address *a;
    if (!is_machines_address(&lease->addr) || lease->until_s <= now_s) {
        return;
    }
    marks_of_lease(m, lease, &marks);
    struct wr_census_device *holder = wr_census_by_address(m, &lease->addr, 0, &a);
    if (holder != NULL && a->lease_s == lease->until_s && (a->sources & WR_FROM_LEASE) &&
        (has_all(holder, &marks) || holder->candidate != 0)) {
        return; /* the file was read again, and this is no news */
    }
    struct wr_census_device *d = of_lease(m, &marks, now_s);
    if (d == NULL) {
        return;
    }
    if (has_changed(d, &marks)) {
        wr_census_trouble(m, d, WR_TROUBLE_FINGERPRINT, 0, now_s);
    }
    const struct wr_mark *const all[] = {&marks.mac, &marks.id, &marks.host};
    for (size_t i = 0; i < WR_ARRAY_LEN(all); i++) {
        if (all[i]->kind != WR_MARK_NONE) {
            wr_census_mark_add(m, d, all[i], WR_FROM_LEASE, now_s);
        }
    }
    seen(m, d, 0, now_s);
    wr_census_place(m, d, &lease->addr, 0, WR_FROM_LEASE, lease->until_s, now_s);
}

/* --- claims --- */

/* A certificate that a device has, shown from an address of another: a new MAC address of the same, or a copy. */
static void show_again(struct wr_census *m, struct wr_census_device *shows,
                       struct wr_census_device *has, int64_t now_s)
{
    if (is_made_up(shows)) {
        wr_census_fold(m, shows, has);
        seen(m, has, 0, now_s);
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
    if (size == 0 || size > WR_MARK_SIZE || !is_machines_address(addr)) {
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
    seen(m, d, ifindex, now_s);
    if (proven) {
        wr_census_place(m, d, addr, ifindex, WR_FROM_QUERY, 0, now_s);
    }
}

/* --- time --- */

static void tick_candidate(struct wr_census *m, struct wr_census_device *d, int64_t now_s)
{
    struct wr_census_device *old = wr_census_by_number(m, d->candidate);
    if (old == NULL || !is_made_up(d)) {
        d->candidate = 0;
    } else if (is_quiet(old, now_s)) {
        wr_census_fold(m, d, old);
        old->linked = true;
        wr_census_publish(m, old);
    }
}

void wr_census_tick(struct wr_census *m, int64_t now_s)
{
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        struct wr_census_device *d = &m->device[i];
        if (d->number == 0) {
            continue;
        }
        if (d->trouble != WR_TROUBLE_NONE && now_s - d->trouble_s >= WR_CENSUS_CONFLICT_S) {
            d->trouble = WR_TROUBLE_NONE;
            m->changes++;
            wr_census_publish(m, d);
        }
        wr_census_tick_addresses(m, d, now_s);
        if (wr_census_is_over(m, d, now_s)) {
            wr_census_drop(m, d);
        } else if (d->candidate != 0) {
            tick_candidate(m, d, now_s);
        }
    }
}
