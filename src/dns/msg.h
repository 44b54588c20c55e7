/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message: reading a DNS message from the wire without copying it.
 *
 * wr_msg_parse looks at the whole message once: header, question, that every
 * record lies inside, OPT and TSIG in their places. After that the records are
 * walked with wr_msg_next. Owner names come out expanded, rdata as a position
 * in the message (use wr_rdata_expand to store it).
 *
 *     struct wr_msg m;
 *     if (wr_msg_parse(&m, wire, size) == WR_OK) {
 *         struct wr_msg_walk walk = wr_msg_walk(&m, WR_SECTION_ANSWER);
 *         struct wr_msg_rr rr;
 *         while (wr_msg_next(&walk, &rr)) { ... }
 *     }
 *
 * The struct points into the octets given: it lives no longer than they do.
 */
#ifndef WR_DNS_MSG_H
#define WR_DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dns/codes.h"
#include "dns/edns.h"
#include "dns/name.h"

#define WR_MSG_HEADER_SIZE 12

enum wr_section { WR_SECTION_ANSWER = 0, WR_SECTION_AUTHORITY = 1, WR_SECTION_ADDITIONAL = 2 };

struct wr_msg {
    const uint8_t *wire;
    size_t size;
    uint16_t id;
    uint16_t flags; /* the 16 bits, WR_FLAG_* */
    uint16_t qdcount;
    uint16_t counts[3]; /* by enum wr_section; OPT counts in additional */
    size_t starts[3];   /* offset of each section */
    struct wr_name qname;
    uint16_t qtype; /* 0 when there is no question */
    uint16_t qclass;
    size_t question_end; /* offset behind the first question */
    struct wr_edns edns;
    bool tsig; /* the last record is a TSIG */
};

static inline uint8_t wr_msg_opcode(const struct wr_msg *m)
{
    return (m->flags >> 11) & 15;
}

/* With the upper bits of EDNS. */
static inline uint16_t wr_msg_rcode(const struct wr_msg *m)
{
    return (uint16_t)((m->flags & 15) | (unsigned)m->edns.rcode_high << 4);
}

/* WR_E_SHORT: fewer than 12 octets, nothing to reply to. WR_E_FORMAT: malformed; then `id` and `flags` are set
 * (and the question when it could be read, else qtype 0), so that FORMERR can be sent. More than one question, OPT twice or
 * misplaced, octets behind the last record, a record past the end: WR_E_FORMAT. QDCOUNT 0 parses (RFC 9619, RFC 7873 5.4). */
int wr_msg_parse(struct wr_msg *ret_msg, const uint8_t *wire, size_t size);

/* The quick look at a plain query (one question, no answer or authority records, at most one OPT): the same result as
 * wr_msg_parse, for the hot path. WR_E_UNSUPPORTED: not of that shape, use wr_msg_parse. */
int wr_msg_parse_query(struct wr_msg *ret_msg, const uint8_t *wire, size_t size);
/* A first look at a query's question, without reading the rest: its name in place (uncompressed) and its type. An
 * error says nothing of the message. */
int wr_msg_peek_question(const uint8_t *wire, size_t size, const uint8_t **ret_name,
                         uint16_t *ret_type);

struct wr_msg_rr {
    struct wr_name owner;
    uint16_t type;
    uint16_t class_;
    uint32_t ttl; /* seconds; the top bit set reads as 0 (RFC 2181 section 8) */
    size_t rdata; /* offset in the message */
    uint16_t rdlength;
};

struct wr_msg_walk {
    struct wr_reader r;
    uint16_t left;
};

struct wr_msg_walk wr_msg_walk(const struct wr_msg *m, enum wr_section section);
bool wr_msg_next(struct wr_msg_walk *walk, struct wr_msg_rr *ret_rr);
/* A reader on the whole message, standing at `offset`. */
struct wr_reader wr_msg_reader(const struct wr_msg *m, size_t offset);

#endif
