/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/ledger.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/err.h"
#include "serve/beat.h"

/* At the speed of one core a worker writes about 300 000 records of 150 octets in a second. */
#define RING_SIZE ((size_t)512 * 1024)
/* Between two looks: seldom while little comes, often while a ring fills. */
#define IDLE_MS 200
#define BUSY_MS 6
/* Octets of memory an event has on average; longer names leave room for fewer events. */
#define EVENT_ROOM 160

struct kept {
    uint64_t number;
    uint32_t size; /* of this and what follows, 8-aligned */
    struct wr_record record;
    uint8_t name[];
};

struct wr_ledger {
    uint16_t workers;
    uint32_t cap;
    uint8_t *rings_block;
    struct wr_ring *rings;
    void (*grown)(void *user);
    void *user;
    struct wr_beat beat;

    pthread_mutex_t lock; /* all below */
    uint8_t *
        room; /* a ring of events behind one another; one that does not fit before the end starts at 0 */
    size_t room_size;
    size_t head, tail; /* next octet to write, oldest event */
    size_t wrap;       /* where the octets before the end stop */
    uint32_t kept;
    uint64_t taken;
};

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

/* `record` is `n` octets: a struct wr_record, the name and the claim. */
static void keep(struct wr_ledger *l, const uint8_t *record, uint32_t n)
{
    wr_assert(n >= sizeof(struct wr_record));
    l->taken++;
    if (l->cap == 0) {
        return;
    }
    while (l->kept >= l->cap) {
        drop_oldest(l);
    }
    size_t size = (offsetof(struct kept, record) + n + 7) & ~(size_t)7;
    make_room(l, size);
    struct kept *k = at(l, l->head);
    k->number = l->taken;
    k->size = (uint32_t)size;
    memcpy(&k->record, record, sizeof(k->record));
    memcpy(k->name, record + sizeof(k->record), n - sizeof(k->record));
    wr_assert(k->record.claim_size < WR_CLAIM_SIZE &&
              k->record.name_size + (size_t)k->record.claim_size <= n - sizeof(k->record));
    l->head += size;
    l->kept++;
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
    uint64_t before = l->taken;
    while (octets < RING_SIZE && (ring = earliest(l, &record, &n)) != NULL) {
        keep(l, record, n);
        wr_ring_pop(ring);
        octets += n;
    }
    *ret_grew = l->taken != before;
    pthread_mutex_unlock(&l->lock);
    return octets > RING_SIZE / 64;
}

void wr_ledger_catch_up(struct wr_ledger *l)
{
    bool grew;
    take_all(l, &grew);
}

static void turn(void *user)
{
    struct wr_ledger *l = user;
    bool grew = false;
    l->beat.period_ms = take_all(l, &grew) ? BUSY_MS : IDLE_MS;
    if (grew && l->grown != NULL) {
        l->grown(l->user);
    }
}

int wr_ledger_run(struct wr_ledger *l, void (*grown)(void *user), void *user)
{
    l->grown = grown;
    l->user = user;
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
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void copy_event(const struct kept *k, struct wr_ledger_event *ret_event)
{
    ret_event->number = k->number;
    ret_event->record = k->record;
    memset(&ret_event->name, 0, sizeof(ret_event->name));
    memcpy(ret_event->name.wire, k->name, k->record.name_size);
    ret_event->name.size = k->record.name_size;
    memset(ret_event->claim, 0, sizeof(ret_event->claim));
    memcpy(ret_event->claim, k->name + k->record.name_size, k->record.claim_size);
}

uint32_t wr_ledger_read(struct wr_ledger *l, uint64_t after, struct wr_ledger_event *ret_events,
                        uint32_t cap)
{
    uint32_t count = 0;
    pthread_mutex_lock(&l->lock);
    size_t offset = l->tail;
    for (uint32_t i = 0; i < l->kept && count < cap; i++, offset = behind(l, offset)) {
        const struct kept *k = at(l, offset);
        if (k->number > after) {
            copy_event(k, &ret_events[count++]);
        }
    }
    pthread_mutex_unlock(&l->lock);
    return count;
}

void wr_ledger_stats(struct wr_ledger *l, struct wr_ledger_stats *ret_stats)
{
    struct wr_ledger_stats s = {.cap = l->cap};
    for (uint16_t i = 0; i < l->workers; i++) {
        s.dropped += atomic_load_explicit(&l->rings[i].dropped, memory_order_relaxed);
    }
    pthread_mutex_lock(&l->lock);
    s.taken = l->taken;
    s.kept = l->kept;
    pthread_mutex_unlock(&l->lock);
    *ret_stats = s;
}
