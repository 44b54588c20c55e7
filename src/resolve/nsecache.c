/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/nsecache.h"

#include <string.h>

#include "base/limits.h"
#include "dns/codes.h"
#include "dnssec/denial.h"

void wr_nsecache_init(struct wr_nsecache *n, struct wr_cache *cache, void *block, uint32_t places,
                      const struct wr_hash_key *key)
{
    memset(n, 0, sizeof(*n));
    n->cache = cache;
    wr_ranges_init(&n->ranges, block, places, key);
}

void wr_nsecache_adopt(struct wr_nsecache *n, const struct wr_prove_settings *settings,
                       const struct wr_upstreams *upstreams)
{
    n->settings = settings;
    n->upstreams = upstreams;
    if (!settings || !settings->enable) {
        wr_ranges_clear(&n->ranges);
    }
}

static bool is_active(struct wr_nsecache *n)
{
    if (!n->settings || !n->settings->enable || !n->settings->aggressive) {
        return false;
    }
    uint64_t flushes = wr_cache_flushes(n->cache);
    if (flushes != n->flushes) {
        wr_ranges_clear(&n->ranges);
        n->flushes = flushes;
    }
    return true;
}

static const struct wr_anchor *anchor_above(const struct wr_nsecache *n, const uint8_t *name)
{
    const struct wr_anchors *anchors = n->settings ? n->settings->anchors : NULL;
    return anchors ? wr_anchors_closest(anchors, name, n->time ? wr_trusttime_moment(n->time) : 0)
                   : NULL;
}

static const uint8_t *route_of(const struct wr_nsecache *n, const uint8_t *name)
{
    const uint8_t *zone = (const uint8_t *)"";
    if (n->upstreams) {
        wr_upstream_route(n->upstreams, name, &zone);
    }
    return zone;
}

bool wr_nsecache_reaches(const struct wr_nsecache *n, const uint8_t *above, const uint8_t *name)
{
    const struct wr_anchor *anchor = anchor_above(n, name);
    bool anchored =
        anchor && (anchor->negative || wr_name_labels(anchor->name.wire) > wr_name_labels(above));
    return !anchored && wr_name_equal(route_of(n, above), route_of(n, name));
}

bool wr_nsecache_cuts(const struct wr_nsecache *n, uint8_t security)
{
    if (!n->settings || n->settings->nxdomain_cut == WR_NXDOMAIN_CUT_OFF) {
        return false;
    }
    return n->settings->nxdomain_cut == WR_NXDOMAIN_CUT_ALWAYS || security == WR_SECURITY_SECURE;
}

/* --- learning ----------------------------------------------------------------------------------- */

static uint32_t soa_minimum(const struct wr_rrset *soa)
{
    struct wr_rrset_walk walk = wr_rrset_walk(soa);
    const uint8_t *rdata;
    uint16_t size;
    if (!wr_rrset_next(&walk, &rdata, &size) || size < 4) {
        return 0;
    }
    const uint8_t *m = rdata + size - 4;
    return (uint32_t)m[0] << 24 | (uint32_t)m[1] << 16 | (uint32_t)m[2] << 8 | m[3];
}

static void keep(struct wr_nsecache *n, const uint8_t *owner, const struct wr_rrset *set,
                 uint32_t ttl, uint32_t now_s)
{
    struct wr_cache_key key;
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET,
                               .flags = WR_CACHE_WITH_SIGS,
                               .security = WR_SECURITY_SECURE,
                               .rank = set->rank,
                               .ede = WR_EDE_NONE,
                               .stored_s = now_s,
                               .ttl = ttl,
                               .rrset = *set};
    e.rrset.owner = owner;
    wr_cache_key_init(n->cache, owner, set->type, WR_SCOPE_PROVEN, &key);
    if (ttl > 0) {
        (void)wr_cache_put(n->cache, &key, now_s, &e);
    }
}

/* The negative TTL of the zone where the answer tells it; else no bound, and the SOA that is found later bounds what is made. */
static uint32_t negative_ttl(const struct wr_chain *ch, const uint8_t *zone)
{
    for (uint8_t i = 0; i < ch->ask.authorities; i++) {
        const struct wr_rrset *set = &ch->ask.authority[i];
        if (set->type == WR_TYPE_SOA && wr_name_equal(set->owner, zone)) {
            uint32_t minimum = soa_minimum(set);
            return minimum < set->ttl ? minimum : set->ttl;
        }
    }
    return UINT32_MAX;
}

/* What stands at a wildcard serves for other names; what says something of zones does not. */
static bool may_be_expanded(uint16_t type)
{
    return type != WR_TYPE_SOA && type != WR_TYPE_NS && type != WR_TYPE_DNAME &&
           type != WR_TYPE_DS && type != WR_TYPE_NSEC && type != WR_TYPE_NSEC3 &&
           type != WR_TYPE_DNSKEY && !wr_codes_type_is_meta(type);
}

static bool wildcard_below(const uint8_t *name, unsigned labels, struct wr_name *ret_name)
{
    static const uint8_t star[] = {1, '*'};
    unsigned own = wr_name_labels(name);
    return labels <= own &&
           wr_name_prepend(star, wr_name_skip_labels(name, own - labels), ret_name) == WR_OK;
}

static void learn_wildcards(struct wr_nsecache *n, const struct wr_chain *ch,
                            const struct wr_ttl_policy *ttl, uint32_t now_s)
{
    for (uint8_t i = 0; i < ch->ask.answers; i++) {
        const struct wr_rrset *set = &ch->ask.answer[i];
        const struct wr_chain_note *note = &ch->answer_notes[i];
        struct wr_name wildcard;
        if (note->proven && note->expanded && set->security == WR_SECURITY_SECURE &&
            may_be_expanded(set->type) && wildcard_below(set->owner, note->sig_labels, &wildcard)) {
            uint32_t most = wr_ttl_positive(ttl, wildcard.wire, set->ttl);
            keep(n, wildcard.wire, set, most < set->ttl ? most : set->ttl, now_s);
        }
    }
}

/* No floor of the owner's makes a range live longer than its signer wants. */
static void put_range(struct wr_nsecache *n, const uint8_t *zone, const struct wr_rrset *set,
                      uint32_t set_ttl, const struct wr_ttl_policy *ttl, uint32_t now_s)
{
    uint32_t most = wr_ttl_negative(ttl, set->owner, set_ttl);
    (void)wr_ranges_put(&n->ranges, zone, set, now_s, most < set_ttl ? most : set_ttl);
}

void wr_nsecache_learn(struct wr_nsecache *n, const struct wr_chain *ch,
                       const struct wr_ttl_policy *ttl, uint32_t now_s)
{
    if (!is_active(n) || ch->verdict.security != WR_SECURITY_SECURE) {
        return;
    }
    for (uint8_t i = 0; i < ch->ask.authorities; i++) {
        const struct wr_rrset *set = &ch->ask.authority[i];
        const uint8_t *zone = wr_rrset_prover(set);
        if (!zone) {
            continue;
        }
        if (set->type == WR_TYPE_SOA && wr_name_equal(set->owner, zone)) {
            uint32_t told = negative_ttl(ch, zone), most = wr_ttl_negative(ttl, zone, told);
            keep(n, zone, set, most < told ? most : told, now_s);
        } else if (set->type == WR_TYPE_NSEC || set->type == WR_TYPE_NSEC3) {
            uint32_t most = negative_ttl(ch, zone);
            put_range(n, zone, set, most < set->ttl ? most : set->ttl, ttl, now_s);
        }
    }
    learn_wildcards(n, ch, ttl, now_s);
}

void wr_nsecache_learn_range(struct wr_nsecache *n, const uint8_t *zone, const struct wr_rrset *set,
                             uint32_t set_ttl, const struct wr_ttl_policy *ttl, uint32_t now_s)
{
    if (is_active(n)) {
        put_range(n, zone, set, set_ttl, ttl, now_s);
    }
}

/* --- finding ------------------------------------------------------------------------------------ */

/* What may answer one question. */
struct find {
    struct wr_nsecache *n;
    const struct wr_nsecache_ask *ask;
    wr_id id;
    const uint8_t *zone;
    struct wr_rrset proof[3];
    uint8_t proofs;
    uint8_t cover;     /* which of them denies the name, or the next closer one */
    bool exists;       /* the name has a record of its own */
    unsigned encloser; /* labels of the closest name above that exists */
    struct wr_denial denial;
    struct wr_dnssec_work work;
};

static void add_proof(struct find *f, const struct wr_rrset *set)
{
    for (unsigned i = 0; i < f->proofs; i++) {
        if (f->proof[i].type == set->type && wr_name_equal(f->proof[i].owner, set->owner)) {
            return;
        }
    }
    f->proof[f->proofs++] = *set;
}

static bool gather_nsec(struct find *f)
{
    struct wr_rrset set;
    struct wr_nsec nsec;
    struct wr_name wildcard;
    const uint8_t *name = f->ask->name, *rdata;
    uint16_t size;
    if (!wr_ranges_before(&f->n->ranges, f->id, name, f->ask->now_s, &set)) {
        return false;
    }
    struct wr_rrset_walk walk = wr_rrset_walk(&set);
    if (!wr_rrset_next(&walk, &rdata, &size) ||
        wr_nsec_view(set.owner, rdata, size, f->zone, &nsec)) {
        return false;
    }
    add_proof(f, &set);
    f->exists = wr_name_equal(set.owner, name);
    if (f->exists || wr_name_in(nsec.next, name)) {
        return true;
    }
    unsigned a = wr_name_common(name, nsec.owner), b = wr_name_common(name, nsec.next);
    f->encloser = a > b ? a : b;
    if (!wr_nsec_covers(&nsec, name)) {
        return false;
    }
    if (wildcard_below(name, f->encloser, &wildcard) &&
        wr_ranges_before(&f->n->ranges, f->id, wildcard.wire, f->ask->now_s, &set)) {
        add_proof(f, &set);
    }
    return true;
}

static bool find_hash(struct find *f, const struct wr_ranges_zone *z, const uint8_t *name,
                      uint32_t *budget, struct wr_rrset *ret_set, bool *ret_same)
{
    uint8_t hash[WR_NSEC3_HASH_SIZE];
    struct wr_nsec3 view;
    const uint8_t *rdata;
    uint16_t size;
    uint32_t blocks = wr_nsec3_blocks(name, z->salt_size, z->iterations);
    if (blocks > *budget || wr_nsec3_hash(name, z->salt, z->salt_size, z->iterations, hash)) {
        *budget = 0;
        return false;
    }
    *budget -= blocks;
    if (!wr_ranges_before_hash(&f->n->ranges, f->id, hash, f->ask->now_s, ret_set)) {
        return false;
    }
    struct wr_rrset_walk walk = wr_rrset_walk(ret_set);
    if (!wr_rrset_next(&walk, &rdata, &size) ||
        wr_nsec3_view(ret_set->owner, rdata, size, f->zone, &view)) {
        return false;
    }
    *ret_same = memcmp(view.owner, hash, sizeof(hash)) == 0;
    return true;
}

/* From the name upwards to the first that exists: that one, the one below it denied, and the wildcard. */
static bool gather_nsec3(struct find *f)
{
    const struct wr_ranges_zone *z = wr_ranges_zone_of(&f->n->ranges, f->id);
    unsigned labels = wr_name_labels(f->ask->name), above = wr_name_labels(f->zone);
    uint32_t budget = WR_NSECACHE_BLOCKS_MAX;
    struct wr_rrset set, denier = {0};
    struct wr_name wildcard;
    bool same = false, denied = false;
    if (z->hashed == 0 || z->iterations > f->n->settings->policy.nsec3_iterations) {
        return false;
    }
    for (unsigned skip = 0; skip <= labels - above && budget > 0; skip++) {
        const uint8_t *name = wr_name_skip_labels(f->ask->name, skip);
        bool found = find_hash(f, z, name, &budget, &set, &same);
        if (found && same) {
            add_proof(f, &set);
            f->exists = skip == 0;
            f->encloser = labels - skip;
            break;
        }
        denied = found;
        denier = set;
    }
    if (f->exists || f->proofs == 0 || !denied) {
        return f->exists;
    }
    f->cover = f->proofs;
    add_proof(f, &denier);
    f->cover = f->cover < f->proofs ? f->cover : 0;
    if (wildcard_below(f->ask->name, f->encloser, &wildcard) &&
        find_hash(f, z, wildcard.wire, &budget, &set, &same)) {
        add_proof(f, &set);
    }
    return true;
}

static void start_denial(struct find *f)
{
    wr_denial_start(&f->denial, f->zone, f->ask->name, &f->n->settings->policy);
    for (unsigned i = 0; i < f->proofs; i++) {
        wr_denial_add(&f->denial, &f->proof[i]);
    }
}

enum question { NO_DATA, NO_NAME, EXPANDED };

static bool is_proven(struct find *f, enum question what)
{
    enum wr_proof got = WR_PROOF_AGAIN;
    for (unsigned turn = 0; turn < WR_NSECACHE_TURNS_MAX && got == WR_PROOF_AGAIN; turn++) {
        switch (what) {
        case NO_DATA: got = wr_denial_nodata(&f->denial, f->ask->type, &f->work); break;
        case NO_NAME: got = wr_denial_nxdomain(&f->denial, &f->work); break;
        case EXPANDED: got = wr_denial_expansion(&f->denial, f->encloser, &f->work); break;
        }
    }
    return got == WR_PROOF_SECURE;
}

/* --- the answer --------------------------------------------------------------------------------- */

static bool copy_set(struct wr_arena *arena, const struct wr_rrset *from, uint32_t ttl,
                     struct wr_rrset *ret)
{
    *ret = *from;
    ret->owner = wr_arena_copy(arena, from->owner, wr_name_size(from->owner));
    ret->data = wr_arena_copy(arena, from->data, from->size);
    ret->ttl = ttl;
    return ret->owner && ret->data;
}

/* A set that was learnt; its octets lie in the scratch. */
static bool get_kept(const struct find *f, const uint8_t *owner, uint16_t type,
                     struct wr_rrset *ret_set)
{
    struct wr_cache_key key;
    struct wr_cache_entry e;
    wr_cache_key_init(f->n->cache, owner, type, WR_SCOPE_PROVEN, &key);
    if (wr_cache_get(f->n->cache, &key, f->ask->now_s, false, f->ask->scratch, &e) ||
        e.kind != WR_CACHE_RRSET || e.ttl_left <= 0 || e.security != WR_SECURITY_SECURE) {
        return false;
    }
    *ret_set = e.rrset;
    ret_set->owner = owner;
    ret_set->ttl = (uint32_t)e.ttl_left;
    return true;
}

static uint32_t least(const struct find *f, uint32_t ttl)
{
    for (unsigned i = 0; i < f->proofs; i++) {
        ttl = f->proof[i].ttl < ttl ? f->proof[i].ttl : ttl;
    }
    return ttl;
}

static bool add_authority(struct wr_answer *a, struct wr_arena *arena, const struct wr_rrset *set,
                          uint32_t ttl)
{
    for (unsigned i = 0; i < a->authorities; i++) {
        if (a->authority[i].type == set->type && wr_name_equal(a->authority[i].owner, set->owner)) {
            return true;
        }
    }
    if (a->authorities == WR_ANSWER_SETS_MAX ||
        !copy_set(arena, set, ttl, &a->authority[a->authorities])) {
        return false;
    }
    a->authorities++;
    return true;
}

/* The SOA bounds all that is made (RFC 8198 section 5.4), and what the owner wants for such a name. 0: there is none. */
static uint32_t bound(const struct find *f, struct wr_rrset *ret_soa)
{
    if (!get_kept(f, f->zone, WR_TYPE_SOA, ret_soa)) {
        return 0;
    }
    uint32_t minimum = soa_minimum(ret_soa);
    uint32_t ttl = least(f, minimum < ret_soa->ttl ? minimum : ret_soa->ttl);
    uint32_t most = wr_ttl_negative(f->ask->ttl, f->ask->name, ttl);
    return most < ttl ? most : ttl;
}

static bool deny(const struct find *f, struct wr_arena *arena, bool nxdomain, struct wr_answer *a)
{
    struct wr_rrset soa;
    uint32_t ttl = bound(f, &soa);
    if (ttl == 0 || !add_authority(a, arena, &soa, ttl)) {
        return false;
    }
    for (unsigned i = 0; i < f->proofs; i++) {
        if (!add_authority(a, arena, &f->proof[i], ttl)) {
            return false;
        }
    }
    a->rcode = nxdomain ? WR_RCODE_NXDOMAIN : WR_RCODE_NOERROR;
    a->ttl = ttl < a->ttl ? ttl : a->ttl;
    return true;
}

static bool expand(const struct find *f, struct wr_arena *arena, struct wr_answer *a,
                   bool *ret_last)
{
    struct wr_rrset soa, set;
    struct wr_name wildcard;
    uint32_t ttl = bound(f, &soa);
    if (ttl == 0 || a->answers == WR_ANSWER_SETS_MAX ||
        !wildcard_below(f->ask->name, f->encloser, &wildcard) ||
        (!get_kept(f, wildcard.wire, f->ask->type, &set) &&
         !get_kept(f, wildcard.wire, WR_TYPE_CNAME, &set))) {
        return false;
    }
    ttl = set.ttl < ttl ? set.ttl : ttl;
    set.owner = f->ask->name;
    if (!copy_set(arena, &set, ttl, &a->answer[a->answers]) ||
        !add_authority(a, arena, &f->proof[f->cover], ttl)) {
        return false;
    }
    a->answers++;
    a->ttl = ttl < a->ttl ? ttl : a->ttl;
    *ret_last = set.type == f->ask->type;
    return true;
}

static bool make(struct find *f, struct wr_arena *arena, struct wr_answer *a, bool *ret_last)
{
    start_denial(f);
    *ret_last = true;
    if (is_proven(f, NO_DATA)) {
        return deny(f, arena, false, a);
    }
    if (f->exists) {
        return false;
    }
    if (is_proven(f, NO_NAME)) {
        return deny(f, arena, true, a);
    }
    return is_proven(f, EXPANDED) && expand(f, arena, a, ret_last);
}

bool wr_nsecache_find(struct wr_nsecache *n, const struct wr_nsecache_ask *ask,
                      struct wr_arena *arena, struct wr_answer *a, bool *ret_last)
{
    bool above = ask->type == WR_TYPE_DS; /* the parent's to say (RFC 4035 section 2.4) */
    if (n->ranges.count == 0 || !is_active(n) || wr_codes_type_is_meta(ask->type) ||
        ask->type == WR_TYPE_ANY || ask->type == WR_TYPE_RRSIG || ask->type == WR_TYPE_NSEC ||
        ask->type == WR_TYPE_NSEC3 || (above && ask->name[0] == 0)) {
        return false;
    }
    const uint8_t *place = wr_name_skip_labels(ask->name, above);
    struct find f = {.n = n, .ask = ask, .id = wr_ranges_zone(&n->ranges, place)};
    if (!f.id) {
        return false;
    }
    f.zone = wr_ranges_zone_of(&n->ranges, f.id)->name.wire;
    const struct wr_anchor *anchor = anchor_above(n, place);
    if (!anchor || !wr_nsecache_reaches(n, f.zone, place)) {
        return false;
    }
    unsigned answers = a->answers, authorities = a->authorities;
    if (gather_nsec(&f) && make(&f, arena, a, ret_last)) {
        return true;
    }
    f.proofs = 0;
    f.cover = 0;
    f.exists = false;
    a->answers = (uint8_t)answers;
    a->authorities = (uint8_t)authorities;
    if (gather_nsec3(&f) && make(&f, arena, a, ret_last)) {
        return true;
    }
    a->answers = (uint8_t)answers;
    a->authorities = (uint8_t)authorities;
    return false;
}
