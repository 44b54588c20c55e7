/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lack.h"

#include <stddef.h>

static bool has(const uint16_t *labels, uint32_t count, uint16_t label)
{
    for (uint32_t i = 0; i < count; i++) {
        if (labels[i] == label) {
            return true;
        }
    }
    return false;
}

static bool is_there(const struct wr_feedset *feeds, uint16_t label)
{
    for (uint32_t i = 0; feeds != NULL && i < feeds->count; i++) {
        const struct wr_feedset_item *item = &feeds->item[i];
        if (item->label == label) {
            return item->names != NULL || item->addrs != NULL;
        }
    }
    return false;
}

/* The first feed of the rule that has no list. */
static uint16_t missed_by(const struct wr_policy_rule *r, const struct wr_feedset *feeds)
{
    for (uint32_t i = 0; i < r->feeds; i++) {
        if (!is_there(feeds, r->feed[i])) {
            return r->feed[i];
        }
    }
    return 0;
}

static uint16_t missed_by_rules(const struct wr_policy_spec *spec, const struct wr_feedset *feeds,
                                uint16_t segment)
{
    uint16_t missed = 0;
    for (uint32_t i = 0; i < spec->rules && missed == 0; i++) {
        const struct wr_policy_rule *r = &spec->rule[i];
        bool takes = !r->shadow && r->action != WR_VERDICT_ALLOW;
        if (takes &&
            (r->about.segments == 0 || has(r->about.segment, r->about.segments, segment))) {
            missed = missed_by(r, feeds);
        }
    }
    return missed;
}

uint16_t wr_lack_of(const struct wr_policy *p, const struct wr_feedset *feeds,
                    const struct wr_rpz_zones *zones, uint16_t segment)
{
    uint16_t missed = p == NULL ? 0 : missed_by_rules(wr_policy_spec(p), feeds, segment);
    for (unsigned i = 0; i < zones->count && missed == 0; i++) {
        const struct wr_rpz_use *use = &zones->use[i];
        bool here = use->groups != 0 || use->segment_count == 0 ||
                    has(use->segments, use->segment_count, segment);
        bool takes =
            use->override != WR_RPZ_OVERRIDE_DISABLED && use->override != WR_RPZ_OVERRIDE_PASSTHRU;
        if (use->zone == NULL && here && takes) {
            missed = use->label;
        }
    }
    return missed;
}
