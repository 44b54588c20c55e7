/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/expansion.h"

#include "base/err.h"
#include "dns/codes.h"
#include "dnssec/rrsig.h"

bool wr_expansion_is(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    unsigned labels = set->sigs > 0 ? wr_rrsig_labels(set->owner) : 0;
    const uint8_t *rdata;
    uint16_t size;
    for (unsigned i = 0; i < (unsigned)set->records + set->sigs && set->sigs > 0; i++) {
        if (!wr_rrset_next(&walk, &rdata, &size)) {
            return false;
        }
        if (i >= set->records && size > 3 && rdata[3] < labels) {
            return true;
        }
    }
    return false;
}

static bool is_denial(const struct wr_rrset *set)
{
    return set->type == WR_TYPE_NSEC || set->type == WR_TYPE_NSEC3;
}

void wr_expansion_shorten(const struct wr_answer *a, struct wr_rrset *set)
{
    for (unsigned i = 0; i < a->authorities; i++) {
        const struct wr_rrset *proof = &a->authority[i];
        if (is_denial(proof) && set->security == WR_SECURITY_SECURE && proof->ttl < set->ttl) {
            set->ttl = proof->ttl;
        }
    }
}

unsigned wr_expansion_keep(struct wr_cache *c, const struct wr_question *q, uint32_t now_s,
                           struct wr_answer_room *room, const struct wr_answer *a,
                           const struct wr_rrset *set)
{
    struct wr_writer w;
    struct wr_cache_key key;
    struct wr_cache_entry e = {.kind = WR_CACHE_NODATA,
                               .flags = WR_CACHE_WITH_SIGS,
                               .ede = WR_EDE_NONE,
                               .ttl = set->ttl,
                               .stored_s = now_s,
                               .rank = set->rank,
                               .security = set->security};
    wr_buf_write_init(&w, room->scratch, WR_CACHE_SCRATCH_SIZE / 2);
    for (unsigned i = 0; i < a->authorities; i++) {
        if (is_denial(&a->authority[i])) {
            wr_rrset_put_flat(&w, &a->authority[i]);
            e.sets++;
        }
    }
    if (w.err || e.sets == 0 || set->ttl == 0) {
        return 0;
    }
    e.flat = w.base;
    e.flat_size = (uint32_t)w.pos;
    wr_cache_key_init(c, set->owner, set->type,
                      (uint16_t)(wr_question_scope(q) | WR_SCOPE_EXPANSION), &key);
    return wr_cache_put(c, &key, now_s, &e) == WR_E_BUSY;
}

bool wr_expansion_add(struct wr_cache *c, const struct wr_question *q, uint32_t now_s,
                      struct wr_answer_room *room, const struct wr_rrset *set, struct wr_answer *a)
{
    struct wr_cache_key key;
    struct wr_cache_entry e;
    wr_cache_key_init(c, set->owner, set->type,
                      (uint16_t)(wr_question_scope(q) | WR_SCOPE_EXPANSION), &key);
    return wr_cache_get(c, &key, now_s, false, room->scratch, &e) == WR_OK &&
           e.kind == WR_CACHE_NODATA && e.security >= set->security &&
           wr_answer_add_flat(room, &e, set->ttl, a);
}
