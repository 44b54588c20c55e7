/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/hand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/ring.h"

/* A record is at most a quarter of a ring, and an answer over TCP at most 64 KiB. */
#define RING_SIZE ((size_t)512 * 1024)

struct head {
    struct wr_client client;
    uint8_t kind;
};

struct wr_hands {
    uint16_t workers;
    uint8_t *block;
    size_t block_size;
    struct wr_ring ring[]; /* from * workers + to */
};

static struct wr_ring *ring_of(const struct wr_hands *h, uint16_t from, uint16_t to)
{
    wr_assert(from < h->workers && to < h->workers && from != to);
    return (struct wr_ring *)&h->ring[(size_t)from * h->workers + to];
}

int wr_hands_create(uint16_t workers, struct wr_hands **ret_hands)
{
    wr_assert(workers > 0 && workers <= WR_WORKERS_MAX);
    size_t pairs = (size_t)workers * workers;
    size_t size = sizeof(struct wr_hands) + pairs * sizeof(struct wr_ring);
    struct wr_hands *h = aligned_alloc(64, (size + 63) & ~(size_t)63);
    if (h == NULL) {
        return WR_E_NOMEM;
    }
    memset(h, 0, size);
    h->workers = workers;
    h->block_size = (pairs - workers) * RING_SIZE;
    if (h->block_size > 0) {
        h->block = mmap(NULL, h->block_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (h->block == MAP_FAILED) {
            free(h);
            return WR_E_NOMEM;
        }
    }
    size_t used = 0;
    for (uint16_t from = 0; from < workers; from++) {
        for (uint16_t to = 0; to < workers; to++) {
            if (from != to) {
                wr_ring_init(ring_of(h, from, to), h->block + used++ * RING_SIZE, RING_SIZE);
            }
        }
    }
    *ret_hands = h;
    return WR_OK;
}

void wr_hands_destroy(struct wr_hands *h)
{
    if (h != NULL) {
        if (h->block_size > 0) {
            munmap(h->block, h->block_size);
        }
        free(h);
    }
}

bool wr_hands_push(struct wr_hands *h, uint16_t from, uint16_t to, uint8_t kind,
                   const struct wr_client *client, const uint8_t *bytes, size_t size)
{
    struct wr_ring *r = ring_of(h, from, to);
    if (size > WR_MSG_MAX) {
        return false;
    }
    uint8_t *at = wr_ring_reserve(r, (uint32_t)(sizeof(struct head) + size));
    if (at == NULL) {
        return false;
    }
    struct head head;
    memset(&head, 0, sizeof(head));
    head.client = *client;
    head.kind = kind;
    memcpy(at, &head, sizeof(head));
    if (size > 0) {
        memcpy(at + sizeof(head), bytes, size);
    }
    wr_ring_commit(r);
    return true;
}

bool wr_hands_peek(struct wr_hands *h, uint16_t from, uint16_t to, struct wr_hand_item *ret_item)
{
    uint32_t n = 0;
    const uint8_t *at = wr_ring_peek(ring_of(h, from, to), &n);
    if (at == NULL) {
        return false;
    }
    struct head head;
    wr_assert(n >= sizeof(head));
    memcpy(&head, at, sizeof(head));
    *ret_item = (struct wr_hand_item){head.kind, head.client, at + sizeof(head), n - sizeof(head)};
    return true;
}

void wr_hands_pop(struct wr_hands *h, uint16_t from, uint16_t to)
{
    wr_ring_pop(ring_of(h, from, to));
}

uint64_t wr_hands_dropped(const struct wr_hands *h)
{
    uint64_t sum = 0;
    for (uint16_t from = 0; from < h->workers; from++) {
        for (uint16_t to = 0; to < h->workers; to++) {
            if (from != to) {
                sum += atomic_load_explicit(&ring_of(h, from, to)->dropped, memory_order_relaxed);
            }
        }
    }
    return sum;
}
