/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oracle: what is true in the simulated world, and what of it the gateway has been told.
 *
 * A world is a list of names, each with a kind that says which types it has. Data changes: each name
 * has a period, and the version of its RRsets is the number of periods that have passed. From a
 * name, a type and a version follow the records, so nothing needs to be stored.
 *
 * Honest servers answer from the oracle. What they say is a *statement*: the RRsets (or the denial) of one
 * response with their TTLs. When the response has arrived whole at the gateway, the world tells the oracle
 * (oracle_heard), and from then on, for as long as the TTL, a reply may carry it. Everything else in a
 * reply is forged, or out of bailiwick, or too old. The TTL limits are the oracle's copy of the configuration.
 *
 * Shares no code with src/ except base.
 */
#ifndef WEIR_SIM_ORACLE_H
#define WEIR_SIM_ORACLE_H

#include "base/rng.h"
#include "wire.h"

#define ORACLE_NAMES_MAX 256
#define ORACLE_ZONES     6
#define ORACLE_CHAIN_MAX 14 /* RRsets of one statement */

enum oracle_kind {
    ORACLE_HOST = 0, /* A and AAAA */
    ORACLE_V4,       /* A only */
    ORACLE_TEXT,     /* TXT */
    ORACLE_BIG,      /* TXT too large for a datagram, and A */
    ORACLE_HUGE,     /* 400 A records */
    ORACLE_ALIAS,    /* CNAME to another name */
    ORACLE_LOOP,     /* CNAME to itself by another name */
    ORACLE_ABSENT,   /* NXDOMAIN */
    ORACLE_KINDS
};

struct oracle_name {
    uint8_t wire[WIRE_NAME_SIZE];
    enum oracle_kind kind;
    unsigned zone, target;
    uint32_t ttl_s;
    uint64_t period_us; /* how often its data changes */
};

/* Something said of one name: an RRset, or that there is none (type) or nothing at all (TYPE 0). */
struct oracle_fact {
    unsigned name;
    uint16_t type; /* 0: the name does not exist */
    bool denied;
    uint32_t version, ttl_s;
};

struct oracle_statement {
    unsigned facts;
    int zone; /* in a tree: the zone that was asked, whose servers speak for no other */
    struct oracle_fact fact[ORACLE_CHAIN_MAX];
};

struct oracle_heard {
    struct oracle_fact fact;
    uint64_t expires_us; /* the latest moment at which it is fresh */
};

struct oracle {
    unsigned names;
    struct oracle_name name[ORACLE_NAMES_MAX];
    uint8_t zone[ORACLE_ZONES][WIRE_NAME_SIZE];
    uint32_t negative_ttl_s[ORACLE_ZONES];
    struct oracle_statement *statement;
    uint32_t statements, statement_cap;
    struct {
        struct oracle_heard *list;
        unsigned count, cap;
    } heard[ORACLE_NAMES_MAX];
    uint32_t min_ttl_s, max_ttl_s, max_negative_s, stale_max_age_s;
    uint32_t proof_s; /* how long an answer may wait to be proven */
    int rule_zone;    /* names below it have limits of their own; -1: none */
    uint32_t rule_min_s, rule_max_s;
};

void oracle_init(struct oracle *o, uint64_t seed, unsigned names);
void oracle_free(struct oracle *o);
int oracle_find(const struct oracle *o, const uint8_t *name); /* index or -1 */
uint32_t oracle_version(const struct oracle *o, unsigned name, uint64_t now_us);
unsigned oracle_count(const struct oracle *o, unsigned name,
                      uint16_t type); /* records, 0: no such type */
size_t oracle_rdata(const struct oracle *o, unsigned name, uint16_t type, uint32_t version,
                    unsigned i, uint8_t ret[1024]);
size_t oracle_soa(const struct oracle *o, unsigned zone, uint8_t ret[1024]);

/* Writes the true answer to (qname, qtype) into `out` behind the question; returns the statement's number.
 * `links` bounds the CNAMEs that are followed (a server may stop early). The rcode is given back. */
uint32_t oracle_say(struct oracle *o, struct wire_out *out, const uint8_t *qname, uint16_t qtype,
                    uint64_t now_us, unsigned links, uint32_t ttl_share, uint16_t *ret_rcode);
/* `zone` is the one the server answers for: its facts of others are not heard; ORACLE_ANY_ZONE: of all, ~zone: of all
 * but this one (whose names have servers of their own). */
#define ORACLE_ANY_ZONE 1000
void oracle_heard(struct oracle *o, uint32_t statement, int zone, uint64_t now_us);

enum oracle_verdict { ORACLE_UNSAID = 0, ORACLE_TOO_LONG, ORACLE_STALE, ORACLE_FRESH };

/* May a reply at `now_us` carry these records (of one owner and type) with this TTL? */
enum oracle_verdict oracle_judge_set(const struct oracle *o, const struct wire_msg *m,
                                     unsigned first, uint32_t ttl_s, uint64_t now_us,
                                     unsigned *ret_records);
/* ... or deny the type (or, type 0, the name)? */
enum oracle_verdict oracle_judge_denial(const struct oracle *o, const uint8_t *name, uint16_t type,
                                        uint32_t ttl_s, uint64_t now_us);

#endif
