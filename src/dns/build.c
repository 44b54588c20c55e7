/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compression. Each suffix written is an entry of a tree: its first label (an offset in the message)
 * and the entry of the rest. A name is looked up label by label from the right; what is found
 * becomes a pointer, the labels left of it are written and become entries. Entries hang in small
 * hash chains, and are taken out in the reverse order when records are taken back. The question is
 * the name that nearly every owner equals, so it is compared first and entered only when that fails.
 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "dns/build.h"
#include "dns/name.h"
#include "dns/rdata.h"

/* Compression pointers have 14 bits (RFC 1035 section 4.1.4). */
#define POINTER_LIMIT 0x4000
#define POINTER_BITS  0xc000
#define NO_ENTRY      0xff
#define OPT_FIXED     11 /* root, type, class, TTL, RDLENGTH */
#define OPTION_HEAD   4
#define RR_FIXED      10 /* type, class, TTL, RDLENGTH */

_Static_assert(WR_BUILD_NAMES_MAX < NO_ENTRY, "entries are numbered in one octet");

static void store_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void wr_build_start(struct wr_build *b, void *room, size_t cap, uint16_t id, uint16_t flags)
{
    uint8_t *head;

    wr_assert(cap >= WR_MSG_HEADER_SIZE);
    wr_buf_write_init(&b->w, room, cap < WR_MSG_MAX ? cap : WR_MSG_MAX);
    b->limit = b->w.cap;
    b->reserve = 0;
    b->flags = flags;
    b->counts[0] = b->counts[1] = b->counts[2] = 0;
    b->qdcount = 0;
    b->name_count = 0;
    b->qname_size = 0;
    head = wr_buf_take(&b->w, WR_MSG_HEADER_SIZE);
    memset(head, 0, WR_MSG_HEADER_SIZE);
    store_u16(head, id);
}

void wr_build_question(struct wr_build *b, const uint8_t *name, uint16_t type, uint16_t class_)
{
    size_t n = wr_name_size(name);

    wr_assert(b->w.pos == WR_MSG_HEADER_SIZE && b->qdcount == 0);
    wr_buf_put_bytes(&b->w, name, n);
    wr_buf_put_u16(&b->w, type);
    wr_buf_put_u16(&b->w, class_);
    wr_assert(!b->w.err);
    b->qname_size = (uint8_t)n;
    b->qdcount = 1;
}

/* Length, the first octets and the last ones: labels that are alike in these collide, which costs a
 * comparison (and compression when there are many: WR_BUILD_PROBES_MAX). */
static uint16_t label_hash(const uint8_t *label, unsigned parent)
{
    unsigned n = label[0];
    uint64_t head = 0;
    uint64_t tail = 0;
    uint64_t h;

    if (n >= 8) {
        memcpy(&head, label + 1, 8);
        memcpy(&tail, label + 1 + n - 8, 8);
    } else {
        for (unsigned i = 1; i <= n; i++) {
            head = head << 8 | label[i];
        }
    }
    h = (head ^ (uint64_t)parent << 56 ^ (uint64_t)n << 48) * 0x9e3779b97f4a7c15ULL;
    h = (h ^ tail ^ h >> 29) * 0xbf58476d1ce4e5b9ULL;
    return (uint16_t)(h >> 48);
}

static uint8_t *bucket_of(struct wr_build *b, uint16_t hash)
{
    return &b->buckets[hash % WR_BUILD_BUCKETS];
}

/* The entry of `label` under `parent`, or NO_ENTRY. */
static unsigned find_entry(struct wr_build *b, const uint8_t *label, unsigned parent, uint16_t hash)
{
    unsigned i = *bucket_of(b, hash);

    for (unsigned probes = 0; i != NO_ENTRY && probes < WR_BUILD_PROBES_MAX; probes++) {
        const uint8_t *there = b->w.base + b->names[i];

        if (b->hashes[i] == hash && b->parents[i] == parent && there[0] == label[0] &&
            !memcmp(there, label, label[0] + 1u)) {
            return i;
        }
        i = b->chain[i];
    }
    return NO_ENTRY;
}

/* Enters a label that stands (or is about to stand) at `offset`. Returns its entry or NO_ENTRY. */
static unsigned add_entry(struct wr_build *b, size_t offset, unsigned parent, uint16_t hash)
{
    unsigned i = b->name_count;
    uint8_t *bucket = bucket_of(b, hash);

    if (i >= WR_BUILD_NAMES_MAX || offset >= POINTER_LIMIT) {
        return NO_ENTRY;
    }
    b->names[i] = (uint16_t)offset;
    b->hashes[i] = hash;
    b->parents[i] = (uint8_t)parent;
    b->chain[i] = *bucket;
    *bucket = (uint8_t)i;
    b->name_count++;
    return i;
}

static void drop_entries(struct wr_build *b, unsigned keep)
{
    while (b->name_count > keep) {
        b->name_count--;
        *bucket_of(b, b->hashes[b->name_count]) = b->chain[b->name_count];
    }
}

/* Offsets of the labels from the left; returns their number. */
static unsigned split(const uint8_t *name, uint8_t at[WR_NAME_LABELS_MAX])
{
    unsigned labels = 0;

    for (unsigned i = 0; name[i]; i += name[i] + 1u) {
        at[labels++] = (uint8_t)i;
    }
    return labels;
}

/* Looks `name` up from the right and enters what is new, as standing at `offset`. Returns how many
 * labels at the left are new; the entry that covers the rest is given. */
static unsigned enter_name(struct wr_build *b, const uint8_t *name, size_t offset,
                           unsigned *ret_entry)
{
    uint8_t at[WR_NAME_LABELS_MAX];
    unsigned left = split(name, at);
    unsigned entry = NO_ENTRY;
    unsigned fresh;
    uint16_t hash = 0;

    for (; left > 0; left--) {
        unsigned next;

        hash = label_hash(name + at[left - 1], entry);
        next = find_entry(b, name + at[left - 1], entry, hash);
        if (next == NO_ENTRY) {
            break;
        }
        entry = next;
    }
    *ret_entry = entry;
    fresh = left;
    for (unsigned parent = entry; left > 0; left--) {
        hash = label_hash(name + at[left - 1], parent);
        parent = add_entry(b, offset + at[left - 1], parent, hash);
        if (parent == NO_ENTRY) {
            break;
        }
    }
    return fresh;
}

/* The first name that is looked up brings the question's suffixes into the tree. */
static void enter_question(struct wr_build *b)
{
    unsigned entry;

    memset(b->buckets, NO_ENTRY, sizeof(b->buckets));
    if (b->qname_size) {
        (void)enter_name(b, b->w.base + WR_MSG_HEADER_SIZE, WR_MSG_HEADER_SIZE, &entry);
    }
}

/* Writes a name; with `point` compressed, else whole but as a target for later ones. */
static void put_name(struct wr_build *b, const uint8_t *name, bool point)
{
    size_t size = wr_name_size(name);
    size_t offset = b->w.pos;
    unsigned entry, fresh;
    const uint8_t *rest;

    if (size <= 1 || b->w.err) { /* behind an error no entry has octets to be compared with */
        wr_buf_put_u8(&b->w, 0);
        return;
    }
    if (b->name_count == 0) {
        enter_question(b);
    }
    fresh = enter_name(b, name, offset, &entry);
    if (!point || entry == NO_ENTRY) {
        wr_buf_put_bytes(&b->w, name, size);
        return;
    }
    rest = wr_name_skip_labels(name, fresh);
    wr_buf_put_bytes(&b->w, name, (size_t)(rest - name));
    wr_buf_put_u16(&b->w, (uint16_t)(POINTER_BITS | b->names[entry]));
}

/* An owner: most often the question's name. */
static void put_owner(struct wr_build *b, const uint8_t *owner)
{
    size_t size = wr_name_size(owner);

    if (size > 1 && size == b->qname_size && !memcmp(owner, b->w.base + WR_MSG_HEADER_SIZE, size)) {
        wr_buf_put_u16(&b->w, POINTER_BITS | WR_MSG_HEADER_SIZE);
        return;
    }
    put_name(b, owner, true);
}

struct wr_build_mark wr_build_mark(const struct wr_build *b)
{
    return (struct wr_build_mark){.pos = b->w.pos,
                                  .counts = {b->counts[0], b->counts[1], b->counts[2]},
                                  .name_count = b->name_count};
}

void wr_build_rewind(struct wr_build *b, const struct wr_build_mark *mark)
{
    wr_assert(mark->pos <= b->w.pos && mark->name_count <= b->name_count);
    b->w.pos = mark->pos;
    b->w.err = WR_OK;
    memcpy(b->counts, mark->counts, sizeof(b->counts));
    drop_entries(b, mark->name_count);
}

/* Rdata with names, field by field: names go through the tree, the octets between them as they are. */
static int put_rdata(struct wr_build *b, const struct wr_rdata_row *row, const uint8_t *rdata,
                     size_t size)
{
    struct wr_rdata_walk walk;
    const uint8_t *part;
    size_t n;
    enum wr_field field;

    wr_rdata_walk_start(&walk, row, rdata, size);
    while ((field = wr_rdata_walk_next(&walk, &part, &n)) != WR_FIELD_END) {
        if (wr_rdata_field_is_name(field)) {
            put_name(b, part, field == WR_FIELD_NAME_COMPRESSED);
        } else {
            wr_buf_put_bytes(&b->w, part, n);
        }
    }
    return walk.err;
}

/* Everything of a record behind its owner. */
static int put_body(struct wr_build *b, uint16_t type, uint16_t class_, uint32_t ttl,
                    const uint8_t *rdata, size_t size)
{
    const struct wr_rdata_row *row = wr_rdata_row_to_compress(type);
    uint8_t *head = wr_buf_take(&b->w, RR_FIXED);
    size_t start = b->w.pos;
    int err;

    if (!head) {
        return b->w.err;
    }
    store_u16(head, type);
    store_u16(head + 2, class_);
    store_u16(head + 4, (uint16_t)(ttl >> 16));
    store_u16(head + 6, (uint16_t)ttl);
    store_u16(head + 8, (uint16_t)size);
    if (!row || size == 0) {
        wr_buf_put_bytes(&b->w, rdata, size);
        return b->w.err;
    }
    err = put_rdata(b, row, rdata, size);
    store_u16(head + 8, (uint16_t)(b->w.pos - start));
    return err ? err : b->w.err;
}

int wr_build_rr(struct wr_build *b, enum wr_section section, const uint8_t *owner, uint16_t type,
                uint16_t class_, uint32_t ttl, const uint8_t *rdata, size_t size)
{
    struct wr_build_mark mark = wr_build_mark(b);
    int err;

    for (unsigned later = section + 1u; later < 3; later++) {
        wr_assert(b->counts[later] == 0);
    }
    if (size > UINT16_MAX || b->counts[section] == UINT16_MAX) {
        return WR_E_FULL;
    }
    put_owner(b, owner);
    err = put_body(b, type, class_, ttl, rdata, size);
    if (!err && b->w.pos + b->reserve > b->limit) {
        err = WR_E_FULL;
    }
    if (err) {
        wr_build_rewind(b, &mark);
        return err;
    }
    b->counts[section]++;
    return WR_OK;
}

static size_t option_size(bool wanted, size_t n)
{
    return wanted ? OPTION_HEAD + n : 0;
}

static size_t subnet_size(const struct wr_prefix *subnet)
{
    return 4 + (subnet->len + 7u) / 8u;
}

/* Options but the text of the extended error and the padding. */
static size_t options_size(const struct wr_build_opt *opt)
{
    return option_size(opt->cookie != NULL, opt->cookie_size) +
           option_size(opt->ede != WR_EDE_NONE, 2) +
           option_size(opt->keepalive, opt->keepalive_empty ? 0 : 2) +
           option_size(opt->nsid != NULL, opt->nsid_size) +
           option_size(opt->nsid_ask && !opt->nsid, 0) +
           option_size(opt->subnet != NULL, opt->subnet ? subnet_size(opt->subnet) : 0);
}

static size_t ede_text_size(const struct wr_build_opt *opt)
{
    return opt->ede != WR_EDE_NONE && opt->ede_text ? strlen(opt->ede_text) : 0;
}

size_t wr_build_opt_size(const struct wr_build_opt *opt)
{
    return OPT_FIXED + options_size(opt) + ede_text_size(opt);
}

static void put_option(struct wr_writer *w, uint16_t code, const void *value, size_t n)
{
    wr_buf_put_u16(w, code);
    wr_buf_put_u16(w, (uint16_t)n);
    wr_buf_put_bytes(w, value, n);
}

static void put_ede(struct wr_writer *w, const struct wr_build_opt *opt, size_t text_size)
{
    wr_buf_put_u16(w, WR_OPTION_EDE);
    wr_buf_put_u16(w, (uint16_t)(2 + text_size));
    wr_buf_put_u16(w, (uint16_t)opt->ede);
    wr_buf_put_bytes(w, opt->ede_text, text_size);
}

static void put_keepalive(struct wr_writer *w, const struct wr_build_opt *opt)
{
    uint8_t value[2] = {(uint8_t)(opt->keepalive_100ms >> 8), (uint8_t)opt->keepalive_100ms};

    put_option(w, WR_OPTION_KEEPALIVE, value, opt->keepalive_empty ? 0 : sizeof(value));
}

/* Zeros up to a multiple of `pad_to`, or as far as the message may go (RFC 8467 section 4). */
static void put_padding(struct wr_build *b, uint16_t pad_to)
{
    size_t at = b->w.pos + OPTION_HEAD;
    size_t want = (at + pad_to - 1) / pad_to * pad_to;

    if (at > b->limit) {
        return;
    }
    want = want < b->limit ? want : b->limit;
    wr_buf_put_u16(&b->w, WR_OPTION_PADDING);
    wr_buf_put_u16(&b->w, (uint16_t)(want - at));
    memset(b->w.base + at, 0, want - at);
    b->w.pos = want;
}

void wr_build_put_subnet(struct wr_writer *w, const struct wr_prefix *subnet)
{
    wr_buf_put_u16(w, WR_OPTION_ECS);
    wr_buf_put_u16(w, (uint16_t)subnet_size(subnet));
    wr_buf_put_u16(w, subnet->addr.family == WR_AF_V4 ? 1 : 2);
    wr_buf_put_u8(w, subnet->len);
    wr_buf_put_u8(w, 0);
    wr_buf_put_bytes(w, subnet->addr.ip, subnet_size(subnet) - 4);
}

static void put_options(struct wr_build *b, const struct wr_build_opt *opt, size_t text_size)
{
    struct wr_writer *w = &b->w;

    if (opt->cookie) {
        put_option(w, WR_OPTION_COOKIE, opt->cookie, opt->cookie_size);
    }
    if (opt->ede != WR_EDE_NONE) {
        put_ede(w, opt, text_size);
    }
    if (opt->keepalive) {
        put_keepalive(w, opt);
    }
    if (opt->nsid || opt->nsid_ask) {
        put_option(w, WR_OPTION_NSID, opt->nsid, opt->nsid ? opt->nsid_size : 0);
    }
    if (opt->subnet) {
        wr_build_put_subnet(w, opt->subnet);
    }
    if (opt->pad_to) {
        put_padding(b, opt->pad_to);
    }
}

int wr_build_opt(struct wr_build *b, const struct wr_build_opt *opt, uint16_t rcode)
{
    struct wr_writer *w = &b->w;
    size_t need = OPT_FIXED + options_size(opt);
    size_t text_size = ede_text_size(opt);
    size_t length_at;

    if (w->err || b->counts[WR_SECTION_ADDITIONAL] == UINT16_MAX || w->pos > b->limit ||
        need > b->limit - w->pos) {
        return WR_E_FULL;
    }
    if (text_size > b->limit - w->pos - need) {
        text_size = 0;
    }
    wr_buf_put_u8(w, 0);
    wr_buf_put_u16(w, WR_TYPE_OPT);
    wr_buf_put_u16(w, opt->udp_size);
    wr_buf_put_u8(w, (uint8_t)(rcode >> 4));
    wr_buf_put_u8(w, opt->version);
    wr_buf_put_u16(w, opt->dnssec_ok ? 0x8000 : 0);
    length_at = w->pos;
    wr_buf_put_u16(w, 0);
    put_options(b, opt, text_size);
    wr_buf_patch_u16(w, length_at, (uint16_t)(w->pos - length_at - 2));
    b->counts[WR_SECTION_ADDITIONAL]++;
    return WR_OK;
}

size_t wr_build_finish(struct wr_build *b, uint16_t rcode)
{
    uint8_t *head = b->w.base;

    wr_assert(!b->w.err);
    store_u16(head + 2, (uint16_t)((b->flags & 0xfff0) | (rcode & 15)));
    store_u16(head + 4, b->qdcount);
    for (size_t i = 0; i < 3; i++) {
        store_u16(head + 6 + 2 * i, b->counts[i]);
    }
    return b->w.pos;
}
