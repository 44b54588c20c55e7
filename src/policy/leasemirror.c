/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/leasemirror.h"

#include <stdatomic.h>
#include <string.h>

#include "base/check.h"

enum { LINE_ENTRIES = 4, COUNTERS = 1024, NEIGHBOURS = 8192 };

struct entry {
    _Atomic uint64_t key;
    _Atomic uint64_t
        rest; /* above: more of the hash, mixed with the generation; below: the second it ends */
};

struct line {
    _Alignas(64) struct entry entry[LINE_ENTRIES];
};

/* The last that was heard of an address; two in one place push each other out. */
struct neighbour {
    uint64_t who, mac;
};

struct wr_leasemirror {
    struct wr_hash_key key;
    uint32_t lines;                         /* a power of two */
    _Atomic uint32_t cleared;               /* all were forgotten so often, */
    _Atomic uint32_t forgotten[COUNTERS];   /* and those of some addresses */
    struct neighbour neighbour[NEIGHBOURS]; /* one thread's */
    struct line line[];
};

/* Twice the places: a line is full only by bad luck. */
static uint32_t lines_for(uint32_t leases)
{
    uint32_t lines = 16;
    while (lines < UINT32_C(1) << 24 && (uint64_t)lines * LINE_ENTRIES < (uint64_t)leases * 2) {
        lines *= 2;
    }
    return lines;
}

size_t wr_leasemirror_size(uint32_t leases)
{
    return sizeof(struct wr_leasemirror) + (size_t)lines_for(leases) * sizeof(struct line);
}

struct wr_leasemirror *wr_leasemirror_init(void *block, uint32_t leases,
                                           const struct wr_hash_key *key)
{
    struct wr_leasemirror *m = block;
    wr_assert(((uintptr_t)block & 63) == 0);
    m->key = *key;
    m->lines = lines_for(leases);
    return m;
}

static uint32_t counter_of(const struct wr_leasemirror *m, const struct wr_addr *client)
{
    return (uint32_t)(wr_hash_sip13(&m->key, client->ip, sizeof(client->ip)) % COUNTERS);
}

struct wr_leasemirror_party wr_leasemirror_party(const struct wr_leasemirror *m,
                                                 const struct wr_lease_ask *ask)
{
    uint8_t octets[16 + 4 + 4 + 4 + 8 + WR_LEASE_PORTS_MAX * sizeof(struct wr_lease_port)];
    uint32_t scope = ask->client.scope;
    size_t ports = ask->ports * sizeof(ask->port[0]);
    memset(octets, 0, sizeof(octets));
    memcpy(octets, ask->client.ip, 16);
    memcpy(octets + 16, &ask->ifindex, 4);
    memcpy(octets + 20, &ask->device, 4);
    memcpy(octets + 24, &scope, 4);
    octets[28] = ask->client.family;
    octets[29] = ask->has_mac;
    if (ask->has_mac) {
        memcpy(octets + 30, ask->mac, sizeof(ask->mac));
    }
    memcpy(octets + 36, ask->port, ports);
    uint32_t one =
        atomic_load_explicit(&m->forgotten[counter_of(m, &ask->client)], memory_order_acquire);
    return (struct wr_leasemirror_party){
        .hash = wr_hash_sip13(&m->key, octets, 36 + ports),
        .generation = one + atomic_load_explicit(&m->cleared, memory_order_acquire)};
}

/* Both words of an entry, but for when it ends. */
static uint64_t words_of(const struct wr_leasemirror *m, const struct wr_leasemirror_party *party,
                         const struct wr_lease_dest *dest, uint64_t *ret_rest)
{
    uint8_t octets[8 + 16 + 1];
    memcpy(octets, &party->hash, 8);
    memcpy(octets + 8, dest->ip, 16);
    octets[24] = dest->family;
    uint64_t key = wr_hash_sip13(&m->key, octets, sizeof(octets));
    uint32_t more = (uint32_t)(wr_hash_mix(key ^ UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    *ret_rest = (uint64_t)(more ^ party->generation) << 32;
    return key;
}

static uint32_t ends(uint64_t rest)
{
    return (uint32_t)rest;
}

bool wr_leasemirror_holds(const struct wr_leasemirror *m, const struct wr_leasemirror_party *party,
                          const struct wr_lease_dest *dest, uint32_t until_s)
{
    uint64_t rest, key = words_of(m, party, dest, &rest);
    const struct line *line = &m->line[key & (m->lines - 1)];
    for (unsigned i = 0; i < LINE_ENTRIES; i++) {
        if (atomic_load_explicit(&line->entry[i].key, memory_order_relaxed) == key) {
            uint64_t found = atomic_load_explicit(&line->entry[i].rest, memory_order_relaxed);
            if (found >> 32 == rest >> 32 && ends(found) >= until_s) {
                return true;
            }
        }
    }
    return false;
}

void wr_leasemirror_note(struct wr_leasemirror *m, const struct wr_leasemirror_party *party,
                         const struct wr_lease_dest *dest, uint32_t until_s)
{
    uint64_t rest, key = words_of(m, party, dest, &rest);
    struct line *line = &m->line[key & (m->lines - 1)];
    struct entry *place = &line->entry[0];
    uint32_t least = UINT32_MAX;
    for (unsigned i = 0; i < LINE_ENTRIES; i++) {
        struct entry *e = &line->entry[i];
        uint64_t found = atomic_load_explicit(&e->rest, memory_order_relaxed);
        if (atomic_load_explicit(&e->key, memory_order_relaxed) == key) {
            /* What is there longer stays so: an ask does not shorten. */
            bool same = found >> 32 == rest >> 32;
            until_s = same && ends(found) > until_s ? ends(found) : until_s;
            place = e;
            break;
        }
        if (ends(found) < least) {
            least = ends(found);
            place = e;
        }
    }
    atomic_store_explicit(&place->key, key, memory_order_relaxed);
    atomic_store_explicit(&place->rest, rest | until_s, memory_order_relaxed);
}

void wr_leasemirror_forget(struct wr_leasemirror *m, const struct wr_addr *client)
{
    atomic_fetch_add_explicit(&m->forgotten[counter_of(m, client)], 1, memory_order_acq_rel);
}

void wr_leasemirror_clear(struct wr_leasemirror *m)
{
    atomic_fetch_add_explicit(&m->cleared, 1, memory_order_acq_rel);
}

void wr_leasemirror_neighbour(struct wr_leasemirror *m, const struct wr_addr *client,
                              uint32_t ifindex, const uint8_t mac[6])
{
    uint8_t octets[16 + 4];
    struct neighbour now = {.mac = 1}; /* none is zero */
    memcpy(octets, client->ip, 16);
    memcpy(octets + 16, &ifindex, 4);
    now.who = wr_hash_sip13(&m->key, octets, sizeof(octets));
    for (unsigned i = 0; i < 6; i++) {
        now.mac = now.mac << 8 | mac[i];
    }
    struct neighbour *before = &m->neighbour[now.who % NEIGHBOURS];
    if (before->who != now.who || before->mac != now.mac) {
        *before = now;
        wr_leasemirror_forget(m, client);
    }
}
