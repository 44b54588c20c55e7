/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TTL policy: how long data may live here, and how long after.
 *
 * One floor and ceiling for all (delegations have no floor), rules for names that want others, a ceiling
 * for negative answers (RFC 2308 section 5), a life for failures (RFC 9520
 * section 3.2) and the terms of serving stale (RFC 8767). Seconds.
 */
#ifndef WR_RESOLVE_TTL_H
#define WR_RESOLVE_TTL_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/name.h"

/* Bounds for names that match; the first rule that matches counts. */
struct wr_ttl_rule {
    struct wr_name name;
    bool below; /* "*.name": only names below it; else the name itself */
    uint32_t min_s, max_s;
    uint32_t stale_s; /* how long after its end it may still serve */
};

struct wr_ttl_policy {
    uint32_t min_s, max_s, max_negative_s, failure_s;
    const struct wr_ttl_rule *rule;
    uint32_t rules;
    bool prefetch;                    /* refresh what is asked again in its last tenth */
    bool stale;                       /* RFC 8767 */
    uint32_t stale_max_age_s;         /* after expiry */
    uint32_t stale_most_s;            /* whatever a rule says; 0: no such bound */
    uint32_t stale_ttl_s;             /* TTL of a stale answer */
    uint32_t stale_client_timeout_ms; /* answer stale after this, while resolution goes on */
};

/* The TTL to store for data of `name`. */
uint32_t wr_ttl_positive(const struct wr_ttl_policy *p, const uint8_t *name, uint32_t ttl_s);
/* The same for what was lent by somebody else, who may take it back (a delegation): the floor does not lengthen it. */
uint32_t wr_ttl_granted(const struct wr_ttl_policy *p, const uint8_t *name, uint32_t ttl_s);
/* The same for a negative answer: `ttl_s` is the lesser of the SOA's TTL and its MINIMUM. */
uint32_t wr_ttl_negative(const struct wr_ttl_policy *p, const uint8_t *name, uint32_t ttl_s);
/* How long after its end data of `name` may still serve; 0: not at all. */
uint32_t wr_ttl_stale(const struct wr_ttl_policy *p, const uint8_t *name);

#endif
