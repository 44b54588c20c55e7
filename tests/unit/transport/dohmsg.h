/* SPDX-License-Identifier: Apache-2.0 */
/* Small DNS messages for tests of DoH: a question for lamp.home. A, and answers to it. */
#ifndef WR_TESTS_UNIT_TRANSPORT_DOHMSG_H
#define WR_TESTS_UNIT_TRANSPORT_DOHMSG_H

#include "base/buf.h"

static inline void dohmsg_question(struct wr_writer *w, uint16_t id, uint16_t flags,
                                   uint16_t answers, uint16_t authorities)
{
    static const uint8_t question[] = "\4lamp\4home\0\0\1\0";

    wr_buf_put_u16(w, id);
    wr_buf_put_u16(w, flags);
    wr_buf_put_u16(w, 1);
    wr_buf_put_u16(w, answers);
    wr_buf_put_u16(w, authorities);
    wr_buf_put_u16(w, 0);
    wr_buf_put_bytes(w, question, sizeof(question));
    w->base[w->pos - 1] = 1; /* class IN */
}

static inline size_t dohmsg_query(uint8_t *room, size_t cap, uint16_t id)
{
    struct wr_writer w;

    wr_buf_write_init(&w, room, cap);
    dohmsg_question(&w, id, 0x0100, 0, 0);
    return w.pos;
}

/* A record at the question's name; rdata of `n` octets that are 1. */
static inline void dohmsg_record(struct wr_writer *w, uint16_t type, uint32_t ttl, uint16_t n)
{
    wr_buf_put_u16(w, 0xc00c);
    wr_buf_put_u16(w, type);
    wr_buf_put_u16(w, 1);
    wr_buf_put_u32(w, ttl);
    wr_buf_put_u16(w, n);
    for (uint16_t i = 0; i < n; i++) {
        wr_buf_put_u8(w, 1);
    }
}

static inline size_t dohmsg_answer(uint8_t *room, size_t cap, uint16_t id, uint32_t ttl)
{
    struct wr_writer w;

    wr_buf_write_init(&w, room, cap);
    dohmsg_question(&w, id, 0x8180, 1, 0);
    dohmsg_record(&w, 1, ttl, 4);
    return w.pos;
}

#endif
