/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is otherwise for those who ask from one segment: who may, how long expired answers serve, what they see of other segments, and
 * whether they are told anything while what decides is not there.
 *
 * An asker has the label of his segment, which stays the same over reloads; what it says is read from the settings of now.
 */
#include <string.h>

#include "engine/engine_state.h"
#include "policy/contents.h"
#include "policy/prefix.h"
#include "resolve/local.h"

/* How long a client may remember that what it does not see does not exist. */
#define HIDDEN_TTL_S 60

const struct wr_segment *wr_place_of(const struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_segments *s = e->settings->segments;
    return s == NULL || a->who.segment == 0 ? NULL : wr_segment_labelled(s, a->who.segment);
}

/* 0 is of a datagram or connection that came before anybody wanted to know. */
bool wr_place_is_unknown(const struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_settings *s = e->settings;
    uint32_t low = 0, high = s->interface_count, ifindex = a->client.ifindex;
    if (high == 0 || !wr_engine_wants_interface(e)) {
        return false;
    }
    while (low < high) { /* the first that is not before it */
        uint32_t middle = low + (high - low) / 2;
        if (s->interfaces[middle] < ifindex) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == s->interface_count || s->interfaces[low] != ifindex;
}

bool wr_place_allows(const struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_settings *s = e->settings;
    const struct wr_segment *place = wr_place_of(e, a);
    if (place != NULL && place->allows > 0) {
        return wr_prefix_has(place->allow, place->allows, &a->client.from);
    }
    return wr_prefix_has(s->allow, s->allows, &a->client.from);
}

bool wr_place_hairpins(const struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_segment *place = wr_place_of(e, a);
    return place != NULL && place->hairpins;
}

const struct wr_ttl_policy *wr_place_ttl(struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_segment *place = wr_place_of(e, a);
    if (place == NULL || place->stale == WR_SEGMENT_STALE_DEFAULT) {
        return &e->settings->ttl;
    }
    e->ttl = e->settings->ttl;
    e->ttl.stale = place->stale == WR_SEGMENT_STALE_SERVE;
    e->ttl.stale_max_age_s = e->ttl.stale_most_s = place->stale_max_age_s;
    return &e->ttl;
}

void wr_place_look(struct wr_engine *e)
{
    const struct wr_settings *s = e->settings;
    e->lacks = false;
    for (uint16_t i = 0; s->segments != NULL && i < s->segments->segments; i++) {
        e->lack[i] = wr_lack_of(s->policy, e->setup.feeds, &s->rpz, s->segments->segment[i].label);
        if (e->lack[i] == 0 && s->segments->segment[i].guarded) {
            e->lack[i] = s->firewall_lack;
        }
        e->lacks = e->lacks || e->lack[i] != 0;
    }
}

/* What decides is not there: the owner has said whether his clients go on without it. */
bool wr_place_refuses(struct wr_engine *e, struct wr_asker *a, uint8_t *room, size_t cap,
                      const struct wr_now *now)
{
    const struct wr_segment *place = e->lacks ? wr_place_of(e, a) : NULL;
    uint16_t lack = place == NULL ? 0 : e->lack[place - e->settings->segments->segment];
    if (lack == 0) {
        return false;
    }
    if (!place->closed) {
        wr_stats_add(&e->setup.stats->lack_passed, a->client.handed ? 0 : 1);
        return false;
    }
    a->verdict = (struct wr_verdict){.action = WR_VERDICT_REFUSED,
                                     .by = WR_VERDICT_BY_LACK,
                                     .trigger = WR_TRIGGER_CLIENT,
                                     .feed = lack};
    wr_stats_add(&e->setup.stats->lack_refused, 1);
    wr_outcome_error(e, a, WR_RCODE_REFUSED, WR_EDE_NOT_READY,
                     "a list, a zone or the firewall that decides here is not there yet", room, cap,
                     now, &e->ready);
    return true;
}

/* --- what is seen of other segments --- */

/* Is this a set of addresses that are all in segments which are not seen? */
static bool is_hidden_set(const struct wr_segments *s, uint64_t hides, const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    unsigned hidden = 0, all = 0;
    if (set->type != WR_TYPE_A && set->type != WR_TYPE_AAAA) {
        return false;
    }
    for (; all < set->records && wr_rrset_next(&walk, &rdata, &size); all++) {
        struct wr_addr addr = {.family = set->type == WR_TYPE_A ? WR_AF_V4 : WR_AF_V6}, v4;
        memcpy(addr.ip, rdata, size < sizeof(addr.ip) ? size : sizeof(addr.ip));
        uint16_t at = wr_segment_of(s, 0, wr_contents_reaches(&addr, &v4) ? &v4 : &addr);
        hidden += at != WR_SEGMENT_NONE && (hides >> at & 1) != 0;
    }
    return all > 0 && hidden == all;
}

/* A local name with addresses that are not seen is not seen either, whatever it is asked for. */
static bool is_hidden_name(const struct wr_engine *e, uint64_t hides, const uint8_t *name)
{
    static const uint16_t types[] = {WR_TYPE_A, WR_TYPE_AAAA};
    unsigned hidden = 0, sets = 0;
    for (unsigned i = 0; i < 2; i++) {
        struct wr_local_hit hit;
        wr_local_find(e->setup.local, name, types[i], WR_LOCAL_EVERYONE, &hit);
        if (hit.verdict == WR_LOCAL_HIT_DATA) {
            sets++;
            hidden += is_hidden_set(e->settings->segments, hides, &hit.set);
        }
    }
    return sets > 0 && hidden == sets;
}

/* The names that an address stands for. */
static bool is_hidden_pointer(const struct wr_engine *e, uint64_t hides, const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *target;
    uint16_t size;
    for (unsigned i = 0;
         set->type == WR_TYPE_PTR && i < set->records && wr_rrset_next(&walk, &target, &size);
         i++) {
        if (is_hidden_name(e, hides, target)) {
            return true;
        }
    }
    return false;
}

static bool leads_where_nothing_is_seen(const struct wr_engine *e, uint64_t hides,
                                        const struct wr_asker *a, const struct wr_answer *answer)
{
    const struct wr_segments *s = e->settings->segments;
    bool hidden = answer->local && is_hidden_name(e, hides, wr_asker_name(a));
    for (unsigned i = 0; i < answer->answers && !hidden; i++) {
        hidden = is_hidden_set(s, hides, &answer->answer[i]) ||
                 (answer->local && is_hidden_pointer(e, hides, &answer->answer[i]));
    }
    for (unsigned i = 0; i < answer->extras && !hidden; i++) {
        hidden = is_hidden_set(s, hides, &answer->extra[i]);
    }
    return hidden;
}

bool wr_place_hides(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                    uint8_t *room, size_t cap, const struct wr_now *now,
                    struct wr_action *ret_action)
{
    const struct wr_segment *place = wr_place_of(e, a);
    struct wr_reply r;
    if (place == NULL || place->hides == 0 ||
        !leads_where_nothing_is_seen(e, place->hides, a, answer)) {
        return false;
    }
    a->verdict = (struct wr_verdict){
        .action = WR_VERDICT_NXDOMAIN, .by = WR_VERDICT_BY_SEES, .trigger = WR_TRIGGER_ADDRESS};
    wr_stats_add(&e->setup.stats->denied, 1);
    wr_outcome_reply_setup(e, now, &r);
    r.own = true;
    /* Why is in the log: here it would say that there is something. */
    size_t size =
        wr_reply_denial(&r, a, WR_RCODE_NXDOMAIN, WR_EDE_NONE, NULL, HIDDEN_TTL_S, room, cap);
    struct wr_outcome o = {.source = WR_SOURCE_LOCAL,
                           .slot = 255,
                           .rcode = WR_RCODE_NXDOMAIN,
                           .ede = WR_EDE_NONE,
                           .what_hash = 0x70000u};
    wr_outcome_send(e, a, &o, room, size, now, ret_action);
    return true;
}
