/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speak: what a server of a story hears and says: whether an entry is meant by a query, and the reply that the entry makes of it.
 */
#include <string.h>

#include "story.h"

bool story_entry_matches(const struct story_entry *e, const struct wire_msg *q, bool tcp)
{
    const struct {
        unsigned bit;
        bool holds;
    } rows[] = {{MATCH_TCP, tcp},
                {MATCH_UDP, !tcp},
                {MATCH_EDNS, q->edns.present},
                {MATCH_NOEDNS, !q->edns.present},
                {MATCH_DO, q->edns.dnssec_ok},
                {MATCH_NODO, !q->edns.dnssec_ok},
                {MATCH_CD, q->flags & FLAG_CD},
                {MATCH_NOCD, !(q->flags & FLAG_CD)},
                {MATCH_COOKIE, q->edns.cookie_size >= 8},
                {MATCH_NOCOOKIE, q->edns.cookie_size == 0},
                {MATCH_SERVERCOOKIE, q->edns.cookie_size > 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (e->match & rows[i].bit && !rows[i].holds) {
            return false;
        }
    }
    if (e->times && e->used >= e->times) {
        return false;
    }
    if (e->match & MATCH_ANY) {
        return true;
    }
    if (e->match & MATCH_SUBDOMAIN) {
        return wire_name_below(q->qname, e->qname);
    }
    return wire_name_same(q->qname, e->qname) && q->qtype == e->qtype;
}

static void write_opt(struct wire_out *out, const struct story_entry *e, const struct wire_msg *q)
{
    struct wire_edns opt = {
        .udp_size = 1232, .ede = e->edns.ede, .rcode_high = (uint8_t)(e->rcode >> 4)};
    if (!q->edns.present || e->edns_want < 0) {
        return;
    }
    opt.dnssec_ok = q->edns.dnssec_ok;
    if (e->adjust & (ADJUST_COOKIE | ADJUST_OTHER_COOKIE) && q->edns.cookie_size >= 8) {
        memcpy(opt.cookie, q->edns.cookie, 8);
        memcpy(opt.cookie + 8, "SERVER01SERVER02", 16);
        opt.cookie_size = 24;
        opt.cookie[0] ^= e->adjust & ADJUST_OTHER_COOKIE ? 0x33 : 0;
    }
    wire_opt(out, &opt);
}

void story_write_reply(struct wire_out *out, const struct story_entry *e, const struct wire_msg *q,
                       bool tcp)
{
    uint8_t name[WIRE_NAME_SIZE];
    uint16_t flags = (uint16_t)(q->flags & (FLAG_RD | FLAG_CD));
    wire_name_copy(name, e->has_other ? e->other : q->qname);
    if (e->adjust & ADJUST_LOWER_CASE) {
        wire_name_lower(name);
    }
    flags |= (uint16_t)(e->flags_given && e->flags & FLAG_QR ? e->flags & ~(FLAG_RD | FLAG_CD)
                                                             : FLAG_QR | FLAG_RA);
    flags |= e->flags & FLAG_TC;
    for (int with = 1; with >= 0; with--) {
        wire_start(out, (uint16_t)(q->id ^ (e->adjust & ADJUST_WRONG_ID ? 0x1111 : 0)),
                   (uint16_t)(flags | (e->rcode & 15) | (with ? 0 : FLAG_TC)));
        wire_question(out, name, q->qtype, q->qclass);
        for (unsigned i = 0; i < e->rrs && with; i++) {
            /* An owner that is the question takes its letter case. */
            const uint8_t *owner = wire_name_same(e->rr[i].owner, name) ? name : e->rr[i].owner;
            wire_record(out, (enum wire_section)e->rr[i].section, owner, e->rr[i].type,
                        e->rr[i].ttl, e->rr[i].rdata, e->rr[i].size);
        }
        write_opt(out, e, q);
        wire_end(out);
        size_t most = tcp ? WIRE_MSG_MAX : q->edns.present ? q->edns.udp_size : 512;
        if (out->size <= most) {
            return;
        }
    }
}
