/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/leaselist.h"

#include <string.h>

#include "base/err.h"
#include "policy/rulesetlease.h"

/* After its end the kernel may have it for as long: clocks that tick apart, a collector that has not come yet. */
#define LINGER_MS 5000
/* What the kernel has ends when it should: it counts in its own ticks. */
#define ABOUT_MS 1000
/* Room is kept by eighths: the last one for interfaces that have less than that, and two for clients that are neighbours, since anybody can write
 * any address behind a router on a packet. An interface's count is in one of so many places. */
#define PARTS 8
#define LINKS 256

struct wr_leaselist {
    struct wr_hash_key hash_key;
    uint32_t capacity, mask; /* of the heads, for both tables */
    uint32_t all, party_most;
    uint32_t count, routed, touches, cursor;
    uint32_t link[LINKS];            /* leases by interface */
    uint32_t free_entry, free_party; /* places + 1 */
    struct wr_leaselist_entry *entry;
    struct wr_leaselist_party *party; /* as many: each may have one lease */
    uint32_t *entry_head, *party_head, *touched;
};

static uint32_t heads_for(uint32_t capacity)
{
    uint32_t n = 16;
    while (n < capacity && n < (uint32_t)1 << 30) {
        n *= 2;
    }
    return n;
}

size_t wr_leaselist_size(uint32_t capacity)
{
    return sizeof(struct wr_leaselist) +
           (size_t)capacity * (sizeof(struct wr_leaselist_entry) +
                               sizeof(struct wr_leaselist_party) + sizeof(uint32_t)) +
           2 * sizeof(uint32_t) * (size_t)heads_for(capacity);
}

struct wr_leaselist *wr_leaselist_init(void *block, uint32_t capacity,
                                       const struct wr_hash_key *hash_key)
{
    struct wr_leaselist *l = block;
    l->hash_key = *hash_key;
    l->capacity = capacity;
    l->mask = heads_for(capacity) - 1;
    l->entry = (void *)(l + 1);
    l->party = (void *)(l->entry + capacity);
    l->entry_head = (void *)(l->party + capacity);
    l->party_head = l->entry_head + l->mask + 1;
    l->touched = l->party_head + l->mask + 1;
    for (uint32_t i = 0; i < capacity; i++) {
        l->entry[i].next = i + 1 < capacity ? i + 2 : 0;
        l->party[i].next = l->entry[i].next;
    }
    l->free_entry = l->free_party = capacity > 0;
    wr_leaselist_bound(l, capacity, capacity);
    return l;
}

void wr_leaselist_bound(struct wr_leaselist *l, uint32_t all, uint32_t party)
{
    l->all = all < l->capacity ? all : l->capacity;
    l->party_most = party;
}

/* --- places --- */

static bool is_routed(const struct wr_leaselist_key *key)
{
    return key->kind >= WR_RULESETLEASE_ROUTED;
}

static uint32_t *party_head(const struct wr_leaselist *l, const struct wr_leaselist_key *key)
{
    uint8_t octets[22];
    memcpy(octets, &key->ifindex, 4);
    octets[4] = is_routed(key);
    octets[5] = is_routed(key) ? key->family : 0;
    memcpy(octets + 6, key->who, 16);
    return &l->party_head[wr_hash_sip13(&l->hash_key, octets, sizeof(octets)) & l->mask];
}

static uint32_t *entry_head(const struct wr_leaselist *l, const struct wr_leaselist_key *key)
{
    return &l->entry_head[wr_hash_sip13(&l->hash_key, key, sizeof(*key)) & l->mask];
}

static bool is_of(const struct wr_leaselist_party *p, const struct wr_leaselist_key *key)
{
    return p->ifindex == key->ifindex && p->routed == is_routed(key) &&
           p->family == (is_routed(key) ? key->family : 0) &&
           memcmp(p->who, key->who, sizeof(p->who)) == 0;
}

/* Its place + 1; 0: there is none. */
static uint32_t find_party(const struct wr_leaselist *l, const struct wr_leaselist_key *key)
{
    uint32_t at = *party_head(l, key);
    while (at != 0 && !is_of(&l->party[at - 1], key)) {
        at = l->party[at - 1].next;
    }
    return at;
}

static struct wr_leaselist_entry *find(const struct wr_leaselist *l,
                                       const struct wr_leaselist_key *key)
{
    uint32_t at = *entry_head(l, key);
    while (at != 0 && memcmp(&l->entry[at - 1].key, key, sizeof(*key)) != 0) {
        at = l->entry[at - 1].next;
    }
    return at != 0 ? &l->entry[at - 1] : NULL;
}

/* One party for each lease at most, so there is a place. */
static uint32_t add_party(struct wr_leaselist *l, const struct wr_leaselist_key *key)
{
    uint32_t at = l->free_party, *head = party_head(l, key);
    struct wr_leaselist_party *p = &l->party[at - 1];
    l->free_party = p->next;
    *p = (struct wr_leaselist_party){.ifindex = key->ifindex,
                                     .routed = is_routed(key),
                                     .family = is_routed(key) ? key->family : 0,
                                     .next = *head};
    memcpy(p->who, key->who, sizeof(p->who));
    *head = at;
    return at;
}

static struct wr_leaselist_entry *add(struct wr_leaselist *l, const struct wr_leaselist_key *key,
                                      uint64_t until_ms)
{
    uint32_t party = find_party(l, key), at = l->free_entry, *head = entry_head(l, key);
    struct wr_leaselist_entry *e = &l->entry[at - 1];
    l->free_entry = e->next;
    party = party != 0 ? party : add_party(l, key);
    l->party[party - 1].count++;
    *e = (struct wr_leaselist_entry){
        .key = *key, .party = party, .next = *head, .until_ms = until_ms};
    *head = at;
    l->count++;
    l->routed += is_routed(key);
    l->link[key->ifindex % LINKS]++;
    return e;
}

static void remove_entry(struct wr_leaselist *l, struct wr_leaselist_entry *e)
{
    uint32_t place = (uint32_t)(e - l->entry) + 1, *link = entry_head(l, &e->key);
    struct wr_leaselist_party *p = &l->party[e->party - 1];
    while (*link != place) {
        link = &l->entry[*link - 1].next;
    }
    *link = e->next;
    if (--p->count == 0) {
        uint32_t at = e->party;
        for (link = party_head(l, &e->key); *link != at;) {
            link = &l->party[*link - 1].next;
        }
        *link = p->next;
        p->next = l->free_party;
        l->free_party = at;
    }
    e->state = WR_LEASELIST_FREE;
    e->next = l->free_entry;
    l->free_entry = place;
    l->count--;
    l->routed -= is_routed(&e->key);
    l->link[e->key.ifindex % LINKS]--;
}

static void touch(struct wr_leaselist *l, struct wr_leaselist_entry *e,
                  enum wr_leaselist_state state)
{
    if (!e->touched) {
        l->touched[l->touches++] = (uint32_t)(e - l->entry);
    }
    e->touched = true;
    e->state = (uint8_t)state;
}

/* --- leases --- */

/* What one interface floods, or addresses that nobody has, leaves room for the others. */
static bool has_room(const struct wr_leaselist *l, const struct wr_leaselist_key *key)
{
    uint32_t part = l->all / PARTS;
    bool few = l->link[key->ifindex % LINKS] < part;
    return l->count < l->all - (few ? 0 : part) &&
           (!is_routed(key) || l->routed < l->all - 2 * part);
}

int wr_leaselist_put(struct wr_leaselist *l, const struct wr_leaselist_key *key, uint64_t until_ms,
                     uint64_t now_ms)
{
    struct wr_leaselist_entry *e = find(l, key);
    if (e != NULL) {
        bool lasts = e->until_ms >= until_ms;
        e->until_ms = lasts ? e->until_ms : until_ms;
        if (e->state == WR_LEASELIST_UNSURE || e->state == WR_LEASELIST_LEAVING ||
            (e->state == WR_LEASELIST_HELD && !lasts)) {
            touch(l, e, WR_LEASELIST_RENEWED);
        }
        return WR_OK;
    }
    uint32_t party = find_party(l, key);
    if (party != 0 && l->party[party - 1].count >= l->party_most) {
        return WR_E_LIMIT;
    }
    if (!has_room(l, key) || until_ms <= now_ms || l->party_most == 0) {
        return WR_E_FULL;
    }
    touch(l, add(l, key, until_ms), WR_LEASELIST_WANTED);
    return WR_OK;
}

int wr_leaselist_found(struct wr_leaselist *l, const struct wr_leaselist_key *key,
                       uint64_t until_ms)
{
    struct wr_leaselist_entry *e = find(l, key);
    if (e == NULL && l->count >= l->capacity) {
        return WR_E_FULL;
    }
    if (e == NULL) {
        add(l, key, until_ms)->state = WR_LEASELIST_HELD;
    } else if (e->until_ms <= until_ms + ABOUT_MS && e->state != WR_LEASELIST_LEAVING) {
        e->state = WR_LEASELIST_HELD;
    } else if (e->state != WR_LEASELIST_LEAVING) {
        touch(l, e, WR_LEASELIST_RENEWED);
    }
    return WR_OK;
}

void wr_leaselist_leave(struct wr_leaselist *l, const struct wr_leaselist_entry *entry)
{
    touch(l, &l->entry[entry - l->entry], WR_LEASELIST_LEAVING);
}

void wr_leaselist_lost(struct wr_leaselist *l, uint64_t now_ms)
{
    for (uint32_t i = 0; i < l->capacity; i++) {
        struct wr_leaselist_entry *e = &l->entry[i];
        if (e->state == WR_LEASELIST_FREE || e->state == WR_LEASELIST_LEAVING) {
            continue;
        }
        if (e->until_ms > now_ms) {
            touch(l, e, WR_LEASELIST_WANTED);
        } else if (!e->touched) {
            remove_entry(l, e);
        }
    }
}

const struct wr_leaselist_entry *wr_leaselist_touched(const struct wr_leaselist *l, uint32_t n)
{
    return &l->entry[l->touched[n]];
}

uint32_t wr_leaselist_touches(const struct wr_leaselist *l)
{
    return l->touches;
}

void wr_leaselist_settle(struct wr_leaselist *l, uint32_t n, int err)
{
    for (uint32_t i = 0; i < n; i++) {
        struct wr_leaselist_entry *e = &l->entry[l->touched[i]];
        e->touched = false;
        if (err == WR_OK && e->state == WR_LEASELIST_LEAVING) {
            remove_entry(l, e);
        } else {
            e->state = err == WR_OK ? WR_LEASELIST_HELD : WR_LEASELIST_UNSURE;
        }
    }
    l->touches -= n;
    memmove(l->touched, l->touched + n, l->touches * sizeof(l->touched[0]));
}

void wr_leaselist_sweep(struct wr_leaselist *l, uint64_t now_ms, uint32_t places)
{
    for (uint32_t i = 0; i < places && i < l->capacity; i++) {
        struct wr_leaselist_entry *e = &l->entry[l->cursor];
        l->cursor = l->cursor + 1 < l->capacity ? l->cursor + 1 : 0;
        if (e->state != WR_LEASELIST_FREE && !e->touched && e->until_ms + LINGER_MS <= now_ms) {
            remove_entry(l, e);
        }
    }
}

/* --- to look at --- */

const struct wr_leaselist_entry *wr_leaselist_walk(const struct wr_leaselist *l, uint32_t *cursor)
{
    while (*cursor < l->capacity) {
        const struct wr_leaselist_entry *e = &l->entry[(*cursor)++];
        if (e->state != WR_LEASELIST_FREE) {
            return e;
        }
    }
    return NULL;
}

const struct wr_leaselist_party *wr_leaselist_parties(const struct wr_leaselist *l,
                                                      uint32_t *cursor)
{
    while (*cursor < l->capacity) {
        const struct wr_leaselist_party *p = &l->party[(*cursor)++];
        if (p->count > 0) {
            return p;
        }
    }
    return NULL;
}

const struct wr_leaselist_party *wr_leaselist_party_of(const struct wr_leaselist *l,
                                                       const struct wr_leaselist_entry *entry)
{
    return &l->party[entry->party - 1];
}

uint32_t wr_leaselist_count(const struct wr_leaselist *l)
{
    return l->count;
}
