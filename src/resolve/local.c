/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/local.h"

#include "base/limits.h"
#include "dns/codes.h"
#include "resolve/local_state.h"

/* Where the descent ended. */
struct descent {
    const struct wr_local_node *node;  /* the closest encloser, or the name itself */
    const struct wr_local_apex *zone;  /* the deepest that holds the name, or NULL */
    const struct wr_local_apex *outer; /* the zone above that one, or NULL */
    const struct wr_local_node *dname;
    bool exact, cut, at_apex;
};

static void descend(const struct wr_local *l, const uint8_t *name, uint16_t type, uint32_t segments,
                    struct descent *d)
{
    uint8_t at[WR_NAME_LABELS_MAX + 1];
    unsigned labels = 0;
    for (size_t pos = 0; name[pos] != 0; pos += 1u + name[pos]) {
        at[labels++] = (uint8_t)pos;
    }
    *d = (struct descent){.node = &l->node[0], .exact = labels == 0};
    for (unsigned i = labels + 1; i-- > 0;) {
        const uint8_t *suffix = i == labels ? (const uint8_t *)"" : name + at[i];
        const struct wr_local_node *n =
            i == labels ? d->node : wr_local_node_of(l, suffix, wr_name_hash(&l->key, suffix));
        if (!n || (n->segments & segments) == 0) {
            return;
        }
        d->node = n;
        d->exact = i == 0;
        d->at_apex = n->zone != 0;
        if (n->zone != 0) {
            d->outer = d->zone;
            d->zone = &l->zone[n->zone - 1];
        } else if (n->cut && !(d->exact && type == WR_TYPE_DS)) {
            d->cut = true;
            return;
        }
        if (n->dname && i > 0) {
            d->dname = n;
            return;
        }
    }
}

/* The set of the type, or of CNAME; `*ret_any`: somebody asks here and something is there. */
static const struct wr_local_set *pick(const struct wr_local *l, const struct wr_local_node *n,
                                       uint16_t type, uint32_t segments, bool *ret_any)
{
    const struct wr_local_set *alias = NULL;
    *ret_any = false;
    for (uint32_t i = 0; i < n->sets; i++) {
        const struct wr_local_set *s = &l->set[n->set + i];
        if ((s->segments & segments) == 0) {
            continue;
        }
        *ret_any = true;
        if (s->rr.type == type) {
            return s;
        }
        if (s->rr.type == WR_TYPE_CNAME) {
            alias = s;
        }
    }
    return alias;
}

static void deny(const struct wr_local_apex *z, enum wr_local_verdict verdict,
                 struct wr_local_hit *hit)
{
    hit->verdict = (uint8_t)verdict;
    if (z) {
        hit->has_soa = z->has_soa;
        hit->soa = z->soa;
        hit->ede = z->ede;
        hit->ede_text = z->ede_text;
    }
}

static void give(const struct wr_local_set *s, const uint8_t *owner, uint16_t type,
                 struct wr_local_hit *hit)
{
    hit->set = s->rr;
    hit->set.owner = owner;
    hit->verdict = s->rr.type == type ? WR_LOCAL_HIT_DATA : WR_LOCAL_HIT_ALIAS;
}

/* What a node that stands for `name` says: itself, or the wildcard that matches. */
static void answer_from(const struct wr_local *l, const struct wr_local_node *n,
                        const struct wr_local_apex *z, const uint8_t *name, uint16_t type,
                        uint32_t segments, struct wr_local_hit *hit)
{
    bool any;
    const struct wr_local_set *s = pick(l, n, type, segments, &any);
    bool closed = z && z->kind != WR_LOCAL_TRANSPARENT;
    if (type == WR_TYPE_ANY && (any || closed)) {
        return;
    }
    if (s) {
        give(s, name, type, hit);
    } else if (any || closed) {
        deny(z, WR_LOCAL_HIT_NODATA, hit);
    }
}

static void answer_missing(const struct wr_local *l, const struct descent *d, const uint8_t *name,
                           uint16_t type, uint32_t segments, struct wr_local_hit *hit)
{
    const struct wr_local_node *star = d->node->star ? &l->node[d->node->star - 1] : NULL;
    if (star && (star->segments & segments) != 0) {
        answer_from(l, star, d->zone, name, type, segments, hit);
    } else if (d->zone && d->zone->kind == WR_LOCAL_NODATA) {
        deny(d->zone, WR_LOCAL_HIT_NODATA, hit);
    } else if (d->zone && d->zone->kind == WR_LOCAL_AUTHORITATIVE) {
        deny(d->zone, WR_LOCAL_HIT_NXDOMAIN, hit);
    }
}

/* DS belongs to the parent: to the zone around this one when that is ours too, else to upstreams. */
static bool ask_parent(const struct descent *d, uint16_t type, struct wr_local_hit *hit)
{
    if (type != WR_TYPE_DS || !d->exact || !d->at_apex || !d->zone || !d->zone->parent_has_ds) {
        return false;
    }
    if (d->outer && d->outer->kind != WR_LOCAL_TRANSPARENT) {
        deny(d->outer, WR_LOCAL_HIT_NODATA, hit);
    }
    return true;
}

const struct wr_rrset *wr_local_glue(const struct wr_local *local, const uint8_t *name,
                                     uint16_t type)
{
    const struct wr_local_node *n =
        local ? wr_local_node_of(local, name, wr_name_hash(&local->key, name)) : NULL;
    bool any;
    const struct wr_local_set *s = n ? pick(local, n, type, WR_LOCAL_EVERYONE, &any) : NULL;
    return s && s->rr.type == type ? &s->rr : NULL;
}

void wr_local_find(const struct wr_local *local, const uint8_t *name, uint16_t type,
                   uint32_t segments, struct wr_local_hit *ret_hit)
{
    struct descent d;
    ret_hit->verdict = WR_LOCAL_HIT_PASS;
    ret_hit->has_soa = ret_hit->cut = false;
    ret_hit->ede = WR_EDE_NONE;
    ret_hit->ede_text = NULL;
    if (!local) {
        return;
    }
    descend(local, name, type, segments, &d);
    if (d.cut) {
        const struct wr_rrset *ns = wr_local_glue(local, d.node->name, WR_TYPE_NS);
        ret_hit->cut = ns != NULL;
        ret_hit->set = ns ? *ns : ret_hit->set;
    } else if (d.zone && d.zone->kind == WR_LOCAL_UNAVAILABLE) {
        if (!ask_parent(&d, type, ret_hit)) {
            deny(d.zone, WR_LOCAL_HIT_FAILED, ret_hit);
        }
    } else if (d.zone && d.zone->kind == WR_LOCAL_NXDOMAIN) {
        deny(d.zone, WR_LOCAL_HIT_NXDOMAIN, ret_hit);
    } else if (ask_parent(&d, type, ret_hit)) {
        return;
    } else if (d.dname) {
        bool any;
        const struct wr_local_set *s = pick(local, d.dname, WR_TYPE_DNAME, segments, &any);
        if (s && s->rr.type == WR_TYPE_DNAME) {
            give(s, d.dname->name, WR_TYPE_DNAME, ret_hit);
            ret_hit->verdict = WR_LOCAL_HIT_DNAME;
        }
    } else if (d.exact) {
        answer_from(local, d.node, d.zone, name, type, segments, ret_hit);
    } else {
        answer_missing(local, &d, name, type, segments, ret_hit);
    }
}

bool wr_local_owns(const struct wr_local *local, const uint8_t *name, uint16_t type)
{
    struct wr_local_hit hit;
    wr_local_find(local, name, type, WR_LOCAL_EVERYONE, &hit);
    return hit.verdict != WR_LOCAL_HIT_PASS;
}

uint32_t wr_local_cuts(const struct wr_local *local,
                       void (*each)(void *user, const uint8_t *zone, const struct wr_rrset *ns),
                       void *user)
{
    uint32_t count = 0;
    for (uint32_t i = 0; local && i < local->nodes; i++) {
        const struct wr_local_node *n = &local->node[i];
        struct descent d;
        if (!n->cut) {
            continue;
        }
        descend(local, n->name, WR_TYPE_NS, WR_LOCAL_EVERYONE, &d);
        if (!d.cut || d.node != n) {
            continue; /* another delegation stands above it */
        }
        count++;
        if (each) {
            each(user, n->name, wr_local_glue(local, n->name, WR_TYPE_NS));
        }
    }
    return count;
}

uint32_t wr_local_names(const struct wr_local *local)
{
    return local ? local->names : 0;
}

uint32_t wr_local_zones(const struct wr_local *local)
{
    return local ? local->zones : 0;
}

size_t wr_local_used(const struct wr_local *local)
{
    return local ? local->used : 0;
}
