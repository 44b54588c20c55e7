/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "resolve/cut.h"

#define CACHE ((size_t)512 * 1024)
#define T0    1000u
#define DS    "1 13 2 0102030405060708091011121314151617181920212223242526272829303132"

static void *block;
static struct wr_cache *cache;
static struct wr_answer_room room;
static struct wr_ttl_policy policy;
static struct wr_cut cut, found;
static uint8_t wire[65535];
static struct wr_msg msg;
static _Alignas(8) uint8_t arena_block[2 * WR_RRSET_SIZE_MAX], scratch[WR_CACHE_SCRATCH_SIZE];
static _Alignas(8) uint8_t cut_block[2 * WR_RRSET_SIZE_MAX];
static struct wr_arena arena;

static int setup(void **state)
{
    struct wr_hash_key key = {{3, 4}};
    block = aligned_alloc(64, CACHE);
    policy = (struct wr_ttl_policy){.max_s = 86400, .max_negative_s = 3600};
    wr_arena_init(&room.arena, arena_block, sizeof(arena_block));
    room.scratch = scratch;
    memset(&cut, 0, sizeof(cut));
    return wr_cache_format(block, CACHE, &key, &cache);
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

static int refer(const char *zone, const char *qname, const struct wire_rr *rrs, unsigned count)
{
    struct wr_name z = wire_name(zone), q = wire_name(qname);
    wire_response(wire, sizeof(wire), qname, WR_TYPE_A, 0, 0, rrs, count, &msg);
    wr_arena_init(&arena, cut_block, sizeof(cut_block));
    return wr_cut_from_referral(&msg, z.wire, q.wire, &arena, &cut);
}

#define REFER(zone, qname, ...)                               \
    refer(zone, qname, (const struct wire_rr[]){__VA_ARGS__}, \
          sizeof((const struct wire_rr[]){__VA_ARGS__}) / sizeof(struct wire_rr))

static bool is_zone(const struct wr_cut *c, const char *name)
{
    return wr_name_equal(c->zone, wire_name(name).wire);
}

static void test_a_referral(void **state)
{
    assert_int_equal(REFER("com.", "www.example.com.",
                           WIRE_NS("EXAMPLE.com.", WR_TYPE_NS, 300, "ns1.example.com."),
                           WIRE_NS("example.com.", WR_TYPE_NS, 200, "ns2.other.net."),
                           WIRE_NS("example.com.", WR_TYPE_DS, 100, DS),
                           WIRE_AR("ns1.example.com.", WR_TYPE_A, 60, "192.0.2.1"),
                           WIRE_AR("ns1.example.com.", WR_TYPE_AAAA, 60, "2001:db8::1")),
                     0);
    assert_true(is_zone(&cut, "example.com."));
    assert_int_equal(cut.ns.records, 2);
    assert_int_equal(cut.ns.ttl, 200);
    assert_int_equal(cut.glues, 2);
    assert_int_equal(cut.ds.answers, 1);
    assert_int_equal(cut.ds.answer[0].type, WR_TYPE_DS);
}

/* Only what leads strictly down from the zone asked, and towards the name, is a delegation. */
static void test_directions(void **state)
{
    static const struct {
        const char *zone, *qname, *owner;
        int err;
    } rows[] = {
        {"com.", "www.example.com.", "example.com.", 0},
        {"com.", "www.example.com.", "www.example.com.", 0},
        {".", "www.example.com.", "com.", 0},
        {"com.", "www.example.com.", "com.", WR_E_NOTFOUND},               /* itself */
        {"com.", "www.example.com.", ".", WR_E_NOTFOUND},                  /* upward */
        {"com.", "www.example.com.", "other.com.", WR_E_NOTFOUND},         /* sideways */
        {"com.", "www.example.com.", "example.net.", WR_E_NOTFOUND},       /* elsewhere */
        {"com.", "www.example.com.", "x.www.example.com.", WR_E_NOTFOUND}, /* below the name */
        {"example.com.", "www.example.com.", "com.", WR_E_NOTFOUND},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int err = REFER(rows[i].zone, rows[i].qname,
                        WIRE_NS(rows[i].owner, WR_TYPE_NS, 60, "ns.example.org."));
        if (err != rows[i].err) {
            fail_msg("row %u: %d", i, err);
        }
    }
}

static void test_the_deepest_of_several(void **state)
{
    assert_int_equal(REFER("com.", "www.example.com.",
                           WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.a.org."),
                           WIRE_NS("www.example.com.", WR_TYPE_NS, 60, "ns.b.org."),
                           WIRE_NS("com.", WR_TYPE_NS, 60, "ns.c.org.")),
                     0);
    assert_true(is_zone(&cut, "www.example.com."));
    assert_int_equal(cut.ns.records, 1);
}

/* Addresses of names that the referring servers do not speak for, or that no NS names, are poison. */
static void test_glue_has_a_bailiwick(void **state)
{
    assert_int_equal(REFER("com.", "www.example.com.",
                           WIRE_AN("ns.example.com.", WR_TYPE_A, 60, "203.0.113.66"),
                           WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.example.com."),
                           WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.bank.net."),
                           WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.sister.com."),
                           WIRE_AR("ns.example.com.", WR_TYPE_A, 60, "192.0.2.1"),
                           WIRE_AR("ns.bank.net.", WR_TYPE_A, 60, "203.0.113.66"),
                           WIRE_AR("ns.sister.com.", WR_TYPE_A, 60, "192.0.2.2"),
                           WIRE_AR("www.bank.com.", WR_TYPE_A, 60, "203.0.113.66"),
                           WIRE_AR("ns.example.com.", WR_TYPE_TXT, 60, "\"x\"")),
                     0);
    assert_int_equal(cut.ns.records, 3);
    assert_int_equal(cut.glues, 2);
    assert_true(wr_name_equal(cut.glue[0].owner, wire_name("ns.example.com.").wire));
    assert_int_equal(cut.glue[0].records, 1);
    assert_true(wr_name_equal(cut.glue[1].owner, wire_name("ns.sister.com.").wire));
}

static void test_ds_of_another_zone_is_left_out(void **state)
{
    assert_int_equal(REFER("com.", "www.example.com.",
                           WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.example.com."),
                           WIRE_NS("bank.com.", WR_TYPE_DS, 60, DS),
                           WIRE_NS("com.", WR_TYPE_NSEC, 60, "b.com. NS"),
                           WIRE_NS("bank.net.", WR_TYPE_NSEC, 60, "c.net. NS")),
                     0);
    assert_int_equal(cut.ds.answers, 0);
    assert_int_equal(cut.ds.authorities, 1);
    assert_int_equal(cut.ds.authority[0].type, WR_TYPE_NSEC);
}

static void test_more_glue_than_there_is_room_for(void **state)
{
    static char names[WR_CUT_GLUE_MAX + 8][32];
    static struct wire_rr rrs[2 * (WR_CUT_GLUE_MAX + 8)];
    unsigned n = WR_CUT_GLUE_MAX + 8;
    for (unsigned i = 0; i < n; i++) {
        snprintf(names[i], sizeof(names[i]), "n%u.example.com.", i);
        rrs[i] = (struct wire_rr)WIRE_NS("example.com.", WR_TYPE_NS, 60, names[i]);
        rrs[n + i] = (struct wire_rr)WIRE_AR(names[i], WR_TYPE_A, 60, "192.0.2.1");
    }
    assert_int_equal(refer("com.", "www.example.com.", rrs, 2 * n), 0);
    assert_int_equal(cut.ns.records, n);
    assert_int_equal(cut.glues, WR_CUT_GLUE_MAX);
}

static void test_little_memory(void **state)
{
    struct wr_name z = wire_name("com."), q = wire_name("www.example.com.");
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns1.example.com."),
          WIRE_NS("example.com.", WR_TYPE_DS, 60, DS),
          WIRE_AR("ns1.example.com.", WR_TYPE_A, 60, "192.0.2.1"));
    for (size_t cap = 0; cap < 4096; cap += 64) {
        wr_arena_init(&arena, cut_block, cap);
        int err = wr_cut_from_referral(&msg, z.wire, q.wire, &arena, &cut);
        assert_true(err == WR_OK || err == WR_E_NOMEM || err == WR_E_LIMIT);
    }
}

static void keep(uint32_t now_s)
{
    wr_cut_keep(cache, &policy, now_s, &room, &cut);
}

static int find(const char *name, bool above, uint32_t now_s)
{
    struct wr_name n = wire_name(name);
    return wr_cut_find(cache, n.wire, above, now_s, &room, &found);
}

static void test_the_deepest_that_is_known(void **state)
{
    REFER(".", "www.example.com.", WIRE_NS("com.", WR_TYPE_NS, 600, "a.gtld.net."));
    keep(T0);
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 300, "ns1.example.com."),
          WIRE_AR("ns1.example.com.", WR_TYPE_A, 60, "192.0.2.1"));
    keep(T0);
    assert_int_equal(find("a.b.example.com.", false, T0), 0);
    assert_true(is_zone(&found, "example.com."));
    assert_int_equal(found.glues, 1);
    assert_int_equal(found.ns.records, 1);
    assert_int_equal(find("EXAMPLE.COM.", false, T0), 0);
    assert_true(is_zone(&found, "example.com."));
    assert_int_equal(find("example.com.", true, T0), 0); /* DS lives above */
    assert_true(is_zone(&found, "com."));
    assert_int_equal(find("example.org.", false, T0), WR_E_NOTFOUND);
    assert_int_equal(find(".", false, T0), WR_E_NOTFOUND);
    assert_int_equal(find(".", true, T0), WR_E_NOTFOUND);
    wr_cut_forget(cache, wire_name("example.com.").wire);
    assert_int_equal(find("www.example.com.", false, T0), 0);
    assert_true(is_zone(&found, "com."));
}

static void test_it_ends_with_its_ttl(void **state)
{
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 300, "ns.a.org."));
    keep(T0);
    assert_int_equal(find("example.com.", false, T0 + 100), 0);
    assert_int_equal(found.ns.ttl, 200); /* what is left: a delegation below lives no longer */
    assert_int_equal(find("example.com.", false, T0 + 299), 0);
    assert_int_equal(find("example.com.", false, T0 + 300), WR_E_NOTFOUND);
    REFER("com.", "www.other.com.", WIRE_NS("other.com.", WR_TYPE_NS, 0, "ns.a.org."));
    keep(T0);
    assert_int_equal(find("other.com.", false, T0), WR_E_NOTFOUND); /* TTL 0: for this once */
    policy.max_s = 50;
    REFER("com.", "www.long.com.", WIRE_NS("long.com.", WR_TYPE_NS, 999999, "ns.a.org."));
    keep(T0);
    assert_int_equal(find("long.com.", false, T0 + 49), 0);
    assert_int_equal(find("long.com.", false, T0 + 50), WR_E_NOTFOUND);
}

/* The owner's floor is for answers: a zone that was taken away would live on below its apex, one label deeper each time. */
static void test_no_floor_lengthens_it(void **state)
{
    struct wr_ttl_rule rule = {.name = wire_name("sub.example.com."), .min_s = 900, .max_s = 900};
    policy.min_s = 300;
    policy.rule = &rule;
    policy.rules = 1;
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 20, "ns.a.org."));
    keep(T0);
    assert_int_equal(find("example.com.", false, T0 + 19), 0);
    assert_int_equal(find("example.com.", false, T0 + 20), WR_E_NOTFOUND);
    REFER("example.com.", "sub.example.com.",
          WIRE_NS("sub.example.com.", WR_TYPE_NS, 20, "ns.a.org."));
    keep(T0);
    assert_int_equal(find("sub.example.com.", false, T0 + 20), WR_E_NOTFOUND);
    cut.ns.ttl = 0; /* nothing was left of the one above it */
    keep(T0);
    assert_int_equal(find("sub.example.com.", false, T0 + 20), WR_E_NOTFOUND);
}

/* A delegation is no answer, and an answer is no delegation (ghost domains). */
static void test_apart_from_answers(void **state)
{
    static struct wr_answer answer;
    struct wr_question q = {.name = wire_name("example.com."), .type = WR_TYPE_NS};
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 300, "ns.a.org."));
    keep(T0);
    for (unsigned cd = 0; cd < 2; cd++) {
        q.checking_disabled = cd;
        assert_int_equal(wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, &answer),
                         WR_FOUND_NOTHING);
    }
    wr_answer_clear(&answer);
    q.name = wire_name("child.net.");
    REFER("net.", "child.net.", WIRE_NS("child.net.", WR_TYPE_NS, 300, "ns.a.org."));
    answer.answers = 1;
    answer.answer[0] = cut.ns;
    answer.answer[0].rank = WR_RANK_AUTH_ANSWER;
    wr_answer_keep(cache, &policy, &q, T0, &room, &answer);
    assert_int_equal(find("child.net.", false, T0), WR_E_NOTFOUND);
}

static enum wr_found find_ds(const char *name, struct wr_answer *answer)
{
    struct wr_question q = {
        .name = wire_name(name), .type = WR_TYPE_DS, .checking_disabled = true, .dnssec_ok = true};
    return wr_answer_find(cache, &policy, NULL, &q, T0, false, &room, answer);
}

static void test_ds_serves_the_validator(void **state)
{
    static struct wr_answer answer;
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 300, "ns.a.org."),
          WIRE_NS("example.com.", WR_TYPE_DS, 300, DS));
    keep(T0);
    assert_int_equal(find_ds("example.com.", &answer), WR_FOUND_FRESH);
    assert_int_equal(answer.answers, 1);
    REFER("com.", "www.plain.com.", WIRE_NS("plain.com.", WR_TYPE_NS, 300, "ns.a.org."),
          WIRE_NS("plain.com.", WR_TYPE_NSEC, 300, "q.com. NS"));
    keep(T0);
    assert_int_equal(find_ds("plain.com.", &answer), WR_FOUND_FRESH);
    assert_int_equal(answer.answers, 0);
    assert_int_equal(answer.authorities, 1);
    REFER("com.", "www.mute.com.", WIRE_NS("mute.com.", WR_TYPE_NS, 300, "ns.a.org."));
    keep(T0);
    assert_int_equal(find_ds("mute.com.", &answer), WR_FOUND_NOTHING); /* nothing was said of it */
}

/* Servers inside the zone and no address: remembered, it would hide the zone for as long as it lives. */
static void test_a_delegation_to_nowhere_is_not_kept(void **state)
{
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 300, "n1.example.com."),
          WIRE_NS("example.com.", WR_TYPE_NS, 300, "example.com."));
    keep(T0);
    assert_int_equal(find("example.com.", false, T0), WR_E_NOTFOUND);
    REFER("com.", "www.example.com.", WIRE_NS("example.com.", WR_TYPE_NS, 300, "n1.example.com."),
          WIRE_NS("example.com.", WR_TYPE_NS, 300, "n1.example.net."));
    keep(T0);
    assert_int_equal(find("example.com.", false, T0), 0);
    const struct wire_rr bare = WIRE_AN(".", WR_TYPE_NS, 500, "a.root.");
    struct wr_name root = wire_name(".");
    wire_response(wire, sizeof(wire), ".", WR_TYPE_NS, WR_FLAG_AA, 0, &bare, 1, &msg);
    wr_arena_init(&arena, cut_block, sizeof(cut_block));
    assert_int_equal(wr_cut_from_priming(&msg, root.wire, &arena, &cut), 0);
    keep(T0);
    assert_int_equal(find(".", false, T0), WR_E_NOTFOUND);
}

static void test_priming(void **state)
{
    struct wr_name root = wire_name(".");
    const struct wire_rr rrs[] = {WIRE_AN(".", WR_TYPE_NS, 500, "a.root."),
                                  WIRE_AN(".", WR_TYPE_NS, 500, "b.root."),
                                  WIRE_AR("a.root.", WR_TYPE_A, 500, "192.0.2.1"),
                                  WIRE_AR("evil.test.", WR_TYPE_A, 500, "203.0.113.66")};
    wire_response(wire, sizeof(wire), ".", WR_TYPE_NS, WR_FLAG_AA, 0, rrs, 4, &msg);
    wr_arena_init(&arena, cut_block, sizeof(cut_block));
    assert_int_equal(wr_cut_from_priming(&msg, root.wire, &arena, &cut), 0);
    assert_int_equal(cut.glues, 1);
    keep(T0);
    assert_int_equal(find("www.example.com.", false, T0), 0);
    assert_true(is_zone(&found, "."));
    assert_int_equal(found.ns.records, 2);
    wire_response(wire, sizeof(wire), ".", WR_TYPE_NS, WR_FLAG_AA, 0, NULL, 0, &msg);
    assert_int_equal(wr_cut_from_priming(&msg, root.wire, &arena, &cut), WR_E_NOTFOUND);
}

/* What a zone says of its own servers is no delegation and no answer, and lives no longer than what its parent granted. */
static void test_servers_that_a_zone_names_itself(void **state)
{
    struct wr_name zone = wire_name("example.com."), other = wire_name("www.example.com.");
    const struct wire_rr rrs[] = {
        WIRE_AN("www.example.com.", WR_TYPE_A, 60, "192.0.2.80"),
        WIRE_NS("example.com.", WR_TYPE_NS, 9999, "ns.example.com."),
        WIRE_NS("example.com.", WR_TYPE_NS, 9999, "ns.example.net."),
        WIRE_NS("com.", WR_TYPE_NS, 9999, "evil.test."),
        WIRE_AR("ns.example.net.", WR_TYPE_A, 9999, "203.0.113.66"),
    };
    const struct wire_rr asked = WIRE_AN("example.com.", WR_TYPE_NS, 20, "ns.example.net.");
    struct wr_rrset ns;
    wire_response(wire, sizeof(wire), "www.example.com.", WR_TYPE_A, WR_FLAG_AA, 0, rrs, 5, &msg);
    wr_arena_init(&arena, cut_block, sizeof(cut_block));
    assert_int_equal(wr_cut_own_from_answer(&msg, other.wire, &arena, &ns), WR_E_NOTFOUND);
    assert_int_equal(wr_cut_own_from_answer(&msg, zone.wire, &arena, &ns), WR_OK);
    assert_int_equal(ns.records, 2);
    wr_cut_keep_own(cache, T0, &room, &ns, 0);
    assert_int_equal(wr_cut_find_own(cache, zone.wire, T0, &room, &ns), WR_E_NOTFOUND);
    wr_arena_init(&arena, cut_block, sizeof(cut_block));
    assert_int_equal(wr_cut_own_from_answer(&msg, zone.wire, &arena, &ns), WR_OK);
    wr_cut_keep_own(cache, T0, &room, &ns, 50);
    assert_int_equal(find("www.example.com.", false, T0), WR_E_NOTFOUND);
    assert_int_equal(wr_cut_find_own(cache, zone.wire, T0 + 49, &room, &ns), WR_OK);
    assert_int_equal(ns.records, 2);
    assert_int_equal(ns.ttl, 1);
    assert_int_equal(wr_cut_find_own(cache, other.wire, T0, &room, &ns), WR_E_NOTFOUND);
    assert_int_equal(wr_cut_find_own(cache, zone.wire, T0 + 50, &room, &ns), WR_E_NOTFOUND);
    wire_response(wire, sizeof(wire), "example.com.", WR_TYPE_NS, WR_FLAG_AA, 0, &asked, 1, &msg);
    wr_arena_init(&arena, cut_block, sizeof(cut_block));
    assert_int_equal(wr_cut_own_from_answer(&msg, zone.wire, &arena, &ns), WR_OK);
    wr_cut_keep_own(cache, T0, &room, &ns, 50);
    assert_int_equal(wr_cut_find_own(cache, zone.wire, T0 + 20, &room, &ns), WR_E_NOTFOUND);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_referral),
        CASE(test_directions),
        CASE(test_the_deepest_of_several),
        CASE(test_glue_has_a_bailiwick),
        CASE(test_ds_of_another_zone_is_left_out),
        CASE(test_more_glue_than_there_is_room_for),
        CASE(test_little_memory),
        CASE(test_the_deepest_that_is_known),
        CASE(test_it_ends_with_its_ttl),
        CASE(test_no_floor_lengthens_it),
        CASE(test_apart_from_answers),
        CASE(test_ds_serves_the_validator),
        CASE(test_a_delegation_to_nowhere_is_not_kept),
        CASE(test_priming),
        CASE(test_servers_that_a_zone_names_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
