/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dns/msg.h"

/* type, class, TTL, RDLENGTH */
#define RR_FIXED_SIZE 10

static uint16_t load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Everything but the name's octets, which mean nothing without a question. */
static void clear(struct wr_msg *m, const uint8_t *wire, size_t size)
{
    m->wire = wire;
    m->size = size;
    m->id = load_u16(wire);
    m->flags = load_u16(wire + 2);
    m->qdcount = load_u16(wire + 4);
    for (unsigned i = 0; i < 3; i++) {
        m->counts[i] = load_u16(wire + 6 + (size_t)2 * i);
        m->starts[i] = 0;
    }
    m->qname.wire[0] = 0;
    m->qname.size = 1;
    m->qtype = 0;
    m->qclass = 0;
    m->question_end = WR_MSG_HEADER_SIZE;
    m->edns = (struct wr_edns){.ede = WR_EDE_NONE};
    m->tsig = false;
}

static int read_question(struct wr_msg *m, struct wr_reader *r)
{
    uint16_t type, class_;

    if (m->qdcount == 0) {
        return WR_OK;
    }
    if (wr_name_read(r, &m->qname)) {
        m->qname.wire[0] = 0;
        m->qname.size = 1;
        return WR_E_FORMAT;
    }
    type = wr_buf_get_u16(r);
    class_ = wr_buf_get_u16(r);
    if (r->err) {
        return WR_E_FORMAT;
    }
    m->qtype = type;
    m->qclass = class_;
    m->question_end = r->pos;
    return m->qdcount == 1 ? WR_OK : WR_E_FORMAT;
}

static int read_opt(struct wr_edns *edns, const uint8_t *fixed, const uint8_t *rdata, size_t size)
{
    uint32_t ttl = load_u32(fixed + 4);

    if (edns->present) {
        return WR_E_FORMAT; /* RFC 6891 section 6.1.1: more than one */
    }
    edns->present = true;
    edns->udp_size = load_u16(fixed + 2);
    edns->rcode_high = (uint8_t)(ttl >> 24);
    edns->version = (uint8_t)(ttl >> 16);
    edns->dnssec_ok = (ttl & 0x8000) != 0;
    edns->z = (uint16_t)(ttl & 0x7fff);
    /* what the options of another version mean is not known */
    return edns->version == 0 ? wr_edns_read_options(rdata, size, edns) : WR_OK;
}

/* The owner that was checked last, where it starts: most records point at the one name. And what all owners
 * cost so far. */
struct owner_memo {
    size_t target;
    size_t octets;
};

/* Moves over an owner name and knows it to be well formed. */
static int check_owner(struct wr_reader *r, struct owner_memo *memo)
{
    size_t at = r->pos;
    size_t target = at;
    uint8_t octets;

    if (wr_buf_left(r) >= 2 && (r->base[at] & 0xc0) == 0xc0) {
        target = (size_t)load_u16(r->base + at) & 0x3fff;
        if (target == memo->target) {
            wr_buf_skip(r, 2);
            return WR_OK;
        }
    }
    if (wr_name_check(r, &octets)) {
        return WR_E_FORMAT;
    }
    memo->octets += octets;
    if (memo->octets > WR_MSG_OWNER_OCTETS_MAX) {
        return WR_E_FORMAT;
    }
    if (target >= WR_MSG_HEADER_SIZE && target < at) {
        memo->target = target;
    }
    return WR_OK;
}

/* One record of `section`; `last`: nothing follows in the whole message. */
static int check_record(struct wr_msg *m, struct wr_reader *r, unsigned section, bool last,
                        struct owner_memo *memo)
{
    size_t owner = r->pos;
    const uint8_t *fixed, *rdata;
    uint16_t type, rdlength;

    if (check_owner(r, memo)) {
        return WR_E_FORMAT;
    }
    fixed = wr_buf_get_bytes(r, RR_FIXED_SIZE);
    if (!fixed) {
        return WR_E_FORMAT;
    }
    type = load_u16(fixed);
    rdlength = load_u16(fixed + 8);
    rdata = wr_buf_get_bytes(r, rdlength);
    if (!rdata) {
        return WR_E_FORMAT;
    }
    if (type == WR_TYPE_OPT) {
        if (section != WR_SECTION_ADDITIONAL || r->base[owner] != 0) {
            return WR_E_FORMAT; /* RFC 6891 section 6.1.1: additional data, owner the root */
        }
        return read_opt(&m->edns, fixed, rdata, rdlength);
    }
    if (type == WR_TYPE_TSIG) {
        m->tsig = true;
        return section == WR_SECTION_ADDITIONAL && last ? WR_OK : WR_E_FORMAT;
    }
    return WR_OK;
}

static int check_records(struct wr_msg *m, struct wr_reader *r)
{
    struct owner_memo memo = {.target = m->qdcount ? WR_MSG_HEADER_SIZE : SIZE_MAX};
    unsigned total = (unsigned)m->counts[0] + m->counts[1] + m->counts[2];

    if (total > WR_MSG_RECORDS_MAX) {
        return WR_E_FORMAT;
    }
    for (unsigned section = 0; section < 3; section++) {
        m->starts[section] = r->pos;
        for (unsigned i = 0; i < m->counts[section]; i++) {
            int err = check_record(m, r, section, --total == 0, &memo);

            if (err) {
                return WR_E_FORMAT;
            }
        }
    }
    return wr_buf_left(r) == 0 ? WR_OK : WR_E_FORMAT;
}

int wr_msg_parse(struct wr_msg *ret_msg, const uint8_t *wire, size_t size)
{
    struct wr_reader r;
    int err;

    if (size < WR_MSG_HEADER_SIZE) {
        return WR_E_SHORT;
    }
    clear(ret_msg, wire, size);
    if (size > WR_MSG_MAX) {
        return WR_E_FORMAT;
    }
    wr_buf_read_init(&r, wire, size);
    wr_buf_skip(&r, WR_MSG_HEADER_SIZE);
    err = read_question(ret_msg, &r);
    return err ? err : check_records(ret_msg, &r);
}

/* The question of a plain query: no pointer can stand there, nothing was before it. Returns the
 * octets of the name, or 0. */
static size_t quick_name_size(const uint8_t *wire, size_t size)
{
    size_t at = WR_MSG_HEADER_SIZE;
    size_t n;

    while (at < size && wire[at] != 0) {
        if (wire[at] > WR_LABEL_MAX) {
            return 0;
        }
        at += wire[at] + 1u;
    }
    n = at + 1 - WR_MSG_HEADER_SIZE;
    return n > WR_NAME_MAX || at + 5 > size ? 0 : n;
}

int wr_msg_peek_question(const uint8_t *wire, size_t size, const uint8_t **ret_name,
                         uint16_t *ret_type)
{
    size_t n = quick_name_size(wire, size);

    if (n == 0) {
        return WR_E_FORMAT;
    }
    *ret_name = wire + WR_MSG_HEADER_SIZE;
    *ret_type = load_u16(wire + WR_MSG_HEADER_SIZE + n);
    return WR_OK;
}

static size_t quick_name(struct wr_msg *m, const uint8_t *wire, size_t size)
{
    size_t n = quick_name_size(wire, size);

    if (n == 0) {
        return 0;
    }
    memcpy(m->qname.wire, wire + WR_MSG_HEADER_SIZE, n);
    m->qname.size = (uint8_t)n;
    return n;
}

/* The rest of the message is one OPT record. */
static int quick_opt(struct wr_msg *m, size_t at)
{
    const uint8_t *p = m->wire + at;
    size_t left = m->size - at;

    if (left < 1 + RR_FIXED_SIZE || p[0] != 0 || load_u16(p + 1) != WR_TYPE_OPT ||
        load_u16(p + 9) != left - 1 - RR_FIXED_SIZE) {
        return WR_E_UNSUPPORTED;
    }
    return read_opt(&m->edns, p + 1, p + 1 + RR_FIXED_SIZE, left - 1 - RR_FIXED_SIZE)
               ? WR_E_UNSUPPORTED
               : WR_OK;
}

int wr_msg_parse_query(struct wr_msg *ret_msg, const uint8_t *wire, size_t size)
{
    struct wr_msg *m = ret_msg;
    size_t n;
    size_t at;

    if (size < WR_MSG_HEADER_SIZE + 5 || size > WR_MSG_MAX) {
        return WR_E_UNSUPPORTED;
    }
    clear(m, wire, size);
    if (m->qdcount != 1 || m->counts[0] || m->counts[1] || m->counts[2] > 1) {
        return WR_E_UNSUPPORTED;
    }
    n = quick_name(m, wire, size);
    if (n == 0) {
        return WR_E_UNSUPPORTED;
    }
    at = WR_MSG_HEADER_SIZE + n;
    m->qtype = load_u16(wire + at);
    m->qclass = load_u16(wire + at + 2);
    at += 4;
    m->question_end = m->starts[0] = m->starts[1] = m->starts[2] = at;
    if (m->counts[2]) {
        return quick_opt(m, at);
    }
    return at == size ? WR_OK : WR_E_UNSUPPORTED;
}

struct wr_reader wr_msg_reader(const struct wr_msg *m, size_t offset)
{
    struct wr_reader r;

    wr_buf_read_init(&r, m->wire, m->size);
    wr_buf_seek(&r, offset);
    return r;
}

struct wr_msg_walk wr_msg_walk(const struct wr_msg *m, enum wr_section section)
{
    return (struct wr_msg_walk){.r = wr_msg_reader(m, m->starts[section]),
                                .left = m->counts[section]};
}

bool wr_msg_next(struct wr_msg_walk *walk, struct wr_msg_rr *ret_rr)
{
    struct wr_reader *r = &walk->r;

    if (walk->left == 0 || wr_name_read(r, &ret_rr->owner)) {
        return false;
    }
    ret_rr->type = wr_buf_get_u16(r);
    ret_rr->class_ = wr_buf_get_u16(r);
    ret_rr->ttl = wr_buf_get_u32(r);
    ret_rr->rdlength = wr_buf_get_u16(r);
    ret_rr->rdata = r->pos;
    if (ret_rr->ttl & 0x80000000 && ret_rr->type != WR_TYPE_OPT) {
        ret_rr->ttl = 0;
    }
    wr_buf_skip(r, ret_rr->rdlength);
    walk->left--;
    return r->err == WR_OK;
}
