/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short ways to make the messages that upstreams send, for the tests of this folder.
 */
#ifndef TESTS_UNIT_RESOLVE_WIRE_H
#define TESTS_UNIT_RESOLVE_WIRE_H

#include "unit/unit.h"

#include <string.h>

#include "dns/build.h"
#include "dns/msg.h"
#include "dns/present.h"

struct wire_rr {
    enum wr_section section;
    const char *owner;
    uint16_t type;
    uint32_t ttl;
    const char *rdata; /* presentation form */
};

static inline struct wr_name wire_name(const char *text)
{
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    return n;
}

static inline void wire_put(struct wr_build *b, const struct wire_rr *rr)
{
    uint8_t rdata[1024];
    struct wr_writer w;
    size_t column;
    struct wr_name owner = wire_name(rr->owner);
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    int err = wr_present_read_rdata(rr->rdata, strlen(rr->rdata), rr->type, NULL, &w, &column);
    if (err) {
        fail_msg("rdata \"%s\" column %zu", rr->rdata, column);
    }
    assert_int_equal(
        wr_build_rr(b, rr->section, owner.wire, rr->type, WR_CLASS_IN, rr->ttl, rdata, w.pos), 0);
}

/* A response to (qname, qtype); returns its size and parses it. */
static inline size_t wire_response(uint8_t *room, size_t cap, const char *qname, uint16_t qtype,
                                   uint16_t flags, uint16_t rcode, const struct wire_rr *rrs,
                                   unsigned count, struct wr_msg *ret_msg)
{
    struct wr_build b;
    struct wr_name name = wire_name(qname);
    wr_build_start(&b, room, cap, 1, (uint16_t)(WR_FLAG_QR | flags));
    wr_build_question(&b, name.wire, qtype, WR_CLASS_IN);
    for (unsigned i = 0; i < count; i++) {
        wire_put(&b, &rrs[i]);
    }
    size_t size = wr_build_finish(&b, rcode);
    assert_int_equal(wr_msg_parse(ret_msg, room, size), 0);
    return size;
}

#define WIRE_AN(owner, type, ttl, rdata)           \
    {                                              \
        WR_SECTION_ANSWER, owner, type, ttl, rdata \
    }
#define WIRE_NS(owner, type, ttl, rdata)              \
    {                                                 \
        WR_SECTION_AUTHORITY, owner, type, ttl, rdata \
    }
#define WIRE_AR(owner, type, ttl, rdata)               \
    {                                                  \
        WR_SECTION_ADDITIONAL, owner, type, ttl, rdata \
    }

#endif
