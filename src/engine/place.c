/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is otherwise for those who ask from one segment: who may, and how long expired answers serve.
 *
 * An asker has the label of his segment, which stays the same over reloads; what it says is read from the settings of now.
 */
#include "engine/engine_state.h"
#include "policy/prefix.h"

static const struct wr_segment *place_of(const struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_segments *s = e->settings->segments;
    return s == NULL || a->who.segment == 0 ? NULL : wr_segment_labelled(s, a->who.segment);
}

bool wr_place_allows(const struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_settings *s = e->settings;
    const struct wr_segment *place = place_of(e, a);
    if (place != NULL && place->allows > 0) {
        return wr_prefix_has(place->allow, place->allows, &a->client.from);
    }
    return wr_prefix_has(s->allow, s->allows, &a->client.from);
}

const struct wr_ttl_policy *wr_place_ttl(struct wr_engine *e, const struct wr_asker *a)
{
    const struct wr_segment *place = place_of(e, a);
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
        e->lacks = e->lacks || e->lack[i] != 0;
    }
}

/* What decides is not there: the owner has said whether his clients go on without it. */
bool wr_place_refuses(struct wr_engine *e, struct wr_asker *a, uint8_t *room, size_t cap,
                      const struct wr_now *now)
{
    const struct wr_segment *place = e->lacks ? place_of(e, a) : NULL;
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
                     "a list or zone that decides here is not there yet", room, cap, now,
                     &e->ready);
    return true;
}
