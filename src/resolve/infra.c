/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/infra.h"

#include "base/time.h"
#include "resolve/select.h"

/* Places that an address may have. */
#define WAYS    4u
#define LAME_US (900 * WR_S)

#define LOAD(x)     atomic_load_explicit(&(x), memory_order_relaxed)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

static uint64_t owner_of(const struct wr_infra *i, const struct wr_addr *addr)
{
    uint64_t h = wr_hash_sip13(&i->key, addr->ip, sizeof(addr->ip));
    h ^= wr_hash_mix((uint64_t)addr->port << 16 | addr->family);
    return h ? h : 1;
}

static struct wr_upstream_state *way(const struct wr_infra *i, uint64_t owner, uint32_t n)
{
    return &i->state[WR_UPSTREAMS_MAX + (uint32_t)((owner + n) % i->slots)];
}

/* Everything that was learned of somebody else is gone. */
static void take_over(struct wr_upstream_state *st, uint64_t owner)
{
    STORE(st->owner, owner);
    atomic_fetch_add_explicit(&st->generation, 1, memory_order_relaxed);
    STORE(st->srtt_us, 0);
    STORE(st->rttvar_us, 0);
    STORE(st->failures, 0);
    STORE(st->given_up, 0);
    STORE(st->suspect_until_us, 0);
    STORE(st->probed_us, 0);
    STORE(st->answered_us, 0);
    STORE(st->wary_until_us, 0);
    STORE(st->wrong_since_us, 0);
    STORE(st->wrong_lately, 0);
    STORE(st->no_edns_until_us, 0);
    STORE(st->flags, 0);
    STORE(st->cookie_size, 0);
    STORE(st->lame_until_us, 0);
}

static struct wr_peer peer_of(const struct wr_infra *i, const struct wr_addr *addr,
                              const struct wr_upstream_state *st)
{
    return (struct wr_peer){.addr = *addr,
                            .generation = LOAD(st->generation),
                            .slot = (uint16_t)(st - i->state),
                            .scheme = WR_SCHEME_UDP};
}

bool wr_infra_look(const struct wr_infra *i, const struct wr_addr *addr, struct wr_peer *ret_peer)
{
    uint64_t owner = owner_of(i, addr);
    for (uint32_t n = 0; n < WAYS && i->slots > 0; n++) {
        const struct wr_upstream_state *st = way(i, owner, n);
        if (LOAD(st->owner) == owner) {
            *ret_peer = peer_of(i, addr, st);
            return true;
        }
    }
    return false;
}

void wr_infra_find(const struct wr_infra *i, const struct wr_addr *addr, uint64_t now_us,
                   struct wr_peer *ret_peer)
{
    uint64_t owner = owner_of(i, addr);
    struct wr_upstream_state *best = NULL;
    for (uint32_t n = 0; n < WAYS; n++) {
        struct wr_upstream_state *st = way(i, owner, n);
        if (LOAD(st->owner) == owner) {
            best = st;
            break;
        }
        best = !best || LOAD(st->used_us) < LOAD(best->used_us) ? st : best;
    }
    if (LOAD(best->owner) != owner) {
        take_over(best, owner);
    }
    STORE(best->used_us, now_us);
    *ret_peer = peer_of(i, addr, best);
}

static uint64_t zone_word(const struct wr_infra *i, const uint8_t *zone)
{
    return wr_name_hash(&i->key, zone);
}

void wr_infra_set_lame(const struct wr_infra *i, const struct wr_peer *peer, const uint8_t *zone,
                       uint64_t now_us)
{
    struct wr_upstream_state *st = &i->state[peer->slot];
    if (LOAD(st->generation) == peer->generation) {
        STORE(st->lame_zone, zone_word(i, zone));
        STORE(st->lame_until_us, now_us + LAME_US);
    }
}

bool wr_infra_is_lame(const struct wr_infra *i, const struct wr_peer *peer, const uint8_t *zone,
                      uint64_t now_us)
{
    const struct wr_upstream_state *st = &i->state[peer->slot];
    return LOAD(st->lame_until_us) > now_us && LOAD(st->generation) == peer->generation &&
           LOAD(st->lame_zone) == zone_word(i, zone);
}

void wr_infra_forgive(const struct wr_infra *i)
{
    for (uint32_t n = 0; n < i->slots; n++) {
        wr_select_forgive(&i->state[WR_UPSTREAMS_MAX + n]);
    }
}
