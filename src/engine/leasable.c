/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/leasable.h"

#include <string.h>

#include "dns/build.h"
#include "dns/msg.h"
#include "dns/rdata.h"
#include "dns/svcb.h"
#include "policy/prefix.h"
#include "resolve/dns64.h"

static const char blocked[] = "not reachable from here: an address that is not leased";

/* --- one address --- */

/* What a translator makes of it, when it is one of his: ours, or that of the well-known prefix (RFC 6052 section 2.1). */
static bool translated(const struct wr_leasable_terms *t, const struct wr_addr *addr,
                       struct wr_addr *ret_v4)
{
    static const struct wr_prefix known = {
        .addr = {.family = WR_AF_V6, .ip = {0, 0x64, 0xff, 0x9b}}, .len = 96};
    *ret_v4 = (struct wr_addr){.family = WR_AF_V4};
    return addr->family == WR_AF_V6 && (wr_dns64_extract(&known, addr->ip, ret_v4->ip) ||
                                        (t->nat64->addr.family == WR_AF_V6 &&
                                         wr_dns64_extract(t->nat64, addr->ip, ret_v4->ip)));
}

enum wr_leasable wr_leasable_of(const struct wr_leasable_terms *t, const struct wr_addr *addr)
{
    const struct wr_segment *s = &t->segments->segment[t->segment];
    enum wr_leasable never = t->given ? WR_LEASABLE_STAYS : WR_LEASABLE_NEVER;
    struct wr_addr v4;
    if (wr_prefix_has(s->reaches, s->reach_count, addr)) {
        return WR_LEASABLE_STAYS;
    }
    uint16_t at = wr_segment_of(t->segments, 0, addr);
    if (at != WR_SEGMENT_NONE || wr_prefix_has(t->own, t->owns, addr)) {
        return at == t->segment ? WR_LEASABLE_STAYS : never;
    }
    if (translated(t, addr, &v4)) { /* the way goes on to that one */
        bool inside = wr_segment_of(t->segments, 0, &v4) != WR_SEGMENT_NONE ||
                      wr_prefix_has(t->own, t->owns, &v4);
        return inside || !wr_lease_is_public(&v4) ? never : WR_LEASABLE_LEASE;
    }
    return wr_lease_is_public(addr) ? WR_LEASABLE_LEASE : never;
}

/* --- what there is --- */

struct gather {
    const struct wr_leasable_terms *t;
    struct wr_lease_ask *ask;
    bool cut;
};

static struct wr_addr address(uint8_t family, const uint8_t *octets)
{
    struct wr_addr addr = {.family = family};
    memcpy(addr.ip, octets, family == WR_AF_V4 ? 4 : 16);
    return addr;
}

static struct wr_lease_dest *find_dest(const struct wr_lease_ask *ask, uint8_t dests,
                                       const struct wr_addr *addr)
{
    for (uint8_t i = 0; i < dests; i++) {
        const struct wr_lease_dest *d = &ask->dest[i];
        if (d->family == addr->family && memcmp(d->ip, addr->ip, sizeof(d->ip)) == 0) {
            return (struct wr_lease_dest *)d;
        }
    }
    return NULL;
}

static void gather_one(struct gather *g, const struct wr_addr *addr, uint32_t ttl)
{
    struct wr_lease_ask *ask = g->ask;
    enum wr_leasable what = wr_leasable_of(g->t, addr);
    if (what != WR_LEASABLE_LEASE) {
        g->cut = g->cut || what == WR_LEASABLE_NEVER;
        return;
    }
    struct wr_lease_dest *d = find_dest(ask, ask->dests, addr);
    if (d == NULL && ask->dests < g->t->most) {
        d = &ask->dest[ask->dests++];
        *d = (struct wr_lease_dest){.family = addr->family};
        memcpy(d->ip, addr->ip, sizeof(d->ip));
    }
    if (d == NULL) {
        g->cut = true;
    } else if (d->for_s < ttl) {
        d->for_s = ttl;
    }
}

static void gather_all(struct gather *g, uint8_t family, const uint8_t *octets, size_t size,
                       uint32_t ttl)
{
    size_t one = family == WR_AF_V4 ? 4 : 16;
    for (; size >= one; octets += one, size -= one) {
        struct wr_addr addr = address(family, octets);
        gather_one(g, &addr, ttl);
    }
}

/* Parameters are behind the target, which no message of ours compresses (RFC 9460 section 2.2). */
static void gather_hints(struct gather *g, const uint8_t *rdata, size_t size, uint32_t ttl)
{
    struct wr_reader r;
    size_t n;
    wr_buf_read_init(&r, rdata, size);
    (void)wr_buf_get_u16(&r);
    if (wr_name_skip_plain(&r) != WR_OK || r.err) {
        g->cut = true;
        return;
    }
    const uint8_t *v4 = wr_svcb_find(rdata + r.pos, size - r.pos, WR_SVCB_IPV4HINT, &n);
    if (v4 != NULL) {
        gather_all(g, WR_AF_V4, v4, n, ttl);
    }
    const uint8_t *v6 = wr_svcb_find(rdata + r.pos, size - r.pos, WR_SVCB_IPV6HINT, &n);
    if (v6 != NULL) {
        gather_all(g, WR_AF_V6, v6, n, ttl);
    }
}

static bool is_service(uint16_t type)
{
    return type == WR_TYPE_SVCB || type == WR_TYPE_HTTPS;
}

/* 0: the record has no address of its own. */
static uint8_t family_of(uint16_t type, uint16_t rdlength)
{
    return type == WR_TYPE_A && rdlength == 4       ? WR_AF_V4
           : type == WR_TYPE_AAAA && rdlength == 16 ? WR_AF_V6
                                                    : WR_AF_NONE;
}

static void gather_record(struct gather *g, struct wr_reader *r)
{
    uint16_t type = wr_buf_get_u16(r), class_ = wr_buf_get_u16(r);
    uint32_t ttl = wr_buf_get_u32(r);
    uint16_t n = wr_buf_get_u16(r);
    const uint8_t *rdata = wr_buf_get_bytes(r, n);
    uint8_t family = family_of(type, n);
    if (rdata == NULL || class_ != WR_CLASS_IN) {
        return;
    }
    ttl = ttl & 0x80000000 ? 0 : ttl; /* RFC 2181 section 8 */
    if (family != WR_AF_NONE) {
        gather_all(g, family, rdata, n, ttl);
    } else if (is_service(type)) {
        gather_hints(g, rdata, n, ttl);
    }
}

/* Stands before the first; returns how many there are. */
static uint32_t to_records(struct wr_reader *r, const uint8_t *bytes, size_t size)
{
    wr_buf_read_init(r, bytes, size);
    wr_buf_skip(r, 4);
    uint32_t questions = wr_buf_get_u16(r), records = wr_buf_get_u16(r);
    records += wr_buf_get_u16(r);
    records += wr_buf_get_u16(r);
    for (; questions > 0 && !r->err && wr_name_skip(r) == WR_OK; questions--) {
        wr_buf_skip(r, 4);
    }
    return records;
}

bool wr_leasable_gather(const struct wr_leasable_terms *t, const uint8_t *bytes, size_t size,
                        struct wr_lease_ask *ask)
{
    struct gather g = {.t = t, .ask = ask};
    struct wr_reader r;
    ask->dests = 0;
    for (uint32_t records = to_records(&r, bytes, size);
         records > 0 && !r.err && wr_name_skip(&r) == WR_OK; records--) {
        gather_record(&g, &r);
    }
    return g.cut;
}

void wr_leasable_shorten(uint8_t *bytes, size_t size, uint32_t most_s)
{
    const uint8_t most[4] = {(uint8_t)(most_s >> 24), (uint8_t)(most_s >> 16),
                             (uint8_t)(most_s >> 8), (uint8_t)most_s};
    struct wr_reader r;
    for (uint32_t records = to_records(&r, bytes, size);
         records > 0 && !r.err && wr_name_skip(&r) == WR_OK; records--) {
        uint16_t type = wr_buf_get_u16(&r), class_ = wr_buf_get_u16(&r);
        size_t at = r.pos;
        uint32_t ttl = wr_buf_get_u32(&r);
        uint16_t n = wr_buf_get_u16(&r);
        bool has = family_of(type, n) != WR_AF_NONE || is_service(type);
        wr_buf_skip(&r, n);
        if (!r.err && class_ == WR_CLASS_IN && has && ttl > most_s) {
            memcpy(bytes + at, most, sizeof(most));
        }
    }
}

/* --- without what must not leave --- */

struct trim {
    const struct wr_leasable_terms *t;
    const struct wr_lease_ask *ask;
    uint8_t dests;
    uint32_t keep;
    struct wr_leasable_room *room;
    const struct wr_msg *msg;
    struct wr_build b;
    struct wr_name owner; /* of the set that has lost something last; */
    uint16_t type;        /* 0: none has */
    bool had, has;        /* addresses in the answer section, before and after */
    bool pads;
};

static bool is_kept(const struct trim *k, const struct wr_addr *addr)
{
    enum wr_leasable what = wr_leasable_of(k->t, addr);
    const struct wr_lease_dest *d = find_dest(k->ask, k->dests, addr);
    return what == WR_LEASABLE_STAYS ||
           (what == WR_LEASABLE_LEASE && d != NULL && (k->keep >> (d - k->ask->dest) & 1) != 0);
}

/* The hint's value without them; returns what is left of it. */
static size_t put_hint(struct trim *k, uint16_t key, const uint8_t *value, size_t size,
                       struct wr_writer *w)
{
    uint8_t family = key == WR_SVCB_IPV4HINT ? WR_AF_V4 : WR_AF_V6;
    size_t one = family == WR_AF_V4 ? 4 : 16, start = w->pos, left = 0;
    wr_buf_put_u16(w, key);
    wr_buf_put_u16(w, 0);
    for (; size >= one; value += one, size -= one) {
        struct wr_addr addr = address(family, value);
        if (is_kept(k, &addr)) {
            wr_buf_put_bytes(w, value, one);
            left += one;
        }
    }
    if (left > 0 && !w->err) {
        wr_buf_patch_u16(w, start + 2, (uint16_t)left);
    } else {
        w->pos = start;
    }
    return left;
}

static bool is_mandatory(const uint8_t *params, size_t size, uint16_t key)
{
    size_t n = 0;
    const uint8_t *keys = wr_svcb_find(params, size, WR_SVCB_MANDATORY, &n);
    bool found = false;
    for (size_t i = 0; keys != NULL && i + 1 < n && !found; i += 2) {
        found = (keys[i] << 8 | keys[i + 1]) == key;
    }
    return found;
}

/* Stored rdata of SVCB without addresses that are not kept, behind it in the room; false: the record goes. */
static bool put_service(struct trim *k, struct wr_writer *w, size_t *ret_at, bool *ret_cut)
{
    struct wr_reader r;
    size_t size = w->pos, at = w->pos;
    wr_buf_read_init(&r, w->base, size);
    (void)wr_buf_get_u16(&r);
    if (wr_name_skip_plain(&r) != WR_OK) {
        return false;
    }
    const uint8_t *params = w->base + r.pos;
    size_t params_size = size - r.pos;
    wr_buf_put_bytes(w, w->base, r.pos);
    while (wr_buf_left(&r) > 0 && !r.err) {
        uint16_t key = wr_buf_get_u16(&r), n = wr_buf_get_u16(&r);
        const uint8_t *value = wr_buf_get_bytes(&r, n);
        if (value == NULL) {
            return false;
        }
        if (key == WR_SVCB_IPV4HINT || key == WR_SVCB_IPV6HINT) {
            size_t left = put_hint(k, key, value, n, w);
            *ret_cut = *ret_cut || left < n;
            if (left == 0 && is_mandatory(params, params_size, key)) {
                return false;
            }
        } else {
            wr_buf_put_u16(w, key);
            wr_buf_put_u16(w, n);
            wr_buf_put_bytes(w, value, n);
        }
    }
    *ret_at = at;
    return !w->err;
}

static void lose(struct trim *k, const struct wr_msg_rr *rr)
{
    k->type = rr->type;
    k->owner = rr->owner;
    k->b.flags &= (uint16_t)~WR_FLAG_AD;
}

/* A signature of the set that was just cut; signatures stand behind their set. */
static bool is_of_cut_set(const struct trim *k, const struct wr_msg_rr *rr, const uint8_t *rdata,
                          size_t size)
{
    return k->type != 0 && rr->type == WR_TYPE_RRSIG && size > 2 &&
           (rdata[0] << 8 | rdata[1]) == k->type && wr_name_equal(rr->owner.wire, k->owner.wire);
}

static void trim_record(struct trim *k, enum wr_section section, const struct wr_msg_rr *rr)
{
    struct wr_reader r = wr_msg_reader(k->msg, rr->rdata);
    uint32_t form = wr_rdata_form(rr->class_, rr->type);
    uint8_t family = rr->class_ == WR_CLASS_IN ? family_of(rr->type, rr->rdlength) : WR_AF_NONE;
    struct wr_writer w;
    size_t at = 0;
    bool cut = false, stays = true;
    wr_buf_write_init(&w, k->room->rdata, sizeof(k->room->rdata));
    if (wr_rdata_expand(&r, form, rr->rdlength, &w) != WR_OK) {
        return;
    }
    if (family != WR_AF_NONE) {
        struct wr_addr addr = address(family, k->room->rdata);
        stays = is_kept(k, &addr);
        k->had = k->had || section == WR_SECTION_ANSWER;
        k->has = k->has || (section == WR_SECTION_ANSWER && stays);
    } else if (rr->class_ == WR_CLASS_IN && is_service(rr->type)) {
        stays = put_service(k, &w, &at, &cut);
    } else if (is_of_cut_set(k, rr, k->room->rdata, w.pos)) {
        return;
    }
    if (!stays || cut) {
        lose(k, rr);
    }
    if (stays) {
        (void)wr_build_rr(&k->b, section, rr->owner.wire, rr->type, rr->class_, rr->ttl,
                          k->room->rdata + at, w.pos - at);
    }
}

/* Octets of options as they were, but for the padding. */
static void put_options(struct trim *k, const struct wr_msg_rr *opt, struct wr_writer *w)
{
    struct wr_reader r = wr_msg_reader(k->msg, opt->rdata);
    while (r.pos < opt->rdata + opt->rdlength && !r.err) {
        uint16_t code = wr_buf_get_u16(&r), n = wr_buf_get_u16(&r);
        const uint8_t *value = wr_buf_get_bytes(&r, n);
        if (code == WR_OPTION_PADDING) {
            k->pads = true;
        } else if (value != NULL) {
            wr_buf_put_u16(w, code);
            wr_buf_put_u16(w, n);
            wr_buf_put_bytes(w, value, n);
        }
    }
}

/* With as much of the words as there is room for: all of them or none. */
static void put_blocked(struct wr_writer *w, size_t room)
{
    size_t words = room >= 6 + sizeof(blocked) - 1 ? sizeof(blocked) - 1 : 0;
    if (room >= 6) {
        wr_buf_put_u16(w, WR_OPTION_EDE);
        wr_buf_put_u16(w, (uint16_t)(2 + words));
        wr_buf_put_u16(w, WR_EDE_BLOCKED);
        wr_buf_put_bytes(w, blocked, words);
    }
}

/* RFC 8467 section 4.1, as the message had it before. */
static void put_padding(struct wr_writer *w, size_t before, size_t limit)
{
    size_t now = before + w->pos + 4,
           pad = (WR_REPLY_BLOCK - now % WR_REPLY_BLOCK) % WR_REPLY_BLOCK;
    if (now + pad <= limit) {
        wr_buf_put_u16(w, WR_OPTION_PADDING);
        wr_buf_put_u16(w, (uint16_t)pad);
        uint8_t *zeros = wr_buf_take(w, pad);
        if (zeros != NULL) {
            memset(zeros, 0, pad);
        }
    }
}

static void trim_opt(struct trim *k, const struct wr_msg_rr *opt, size_t limit)
{
    static const uint8_t root[] = {0};
    enum { FIXED = 11 };
    struct wr_writer w;
    size_t before = k->b.w.pos + FIXED;
    wr_buf_write_init(&w, k->room->rdata, sizeof(k->room->rdata));
    put_options(k, opt, &w);
    if (k->had && !k->has && before + w.pos <= limit) {
        put_blocked(&w, limit - before - w.pos);
    }
    if (k->pads) {
        put_padding(&w, before, limit);
    }
    (void)wr_build_rr(&k->b, WR_SECTION_ADDITIONAL, root, WR_TYPE_OPT, opt->class_, opt->ttl,
                      k->room->rdata, w.pos);
}

static size_t rebuild(struct trim *k, size_t limit)
{
    struct wr_msg_rr rr, opt = {.type = 0};
    wr_build_start(&k->b, k->room->message, sizeof(k->room->message), k->msg->id, k->msg->flags);
    k->b.limit = limit;
    if (k->msg->qdcount == 1) {
        wr_build_question(&k->b, k->msg->qname.wire, k->msg->qtype, k->msg->qclass);
    }
    for (unsigned s = WR_SECTION_ANSWER; s <= WR_SECTION_ADDITIONAL; s++) {
        struct wr_msg_walk walk = wr_msg_walk(k->msg, (enum wr_section)s);
        while (wr_msg_next(&walk, &rr)) {
            if (rr.type == WR_TYPE_OPT) {
                opt = rr;
            } else {
                trim_record(k, (enum wr_section)s, &rr);
            }
        }
    }
    if (opt.type != 0) {
        trim_opt(k, &opt, limit);
    }
    return wr_build_finish(&k->b, k->msg->flags & 15);
}

bool wr_leasable_trim(const struct wr_leasable_terms *t, const struct wr_lease_ask *ask,
                      uint8_t dests, uint32_t keep, struct wr_leasable_room *room, uint8_t *bytes,
                      size_t *size)
{
    struct wr_msg msg;
    struct trim k = {.t = t, .ask = ask, .dests = dests, .keep = keep, .room = room, .msg = &msg};
    if (wr_msg_parse(&msg, bytes, *size) != WR_OK) {
        *size = *size < WR_MSG_HEADER_SIZE ? *size : WR_MSG_HEADER_SIZE;
        if (*size == WR_MSG_HEADER_SIZE) {
            memset(bytes + 4, 0, 8);
        }
        return true;
    }
    size_t left = rebuild(&k, *size);
    memcpy(bytes, room->message, left);
    *size = left;
    return k.had && !k.has;
}
