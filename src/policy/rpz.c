/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rpz.h"

#include <string.h>

#include "base/limits.h"
#include "dns/codes.h"
#include "dns/svcb.h"
#include "policy/rpz_state.h"

/* A name and all above it, with their hashes: those of one name serve all zones. */
struct probe {
    const uint8_t *at[WR_NAME_LABELS_MAX + 1];
    uint64_t hash[WR_NAME_LABELS_MAX + 1];
    unsigned labels;
};

/* What one zone has for a query: the entry + 1 and what matched. */
struct match {
    uint32_t entry;
    uint8_t kind;
};

/* Everything that the zones are asked about. */
struct look {
    const struct wr_rpz_zones *zones;
    const struct wr_rpz_facts *facts;
    struct probe name;
    struct wr_rpz_hit hit;
};

uint32_t wr_rpz_find(const struct wr_rpz *z, uint8_t code, const uint8_t *key, uint64_t hash)
{
    bool name = wr_rpz_is_name(code);
    for (uint32_t at = (uint32_t)hash & z->mask; z->slot[at] != 0; at = (at + 1) & z->mask) {
        const struct wr_rpz_entry *e = &z->entry[z->slot[at] - 1];
        if (e->tag == (uint32_t)hash && e->code == code &&
            (name ? wr_name_equal(e->key, key) : memcmp(e->key, key, WR_RPZ_PREFIX_KEY) == 0)) {
            return z->slot[at];
        }
    }
    return 0;
}

static void probe_start(struct probe *p, const struct wr_hash_key *key, const uint8_t *name)
{
    p->labels = wr_name_labels(name);
    for (unsigned i = 0; i <= p->labels; i++) {
        p->at[i] = name;
        p->hash[i] = wr_name_hash(key, name);
        name += 1u + name[0];
    }
}

static bool has_length(const struct wr_rpz *z, unsigned row, unsigned length)
{
    return (z->lengths[row][length / 64] >> (length % 64) & 1) != 0;
}

static bool has_kind(const struct wr_rpz *z, unsigned kind)
{
    return z->triggers[kind] != 0;
}

/* The entry + 1 of the name, or of the longest wildcard above it; and how many labels of the name it has, one more when all. */
static uint32_t find_name(const struct wr_rpz *z, unsigned kind, const struct probe *p,
                          unsigned *ret_labels)
{
    uint8_t exact = wr_rpz_code(kind, false), star = wr_rpz_code(kind, true);
    *ret_labels = p->labels + 1;
    uint32_t found = has_length(z, exact, p->labels)
                         ? wr_rpz_find(z, exact, p->at[0], wr_rpz_hash_name(p->hash[0], exact))
                         : 0;
    for (unsigned i = 1; i <= p->labels && found == 0; i++) {
        *ret_labels = p->labels - i;
        if (has_length(z, star, p->labels - i)) {
            found = wr_rpz_find(z, star, p->at[i], wr_rpz_hash_name(p->hash[i], star));
        }
    }
    return found;
}

/* The entry + 1 of the longest prefix that has the address and more bits than `*len`, which is set. */
static uint32_t find_addr(const struct look *l, const struct wr_rpz *z, unsigned kind,
                          const struct wr_addr *addr, unsigned *len)
{
    uint8_t key[WR_RPZ_PREFIX_KEY], code = wr_rpz_code(kind, false);
    bool v4 = addr->family == WR_AF_V4;
    for (unsigned i = v4 ? 32 : 128; i > *len; i--) {
        if (!has_length(z, wr_rpz_code(kind, v4), i)) {
            continue;
        }
        struct wr_addr masked = wr_addr_mask(addr, i);
        wr_rpz_put_prefix(&masked, i, key);
        uint32_t found = wr_rpz_find(z, code, key, wr_rpz_hash_prefix(&l->zones->key, key, code));
        if (found != 0) {
            *len = i;
            return found;
        }
    }
    return 0;
}

static uint32_t match_client(const struct look *l, const struct wr_rpz *z)
{
    unsigned len = 0;
    return l->facts->client && has_kind(z, WR_RPZ_CLIENT_IP)
               ? find_addr(l, z, WR_RPZ_CLIENT_IP, l->facts->client, &len)
               : 0;
}

static uint32_t match_name(const struct look *l, const struct wr_rpz *z)
{
    unsigned labels;
    return has_kind(z, WR_RPZ_QNAME) ? find_name(z, WR_RPZ_QNAME, &l->name, &labels) : 0;
}

/* The longest prefix so far of those that have an address of the answer. */
struct longest {
    uint32_t entry;
    unsigned len;
};

static void match_one(const struct look *l, const struct wr_rpz *z, uint8_t family,
                      const uint8_t *octets, struct longest *best)
{
    struct wr_addr addr = {.family = family};
    memcpy(addr.ip, octets, family == WR_AF_V4 ? 4 : 16);
    uint32_t found = find_addr(l, z, WR_RPZ_IP, &addr, &best->len);
    best->entry = found != 0 ? found : best->entry;
}

/* Addresses behind one another; an IPv4 one within an IPv6 one is also itself. */
static void match_octets(const struct look *l, const struct wr_rpz *z, uint8_t family,
                         const uint8_t *octets, size_t size, struct longest *best)
{
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
    size_t one = family == WR_AF_V4 ? 4 : 16;
    for (; octets != NULL && size >= one; octets += one, size -= one) {
        match_one(l, z, family, octets, best);
        if (family == WR_AF_V6 && memcmp(octets, mapped, sizeof(mapped)) == 0) {
            match_one(l, z, WR_AF_V4, octets + sizeof(mapped), best);
        }
    }
}

/* The hints of SVCB and HTTPS: clients connect to them before they have asked for an address. */
static void match_hints(const struct look *l, const struct wr_rpz *z, const uint8_t *rdata,
                        size_t size, struct longest *best)
{
    size_t head = 2 + (size > 2 ? wr_name_size(rdata + 2) : 0), n = 0;
    if (size < 3 || head > size) {
        return;
    }
    const uint8_t *hint = wr_svcb_find(rdata + head, size - head, WR_SVCB_IPV4HINT, &n);
    match_octets(l, z, WR_AF_V4, hint, n, best);
    hint = wr_svcb_find(rdata + head, size - head, WR_SVCB_IPV6HINT, &n);
    match_octets(l, z, WR_AF_V6, hint, n, best);
}

/* Of all addresses in the answer the one with the longest prefix. */
static uint32_t match_addresses(const struct look *l, const struct wr_rpz *z)
{
    struct longest best = {0, 0};
    for (unsigned i = 0; i < l->facts->set_count && has_kind(z, WR_RPZ_IP); i++) {
        const struct wr_rrset *set = &l->facts->sets[i];
        struct wr_rrset_walk walk = wr_rrset_walk(set);
        const uint8_t *rdata;
        uint16_t size;
        bool v4 = set->type == WR_TYPE_A, v6 = set->type == WR_TYPE_AAAA;
        if (!v4 && !v6 && set->type != WR_TYPE_SVCB && set->type != WR_TYPE_HTTPS) {
            continue;
        }
        for (unsigned r = 0; r < set->records && wr_rrset_next(&walk, &rdata, &size); r++) {
            if (!v4 && !v6) {
                match_hints(l, z, rdata, size, &best);
            } else if (size == (v4 ? 4 : 16)) {
                match_octets(l, z, v4 ? WR_AF_V4 : WR_AF_V6, rdata, size, &best);
            }
        }
    }
    return best.entry;
}

/* Of all servers' names the one that is matched by the longest; of several the first in canonical order. */
static uint32_t match_servers(const struct look *l, const struct wr_rpz *z)
{
    uint32_t best = 0;
    unsigned most = 0;
    const uint8_t *first = NULL;
    for (unsigned i = 0; i < l->facts->servers && has_kind(z, WR_RPZ_NSDNAME); i++) {
        struct probe p;
        unsigned labels;
        probe_start(&p, &l->zones->key, l->facts->server[i]);
        uint32_t found = find_name(z, WR_RPZ_NSDNAME, &p, &labels);
        if (found != 0 &&
            (best == 0 || labels > most || (labels == most && wr_name_order(p.at[0], first) < 0))) {
            best = found;
            most = labels;
            first = p.at[0];
        }
    }
    return best;
}

static uint32_t match_server_addrs(const struct look *l, const struct wr_rpz *z)
{
    uint32_t best = 0;
    unsigned len = 0;
    for (unsigned i = 0; i < l->facts->server_addrs && has_kind(z, WR_RPZ_NSIP); i++) {
        uint32_t found = find_addr(l, z, WR_RPZ_NSIP, &l->facts->server_addr[i], &len);
        best = found != 0 ? found : best;
    }
    return best;
}

/* The first trigger of the zone that matches, in the order of their kinds. */
static struct match match_zone(const struct look *l, const struct wr_rpz *z, bool answered)
{
    static uint32_t (*const steps[])(const struct look *, const struct wr_rpz *) = {
        [WR_RPZ_CLIENT_IP] = match_client,  [WR_RPZ_QNAME] = match_name,
        [WR_RPZ_IP] = match_addresses,      [WR_RPZ_NSDNAME] = match_servers,
        [WR_RPZ_NSIP] = match_server_addrs,
    };
    struct match m = {0};
    for (unsigned kind = 0; kind < (answered ? WR_RPZ_KINDS : WR_RPZ_IP) && m.entry == 0; kind++) {
        m = (struct match){.entry = steps[kind](l, z), .kind = (uint8_t)kind};
    }
    return m;
}

static bool is_for(const struct wr_rpz_use *u, const struct wr_rpz_facts *f)
{
    bool all = u->groups == 0 && u->segment_count == 0;
    for (unsigned i = 0; i < u->segment_count && !all; i++) {
        all = u->segments[i] == f->segment;
    }
    return u->zone && (all || (u->groups & f->groups) != 0);
}

static uint8_t action_of(const struct wr_rpz_use *u, const struct wr_rpz_entry *e)
{
    static const uint8_t overrides[] = {
        [WR_RPZ_OVERRIDE_NXDOMAIN] = WR_VERDICT_NXDOMAIN,
        [WR_RPZ_OVERRIDE_NODATA] = WR_VERDICT_NODATA,
        [WR_RPZ_OVERRIDE_PASSTHRU] = WR_VERDICT_ALLOW,
        [WR_RPZ_OVERRIDE_DROP] = WR_VERDICT_DROP,
        [WR_RPZ_OVERRIDE_TCP_ONLY] = WR_VERDICT_TRUNCATE,
        [WR_RPZ_OVERRIDE_CNAME] = WR_VERDICT_DATA,
    };
    static const uint8_t actions[] = {
        [WR_RPZ_NXDOMAIN] = WR_VERDICT_NXDOMAIN, [WR_RPZ_NODATA] = WR_VERDICT_NODATA,
        [WR_RPZ_PASSTHRU] = WR_VERDICT_ALLOW,    [WR_RPZ_DROP] = WR_VERDICT_DROP,
        [WR_RPZ_TCP_ONLY] = WR_VERDICT_TRUNCATE, [WR_RPZ_DATA] = WR_VERDICT_DATA,
        [WR_RPZ_STAR] = WR_VERDICT_DATA,
    };
    bool overridden =
        u->override != WR_RPZ_OVERRIDE_NONE && u->override != WR_RPZ_OVERRIDE_DISABLED;
    return overridden ? overrides[u->override] : actions[e->action];
}

/* Extended errors (RFC 8914): blocked, or prohibited where it is about who asks; what is allowed has none. */
static int16_t ede_of(const struct wr_rpz_use *u, const struct wr_verdict *v)
{
    if (v->action == WR_VERDICT_ALLOW) {
        return WR_EDE_NONE;
    }
    if (u->ede != WR_EDE_NONE) {
        return u->ede;
    }
    return v->trigger == WR_TRIGGER_CLIENT ? WR_EDE_PROHIBITED : WR_EDE_BLOCKED;
}

static void take(struct look *l, const struct wr_rpz_use *u, const struct match *m)
{
    static const uint8_t triggers[] = {
        [WR_RPZ_CLIENT_IP] = WR_TRIGGER_CLIENT, [WR_RPZ_QNAME] = WR_TRIGGER_NAME,
        [WR_RPZ_IP] = WR_TRIGGER_ADDRESS,       [WR_RPZ_NSDNAME] = WR_TRIGGER_NSDNAME,
        [WR_RPZ_NSIP] = WR_TRIGGER_NSIP,
    };
    const struct wr_rpz_entry *e = &u->zone->entry[m->entry - 1];
    struct wr_rpz_hit hit = {.verdict = {.action = action_of(u, e),
                                         .by = WR_VERDICT_BY_RPZ,
                                         .trigger = triggers[m->kind],
                                         .shadow = u->override == WR_RPZ_OVERRIDE_DISABLED,
                                         .rule = u->label,
                                         .line = e->line},
                             .use = u,
                             .entry = m->entry - 1};
    if (m->kind == WR_RPZ_QNAME && l->facts->alias) {
        hit.verdict.trigger = WR_TRIGGER_ALIAS;
    }
    hit.ede = ede_of(u, &hit.verdict);
    if (!hit.verdict.shadow || l->hit.verdict.action == WR_VERDICT_NONE) {
        l->hit = hit;
    }
}

static bool waits(const struct wr_rpz *z)
{
    return has_kind(z, WR_RPZ_IP) || has_kind(z, WR_RPZ_NSDNAME) || has_kind(z, WR_RPZ_NSIP);
}

/* Of whom two things are said, a zone that is for some groups gives nothing: only one of the two may be in them. */
static bool is_doubted(const struct wr_rpz_use *u, const struct wr_rpz_facts *f,
                       const struct match *m)
{
    return f->doubted && u->groups != 0 && m->entry != 0 &&
           action_of(u, &u->zone->entry[m->entry - 1]) == WR_VERDICT_ALLOW;
}

static void walk(const struct wr_rpz_zones *zones, const struct wr_rpz_facts *facts, bool answered,
                 struct wr_rpz_hit *ret_hit)
{
    struct look l = {.zones = zones, .facts = facts};
    bool wait = false;
    if (zones->count > 0) {
        probe_start(&l.name, &zones->key, facts->name);
    }
    for (unsigned i = 0; i < zones->count; i++) {
        const struct wr_rpz_use *u = &zones->use[i];
        if (!is_for(u, facts)) {
            continue;
        }
        struct match m = match_zone(&l, u->zone, answered);
        if (m.entry != 0 && !is_doubted(u, facts, &m)) {
            take(&l, u, &m);
            if (!l.hit.verdict.shadow) {
                break;
            }
        }
        if (!answered && waits(u->zone)) {
            wait = true;
            break;
        }
    }
    l.hit.wait = wait;
    *ret_hit = l.hit;
}

void wr_rpz_question(const struct wr_rpz_zones *zones, const struct wr_rpz_facts *facts,
                     struct wr_rpz_hit *ret_hit)
{
    walk(zones, facts, false, ret_hit);
}

void wr_rpz_answer(const struct wr_rpz_zones *zones, const struct wr_rpz_facts *facts,
                   struct wr_rpz_hit *ret_hit)
{
    walk(zones, facts, true, ret_hit);
}

bool wr_rpz_has(const struct wr_rpz_zones *zones, enum wr_rpz_kind kind)
{
    for (unsigned i = 0; i < zones->count; i++) {
        if (zones->use[i].zone && has_kind(zones->use[i].zone, kind)) {
            return true;
        }
    }
    return false;
}

bool wr_rpz_has_alias(const struct wr_rpz_zones *zones)
{
    for (unsigned i = 0; i < zones->count; i++) {
        if (zones->use[i].override == WR_RPZ_OVERRIDE_CNAME ||
            (zones->use[i].zone && zones->use[i].zone->aliases)) {
            return true;
        }
    }
    return false;
}

static void make_set(const uint8_t *name, const uint8_t *data, uint32_t size, uint32_t ttl,
                     struct wr_rrset *ret)
{
    *ret = (struct wr_rrset){.owner = name,
                             .data = data,
                             .size = size,
                             .ttl = ttl,
                             .type = WR_TYPE_CNAME,
                             .class_ = WR_CLASS_IN,
                             .records = 1,
                             .security = WR_SECURITY_INSECURE,
                             .rank = WR_RANK_AUTH_ANSWER};
}

/* *.target: the name that was asked in place of the star. False: that is longer than a name. */
static bool put_star(const struct wr_rrset *cname, const uint8_t *name, struct wr_rpz_room *room,
                     struct wr_rrset *ret_set)
{
    const uint8_t *rest = cname->data + 2 + 2;
    size_t front = wr_name_size(name) - 1, behind = wr_name_size(rest);
    if (front + behind > WR_NAME_MAX) {
        return false;
    }
    room->octets[0] = 0;
    room->octets[1] = (uint8_t)(front + behind);
    memcpy(room->octets + 2, name, front);
    memcpy(room->octets + 2 + front, rest, behind);
    make_set(name, room->octets, (uint32_t)(2 + front + behind), cname->ttl, ret_set);
    return true;
}

bool wr_rpz_set(const struct wr_rpz_hit *hit, const uint8_t *name, uint16_t type, unsigned index,
                struct wr_rpz_room *room, struct wr_rrset *ret_set)
{
    const struct wr_rpz *z = hit->use->zone;
    const struct wr_rpz_entry *e = &z->entry[hit->entry];
    if (hit->verdict.action != WR_VERDICT_DATA) {
        return false;
    }
    if (hit->use->override == WR_RPZ_OVERRIDE_CNAME) {
        const uint8_t *cname = hit->use->cname;
        make_set(name, cname, 2u + ((uint32_t)cname[0] << 8 | cname[1]), e->last, ret_set);
        return index == 0;
    }
    for (uint32_t i = 0; i < e->sets; i++) {
        const struct wr_rrset *s = &z->set[e->set + i];
        if (s->type != type && s->type != WR_TYPE_CNAME && type != WR_TYPE_ANY) {
            continue;
        }
        if (index > 0) {
            index--;
        } else if (e->action == WR_RPZ_STAR) {
            return put_star(s, name, room, ret_set);
        } else {
            *ret_set = *s;
            ret_set->owner = name;
            return true;
        }
    }
    return false;
}

bool wr_rpz_soa(const struct wr_rpz_hit *hit, struct wr_rrset *ret_set)
{
    const struct wr_rpz *z = hit->use->zone;
    uint32_t ttl = z->entry[hit->entry].last;
    if (z->soa.records == 0) {
        return false;
    }
    *ret_set = z->soa;
    ret_set->ttl = ttl < ret_set->ttl ? ttl : ret_set->ttl;
    return true;
}

void wr_rpz_put_owner(struct wr_str *s, const struct wr_rpz *zone, uint32_t entry)
{
    static const char *const kinds[] = {"rpz-client-ip", "", "rpz-ip", "rpz-nsdname", "rpz-nsip"};
    const struct wr_rpz_entry *e = &zone->entry[entry];
    unsigned kind = e->code / 2;
    wr_str_text(s, (e->code & 1) != 0 ? "*." : "");
    if (wr_rpz_is_name(e->code)) {
        char text[WR_NAME_TEXT_SIZE];
        size_t n = wr_name_to_text(e->key, text, sizeof(text));
        text[n - 1] = 0; /* the root's dot */
        wr_str_text(s, text);
    } else {
        struct wr_addr addr = {.family = e->key[0]};
        char text[WR_ADDR_TEXT_SIZE];
        memcpy(addr.ip, e->key + 2, sizeof(addr.ip));
        (void)wr_addr_to_text(&addr, text, sizeof(text));
        wr_str_text(s, text);
        wr_str_char(s, '/');
        wr_str_u64(s, e->key[1]);
    }
    wr_str_text(s, kinds[kind][0] != 0 ? " (" : "");
    wr_str_text(s, kinds[kind]);
    wr_str_text(s, kinds[kind][0] != 0 ? ")" : "");
}

const uint8_t *wr_rpz_name(const struct wr_rpz *zone)
{
    return zone->name;
}

uint32_t wr_rpz_triggers(const struct wr_rpz *zone, enum wr_rpz_kind kind)
{
    return zone->triggers[kind];
}

size_t wr_rpz_used(const struct wr_rpz *zone)
{
    return zone->used;
}

uint32_t wr_rpz_serial(const struct wr_rpz *zone)
{
    return zone->serial;
}

uint32_t wr_rpz_expire_s(const struct wr_rpz *zone)
{
    return zone->expire_s;
}
