/* SPDX-License-Identifier: Apache-2.0 */
/*
 * News: who may tell that a zone has changed (NOTIFY, RFC 1996).
 *
 *     if (wr_news_take(&settings->news, zone, &from)) ... answer NOERROR
 *
 * A zone that weir keeps a copy of has its primaries; a NOTIFY of such an address counts, any other is not listened to
 * (section 3.10). What is told is only that there may be something new: a number in `counts` grows, and whoever has the
 * copies looks at the primaries then. So a forged one costs a look, and looks have a rate (WR_XFER_NOTIFY_S).
 *
 * `counts` outlives every snapshot of the zones. Two zones may share a number: the other one is looked at as well.
 */
#ifndef WR_RESOLVE_NEWS_H
#define WR_RESOLVE_NEWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "dns/name.h"

#define WR_NEWS_COUNTS 256

struct wr_news_zone {
    struct wr_name name;
    struct wr_addr from[WR_XFER_PRIMARIES_MAX]; /* ports do not matter */
    unsigned froms;
};

struct wr_news {
    const struct wr_news_zone *zone;
    uint32_t zones;
    _Atomic uint32_t *counts; /* WR_NEWS_COUNTS of them */
};

bool wr_news_take(const struct wr_news *news, const uint8_t *zone, const struct wr_addr *from);
/* Which of the numbers is a zone's. */
uint32_t wr_news_number(const uint8_t *zone);

#endif
