/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/facts.h"

#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "dns/rdata.h"

void wr_facts_start(struct wr_facts *f)
{
    f->count = f->kept = 0;
    f->used = 0;
}

static bool is_same(const struct wr_facts_want *a, const struct wr_facts_want *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind >= WR_FACTS_ASK_AT && !wr_addr_equal(&a->to, &b->to))
        return false;
    return a->kind > WR_FACTS_ASK_AT ||
           (a->type == b->type && wr_name_equal(a->name.wire, b->name.wire));
}

const struct wr_fact *wr_facts_find(const struct wr_facts *f, const struct wr_facts_want *want)
{
    for (unsigned i = 0; i < f->count; i++)
        if (is_same(&f->fact[i].want, want))
            return &f->fact[i];
    return NULL;
}

static struct wr_fact *add(struct wr_facts *f, const struct wr_facts_want *want, int *ret_err)
{
    struct wr_fact *fact;

    *ret_err = wr_facts_find(f, want) ? WR_E_EXISTS : WR_E_FULL;
    if (*ret_err == WR_E_EXISTS || f->count == WR_DOCTOR_FACTS_MAX)
        return NULL;
    fact = &f->fact[f->count++];
    memset(fact, 0, sizeof(*fact));
    fact->want = *want;
    fact->ede = WR_EDE_NONE;
    fact->first = (uint16_t)f->kept;
    *ret_err = WR_OK;
    return fact;
}

int wr_facts_failed(struct wr_facts *f, const struct wr_facts_want *want,
                    enum wr_facts_outcome outcome, uint32_t waited_ms)
{
    int err;
    struct wr_fact *fact = add(f, want, &err);

    if (fact) {
        fact->outcome = (uint8_t)outcome;
        fact->waited_ms = waited_ms;
    }
    return err;
}

/* False when there is no room. Data that breaks its type's format is left out: nothing can be said of it. */
static bool keep(struct wr_facts *f, struct wr_fact *fact, const struct wr_msg *msg,
                 const struct wr_msg_rr *rr, enum wr_section section)
{
    uint32_t form = wr_rdata_form(rr->class_, rr->type);
    struct wr_reader r = wr_msg_reader(msg, rr->rdata);
    struct wr_facts_rr *to = &f->rr[f->kept];
    struct wr_writer w;
    size_t owner = f->used;
    int err;

    if (f->kept == WR_DOCTOR_KEPT_MAX || fact->records == WR_DOCTOR_RECORDS_MAX ||
        WR_DOCTOR_OCTETS_MAX - f->used < rr->owner.size)
        return false;
    memcpy(f->octets + owner, rr->owner.wire, rr->owner.size);
    wr_buf_write_init(&w, f->octets + owner + rr->owner.size,
                      WR_DOCTOR_OCTETS_MAX - owner - rr->owner.size);
    err = wr_rdata_expand(&r, form, rr->rdlength, &w);
    if (err == WR_E_FULL || w.pos > UINT16_MAX)
        return false;
    if (err) {
        fact->garbled =
            fact->garbled || (section == WR_SECTION_ANSWER && rr->type == fact->want.type);
        return true;
    }
    *to = (struct wr_facts_rr){.owner = f->octets + owner,
                               .rdata = w.base,
                               .ttl = rr->ttl,
                               .type = rr->type,
                               .size = (uint16_t)w.pos,
                               .section = (uint8_t)section};
    f->used = owner + rr->owner.size + w.pos;
    f->kept++;
    fact->records++;
    return true;
}

static bool is_wanted(const struct wr_msg_rr *rr, enum wr_section section)
{
    if (rr->class_ != WR_CLASS_IN || rr->type == WR_TYPE_RRSIG)
        return false;
    if (section == WR_SECTION_AUTHORITY)
        return rr->type == WR_TYPE_NS || rr->type == WR_TYPE_SOA;
    if (section == WR_SECTION_ADDITIONAL)
        return rr->type == WR_TYPE_A || rr->type == WR_TYPE_AAAA;
    return true;
}

int wr_facts_reply(struct wr_facts *f, const struct wr_facts_want *want, const uint8_t *wire,
                   size_t size)
{
    struct wr_msg msg;
    struct wr_str words;
    int err;
    struct wr_fact *fact = add(f, want, &err);

    if (!fact)
        return err;
    fact->outcome = WR_FACTS_BROKEN;
    if (wr_msg_parse(&msg, wire, size) != WR_OK)
        return WR_OK;
    fact->outcome = WR_FACTS_ANSWERED;
    fact->rcode = wr_msg_rcode(&msg);
    fact->flags = msg.flags;
    fact->ede = msg.edns.present ? msg.edns.ede : WR_EDE_NONE;
    wr_str_init(&words, fact->ede_words, sizeof(fact->ede_words));
    if (fact->ede != WR_EDE_NONE)
        wr_utf8_safe(&words, (const char *)msg.edns.ede_text, msg.edns.ede_text_size);
    for (enum wr_section s = WR_SECTION_ANSWER; s <= WR_SECTION_ADDITIONAL; s++) {
        struct wr_msg_walk walk = wr_msg_walk(&msg, s);
        struct wr_msg_rr rr;

        while (!fact->cut && wr_msg_next(&walk, &rr))
            fact->cut = is_wanted(&rr, s) && !keep(f, fact, &msg, &rr, s);
    }
    return WR_OK;
}

const struct wr_facts_rr *wr_facts_next(const struct wr_facts *f, const struct wr_fact *fact,
                                        enum wr_section section, const uint8_t *owner,
                                        uint16_t type, unsigned *at)
{
    while (*at < fact->records) {
        const struct wr_facts_rr *rr = &f->rr[fact->first + (*at)++];

        if (rr->section == section && (!type || rr->type == type) &&
            (!owner || wr_name_equal(rr->owner, owner)))
            return rr;
    }
    return NULL;
}

struct wr_facts_chain wr_facts_chain(const struct wr_facts *f, const struct wr_fact *fact)
{
    struct wr_facts_chain chain = {.end = fact->want.name.wire};
    const uint8_t *seen[WR_DOCTOR_RECORDS_MAX];
    const struct wr_facts_rr *alias;
    unsigned at = 0;

    if (fact->want.type == WR_TYPE_CNAME)
        return chain;
    while (!chain.loops && chain.links < WR_DOCTOR_RECORDS_MAX &&
           (alias = wr_facts_next(f, fact, WR_SECTION_ANSWER, chain.end, WR_TYPE_CNAME, &at))) {
        seen[chain.links++] = chain.end;
        chain.end = alias->rdata;
        for (unsigned i = 0; i < chain.links; i++)
            chain.loops = chain.loops || wr_name_equal(seen[i], chain.end);
        at = 0;
    }
    chain.endless = !chain.loops && chain.links == WR_DOCTOR_RECORDS_MAX;
    return chain;
}

const struct wr_facts_rr *wr_facts_data(const struct wr_facts *f, const struct wr_fact *fact,
                                        unsigned *at)
{
    struct wr_facts_chain chain = wr_facts_chain(f, fact);

    if (fact->outcome != WR_FACTS_ANSWERED || !wr_facts_chain_ends(&chain))
        return NULL;
    return wr_facts_next(f, fact, WR_SECTION_ANSWER, chain.end, fact->want.type, at);
}

bool wr_facts_has(const struct wr_facts *f, const struct wr_fact *fact)
{
    unsigned at = 0;

    return wr_facts_data(f, fact, &at) != NULL;
}
