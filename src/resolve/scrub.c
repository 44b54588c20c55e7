/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/scrub.h"

#include <string.h>

#include "base/limits.h"
#include "resolve/gather.h"

#define WR_RRSIG_SIGNER 18 /* where the signer stands in the rdata (RFC 4034 section 3.1) */

/* What one call works with. */
struct work {
    struct wr_gather gather;
    const struct wr_scrub *what;
    struct wr_answer *answer;
};

static int add(struct wr_rrset *list, uint8_t *count, const struct wr_rrset *set)
{
    if (*count == WR_ANSWER_SETS_MAX) {
        return WR_E_LIMIT;
    }
    list[(*count)++] = *set;
    return WR_OK;
}

static bool in_bailiwick(const struct wr_scrub *what, const uint8_t *name)
{
    const uint8_t *route = what->route ? what->route : what->bailiwick;
    const uint8_t *zone = route;
    bool above = what->qtype == WR_TYPE_DS && wr_name_equal(name, what->qname);
    if (what->upstreams && !above) { /* DS is the parent's to say */
        wr_upstream_view(what->upstreams, what->view, name, &zone);
    }
    return wr_name_in(name, what->bailiwick) && wr_name_equal(zone, route);
}

/* May the server be believed about this link of the chain? Not when it is somebody else's, or ours. */
static bool may_speak(const struct wr_scrub *what, const uint8_t *name)
{
    return in_bailiwick(what, name) && !wr_local_owns(what->local, name, what->qtype);
}

/* The deepest name above the owner that signed the set, or NULL. */
static const uint8_t *signer_of(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata, *deepest = NULL;
    uint16_t size;
    for (uint32_t i = 0; wr_rrset_next(&walk, &rdata, &size); i++) {
        const uint8_t *signer = rdata + WR_RRSIG_SIGNER;
        if (i >= set->records && wr_name_in(set->owner, signer) &&
            (!deepest || wr_name_in(signer, deepest))) {
            deepest = signer;
        }
    }
    return deepest;
}

/* An NSEC names the next name of the zone that signed it (RFC 4034 section 4.1.1). One that goes on into another zone would deny
 * what is there, to who does not look closely: it is passed on to nobody. */
static bool overreaches(const struct wr_rrset *set)
{
    const uint8_t *zone = set->type == WR_TYPE_NSEC ? signer_of(set) : NULL;
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *next;
    uint16_t size;
    for (uint32_t i = 0; zone && i < set->records && wr_rrset_next(&walk, &next, &size); i++) {
        if (!wr_name_in(next, zone)) {
            return true;
        }
    }
    return false;
}

/* The set of an owner and a type, when it says what a set of its type may. WR_E_NOTFOUND. */
static int take(struct work *k, enum wr_section section, const struct wr_name *owner, uint16_t type,
                struct wr_rrset *ret_set)
{
    uint8_t rank = section == WR_SECTION_ANSWER ? k->what->rank : WR_RANK_AUTHORITY;
    int err = wr_gather(&k->gather, section, owner, type, rank, ret_set);
    return err ? err : overreaches(ret_set) ? WR_E_NOTFOUND : WR_OK;
}

/* The DNAME above `name` in the answer section, when there is one in bailiwick (RFC 6672). */
static int add_dname(struct work *k, const struct wr_name *name, const struct wr_rrset **ret_dname)
{
    struct wr_msg_walk walk = wr_msg_walk(k->gather.msg, WR_SECTION_ANSWER);
    struct wr_msg_rr rr;
    *ret_dname = NULL;
    while (wr_gather_next(&k->gather, &walk, &rr)) {
        if (rr.type == WR_TYPE_DNAME && wr_name_in(name->wire, rr.owner.wire) &&
            rr.owner.size < name->size && in_bailiwick(k->what, rr.owner.wire)) {
            struct wr_rrset set;
            int err = wr_gather(&k->gather, WR_SECTION_ANSWER, &rr.owner, WR_TYPE_DNAME,
                                k->what->rank, &set);
            if (err) {
                return err;
            }
            if (set.records != 1) {
                return WR_E_FORMAT;
            }
            *ret_dname = &k->answer->answer[k->answer->answers];
            return add(k->answer->answer, &k->answer->answers, &set);
        }
    }
    return WR_OK;
}

/* The CNAME from `name`, checked against the DNAME that makes it, or made by it; moves `name` on. */
static int follow_cname(struct work *k, struct wr_name *name, const struct wr_rrset *dname)
{
    struct wr_rrset cname;
    struct wr_name made;
    int err = wr_gather(&k->gather, WR_SECTION_ANSWER, name, WR_TYPE_CNAME, k->what->rank, &cname);
    if (dname && (err == WR_OK || err == WR_E_NOTFOUND)) {
        int sub = wr_answer_substitute(name->wire, dname, &made);
        if (sub) {
            return sub;
        }
        if (err == WR_E_NOTFOUND) {
            err = wr_answer_synthesize(k->gather.arena, name->wire, &made, dname, &cname);
        }
    }
    if (err) {
        return err;
    }
    const uint8_t *target = wr_answer_cname_target(&cname);
    if (cname.records != 1 || !target || (dname && !wr_name_equal(target, made.wire))) {
        return WR_E_FORMAT;
    }
    wr_name_set(name, target);
    return add(k->answer->answer, &k->answer->answers, &cname);
}

/* The next link from `name`: adds the CNAME (and its DNAME) to the answer and moves `name` on. */
static int follow(struct work *k, struct wr_name *name)
{
    const struct wr_rrset *dname;
    int err = add_dname(k, name, &dname);
    return err ? err : follow_cname(k, name, dname);
}

static bool is_proof(uint16_t type)
{
    return type == WR_TYPE_SOA || type == WR_TYPE_NSEC || type == WR_TYPE_NSEC3;
}

/* Without one nothing is said of the end of a chain: proofs may be about a delegation on the way (RFC 2308 section 2.2). */
static bool has_soa(const struct wr_answer *a)
{
    for (unsigned i = 0; i < a->authorities; i++) {
        if (a->authority[i].type == WR_TYPE_SOA) {
            return true;
        }
    }
    return false;
}

static bool have_set(const struct wr_answer *a, const struct wr_msg_rr *rr)
{
    for (unsigned i = 0; i < a->authorities; i++) {
        if (a->authority[i].type == rr->type &&
            wr_name_equal(a->authority[i].owner, rr->owner.wire)) {
            return true;
        }
    }
    return false;
}

/* SOA (of a zone that holds `name`) and denial proofs from the authority section. */
static int take_authority(struct work *k, const struct wr_name *name)
{
    struct wr_msg_walk walk = wr_msg_walk(k->gather.msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    while (wr_gather_next(&k->gather, &walk, &rr)) {
        if (!is_proof(rr.type) || rr.class_ != WR_CLASS_IN || have_set(k->answer, &rr) ||
            !in_bailiwick(k->what, rr.owner.wire) ||
            (rr.type == WR_TYPE_SOA && !wr_name_in(name->wire, rr.owner.wire))) {
            continue;
        }
        struct wr_rrset set;
        int err = take(k, WR_SECTION_AUTHORITY, &rr.owner, rr.type, &set);
        if (err == WR_E_NOTFOUND) {
            continue;
        }
        err = err ? err : add(k->answer->authority, &k->answer->authorities, &set);
        if (err) {
            return err;
        }
    }
    return WR_OK;
}

/* Beside a positive answer: that nothing is closer than the wildcard it came from (RFC 4035 section 3.1.3.3). */
static int take_proofs(struct work *k)
{
    struct wr_msg_walk walk = wr_msg_walk(k->gather.msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    while (wr_gather_next(&k->gather, &walk, &rr)) {
        if ((rr.type != WR_TYPE_NSEC && rr.type != WR_TYPE_NSEC3) || rr.class_ != WR_CLASS_IN ||
            have_set(k->answer, &rr) || !in_bailiwick(k->what, rr.owner.wire)) {
            continue;
        }
        struct wr_rrset set;
        int err = take(k, WR_SECTION_AUTHORITY, &rr.owner, rr.type, &set);
        if (err == WR_E_NOTFOUND) {
            continue;
        }
        err = err ? err : add(k->answer->authority, &k->answer->authorities, &set);
        if (err) {
            return err;
        }
    }
    return WR_OK;
}

static bool have_answer(const struct wr_answer *a, const struct wr_msg_rr *rr)
{
    for (unsigned i = 0; i < a->answers; i++) {
        if (a->answer[i].type == rr->type && wr_name_equal(a->answer[i].owner, rr->owner.wire)) {
            return true;
        }
    }
    return false;
}

/* The sets of the name, for who asked for ANY; signatures stand with what they are over. Of more than there is room for it
 * is a subset, which is an answer too (RFC 8482 section 4.1). */
static int take_all(struct work *k, const struct wr_name *name)
{
    struct wr_msg_walk walk = wr_msg_walk(k->gather.msg, WR_SECTION_ANSWER);
    struct wr_msg_rr rr;
    int found = WR_E_NOTFOUND;
    while (k->answer->answers < WR_ANSWER_ANY_SETS_MAX && wr_gather_next(&k->gather, &walk, &rr)) {
        if (rr.type == WR_TYPE_RRSIG || wr_codes_type_is_meta(rr.type) ||
            rr.class_ != WR_CLASS_IN || !wr_name_equal(rr.owner.wire, name->wire) ||
            have_answer(k->answer, &rr)) {
            continue;
        }
        struct wr_rrset set;
        int err = take(k, WR_SECTION_ANSWER, name, rr.type, &set);
        if (err == WR_E_NOTFOUND) {
            continue;
        }
        err = err ? err : add(k->answer->answer, &k->answer->answers, &set);
        if (err) {
            return err;
        }
        found = WR_OK;
    }
    return found;
}

/* At the end of the chain: the sets asked for. */
static int take_final(struct work *k, const struct wr_name *name)
{
    struct wr_rrset set;
    if (k->what->qtype == WR_TYPE_ANY) {
        return take_all(k, name);
    }
    int err = take(k, WR_SECTION_ANSWER, name, k->what->qtype, &set);
    return err ? err : add(k->answer->answer, &k->answer->answers, &set);
}

static int walk_chain(struct work *k, struct wr_name *name, bool *ret_final)
{
    *ret_final = false;
    for (unsigned link = 0; link <= WR_CHAIN_MAX; link++) {
        if (!may_speak(k->what, name->wire)) {
            return WR_OK;
        }
        const struct wr_rrset *dname = NULL;
        int err = k->what->qtype == WR_TYPE_CNAME ? add_dname(k, name, &dname) : WR_OK;
        err = err ? err : dname ? follow_cname(k, name, dname) : take_final(k, name);
        if (err != WR_E_NOTFOUND) {
            *ret_final = err == WR_OK;
            return err;
        }
        if (k->what->qtype == WR_TYPE_CNAME) {
            return WR_OK;
        }
        err = follow(k, name);
        if (err == WR_E_NOTFOUND) {
            return WR_OK;
        }
        if (err) {
            return err;
        }
    }
    return WR_E_LIMIT;
}

static void sum_up(struct wr_answer *a)
{
    a->ttl = UINT32_MAX;
    for (unsigned i = 0; i < a->answers; i++) {
        a->ttl = a->answer[i].ttl < a->ttl ? a->answer[i].ttl : a->ttl;
    }
}

static int scrub(struct work *k, enum wr_response *ret_kind)
{
    const struct wr_scrub *what = k->what;
    struct wr_answer *ret_answer = k->answer;
    struct wr_name name;
    bool final;
    wr_answer_clear(ret_answer);
    wr_name_set(&name, what->qname);
    int err = walk_chain(k, &name, &final);
    if (err == WR_E_RANGE) { /* RFC 6672 section 2.2: the name that the DNAME makes is too long */
        ret_answer->rcode = WR_RCODE_YXDOMAIN;
        *ret_kind = WR_RESPONSE_ANSWER;
        sum_up(ret_answer);
        return WR_OK;
    }
    if (err) {
        return err;
    }
    if (wr_msg_rcode(k->gather.msg) == WR_RCODE_YXDOMAIN) {
        return WR_E_FORMAT;
    }
    sum_up(ret_answer);
    bool outside = !may_speak(what, name.wire);
    if (final) {
        *ret_kind = WR_RESPONSE_ANSWER;
        return take_proofs(k);
    }
    if (wr_msg_rcode(k->gather.msg) == WR_RCODE_NXDOMAIN && !outside) {
        ret_answer->rcode = WR_RCODE_NXDOMAIN;
        *ret_kind = WR_RESPONSE_NXDOMAIN;
        return take_authority(k, &name);
    }
    err = take_authority(k, &name);
    *ret_kind = ret_answer->answers > 0 && (outside || !has_soa(ret_answer)) ? WR_RESPONSE_CNAME
                                                                             : WR_RESPONSE_NODATA;
    if (*ret_kind == WR_RESPONSE_CNAME) {
        ret_answer->authorities = 0;
        return err ? err : take_proofs(k);
    }
    return err;
}

int wr_scrub(const struct wr_msg *msg, const struct wr_scrub *what, struct wr_arena *arena,
             struct wr_answer *ret_answer, enum wr_response *ret_kind)
{
    struct work k = {{msg, arena, WR_SCRUB_LOOKS_MAX}, what, ret_answer};
    int err = scrub(&k, ret_kind);
    return k.gather.looks == 0 ? WR_E_LIMIT : err;
}
