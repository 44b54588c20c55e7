/* SPDX-License-Identifier: Apache-2.0 */
/* How a query leaves: limited or not, counted, recorded. */
#include <string.h>

#include "dnssec/signal.h"
#include "engine/engine_state.h"
#include "engine/translate.h"
#include "policy/rrl.h"

static void count_rcode(struct wr_stats *s, uint16_t rcode)
{
    switch (rcode) {
    case WR_RCODE_NOERROR: wr_stats_add(&s->noerror, 1); break;
    case WR_RCODE_NXDOMAIN: wr_stats_add(&s->nxdomain, 1); break;
    case WR_RCODE_SERVFAIL: wr_stats_add(&s->servfail, 1); break;
    case WR_RCODE_REFUSED: wr_stats_add(&s->refused, 1); break;
    case WR_RCODE_FORMERR: wr_stats_add(&s->formerr, 1); break;
    default: break;
    }
}

static void record(struct wr_engine *e, const struct wr_asker *a, const struct wr_outcome *o,
                   size_t size, const struct wr_now *now)
{
    if (!e->setup.records) {
        return;
    }
    const uint8_t *name = wr_asker_name(a);
    uint8_t name_size = (uint8_t)wr_name_size(name);
    uint8_t claim_size = (uint8_t)strlen(a->client.claim);
    uint8_t asked[WR_RECORD_ASKED_SIZE];
    uint8_t asked_size = a->client.foreign ? wr_record_put_asked(&a->client.local, asked) : 0;
    struct wr_record *rec = wr_ring_reserve(e->setup.records, (uint32_t)sizeof(*rec) + name_size +
                                                                  claim_size + asked_size);
    if (!rec) {
        wr_stats_add(&e->setup.stats->events_dropped, 1);
        return;
    }
    *rec = (struct wr_record){.wall_s = now->wall_s,
                              .mono_us = now->mono_us,
                              .client = a->client.from,
                              .verdict = a->verdict,
                              .device = a->who.device,
                              .segment = a->who.segment,
                              .security = o->security,
                              .took_us = (uint32_t)(now->mono_us - a->asked_us),
                              .ede = o->ede,
                              .qtype = wr_asker_type(a),
                              .rcode = o->rcode,
                              .reply_size = (uint16_t)size,
                              .source = o->source,
                              .transport = a->client.transport,
                              .upstream = o->slot,
                              .name_size = name_size,
                              .claim_kind = a->client.claim_kind,
                              .claim_size = claim_size,
                              .asked_size = asked_size};
    memcpy(rec + 1, name, name_size);
    memcpy((uint8_t *)(rec + 1) + name_size, a->client.claim, claim_size);
    memcpy((uint8_t *)(rec + 1) + name_size + claim_size, asked, asked_size);
    wr_ring_commit(e->setup.records);
}

void wr_outcome_drop(struct wr_engine *e, const struct wr_asker *a, _Atomic uint64_t *counter,
                     const struct wr_now *now, struct wr_action *ret_action)
{
    struct wr_outcome o = {.source = WR_SOURCE_DROPPED, .slot = 255, .ede = WR_EDE_NONE};
    wr_stats_add(counter, 1);
    record(e, a, &o, 0, now);
    *ret_action = (struct wr_action){.kind = WR_ACTION_DROP, .client = a->client};
}

/* A connection and a proven cookie show that nobody forged the address: no limit on responses. */
static bool limited(const struct wr_engine *e, const struct wr_asker *a)
{
    return wr_asker_is_forgeable(a) && e->settings->rrl_rate != 0;
}

/* A device that is known has buckets of its own: what it asks without end takes nothing from its neighbours. */
static uint64_t bucket_of(const struct wr_engine *e, const struct wr_asker *a, uint64_t what_hash)
{
    if (wr_admit_is_device(a)) {
        return wr_hash_mix(a->client_hash ^ what_hash);
    }
    const struct wr_settings *s = e->settings;
    unsigned len = a->client.from.family == WR_AF_V4 ? s->rrl_prefix4_len : s->rrl_prefix6_len;
    return wr_rrl_bucket(&e->setup.secrets->table_key, &a->client.from, len, what_hash);
}

static enum wr_rrl_verdict limit(struct wr_engine *e, const struct wr_asker *a,
                                 const struct wr_outcome *o, const struct wr_now *now)
{
    const struct wr_settings *s = e->settings;
    if (!limited(e, a)) {
        return WR_RRL_SEND;
    }
    uint64_t bucket = o->bucket != 0 ? o->bucket : bucket_of(e, a, o->what_hash);
    return wr_rrl_decide(e->setup.quota, bucket, s->rrl_rate, s->rrl_slip, now->mono_us);
}

void wr_outcome_send(struct wr_engine *e, const struct wr_asker *a, const struct wr_outcome *o,
                     uint8_t *bytes, size_t size, const struct wr_now *now,
                     struct wr_action *ret_action)
{
    struct wr_stats *s = e->setup.stats;
    enum wr_rrl_verdict verdict = limit(e, a, o, now);
    if (verdict == WR_RRL_DROP) {
        wr_outcome_drop(e, a, &s->dropped_rrl, now, ret_action);
        return;
    }
    if (verdict == WR_RRL_SLIP) {
        wr_stats_add(&s->slipped_rrl, 1);
        size = wr_reply_slip(a, bytes, WR_EDNS_UDP_SIZE);
    }
    if (!e->leasing.on || verdict == WR_RRL_SLIP) {
        wr_outcome_leave(e, a, o, bytes, size, now, ret_action);
        return;
    }
    struct wr_outcome held = *o;
    if (!wr_leasing_hold(e, a, &held, bytes, &size, now, ret_action)) {
        wr_outcome_leave(e, a, &held, bytes, size, now, ret_action);
    }
}

void wr_outcome_leave(struct wr_engine *e, const struct wr_asker *a, const struct wr_outcome *o,
                      uint8_t *bytes, size_t size, const struct wr_now *now,
                      struct wr_action *ret_action)
{
    struct wr_stats *s = e->setup.stats;
    wr_stats_add(&s->replies, 1);
    count_rcode(s, o->rcode);
    record(e, a, o, size, now);
    *ret_action = (struct wr_action){
        .kind = WR_ACTION_REPLY, .client = a->client, .bytes = bytes, .size = size};
}

static bool is_timeless(const struct wr_engine *e, const struct wr_now *now)
{
    return wr_prove_least(&e->settings->prove, now) == WR_SECURITY_INDETERMINATE;
}

void wr_outcome_reply_setup(const struct wr_engine *e, const struct wr_now *now,
                            struct wr_reply *ret)
{
    *ret = (struct wr_reply){.settings = e->settings,
                             .cookie_key = e->setup.secrets->cookie_key,
                             .wall_s = (uint32_t)now->wall_s,
                             .turn = e->turn,
                             .timeless = is_timeless(e, now)};
}

/* Errors and denials of one zone count together: random names below it are one attack. */
static uint64_t what_hash(const struct wr_engine *e, const struct wr_asker *a,
                          const struct wr_answer *answer)
{
    const struct wr_hash_key *key = &e->setup.secrets->table_key;
    if (answer->rcode == WR_RCODE_NOERROR && answer->answers > 0) {
        return wr_name_hash(key, a->question.name.wire) ^ a->question.type;
    }
    if (answer->authorities > 0) {
        return wr_name_hash(key, answer->authority[0].owner) ^ 0x10000u;
    }
    return 0x20000u + answer->rcode;
}

/* Was it judged without the time, or is that not known any more, and is it not good enough for who decides here? Who checks for
 * himself gets it. */
static bool is_withheld(const struct wr_engine *e, const struct wr_asker *a,
                        const struct wr_answer *answer, const struct wr_now *now)
{
    const struct wr_prove_settings *p = &e->settings->prove;
    bool before = answer->security >= WR_SECURITY_INSECURE && !answer->local && is_timeless(e, now);
    bool spared = false;
    for (unsigned i = 0; i < p->spareds && p->refuse_unproven && !spared; i++) {
        spared = wr_name_equal(p->spared[i].wire, wr_asker_name(a));
    }
    return !spared && p->enable && p->refuse_unproven &&
           (before || answer->security == WR_SECURITY_INDETERMINATE) && !(a->flags & WR_FLAG_CD);
}

/* Does the name ask which anchors the root has here, and is that the answer (RFC 8509 section 2.2)? */
static bool is_against_sentinel(const struct wr_engine *e, const struct wr_asker *a,
                                const struct wr_answer *answer)
{
    const struct wr_prove_settings *p = &e->settings->prove;
    uint16_t type = wr_asker_type(a);
    return p->enable && p->sentinel && answer->security == WR_SECURITY_SECURE &&
           (type == WR_TYPE_A || type == WR_TYPE_AAAA) && !(a->flags & WR_FLAG_CD) &&
           wr_signal_fails(p->anchors, wr_asker_name(a));
}

void wr_outcome_answer(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                       uint8_t source, uint8_t slot, uint8_t *room, size_t cap,
                       const struct wr_now *now, struct wr_action *ret_action)
{
    if (is_withheld(e, a, answer, now)) {
        wr_outcome_error(e, a, WR_RCODE_SERVFAIL, WR_EDE_INDETERMINATE,
                         "what time it is has not been proven, and time.unproven is refuse", room,
                         cap, now, ret_action);
        return;
    }
    if (is_against_sentinel(e, a, answer)) {
        wr_outcome_error(e, a, WR_RCODE_SERVFAIL, WR_EDE_OTHER,
                         "the name asks which root keys are trusted here, and this is the answer",
                         room, cap, now, ret_action);
        return;
    }
    if (!wr_obey_answer(e, a, answer, room, cap, now, ret_action)) {
        wr_outcome_say(e, a, answer, source, slot, room, cap, now, ret_action);
    }
}

void wr_outcome_say(struct wr_engine *e, const struct wr_asker *a, const struct wr_answer *answer,
                    uint8_t source, uint8_t slot, uint8_t *room, size_t cap,
                    const struct wr_now *now, struct wr_action *ret_action)
{
    struct wr_reply r;
    bool truncated;
    e->turn++;
    answer = wr_translate_answer(&e->dns64, a, answer, &e->translated);
    wr_outcome_reply_setup(e, now, &r);
    struct wr_outcome o = {.source = source,
                           .slot = slot,
                           .rcode = answer->rcode,
                           .security = answer->security,
                           .ede = wr_reply_ede(&r, a, answer),
                           .what_hash = what_hash(e, a, answer)};
    if (limited(e, a)) { /* its bucket is on the way while the reply is built */
        o.bucket = bucket_of(e, a, o.what_hash);
        wr_quota_foresee(e->setup.quota, o.bucket);
    }
    size_t size = wr_reply_answer(&r, a, answer, room, cap, &truncated);
    if (truncated) {
        wr_stats_add(&e->setup.stats->truncated, 1);
    }
    wr_outcome_send(e, a, &o, room, size, now, ret_action);
}

void wr_outcome_error(struct wr_engine *e, const struct wr_asker *a, uint16_t rcode, int ede,
                      const char *text, uint8_t *room, size_t cap, const struct wr_now *now,
                      struct wr_action *ret_action)
{
    struct wr_reply r;
    wr_outcome_reply_setup(e, now, &r);
    size_t size = wr_reply_error(&r, a, rcode, ede, text, room, cap);
    struct wr_outcome o = {.source = WR_SOURCE_LOCAL,
                           .slot = 255,
                           .rcode = rcode,
                           .ede = (int16_t)ede,
                           .what_hash = 0x20000u + rcode};
    wr_outcome_send(e, a, &o, room, size, now, ret_action);
}
