/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/prefix.h"

#include <string.h>

/* Eight of them in the order of the network; compared as one number, for this is done for each address of each answer. */
static uint64_t octets(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

/* Order: family, then octets, then the outer prefix before those inside it. The scope of a link-local address
 * is not looked at: the socket a query came in by is bound to an interface already. */
static int order(const struct wr_prefix *a, const struct wr_prefix *b)
{
    if (a->addr.family != b->addr.family) {
        return a->addr.family < b->addr.family ? -1 : 1;
    }
    for (unsigned i = 0; i < sizeof(a->addr.ip); i += 8) {
        uint64_t x = octets(a->addr.ip + i), y = octets(b->addr.ip + i);
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return (int)a->len - (int)b->len;
}

static bool inside(uint8_t family, const uint8_t *ip, const struct wr_prefix *p)
{
    if (family != p->addr.family) {
        return false;
    }
    unsigned whole = p->len / 8, rest = p->len % 8;
    if (memcmp(ip, p->addr.ip, whole) != 0) {
        return false;
    }
    return rest == 0 || ((ip[whole] ^ p->addr.ip[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

/* Shell sort: no memory, no recursion, and the list is the owner's. */
static void sort(struct wr_prefix *p, uint32_t count)
{
    uint32_t gap = 1;
    while (gap < count / 3) {
        gap = gap * 3 + 1;
    }
    for (; gap > 0; gap /= 3) {
        for (uint32_t i = gap; i < count; i++) {
            struct wr_prefix moving = p[i];
            uint32_t j = i;
            for (; j >= gap && order(&moving, &p[j - gap]) < 0; j -= gap) {
                p[j] = p[j - gap];
            }
            p[j] = moving;
        }
    }
}

uint32_t wr_prefix_compile(struct wr_prefix *prefixes, uint32_t count)
{
    uint32_t kept = 0;
    sort(prefixes, count);
    for (uint32_t i = 0; i < count; i++) {
        struct wr_prefix p = prefixes[i];
        if (kept > 0 && inside(p.addr.family, p.addr.ip, &prefixes[kept - 1])) {
            continue;
        }
        prefixes[kept++] = p;
    }
    return kept;
}

static bool has(const struct wr_prefix *prefixes, uint32_t count, uint8_t family,
                const uint8_t ip[16])
{
    struct wr_prefix key = {.addr = {.family = family}, .len = 255};
    memcpy(key.addr.ip, ip, sizeof(key.addr.ip));
    uint32_t low = 0, high = count; /* the last that does not come after the key */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (order(&prefixes[middle], &key) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && inside(family, ip, &prefixes[low - 1]);
}

bool wr_prefix_has(const struct wr_prefix *prefixes, uint32_t count, const struct wr_addr *addr)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (has(prefixes, count, addr->family, addr->ip)) {
        return true;
    }
    if (addr->family == WR_AF_V6 && memcmp(addr->ip, mapped, sizeof(mapped)) == 0) {
        uint8_t v4[16] = {addr->ip[12], addr->ip[13], addr->ip[14], addr->ip[15]};
        return has(prefixes, count, WR_AF_V4, v4);
    }
    return false;
}
