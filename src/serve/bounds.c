/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/bounds.h"

#include <stdio.h>
#include <stdlib.h>

static void copy_ttl(struct wr_ttl_policy *t, const struct wr_conf *c)
{
    t->min_s = c->cache.min_ttl_s;
    t->max_s = c->cache.max_ttl_s;
    t->max_negative_s = c->cache.max_negative_ttl_s;
    t->failure_s = c->cache.failure_ttl_s;
    t->prefetch = c->cache.prefetch;
    t->stale = c->cache.stale.enable;
    t->stale_max_age_s = c->cache.stale.max_age_s;
    t->stale_ttl_s = c->cache.stale.ttl_s;
    t->stale_client_timeout_ms = (uint32_t)c->cache.stale.client_timeout_ms;
}

static void copy_limits(struct wr_settings *s, const struct wr_conf *c)
{
    s->query_timeout_ms = (uint32_t)c->limits.query_timeout_ms;
    s->client_rate = c->limits.client_rate;
    s->client_burst = c->limits.client_burst;
    s->client_inflight = c->limits.client_inflight;
    s->rrl_rate = c->limits.rrl_rate;
    s->rrl_slip = c->limits.rrl_slip;
    s->refused_rate = c->limits.refused_rate;
    s->prefix4_len = (uint8_t)c->limits.prefix4;
    s->rrl_prefix4_len = (uint8_t)c->limits.rrl_prefix4;
    s->rrl_prefix6_len = (uint8_t)c->limits.rrl_prefix6;
    s->prefix6_len = (uint8_t)c->limits.prefix6;
    s->edns_udp_size = (uint16_t)c->limits.udp_size;
    s->server_cookies = c->limits.cookies;
    s->minimal_any = c->limits.minimal_any;
    s->unsigned_only = !c->dnssec.serve;
    s->without_rd = (uint8_t)c->cache.without_rd;
    s->tcp_idle_ms = (uint32_t)c->tcp.idle_timeout_ms;
    s->lease.floor_s = c->firewall.lease_floor_s;
    s->lease.grace_s = c->firewall.lease_grace_s;
    s->lease.name_max = (uint8_t)c->firewall.leases_name;
    snprintf(s->identity, sizeof(s->identity), "%s", c->identity.name);
    snprintf(s->version, sizeof(s->version), "%s", c->identity.version);
}

struct wr_ttl_rule *wr_bounds_ttl_rules(const struct wr_conf *conf)
{
    struct wr_ttl_rule *rules = calloc(conf->cache.ttl.count + 1, sizeof(*rules));
    for (size_t i = 0; rules != NULL && i < conf->cache.ttl.count; i++) {
        const struct wr_conf_ttl *from = &conf->cache.ttl.items[i];
        struct wr_ttl_rule *rule = &rules[i];
        rule->below = from->name[0] == 1 && from->name[1] == '*';
        wr_name_set(&rule->name, rule->below ? from->name + 2 : from->name);
        rule->min_s = from->min_s;
        rule->max_s = from->max_s;
        rule->stale_s = from->stale_s;
    }
    return rules;
}

void wr_bounds_copy(const struct wr_conf *conf, struct wr_settings *settings)
{
    copy_ttl(&settings->ttl, conf);
    copy_limits(settings, conf);
}
