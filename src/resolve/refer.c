/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/refer.h"

#include "base/limits.h"
#include "resolve/cut.h"

/* One look for a referral. */
struct look {
    struct wr_cache *c;
    const struct wr_ttl_policy *p;
    uint32_t now_s;
    struct wr_answer_room room; /* what is left of the caller's */
};

/* What was found last stays, and the next find has the room behind it. */
static void keep_room(struct look *k)
{
    struct wr_arena *a = &k->room.arena;
    size_t used = wr_arena_mark(a);
    wr_arena_init(a, a->base + used, a->cap - used);
}

static bool add(struct wr_answer *a, const struct wr_rrset *set)
{
    if (a->authorities == WR_ANSWER_SETS_MAX) {
        return false;
    }
    a->authority[a->authorities++] = *set;
    a->ttl = set->ttl < a->ttl ? set->ttl : a->ttl;
    return true;
}

static void lower(struct wr_answer *a, uint8_t security)
{
    a->security = security < a->security ? security : a->security;
}

/* Is the delegation of a name that is asked of the public tree, or of a stub's servers and below their zone? */
static bool is_ours_to_tell(const struct wr_upstreams *u, const struct wr_question *q,
                            const uint8_t *name, const uint8_t *cut)
{
    const uint8_t *zone;
    bool above = q->type == WR_TYPE_DS && name[0] != 0;
    unsigned group = wr_upstream_view(u, q->view, wr_name_skip_labels(name, above), &zone);
    return group == WR_GROUP_RECURSE ||
           (u->group[group].authoritative && wr_name_in(cut, zone) && !wr_name_equal(cut, zone));
}

/* Is the name found from the root, or from servers that are told to be the root's? */
static bool is_below_root(const struct wr_upstreams *u, const struct wr_question *q)
{
    const uint8_t *zone;
    bool above = q->type == WR_TYPE_DS && q->name.wire[0] != 0;
    unsigned group = wr_upstream_view(u, q->view, wr_name_skip_labels(q->name.wire, above), &zone);
    return group == WR_GROUP_RECURSE || (u->group[group].authoritative && zone[0] == 0);
}

/* For the NS set of the root, on behalf of who asked `q`. */
static struct wr_question root_question(const struct wr_question *q)
{
    struct wr_question root = {
        .type = WR_TYPE_NS, .dnssec_ok = q->dnssec_ok, .checking_disabled = q->checking_disabled};
    root.view = q->view;
    wr_name_set(&root.name, (const uint8_t *)"");
    return root;
}

/* The zone's own NS set, where it was asked for and proven, else the parent's. */
static void add_ns(struct look *k, const struct wr_question *asked, const struct wr_cut *cut,
                   struct wr_answer *a)
{
    struct wr_answer own;
    struct wr_question q = {.type = WR_TYPE_NS, .dnssec_ok = asked->dnssec_ok, .view = asked->view};
    wr_name_set(&q.name, cut->zone);
    bool proven =
        wr_answer_find(k->c, k->p, NULL, &q, k->now_s, true, &k->room, &own) == WR_FOUND_FRESH &&
        own.security == WR_SECURITY_SECURE && own.answers == 1 &&
        own.answer[0].type == WR_TYPE_NS && wr_name_equal(own.answer[0].owner, cut->zone);
    if (proven) {
        own.answer[0].owner = cut->zone; /* its own is in the question above */
        own.answer[0].ttl = own.ttl < cut->ns.ttl ? own.ttl : cut->ns.ttl;
        keep_room(k);
    }
    lower(a, proven ? WR_SECURITY_SECURE : WR_SECURITY_UNCHECKED);
    add(a, proven ? &own.answer[0] : &cut->ns);
}

/* DS, or the denials, as they were told: a SOA would make it an answer that there is nothing. */
static void add_ds(struct look *k, const struct wr_question *asked, const struct wr_cut *cut,
                   struct wr_answer *a)
{
    struct wr_answer ds;
    struct wr_question q = {
        .type = WR_TYPE_DS, .dnssec_ok = true, .checking_disabled = asked->checking_disabled};
    q.view = asked->view;
    wr_name_set(&q.name, cut->zone);
    enum wr_found found = wr_answer_find(k->c, k->p, NULL, &q, k->now_s, true, &k->room, &ds);
    if (found != WR_FOUND_FRESH && !q.checking_disabled) {
        q.checking_disabled = true; /* the referral's own word, which nobody has judged */
        found = wr_answer_find(k->c, k->p, NULL, &q, k->now_s, true, &k->room, &ds);
    }
    if (found != WR_FOUND_FRESH || ds.rcode != WR_RCODE_NOERROR || ds.answers > 1 ||
        (ds.answers == 1 && ds.answer[0].type != WR_TYPE_DS)) {
        return;
    }
    keep_room(k);
    if (ds.answers == 1) {
        ds.answer[0].owner = cut->zone;
        add(a, &ds.answer[0]);
    }
    for (unsigned i = 0; i < ds.authorities && ds.answers == 0; i++) {
        if (ds.authority[i].type != WR_TYPE_SOA) {
            add(a, &ds.authority[i]);
        }
    }
    lower(a, ds.security);
}

static void add_glue(const struct wr_cut *cut, struct wr_answer *a)
{
    for (unsigned i = 0; i < cut->glues && a->extras < WR_ANSWER_EXTRAS_MAX; i++) {
        struct wr_rrset *set = &a->extra[a->extras++];
        *set = cut->glue[i];
        set->ttl = set->ttl < cut->ns.ttl ? set->ttl : cut->ns.ttl;
    }
}

bool wr_refer_find(struct wr_cache *c, const struct wr_ttl_policy *p, const struct wr_upstreams *u,
                   const struct wr_question *q, uint32_t now_s, const struct wr_answer_room *room,
                   struct wr_answer *a)
{
    struct look k = {c, p, now_s, *room};
    struct wr_cut cut;
    if (a->stale || a->answers == 0) {
        wr_answer_clear(a);
        a->security = WR_SECURITY_SECURE; /* until a set says less */
    }
    a->authorities = a->extras = 0;
    a->rcode = WR_RCODE_NOERROR;
    k.room.inner = true; /* nothing is to point into the scratch */
    k.room.nsecache = NULL;
    keep_room(&k);
    const uint8_t *name = wr_answer_last_name(a, q->name.wire);
    if (wr_cut_find(c, name, q->type == WR_TYPE_DS, now_s, &k.room, &cut) != WR_OK ||
        !is_ours_to_tell(u, q, name, cut.zone)) {
        return a->answers > 0;
    }
    keep_room(&k);
    add_ns(&k, q, &cut, a);
    if (q->dnssec_ok && cut.zone[0] != 0) {
        add_ds(&k, q, &cut, a);
    }
    add_glue(&cut, a);
    return true;
}

/* Has nobody asked it lately? */
static bool is_unknown(struct look *k, const struct wr_question *q, struct wr_answer *a)
{
    uint32_t stored_s;
    bool by_silence;
    return wr_answer_find(k->c, k->p, NULL, q, k->now_s, true, &k->room, a) != WR_FOUND_FRESH &&
           wr_answer_find_failure(k->c, q, k->now_s, &k->room, a, &stored_s, &by_silence) !=
               WR_FOUND_FAILURE;
}

/* What of the zone's sets is still to be proven. */
static enum wr_refer_lack lacks_proof(struct look *k, bool dnssec_ok, struct wr_answer *a,
                                      struct wr_question *zone)
{
    if (is_unknown(k, zone, a)) {
        return WR_REFER_NS;
    }
    if (!dnssec_ok || a->answers != 1 || a->security != WR_SECURITY_SECURE) {
        return WR_REFER_COMPLETE;
    }
    zone->type = WR_TYPE_DS;
    if (!is_unknown(k, zone, a)) {
        return WR_REFER_COMPLETE;
    }
    zone->checking_disabled = true; /* is there anything to be judged? */
    bool told =
        wr_answer_find(k->c, k->p, NULL, zone, k->now_s, true, &k->room, a) == WR_FOUND_FRESH;
    zone->checking_disabled = false;
    return told ? WR_REFER_DS : WR_REFER_COMPLETE;
}

enum wr_refer_lack wr_refer_lacks(struct wr_cache *c, const struct wr_ttl_policy *p,
                                  const struct wr_upstreams *u, const struct wr_question *q,
                                  bool proofs, uint32_t now_s, struct wr_answer_room *room,
                                  struct wr_answer *a, struct wr_question *ret_missing)
{
    struct look k = {c, p, now_s, *room};
    struct wr_cut cut;
    struct wr_name end;
    struct wr_question missing = {.type = WR_TYPE_NS, .dnssec_ok = q->dnssec_ok, .view = q->view};
    enum wr_refer_lack lack = WR_REFER_COMPLETE;
    if (wr_answer_find(c, p, NULL, q, now_s, true, room, a) != WR_FOUND_NOTHING) {
        return WR_REFER_COMPLETE;
    }
    bool begun = a->answers > 0;
    wr_name_set(&end, wr_answer_last_name(a, q->name.wire));
    k.room.nsecache = NULL;
    if (wr_cut_find(c, end.wire, q->type == WR_TYPE_DS, now_s, &k.room, &cut) == WR_OK) {
        wr_name_set(&missing.name, cut.zone);
        if (proofs && is_ours_to_tell(u, q, end.wire, cut.zone)) {
            lack = lacks_proof(&k, q->dnssec_ok, a, &missing);
        }
    } else if (!begun && is_below_root(u, q)) {
        missing = root_question(q);
        lack = is_unknown(&k, &missing, a) ? WR_REFER_ROOT : WR_REFER_COMPLETE;
    }
    if (lack != WR_REFER_COMPLETE) {
        *ret_missing = missing;
    }
    return lack;
}

bool wr_refer_root(struct wr_cache *c, const struct wr_ttl_policy *p, const struct wr_question *q,
                   uint32_t now_s, struct wr_answer_room *room, struct wr_answer *a)
{
    struct wr_question root = root_question(q);
    if (wr_answer_find(c, p, NULL, &root, now_s, true, room, a) != WR_FOUND_FRESH ||
        a->answers != 1 || a->answer[0].type != WR_TYPE_NS) {
        return false;
    }
    a->answer[0].owner = (const uint8_t *)""; /* its own is in the question above */
    return true;
}
