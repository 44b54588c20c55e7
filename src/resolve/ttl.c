/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/ttl.h"

static uint32_t clamp(uint32_t v, uint32_t low, uint32_t high)
{
    if (v < low) {
        v = low;
    }
    return v > high ? high : v;
}

static bool rule_matches(const struct wr_ttl_rule *rule, const uint8_t *name)
{
    if (!rule->below) {
        return wr_name_equal(name, rule->name.wire);
    }
    return wr_name_in(name, rule->name.wire) && wr_name_size(name) > rule->name.size;
}

static const struct wr_ttl_rule *find_rule(const struct wr_ttl_policy *p, const uint8_t *name)
{
    for (uint32_t i = 0; i < p->rules; i++) {
        if (rule_matches(&p->rule[i], name)) {
            return &p->rule[i];
        }
    }
    return NULL;
}

uint32_t wr_ttl_positive(const struct wr_ttl_policy *p, const uint8_t *name, uint32_t ttl_s)
{
    const struct wr_ttl_rule *rule = find_rule(p, name);
    if (rule) {
        return clamp(ttl_s, rule->min_s, rule->max_s);
    }
    return clamp(ttl_s, p->min_s, p->max_s);
}

uint32_t wr_ttl_granted(const struct wr_ttl_policy *p, const uint8_t *name, uint32_t ttl_s)
{
    uint32_t ttl = wr_ttl_positive(p, name, ttl_s);
    return ttl < ttl_s ? ttl : ttl_s;
}

uint32_t wr_ttl_negative(const struct wr_ttl_policy *p, const uint8_t *name, uint32_t ttl_s)
{
    uint32_t ttl = wr_ttl_positive(p, name, ttl_s);
    return ttl > p->max_negative_s ? p->max_negative_s : ttl;
}

uint32_t wr_ttl_stale(const struct wr_ttl_policy *p, const uint8_t *name)
{
    const struct wr_ttl_rule *rule = p->stale ? find_rule(p, name) : NULL;
    uint32_t otherwise = p->stale ? p->stale_max_age_s : 0;
    uint32_t stale = rule ? rule->stale_s : otherwise;
    return p->stale_most_s != 0 && stale > p->stale_most_s ? p->stale_most_s : stale;
}
