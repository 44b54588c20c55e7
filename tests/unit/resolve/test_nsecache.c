/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/denials.h"

#include <stdio.h>
#include <stdlib.h>

#include "resolve/nsecache.h"

#define CACHE  ((size_t)512 * 1024)
#define PLACES 32
#define T0     1000u
#define DS     " DS 1 8 2 6f8512d1e82eecbd684fc4a76f39f8c5b411af385494873bdead663ddb78a88b"

static void *block, *places;
static struct wr_cache *cache;
static struct wr_nsecache n;
static struct wr_ttl_policy policy = {.max_s = 86400, .max_negative_s = 3600};
static struct wr_prove_settings settings;
static struct wr_anchor anchor_room[8];
static struct wr_anchors anchors;
static struct wr_chain chain;
static struct denials_made made[16];
static struct wr_rrset sets[16];
static struct wr_answer answer;
static struct wr_answer_room room;
static _Alignas(8) uint8_t arena[2 * WR_RRSET_SIZE_MAX], scratch[WR_CACHE_SCRATCH_SIZE];

static void anchor(const char *text)
{
    assert_int_equal(wr_anchors_add_text(&anchors, text, strlen(text)), WR_OK);
}

static int setup(void **state)
{
    const struct wr_hash_key key = {{3, 4}};
    block = aligned_alloc(64, CACHE);
    places = malloc(wr_ranges_size(PLACES));
    wr_anchors_init(&anchors, anchor_room, 8);
    anchor(". " DS);
    settings = (struct wr_prove_settings){.enable = true,
                                          .aggressive = true,
                                          .anchors = &anchors,
                                          .policy = wr_algo_default_policy()};
    wr_arena_init(&room.arena, arena, sizeof(arena));
    room.scratch = scratch;
    room.nsecache = &n;
    room.least = WR_SECURITY_INSECURE;
    int err = wr_cache_format(block, CACHE, &key, &cache);
    wr_nsecache_init(&n, cache, places, PLACES, &key);
    wr_nsecache_adopt(&n, &settings, NULL);
    return err;
}

static int teardown(void **state)
{
    free(block);
    free(places);
    return 0;
}

/* What the validator has looked at: begin, add, learn. */
static void begin(void)
{
    memset(&chain, 0, sizeof(chain));
    chain.ask.authority = sets;
    chain.ask.answer = &sets[15];
    chain.verdict.security = WR_SECURITY_SECURE;
}

static struct wr_rrset *add(const char *zone, const char *owner, uint16_t type, const char *rdata,
                            uint32_t ttl)
{
    unsigned i = chain.ask.authorities++;
    struct denials_row row = {owner, rdata};
    struct wr_name z = denials_name(zone);
    assert_true(i < 15);
    denials_make(&row, type, &made[i]);
    sets[i] = made[i].set;
    sets[i].ttl = ttl;
    sets[i].security = WR_SECURITY_SECURE;
    wr_rrset_set_prover(&sets[i], z.wire);
    return &sets[i];
}

static void learn(void)
{
    wr_nsecache_learn(&n, &chain, &policy, T0);
}

static void soa(const char *zone, uint32_t ttl)
{
    add(zone, zone, WR_TYPE_SOA, "ns1.example. hm.example. 1 2 3 4 300", ttl);
}

/* The zone of RFC 4035 appendix A. */
static void learn_zone(void)
{
    begin();
    soa("example.", 1000);
    for (size_t i = 0; i < DENIALS_NSEC; i++) {
        add("example.", denials_nsec[i].owner, WR_TYPE_NSEC, denials_nsec[i].rdata, 1000);
    }
    learn();
}

static enum wr_found find_at(const char *name, uint16_t type, uint32_t now_s)
{
    struct wr_question q = {.name = denials_name(name), .type = type, .dnssec_ok = true};
    return wr_answer_find(cache, &policy, NULL, &q, now_s, false, &room, &answer);
}

static enum wr_found find(const char *name, uint16_t type)
{
    return find_at(name, type, T0);
}

static void denied(const char *name, uint16_t type, uint16_t rcode)
{
    if (find(name, type) != WR_FOUND_FRESH) {
        fail_msg("%s %u is not denied", name, type);
    }
    assert_int_equal(answer.rcode, rcode);
    assert_int_equal(answer.security, WR_SECURITY_SECURE);
    assert_int_equal(answer.answers, 0);
    assert_true(answer.authorities >= 2 && answer.authorities <= 4);
    assert_int_equal(answer.authority[0].type, WR_TYPE_SOA);
}

static void nothing(const char *name, uint16_t type)
{
    if (find(name, type) != WR_FOUND_NOTHING) {
        fail_msg("%s %u is answered", name, type);
    }
}

static void test_denials(void **state)
{
    nothing("ml.example.", WR_TYPE_A);
    learn_zone();
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    denied("ML.eXample.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    denied("a.b.c.zz.example.", WR_TYPE_TXT, WR_RCODE_NXDOMAIN);
    denied("ns1.example.", WR_TYPE_MX, WR_RCODE_NOERROR);
    denied("example.", WR_TYPE_A, WR_RCODE_NOERROR);
    denied("y.w.example.", WR_TYPE_A, WR_RCODE_NOERROR); /* an empty non-terminal */
    denied("w.example.", WR_TYPE_A, WR_RCODE_NOERROR);   /* above a wildcard */
    denied("z.w.example.", WR_TYPE_A, WR_RCODE_NOERROR); /* by the wildcard */
    denied("*.w.example.", WR_TYPE_A, WR_RCODE_NOERROR); /* the wildcard itself */
    denied("*.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    denied("b.example.", WR_TYPE_DS, WR_RCODE_NOERROR);
    denied("ml.example.", WR_TYPE_DS, WR_RCODE_NXDOMAIN);
    denied("ns1.example.", WR_TYPE_DS, WR_RCODE_NOERROR);
}

static void test_what_is_not_denied(void **state)
{
    learn_zone();
    nothing("ns1.example.", WR_TYPE_A);  /* is there */
    nothing("z.w.example.", WR_TYPE_MX); /* the wildcard has it, and it was not seen */
    nothing("a.example.", WR_TYPE_DS);   /* is there */
    nothing("b.example.", WR_TYPE_A);    /* a zone cut: not the parent's to say */
    nothing("b.example.", WR_TYPE_NS);
    nothing("x.b.example.", WR_TYPE_A); /* below it */
    nothing("x.b.example.", WR_TYPE_DS);
    nothing("x.a.example.", WR_TYPE_A);
    nothing("example.", WR_TYPE_DS); /* the parent's to say */
    nothing("ml.test.", WR_TYPE_A);
    nothing(".", WR_TYPE_DS);
    nothing("ml.example.", WR_TYPE_ANY);
    nothing("ml.example.", WR_TYPE_RRSIG);
}

/* A DNAME at the owner: what is below it is elsewhere. */
static void test_below_a_dname(void **state)
{
    begin();
    soa("example.", 1000);
    add("example.", "d.example.", WR_TYPE_NSEC, "example. DNAME RRSIG NSEC", 1000);
    add("example.", "example.", WR_TYPE_NSEC, "d.example. NS SOA RRSIG NSEC", 1000);
    learn();
    nothing("x.d.example.", WR_TYPE_A);
    denied("e.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
}

/* The NSEC at the apex of a child is no word on the child's name in the parent, nor on its siblings. */
static void test_child_and_parent(void **state)
{
    begin();
    soa("b.example.", 1000);
    add("b.example.", "b.example.", WR_TYPE_NSEC, "b.example. NS SOA RRSIG NSEC", 1000);
    learn();
    nothing("b.example.", WR_TYPE_DS);
    nothing("c.example.", WR_TYPE_A);
    denied("b.example.", WR_TYPE_A, WR_RCODE_NOERROR);
    denied("x.b.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    learn_zone();
    denied("b.example.", WR_TYPE_DS, WR_RCODE_NOERROR);
    assert_true(wr_name_labels(answer.authority[0].owner) == 1);
}

static void test_ends(void **state)
{
    begin();
    soa("example.", 1000);
    add("example.", "b.example.", WR_TYPE_NSEC, "example. A RRSIG NSEC", 200);
    add("example.", "example.", WR_TYPE_NSEC, "b.example. NS SOA RRSIG NSEC", 1000);
    learn();
    denied("a.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.ttl, 300); /* the SOA's MINIMUM */
    denied("c.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.ttl, 200);
    assert_int_equal(find_at("c.example.", WR_TYPE_A, T0 + 199), WR_FOUND_FRESH);
    assert_int_equal(answer.authority[1].ttl, 1);
    assert_int_equal(find_at("c.example.", WR_TYPE_A, T0 + 200), WR_FOUND_NOTHING);
    assert_int_equal(find_at("a.example.", WR_TYPE_A, T0 + 299), WR_FOUND_FRESH);
    assert_int_equal(find_at("a.example.", WR_TYPE_A, T0 + 300), WR_FOUND_NOTHING);
}

/* A rule of the owner's for what is below a zone holds for what is concluded of it. */
static void test_rules_of_the_owner(void **state)
{
    static struct wr_ttl_rule rule = {.below = true, .max_s = 40};
    rule.name = denials_name("example.");
    policy.rule = &rule;
    policy.rules = 1;
    learn_zone();
    denied("ns1.example.", WR_TYPE_MX, WR_RCODE_NOERROR);
    assert_int_equal(answer.ttl, 40);
    assert_int_equal(answer.authority[1].ttl, 40);
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.ttl, 40);
    assert_int_equal(find_at("ns1.example.", WR_TYPE_MX, T0 + 39), WR_FOUND_FRESH);
    assert_int_equal(find_at("ns1.example.", WR_TYPE_MX, T0 + 40), WR_FOUND_NOTHING);
    rule.name = denials_name("ml.example."); /* for one name */
    rule.below = false;
    rule.max_s = 7;
    learn_zone();
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.ttl, 7);
    denied("mm.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.ttl, 300);
    policy.rules = 0;
}

static void test_without_a_soa(void **state)
{
    begin();
    add("example.", "example.", WR_TYPE_NSEC, "example. NS SOA RRSIG NSEC", 1000);
    learn();
    nothing("a.example.", WR_TYPE_A);
    begin();
    soa("example.", 1000);
    learn();
    denied("a.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
}

/* Nothing is learnt from what no zone is known to have proven as it stands there, or is of an answer that is not secure. */
static void test_what_is_not_learnt(void **state)
{
    for (int which = 0; which < 4; which++) {
        begin();
        soa("example.", 1000);
        struct wr_rrset *set =
            add("example.", "example.", WR_TYPE_NSEC, "example. NS SOA RRSIG NSEC", 1000);
        if (which == 0) {
            wr_rrset_set_prover(set, NULL);
        }
        set->security = which == 1 ? WR_SECURITY_INSECURE : WR_SECURITY_SECURE;
        chain.verdict.security = which == 2 ? WR_SECURITY_INSECURE : WR_SECURITY_SECURE;
        settings.aggressive = which != 3;
        learn();
        settings.aggressive = true;
        nothing("a.example.", WR_TYPE_A);
        assert_int_equal(n.ranges.count, 0);
    }
}

static void test_anchors_and_settings(void **state)
{
    learn_zone();
    anchor("m.example. " DS);
    struct wr_name bad = denials_name("n.example.");
    assert_int_equal(wr_anchors_add_negative(&anchors, bad.wire, 0), WR_OK);
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    nothing("m.example.", WR_TYPE_A); /* an island of its own */
    nothing("x.m.example.", WR_TYPE_A);
    nothing("n.example.", WR_TYPE_A); /* a negative anchor */
    nothing("x.n.example.", WR_TYPE_A);
    denied("m.example.", WR_TYPE_DS, WR_RCODE_NXDOMAIN);
    settings.aggressive = false;
    nothing("ml.example.", WR_TYPE_A);
    settings.aggressive = true;
    settings.enable = false;
    nothing("ml.example.", WR_TYPE_A);
    settings.enable = true;
    anchors.count = 0;
    nothing("ml.example.", WR_TYPE_A);
}

static void test_checking_disabled(void **state)
{
    struct wr_question q = {.name = denials_name("ml.example."), .type = WR_TYPE_A};
    learn_zone();
    q.checking_disabled = true;
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_NOTHING);
    room.inner = true;
    assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                     WR_FOUND_FRESH);
    room.inner = false;
}

static void test_a_flush_empties(void **state)
{
    struct wr_name other = denials_name("test.");
    learn_zone();
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    wr_cache_flush(cache, other.wire);
    nothing("ml.example.", WR_TYPE_A);
    assert_int_equal(n.ranges.count, 0);
    learn_zone();
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    wr_nsecache_adopt(&n, &settings, NULL);
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN); /* a reload empties nothing */
    settings.enable = false;
    wr_nsecache_adopt(&n, &settings, NULL);
    settings.enable = true;
    nothing("ml.example.", WR_TYPE_A);
}

/* A zone that goes to other servers is not denied by the one above. */
static void test_routes(void **state)
{
    static struct wr_upstreams u;
    static struct wr_route route[1];
    learn_zone();
    memset(&u, 0, sizeof(u));
    route[0] = (struct wr_route){.zone = denials_name("corp.example.")};
    u.route = route;
    u.routes = 1;
    wr_upstream_link_routes(route, 1);
    n.upstreams = &u;
    nothing("corp.example.", WR_TYPE_A);
    nothing("x.corp.example.", WR_TYPE_A);
    denied("ml.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    n.upstreams = NULL;
    denied("x.corp.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
}

/* *.w.example MX was seen as z.w.example MX. */
static void learn_wildcard(uint16_t type, const char *rdata, uint32_t ttl)
{
    struct denials_row row = {"z.w.example.", rdata};
    begin();
    denials_make(&row, type, &made[15]);
    sets[15] = made[15].set;
    sets[15].ttl = ttl;
    sets[15].security = WR_SECURITY_SECURE;
    chain.ask.answers = 1;
    chain.answer_notes[0] =
        (struct wr_chain_note){.proven = true, .expanded = true, .zone_labels = 1, .sig_labels = 2};
    learn();
}

static void test_wildcards(void **state)
{
    struct wr_name q = denials_name("q.w.example.");
    learn_wildcard(WR_TYPE_MX, "1 ai.example.", 100);
    nothing("q.w.example.", WR_TYPE_MX); /* nothing says that nothing is closer */
    learn_zone();
    assert_int_equal(find("q.w.example.", WR_TYPE_MX), WR_FOUND_FRESH);
    assert_int_equal(answer.answers, 1);
    assert_true(wr_name_equal(answer.answer[0].owner, q.wire));
    assert_int_equal(answer.answer[0].ttl, 100);
    assert_int_equal(answer.security, WR_SECURITY_SECURE);
    assert_int_equal(answer.authorities, 1); /* the proof, no SOA */
    assert_int_equal(answer.authority[0].type, WR_TYPE_NSEC);
    nothing("x.w.example.", WR_TYPE_MX);                     /* has its own */
    denied("q.y.w.example.", WR_TYPE_MX, WR_RCODE_NXDOMAIN); /* something is closer: y.w */
    assert_int_equal(find_at("q.w.example.", WR_TYPE_MX, T0 + 100), WR_FOUND_NOTHING);
}

/* The owner's floor makes nothing of a zone live longer than it was signed for. */
static void test_no_floor(void **state)
{
    policy.min_s = 5000;
    learn_wildcard(WR_TYPE_MX, "1 ai.example.", 100);
    learn_zone();
    assert_int_equal(find_at("q.w.example.", WR_TYPE_MX, T0 + 99), WR_FOUND_FRESH);
    assert_int_equal(find_at("q.w.example.", WR_TYPE_MX, T0 + 100), WR_FOUND_NOTHING);
    assert_int_equal(find_at("ml.example.", WR_TYPE_A, T0 + 299), WR_FOUND_FRESH);
    assert_int_equal(find_at("ml.example.", WR_TYPE_A, T0 + 300), WR_FOUND_NOTHING);
    policy.min_s = 0;
}

/* The alias that a wildcard gives leads on: here to a name that is not there. */
static void test_wildcard_alias(void **state)
{
    begin();
    soa("example.", 1000);
    add("example.", "example.", WR_TYPE_NSEC, "*.w.example. NS SOA RRSIG NSEC", 1000);
    add("example.", "*.w.example.", WR_TYPE_NSEC, "example. CNAME RRSIG NSEC", 1000);
    learn();
    learn_wildcard(WR_TYPE_CNAME, "ml.example.", 100);
    assert_int_equal(find("q.w.example.", WR_TYPE_A), WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.answers, 1);
    assert_int_equal(answer.answer[0].type, WR_TYPE_CNAME);
    assert_int_equal(answer.ttl, 100);
}

static void learn_hashed(const char *front)
{
    static char text[DENIALS_NSEC3][160];
    begin();
    soa("example.", 1000);
    for (size_t i = 0; i < DENIALS_NSEC3; i++) {
        snprintf(text[i], sizeof(text[i]), "%s%s", front,
                 denials_nsec3[i].rdata + strlen("1 1 12 aabbccdd"));
        add("example.", denials_nsec3[i].owner, WR_TYPE_NSEC3, text[i], 1000);
    }
    learn();
}

static void test_hashed_denials(void **state)
{
    learn_hashed("1 1 12 aabbccdd"); /* opt-out */
    nothing("a.c.x.w.example.", WR_TYPE_A);
    learn_hashed("1 0 12 aabbccdd");
    denied("a.c.x.w.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    denied("ns1.example.", WR_TYPE_MX, WR_RCODE_NOERROR);
    denied("Y.w.example.", WR_TYPE_A, WR_RCODE_NOERROR);      /* an empty non-terminal */
    denied("a.z.w.example.", WR_TYPE_AAAA, WR_RCODE_NOERROR); /* by the wildcard */
    nothing("ns1.example.", WR_TYPE_A);
    nothing("a.example.", WR_TYPE_DS);
    nothing("x.a.example.", WR_TYPE_A); /* below a zone cut */
    settings.policy.nsec3_iterations = 11;
    nothing("ns1.example.", WR_TYPE_MX);
}

/* A name of very many labels costs no more than the bound. */
static void test_hashing_is_bounded(void **state)
{
    char name[256] = "";
    learn_hashed("1 0 12 aabbccdd");
    for (int i = 0; i < 110; i++) {
        strcat(name, "a.");
    }
    strcat(name, "example.");
    nothing(name, WR_TYPE_A);
}

/* RFC 8020. */
static void keep_nxdomain(uint8_t security)
{
    struct wr_question q = {.name = denials_name("b.test."), .type = WR_TYPE_A, .dnssec_ok = true};
    struct denials_row row = {"test.", "ns1.example. hm.example. 1 2 3 4 300"};
    denials_make(&row, WR_TYPE_SOA, &made[0]);
    wr_cache_flush(cache, (const uint8_t *)"");
    wr_answer_clear(&answer);
    answer.rcode = WR_RCODE_NXDOMAIN;
    answer.security = security;
    answer.authority[0] = made[0].set;
    answer.authority[0].ttl = 1000;
    answer.authority[0].security = security;
    answer.authorities = 1;
    assert_int_equal(wr_answer_keep(cache, &policy, &q, T0, &room, &answer), 0);
}

static void test_nothing_below_nothing(void **state)
{
    static const struct {
        uint8_t cut, security;
        bool found;
    } rows[] = {{WR_NXDOMAIN_CUT_SECURE, WR_SECURITY_SECURE, true},
                {WR_NXDOMAIN_CUT_SECURE, WR_SECURITY_INSECURE, false},
                {WR_NXDOMAIN_CUT_ALWAYS, WR_SECURITY_INSECURE, true},
                {WR_NXDOMAIN_CUT_OFF, WR_SECURITY_SECURE, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        settings.nxdomain_cut = rows[i].cut;
        keep_nxdomain(rows[i].security);
        assert_int_equal(find("a.b.test.", WR_TYPE_TXT),
                         rows[i].found ? WR_FOUND_FRESH : WR_FOUND_NOTHING);
        assert_int_equal(find("x.y.a.b.test.", WR_TYPE_TXT),
                         rows[i].found ? WR_FOUND_FRESH : WR_FOUND_NOTHING);
        if (rows[i].found) {
            assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
            assert_int_equal(answer.security, rows[i].security);
            assert_int_equal(answer.authority[0].ttl, 300);
        }
        nothing("c.test.", WR_TYPE_TXT);
        nothing("test.", WR_TYPE_TXT);
    }
    settings.nxdomain_cut = WR_NXDOMAIN_CUT_SECURE;
    keep_nxdomain(WR_SECURITY_SECURE);
    anchor("a.b.test. " DS);
    nothing("x.a.b.test.", WR_TYPE_TXT);
    assert_int_equal(find("x.c.b.test.", WR_TYPE_TXT), WR_FOUND_FRESH);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_denials),
        T(test_what_is_not_denied),
        T(test_below_a_dname),
        T(test_child_and_parent),
        T(test_ends),
        T(test_rules_of_the_owner),
        T(test_without_a_soa),
        T(test_what_is_not_learnt),
        T(test_anchors_and_settings),
        T(test_checking_disabled),
        T(test_a_flush_empties),
        T(test_routes),
        T(test_wildcards),
        T(test_no_floor),
        T(test_wildcard_alias),
        T(test_hashed_denials),
        T(test_hashing_is_bounded),
        T(test_nothing_below_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
