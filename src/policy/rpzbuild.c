/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rpzbuild.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/rdata.h"
#include "policy/rpz_state.h"

struct work {
    const struct wr_rpzbuild_input *in;
    struct wr_rpz *z;
    uint32_t *next;     /* by record: the next + 1 of the same trigger */
    struct wr_writer w; /* octets of keys and rdata */
};

static uint32_t slots_for(uint32_t entries)
{
    uint32_t slots = 8;
    while (slots / 2 < entries) {
        slots *= 2;
    }
    return slots;
}

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* Lays the parts out behind one another; with a block, starts them there. The records' chain is last: it is not needed afterwards. */
static size_t lay_out(const struct wr_rpzbuild_input *in, size_t octets, uint8_t *block,
                      struct work *k)
{
    size_t entry_at = align8(sizeof(struct wr_rpz));
    size_t set_at = align8(entry_at + in->records * sizeof(struct wr_rpz_entry));
    size_t slot_at = align8(set_at + in->records * sizeof(struct wr_rrset));
    size_t octets_at = align8(slot_at + (size_t)slots_for(in->records) * sizeof(uint32_t));
    size_t next_at = align8(octets_at + octets);
    if (block) {
        struct wr_rpz *z = (struct wr_rpz *)(void *)block;
        k->z = z;
        z->entry = (struct wr_rpz_entry *)(void *)(block + entry_at);
        z->set = (struct wr_rrset *)(void *)(block + set_at);
        z->slot = (uint32_t *)(void *)(block + slot_at);
        k->next = (uint32_t *)(void *)(block + next_at);
        wr_buf_write_init(&k->w, block + octets_at, octets);
    }
    return next_at + in->records * sizeof(uint32_t);
}

/* Octets of all keys and data; SIZE_MAX: beyond the limit. */
static size_t count_octets(const struct wr_rpzbuild_input *in)
{
    size_t octets = wr_name_size(in->zone);
    if (in->records > WR_NAMES_RECORDS_MAX) {
        return SIZE_MAX;
    }
    for (uint32_t i = 0; i < in->records; i++) {
        struct wr_rpzbuild_record r;
        in->record(in->user, i, &r);
        octets += wr_name_size(r.owner) + WR_RPZ_PREFIX_KEY + 2u + r.size;
    }
    return octets;
}

size_t wr_rpzbuild_size(const struct wr_rpzbuild_input *input)
{
    size_t octets = count_octets(input);
    return octets == SIZE_MAX ? SIZE_MAX : lay_out(input, octets, NULL, NULL);
}

static void place(struct wr_rpz *z, uint32_t entry)
{
    uint32_t at = z->entry[entry].tag & z->mask;
    while (z->slot[at] != 0) {
        at = (at + 1) & z->mask;
    }
    z->slot[at] = entry + 1;
}

/* The key's octets behind all others, and its hash. */
static uint64_t put_key(struct work *k, const struct wr_rpzowner *o, uint8_t code)
{
    uint8_t *at = k->w.base + k->w.pos;
    if (!wr_rpz_is_name(code)) {
        uint8_t key[WR_RPZ_PREFIX_KEY];
        wr_rpz_put_prefix(&o->prefix.addr, o->prefix.len, key);
        wr_buf_put_bytes(&k->w, key, sizeof(key));
        return wr_rpz_hash_prefix(&k->in->key, key, code);
    }
    struct wr_name name = {.size = (uint8_t)(o->name_size + 1u)};
    memcpy(name.wire, o->name, o->name_size);
    wr_buf_put_bytes(&k->w, name.wire, name.size);
    (void)wr_name_lower(name.wire, at);
    return wr_rpz_hash_name(wr_name_hash(&k->in->key, at), code);
}

static void note_length(struct wr_rpz *z, const struct wr_rpzowner *o, uint8_t code)
{
    bool name = wr_rpz_is_name(code);
    const struct wr_rpz_entry *e = &z->entry[z->entries - 1];
    unsigned length = name ? wr_name_labels(e->key) : o->prefix.len;
    unsigned row = name ? code : wr_rpz_code(o->kind, o->prefix.addr.family == WR_AF_V4);
    z->lengths[row][length / 64] |= (uint64_t)1 << (length % 64);
    z->triggers[o->kind]++;
}

/* The entry of a trigger, made when it is new. */
static struct wr_rpz_entry *entry_of(struct work *k, const struct wr_rpzowner *o)
{
    struct wr_rpz *z = k->z;
    size_t before = k->w.pos;
    const uint8_t *key = k->w.base + before;
    uint8_t code = wr_rpz_code(o->kind, o->star);
    uint64_t hash = put_key(k, o, code);
    uint32_t known = wr_rpz_find(z, code, key, hash);
    if (known != 0) {
        k->w.pos = before;
        return &z->entry[known - 1];
    }
    z->entry[z->entries] = (struct wr_rpz_entry){.key = key, .tag = (uint32_t)hash, .code = code};
    place(z, z->entries++);
    note_length(z, o, code);
    return &z->entry[z->entries - 1];
}

/* Signatures and denials of a signed zone: not ours to serve, and nobody's mistake. */
static bool is_proof(uint16_t type)
{
    return type == WR_TYPE_RRSIG || type == WR_TYPE_NSEC || type == WR_TYPE_NSEC3 ||
           type == WR_TYPE_NSEC3PARAM;
}

static bool is_of_zones(uint16_t type)
{
    return type == WR_TYPE_SOA || type == WR_TYPE_NS || type == WR_TYPE_DNAME ||
           type == WR_TYPE_DS || type == WR_TYPE_DNSKEY;
}

/* What the record does, or why it does nothing. */
static const char *look_at(const struct wr_rpzbuild_record *r, const struct wr_rpzowner *o,
                           uint8_t *ret_action)
{
    if (r->type == 0 || wr_codes_type_is_meta(r->type) || is_of_zones(r->type)) {
        return "this type is no policy";
    }
    if (wr_rdata_check(r->type, r->rdata, r->size) != WR_OK || 2u + r->size > WR_RRSET_SIZE_MAX) {
        return "the data does not fit its type";
    }
    *ret_action = r->type == WR_TYPE_CNAME ? wr_rpzowner_action(o, r->rdata) : WR_RPZ_DATA;
    return *ret_action == 0 ? "the action is not known" : NULL;
}

/* May it stand with the records that the trigger has? Bounded: a trigger has no more than a set may have. */
static const char *compare(const struct work *k, const struct wr_rpz_entry *e,
                           const struct wr_rpzbuild_record *r, bool *ret_equal)
{
    unsigned seen = 0;
    *ret_equal = false;
    for (uint32_t i = e->set; i != 0; i = k->next[i - 1]) {
        struct wr_rpzbuild_record o;
        k->in->record(k->in->user, i - 1, &o);
        if (o.type == r->type && o.size == r->size && memcmp(o.rdata, r->rdata, o.size) == 0) {
            *ret_equal = true;
            return NULL;
        }
        if (o.type == WR_TYPE_CNAME || r->type == WR_TYPE_CNAME) {
            return "there is another action at this name";
        }
        if (++seen == WR_RRSET_RECORDS_MAX) {
            return "too many records at this name";
        }
    }
    return NULL;
}

static const char *add(struct work *k, uint32_t number)
{
    struct wr_rpzbuild_record r;
    struct wr_rpzowner o;
    uint8_t action = 0;
    bool equal;
    k->in->record(k->in->user, number, &r);
    const char *wrong = wr_rpzowner_read(r.owner, k->in->zone, &o);
    if (!wrong && (o.apex || is_proof(r.type))) {
        return NULL;
    }
    wrong = wrong ? wrong : look_at(&r, &o, &action);
    if (wrong) {
        return wrong;
    }
    struct wr_rpz_entry *e = entry_of(k, &o);
    wrong = compare(k, e, &r, &equal);
    if (wrong || equal) {
        return wrong;
    }
    if (e->set == 0) {
        e->set = number + 1;
        e->action = action;
        e->line = r.line;
        k->z->aliases |=
            r.type == WR_TYPE_CNAME && (action == WR_RPZ_DATA || action == WR_RPZ_STAR);
    } else {
        k->next[e->last] = number + 1;
    }
    e->last = number;
    return NULL;
}

/* One set from all records of the first one's type; takes them off the chain. */
static void gather(struct work *k, uint32_t *first, uint32_t *ttl)
{
    struct wr_rpzbuild_record r;
    k->in->record(k->in->user, *first - 1, &r);
    struct wr_rrset *s = &k->z->set[k->z->sets++];
    *s = (struct wr_rrset){.data = k->w.base + k->w.pos,
                           .ttl = r.ttl,
                           .type = r.type,
                           .class_ = WR_CLASS_IN,
                           .security = WR_SECURITY_INSECURE,
                           .rank = WR_RANK_AUTH_ANSWER};
    for (uint32_t *from = first; *from != 0;) {
        uint32_t i = *from;
        k->in->record(k->in->user, i - 1, &r);
        if (r.type != s->type) {
            from = &k->next[i - 1];
            continue;
        }
        *from = k->next[i - 1];
        s->ttl = r.ttl < s->ttl ? r.ttl : s->ttl; /* RFC 2181 section 5.2 */
        if (s->size + 2u + r.size > WR_RRSET_SIZE_MAX) {
            if (k->in->reject) {
                k->in->reject(k->in->user, i - 1, "too many records at this name");
            }
            continue;
        }
        wr_buf_put_u16(&k->w, r.size);
        wr_buf_put_bytes(&k->w, r.rdata, r.size);
        s->size += 2u + r.size;
        s->records++;
    }
    *ttl = s->ttl < *ttl ? s->ttl : *ttl;
}

/* The records of a trigger become sets, where they are data. */
static void finish(struct work *k, struct wr_rpz_entry *e)
{
    uint32_t first = e->set, ttl = UINT32_MAX;
    struct wr_rpzbuild_record r;
    if (e->action != WR_RPZ_DATA && e->action != WR_RPZ_STAR) {
        k->in->record(k->in->user, first - 1, &r);
        e->set = 0;
        e->last = r.ttl;
        return;
    }
    e->set = k->z->sets;
    while (first != 0) {
        gather(k, &first, &ttl);
    }
    e->sets = (uint16_t)(k->z->sets - e->set);
    e->last = ttl;
}

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void take_soa(struct work *k, uint32_t number)
{
    struct wr_rpzbuild_record r;
    struct wr_rpz *z = k->z;
    k->in->record(k->in->user, number, &r);
    if (r.type != WR_TYPE_SOA || z->soa.records != 0 || !wr_name_equal(r.owner, z->name) ||
        wr_rdata_check(r.type, r.rdata, r.size) != WR_OK) {
        return;
    }
    z->soa = (struct wr_rrset){.owner = z->name,
                               .data = k->w.base + k->w.pos,
                               .size = 2u + r.size,
                               .ttl = r.ttl,
                               .type = WR_TYPE_SOA,
                               .class_ = WR_CLASS_IN,
                               .records = 1,
                               .security = WR_SECURITY_INSECURE,
                               .rank = WR_RANK_AUTH_ANSWER};
    wr_buf_put_u16(&k->w, r.size);
    wr_buf_put_bytes(&k->w, r.rdata, r.size);
    const uint8_t *end = r.rdata + r.size;
    z->serial = u32_at(end - 20);
    z->expire_s = u32_at(end - 8);
    uint32_t minimum = u32_at(end - 4);
    z->soa.ttl = minimum < r.ttl ? minimum : r.ttl; /* RFC 2308 section 3 */
}

/* While building the table is as large as it may have to be; what is looked at should be small. */
static void shrink_table(struct wr_rpz *z)
{
    uint32_t slots = slots_for(z->entries);
    z->mask = slots - 1;
    memset(z->slot, 0, slots * sizeof(*z->slot));
    for (uint32_t i = 0; i < z->entries; i++) {
        place(z, i);
    }
    z->used = sizeof(*z) + z->entries * sizeof(*z->entry) + z->sets * sizeof(*z->set) +
              slots * sizeof(*z->slot);
}

int wr_rpzbuild(void *block, size_t size, const struct wr_rpzbuild_input *input,
                const struct wr_rpz **ret_zone)
{
    struct work k = {.in = input};
    size_t octets = count_octets(input);
    wr_assert(((uintptr_t)block & 7) == 0);
    if (octets == SIZE_MAX) {
        return WR_E_LIMIT;
    }
    if (lay_out(input, octets, NULL, NULL) > size) {
        return WR_E_FULL;
    }
    memset(block, 0, sizeof(struct wr_rpz));
    (void)lay_out(input, octets, block, &k);
    struct wr_rpz *z = k.z;
    z->name = k.w.base;
    wr_buf_put_bytes(&k.w, input->zone, wr_name_size(input->zone));
    z->mask = slots_for(input->records) - 1;
    memset(z->slot, 0, ((size_t)z->mask + 1) * sizeof(*z->slot));
    memset(k.next, 0, input->records * sizeof(*k.next));
    for (uint32_t i = 0; i < input->records; i++) {
        const char *wrong = add(&k, i);
        if (wrong && input->reject) {
            input->reject(input->user, i, wrong);
        }
        take_soa(&k, i);
    }
    for (uint32_t i = 0; i < z->entries; i++) {
        finish(&k, &z->entry[i]);
    }
    shrink_table(z);
    z->used += k.w.pos;
    wr_assert(k.w.err == WR_OK);
    *ret_zone = z;
    return WR_OK;
}
