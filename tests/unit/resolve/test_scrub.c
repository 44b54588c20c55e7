/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include <stdio.h>

#include "resolve/scrub.h"

#define SOA       "ns.example. hm.example. 1 2 3 4 60"
#define SIG(type) type " 8 2 60 20300101000000 20200101000000 1 example. AAAA"

static uint8_t room[65535];
static _Alignas(8) uint8_t block[2 * WR_RRSET_SIZE_MAX];
static struct wr_arena arena;
static struct wr_answer answer;
static enum wr_response kind;

static int scrub_in(const char *zone, const char *qname, uint16_t qtype, uint16_t rcode,
                    const struct wire_rr *rrs, unsigned count)
{
    struct wr_msg m;
    struct wr_name q = wire_name(qname), z = wire_name(zone);
    wire_response(room, sizeof(room), qname, qtype, 0, rcode, rrs, count, &m);
    wr_arena_init(&arena, block, sizeof(block));
    struct wr_scrub what = {
        .qname = q.wire, .qtype = qtype, .bailiwick = z.wire, .rank = WR_RANK_ANSWER};
    return wr_scrub(&m, &what, &arena, &answer, &kind);
}

#define SCRUB(zone, qname, qtype, rcode, ...)                                  \
    scrub_in(zone, qname, qtype, rcode, (const struct wire_rr[]){__VA_ARGS__}, \
             sizeof((const struct wire_rr[]){__VA_ARGS__}) / sizeof(struct wire_rr))

static void test_what_belongs_stays(void **state)
{
    assert_int_equal(SCRUB(".", "x.example.", WR_TYPE_A, 0,
                           WIRE_AN("x.example.", WR_TYPE_A, 70, "192.0.2.1"),
                           WIRE_AN("X.example.", WR_TYPE_A, 50, "192.0.2.2"),
                           WIRE_AN("x.example.", WR_TYPE_A, 60, "192.0.2.1"),
                           WIRE_AN("x.example.", WR_TYPE_RRSIG, 60, SIG("A"))),
                     0);
    assert_int_equal(kind, WR_RESPONSE_ANSWER);
    assert_int_equal(answer.answers, 1);
    assert_int_equal(answer.answer[0].records, 2); /* the duplicate is dropped */
    assert_int_equal(answer.answer[0].sigs, 1);
    assert_int_equal(answer.answer[0].ttl, 50); /* one TTL, the least */
    assert_int_equal(answer.ttl, 50);
    assert_int_equal(answer.answer[0].rank, WR_RANK_ANSWER);
}

/* Records nobody asked for, in any section, are the way to poison a cache. */
static void test_what_does_not_belong_goes(void **state)
{
    assert_int_equal(SCRUB(".", "x.example.", WR_TYPE_A, 0,
                           WIRE_AN("x.example.", WR_TYPE_A, 60, "192.0.2.1"),
                           WIRE_AN("bank.test.", WR_TYPE_A, 60, "203.0.113.6"),
                           WIRE_AN("x.example.", WR_TYPE_TXT, 60, "\"x\""),
                           WIRE_NS("bank.test.", WR_TYPE_NS, 60, "evil.example."),
                           WIRE_NS("test.", WR_TYPE_SOA, 60, SOA),
                           WIRE_AR("bank.test.", WR_TYPE_A, 60, "203.0.113.6")),
                     0);
    assert_int_equal(answer.answers, 1);
    assert_int_equal(answer.authorities, 0);
    assert_int_equal(answer.answer[0].records, 1);
}

static void test_chain(void **state)
{
    assert_int_equal(SCRUB(".", "a.example.", WR_TYPE_A, 0,
                           WIRE_AN("c.test.", WR_TYPE_A, 60, "192.0.2.1"),
                           WIRE_AN("b.example.", WR_TYPE_CNAME, 30, "c.test."),
                           WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "b.example.")),
                     0);
    assert_int_equal(kind, WR_RESPONSE_ANSWER);
    assert_int_equal(answer.answers, 3);
    assert_int_equal(answer.answer[1].type, WR_TYPE_CNAME);
    assert_int_equal(answer.answer[2].type, WR_TYPE_A);
    assert_int_equal(answer.ttl, 30);
}

/* A server asked for example. does not speak for test.: the chain is cut there. */
static void test_chain_leaves_the_bailiwick(void **state)
{
    assert_int_equal(SCRUB("example.", "a.example.", WR_TYPE_A, 0,
                           WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "c.test."),
                           WIRE_AN("c.test.", WR_TYPE_A, 60, "203.0.113.6")),
                     0);
    assert_int_equal(kind, WR_RESPONSE_CNAME);
    assert_int_equal(answer.answers, 1);
    assert_string_equal((const char *)wr_answer_last_name(&answer, NULL), "\1c\4test");
}

/* The zone below has servers of its own: what the public ones say of it is cut off, and asked of these. */
static void test_chain_enters_a_zone_with_its_own_route(void **state)
{
    static struct wr_upstreams u;
    static struct wr_route route;
    struct wr_msg m;
    struct wr_name q = wire_name("a.example.");
    route = (struct wr_route){.zone = wire_name("corp.example."), .group = 1};
    u = (struct wr_upstreams){.groups = 2, .routes = 1, .route = &route};
    const struct wire_rr rrs[] = {WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "www.corp.example."),
                                  WIRE_AN("www.corp.example.", WR_TYPE_A, 60, "203.0.113.6")};
    wire_response(room, sizeof(room), "a.example.", WR_TYPE_A, 0, 0, rrs, 2, &m);
    wr_arena_init(&arena, block, sizeof(block));
    struct wr_scrub what = {.qname = q.wire,
                            .qtype = WR_TYPE_A,
                            .bailiwick = (const uint8_t *)"",
                            .upstreams = &u,
                            .rank = WR_RANK_ANSWER};
    assert_int_equal(wr_scrub(&m, &what, &arena, &answer, &kind), 0);
    assert_int_equal(kind, WR_RESPONSE_CNAME);
    assert_int_equal(answer.answers, 1);
    assert_string_equal((const char *)wr_answer_last_name(&answer, NULL), "\3www\4corp\7example");
}

static void test_nxdomain_for_a_foreign_target_is_not_believed(void **state)
{
    assert_int_equal(SCRUB("example.", "a.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN,
                           WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "c.test."),
                           WIRE_NS("test.", WR_TYPE_SOA, 60, SOA)),
                     0);
    assert_int_equal(kind, WR_RESPONSE_CNAME);
    assert_int_equal(answer.rcode, 0);
}

static void test_cname_loop_ends(void **state)
{
    assert_int_equal(SCRUB(".", "a.example.", WR_TYPE_A, 0,
                           WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "b.example."),
                           WIRE_AN("b.example.", WR_TYPE_CNAME, 60, "a.example.")),
                     WR_E_LIMIT);
}

static void test_two_cnames_at_one_name(void **state)
{
    assert_int_equal(SCRUB(".", "a.example.", WR_TYPE_A, 0,
                           WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "b.example."),
                           WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "c.example.")),
                     WR_E_FORMAT);
}

static void test_negative(void **state)
{
    assert_int_equal(SCRUB(".", "a.example.", WR_TYPE_A, WR_RCODE_NXDOMAIN,
                           WIRE_NS("example.", WR_TYPE_SOA, 60, SOA),
                           WIRE_NS("example.", WR_TYPE_RRSIG, 60, SIG("SOA")),
                           WIRE_NS("b.example.", WR_TYPE_NSEC, 60, "c.example. A"),
                           WIRE_NS("other.test.", WR_TYPE_SOA, 60, SOA)),
                     0);
    assert_int_equal(kind, WR_RESPONSE_NXDOMAIN);
    assert_int_equal(answer.rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(answer.authorities, 2);
    assert_int_equal(answer.authority[0].sigs, 1);
    assert_int_equal(
        SCRUB(".", "a.example.", WR_TYPE_A, 0, WIRE_NS("example.", WR_TYPE_SOA, 60, SOA)), 0);
    assert_int_equal(kind, WR_RESPONSE_NODATA);
}

/* The target is delegated without DS and the server says so: nothing of what the child holds is denied. */
static void test_alias_into_an_insecure_child(void **state)
{
    assert_int_equal(SCRUB(".", "a.example.", WR_TYPE_A, 0,
                           WIRE_AN("a.example.", WR_TYPE_CNAME, 60, "b.child.example."),
                           WIRE_NS("child.example.", WR_TYPE_NS, 60, "ns.child.example."),
                           WIRE_NS("child.example.", WR_TYPE_NSEC, 60, "d.example. NS"),
                           WIRE_NS("child.example.", WR_TYPE_RRSIG, 60, SIG("NSEC"))),
                     0);
    assert_int_equal(kind, WR_RESPONSE_CNAME);
    assert_int_equal(answer.answers, 1);
}

/* The proof that a wildcard applies: also of a server that does not copy DO into its response. */
static void test_wildcard_proof(void **state)
{
    assert_int_equal(SCRUB(".", "a.example.", WR_TYPE_A, 0,
                           WIRE_AN("a.example.", WR_TYPE_A, 60, "192.0.2.1"),
                           WIRE_AN("a.example.", WR_TYPE_RRSIG, 60, SIG("A")),
                           WIRE_NS("example.", WR_TYPE_NSEC, 60, "b.example. A"),
                           WIRE_NS("example.", WR_TYPE_RRSIG, 60, SIG("NSEC")),
                           WIRE_NS("example.", WR_TYPE_SOA, 60, SOA)),
                     0);
    assert_int_equal(answer.answers, 1);
    assert_int_equal(answer.authorities, 1);
    assert_int_equal(answer.authority[0].type, WR_TYPE_NSEC);
    assert_int_equal(answer.authority[0].sigs, 1);
}

static void test_dname(void **state)
{
    assert_int_equal(SCRUB(".", "a.old.example.", WR_TYPE_A, 0,
                           WIRE_AN("old.example.", WR_TYPE_DNAME, 60, "new.example."),
                           WIRE_AN("a.old.example.", WR_TYPE_CNAME, 60, "a.new.example."),
                           WIRE_AN("a.new.example.", WR_TYPE_A, 60, "192.0.2.1")),
                     0);
    assert_int_equal(answer.answers, 3);
    /* Left out by the server: made here (RFC 6672 section 3.4). */
    assert_int_equal(SCRUB(".", "a.old.example.", WR_TYPE_A, 0,
                           WIRE_AN("old.example.", WR_TYPE_DNAME, 60, "new.example."),
                           WIRE_AN("a.new.example.", WR_TYPE_A, 60, "192.0.2.1")),
                     0);
    assert_int_equal(answer.answers, 3);
    assert_int_equal(answer.answer[1].type, WR_TYPE_CNAME);
    /* A CNAME that the DNAME does not imply is a lie. */
    assert_int_equal(SCRUB(".", "a.old.example.", WR_TYPE_A, 0,
                           WIRE_AN("old.example.", WR_TYPE_DNAME, 60, "new.example."),
                           WIRE_AN("a.old.example.", WR_TYPE_CNAME, 60, "evil.test.")),
                     WR_E_FORMAT);
}

/* RFC 6672 section 2.2: the name that the DNAME makes is too long. The DNAME is the answer; without one the code is a lie. */
static void test_dname_that_makes_the_name_too_long(void **state)
{
    char name[300] = "", target[300] = "";
    for (unsigned i = 0; i < 3; i++) {
        strcat(name, "a123456789b123456789c123456789d123456789.");
        strcat(target, "a123456789b123456789c123456789d123456789.");
    }
    strcat(name, "old.example.");
    strcat(target, "e123456789.test.");
    for (unsigned said = 0; said < 2; said++) {
        assert_int_equal(SCRUB(".", name, WR_TYPE_A, said ? WR_RCODE_YXDOMAIN : 0,
                               WIRE_AN("old.example.", WR_TYPE_DNAME, 60, target)),
                         0);
        assert_int_equal(kind, WR_RESPONSE_ANSWER);
        assert_int_equal(answer.rcode, WR_RCODE_YXDOMAIN);
        assert_int_equal(answer.answers, 1);
        assert_int_equal(answer.answer[0].type, WR_TYPE_DNAME);
        assert_int_equal(answer.ttl, 60);
    }
    assert_int_equal(SCRUB(".", "a.old.example.", WR_TYPE_A, WR_RCODE_YXDOMAIN,
                           WIRE_AN("old.example.", WR_TYPE_DNAME, 60, "new.example.")),
                     WR_E_FORMAT);
    assert_int_equal(SCRUB("example.", "a.old.example.", WR_TYPE_A, WR_RCODE_YXDOMAIN,
                           WIRE_AN("test.", WR_TYPE_DNAME, 60, target)),
                     WR_E_FORMAT);
}

static void test_a_broken_address_is_left_out(void **state)
{
    static const uint8_t good[4] = {192, 0, 2, 1}, broken[5] = {203, 0, 113, 6, 6};
    struct wr_build b;
    struct wr_msg m;
    struct wr_name q = wire_name("x.example.");
    struct wr_scrub what = {.qname = q.wire, .qtype = WR_TYPE_A, .bailiwick = (const uint8_t *)""};
    wr_build_start(&b, room, sizeof(room), 1, WR_FLAG_QR);
    wr_build_question(&b, q.wire, WR_TYPE_A, WR_CLASS_IN);
    wr_build_rr(&b, WR_SECTION_ANSWER, q.wire, WR_TYPE_A, WR_CLASS_IN, 60, broken, 5);
    wr_build_rr(&b, WR_SECTION_ANSWER, q.wire, WR_TYPE_A, WR_CLASS_IN, 60, good, 4);
    assert_int_equal(wr_msg_parse(&m, room, wr_build_finish(&b, 0)), WR_OK);
    wr_arena_init(&arena, block, sizeof(block));
    assert_int_equal(wr_scrub(&m, &what, &arena, &answer, &kind), WR_OK);
    assert_int_equal(answer.answers, 1);
    assert_int_equal(answer.answer[0].records, 1);
    assert_memory_equal(answer.answer[0].data + 2, good, 4);
}

/* Servers of a zone cut speak for that zone, and not for what is routed elsewhere below it or beside it. */
static void test_a_cut_inside_a_route(void **state)
{
    static const struct {
        const char *cut, *route, *target;
        unsigned answers;
    } rows[] = {
        {"example.", ".", "b.example.", 2},
        {"example.", ".", "b.corp.example.", 1},
        {"example.", ".", "b.test.", 1},
        {"corp.example.", "corp.example.", "b.example.", 1},
        {".", "corp.example.", "b.example.", 1},
        {".", "corp.example.", "b.corp.example.", 2},
    };
    static struct wr_route corp;
    static struct wr_upstreams u;
    corp = (struct wr_route){.zone = wire_name("corp.example."), .group = 1};
    u = (struct wr_upstreams){.routes = 1, .route = &corp, .default_group = WR_GROUP_RECURSE};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool inside = strcmp(rows[i].route, ".") != 0;
        const char *qname = inside ? "a.corp.example." : "a.example.";
        const struct wire_rr rrs[] = {WIRE_AN(qname, WR_TYPE_CNAME, 60, rows[i].target),
                                      WIRE_AN(rows[i].target, WR_TYPE_A, 60, "192.0.2.1")};
        struct wr_name q = wire_name(qname), cut = wire_name(rows[i].cut),
                       route = wire_name(rows[i].route);
        struct wr_scrub what = {.qname = q.wire,
                                .qtype = WR_TYPE_A,
                                .bailiwick = cut.wire,
                                .route = route.wire,
                                .upstreams = &u};
        struct wr_msg m;
        wire_response(room, sizeof(room), qname, WR_TYPE_A, 0, 0, rrs, 2, &m);
        wr_arena_init(&arena, block, sizeof(block));
        assert_int_equal(wr_scrub(&m, &what, &arena, &answer, &kind), WR_OK);
        if (answer.answers != rows[i].answers) {
            fail_msg("row %u: %u sets", i, answer.answers);
        }
    }
}

static void test_too_many_records(void **state)
{
    static struct wire_rr rrs[WR_RRSET_RECORDS_MAX + 1];
    static char text[WR_RRSET_RECORDS_MAX + 1][20];
    for (unsigned i = 0; i <= WR_RRSET_RECORDS_MAX; i++) {
        snprintf(text[i], sizeof(text[i]), "10.0.%u.%u", i / 256, i % 256);
        rrs[i] = (struct wire_rr)WIRE_AN("x.example.", WR_TYPE_A, 60, text[i]);
    }
    assert_int_equal(scrub_in(".", "x.example.", WR_TYPE_A, 0, rrs, WR_RRSET_RECORDS_MAX), 0);
    assert_int_equal(scrub_in(".", "x.example.", WR_TYPE_A, 0, rrs, WR_RRSET_RECORDS_MAX + 1),
                     WR_E_LIMIT);
}

/* Each set is a walk over its section: many sets among thousands of records would cost hundreds of milliseconds. */
static void test_too_many_looks(void **state)
{
    struct wr_build b;
    struct wr_msg m;
    struct wr_name q = wire_name("x.example.");
    struct wr_scrub what = {.qname = q.wire, .qtype = WR_TYPE_A, .bailiwick = (const uint8_t *)""};
    char owner[16];
    for (unsigned fill = 10; fill <= 4000; fill += 3990) {
        wr_build_start(&b, room, sizeof(room), 1, WR_FLAG_QR);
        wr_build_question(&b, q.wire, WR_TYPE_A, WR_CLASS_IN);
        for (unsigned i = 0; i < WR_ANSWER_SETS_MAX; i++) {
            snprintf(owner, sizeof(owner), "n%u.example.", i);
            struct wire_rr rr = WIRE_NS(owner, WR_TYPE_NSEC, 60, "z.example. A");
            wire_put(&b, &rr);
        }
        for (unsigned i = 0; i < fill; i++) {
            assert_int_equal(wr_build_rr(&b, WR_SECTION_AUTHORITY, q.wire, WR_TYPE_A, WR_CLASS_IN,
                                         60, (const uint8_t *)"", 0),
                             WR_OK);
        }
        assert_int_equal(wr_msg_parse(&m, room, wr_build_finish(&b, 0)), WR_OK);
        wr_arena_init(&arena, block, sizeof(block));
        assert_int_equal(wr_scrub(&m, &what, &arena, &answer, &kind),
                         fill < 4000 ? WR_OK : WR_E_LIMIT);
    }
}

/* Signed by example., it may not speak of names outside: neither as a proof nor as an answer, whoever validates. */
static void test_an_nsec_into_another_zone(void **state)
{
    static const struct {
        const char *next, *signer;
        unsigned left;
    } rows[] = {
        {"b.example.", "example.", 1},
        {"example.", "example.", 1}, /* the last one leads to the apex */
        {"b.test.", "example.", 0},
        {"test.", "example.", 0},
        {"b.test.", ".", 1},
        {"a.child.example.", "a.example.", 0},
        {"b.test.", "", 1}, /* unsigned it is no proof for anybody */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char nsec[64], sig[128];
        bool is_signed = rows[i].signer[0] != 0;
        snprintf(nsec, sizeof(nsec), "%s A NSEC", rows[i].next);
        snprintf(sig, sizeof(sig), "NSEC 8 2 60 20300101000000 20200101000000 1 %s AAAA",
                 is_signed ? rows[i].signer : ".");
        const struct wire_rr as_answer[] = {WIRE_AN("a.example.", WR_TYPE_NSEC, 60, nsec),
                                            WIRE_AN("a.example.", WR_TYPE_RRSIG, 60, sig)};
        assert_int_equal(scrub_in(".", "a.example.", WR_TYPE_NSEC, 0, as_answer, 1 + is_signed), 0);
        assert_int_equal(answer.answers, rows[i].left);
        assert_int_equal(kind, rows[i].left ? WR_RESPONSE_ANSWER : WR_RESPONSE_NODATA);
        const struct wire_rr as_proof[] = {WIRE_NS("example.", WR_TYPE_SOA, 60, SOA),
                                           WIRE_NS("a.example.", WR_TYPE_NSEC, 60, nsec),
                                           WIRE_NS("a.example.", WR_TYPE_RRSIG, 60, sig)};
        assert_int_equal(scrub_in(".", "a.example.", WR_TYPE_TXT, 0, as_proof, 2 + is_signed), 0);
        assert_int_equal(answer.authorities, 1 + rows[i].left);
    }
}

/* ANY of a name with more sets than there is room for: some of them, not a failure (RFC 8482 section 4.1). */
static void test_any_of_many_sets(void **state)
{
    static struct wire_rr rrs[40];
    for (unsigned i = 0; i < 40; i++) {
        rrs[i] = (struct wire_rr)WIRE_AN("x.example.", (uint16_t)(4000 + i), 60, "\\# 1 01");
    }
    assert_int_equal(scrub_in(".", "x.example.", WR_TYPE_ANY, 0, rrs, 5), 0);
    assert_int_equal(answer.answers, 5);
    assert_int_equal(scrub_in(".", "x.example.", WR_TYPE_ANY, 0, rrs, 40), 0);
    assert_int_equal(kind, WR_RESPONSE_ANSWER);
    assert_int_equal(answer.answers, WR_ANSWER_ANY_SETS_MAX);
}

static void test_little_memory(void **state)
{
    struct wr_msg m;
    struct wr_name q = wire_name("x.example.");
    const struct wire_rr rr = WIRE_AN("x.example.", WR_TYPE_A, 60, "192.0.2.1");
    wire_response(room, sizeof(room), "x.example.", WR_TYPE_A, 0, 0, &rr, 1, &m);
    struct wr_scrub what = {.qname = q.wire, .qtype = WR_TYPE_A, .bailiwick = (const uint8_t *)""};
    for (size_t cap = 0; cap < 2048; cap += 64) {
        wr_arena_init(&arena, block, cap);
        int err = wr_scrub(&m, &what, &arena, &answer, &kind);
        assert_true(err == 0 || err == WR_E_NOMEM || err == WR_E_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_belongs_stays),
        cmocka_unit_test(test_what_does_not_belong_goes),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_chain_leaves_the_bailiwick),
        cmocka_unit_test(test_chain_enters_a_zone_with_its_own_route),
        cmocka_unit_test(test_nxdomain_for_a_foreign_target_is_not_believed),
        cmocka_unit_test(test_cname_loop_ends),
        cmocka_unit_test(test_two_cnames_at_one_name),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_alias_into_an_insecure_child),
        cmocka_unit_test(test_wildcard_proof),
        cmocka_unit_test(test_dname),
        cmocka_unit_test(test_dname_that_makes_the_name_too_long),
        cmocka_unit_test(test_a_broken_address_is_left_out),
        cmocka_unit_test(test_a_cut_inside_a_route),
        cmocka_unit_test(test_too_many_records),
        cmocka_unit_test(test_too_many_looks),
        cmocka_unit_test(test_an_nsec_into_another_zone),
        cmocka_unit_test(test_any_of_many_sets),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
