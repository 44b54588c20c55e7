/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/zoneindex.h"

#include <string.h>

#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/rdata.h"
#include "dnssec/nsec3.h"

/* Of a label in base32hex that is a SHA-1 hash. */
#define HASH_TEXT 32

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

size_t wr_zoneindex_size(uint32_t records)
{
    if (records > WR_NAMES_RECORDS_MAX) {
        return SIZE_MAX;
    }
    return align8(sizeof(struct wr_zoneindex)) +
           records * align8(sizeof(struct wr_zoneindex_record)) +
           2 * (size_t)records * sizeof(struct wr_zoneindex_node);
}

void wr_zoneindex_start(struct wr_zoneindex **ret_index, void *block, uint32_t records,
                        const uint8_t *apex)
{
    struct wr_zoneindex *z = block;
    uint8_t *at = (uint8_t *)block + align8(sizeof(*z));
    memset(z, 0, sizeof(*z));
    wr_name_set(&z->apex, apex);
    z->room = records;
    z->record = (struct wr_zoneindex_record *)(void *)at;
    at += records * align8(sizeof(struct wr_zoneindex_record));
    z->node = (struct wr_zoneindex_node *)(void *)at;
    z->hash = z->node + records;
    *ret_index = z;
}

/* Labels from the zone's name down, lower case, a zero behind each: what differs here is in canonical order by it. A label with a zero
 * in it has no such place. */
static uint64_t place_of(const struct wr_zoneindex *z, const uint8_t *owner)
{
    unsigned below = wr_name_labels(owner) - wr_name_labels(z->apex.wire), n = 0;
    uint64_t place = 0;
    while (below > 0 && n < sizeof(place)) {
        const uint8_t *label = wr_name_skip_labels(owner, --below);
        for (unsigned i = 1; i <= label[0] && n < sizeof(place); i++, n++) {
            if (label[i] == 0) {
                return 0;
            }
            place = place << 8 | wr_name_fold(label[i]);
        }
        if (n < sizeof(place)) {
            place <<= 8;
            n++;
        }
    }
    return place << 8 * (sizeof(place) - n) % 64;
}

int wr_zoneindex_add(struct wr_zoneindex *z, const uint8_t *owner, uint16_t type, uint32_t ttl,
                     const uint8_t *rdata, uint16_t size)
{
    bool taken = type != 0 && !wr_codes_type_is_meta(type) && wr_name_in(owner, z->apex.wire) &&
                 wr_rdata_check(type, rdata, size) == WR_OK;
    if (!taken) {
        return WR_OK;
    }
    if (z->records == z->room) {
        return WR_E_FULL;
    }
    uint16_t covers = type == WR_TYPE_RRSIG ? (uint16_t)(rdata[0] << 8 | rdata[1]) : 0;
    z->record[z->records] = (struct wr_zoneindex_record){.owner = owner,
                                                         .place = place_of(z, owner),
                                                         .rdata = rdata,
                                                         .ttl = ttl,
                                                         .turn = z->records,
                                                         .type = type,
                                                         .size = size,
                                                         .covers = covers};
    z->records++;
    return WR_OK;
}

/* --- order --- */

static uint32_t key_of(const struct wr_zoneindex_record *r)
{
    return (uint32_t)r->type << 16 | r->covers;
}

static int order(const struct wr_zoneindex_record *a, const struct wr_zoneindex_record *b)
{
    if (a->place != b->place && a->place != 0 && b->place != 0) {
        return a->place < b->place ? -1 : 1;
    }
    int by_name = a->owner == b->owner ? 0 : wr_name_order(a->owner, b->owner);
    if (by_name != 0) {
        return by_name;
    }
    if (key_of(a) != key_of(b)) {
        return key_of(a) < key_of(b) ? -1 : 1;
    }
    return a->turn < b->turn ? -1 : 1;
}

static void swap(struct wr_zoneindex_record *a, struct wr_zoneindex_record *b)
{
    struct wr_zoneindex_record kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_down(struct wr_zoneindex_record *r, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && order(&r[child], &r[child + 1]) < 0) {
            child++;
        }
        if (order(&r[at], &r[child]) >= 0) {
            return;
        }
        swap(&r[at], &r[child]);
        at = child;
    }
}

/* A heap: no memory of its own, and no order of a stranger's makes it slow. Primaries often send what is in order already. */
static void sort(struct wr_zoneindex_record *r, uint32_t count)
{
    uint32_t at = 1;
    while (at < count && order(&r[at - 1], &r[at]) < 0) {
        at++;
    }
    if (at >= count) {
        return;
    }
    for (uint32_t i = count / 2; i > 0; i--) {
        sift_down(r, i - 1, count);
    }
    for (uint32_t left = count; left > 1; left--) {
        swap(&r[0], &r[left - 1]);
        sift_down(r, 0, left - 1);
    }
}

/* --- nodes --- */

const uint8_t *wr_zoneindex_owner(const struct wr_zoneindex *z,
                                  const struct wr_zoneindex_node *node)
{
    return z->record[node->first].owner;
}

struct wr_zoneindex_set wr_zoneindex_set(const struct wr_zoneindex *z,
                                         const struct wr_zoneindex_node *node, uint16_t type,
                                         uint16_t covers)
{
    const struct wr_zoneindex_record *r = &z->record[node->first];
    uint32_t key = (uint32_t)type << 16 | covers, low = 0, high = node->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (key_of(&r[middle]) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    struct wr_zoneindex_set set = {&r[low], 0};
    while (low < node->count && r[low].type == type && (r[low].covers == covers || covers == 0)) {
        low++;
        set.count++;
    }
    return set;
}

static bool has(const struct wr_zoneindex *z, const struct wr_zoneindex_node *node, uint16_t type)
{
    return wr_zoneindex_set(z, node, type, 0).count > 0;
}

static bool is_star(const uint8_t *name)
{
    return name[0] == 1 && name[1] == '*';
}

/* Nothing but NSEC3 records and their signatures. */
static bool is_hash_only(const struct wr_zoneindex *z, const struct wr_zoneindex_node *node)
{
    uint32_t proofs = wr_zoneindex_set(z, node, WR_TYPE_NSEC3, 0).count +
                      wr_zoneindex_set(z, node, WR_TYPE_RRSIG, WR_TYPE_NSEC3).count;
    return proofs == node->count;
}

static bool is_of_chain(const struct wr_zoneindex *z, const struct wr_zoneindex_node *node)
{
    struct wr_zoneindex_set set = wr_zoneindex_set(z, node, WR_TYPE_NSEC3, 0);
    struct wr_nsec3 view;
    for (uint32_t i = 0; i < set.count; i++) {
        if (wr_nsec3_view(set.record[i].owner, set.record[i].rdata, set.record[i].size,
                          z->apex.wire, &view) == WR_OK &&
            view.iterations == z->iterations && view.salt_size == z->salt_size &&
            memcmp(view.salt, z->salt, z->salt_size) == 0) {
            return true;
        }
    }
    return false;
}

/* The first set of parameters that names can be hashed with. */
static void choose_chain(struct wr_zoneindex *z)
{
    struct wr_zoneindex_set set = wr_zoneindex_set(z, &z->node[0], WR_TYPE_NSEC3PARAM, 0);
    for (uint32_t i = 0; i < set.count && !z->nsec3; i++) {
        const uint8_t *p = set.record[i].rdata;
        uint16_t iterations = (uint16_t)(p[2] << 8 | p[3]);
        if (p[0] == 1 && p[1] == 0 && iterations <= WR_DNSSEC_ITERATIONS_MAX) {
            z->nsec3 = true;
            z->iterations = iterations;
            z->salt_size = p[4];
            z->salt = p + 5;
        }
    }
}

/* One node a name; those of hashes apart, for they do not exist. */
static void make_nodes(struct wr_zoneindex *z)
{
    for (uint32_t i = 0; i < z->records;) {
        struct wr_zoneindex_node node = {.first = i};
        while (i < z->records && wr_name_equal(z->record[i].owner, z->record[node.first].owner)) {
            i++;
        }
        node.count = i - node.first;
        if (has(z, &node, WR_TYPE_NSEC3)) {
            z->hash[z->hashes++] = node;
        }
        if (!is_hash_only(z, &node)) {
            z->node[z->nodes++] = node;
        }
    }
}

static void keep_chain(struct wr_zoneindex *z)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < z->hashes && z->nsec3; i++) {
        if (is_of_chain(z, &z->hash[i])) {
            z->hash[kept++] = z->hash[i];
        }
    }
    z->hashes = kept;
}

/* Does the node hide what is below it? */
static bool hides(const struct wr_zoneindex *z, uint32_t i)
{
    const struct wr_zoneindex_node *node = &z->node[i];
    if (is_star(wr_zoneindex_owner(z, node))) {
        return false;
    }
    return has(z, node, WR_TYPE_DNAME) || (i > 0 && has(z, node, WR_TYPE_NS));
}

/* In canonical order a name comes right before all that is below it, so one walk knows who stands above whom. */
static void link_nodes(struct wr_zoneindex *z)
{
    uint32_t above = 0, nsec = 0;
    for (uint32_t i = 0; i < z->nodes; i++) {
        struct wr_zoneindex_node *node = &z->node[i];
        const uint8_t *owner = wr_zoneindex_owner(z, node);
        bool below = above != 0 && wr_name_in(owner, wr_zoneindex_owner(z, &z->node[above - 1]));
        if (!below) {
            above = hides(z, i) ? i + 1 : 0;
            nsec = has(z, node, WR_TYPE_NSEC) ? i + 1 : nsec;
        }
        node->above = above;
        node->nsec = nsec;
    }
}

int wr_zoneindex_end(struct wr_zoneindex *z)
{
    sort(z->record, z->records);
    make_nodes(z);
    if (z->nodes == 0 || !wr_name_equal(wr_zoneindex_owner(z, &z->node[0]), z->apex.wire) ||
        !has(z, &z->node[0], WR_TYPE_SOA)) {
        return WR_E_FORMAT;
    }
    choose_chain(z);
    keep_chain(z);
    link_nodes(z);
    return WR_OK;
}

/* --- looking up --- */

/* The last node at or before the name, which is in the zone: the apex comes before all others. */
static uint32_t last_before(const struct wr_zoneindex *z, const uint8_t *name)
{
    uint32_t low = 0, high = z->nodes;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (wr_name_order(wr_zoneindex_owner(z, &z->node[middle]), name) <= 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct wr_zoneindex_node *wr_zoneindex_node(const struct wr_zoneindex *z, const uint8_t *name)
{
    if (!wr_name_in(name, z->apex.wire)) {
        return NULL;
    }
    const struct wr_zoneindex_node *node = &z->node[last_before(z, name)];
    return wr_name_equal(wr_zoneindex_owner(z, node), name) ? node : NULL;
}

/* Does the name exist, with records (`ret_node`) or because of what is below it? */
static bool exists(const struct wr_zoneindex *z, const uint8_t *name, uint32_t at,
                   const struct wr_zoneindex_node **ret_node)
{
    *ret_node = NULL;
    if (wr_name_equal(wr_zoneindex_owner(z, &z->node[at]), name)) {
        *ret_node = &z->node[at];
        return true;
    }
    return at + 1 < z->nodes && wr_name_in(wr_zoneindex_owner(z, &z->node[at + 1]), name);
}

/* The delegation or DNAME that the name is not seen because of; false: it is seen. */
static bool is_hidden(const struct wr_zoneindex *z, const uint8_t *name, bool at_cut, uint32_t at,
                      struct wr_zoneindex_hit *hit)
{
    if (z->node[at].above == 0) {
        return false;
    }
    const struct wr_zoneindex_node *above = &z->node[z->node[at].above - 1];
    const uint8_t *owner = wr_zoneindex_owner(z, above);
    bool cut = above != &z->node[0] && has(z, above, WR_TYPE_NS);
    if (!wr_name_in(name, owner) || (wr_name_equal(name, owner) && (!cut || at_cut))) {
        return false;
    }
    hit->kind = cut ? WR_ZONEINDEX_CUT : WR_ZONEINDEX_DNAME;
    hit->node = above;
    return true;
}

/* How much of the name is there is what it shares with its neighbours. */
static void find_encloser(const struct wr_zoneindex *z, const uint8_t *name, uint32_t at,
                          struct wr_zoneindex_hit *hit)
{
    struct wr_name star;
    unsigned labels = wr_name_common(name, wr_zoneindex_owner(z, &z->node[at]));
    if (at + 1 < z->nodes) {
        unsigned after = wr_name_common(name, wr_zoneindex_owner(z, &z->node[at + 1]));
        labels = after > labels ? after : labels;
    }
    hit->kind = WR_ZONEINDEX_NONE;
    hit->encloser = (uint8_t)labels;
    const uint8_t *encloser = wr_name_skip_labels(name, wr_name_labels(name) - labels);
    if (wr_name_prepend((const uint8_t *)"\1*", encloser, &star) == WR_OK) {
        hit->star = exists(z, star.wire, last_before(z, star.wire), &hit->node);
    }
}

void wr_zoneindex_find(const struct wr_zoneindex *z, const uint8_t *name, bool at_cut,
                       struct wr_zoneindex_hit *ret_hit)
{
    *ret_hit = (struct wr_zoneindex_hit){.kind = WR_ZONEINDEX_OUTSIDE};
    if (!wr_name_in(name, z->apex.wire)) {
        return;
    }
    uint32_t at = last_before(z, name);
    if (is_hidden(z, name, at_cut, at, ret_hit)) {
        return;
    }
    if (exists(z, name, at, &ret_hit->node)) {
        ret_hit->kind = ret_hit->node ? WR_ZONEINDEX_NODE : WR_ZONEINDEX_EMPTY;
        return;
    }
    find_encloser(z, name, at, ret_hit);
}

const struct wr_zoneindex_node *wr_zoneindex_nsec(const struct wr_zoneindex *z, const uint8_t *name)
{
    uint32_t nsec = wr_name_in(name, z->apex.wire) ? z->node[last_before(z, name)].nsec : 0;
    return nsec ? &z->node[nsec - 1] : NULL;
}

/* Hashes are compared as their text, whose order is theirs. */
static int order_hash(const uint8_t *owner, const char *text)
{
    for (unsigned i = 0; i < HASH_TEXT; i++) {
        int differs = wr_name_fold(owner[1 + i]) - (uint8_t)text[i];
        if (differs != 0) {
            return differs;
        }
    }
    return 0;
}

const struct wr_zoneindex_node *wr_zoneindex_nsec3(const struct wr_zoneindex *z,
                                                   const uint8_t *hash, bool *ret_exact)
{
    char text[HASH_TEXT + 1];
    struct wr_str s;
    uint32_t low = 0, high = z->hashes;
    *ret_exact = false;
    wr_str_init(&s, text, sizeof(text));
    wr_enc_base32hex(&s, hash, WR_NSEC3_HASH_SIZE);
    while (low < high) { /* low: the first that is behind the hash */
        uint32_t middle = low + (high - low) / 2;
        int differs = order_hash(wr_zoneindex_owner(z, &z->hash[middle]), text);
        *ret_exact |= differs == 0;
        if (differs <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (z->hashes == 0) {
        return NULL;
    }
    return &z->hash[low > 0 ? low - 1
                            : z->hashes - 1]; /* the last covers what is before the first */
}
