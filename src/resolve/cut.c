/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cut.h"

#include "base/limits.h"

/* Is it a type that says whether the child is signed? */
static bool is_ds_proof(uint16_t type)
{
    return type == WR_TYPE_DS || type == WR_TYPE_NSEC || type == WR_TYPE_NSEC3;
}

/* The deepest NS owner of the section that is strictly below `zone` and above or at `qname`. */
static bool find_child(struct wr_gather *g, const uint8_t *zone, const uint8_t *qname,
                       struct wr_name *ret_child)
{
    struct wr_msg_walk walk = wr_msg_walk(g->msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    unsigned deepest = wr_name_labels(zone);
    bool found = false;
    while (wr_gather_next(g, &walk, &rr)) {
        unsigned labels = wr_name_labels(rr.owner.wire);
        if (rr.type == WR_TYPE_NS && rr.class_ == WR_CLASS_IN && labels > deepest &&
            wr_name_in(qname, rr.owner.wire) && wr_name_in(rr.owner.wire, zone)) {
            deepest = labels;
            *ret_child = rr.owner;
            found = true;
        }
    }
    return found;
}

static bool names_server(const struct wr_rrset *ns, const uint8_t *name)
{
    struct wr_rrset_walk walk = wr_rrset_walk(ns);
    const uint8_t *target;
    uint16_t size;
    for (unsigned i = 0; i < ns->records && wr_rrset_next(&walk, &target, &size); i++) {
        if (wr_name_equal(target, name)) {
            return true;
        }
    }
    return false;
}

static bool have_glue(const struct wr_cut *cut, const struct wr_msg_rr *rr)
{
    for (unsigned i = 0; i < cut->glues; i++) {
        if (cut->glue[i].type == rr->type && wr_name_equal(cut->glue[i].owner, rr->owner.wire)) {
            return true;
        }
    }
    return false;
}

/* Addresses of the delegation's servers, of names the referring servers speak for (`zone`). */
static int take_glue(struct wr_gather *g, const uint8_t *zone, struct wr_cut *cut)
{
    struct wr_msg_walk walk = wr_msg_walk(g->msg, WR_SECTION_ADDITIONAL);
    struct wr_msg_rr rr;
    while (wr_gather_next(g, &walk, &rr)) {
        if ((rr.type != WR_TYPE_A && rr.type != WR_TYPE_AAAA) || rr.class_ != WR_CLASS_IN ||
            cut->glues == WR_CUT_GLUE_MAX || !wr_name_in(rr.owner.wire, zone) ||
            !names_server(&cut->ns, rr.owner.wire) || have_glue(cut, &rr)) {
            continue;
        }
        int err = wr_gather(g, WR_SECTION_ADDITIONAL, &rr.owner, rr.type, WR_RANK_ADDITIONAL,
                            &cut->glue[cut->glues]);
        if (err) {
            return err;
        }
        cut->glues++;
    }
    return WR_OK;
}

static bool have_proof(const struct wr_answer *ds, const struct wr_msg_rr *rr)
{
    for (unsigned i = 0; i < ds->authorities; i++) {
        if (ds->authority[i].type == rr->type &&
            wr_name_equal(ds->authority[i].owner, rr->owner.wire)) {
            return true;
        }
    }
    return false;
}

/* DS of the child, or the denials of the parent zone. */
static int take_ds(struct wr_gather *g, const uint8_t *zone, const struct wr_name *child,
                   struct wr_cut *cut)
{
    struct wr_answer *ds = &cut->ds;
    struct wr_msg_walk walk = wr_msg_walk(g->msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    while (wr_gather_next(g, &walk, &rr)) {
        bool own = rr.type == WR_TYPE_DS && wr_name_equal(rr.owner.wire, child->wire);
        bool denial = rr.type != WR_TYPE_DS && wr_name_in(rr.owner.wire, zone);
        if (!is_ds_proof(rr.type) || rr.class_ != WR_CLASS_IN || !(own || denial) ||
            (own && ds->answers > 0) || (denial && have_proof(ds, &rr)) ||
            ds->authorities == WR_ANSWER_SETS_MAX) {
            continue;
        }
        struct wr_rrset *set = own ? &ds->answer[0] : &ds->authority[ds->authorities];
        int err =
            wr_gather(g, WR_SECTION_AUTHORITY, &rr.owner, rr.type, WR_RANK_AUTH_AUTHORITY, set);
        if (err) {
            return err;
        }
        ds->answers += own;
        ds->authorities += denial;
    }
    return WR_OK;
}

int wr_cut_from_referral(const struct wr_msg *msg, const uint8_t *zone, const uint8_t *qname,
                         struct wr_arena *arena, struct wr_cut *ret_cut)
{
    struct wr_gather g = {msg, arena, WR_SCRUB_LOOKS_MAX};
    struct wr_name child;
    if (!find_child(&g, zone, qname, &child)) {
        return WR_E_NOTFOUND;
    }
    wr_answer_clear(&ret_cut->ds);
    ret_cut->glues = 0;
    int err =
        wr_gather(&g, WR_SECTION_AUTHORITY, &child, WR_TYPE_NS, WR_RANK_AUTHORITY, &ret_cut->ns);
    err = err ? err : take_glue(&g, zone, ret_cut);
    err = err ? err : take_ds(&g, zone, &child, ret_cut);
    ret_cut->zone = ret_cut->ns.owner;
    return g.looks == 0 ? WR_E_LIMIT : err;
}

int wr_cut_from_priming(const struct wr_msg *msg, const uint8_t *zone, struct wr_arena *arena,
                        struct wr_cut *ret_cut)
{
    struct wr_gather g = {msg, arena, WR_SCRUB_LOOKS_MAX};
    struct wr_name owner;
    wr_name_set(&owner, zone);
    wr_answer_clear(&ret_cut->ds);
    ret_cut->glues = 0;
    int err = wr_gather(&g, WR_SECTION_ANSWER, &owner, WR_TYPE_NS, WR_RANK_AUTHORITY, &ret_cut->ns);
    err = err ? err : take_glue(&g, zone, ret_cut);
    ret_cut->zone = ret_cut->ns.owner;
    return g.looks == 0 ? WR_E_LIMIT : err;
}

/* The DS set, or what proves that there is none, as the answer to a question for it. */
static void keep_ds(struct wr_cache *c, const struct wr_ttl_policy *p, uint32_t now_s,
                    struct wr_answer_room *room, struct wr_cut *cut)
{
    struct wr_question q = {.type = WR_TYPE_DS, .checking_disabled = true, .dnssec_ok = true};
    wr_name_set(&q.name, cut->zone);
    if (cut->ds.answers > 0) {
        cut->ds.authorities = 0;
    }
    if (cut->ds.answers + cut->ds.authorities > 0) {
        wr_answer_keep(c, p, &q, now_s, room, &cut->ds);
    }
}

/* Is it told where at least one server is, or could that be found elsewhere? Without either it is good for nobody, and would be so for
 * as long as it is remembered (RFC 9471: glue that is missing was left out by mistake). */
static bool leads_somewhere(const struct wr_cut *cut)
{
    struct wr_rrset_walk walk = wr_rrset_walk(&cut->ns);
    const uint8_t *target;
    uint16_t size;
    bool elsewhere = cut->glues > 0;
    for (unsigned i = 0; i < cut->ns.records && wr_rrset_next(&walk, &target, &size); i++) {
        elsewhere |= !wr_name_in(target, cut->zone);
    }
    return elsewhere;
}

void wr_cut_keep(struct wr_cache *c, const struct wr_ttl_policy *p, uint32_t now_s,
                 struct wr_answer_room *room, struct wr_cut *cut)
{
    struct wr_cache_key key;
    struct wr_writer w;
    struct wr_cache_entry e = {.kind = WR_CACHE_CUT, .ede = WR_EDE_NONE, .sets = 1};
    e.ttl = wr_ttl_granted(p, cut->zone, cut->ns.ttl);
    wr_buf_write_init(&w, room->scratch, WR_CACHE_SCRATCH_SIZE / 2);
    wr_rrset_put_flat(&w, &cut->ns);
    for (unsigned i = 0; i < cut->glues; i++, e.sets++) {
        wr_rrset_put_flat(&w, &cut->glue[i]);
    }
    e.flat = w.base;
    e.flat_size = (uint32_t)w.pos;
    e.rank = WR_RANK_AUTHORITY;
    e.stored_s = now_s;
    if (e.ttl > 0 && !w.err && leads_somewhere(cut)) {
        wr_cache_key_init(c, cut->zone, WR_TYPE_NS, WR_SCOPE_CUT, &key);
        (void)wr_cache_put(c, &key, now_s, &e);
    }
    keep_ds(c, p, now_s, room, cut);
}

/* Reads what keep wrote; the octets go to the arena, the scratch is used again soon. */
static int read_entry(const struct wr_cache_entry *e, struct wr_answer_room *room,
                      struct wr_cut *ret_cut)
{
    struct wr_reader r;
    struct wr_rrset skipped;
    wr_arena_reset(&room->arena);
    uint8_t *copy = wr_arena_copy(&room->arena, e->flat, e->flat_size);
    if (e->kind != WR_CACHE_CUT || e->ttl_left <= 0 || !copy) {
        return WR_E_NOTFOUND;
    }
    wr_buf_read_init(&r, copy, e->flat_size);
    wr_answer_clear(&ret_cut->ds);
    ret_cut->glues = 0;
    int err = wr_rrset_get_flat(&r, &ret_cut->ns);
    for (unsigned i = 1; i < e->sets && !err; i++) {
        bool room_left = ret_cut->glues < WR_CUT_GLUE_MAX;
        err = wr_rrset_get_flat(&r, room_left ? &ret_cut->glue[ret_cut->glues] : &skipped);
        ret_cut->glues += room_left && !err;
    }
    ret_cut->zone = ret_cut->ns.owner;
    ret_cut->ns.ttl = (uint32_t)e->ttl_left;
    return err || ret_cut->ns.type != WR_TYPE_NS ? WR_E_NOTFOUND : WR_OK;
}

int wr_cut_find(struct wr_cache *c, const uint8_t *name, bool above, uint32_t now_s,
                struct wr_answer_room *room, struct wr_cut *ret_cut)
{
    unsigned labels = wr_name_labels(name);
    for (unsigned skip = above && labels > 0 ? 1 : 0; skip <= labels; skip++) {
        const uint8_t *zone = wr_name_skip_labels(name, skip);
        struct wr_cache_key key;
        struct wr_cache_entry e;
        wr_cache_key_init(c, zone, WR_TYPE_NS, WR_SCOPE_CUT, &key);
        if (wr_cache_get(c, &key, now_s, false, room->scratch, &e) == WR_OK &&
            read_entry(&e, room, ret_cut) == WR_OK) {
            return WR_OK;
        }
    }
    return WR_E_NOTFOUND;
}

int wr_cut_look(struct wr_cache *c, const uint8_t *zone, uint32_t now_s,
                struct wr_answer_room *room, struct wr_cut *ret_cut,
                struct wr_cache_entry *ret_entry)
{
    struct wr_cache_key key;
    wr_cache_key_init(c, zone, WR_TYPE_NS, WR_SCOPE_CUT, &key);
    int err = wr_cache_get(c, &key, now_s, true, room->scratch, ret_entry);
    return err ? err : read_entry(ret_entry, room, ret_cut);
}

int wr_cut_own_from_answer(const struct wr_msg *msg, const uint8_t *zone, struct wr_arena *arena,
                           struct wr_rrset *ret_ns)
{
    struct wr_gather g = {msg, arena, WR_SCRUB_LOOKS_MAX};
    struct wr_name owner;
    wr_name_set(&owner, zone);
    int err = wr_gather(&g, WR_SECTION_AUTHORITY, &owner, WR_TYPE_NS, WR_RANK_AUTHORITY, ret_ns);
    if (err == WR_E_NOTFOUND) {
        err = wr_gather(&g, WR_SECTION_ANSWER, &owner, WR_TYPE_NS, WR_RANK_AUTHORITY, ret_ns);
    }
    return g.looks == 0 ? WR_E_LIMIT : err;
}

void wr_cut_keep_own(struct wr_cache *c, uint32_t now_s, struct wr_answer_room *room,
                     const struct wr_rrset *ns, uint32_t most_s)
{
    struct wr_cache_key key;
    struct wr_writer w;
    struct wr_cache_entry e = {
        .kind = WR_CACHE_CUT, .ede = WR_EDE_NONE, .sets = 1, .rank = WR_RANK_ADDITIONAL};
    e.ttl = ns->ttl < most_s ? ns->ttl : most_s;
    wr_buf_write_init(&w, room->scratch, WR_CACHE_SCRATCH_SIZE / 2);
    wr_rrset_put_flat(&w, ns);
    e.flat = w.base;
    e.flat_size = (uint32_t)w.pos;
    e.stored_s = now_s;
    if (e.ttl > 0 && !w.err) {
        wr_cache_key_init(c, ns->owner, WR_TYPE_NS, WR_SCOPE_OWN, &key);
        (void)wr_cache_put(c, &key, now_s, &e);
    }
}

int wr_cut_find_own(struct wr_cache *c, const uint8_t *zone, uint32_t now_s,
                    struct wr_answer_room *room, struct wr_rrset *ret_ns)
{
    struct wr_cache_key key;
    struct wr_cache_entry e;
    struct wr_cut cut;
    wr_cache_key_init(c, zone, WR_TYPE_NS, WR_SCOPE_OWN, &key);
    int err = wr_cache_get(c, &key, now_s, false, room->scratch, &e);
    err = err ? err : read_entry(&e, room, &cut);
    if (!err) {
        *ret_ns = cut.ns;
    }
    return err;
}

void wr_cut_forget(struct wr_cache *c, const uint8_t *zone)
{
    struct wr_cache_key key;
    wr_cache_key_init(c, zone, WR_TYPE_NS, WR_SCOPE_CUT, &key);
    wr_cache_remove(c, &key);
}
