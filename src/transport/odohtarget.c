/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/odohtarget.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "crypto/wipe.h"

enum { STATUS_BAD = 400, STATUS_KEY = 401, STATUS_LATER = 503 };

int wr_odohtarget_start(struct wr_odohtarget *t, const uint8_t secret[32], uint64_t started_us,
                        struct wr_odohtarget_slot *slot, uint16_t slots)
{
    wr_assert(slots < UINT16_MAX);
    memset(t, 0, sizeof(*t));
    memset(slot, 0, sizeof(*slot) * slots);
    t->slot = slot;
    t->slots = slots;
    wr_list_init(&t->out);
    wr_list_init(&t->unused);
    for (unsigned i = 0; i < slots; i++) {
        wr_list_init(&slot[i].link);
        wr_list_append(&t->unused, &slot[i].link);
    }
    return wr_odohkeys_start(&t->keys, secret, started_us);
}

static void give(struct wr_odohtarget *t, struct wr_odohtarget_slot *s)
{
    wr_wipe(&s->heard, sizeof(s->heard));
    s->taken = false;
    s->owner = NULL;
    s->generation++;
    wr_list_remove(&s->link);
    wr_list_append(&t->unused, &s->link);
}

static struct wr_odohtarget_slot *first(struct wr_list *list)
{
    return wr_list_empty(list) ? NULL : WR_CONTAINER(list->next, struct wr_odohtarget_slot, link);
}

/* A free one; or the oldest, when nobody can be waiting for it any more. */
static struct wr_odohtarget_slot *room_for(struct wr_odohtarget *t, uint64_t now_us)
{
    struct wr_odohtarget_slot *s;

    if (wr_list_empty(&t->unused)) {
        s = first(&t->out);
        if (!s || now_us < s->since_us + WR_ODOH_ANSWER_MAX_US) {
            return NULL;
        }
        give(t, s);
    }
    return first(&t->unused);
}

static uint16_t status_of(int err)
{
    switch (err) {
    case WR_OK: return 0;
    case WR_E_NOTFOUND: return STATUS_KEY;
    case WR_E_NOMEM: return STATUS_LATER;
    default: return STATUS_BAD;
    }
}

uint16_t wr_odohtarget_open(struct wr_odohtarget *t, const uint8_t *body, size_t size,
                            struct wr_rng *rng, uint64_t now_us, uint8_t *room, size_t cap,
                            size_t *ret_size, uint32_t *ret_handle)
{
    struct wr_odohtarget_slot *s = room_for(t, now_us);
    uint8_t random[WR_ODOH_RANDOM];
    uint16_t status;

    if (!s || wr_odohkeys_turn(&t->keys, now_us)) {
        return STATUS_LATER;
    }
    wr_rng_bytes(rng, random, sizeof(random));
    status = status_of(wr_odoh_query(t->keys.key, t->keys.keys, body, size, random, room, cap,
                                     ret_size, &s->heard));
    if (status) {
        return status;
    }
    s->taken = true;
    s->since_us = now_us;
    wr_list_remove(&s->link);
    wr_list_append(&t->out, &s->link);
    *ret_handle = (uint32_t)s->generation << 16 | (uint32_t)(s - t->slot + 1);
    return 0;
}

static struct wr_odohtarget_slot *find(struct wr_odohtarget *t, uint32_t handle)
{
    uint32_t index = handle & 0xffff;
    struct wr_odohtarget_slot *s = index && index <= t->slots ? &t->slot[index - 1] : NULL;

    return s && s->taken && s->generation == handle >> 16 ? s : NULL;
}

int wr_odohtarget_seal(struct wr_odohtarget *t, uint32_t handle, const uint8_t *message,
                       size_t size, struct wr_writer *out)
{
    struct wr_odohtarget_slot *s = find(t, handle);
    int err;

    if (!s) {
        return WR_E_NOTFOUND;
    }
    err = wr_odoh_reply(&s->heard, message, size, out);
    give(t, s);
    return err;
}

void wr_odohtarget_drop(struct wr_odohtarget *t, uint32_t handle)
{
    struct wr_odohtarget_slot *s = find(t, handle);

    if (s) {
        give(t, s);
    }
}

void wr_odohtarget_own(struct wr_odohtarget *t, uint32_t handle, const void *owner)
{
    struct wr_odohtarget_slot *s = find(t, handle);

    if (s) {
        s->owner = owner;
    }
}

void wr_odohtarget_gone(struct wr_odohtarget *t, const void *owner)
{
    struct wr_list *next;

    for (struct wr_list *n = t->out.next; n != &t->out; n = next) {
        struct wr_odohtarget_slot *s = WR_CONTAINER(n, struct wr_odohtarget_slot, link);

        next = n->next;
        if (s->owner == owner) {
            give(t, s);
        }
    }
}

int wr_odohtarget_configs(struct wr_odohtarget *t, uint64_t now_us, const uint8_t **ret_bytes,
                          size_t *ret_size)
{
    int err = wr_odohkeys_turn(&t->keys, now_us);

    *ret_bytes = t->keys.configs;
    *ret_size = t->keys.configs_size;
    return err;
}
