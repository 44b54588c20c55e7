/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validator, fed an answer and replies that somebody made up: a question, its answer, and then a reply for each
 * thing that it asks. All are flat sets as a file has them; the first one is the anchor (DS or DNSKEY). Sets may
 * claim that they were proven before, so that what lies behind a signature is reached without one.
 *
 * It must come to an end within its bounds, check one signature a step at most, say something of the whole, and not
 * call it better than a set of the answer.
 *
 * Input: flags, type (2), rcode, counts of the answer (high and low half), name, anchor set, sets; then a reply
 * each: counts, sets.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/codes.h"
#include "dnssec/chain.h"

#define STEPS_MAX 20000
#define NOW_S     1706000000

static struct wr_anchor anchor_room[4];
static uint64_t scratch[WR_RRSIG_SCRATCH_SIZE / 8 + 1];
static uint64_t cache_block[16 * (sizeof(struct wr_zone_entry) + sizeof(struct wr_keyset) + 8) / 8];
static struct wr_chain ch;
static struct wr_rrset answer[15], authority[15];

static uint8_t take_sets(struct wr_reader *r, struct wr_rrset *sets, unsigned most)
{
    uint8_t n = 0;

    while (n < most && wr_rrset_get_flat(r, &sets[n]) == WR_OK) {
        n++;
    }
    return n;
}

static void feed(struct wr_reader *r)
{
    static struct wr_rrset reply_answer[15], reply_authority[15];
    struct wr_dnssec_reply reply = {.answer = reply_answer, .authority = reply_authority};
    uint8_t counts = wr_buf_get_u8(r);

    reply.failed = r->err || counts == 0xff;
    reply.rcode = counts & 0x80 ? WR_RCODE_NXDOMAIN : WR_RCODE_NOERROR;
    reply.answers = take_sets(r, reply_answer, counts >> 4 & 7);
    reply.authorities = take_sets(r, reply_authority, counts & 15);
    wr_chain_feed(&ch, &reply);
}

static void check_verdict(const struct wr_chain_ask *ask)
{
    promise(ch.verdict.security != WR_SECURITY_UNCHECKED &&
            ch.verdict.security <= WR_SECURITY_SECURE);
    promise(ch.verdict.security != WR_SECURITY_BOGUS || ch.verdict.reason[0]);
    for (uint8_t i = 0; i < ask->answers && ch.verdict.security != WR_SECURITY_BOGUS; i++) {
        promise(ask->answer[i].security >= ch.verdict.security);
    }
}

static void run(const struct wr_chain_ask *ask, struct wr_reader *r)
{
    struct wr_dnssec_work work = {0};
    struct wr_now now = {.mono_us = WR_S};
    enum wr_dnssec_action got;
    unsigned steps = 0;

    wr_chain_start(&ch, ask, &work);
    do {
        struct wr_dnssec_work before = work;

        got = wr_chain_step(&ch, &now);
        promise(work.checks - before.checks <= 1);
        promise(work.blocks - before.blocks <= WR_DNSSEC_STEP_BLOCKS_MAX);
        promise(work.cost <= WR_DNSSEC_COST_MAX && work.blocks <= WR_DNSSEC_HASH_BLOCKS_MAX);
        promise(++steps < STEPS_MAX);
        if (got == WR_DNSSEC_FETCH) {
            promise(ch.fetch.type == WR_TYPE_DS || ch.fetch.type == WR_TYPE_DNSKEY);
            feed(r);
        }
    } while (got != WR_DNSSEC_DONE);
    check_verdict(ask);
}

static void read_anchor(struct wr_reader *r, struct wr_anchors *anchors, bool negative)
{
    struct wr_rrset set;
    struct wr_rrset_walk walk;
    const uint8_t *rdata;
    uint16_t size;

    wr_anchors_init(anchors, anchor_room, 4);
    if (wr_rrset_get_flat(r, &set)) {
        return;
    }
    if (negative) {
        (void)wr_anchors_add_negative(anchors, set.owner, 0);
    }
    walk = wr_rrset_walk(&set);
    for (uint16_t i = 0; i < set.records && wr_rrset_next(&walk, &rdata, &size); i++) {
        (void)wr_anchors_add(anchors, set.owner, set.type, rdata, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct wr_hash_key key = {{5, 6}};
    struct wr_dnssec_policy policy = wr_algo_default_policy();
    struct wr_trusttime time = wr_trusttime_of(WR_TRUSTTIME_SYSTEM, NOW_S, 0);
    struct wr_chain_ask ask = {.answer = answer, .authority = authority};
    struct wr_anchors anchors;
    struct wr_keycache cache;
    struct wr_dnssec_env env = {
        .anchors = &anchors, .cache = &cache, .policy = &policy, .time = &time, .scratch = scratch};
    struct wr_name qname;
    struct wr_reader r;
    uint8_t flags, counts;

    wr_buf_read_init(&r, data, size);
    flags = wr_buf_get_u8(&r);
    ask.qtype = wr_buf_get_u16(&r);
    ask.rcode = wr_buf_get_u8(&r) & 7;
    counts = wr_buf_get_u8(&r);
    if (r.err || wr_name_read_plain(&r, &qname)) {
        return 0;
    }
    policy.sha1_rely = flags & 1;
    ask.partial = flags & 2;
    time.state = flags & 8 ? WR_TRUSTTIME_UNPROVEN : WR_TRUSTTIME_SYSTEM;
    ask.qname = qname.wire;
    read_anchor(&r, &anchors, flags & 4);
    ask.answers = take_sets(&r, answer, counts >> 4);
    ask.authorities = take_sets(&r, authority, counts & 15);
    promise(wr_keycache_size(16) <= sizeof(cache_block));
    wr_keycache_init(&cache, cache_block, 16, &key);
    wr_chain_init(&ch, &env);
    run(&ask, &r);
    wr_chain_stop(&ch);
    wr_keycache_close(&cache);
    return 0;
}
