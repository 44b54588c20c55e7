/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mudset.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "dns/name.h"
#include "policy/mudtell.h"

/* A name of a profile. */
struct slot {
    const uint8_t *name; /* NULL: the place is free */
    uint64_t hash;
    uint16_t profile;
    bool below; /* all below it, and not itself */
    bool all;   /* leases are for everything */
    uint8_t ports;
    struct wr_lease_port port[WR_LEASE_PORTS_MAX];
};

struct member {
    uint32_t device;
    uint16_t profile;
    bool shadow;
};

struct wr_mudset {
    struct wr_hash_key
        key; /* names of a profile are a stranger's, and so are names that are asked for */
    uint32_t members, mask; /* places - 1 */
    struct member *member;  /* by number */
    struct slot *slot;
    uint8_t *wire;
};

/* --- sizes --- */

struct sizes {
    size_t names, octets;
    uint32_t places;
};

/* Which of the items has this profile first: what they share is compiled once. */
static uint32_t first_with(const struct wr_mudset_item *items, uint32_t i)
{
    uint32_t first = 0;
    while (items[first].mud != items[i].mud || items[first].is_fetched != items[i].is_fetched) {
        first++;
    }
    return first;
}

static struct sizes sizes_of(const struct wr_mudset_item *items, uint32_t count)
{
    struct sizes z = {.places = 64};
    for (uint32_t i = 0; i < count; i++) {
        const struct wr_mud *m = items[i].mud;
        bool first = first_with(items, i) == i;
        for (uint32_t a = 0; first && a < m->aces; a++) {
            if (m->ace[a].direction == WR_MUD_FROM && wr_mud_peer_name(&m->ace[a]) != 0) {
                z.names++;
                z.octets += strlen(wr_mud_at(m, wr_mud_peer_name(&m->ace[a]))) + 2;
            }
        }
    }
    while (z.places < 2 * z.names) {
        z.places *= 2;
    }
    return z;
}

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

size_t wr_mudset_size(const struct wr_mudset_item *items, uint32_t count)
{
    struct sizes z = sizes_of(items, count);
    return align8(sizeof(struct wr_mudset)) + align8(count * sizeof(struct member)) +
           z.places * sizeof(struct slot) + z.octets;
}

/* --- the table --- */

static uint64_t hash_of(const struct wr_mudset *set, const uint8_t *name, uint16_t profile,
                        bool below)
{
    size_t n = 0;
    while (name[n] != 0) {
        n += name[n] + 1u;
    }
    return wr_hash_mix(wr_hash_sip13_fold(&set->key, name, n) ^ ((uint64_t)profile << 1 | below));
}

/* Where it is, or would be. */
static struct slot *slot_of(const struct wr_mudset *set, const uint8_t *name, uint16_t profile,
                            bool below)
{
    uint64_t hash = hash_of(set, name, profile, below);
    uint32_t i = (uint32_t)hash & set->mask;
    while (set->slot[i].name != NULL &&
           (set->slot[i].hash != hash || set->slot[i].profile != profile ||
            set->slot[i].below != below || !wr_name_equal(set->slot[i].name, name))) {
        i = (i + 1) & set->mask;
    }
    return &set->slot[i];
}

static void add_port(struct slot *s, uint8_t protocol, uint16_t port)
{
    for (unsigned i = 0; i < s->ports; i++) {
        if (s->port[i].protocol == protocol && s->port[i].port == port) {
            return;
        }
    }
    if (s->ports == WR_LEASE_PORTS_MAX) {
        s->all = true;
        return;
    }
    s->port[s->ports++] = (struct wr_lease_port){.protocol = protocol, .port = port};
}

static void add_ace(struct wr_mudset *set, uint8_t **wire, const struct wr_mud *m,
                    const struct wr_mud_ace *a, uint16_t profile)
{
    const char *text = wr_mud_at(m, wr_mud_peer_name(a));
    bool below = strncmp(text, "*.", 2) == 0;
    struct wr_name name;
    uint16_t low, high;
    text += below ? 2 : 0;
    if (wr_name_from_text(text, strlen(text), &name) != WR_OK) {
        return; /* who made the profile read none; then nothing is approved */
    }
    struct slot *s = slot_of(set, name.wire, profile, below);
    if (s->name == NULL) {
        memcpy(*wire, name.wire, name.size);
        *s = (struct slot){.name = *wire,
                           .hash = hash_of(set, name.wire, profile, below),
                           .profile = profile,
                           .below = below};
        *wire += name.size;
    }
    if (!wr_mudtell_ports(a, &low, &high)) {
        s->all = true;
        return;
    }
    for (uint32_t p = low; p <= high; p++) {
        add_port(s, (uint8_t)a->protocol, (uint16_t)p);
    }
}

static void sort_members(struct member *m, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct member one = m[i];
        uint32_t k = i;
        for (; k > 0 && m[k - 1].device > one.device; k--) {
            m[k] = m[k - 1];
        }
        m[k] = one;
    }
}

const struct wr_mudset *wr_mudset_compile(void *block, const struct wr_mudset_item *items,
                                          uint32_t count, const struct wr_hash_key *key)
{
    struct sizes z = sizes_of(items, count);
    struct wr_mudset *set = block;
    uint8_t *at = (uint8_t *)block + align8(sizeof(*set));
    wr_assert(((uintptr_t)block & 7) == 0 && count <= WR_MUD_DEVICES_MAX);
    *set = (struct wr_mudset){.key = *key, .members = count, .mask = z.places - 1};
    set->member = (struct member *)(void *)at;
    at += align8(count * sizeof(*set->member));
    set->slot = (struct slot *)(void *)at;
    at += z.places * sizeof(*set->slot);
    set->wire = at;
    memset((void *)set->slot, 0, z.places * sizeof(*set->slot));
    for (uint32_t i = 0; i < count; i++) {
        const struct wr_mud *m = items[i].mud;
        const struct wr_mud_house house = {.is_fetched = items[i].is_fetched};
        uint16_t profile = (uint16_t)first_with(items, i);
        set->member[i] = (struct member){items[i].device, profile, items[i].shadow};
        for (uint32_t a = 0; profile == i && a < m->aces; a++) {
            if (m->ace[a].direction == WR_MUD_FROM && wr_mud_peer_name(&m->ace[a]) != 0 &&
                wr_mudtell_judge(m, &m->ace[a], &house).means == WR_MUD_BY_NAME) {
                add_ace(set, &at, m, &m->ace[a], profile);
            }
        }
    }
    sort_members(set->member, count);
    return set;
}

/* --- what it says --- */

uint32_t wr_mudset_devices(const struct wr_mudset *set)
{
    return set->members;
}

static const struct member *member_of(const struct wr_mudset *set, uint32_t device)
{
    uint32_t low = 0, high = set->members;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (set->member[mid].device < device) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return device != 0 && low < set->members && set->member[low].device == device
               ? &set->member[low]
               : NULL;
}

bool wr_mudset_has(const struct wr_mudset *set, uint32_t device)
{
    return member_of(set, device) != NULL;
}

/* The name itself, or the nearest above it with all below it. NULL: it is not in the profile. */
static const struct slot *find(const struct wr_mudset *set, uint16_t profile, const uint8_t *name)
{
    const struct slot *s = slot_of(set, name, profile, false);
    const uint8_t *at = name;
    while (s->name == NULL && *at != 0) {
        at += *at + 1;
        s = slot_of(set, at, profile, true);
    }
    return s->name != NULL ? s : NULL;
}

enum wr_mudset_says wr_mudset_name(const struct wr_mudset *set, const struct wr_who *who,
                                   const uint8_t *name)
{
    const uint32_t device[2] = {who->device, who->rival};
    enum wr_mudset_says says = WR_MUDSET_NOTHING;
    for (unsigned i = 0; i < 2 && says != WR_MUDSET_REFUSED; i++) {
        const struct member *m = member_of(set, device[i]);
        if (m != NULL && !m->shadow) {
            says = find(set, m->profile, name) != NULL ? WR_MUDSET_APPROVED : WR_MUDSET_REFUSED;
        }
    }
    return says;
}

bool wr_mudset_doubts(const struct wr_mudset *set, const struct wr_who *who, const uint8_t *name)
{
    const struct member *m = member_of(set, who->device);
    return m != NULL && m->shadow && find(set, m->profile, name) == NULL;
}

/* What both are for. None: they have nothing in common. */
static unsigned in_both(const struct slot *a, const struct slot *b,
                        struct wr_lease_port ret_port[WR_LEASE_PORTS_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->ports; i++) {
        for (unsigned k = 0; k < b->ports; k++) {
            if (a->port[i].protocol == b->port[k].protocol && a->port[i].port == b->port[k].port) {
                ret_port[n++] = a->port[i];
            }
        }
    }
    return n;
}

unsigned wr_mudset_ports(const struct wr_mudset *set, const struct wr_who *who, const uint8_t *name,
                         struct wr_lease_port ret_port[WR_LEASE_PORTS_MAX])
{
    const uint32_t device[2] = {who->device, who->rival};
    const struct slot *s = NULL;
    for (unsigned i = 0; i < 2; i++) {
        const struct member *m = member_of(set, device[i]);
        const struct slot *one = m != NULL && !m->shadow ? find(set, m->profile, name) : NULL;
        if (one == NULL || one->all) {
            continue;
        }
        unsigned both = s != NULL ? in_both(s, one, ret_port) : 0;
        if (both > 0) {
            return both;
        }
        s = s != NULL ? s : one;
    }
    if (s == NULL) {
        return 0;
    }
    memcpy(ret_port, s->port, s->ports * sizeof(*ret_port));
    return s->ports;
}
