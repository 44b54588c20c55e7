/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"
#include "resolve/iter.h"

#define CACHE ((size_t)512 * 1024)
#define T0    (1000 * WR_S)
#define SOA   "ns.example. hm.example. 1 2 3 4 60"
#define SLOTS 64

static void *block;
static struct wr_answer_room room;
static struct wr_ttl_policy policy;
static struct wr_upstreams u;
static struct wr_hints hints;
static struct wr_upstream_state st[WR_UPSTREAMS_MAX + SLOTS];
static struct wr_rng rng;
static struct wr_iter_env env;
static struct wr_peers peers;
static struct wr_iter it;
static struct wr_question asked;
static struct wr_name name;
static uint16_t type;
static uint8_t wire[65535];
static struct wr_msg msg;
static _Alignas(8) uint8_t arena_block[2 * WR_RRSET_SIZE_MAX], scratch[WR_CACHE_SCRATCH_SIZE];

static const uint8_t root[1] = {0};

static int setup(void **state)
{
    struct wr_hash_key key = {{3, 4}};
    block = aligned_alloc(64, CACHE);
    policy = (struct wr_ttl_policy){.max_s = 86400, .max_negative_s = 3600};
    wr_arena_init(&room.arena, arena_block, sizeof(arena_block));
    room.scratch = scratch;
    memset(st, 0, sizeof(st));
    memset(&it, 0, sizeof(it));
    wr_rng_seed_u64(&rng, 3);
    hints = (struct wr_hints){.count = 2};
    assert_int_equal(wr_addr_from_text("198.51.100.1:53", &hints.addr[0]), 0);
    assert_int_equal(wr_addr_from_text("[2001:db8::1]:53", &hints.addr[1]), 0);
    u = (struct wr_upstreams){.hints = &hints, .ipv4 = true, .minimise = true, .groups = 1};
    env = (struct wr_iter_env){
        .upstreams = &u, .infra = {st, SLOTS, key}, .ttl = &policy, .room = &room, .rng = &rng};
    return wr_cache_format(block, CACHE, &key, &env.cache);
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

static void start(const char *qname, uint16_t qtype)
{
    asked = (struct wr_question){.name = wire_name(qname), .type = qtype};
    memset(&it, 0, sizeof(it));
    wr_iter_start(&it, &env, &asked, &peers, WR_GROUP_RECURSE, root, T0);
}

static enum wr_iter_do next(void)
{
    return wr_iter_next(&it, &env, T0, &name, &type);
}

static void response(uint16_t flags, uint16_t rcode, const struct wire_rr *rrs, unsigned count)
{
    char qname[WR_NAME_TEXT_SIZE];
    wr_name_to_text(it.question.name.wire, qname, sizeof(qname));
    wire_response(wire, sizeof(wire), qname, it.question.type, flags, rcode, rrs, count, &msg);
}

static bool refer(const struct wire_rr *rrs, unsigned count)
{
    response(0, 0, rrs, count);
    return wr_iter_lead_on(&it, &env, &msg, WR_RESPONSE_REFERRAL, T0);
}

#define REFER(...)                               \
    refer((const struct wire_rr[]){__VA_ARGS__}, \
          sizeof((const struct wire_rr[]){__VA_ARGS__}) / sizeof(struct wire_rr))

static bool shows(const char *qname, uint16_t qtype)
{
    return it.question.type == qtype && wr_name_equal(it.question.name.wire, wire_name(qname).wire);
}

static bool has_peer(const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    for (unsigned i = 0; i < peers.count; i++) {
        if (wr_addr_same_ip(&peers.peer[i].addr, &a)) {
            return true;
        }
    }
    return false;
}

/* From the hints to a cut, as servers of the root would tell. */
static void at_com(const char *qname, uint16_t qtype)
{
    wr_cache_flush(env.cache, root);
    start(qname, qtype);
    assert_int_equal(next(), WR_ITER_DO_PRIME);
    assert_int_equal(next(), WR_ITER_DO_WAIT);
    wr_iter_primed(&it);
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(REFER(WIRE_NS("com.", WR_TYPE_NS, 600, "ns.com."),
                      WIRE_AR("ns.com.", WR_TYPE_A, 600, "198.51.100.2")));
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(has_peer("198.51.100.2"));
}

static void test_from_the_hints_down(void **state)
{
    start("www.example.com.", WR_TYPE_AAAA);
    assert_int_equal(it.state, WR_ITER_START);
    assert_int_equal(next(), WR_ITER_DO_PRIME);
    assert_int_equal(it.state, WR_ITER_WAITING);
    wr_iter_primed(&it);
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_int_equal(it.state, WR_ITER_ASKING);
    assert_int_equal(peers.count, 1); /* the hint of the family that may be used */
    assert_true(shows("com.", WR_TYPE_A));
    assert_false(wr_iter_is_whole(&it));
    assert_int_equal(next(), WR_ITER_DO_WAIT); /* somebody is asking */
    assert_true(REFER(WIRE_NS("com.", WR_TYPE_NS, 600, "ns.com."),
                      WIRE_AR("ns.com.", WR_TYPE_A, 600, "198.51.100.2")));
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(shows("example.com.", WR_TYPE_A));
    response(WR_FLAG_AA, 0, NULL, 0);
    assert_true(wr_iter_lead_on(&it, &env, &msg, WR_RESPONSE_NODATA, T0)); /* no cut there */
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(shows("www.example.com.", WR_TYPE_AAAA));
    assert_true(wr_iter_is_whole(&it));
    assert_true(has_peer("198.51.100.2"));
}

/* The root's own NS set is what priming asks for: it is asked of the hints, and waits for nobody. */
static void test_priming_does_not_wait_for_itself(void **state)
{
    start(".", WR_TYPE_NS);
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(wr_iter_is_whole(&it));
}

static void test_no_hints_no_way(void **state)
{
    u.hints = NULL;
    start("www.example.com.", WR_TYPE_A);
    assert_int_equal(next(), WR_ITER_DO_PRIME);
    wr_iter_primed(&it);
    assert_int_equal(next(), WR_ITER_DO_FAIL);
    assert_int_equal(it.failure, WR_ITER_NO_ADDRESS);
    assert_int_equal(next(), WR_ITER_DO_FAIL);
}

/* A question for DS is answered by the parent with NS sets of the child beside it: that is no referral. */
static void test_judge_ds(void **state)
{
    bool remember;
    at_com("example.com.", WR_TYPE_DS);
    const struct wire_rr ns = WIRE_NS("example.com.", WR_TYPE_NS, 60, "ns.x.");
    response(0, 0, &ns, 1);
    assert_int_equal(wr_iter_judge(&it, &msg, WR_RESPONSE_ANSWER, &remember), WR_RESPONSE_ANSWER);
    assert_false(wr_iter_lead_on(&it, &env, &msg, WR_RESPONSE_REFERRAL, T0));
}

static void test_referrals_that_lead_nowhere(void **state)
{
    static const char *const owners[] = {"com.", ".", "org.", "other.com.", "x.www.example.com."};
    for (unsigned i = 0; i < WR_ARRAY_LEN(owners); i++) {
        at_com("www.example.com.", WR_TYPE_A);
        assert_false(REFER(WIRE_NS(owners[i], WR_TYPE_NS, 60, "ns.evil.")));
        assert_int_equal(it.state, WR_ITER_ASKING); /* nothing has moved */
        assert_true(wr_name_equal(it.zone.wire, wire_name("com.").wire));
    }
}

/* RFC 9156: an error for less than the whole name is worth one question for all of it, to the same servers; silence is not. */
static void test_the_whole_name_after_errors(void **state)
{
    at_com("a.b.example.com.", WR_TYPE_TXT);
    wr_iter_exhausted(&it, &env, true);
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(shows("a.b.example.com.", WR_TYPE_TXT));
    assert_true(has_peer("198.51.100.2"));
    wr_iter_exhausted(&it, &env, true);
    assert_int_equal(next(), WR_ITER_DO_FAIL);
    assert_int_equal(it.failure, WR_ITER_NO_ANSWER); /* they have addresses, and were asked */
    at_com("a.b.example.com.", WR_TYPE_TXT);
    wr_iter_exhausted(&it, &env, false);
    assert_int_equal(next(), WR_ITER_DO_FAIL);
}

static void test_denied_above_is_asked_whole(void **state)
{
    at_com("a.b.example.com.", WR_TYPE_A);
    response(WR_FLAG_AA, WR_RCODE_NXDOMAIN, NULL, 0);
    assert_true(wr_iter_lead_on(&it, &env, &msg, WR_RESPONSE_NXDOMAIN, T0));
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(shows("a.b.example.com.", WR_TYPE_A));
}

static void test_a_long_name_in_few_questions(void **state)
{
    char text[260] = "";
    for (unsigned i = 0; i < 120; i++) {
        strcat(text, "x.");
    }
    strcat(text, "com.");
    at_com(text, WR_TYPE_A);
    unsigned questions = 2;
    for (; !wr_iter_is_whole(&it) && questions < 50; questions++) {
        response(WR_FLAG_AA, 0, NULL, 0);
        assert_true(wr_iter_lead_on(&it, &env, &msg, WR_RESPONSE_NODATA, T0));
        assert_int_equal(next(), WR_ITER_DO_ASK);
    }
    assert_in_range(questions, WR_QMIN_ONE_LABEL, WR_QMIN_STEPS_MAX + 1);
}

/* --- addresses -------------------------------------------------------------------------------- */

static struct wr_answer answer;

/* An answer with one address set; `first` is the last octet of the first address. */
static const struct wr_answer *addresses(unsigned first, unsigned count)
{
    static uint8_t packed[WR_GROUP_SERVERS_MAX * 2 * 6];
    wr_answer_clear(&answer);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t one[6] = {0, 4, 192, 0, 2, (uint8_t)(first + i)};
        memcpy(packed + 6 * i, one, 6);
    }
    answer.answers = 1;
    answer.answer[0] = (struct wr_rrset){.owner = root,
                                         .type = WR_TYPE_A,
                                         .records = (uint16_t)count,
                                         .data = packed,
                                         .size = 6 * count};
    return &answer;
}

static void bare(unsigned servers)
{
    static struct wire_rr rrs[20];
    static char names[20][32];
    at_com("www.example.com.", WR_TYPE_A);
    for (unsigned i = 0; i < servers; i++) {
        snprintf(names[i], sizeof(names[i]), "n%u.test.", i);
        rrs[i] = (struct wire_rr)WIRE_NS("example.com.", WR_TYPE_NS, 600, names[i]);
    }
    assert_true(refer(rrs, servers));
}

static void test_two_look_ups_at_a_time(void **state)
{
    bare(3);
    assert_int_equal(next(), WR_ITER_DO_FETCH);
    assert_true(wr_name_equal(name.wire, wire_name("n0.test.").wire));
    assert_int_equal(type, WR_TYPE_A);
    assert_int_equal(next(), WR_ITER_DO_FETCH);
    assert_int_equal(next(), WR_ITER_DO_WAIT);
    wr_iter_fetched(&it, &env, NULL, T0);
    assert_int_equal(next(), WR_ITER_DO_FETCH);
    assert_int_equal(next(), WR_ITER_DO_WAIT);
    wr_iter_fetched(&it, &env, addresses(10, 2), T0);
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_int_equal(peers.count, 2);
    assert_true(has_peer("192.0.2.10") && has_peer("192.0.2.11"));
}

/* NXNSAttack: however many names, few look-ups, in all cuts together. */
static void test_look_ups_are_bounded(void **state)
{
    unsigned fetches = 0;
    u.ipv6 = true;
    bare(16);
    for (unsigned turn = 0; turn < 200; turn++) {
        enum wr_iter_do what = next();
        fetches += what == WR_ITER_DO_FETCH;
        if (what == WR_ITER_DO_WAIT) {
            wr_iter_fetched(&it, &env, NULL, T0);
        }
        if (what == WR_ITER_DO_FAIL) {
            break;
        }
    }
    assert_int_equal(fetches, WR_ITER_FETCHES_MAX);
    assert_int_equal(it.state, WR_ITER_FAILED);
}

/* Nobody but the zone's own servers knows the address of a name inside it: it is not looked up. */
static void test_a_name_inside_its_own_zone(void **state)
{
    at_com("www.example.com.", WR_TYPE_A);
    assert_true(REFER(WIRE_NS("example.com.", WR_TYPE_NS, 600, "ns.example.com.")));
    assert_int_equal(next(), WR_ITER_DO_FAIL);
}

static void test_many_addresses(void **state)
{
    bare(2);
    assert_int_equal(next(), WR_ITER_DO_FETCH);
    wr_iter_fetched(&it, &env, addresses(10, WR_GROUP_SERVERS_MAX + 8), T0);
    assert_int_equal(peers.count, WR_GROUP_SERVERS_MAX);
    bare(2);
    assert_int_equal(next(), WR_ITER_DO_FETCH);
    assert_int_equal(next(), WR_ITER_DO_FETCH);
    wr_iter_fetched(&it, &env, addresses(10, 3), T0);
    wr_iter_fetched(&it, &env, addresses(11, 3), T0); /* twice the same: once */
    assert_int_equal(peers.count, 4);
    wr_iter_fetched(&it, &env, addresses(50, 3), T0); /* nobody asked for that */
    assert_int_equal(peers.count, 4);
}

static void test_addresses_that_nobody_has(void **state)
{
    static const struct {
        const char *address;
        bool may;
    } rows[] = {{"192.0.2.1", true},
                {"0.0.0.0", false},
                {"0.1.2.3", false},
                {"224.0.0.251", false},
                {"255.255.255.255", false},
                {"127.0.0.1", false},
                {"2001:db8::1", true},
                {"::", false},
                {"ff02::fb", false},
                {"::ffff:127.0.0.1", false},
                {"::1", false}};
    struct wr_prefix never[2];
    assert_int_equal(wr_addr_prefix_from_text("127.0.0.0/8", &never[0]), 0);
    assert_int_equal(wr_addr_prefix_from_text("::1/128", &never[1]), 0);
    u.ipv6 = true;
    u.never = never;
    u.nevers = 2;
    for (unsigned i = 0; i < WR_ARRAY_LEN(rows); i++) {
        uint16_t family = strchr(rows[i].address, ':') ? WR_TYPE_AAAA : WR_TYPE_A;
        at_com("www.example.com.", WR_TYPE_A);
        assert_true(REFER(WIRE_NS("example.com.", WR_TYPE_NS, 600, "ns.example.com."),
                          WIRE_AR("ns.example.com.", family, 600, rows[i].address)));
        enum wr_iter_do what = next();
        if ((what == WR_ITER_DO_ASK) != rows[i].may) {
            fail_msg("%s", rows[i].address);
        }
    }
}

/* A server that is lame for the zone is left out as long as there is another. */
static void test_lame_servers_last(void **state)
{
    at_com("www.example.com.", WR_TYPE_A);
    for (unsigned round = 0; round < 2; round++) {
        assert_true(REFER(WIRE_NS("example.com.", WR_TYPE_NS, 600, "n1.example.com."),
                          WIRE_NS("example.com.", WR_TYPE_NS, 600, "n2.example.com."),
                          WIRE_AR("n1.example.com.", WR_TYPE_A, 600, "192.0.2.1"),
                          WIRE_AR("n2.example.com.", WR_TYPE_A, 600, "192.0.2.2")));
        if (round == 0) {
            struct wr_peer lame = peers.peer[0];
            wr_infra_set_lame(&env.infra, &lame, wire_name("example.com.").wire, T0);
            assert_int_equal(next(), WR_ITER_DO_ASK);
            assert_int_equal(peers.count, 1);
            assert_true(has_peer("192.0.2.2"));
            wr_infra_set_lame(&env.infra, &peers.peer[0], wire_name("example.com.").wire, T0);
            at_com("www.example.com.", WR_TYPE_A);
        }
    }
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_int_equal(peers.count, 2); /* all are: better than nobody */
}

static void is_lame(const char *address)
{
    struct wr_peer peer;
    struct wr_addr addr;
    assert_int_equal(wr_addr_from_text(address, &addr), 0);
    addr.port = 53;
    wr_infra_find(&env.infra, &addr, T0, &peer);
    wr_infra_set_lame(&env.infra, &peer, wire_name("example.com.").wire, T0);
}

/* What comes of it when those that are asked now give no answer; who is asked for by name has .3 and .4. */
static enum wr_iter_do after_silence(void)
{
    enum wr_iter_do what;
    wr_iter_exhausted(&it, &env, false);
    for (unsigned i = 0; i < 20; i++) {
        what = next();
        if (what == WR_ITER_DO_FETCH) {
            assert_true(wr_name_equal(name.wire, wire_name("o.test.").wire));
            wr_iter_fetched(&it, &env, addresses(3, 2), T0);
        } else if (what != WR_ITER_DO_AGAIN) {
            return what;
        }
    }
    fail_msg("no end");
    return what;
}

static bool asks_only(const char *address)
{
    return it.state == WR_ITER_ASKING && peers.count == 1 && has_peer(address);
}

/* The parent's good one, its lame one, the zone's own good one, its own lame one: each has its turn, and then it ends. */
static void test_own_servers_after_lame_ones(void **state)
{
    const struct wire_rr ns = WIRE_NS("example.com.", WR_TYPE_NS, 600, "o.test.");
    is_lame("192.0.2.1");
    is_lame("192.0.2.3");
    at_com("www.example.com.", WR_TYPE_A);
    assert_true(REFER(WIRE_NS("example.com.", WR_TYPE_NS, 600, "n1.example.com."),
                      WIRE_NS("example.com.", WR_TYPE_NS, 600, "n2.example.com."),
                      WIRE_AR("n1.example.com.", WR_TYPE_A, 600, "192.0.2.1"),
                      WIRE_AR("n2.example.com.", WR_TYPE_A, 600, "192.0.2.2")));
    assert_int_equal(next(), WR_ITER_DO_ASK);
    assert_true(asks_only("192.0.2.2"));
    response(WR_FLAG_AA, 0, &ns, 1);
    wr_iter_learn_own(&it, &env, &msg, T0);
    assert_int_equal(after_silence(), WR_ITER_DO_ASK);
    assert_true(asks_only("192.0.2.1"));
    assert_int_equal(after_silence(), WR_ITER_DO_ASK);
    assert_true(it.own && asks_only("192.0.2.4"));
    assert_int_equal(after_silence(), WR_ITER_DO_ASK);
    assert_true(it.own && asks_only("192.0.2.3"));
    assert_int_equal(after_silence(), WR_ITER_DO_FAIL);
    assert_int_equal(it.failure, WR_ITER_NO_ANSWER);
}

/* A bogus answer: another server is asked, and the one is lame for a while when it is its fault. */
static void test_whose_answer_is_bogus(void **state)
{
    for (unsigned blame = 0; blame < 2; blame++) {
        at_com("www.example.com.", WR_TYPE_A);
        assert_true(REFER(WIRE_NS("example.com.", WR_TYPE_NS, 600, "n1.example.com."),
                          WIRE_NS("example.com.", WR_TYPE_NS, 600, "n2.example.com."),
                          WIRE_AR("n1.example.com.", WR_TYPE_A, 600, "192.0.2.1"),
                          WIRE_AR("n2.example.com.", WR_TYPE_A, 600, "192.0.2.2")));
        assert_int_equal(next(), WR_ITER_DO_ASK);
        assert_int_equal(peers.count, 2);
        struct wr_peer said_it = peers.peer[0];
        wr_iter_avoid(&it, &env, 0, blame, T0);
        assert_int_equal(next(), WR_ITER_DO_ASK);
        assert_int_equal(peers.count, 1);
        assert_false(wr_addr_equal(&peers.peer[0].addr, &said_it.addr));
        assert_int_equal(wr_infra_is_lame(&env.infra, &said_it, wire_name("example.com.").wire, T0),
                         blame);
    }
}

static void test_names_of_servers_that_do_not_fit(void **state)
{
    static char names[20][260];
    struct wire_rr rrs[20];
    at_com("www.example.com.", WR_TYPE_A);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(names[i], sizeof(names[i]), "%c%0*d.%0*d.%0*d.test.", 'a' + (char)i, 60, 0, 60, 0,
                 60, 0);
        rrs[i] = (struct wire_rr)WIRE_NS("example.com.", WR_TYPE_NS, 600, names[i]);
    }
    assert_true(refer(rrs, 20));
    assert_in_range(it.servers, 1, WR_ITER_SERVERS_MAX);
    assert_in_range(it.names_size, 1, sizeof(it.names));
    assert_int_equal(next(), WR_ITER_DO_FETCH);
}

static void test_referrals_are_counted(void **state)
{
    char deeper[260] = "com.", text[260] = "";
    for (unsigned i = 0; i < 100; i++) {
        strcat(text, "x.");
    }
    strcat(text, "com.");
    u.minimise = false;
    at_com(text, WR_TYPE_A);
    unsigned referrals = 1;
    while (it.state != WR_ITER_FAILED && referrals < 90) {
        memmove(deeper + 2, deeper, strlen(deeper) + 1);
        memcpy(deeper, "x.", 2);
        assert_true(REFER(WIRE_NS(deeper, WR_TYPE_NS, 60, "ns.com."),
                          WIRE_AR("ns.com.", WR_TYPE_A, 60, "198.51.100.2")));
        (void)next();
        referrals++;
    }
    assert_int_equal(referrals, WR_ITER_REFERRALS_MAX + 1);
    assert_int_equal(it.failure, WR_ITER_TOO_LONG);
}

static void test_states_have_names(void **state)
{
    assert_string_equal(wr_iter_state_name(WR_ITER_START), "START");
    assert_string_equal(wr_iter_state_name(WR_ITER_FAILED), "FAILED");
    assert_string_equal(wr_iter_state_name(200), "?");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_from_the_hints_down),
        CASE(test_priming_does_not_wait_for_itself),
        CASE(test_no_hints_no_way),
        CASE(test_judge_ds),
        CASE(test_referrals_that_lead_nowhere),
        CASE(test_the_whole_name_after_errors),
        CASE(test_denied_above_is_asked_whole),
        CASE(test_a_long_name_in_few_questions),
        CASE(test_two_look_ups_at_a_time),
        CASE(test_look_ups_are_bounded),
        CASE(test_a_name_inside_its_own_zone),
        CASE(test_many_addresses),
        CASE(test_addresses_that_nobody_has),
        CASE(test_lame_servers_last),
        CASE(test_own_servers_after_lame_ones),
        CASE(test_whose_answer_is_bogus),
        CASE(test_names_of_servers_that_do_not_fit),
        CASE(test_referrals_are_counted),
        CASE(test_states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
