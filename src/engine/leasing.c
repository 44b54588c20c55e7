/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/leasing.h"

#include <string.h>

#include "base/enc.h"
#include "engine/engine_state.h"

/* An id's bit that says which pool it is of; pools are smaller. */
#define LARGE (UINT64_C(1) << 31)
/* Octets of an error: header, question, and an OPT record with some words. */
#define ERROR_SIZE 512

/* What one reply wants. */
struct want {
    struct wr_leasemirror_party party;
    uint8_t dests; /* of ask.dest; the first ask.dests of them are asked for, the others held */
    struct wr_lease_ask ask;
};

struct parked {
    struct wr_list node;
    uint64_t deadline_us;
    uint32_t asked_s;
    size_t size;
    struct want want;
    struct wr_outcome outcome;
    struct wr_asker asker;
    uint8_t bytes[];
};

static size_t place_size(size_t octets)
{
    return (sizeof(struct parked) + octets + 63) & ~(size_t)63;
}

static size_t small_size(void)
{
    return (wr_pool_size(place_size(WR_LEASE_SMALL_SIZE), WR_LEASE_SMALL_MAX) + 63) & ~(size_t)63;
}

size_t wr_leasing_size(void)
{
    size_t large = wr_pool_size(place_size(WR_MSG_MAX), WR_LEASE_LARGE_MAX);
    return small_size() + ((large + 63) & ~(size_t)63) + sizeof(struct wr_leasable_room);
}

void wr_leasing_init(struct wr_leasing *l, void *block)
{
    uint8_t *at = block;
    wr_list_init(&l->waiting);
    if (block == NULL) {
        return;
    }
    wr_pool_init(&l->small, at, place_size(WR_LEASE_SMALL_SIZE), WR_LEASE_SMALL_MAX);
    wr_pool_clear_less(&l->small, sizeof(struct parked));
    at += small_size();
    wr_pool_init(&l->large, at, place_size(WR_MSG_MAX), WR_LEASE_LARGE_MAX);
    wr_pool_clear_less(&l->large, sizeof(struct parked));
    at += (wr_pool_size(place_size(WR_MSG_MAX), WR_LEASE_LARGE_MAX) + 63) & ~(size_t)63;
    l->room = (struct wr_leasable_room *)at;
}

void wr_leasing_look(struct wr_engine *e)
{
    const struct wr_segments *s = e->settings->segments;
    e->leasing.on = false;
    for (uint16_t i = 0; s != NULL && i < s->segments && e->setup.leases != NULL; i++) {
        e->leasing.on = e->leasing.on || s->segment[i].answered;
    }
}

/* --- places --- */

static struct parked *take_place(struct wr_leasing *l, size_t size, wr_id *ret_id)
{
    struct parked *p;
    if (size <= WR_LEASE_SMALL_SIZE) {
        return wr_pool_take(&l->small, ret_id);
    }
    p = wr_pool_take(&l->large, ret_id);
    *ret_id |= LARGE;
    return p;
}

static struct parked *find_place(struct wr_leasing *l, wr_id id)
{
    return (id & LARGE) != 0 ? wr_pool_get(&l->large, id & ~LARGE) : wr_pool_get(&l->small, id);
}

static void give_place(struct wr_leasing *l, struct parked *p)
{
    wr_id id = p->want.ask.id;
    wr_list_remove(&p->node);
    if ((id & LARGE) != 0) {
        wr_pool_give(&l->large, id & ~LARGE);
    } else {
        wr_pool_give(&l->small, id);
    }
}

static struct parked *first(const struct wr_leasing *l)
{
    return wr_list_empty(&l->waiting) ? NULL : WR_CONTAINER(l->waiting.next, struct parked, node);
}

/* --- a reply is about to leave --- */

static struct wr_leasable_terms terms_of(const struct wr_engine *e, const struct wr_segment *place,
                                         const struct wr_outcome *o)
{
    const struct wr_lease_settings *s = &e->settings->lease;
    return (struct wr_leasable_terms){.segments = e->settings->segments,
                                      .segment = (uint16_t)(place - e->settings->segments->segment),
                                      .own = s->own,
                                      .owns = s->owns,
                                      .nat64 = &e->dns64.prefix,
                                      .most = s->name_max,
                                      .given = o->source == WR_SOURCE_LOCAL};
}

static void trim(struct wr_engine *e, const struct wr_leasable_terms *t,
                 const struct wr_lease_ask *ask, uint8_t dests, uint32_t keep, uint8_t *bytes,
                 size_t *size, struct wr_outcome *o)
{
    wr_stats_add(&e->setup.stats->leases_cut, 1);
    if (wr_leasable_trim(t, ask, dests, keep, e->leasing.room, bytes, size)) {
        o->ede = WR_EDE_BLOCKED;
    }
}

/* Those of the device's profile for this name (policy/mudset); 0: all. */
static uint8_t ports_of(const struct wr_engine *e, const struct wr_asker *a,
                        struct wr_lease_port ret_port[WR_LEASE_PORTS_MAX])
{
    const struct wr_policy *p = e->settings->policy;
    const struct wr_mudset *mud = p != NULL ? wr_policy_spec(p)->mud : NULL;
    return mud != NULL ? (uint8_t)wr_mudset_ports(mud, &a->who, a->question.name.wire, ret_port)
                       : 0;
}

static void ask_of(const struct wr_engine *e, const struct wr_asker *a, struct wr_lease_ask *ret)
{
    const struct wr_client *c = &a->client;
    size_t n = 0;
    ret->client = c->from;
    ret->client.port = 0;
    ret->ifindex = c->ifindex;
    ret->device = a->who.device;
    ret->ports = ports_of(e, a, ret->port);
    ret->has_mac =
        c->claim_kind == WR_CLAIM_HOP &&
        wr_enc_from_hex(c->claim, strlen(c->claim), ret->mac, sizeof(ret->mac), &n) == WR_OK &&
        n == sizeof(ret->mac);
}

/* Those that the kernel has not, or not for long enough, come first; returns how many. */
static uint8_t sort_out(const struct wr_engine *e, const struct wr_leasemirror_party *party,
                        struct wr_lease_ask *ask, uint32_t now_s)
{
    const struct wr_lease_settings *s = &e->settings->lease;
    uint8_t asked = 0;
    for (uint8_t i = 0; i < ask->dests; i++) {
        struct wr_lease_dest d = ask->dest[i];
        uint64_t until_s = (uint64_t)now_s + d.for_s + s->grace_s / 2; /* for_s: the TTL */
        if (until_s > UINT32_MAX ||
            !wr_leasemirror_holds(e->setup.leases, party, &d, (uint32_t)until_s)) {
            d.for_s = wr_lease_for(d.for_s, s->floor_s, s->grace_s);
            ask->dest[i] = ask->dest[asked];
            ask->dest[asked++] = d;
        }
    }
    return asked;
}

/* There was no lease in time: the owner has said whether his clients go on without it. */
static void fail(struct wr_engine *e, const struct wr_asker *a, struct wr_outcome *o,
                 uint8_t *bytes, size_t *size, const struct wr_now *now)
{
    const struct wr_segment *place = wr_place_of(e, a);
    struct wr_reply r;
    wr_stats_add(&e->setup.stats->leases_failed, 1);
    if (place == NULL || !place->answered || !place->closed) {
        return;
    }
    wr_outcome_reply_setup(e, now, &r);
    *size = wr_reply_error(&r, a, WR_RCODE_SERVFAIL, WR_EDE_NOT_READY,
                           "the firewall has not opened to it in time", bytes, ERROR_SIZE);
    o->rcode = WR_RCODE_SERVFAIL;
    o->ede = WR_EDE_NOT_READY;
}

/* False: there is no place. */
static bool park(struct wr_engine *e, const struct wr_asker *a, const struct wr_outcome *o,
                 const struct want *want, const uint8_t *bytes, size_t size,
                 const struct wr_now *now, struct wr_action *ret_action)
{
    wr_id id = 0;
    struct parked *p = take_place(&e->leasing, size, &id);
    if (p == NULL) {
        return false;
    }
    p->want = *want;
    p->want.ask.id = id;
    p->deadline_us = now->mono_us + WR_LEASE_WAIT_US;
    p->asked_s = wr_engine_now_s(now);
    p->size = size;
    p->outcome = *o;
    p->asker = *a;
    memcpy(p->bytes, bytes, size);
    wr_list_append(&e->leasing.waiting, &p->node);
    wr_stats_add(&e->setup.stats->leases_asked, 1);
    *ret_action = (struct wr_action){.kind = WR_ACTION_LEASE, .lease = &p->want.ask};
    return true;
}

bool wr_leasing_hold(struct wr_engine *e, const struct wr_asker *a, struct wr_outcome *o,
                     uint8_t *bytes, size_t *size, const struct wr_now *now,
                     struct wr_action *ret_action)
{
    const struct wr_segment *place = wr_place_of(e, a);
    if (place == NULL || !place->answered) {
        return false;
    }
    struct wr_leasable_terms t = terms_of(e, place, o);
    struct want w = {.dests = 0};
    bool cut = wr_leasable_gather(&t, bytes, *size, &w.ask);
    w.dests = w.ask.dests;
    if (cut) {
        trim(e, &t, &w.ask, w.dests, UINT32_MAX, bytes, size, o);
    }
    if (w.dests == 0) {
        return false;
    }
    ask_of(e, a, &w.ask);
    w.party = wr_leasemirror_party(e->setup.leases, &w.ask);
    w.ask.dests = sort_out(e, &w.party, &w.ask, wr_engine_now_s(now));
    if (w.ask.dests == 0) {
        wr_stats_add(&e->setup.stats->leases_held, 1);
        return false;
    }
    if (park(e, a, o, &w, bytes, *size, now, ret_action)) {
        return true;
    }
    fail(e, a, o, bytes, size, now);
    return false;
}

/* --- and leaves --- */

static void leave(struct wr_engine *e, struct parked *p, bool failed, const struct wr_now *now,
                  struct wr_action *ret_action)
{
    memcpy(e->message, p->bytes, p->size);
    if (failed) {
        fail(e, &p->asker, &p->outcome, e->message, &p->size, now);
    }
    wr_outcome_leave(e, &p->asker, &p->outcome, e->message, p->size, now, ret_action);
    give_place(&e->leasing, p);
}

/* What of its addresses may leave; what is new in the kernel is noted. */
static uint32_t take(struct wr_engine *e, const struct parked *p, const struct wr_lease_said *said)
{
    const struct want *w = &p->want;
    uint32_t keep = said->granted, most_s = said->most_s != 0 ? said->most_s : UINT32_MAX;
    for (uint8_t i = 0; i < w->dests; i++) {
        if (i >= w->ask.dests) {
            keep |= UINT32_C(1) << i;
        } else if ((keep >> i & 1) != 0) {
            uint32_t for_s = w->ask.dest[i].for_s;
            wr_leasemirror_note(e->setup.leases, &w->party, &w->ask.dest[i],
                                p->asked_s + (for_s < most_s ? for_s : most_s));
        }
    }
    return keep;
}

void wr_leasing_said(struct wr_engine *e, const struct wr_lease_said *said,
                     const struct wr_now *now)
{
    struct parked *p = e->setup.leases != NULL ? find_place(&e->leasing, said->id) : NULL;
    if (p == NULL || said->err != WR_OK) {
        if (p != NULL) {
            leave(e, p, true, now, &e->ready);
        }
        return;
    }
    const struct wr_segment *place = wr_place_of(e, &p->asker);
    uint32_t keep = take(e, p, said), grace_s = e->settings->lease.grace_s;
    uint32_t all = (uint32_t)((UINT64_C(1) << p->want.dests) - 1);
    if ((keep & all) != all && place != NULL && place->answered) {
        struct wr_leasable_terms t = terms_of(e, place, &p->outcome);
        trim(e, &t, &p->want.ask, p->want.dests, keep, p->bytes, &p->size, &p->outcome);
    }
    if (said->most_s != 0) { /* no client remembers it for longer than it is open */
        wr_leasable_shorten(p->bytes, p->size, said->most_s > grace_s ? said->most_s - grace_s : 0);
    }
    leave(e, p, false, now, &e->ready);
}

bool wr_leasing_poll(struct wr_engine *e, const struct wr_now *now, struct wr_action *ret_action)
{
    struct parked *p = first(&e->leasing);
    if (p == NULL || now->mono_us < p->deadline_us) {
        return false;
    }
    leave(e, p, true, now, ret_action);
    return true;
}

uint64_t wr_leasing_deadline(const struct wr_leasing *l)
{
    const struct parked *p = first(l);
    return p == NULL ? WR_TIME_NEVER : p->deadline_us;
}

void wr_leasing_gone(struct wr_leasing *l, const struct wr_client *gone)
{
    for (struct wr_list *at = l->waiting.next, *next; at != &l->waiting; at = next) {
        struct parked *p = WR_CONTAINER(at, struct parked, node);
        const struct wr_client *c = &p->asker.client;
        next = at->next;
        if (c->transport == gone->transport && c->conn == gone->conn && c->worker == gone->worker) {
            give_place(l, p);
        }
    }
}

uint32_t wr_leasing_count(const struct wr_leasing *l)
{
    return l->small.taken + l->large.taken;
}
