/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/xferread.h"

#include <string.h>

#include "dns/codes.h"
#include "dns/name.h"

#define NUMBERS_SIZE 20

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool wr_xferread_numbers(const uint8_t *rdata, uint16_t size, struct wr_soa_numbers *ret)
{
    const uint8_t *p;

    if (size < NUMBERS_SIZE + 2) {
        return false;
    }
    p = rdata + size - NUMBERS_SIZE;
    *ret = (struct wr_soa_numbers){u32_at(p), u32_at(p + 4), u32_at(p + 8), u32_at(p + 12),
                                   u32_at(p + 16)};
    return true;
}

void wr_xferread_start(struct wr_xferread *r, const uint8_t *zone, bool incremental,
                       uint32_t serial)
{
    memset(r, 0, sizeof(*r));
    r->zone = zone;
    r->incremental = incremental;
    r->from = serial;
}

static unsigned one(struct wr_xferread_step *steps, enum wr_xferread_op op,
                    const struct wr_xfer_rr *rr)
{
    steps[0] = (struct wr_xferread_step){.op = op};
    if (rr) {
        steps[0].rr = *rr;
    }
    return 1;
}

static unsigned broken(struct wr_xferread *r, struct wr_xferread_step *steps, const char *reason)
{
    r->state = WR_XFERREAD_OVER;
    steps[0] = (struct wr_xferread_step){.op = WR_XFERREAD_BROKEN, .reason = reason};
    return 1;
}

static bool is_apex_soa(const struct wr_xferread *r, const struct wr_xfer_rr *rr)
{
    return rr->type == WR_TYPE_SOA && wr_name_equal(rr->owner, r->zone);
}

static bool is_first_soa(const struct wr_xferread *r, const struct wr_xfer_rr *rr)
{
    return rr->size == r->soa_size && memcmp(rr->rdata, r->soa, rr->size) == 0;
}

static uint32_t serial_of(const struct wr_xfer_rr *soa)
{
    struct wr_soa_numbers n = {0};

    (void)wr_xferread_numbers(soa->rdata, soa->size, &n);
    return n.serial;
}

/* A whole zone begins: with the SOA record that was kept. */
static unsigned begin_whole(struct wr_xferread *r, struct wr_xferread_step *steps)
{
    struct wr_xfer_rr soa = {
        .owner = r->zone, .rdata = r->soa, .ttl = r->ttl, .type = WR_TYPE_SOA, .size = r->soa_size};

    r->state = WR_XFERREAD_WHOLE;
    (void)one(&steps[0], WR_XFERREAD_FULL, NULL);
    return 1 + one(&steps[1], WR_XFERREAD_ADD, &soa);
}

static unsigned take_first(struct wr_xferread *r, const struct wr_xfer_rr *rr,
                           struct wr_xferread_step *steps)
{
    struct wr_soa_numbers n;

    if (!is_apex_soa(r, rr) || rr->size > sizeof(r->soa) ||
        !wr_xferread_numbers(rr->rdata, rr->size, &n)) {
        return broken(r, steps, "the transfer does not begin with the zone's SOA record");
    }
    memcpy(r->soa, rr->rdata, rr->size);
    r->soa_size = rr->size;
    r->ttl = rr->ttl;
    r->serial = n.serial;
    if (!r->incremental) {
        return begin_whole(r, steps);
    }
    if (!wr_xferread_is_later(r->serial, r->from)) {
        r->state = WR_XFERREAD_OVER;
        return one(steps, WR_XFERREAD_CURRENT, NULL);
    }
    r->state = WR_XFERREAD_SECOND;
    return 0;
}

static unsigned take_whole(struct wr_xferread *r, const struct wr_xfer_rr *rr,
                           struct wr_xferread_step *steps)
{
    if (!is_apex_soa(r, rr)) {
        bool inside = wr_name_in(rr->owner, r->zone);

        return one(steps, inside ? WR_XFERREAD_ADD : WR_XFERREAD_OUTSIDE, rr);
    }
    if (!is_first_soa(r, rr)) {
        return broken(r, steps, "the zone changed while it was sent");
    }
    r->state = WR_XFERREAD_OVER;
    return one(steps, WR_XFERREAD_END, NULL);
}

static unsigned take_second(struct wr_xferread *r, const struct wr_xfer_rr *rr,
                            struct wr_xferread_step *steps)
{
    unsigned n;

    if (!is_apex_soa(r, rr) || is_first_soa(r, rr)) {
        n = begin_whole(r, steps);
        return n + take_whole(r, rr, steps + n);
    }
    if (serial_of(rr) != r->from) {
        return broken(r, steps, "the changes do not begin at our serial");
    }
    r->state = WR_XFERREAD_REMOVES;
    (void)one(&steps[0], WR_XFERREAD_DIFF, NULL);
    return 1 + one(&steps[1], WR_XFERREAD_REMOVE, rr);
}

static unsigned take_removed(struct wr_xferread *r, const struct wr_xfer_rr *rr,
                             struct wr_xferread_step *steps)
{
    if (!is_apex_soa(r, rr)) {
        return one(steps, WR_XFERREAD_REMOVE, rr);
    }
    r->to = serial_of(rr);
    if (!wr_xferread_is_later(r->to, r->from) || wr_xferread_is_later(r->to, r->serial)) {
        return broken(r, steps, "the serials of the changes do not follow each other");
    }
    r->state = WR_XFERREAD_ADDS;
    return one(steps, WR_XFERREAD_ADD, rr);
}

static unsigned take_added(struct wr_xferread *r, const struct wr_xfer_rr *rr,
                           struct wr_xferread_step *steps)
{
    if (!is_apex_soa(r, rr)) {
        bool inside = wr_name_in(rr->owner, r->zone);

        return one(steps, inside ? WR_XFERREAD_ADD : WR_XFERREAD_OUTSIDE, rr);
    }
    if (r->to == r->serial && is_first_soa(r, rr)) {
        r->state = WR_XFERREAD_OVER;
        return one(steps, WR_XFERREAD_END, NULL);
    }
    if (r->to == r->serial || serial_of(rr) != r->to) {
        return broken(r, steps, "the serials of the changes do not follow each other");
    }
    r->from = r->to;
    r->state = WR_XFERREAD_REMOVES;
    return one(steps, WR_XFERREAD_REMOVE, rr);
}

unsigned wr_xferread_take(struct wr_xferread *r, const struct wr_xfer_rr *rr,
                          struct wr_xferread_step steps[WR_XFERREAD_STEPS])
{
    switch (r->state) {
    case WR_XFERREAD_FIRST: return take_first(r, rr, steps);
    case WR_XFERREAD_SECOND: return take_second(r, rr, steps);
    case WR_XFERREAD_WHOLE: return take_whole(r, rr, steps);
    case WR_XFERREAD_REMOVES: return take_removed(r, rr, steps);
    case WR_XFERREAD_ADDS: return take_added(r, rr, steps);
    case WR_XFERREAD_OVER: break;
    }
    return broken(r, steps, "records behind the end of the transfer");
}
