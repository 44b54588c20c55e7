/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/addrtree.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"

enum { VERSION = 1 };

#define ORDER_MARK 0x01020304u
#define MAPPED     0xffffu /* what stands before an IPv4 address in the low half of an IPv6 one */

static const uint8_t magic[8] = {'w', 'e', 'i', 'r', 'a', 'd', 'd', 'r'};

/* The checksum is over all behind it. */
struct head {
    uint8_t magic[8];
    uint64_t checksum;
    struct wr_hash_key key;
    uint32_t version, order;
    uint32_t count, zero;
};

#define CHECKED_FROM offsetof(struct head, key)

_Static_assert(sizeof(struct wr_addrtree_item) == 24, "entries have no gaps");
_Static_assert(sizeof(struct head) % 8 == 0, "entries are aligned");

static uint64_t load_be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static void set_address(struct wr_addrtree_item *item, const struct wr_addr *addr)
{
    bool v4 = addr->family == WR_AF_V4;
    item->family = addr->family;
    item->high = v4 ? load_be64(addr->ip) >> 32 << 32 : load_be64(addr->ip);
    item->low = v4 ? 0 : load_be64(addr->ip + 8);
}

void wr_addrtree_item(const struct wr_prefix *prefix, uint32_t line,
                      struct wr_addrtree_item *ret_item)
{
    set_address(ret_item, &prefix->addr);
    ret_item->line = line == 0 ? 1 : line;
    ret_item->len = prefix->len;
}

/* The bits of a half that a prefix has in it. */
static uint64_t mask(unsigned bits)
{
    return bits == 0 ? 0 : bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
}

static bool inside(const struct wr_addrtree_item *inner, const struct wr_addrtree_item *p)
{
    return inner->family == p->family && ((inner->high ^ p->high) & mask(p->len)) == 0 &&
           ((inner->low ^ p->low) & mask(p->len > 64 ? p->len - 64u : 0)) == 0;
}

/* --- building --- */

static bool before(const struct wr_addrtree_item *a, const struct wr_addrtree_item *b)
{
    if (a->family != b->family) {
        return a->family < b->family;
    }
    if (a->high != b->high) {
        return a->high < b->high;
    }
    if (a->low != b->low) {
        return a->low < b->low;
    }
    return a->len != b->len ? a->len < b->len : a->line < b->line;
}

static void sift(struct wr_addrtree_item *item, uint32_t at, uint32_t count)
{
    struct wr_addrtree_item moving = item[at];
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&item[child], &item[child + 1])) {
            child++;
        }
        if (!before(&moving, &item[child])) {
            break;
        }
        item[at] = item[child];
    }
    item[at] = moving;
}

/* Heap sort: no memory, no recursion, and no order of a list makes it slow. */
static void sort(struct wr_addrtree_item *item, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;) {
        sift(item, i, count);
    }
    for (uint32_t left = count; left > 1; left--) {
        struct wr_addrtree_item last = item[left - 1];
        item[left - 1] = item[0];
        item[0] = last;
        sift(item, 0, left - 1);
    }
}

static uint32_t drop_inner(struct wr_addrtree_item *item, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || !inside(&item[i], &item[kept - 1])) {
            item[kept++] = item[i];
        }
    }
    return kept;
}

static size_t size_of(uint32_t count)
{
    return sizeof(struct head) + (size_t)count * sizeof(struct wr_addrtree_item);
}

size_t wr_addrtree_room(uint32_t count)
{
    return count > WR_ADDRTREE_MAX ? SIZE_MAX : size_of(count);
}

int wr_addrtree_build(const struct wr_hash_key *key, struct wr_addrtree_item *item, uint32_t count,
                      void *block, size_t room, size_t *ret_size)
{
    struct head head = {.key = *key, .version = VERSION, .order = ORDER_MARK};
    if (count > WR_ADDRTREE_MAX || room < size_of(count)) {
        return count > WR_ADDRTREE_MAX ? WR_E_LIMIT : WR_E_FULL;
    }
    sort(item, count);
    head.count = drop_inner(item, count);
    size_t size = size_of(head.count);
    memcpy(head.magic, magic, sizeof(magic));
    memcpy(block, &head, sizeof(head));
    if (head.count > 0) {
        memcpy((uint8_t *)block + sizeof(head), item, head.count * sizeof(*item));
    }
    head.checksum = wr_hash_sip13(key, (const uint8_t *)block + CHECKED_FROM, size - CHECKED_FROM);
    memcpy(block, &head, sizeof(head));
    *ret_size = size;
    return WR_OK;
}

/* --- reading --- */

/* In order, and none inside the one before: then a search ends at the only one that can have the address. */
static bool is_sorted(const struct wr_addrtree *tree)
{
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct wr_addrtree_item *item = &tree->item[i];
        unsigned most = item->family == WR_AF_V4 ? 32 : item->family == WR_AF_V6 ? 128 : 0;
        if (most == 0 || item->len > most || item->line == 0 ||
            (i > 0 && (!before(item - 1, item) || inside(item, item - 1)))) {
            return false;
        }
    }
    return true;
}

int wr_addrtree_open(struct wr_addrtree *ret_tree, const void *block, size_t size)
{
    struct wr_addrtree tree;
    struct head head;
    if (size < sizeof(head) || (uintptr_t)block % 8 != 0) {
        return WR_E_FORMAT;
    }
    memcpy(&head, block, sizeof(head));
    if (memcmp(head.magic, magic, sizeof(magic)) != 0) {
        return WR_E_FORMAT;
    }
    if (head.version != VERSION || head.order != ORDER_MARK) {
        return WR_E_VERSION;
    }
    if (head.count > WR_ADDRTREE_MAX || size != size_of(head.count)) {
        return WR_E_FORMAT;
    }
    if (wr_hash_sip13(&head.key, (const uint8_t *)block + CHECKED_FROM, size - CHECKED_FROM) !=
        head.checksum) {
        return WR_E_CHECKSUM;
    }
    tree.item =
        (const struct wr_addrtree_item *)(const void *)((const uint8_t *)block + sizeof(head));
    tree.count = head.count;
    if (!is_sorted(&tree)) {
        return WR_E_FORMAT;
    }
    *ret_tree = tree;
    return WR_OK;
}

static uint32_t find(const struct wr_addrtree *tree, const struct wr_addrtree_item *key)
{
    uint32_t from = 0, to = tree->count; /* the last that does not come after the key */
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (before(&tree->item[middle], key)) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from > 0 && inside(key, &tree->item[from - 1]) ? tree->item[from - 1].line : 0;
}

uint32_t wr_addrtree_find(const struct wr_addrtree *tree, const struct wr_addr *addr)
{
    struct wr_addrtree_item key = {.len = UINT16_MAX};
    set_address(&key, addr);
    uint32_t line = addr->family == WR_AF_NONE ? 0 : find(tree, &key);
    if (line == 0 && addr->family == WR_AF_V6 && key.high == 0 && key.low >> 32 == MAPPED) {
        key.family = WR_AF_V4;
        key.high = key.low << 32;
        key.low = 0;
        line = find(tree, &key);
    }
    return line;
}
