/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/feedset.h"

#include <stddef.h>

uint32_t wr_feedset_place(const struct wr_feedset *set, uint16_t label)
{
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        if (set->item[i].label == label) {
            return i;
        }
    }
    return WR_FEEDS_MAX;
}

static const struct wr_feedset_item *find(const struct wr_feedset *set, uint16_t label)
{
    uint32_t place = wr_feedset_place(set, label);
    return place < WR_FEEDS_MAX ? &set->item[place] : NULL;
}

uint32_t wr_feedset_name(const struct wr_feedset *set, uint16_t label, const uint8_t *name)
{
    const struct wr_feedset_item *item = find(set, label);
    struct wr_nametree_hit hit;
    if (item == NULL || item->names == NULL || !wr_nametree_find(item->names, name, &hit)) {
        return 0;
    }
    return hit.line;
}

uint32_t wr_feedset_address(const struct wr_feedset *set, uint16_t label,
                            const struct wr_addr *addr)
{
    const struct wr_feedset_item *item = find(set, label);
    return item == NULL || item->addrs == NULL ? 0 : wr_addrtree_find(item->addrs, addr);
}
