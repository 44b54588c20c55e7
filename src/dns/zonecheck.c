/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dns/rdata.h"
#include "dns/zonecheck.h"

/* What is known of a name. */
enum {
    NAME_KNOWN = 1,
    NAME_SOA = 2,
    NAME_NS = 4,
    NAME_CNAME = 8,
    NAME_DNAME = 16,
    NAME_ADDRESS = 32,
    NAME_DATA = 64, /* what may not stand beside a CNAME */
};

/* Of an RRset: 31 bits of the first record's hash, and its TTL. The top bit is set, so that no value is 0. */
#define SET_KNOWN (UINT64_C(1) << 63)

struct findings {
    struct wr_zonecheck_finding *ret;
    unsigned count;
};

static void find(struct findings *f, bool warning, const char *reason)
{
    wr_assert(f->count < WR_ZONECHECK_FINDINGS);
    f->ret[f->count++] = (struct wr_zonecheck_finding){.reason = reason, .warning = warning};
}

size_t wr_zonecheck_size(uint32_t entries)
{
    return wr_map_size(entries);
}

void wr_zonecheck_start(struct wr_zonecheck *c, const uint8_t *apex, const struct wr_hash_key *key,
                        void *block, uint32_t entries)
{
    c->key = *key;
    wr_map_init(&c->map, block, entries);
    c->has_apex = apex != NULL;
    if (apex) {
        wr_name_set(&c->apex, apex);
    }
}

static uint64_t get(const struct wr_zonecheck *c, uint64_t hash)
{
    uint32_t cursor;

    return wr_map_first(&c->map, hash, &cursor);
}

static uint64_t name_flags(const struct wr_zonecheck *c, const uint8_t *name)
{
    return get(c, wr_name_hash(&c->key, name));
}

static uint64_t set_hash(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr)
{
    uint64_t words[2] = {wr_name_hash(&c->key, rr->owner), rr->type};

    return wr_hash_sip13(&c->key, words, sizeof(words));
}

static uint64_t set_value(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr)
{
    uint64_t hash = wr_hash_sip13_fold(&c->key, rr->rdata, rr->rdata_size);

    return SET_KNOWN | hash >> 33 << 32 | rr->ttl;
}

static uint64_t flags_of(uint16_t type)
{
    switch (type) {
    case WR_TYPE_SOA: return NAME_KNOWN | NAME_DATA | NAME_SOA;
    case WR_TYPE_NS: return NAME_KNOWN | NAME_DATA | NAME_NS;
    case WR_TYPE_DNAME: return NAME_KNOWN | NAME_DATA | NAME_DNAME;
    case WR_TYPE_CNAME: return NAME_KNOWN | NAME_CNAME;
    case WR_TYPE_A:
    case WR_TYPE_AAAA: return NAME_KNOWN | NAME_DATA | NAME_ADDRESS;
    case WR_TYPE_RRSIG: /* RFC 4034 section 3, RFC 4035 section 2.5, RFC 2181 section 10.1 */
    case WR_TYPE_NSEC:
    case WR_TYPE_SIG:
    case 25: /* KEY */
    case 30: /* NXT */ return NAME_KNOWN;
    default: return NAME_KNOWN | NAME_DATA;
    }
}

int wr_zonecheck_learn(struct wr_zonecheck *c, const struct wr_zonefile_event *rr)
{
    uint64_t hash = wr_name_hash(&c->key, rr->owner);
    uint64_t have = get(c, hash), want = have | flags_of(rr->type);
    int err = WR_OK;

    if (rr->type == WR_TYPE_SOA && !c->has_apex) {
        wr_name_set(&c->apex, rr->owner);
        c->has_apex = true;
    }
    if (want != have) {
        if (have) {
            (void)wr_map_remove(&c->map, hash, have);
        }
        err = wr_map_put(&c->map, hash, want);
    }
    hash = set_hash(c, rr);
    if (!err && !get(c, hash)) {
        err = wr_map_put(&c->map, hash, set_value(c, rr));
    }
    return err;
}

/* The nearest name with that flag, from `name` (or its parent) up to the zone's apex, that one included or not. */
static const uint8_t *nearest(const struct wr_zonecheck *c, const uint8_t *name, bool self,
                              bool apex, uint64_t flag)
{
    unsigned labels = wr_name_labels(name) - wr_name_labels(c->apex.wire);

    for (unsigned i = self ? 0 : 1; i < labels + apex; i++) { /* at most as many as labels */
        const uint8_t *at = wr_name_skip_labels(name, i);

        if (name_flags(c, at) & flag) {
            return at;
        }
    }
    return NULL;
}

/* A wildcard with an address or an alias that would answer for a name that has neither. */
static bool wildcard_answers(const struct wr_zonecheck *c, const uint8_t *name)
{
    static const uint8_t star[] = "\1*";
    unsigned labels = wr_name_labels(name) - wr_name_labels(c->apex.wire);

    for (unsigned i = 1; i <= labels; i++) {
        const uint8_t *at = wr_name_skip_labels(name, i);
        struct wr_name wildcard;

        if (wr_name_prepend(star, at, &wildcard) == WR_OK &&
            name_flags(c, wildcard.wire) & (NAME_ADDRESS | NAME_CNAME)) {
            return true;
        }
        if (name_flags(c, at)) {
            return false; /* the closest encloser */
        }
    }
    return false;
}

/* Ends with the zone's name twice. */
static bool is_doubled(const struct wr_zonecheck *c, const uint8_t *name)
{
    unsigned apex = wr_name_labels(c->apex.wire), labels = wr_name_labels(name);
    struct wr_name copy;

    if (apex == 0 || labels < 2 * apex || !wr_name_in(name, c->apex.wire)) {
        return false;
    }
    wr_name_set(&copy, name);
    copy.wire[wr_name_skip_labels(copy.wire, labels - apex) - copy.wire] = 0;
    return wr_name_in(copy.wire, c->apex.wire);
}

/* The first name inside the rdata, or NULL. */
static const uint8_t *target_of(const struct wr_zonefile_event *rr)
{
    struct wr_rdata_walk walk;
    const uint8_t *part;
    enum wr_field field;
    size_t n;

    wr_rdata_walk_start(&walk, wr_rdata_row(rr->type), rr->rdata, rr->rdata_size);
    while ((field = wr_rdata_walk_next(&walk, &part, &n)) != WR_FIELD_END) {
        if (wr_rdata_field_is_name(field)) {
            return part;
        }
    }
    return NULL;
}

static void judge_server(const struct wr_zonecheck *c, const uint8_t *owner, const uint8_t *target,
                         struct findings *f)
{
    const uint8_t *cut = nearest(c, target, true, false, NAME_NS);

    if (!cut) {
        find(f, false, "the name server has no address in this zone");
    } else if (wr_name_equal(cut, owner)) {
        find(f, false, "the glue is missing: the name server is below the delegation");
    } else {
        find(f, true, "the name server is below another delegation, and there is no glue");
    }
}

/* A name that must have an address (RFC 2181 section 10.3). */
static void judge_target(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr,
                         const uint8_t *target, struct findings *f)
{
    bool server = rr->type == WR_TYPE_NS;
    uint64_t flags;

    if (!wr_name_in(target, c->apex.wire) || (!server && target[0] == 0)) {
        return;
    }
    flags = name_flags(c, target);
    if (flags & NAME_CNAME) {
        find(f, !server, server ? "the name server is an alias" : "the target is an alias");
        return;
    }
    if (flags & NAME_ADDRESS || (!flags && wildcard_answers(c, target))) {
        return;
    }
    if (server) {
        judge_server(c, rr->owner, target, f);
    } else if (!nearest(c, target, true, false, NAME_NS)) {
        find(f, true, "the target has no address in this zone");
    }
}

static void judge_names(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr,
                        struct findings *f)
{
    const uint8_t *target;

    switch (rr->type) {
    case WR_TYPE_NS:
    case WR_TYPE_MX:
    case WR_TYPE_SRV:
    case WR_TYPE_CNAME:
    case WR_TYPE_DNAME:
    case WR_TYPE_PTR: target = target_of(rr); break;
    default: return;
    }
    if (!target) {
        return;
    }
    if (is_doubled(c, target)) {
        find(f, true, "the target ends with the zone's name twice: is its last dot missing?");
    }
    if (rr->type == WR_TYPE_NS || rr->type == WR_TYPE_MX || rr->type == WR_TYPE_SRV) {
        judge_target(c, rr, target, f);
    }
}

/* False: the record is not part of what the zone serves, and nothing else matters. */
static bool judge_owner(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr,
                        uint64_t flags, struct findings *f)
{
    bool address = rr->type == WR_TYPE_A || rr->type == WR_TYPE_AAAA;
    bool apex = wr_name_equal(rr->owner, c->apex.wire);

    if (is_doubled(c, rr->owner)) {
        find(f, true, "the owner ends with the zone's name twice: is its last dot missing?");
    }
    if (nearest(c, rr->owner, false, false, NAME_NS)) {
        if (!address) {
            find(f, true, "below a delegation: not part of this zone");
        }
        return false;
    }
    if (nearest(c, rr->owner, false, true, NAME_DNAME)) {
        find(f, false, "below a DNAME record");
    }
    if (flags & NAME_NS && !apex && !address && rr->type != WR_TYPE_NS && rr->type != WR_TYPE_DS &&
        rr->type != WR_TYPE_NSEC && rr->type != WR_TYPE_RRSIG) {
        find(f, true, "beside a delegation: not part of this zone");
    }
    return true;
}

static void judge_type(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr,
                       uint64_t flags, bool other, struct findings *f)
{
    bool apex = wr_name_equal(rr->owner, c->apex.wire);

    switch (rr->type) {
    case WR_TYPE_SOA:
        if (!apex) {
            find(f, false, "a SOA record that is not at the apex of the zone");
        } else if (other) {
            find(f, false, "a second SOA record");
        }
        break;
    case WR_TYPE_CNAME:
        if (flags & NAME_DATA) {
            find(f, false, "CNAME beside other data");
        }
        if (other) {
            find(f, false, "a second CNAME record");
        }
        break;
    case WR_TYPE_DNAME:
        if (other) {
            find(f, false, "a second DNAME record");
        }
        break;
    case WR_TYPE_DS:
        if (apex) {
            find(f, false, "a DS record at the apex: it belongs to the zone above");
        } else if (!(flags & NAME_NS)) {
            find(f, true, "a DS record without a delegation");
        }
        break;
    case WR_TYPE_NS:
        if (!apex && rr->owner[0] == 1 && rr->owner[1] == '*') {
            find(f, true, "a delegation of a wildcard");
        }
        break;
    default: break;
    }
}

unsigned wr_zonecheck_judge(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr,
                            struct wr_zonecheck_finding ret[WR_ZONECHECK_FINDINGS])
{
    struct findings f = {.ret = ret};
    uint64_t flags, set, mine;

    if (!c->has_apex) {
        return 0;
    }
    if (!wr_name_in(rr->owner, c->apex.wire)) {
        find(&f, false, "outside of the zone");
        return f.count;
    }
    flags = name_flags(c, rr->owner);
    if (!judge_owner(c, rr, flags, &f)) {
        return f.count;
    }
    set = get(c, set_hash(c, rr));
    mine = set_value(c, rr);
    judge_type(c, rr, flags, set && (set ^ mine) >> 32, &f);
    if (set && (uint32_t)set != (uint32_t)mine && rr->type != WR_TYPE_RRSIG) {
        find(&f, true, "another TTL than the first record of the same name and type");
    }
    judge_names(c, rr, &f);
    return f.count;
}

unsigned wr_zonecheck_finish(const struct wr_zonecheck *c,
                             struct wr_zonecheck_finding ret[WR_ZONECHECK_FINDINGS])
{
    struct findings f = {.ret = ret};
    uint64_t flags = c->has_apex ? name_flags(c, c->apex.wire) : 0;

    if (!(flags & NAME_SOA)) {
        find(&f, false, "the zone has no SOA record");
    }
    if (c->has_apex && !(flags & NAME_NS)) {
        find(&f, false, "the zone has no NS record at its apex");
    }
    return f.count;
}
