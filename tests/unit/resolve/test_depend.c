/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/tree.h"

#define TLDS                                               \
    PRIMED, TREE_CUT(ROOT, "com.", 86400, "ns.com.", COM), \
        TREE_CUT(ROOT, "net.", 86400, "ns.net.", NET)
/* A delegation to a name without an address. */
#define BARE(srv, zone, ns)                                                             \
    {                                                                                   \
        .server = (srv), .below = (zone), .rr = { WIRE_NS(zone, WR_TYPE_NS, 3600, ns) } \
    }

static struct tree t;

static void release(wr_id id)
{
    wr_requests_release(t.rig.requests, id, t.rig.now.mono_us);
}

static void both_end(wr_id a, wr_id b, bool failed)
{
    unsigned over = 0;
    while (over < 2 && tree_play(&t, 500 * WR_MS) == WR_REQUEST_FINISHED) {
        over += t.rig.out.id == a || t.rig.out.id == b;
        assert_true((t.rig.out.id != a && t.rig.out.id != b) || t.rig.out.failed == failed);
        release(t.rig.out.id);
    }
    assert_int_equal(over, 2);
}

/* --- work is bounded -------------------------------------------------------------------------- */

static char names[16][16][40];

/* zone -> sixteen names in `below`, none of them with an address. */
static struct tree_rule sixteen(unsigned level, const char *server, const char *zone,
                                const char *below)
{
    struct tree_rule rule = {.server = server, .below = zone};
    for (unsigned i = 0; i < 16; i++) {
        snprintf(names[level][i], sizeof(names[level][i]), "n%u.%s", i, below);
        rule.rr[i] = (struct wire_rr)WIRE_NS(zone, WR_TYPE_NS, 3600, names[level][i]);
    }
    return rule;
}

/* NXNSAttack: one question makes few messages to the victim, whatever the victim does with them. */
static void test_sixteen_names_without_addresses(void **state)
{
    static const uint16_t victims[] = {WR_RCODE_NXDOMAIN, TREE_SILENT, WR_RCODE_REFUSED,
                                       WR_RCODE_FORMERR, WR_RCODE_NOERROR};
    for (unsigned i = 0; i < 5; i++) {
        const struct tree_rule rules[] = {TLDS,
                                          TREE_CUT(NET, "victim.net.", 3600, "ns.victim.net.", EX),
                                          sixteen(0, COM, "evil.com.", "victim.net."),
                                          {.server = EX, .flags = WR_FLAG_AA, .rcode = victims[i]}};
        TREE(&t, rules);
        assert_int_equal(tree_resolve(&t, "www.evil.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
        print_message("# victim %u: %u messages, %u of them to it\n", i, t.sent,
                      tree_asked(&t, EX, NULL));
        assert_in_range(t.sent, 1, WR_REQUEST_SENDS_MAX);
        unsigned names_asked = 0;
        for (unsigned n = 0; n < 16; n++) {
            names_asked += tree_asked(&t, EX, names[0][n]) > 0;
        }
        assert_in_range(names_asked, 1, WR_ITER_FETCHES_MAX);
        tree_stop(&t);
    }
}

/* The same, each of whose names needs sixteen more, and servers that make each message two. */
static void test_names_within_names(void **state)
{
    static char zone[10][24];
    static struct tree_rule rules[20];
    static const uint16_t leaves[] = {TREE_SILENT, WR_RCODE_FORMERR, WR_RCODE_BADCOOKIE,
                                      WR_RCODE_SERVFAIL};
    for (unsigned kind = 0; kind < 4; kind++) {
        for (unsigned minimise = 0; minimise < 2; minimise++) {
            const struct tree_rule tlds[] = {
                TLDS, TREE_CUT(COM, "evil.com.", 3600, "ns.evil.com.", EVIL)};
            unsigned count = 4;
            memcpy(rules, tlds, sizeof(tlds));
            for (unsigned i = 0; i < 10; i++) {
                snprintf(zone[i], sizeof(zone[i]), "z%u.evil.com.", i);
            }
            for (unsigned i = 0; i < 9; i++) {
                rules[count++] = sixteen(i, EVIL, zone[i], zone[i + 1]);
            }
            rules[count++] =
                (struct tree_rule){.server = EVIL, .below = zone[9], .rcode = leaves[kind]};
            tree_start(&t, rules, count);
            t.rig.upstreams.minimise = minimise;
            wr_id id = tree_ask(&t, "www.z0.evil.com.", WR_TYPE_A);
            assert_int_equal(tree_result(&t, id)->rcode, WR_RCODE_SERVFAIL);
            release(id);
            tree_stop(&t);
            print_message("# leaf %u minimise %u: %u messages, %u streams\n", kind, minimise,
                          t.sent, t.streams);
            assert_in_range(t.sent, 5, WR_REQUEST_SENDS_MAX);
        }
    }
}

static uint16_t leaf_flags;
static char made_zone[300], made[16][320];

/* Each zone below evil.com. has sixteen servers, each in a zone of its own that was never heard of. */
static bool hydra(const struct tree_note *asked, struct tree_rule *ret_rule)
{
    const char *end = strstr(asked->qname, ".evil.com.");
    const char *label = end;
    if (strcmp(asked->server, EVIL) != 0 || !end) {
        return false;
    }
    while (label > asked->qname && label[-1] != '.') {
        label--;
    }
    snprintf(made_zone, sizeof(made_zone), "%s", label);
    *ret_rule = (struct tree_rule){.flags = leaf_flags};
    for (unsigned i = 0; i < 16; i++) {
        snprintf(made[i], sizeof(made[i]), "n.%c%.40s", 'a' + (char)i, label);
        ret_rule->rr[i] = (struct wire_rr)WIRE_NS(made_zone, WR_TYPE_NS, 3600, made[i]);
    }
    return true;
}

static void test_a_hydra(void **state)
{
    static const struct tree_rule rules[] = {
        TLDS, TREE_CUT(COM, "evil.com.", 3600, "ns.evil.com.", EVIL)};
    static const uint16_t flags[] = {0, WR_FLAG_TC, WR_FLAG_AA};
    for (unsigned i = 0; i < 6; i++) {
        leaf_flags = flags[i / 2];
        TREE(&t, rules);
        t.maker = hydra;
        t.rig.upstreams.minimise = i & 1;
        t.rig.upstreams.ipv6 = true; /* twice the names to look up */
        wr_id id = tree_ask(&t, "www.x.evil.com.", WR_TYPE_A);
        assert_int_equal(tree_result(&t, id)->rcode, WR_RCODE_SERVFAIL);
        unsigned while_asked = t.sent + t.streams;
        release(id);
        tree_pass(&t, 0, 30 * WR_S);
        print_message("# %u: %u messages and streams, %u when all was over\n", i, while_asked,
                      t.sent + t.streams);
        assert_in_range(t.sent + t.streams, 5, WR_REQUEST_SENDS_MAX);
        tree_stop(&t);
    }
}

/* Servers that are asked twice for each question: without EDNS, or with TC over a stream that never comes. */
static void test_each_message_counts(void **state)
{
    static const struct {
        uint16_t flags, rcode;
    } rows[] = {{0, WR_RCODE_FORMERR}, {WR_FLAG_TC, 0}, {0, WR_RCODE_BADCOOKIE}};
    for (unsigned i = 0; i < 3; i++) {
        const struct tree_rule rules[] = {TLDS,
                                          TREE_CUT(NET, "victim.net.", 3600, "ns.victim.net.", EX),
                                          sixteen(0, COM, "evil.com.", "victim.net."),
                                          {.server = EX,
                                           .flags = (uint16_t)(WR_FLAG_AA | rows[i].flags),
                                           .rcode = rows[i].rcode}};
        TREE(&t, rules);
        wr_id id = tree_ask(&t, "www.evil.com.", WR_TYPE_A);
        assert_int_equal(tree_result(&t, id)->rcode, WR_RCODE_SERVFAIL);
        release(id);
        tree_stop(&t);
        print_message("# row %u: %u messages, %u streams\n", i, t.sent, t.streams);
        assert_in_range(t.sent + t.streams, 5, WR_REQUEST_SENDS_MAX);
    }
}

/* --- circles and depth ------------------------------------------------------------------------ */

static void fails_at_once(const char *name)
{
    uint64_t began = t.rig.now.mono_us;
    assert_int_equal(tree_resolve(&t, name, WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    assert_true(t.rig.now.mono_us - began < 500 * WR_MS); /* it does not wait for itself */
    assert_in_range(t.sent, 1, 30);
    tree_stop(&t);
}

/* TsuNAME: zones whose servers are in one another. */
static void test_circles(void **state)
{
    static const struct tree_rule two[] = {TLDS, BARE(COM, "a.com.", "ns.b.net."),
                                           BARE(NET, "b.net.", "ns.a.com.")};
    static const struct tree_rule three[] = {TLDS, BARE(COM, "a.com.", "ns.b.net."),
                                             BARE(NET, "b.net.", "ns.c.com."),
                                             BARE(COM, "c.com.", "ns.a.com.")};
    static const struct tree_rule itself[] = {TLDS, BARE(COM, "a.com.", "ns.a.com.")};
    TREE(&t, two);
    fails_at_once("www.a.com.");
    TREE(&t, two);
    fails_at_once("ns.a.com.");
    TREE(&t, three);
    fails_at_once("www.a.com.");
    TREE(&t, itself);
    fails_at_once("www.a.com.");
}

/* Both ends of a circle are asked for at one moment. */
static void test_a_circle_from_both_ends(void **state)
{
    static const struct tree_rule two[] = {TLDS, BARE(COM, "a.com.", "ns.b.net."),
                                           BARE(NET, "b.net.", "ns.a.com.")};
    TREE(&t, two);
    wr_id a = tree_ask(&t, "ns.a.com.", WR_TYPE_A), b = tree_ask(&t, "ns.b.net.", WR_TYPE_A);
    both_end(a, b, true);
    tree_stop(&t);
}

static char ladder_zone[12][24], ladder_ns[12][32];

/* Zone i is served by a name in zone i + 1; the last one has an address. */
static unsigned ladder(struct tree_rule *rules, unsigned rungs)
{
    const struct tree_rule tlds[] = {TLDS};
    unsigned count = 3;
    memcpy(rules, tlds, sizeof(tlds));
    for (unsigned i = 0; i <= rungs; i++) {
        snprintf(ladder_zone[i], sizeof(ladder_zone[i]), "r%u.com.", i);
        snprintf(ladder_ns[i], sizeof(ladder_ns[i]), "ns.r%u.com.", i);
    }
    for (unsigned i = 0; i < rungs; i++) {
        rules[count++] = (struct tree_rule)BARE(COM, ladder_zone[i], ladder_ns[i + 1]);
    }
    rules[count++] =
        (struct tree_rule)TREE_CUT(COM, ladder_zone[rungs], 3600, ladder_ns[rungs], EX);
    for (unsigned i = 0; i <= rungs; i++) {
        rules[count++] = (struct tree_rule)TREE_A(EX, ladder_ns[i], 60, EX);
    }
    rules[count++] = (struct tree_rule)TREE_A(EX, "www.r0.com.", 60, "192.0.2.80");
    return count;
}

static void test_depth(void **state)
{
    static struct tree_rule rules[40];
    for (unsigned rungs = 0; rungs < 11; rungs++) {
        tree_start(&t, rules, ladder(rules, rungs));
        uint16_t rcode = tree_resolve(&t, "www.r0.com.", WR_TYPE_A, NULL);
        assert_true(rungs >= 5 || rcode == WR_RCODE_NOERROR);
        assert_true(rungs <= WR_DEPEND_DEPTH_MAX || rcode == WR_RCODE_SERVFAIL);
        assert_in_range(t.sent, 1, WR_REQUEST_SENDS_MAX);
        tree_stop(&t);
    }
}

/* --- who waits for whom ------------------------------------------------------------------------ */

#define SHOP  BARE(NET, "shop.net.", "ns.example.com.")
#define STALL BARE(NET, "stall.net.", "ns.example.com.")

static void test_many_wait_for_one(void **state)
{
    static const struct tree_rule rules[] = {
        TLDS,
        SHOP,
        STALL,
        TREE_CUT(COM, "example.com.", 3600, "n.example.com.", EX),
        TREE_A(EX, "ns.example.com.", 60, EX2),
        TREE_A(EX2, "www.shop.net.", 60, "192.0.2.1"),
        TREE_A(EX2, "www.stall.net.", 60, "192.0.2.2")};
    TREE(&t, rules);
    wr_id a = tree_ask(&t, "www.shop.net.", WR_TYPE_A),
          b = tree_ask(&t, "www.stall.net.", WR_TYPE_A);
    both_end(a, b, false);
    assert_int_equal(tree_asked(&t, EX, "ns.example.com."), 1);
    tree_stop(&t);
}

static const struct tree_rule slow[] = {TLDS, SHOP, TREE_IS_SILENT(EX, "ns.example.com."),
                                        TREE_CUT(COM, "example.com.", 3600, "n.example.com.", EX)};
static const struct tree_rule quick[] = {TLDS, SHOP, TREE_A(EX, "ns.example.com.", 60, EX2),
                                         TREE_CUT(COM, "example.com.", 3600, "n.example.com.", EX),
                                         TREE_A(EX2, "www.shop.net.", 60, "192.0.2.1")};

static wr_id child_id(const char *name)
{
    struct wr_question q = {.name = wire_name(name), .type = WR_TYPE_A, .checking_disabled = true};
    bool joined;
    wr_id id = wr_requests_ask(t.rig.requests, &q, t.rig.now.mono_us, &joined);
    assert_true(joined);
    return id;
}

/* Its client is gone, but another request waits: it goes on. */
static void test_released_while_another_waits(void **state)
{
    TREE(&t, slow);
    wr_id id = tree_ask(&t, "www.shop.net.", WR_TYPE_A);
    tree_pass(&t, id, 300 * WR_MS);
    release(child_id("ns.example.com."));
    t.rules = quick;
    t.rule_count = 7;
    assert_int_equal(tree_result(&t, id)->rcode, 0);
    release(id);
    tree_stop(&t);
}

/* The one who waited is gone: what it asked for comes to its end by itself. */
static void test_the_waiting_one_is_released(void **state)
{
    TREE(&t, slow);
    wr_id id = tree_ask(&t, "www.shop.net.", WR_TYPE_A);
    tree_pass(&t, id, 300 * WR_MS);
    wr_id child = child_id("ns.example.com.");
    release(id);
    assert_null(wr_requests_question(t.rig.requests, id));
    assert_int_equal(tree_result(&t, child)->rcode, WR_RCODE_SERVFAIL);
    release(child);
    tree_stop(&t);
}

/* A new question takes the place of one that waited: it does not get that one's news. */
static void test_news_for_somebody_who_left(void **state)
{
    TREE(&t, slow);
    wr_id id = tree_ask(&t, "www.shop.net.", WR_TYPE_A);
    tree_pass(&t, id, 300 * WR_MS);
    release(id);
    wr_id other = tree_ask(&t, "www.else.net.", WR_TYPE_A);
    t.rules = quick;
    t.rule_count = 7;
    assert_int_equal(tree_result(&t, other)->rcode, WR_RCODE_SERVFAIL); /* REFUSED by net */
    assert_int_equal(tree_asked(&t, EX2, NULL), 0);
    release(other);
    tree_stop(&t);
}

/* Addresses that were wanted for one zone come when the next one is looked at: they are not that one's servers. */
static void test_addresses_that_come_late(void **state)
{
    static const struct tree_rule before[] = {
        TLDS,
        {.server = NET,
         .below = "shop.net.",
         .rr = {WIRE_NS("shop.net.", WR_TYPE_NS, 3600, "n1.example.com."),
                WIRE_NS("shop.net.", WR_TYPE_NS, 3600, "n2.example.com.")}},
        TREE_CUT(COM, "example.com.", 3600, "n.example.com.", EX),
        TREE_A(EX, "n1.example.com.", 60, EX2),
        TREE_IS_SILENT(EX, "n2.example.com."),
        BARE(EX2, "sub.shop.net.", "m.example.com."),
        TREE_IS_SILENT(EX, "m.example.com.")};
    static struct tree_rule after[9];
    memcpy(after, before, sizeof(after));
    after[6] = (struct tree_rule)TREE_A(EX, "n2.example.com.", 60, EVIL);
    TREE(&t, before);
    wr_id id = tree_ask(&t, "www.sub.shop.net.", WR_TYPE_A);
    tree_pass(&t, id, 250 * WR_MS);
    assert_true(tree_asked(&t, EX2, NULL) > 0);
    assert_true(tree_asked(&t, EX, "m.example.com.") > 0);
    t.rules = after;
    assert_int_equal(tree_result(&t, id)->rcode, WR_RCODE_SERVFAIL);
    assert_int_equal(tree_asked(&t, EVIL, NULL), 0);
    release(id);
    tree_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sixteen_names_without_addresses),
        cmocka_unit_test(test_names_within_names),
        cmocka_unit_test(test_a_hydra),
        cmocka_unit_test(test_each_message_counts),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_a_circle_from_both_ends),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_many_wait_for_one),
        cmocka_unit_test(test_released_while_another_waits),
        cmocka_unit_test(test_the_waiting_one_is_released),
        cmocka_unit_test(test_news_for_somebody_who_left),
        cmocka_unit_test(test_addresses_that_come_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
