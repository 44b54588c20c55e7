/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/localbuild.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/rdata.h"
#include "resolve/local_state.h"

/* SOA of a zone whose records have none (RFC 6303 section 3). */
#define SOA_SERIAL  1
#define SOA_REFRESH 3600
#define SOA_RETRY   1200
#define SOA_EXPIRE  604800

static const uint8_t hostmaster[] = "\6nobody\7invalid";
#define SOA_SIZE_MAX (WR_NAME_MAX + sizeof(hostmaster) + 20)

struct work {
    const struct wr_local_input *in;
    struct wr_local *l;
    uint32_t *next;     /* by record: the next + 1 at the same name */
    struct wr_writer w; /* octets of names and rdata */
    uint32_t nodes_max, sets_max;
    uint32_t slots;
    int err;
};

/* Most nodes that the names can need; false: beyond the limit. */
static bool count_nodes(const struct wr_local_input *in, uint32_t *ret_nodes, size_t *ret_octets)
{
    size_t nodes = 1, octets = 1;
    if (in->records > WR_LOCAL_RECORDS_MAX || in->zones > WR_LOCAL_ZONES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < in->records; i++) {
        nodes += wr_name_labels(in->record[i].owner);
        octets += wr_name_size(in->record[i].owner) + 2u + in->record[i].size;
    }
    for (uint32_t i = 0; i < in->zones; i++) {
        nodes += wr_name_labels(in->zone[i].name);
        octets += 2 * wr_name_size(in->zone[i].name) + 4 + SOA_SIZE_MAX;
    }
    *ret_nodes = nodes > WR_LOCAL_NAMES_MAX ? WR_LOCAL_NAMES_MAX : (uint32_t)nodes;
    *ret_octets = octets;
    return true;
}

static uint32_t slots_for(uint32_t nodes)
{
    uint32_t slots = 8;
    while (slots / 2 < nodes) {
        slots *= 2;
    }
    return slots;
}

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* Lays the parts out behind one another; with a block, starts them there. The records' chain is last: it is not
 * needed afterwards. */
static size_t lay_out(const struct wr_local_input *in, uint32_t nodes, size_t octets,
                      uint8_t *block, struct work *k)
{
    size_t at = align8(sizeof(struct wr_local));
    uint32_t sets = in->records + 2 * in->zones;
    size_t zone_at = at, set_at, node_at, slot_at, next_at;
    set_at = align8(zone_at + in->zones * sizeof(struct wr_local_apex));
    node_at = align8(set_at + sets * sizeof(struct wr_local_set));
    slot_at = align8(node_at + nodes * sizeof(struct wr_local_node));
    next_at = align8(slot_at + (size_t)slots_for(nodes) * sizeof(uint32_t));
    at = align8(next_at + in->records * sizeof(uint32_t));
    if (block) {
        struct wr_local *l = (struct wr_local *)(void *)block;
        k->l = l;
        l->zone = (struct wr_local_apex *)(void *)(block + zone_at);
        l->set = (struct wr_local_set *)(void *)(block + set_at);
        l->node = (struct wr_local_node *)(void *)(block + node_at);
        l->slot = (uint32_t *)(void *)(block + slot_at);
        k->next = (uint32_t *)(void *)(block + next_at);
        k->nodes_max = nodes;
        k->sets_max = sets;
        k->slots = slots_for(nodes);
        wr_buf_write_init(&k->w, block + at, octets);
    }
    return at + octets;
}

size_t wr_local_size(const struct wr_local_input *input)
{
    uint32_t nodes;
    size_t octets;
    return count_nodes(input, &nodes, &octets) ? lay_out(input, nodes, octets, NULL, NULL)
                                               : SIZE_MAX;
}

static void place(struct wr_local *l, uint32_t node)
{
    uint32_t at = (uint32_t)l->node[node].hash & l->mask;
    while (l->slot[at] != 0) {
        at = (at + 1) & l->mask;
    }
    l->slot[at] = node + 1;
}

static struct wr_local_node *add_node(struct work *k, const uint8_t *name, uint64_t hash)
{
    struct wr_local *l = k->l;
    if (l->nodes == k->nodes_max) {
        return NULL;
    }
    struct wr_local_node *n = &l->node[l->nodes];
    *n = (struct wr_local_node){.name = name, .hash = hash};
    place(l, l->nodes++);
    return n;
}

/* The node of the name, made with its ancestors when it is new; who sees it sees them. */
static struct wr_local_node *make_path(struct work *k, const uint8_t *name, uint32_t segments)
{
    struct wr_local_node *first = NULL, *below = NULL;
    const uint8_t *copy = NULL; /* of `name`, once something new points into it */
    for (size_t pos = 0;; pos += 1u + name[pos]) {
        uint64_t hash = wr_name_hash(&k->l->key, name + pos);
        struct wr_local_node *n = wr_local_node_of(k->l, name + pos, hash);
        bool known = n != NULL;
        if (!known) {
            if (!copy) {
                size_t size = wr_name_size(name);
                copy = k->w.base + k->w.pos;
                wr_buf_put_bytes(&k->w, name, size);
            }
            n = k->w.err ? NULL : add_node(k, copy + pos, hash);
            if (!n) {
                return NULL; /* what was made below hangs in the air: no descent gets there */
            }
        }
        n->segments |= segments;
        if (below && below->name[0] == 1 && below->name[1] == '*') {
            n->star = (uint32_t)(below - k->l->node) + 1;
        }
        first = first ? first : n;
        below = n;
        if (name[pos] == 0) {
            return first;
        }
    }
}

static void reject(const struct work *k, uint32_t record, enum wr_local_reject why)
{
    if (k->in->reject) {
        k->in->reject(k->in->user, record, why);
    }
}

static bool is_single(uint16_t type)
{
    return type == WR_TYPE_CNAME || type == WR_TYPE_DNAME || type == WR_TYPE_SOA;
}

static bool is_proof(uint16_t type)
{
    return type == WR_TYPE_RRSIG || type == WR_TYPE_SIG || type == WR_TYPE_NSEC3 ||
           type == WR_TYPE_NSEC3PARAM;
}

/* A CNAME stands alone but for what is said of the name itself (RFC 4034 section 3, RFC 2181 section 10.1). */
static bool disagree(uint16_t a, uint16_t b)
{
    uint16_t other = a == WR_TYPE_CNAME ? b : a;
    return a != b && (a == WR_TYPE_CNAME || b == WR_TYPE_CNAME) && other != WR_TYPE_NSEC;
}

static enum wr_local_reject look_at(const struct wr_local_record *r)
{
    if (r->type == 0 || wr_codes_type_is_meta(r->type) || is_proof(r->type)) {
        return WR_LOCAL_REJECT_TYPE;
    }
    if (wr_rdata_check(r->type, r->rdata, r->size) != WR_OK) {
        return WR_LOCAL_REJECT_RDATA;
    }
    if (2u + r->size > WR_RRSET_SIZE_MAX) {
        return WR_LOCAL_REJECT_TOO_MANY;
    }
    bool star = r->owner[0] == 1 && r->owner[1] == '*';
    if (star && (r->type == WR_TYPE_NS || r->type == WR_TYPE_DNAME || r->type == WR_TYPE_SOA)) {
        return WR_LOCAL_REJECT_WILDCARD;
    }
    return 0;
}

static bool same_record(const struct wr_local_record *a, const struct wr_local_record *b)
{
    return a->type == b->type && a->size == b->size && a->segments == b->segments &&
           memcmp(a->rdata, b->rdata, a->size) == 0;
}

/* May the record stand at the node beside what is there? Bounded: a name has no more records than a set may have. */
static enum wr_local_reject compare(const struct work *k, const struct wr_local_node *n,
                                    const struct wr_local_record *r, bool *ret_equal)
{
    unsigned seen = 0;
    *ret_equal = false;
    for (uint32_t i = n->first; i != 0; i = k->next[i - 1]) {
        const struct wr_local_record *o = &k->in->record[i - 1];
        if (same_record(o, r)) {
            *ret_equal = true;
            return 0;
        }
        if (++seen == WR_RRSET_RECORDS_MAX) {
            return WR_LOCAL_REJECT_TOO_MANY;
        }
        if ((o->segments & r->segments) == 0) {
            continue;
        }
        if (o->type == r->type && is_single(r->type)) {
            return WR_LOCAL_REJECT_SECOND_CNAME;
        }
        if (disagree(o->type, r->type)) {
            return WR_LOCAL_REJECT_BESIDE_CNAME;
        }
    }
    return 0;
}

static bool is_closed_apex(const struct wr_local *l, const struct wr_local_node *n)
{
    return n->zone != 0 && l->zone[n->zone - 1].kind != WR_LOCAL_TRANSPARENT;
}

static void add_record(struct work *k, uint32_t number)
{
    const struct wr_local_record *r = &k->in->record[number];
    bool equal = false;
    enum wr_local_reject why = look_at(r);
    struct wr_local_node *n = why ? NULL : make_path(k, r->owner, r->segments);
    if (n) {
        why = compare(k, n, r, &equal);
        if (!why && r->type == WR_TYPE_SOA && n->zone == 0) {
            why = WR_LOCAL_REJECT_SOA_PLACE;
        } else if (!why && r->type == WR_TYPE_CNAME && is_closed_apex(k->l, n)) {
            why = WR_LOCAL_REJECT_BESIDE_CNAME;
        }
    }
    if (!why && !n) {
        why = WR_LOCAL_REJECT_NAMES;
    }
    if (why) {
        reject(k, number, why);
        return;
    }
    if (equal) {
        return;
    }
    if (n->first == 0) {
        n->first = number + 1;
    } else {
        k->next[n->last] = number + 1;
    }
    n->last = number;
    n->cut = n->cut || (r->type == WR_TYPE_NS && n->zone == 0);
    n->dname = n->dname || r->type == WR_TYPE_DNAME;
}

static void add_zone(struct work *k, uint32_t number)
{
    const struct wr_local_zone *from = &k->in->zone[number];
    struct wr_local_node *n = make_path(k, from->name, WR_LOCAL_EVERYONE);
    if (!n) {
        k->err = WR_E_LIMIT;
        return;
    }
    if (n->zone != 0) {
        return;
    }
    struct wr_local_apex *z = &k->l->zone[k->l->zones++];
    *z = (struct wr_local_apex){.kind = from->kind,
                                .parent_has_ds = from->parent_has_ds,
                                .ede = from->ede,
                                .ede_text = from->ede_text};
    z->soa.ttl = number; /* until its records are known: which of the input it is */
    n->zone = k->l->zones;
}

static struct wr_local_set *begin_set(struct work *k, const struct wr_local_node *n, uint16_t type,
                                      uint32_t ttl, uint32_t segments)
{
    wr_assert(k->l->sets < k->sets_max);
    struct wr_local_set *s = &k->l->set[k->l->sets];
    *s = (struct wr_local_set){.segments = segments,
                               .rr = {.owner = n->name,
                                      .data = k->w.base + k->w.pos,
                                      .ttl = ttl,
                                      .type = type,
                                      .class_ = WR_CLASS_IN,
                                      .security = WR_SECURITY_INSECURE,
                                      .rank = WR_RANK_AUTH_ANSWER}};
    return s;
}

static bool put_rdata(struct work *k, struct wr_local_set *s, const uint8_t *rdata, uint16_t size)
{
    if (s->rr.size + 2u + size > WR_RRSET_SIZE_MAX) {
        return false;
    }
    wr_buf_put_u16(&k->w, size);
    wr_buf_put_bytes(&k->w, rdata, size);
    s->rr.size += 2u + size;
    s->rr.records++;
    return true;
}

static void end_set(struct work *k, struct wr_local_node *n)
{
    if (n->sets == 0) {
        n->set = k->l->sets;
    }
    n->sets++;
    k->l->sets++;
}

/* One set from all records of the first one's type and segments; takes them off the chain. */
static void gather(struct work *k, struct wr_local_node *n)
{
    const struct wr_local_record *lead = &k->in->record[n->first - 1];
    struct wr_local_set *s = begin_set(k, n, lead->type, lead->ttl, lead->segments);
    uint32_t *from = &n->first;
    while (*from != 0) {
        uint32_t i = *from;
        const struct wr_local_record *r = &k->in->record[i - 1];
        if (r->type != lead->type || r->segments != lead->segments) {
            from = &k->next[i - 1];
            continue;
        }
        *from = k->next[i - 1];
        s->rr.ttl = r->ttl < s->rr.ttl ? r->ttl : s->rr.ttl; /* RFC 2181 section 5.2 */
        if (!put_rdata(k, s, r->rdata, r->size)) {
            reject(k, i - 1, WR_LOCAL_REJECT_TOO_MANY);
        }
    }
    end_set(k, n);
}

static const struct wr_local_set *find_set(const struct wr_local *l, const struct wr_local_node *n,
                                           uint16_t type)
{
    for (uint32_t i = 0; i < n->sets; i++) {
        if (l->set[n->set + i].rr.type == type) {
            return &l->set[n->set + i];
        }
    }
    return NULL;
}

/* The SOA and NS that RFC 6303 section 3 gives to a zone of which nothing more is known. */
static void make_soa(struct work *k, const struct wr_local_node *n,
                     const struct wr_local_zone *from, struct wr_local_set **ret_set)
{
    uint8_t rdata[SOA_SIZE_MAX];
    struct wr_writer w;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    wr_buf_put_bytes(&w, n->name, wr_name_size(n->name));
    wr_buf_put_bytes(&w, hostmaster, sizeof(hostmaster));
    wr_buf_put_u32(&w, SOA_SERIAL);
    wr_buf_put_u32(&w, SOA_REFRESH);
    wr_buf_put_u32(&w, SOA_RETRY);
    wr_buf_put_u32(&w, SOA_EXPIRE);
    wr_buf_put_u32(&w, from->negative_ttl);
    *ret_set = begin_set(k, n, WR_TYPE_SOA, from->ttl, WR_LOCAL_EVERYONE);
    (void)put_rdata(k, *ret_set, rdata, (uint16_t)w.pos);
}

static uint32_t minimum_of(const struct wr_rrset *soa)
{
    const uint8_t *m = soa->data + soa->size - 4;
    return (uint32_t)m[0] << 24 | (uint32_t)m[1] << 16 | (uint32_t)m[2] << 8 | m[3];
}

/* The SOA of denials, its own or one that is made. A closed zone has SOA and NS at its apex in any case. */
static void finish_zone(struct work *k, struct wr_local_node *n)
{
    struct wr_local *l = k->l;
    struct wr_local_apex *z = &l->zone[n->zone - 1];
    const struct wr_local_zone *from = &k->in->zone[z->soa.ttl];
    const struct wr_local_set *soa = find_set(l, n, WR_TYPE_SOA);
    bool own_ns = find_set(l, n, WR_TYPE_NS) != NULL;
    struct wr_local_set *made;
    if (z->kind == WR_LOCAL_TRANSPARENT && !soa) {
        return;
    }
    if (!soa) {
        make_soa(k, n, from, &made);
        soa = made;
        end_set(k, n);
    }
    z->soa = soa->rr;
    z->has_soa = soa->rr.records == 1;
    uint32_t minimum = z->has_soa ? minimum_of(&z->soa) : 0;
    z->soa.ttl = minimum < z->soa.ttl ? minimum : z->soa.ttl;
    if (!own_ns && z->kind != WR_LOCAL_TRANSPARENT) {
        struct wr_local_set *ns = begin_set(k, n, WR_TYPE_NS, from->ttl, WR_LOCAL_EVERYONE);
        (void)put_rdata(k, ns, n->name, (uint16_t)wr_name_size(n->name));
        end_set(k, n);
    }
}

/* While building the table is as large as it may have to be; what is looked at should be small. */
static void shrink_table(struct work *k)
{
    struct wr_local *l = k->l;
    uint32_t slots = slots_for(l->nodes);
    l->mask = slots - 1;
    memset(l->slot, 0, slots * sizeof(*l->slot));
    for (uint32_t i = 0; i < l->nodes; i++) {
        place(l, i);
    }
}

static void build_tree(struct work *k)
{
    struct wr_local *l = k->l;
    l->mask = k->slots - 1;
    memset(l->slot, 0, (size_t)k->slots * sizeof(*l->slot));
    memset(k->next, 0, k->in->records * sizeof(*k->next));
    (void)make_path(k, (const uint8_t *)"", WR_LOCAL_EVERYONE);
    for (uint32_t i = 0; i < k->in->zones && !k->err; i++) {
        add_zone(k, i);
    }
    for (uint32_t i = 0; i < k->in->records && !k->err; i++) {
        add_record(k, i);
    }
    for (uint32_t i = 0; i < l->nodes && !k->err; i++) {
        struct wr_local_node *n = &l->node[i];
        while (n->first != 0) {
            gather(k, n);
        }
        if (n->zone != 0) {
            finish_zone(k, n);
        }
        l->names += n->sets > 0;
    }
}

int wr_local_build(void *block, size_t size, const struct wr_local_input *input,
                   const struct wr_local **ret_local)
{
    struct work k = {.in = input};
    uint32_t nodes;
    size_t octets;
    wr_assert(((uintptr_t)block & 7) == 0);
    if (!count_nodes(input, &nodes, &octets)) {
        return WR_E_LIMIT;
    }
    if (lay_out(input, nodes, octets, NULL, NULL) > size) {
        return WR_E_FULL;
    }
    memset(block, 0, sizeof(struct wr_local));
    lay_out(input, nodes, octets, block, &k);
    k.l->key = input->key;
    build_tree(&k);
    if (k.err || k.w.err) {
        return k.err ? k.err : WR_E_FULL;
    }
    shrink_table(&k);
    k.l->used = (size_t)(k.w.base - (uint8_t *)block) + k.w.pos;
    *ret_local = k.l;
    return WR_OK;
}

const char *wr_local_reject_text(enum wr_local_reject why)
{
    static const char *const texts[] = {
        [WR_LOCAL_REJECT_TYPE] = ("signatures, denials and pseudo types are not served: nothing "
                                  "here is signed"),
        [WR_LOCAL_REJECT_RDATA] = "the data does not fit its type",
        [WR_LOCAL_REJECT_BESIDE_CNAME] = "a CNAME must stand alone at its name",
        [WR_LOCAL_REJECT_SECOND_CNAME] = "there is one of this type at this name already",
        [WR_LOCAL_REJECT_WILDCARD] = "NS, SOA and DNAME have no meaning at a wildcard",
        [WR_LOCAL_REJECT_TOO_MANY] = "too many records at this name",
        [WR_LOCAL_REJECT_SOA_PLACE] = "a SOA stands only where a zone begins",
        [WR_LOCAL_REJECT_NAMES] = "more names than are taken",
    };
    return why > 0 && (size_t)why < WR_ARRAY_LEN(texts) ? texts[why] : "unknown";
}
