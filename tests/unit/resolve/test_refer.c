/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "resolve/cut.h"
#include "resolve/refer.h"
#include "resolve/scrub.h"

#define CACHE ((size_t)512 * 1024)
#define T0    1000u
#define DS    "1 13 2 0102030405060708091011121314151617181920212223242526272829303132"
#define SIG   "NS 13 2 300 20300101000000 20200101000000 1 example.com. AAAA"

static void *block;
static struct wr_cache *cache;
static struct wr_answer_room room, work;
static struct wr_ttl_policy policy;
static struct wr_upstreams upstreams;
static struct wr_answer got;
static struct wr_msg msg;
static uint8_t wire[65535];
static _Alignas(8) uint8_t arena_block[2 * WR_RRSET_SIZE_MAX], scratch[WR_CACHE_SCRATCH_SIZE];
static _Alignas(8) uint8_t work_block[2 * WR_RRSET_SIZE_MAX];

static int setup(void **state)
{
    struct wr_hash_key key = {{3, 4}};
    block = aligned_alloc(64, CACHE);
    policy = (struct wr_ttl_policy){.max_s = 200, .max_negative_s = 100};
    memset(&upstreams, 0, sizeof(upstreams));
    upstreams.default_group = WR_GROUP_RECURSE;
    wr_arena_init(&room.arena, arena_block, sizeof(arena_block));
    wr_arena_init(&work.arena, work_block, sizeof(work_block));
    room.scratch = work.scratch = scratch;
    return wr_cache_format(block, CACHE, &key, &cache);
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

/* The delegation of a zone by the servers of `parent`. */
static void delegate(const char *parent, const char *qname, const struct wire_rr *rrs,
                     unsigned count)
{
    static struct wr_cut cut;
    struct wr_arena arena;
    static _Alignas(8) uint8_t octets[2 * WR_RRSET_SIZE_MAX];
    struct wr_name z = wire_name(parent), q = wire_name(qname);
    wire_response(wire, sizeof(wire), qname, WR_TYPE_A, 0, 0, rrs, count, &msg);
    wr_arena_init(&arena, octets, sizeof(octets));
    assert_int_equal(wr_cut_from_referral(&msg, z.wire, q.wire, &arena, &cut), 0);
    wr_cut_keep(cache, &policy, T0, &work, &cut);
}

#define DELEGATE(parent, qname, ...)                               \
    delegate(parent, qname, (const struct wire_rr[]){__VA_ARGS__}, \
             sizeof((const struct wire_rr[]){__VA_ARGS__}) / sizeof(struct wire_rr))

/* An answer that came, judged so. */
static void answer(const char *qname, uint16_t qtype, uint8_t security, const struct wire_rr *rrs,
                   unsigned count)
{
    static struct wr_answer a;
    struct wr_name root = wire_name(".");
    struct wr_question q = {.name = wire_name(qname), .type = qtype, .dnssec_ok = true};
    struct wr_scrub what = {
        .qname = q.name.wire, .qtype = qtype, .bailiwick = root.wire, .rank = WR_RANK_AUTH_ANSWER};
    enum wr_response kind;
    wire_response(wire, sizeof(wire), qname, qtype, WR_FLAG_AA, 0, rrs, count, &msg);
    wr_arena_reset(&work.arena);
    assert_int_equal(wr_scrub(&msg, &what, &work.arena, &a, &kind), 0);
    for (unsigned i = 0; i < a.answers; i++) {
        a.answer[i].security = security;
    }
    a.security = security;
    wr_answer_keep(cache, &policy, &q, T0, &work, &a);
}

#define ANSWER(qname, qtype, security, ...)                               \
    answer(qname, qtype, security, (const struct wire_rr[]){__VA_ARGS__}, \
           sizeof((const struct wire_rr[]){__VA_ARGS__}) / sizeof(struct wire_rr))

#define EXAMPLE                                                        \
    WIRE_NS("example.com.", WR_TYPE_NS, 900, "ns.example.com."),       \
        WIRE_NS("example.com.", WR_TYPE_NS, 900, "ns.elsewhere.net."), \
        WIRE_NS("example.com.", WR_TYPE_DS, 900, DS),                  \
        WIRE_AR("ns.example.com.", WR_TYPE_A, 900, "192.0.2.1"),       \
        WIRE_AR("ns.example.com.", WR_TYPE_AAAA, 20, "2001:db8::1")

static bool refer(const char *qname, uint16_t type, bool dnssec_ok, uint32_t now_s)
{
    static struct wr_question q; /* the answer points into it */
    q = (struct wr_question){.name = wire_name(qname), .type = type, .dnssec_ok = dnssec_ok};
    enum wr_found found = wr_answer_find(cache, &policy, NULL, &q, now_s, true, &room, &got);
    return found == WR_FOUND_NOTHING &&
           wr_refer_find(cache, &policy, &upstreams, &q, now_s, &room, &got);
}

static bool is_set(const struct wr_rrset *set, const char *owner, uint16_t type)
{
    return set->type == type && wr_name_equal(set->owner, wire_name(owner).wire);
}

static void test_the_deepest_delegation(void **state)
{
    assert_false(refer("www.example.com.", WR_TYPE_A, false, T0));
    DELEGATE(".", "com.", WIRE_NS("com.", WR_TYPE_NS, 900, "ns.gtld.net."));
    DELEGATE("com.", "example.com.", EXAMPLE);
    assert_true(refer("www.example.com.", WR_TYPE_A, false, T0 + 50));
    assert_int_equal(got.rcode, WR_RCODE_NOERROR);
    assert_int_equal(got.answers, 0);
    assert_int_equal(got.authorities, 1);
    assert_true(is_set(&got.authority[0], "example.com.", WR_TYPE_NS));
    assert_int_equal(got.authority[0].records, 2);
    assert_int_equal(got.authority[0].ttl, 150); /* what the policy left of 900, aged */
    assert_int_equal(got.extras, 2);
    assert_int_equal(got.extra[0].ttl, 150); /* no address outlives the delegation */
    assert_int_equal(got.extra[1].ttl, 20);
    assert_int_equal(got.security, WR_SECURITY_UNCHECKED); /* no AD */
    assert_false(got.authoritative);
    assert_true(refer("example.com.", WR_TYPE_A, false, T0));
    assert_true(is_set(&got.authority[0], "example.com.", WR_TYPE_NS));
    assert_true(refer("example.com.", WR_TYPE_DS, false, T0)); /* DS lives above */
    assert_true(is_set(&got.authority[0], "com.", WR_TYPE_NS));
    assert_true(refer("other.com.", WR_TYPE_A, false, T0));
    assert_true(is_set(&got.authority[0], "com.", WR_TYPE_NS));
    assert_false(refer("www.example.net.", WR_TYPE_A, false, T0));
    assert_false(refer("www.example.com.", WR_TYPE_A, false, T0 + 200));
}

static void test_ds_for_who_understands(void **state)
{
    DELEGATE("com.", "example.com.", EXAMPLE);
    DELEGATE("com.", "plain.com.", WIRE_NS("plain.com.", WR_TYPE_NS, 900, "ns.plain.com."),
             WIRE_NS("plain.com.", WR_TYPE_NSEC, 900, "q.com. NS"),
             WIRE_AR("ns.plain.com.", WR_TYPE_A, 900, "192.0.2.2"));
    assert_true(refer("www.example.com.", WR_TYPE_A, true, T0));
    assert_int_equal(got.authorities, 2);
    assert_true(is_set(&got.authority[0], "example.com.", WR_TYPE_NS));
    assert_int_equal(got.authority[0].records, 2); /* what came later is elsewhere in the room */
    assert_true(is_set(&got.authority[1], "example.com.", WR_TYPE_DS));
    assert_int_equal(got.extras, 2);
    assert_int_equal(got.security, WR_SECURITY_UNCHECKED);
    assert_true(refer("www.plain.com.", WR_TYPE_A, true, T0));
    assert_int_equal(got.authorities, 2);
    assert_true(is_set(&got.authority[1], "plain.com.", WR_TYPE_NSEC));
    assert_true(refer("www.plain.com.", WR_TYPE_A, false, T0));
    assert_int_equal(got.authorities, 1);
}

/* The SOA of a DS question's own denial would turn the referral into a denial. */
static void test_no_soa(void **state)
{
    DELEGATE("com.", "plain.com.", WIRE_NS("plain.com.", WR_TYPE_NS, 900, "ns.plain.net."));
    ANSWER("plain.com.", WR_TYPE_DS, WR_SECURITY_SECURE,
           WIRE_NS("com.", WR_TYPE_SOA, 60, "a. b. 1 2 3 4 60"),
           WIRE_NS("plain.com.", WR_TYPE_NSEC, 900, "q.com. NS"));
    assert_true(refer("www.plain.com.", WR_TYPE_A, true, T0));
    assert_int_equal(got.authorities, 2);
    assert_true(is_set(&got.authority[0], "plain.com.", WR_TYPE_NS));
    assert_true(is_set(&got.authority[1], "plain.com.", WR_TYPE_NSEC));
}

/* What the zone says of itself is more than what its parent says, when it is proven; but it is no delegation. */
static void test_the_zones_own_set(void **state)
{
    DELEGATE("com.", "example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 900, "ns.parents.net."));
    ANSWER("example.com.", WR_TYPE_NS, WR_SECURITY_INSECURE,
           WIRE_AN("example.com.", WR_TYPE_NS, 300, "ns.childs.net."));
    assert_true(refer("www.example.com.", WR_TYPE_A, true, T0));
    assert_int_equal(got.security, WR_SECURITY_UNCHECKED);
    assert_int_equal(got.authority[0].sigs, 0);
    ANSWER("example.com.", WR_TYPE_NS, WR_SECURITY_SECURE,
           WIRE_AN("example.com.", WR_TYPE_NS, 300, "ns.childs.net."),
           WIRE_AN("example.com.", WR_TYPE_RRSIG, 300, SIG));
    assert_true(refer("www.example.com.", WR_TYPE_A, true, T0 + 10));
    assert_int_equal(got.security, WR_SECURITY_SECURE);
    assert_int_equal(got.authorities, 1);
    assert_int_equal(got.authority[0].sigs, 1);
    assert_true(is_set(&got.authority[0], "example.com.", WR_TYPE_NS));
    assert_int_equal(got.authority[0].ttl, 190);
    ANSWER("example.net.", WR_TYPE_NS, WR_SECURITY_SECURE,
           WIRE_AN("example.net.", WR_TYPE_NS, 300, "ns.childs.net."));
    assert_false(refer("www.example.net.", WR_TYPE_A, true, T0));
}

static void test_the_end_of_a_chain(void **state)
{
    ANSWER("www.shop.net.", WR_TYPE_CNAME, WR_SECURITY_SECURE,
           WIRE_AN("www.shop.net.", WR_TYPE_CNAME, 300, "www.example.com."));
    assert_true(refer("www.shop.net.", WR_TYPE_A, false, T0)); /* that much is known */
    assert_int_equal(got.answers, 1);
    assert_int_equal(got.authorities, 0);
    assert_int_equal(got.security, WR_SECURITY_SECURE);
    DELEGATE("com.", "example.com.", EXAMPLE);
    assert_true(refer("www.shop.net.", WR_TYPE_A, true, T0));
    assert_int_equal(got.answers, 1);
    assert_true(is_set(&got.answer[0], "www.shop.net.", WR_TYPE_CNAME));
    assert_true(
        wr_name_equal(wr_answer_cname_target(&got.answer[0]), wire_name("www.example.com.").wire));
    assert_true(is_set(&got.authority[0], "example.com.", WR_TYPE_NS));
    assert_int_equal(got.security, WR_SECURITY_UNCHECKED);
}

/* Who forwards a name does not send others elsewhere with it. */
static void test_routes(void **state)
{
    DELEGATE("com.", "example.com.", EXAMPLE);
    upstreams.default_group = 0;
    assert_false(refer("www.example.com.", WR_TYPE_A, false, T0));
    upstreams.group[0].authoritative =
        true; /* below a stub zone, here the root, delegations are followed */
    assert_true(refer("www.example.com.", WR_TYPE_A, false, T0));
}

/* No more glue than there is room for, and little memory gives less and no crash. */
static void test_little_room(void **state)
{
    struct wire_rr many[1 + 2 * 12];
    static char names[12][32];
    many[0] = (struct wire_rr)WIRE_NS("example.com.", WR_TYPE_NS, 900, "ns.elsewhere.net.");
    for (unsigned i = 0; i < 12; i++) {
        snprintf(names[i], sizeof(names[i]), "n%u.example.com.", i);
        many[1 + i] = (struct wire_rr)WIRE_NS("example.com.", WR_TYPE_NS, 900, names[i]);
        many[13 + i] = (struct wire_rr)WIRE_AR(names[i], WR_TYPE_A, 900, "192.0.2.1");
    }
    delegate("com.", "example.com.", many, 25);
    assert_true(refer("www.example.com.", WR_TYPE_A, true, T0));
    assert_int_equal(got.authority[0].records, 13);
    assert_int_equal(got.extras, WR_ANSWER_EXTRAS_MAX);
    for (size_t cap = 0; cap < 2000; cap += 8) {
        wr_arena_init(&room.arena, arena_block, cap);
        if (refer("www.example.com.", WR_TYPE_A, true, T0)) {
            assert_int_equal(got.authority[0].records, 13);
        }
    }
}

static enum wr_refer_lack lacks(const char *qname, bool proofs, uint32_t now_s, struct wr_name *ret)
{
    struct wr_question q = {.name = wire_name(qname), .type = WR_TYPE_A, .dnssec_ok = true};
    struct wr_question missing = {.type = 0};
    enum wr_refer_lack lack =
        wr_refer_lacks(cache, &policy, &upstreams, &q, proofs, now_s, &room, &got, &missing);
    assert_int_equal(missing.type, lack == WR_REFER_COMPLETE ? 0
                                   : lack == WR_REFER_DS     ? WR_TYPE_DS
                                                             : WR_TYPE_NS);
    assert_int_equal(missing.dnssec_ok, lack != WR_REFER_COMPLETE);
    assert_false(missing.checking_disabled);
    *ret = missing.name;
    return lack;
}

/* What has to be asked for a referral with AD: the root's NS set, then that of the zone, each once, whatever came of it. */
static void test_what_it_lacks(void **state)
{
    struct wr_name zone;
    struct wr_answer none = {.rcode = WR_RCODE_SERVFAIL, .ede = WR_EDE_NONE};
    struct wr_question ns = {
        .name = wire_name("example.com."), .type = WR_TYPE_NS, .dnssec_ok = true};
    struct wr_ttl_policy failures = {.failure_s = 5};
    assert_int_equal(lacks("www.example.com.", false, T0, &zone), WR_REFER_ROOT);
    assert_int_equal(zone.size, 1);
    ANSWER(".", WR_TYPE_NS, WR_SECURITY_INSECURE, WIRE_AN(".", WR_TYPE_NS, 300, "a.root."));
    assert_int_equal(lacks("www.example.com.", true, T0, &zone), WR_REFER_COMPLETE); /* known */
    assert_int_equal(lacks("www.example.com.", true, T0 + 200, &zone), WR_REFER_ROOT);
    DELEGATE("com.", "example.com.", EXAMPLE);
    assert_int_equal(lacks("www.example.com.", false, T0, &zone), WR_REFER_COMPLETE);
    assert_int_equal(lacks("www.example.com.", true, T0, &zone), WR_REFER_NS);
    assert_true(wr_name_equal(zone.wire, ns.name.wire));
    wr_answer_keep_failure(cache, &failures, &ns, T0, &none, false);
    assert_int_equal(lacks("www.example.com.", true, T0 + 1, &zone), WR_REFER_COMPLETE);
    assert_int_equal(lacks("www.example.com.", true, T0 + 6, &zone), WR_REFER_NS);
    ANSWER("example.com.", WR_TYPE_NS, WR_SECURITY_INSECURE,
           WIRE_AN("example.com.", WR_TYPE_NS, 300, "ns.childs.net."));
    assert_int_equal(lacks("www.example.com.", true, T0 + 6, &zone), WR_REFER_COMPLETE);
    ANSWER("www.example.com.", WR_TYPE_A, WR_SECURITY_INSECURE,
           WIRE_AN("www.example.com.", WR_TYPE_A, 300, "192.0.2.1"));
    assert_int_equal(lacks("www.example.com.", true, T0 + 199, &zone), WR_REFER_COMPLETE);
    upstreams.default_group = 0; /* asked of a forwarder */
    assert_int_equal(lacks("www.example.net.", true, T0 + 199, &zone), WR_REFER_COMPLETE);
    upstreams.group[0].authoritative = true; /* of servers of the root */
    assert_int_equal(lacks("www.example.net.", true, T0 + 200, &zone), WR_REFER_ROOT);
}

/* The DS came with the referral and nobody has judged it: it is asked for too, for who gets it and where the NS set is proven. */
static void test_it_lacks_a_proven_ds(void **state)
{
    struct wr_name zone;
    DELEGATE("com.", "example.com.", EXAMPLE);
    ANSWER("example.com.", WR_TYPE_NS, WR_SECURITY_SECURE,
           WIRE_AN("example.com.", WR_TYPE_NS, 300, "ns.childs.net."),
           WIRE_AN("example.com.", WR_TYPE_RRSIG, 300, SIG));
    assert_int_equal(lacks("www.example.com.", true, T0, &zone), WR_REFER_DS);
    assert_true(wr_name_equal(zone.wire, wire_name("example.com.").wire));
    ANSWER("example.com.", WR_TYPE_DS, WR_SECURITY_SECURE,
           WIRE_AN("example.com.", WR_TYPE_DS, 300, DS));
    assert_int_equal(lacks("www.example.com.", true, T0, &zone), WR_REFER_COMPLETE);
    assert_true(refer("www.example.com.", WR_TYPE_A, true, T0));
    assert_int_equal(got.authorities, 2);
    assert_int_equal(got.security, WR_SECURITY_SECURE);
    /* Under an anchor of its own the parent says nothing, and nothing is to be judged. */
    DELEGATE("com.", "island.com.", WIRE_NS("island.com.", WR_TYPE_NS, 900, "ns.elsewhere.net."));
    ANSWER("island.com.", WR_TYPE_NS, WR_SECURITY_SECURE,
           WIRE_AN("island.com.", WR_TYPE_NS, 300, "ns.childs.net."),
           WIRE_AN("island.com.", WR_TYPE_RRSIG, 300, SIG));
    assert_int_equal(lacks("www.island.com.", true, T0, &zone), WR_REFER_COMPLETE);
}

static void test_the_roots_set(void **state)
{
    struct wr_question q = {.name = wire_name("www.example.com."), .type = WR_TYPE_A};
    assert_false(wr_refer_root(cache, &policy, &q, T0, &room, &got));
    ANSWER(".", WR_TYPE_NS, WR_SECURITY_INSECURE, WIRE_AN(".", WR_TYPE_NS, 300, "a.root."));
    assert_true(wr_refer_root(cache, &policy, &q, T0 + 50, &room, &got));
    assert_int_equal(got.answers, 1);
    assert_true(is_set(&got.answer[0], ".", WR_TYPE_NS));
    assert_int_equal(got.answer[0].ttl, 150);
    assert_int_equal(got.security, WR_SECURITY_INSECURE);
    assert_false(wr_refer_root(cache, &policy, &q, T0 + 200, &room, &got));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_deepest_delegation),
        CASE(test_ds_for_who_understands),
        CASE(test_no_soa),
        CASE(test_the_zones_own_set),
        CASE(test_the_end_of_a_chain),
        CASE(test_routes),
        CASE(test_little_room),
        CASE(test_what_it_lacks),
        CASE(test_it_lacks_a_proven_ds),
        CASE(test_the_roots_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
