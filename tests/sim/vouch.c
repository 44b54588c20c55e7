/* SPDX-License-Identifier: Apache-2.0 */
/* See vouch.h. */
#include "vouch.h"

#include <string.h>

#include "world.h"

#define BOGUS_MEMORY_US (62 * WR_S) /* a zone whose keys prove nothing is bogus for a minute */

bool vouch_understood(const struct wire_msg *q)
{
    return q->edns.dnssec_ok || q->flags & FLAG_AD;
}

static bool is_good(const struct wire_msg *m)
{
    unsigned rcode = wire_rcode(m);
    return rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN;
}

static bool is_answer(const struct wire_msg *m)
{
    return is_good(m) && m->rrs;
}

/* Was the time unproven at some moment since the query came? */
static bool was_timeless(const struct world *w, const struct asked *a)
{
    return w->proven_us > a->fed_us;
}

bool vouch_must_fail(const struct world *w, const struct asked *a, const struct wire_msg *q)
{
    return w->secure.on && !(q->flags & FLAG_CD) && q->qtype != TYPE_ANY &&
           secure_verdict_of(&w->secure, &w->oracle, q->qname, q->qtype, was_timeless(w, a)) ==
               SECURE_IS_BOGUS;
}

bool vouch_spoilt(const struct world *w, const uint8_t *name)
{
    const struct secure *s = &w->secure;
    for (unsigned z = s->on ? secure_zone_of(s, name) : 0; z; z = s->zone[z].parent) {
        uint64_t at = s->zone[z].spoilt_us;
        if (at && at + BOGUS_MEMORY_US > w->clock.now.mono_us) {
            return true;
        }
    }
    return s->on && s->zone[0].spoilt_us &&
           s->zone[0].spoilt_us + BOGUS_MEMORY_US > w->clock.now.mono_us;
}

/* Was the time known at some moment since the query came? While it is not, nothing is called secure, whenever it was proven. */
static bool could_be_proven(const struct world *w, const struct asked *a)
{
    return w->proven_us != WR_TIME_NEVER || w->was_proven_us >= a->fed_us;
}

static bool has_ttl(const struct wire_msg *m, uint32_t ttl_s)
{
    for (unsigned i = 0; i < m->rrs; i++) {
        if (m->rr[i].ttl == ttl_s) {
            return true;
        }
    }
    return false;
}

static void judge_ad(struct world *w, const struct asked *a, const struct wire_msg *q,
                     const struct wire_msg *m, bool stale, const char *name)
{
    bool secure = q->qtype != TYPE_ANY && secure_verdict_of(&w->secure, &w->oracle, q->qname,
                                                            q->qtype, false) == SECURE_IS_SECURE;
    bool may = secure && !stale && is_good(m) && vouch_understood(q) && could_be_proven(w, a);
    /* Without EDNS a reply cannot say that it is stale, and what was heard since need not have been believed. */
    bool maybe_stale = !m->edns.present && has_ttl(m, w->gate.settings.ttl.stale_ttl_s);
    bool must = may && m->rrs && !maybe_stale && !(q->flags & FLAG_CD) && !(m->flags & FLAG_TC) &&
                !was_timeless(w, a);
    w->checks.vouched += (m->flags & FLAG_AD) != 0;
    if (m->flags & FLAG_AD && !may) {
        checks_fail(w, 2, "%s: AD, and it is %s", name,
                    !secure ? "not secure"
                    : stale ? "stale"
                            : "not proven, or nobody asked");
    } else if (!(m->flags & FLAG_AD) && must) {
        checks_fail(w, 2, "%s: no AD, and all of it is secure (EDE %d %s)", name, m->edns.ede,
                    m->edns.ede_text);
    }
}

/* ---- with DO: signatures and proofs ---- */

static bool has_signature(const struct wire_msg *m, const struct wire_rr *set, const uint8_t *rdata,
                          size_t size)
{
    for (unsigned i = 0; i < m->rrs; i++) {
        const struct wire_rr *rr = &m->rr[i];
        if (rr->type == TYPE_RRSIG && rr->section == set->section && rr->size == size &&
            wire_name_same(rr->owner, set->owner) && memcmp(rr->rdata, rdata, size) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_signatures(struct world *w, const struct wire_msg *m, const char *name)
{
    const struct secure *s = &w->secure;
    bool denial = false, proof = false, secure = false;
    for (unsigned i = 0, n; i < m->rrs; i += n) {
        const struct wire_rr *rr = &m->rr[i];
        uint8_t rdata[SIGN_RRSIG_MAX];
        for (n = 1; i + n < m->rrs && rr[n].type == rr->type && rr[n].section == rr->section &&
                    wire_name_same(rr[n].owner, rr->owner);
             n++) {
        }
        unsigned zone = secure_zone_of(s, rr->owner);
        bool whole = secure_verdict(s, zone, false) == SECURE_IS_SECURE;
        denial |= rr->section == WIRE_AUTHORITY && rr->type == TYPE_SOA;
        secure |= rr->type == TYPE_SOA && whole;
        proof |= rr->type == TYPE_NSEC;
        if (!whole || rr->type == TYPE_RRSIG || rr->type == TYPE_NSEC || rr->type == TYPE_SOA) {
            continue;
        }
        size_t size = secure_signature(s, &w->oracle, zone, rr, n, rdata);
        if (!has_signature(m, rr, rdata, size)) {
            checks_fail(w, 2, "%s: a set of type %u without its signature", name, rr->type);
        }
    }
    if (denial && secure && !proof) {
        checks_fail(w, 2, "%s: a denial without its proof", name);
    }
}

void vouch_judge(struct world *w, const struct asked *a, const struct wire_msg *q,
                 const struct wire_msg *m, bool stale, const char *name)
{
    if (!w->secure.on || a->outsider) {
        return;
    }
    judge_ad(w, a, q, m, stale, name);
    if (vouch_must_fail(w, a, q)) {
        w->checks.bogus += wire_rcode(m) == RCODE_SERVFAIL;
        if (is_answer(m)) {
            checks_fail(w, 2, "%s: rcode %u with %u records, and it is bogus", name, wire_rcode(m),
                        m->rrs);
        }
    }
    if (q->edns.dnssec_ok && !(q->flags & FLAG_CD) && !(m->flags & FLAG_TC) && is_answer(m) &&
        q->qtype != TYPE_ANY) {
        judge_signatures(w, m, name);
    }
}
