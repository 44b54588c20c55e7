/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/answer.h"

#include <string.h>

#include "resolve/expansion.h"
#include "resolve/localanswer.h"
#include "resolve/nsecache.h"

/* One look at the cache for (name, type). */
struct look {
    struct wr_cache *c;
    const struct wr_ttl_policy *p;
    struct wr_answer_room *room;
    uint32_t now_s;
    uint16_t scope;
    bool peek;
    const struct wr_question *q;
    uint8_t least;                /* security */
    struct wr_nsecache *nsecache; /* or NULL */
};

void wr_answer_clear(struct wr_answer *a)
{
    a->rcode = WR_RCODE_NOERROR;
    a->ede = WR_EDE_NONE;
    a->ede_text = NULL;
    a->ede_zone = NULL;
    a->stale = a->authoritative = a->local = a->no_recursion = false;
    a->security = WR_SECURITY_UNCHECKED;
    a->answers = a->authorities = a->extras = 0;
    a->ttl = UINT32_MAX;
    a->age_share = 0;
}

const uint8_t *wr_answer_cname_target(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    if (set->type != WR_TYPE_CNAME || set->records == 0 || !wr_rrset_next(&walk, &rdata, &size)) {
        return NULL;
    }
    return rdata;
}

const uint8_t *wr_answer_last_name(const struct wr_answer *a, const uint8_t *qname)
{
    for (unsigned i = a->answers; i > 0; i--) {
        const uint8_t *target = wr_answer_cname_target(&a->answer[i - 1]);
        if (target) {
            return target;
        }
    }
    return qname;
}

int wr_answer_substitute(const uint8_t *name, const struct wr_rrset *dname,
                         struct wr_name *ret_target)
{
    struct wr_rrset_walk walk = wr_rrset_walk(dname);
    const uint8_t *target;
    uint16_t size;
    if (!wr_rrset_next(&walk, &target, &size)) {
        return WR_E_FORMAT;
    }
    size_t keep = wr_name_size(name) - wr_name_size(dname->owner);
    if (keep + size > WR_NAME_MAX) {
        return WR_E_RANGE;
    }
    memcpy(ret_target->wire, name, keep);
    memcpy(ret_target->wire + keep, target, size);
    ret_target->size = (uint8_t)(keep + size);
    return WR_OK;
}

int wr_answer_synthesize(struct wr_arena *arena, const uint8_t *name, const struct wr_name *target,
                         const struct wr_rrset *dname, struct wr_rrset *ret_set)
{
    uint8_t *owner = wr_arena_copy(arena, name, wr_name_size(name));
    uint8_t *data = owner ? wr_arena_take(arena, 2u + target->size) : NULL;
    if (!data) {
        return WR_E_NOMEM;
    }
    data[0] = 0;
    data[1] = target->size;
    memcpy(data + 2, target->wire, target->size);
    *ret_set = (struct wr_rrset){.owner = owner,
                                 .data = data,
                                 .size = 2u + target->size,
                                 .ttl = dname->ttl,
                                 .type = WR_TYPE_CNAME,
                                 .class_ = WR_CLASS_IN,
                                 .records = 1,
                                 .rank = dname->rank,
                                 .security = dname->security};
    return WR_OK;
}

/* Is the entry usable, and how fresh is it? */
static enum wr_found freshness(const struct look *k, const uint8_t *name,
                               const struct wr_cache_entry *e)
{
    if (e->security < k->least) {
        return WR_FOUND_NOTHING;
    }
    if (e->ttl_left > 0) {
        bool complete = !k->q->dnssec_ok || (e->flags & WR_CACHE_WITH_SIGS);
        return complete ? WR_FOUND_FRESH : WR_FOUND_NOTHING;
    }
    bool within = k->p->stale && -e->ttl_left < (int64_t)wr_ttl_stale(k->p, name);
    return within ? WR_FOUND_STALE : WR_FOUND_NOTHING;
}

static enum wr_found look_up(const struct look *k, const uint8_t *name, uint16_t type,
                             struct wr_cache_entry *ret_entry)
{
    struct wr_cache_key key;
    wr_cache_key_init(k->c, name, type, k->scope, &key);
    if (wr_cache_get(k->c, &key, k->now_s, k->peek, k->room->scratch, ret_entry) != WR_OK) {
        return WR_FOUND_NOTHING;
    }
    return freshness(k, name, ret_entry);
}

/* May what was kept under another type answer for this one? DS are the parent's to tell: an alias or a denial of the name that was not
 * proven may be the child's, and would hide that the parent can prove what there is. */
static bool may_stand_for(const struct wr_cache_entry *e, uint16_t type)
{
    return type != WR_TYPE_DS || e->security == WR_SECURITY_SECURE ||
           e->security == WR_SECURITY_UNCHECKED;
}

/* The best the cache has for (name, type): what is fresh, in the order type, NXDOMAIN, CNAME; else the stale entry
 * that was stored last. The scratch holds that entry on return. */
static enum wr_found look_all(const struct look *k, const uint8_t *name, uint16_t type,
                              struct wr_cache_entry *ret_entry)
{
    const uint16_t types[3] = {type, 0, WR_TYPE_CNAME};
    unsigned count = type == WR_TYPE_CNAME ? 2 : 3;
    int best = -1;
    uint32_t best_stored = 0;
    for (unsigned i = 0; i < count; i++) {
        enum wr_found found = look_up(k, name, types[i], ret_entry);
        if (found != WR_FOUND_NOTHING && i > 0 && !may_stand_for(ret_entry, type)) {
            continue;
        }
        if (found == WR_FOUND_FRESH && (i < 2 || ret_entry->kind == WR_CACHE_RRSET)) {
            return WR_FOUND_FRESH;
        }
        if (found == WR_FOUND_STALE && (i < 2 || ret_entry->kind == WR_CACHE_RRSET) &&
            (best < 0 || ret_entry->stored_s > best_stored)) {
            best = (int)i;
            best_stored = ret_entry->stored_s;
        }
    }
    if (best < 0) {
        return WR_FOUND_NOTHING;
    }
    /* Another worker may have written meanwhile: that there is no CNAME says nothing of other types. */
    enum wr_found found = look_up(k, name, types[best], ret_entry);
    return best < 2 || ret_entry->kind == WR_CACHE_RRSET ? found : WR_FOUND_NOTHING;
}

static uint32_t ttl_of(const struct look *k, const struct wr_cache_entry *e)
{
    return e->ttl_left > 0 ? (uint32_t)e->ttl_left : k->p->stale_ttl_s;
}

/* How much of its life the entry has used, in hundredths. */
static uint32_t share_used(const struct wr_cache_entry *e)
{
    if (e->ttl_left <= 0 || e->ttl == 0) {
        return 100;
    }
    uint64_t left = (uint64_t)e->ttl_left * 100 / e->ttl;
    return left >= 100 ? 0 : (uint32_t)(100 - left);
}

static void age(const struct look *k, const struct wr_cache_entry *e, struct wr_answer *a)
{
    uint32_t ttl = ttl_of(k, e);
    uint32_t share = share_used(e);
    a->stale |= e->ttl_left <= 0;
    a->security = e->security < a->security ? e->security : a->security;
    a->ttl = ttl < a->ttl ? ttl : a->ttl;
    a->age_share = share > a->age_share ? share : a->age_share;
}

static bool has_set(const struct wr_answer *a, const struct wr_rrset *set)
{
    for (unsigned i = 0; i < a->authorities; i++) {
        if (a->authority[i].type == set->type && wr_name_equal(a->authority[i].owner, set->owner)) {
            return true;
        }
    }
    return false;
}

bool wr_answer_add_flat(struct wr_answer_room *room, const struct wr_cache_entry *e, uint32_t ttl,
                        struct wr_answer *a)
{
    struct wr_reader r;
    uint8_t *copy = wr_arena_copy(&room->arena, e->flat, e->flat_size);
    if (!copy) {
        return false;
    }
    wr_buf_read_init(&r, copy, e->flat_size);
    for (unsigned i = 0; i < e->sets; i++) {
        struct wr_rrset *set = &a->authority[a->authorities];
        if (a->authorities == WR_ANSWER_SETS_MAX || wr_rrset_get_flat(&r, set) != WR_OK) {
            return false;
        }
        set->ttl = ttl;
        a->authorities += !has_set(a, set);
    }
    return true;
}

static bool take_negative(const struct look *k, const struct wr_cache_entry *e, struct wr_answer *a)
{
    if (!wr_answer_add_flat(k->room, e, ttl_of(k, e), a)) {
        return false;
    }
    a->rcode = e->kind == WR_CACHE_NXDOMAIN ? WR_RCODE_NXDOMAIN : WR_RCODE_NOERROR;
    a->ede = e->ede;
    return true;
}

/* Adds the set to the chain. `last`: nothing is looked up afterwards, so the scratch may be pointed into. */
static bool take_set(const struct look *k, const struct wr_cache_entry *e, const uint8_t *owner,
                     bool last, struct wr_answer *a)
{
    struct wr_rrset *set = &a->answer[a->answers];
    if (a->answers == WR_ANSWER_SETS_MAX) {
        return false;
    }
    *set = e->rrset;
    set->owner = owner;
    set->ttl = ttl_of(k, e);
    bool expanded = k->q->dnssec_ok && wr_expansion_is(set);
    if (!last || expanded || k->room->inner) {
        set->data = wr_arena_copy(&k->room->arena, e->rrset.data, e->rrset.size);
    }
    if (!set->data) {
        return false;
    }
    a->answers++;
    /* Whoever validates needs the proof: where it is gone, or was never there, it is asked again. */
    return !expanded || wr_expansion_add(k->c, k->q, k->now_s, k->room, set, a) ||
           (set->security != WR_SECURITY_SECURE && set->security != WR_SECURITY_UNCHECKED);
}

/* The DNAME that stands above the name, and the CNAME it makes; false: there is none, or no room. The answer ends here, with
 * YXDOMAIN, when the name it makes is too long. */
static bool take_dname(const struct look *k, const uint8_t *name, struct wr_answer *a)
{
    unsigned labels = wr_name_labels(name);
    for (unsigned skip = 1; skip <= labels; skip++) {
        const uint8_t *owner = wr_name_skip_labels(name, skip);
        struct wr_cache_entry e;
        struct wr_name target;
        if (look_up(k, owner, WR_TYPE_DNAME, &e) == WR_FOUND_NOTHING || e.kind != WR_CACHE_RRSET) {
            continue;
        }
        age(k, &e, a);
        if (a->answers + 2 > WR_ANSWER_SETS_MAX || !take_set(k, &e, owner, false, a)) {
            return false;
        }
        const struct wr_rrset *dname = &a->answer[a->answers - 1];
        int err = wr_answer_substitute(name, dname, &target);
        if (err == WR_E_RANGE) {
            a->rcode = WR_RCODE_YXDOMAIN;
            return true;
        }
        if (err ||
            wr_answer_synthesize(&k->room->arena, name, &target, dname, &a->answer[a->answers])) {
            a->answers--;
            return false;
        }
        a->answers++;
        return true;
    }
    return false;
}

static void mark_stale(struct wr_answer *a)
{
    a->ede = a->rcode == WR_RCODE_NXDOMAIN ? WR_EDE_STALE_NXDOMAIN : WR_EDE_STALE_ANSWER;
    a->ede_text = NULL;
    a->ede_zone = NULL;
}

/* A name above does not exist, so nothing does below it (RFC 8020). */
static bool take_cut(const struct look *k, const uint8_t *name, struct wr_answer *a)
{
    unsigned labels = wr_name_labels(name);
    for (unsigned skip = 1; skip < labels; skip++) {
        const uint8_t *above = wr_name_skip_labels(name, skip);
        struct wr_cache_entry e;
        if (look_up(k, above, 0, &e) == WR_FOUND_FRESH && e.kind == WR_CACHE_NXDOMAIN &&
            wr_nsecache_cuts(k->nsecache, e.security) &&
            wr_nsecache_reaches(k->nsecache, above, name)) {
            age(k, &e, a);
            return take_negative(k, &e, a);
        }
    }
    return false;
}

/* What follows for the name from what is known of others. */
static bool take_implied(const struct look *k, const uint8_t *name, uint16_t type,
                         struct wr_answer *a, bool *ret_last)
{
    struct wr_nsecache_ask ask = {name, type, k->now_s, k->p, k->room->scratch};
    if (!k->nsecache) {
        return false;
    }
    if (wr_nsecache_find(k->nsecache, &ask, &k->room->arena, a, ret_last)) {
        return true;
    }
    *ret_last = true;
    return take_cut(k, name, a);
}

/* What the cache has for the name: the answer or a denial (`ret_last`), or a CNAME or DNAME that leads on. */
static bool take_link(const struct look *k, const uint8_t *name, uint16_t type, struct wr_answer *a,
                      bool *ret_last)
{
    struct wr_cache_entry e;
    enum wr_found found = look_all(k, name, type, &e);
    if (found == WR_FOUND_STALE) {
        if (take_implied(k, name, type, a, ret_last)) {
            return true;
        }
        found = look_all(k, name, type, &e); /* the scratch was used */
    }
    if (found == WR_FOUND_NOTHING) {
        bool taken = take_dname(k, name, a);
        *ret_last = a->rcode == WR_RCODE_YXDOMAIN || type == WR_TYPE_CNAME;
        return taken || take_implied(k, name, type, a, ret_last);
    }
    bool negative = e.kind != WR_CACHE_RRSET;
    *ret_last = negative || e.rrset.type == type;
    age(k, &e, a);
    return negative ? take_negative(k, &e, a) : take_set(k, &e, name, *ret_last, a);
}

enum wr_found wr_answer_find(struct wr_cache *c, const struct wr_ttl_policy *p,
                             const struct wr_local *local, const struct wr_question *q,
                             uint32_t now_s, bool peek, struct wr_answer_room *room,
                             struct wr_answer *ret_answer)
{
    struct look k = {c,
                     p,
                     room,
                     now_s,
                     wr_question_scope(q),
                     peek,
                     q,
                     q->checking_disabled ? WR_SECURITY_UNCHECKED : room->least,
                     (q->checking_disabled && !room->inner) || q->view != 0 ? NULL
                                                                            : room->nsecache};
    const uint8_t *name = q->name.wire;
    wr_arena_reset(&room->arena);
    wr_answer_clear(ret_answer);
    ret_answer->security = WR_SECURITY_SECURE; /* until a set says less */
    for (unsigned link = 0; link <= WR_CHAIN_MAX; link++) {
        bool last;
        if (local && wr_localanswer_follow(local, q->type, &room->arena, &name, ret_answer) ==
                         WR_FOUND_FRESH) {
            return ret_answer->stale ? WR_FOUND_STALE : WR_FOUND_FRESH;
        }
        if (!take_link(&k, name, q->type, ret_answer, &last)) {
            return WR_FOUND_NOTHING;
        }
        ret_answer->local = false;
        if (last) {
            if (ret_answer->stale) {
                mark_stale(ret_answer);
            }
            return ret_answer->stale ? WR_FOUND_STALE : WR_FOUND_FRESH;
        }
        name = wr_answer_cname_target(&ret_answer->answer[ret_answer->answers - 1]);
        if (!name) {
            return WR_FOUND_NOTHING;
        }
    }
    return WR_FOUND_NOTHING;
}

/* The reason lies in the entry as a TXT set of the zone, so that a block from outside is checked like all others. */
static void read_reason(const struct wr_cache_entry *e, struct wr_arena *arena, struct wr_answer *a)
{
    struct wr_reader r;
    struct wr_rrset set;
    const uint8_t *rdata;
    uint16_t size;
    wr_buf_read_init(&r, e->flat, e->flat_size);
    if (e->sets != 1 || wr_rrset_get_flat(&r, &set)) {
        return;
    }
    struct wr_rrset_walk walk = wr_rrset_walk(&set);
    char *text = wr_arena_take(arena, WR_ANSWER_REASON_MAX + 1);
    if (text && wr_rrset_next(&walk, &rdata, &size) && size > 0 && rdata[0] < size) {
        memcpy(text, rdata + 1, rdata[0]);
        text[rdata[0]] = 0;
        a->ede_zone = wr_arena_copy(arena, set.owner, wr_name_size(set.owner));
        a->ede_text = a->ede_zone ? text : NULL;
    }
}

enum wr_found wr_answer_find_failure(struct wr_cache *c, const struct wr_question *q,
                                     uint32_t now_s, struct wr_answer_room *room,
                                     struct wr_answer *ret_answer, uint32_t *ret_stored_s,
                                     bool *ret_by_silence)
{
    struct wr_cache_key key;
    struct wr_cache_entry e;
    wr_cache_key_init(c, q->name.wire, q->type, (uint16_t)(wr_question_scope(q) | WR_SCOPE_FAILURE),
                      &key);
    if (wr_cache_get(c, &key, now_s, true, room->scratch, &e) != WR_OK || e.ttl_left <= 0) {
        return WR_FOUND_NOTHING;
    }
    wr_answer_clear(ret_answer);
    ret_answer->rcode = WR_RCODE_SERVFAIL;
    ret_answer->ede = e.ede;
    wr_arena_reset(&room->arena);
    read_reason(&e, &room->arena, ret_answer);
    *ret_stored_s = e.stored_s;
    *ret_by_silence = (e.flags & WR_CACHE_BY_SILENCE) != 0;
    return WR_FOUND_FAILURE;
}

static unsigned put(struct wr_cache *c, const struct wr_question *q, const uint8_t *name,
                    uint16_t type, uint32_t now_s, struct wr_cache_entry *e)
{
    struct wr_cache_key key;
    wr_cache_key_init(c, name, type, wr_question_scope(q), &key);
    e->stored_s = now_s;
    e->flags = q->dnssec_ok ? WR_CACHE_WITH_SIGS : 0;
    return wr_cache_put(c, &key, now_s, e) == WR_E_BUSY;
}

/* What was proven lives no longer than its signer and its signature say (RFC 4035 section 5.3.3), whatever the owner's floor. */
static uint32_t no_longer(uint8_t security, uint32_t kept, uint32_t told)
{
    return security == WR_SECURITY_SECURE && told < kept ? told : kept;
}

static unsigned keep_set(struct wr_cache *c, const struct wr_ttl_policy *p,
                         const struct wr_question *q, uint32_t now_s, struct wr_rrset *set)
{
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET, .ede = WR_EDE_NONE};
    struct wr_cache_key nx;
    set->ttl = no_longer(set->security, wr_ttl_positive(p, set->owner, set->ttl), set->ttl);
    e.ttl = set->ttl;
    e.rrset = *set;
    e.rank = set->rank;
    e.security = set->security;
    wr_cache_key_init(c, set->owner, 0, wr_question_scope(q), &nx);
    wr_cache_remove(c, &nx);
    if (set->ttl == 0) { /* what was known before is over, and serves no more, not even stale */
        wr_cache_key_init(c, set->owner, set->type, wr_question_scope(q), &nx);
        wr_cache_remove(c, &nx);
    }
    return set->ttl > 0 ? put(c, q, set->owner, set->type, now_s, &e) : 0;
}

/* The life of a negative answer: the lesser of the SOA's TTL and its MINIMUM; 0 without a SOA (RFC 2308 section 5). */
static uint32_t negative_ttl(const struct wr_answer *a)
{
    for (unsigned i = 0; i < a->authorities; i++) {
        const struct wr_rrset *set = &a->authority[i];
        struct wr_rrset_walk walk = wr_rrset_walk(set);
        const uint8_t *rdata;
        uint16_t size;
        if (set->type == WR_TYPE_SOA && wr_rrset_next(&walk, &rdata, &size) && size >= 20) {
            const uint8_t *m = rdata + size - 4;
            uint32_t minimum =
                (uint32_t)m[0] << 24 | (uint32_t)m[1] << 16 | (uint32_t)m[2] << 8 | m[3];
            return minimum < set->ttl ? minimum : set->ttl;
        }
    }
    return 0;
}

/* That a delegation has no DS set is told in a referral, which has no SOA: the NSEC's own life (RFC 9077 section 3). And a
 * proven denial ends with the first signature that it stands on. */
static uint32_t proof_ttl(const struct wr_answer *a)
{
    uint32_t ttl = a->authorities > 0 ? UINT32_MAX : 0;
    for (unsigned i = 0; i < a->authorities; i++) {
        ttl = a->authority[i].ttl < ttl ? a->authority[i].ttl : ttl;
    }
    return ttl;
}

static unsigned keep_negative(struct wr_cache *c, const struct wr_ttl_policy *p,
                              const struct wr_question *q, uint32_t now_s,
                              struct wr_answer_room *room, struct wr_answer *a)
{
    const uint8_t *name = wr_answer_last_name(a, q->name.wire);
    bool nxdomain = a->rcode == WR_RCODE_NXDOMAIN;
    uint32_t ttl = negative_ttl(a);
    ttl = ttl == 0 && q->type == WR_TYPE_DS && a->answers == 0 ? proof_ttl(a) : ttl;
    ttl = no_longer(a->security, ttl, proof_ttl(a));
    ttl = ttl > 0 ? no_longer(a->security, wr_ttl_negative(p, name, ttl), ttl) : 0;
    for (unsigned i = 0; i < a->authorities; i++) {
        a->authority[i].ttl = ttl;
    }
    a->ttl = ttl < a->ttl ? ttl : a->ttl;
    if (ttl == 0) {
        return 0;
    }
    struct wr_writer w;
    wr_buf_write_init(&w, room->scratch, WR_CACHE_SCRATCH_SIZE / 2);
    for (unsigned i = 0; i < a->authorities; i++) {
        wr_rrset_put_flat(&w, &a->authority[i]);
    }
    if (w.err) {
        return 0;
    }
    struct wr_cache_entry e = {.kind = nxdomain ? WR_CACHE_NXDOMAIN : WR_CACHE_NODATA,
                               .ede = a->ede,
                               .rcode = a->rcode,
                               .ttl = ttl,
                               .rank = WR_RANK_ANSWER,
                               .security = a->security,
                               .flat = w.base,
                               .flat_size = (uint32_t)w.pos,
                               .sets = a->authorities};
    bool of_all = nxdomain && may_stand_for(&e, q->type);
    return put(c, q, name, of_all ? 0 : q->type, now_s, &e);
}

static bool is_synthetic(const struct wr_answer *a, unsigned i)
{
    const struct wr_rrset *set = &a->answer[i];
    return i > 0 && set->type == WR_TYPE_CNAME && set->sigs == 0 && set[-1].type == WR_TYPE_DNAME;
}

unsigned wr_answer_keep(struct wr_cache *c, const struct wr_ttl_policy *p,
                        const struct wr_question *q, uint32_t now_s, struct wr_answer_room *room,
                        struct wr_answer *a)
{
    unsigned skipped = 0;
    bool final = false;
    for (unsigned i = 0; i < a->answers; i++) {
        if (is_synthetic(a, i)) {
            continue; /* made again from its DNAME, for this name and any other */
        }
        bool expanded = wr_expansion_is(&a->answer[i]);
        if (expanded) {
            wr_expansion_shorten(a, &a->answer[i]);
        }
        skipped += keep_set(c, p, q, now_s, &a->answer[i]);
        if (expanded) {
            skipped += wr_expansion_keep(c, q, now_s, room, a, &a->answer[i]);
        }
        final |= a->answer[i].type == q->type || q->type == WR_TYPE_ANY;
        a->ttl = a->answer[i].ttl < a->ttl ? a->answer[i].ttl : a->ttl;
    }
    if (!final) {
        skipped += keep_negative(c, p, q, now_s, room, a);
    }
    return skipped;
}

/* Writes what read_reason takes apart. */
static void write_reason(const struct wr_answer *a, struct wr_writer *w)
{
    uint8_t data[2 + 1 + WR_ANSWER_REASON_MAX];
    size_t n = strlen(a->ede_text);
    n = n < WR_ANSWER_REASON_MAX ? n : WR_ANSWER_REASON_MAX;
    data[0] = (uint8_t)((n + 1) >> 8);
    data[1] = (uint8_t)(n + 1);
    data[2] = (uint8_t)n;
    memcpy(data + 3, a->ede_text, n);
    struct wr_rrset set = {.owner = a->ede_zone,
                           .data = data,
                           .size = (uint32_t)(n + 3),
                           .type = WR_TYPE_TXT,
                           .class_ = WR_CLASS_IN,
                           .records = 1,
                           .rank = WR_RANK_ADDITIONAL};
    wr_rrset_put_flat(w, &set);
}

void wr_answer_keep_failure(struct wr_cache *c, const struct wr_ttl_policy *p,
                            const struct wr_question *q, uint32_t now_s, const struct wr_answer *a,
                            bool by_silence)
{
    struct wr_cache_key key;
    struct wr_writer w;
    uint8_t flat[WR_NAME_MAX + 32 + WR_ANSWER_REASON_MAX];
    struct wr_cache_entry e = {.kind = WR_CACHE_FAILURE,
                               .rcode = WR_RCODE_SERVFAIL,
                               .ede = a->ede,
                               .ttl = p->failure_s,
                               .stored_s = now_s,
                               .flags = by_silence ? WR_CACHE_BY_SILENCE : 0};
    if (p->failure_s == 0) {
        return;
    }
    wr_buf_write_init(&w, flat, sizeof(flat));
    if (a->ede_text && a->ede_zone) {
        write_reason(a, &w);
        e.flat = flat;
        e.flat_size = w.err ? 0 : (uint32_t)w.pos;
        e.sets = w.err ? 0 : 1;
    }
    wr_cache_key_init(c, q->name.wire, q->type, (uint16_t)(wr_question_scope(q) | WR_SCOPE_FAILURE),
                      &key);
    (void)wr_cache_put(c, &key, now_s, &e);
}
