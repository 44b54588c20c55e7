/* SPDX-License-Identifier: Apache-2.0 */
/* See secure.h. */
#include "secure.h"

#include <assert.h>
#include <string.h>

#define DAY      86400
#define KEYS_TTL 30

static const char *const state_names[SECURE_STATES] = {
    "whole", "unsigned", "island", "other key", "other DS", "expired", "early", "stripped"};

const char *secure_state_name(enum secure_state state)
{
    return state_names[state];
}

/* ---- the zones ---- */

static const uint8_t *top_of(const uint8_t *name)
{
    while (name[0] && name[1 + name[0]]) {
        name += 1 + name[0];
    }
    return name;
}

int secure_apex(const struct secure *s, const uint8_t *name)
{
    for (unsigned z = 0; z < s->zones; z++) {
        if (wire_name_same(s->zone[z].name, name)) {
            return (int)z;
        }
    }
    return -1;
}

/* The deepest one that the name is in; `has`: of these, which must be some. */
static int deepest(const struct secure *s, const bool *has, const uint8_t *name)
{
    int found = -1;
    for (unsigned z = 0; z < s->zones; z++) {
        if ((!has || has[z]) && wire_name_below(name, s->zone[z].name)) {
            found = (int)z; /* parents come first */
        }
    }
    return found;
}

unsigned secure_zone_of(const struct secure *s, const uint8_t *name)
{
    int z = deepest(s, NULL, name);
    return z < 0 ? 0 : (unsigned)z;
}

static enum secure_state draw_state(struct wr_rng *rng, bool top)
{
    static const enum secure_state others[] = {SECURE_ISLAND,  SECURE_OTHER_KEY, SECURE_OTHER_DS,
                                               SECURE_EXPIRED, SECURE_EXPIRED,   SECURE_EARLY,
                                               SECURE_EARLY,   SECURE_STRIPPED};
    uint32_t at = wr_rng_below(rng, 100);
    if (at < (top ? 84 : 55)) {
        return SECURE_WHOLE;
    }
    return at < (top ? 90 : 70) ? SECURE_UNSIGNED : others[wr_rng_below(rng, 8)];
}

static void add_zone(struct secure *s, const uint8_t *name, enum secure_state state, uint64_t seed)
{
    assert(s->zones < SECURE_ZONES);
    struct secure_zone *z = &s->zone[s->zones];
    wire_name_copy(z->name, name);
    z->state = state;
    int parent = name[0] ? deepest(s, NULL, name) : 0;
    z->parent = (unsigned)parent;
    sign_key_make(&z->key, seed * 64 + 2ull * s->zones);
    sign_key_make(&z->other, seed * 64 + 2ull * s->zones + 1);
    s->zones++;
}

void secure_init(struct secure *s, const struct oracle *o, uint64_t seed, int64_t wall_s)
{
    static const uint8_t root[1] = {0};
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, seed ^ 0x5ec);
    *s = (struct secure){.on = true, .wall_s = wall_s};
    add_zone(s, root, SECURE_WHOLE, seed);
    for (unsigned z = 0; z < ORACLE_ZONES; z++) {
        if (secure_apex(s, top_of(o->zone[z])) < 0) {
            add_zone(s, top_of(o->zone[z]), draw_state(&rng, true), seed);
        }
    }
    for (unsigned z = 0; z < ORACLE_ZONES; z++) {
        add_zone(s, o->zone[z], draw_state(&rng, false), seed);
    }
    sign_ds(&s->zone[0].key, root, s->anchor);
}

void secure_free(struct secure *s)
{
    for (unsigned z = 0; z < s->zones; z++) {
        sign_key_free(&s->zone[z].key);
        sign_key_free(&s->zone[z].other);
    }
    s->zones = 0;
}

/* ---- the verdict ---- */

enum secure_verdict secure_verdict(const struct secure *s, unsigned zone, bool timeless)
{
    if (zone) {
        enum secure_verdict above = secure_verdict(s, s->zone[zone].parent, timeless);
        if (above != SECURE_IS_SECURE) {
            return above;
        }
    }
    switch (s->zone[zone].state) {
    case SECURE_WHOLE: return SECURE_IS_SECURE;
    case SECURE_UNSIGNED:
    case SECURE_ISLAND: return SECURE_IS_INSECURE;
    case SECURE_EXPIRED:
    case SECURE_EARLY: return timeless ? SECURE_IS_SECURE : SECURE_IS_BOGUS;
    default: return SECURE_IS_BOGUS;
    }
}

enum secure_verdict secure_verdict_of(const struct secure *s, const struct oracle *o,
                                      const uint8_t *qname, uint16_t qtype, bool timeless)
{
    enum secure_verdict worst = SECURE_IS_SECURE;
    for (unsigned links = 0; links < 20; links++) {
        enum secure_verdict v = secure_verdict(s, secure_zone_of(s, qname), timeless);
        int i = oracle_find(o, qname);
        worst = v < worst ? v : worst;
        if (i < 0 || qtype == TYPE_CNAME || !oracle_count(o, (unsigned)i, TYPE_CNAME)) {
            break;
        }
        qname = o->name[o->name[i].target].wire;
    }
    return worst;
}

/* ---- keys and signatures ---- */

static bool has_ds(const struct secure_zone *z)
{
    return z->state != SECURE_UNSIGNED && z->state != SECURE_ISLAND;
}

static bool is_signed(const struct secure_zone *z)
{
    return z->state != SECURE_UNSIGNED && z->state != SECURE_STRIPPED;
}

bool secure_put_keys(const struct secure *s, struct wire_out *out, unsigned zone)
{
    const struct secure_zone *z = &s->zone[zone];
    if (z->state == SECURE_UNSIGNED) {
        return false;
    }
    wire_record(out, WIRE_ANSWER, z->name, TYPE_DNSKEY, KEYS_TTL, z->key.dnskey, SIGN_DNSKEY_SIZE);
    return true;
}

static void ds_of(const struct secure_zone *z, uint8_t ret[SIGN_DS_SIZE])
{
    sign_ds(z->state == SECURE_OTHER_DS ? &z->other : &z->key, z->name, ret);
}

bool secure_put_ds(const struct secure *s, struct wire_out *out, unsigned zone)
{
    uint8_t rdata[SIGN_DS_SIZE];
    if (!has_ds(&s->zone[zone])) {
        return false;
    }
    ds_of(&s->zone[zone], rdata);
    wire_record(out, WIRE_ANSWER, s->zone[zone].name, TYPE_DS, KEYS_TTL, rdata, sizeof rdata);
    return true;
}

size_t secure_signature(const struct secure *s, const struct oracle *o, unsigned zone,
                        const struct wire_rr *rr, unsigned n, uint8_t ret[SIGN_RRSIG_MAX])
{
    const struct secure_zone *z = &s->zone[zone];
    struct sign_with with = {.key = &z->key, .tag = z->key.tag, .signer = z->name};
    int64_t from_s = s->wall_s - 30 * DAY, to_s = s->wall_s + 30 * DAY;
    if (!is_signed(z)) {
        return 0;
    }
    if (z->state == SECURE_OTHER_KEY && rr->type != TYPE_DNSKEY) {
        with.key = &z->other;
    } else if (z->state == SECURE_EXPIRED) {
        to_s = s->wall_s - 10 * DAY;
    } else if (z->state == SECURE_EARLY) {
        from_s = s->wall_s + 10 * DAY;
    }
    with.inception = (uint32_t)from_s;
    with.expiration = (uint32_t)to_s;
    int i = oracle_find(o, rr->owner);
    uint32_t ttl = i >= 0 && rr->type != TYPE_NSEC ? o->name[i].ttl_s : rr->ttl;
    return sign_set(&with, rr, n, ttl, ret);
}

/* ---- the dress ---- */

struct dress {
    const struct secure *s;
    const struct oracle *o;
    const bool *has;
    const struct wire_msg *m;
    struct wire_out *out;
};

/* The records, and behind them their signature by this zone. */
static void put_signed(const struct dress *d, const struct wire_rr *rr, unsigned n, int zone)
{
    uint8_t rdata[SIGN_RRSIG_MAX];
    enum wire_section section = (enum wire_section)rr->section;
    for (unsigned i = 0; i < n; i++) {
        wire_record(d->out, section, rr->owner, rr->type, rr[i].ttl, rr[i].rdata, rr[i].size);
    }
    size_t size = zone < 0 ? 0 : secure_signature(d->s, d->o, (unsigned)zone, rr, n, rdata);
    if (size) {
        wire_record(d->out, section, rr->owner, TYPE_RRSIG, rr->ttl, rdata, size);
    }
}

/* The types that stand at a name which exists, but the one that was asked for and is denied. */
static void put_bitmap(const struct dress *d, const uint8_t *name, uint16_t denied, uint8_t *rdata,
                       size_t *size)
{
    static const uint16_t data[] = {TYPE_A, TYPE_CNAME, TYPE_TXT, TYPE_AAAA};
    uint8_t bits[8] = {0};
    uint16_t types[8] = {TYPE_RRSIG, TYPE_NSEC};
    unsigned n = 2, last = 0;
    int zone = secure_apex(d->s, name), i = oracle_find(d->o, name);
    if (zone >= 0) {
        types[n++] = TYPE_NS;
        types[n++] = d->has[zone] ? TYPE_SOA : 0;
        types[n++] = d->has[zone] ? TYPE_DNSKEY : 0;
    }
    for (unsigned k = 0; k < 4 && zone < 0; k++) {
        bool server = i < 0 && (data[k] == TYPE_A || data[k] == TYPE_AAAA);
        types[n++] = server || (i >= 0 && oracle_count(d->o, (unsigned)i, data[k])) ? data[k] : 0;
    }
    for (unsigned k = 0; k < n; k++) {
        if (types[k] && types[k] != denied) {
            bits[types[k] / 8] |= (uint8_t)(0x80 >> types[k] % 8);
            last = types[k] / 8 > last ? types[k] / 8 : last;
        }
    }
    rdata[(*size)++] = 0;
    rdata[(*size)++] = (uint8_t)(last + 1);
    memcpy(rdata + *size, bits, last + 1);
    *size += last + 1;
}

static void put_nsec(const struct dress *d, const uint8_t *owner, uint32_t ttl, unsigned zone,
                     const uint8_t *rdata, size_t size)
{
    struct wire_rr rr = {.section = WIRE_AUTHORITY,
                         .type = TYPE_NSEC,
                         .class_ = 1,
                         .size = (uint16_t)size,
                         .ttl = ttl,
                         .owner = owner,
                         .rdata = rdata};
    if (is_signed(&d->s->zone[zone])) {
        put_signed(d, &rr, 1, (int)zone);
    }
}

/* That at this name there is no more: from it to the next name that could be. */
static void put_at(const struct dress *d, const uint8_t *name, uint16_t denied, uint32_t ttl,
                   unsigned zone)
{
    uint8_t rdata[WIRE_NAME_SIZE + 16] = {1, 0};
    size_t size = 2 + wire_name_size(name);
    wire_name_copy(rdata + 2, name);
    wire_name_lower(rdata);
    put_bitmap(d, name, denied, rdata, &size);
    put_nsec(d, name, ttl, zone, rdata, size);
}

/* From right before the name to right behind it; `through`: to a name below it, so that it exists and has nothing. */
static void put_around(const struct dress *d, const uint8_t *name, bool through, uint32_t ttl,
                       unsigned zone)
{
    static const uint8_t bitmap[] = {0, 6, 0, 0, 0, 0, 0, 3}; /* RRSIG NSEC */
    uint8_t owner[WIRE_NAME_SIZE + 2], rdata[WIRE_NAME_SIZE + 16];
    const uint8_t *rest = name + 1 + name[0];
    uint8_t len = name[0];
    size_t n = wire_name_size(rest);
    memcpy(owner, name, 1u + len);
    owner[len + 1] = 0;
    wire_name_lower(owner);
    owner[0] = (uint8_t)(len + 1);
    owner[len] = (uint8_t)(owner[len] - 1);
    owner[len + 1] = 0xff;
    wire_name_copy(owner + len + 2, rest);
    size_t at = 0;
    if (through) {
        rdata[at++] = 1;
        rdata[at++] = 0;
    }
    memcpy(rdata + at, name, 1u + len);
    if (!through) {
        rdata[at] = (uint8_t)(len + 1);
        rdata[at + len + 1] = 0;
        at++;
    }
    at += 1u + len;
    wire_name_copy(rdata + at, rest);
    wire_name_lower(rdata);
    at += n;
    memcpy(rdata + at, bitmap, sizeof bitmap);
    put_nsec(d, owner, ttl, zone, rdata, at + sizeof bitmap);
}

/* Where the chain of the answer section ends. */
static const uint8_t *end_of_chain(const struct wire_msg *m)
{
    const uint8_t *at = m->qname;
    for (unsigned i = 0; i < m->rrs; i++) {
        const struct wire_rr *rr = &m->rr[i];
        if (rr->section == WIRE_ANSWER && rr->type == TYPE_CNAME && wire_name_same(rr->owner, at)) {
            at = rr->rdata;
        }
    }
    return at;
}

static bool exists(const struct dress *d, const uint8_t *name)
{
    bool server = name[0] == 2 && (name[1] | 0x20) == 's';
    return server || oracle_find(d->o, name) >= 0 || secure_apex(d->s, name) >= 0;
}

/* The proof of what an SOA in the authority section denies. */
static void put_denial(const struct dress *d, const struct wire_rr *soa, unsigned zone)
{
    const uint8_t *name = end_of_chain(d->m);
    if (!wire_name_below(name, soa->owner)) {
        return;
    }
    if ((d->m->flags & 15) == RCODE_NXDOMAIN) {
        uint8_t star[WIRE_NAME_SIZE + 2] = {1, '*'};
        wire_name_copy(star + 2, soa->owner);
        put_around(d, name, false, soa->ttl, zone);
        put_around(d, star, false, soa->ttl, zone);
    } else if (exists(d, name)) {
        put_at(d, name, d->m->qtype, soa->ttl, zone);
    } else {
        put_around(d, name, true, soa->ttl, zone);
    }
}

/* What goes with a delegation: DS, or that there is none. */
static void put_below(const struct dress *d, const struct wire_rr *ns, unsigned zone, unsigned cut)
{
    uint8_t rdata[SIGN_DS_SIZE];
    struct wire_rr rr = {.section = WIRE_AUTHORITY,
                         .type = TYPE_DS,
                         .class_ = 1,
                         .size = SIGN_DS_SIZE,
                         .ttl = ns->ttl,
                         .owner = ns->owner,
                         .rdata = rdata};
    if (has_ds(&d->s->zone[cut])) {
        ds_of(&d->s->zone[cut], rdata);
        put_signed(d, &rr, 1, (int)zone);
    } else {
        put_at(d, ns->owner, TYPE_DS, ns->ttl, zone);
    }
}

static void dress_set(const struct dress *d, const struct wire_rr *rr, unsigned n)
{
    int zone = deepest(d->s, d->has, rr->owner), cut = secure_apex(d->s, rr->owner);
    bool referral = rr->section == WIRE_AUTHORITY && rr->type == TYPE_NS && cut != zone;
    bool own = rr->section != WIRE_ADDITIONAL && !referral;
    put_signed(d, rr, n, own ? zone : -1);
    if (referral && zone >= 0 && cut >= 0) {
        put_below(d, rr, (unsigned)zone, (unsigned)cut);
    }
    if (rr->type == TYPE_SOA && rr->section == WIRE_AUTHORITY && zone >= 0) {
        put_denial(d, rr, (unsigned)zone);
    }
}

void secure_dress(const struct secure *s, const struct oracle *o, const bool has[SECURE_ZONES],
                  struct wire_out *out)
{
    static struct wire_msg m;
    static struct wire_out fresh;
    struct dress d = {s, o, has, &m, &fresh};
    wire_end(out);
    if (wire_read(&m, out->bytes, out->size)) {
        assert(!"an answer of our own");
        return;
    }
    wire_start(&fresh, m.id, m.flags);
    wire_question(&fresh, out->bytes + 12, m.qtype, m.qclass);
    for (unsigned i = 0, n; i < m.rrs; i += n) {
        const struct wire_rr *rr = &m.rr[i];
        for (n = 1; i + n < m.rrs && rr[n].type == rr->type && rr[n].section == rr->section &&
                    wire_name_same(rr[n].owner, rr->owner);
             n++) {
        }
        dress_set(&d, rr, n);
    }
    out->size = fresh.size;
    out->full = fresh.full;
    memcpy(out->counts, fresh.counts, sizeof out->counts);
    memcpy(out->bytes, fresh.bytes, fresh.size);
}
