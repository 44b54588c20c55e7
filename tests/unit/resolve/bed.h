/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bed for proofs: requests behind the forwarders of rig.h that validate, and the signed zones of tests/unit/dnssec to answer
 * what they ask, honestly or with one of the lies below.
 *
 *     struct bed *b = bed_new(16);
 *     expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
 *     bed_free(b);
 */
#ifndef TESTS_UNIT_RESOLVE_BED_H
#define TESTS_UNIT_RESOLVE_BED_H

#include "unit/dnssec/server.h"
#include "unit/resolve/rig.h"

#include "base/limits.h"
#include "resolve/answer.h"

struct bed {
    struct rig r;
    struct server zones;
    struct wr_anchor anchor_room[8];
    struct wr_anchors anchors;
    struct wr_prove_settings settings;
    struct wr_answer_room room; /* for looks into the cache */
    bool silent_keys;           /* nobody answers for DS and DNSKEY */
    unsigned plain, silent;     /* bits: servers that know nothing of DNSSEC; that do not answer */
    bool whole_chain;           /* the end of a CNAME is told with it, and is a lie */
    bool unproven_alias;        /* every name has the alias of *.walias.sec., and no proof */
    bool beside,
        unsigned_beside;       /* beside an alias out of a zone: that its target's zone has no DS */
    bool turned;               /* NXDOMAIN comes as NOERROR */
    bool expanded_beside;      /* beside a denial stands the NSEC of a wildcard, as if of mx.sec. */
    bool downgrade;            /* DS are denied by what another delegation has */
    bool denied_end;           /* that its end does not exist is told with it, and not proven */
    const char *lie;           /* a name whose address is told without a signature */
    unsigned sent, keys, lied; /* datagrams; of them for DS and DNSKEY; lies told */
    unsigned servers;          /* bits: who was asked for addresses */
};

/* The zones: once for a group of tests. */
static inline int bed_load(void **state)
{
    world_load();
    return 0;
}

static inline int bed_unload(void **state)
{
    world_free();
    return 0;
}

static inline struct bed *bed_new(uint32_t requests)
{
    struct bed *b = calloc(1, sizeof(*b));
    struct rig *r = &b->r;
    struct bench keys = {0};
    static const uint8_t cookie_key[16] = {1};

    rig_start(r);
    free(r->block);
    r->now.wall_s = WORLD_NOW;
    r->now.wall_proven = true;
    wr_anchors_init(&keys.anchors, b->anchor_room, 8);
    bench_anchor(&keys, ".");
    b->anchors = keys.anchors;
    b->settings = (struct wr_prove_settings){
        .enable = true, .anchors = &b->anchors, .policy = wr_algo_default_policy()};
    struct wr_requests_setup setup = {.requests = requests,
                                      .streams = 2,
                                      .infra_slots = RIG_FOUND,
                                      .zones = 32,
                                      .ranges = 128, /* with settings.aggressive */
                                      .prove = &b->settings,
                                      .upstreams = &r->upstreams,
                                      .ttl = &r->ttl,
                                      .query_timeout_ms = 5000,
                                      .cache = r->cache,
                                      .upstream_state = r->state,
                                      .client_cookie_key = cookie_key,
                                      .table_key = {{1, 2}},
                                      .rng = &r->rng};
    r->block = aligned_alloc(64, (wr_requests_size(&setup) + 63) & ~(size_t)63);
    r->requests = wr_requests_start(r->block, &setup);
    b->room.scratch = aligned_alloc(64, WR_CACHE_SCRATCH_SIZE);
    wr_arena_init(&b->room.arena, malloc(200000), 200000);
    return b;
}

static inline void bed_free(struct bed *b)
{
    wr_requests_stop(b->r.requests, b->r.now.mono_us);
    server_end(&b->zones);
    free(b->room.arena.base);
    free(b->room.scratch);
    rig_stop(&b->r);
    free(b);
}

static inline wr_id ask(struct bed *b, const char *name, uint16_t type, bool cd)
{
    struct wr_question q = {.name = world_name(name), .type = type, .checking_disabled = cd};
    bool joined;
    return wr_requests_ask(b->r.requests, &q, b->r.now.mono_us, &joined);
}

static inline bool is_keys(const struct bed *b)
{
    return b->r.msg.qtype == WR_TYPE_DS || b->r.msg.qtype == WR_TYPE_DNSKEY;
}

static inline bool is_one_of(const struct bed *b, unsigned servers)
{
    return (servers >> rig_server(&b->r) & 1) != 0;
}

/* Does the client want signatures, and the server know what that is? */
static inline bool wants_signatures(const struct bed *b)
{
    return b->r.msg.edns.dnssec_ok && !is_one_of(b, b->plain);
}

static inline void put_sets(struct wr_build *m, enum wr_section section,
                            const struct wr_rrset *sets, unsigned count, bool with_sigs)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(wr_rrset_build(m, section, &sets[i], sets[i].ttl, with_sigs, 0), 0);
    }
}

static inline void put_lie(struct bed *b, struct wr_build *m, const uint8_t *owner)
{
    static const uint8_t forged[4] = {203, 0, 113, 66};
    assert_int_equal(
        wr_build_rr(m, WR_SECTION_ANSWER, owner, WR_TYPE_A, WR_CLASS_IN, 300, forged, 4), 0);
    b->lied++;
}

/* An alias of a.sec. with the SOA of that zone behind it, both as they are, and nothing that proves a denial. */
static inline bool put_denied_end(struct bed *b, struct wr_build *m)
{
    struct wr_name open = world_name("alias.plain."), alias = world_name("alias.sec.");
    struct wr_name sec = world_name("sec."), end = world_name("a.sec.");
    if (wr_name_equal(b->r.msg.qname.wire, open.wire)) {
        assert_int_equal(wr_build_rr(m, WR_SECTION_ANSWER, open.wire, WR_TYPE_CNAME, WR_CLASS_IN,
                                     300, end.wire, end.size),
                         0);
    } else if (wr_name_equal(b->r.msg.qname.wire, alias.wire)) {
        put_sets(m, WR_SECTION_ANSWER, &world_find(sec.wire, alias.wire, WR_TYPE_CNAME)->set, 1,
                 true);
    } else {
        return false;
    }
    put_sets(m, WR_SECTION_AUTHORITY, &world_find(sec.wire, sec.wire, WR_TYPE_SOA)->set, 1, true);
    b->lied++;
    return true;
}

/* The alias of a wildcard in place of what the name has. */
static inline void put_unproven_alias(struct bed *b, struct wr_build *m)
{
    struct world_copy *c =
        server_copy(&b->zones, world_find(world_name("sec.").wire, world_name("*.walias.sec.").wire,
                                          WR_TYPE_CNAME));
    c->owner = b->r.msg.qname;
    c->set.owner = c->owner.wire;
    put_sets(m, WR_SECTION_ANSWER, &c->set, 1, true);
    if (b->whole_chain) {
        put_lie(b, m, wr_answer_cname_target(&c->set));
    }
}

/* What denies DS at the zone cut above the target of the alias in `reply`. */
static inline void put_beside(struct bed *b, struct wr_build *m,
                              const struct wr_dnssec_reply *reply)
{
    struct wr_rrset sets[SERVER_SETS];
    uint8_t count = 0;
    const uint8_t *zone = wr_rrsig_signer(&reply->answer[0]);
    const uint8_t *cut = wr_name_skip_labels(wr_answer_cname_target(&reply->answer[0]), 1);
    server_put_denial(&b->zones, zone, cut, sets, &count, true);
    for (unsigned i = 0; i < count; i++) {
        put_sets(m, WR_SECTION_AUTHORITY, &sets[i], sets[i].type != WR_TYPE_SOA,
                 !b->unsigned_beside);
    }
}

/* The NSEC of a delegation that has no DS, as if it were of the name asked. */
static inline void put_downgrade(struct bed *b, struct wr_build *m)
{
    struct world_copy *c = server_copy(
        &b->zones, world_find(world_name("sec.").wire, world_name("uns.sec.").wire, WR_TYPE_NSEC));
    c->owner = b->r.msg.qname;
    c->set.owner = c->owner.wire;
    put_sets(m, WR_SECTION_AUTHORITY, &c->set, 1, true);
    b->lied++;
}

/* The NSEC of *.wild.sec. with its signature at a name that has one of its own. */
static inline void put_expanded(struct bed *b, struct wr_build *m)
{
    struct world_copy *c =
        server_copy(&b->zones, world_find(world_name("sec.").wire, world_name("*.wild.sec.").wire,
                                          WR_TYPE_NSEC));
    world_rename(c, "mx.sec.");
    put_sets(m, WR_SECTION_AUTHORITY, &c->set, 1, true);
    b->lied++;
}

/* What the zones say of the question in r->msg. A name below plain. is of a zone that is not signed. */
static inline void put_answer(struct bed *b, struct wr_build *m, uint16_t *ret_rcode)
{
    const struct wr_msg *asked = &b->r.msg;
    struct wr_dnssec_fetch f = {.name = asked->qname, .type = asked->qtype};
    struct wr_name plain = world_name("plain."), lie = world_name(b->lie ? b->lie : ".");
    struct wr_dnssec_reply reply;

    *ret_rcode = WR_RCODE_NOERROR;
    if (b->denied_end && f.type == WR_TYPE_A && put_denied_end(b, m)) {
        return;
    }
    if (b->unproven_alias && f.type == WR_TYPE_A) {
        put_unproven_alias(b, m);
        return;
    }
    if (b->downgrade && f.type == WR_TYPE_DS) {
        put_downgrade(b, m);
        return;
    }
    if (f.type == WR_TYPE_A &&
        (wr_name_in(f.name.wire, plain.wire) || (b->lie && wr_name_equal(lie.wire, f.name.wire)))) {
        put_lie(b, m, f.name.wire);
        return;
    }
    if (!is_keys(b)) {
        b->zones.log[0] = 0;
    }
    server_reply(&b->zones, &f, &reply);
    *ret_rcode = b->turned ? WR_RCODE_NOERROR : reply.rcode;
    put_sets(m, WR_SECTION_ANSWER, reply.answer, reply.answers, wants_signatures(b));
    if (b->whole_chain && reply.answers == 1 && reply.answer[0].type == WR_TYPE_CNAME) {
        put_lie(b, m, wr_answer_cname_target(&reply.answer[0]));
    }
    if (b->beside && reply.answers == 1 && reply.answer[0].type == WR_TYPE_CNAME) {
        put_beside(b, m, &reply);
    }
    put_sets(m, WR_SECTION_AUTHORITY, reply.authority, reply.authorities, wants_signatures(b));
    if (b->expanded_beside && reply.answers == 0) {
        put_expanded(b, m);
    }
}

/* Answers the datagram that was sent last. */
static inline void answer_it(struct bed *b)
{
    static uint8_t room[16384];
    struct rig *r = &b->r;
    struct wr_build m;
    struct wr_build_opt opt = {.udp_size = 1232, .dnssec_ok = true, .ede = WR_EDE_NONE};
    uint16_t rcode;

    wr_build_start(&m, room, sizeof(room), r->msg.id, WR_FLAG_QR | WR_FLAG_RA);
    wr_build_question(&m, r->msg.qname.wire, r->msg.qtype, WR_CLASS_IN);
    put_answer(b, &m, &rcode);
    if (wants_signatures(b)) {
        assert_int_equal(wr_build_opt(&m, &opt, rcode), 0);
    }
    wr_requests_datagram(r->requests, r->out.id, &r->out.addr, room, wr_build_finish(&m, rcode),
                         &r->now);
    server_end(&b->zones);
}

static inline void note_sent(struct bed *b)
{
    b->sent++;
    b->keys += is_keys(b);
    b->servers |= is_keys(b) ? 0 : 1u << rig_server(&b->r);
}

/* Answers the next `count` datagrams; the last answer is not looked at by a proof yet. */
static inline void answer_some(struct bed *b, unsigned count)
{
    while (count > 0) {
        enum wr_request_action action = rig_wait(&b->r, WR_S);
        if (action == WR_REQUEST_DATAGRAM) {
            answer_it(b);
            count--;
        } else if (action == WR_REQUEST_FINISHED) {
            wr_requests_release(b->r.requests, b->r.out.id, b->r.now.mono_us);
        } else {
            assert_int_equal(action, WR_REQUEST_FORGET);
        }
    }
}

/* Serves what is asked until a request is finished; the children that nobody waits for are released. */
static inline const struct wr_answer *serve(struct bed *b, wr_id id)
{
    for (unsigned turns = 0; turns < 4000; turns++) {
        switch (rig_wait(&b->r, 20 * WR_S)) {
        case WR_REQUEST_DATAGRAM:
            note_sent(b);
            if (!(b->silent_keys && is_keys(b)) && !is_one_of(b, b->silent)) {
                answer_it(b);
            }
            break;
        case WR_REQUEST_FINISHED:
            if (b->r.out.id == id) {
                return b->r.out.answer;
            }
            wr_requests_release(b->r.requests, b->r.out.id, b->r.now.mono_us);
            break;
        case WR_REQUEST_FORGET: break;
        default: fail_msg("action %d", b->r.out.action);
        }
    }
    fail_msg("it does not end");
    return NULL;
}

static inline void release(struct bed *b, wr_id id)
{
    wr_requests_release(b->r.requests, id, b->r.now.mono_us);
}

static inline void expect(struct bed *b, const char *name, uint16_t rcode, uint8_t security,
                          int ede)
{
    wr_id id = ask(b, name, WR_TYPE_A, false);
    const struct wr_answer *a = serve(b, id);
    if (a->rcode != rcode || a->ede != ede ||
        (rcode != WR_RCODE_SERVFAIL && a->security != security)) {
        fail_msg("%s: rcode %u security %u ede %d %s", name, a->rcode, a->security, a->ede,
                 a->ede_text ? a->ede_text : "");
    }
    assert_int_equal(b->r.out.failed, rcode == WR_RCODE_SERVFAIL);
    release(b, id);
}

static inline enum wr_found find(struct bed *b, const char *name, uint16_t type, bool cd,
                                 uint8_t least, struct wr_answer *ret)
{
    struct wr_question q = {.name = world_name(name), .type = type, .checking_disabled = cd};
    b->room.least = least;
    return wr_answer_find(b->r.cache, &b->r.ttl, NULL, &q, (uint32_t)(b->r.now.mono_us / WR_S),
                          true, &b->room, ret);
}

#endif
