/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/heldzone.h"

#include "dns/codes.h"

static bool rests(const struct wr_heldzone *zone, uint32_t now_s)
{
    uint32_t until_s = atomic_load_explicit(&zone->state->until_s, memory_order_relaxed);
    return until_s != 0 && (int32_t)(until_s - now_s) > 0;
}

static bool may_be_asked(const struct wr_heldzone *zone, uint32_t now_s)
{
    return !zone->fallback || (zone->index != NULL && !rests(zone, now_s));
}

const struct wr_heldzone *wr_heldzones_find(const struct wr_heldzones *zones, const uint8_t *qname,
                                            uint16_t qtype, unsigned passed_over, uint32_t now_s)
{
    const struct wr_heldzone *found = NULL;
    unsigned deepest = 0;
    bool above = qtype == WR_TYPE_DS && qname[0] != 0;
    const uint8_t *name = wr_name_skip_labels(qname, above);
    for (uint32_t i = 0; zones && i < zones->count; i++) {
        const struct wr_heldzone *zone = &zones->zone[i];
        unsigned labels = wr_name_labels(zone->name);
        bool deeper = found == NULL || labels > deepest;
        if (zone->fallback && passed_over != 0 && labels + 1 >= passed_over) {
            continue;
        }
        if (deeper && wr_name_in(name, zone->name) && may_be_asked(zone, now_s)) {
            found = zone;
            deepest = labels;
        }
    }
    return found;
}

const struct wr_heldzone *wr_heldzones_named(const struct wr_heldzones *zones, const uint8_t *name)
{
    for (uint32_t i = 0; zones && i < zones->count; i++) {
        if (wr_name_equal(zones->zone[i].name, name)) {
            return &zones->zone[i];
        }
    }
    return NULL;
}

void wr_heldzone_distrust(const struct wr_heldzone *zone, uint32_t now_s)
{
    uint32_t until_s = now_s + WR_HELDZONE_REST_S;
    atomic_fetch_add_explicit(&zone->state->bogus, 1, memory_order_relaxed);
    atomic_store_explicit(&zone->state->until_s, until_s != 0 ? until_s : 1, memory_order_relaxed);
}
