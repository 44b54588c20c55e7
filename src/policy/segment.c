/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/segment.h"

#include <string.h>

/* Family, octets, and the outer subnet before those inside it. */
static int order(const struct wr_prefix *a, const struct wr_prefix *b)
{
    int c = (int)a->addr.family - (int)b->addr.family;
    c = c != 0 ? c : memcmp(a->addr.ip, b->addr.ip, sizeof(a->addr.ip));
    return c != 0 ? c : (int)a->len - (int)b->len;
}

static bool has(const struct wr_segment_subnet *subnet, const struct wr_addr *addr)
{
    return wr_addr_in_prefix(addr, &subnet->prefix);
}

void wr_segment_compile(struct wr_segments *s)
{
    for (uint16_t i = 1; i < s->subnets; i++) { /* the owner's few, once */
        struct wr_segment_subnet moving = s->subnet[i];
        uint16_t k = i;
        for (; k > 0 && order(&moving.prefix, &s->subnet[k - 1].prefix) < 0; k--) {
            s->subnet[k] = s->subnet[k - 1];
        }
        s->subnet[k] = moving;
    }
    for (uint16_t i = 0; i < s->subnets; i++) {
        uint16_t above = i; /* place + 1 of the one before it */
        while (above > 0 && (!has(&s->subnet[above - 1], &s->subnet[i].prefix.addr) ||
                             s->subnet[above - 1].prefix.len >= s->subnet[i].prefix.len)) {
            above = s->subnet[above - 1].above;
        }
        s->subnet[i].above = above;
    }
}

static uint16_t by_interface(const struct wr_segments *s, uint32_t ifindex)
{
    for (uint16_t i = 0; i < s->links && ifindex != 0; i++) {
        if (s->link[i].ifindex == ifindex) {
            return s->link[i].segment;
        }
    }
    return WR_SEGMENT_NONE;
}

static bool has_interfaces(const struct wr_segments *s, uint16_t segment)
{
    bool found = false;
    for (uint16_t i = 0; i < s->links && !found; i++) {
        found = s->link[i].segment == segment;
    }
    return found;
}

/* The place + 1 of the longest subnet that has the address. */
static uint16_t longest(const struct wr_segments *s, const struct wr_addr *from)
{
    struct wr_prefix key = {.addr = wr_addr_mask(from, 128), .len = 255};
    uint16_t low = 0, high = s->subnets;
    while (low < high) { /* behind the last one that does not come after the address */
        uint16_t middle = (uint16_t)(low + (high - low) / 2);
        if (order(&s->subnet[middle].prefix, &key) <= 0) {
            low = (uint16_t)(middle + 1);
        } else {
            high = middle;
        }
    }
    while (low > 0 && !has(&s->subnet[low - 1], from)) {
        low = s->subnet[low - 1].above;
    }
    return low;
}

uint16_t wr_segment_of(const struct wr_segments *s, uint32_t ifindex, const struct wr_addr *from)
{
    uint16_t link = by_interface(s, ifindex);
    for (uint16_t at = longest(s, from); at > 0; at = s->subnet[at - 1].above) {
        uint16_t segment = s->subnet[at - 1].segment;
        if (link == WR_SEGMENT_NONE || link == segment || !has_interfaces(s, segment)) {
            return segment;
        }
    }
    return link;
}

/* The listener with this address goes before one with all. */
static uint16_t by_door(const struct wr_segments *s, const struct wr_addr *local)
{
    uint16_t found = WR_SEGMENT_NONE;
    for (uint16_t i = 0; i < s->doors; i++) {
        const struct wr_addr *a = &s->door[i].addr;
        if (a->family != local->family || a->port != local->port) {
            continue;
        }
        if (wr_addr_same_ip(a, local)) {
            return s->door[i].segment;
        }
        found = wr_addr_is_any(a) ? s->door[i].segment : found;
    }
    return found;
}

uint16_t wr_segment_at(const struct wr_segments *s, uint32_t ifindex, const struct wr_addr *from,
                       const struct wr_addr *local)
{
    uint16_t door = s->doors > 0 ? by_door(s, local) : WR_SEGMENT_NONE;
    if (door != WR_SEGMENT_NONE) {
        uint16_t link = by_interface(s, ifindex);
        if (link == WR_SEGMENT_NONE || link == door) {
            return door;
        }
    }
    return wr_segment_of(s, ifindex, from);
}

const struct wr_segment *wr_segment_labelled(const struct wr_segments *s, uint16_t label)
{
    for (uint16_t i = 0; i < s->segments; i++) {
        if (s->segment[i].label == label) {
            return &s->segment[i];
        }
    }
    return NULL;
}
