/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/designated.h"

#include <string.h>

#include "base/limits.h"
#include "dns/codes.h"

static const uint8_t label[] = "\4_dns";
static const uint8_t resolver[] = "\10resolver\4arpa";

/* What is told in one answer. */
struct telling {
    const struct wr_designated *d;
    const struct wr_addr *asked;
    const uint8_t *target; /* the name that the certificate proves */
    bool same;             /* only services at the address that was asked */
    struct wr_writer w;
    uint16_t records;
};

static bool proves_addr(const struct wr_designated_proof *p, const struct wr_addr *addr)
{
    for (uint32_t i = 0; i < p->addrs; i++) {
        if (p->addr[i].family == addr->family && memcmp(p->addr[i].ip, addr->ip, 16) == 0) {
            return true;
        }
    }
    return false;
}

static bool choose_by_addr(struct telling *t)
{
    const struct wr_designated *d = t->d;
    for (uint32_t i = 0; i < d->proofs; i++) {
        if (d->proof[i].names > 0 && proves_addr(&d->proof[i], t->asked)) {
            t->target = d->proof[i].name[0].wire;
            return true;
        }
    }
    for (uint32_t i = 0; i < d->proofs && wr_addr_is_private(t->asked); i++) {
        if (d->proof[i].names > 0) {
            t->target = d->proof[i].name[0].wire;
            t->same = true;
            return true;
        }
    }
    return false;
}

static bool choose_by_name(struct telling *t, const uint8_t *name)
{
    for (uint32_t i = 0; i < t->d->proofs; i++) {
        const struct wr_designated_proof *p = &t->d->proof[i];
        for (uint32_t k = 0; k < p->names; k++) {
            if (wr_name_equal(p->name[k].wire, name)) {
                t->target = p->name[k].wire;
                return true;
            }
        }
    }
    return false;
}

static bool is_at(const struct wr_designated_door *door, const struct wr_addr *addr)
{
    return door->addr.family == addr->family &&
           (wr_addr_is_any(&door->addr) || memcmp(door->addr.ip, addr->ip, 16) == 0);
}

/* Of use to who asked: loopback is whoever reads it, and so is link-local on another link. */
static bool is_reachable(const struct wr_addr *addr)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);
    return kind == WR_ADDR_MACHINE || kind == WR_ADDR_PRIVATE;
}

static bool is_alike(const struct wr_designated_door *a, const struct wr_designated_door *b)
{
    return a->kind == b->kind && a->addr.port == b->addr.port;
}

/* Where the service of the first door and of those alike is: the address that was asked, or all that can be reached. */
static size_t gather_hints(const struct telling *t, const struct wr_designated_door *first,
                           struct wr_addr hint[WR_SERVICE_HINTS_MAX])
{
    const struct wr_designated *d = t->d;
    size_t n = 0;
    for (uint32_t i = 0; i < d->doors; i++) {
        if (is_alike(&d->door[i], first) && is_at(&d->door[i], t->asked)) {
            hint[0] = *t->asked;
            return 1;
        }
    }
    for (uint32_t i = 0; i < d->doors && n < WR_SERVICE_HINTS_MAX && !t->same; i++) {
        if (is_alike(&d->door[i], first) && is_reachable(&d->door[i].addr)) {
            hint[n++] = d->door[i].addr;
        }
    }
    return n;
}

/* One record for the door and those alike; a door that was told with an earlier one is passed over. */
static void tell_door(struct telling *t, uint32_t at)
{
    const struct wr_designated_door *door = &t->d->door[at];
    struct wr_service service = {.kinds = door->kind, .port = door->addr.port, .path = t->d->path};
    struct wr_addr hint[WR_SERVICE_HINTS_MAX];
    size_t hints = gather_hints(t, door, hint), start = t->w.pos;
    for (uint32_t i = 0; i < at; i++) {
        if (is_alike(&t->d->door[i], door)) {
            return;
        }
    }
    if (hints == 0) {
        return;
    }
    wr_buf_put_u16(&t->w, 0);
    wr_buf_put_u16(&t->w, wr_service_priority(door->kind));
    wr_buf_put_bytes(&t->w, t->target, wr_name_size(t->target));
    wr_service_put_params(&service, hint, hints, &t->w);
    if (t->w.err != WR_OK) { /* what was told before fits, and is the more wanted */
        t->w.pos = start;
        return;
    }
    wr_buf_patch_u16(&t->w, start, (uint16_t)(t->w.pos - start - 2));
    t->records++;
}

/* The addresses of the target, where they are local names: what the client would ask next (section 4). */
static void add_extras(const struct wr_local *local, const uint8_t *target, struct wr_answer *a)
{
    static const uint16_t types[] = {WR_TYPE_A, WR_TYPE_AAAA};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_local_hit hit;
        wr_local_find(local, target, types[i], WR_LOCAL_EVERYONE, &hit);
        if (hit.verdict == WR_LOCAL_HIT_DATA) {
            a->extra[a->extras++] = hit.set;
        }
    }
}

static bool make(struct telling *t, const struct wr_local *local, const struct wr_question *q,
                 struct wr_arena *arena, struct wr_answer *a)
{
    uint8_t *room = wr_arena_take(arena, WR_DESIGNATED_OCTETS_MAX);
    if (!room) {
        return false;
    }
    wr_buf_write_init(&t->w, room, WR_DESIGNATED_OCTETS_MAX);
    for (uint32_t i = 0; i < t->d->doors && t->w.err == WR_OK; i++) {
        tell_door(t, i);
    }
    wr_arena_trim(arena, room, t->w.pos);
    if (t->records == 0) {
        return false;
    }
    wr_answer_clear(a);
    a->authoritative = a->local = true;
    a->security = WR_SECURITY_INSECURE;
    a->ttl = WR_DESIGNATED_TTL_S;
    a->answer[a->answers++] = (struct wr_rrset){.owner = q->name.wire,
                                                .data = room,
                                                .size = (uint32_t)t->w.pos,
                                                .ttl = WR_DESIGNATED_TTL_S,
                                                .type = WR_TYPE_SVCB,
                                                .class_ = WR_CLASS_IN,
                                                .records = t->records,
                                                .security = WR_SECURITY_INSECURE,
                                                .rank = WR_RANK_AUTH_ANSWER};
    add_extras(local, t->target, a);
    return true;
}

bool wr_designated_find(const struct wr_designated *d, const struct wr_local *local,
                        const struct wr_question *q, const struct wr_addr *asked,
                        struct wr_arena *arena, struct wr_answer *ret_answer)
{
    struct telling t = {.d = d, .asked = asked};
    struct wr_name head;
    struct wr_local_hit hit;
    if (d->doors == 0 || d->proofs == 0 || q->type != WR_TYPE_SVCB || q->name.wire[0] != 4) {
        return false;
    }
    const uint8_t *name = q->name.wire + 5;
    if (wr_name_prepend(label, name, &head) != WR_OK || !wr_name_equal(q->name.wire, head.wire)) {
        return false;
    }
    wr_local_find(local, q->name.wire, q->type, WR_LOCAL_EVERYONE, &hit);
    if (hit.verdict == WR_LOCAL_HIT_DATA || hit.verdict == WR_LOCAL_HIT_ALIAS) {
        return false; /* the owner's own */
    }
    bool is_resolver = wr_name_equal(name, resolver);
    if (is_resolver ? hit.verdict != WR_LOCAL_HIT_NODATA || !choose_by_addr(&t)
                    : !choose_by_name(&t, name)) {
        return false;
    }
    return make(&t, local, q, arena, ret_answer);
}
