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
/* Places for those that leave while others come: so many more, and an eighth. */
#define LEAVERS 64

struct wr_leaselist {
    struct wr_hash_key hash_key;
    uint32_t capacity, places, mask; /* of the heads, for both tables */
    uint32_t all, party_most;
    uint32_t count, routed, touches;
    uint32_t link[LINKS];            /* leases by interface */
    uint32_t free_entry, free_party; /* places + 1 */
    struct wr_heap ends;             /* of those that last */
    struct wr_list ended[2]; /* the longest ago first; [1]: of clients behind other routers */
    struct wr_leaselist_entry *entry;
    struct wr_leaselist_party *party; /* as many: each may have one lease */
    uint32_t *entry_head, *party_head, *touched;
};

static uint32_t places_for(uint32_t capacity)
{
    return capacity + capacity / PARTS + LEAVERS;
}

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
    uint32_t places = places_for(capacity);
    return sizeof(struct wr_leaselist) +
           (size_t)places * (sizeof(struct wr_leaselist_entry) + sizeof(struct wr_leaselist_party) +
                             sizeof(uint32_t)) +
           wr_heap_size(places) + 2 * sizeof(uint32_t) * (size_t)heads_for(capacity);
}

struct wr_leaselist *wr_leaselist_init(void *block, uint32_t capacity,
                                       const struct wr_hash_key *hash_key)
{
    struct wr_leaselist *l = block;
    l->hash_key = *hash_key;
    l->capacity = capacity;
    l->places = places_for(capacity);
    l->mask = heads_for(capacity) - 1;
    l->entry = (void *)(l + 1);
    l->party = (void *)(l->entry + l->places);
    wr_heap_init(&l->ends, l->party + l->places, l->places);
    l->entry_head = (void *)((uint8_t *)l->ends.slots + wr_heap_size(l->places));
    l->party_head = l->entry_head + l->mask + 1;
    l->touched = l->party_head + l->mask + 1;
    for (uint32_t i = 0; i < l->places; i++) {
        l->entry[i].next = i + 1 < l->places ? i + 2 : 0;
        l->party[i].next = l->entry[i].next;
    }
    l->free_entry = l->free_party = 1;
    wr_list_init(&l->ended[0]);
    wr_list_init(&l->ended[1]);
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
    wr_list_init(&p->ended);
    *head = at;
    return at;
}

/* --- ends --- */

/* Neither lasting nor ended. */
static void take_off(struct wr_leaselist *l, struct wr_leaselist_entry *e)
{
    l->party[e->party - 1].lasts -= e->end.slot != 0;
    wr_heap_clear(&l->ends, &e->end);
    wr_list_remove(&e->by_age);
    wr_list_remove(&e->of_party);
}

static void set_until(struct wr_leaselist *l, struct wr_leaselist_entry *e, uint64_t until_ms)
{
    take_off(l, e);
    e->until_ms = until_ms;
    l->party[e->party - 1].lasts++;
    wr_heap_set(&l->ends, &e->end, until_ms);
}

/* Those that have ended since the last time. */
static void note_ends(struct wr_leaselist *l, uint64_t now_ms)
{
    struct wr_timer *t;
    while ((t = wr_heap_expired(&l->ends, now_ms)) != NULL) {
        struct wr_leaselist_entry *e = WR_CONTAINER(t, struct wr_leaselist_entry, end);
        wr_list_append(&l->ended[is_routed(&e->key)], &e->by_age);
        wr_list_append(&l->party[e->party - 1].ended, &e->of_party);
        l->party[e->party - 1].lasts--;
    }
}

static void count(struct wr_leaselist *l, const struct wr_leaselist_entry *e, int32_t by)
{
    l->party[e->party - 1].count += (uint32_t)by;
    l->count += (uint32_t)by;
    l->routed += is_routed(&e->key) ? (uint32_t)by : 0;
    l->link[e->key.ifindex % LINKS] += (uint32_t)by;
}

static struct wr_leaselist_entry *add(struct wr_leaselist *l, const struct wr_leaselist_key *key,
                                      uint64_t until_ms)
{
    uint32_t party = find_party(l, key), at = l->free_entry, *head = entry_head(l, key);
    struct wr_leaselist_entry *e = &l->entry[at - 1];
    l->free_entry = e->next;
    party = party != 0 ? party : add_party(l, key);
    l->party[party - 1].places++;
    *e = (struct wr_leaselist_entry){.key = *key, .party = party, .next = *head};
    wr_list_init(&e->by_age);
    wr_list_init(&e->of_party);
    *head = at;
    count(l, e, 1);
    set_until(l, e, until_ms);
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
    take_off(l, e);
    count(l, e, e->state == WR_LEASELIST_LEAVING ? 0 : -1);
    if (--p->places == 0) {
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

static void leave(struct wr_leaselist *l, struct wr_leaselist_entry *e)
{
    if (e->state != WR_LEASELIST_LEAVING) {
        take_off(l, e);
        count(l, e, -1);
        touch(l, e, WR_LEASELIST_LEAVING);
    }
}

/* --- leases --- */

/* What one interface floods, or addresses that nobody has, leaves room for the others. */
static bool is_full(const struct wr_leaselist *l, const struct wr_leaselist_key *key)
{
    uint32_t part = l->all / PARTS;
    bool few = l->link[key->ifindex % LINKS] < part;
    return l->count >= l->all - (few ? 0 : part);
}

static bool is_full_of_routed(const struct wr_leaselist *l, const struct wr_leaselist_key *key)
{
    return is_routed(key) && l->routed >= l->all - 2 * (l->all / PARTS);
}

/* Who has ended goes for who comes. */
static int make_room(struct wr_leaselist *l, const struct wr_leaselist_key *key, uint64_t now_ms)
{
    uint32_t at = find_party(l, key);
    note_ends(l, now_ms);
    while (at != 0 && l->party[at - 1].count >= l->party_most) {
        struct wr_list *ended = &l->party[at - 1].ended;
        if (wr_list_empty(ended)) {
            return WR_E_LIMIT;
        }
        leave(l, WR_CONTAINER(ended->next, struct wr_leaselist_entry, of_party));
    }
    while (is_full(l, key) || is_full_of_routed(l, key)) {
        bool near = !is_full_of_routed(l, key) && wr_list_empty(&l->ended[1]);
        struct wr_list *ended = &l->ended[!near];
        if (wr_list_empty(ended)) {
            return WR_E_FULL;
        }
        leave(l, WR_CONTAINER(ended->next, struct wr_leaselist_entry, by_age));
    }
    return WR_OK;
}

struct wr_leaselist_room wr_leaselist_room(struct wr_leaselist *l,
                                           const struct wr_leaselist_key *key, uint64_t now_ms)
{
    uint32_t party = find_party(l, key);
    const struct wr_leaselist_entry *e = find(l, key);
    note_ends(l, now_ms);
    uint32_t lasts = party != 0 ? l->party[party - 1].lasts : 0;
    return (struct wr_leaselist_room){.scarce = lasts >= l->party_most - l->party_most / 2,
                                      .few = lasts >= l->party_most - l->party_most / 4,
                                      .has = e != NULL && e->state != WR_LEASELIST_LEAVING};
}

static void renew(struct wr_leaselist *l, struct wr_leaselist_entry *e, uint64_t until_ms)
{
    bool lasts = e->until_ms >= until_ms;
    if (!lasts) {
        set_until(l, e, until_ms);
    }
    if (e->state == WR_LEASELIST_UNSURE || (e->state == WR_LEASELIST_HELD && !lasts)) {
        touch(l, e, WR_LEASELIST_RENEWED);
    }
}

int wr_leaselist_put(struct wr_leaselist *l, const struct wr_leaselist_key *key, uint64_t until_ms,
                     uint64_t now_ms)
{
    struct wr_leaselist_entry *e = find(l, key);
    if (e != NULL && e->state != WR_LEASELIST_LEAVING) {
        renew(l, e, until_ms);
        return WR_OK;
    }
    if ((e == NULL && l->free_entry == 0) || until_ms <= now_ms || l->party_most == 0) {
        return WR_E_FULL;
    }
    int err = make_room(l, key, now_ms);
    if (err != WR_OK) {
        return err;
    }
    if (e == NULL) {
        touch(l, add(l, key, until_ms), WR_LEASELIST_WANTED);
    } else { /* after all */
        count(l, e, 1);
        set_until(l, e, until_ms);
        touch(l, e, WR_LEASELIST_RENEWED);
    }
    return WR_OK;
}

int wr_leaselist_found(struct wr_leaselist *l, const struct wr_leaselist_key *key,
                       uint64_t until_ms)
{
    struct wr_leaselist_entry *e = find(l, key);
    if (e == NULL && (l->count >= l->capacity || l->free_entry == 0)) {
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
    leave(l, &l->entry[entry - l->entry]);
}

void wr_leaselist_lost(struct wr_leaselist *l, uint64_t now_ms)
{
    for (uint32_t i = 0; i < l->places; i++) {
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
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct wr_leaselist_entry *e = &l->entry[l->touched[i]];
        bool leaves = e->state == WR_LEASELIST_LEAVING;
        e->touched = leaves && err != WR_OK;
        if (e->touched) {
            l->touched[kept++] = l->touched[i];
        } else if (leaves) {
            remove_entry(l, e);
        } else {
            e->state = err == WR_OK ? WR_LEASELIST_HELD : WR_LEASELIST_UNSURE;
        }
    }
    l->touches -= n;
    memmove(l->touched + kept, l->touched + n, l->touches * sizeof(l->touched[0]));
    l->touches += kept;
}

void wr_leaselist_sweep(struct wr_leaselist *l, uint64_t now_ms)
{
    note_ends(l, now_ms);
    for (unsigned routed = 0; routed < 2; routed++) {
        struct wr_list *ended = &l->ended[routed];
        while (!wr_list_empty(ended)) {
            struct wr_leaselist_entry *e =
                WR_CONTAINER(ended->next, struct wr_leaselist_entry, by_age);
            if (e->touched || e->until_ms + LINGER_MS > now_ms) {
                break;
            }
            remove_entry(l, e);
        }
    }
}

/* --- to look at --- */

const struct wr_leaselist_entry *wr_leaselist_walk(const struct wr_leaselist *l, uint32_t *cursor)
{
    while (*cursor < l->places) {
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
    while (*cursor < l->places) {
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
