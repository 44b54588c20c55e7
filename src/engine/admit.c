/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask, and how often.
 *
 * A client is a device where weir knows one behind the address, so that all its addresses have one budget, over all workers; else it is its
 * address. Who only says who it is (a claim without a proof) is counted by the address: else whoever knows the name could use another's budget up.
 */
#include "engine/engine_state.h"
#include "policy/cookie.h"
#include "policy/ration.h"

static uint64_t masked_hash(const struct wr_engine *e, const struct wr_addr *from, unsigned len)
{
    struct wr_addr masked = wr_addr_mask(from, len);
    return wr_hash_sip13(&e->setup.secrets->table_key, masked.ip, sizeof(masked.ip));
}

static uint64_t device_hash(const struct wr_engine *e, const struct wr_who *who)
{
    return wr_hash_sip13(&e->setup.secrets->table_key, &who->device, sizeof(who->device));
}

bool wr_admit_is_device(const struct wr_asker *a)
{
    return a->who.device != 0 && a->who.sure > WR_DEVICE_SURE_CLAIM;
}

/* The device, else the address; and the network when that is more than the address. */
void wr_admit_count_as(const struct wr_engine *e, struct wr_asker *a)
{
    const struct wr_addr *from = &a->client.from;
    bool v4 = from->family == WR_AF_V4;
    unsigned all = v4 ? 32 : 128, len = v4 ? e->settings->prefix4_len : e->settings->prefix6_len;
    a->client_hash = wr_admit_is_device(a) ? device_hash(e, &a->who) : masked_hash(e, from, all);
    /* A network is not its first address. */
    a->prefix_hash = len < all ? wr_hash_mix(masked_hash(e, from, len) ^ 0x2f) : a->client_hash;
}

/* Of an outsider the whole network counts as one: its addresses are easily forged. */
static uint64_t outsider_hash(const struct wr_engine *e, const struct wr_addr *from)
{
    const struct wr_settings *s = e->settings;
    bool v4 = from->family == WR_AF_V4;
    return wr_hash_mix(masked_hash(e, from, v4 ? s->rrl_prefix4_len : s->rrl_prefix6_len) ^ 0x4f);
}

/* By an interface that has just come nobody is judged: an answer by the rules of no segment would be wrong, and as long as its TTL; who hears
 * nothing asks again. What a connection of TCP came in by stays with it, so it ends: on a new one he is answered. Outsiders hear REFUSED a few times a second, from afar no larger than what they sent, then nothing. In the place of others nobody is told
 * anything who is not in a segment that wants it. */
bool wr_admit_allowed(struct wr_engine *e, const struct wr_asker *a, bool readable, uint8_t *room,
                      size_t cap, const struct wr_now *now)
{
    const struct wr_settings *s = e->settings;
    bool stray = a->client.foreign && !wr_place_hairpins(e, a);
    if (wr_place_is_unknown(e, a)) {
        wr_outcome_drop(e, a, &e->setup.stats->dropped_interface, now, &e->ready);
        e->ready.hang_up = true;
        return true;
    }
    if (!stray && wr_place_allows(e, a)) {
        wr_stats_add(&e->setup.stats->foreign, a->client.foreign ? 1 : 0);
        return false;
    }
    if (stray || !readable ||
        !wr_quota_take(e->setup.quota, outsider_hash(e, &a->client.from), s->refused_rate,
                       s->refused_rate, now->mono_us)) {
        wr_outcome_drop(e, a, &e->setup.stats->dropped_outsider, now, &e->ready);
        return true;
    }
    struct wr_outcome o = {.source = WR_SOURCE_LOCAL,
                           .slot = 255,
                           .rcode = WR_RCODE_REFUSED,
                           .ede = WR_EDE_NONE,
                           .what_hash = 0x40000u};
    wr_outcome_send(e, a, &o, room, wr_reply_refusal(a, room, cap), now, &e->ready);
    return true;
}

/* A device is told a few times a second what is the matter, so that its owner can find out; the rest is dropped, as of everybody. */
static void over(struct wr_engine *e, struct wr_asker *a, uint32_t rate, bool readable,
                 uint8_t *room, size_t cap, const struct wr_now *now)
{
    char words[64];
    struct wr_str text;
    uint32_t told = e->settings->refused_rate;
    bool known = wr_admit_is_device(a);
    if (known && e->setup.over_rate != NULL) {
        wr_tally_add(e->setup.over_rate, a->who.device);
    }
    if (!known || !readable ||
        !wr_quota_take(e->setup.quota, wr_hash_mix(a->client_hash ^ 0x4f), told, told,
                       now->mono_us)) {
        wr_outcome_drop(e, a, &e->setup.stats->dropped_client_rate, now, &e->ready);
        return;
    }
    a->verdict = (struct wr_verdict){
        .action = WR_VERDICT_REFUSED, .by = WR_VERDICT_BY_RATE, .trigger = WR_TRIGGER_CLIENT};
    wr_str_init(&text, words, sizeof(words));
    wr_str_text(&text, "this device asks more than ");
    wr_str_u64(&text, rate);
    wr_str_text(&text, " times a second");
    wr_outcome_error(e, a, WR_RCODE_REFUSED, WR_EDE_PROHIBITED, words, room, cap, now, &e->ready);
}

/* Queries that anybody can forge have buckets of their own: who sends them in a device's name takes nothing from what
 * the device sends over TCP or with its cookie. */
bool wr_admit_rate(struct wr_engine *e, struct wr_asker *a, bool readable, uint8_t *room,
                   size_t cap, const struct wr_now *now)
{
    const struct wr_settings *s = e->settings;
    struct wr_quota *q = e->setup.quota;
    uint64_t now_us = now->mono_us;
    uint64_t kind = wr_asker_is_forgeable(a) ? 0x55 : 0;
    uint32_t rate = wr_ration_of(s->rations, &a->who, a->rate != 0 ? a->rate : s->client_rate);
    uint32_t burst = rate == s->client_rate ? s->client_burst : 2 * rate;
    if (rate != 0 && !wr_quota_take(q, a->client_hash ^ kind, rate, burst, now_us)) {
        over(e, a, rate, readable, room, cap, now);
        return true;
    }
    if (s->client_rate != 0 && a->prefix_hash != a->client_hash &&
        !wr_quota_take(q, a->prefix_hash ^ kind, s->client_rate * WR_PREFIX_CLIENTS,
                       s->client_burst * WR_PREFIX_CLIENTS, now_us)) {
        wr_outcome_drop(e, a, &e->setup.stats->dropped_client_rate, now, &e->ready);
        return true;
    }
    return false;
}

bool wr_admit_is_busy(const struct wr_engine *e, const struct wr_asker *a)
{
    uint32_t most = e->settings->client_inflight;
    struct wr_quota *q = e->setup.quota;
    return most != 0 && (wr_quota_inflight(q, a->client_hash, 0) >= most ||
                         (a->prefix_hash != a->client_hash &&
                          wr_quota_inflight(q, a->prefix_hash, 0) >= most * WR_PREFIX_CLIENTS));
}
