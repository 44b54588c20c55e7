/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of conf/schema.c are written with: the words of keys that take one of several, in the order of the numbers
 * they stand for, and short names for a row's fields. Included there and nowhere else.
 */
#ifndef WR_CONF_SCHEMAWORDS_H
#define WR_CONF_SCHEMAWORDS_H

#include "conf/conf.h"
#include "conf/schema.h"

static const char *const profile_words[] = {"gateway", "router", "edge", NULL};
static const char *const strategy_words[] = {"fastest", "order", "parallel", "round-robin", NULL};
static const char *const encryption_words[] = {"optional", "required", NULL};
static const char *const sha1_words[] = {"ignore", "rely", NULL};
static const char *const cut_words[] = {"secure", "always", "off", NULL};
static const char *const without_rd_words[] = {"answers", "referrals", "refuse", "learn", NULL};
static const char *const trust_words[] = {"auto", "ladder", "system", NULL};
static const char *const unproven_words[] = {"mark", "refuse", NULL};
static const char *const zone_words[] = {"authoritative", "transparent", NULL};
static const char *const use_words[] = {"answers", "resolution", "both", NULL};
static const char *const zonemd_words[] = {"check", "require", "ignore", NULL};
static const char *const hmac_words[] = {"hmac-sha256", "hmac-sha384", "hmac-sha512", NULL};
static const char *const relay_words[] = {"stun", "turn", NULL};
static const char *const relay_transport_words[] = {"udp", "tcp", "tls", "dtls", NULL};
static const char *const lease_words[] = {"dnsmasq", "kea", "isc", "odhcpd", NULL};
static const char *const discover_words[] = {"off", "rfc7050", NULL};
static const char *const find_words[] = {"off", "proven", "private", NULL};
static const char *const verdict_words[] = {"allow",    "nxdomain",   "nodata", "refused", "drop",
                                            "truncate", "route",      "secure", "log",     "data",
                                            "sinkhole", "quarantine", NULL};
/* In the order of enum wr_segment_stale. */
static const char *const segment_stale_words[] = {"default", "serve", "never", NULL};
static const char *const fail_words[] = {"open", "closed", NULL};
static const char *const discovery_words[] = {"keep", "pass", NULL};
static const char *const foreign_dns_words[] = {"pass", "reject", "answer", NULL};
static const char *const reach_words[] = {"any", "answered", NULL};
static const char *const day_words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
static const char *const reason_words[] = {"blocked", "censored", "filtered", "prohibited", NULL};
static const char *const privacy_words[] = {"full", "hashed", "aggregate", NULL};
static const char *const feed_verdict_words[] = {"none",    "nxdomain", "nodata",
                                                 "refused", "drop",     NULL};
static const char *const feed_words[] = {"auto",    "hosts",     "domains", "wildcards", "dnsmasq",
                                         "adblock", "addresses", "table",   NULL};
static const char *const export_words[] = {"json", "syslog", "cef", "dnstap", NULL};
static const char *const export_events[] = {"all", "decisions", NULL};
/* In the order of enum wr_rpz_override. */
static const char *const override_words[] = {"none",     "nxdomain", "nodata",   "passthru", "drop",
                                             "tcp-only", "cname",    "disabled", NULL};
static const char *const level_words[] = {"error", "warn", "info", "debug", NULL};

#define KIB         ((uint64_t)1024)
#define MIB         (1024 * KIB)
#define GIB         (1024 * MIB)
#define MINUTE_MS   ((uint64_t)60 * 1000)
#define HOUR_MS     (60 * MINUTE_MS)
#define DAY_MS      (24 * HOUR_MS)
#define DAY_S       ((uint64_t)86400)
#define PATH_OCTETS 1024

#define AT(field)                         .offset = offsetof(struct wr_conf, field)
#define IN(item, field)                   .offset = offsetof(struct item, field)
#define LIST(field)                       AT(field), .item_size = sizeof(*((struct wr_conf *)0)->field.items)
#define INLIST(item, field)               IN(item, field), .item_size = sizeof(*((struct item *)0)->field.items)
#define RESTART                           .reload = WR_SCHEMA_AT_RESTART
#define RANGE(lo, hi)                     .min = (lo), .max = (hi)
#define DEFAULT(text)                     .defaults = {text}
#define BY_PROFILE(gateway, router, edge) .defaults = {gateway, router, edge}
#define EXAMPLE(text)                     .example = (text)
#define V01                               .since = "0.1"

#endif
