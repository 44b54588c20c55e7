/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/scrub.h"

#include <string.h>

#include "base/limits.h"
#include "dns/rdata.h"

/* To go through so many routes costs about as much as to look at a record. */
#define ROUTES_A_LOOK 32

/* What one call works with. */
struct work {
    const struct wr_msg *msg;
    const struct wr_scrub *what;
    struct wr_arena *arena;
    struct wr_answer *answer;
    uint32_t *looks; /* that are left */
};

/* Uses up `n` looks; false when there are none left. */
static bool charge(const struct work *k, uint32_t n)
{
    *k->looks -= n < *k->looks ? n : *k->looks;
    return *k->looks > 0;
}

/* The next record of a section, as long as there are looks. */
static bool next_record(const struct work *k, struct wr_msg_walk *walk, struct wr_msg_rr *ret_rr)
{
    return charge(k, 1) && wr_msg_next(walk, ret_rr);
}

static bool covers(const struct wr_msg *msg, const struct wr_msg_rr *rr, uint16_t type)
{
    struct wr_reader r = wr_msg_reader(msg, rr->rdata);
    return rr->type == WR_TYPE_RRSIG && rr->rdlength >= 18 && wr_buf_get_u16(&r) == type;
}

/* Is this record of the set (owner, type), as a record (sigs false) or as a signature over it? */
static bool belongs(const struct work *k, const struct wr_msg_rr *rr, const uint8_t *owner,
                    uint16_t type, bool sigs)
{
    if (rr->class_ != WR_CLASS_IN || !wr_name_equal(rr->owner.wire, owner)) {
        return false;
    }
    return sigs ? covers(k->msg, rr, type) : rr->type == type;
}

static bool packed_before(const struct wr_rrset *set, const uint8_t *rdata, size_t size)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *have;
    uint16_t have_size;
    while (wr_rrset_next(&walk, &have, &have_size)) {
        if (have_size == size && memcmp(have, rdata, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Appends one record to the set that `w` is filling; a duplicate is dropped (RFC 2181 section 5). */
static int pack_one(const struct work *k, const struct wr_msg_rr *rr, struct wr_writer *w,
                    struct wr_rrset *set, uint16_t *count)
{
    size_t start = w->pos;
    wr_buf_put_u16(w, 0);
    struct wr_reader r = wr_msg_reader(k->msg, rr->rdata);
    int err = wr_rdata_expand(&r, wr_rdata_form(rr->class_, rr->type), rr->rdlength, w);
    if (err) {
        return err == WR_E_FULL ? WR_E_LIMIT : WR_E_FORMAT;
    }
    if (w->err) {
        return WR_E_LIMIT;
    }
    size_t size = w->pos - start - 2;
    set->data = w->base;
    set->size = (uint32_t)start;
    if (packed_before(set, w->base + start + 2, size)) {
        w->pos = start;
        return WR_OK;
    }
    wr_buf_patch_u16(w, start, (uint16_t)size);
    if (++*count > WR_RRSET_RECORDS_MAX) {
        return WR_E_LIMIT;
    }
    set->ttl = rr->ttl < set->ttl ? rr->ttl : set->ttl;
    return WR_OK;
}

static int pack_section(const struct work *k, enum wr_section section, const uint8_t *owner,
                        struct wr_writer *w, struct wr_rrset *set, bool sigs)
{
    struct wr_msg_walk walk = wr_msg_walk(k->msg, section);
    struct wr_msg_rr rr;
    while (next_record(k, &walk, &rr)) {
        if (belongs(k, &rr, owner, set->type, sigs)) {
            int err = pack_one(k, &rr, w, set, sigs ? &set->sigs : &set->records);
            if (err) {
                return err;
            }
        }
    }
    return WR_OK;
}

/* Gathers the set (owner, type) of a section. WR_E_NOTFOUND when it has no record. */
static int gather(const struct work *k, enum wr_section section, const struct wr_name *owner,
                  uint16_t type, uint8_t rank, struct wr_rrset *ret_set)
{
    struct wr_rrset set = {.type = type, .class_ = WR_CLASS_IN, .ttl = UINT32_MAX, .rank = rank};
    size_t mark = wr_arena_mark(k->arena);
    size_t room = k->arena->cap - mark;
    uint8_t *copy = wr_arena_copy(k->arena, owner->wire, owner->size);
    room = room > WR_RRSET_SIZE_MAX + 512 ? WR_RRSET_SIZE_MAX : room > 1024 ? room - 512 : 0;
    uint8_t *data = copy ? wr_arena_take(k->arena, room) : NULL;
    if (!data) {
        wr_arena_release(k->arena, mark);
        return WR_E_NOMEM;
    }
    struct wr_writer w;
    wr_buf_write_init(&w, data, room);
    int err = pack_section(k, section, owner->wire, &w, &set, false);
    if (!err && set.records > 0) {
        err = pack_section(k, section, owner->wire, &w, &set, true);
    } else if (!err) {
        err = WR_E_NOTFOUND;
    }
    if (err) {
        wr_arena_release(k->arena, mark);
        return err;
    }
    wr_arena_trim(k->arena, data, w.pos);
    set.owner = copy;
    set.data = data;
    set.size = (uint32_t)w.pos;
    *ret_set = set;
    return WR_OK;
}

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
    const uint8_t *zone = what->bailiwick;
    if (what->upstreams) {
        wr_upstream_route(what->upstreams, name, &zone);
    }
    return wr_name_in(name, what->bailiwick) && wr_name_equal(zone, what->bailiwick);
}

/* May the server be believed about this link of the chain? Not when it is somebody else's, or ours. */
static bool may_speak(const struct wr_scrub *what, const uint8_t *name)
{
    return in_bailiwick(what, name) && !wr_local_owns(what->local, name, what->qtype);
}

/* The DNAME above `name` in the answer section, when there is one in bailiwick (RFC 6672). */
static int add_dname(struct work *k, const struct wr_name *name, const struct wr_rrset **ret_dname)
{
    struct wr_msg_walk walk = wr_msg_walk(k->msg, WR_SECTION_ANSWER);
    struct wr_msg_rr rr;
    *ret_dname = NULL;
    while (next_record(k, &walk, &rr)) {
        if (rr.type == WR_TYPE_DNAME && wr_name_in(name->wire, rr.owner.wire) &&
            rr.owner.size < name->size && in_bailiwick(k->what, rr.owner.wire)) {
            struct wr_rrset set;
            int err = gather(k, WR_SECTION_ANSWER, &rr.owner, WR_TYPE_DNAME, k->what->rank, &set);
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

/* The next link from `name`: adds the CNAME (and its DNAME) to the answer and moves `name` on. */
static int follow(struct work *k, struct wr_name *name)
{
    const struct wr_rrset *dname;
    struct wr_rrset cname;
    struct wr_name made;
    int err = add_dname(k, name, &dname);
    if (err) {
        return err;
    }
    err = gather(k, WR_SECTION_ANSWER, name, WR_TYPE_CNAME, k->what->rank, &cname);
    if (dname && (err == WR_OK || err == WR_E_NOTFOUND)) {
        int sub = wr_answer_substitute(name->wire, name->size, dname, &made);
        if (sub) {
            return WR_E_FORMAT;
        }
        if (err == WR_E_NOTFOUND) {
            err = wr_answer_synthesize(k->arena, name->wire, &made, dname, &cname);
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

static bool is_proof(uint16_t type)
{
    return type == WR_TYPE_SOA || type == WR_TYPE_NSEC || type == WR_TYPE_NSEC3;
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
    uint32_t routes = k->what->upstreams ? k->what->upstreams->routes : 0;
    struct wr_msg_walk walk = wr_msg_walk(k->msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    while (next_record(k, &walk, &rr)) {
        if (!is_proof(rr.type) || rr.class_ != WR_CLASS_IN || have_set(k->answer, &rr) ||
            !charge(k, routes / ROUTES_A_LOOK) || !in_bailiwick(k->what, rr.owner.wire) ||
            (rr.type == WR_TYPE_SOA && !wr_name_in(name->wire, rr.owner.wire))) {
            continue;
        }
        struct wr_rrset set;
        int err = gather(k, WR_SECTION_AUTHORITY, &rr.owner, rr.type, WR_RANK_AUTHORITY, &set);
        if (!err) {
            err = add(k->answer->authority, &k->answer->authorities, &set);
        }
        if (err) {
            return err;
        }
    }
    return WR_OK;
}

/* At the end of the chain: the sets asked for. ANY takes the first type found (RFC 8482 section 4.1). */
static int take_final(struct work *k, const struct wr_name *name)
{
    struct wr_rrset set;
    int err = gather(k, WR_SECTION_ANSWER, name, k->what->qtype, k->what->rank, &set);
    return err ? err : add(k->answer->answer, &k->answer->answers, &set);
}

static int walk_chain(struct work *k, struct wr_name *name, bool *ret_final)
{
    *ret_final = false;
    for (unsigned link = 0; link <= WR_CHAIN_MAX; link++) {
        if (!may_speak(k->what, name->wire)) {
            return WR_OK;
        }
        int err = take_final(k, name);
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
    if (err) {
        return err;
    }
    sum_up(ret_answer);
    bool outside = !may_speak(what, name.wire);
    if (final) {
        *ret_kind = WR_RESPONSE_ANSWER;
        return WR_OK;
    }
    if (wr_msg_rcode(k->msg) == WR_RCODE_NXDOMAIN && !outside) {
        ret_answer->rcode = WR_RCODE_NXDOMAIN;
        *ret_kind = WR_RESPONSE_NXDOMAIN;
        return take_authority(k, &name);
    }
    err = take_authority(k, &name);
    *ret_kind = ret_answer->answers > 0 && (outside || ret_answer->authorities == 0)
                    ? WR_RESPONSE_CNAME
                    : WR_RESPONSE_NODATA;
    if (*ret_kind == WR_RESPONSE_CNAME) {
        ret_answer->authorities = 0;
    }
    return err;
}

int wr_scrub(const struct wr_msg *msg, const struct wr_scrub *what, struct wr_arena *arena,
             struct wr_answer *ret_answer, enum wr_response *ret_kind)
{
    uint32_t looks = WR_SCRUB_LOOKS_MAX;
    struct work k = {msg, what, arena, ret_answer, &looks};
    int err = scrub(&k, ret_kind);
    return looks == 0 ? WR_E_LIMIT : err;
}
