/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose an address is: the rules by which one moves, is contested, or ends, and the table that is told so.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "policy/census_state.h"

/* --- finding --- */

static bool is_link_local(const struct wr_addr *addr)
{
    return addr->family == WR_AF_V6 && wr_addr_kind(addr) == WR_ADDR_LINK_LOCAL;
}

static uint64_t address_hash(const struct wr_census *m, const struct wr_addr *addr,
                             uint32_t ifindex)
{
    uint8_t bytes[21];
    uint32_t scope = is_link_local(addr) ? ifindex : 0;
    memcpy(bytes, addr->ip, 16);
    memcpy(bytes + 16, &scope, sizeof(scope));
    bytes[20] = addr->family;
    return wr_hash_sip13(&m->setup.key, bytes, sizeof(bytes));
}

static bool is_address(const struct wr_census_address *a, const struct wr_addr *addr,
                       uint32_t ifindex)
{
    return a->addr.family == addr->family && memcmp(a->addr.ip, addr->ip, sizeof(addr->ip)) == 0 &&
           (!is_link_local(addr) || a->ifindex == ifindex);
}

struct wr_census_device *wr_census_by_address(const struct wr_census *m, const struct wr_addr *addr,
                                              uint32_t ifindex,
                                              struct wr_census_address **ret_address)
{
    uint64_t hash = address_hash(m, addr, ifindex);
    uint32_t cursor;
    for (uint64_t at = wr_map_first(&m->addresses, hash, &cursor); at != 0;
         at = wr_map_next(&m->addresses, hash, &cursor)) {
        struct wr_census_device *d = &m->device[at - 1];
        for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
            if (is_address(&d->address[i], addr, ifindex)) {
                *ret_address = &d->address[i];
                return d;
            }
        }
    }
    *ret_address = NULL;
    return NULL;
}

/* --- the table --- */

static bool mac_in(const struct wr_census_device *d, const struct wr_addr *addr)
{
    const uint8_t *ip = addr->ip;
    if (addr->family != WR_AF_V6 || ip[11] != 0xff || ip[12] != 0xfe) {
        return false;
    }
    const uint8_t mac[6] = {ip[8] ^ 2, ip[9], ip[10], ip[13], ip[14], ip[15]};
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == WR_MARK_MAC && memcmp(d->mark[i].octets, mac, 6) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_makers_mac(const struct wr_census_device *d)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == WR_MARK_MAC && !wr_census_mac_is_local(d->mark[i].octets)) {
            return true;
        }
    }
    return false;
}

/* By what is known of the address, and how good the device's own marks are. */
static uint8_t sure_of(const struct wr_census_device *d, const struct wr_census_address *a)
{
    bool makers = has_makers_mac(d);
    int sure = 50;
    if (a->sources & WR_FROM_CONFIG) {
        sure = 95;
    } else if ((a->sources & WR_FROM_NEIGHBOUR) && (a->sources & WR_FROM_LEASE)) {
        sure = makers ? 95 : 85;
    } else if (a->sources & WR_FROM_NEIGHBOUR) {
        sure = makers ? 90 : 70;
    } else if (a->sources & WR_FROM_LEASE) {
        sure = makers ? 85 : 75;
    } else if (a->sources & WR_FROM_QUERY) {
        sure = 80; /* by a certificate, from this address some time ago */
    }
    if (a->sources == WR_FROM_MEMORY) {
        sure = 60;
    }
    if (mac_in(d, &a->addr) && sure < 95) {
        sure += 5;
    }
    if (d->linked && !makers && sure > 80) {
        sure = 80;
    }
    if ((a->rival != 0 || d->trouble != WR_TROUBLE_NONE) && sure > 50) {
        sure = 50;
    }
    return (uint8_t)sure;
}

const char *wr_census_kind_of(const struct wr_census_device *d)
{
    return d->kind[0] != 0 ? d->kind : d->found;
}

/* What it is by the owner's word; where it takes more than that away, also by its own, for what a device calls itself anybody can. */
static const char *called(const struct wr_census_device *d, uint8_t what)
{
    return what == WR_CENSUS_BIT_DEVICE ? d->name
           : what == WR_CENSUS_BIT_SAID ? d->kind
                                        : wr_census_kind_of(d);
}

static bool stands_for(const struct wr_census_word *w, const struct wr_census_device *d)
{
    if (w->what != WR_CENSUS_BIT_GROUP) {
        return w->text[0] != 0 && wr_str_same(w->text, called(d, w->what));
    }
    bool in = false;
    for (size_t i = 0; i < WR_CENSUS_GROUPS && w->label != 0; i++) {
        in = in || d->group[i] == w->label || d->conf_group[i] == w->label;
    }
    return in;
}

static uint64_t groups_of(const struct wr_census *m, const struct wr_census_device *d)
{
    uint64_t bits = 0;
    for (uint32_t bit = 0; bit < m->words; bit++) {
        bits |= stands_for(&m->word[bit], d) ? (uint64_t)1 << bit : 0;
    }
    return bits;
}

struct wr_who wr_census_who(const struct wr_census *m, const struct wr_census_device *d,
                            const struct wr_census_address *a)
{
    struct wr_who who = {.device = d->number, .groups = groups_of(m, d), .state = WR_WHO_KNOWN};
    const struct wr_census_device *rival =
        a == NULL || a->rival == 0 ? NULL : wr_census_by_number(m, a->rival);
    bool quarantined = d->quarantined;
    if (d->trouble != WR_TROUBLE_NONE || rival != NULL) {
        who.state = WR_WHO_CONFLICT;
    }
    if (rival != NULL) {
        who.groups |= groups_of(m, rival);
        quarantined = quarantined || rival->quarantined;
    }
    if (quarantined) {
        who.state = WR_WHO_QUARANTINED;
    }
    who.sure = a != NULL ? sure_of(d, a) : d->trouble != WR_TROUBLE_NONE ? 50 : 99;
    return who;
}

uint8_t wr_census_sure(const struct wr_census *m, const struct wr_census_device *d)
{
    uint8_t best = 0;
    (void)m;
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        if (d->address[i].addr.family != WR_AF_NONE && sure_of(d, &d->address[i]) > best) {
            best = sure_of(d, &d->address[i]);
        }
    }
    return best;
}

/* Before the address itself: who reads a conflict finds both. */
static void publish_rival(struct wr_census *m, uint64_t key, uint32_t number)
{
    const struct wr_census_device *rival = number == 0 ? NULL : wr_census_by_number(m, number);
    if (rival == NULL) {
        wr_device_remove(m->setup.table, wr_device_rival_key(key));
        return;
    }
    struct wr_who who = {.device = rival->number};
    m->refused += wr_device_put(m->setup.table, wr_device_rival_key(key), &who) != WR_OK;
}

static void unpublish(struct wr_census *m, const struct wr_census_address *a)
{
    if (m->setup.table != NULL) {
        uint64_t key = wr_device_key(m->setup.table, &a->addr, a->ifindex);
        wr_device_remove(m->setup.table, key);
        wr_device_remove(m->setup.table, wr_device_rival_key(key));
    }
}

void wr_census_publish_one(struct wr_census *m, const struct wr_census_device *d,
                           const struct wr_census_address *a)
{
    if (m->setup.table != NULL) {
        struct wr_who who = wr_census_who(m, d, a);
        uint64_t key = wr_device_key(m->setup.table, &a->addr, a->ifindex);
        publish_rival(m, key, a->rival);
        m->refused += wr_device_put(m->setup.table, key, &who) != WR_OK;
    }
}

/* What is proven, and what the owner has written; a name that somebody only said means nothing. MAC addresses for who is believed. */
static bool is_published(const struct wr_census *m, const struct wr_mark *mark)
{
    return mark->kind == WR_MARK_CERTIFICATE || (mark->kind == WR_MARK_MAC && m->hops) ||
           (mark->kind == WR_MARK_CLAIM && (mark->sources & WR_FROM_CONFIG) != 0);
}

static uint64_t claim_key(const struct wr_device_table *t, const struct wr_mark *mark)
{
    char text[WR_MARK_SIZE + 1] = {0};
    if (mark->kind == WR_MARK_MAC) {
        struct wr_str s;
        wr_str_init(&s, text, sizeof(text));
        wr_str_hex(&s, mark->octets, mark->size);
        return wr_device_mac_key(t, text);
    }
    memcpy(text, mark->octets, mark->size);
    return wr_device_claim_key(t, text, mark->kind == WR_MARK_CERTIFICATE);
}

void wr_census_publish_claims(struct wr_census *m, const struct wr_census_device *d)
{
    struct wr_who who = wr_census_who(m, d, NULL);
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX && m->setup.table != NULL; i++) {
        if (is_published(m, &d->mark[i])) {
            uint64_t key = claim_key(m->setup.table, &d->mark[i]);
            m->refused += wr_device_put(m->setup.table, key, &who) != WR_OK;
        }
    }
}

void wr_census_unpublish_claim(struct wr_census *m, const struct wr_mark *mark)
{
    if (m->setup.table != NULL && is_published(m, mark)) {
        wr_device_remove(m->setup.table, claim_key(m->setup.table, mark));
    }
}

void wr_census_publish(struct wr_census *m, const struct wr_census_device *d)
{
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        if (d->address[i].addr.family != WR_AF_NONE) {
            wr_census_publish_one(m, d, &d->address[i]);
        }
    }
    wr_census_publish_claims(m, d);
}

/* --- moving --- */

static void unlink_address(struct wr_census *m, const struct wr_census_device *d,
                           struct wr_census_address *a)
{
    wr_map_remove(&m->addresses, address_hash(m, &a->addr, a->ifindex),
                  (uint64_t)(d - m->device) + 1);
    memset(a, 0, sizeof(*a));
}

void wr_census_address_drop(struct wr_census *m, struct wr_census_device *d,
                            struct wr_census_address *a)
{
    unpublish(m, a);
    unlink_address(m, d, a);
    m->changes++;
}

static bool is_shut(const struct wr_census_device *d, uint32_t ifindex, int64_t now_s)
{
    return d->number != 0 && d->quarantined && d->ifindex == ifindex && d->crowd_s != 0 &&
           now_s - d->crowd_s < WR_CENSUS_CROWD_S;
}

static void shut_interface(struct wr_census *m, uint32_t ifindex, bool shut)
{
    struct wr_device_table *t = m->setup.table;
    struct wr_who before, who = {.state = WR_WHO_QUARANTINED, .sure = WR_DEVICE_SURE_CLAIM};
    if (t == NULL || ifindex == 0) {
        return;
    }
    uint64_t key = wr_device_interface_key(t, ifindex);
    bool was = wr_device_get(t, key, &before);
    if (shut && !was && wr_device_put(t, key, &who) == WR_OK) {
        wr_device_shut(t, ++m->shut);
    } else if (!shut && was) {
        wr_device_remove(t, key);
        wr_device_shut(t, --m->shut);
    }
}

void wr_census_publish_crowd(struct wr_census *m, uint32_t ifindex, int64_t now_s)
{
    bool shut = false;
    for (uint32_t i = 0; i < m->setup.devices && !shut; i++) {
        shut = is_shut(&m->device[i], ifindex, now_s);
    }
    shut_interface(m, ifindex, shut);
}

/* An address of it is known no more though it may be in use. Comes as often as a device makes up addresses: no look at all others. */
static void crowd(struct wr_census *m, struct wr_census_device *d, int64_t now_s)
{
    if (d->crowd_s == 0 || now_s - d->crowd_s >= WR_CENSUS_CROWD_S) {
        wr_census_tell(m, WR_TROUBLE_CROWD, d->number, 0, NULL);
    }
    d->crowd_s = now_s;
    if (d->quarantined) {
        shut_interface(m, d->ifindex, true);
    }
}

/* One that a server has promised and that is not over is worth more than one that was seen later. */
static bool is_worth_less(const struct wr_census_address *a, const struct wr_census_address *b,
                          int64_t now_s)
{
    bool a_leased = a->lease_s > now_s, b_leased = b != NULL && b->lease_s > now_s;
    return b == NULL || (a_leased != b_leased ? b_leased : a->last_s < b->last_s);
}

/* A free place, or that of the address that is least worth keeping. */
static struct wr_census_address *address_room(struct wr_census *m, struct wr_census_device *d,
                                              int64_t now_s)
{
    struct wr_census_address *least = NULL;
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        struct wr_census_address *a = &d->address[i];
        if (a->addr.family == WR_AF_NONE) {
            return a;
        }
        if ((a->sources & WR_FROM_CONFIG) == 0 && is_worth_less(a, least, now_s)) {
            least = a;
        }
    }
    if (least != NULL) {
        crowd(m, d, now_s);
        wr_census_address_drop(m, d, least);
    }
    return least;
}

static void give(struct wr_census *m, struct wr_census_device *d,
                 const struct wr_census_address *address)
{
    struct wr_census_address *a = address_room(m, d, address->last_s);
    if (a == NULL || wr_map_put(&m->addresses, address_hash(m, &address->addr, address->ifindex),
                                (uint64_t)(d - m->device) + 1) != WR_OK) {
        m->refused++;
        unpublish(m, address); /* whoever had it before has it no more */
        return;
    }
    *a = *address;
    wr_census_publish_one(m, d, a);
    m->changes++;
}

/* Has the holder been seen with another IPv4 address since? Then it has left this one. */
static bool has_left(const struct wr_census_device *d, const struct wr_census_address *a)
{
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *other = &d->address[i];
        if (other != a && other->addr.family == WR_AF_V4 && other->first_s > a->last_s) {
            return true;
        }
    }
    return false;
}

/* The neighbour table says that the address of `holder` is now another device's: is that to be believed? */
static bool is_believed(const struct wr_census_device *holder, const struct wr_census_address *a,
                        const struct wr_census_device *d, int64_t now_s)
{
    if (a->sources & WR_FROM_CONFIG) {
        return false;
    }
    if (a->lease_s > now_s) {
        return a->addr.family == WR_AF_V4 && has_left(holder, a) && !d->candidate;
    }
    if (mac_in(d, &a->addr)) {
        return true;
    }
    if (mac_in(holder, &a->addr)) {
        return false;
    }
    if (a->addr.family == WR_AF_V6) {
        return now_s - a->last_s >= WR_CENSUS_IPV6_S;
    }
    return has_left(holder, a) || now_s - a->last_s >= WR_CENSUS_MOMENT_S;
}

static void contest(struct wr_census *m, struct wr_census_device *holder,
                    struct wr_census_address *a, const struct wr_census_device *d, uint32_t ifindex,
                    int64_t now_s)
{
    bool is_beside = ifindex == a->ifindex || ifindex == 0;
    int64_t before_s = a->rival != 0 ? a->beside_s : 0;
    a->rival_s = now_s;
    a->beside_s = is_beside ? now_s : before_s;
    m->changes += (a->beside_s != 0) != (before_s != 0);
    if (a->rival != d->number) {
        wr_census_tell(m, WR_TROUBLE_CONTESTED, holder->number, d->number, &a->addr);
        m->changes++;
        a->rival = d->number;
        wr_census_publish_one(m, holder, a);
    }
}

/* Who was the rival and has the address for certain by now is none any more. */
static void renew(struct wr_census *m, const struct wr_census_device *d,
                  struct wr_census_address *a, uint8_t source, int64_t lease_s, int64_t now_s)
{
    bool news = (a->sources & source) == 0 || (a->sources & WR_FROM_MEMORY) != 0;
    a->sources = (uint8_t)((a->sources & ~WR_FROM_MEMORY) | source);
    a->last_s = now_s > a->last_s ? now_s : a->last_s;
    if (lease_s != 0 && lease_s != a->lease_s) {
        a->lease_s = lease_s;
        news = true;
    }
    if (news) {
        m->changes++;
        wr_census_publish_one(m, d, a);
    }
}

void wr_census_place(struct wr_census *m, struct wr_census_device *d, const struct wr_addr *addr,
                     uint32_t ifindex, uint8_t source, int64_t lease_s, int64_t now_s)
{
    struct wr_census_address *a;
    struct wr_census_device *holder = wr_census_by_address(m, addr, ifindex, &a);
    if (holder != NULL && holder == d) {
        a->ifindex = ifindex != 0 && !is_link_local(addr) ? ifindex : a->ifindex;
        renew(m, d, a, source, lease_s, now_s);
        return;
    }
    bool owners = holder != NULL && (a->sources & WR_FROM_CONFIG) && source != WR_FROM_CONFIG;
    if (holder != NULL &&
        (owners || (source == WR_FROM_NEIGHBOUR && !is_believed(holder, a, d, now_s)))) {
        contest(m, holder, a, d, ifindex, now_s);
        return;
    }
    struct wr_census_address fresh = {.addr = *addr,
                                      .ifindex = ifindex,
                                      .first_s = now_s,
                                      .last_s = now_s,
                                      .lease_s = lease_s,
                                      .sources = source};
    fresh.addr.port = 0;
    fresh.addr.scope = 0;
    if (holder !=
        NULL) { /* the table's entry is not removed but changed: there is no moment without one */
        fresh.ifindex = ifindex != 0 ? ifindex : a->ifindex;
        unlink_address(m, holder, a);
    }
    give(m, d, &fresh);
}

/* --- one device instead of two --- */

void wr_census_fold(struct wr_census *m, struct wr_census_device *from, struct wr_census_device *to)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        struct wr_mark mark = from->mark[i];
        if (mark.kind != WR_MARK_NONE) {
            wr_census_mark_drop(m, from, &from->mark[i]);
            struct wr_mark *at = wr_census_mark_add(m, to, &mark, mark.sources, mark.last_s);
            if (at != NULL) {
                at->ifindex = mark.ifindex;
                at->first_s = mark.first_s;
            }
        }
    }
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        struct wr_census_address a = from->address[i];
        if (a.addr.family != WR_AF_NONE) {
            unlink_address(m, from, &from->address[i]);
            a.rival = a.rival == to->number ? 0 : a.rival;
            give(m, to, &a);
        }
    }
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) { /* what the two contested is settled */
        if (to->address[i].rival == from->number) {
            to->address[i].rival = 0;
        }
    }
    to->last_s = from->last_s > to->last_s ? from->last_s : to->last_s;
    to->ifindex = from->ifindex != 0 ? from->ifindex : to->ifindex;
    wr_census_drop(m, from);
    wr_census_judge(m, to);
    wr_census_publish(m, to);
}

/* --- time --- */

static bool is_ended(const struct wr_census_address *a, int64_t now_s)
{
    int64_t keep_s = a->addr.family == WR_AF_V4 ? WR_CENSUS_IPV4_S : WR_CENSUS_IPV6_S;
    return (a->sources & WR_FROM_CONFIG) == 0 && a->lease_s <= now_s && now_s - a->last_s >= keep_s;
}

void wr_census_tick_addresses(struct wr_census *m, struct wr_census_device *d, int64_t now_s)
{
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        struct wr_census_address *a = &d->address[i];
        if (a->addr.family == WR_AF_NONE) {
            continue;
        }
        if (is_ended(a, now_s)) {
            wr_census_address_drop(m, d, a);
            continue;
        }
        if (a->beside_s != 0 && now_s - a->beside_s >= WR_CENSUS_CONFLICT_S) {
            a->beside_s = 0;
            m->changes++;
        }
        struct wr_census_device *rival = a->rival == 0 ? NULL : wr_census_by_number(m, a->rival);
        if (a->rival != 0 && (rival == NULL || now_s - a->rival_s >= WR_CENSUS_CONFLICT_S)) {
            a->rival = 0;
            m->changes++;
            wr_census_publish_one(m, d, a);
        } else if (rival != NULL && (a->sources & WR_FROM_CONFIG) == 0 && a->lease_s <= now_s &&
                   a->rival_s - a->last_s >= WR_CENSUS_CONFLICT_S) {
            struct wr_census_address moved =
                *a; /* who had it is gone, the other one is still there */
            moved.rival = 0;
            moved.sources = WR_FROM_NEIGHBOUR;
            moved.lease_s = 0;
            unlink_address(m, d, a);
            give(m, rival, &moved);
        }
    }
}
