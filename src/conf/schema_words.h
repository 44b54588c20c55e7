/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the schema: what a key of type WORD may be set to, in the order of the enum that it lands in, ended by NULL.
 *
 * Part of conf/schema.c, which alone includes it: the rows there name these lists (`.words`).
 */
#ifndef WR_CONF_SCHEMA_WORDS_H
#define WR_CONF_SCHEMA_WORDS_H

#include <stddef.h>

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
static const char *const level_words[] = {"error", "warn", "info", "debug", NULL};

#endif
