/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/localtest.h"

#include <stdio.h>
#include <stdlib.h>

#include "resolve/answer.h"
#include "resolve/scrub.h"

#define CACHE ((size_t)512 * 1024)
#define SOA   "ns.example. hm.example. 1 2 3 4 60"
#define T0    1000u

static void *block;
static struct wr_cache *cache;
static struct wr_answer_room room;
static struct wr_ttl_policy policy;
static struct wr_answer answer;
static _Alignas(8) uint8_t arena[2 * WR_RRSET_SIZE_MAX], scratch[WR_CACHE_SCRATCH_SIZE];
static _Alignas(8) uint8_t scrub_block[2 * WR_RRSET_SIZE_MAX];

static int setup(void **state)
{
    struct wr_hash_key key = {{3, 4}};
    block = aligned_alloc(64, CACHE);
    policy = (struct wr_ttl_policy){.max_s = 86400,
                                    .max_negative_s = 3600,
                                    .failure_s = 5,
                                    .stale = true,
                                    .stale_max_age_s = 1000,
                                    .stale_ttl_s = 30};
    wr_arena_init(&room.arena, arena, sizeof(arena));
    room.scratch = scratch;
    return wr_cache_format(block, CACHE, &key, &cache);
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

static struct wr_question question(const char *name, uint16_t type)
{
    return (struct wr_question){.name = wire_name(name), .type = type};
}

/* What an upstream said about (name, type), through scrub into the cache. */
static void learn_for(const struct wr_question *q, const char *name, uint16_t rcode, uint32_t now_s,
                      const struct wire_rr *rrs, unsigned count)
{
    static uint8_t wire[4096];
    struct wr_msg m;
    struct wr_arena a;
    enum wr_response kind;
    wire_response(wire, sizeof(wire), name, q->type, 0, rcode, rrs, count, &m);
    struct wr_scrub what = {.qname = q->name.wire,
                            .qtype = q->type,
                            .bailiwick = (const uint8_t *)"",
                            .rank = WR_RANK_ANSWER};
    wr_arena_init(&a, scrub_block, sizeof(scrub_block));
    assert_int_equal(wr_scrub(&m, &what, &a, &answer, &kind), 0);
    wr_answer_keep(cache, &policy, q, now_s, &room, &answer);
}

static void learn(const char *name, uint16_t type, uint16_t rcode, uint32_t now_s,
                  const struct wire_rr *rrs, unsigned count)
{
    struct wr_question q = question(name, type);
    learn_for(&q, name, rcode, now_s, rrs, count);
}

static enum wr_found find(const char *name, uint16_t type, uint32_t now_s)
{
    static struct wr_question q; /* the answer points into it */
    q = question(name, type);
    return wr_answer_find(cache, &policy, NULL, &q, now_s, false, &room, &answer);
}

static void test_hit_ages(void **state)
{
    const struct wire_rr rr = WIRE_AN("x.example.", WR_TYPE_A, 100, "192.0.2.1");
    assert_int_equal(find("x.example.", WR_TYPE_A, T0), WR_FOUND_NOTHING);
    learn("x.example.", WR_TYPE_A, 0, T0, &rr, 1);
    assert_int_equal(find("X.example.", WR_TYPE_A, T0 + 40), WR_FOUND_FRESH);
    assert_int_equal(answer.ttl, 60);
    assert_int_equal(answer.answer[0].ttl, 60);
    assert_int_equal(answer.age_share, 40);
    assert_int_equal(find("x.example.", WR_TYPE_AAAA, T0), WR_FOUND_NOTHING);
}

static void test_stale_within_its_bound(void **state)
{
    const struct wire_rr rr = WIRE_AN("x.example.", WR_TYPE_A, 100, "192.0.2.1");
    learn("x.example.", WR_TYPE_A, 0, T0, &rr, 1);
    assert_int_equal(find("x.example.", WR_TYPE_A, T0 + 100), WR_FOUND_STALE);
    assert_int_equal(answer.ede, WR_EDE_STALE_ANSWER);
    assert_int_equal(answer.answer[0].ttl, 30);
    assert_true(answer.stale);
    assert_int_equal(find("x.example.", WR_TYPE_A, T0 + 1101), WR_FOUND_NOTHING);
    policy.stale = false;
    assert_int_equal(find("x.example.", WR_TYPE_A, T0 + 100), WR_FOUND_NOTHING);
}

static void test_negative_and_its_scope(void **state)
{
    const struct wire_rr soa = WIRE_NS("example.", WR_TYPE_SOA, 900, SOA);
    learn("no.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN, T0, &soa, 1);
    assert_int_equal(find("no.example.", WR_TYPE_TXT, T0 + 10), WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.authorities, 1);
    assert_int_equal(answer.authority[0].ttl, 50); /* the SOA's minimum, aged */
    learn("a.example.", WR_TYPE_A, 0, T0, &soa, 1);
    assert_int_equal(find("a.example.", WR_TYPE_A, T0), WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, 0);
    assert_int_equal(find("a.example.", WR_TYPE_TXT, T0), WR_FOUND_NOTHING);
    assert_int_equal(find("no.example.", WR_TYPE_A, T0 + 60), WR_FOUND_STALE);
    assert_int_equal(answer.ede, WR_EDE_STALE_NXDOMAIN);
}

static void test_denial_without_soa_is_not_kept(void **state)
{
    learn("no.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN, T0, NULL, 0);
    assert_int_equal(find("no.example.", WR_TYPE_A, T0), WR_FOUND_NOTHING);
}

/* The name came to be: what said otherwise goes. */
static void test_data_ends_nxdomain(void **state)
{
    const struct wire_rr soa = WIRE_NS("example.", WR_TYPE_SOA, 900, SOA);
    const struct wire_rr rr = WIRE_AN("n.example.", WR_TYPE_A, 100, "192.0.2.1");
    learn("n.example.", WR_TYPE_AAAA, WR_RCODE_NXDOMAIN, T0, &soa, 1);
    learn("n.example.", WR_TYPE_A, 0, T0, &rr, 1);
    assert_int_equal(find("n.example.", WR_TYPE_TXT, T0), WR_FOUND_NOTHING);
}

/* A fresh NXDOMAIN is believed more than data past its time. */
static void test_fresh_denial_beats_stale_data(void **state)
{
    const struct wire_rr soa = WIRE_NS("example.", WR_TYPE_SOA, 900, SOA);
    const struct wire_rr rr = WIRE_AN("n.example.", WR_TYPE_A, 10, "192.0.2.1");
    learn("n.example.", WR_TYPE_A, 0, T0, &rr, 1);
    learn("n.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN, T0 + 20, &soa, 1);
    assert_int_equal(find("n.example.", WR_TYPE_A, T0 + 21), WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(find("n.example.", WR_TYPE_A, T0 + 200), WR_FOUND_STALE);
    assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN); /* of two stale ones the newer */
}

static void test_chain(void **state)
{
    const struct wire_rr rrs[] = {WIRE_AN("w.example.", WR_TYPE_CNAME, 100, "c.test."),
                                  WIRE_AN("c.test.", WR_TYPE_A, 20, "192.0.2.1")};
    learn("w.example.", WR_TYPE_A, 0, T0, rrs, 2);
    assert_int_equal(find("w.example.", WR_TYPE_A, T0 + 5), WR_FOUND_FRESH);
    assert_int_equal(answer.answers, 2);
    assert_int_equal(answer.ttl, 15);
    assert_int_equal(find("c.test.", WR_TYPE_A, T0 + 5), WR_FOUND_FRESH);
    assert_int_equal(find("w.example.", WR_TYPE_CNAME, T0 + 5), WR_FOUND_FRESH);
    assert_int_equal(answer.answers, 1);
    assert_int_equal(find("w.example.", WR_TYPE_A, T0 + 30), WR_FOUND_STALE);
    assert_int_equal(answer.answers, 2);
}

static void test_chain_that_loops_in_the_cache(void **state)
{
    const struct wire_rr ab = WIRE_AN("a.example.", WR_TYPE_CNAME, 100, "b.example.");
    const struct wire_rr ba = WIRE_AN("b.example.", WR_TYPE_CNAME, 100, "a.example.");
    learn("a.example.", WR_TYPE_CNAME, 0, T0, &ab, 1);
    learn("b.example.", WR_TYPE_CNAME, 0, T0, &ba, 1);
    assert_int_equal(find("a.example.", WR_TYPE_A, T0), WR_FOUND_NOTHING);
}

/* The owner's floor lifts what nobody signed. What was proven ends with its signature, and a denial with the first of its sets. */
static void test_no_floor_for_what_was_proven(void **state)
{
    static const uint8_t nsec[] = "\0\x0e\1z\7example\0\0\1\x40"; /* to z.example., one type */
    struct wr_name at = wire_name("no.example.");
    const struct wire_rr rr = WIRE_AN("x.example.", WR_TYPE_A, 3, "192.0.2.1");
    const struct wire_rr soa = WIRE_NS("example.", WR_TYPE_SOA, 20, SOA);
    struct wr_question q = question("x.example.", WR_TYPE_A), no = question("no.example.", 1);
    policy.min_s = 100;
    policy.stale = false;
    for (uint8_t security = WR_SECURITY_INDETERMINATE; security <= WR_SECURITY_SECURE; security++) {
        bool secure = security == WR_SECURITY_SECURE;
        learn("x.example.", WR_TYPE_A, 0, T0, &rr, 1);
        answer.security = answer.answer[0].security = security;
        answer.answer[0].ttl = 3;
        wr_answer_keep(cache, &policy, &q, T0, &room, &answer);
        assert_int_equal(answer.answer[0].ttl, secure ? 3 : 100);
        assert_int_equal(find("x.example.", WR_TYPE_A, T0 + 3),
                         secure ? WR_FOUND_NOTHING : WR_FOUND_FRESH);
        learn("no.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN, T0, &soa, 1);
        answer.security = answer.authority[0].security = security;
        answer.authority[0].ttl = 20;
        answer.authority[answer.authorities++] = (struct wr_rrset){.owner = at.wire,
                                                                   .data = nsec,
                                                                   .size = sizeof(nsec) - 1,
                                                                   .ttl = 7,
                                                                   .type = WR_TYPE_NSEC,
                                                                   .class_ = WR_CLASS_IN,
                                                                   .records = 1,
                                                                   .security = security};
        wr_answer_keep(cache, &policy, &no, T0, &room, &answer);
        assert_int_equal(answer.authority[0].ttl, secure ? 7 : 100);
        assert_int_equal(find("no.example.", WR_TYPE_A, T0 + 7),
                         secure ? WR_FOUND_NOTHING : WR_FOUND_FRESH);
        (void)wr_cache_flush(cache, (const uint8_t *)"");
    }
}

/* DS are the parent's to tell: what the child says of the name, unproven, is no answer to them. What the parent says is. */
static void test_what_stands_for_ds(void **state)
{
    const struct wire_rr soa = WIRE_NS("example.", WR_TYPE_SOA, 900, SOA);
    const struct wire_rr alias = WIRE_AN("c.example.", WR_TYPE_CNAME, 100, "x.example.");
    struct wr_question q = question("c.example.", WR_TYPE_A), no = question("no.example.", 1);
    for (uint8_t security = WR_SECURITY_UNCHECKED; security <= WR_SECURITY_SECURE; security++) {
        bool serves = security == WR_SECURITY_SECURE || security == WR_SECURITY_UNCHECKED;
        learn("x.example.", WR_TYPE_DS, 0, T0, &soa, 1);
        learn("c.example.", WR_TYPE_CNAME, 0, T0, &alias, 1);
        answer.security = answer.answer[0].security = security;
        wr_answer_keep(cache, &policy, &q, T0, &room, &answer);
        assert_int_equal(find("c.example.", WR_TYPE_DS, T0),
                         serves ? WR_FOUND_FRESH : WR_FOUND_NOTHING);
        learn("no.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN, T0, &soa, 1);
        answer.security = security;
        wr_answer_keep(cache, &policy, &no, T0, &room, &answer);
        assert_int_equal(find("no.example.", WR_TYPE_AAAA, T0), WR_FOUND_FRESH);
        assert_int_equal(find("no.example.", WR_TYPE_DS, T0),
                         serves ? WR_FOUND_FRESH : WR_FOUND_NOTHING);
        no.type = WR_TYPE_DS; /* asked of the parent */
        answer.security = security;
        answer.rcode = WR_RCODE_NXDOMAIN;
        learn("no.example.", WR_TYPE_DS, WR_RCODE_NXDOMAIN, T0, &soa, 1);
        answer.security = security;
        wr_answer_keep(cache, &policy, &no, T0, &room, &answer);
        assert_int_equal(find("no.example.", WR_TYPE_DS, T0), WR_FOUND_FRESH);
        assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
        no.type = WR_TYPE_A;
        (void)wr_cache_flush(cache, (const uint8_t *)"");
    }
}

static void test_views_stand_apart(void **state)
{
    const struct wire_rr rr = WIRE_AN("x.example.", WR_TYPE_A, 100, "192.0.2.1");
    struct wr_question q = question("x.example.", WR_TYPE_A);
    q.checking_disabled = true;
    learn_for(&q, "x.example.", 0, T0, &rr, 1);
    assert_int_equal(find("x.example.", WR_TYPE_A, T0), WR_FOUND_NOTHING);
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_FRESH);
    q.dnssec_ok = true; /* fetched without signatures */
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_NOTHING);
}

static void test_ttl_zero_is_not_kept(void **state)
{
    const struct wire_rr rr = WIRE_AN("x.example.", WR_TYPE_A, 0, "192.0.2.1");
    learn("x.example.", WR_TYPE_A, 0, T0, &rr, 1);
    assert_int_equal(find("x.example.", WR_TYPE_A, T0), WR_FOUND_NOTHING);
    policy.min_s = 5;
    learn("x.example.", WR_TYPE_A, 0, T0, &rr, 1);
    assert_int_equal(answer.answer[0].ttl, 5); /* what the client is told is what is kept */
    assert_int_equal(find("x.example.", WR_TYPE_A, T0), WR_FOUND_FRESH);
}

/* What was known before is over: it serves no more, not even stale. */
static void test_ttl_zero_removes(void **state)
{
    const struct wire_rr before = WIRE_AN("x.example.", WR_TYPE_A, 10, "192.0.2.1");
    const struct wire_rr after = WIRE_AN("x.example.", WR_TYPE_A, 0, "192.0.2.2");
    const struct wire_rr other = WIRE_AN("x.example.", WR_TYPE_AAAA, 10, "2001:db8::1");
    learn("x.example.", WR_TYPE_A, 0, T0, &before, 1);
    learn("x.example.", WR_TYPE_AAAA, 0, T0, &other, 1);
    assert_int_equal(find("x.example.", WR_TYPE_A, T0 + 11), WR_FOUND_STALE);
    learn("x.example.", WR_TYPE_A, 0, T0 + 11, &after, 1);
    assert_int_equal(find("x.example.", WR_TYPE_A, T0 + 11), WR_FOUND_NOTHING);
    assert_int_equal(find("x.example.", WR_TYPE_AAAA, T0 + 11), WR_FOUND_STALE);
}

/* That there is no DS stands in a referral, which has no SOA: the proof lives as long as its NSEC. Of another type, or
 * without a proof, nothing is kept. */
static void test_no_ds_is_kept_without_a_soa(void **state)
{
    const struct wire_rr proof = WIRE_NS("x.example.", WR_TYPE_NSEC, 100, "y.example. NS");
    struct wr_question q = question("x.example.", WR_TYPE_DS);
    q.dnssec_ok = q.checking_disabled = true;
    learn_for(&q, "x.example.", 0, T0, NULL, 0);
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_NOTHING);
    learn_for(&q, "x.example.", 0, T0, &proof, 1);
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0 + 99, false, &room, &answer),
                     WR_FOUND_FRESH);
    assert_int_equal(answer.authorities, 1);
    assert_int_equal(answer.ttl, 1);
    q.type = WR_TYPE_A;
    learn_for(&q, "x.example.", 0, T0, &proof, 1);
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_NOTHING);
}

static void test_failure(void **state)
{
    struct wr_question q = question("f.example.", WR_TYPE_A);
    const struct wire_rr rr = WIRE_AN("f.example.", WR_TYPE_A, 1, "192.0.2.1");
    uint32_t stored;
    bool silence;
    learn("f.example.", WR_TYPE_A, 0, T0 - 10, &rr, 1);
    static const uint8_t zone[] = "\007example";
    char words[400];
    struct wr_answer failure;
    wr_answer_clear(&failure);
    failure.ede = WR_EDE_NETWORK_ERROR;
    failure.ede_zone = zone;
    failure.ede_text = "its servers cannot be reached";
    wr_answer_keep_failure(cache, &policy, &q, T0, &failure, true);
    assert_int_equal(wr_answer_find_failure(cache, &q, T0 + 1, &room, &answer, &stored, &silence),
                     WR_FOUND_FAILURE);
    assert_int_equal(answer.rcode, WR_RCODE_SERVFAIL);
    assert_int_equal(answer.ede, WR_EDE_NETWORK_ERROR);
    assert_string_equal(answer.ede_text, "its servers cannot be reached");
    assert_true(wr_name_equal(answer.ede_zone, zone));
    assert_int_equal(stored, T0);
    assert_true(silence);
    assert_int_equal(find("f.example.", WR_TYPE_A, T0 + 1), WR_FOUND_STALE); /* it hides nothing */
    assert_int_equal(wr_answer_find_failure(cache, &q, T0 + 5, &room, &answer, &stored, &silence),
                     WR_FOUND_NOTHING);
    memset(words, 'x', sizeof(words) - 1);
    words[sizeof(words) - 1] = 0;
    failure.ede_text = words; /* too long: as much of it as is kept */
    wr_answer_keep_failure(cache, &policy, &q, T0 + 6, &failure, false);
    assert_int_equal(wr_answer_find_failure(cache, &q, T0 + 6, &room, &answer, &stored, &silence),
                     WR_FOUND_FAILURE);
    assert_int_equal(strlen(answer.ede_text), WR_ANSWER_REASON_MAX);
    failure.ede_text = NULL; /* none is none */
    wr_answer_keep_failure(cache, &policy, &q, T0 + 7, &failure, false);
    assert_int_equal(wr_answer_find_failure(cache, &q, T0 + 7, &room, &answer, &stored, &silence),
                     WR_FOUND_FAILURE);
    assert_null(answer.ede_text);
}

static struct localtest t;

static enum wr_found find_with(const struct wr_local *local, const char *name, uint16_t type)
{
    static struct wr_question q;
    q = question(name, type);
    return wr_answer_find(cache, &policy, local, &q, T0, false, &room, &answer);
}

/* A chain may go from local names to the cache and back, and AA is about its first owner. */
static void test_local_names_come_first(void **state)
{
    const struct wire_rr out[] = {WIRE_AN("www.example.", WR_TYPE_CNAME, 100, "cam.home.arpa."),
                                  WIRE_AN("cam.home.arpa.", WR_TYPE_A, 100, "203.0.113.66")};
    learn("www.example.", WR_TYPE_A, 0, T0, out, 2); /* known before the zone was ours */
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "cam.home.arpa.", WR_TYPE_A, "192.0.2.7");
    localtest_add(&t, "alias.home.arpa.", WR_TYPE_CNAME, "www.example.");
    localtest_add(&t, "far.home.arpa.", WR_TYPE_CNAME, "unknown.example.");
    const struct wr_local *l = localtest_build(&t);
    assert_int_equal(find_with(l, "cam.home.arpa.", WR_TYPE_A), WR_FOUND_FRESH);
    assert_true(answer.local && answer.authoritative && answer.answers == 1);
    assert_int_equal(find_with(l, "www.example.", WR_TYPE_A), WR_FOUND_FRESH);
    assert_true(!answer.local && !answer.authoritative && answer.answers == 2);
    assert_int_equal(answer.answer[1].data[5], 7); /* not what the upstream said of our name */
    assert_int_equal(find_with(l, "alias.home.arpa.", WR_TYPE_A), WR_FOUND_FRESH);
    assert_true(!answer.local && answer.authoritative && answer.answers == 3);
    assert_int_equal(answer.ttl, 100);
    assert_int_equal(find_with(l, "alias.home.arpa.", WR_TYPE_AAAA), WR_FOUND_FRESH);
    assert_true(answer.answers == 2 && answer.authorities == 1 && answer.rcode == 0);
    assert_int_equal(find_with(l, "far.home.arpa.", WR_TYPE_A), WR_FOUND_NOTHING);
    assert_int_equal(find_with(l, "no.home.arpa.", WR_TYPE_A), WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.ttl, 60);
    localtest_free(&t);
}

/* What a wildcard gave is worth nothing to who validates without the proof that nothing is closer, which is not kept:
 * it serves those who believe us. */
static void test_wildcard_without_its_proof(void **state)
{
    static const char sig[] = "A 13 1 300 20300101000000 20200101000000 1 example. AAAA";
    const struct wire_rr made[] = {WIRE_AN("a.example.", WR_TYPE_A, 300, "192.0.2.1"),
                                   WIRE_AN("a.example.", WR_TYPE_RRSIG, 300, sig)};
    const struct wire_rr star[] = {WIRE_AN("*.example.", WR_TYPE_A, 300, "192.0.2.1"),
                                   WIRE_AN("*.example.", WR_TYPE_RRSIG, 300, sig)};
    struct wr_question q = question("a.example.", WR_TYPE_A), w = question("*.example.", WR_TYPE_A);
    q.dnssec_ok = w.dnssec_ok = true;
    learn_for(&q, "a.example.", 0, T0, made, 2);
    learn_for(&w, "*.example.", 0, T0, star, 2);
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_NOTHING);
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &w, T0, false, &room, &answer),
                     WR_FOUND_FRESH);
    q.dnssec_ok = false;
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_FRESH);
}

/* Nobody signed that a name of ours does not exist: no AD for it, at the end of a proven chain neither. */
static void test_local_denial_is_not_secure(void **state)
{
    struct wr_question q = question("nobody.home.arpa.", WR_TYPE_A);
    struct wr_question chain = question("to.example.", WR_TYPE_A);
    struct wire_rr cname[] = {WIRE_AN("to.example.", WR_TYPE_CNAME, 300, "nobody.home.arpa.")};
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    const struct wr_local *local = localtest_build(&t);
    assert_int_equal(wr_answer_find(cache, &policy, local, &q, T0, false, &room, &answer),
                     WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.authorities, 1);
    assert_int_equal(answer.security, WR_SECURITY_INSECURE);
    learn_for(&chain, "to.example.", WR_RCODE_NOERROR, T0, cname, 1);
    assert_int_equal(wr_answer_find(cache, &policy, local, &chain, T0, false, &room, &answer),
                     WR_FOUND_FRESH);
    assert_true(answer.security <= WR_SECURITY_INSECURE);
    localtest_free(&t);
}

static void test_local_extras(void **state)
{
    char text[64];
    localtest_zone(&t, "z.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "_ipp._tcp.z.", WR_TYPE_PTR, "p._ipp._tcp.z.");
    localtest_add(&t, "p._ipp._tcp.z.", WR_TYPE_SRV, "0 0 631 host.z.");
    localtest_add(&t, "p._ipp._tcp.z.", WR_TYPE_TXT, "a=b");
    localtest_add(&t, "host.z.", WR_TYPE_A, "192.0.2.1");
    localtest_add(&t, "host.z.", WR_TYPE_AAAA, "2001:db8::1");
    localtest_add(&t, "z.", WR_TYPE_MX, "10 host.z.");
    localtest_add(&t, "z.", WR_TYPE_MX, "20 host.z.");
    localtest_add(&t, "z.", WR_TYPE_MX, "30 mail.example.");
    localtest_add(&t, "h.z.", WR_TYPE_HTTPS, "1 host.z. alpn=h2");
    localtest_add(&t, "h.z.", WR_TYPE_HTTPS, "2 . alpn=h2");
    localtest_add(&t, "plain.z.", WR_TYPE_PTR, "host.z.");
    for (unsigned i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "h%u.z.", i);
        localtest_add(&t, text, WR_TYPE_A, "192.0.2.1");
        snprintf(text, sizeof(text), "0 0 1 h%u.z.", i);
        localtest_add(&t, "_many._tcp.z.", WR_TYPE_SRV, text);
    }
    const struct wr_local *l = localtest_build(&t);
    assert_int_equal(find_with(l, "_ipp._tcp.z.", WR_TYPE_PTR), WR_FOUND_FRESH);
    static const uint16_t types[] = {WR_TYPE_SRV, WR_TYPE_TXT, WR_TYPE_A, WR_TYPE_AAAA};
    assert_int_equal(answer.extras, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(answer.extra[i].type, types[i]);
    }
    assert_int_equal(find_with(l, "p._ipp._tcp.z.", WR_TYPE_SRV), WR_FOUND_FRESH);
    assert_int_equal(answer.extras, 2);
    assert_int_equal(find_with(l, "z.", WR_TYPE_MX), WR_FOUND_FRESH);
    assert_int_equal(answer.extras, 2);
    assert_int_equal(find_with(l, "h.z.", WR_TYPE_HTTPS), WR_FOUND_FRESH);
    assert_int_equal(answer.extras, 2);
    assert_int_equal(find_with(l, "plain.z.", WR_TYPE_PTR), WR_FOUND_FRESH);
    assert_int_equal(answer.extras, 0);
    assert_int_equal(find_with(l, "_many._tcp.z.", WR_TYPE_SRV), WR_FOUND_FRESH);
    assert_int_equal(answer.extras, WR_ANSWER_EXTRAS_MAX);
    assert_int_equal(find_with(l, "host.z.", WR_TYPE_A), WR_FOUND_FRESH);
    assert_int_equal(answer.extras, 0);
    localtest_free(&t);
}

/* RFC 6672 section 3.1: the DNAME, and the CNAME that follows from it with the same TTL. */
static void test_local_dname(void **state)
{
    char deep[300] = "";
    localtest_zone(&t, "corp.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "o.corp.", WR_TYPE_DNAME, "a-longer-name-than-before.corp.")->ttl = 77;
    localtest_add(&t, "x.a-longer-name-than-before.corp.", WR_TYPE_A, "192.0.2.8");
    const struct wr_local *l = localtest_build(&t);
    assert_int_equal(find_with(l, "x.o.corp.", WR_TYPE_A), WR_FOUND_FRESH);
    assert_int_equal(answer.answers, 3);
    assert_int_equal(answer.answer[0].type, WR_TYPE_DNAME);
    assert_int_equal(answer.answer[1].type, WR_TYPE_CNAME);
    assert_int_equal(answer.answer[1].ttl, 77);
    assert_true(wr_name_equal(answer.answer[1].owner, wire_name("x.o.corp.").wire));
    assert_int_equal(answer.answer[2].data[5], 8);
    while (strlen(deep) < 240) {
        strcat(deep, "a.");
    }
    strcat(deep, "o.corp.");
    assert_int_equal(find_with(l, deep, WR_TYPE_A), WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, WR_RCODE_YXDOMAIN);
    assert_int_equal(answer.answers, 1);
    localtest_free(&t);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_hit_ages),
        CASE(test_stale_within_its_bound),
        CASE(test_negative_and_its_scope),
        CASE(test_denial_without_soa_is_not_kept),
        CASE(test_data_ends_nxdomain),
        CASE(test_fresh_denial_beats_stale_data),
        CASE(test_chain),
        CASE(test_chain_that_loops_in_the_cache),
        CASE(test_no_floor_for_what_was_proven),
        CASE(test_what_stands_for_ds),
        CASE(test_views_stand_apart),
        CASE(test_ttl_zero_is_not_kept),
        CASE(test_ttl_zero_removes),
        CASE(test_no_ds_is_kept_without_a_soa),
        CASE(test_failure),
        CASE(test_local_names_come_first),
        CASE(test_wildcard_without_its_proof),
        CASE(test_local_denial_is_not_secure),
        CASE(test_local_extras),
        CASE(test_local_dname),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
