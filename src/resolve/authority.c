/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/authority.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/build.h"
#include "dns/codes.h"
#include "dnssec/nsec3.h"

#define TTL_AS_IT_IS UINT32_MAX

/* Where the question ends. */
enum end {
    END_ANSWER = 0, /* records, or a chain that leads out of what the zone knows */
    END_NODATA,
    END_STAR_NODATA, /* a wildcard stands for the name, and has nothing of the type */
    END_NXDOMAIN,
    END_REFERRAL,
    END_TOO_LONG, /* a DNAME makes no name that can be */
};

/* A name that a wildcard stood for: what proves it comes in the authority section. */
struct expansion {
    struct wr_name name;
    uint8_t encloser; /* labels */
};

struct work {
    const struct wr_zoneindex *z;
    struct wr_build b;
    uint16_t qtype;
    bool dnssec_ok;
    unsigned hashes;     /* left */
    struct wr_name name; /* the question's, or where its chain leads */
    uint8_t encloser;    /* of END_NXDOMAIN and END_STAR_NODATA: labels */
    struct expansion star[WR_AUTHORITY_CHAIN_MAX];
    unsigned stars;
    uint32_t
        shown[WR_AUTHORITY_PROOFS_MAX]; /* first records of the proofs that are there already */
    unsigned shows;
    const struct wr_zoneindex_node *cut; /* of END_REFERRAL */
    int err;
};

/* --- sets --- */

static void put_record(struct work *k, enum wr_section section, const uint8_t *owner,
                       const struct wr_zoneindex_record *r, uint32_t most)
{
    int err = k->err ? k->err
                     : wr_build_rr(&k->b, section, owner, r->type, WR_CLASS_IN,
                                   r->ttl < most ? r->ttl : most, r->rdata, r->size);
    k->err = err;
}

static void put_records(struct work *k, enum wr_section section, const uint8_t *owner,
                        struct wr_zoneindex_set set, uint32_t most)
{
    for (uint32_t i = 0; i < set.count && !k->err; i++) {
        put_record(k, section, owner, &set.record[i], most);
    }
}

/* A set with its signatures; `owner` is whose name it has in the answer. */
static void put_set(struct work *k, enum wr_section section, const uint8_t *owner,
                    const struct wr_zoneindex_node *node, uint16_t type, uint32_t most)
{
    put_records(k, section, owner, wr_zoneindex_set(k->z, node, type, 0), most);
    if (k->dnssec_ok && type != WR_TYPE_RRSIG) {
        put_records(k, section, owner, wr_zoneindex_set(k->z, node, WR_TYPE_RRSIG, type), most);
    }
}

static bool has(const struct work *k, const struct wr_zoneindex_node *node, uint16_t type)
{
    return wr_zoneindex_set(k->z, node, type, 0).count > 0;
}

/* Everything at the name; DNSSEC's own only for who knows them. */
static void put_any(struct work *k, const uint8_t *owner, const struct wr_zoneindex_node *node)
{
    const struct wr_zoneindex_record *r = &k->z->record[node->first];
    for (uint32_t i = 0; i < node->count && !k->err; i++) {
        bool proof = r[i].type == WR_TYPE_RRSIG || r[i].type == WR_TYPE_NSEC;
        if (k->dnssec_ok || !proof) {
            put_record(k, WR_SECTION_ANSWER, owner, &r[i], TTL_AS_IT_IS);
        }
    }
}

/* --- proofs --- */

/* Proofs overlap: each record is shown once. */
static bool show(struct work *k, uint32_t first)
{
    for (unsigned i = 0; i < k->shows; i++) {
        if (k->shown[i] == first) {
            return false;
        }
    }
    if (k->shows == WR_AUTHORITY_PROOFS_MAX) {
        return false;
    }
    k->shown[k->shows++] = first;
    return true;
}

static void put_proof(struct work *k, const struct wr_zoneindex_node *node, uint16_t type)
{
    if (node && show(k, node->first)) {
        put_set(k, WR_SECTION_AUTHORITY, wr_zoneindex_owner(k->z, node), node, type, TTL_AS_IT_IS);
    }
}

/* The name's NSEC record, or the one that covers it. */
static void put_nsec(struct work *k, const uint8_t *name)
{
    put_proof(k, wr_zoneindex_nsec(k->z, name), WR_TYPE_NSEC);
}

/* The NSEC3 record of the name, or the one that covers it. False: there is none, or enough was hashed. */
static bool put_nsec3(struct work *k, const uint8_t *name, bool match)
{
    uint8_t hash[WR_NSEC3_HASH_SIZE];
    bool exact;
    if (k->hashes == 0) {
        return false;
    }
    k->hashes--;
    if (wr_nsec3_hash(name, k->z->salt, k->z->salt_size, k->z->iterations, hash) != WR_OK) {
        return false;
    }
    const struct wr_zoneindex_node *node = wr_zoneindex_nsec3(k->z, hash, &exact);
    if (node && exact == match) {
        put_proof(k, node, WR_TYPE_NSEC3);
    }
    return node && exact == match;
}

static const uint8_t *ancestor(const uint8_t *name, unsigned labels)
{
    return wr_name_skip_labels(name, wr_name_labels(name) - labels);
}

/* "*" below the name's ancestor. */
static bool star_of(const uint8_t *name, unsigned labels, struct wr_name *ret_star)
{
    return wr_name_prepend((const uint8_t *)"\1*", ancestor(name, labels), ret_star) == WR_OK;
}

/* The closest encloser that can be shown, from `labels` on up: with opt-out not every name that exists has a record. Then
 * what covers the next closer name. Returns its labels. */
static unsigned put_encloser(struct work *k, const uint8_t *name, unsigned labels)
{
    unsigned least = wr_name_labels(k->z->apex.wire);
    while (labels > least && k->hashes > 0 && !put_nsec3(k, ancestor(name, labels), true)) {
        labels--;
    }
    if (labels == least) {
        (void)put_nsec3(k, ancestor(name, labels), true);
    }
    (void)put_nsec3(k, ancestor(name, labels + 1), false);
    return labels;
}

/* That the name has nothing of the type, or is a delegation without DS. */
static void prove_nodata(struct work *k, const uint8_t *name)
{
    if (!k->z->nsec3) {
        put_nsec(k, name);
    } else if (!put_nsec3(k, name, true) && wr_name_labels(name) > 0) {
        (void)put_encloser(k, name, wr_name_labels(name) - 1);
    }
}

static void prove_nxdomain(struct work *k)
{
    struct wr_name star;
    if (!k->z->nsec3) {
        put_nsec(k, k->name.wire);
        if (star_of(k->name.wire, k->encloser, &star)) {
            put_nsec(k, star.wire);
        }
        return;
    }
    unsigned labels = put_encloser(k, k->name.wire, k->encloser);
    if (star_of(k->name.wire, labels, &star)) {
        (void)put_nsec3(k, star.wire, false);
    }
}

/* That the wildcard stands for the name and has nothing of the type. */
static void prove_star_nodata(struct work *k)
{
    struct wr_name star;
    bool fits = star_of(k->name.wire, k->encloser, &star);
    if (!k->z->nsec3) {
        put_nsec(k, k->name.wire);
        if (fits) {
            put_nsec(k, star.wire);
        }
        return;
    }
    (void)put_encloser(k, k->name.wire, k->encloser);
    if (fits) {
        (void)put_nsec3(k, star.wire, true);
    }
}

/* That nothing is closer to the name than the wildcard. */
static void prove_expansion(struct work *k, const struct expansion *e)
{
    if (k->z->nsec3) {
        (void)put_nsec3(k, ancestor(e->name.wire, e->encloser + 1u), false);
    } else {
        put_nsec(k, e->name.wire);
    }
}

/* --- the answer section --- */

/* RFC 6672 section 2.2. False: the name gets too long. */
static bool substitute(const struct wr_name *name, const uint8_t *owner, const uint8_t *target,
                       struct wr_name *ret_name)
{
    size_t kept = name->size - wr_name_size(owner), size = wr_name_size(target);
    if (kept + size > WR_NAME_MAX) {
        return false;
    }
    memcpy(ret_name->wire, name->wire, kept);
    memcpy(ret_name->wire + kept, target, size);
    ret_name->size = (uint8_t)(kept + size);
    return true;
}

/* The DNAME and the CNAME it makes. True: the chain goes on. */
static bool take_dname(struct work *k, const struct wr_zoneindex_node *node, enum end *ret_end)
{
    const uint8_t *owner = wr_zoneindex_owner(k->z, node);
    struct wr_zoneindex_set set = wr_zoneindex_set(k->z, node, WR_TYPE_DNAME, 0);
    struct wr_name target;
    put_set(k, WR_SECTION_ANSWER, owner, node, WR_TYPE_DNAME, TTL_AS_IT_IS);
    *ret_end = END_ANSWER;
    if (!substitute(&k->name, owner, set.record[0].rdata, &target)) {
        *ret_end = END_TOO_LONG;
        return false;
    }
    const struct wr_zoneindex_record cname = {
        .rdata = target.wire, .size = target.size, .ttl = set.record[0].ttl, .type = WR_TYPE_CNAME};
    put_record(k, WR_SECTION_ANSWER, k->name.wire, &cname, TTL_AS_IT_IS);
    k->name = target;
    return k->qtype != WR_TYPE_CNAME && k->qtype != WR_TYPE_ANY;
}

/* What a node says to the type. True: the chain goes on. */
static bool take_node(struct work *k, const struct wr_zoneindex_node *node, enum end *ret_end)
{
    *ret_end = END_ANSWER;
    if (k->qtype == WR_TYPE_ANY) {
        put_any(k, k->name.wire, node);
        return false;
    }
    if (has(k, node, k->qtype)) {
        put_set(k, WR_SECTION_ANSWER, k->name.wire, node, k->qtype, TTL_AS_IT_IS);
        return false;
    }
    struct wr_zoneindex_set set = wr_zoneindex_set(k->z, node, WR_TYPE_CNAME, 0);
    if (set.count == 0) {
        *ret_end = END_NODATA;
        return false;
    }
    set.count = 1; /* two of them are one too many (RFC 2181 section 10.1) */
    put_records(k, WR_SECTION_ANSWER, k->name.wire, set, TTL_AS_IT_IS);
    if (k->dnssec_ok) {
        put_records(k, WR_SECTION_ANSWER, k->name.wire,
                    wr_zoneindex_set(k->z, node, WR_TYPE_RRSIG, WR_TYPE_CNAME), TTL_AS_IT_IS);
    }
    wr_name_set(&k->name, set.record[0].rdata);
    return true;
}

static bool take_star(struct work *k, const struct wr_zoneindex_hit *hit, enum end *ret_end)
{
    k->encloser = hit->encloser;
    if (!hit->star) {
        *ret_end = END_NXDOMAIN;
        return false;
    }
    *ret_end = END_STAR_NODATA; /* also of one that is there only because of what is below it */
    if (!hit->node) {
        return false;
    }
    struct expansion *e = &k->star[k->stars];
    e->name = k->name;
    e->encloser = hit->encloser;
    bool on = take_node(k, hit->node, ret_end);
    k->stars += *ret_end == END_ANSWER;
    *ret_end = *ret_end == END_NODATA ? END_STAR_NODATA : *ret_end;
    return on;
}

/* One link of the chain. True: it goes on. */
static bool take_link(struct work *k, bool first, enum end *ret_end)
{
    struct wr_zoneindex_hit hit;
    wr_zoneindex_find(k->z, k->name.wire, k->qtype == WR_TYPE_DS, &hit);
    switch ((enum wr_zoneindex_kind)hit.kind) {
    case WR_ZONEINDEX_NODE: return take_node(k, hit.node, ret_end);
    case WR_ZONEINDEX_NONE: return take_star(k, &hit, ret_end);
    case WR_ZONEINDEX_DNAME: return take_dname(k, hit.node, ret_end);
    case WR_ZONEINDEX_EMPTY: *ret_end = END_NODATA; return false;
    case WR_ZONEINDEX_CUT:
        *ret_end = first ? END_REFERRAL : END_ANSWER; /* a chain's end is asked for itself */
        k->cut = hit.node;
        return false;
    case WR_ZONEINDEX_OUTSIDE: break;
    }
    *ret_end = END_ANSWER;
    return false;
}

static enum end put_answers(struct work *k)
{
    enum end end = END_ANSWER;
    for (unsigned link = 0; link < WR_AUTHORITY_CHAIN_MAX; link++) {
        if (!take_link(k, link == 0, &end)) {
            return end;
        }
    }
    return END_ANSWER; /* a loop, or as good as one: whoever asks finds that out */
}

/* --- the rest --- */

static void put_denial_soa(struct work *k)
{
    const struct wr_zoneindex_node *apex = &k->z->node[0];
    const struct wr_zoneindex_record *soa = wr_zoneindex_set(k->z, apex, WR_TYPE_SOA, 0).record;
    const uint8_t *minimum = soa->rdata + soa->size - 4;
    uint32_t most = (uint32_t)minimum[0] << 24 | (uint32_t)minimum[1] << 16 |
                    (uint32_t)minimum[2] << 8 | minimum[3];
    put_set(k, WR_SECTION_AUTHORITY, k->z->apex.wire, apex, WR_TYPE_SOA,
            soa->ttl < most ? soa->ttl : most);
}

static void put_delegation(struct work *k)
{
    const uint8_t *owner = wr_zoneindex_owner(k->z, k->cut);
    put_records(k, WR_SECTION_AUTHORITY, owner, wr_zoneindex_set(k->z, k->cut, WR_TYPE_NS, 0),
                TTL_AS_IT_IS);
    if (k->dnssec_ok && has(k, k->cut, WR_TYPE_DS)) {
        put_set(k, WR_SECTION_AUTHORITY, owner, k->cut, WR_TYPE_DS, TTL_AS_IT_IS);
    } else if (k->dnssec_ok) {
        prove_nodata(k, owner);
    }
}

static void put_authority(struct work *k, enum end end)
{
    bool denied = end == END_NODATA || end == END_STAR_NODATA || end == END_NXDOMAIN;
    if (end == END_REFERRAL) {
        put_delegation(k);
        return;
    }
    if (denied) {
        put_denial_soa(k);
    }
    for (unsigned i = 0; i < k->stars && k->dnssec_ok; i++) {
        prove_expansion(k, &k->star[i]);
    }
    if (!denied || !k->dnssec_ok) {
        return;
    }
    switch (end) {
    case END_NODATA: prove_nodata(k, k->name.wire); break;
    case END_STAR_NODATA: prove_star_nodata(k); break;
    default: prove_nxdomain(k); break;
    }
}

/* The addresses of servers that the zone knows, as many as fit. */
static void put_addresses(struct work *k, struct wr_zoneindex_set ns)
{
    static const uint16_t types[] = {WR_TYPE_A, WR_TYPE_AAAA};
    for (uint32_t i = 0; i < ns.count && i < WR_RRSET_RECORDS_MAX && !k->err; i++) {
        const struct wr_zoneindex_node *node = wr_zoneindex_node(k->z, ns.record[i].rdata);
        for (unsigned t = 0; node && t < WR_ARRAY_LEN(types); t++) {
            struct wr_build_mark mark = wr_build_mark(&k->b);
            put_records(k, WR_SECTION_ADDITIONAL, wr_zoneindex_owner(k->z, node),
                        wr_zoneindex_set(k->z, node, types[t], 0), TTL_AS_IT_IS);
            if (k->err) {
                wr_build_rewind(&k->b, &mark);
            }
        }
    }
    k->err = k->err == WR_E_FULL ? WR_OK : k->err;
}

static void put_additional(struct work *k, enum end end)
{
    struct wr_zoneindex_hit hit;
    if (end == END_REFERRAL) {
        put_addresses(k, wr_zoneindex_set(k->z, k->cut, WR_TYPE_NS, 0));
    } else if (k->qtype == WR_TYPE_NS && end == END_ANSWER) {
        wr_zoneindex_find(k->z, k->name.wire, false, &hit);
        if (hit.kind == WR_ZONEINDEX_NODE) {
            put_addresses(k, wr_zoneindex_set(k->z, hit.node, WR_TYPE_NS, 0));
        }
    }
}

int wr_authority_answer(const struct wr_zoneindex *z, const uint8_t *qname, uint16_t qtype,
                        bool dnssec_ok, void *room, size_t cap, size_t *ret_size)
{
    struct work k;
    if (!wr_name_in(qname, z->apex.wire)) {
        return WR_E_NOTFOUND;
    }
    k.z = z;
    k.qtype = qtype;
    k.dnssec_ok = dnssec_ok;
    k.hashes = WR_AUTHORITY_HASHES_MAX;
    k.stars = k.shows = 0;
    k.cut = NULL;
    k.encloser = 0;
    k.err = WR_OK;
    wr_name_set(&k.name, qname);
    wr_build_start(&k.b, room, cap, 0, WR_FLAG_QR | WR_FLAG_AA);
    wr_build_question(&k.b, qname, qtype, WR_CLASS_IN);
    enum end end = put_answers(&k);
    put_authority(&k, end);
    put_additional(&k, end);
    if (k.err) {
        return k.err;
    }
    if (end == END_REFERRAL) {
        k.b.flags &= (uint16_t)~WR_FLAG_AA;
    }
    *ret_size = wr_build_finish(&k.b, end == END_NXDOMAIN   ? WR_RCODE_NXDOMAIN
                                      : end == END_TOO_LONG ? WR_RCODE_YXDOMAIN
                                                            : WR_RCODE_NOERROR);
    return WR_OK;
}
