/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: one pass over the message with an index that never leaves it. Names are expanded into the
 * message's own store (pointers must point backwards, so the walk ends); rdata of the types with
 * names is stored with the names expanded, all other rdata as it came.
 */
#include "wire.h"

#include <string.h>

struct in {
    const uint8_t *p;
    size_t size, at;
    bool bad;
};

static bool in_has(struct in *in, size_t n)
{
    if (in->size - in->at < n) {
        in->bad = true;
    }
    return !in->bad;
}

static uint16_t in_u16(struct in *in)
{
    if (!in_has(in, 2)) {
        return 0;
    }
    in->at += 2;
    return wire_u16(in->p + in->at - 2);
}

static uint32_t in_u32(struct in *in)
{
    uint32_t high = in_u16(in);
    return high << 16 | in_u16(in);
}

/* Expands the name at the cursor into ret. */
static void in_name(struct in *in, uint8_t ret[WIRE_NAME_SIZE])
{
    size_t at = in->at, n = 0, after = 0, floor = in->at;
    for (;;) {
        if (in->bad || at >= in->size) {
            in->bad = true;
            break;
        }
        uint8_t len = in->p[at];
        if ((len & 0xc0) == 0xc0) {
            if (at + 2 > in->size) {
                in->bad = true;
                break;
            }
            size_t to = (size_t)(len & 0x3f) << 8 | in->p[at + 1];
            after = after ? after : at + 2;
            if (to >= floor) {
                in->bad = true;
                break;
            }
            at = floor = to;
            continue;
        }
        if (len > 63 || at + 1 + len > in->size || n + 1 + len > 255 - (len ? 1u : 0u)) {
            in->bad = true;
            break;
        }
        memcpy(ret + n, in->p + at, 1u + len);
        n += 1u + len;
        at += 1u + len;
        if (len == 0) {
            in->at = after ? after : at;
            return;
        }
    }
    ret[0] = 0;
}

static const uint8_t *keep(struct wire_msg *m, const uint8_t *bytes, size_t n)
{
    if (m->stored + n > sizeof m->store) {
        return NULL;
    }
    uint8_t *to = m->store + m->stored;
    memcpy(to, bytes, n);
    m->stored += n;
    return to;
}

/* Plain octets before the names, how many names, plain octets behind. */
static void name_layout(uint16_t type, unsigned *before, unsigned *names)
{
    *before = type == TYPE_MX ? 2 : 0;
    *names = type == TYPE_SOA ? 2
             : type == TYPE_NS || type == TYPE_CNAME || type == TYPE_PTR || type == TYPE_MX ||
                     type == TYPE_DNAME
                 ? 1
                 : 0;
}

static void read_rdata(struct in *in, struct wire_msg *m, struct wire_rr *rr, uint16_t len)
{
    uint8_t flat[2048];
    size_t end = in->at + len, n = 0;
    unsigned before, names;
    name_layout(rr->type, &before, &names);
    if (!in_has(in, len)) {
        return;
    }
    if (!names) {
        rr->size = len;
        rr->rdata = keep(m, in->p + in->at, len);
        in->at = end;
        in->bad |= !rr->rdata;
        return;
    }
    if (len < before) {
        in->bad = true;
        return;
    }
    memcpy(flat, in->p + in->at, before);
    in->at += before;
    for (n = before; names && !in->bad; names--) {
        uint8_t name[WIRE_NAME_SIZE] = {0};
        in_name(in, name);
        wire_name_copy(flat + n, name);
        n += wire_name_size(name);
    }
    if (in->bad || in->at > end || end - in->at > 64) {
        in->bad = true;
        return;
    }
    memcpy(flat + n, in->p + in->at, end - in->at);
    n += end - in->at;
    in->at = end;
    rr->size = (uint16_t)n;
    rr->rdata = keep(m, flat, n);
    in->bad |= !rr->rdata;
}

static void read_option(struct wire_edns *e, uint16_t code, const uint8_t *p, uint16_t n)
{
    switch (code) {
    case 3:
        e->nsid = true;
        e->nsid_size = n;
        break;
    case 8: e->ecs = true; break;
    case 10:
        e->cookie_seen = true;
        e->cookie_size = n <= sizeof e->cookie ? (uint8_t)n : 0;
        memcpy(e->cookie, p, e->cookie_size);
        break;
    case 11: e->keepalive = true; break;
    case 12: e->padding = true; break;
    case 15:
        if (n >= 2 && e->edes++ == 0) {
            size_t text = n - 2u < sizeof e->ede_text - 1 ? n - 2u : sizeof e->ede_text - 1;
            e->ede = wire_u16(p);
            memcpy(e->ede_text, p + 2, text);
            e->ede_text[text] = 0;
        }
        break;
    default: break;
    }
}

static void read_opt(struct in *in, struct wire_edns *e, uint16_t class_, uint32_t ttl,
                     uint16_t len)
{
    size_t end = in->at + len;
    if (e->present || !in_has(in, len)) {
        in->bad = true;
        return;
    }
    e->present = true;
    e->udp_size = class_;
    e->rcode_high = (uint8_t)(ttl >> 24);
    e->version = (uint8_t)(ttl >> 16);
    e->dnssec_ok = ttl >> 15 & 1;
    while (!in->bad && in->at < end) {
        uint16_t code = in_u16(in), n = in_u16(in);
        if (in->bad || in->at + n > end) {
            in->bad = true;
            return;
        }
        read_option(e, code, in->p + in->at, n);
        in->at += n;
    }
}

static void read_rr(struct in *in, struct wire_msg *m, uint8_t section)
{
    uint8_t owner[WIRE_NAME_SIZE] = {0};
    in_name(in, owner);
    uint16_t type = in_u16(in), class_ = in_u16(in);
    uint32_t ttl = in_u32(in);
    uint16_t len = in_u16(in);
    if (in->bad) {
        return;
    }
    if (type == TYPE_OPT) {
        in->bad |= owner[0] != 0 || section != WIRE_ADDITIONAL;
        read_opt(in, &m->edns, class_, ttl, len);
        return;
    }
    if (m->rrs == WIRE_RRS_MAX) {
        in->bad = true;
        return;
    }
    struct wire_rr *rr = &m->rr[m->rrs++];
    *rr = (struct wire_rr){.section = section, .type = type, .class_ = class_, .ttl = ttl};
    rr->owner = keep(m, owner, wire_name_size(owner));
    in->bad |= !rr->owner;
    read_rdata(in, m, rr, len);
}

int wire_read(struct wire_msg *m, const uint8_t *bytes, size_t size)
{
    struct in in = {.p = bytes, .size = size};
    m->stored = 0;
    m->rrs = 0;
    m->edns = (struct wire_edns){.ede = -1};
    m->qname[0] = 0;
    m->qtype = m->qclass = 0;
    m->id = in_u16(&in);
    m->flags = in_u16(&in);
    for (unsigned i = 0; i < 4; i++) {
        m->counts[i] = in_u16(&in);
    }
    if (in.bad || m->counts[0] > 1) {
        return -1;
    }
    if (m->counts[0] == 1) {
        in_name(&in, m->qname);
        m->qtype = in_u16(&in);
        m->qclass = in_u16(&in);
    }
    m->question_end = in.at;
    for (uint8_t s = WIRE_ANSWER; s <= WIRE_ADDITIONAL; s++) {
        for (unsigned i = 0; i < m->counts[s] && !in.bad; i++) {
            read_rr(&in, m, s);
        }
    }
    return in.bad || in.at != size ? -1 : 0;
}

unsigned wire_rcode(const struct wire_msg *m)
{
    return (m->flags & 15u) | (unsigned)m->edns.rcode_high << 4;
}

static uint8_t *room(struct wire_out *o, size_t n)
{
    if (o->full || o->size + n > WIRE_MSG_MAX) {
        o->full = true;
        return NULL;
    }
    o->size += n;
    return o->bytes + o->size - n;
}

static void put(struct wire_out *o, const void *bytes, size_t n)
{
    uint8_t *to = room(o, n);
    if (to && n) {
        memcpy(to, bytes, n);
    }
}

static void put_u16(struct wire_out *o, unsigned v)
{
    uint8_t b[2];
    wire_set_u16(b, v);
    put(o, b, 2);
}

static void put_u32(struct wire_out *o, uint32_t v)
{
    put_u16(o, v >> 16);
    put_u16(o, v & 0xffff);
}

void wire_start(struct wire_out *o, uint16_t id, uint16_t flags)
{
    o->size = 0;
    o->full = false;
    memset(o->counts, 0, sizeof o->counts);
    put_u16(o, id);
    put_u16(o, flags);
    put_u32(o, 0);
    put_u32(o, 0);
}

void wire_question(struct wire_out *o, const uint8_t *name, uint16_t type, uint16_t class_)
{
    put(o, name, wire_name_size(name));
    put_u16(o, type);
    put_u16(o, class_);
    o->counts[WIRE_QUESTION]++;
}

void wire_record(struct wire_out *o, enum wire_section section, const uint8_t *owner, uint16_t type,
                 uint32_t ttl, const uint8_t *rdata, size_t size)
{
    if (o->counts[WIRE_QUESTION] && wire_name_same_octets(owner, o->bytes + 12)) {
        put_u16(o, 0xc00c);
    } else {
        put(o, owner, wire_name_size(owner));
    }
    put_u16(o, type);
    put_u16(o, 1);
    put_u32(o, ttl);
    put_u16(o, (unsigned)size);
    put(o, rdata, size);
    o->counts[section]++;
}

void wire_option(uint8_t *rdata, size_t *size, uint16_t code, const void *bytes, size_t n)
{
    wire_set_u16(rdata + *size, code);
    wire_set_u16(rdata + *size + 2, (unsigned)n);
    if (n) {
        memcpy(rdata + *size + 4, bytes, n);
    }
    *size += 4 + n;
}

void wire_opt_raw(struct wire_out *o, uint16_t udp_size, uint32_t ttl, const uint8_t *rdata,
                  size_t size)
{
    put(o, "", 1);
    put_u16(o, TYPE_OPT);
    put_u16(o, udp_size);
    put_u32(o, ttl);
    put_u16(o, (unsigned)size);
    put(o, rdata, size);
    o->counts[WIRE_ADDITIONAL]++;
}

void wire_opt(struct wire_out *o, const struct wire_edns *e)
{
    uint8_t rdata[256];
    size_t n = 0;
    if (e->cookie_size) {
        wire_option(rdata, &n, 10, e->cookie, e->cookie_size);
    }
    if (e->ede >= 0) {
        uint8_t code[2];
        wire_set_u16(code, (unsigned)e->ede);
        wire_option(rdata, &n, 15, code, 2);
    }
    if (e->ecs) {
        wire_option(rdata, &n, 8, "\0\1\30\0\12\0\0", 7);
    }
    if (e->nsid) {
        wire_option(rdata, &n, 3, "", 0);
    }
    if (e->keepalive) {
        wire_option(rdata, &n, 11, "", 0);
    }
    wire_opt_raw(o, e->udp_size,
                 (uint32_t)e->rcode_high << 24 | (uint32_t)e->version << 16 |
                     (e->dnssec_ok ? 0x8000u : 0),
                 rdata, n);
}

size_t wire_end(struct wire_out *o)
{
    for (unsigned i = 0; i < 4; i++) {
        wire_set_u16(o->bytes + 4 + 2 * i, o->counts[i]);
    }
    return o->size;
}
