/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/news.h"

#include "base/hash.h"

uint32_t wr_news_number(const uint8_t *zone)
{
    static const struct wr_hash_key
        key; /* the zones are the owner's; nobody gains by a collision */

    return (uint32_t)(wr_name_hash(&key, zone) % WR_NEWS_COUNTS);
}

static bool is_primary(const struct wr_news_zone *z, const struct wr_addr *from)
{
    for (unsigned i = 0; i < z->froms; i++) {
        if (wr_addr_same_ip(&z->from[i], from)) {
            return true;
        }
    }
    return false;
}

bool wr_news_take(const struct wr_news *news, const uint8_t *zone, const struct wr_addr *from)
{
    for (uint32_t i = 0; i < news->zones; i++) {
        if (wr_name_equal(news->zone[i].name.wire, zone)) {
            if (!is_primary(&news->zone[i], from)) {
                return false;
            }
            atomic_fetch_add_explicit(&news->counts[wr_news_number(zone)], 1, memory_order_relaxed);
            return true;
        }
    }
    return false;
}
