/* SPDX-License-Identifier: Apache-2.0 */
/* The true answer is read, and written again with the change. */
#include "forger.h"

#include <string.h>

#include "tree.h"
#include "world.h"

enum forgery {
    FORGE_CHANGED = 0, /* other data under the old signatures */
    FORGE_BARE,        /* no signature and no proof */
    FORGE_OTHER,       /* other data, and no signature */
    FORGE_DENIED,      /* no such data, says an SOA without a proof */
    FORGE_MISPROVEN,   /* no such name, with the proof for another name */
    FORGERIES
};

static bool is_proof(uint16_t type)
{
    return type == TYPE_RRSIG || type == TYPE_NSEC;
}

/* What can be changed in one octet and still be such a record. */
static bool can_change(uint16_t type)
{
    return type == TYPE_A || type == TYPE_AAAA || type == TYPE_TXT || type == TYPE_DS ||
           type == TYPE_DNSKEY || type == TYPE_CNAME;
}

static void write_changed(struct wire_out *out, const struct wire_msg *m, enum forgery how)
{
    bool bare = how != FORGE_CHANGED, change = how != FORGE_BARE;
    for (unsigned i = 0; i < m->rrs; i++) {
        const struct wire_rr *rr = &m->rr[i];
        uint8_t rdata[1024];
        if (bare && is_proof(rr->type)) {
            continue;
        }
        if (rr->size > sizeof rdata) {
            continue;
        }
        memcpy(rdata, rr->rdata, rr->size);
        if (change && can_change(rr->type) && rr->section == WIRE_ANSWER) {
            rdata[rr->type == TYPE_CNAME ? 1 : rr->size - 1] ^= 0x15;
        }
        wire_record(out, (enum wire_section)rr->section, rr->owner, rr->type, rr->ttl, rdata,
                    rr->size);
    }
}

/* Is there anything that the forgery would change? */
static bool is_worth_it(const struct wire_msg *m, enum forgery how)
{
    bool data = false, proof = false;
    for (unsigned i = 0; i < m->rrs; i++) {
        data |= m->rr[i].section == WIRE_ANSWER && can_change(m->rr[i].type);
        proof |= is_proof(m->rr[i].type);
    }
    return how == FORGE_CHANGED || how == FORGE_OTHER ? data : how == FORGE_BARE ? proof : true;
}

/* The denial of a name that does not exist, as the server would give it: its SOA and proofs. */
static void write_denial(struct world *w, unsigned server, struct wire_out *out,
                         const struct wire_msg *q, const struct secure_zone *zone, bool proven)
{
    static struct wire_out other;
    static struct wire_msg m;
    bool has[SECURE_ZONES];
    uint8_t name[WIRE_NAME_SIZE] = {7, 'n', 'o', 'w', 'h', 'e', 'r', 'e'};
    uint8_t soa[2 * WIRE_NAME_SIZE + 20];
    size_t n = wire_name_size(zone->name);
    wire_name_copy(name + 8, zone->name);
    wire_name_copy(soa, zone->name);
    wire_name_copy(soa + n, zone->name);
    memset(soa + 2 * n, 0, 20);
    soa[2 * n + 19] = 30;
    wire_start(&other, 0, FLAG_QR | FLAG_AA | RCODE_NXDOMAIN);
    wire_question(&other, name, q->qtype, 1);
    wire_record(&other, WIRE_AUTHORITY, zone->name, TYPE_SOA, 30, soa, 2 * n + 20);
    tree_speaks(w, server, has);
    secure_dress(&w->secure, &w->oracle, has, &other);
    wire_end(&other);
    if (wire_read(&m, other.bytes, other.size) == 0) {
        write_changed(out, &m, proven ? FORGE_CHANGED : FORGE_BARE);
    }
}

bool forger_changes(struct world *w, unsigned server, const struct wire_msg *q)
{
    static const char *const names[FORGERIES] = {"changed", "bare", "other", "denied", "misproven"};
    static struct wire_msg m;
    struct secure *s = &w->secure;
    bool has[SECURE_ZONES];
    bool keys = q->qtype == TYPE_DNSKEY || q->qtype == TYPE_DS;
    int apex = secure_apex(s, q->qname), name = oracle_find(&w->oracle, q->qname);
    unsigned zone = secure_zone_of(s, q->qname);
    enum forgery how = (enum forgery)wr_rng_below(&w->rng, FORGERIES);
    if (keys ? apex < 0 || !w->forges_keys : name < 0) {
        return false;
    }
    zone = q->qtype == TYPE_DS ? s->zone[zone].parent : zone;
    tree_speaks(w, server, has);
    if (!has[zone] || secure_verdict(s, zone, true) == SECURE_IS_INSECURE ||
        wire_read(&m, w->out->bytes, w->out->size) || !is_worth_it(&m, how)) {
        return false;
    }
    uint16_t flags = (uint16_t)(m.flags & ~15u);
    bool denies = how == FORGE_DENIED || how == FORGE_MISPROVEN;
    flags = (uint16_t)(flags | (!denies ? m.flags & 15u : keys ? RCODE_NOERROR : RCODE_NXDOMAIN));
    uint8_t qname[WIRE_NAME_SIZE];
    wire_name_copy(qname, w->out->bytes + 12);
    wire_start(w->out, m.id, flags);
    wire_question(w->out, qname, m.qtype, m.qclass);
    if (denies) {
        write_denial(w, server, w->out, q, &s->zone[zone], how == FORGE_MISPROVEN);
    } else {
        write_changed(w->out, &m, how);
    }
    if (m.edns.present) {
        wire_opt(w->out, &m.edns);
    }
    wire_end(w->out);
    *(keys ? &s->zone[(unsigned)apex].spoilt_us : &w->erred_us[name]) = w->clock.now.mono_us;
    w->checks.forgeries++;
    world_say(w, "the answer of server %u is forged (%s)", server, names[how]);
    return true;
}
