/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/ledger.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/time.h"
#include "dns/codes.h"
#include "net/clock.h"
#include "serve/beat.h"
#include "serve/rollup.h"

/* At the speed of one core a worker writes about 300 000 records of 150 octets in a second. */
#define RING_SIZE ((size_t)512 * 1024)
/* Between two looks: seldom while little comes, often while a ring fills. A ring takes what comes at 130 000 a second in the longer
 * one, when a flood begins. */
#define IDLE_MS 25
#define BUSY_MS 6
/* Octets of memory an event has on average; longer names leave room for fewer events. */
#define EVENT_ROOM 192
/* How often counts in place of events are given out, and the key that hides clients is renewed. */
#define ROLLUP_US (60 * WR_S)
#define KEY_S     86400

struct kept {
    uint64_t number;
    uint32_t size; /* of this and what follows, 8-aligned */
    uint32_t count;
    struct wr_record record;
    uint8_t kind;
    uint8_t text_size;
    uint8_t name[]; /* the name, the claim, the text */
};

struct wr_ledger {
    uint16_t workers;
    uint32_t cap;
    uint8_t *rings_block;
    struct wr_ring *rings;
    void (*grown)(void *user);
    void *user;
    void (*claimed)(void *user, const struct wr_record *record, const char *claim);
    void *claimed_user;
    struct wr_beat beat;

    pthread_mutex_t lock; /* all below */
    uint8_t *
        room; /* a ring of events behind one another; one that does not fit before the end starts at 0 */
    size_t room_size;
    size_t head, tail; /* next octet to write, oldest event */
    size_t wrap;       /* where the octets before the end stop */
    uint32_t kept;
    uint64_t era; /* how often it was emptied: octets of an earlier one mean nothing */
    uint64_t last, taken;
    enum wr_ledger_privacy privacy;
    struct wr_hash_key key; /* hides clients; of the day `key_day` */
    int64_t key_day;
    struct wr_rollup *rollup; /* AGGREGATE */
    uint64_t rolled_us;

    const struct wr_labels *labels;
    _Atomic uint16_t upstream[UINT8_MAX + 1]; /* labels, by slot */
};

const char *wr_ledger_kind_name(uint8_t kind)
{
    static const char *const names[WR_LEDGER_KINDS] = {"query", "rollup", "policy", "device",
                                                       "log"};
    return kind < WR_LEDGER_KINDS ? names[kind] : "unknown";
}

static void *map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

int wr_ledger_create(uint16_t workers, uint32_t events, struct wr_ledger **ret_ledger)
{
    struct wr_ledger *l = calloc(1, sizeof(*l));
    if (l == NULL) {
        return WR_E_NOMEM;
    }
    pthread_mutex_init(&l->lock, NULL);
    l->workers = workers;
    l->cap = events;
    l->room_size = ((size_t)events * EVENT_ROOM + 4095) & ~(size_t)4095;
    l->rings = aligned_alloc(64, workers * sizeof(struct wr_ring));
    l->rings_block = map(workers * RING_SIZE);
    l->room = l->room_size == 0 ? NULL : map(l->room_size);
    if (l->rings == NULL || l->rings_block == NULL || (l->room == NULL && l->room_size > 0)) {
        wr_ledger_destroy(l);
        return WR_E_NOMEM;
    }
    for (uint16_t i = 0; i < workers; i++) {
        wr_ring_init(&l->rings[i], l->rings_block + i * RING_SIZE, RING_SIZE);
    }
    *ret_ledger = l;
    return WR_OK;
}

void wr_ledger_name(struct wr_ledger *l, const struct wr_labels *labels)
{
    l->labels = labels;
}

void wr_ledger_hide(struct wr_ledger *l, enum wr_ledger_privacy privacy)
{
    l->privacy = privacy;
    l->key_day = -1;
}

void wr_ledger_go_on(struct wr_ledger *l, uint64_t last)
{
    l->last = last;
}

void wr_ledger_upstream(struct wr_ledger *l, uint8_t slot, uint16_t label)
{
    atomic_store_explicit(&l->upstream[slot], label, memory_order_relaxed);
}

struct wr_ring *wr_ledger_rings(struct wr_ledger *l)
{
    return l->rings;
}

static struct kept *at(const struct wr_ledger *l, size_t offset)
{
    return (struct kept *)(void *)(l->room + offset);
}

static size_t behind(const struct wr_ledger *l, size_t offset)
{
    size_t next = offset + at(l, offset)->size;
    return next == l->wrap ? 0 : next;
}

static void drop_oldest(struct wr_ledger *l)
{
    size_t next = behind(l, l->tail);
    if (next == 0) {
        l->wrap = 0;
    }
    l->tail = next;
    l->kept--;
    if (l->kept == 0) {
        l->head = l->tail = l->wrap = 0;
        l->era++;
    }
}

/* Room for `size` octets at head: the oldest leave until there is. */
static void make_room(struct wr_ledger *l, size_t size)
{
    if (l->kept > 0 && l->head + size > l->room_size) {
        /* What lies between head and the end goes with the oldest; then from the start again. */
        while (l->kept > 0 && l->tail >= l->head) {
            drop_oldest(l);
        }
        if (l->kept > 0) {
            l->wrap = l->head;
            l->head = 0;
        }
    }
    while (l->kept > 0 && l->tail >= l->head && l->tail - l->head < size) {
        drop_oldest(l);
    }
}

/* Puts one behind the last; `tail` is what is behind a record, or its text. */
static void keep(struct wr_ledger *l, const struct kept *head, const void *tail, size_t tail_size)
{
    l->last++;
    if (l->cap == 0) {
        return;
    }
    while (l->kept >= l->cap) {
        drop_oldest(l);
    }
    size_t size = (offsetof(struct kept, name) + tail_size + 7) & ~(size_t)7;
    make_room(l, size);
    struct kept *k = at(l, l->head);
    *k = *head;
    k->number = l->last;
    k->size = (uint32_t)size;
    memcpy(k->name, tail, tail_size);
    l->head += size;
    l->kept++;
}

static void put_rollup(void *user, const struct wr_record *record, uint32_t count)
{
    const struct kept head = {.kind = WR_LEDGER_ROLLUP, .count = count, .record = *record};
    keep(user, &head, "", 0);
}

/* The address becomes eight octets that tell two clients of one day apart, and no more. */
static void hide(struct wr_ledger *l, struct wr_record *r)
{
    if (l->key_day != r->wall_s / KEY_S) {
        l->key_day = r->wall_s / KEY_S;
        if (getrandom(&l->key, sizeof(l->key), 0) != (ssize_t)sizeof(l->key)) {
            l->key_day = -1; /* the old key, and again with the next one */
        }
    }
    struct wr_addr client = r->client;
    client.port = 0;
    uint64_t hash = wr_hash_sip24(&l->key, &client, sizeof(client));
    memset(&r->client, 0, sizeof(r->client));
    memcpy(r->client.ip, &hash, sizeof(hash));
    r->device = 0;
    r->claim_size = 0;
    r->claim_kind = WR_CLAIM_NONE;
}

/* `bytes` is `n` octets: a struct wr_record, and what is behind it. */
static void take(struct wr_ledger *l, const uint8_t *bytes, uint32_t n)
{
    struct kept head = {.kind = WR_LEDGER_QUERY};
    wr_assert(n >= sizeof(head.record));
    memcpy(&head.record, bytes, sizeof(head.record));
    struct wr_record *r = &head.record;
    size_t tail = (size_t)r->name_size + r->claim_size + r->asked_size;
    wr_assert(r->claim_size < WR_CLAIM_SIZE && tail <= n - sizeof(*r));
    l->taken++;
    if (l->privacy == WR_LEDGER_AGGREGATE) {
        wr_rollup_add(l->rollup, r, true);
        return;
    }
    if (l->privacy == WR_LEDGER_HASHED) {
        hide(l, r);
    }
    keep(l, &head, bytes + sizeof(*r), tail);
}

void wr_ledger_note(struct wr_ledger *l, enum wr_ledger_kind kind, int64_t wall_s, uint64_t mono_us,
                    const char *text)
{
    size_t n = strnlen(text, WR_LEDGER_TEXT_SIZE - 1);
    const struct kept head = {
        .kind = (uint8_t)kind,
        .text_size = (uint8_t)n,
        .record = {.wall_s = wall_s, .mono_us = mono_us, .ede = WR_EDE_NONE, .upstream = 255}};
    pthread_mutex_lock(&l->lock);
    keep(l, &head, text, n);
    pthread_mutex_unlock(&l->lock);
}

void wr_ledger_claims(struct wr_ledger *l,
                      void (*claimed)(void *user, const struct wr_record *record,
                                      const char *claim),
                      void *user)
{
    l->claimed = claimed;
    l->claimed_user = user;
}

static void tell_claim(const struct wr_ledger *l, const uint8_t *record)
{
    struct wr_record r;
    char claim[WR_CLAIM_SIZE] = {0};
    memcpy(&r, record, sizeof(r)); /* in a ring it may not be aligned */
    bool shut_off = r.verdict.action == WR_VERDICT_QUARANTINE && !r.verdict.shadow;
    if (l->claimed != NULL && (r.claim_size > 0 || shut_off)) {
        memcpy(claim, record + sizeof(r) + r.name_size, r.claim_size);
        l->claimed(l->claimed_user, &r, claim);
    }
}

static uint64_t time_of(const uint8_t *record)
{
    uint64_t mono_us; /* a record in a ring may not be aligned */
    memcpy(&mono_us, record + offsetof(struct wr_record, mono_us), sizeof(mono_us));
    return mono_us;
}

/* The ring whose next record happened first, or NULL: events of all workers stand in the order of time. */
static struct wr_ring *earliest(struct wr_ledger *l, const uint8_t **ret_record, uint32_t *ret_n)
{
    struct wr_ring *best = NULL;
    for (uint16_t i = 0; i < l->workers; i++) {
        uint32_t n = 0;
        const uint8_t *record = wr_ring_peek(&l->rings[i], &n);
        if (record != NULL && (best == NULL || time_of(record) < time_of(*ret_record))) {
            best = &l->rings[i];
            *ret_record = record;
            *ret_n = n;
        }
    }
    return best;
}

/* Empties the rings, but not for ever; true when there was much. */
static bool take_all(struct wr_ledger *l, bool *ret_grew)
{
    const uint8_t *record = NULL;
    struct wr_ring *ring;
    uint32_t n = 0;
    size_t octets = 0;
    pthread_mutex_lock(&l->lock);
    uint64_t before = l->last;
    while (octets < RING_SIZE && (ring = earliest(l, &record, &n)) != NULL) {
        take(l, record, n);
        tell_claim(l, record);
        wr_ring_pop(ring);
        octets += n;
    }
    *ret_grew = l->last != before;
    pthread_mutex_unlock(&l->lock);
    return octets > RING_SIZE / 64;
}

void wr_ledger_catch_up(struct wr_ledger *l)
{
    bool grew;
    take_all(l, &grew);
}

/* Gives out what was counted, when it is time or the end; true when there was any. */
static bool roll(struct wr_ledger *l, bool end)
{
    struct wr_now now;
    if (l->rollup == NULL) {
        return false;
    }
    wr_clock_now(false, &now);
    if (!end && now.mono_us - l->rolled_us < ROLLUP_US) {
        return false;
    }
    l->rolled_us = now.mono_us;
    pthread_mutex_lock(&l->lock);
    bool any = wr_rollup_empty(l->rollup, put_rollup, l);
    pthread_mutex_unlock(&l->lock);
    return any;
}

static void turn(void *user)
{
    struct wr_ledger *l = user;
    bool grew = false;
    l->beat.period_ms = take_all(l, &grew) ? BUSY_MS : IDLE_MS;
    grew = roll(l, false) || grew;
    if (grew && l->grown != NULL) {
        l->grown(l->user);
    }
}

int wr_ledger_run(struct wr_ledger *l, void (*grown)(void *user), void *user)
{
    l->grown = grown;
    l->user = user;
    if (l->privacy == WR_LEDGER_AGGREGATE && l->rollup == NULL &&
        wr_rollup_create(&l->rollup) != WR_OK) {
        return WR_E_NOMEM;
    }
    l->beat =
        (struct wr_beat){.name = "weir-ledger", .period_ms = IDLE_MS, .work = turn, .user = l};
    return wr_beat_start(&l->beat);
}

void wr_ledger_stop(struct wr_ledger *l)
{
    if (!l->beat.running) {
        return;
    }
    wr_beat_stop(&l->beat);
    for (bool grew = true; grew;) {
        take_all(l, &grew); /* what the workers left, who have stopped */
    }
    roll(l, true);
}

void wr_ledger_destroy(struct wr_ledger *l)
{
    if (l == NULL) {
        return;
    }
    wr_ledger_stop(l);
    if (l->rings_block != NULL) {
        munmap(l->rings_block, l->workers * RING_SIZE);
    }
    if (l->room != NULL) {
        munmap(l->room, l->room_size);
    }
    free(l->rings);
    wr_rollup_destroy(l->rollup);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static const char *text_of(const struct wr_ledger *l, uint16_t label)
{
    return l->labels == NULL ? "" : wr_labels_text(l->labels, label);
}

void wr_ledger_texts(const struct wr_ledger *l, struct wr_ledger_event *event)
{
    const struct wr_record *r = &event->record;
    event->upstream =
        text_of(l, atomic_load_explicit(&l->upstream[r->upstream], memory_order_relaxed));
    event->rule = text_of(l, r->verdict.rule);
    event->feed = text_of(l, r->verdict.feed);
    event->segment = text_of(l, r->segment);
}

static void copy_event(const struct wr_ledger *l, const struct kept *k,
                       struct wr_ledger_event *ret_event)
{
    const struct wr_record *r = &k->record;
    const uint8_t *claim = k->name + r->name_size, *asked = claim + r->claim_size;
    const uint8_t *text = asked + r->asked_size;
    ret_event->number = k->number;
    ret_event->kind = k->kind;
    ret_event->count = k->count;
    ret_event->record = *r;
    memset(&ret_event->name, 0, sizeof(ret_event->name));
    memcpy(ret_event->name.wire, k->name, r->name_size);
    ret_event->name.size = r->name_size;
    memset(ret_event->claim, 0, sizeof(ret_event->claim));
    memcpy(ret_event->claim, claim, r->claim_size);
    (void)wr_record_get_asked(asked, r->asked_size, &ret_event->asked);
    memcpy(ret_event->text, text, k->text_size);
    ret_event->text[k->text_size] = 0;
    wr_ledger_texts(l, ret_event);
}

/* Moves the cursor to the event behind `after`, or to the oldest; false: there is none. */
static bool place(const struct wr_ledger *l, struct wr_ledger_cursor *c)
{
    uint64_t oldest = l->last - l->kept + 1;
    if (c->after >= l->last || l->kept == 0) {
        c->lost += c->after < l->last ? l->last - c->after : 0;
        c->after = c->after < l->last ? l->last : c->after;
        return false;
    }
    if (c->after + 1 < oldest) {
        c->lost += oldest - c->after - 1;
        c->after = oldest - 1;
    }
    if (c->after + 1 == oldest) {
        c->offset = l->tail;
    } else if (c->era != l->era || c->offset == 0) {
        c->offset = l->tail;
        for (uint64_t n = oldest; n <= c->after; n++) {
            c->offset = behind(l, c->offset);
        }
    }
    /* It was read to the end, and the next one began at the start. */
    c->offset = l->wrap != 0 && c->offset == l->wrap ? 0 : c->offset;
    c->era = l->era;
    return true;
}

static uint32_t follow(struct wr_ledger *l, struct wr_ledger_cursor *c,
                       struct wr_ledger_event *ret_events, uint32_t cap)
{
    uint32_t count = 0;
    if (!place(l, c)) {
        return 0;
    }
    while (count < cap && c->after < l->last) {
        c->offset = l->wrap != 0 && c->offset == l->wrap ? 0 : c->offset;
        const struct kept *k = at(l, c->offset);
        copy_event(l, k, &ret_events[count++]);
        c->after = k->number;
        c->offset += k->size;
    }
    return count;
}

uint32_t wr_ledger_follow(struct wr_ledger *l, struct wr_ledger_cursor *cursor,
                          struct wr_ledger_event *ret_events, uint32_t cap)
{
    pthread_mutex_lock(&l->lock);
    uint32_t count = follow(l, cursor, ret_events, cap);
    pthread_mutex_unlock(&l->lock);
    return count;
}

uint32_t wr_ledger_read(struct wr_ledger *l, uint64_t after, struct wr_ledger_event *ret_events,
                        uint32_t cap)
{
    struct wr_ledger_cursor cursor = {.after = after};
    return wr_ledger_follow(l, &cursor, ret_events, cap);
}

void wr_ledger_stats(struct wr_ledger *l, struct wr_ledger_stats *ret_stats)
{
    struct wr_ledger_stats s = {.cap = l->cap};
    for (uint16_t i = 0; i < l->workers; i++) {
        s.dropped += atomic_load_explicit(&l->rings[i].dropped, memory_order_relaxed);
    }
    pthread_mutex_lock(&l->lock);
    s.last = l->last;
    s.taken = l->taken;
    s.kept = l->kept;
    pthread_mutex_unlock(&l->lock);
    *ret_stats = s;
}
