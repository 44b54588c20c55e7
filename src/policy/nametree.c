/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nametree.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/name.h"

enum {
    VERSION = 1,
    FULL = 6, /* entries in a bucket, on average, at most */
    FLAG_BITS = 4,
    FLAGS = (1 << FLAG_BITS) - 1,
};

#define ORDER_MARK 0x01020304u

static const uint8_t magic[8] = {'w', 'e', 'i', 'r', 'n', 'a', 'm', 'e'};

/* The checksum is over all behind it. */
struct head {
    uint8_t magic[8];
    uint64_t checksum;
    struct wr_hash_key key;
    uint32_t version, order;
    uint64_t size; /* of the block */
    uint64_t self[2], below[2];
    uint32_t count, bits;
};

#define CHECKED_FROM offsetof(struct head, key)

/* --- fingerprints --- */

static uint64_t next_print(const struct wr_hash_key *key, uint64_t parent, const uint8_t *label)
{
    const struct wr_hash_key chained = {{key->k[0] ^ parent, key->k[1]}};
    return wr_hash_sip13_fold(&chained, label, (size_t)label[0] + 1);
}

/* The labels of a name, first to last. */
static unsigned split(const uint8_t *name, const uint8_t *ret_label[WR_NAME_LABELS_MAX])
{
    unsigned labels = 0;
    for (; *name != 0 && labels < WR_NAME_LABELS_MAX; name += *name + 1) {
        ret_label[labels++] = name;
    }
    return labels;
}

int wr_nametree_item(const struct wr_hash_key *key, const uint8_t *name, uint8_t flags,
                     uint32_t line, struct wr_nametree_item *ret_item)
{
    const uint8_t *label[WR_NAME_LABELS_MAX];
    unsigned labels = split(name, label);
    uint64_t print = 0;
    wr_assert((flags & (WR_NAMETREE_SELF | WR_NAMETREE_BELOW)) != 0);
    if (labels == 0) {
        return WR_E_RANGE;
    }
    for (unsigned i = labels; i-- > 0;) {
        print = next_print(key, print, label[i]);
    }
    ret_item->print = print;
    ret_item->line = line == 0 ? 1 : line < WR_NAMETREE_LINE_MAX ? line : WR_NAMETREE_LINE_MAX;
    ret_item->flags = flags & FLAGS;
    ret_item->labels = (uint8_t)labels;
    return WR_OK;
}

static uint32_t bucket_of(uint64_t print, unsigned bits)
{
    return bits == 0 ? 0 : (uint32_t)(print >> (64 - bits));
}

static bool has_depth(const uint64_t depths[2], unsigned labels)
{
    return (depths[labels / 64] >> (labels % 64) & 1) != 0;
}

/* --- building --- */

static unsigned bits_for(uint32_t count)
{
    unsigned bits = 0;
    while (((uint64_t)FULL << bits) < count) {
        bits++;
    }
    return bits;
}

/* Head, starts (an even number of words), prints, words. */
static size_t starts_size(unsigned bits)
{
    return (((size_t)1 << bits) + 2) / 2 * 2 * sizeof(uint32_t);
}

static size_t size_of(uint32_t count, unsigned bits)
{
    return sizeof(struct head) + starts_size(bits) +
           (size_t)count * (sizeof(uint64_t) + sizeof(uint32_t));
}

size_t wr_nametree_room(uint32_t count)
{
    unsigned bits = bits_for(count);
    return count > WR_NAMETREE_NAMES_MAX ? SIZE_MAX
                                         : size_of(count, bits) + (sizeof(uint32_t) << bits);
}

struct parts {
    uint32_t *start;
    uint64_t *print;
    uint32_t *word;
    uint32_t *fill; /* by bucket: entries in it while they come */
};

static void lay_out(void *block, uint32_t count, unsigned bits, struct parts *ret)
{
    uint8_t *at = (uint8_t *)block + sizeof(struct head);
    ret->start = (uint32_t *)(void *)at;
    at += starts_size(bits);
    ret->print = (uint64_t *)(void *)at;
    at += (size_t)count * sizeof(uint64_t);
    ret->word = (uint32_t *)(void *)at;
    at += (size_t)count * sizeof(uint32_t);
    ret->fill = (uint32_t *)(void *)at;
}

static uint32_t word_of(const struct wr_nametree_item *item)
{
    return item->line << FLAG_BITS | item->flags;
}

/* An item into its bucket, unless the same is there. */
static int put(const struct parts *p, const struct wr_nametree_item *item, unsigned bits)
{
    uint32_t b = bucket_of(item->print, bits), from = p->start[b], word = word_of(item);
    for (uint32_t i = from; i < from + p->fill[b]; i++) {
        if (p->print[i] == item->print && (p->word[i] & FLAGS) == item->flags) {
            p->word[i] = word < p->word[i] ? word : p->word[i];
            return WR_OK;
        }
    }
    if (p->fill[b] >= WR_NAMETREE_BUCKET_MAX) {
        return WR_E_LIMIT;
    }
    p->print[from + p->fill[b]] = item->print;
    p->word[from + p->fill[b]] = word;
    p->fill[b]++;
    return WR_OK;
}

static int fill_buckets(const struct parts *p, const struct wr_nametree_item *item, uint32_t count,
                        unsigned bits)
{
    uint32_t buckets = (uint32_t)1 << bits, sum = 0;
    memset(p->start, 0, starts_size(bits));
    memset(p->fill, 0, sizeof(uint32_t) << bits);
    for (uint32_t i = 0; i < count; i++) {
        p->start[bucket_of(item[i].print, bits)]++;
    }
    for (uint32_t b = 0; b <= buckets; b++) {
        uint32_t here = b < buckets ? p->start[b] : 0;
        p->start[b] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < count; i++) {
        int err = put(p, &item[i], bits);
        if (err != WR_OK) {
            return err;
        }
    }
    return WR_OK;
}

/* Closes the gaps that repeated items left; returns how many entries there are. */
static uint32_t close_gaps(const struct parts *p, unsigned bits)
{
    uint32_t buckets = (uint32_t)1 << bits, at = 0;
    for (uint32_t b = 0; b < buckets; b++) {
        uint32_t from = p->start[b];
        p->start[b] = at;
        memmove(p->print + at, p->print + from, p->fill[b] * sizeof(*p->print));
        memmove(p->word + at, p->word + from, p->fill[b] * sizeof(*p->word));
        at += p->fill[b];
    }
    p->start[buckets] = at;
    return at;
}

int wr_nametree_build(const struct wr_hash_key *key, const struct wr_nametree_item *item,
                      uint32_t count, void *block, size_t room, size_t *ret_size)
{
    struct head head = {.key = *key, .version = VERSION, .order = ORDER_MARK};
    unsigned bits = bits_for(count);
    struct parts p;
    if (count > WR_NAMETREE_NAMES_MAX || room < wr_nametree_room(count)) {
        return count > WR_NAMETREE_NAMES_MAX ? WR_E_LIMIT : WR_E_FULL;
    }
    lay_out(block, count, bits, &p);
    int err = fill_buckets(&p, item, count, bits);
    if (err != WR_OK) {
        return err;
    }
    head.count = close_gaps(&p, bits);
    head.bits = bits;
    memmove(p.print + head.count, p.word, head.count * sizeof(*p.word));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = (uint64_t)1 << (item[i].labels % 64);
        head.self[item[i].labels / 64] |= item[i].flags & WR_NAMETREE_SELF ? bit : 0;
        head.below[item[i].labels / 64] |= item[i].flags & WR_NAMETREE_BELOW ? bit : 0;
    }
    memcpy(head.magic, magic, sizeof(magic));
    head.size = size_of(head.count, bits);
    memcpy(block, &head, sizeof(head));
    head.checksum =
        wr_hash_sip13(key, (const uint8_t *)block + CHECKED_FROM, (size_t)head.size - CHECKED_FROM);
    memcpy(block, &head, sizeof(head));
    *ret_size = (size_t)head.size;
    return WR_OK;
}

/* --- reading --- */

static int check_head(const struct head *head, size_t size)
{
    if (memcmp(head->magic, magic, sizeof(magic)) != 0) {
        return WR_E_FORMAT;
    }
    if (head->version != VERSION || head->order != ORDER_MARK) {
        return WR_E_VERSION;
    }
    if (head->count > WR_NAMETREE_NAMES_MAX || head->bits > bits_for(WR_NAMETREE_NAMES_MAX) ||
        head->size != size || size != size_of(head->count, head->bits)) {
        return WR_E_FORMAT;
    }
    return WR_OK;
}

static int check_starts(const struct wr_nametree *tree)
{
    uint32_t buckets = (uint32_t)1 << tree->bits;
    if (tree->start[0] != 0 || tree->start[buckets] != tree->count) {
        return WR_E_FORMAT;
    }
    for (uint32_t b = 0; b < buckets; b++) {
        if (tree->start[b + 1] < tree->start[b] ||
            tree->start[b + 1] - tree->start[b] > WR_NAMETREE_BUCKET_MAX) {
            return WR_E_FORMAT;
        }
    }
    return WR_OK;
}

int wr_nametree_open(struct wr_nametree *ret_tree, const void *block, size_t size)
{
    struct wr_nametree tree = {.count = 0};
    struct head head;
    if (size < sizeof(head) || (uintptr_t)block % 8 != 0) {
        return WR_E_FORMAT;
    }
    memcpy(&head, block, sizeof(head));
    int err = check_head(&head, size);
    if (err != WR_OK) {
        return err;
    }
    if (wr_hash_sip13(&head.key, (const uint8_t *)block + CHECKED_FROM, size - CHECKED_FROM) !=
        head.checksum) {
        return WR_E_CHECKSUM;
    }
    const uint8_t *at = (const uint8_t *)block + sizeof(head);
    tree.key = head.key;
    tree.count = head.count;
    tree.bits = (uint8_t)head.bits;
    memcpy(tree.self, head.self, sizeof(tree.self));
    memcpy(tree.below, head.below, sizeof(tree.below));
    tree.start = (const uint32_t *)(const void *)at;
    tree.print = (const uint64_t *)(const void *)(at + starts_size(tree.bits));
    tree.word = (const uint32_t *)(const void *)(tree.print + tree.count);
    err = check_starts(&tree);
    if (err == WR_OK) {
        *ret_tree = tree;
    }
    return err;
}

/* Which line decides: the strong before the others, the exception before the rule, the longer name before the shorter, the first line. */
static uint64_t weight(const struct wr_nametree_hit *hit)
{
    uint64_t kind = (hit->flags & WR_NAMETREE_STRONG ? 1024u : 0) +
                    (hit->flags & WR_NAMETREE_EXCEPT ? 512u : 0) + hit->labels;
    return kind << 32 | (WR_NAMETREE_LINE_MAX - hit->line);
}

/* A suffix that may be in the list. */
struct probe {
    uint64_t print;
    uint32_t from, to; /* its bucket */
    uint8_t labels;
    bool self; /* the name itself */
};

static void look(const struct wr_nametree *tree, const struct probe *p, struct wr_nametree_hit *hit)
{
    uint8_t wanted = p->self ? WR_NAMETREE_SELF : WR_NAMETREE_BELOW;
    for (uint32_t i = p->from; i < p->to; i++) {
        if (tree->print[i] != p->print) {
            continue;
        }
        const struct wr_nametree_hit here = {.line = tree->word[i] >> FLAG_BITS,
                                             .flags = (uint8_t)(tree->word[i] & FLAGS),
                                             .labels = p->labels};
        if ((here.flags & wanted) != 0 && (hit->line == 0 || weight(&here) > weight(hit))) {
            *hit = here;
        }
    }
}

/* The suffixes of a name that may be listed, from the root; the processor is told where their buckets are. */
static unsigned probes_of(const struct wr_nametree *tree, const uint8_t *name,
                          struct probe ret_probe[WR_NAME_LABELS_MAX])
{
    const uint8_t *label[WR_NAME_LABELS_MAX];
    unsigned labels = split(name, label), count = 0, deepest = labels;
    uint64_t print = 0;
    while (deepest > 0 && !has_depth(deepest == labels ? tree->self : tree->below, deepest)) {
        deepest--; /* nothing of the list is so deep: nothing is made of these labels */
    }
    for (unsigned depth = 1; depth <= deepest; depth++) {
        bool self = depth == labels;
        print = next_print(&tree->key, print, label[labels - depth]);
        if (has_depth(self ? tree->self : tree->below, depth)) {
            ret_probe[count++] =
                (struct probe){.print = print, .labels = (uint8_t)depth, .self = self};
            __builtin_prefetch(&tree->start[bucket_of(print, tree->bits)]);
        }
    }
    return count;
}

bool wr_nametree_find(const struct wr_nametree *tree, const uint8_t *name,
                      struct wr_nametree_hit *ret_hit)
{
    struct probe probe[WR_NAME_LABELS_MAX];
    struct wr_nametree_hit hit = {0, 0, 0};
    unsigned count = probes_of(tree, name, probe);
    for (unsigned i = 0; i < count; i++) { /* the places of all are asked of memory at once */
        uint32_t b = bucket_of(probe[i].print, tree->bits);
        probe[i].from = tree->start[b];
        probe[i].to = tree->start[b + 1];
        __builtin_prefetch(&tree->print[probe[i].from]);
    }
    for (unsigned i = 0; i < count; i++) {
        look(tree, &probe[i], &hit);
    }
    *ret_hit = hit;
    return hit.line != 0 && (hit.flags & WR_NAMETREE_EXCEPT) == 0;
}
