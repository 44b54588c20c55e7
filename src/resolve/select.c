/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/select.h"

#include "base/time.h"
#include "transport/whom.h"

/* Before anything is measured: a try is repeated elsewhere after this. */
#define PATIENCE_UNKNOWN_US (200 * WR_MS)
#define PATIENCE_MIN_US     (25 * WR_MS)
#define PATIENCE_MAX_US     (800 * WR_MS)
/* No question lasts so long: the machine was suspended between question and answer, and nothing was measured. */
#define SLEPT_US         (60 * WR_S)
#define BACKOFF_FIRST_US (500 * WR_MS)
#define BACKOFF_MAX_US   (30 * WR_S)
/* Time-outs in a row that make a server suspect. */
#define TIMEOUTS_TO_SUSPECT 2
/* One choice in so many goes to a server that is not the fastest, to learn of changes. */
#define EXPLORE_ONE_IN 32
#define PROBE_EVERY_US (500 * WR_MS)
/* Those of who has to prove himself, those of who need not, and the last. */
#define TIERS_PROVEN 4
#define TIER_PLAIN   (2 * TIERS_PROVEN)

#define LOAD(x)     atomic_load_explicit(&(x), memory_order_relaxed)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

unsigned wr_select_count(const struct wr_select *s, unsigned group)
{
    return group >= WR_GROUP_CUT ? s->cuts[group - WR_GROUP_CUT].count
                                 : s->upstreams->group[group].servers;
}

struct wr_peer wr_select_peer(const struct wr_select *s, unsigned group, unsigned i)
{
    if (group >= WR_GROUP_CUT) {
        return s->cuts[group - WR_GROUP_CUT].peer[i];
    }
    const struct wr_upstream *u = &s->upstreams->upstream[s->upstreams->group[group].server[i]];
    return (struct wr_peer){u->addr, u->generation, u->slot, u->scheme};
}

uint8_t wr_select_strategy(const struct wr_select *s, unsigned group)
{
    return group >= WR_GROUP_CUT ? WR_STRATEGY_FASTEST : s->upstreams->group[group].strategy;
}

static struct wr_upstream_state *state_of(const struct wr_select *s, unsigned group, unsigned i)
{
    return &s->state[wr_select_peer(s, group, i).slot];
}

bool wr_select_is_suspect(const struct wr_upstream_state *st)
{
    return LOAD(st->suspect_until_us) != 0;
}

static bool is_opportunistic(const struct wr_select *s, unsigned group, unsigned i)
{
    const struct wr_upstream *u =
        group < WR_GROUP_CUT ? &s->upstreams->upstream[s->upstreams->group[group].server[i]] : NULL;
    return u != NULL && u->whom != NULL && u->whom->proof == WR_URI_OPPORTUNISTIC;
}

/* In which order servers are used: the least first. */
static unsigned tier_of(const struct wr_select *s, unsigned group, unsigned i)
{
    unsigned tier = is_opportunistic(s, group, i) ? TIERS_PROVEN : 0;
    switch (wr_select_peer(s, group, i).scheme) {
    case WR_SCHEME_ODOH: return tier;
    case WR_SCHEME_QUIC: return tier + 1;
    case WR_SCHEME_TLS: return tier + 2;
    case WR_SCHEME_HTTPS: return tier + 3;
    default: return TIER_PLAIN;
    }
}

static bool is_barred(const struct wr_select *s, unsigned group, unsigned i)
{
    return group < WR_GROUP_CUT &&
           s->upstreams->upstream[s->upstreams->group[group].server[i]].barred;
}

wr_servers wr_select_usable(const struct wr_select *s, unsigned group)
{
    unsigned count = wr_select_count(s, group);
    wr_servers set = 0;
    for (unsigned i = 0; i < count; i++) {
        struct wr_peer peer = wr_select_peer(s, group, i);
        bool allowed = peer.addr.family == WR_AF_V4   ? s->upstreams->ipv4
                       : peer.addr.family == WR_AF_V6 ? s->upstreams->ipv6
                                                      : false;
        allowed = allowed &&
                  !(s->upstreams->encrypted_only && !wr_upstream_is_encrypted(peer.scheme)) &&
                  !is_barred(s, group, i);
        set |= allowed ? (wr_servers)1 << i : 0;
    }
    return set;
}

wr_servers wr_select_suspects(const struct wr_select *s, unsigned group)
{
    unsigned count = wr_select_count(s, group);
    wr_servers set = 0;
    for (unsigned i = 0; i < count; i++) {
        set |= wr_select_is_suspect(state_of(s, group, i)) ? (wr_servers)1 << i : 0;
    }
    return set;
}

wr_servers wr_select_turn(const struct wr_select *s, unsigned group, wr_servers among,
                          wr_servers bad, wr_servers gone)
{
    wr_servers tier[TIER_PLAIN + 1] = {0};
    wr_servers suspects = wr_select_suspects(s, group), better = 0;
    unsigned count = wr_select_count(s, group);
    for (unsigned i = 0; i < count; i++) {
        tier[tier_of(s, group, i)] |= among & ((wr_servers)1 << i);
    }
    for (unsigned t = 0; t < TIER_PLAIN; t++) {
        if (tier[t] & ~(suspects | bad)) {
            return tier[t];
        }
        better |= tier[t];
    }
    /* Everything may be asked again when nothing is good any more, and plain text when nobody else is there. */
    if (better & ~(suspects | gone)) {
        return better;
    }
    return tier[TIER_PLAIN] & ~(suspects | bad) ? tier[TIER_PLAIN] : among;
}

bool wr_select_is_sibling(const struct wr_select *s, unsigned group, unsigned i, unsigned other)
{
    if (group >= WR_GROUP_CUT || i == other) {
        return false;
    }
    const struct wr_group *g = &s->upstreams->group[group];
    const struct wr_upstream *a = &s->upstreams->upstream[g->server[i]],
                             *b = &s->upstreams->upstream[g->server[other]];
    return a->origin != 0 && a->origin == b->origin;
}

static int nth(wr_servers among, unsigned n)
{
    for (int i = 0; among; i++, among >>= 1) {
        if ((among & 1) && n-- == 0) {
            return i;
        }
    }
    return -1;
}

/* An unmeasured server counts as fast, so that each is measured soon; one that was silent instead counts as the slowest. */
static uint32_t speed_of(const struct wr_upstream_state *st)
{
    uint32_t srtt = LOAD(st->srtt_us);
    return srtt == 0 && LOAD(st->failures) > 0 ? UINT32_MAX - 1 : srtt;
}

static int pick_fastest(const struct wr_select *s, unsigned group, wr_servers among)
{
    int best = -1;
    uint32_t best_us = UINT32_MAX;
    for (int i = 0; (among >> i) != 0; i++) {
        uint32_t srtt = among >> i & 1 ? speed_of(state_of(s, group, (unsigned)i)) : UINT32_MAX;
        if ((among >> i & 1) && (best < 0 || srtt < best_us)) {
            best = i;
            best_us = srtt;
        }
    }
    return best;
}

int wr_select_pick(const struct wr_select *s, unsigned group, wr_servers among)
{
    unsigned count = (unsigned)__builtin_popcount(among);
    if (count <= 1) {
        return among ? nth(among, 0) : -1;
    }
    switch (wr_select_strategy(s, group)) {
    case WR_STRATEGY_ORDER:
    case WR_STRATEGY_PARALLEL: return nth(among, 0);
    case WR_STRATEGY_ROUND_ROBIN: return nth(among, (*s->turn)++ % count);
    default:
        if (wr_rng_below(s->rng, EXPLORE_ONE_IN) == 0) {
            return nth(among, wr_rng_below(s->rng, count));
        }
        return pick_fastest(s, group, among);
    }
}

uint64_t wr_select_patience(const struct wr_upstream_state *st)
{
    uint64_t srtt = LOAD(st->srtt_us);
    if (srtt == 0) {
        return PATIENCE_UNKNOWN_US;
    }
    uint64_t rto = srtt + 4 * (uint64_t)LOAD(st->rttvar_us);
    if (rto < PATIENCE_MIN_US) {
        return PATIENCE_MIN_US;
    }
    return rto > PATIENCE_MAX_US ? PATIENCE_MAX_US : rto;
}

/* RFC 6298 section 2, with the clock in microseconds. rtt 0: an answer whose time is not known (Karn). */
void wr_select_answered(struct wr_upstream_state *st, uint64_t rtt_us, uint64_t now_us)
{
    wr_select_forgive(st);
    STORE(st->answered_us, now_us);
    if (rtt_us == 0 || rtt_us > SLEPT_US) {
        return;
    }
    uint32_t rtt = (uint32_t)rtt_us;
    uint32_t srtt = LOAD(st->srtt_us);
    uint32_t var = LOAD(st->rttvar_us);
    if (srtt == 0) {
        srtt = rtt;
        var = rtt / 2;
    } else {
        uint32_t off = srtt > rtt ? srtt - rtt : rtt - srtt;
        var = (uint32_t)((3 * (uint64_t)var + off) / 4);
        srtt = (uint32_t)((7 * (uint64_t)srtt + rtt) / 8);
    }
    STORE(st->srtt_us, srtt ? srtt : 1);
    STORE(st->rttvar_us, var);
}

/* Suspect from now on, for a time that doubles with each failure, with a quarter of jitter either way. */
static void suspect(struct wr_upstream_state *st, uint32_t failures, uint64_t now_us,
                    struct wr_rng *rng)
{
    unsigned doublings = failures > TIMEOUTS_TO_SUSPECT ? failures - TIMEOUTS_TO_SUSPECT : 0;
    uint64_t wait = doublings > 6 ? BACKOFF_MAX_US : BACKOFF_FIRST_US << doublings;
    wait = wait > BACKOFF_MAX_US ? BACKOFF_MAX_US : wait;
    wait = wait - wait / 4 + wr_rng_below(rng, (uint32_t)(wait / 2));
    STORE(st->suspect_until_us, now_us + wait);
}

/* Failures of one outage that end together are one failure: many questions were out. */
static bool counts(const struct wr_upstream_state *st, uint64_t now_us)
{
    return LOAD(st->suspect_until_us) <= now_us;
}

void wr_select_timed_out(struct wr_upstream_state *st, uint64_t sent_us, uint64_t now_us,
                         struct wr_rng *rng)
{
    if (LOAD(st->answered_us) >= sent_us || !counts(st, now_us)) {
        return;
    }
    uint32_t failures = LOAD(st->failures) + 1;
    STORE(st->failures, failures);
    if (failures >= TIMEOUTS_TO_SUSPECT) {
        suspect(st, failures, now_us, rng);
    }
}

void wr_select_gave_up(struct wr_upstream_state *st, uint64_t now_us, struct wr_rng *rng)
{
    STORE(st->given_up, 1);
    if (!wr_select_is_suspect(st)) {
        wr_select_unreachable(st, now_us, rng);
    }
}

void wr_select_unreachable(struct wr_upstream_state *st, uint64_t now_us, struct wr_rng *rng)
{
    STORE(st->given_up, 1);
    if (!counts(st, now_us)) {
        return;
    }
    uint32_t failures = LOAD(st->failures) + 1;
    failures = failures < TIMEOUTS_TO_SUSPECT ? TIMEOUTS_TO_SUSPECT : failures;
    STORE(st->failures, failures);
    suspect(st, failures, now_us, rng);
}

void wr_select_forgive(struct wr_upstream_state *st)
{
    STORE(st->given_up, 0);
    STORE(st->failures, 0);
    STORE(st->suspect_until_us, 0);
}

bool wr_select_answered_since(const struct wr_select *s, unsigned group, uint64_t since_us)
{
    unsigned count = wr_select_count(s, group);
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = LOAD(state_of(s, group, i)->answered_us);
        if (at != 0 && at >= since_us) {
            return true;
        }
    }
    return false;
}

bool wr_select_all_suspect(const struct wr_select *s, unsigned group)
{
    return (wr_select_usable(s, group) & ~wr_select_suspects(s, group)) == 0;
}

bool wr_select_is_down(const struct wr_select *s, unsigned group)
{
    wr_servers usable = wr_select_usable(s, group);
    unsigned count = wr_select_count(s, group);
    bool down = usable != 0 && wr_select_all_suspect(s, group);
    for (unsigned i = 0; down && i < count; i++) {
        down = !(usable >> i & 1) || LOAD(state_of(s, group, i)->given_up);
    }
    return down;
}

bool wr_select_claim_probe(const struct wr_select *s, unsigned group, unsigned server,
                           bool none_good, uint64_t now_us)
{
    struct wr_upstream_state *st = state_of(s, group, server);
    uint64_t last = LOAD(st->probed_us);
    if (!none_good && LOAD(st->suspect_until_us) > now_us) {
        return false;
    }
    return last + PROBE_EVERY_US <= now_us &&
           atomic_compare_exchange_strong_explicit(&st->probed_us, &last, now_us,
                                                   memory_order_relaxed, memory_order_relaxed);
}
