/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/ranges.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"

/* Octets of an owner and its records: an NSEC with two signatures of RSA 2048 and names of ordinary length. */
#define ROOM 896

struct wr_range {
    wr_id zone; /* 0: free */
    uint32_t until_s, data_size;
    uint16_t type, records, sigs;
    uint16_t next_at; /* where the NSEC's rdata stands, which begins with the next name */
    uint8_t rank;
    bool used;
    uint8_t hash[WR_NSEC3_HASH_SIZE];
    uint8_t bytes[ROOM]; /* the owner, and behind it the data */
};

static size_t align64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t wr_ranges_size(uint32_t places)
{
    if (places == 0) {
        return 0;
    }
    return align64(sizeof(struct wr_range) * places) + align64(sizeof(uint32_t) * places) +
           align64(wr_pool_size(sizeof(struct wr_ranges_zone), places)) +
           align64(wr_map_size(places)) + 64;
}

static void empty(struct wr_ranges *t)
{
    for (uint32_t i = 0; i < t->places; i++) {
        t->range[i].zone = 0;
        t->order[i] = i;
    }
    t->count = t->hand = 0;
}

void wr_ranges_init(struct wr_ranges *t, void *block, uint32_t places,
                    const struct wr_hash_key *key)
{
    uint8_t *at = (uint8_t *)block + (-(uintptr_t)block & 63);
    memset(t, 0, sizeof(*t));
    t->key = *key;
    t->places = places;
    if (places == 0) {
        return;
    }
    t->range = (struct wr_range *)(void *)at;
    at += align64(sizeof(struct wr_range) * places);
    t->order = (uint32_t *)(void *)at;
    at += align64(sizeof(uint32_t) * places);
    wr_pool_init(&t->zones, at, sizeof(struct wr_ranges_zone), places);
    at += align64(wr_pool_size(sizeof(struct wr_ranges_zone), places));
    wr_map_init(&t->map, at, places);
    empty(t);
}

/* --- zones -------------------------------------------------------------------------------------- */

static wr_id find_zone(const struct wr_ranges *t, const uint8_t *name)
{
    uint64_t hash = wr_name_hash(&t->key, name);
    uint32_t cursor;
    for (wr_id id = wr_map_first(&t->map, hash, &cursor); id;
         id = wr_map_next(&t->map, hash, &cursor)) {
        const struct wr_ranges_zone *z = wr_pool_get(&t->zones, id);
        if (z && wr_name_equal(z->name.wire, name)) {
            return id;
        }
    }
    return 0;
}

static void drop_zone(struct wr_ranges *t, wr_id id)
{
    const struct wr_ranges_zone *z = wr_pool_get(&t->zones, id);
    wr_map_remove(&t->map, wr_name_hash(&t->key, z->name.wire), id);
    wr_pool_give(&t->zones, id);
}

static wr_id make_zone(struct wr_ranges *t, const uint8_t *name)
{
    wr_id id = find_zone(t, name);
    struct wr_ranges_zone *z = id ? NULL : wr_pool_take(&t->zones, &id);
    if (!z) {
        return id;
    }
    memset(z, 0, sizeof(*z));
    wr_name_set(&z->name, name);
    if (wr_map_put(&t->map, wr_name_hash(&t->key, name), id)) {
        wr_pool_give(&t->zones, id);
        return 0;
    }
    return id;
}

wr_id wr_ranges_zone(const struct wr_ranges *t, const uint8_t *name)
{
    for (; t->count > 0; name = wr_name_skip_labels(name, 1)) {
        wr_id id = find_zone(t, name);
        if (id || name[0] == 0) {
            return id;
        }
    }
    return 0;
}

const struct wr_ranges_zone *wr_ranges_zone_of(const struct wr_ranges *t, wr_id zone)
{
    return wr_pool_get(&t->zones, zone);
}

/* --- order -------------------------------------------------------------------------------------- */

/* Where something belongs. */
struct where {
    wr_id zone;
    uint16_t type;
    const uint8_t *key; /* a name, or a hash */
};

static int order(const struct where *w, const struct wr_range *r)
{
    if (w->zone != r->zone) {
        return w->zone < r->zone ? -1 : 1;
    }
    if (w->type != r->type) {
        return w->type < r->type ? -1 : 1;
    }
    return w->type == WR_TYPE_NSEC3 ? memcmp(w->key, r->hash, WR_NSEC3_HASH_SIZE)
                                    : wr_name_order(w->key, r->bytes);
}

static struct wr_range *at(const struct wr_ranges *t, uint32_t pos)
{
    return &t->range[t->order[pos]];
}

/* The number of ranges that stand at or before it. */
static uint32_t count_to(const struct wr_ranges *t, const struct where *w)
{
    uint32_t low = 0, high = t->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (order(w, at(t, middle)) >= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct where where_of(const struct wr_range *r)
{
    return (struct where){r->zone, r->type, r->type == WR_TYPE_NSEC3 ? r->hash : r->bytes};
}

/* A place in the order, counted from 0, is given up; with its last range the zone. */
static void remove_at(struct wr_ranges *t, uint32_t pos)
{
    uint32_t place = t->order[pos];
    struct wr_range *r = &t->range[place];
    struct wr_ranges_zone *z = wr_pool_get(&t->zones, r->zone);
    z->ranges--;
    z->hashed -= r->type == WR_TYPE_NSEC3;
    if (z->ranges == 0) {
        drop_zone(t, r->zone);
    }
    r->zone = 0;
    t->count--;
    memmove(&t->order[pos], &t->order[pos + 1], (t->count - pos) * sizeof(t->order[0]));
    t->order[t->count] = place;
}

void wr_ranges_clear(struct wr_ranges *t)
{
    while (t->count > 0) {
        remove_at(t, t->count - 1);
    }
}

static bool is_over(const struct wr_range *r, uint32_t now_s)
{
    return (int32_t)(r->until_s - now_s) <= 0;
}

/* The hand goes round: what was used since it came by last stays, for a round. */
static void evict(struct wr_ranges *t, uint32_t now_s)
{
    struct wr_range *r = NULL;
    for (unsigned looks = 0; looks < WR_RANGES_LOOKS_MAX; looks++) {
        r = &t->range[t->hand];
        t->hand = (t->hand + 1) % t->places;
        if (r->zone && (!r->used || is_over(r, now_s))) {
            break;
        }
        r->used = false;
    }
    if (r && r->zone) {
        struct where w = where_of(r);
        remove_at(t, count_to(t, &w) - 1);
    }
}

/* --- putting ------------------------------------------------------------------------------------ */

/* What is to be put, and what it says. */
struct put {
    struct wr_range range;
    struct wr_nsec nsec;
    struct wr_nsec3 nsec3;
};

static int view(struct put *p, const uint8_t *zone, const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    if (set->records != 1 || !wr_rrset_next(&walk, &rdata, &size)) {
        return WR_E_FORMAT;
    }
    if (set->type == WR_TYPE_NSEC) {
        return wr_nsec_view(set->owner, rdata, size, zone, &p->nsec);
    }
    if (set->type != WR_TYPE_NSEC3) {
        return WR_E_UNSUPPORTED;
    }
    int err = wr_nsec3_view(set->owner, rdata, size, zone, &p->nsec3);
    memcpy(p->range.hash, p->nsec3.owner, sizeof(p->range.hash));
    bool fit = !(p->nsec3.flags & WR_NSEC3_OPTOUT) && p->nsec3.salt_size <= WR_RANGES_SALT_MAX;
    return err || fit ? err : WR_E_UNSUPPORTED;
}

static int fill(struct put *p, const struct wr_rrset *set, uint32_t until_s)
{
    size_t owner = wr_name_size(set->owner);
    if (owner + set->size > ROOM) {
        return WR_E_LIMIT;
    }
    p->range.until_s = until_s;
    p->range.data_size = set->size;
    p->range.type = set->type;
    p->range.records = set->records;
    p->range.sigs = set->sigs;
    p->range.rank = set->rank;
    p->range.next_at = (uint16_t)(owner + 2);
    memcpy(p->range.bytes, set->owner, owner);
    memcpy(p->range.bytes + owner, set->data, set->size);
    return WR_OK;
}

/* The old chain of NSEC3 leaves when a new one comes. */
static void adopt_chain(struct wr_ranges *t, wr_id zone, struct wr_ranges_zone *z,
                        const struct wr_nsec3 *n)
{
    static const uint8_t last[WR_NSEC3_HASH_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct where w = {zone, WR_TYPE_NSEC3, last};
    bool same = z->iterations == n->iterations && z->salt_size == n->salt_size &&
                memcmp(z->salt, n->salt, n->salt_size) == 0;
    z->ranges++; /* so that the zone stays */
    while (!same && z->hashed > 0) {
        remove_at(t, count_to(t, &w) - 1);
    }
    z->ranges--;
    z->iterations = n->iterations;
    z->salt_size = n->salt_size;
    memcpy(z->salt, n->salt, n->salt_size);
}

static const uint8_t *next_of(const struct wr_range *r)
{
    return r->bytes + r->next_at;
}

/* Does the older range say that there is no such owner? Of NSEC3 it is not asked: chains are short-lived beside it. */
static bool contradicts(const struct wr_range *older, const struct put *p)
{
    return older->type == WR_TYPE_NSEC && wr_name_order(older->bytes, p->nsec.owner) < 0 &&
           (wr_name_equal(next_of(older), p->nsec.zone) ||
            wr_name_order(p->nsec.owner, next_of(older)) < 0);
}

/* Makes way for the new one: the same owner, the range that holds it, and owners that it says are not there. */
static void make_way(struct wr_ranges *t, const struct where *w, const struct put *p)
{
    uint32_t pos = count_to(t, w);
    while (pos > 0 && at(t, pos - 1)->zone == w->zone && at(t, pos - 1)->type == w->type &&
           (order(w, at(t, pos - 1)) == 0 || contradicts(at(t, pos - 1), p))) {
        remove_at(t, --pos);
    }
    while (w->type == WR_TYPE_NSEC && pos < t->count && at(t, pos)->zone == w->zone &&
           at(t, pos)->type == w->type && wr_nsec_covers(&p->nsec, at(t, pos)->bytes)) {
        remove_at(t, pos);
    }
}

static void insert(struct wr_ranges *t, const struct where *w, const struct wr_range *r)
{
    uint32_t pos = count_to(t, w), place = t->order[t->count];
    memmove(&t->order[pos + 1], &t->order[pos], (t->count - pos) * sizeof(t->order[0]));
    t->order[pos] = place;
    t->range[place] = *r;
    t->count++;
}

int wr_ranges_put(struct wr_ranges *t, const uint8_t *zone, const struct wr_rrset *set,
                  uint32_t now_s, uint32_t ttl)
{
    struct put p = {.range = {.used = false}};
    int err = t->places == 0 || ttl == 0 ? WR_E_LIMIT : view(&p, zone, set);
    err = err ? err : fill(&p, set, now_s + (ttl < WR_RANGES_TTL_MAX ? ttl : WR_RANGES_TTL_MAX));
    if (err) {
        return err;
    }
    if (t->count == t->places) {
        evict(t, now_s);
    }
    wr_id id = t->count < t->places ? make_zone(t, zone) : 0;
    struct wr_ranges_zone *z = id ? wr_pool_get(&t->zones, id) : NULL;
    if (!z) {
        return WR_E_FULL;
    }
    if (set->type == WR_TYPE_NSEC3) {
        adopt_chain(t, id, z, &p.nsec3);
    }
    p.range.zone = id;
    struct where w = where_of(&p.range);
    z->ranges++; /* first, so that the zone stays */
    make_way(t, &w, &p);
    z->hashed += set->type == WR_TYPE_NSEC3;
    insert(t, &w, &p.range);
    return WR_OK;
}

/* --- finding ------------------------------------------------------------------------------------ */

static bool give(const struct wr_ranges *t, struct wr_range *r, const struct where *w,
                 uint32_t now_s, struct wr_rrset *ret_set)
{
    if (r->zone != w->zone || r->type != w->type || is_over(r, now_s)) {
        return false;
    }
    r->used = true;
    *ret_set = (struct wr_rrset){.owner = r->bytes,
                                 .data = r->bytes + r->next_at - 2,
                                 .size = r->data_size,
                                 .ttl = r->until_s - now_s,
                                 .type = r->type,
                                 .class_ = WR_CLASS_IN,
                                 .records = r->records,
                                 .sigs = r->sigs,
                                 .security = WR_SECURITY_SECURE,
                                 .rank = r->rank};
    wr_rrset_set_prover(ret_set, wr_ranges_zone_of(t, r->zone)->name.wire);
    return true;
}

bool wr_ranges_before(struct wr_ranges *t, wr_id zone, const uint8_t *name, uint32_t now_s,
                      struct wr_rrset *ret_set)
{
    struct where w = {zone, WR_TYPE_NSEC, name};
    uint32_t pos = count_to(t, &w);
    return pos > 0 && give(t, at(t, pos - 1), &w, now_s, ret_set);
}

bool wr_ranges_before_hash(struct wr_ranges *t, wr_id zone, const uint8_t *hash, uint32_t now_s,
                           struct wr_rrset *ret_set)
{
    static const uint8_t last[WR_NSEC3_HASH_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct where w = {zone, WR_TYPE_NSEC3, hash}, end = {zone, WR_TYPE_NSEC3, last};
    uint32_t pos = count_to(t, &w);
    if (pos > 0 && at(t, pos - 1)->zone == zone && at(t, pos - 1)->type == WR_TYPE_NSEC3) {
        return give(t, at(t, pos - 1), &w, now_s, ret_set);
    }
    pos = count_to(t, &end);
    return pos > 0 && give(t, at(t, pos - 1), &w, now_s, ret_set);
}
