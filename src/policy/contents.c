/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/contents.h"

#include <string.h>

#include "dns/codes.h"
#include "dns/svcb.h"
#include "policy/prefix.h"

/* What addresses are held against: prefixes of a rule, or what a feed lists. */
struct seek {
    const struct wr_prefix *prefix;
    uint32_t prefixes;
    const struct wr_feedset *feeds; /* not NULL: this one's */
    uint16_t label;
    uint32_t line; /* of the feed, when it was found there */
};

static bool is_sought(struct seek *k, const struct wr_addr *addr)
{
    if (k->feeds != NULL) {
        k->line = wr_feedset_address(k->feeds, k->label, addr);
        return k->line != 0;
    }
    return wr_prefix_has(k->prefix, k->prefixes, addr);
}

/* A program's own way to write it (RFC 4291 section 2.5.5.2), and that of NAT64 (RFC 6052 section 2.1). */
bool wr_contents_reaches(const struct wr_addr *addr, struct wr_addr *ret_v4)
{
    static const uint8_t before[][12] = {{[10] = 0xff, 0xff}, {0, 0x64, 0xff, 0x9b}};
    bool found = false;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]) && !found; i++) {
        found = addr->family == WR_AF_V6 && memcmp(addr->ip, before[i], sizeof(before[i])) == 0;
    }
    *ret_v4 = (struct wr_addr){.family = WR_AF_V4};
    memcpy(ret_v4->ip, addr->ip + 12, 4);
    return found;
}

static bool any_of(struct seek *k, uint8_t family, const uint8_t *octets, size_t size)
{
    size_t one = family == WR_AF_V4 ? 4 : 16;
    for (; size >= one; octets += one, size -= one) {
        struct wr_addr addr = {.family = family}, v4;
        memcpy(addr.ip, octets, one);
        if (is_sought(k, &addr) || (wr_contents_reaches(&addr, &v4) && is_sought(k, &v4))) {
            return true;
        }
    }
    return false;
}

static bool record_has(struct seek *k, uint16_t type, const uint8_t *rdata, size_t size)
{
    if (type == WR_TYPE_A || type == WR_TYPE_AAAA) {
        return any_of(k, type == WR_TYPE_A ? WR_AF_V4 : WR_AF_V6, rdata, size);
    }
    size_t head = 2 + (size > 3 ? wr_name_size(rdata + 2) : 0), v4 = 0, v6 = 0;
    if (size < 3 || head > size) {
        return false;
    }
    const uint8_t *hint4 = wr_svcb_find(rdata + head, size - head, WR_SVCB_IPV4HINT, &v4);
    const uint8_t *hint6 = wr_svcb_find(rdata + head, size - head, WR_SVCB_IPV6HINT, &v6);
    return (hint4 && any_of(k, WR_AF_V4, hint4, v4)) || (hint6 && any_of(k, WR_AF_V6, hint6, v6));
}

static bool seek_in(struct seek *k, const struct wr_contents *c)
{
    for (unsigned s = 0; s < c->count; s++) {
        const struct wr_rrset *set = &c->sets[s];
        bool has = set->type == WR_TYPE_A || set->type == WR_TYPE_AAAA ||
                   set->type == WR_TYPE_SVCB || set->type == WR_TYPE_HTTPS;
        struct wr_rrset_walk walk = wr_rrset_walk(set);
        const uint8_t *rdata;
        uint16_t size;
        for (unsigned i = 0; has && i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
            if (record_has(k, set->type, rdata, size)) {
                return true;
            }
        }
    }
    return false;
}

bool wr_contents_has(const struct wr_contents *c, const struct wr_prefix *prefix, uint32_t prefixes)
{
    struct seek k = {.prefix = prefix, .prefixes = prefixes};
    return seek_in(&k, c);
}

uint32_t wr_contents_listed(const struct wr_contents *c, const struct wr_feedset *feeds,
                            uint16_t label)
{
    struct seek k = {.feeds = feeds, .label = label};
    return feeds != NULL && seek_in(&k, c) ? k.line : 0;
}

const uint8_t *wr_contents_target(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *target;
    uint16_t size;
    return set->type == WR_TYPE_CNAME && set->records > 0 && wr_rrset_next(&walk, &target, &size)
               ? target
               : NULL;
}

bool wr_contents_private(const struct wr_contents *c)
{
    /* In the order in which wr_prefix_compile would leave them. */
    static const struct wr_prefix rows[] = {
        {.addr = {.family = WR_AF_V4, .ip = {0}}, .len = 8},
        {.addr = {.family = WR_AF_V4, .ip = {10}}, .len = 8},
        {.addr = {.family = WR_AF_V4, .ip = {100, 64}}, .len = 10},
        {.addr = {.family = WR_AF_V4, .ip = {127}}, .len = 8},
        {.addr = {.family = WR_AF_V4, .ip = {169, 254}}, .len = 16},
        {.addr = {.family = WR_AF_V4, .ip = {172, 16}}, .len = 12},
        {.addr = {.family = WR_AF_V4, .ip = {192, 168}}, .len = 16},
        {.addr = {.family = WR_AF_V6, .ip = {0}}, .len = 127},
        {.addr = {.family = WR_AF_V6, .ip = {[10] = 0xff, 0xff}}, .len = 96},
        {.addr = {.family = WR_AF_V6, .ip = {0xfc}}, .len = 7},
        {.addr = {.family = WR_AF_V6, .ip = {0xfe, 0x80}}, .len = 10},
    };
    return wr_contents_has(c, rows, sizeof(rows) / sizeof(rows[0]));
}
