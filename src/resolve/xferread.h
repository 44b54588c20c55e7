/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer reading: what the records of an AXFR or IXFR response mean, one after another (RFC 5936 section 2.2, RFC 1995
 * section 4).
 *
 *     wr_xferread_start(&r, zone, WR_TYPE_IXFR, serial_of_ours);
 *     for each record of the answers:  n = wr_xferread_take(&r, &rr, steps);     at most WR_XFERREAD_STEPS
 *     wr_xferread_is_over(&r)                                                     the last record was there
 *
 * The same response may be a whole zone, a list of changes, or the news that there is none; the first two records tell. A
 * step says what to do with a record: FULL and DIFF come before the first, ADD and REMOVE are records, END says that the zone is whole,
 * CURRENT that ours is. BROKEN ends it: `reason` says why, and nothing of it may be used.
 *
 * A response that stops in the middle is not over. Records of other names than the zone's are passed over (OUTSIDE).
 *
 * Memory: the struct keeps a copy of the SOA record; a step points into that, or to what was taken.
 */
#ifndef WR_RESOLVE_XFERREAD_H
#define WR_RESOLVE_XFERREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

/* Two names and five numbers. */
#define WR_XFERREAD_SOA_MAX (2 * WR_NAME_MAX + 20)
#define WR_XFERREAD_STEPS   3

struct wr_xfer_rr {
    const uint8_t *owner;
    const uint8_t *rdata; /* stored form */
    uint32_t ttl;
    uint16_t type;
    uint16_t size; /* of rdata */
};

enum wr_xferread_op {
    WR_XFERREAD_FULL = 1,
    WR_XFERREAD_DIFF,
    WR_XFERREAD_ADD,
    WR_XFERREAD_REMOVE,
    WR_XFERREAD_OUTSIDE,
    WR_XFERREAD_END,
    WR_XFERREAD_CURRENT,
    WR_XFERREAD_BROKEN,
};

struct wr_xferread_step {
    enum wr_xferread_op op;
    struct wr_xfer_rr rr; /* of ADD, REMOVE and OUTSIDE */
    const char *reason;   /* of BROKEN; static */
};

enum wr_xferread_state {
    WR_XFERREAD_FIRST = 0, /* nothing yet */
    WR_XFERREAD_SECOND,    /* the first SOA record: is it a zone or a list of changes? */
    WR_XFERREAD_WHOLE,
    WR_XFERREAD_REMOVES,
    WR_XFERREAD_ADDS,
    WR_XFERREAD_OVER,
};

struct wr_xferread {
    const uint8_t *zone;
    enum wr_xferread_state state;
    bool incremental;  /* IXFR was asked */
    uint32_t from, to; /* serials: of ours, later of the changes in work */
    uint32_t serial;   /* that the response leads to */
    uint32_t ttl;      /* of the first SOA record */
    uint16_t soa_size;
    uint8_t soa[WR_XFERREAD_SOA_MAX];
};

void wr_xferread_start(struct wr_xferread *r, const uint8_t *zone, bool incremental,
                       uint32_t serial);
unsigned wr_xferread_take(struct wr_xferread *r, const struct wr_xfer_rr *rr,
                          struct wr_xferread_step steps[WR_XFERREAD_STEPS]);
static inline bool wr_xferread_is_over(const struct wr_xferread *r)
{
    return r->state == WR_XFERREAD_OVER;
}

/* RFC 1982: is `a` later than `b`? Of two that are half the circle apart neither is. */
static inline bool wr_xferread_is_later(uint32_t a, uint32_t b)
{
    return a != b && a - b < 0x80000000u;
}

/* The five numbers at the end of a SOA record's data; false: it is none. */
struct wr_soa_numbers {
    uint32_t serial, refresh_s, retry_s, expire_s, minimum_s;
};
bool wr_xferread_numbers(const uint8_t *rdata, uint16_t size, struct wr_soa_numbers *ret);

#endif
