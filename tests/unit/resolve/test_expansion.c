/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/denials.h"

#include <stdlib.h>

#include "resolve/expansion.h"

#define CACHE ((size_t)512 * 1024)
#define T0    1000u

static void *block;
static struct wr_cache *cache;
static struct wr_answer_room room;
static struct wr_answer answer;
static struct wr_ttl_policy policy = {.max_s = 86400, .max_negative_s = 3600};
static _Alignas(8) uint8_t arena[2 * WR_RRSET_SIZE_MAX], scratch[WR_CACHE_SCRATCH_SIZE];
static struct denials_made proof, soa;
static struct wr_name owner;
static struct wr_question q;
static uint8_t data[64];

static int setup(void **state)
{
    const struct wr_hash_key key = {{3, 4}};
    block = aligned_alloc(64, CACHE);
    wr_arena_init(&room.arena, arena, sizeof(arena));
    room.scratch = scratch;
    return wr_cache_format(block, CACHE, &key, &cache);
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

/* One address and a signature over so many labels. */
static struct wr_rrset address(const char *name, uint8_t labels, uint8_t security)
{
    static const uint8_t record[] = {0, 4, 192, 0, 2, 1, 0, 22, 0, 1, 13};
    owner = denials_name(name);
    memset(data, 0, sizeof(data));
    memcpy(data, record, sizeof(record));
    data[11] = labels; /* the rest: times, tag, the root as signer, three octets of signature */
    return (struct wr_rrset){.owner = owner.wire,
                             .data = data,
                             .size = 6 + 2 + 22,
                             .ttl = 600,
                             .type = WR_TYPE_A,
                             .class_ = WR_CLASS_IN,
                             .records = 1,
                             .sigs = 1,
                             .rank = WR_RANK_ANSWER,
                             .security = security};
}

/* The answer of a server, kept. */
static void keep(const char *name, uint8_t labels, uint8_t security, bool with_proof)
{
    struct denials_row nsec = {"x.y.w.example.", "xx.example. MX RRSIG NSEC"};
    struct denials_row other = {"example.", "ns1.example. hm.example. 1 2 3 4 300"};
    denials_make(&nsec, WR_TYPE_NSEC, &proof);
    denials_make(&other, WR_TYPE_SOA, &soa);
    proof.set.security = soa.set.security = security;
    proof.set.ttl = soa.set.ttl = 200;
    wr_answer_clear(&answer);
    answer.answer[0] = address(name, labels, security);
    answer.answers = 1;
    answer.authority[0] = soa.set;
    answer.authority[1] = proof.set;
    answer.authorities = with_proof ? 2 : 1;
    q = (struct wr_question){.name = owner, .type = WR_TYPE_A, .dnssec_ok = true};
    assert_int_equal(wr_answer_keep(cache, &policy, &q, T0, &room, &answer), 0);
}

static enum wr_found find(uint32_t now_s)
{
    return wr_answer_find(cache, &policy, NULL, &q, now_s, false, &room, &answer);
}

static void test_what_is_expanded(void **state)
{
    struct wr_rrset set = address("z.w.example.", 3, WR_SECURITY_SECURE);
    assert_false(wr_expansion_is(&set));
    set = address("z.w.example.", 2, WR_SECURITY_SECURE);
    assert_true(wr_expansion_is(&set));
    set = address("*.w.example.", 2, WR_SECURITY_SECURE);
    assert_false(wr_expansion_is(&set));
    set = address("*.w.example.", 1, WR_SECURITY_SECURE);
    assert_true(wr_expansion_is(&set));
    set.sigs = 0;
    assert_false(wr_expansion_is(&set));
    set.sigs = 1;
    set.size = 7;
    assert_false(wr_expansion_is(&set)); /* torn */
    /* nonsense in front of the signature that was checked hides nothing */
    uint8_t two[sizeof(data)];
    set = address("z.w.example.", 3, WR_SECURITY_SECURE);
    memcpy(two, data, sizeof(two));
    memcpy(two + 6 + 24, data + 6, 24);
    two[6 + 24 + 5] = 2;
    set.data = two;
    set.size = 6 + 24 + 24;
    set.sigs = 2;
    assert_true(wr_expansion_is(&set));
}

static void test_the_proof_comes_along(void **state)
{
    keep("z.w.example.", 2, WR_SECURITY_SECURE, true);
    assert_int_equal(find(T0 + 10), WR_FOUND_FRESH);
    assert_int_equal(answer.answers, 1);
    assert_int_equal(answer.answer[0].ttl, 190); /* no longer than its proof */
    assert_int_equal(answer.authorities, 1);     /* the SOA is none */
    assert_int_equal(answer.authority[0].type, WR_TYPE_NSEC);
    assert_int_equal(answer.authority[0].ttl, 190);
    assert_int_equal(find(T0 + 200), WR_FOUND_NOTHING);
}

static void test_who_does_not_want_it(void **state)
{
    keep("z.w.example.", 2, WR_SECURITY_SECURE, true);
    q.dnssec_ok = false;
    assert_int_equal(find(T0), WR_FOUND_FRESH);
    assert_int_equal(answer.authorities, 0);
    keep("x.w.example.", 3, WR_SECURITY_SECURE, true); /* not expanded */
    assert_int_equal(find(T0), WR_FOUND_FRESH);
    assert_int_equal(answer.answer[0].ttl, 600);
    assert_int_equal(answer.authorities, 0);
}

/* A secure answer without its proof is none for who wants it; an unproven one may lack it. */
static void test_a_lost_proof(void **state)
{
    struct wr_cache_key key;
    keep("z.w.example.", 2, WR_SECURITY_SECURE, true);
    wr_cache_key_init(cache, q.name.wire, WR_TYPE_A, WR_SCOPE_EXPANSION, &key);
    assert_int_equal(wr_cache_remove(cache, &key), WR_OK);
    assert_int_equal(find(T0), WR_FOUND_NOTHING);
    q.dnssec_ok = false;
    assert_int_equal(find(T0), WR_FOUND_FRESH);
    keep("q.w.example.", 2, WR_SECURITY_INSECURE, false);
    assert_int_equal(find(T0), WR_FOUND_FRESH);
    assert_int_equal(answer.authorities, 0);
}

/* Those who checked nothing do not serve as proof for what was checked. */
static void test_views_stand_apart(void **state)
{
    struct wr_rrset set;
    keep("z.w.example.", 2, WR_SECURITY_UNCHECKED, true);
    set = address("z.w.example.", 2, WR_SECURITY_SECURE);
    wr_answer_clear(&answer);
    assert_false(wr_expansion_add(cache, &q, T0, &room, &set, &answer));
    set.security = WR_SECURITY_UNCHECKED;
    assert_true(wr_expansion_add(cache, &q, T0, &room, &set, &answer));
    assert_true(wr_expansion_add(cache, &q, T0, &room, &set, &answer));
    assert_int_equal(answer.authorities, 1); /* once */
    q.checking_disabled = true;
    assert_false(wr_expansion_add(cache, &q, T0, &room, &set, &answer));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_what_is_expanded), T(test_the_proof_comes_along), T(test_who_does_not_want_it),
        T(test_a_lost_proof),     T(test_views_stand_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
