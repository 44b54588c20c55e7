/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/timefind.h"

#include <string.h>

#include "serve/serve.h"

#define FIND_US   (8 * WR_S) /* for both kinds of addresses */
#define ENOUGH_US (3 * WR_S) /* for the other kind, when there are some of one */

static const uint16_t TYPES[2] = {WR_TYPE_A, WR_TYPE_AAAA};

void wr_timefind_begin(struct wr_timefind *f, const struct wr_now *now)
{
    *f = (struct wr_timefind){.open = true, .since_us = now->mono_us};
}

static void add_addrs(struct wr_timefind *f, const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    bool v4 = set->type == WR_TYPE_A;
    unsigned most = f->addrs + WR_TIME_ADDRS_MAX / 2; /* as many of either kind */
    for (uint16_t i = 0; i < set->records && f->addrs < most && wr_rrset_next(&walk, &rdata, &size);
         i++) {
        if (size == (v4 ? 4 : 16) && (v4 || set->type == WR_TYPE_AAAA)) {
            struct wr_addr *a = &f->addr[f->addrs++];
            *a = (struct wr_addr){.family = v4 ? WR_AF_V4 : WR_AF_V6};
            memcpy(a->ip, rdata, size);
        }
    }
}

/* Is it known what addresses of that kind there are? */
static bool look_up(struct wr_timefind *f, struct wr_serve *s, const struct wr_name *name,
                    unsigned kind, struct wr_timefind_room *r, const struct wr_now *now)
{
    struct wr_question q = {.name = *name, .type = TYPES[kind], .dnssec_ok = true};
    struct wr_answer_room room = {.scratch = r->scratch,
                                  .least = wr_prove_least(&s->gate->settings.prove, now)};
    uint32_t now_s = (uint32_t)(now->mono_us / WR_S), stored_s;
    bool silence;
    wr_arena_init(&room.arena, r->arena, WR_TIMEFIND_ARENA_SIZE);
    if (wr_answer_find(s->shared.cache, &s->gate->settings.ttl, s->locals.set.local, &q, now_s,
                       true, &room, &r->answer) == WR_FOUND_FRESH) {
        for (unsigned i = 0; i < r->answer.answers; i++) {
            if (r->answer.answer[i].type == q.type) {
                add_addrs(f, &r->answer.answer[i]);
            }
        }
        return true;
    }
    return f->asked[kind] && wr_answer_find_failure(s->shared.cache, &q, now_s, &room, &r->answer,
                                                    &stored_s, &silence) == WR_FOUND_FAILURE;
}

bool wr_timefind_look(struct wr_timefind *f, struct wr_serve *s, const struct wr_name *name,
                      struct wr_timefind_room *room, const struct wr_now *now)
{
    for (unsigned kind = 0; kind < 2 && f->open; kind++) {
        f->done[kind] = f->done[kind] || look_up(f, s, name, kind, room, now);
        if (!f->done[kind] && !f->asked[kind]) {
            f->asked[kind] = wr_reload_ask(s, name->wire, TYPES[kind], false);
        }
    }
    uint64_t passed_us = now->mono_us - f->since_us;
    bool settled = f->open && ((f->done[0] && f->done[1]) || passed_us >= FIND_US ||
                               (f->addrs > 0 && passed_us >= ENOUGH_US));
    f->open = f->open && !settled;
    return settled;
}

/* Addresses of both kinds in turn, so that the next try is of the other. */
void wr_timefind_mix(const struct wr_timefind *f, struct wr_addr ret_addr[WR_TIME_ADDRS_MAX])
{
    unsigned n = 0, four = 0;
    while (four < f->addrs && f->addr[four].family == WR_AF_V4) {
        four++;
    }
    for (unsigned i = 0; i < f->addrs; i++) {
        if (i < four) {
            ret_addr[n++] = f->addr[i];
        }
        if (four + i < f->addrs) {
            ret_addr[n++] = f->addr[four + i];
        }
    }
}
