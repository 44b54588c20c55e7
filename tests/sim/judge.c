/* SPDX-License-Identifier: Apache-2.0 */
/* See judge.h. */
#include "judge.h"

#include <stdio.h>
#include <string.h>

#include "vouch.h"
#include "world.h"

#define EDE_STALE    3
#define EDE_STALE_NX 19
#define SERVER_SIZE  1232

struct judgement {
    struct world *w;
    const struct asked *a;
    struct wire_msg *m, *q;
    bool stale;
    bool recent; /* what is judged ran out no longer ago than a query may take */
    char name[300];
};

static void apply_plant(struct world *w, const struct wire_msg *q, struct wire_msg *m, size_t *size,
                        bool udp)
{
    for (unsigned i = 0; i < m->rrs; i++) {
        if (m->rr[i].section != WIRE_ANSWER) {
            continue;
        }
        if (m->rr[i].type == TYPE_A && checks_plant(w, PLANT_FORGED)) {
            ((uint8_t *)m->store)[m->rr[i].rdata - m->store] ^= 0x55;
        }
        if (m->rr[i].ttl && checks_plant(w, PLANT_TTL)) {
            m->rr[i].ttl += 100000;
        }
    }
    if (m->rrs && m->rr[0].section == WIRE_ANSWER && m->rr[0].type == TYPE_A &&
        checks_plant(w, PLANT_DENIED)) {
        m->rrs = 0;
        m->flags |= RCODE_NXDOMAIN;
    }
    if (udp && checks_plant(w, PLANT_SIZE)) {
        *size += 5000;
    }
    if (w->secure.on && vouch_understood(q) && wire_rcode(m) == RCODE_NOERROR && m->rrs) {
        if (!(m->flags & FLAG_AD) && checks_plant(w, PLANT_VOUCHED)) {
            m->flags |= FLAG_AD;
        }
        if (m->flags & FLAG_AD && checks_plant(w, PLANT_SILENT)) {
            m->flags &= (uint16_t)~FLAG_AD;
        }
    }
    if (checks_plant(w, PLANT_SHAPE)) {
        m->qtype ^= 1;
    }
}

/* ---- 9: the shape ---- */

static void judge_shape(struct judgement *j, size_t size)
{
    const struct wire_msg *m = j->m, *q = j->q;
    struct world *w = j->w;
    size_t most = q->edns.present && q->edns.udp_size > 512 ? q->edns.udp_size : 512;
    most = most > SERVER_SIZE ? SERVER_SIZE : most;
    if (!wire_name_same_octets(m->qname, q->qname) || m->qtype != q->qtype ||
        m->qclass != q->qclass) {
        checks_fail(w, 9, "%s: a reply to another question", j->name);
    }
    if (!(m->flags & FLAG_QR) || (m->flags ^ q->flags) & (FLAG_RD | FLAG_CD | 0x7800) ||
        (m->flags & FLAG_AD && !w->secure.on) || m->flags & FLAG_Z) {
        checks_fail(w, 9, "%s: flags %04x to a query with %04x", j->name, m->flags, q->flags);
    }
    if (!j->a->outsider && !(m->flags & FLAG_RA)) {
        checks_fail(w, 9, "%s: no RA", j->name);
    }
    if (j->a->client.transport == WR_CLIENT_UDP && size > most) {
        checks_fail(w, 9, "%s: %zu octets to a client that takes %zu", j->name, size, most);
    }
    if (m->edns.present && !q->edns.present) {
        checks_fail(w, 9, "%s: EDNS to a client that sent none", j->name);
    }
    if (m->edns.ecs) {
        checks_fail(w, 9, "%s: a client subnet in the reply", j->name);
    }
    if (m->edns.cookie_size &&
        (q->edns.cookie_size < 8 || memcmp(m->edns.cookie, q->edns.cookie, 8) != 0)) {
        checks_fail(w, 9, "%s: not the client's cookie", j->name);
    }
    if (j->a->outsider && (wire_rcode(m) != RCODE_REFUSED || m->rrs || size > j->a->size)) {
        checks_fail(w, 9, "%s: an outsider gets rcode %u and %zu octets for %u", j->name,
                    wire_rcode(m), size, j->a->size);
    }
}

/* ---- 2: the truth ---- */

static bool says_stale(const struct judgement *j)
{
    const struct wire_edns *e = &j->m->edns;
    return e->ede == EDE_STALE || e->ede == EDE_STALE_NX;
}

static void judge_verdict(struct judgement *j, enum oracle_verdict v, const char *what,
                          uint32_t ttl)
{
    struct world *w = j->w;
    const struct wr_ttl_policy *p = &w->gate.settings.ttl;
    /* What it heard later it may have had a reason not to believe: an older answer may still be marked stale. */
    bool marked = p->stale && ttl == p->stale_ttl_s && (says_stale(j) || !j->m->edns.present);
    switch (v) {
    case ORACLE_UNSAID:
        checks_fail(w, 2, "%s: %s was never said by who may say it", j->name, what);
        break;
    case ORACLE_TOO_LONG:
        j->stale |= marked;
        if (!marked) {
            checks_fail(w, 2, "%s: %s with TTL %u lives longer than said", j->name, what, ttl);
        }
        break;
    case ORACLE_STALE:
        if (ttl == 0 && j->recent) {
            break; /* a link of a chain that ran out while the rest was fetched */
        }
        j->stale = true;
        if (!p->stale || ttl > p->stale_ttl_s) {
            checks_fail(w, 2, "%s: %s is stale, with TTL %u", j->name, what, ttl);
        } else if (j->m->edns.present && !says_stale(j)) {
            checks_fail(w, 2, "%s: %s is stale and does not say so", j->name, what);
        }
        break;
    case ORACLE_FRESH: break;
    }
}

/* Judges the RRset of `owner` and `type` in the answer section; false: there is none. */
static bool judge_set(struct judgement *j, const uint8_t *owner, uint16_t type, unsigned *seen,
                      const uint8_t **ret_rdata)
{
    const struct wire_msg *m = j->m;
    char what[64], type_text[24];
    for (unsigned i = 0; i < m->rrs; i++) {
        if (m->rr[i].section != WIRE_ANSWER || m->rr[i].type != type ||
            !wire_name_same(m->rr[i].owner, owner)) {
            continue;
        }
        unsigned n = 1;
        enum oracle_verdict v =
            oracle_judge_set(&j->w->oracle, m, i, m->rr[i].ttl, j->w->clock.now.mono_us, &n);
        uint64_t before_us = j->w->clock.now.mono_us - j->w->gate.settings.query_timeout_ms * WR_MS;
        j->recent = oracle_judge_set(&j->w->oracle, m, i, 0, before_us, &n) == ORACLE_FRESH;
        wire_type_text(type, type_text, sizeof type_text);
        snprintf(what, sizeof what, "an RRset of %u %s", n, type_text);
        judge_verdict(j, v, what, m->rr[i].ttl);
        for (unsigned k = i; k < i + n; k++) {
            if (m->rr[k].ttl != m->rr[i].ttl) {
                checks_fail(j->w, 2, "%s: one RRset with two TTLs", j->name);
            }
        }
        *seen += n;
        *ret_rdata = m->rr[i].rdata;
        return true;
    }
    return false;
}

/* What is known of that there is no such type, or, type 0, no such name. Whoever proves answers takes from the proof that one type is not
 * there that others are not either (RFC 8198). */
static enum oracle_verdict look_at_denial(const struct judgement *j, const uint8_t *name,
                                          uint16_t type, uint32_t ttl, uint64_t now_us)
{
    /* The name may be denied with all its types. */
    static const uint16_t types[] = {0, TYPE_A, TYPE_AAAA, TYPE_TXT, TYPE_CNAME, TYPE_DS, 65};
    const struct oracle *o = &j->w->oracle;
    enum oracle_verdict best = oracle_judge_denial(o, name, type, ttl, now_us);
    int i = oracle_find(o, name);
    bool implied = j->w->secure.on && i >= 0 && !oracle_count(o, (unsigned)i, type) &&
                   !oracle_count(o, (unsigned)i, TYPE_CNAME);
    for (unsigned k = 0; type && k < (implied ? 7 : 1) && best != ORACLE_FRESH; k++) {
        enum oracle_verdict v = oracle_judge_denial(o, name, types[k], ttl, now_us);
        best = v > best ? v : best;
    }
    return best;
}

static void judge_denial(struct judgement *j, const uint8_t *name, uint16_t type)
{
    const struct wire_msg *m = j->m;
    uint32_t ttl = 0;
    for (unsigned i = 0; i < m->rrs; i++) {
        if (m->rr[i].section == WIRE_AUTHORITY && m->rr[i].type == TYPE_SOA) {
            ttl = m->rr[i].ttl;
            if (!wire_name_below(name, m->rr[i].owner)) {
                checks_fail(j->w, 2, "%s: the SOA of another zone", j->name);
            }
        }
    }
    char what[64];
    snprintf(what, sizeof what, type ? "that there is no type %u" : "that there is no such name",
             type);
    uint64_t now_us = j->w->clock.now.mono_us;
    uint64_t before_us = now_us - j->w->gate.settings.query_timeout_ms * WR_MS;
    enum oracle_verdict v = look_at_denial(j, name, type, ttl, now_us);
    j->recent = look_at_denial(j, name, type, 0, before_us) == ORACLE_FRESH;
    judge_verdict(j, v, what, ttl);
}

static void judge_strays(struct judgement *j, unsigned seen)
{
    unsigned answers = 0;
    for (unsigned i = 0; i < j->m->rrs; i++) {
        const struct wire_rr *rr = &j->m->rr[i];
        bool proof = j->w->secure.on && j->q->edns.dnssec_ok && rr->section != WIRE_ADDITIONAL &&
                     (rr->type == TYPE_RRSIG || rr->type == TYPE_NSEC);
        answers += rr->section == WIRE_ANSWER && !proof;
        if (proof) {
            continue;
        }
        if (rr->section == WIRE_ADDITIONAL ||
            (rr->section == WIRE_AUTHORITY && rr->type != TYPE_SOA)) {
            checks_fail(j->w, 2, "%s: a record of type %u that nobody asked for", j->name,
                        rr->type);
        }
    }
    if (answers != seen) {
        checks_fail(j->w, 2, "%s: %u answer records, %u on the way", j->name, answers, seen);
    }
}

static void judge_truth(struct judgement *j)
{
    const struct wire_msg *m = j->m;
    const uint8_t *at = j->q->qname, *rdata = NULL;
    unsigned seen = 0, links = 0, rcode = wire_rcode(m);
    bool cut = m->flags & FLAG_TC;
    if (j->q->qtype == TYPE_ANY) {
        return; /* RFC 8482: the stories look at it */
    }
    if (j->w->forges && j->q->flags & FLAG_CD) {
        return; /* who wants nothing checked gets what was forged */
    }
    while (links++ < 20 && j->q->qtype != TYPE_CNAME &&
           judge_set(j, at, TYPE_CNAME, &seen, &rdata)) {
        at = rdata;
    }
    bool found = judge_set(j, at, j->q->qtype, &seen, &rdata);
    if (!found && !cut && (rcode == RCODE_NXDOMAIN || rcode == RCODE_NOERROR)) {
        judge_denial(j, at, rcode == RCODE_NXDOMAIN ? 0 : j->q->qtype);
    } else if (found && rcode != RCODE_NOERROR) {
        checks_fail(j->w, 2, "%s: records with rcode %u", j->name, rcode);
    }
    judge_strays(j, seen);
}

/* ---- 6: fresh again ---- */

/* Was this name, or one that it leads to, refused with an error so lately that the failure may be remembered? */
static bool may_remember(const struct judgement *j)
{
    const struct world *w = j->w;
    uint64_t memory_us = (w->gate.settings.ttl.failure_s + 2) * WR_S;
    int i = oracle_find(&w->oracle, j->q->qname);
    if (vouch_spoilt(w, j->q->qname)) {
        return true;
    }
    for (unsigned links = 0; i >= 0 && links < 12; links++) {
        if (vouch_spoilt(w, w->oracle.name[i].wire)) {
            return true;
        }
        if (w->erred_us[i] && w->erred_us[i] + memory_us > w->clock.now.mono_us) {
            return true;
        }
        if (w->oracle.name[i].kind == ORACLE_LOOP) {
            return true; /* never had an answer */
        }
        i = oracle_count(&w->oracle, (unsigned)i, TYPE_CNAME) ? (int)w->oracle.name[i].target : -1;
    }
    return false;
}

static void judge_calm(struct judgement *j)
{
    struct world *w = j->w;
    unsigned rcode = wire_rcode(j->m);
    bool answered = rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN;
    if (!(j->q->flags & FLAG_RD)) {
        return; /* only what is in the cache */
    }
    if (j->m->flags & FLAG_TC || j->q->qtype == TYPE_ANY || (answered && !j->stale)) {
        w->checks.calm_fresh++;
    } else if (vouch_must_fail(w, j->a, j->q) && rcode == RCODE_SERVFAIL) {
        w->checks.calm_fresh++; /* as it must be */
    } else if (may_remember(j)) {
        return;
    } else if (!answered) {
        checks_fail(w, 6, "%s: rcode %u, EDE %d %s, though the faults are over", j->name, rcode,
                    j->m->edns.ede, j->m->edns.ede_text);
    } else {
        checks_fail(w, 6, "%s: stale, though the faults are over", j->name);
    }
}

static void count_reply(struct judgement *j)
{
    struct checks *c = &j->w->checks;
    unsigned rcode = wire_rcode(j->m);
    c->truncated += (j->m->flags & FLAG_TC) != 0;
    c->refused += rcode == RCODE_REFUSED;
    c->failed += rcode == RCODE_SERVFAIL;
    if (rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN) {
        *(j->stale ? &c->stale : &c->fresh) += 1;
    }
}

void judge_reply(struct world *w, struct asked *a, const uint8_t *bytes, size_t size)
{
    struct judgement j = {.w = w, .a = a, .m = w->msg, .q = w->query};
    if (wire_read(j.m, bytes, size)) {
        checks_fail(w, 9, "a reply that breaks the format");
        return;
    }
    if (!(j.m->flags & FLAG_QR) || j.m->id != wire_u16(a->bytes)) {
        checks_fail(w, 9, "a reply that is none");
    }
    a->reply_size = (uint16_t)size;
    a->rcode = (uint16_t)wire_rcode(j.m);
    a->ede = (int16_t)j.m->edns.ede;
    a->ttl = j.m->rrs ? j.m->rr[0].ttl : 0;
    if (a->malformed) {
        if (wire_rcode(j.m) == RCODE_NOERROR && j.m->rrs) {
            checks_fail(w, 9, "a malformed query is answered");
        }
        return;
    }
    if (wire_read(j.q, a->bytes, a->size)) {
        return;
    }
    wire_name_text(j.q->qname, j.name, 200);
    snprintf(j.name + strlen(j.name), 32, " TYPE%u", j.q->qtype);
    apply_plant(w, j.q, j.m, &size, a->client.transport == WR_CLIENT_UDP);
    judge_shape(&j, size);
    if (!fence_judge(w, a, j.m, j.name)) {
        judge_truth(&j);
        vouch_judge(w, a, j.q, j.m, j.stale || says_stale(&j), j.name);
    }
    a->stale = j.stale;
    if (a->calm) {
        judge_calm(&j);
    }
    count_reply(&j);
}
