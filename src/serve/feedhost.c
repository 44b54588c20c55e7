/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedhost.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "resolve/answer.h"
#include "serve/serve.h"

#define SETTLE_US (5 * WR_S) /* what is not answered by then was asked for nothing */
#define ENOUGH_US \
    (1 * WR_S) /* with some addresses nobody waits longer for those of the other kind */
#define ARENA (64 * 1024)

static const uint16_t TYPES[2] = {WR_TYPE_A, WR_TYPE_AAAA};

enum state { IDLE, WANTED, LOOKING, FOUND, NOT_FOUND };

struct wr_feedhost {
    pthread_mutex_t lock; /* of what follows */
    enum state state;
    struct wr_name name;
    struct wr_addr addr[WR_FEEDHOST_ADDRS_MAX];
    unsigned addrs;
    /* The main thread's. */
    struct wr_name looked;
    bool asked[2], done[2];
    struct wr_addr fresh[WR_FEEDHOST_ADDRS_MAX];
    unsigned freshes;
    uint64_t since_us;
    struct wr_answer answer;
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    _Alignas(8) uint8_t arena[ARENA];
};

struct wr_feedhost *wr_feedhost_create(void)
{
    struct wr_feedhost *h = calloc(1, sizeof(*h));
    if (h != NULL) {
        pthread_mutex_init(&h->lock, NULL);
    }
    return h;
}

void wr_feedhost_free(struct wr_feedhost *h)
{
    if (h != NULL) {
        pthread_mutex_destroy(&h->lock);
        free(h);
    }
}

/* --- the thread --- */

int wr_feedhost_want(struct wr_feedhost *h, const char *name)
{
    struct wr_name wanted;
    if (wr_name_from_text(name, strlen(name), &wanted) != WR_OK) {
        return WR_E_FORMAT;
    }
    pthread_mutex_lock(&h->lock);
    h->name = wanted;
    h->state = WANTED;
    pthread_mutex_unlock(&h->lock);
    return WR_OK;
}

int wr_feedhost_get(struct wr_feedhost *h, struct wr_addr ret_addr[WR_FEEDHOST_ADDRS_MAX],
                    unsigned *ret_addrs)
{
    int err = WR_E_AGAIN;
    pthread_mutex_lock(&h->lock);
    if (h->state == FOUND) {
        memcpy(ret_addr, h->addr, sizeof(h->addr));
        *ret_addrs = h->addrs;
        err = WR_OK;
    } else if (h->state == NOT_FOUND || h->state == IDLE) {
        err = WR_E_NOTFOUND;
    }
    pthread_mutex_unlock(&h->lock);
    return err;
}

/* --- the main thread --- */

static void take(struct wr_feedhost *h, const struct wr_rrset *set, unsigned kind)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    unsigned most = h->freshes + WR_FEEDHOST_ADDRS_MAX / 2; /* as many of either kind */
    while (h->freshes < most && h->freshes < WR_FEEDHOST_ADDRS_MAX &&
           wr_rrset_next(&walk, &rdata, &size)) {
        if (size == (kind == 0 ? 4 : 16)) {
            struct wr_addr *a = &h->fresh[h->freshes++];
            *a = (struct wr_addr){.family = kind == 0 ? WR_AF_V4 : WR_AF_V6};
            memcpy(a->ip, rdata, size);
        }
    }
}

static void look(struct wr_feedhost *h, struct wr_serve *s, unsigned kind, bool late,
                 const struct wr_now *now)
{
    struct wr_question q = {.name = h->looked, .type = TYPES[kind], .dnssec_ok = true};
    struct wr_answer_room room = {.scratch = h->scratch,
                                  .least = wr_prove_least(&s->gate->settings.prove, now)};
    wr_arena_init(&room.arena, h->arena, sizeof(h->arena));
    enum wr_found found =
        wr_answer_find(s->shared.cache, &s->gate->settings.ttl, s->locals.set.local, &q,
                       (uint32_t)(now->mono_us / WR_S), true, &room, &h->answer);
    if (found == WR_FOUND_FRESH || (found == WR_FOUND_STALE && late)) {
        for (unsigned i = 0; i < h->answer.answers; i++) {
            if (h->answer.answer[i].type == TYPES[kind]) {
                take(h, &h->answer.answer[i], kind);
            }
        }
        h->done[kind] = true;
    } else if (!h->asked[kind]) {
        h->asked[kind] = wr_reload_ask(s, h->looked.wire, TYPES[kind], false);
    }
}

static void begin(struct wr_feedhost *h, const struct wr_now *now)
{
    h->looked = h->name;
    memset(h->asked, 0, sizeof(h->asked));
    memset(h->done, 0, sizeof(h->done));
    h->freshes = 0;
    h->since_us = now->mono_us;
    h->state = LOOKING;
}

bool wr_feedhost_tick(struct wr_feedhost *h, struct wr_serve *s, bool *ret_done)
{
    struct wr_now now;
    *ret_done = false;
    wr_clock_read(&s->clock, &now);
    pthread_mutex_lock(&h->lock);
    if (h->state == WANTED) {
        begin(h, &now);
    }
    bool looking = h->state == LOOKING;
    pthread_mutex_unlock(&h->lock);
    if (!looking) {
        return false;
    }
    bool late = now.mono_us >= h->since_us + SETTLE_US;
    for (unsigned kind = 0; kind < 2; kind++) {
        if (!h->done[kind]) {
            look(h, s, kind, late, &now);
        }
    }
    bool enough = h->freshes > 0 && now.mono_us >= h->since_us + ENOUGH_US;
    if (!late && !enough && !(h->done[0] && h->done[1])) {
        return true;
    }
    pthread_mutex_lock(&h->lock);
    if (h->state == LOOKING) { /* and not another one meanwhile */
        memcpy(h->addr, h->fresh, sizeof(h->addr));
        h->addrs = h->freshes;
        h->state = h->freshes > 0 ? FOUND : NOT_FOUND;
        *ret_done = true;
    }
    pthread_mutex_unlock(&h->lock);
    return false;
}
