/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and data follow from the seed. Heard facts are kept by name; a fact that is heard again only moves
 * its expiry, so the list stays as short as the number of versions.
 */
#include "oracle.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"

#define HUGE_RECORDS 400
#define SLACK_US     (1100 * WR_MS) /* whole seconds are kept in the cache, and replies take a moment */

static const char *const zone_text[ORACLE_ZONES] = {
    "cam.example.", "cloud.test.", "ntp.example.", "fw.vendor.test.", "home.arpa.", "iot.invalid."};
static const char *const label_text[] = {"www",  "cam",    "time", "api",
                                         "mqtt", "update", "cdn",  "Hub"};

static void make_name(struct oracle *o, unsigned i, struct wr_rng *rng)
{
    static const uint32_t ttls[] = {0, 1, 3, 8, 30, 60, 300, 3600};
    static const enum oracle_kind kinds[] = {
        ORACLE_HOST, ORACLE_HOST,  ORACLE_HOST,  ORACLE_V4,    ORACLE_V4,     ORACLE_TEXT,
        ORACLE_BIG,  ORACLE_ALIAS, ORACLE_ALIAS, ORACLE_ALIAS, ORACLE_ABSENT, ORACLE_ABSENT};
    struct oracle_name *n = &o->name[i];
    char text[128];
    n->zone = wr_rng_below(rng, ORACLE_ZONES);
    n->kind = kinds[wr_rng_below(rng, 12)];
    n->ttl_s = ttls[wr_rng_below(rng, 8)];
    n->period_us = (2 + wr_rng_below(rng, 60)) * WR_S;
    n->target = i ? wr_rng_below(rng, i) : 0;
    if (i == 0) {
        n->kind = ORACLE_HOST;
    } else if (i == 5) {
        n->kind = ORACLE_HUGE;
    } else if (i == 6 || i == 7) {
        n->kind = ORACLE_LOOP;
        n->target = i ^ 1;
    }
    snprintf(text, sizeof text, "%s%u.%s", label_text[wr_rng_below(rng, 8)], i, zone_text[n->zone]);
    wire_name_from_text(text, n->wire);
}

void oracle_init(struct oracle *o, uint64_t seed, unsigned names)
{
    struct wr_rng rng;
    memset(o, 0, sizeof *o);
    wr_rng_seed_u64(&rng, seed ^ 0x0bac1e);
    assert(names <= ORACLE_NAMES_MAX);
    for (unsigned z = 0; z < ORACLE_ZONES; z++) {
        static const uint32_t ttls[] = {1, 5, 30, 300};
        wire_name_from_text(zone_text[z], o->zone[z]);
        o->negative_ttl_s[z] = ttls[wr_rng_below(&rng, 4)];
    }
    for (unsigned i = 0; i < names; i++) {
        make_name(o, i, &rng);
    }
    o->names = names;
    o->rule_zone = -1;
    o->max_ttl_s = 86400;
    o->max_negative_s = 3600;
    o->stale_max_age_s = 86400;
    o->statements = 1; /* 0 is no statement */
}

void oracle_free(struct oracle *o)
{
    for (unsigned i = 0; i < o->names; i++) {
        free(o->heard[i].list);
    }
    free(o->statement);
    o->statement = NULL;
}

int oracle_find(const struct oracle *o, const uint8_t *name)
{
    for (unsigned i = 0; i < o->names; i++) {
        if (wire_name_same(o->name[i].wire, name)) {
            return (int)i;
        }
    }
    return -1;
}

uint32_t oracle_version(const struct oracle *o, unsigned name, uint64_t now_us)
{
    return (uint32_t)(now_us / o->name[name].period_us);
}

unsigned oracle_count(const struct oracle *o, unsigned name, uint16_t type)
{
    switch (o->name[name].kind) {
    case ORACLE_HOST: return type == TYPE_A ? 1 + name % 4 : type == TYPE_AAAA ? 1 + name % 2 : 0;
    case ORACLE_V4: return type == TYPE_A ? 1 + name % 3 : 0;
    case ORACLE_TEXT: return type == TYPE_TXT ? 2 : 0;
    case ORACLE_BIG: return type == TYPE_TXT ? 8 + name % 8 : type == TYPE_A ? 1 : 0;
    case ORACLE_HUGE: return type == TYPE_A ? HUGE_RECORDS : 0;
    case ORACLE_ALIAS:
    case ORACLE_LOOP: return type == TYPE_CNAME ? 1 : 0;
    default: return 0;
    }
}

size_t oracle_rdata(const struct oracle *o, unsigned name, uint16_t type, uint32_t version,
                    unsigned i, uint8_t ret[1024])
{
    uint64_t h =
        wr_hash_mix((uint64_t)name << 40 ^ (uint64_t)type << 24 ^ (uint64_t)version << 9 ^ i);
    switch (type) {
    case TYPE_A:
        wire_set_u32(ret, (uint32_t)(h >> 32));
        ret[0] =
            (uint8_t)(20 + ret[0] % 60); /* of the Internet, so that they can be leased (fence.h) */
        wire_set_u16(ret + 2, i);        /* records of a set differ */
        return 4;
    case TYPE_AAAA:
        memset(ret, 0, 16);
        memcpy(ret, &h, 8);
        ret[0] = 0x26;
        ret[15] = (uint8_t)i;
        return 16;
    case TYPE_TXT: {
        size_t len = o->name[name].kind == ORACLE_BIG ? 250 : 20;
        ret[0] = (uint8_t)len;
        for (size_t k = 1; k <= len; k++) {
            ret[k] = (uint8_t)('a' + (h >> (k % 32)) % 26);
        }
        ret[1] = (uint8_t)('A' + i);
        return len + 1;
    }
    case TYPE_CNAME: {
        const uint8_t *target = o->name[o->name[name].target].wire;
        wire_name_copy(ret, target);
        return wire_name_size(target);
    }
    default: return 0;
    }
}

size_t oracle_soa(const struct oracle *o, unsigned zone, uint8_t ret[1024])
{
    const uint8_t *top = o->zone[zone];
    size_t n = wire_name_size(top);
    wire_name_copy(ret, top);
    wire_name_copy(ret + n, top);
    n *= 2;
    const uint32_t v[5] = {2026, 3600, 600, 86400, o->negative_ttl_s[zone]};
    for (unsigned i = 0; i < 5; i++, n += 4) {
        wire_set_u32(ret + n, v[i]);
    }
    return n;
}

static unsigned zone_of(const struct oracle *o, const uint8_t *name)
{
    for (unsigned z = 0; z < ORACLE_ZONES; z++) {
        if (wire_name_below(name, o->zone[z])) {
            return z;
        }
    }
    return 0;
}

static struct oracle_statement *new_statement(struct oracle *o)
{
    if (o->statements >= o->statement_cap) {
        o->statement_cap = o->statement_cap ? 2 * o->statement_cap : 256;
        o->statement = realloc(o->statement, o->statement_cap * sizeof o->statement[0]);
        assert(o->statement);
    }
    struct oracle_statement *s = &o->statement[o->statements++];
    memset(s, 0, sizeof *s);
    return s;
}

static void state(struct oracle_statement *s, unsigned name, uint16_t type, bool denied,
                  uint32_t version, uint32_t ttl_s)
{
    if (s->facts < ORACLE_CHAIN_MAX) {
        s->fact[s->facts++] = (struct oracle_fact){name, type, denied, version, ttl_s};
    }
}

static void say_set(struct oracle *o, struct oracle_statement *s, struct wire_out *out,
                    const uint8_t *owner, unsigned name, uint16_t type, uint64_t now_us,
                    uint32_t ttl_share)
{
    uint8_t rdata[1024];
    uint32_t version = oracle_version(o, name, now_us);
    /* A forwarder answers from its cache: some of the TTL is gone already. */
    uint32_t ttl = (uint32_t)((uint64_t)o->name[name].ttl_s * ttl_share / 100);
    unsigned count = oracle_count(o, name, type);
    for (unsigned i = 0; i < count; i++) {
        size_t n = oracle_rdata(o, name, type, version, i, rdata);
        wire_record(out, WIRE_ANSWER, owner, type, ttl, rdata, n);
    }
    state(s, name, type, false, version, ttl);
}

uint32_t oracle_say(struct oracle *o, struct wire_out *out, const uint8_t *qname, uint16_t qtype,
                    uint64_t now_us, unsigned links, uint32_t ttl_share, uint16_t *ret_rcode)
{
    struct oracle_statement *s = new_statement(o);
    uint32_t number = o->statements - 1;
    const uint8_t *owner = qname;
    uint8_t rdata[1024];
    int i = oracle_find(o, qname);
    *ret_rcode = RCODE_NOERROR;
    while (i >= 0 && links && qtype != TYPE_CNAME && oracle_count(o, (unsigned)i, TYPE_CNAME)) {
        say_set(o, s, out, owner, (unsigned)i, TYPE_CNAME, now_us, ttl_share);
        i = (int)o->name[i].target;
        owner = o->name[i].wire;
        links--;
    }
    if (i >= 0 && oracle_count(o, (unsigned)i, TYPE_CNAME) && qtype != TYPE_CNAME) {
        return number; /* stopped in the chain */
    }
    if (i >= 0 && oracle_count(o, (unsigned)i, qtype)) {
        say_set(o, s, out, owner, (unsigned)i, qtype, now_us, ttl_share);
        return number;
    }
    unsigned zone = zone_of(o, owner);
    bool absent = i < 0 || o->name[i].kind == ORACLE_ABSENT;
    size_t n = oracle_soa(o, zone, rdata);
    wire_record(out, WIRE_AUTHORITY, o->zone[zone], TYPE_SOA, o->negative_ttl_s[zone], rdata, n);
    *ret_rcode = absent ? RCODE_NXDOMAIN : RCODE_NOERROR;
    if (i >= 0) {
        state(s, (unsigned)i, absent ? 0 : qtype, true, 0, o->negative_ttl_s[zone]);
    }
    return number;
}

static uint32_t kept_ttl(const struct oracle *o, const struct oracle_fact *f)
{
    bool ruled = (int)o->name[f->name].zone == o->rule_zone;
    uint32_t least = ruled ? o->rule_min_s : o->min_ttl_s;
    uint32_t most = ruled ? o->rule_max_s : o->max_ttl_s;
    most = f->denied && most > o->max_negative_s ? o->max_negative_s : most;
    /* The TTL counts from when it was heard, the owner's bounds from when it was proven and kept. */
    least += least ? o->proof_s : 0;
    most += o->proof_s;
    uint32_t ttl = f->ttl_s < least ? least : f->ttl_s;
    return ttl > most ? most : ttl;
}

static void hear(struct oracle *o, const struct oracle_fact *f, uint64_t now_us)
{
    uint64_t expires = now_us + kept_ttl(o, f) * WR_S;
    struct oracle_heard *list = o->heard[f->name].list;
    for (unsigned i = 0; i < o->heard[f->name].count; i++) {
        const struct oracle_fact *g = &list[i].fact;
        if (g->type == f->type && g->denied == f->denied && g->version == f->version) {
            list[i].expires_us = list[i].expires_us > expires ? list[i].expires_us : expires;
            return;
        }
    }
    if (o->heard[f->name].count == o->heard[f->name].cap) {
        unsigned cap = o->heard[f->name].cap ? 2 * o->heard[f->name].cap : 8;
        list = realloc(list, cap * sizeof list[0]);
        assert(list);
        o->heard[f->name].list = list;
        o->heard[f->name].cap = cap;
    }
    list[o->heard[f->name].count++] = (struct oracle_heard){*f, expires};
}

static bool speaks_for(const struct oracle *o, int zone, unsigned name)
{
    int own = (int)o->name[name].zone;
    return zone == ORACLE_ANY_ZONE || (zone >= 0 ? own == zone : own != ~zone);
}

void oracle_heard(struct oracle *o, uint32_t statement, int zone, uint64_t now_us)
{
    if (statement) {
        const struct oracle_statement *s = &o->statement[statement];
        for (unsigned i = 0; i < s->facts; i++) {
            if (!speaks_for(o, zone, s->fact[i].name)) {
                return; /* the chain is cut where it leaves its zone */
            }
            hear(o, &s->fact[i], now_us);
        }
    }
}

static enum oracle_verdict judge_age(const struct oracle *o, const struct oracle_heard *h,
                                     uint32_t ttl_s, uint64_t now_us)
{
    if (now_us + ttl_s * WR_S <= h->expires_us + SLACK_US) {
        return ORACLE_FRESH;
    }
    if (now_us + SLACK_US < h->expires_us) {
        return ORACLE_TOO_LONG;
    }
    return now_us <= h->expires_us + o->stale_max_age_s * WR_S + SLACK_US ? ORACLE_STALE
                                                                          : ORACLE_UNSAID;
}

/* Are the `n` records from `first` on exactly the RRset of this version? */
static bool same_set(const struct oracle *o, const struct oracle_fact *f, const struct wire_msg *m,
                     unsigned first, unsigned n)
{
    uint8_t rdata[1024];
    if (n != oracle_count(o, f->name, f->type)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        size_t size = oracle_rdata(o, f->name, f->type, f->version, i, rdata);
        unsigned k = first;
        while (k < first + n &&
               (m->rr[k].size != size || memcmp(m->rr[k].rdata, rdata, size) != 0)) {
            k++;
        }
        if (k == first + n) {
            return false;
        }
    }
    return true;
}

enum oracle_verdict oracle_judge_set(const struct oracle *o, const struct wire_msg *m,
                                     unsigned first, uint32_t ttl_s, uint64_t now_us,
                                     unsigned *ret_records)
{
    const struct wire_rr *rr = &m->rr[first];
    enum oracle_verdict best = ORACLE_UNSAID;
    unsigned n = 1;
    while (first + n < m->rrs && m->rr[first + n].type == rr->type &&
           m->rr[first + n].section == rr->section &&
           wire_name_same(m->rr[first + n].owner, rr->owner)) {
        n++;
    }
    *ret_records = n;
    int i = oracle_find(o, rr->owner);
    if (i < 0) {
        return ORACLE_UNSAID;
    }
    for (unsigned k = o->heard[i].count; k-- && best != ORACLE_FRESH;) {
        const struct oracle_heard *h = &o->heard[i].list[k];
        if (!h->fact.denied && h->fact.type == rr->type && same_set(o, &h->fact, m, first, n)) {
            enum oracle_verdict v = judge_age(o, h, ttl_s, now_us);
            best = v > best ? v : best;
        }
    }
    return best;
}

enum oracle_verdict oracle_judge_denial(const struct oracle *o, const uint8_t *name, uint16_t type,
                                        uint32_t ttl_s, uint64_t now_us)
{
    enum oracle_verdict best = ORACLE_UNSAID;
    int i = oracle_find(o, name);
    if (i < 0) {
        return type == 0 ? ORACLE_FRESH : ORACLE_UNSAID; /* a name nobody made is truly absent */
    }
    for (unsigned k = o->heard[i].count; k--;) {
        const struct oracle_heard *h = &o->heard[i].list[k];
        if (h->fact.denied && h->fact.type == type) {
            enum oracle_verdict v = judge_age(o, h, ttl_s, now_us);
            best = v > best ? v : best;
        }
    }
    return best;
}
