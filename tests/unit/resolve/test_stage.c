/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/tree.h"

#include "resolve/infra.h"

#define ROOT_TO_COM    TREE_CUT(ROOT, "com.", 86400, "ns.com.", COM)
#define ROOT_TO_NET    TREE_CUT(ROOT, "net.", 86400, "ns.net.", NET)
#define COM_TO_EXAMPLE TREE_CUT(COM, "example.com.", 3600, "ns.example.com.", EX)
#define WAY            PRIMED, ROOT_TO_COM, ROOT_TO_NET, COM_TO_EXAMPLE
/* com. took the delegation back. */
#define GHOST_IS_GONE                                                                          \
    {                                                                                          \
        .server = COM, .below = "ghost.com.", .flags = WR_FLAG_AA, .rcode = WR_RCODE_NXDOMAIN, \
        .rr = {                                                                                \
            WIRE_NS("com.", WR_TYPE_SOA, 60, "a. b. 1 2 3 4 60")                               \
        }                                                                                      \
    }

static struct tree t;

static uint64_t now_us(void)
{
    return t.rig.now.mono_us;
}

static void test_a_walk_tells_each_server_one_label_more(void **state)
{
    static const struct tree_rule rules[] = {WAY, TREE_A(EX, "www.example.com.", 60, "192.0.2.80"),
                                             TREE_A(EX, "ftp.example.com.", 60, "192.0.2.81")};
    int last;
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    assert_int_equal(t.sent, 4);
    assert_int_equal(tree_asked(&t, ROOT, "."), 1);
    assert_int_equal(tree_asked(&t, ROOT, "com."), 1);
    assert_int_equal(tree_asked(&t, COM, "example.com."), 1);
    assert_int_equal(tree_asked(&t, EX, "www.example.com."), 1);
    for (unsigned i = 0; i < t.sent; i++) {
        assert_false(t.note[i].rd);
    }
    assert_int_equal(tree_resolve(&t, "ftp.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(t.sent, 5); /* the cut is known */
    tree_stop(&t);
}

static void test_a_walk_without_minimisation(void **state)
{
    static const struct tree_rule rules[] = {WAY, TREE_A(EX, "www.example.com.", 60, "192.0.2.80")};
    TREE(&t, rules);
    t.rig.upstreams.minimise = false;
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), 0);
    assert_int_equal(t.sent, 4);
    assert_int_equal(tree_asked(&t, ROOT, "www.example.com."), 1);
    assert_int_equal(tree_asked(&t, COM, "www.example.com."), 1);
    tree_stop(&t);
}

/* RFC 9156 section 3: servers that err, or deny, when they are asked for less than they know. */
static void test_servers_that_do_not_like_less_than_the_whole(void **state)
{
    static const uint16_t rcodes[] = {WR_RCODE_NXDOMAIN, WR_RCODE_REFUSED, WR_RCODE_SERVFAIL,
                                      WR_RCODE_NOTIMP, WR_RCODE_FORMERR};
    for (unsigned i = 0; i < 5; i++) {
        const struct tree_rule rules[] = {
            WAY,
            TREE_A(EX, "a.b.c.example.com.", 60, "192.0.2.80"),
            {.server = EX, .below = "example.com.", .rcode = rcodes[i], .flags = WR_FLAG_AA}};
        int last;
        TREE(&t, rules);
        assert_int_equal(tree_resolve(&t, "a.b.c.example.com.", WR_TYPE_A, &last), 0);
        assert_int_equal(last, 80);
        assert_int_equal(tree_asked(&t, EX, "b.c.example.com."), 0); /* one look is enough */
        tree_stop(&t);
    }
}

static void test_empty_non_terminals(void **state)
{
    static const struct tree_rule rules[] = {WAY, TREE_A(EX, "a.b.example.com.", 60, "192.0.2.80"),
                                             TREE_NODATA(EX, "b.example.com.", "example.com.")};
    int last;
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "a.b.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    tree_stop(&t);
}

static void test_the_root_need_not_be_primed(void **state)
{
    static const struct tree_rule rules[] = {TREE_IS_SILENT(ROOT, "."), ROOT_TO_COM, COM_TO_EXAMPLE,
                                             TREE_A(EX, "www.example.com.", 60, "192.0.2.80")};
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), 0);
    tree_stop(&t);
}

/* The addresses of the servers are learned elsewhere first. */
static void test_servers_without_glue(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = NET,
         .below = "shop.net.",
         .rr = {WIRE_NS("shop.net.", WR_TYPE_NS, 3600, "ns.example.com.")}},
        TREE_A(EX, "ns.example.com.", 60, EX),
        TREE_A(EX, "www.shop.net.", 60, "192.0.2.90")};
    int last;
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "www.shop.net.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 90);
    assert_int_equal(tree_asked(&t, EX, "ns.example.com."), 1);
    tree_stop(&t);
}

/* Glue that the referring server has no right to give, and addresses that are never asked, are not used. */
static void test_addresses_that_are_not_asked(void **state)
{
    static const struct tree_rule rules[] = {
        PRIMED,
        ROOT_TO_COM,
        ROOT_TO_NET,
        TREE_CUT(COM, "victim.com.", 3600, "ns.bank.net.", EVIL),
        TREE_CUT(COM, "local.com.", 3600, "ns.local.com.", "127.0.0.1"),
        TREE_CUT(COM, "any.com.", 3600, "ns.any.com.", "0.0.0.0"),
        {.server = NET,
         .below = "bank.net.",
         .rcode = WR_RCODE_NXDOMAIN,
         .flags = WR_FLAG_AA,
         .rr = {WIRE_NS("net.", WR_TYPE_SOA, 60, "a. b. 1 2 3 4 60")}},
    };
    static struct wr_prefix never;
    TREE(&t, rules);
    assert_int_equal(wr_addr_prefix_from_text("127.0.0.0/8", &never), 0);
    t.rig.upstreams.never = &never;
    t.rig.upstreams.nevers = 1;
    assert_int_equal(tree_resolve(&t, "www.victim.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    assert_int_equal(tree_resolve(&t, "www.local.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    assert_int_equal(tree_resolve(&t, "www.any.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    assert_int_equal(tree_asked(&t, EVIL, NULL), 0);
    assert_int_equal(tree_asked(&t, "127.0.0.1", NULL), 0);
    assert_int_equal(tree_asked(&t, "0.0.0.0", NULL), 0);
    tree_stop(&t);
}

#define TWO_SERVERS                                                       \
    {                                                                     \
        .server = COM, .below = "example.com.", .rr = {                   \
            WIRE_NS("example.com.", WR_TYPE_NS, 3600, "n1.example.com."), \
            WIRE_NS("example.com.", WR_TYPE_NS, 3600, "n2.example.com."), \
            WIRE_AR("n1.example.com.", WR_TYPE_A, 3600, EX),              \
            WIRE_AR("n2.example.com.", WR_TYPE_A, 3600, EX2)              \
        }                                                                 \
    }

/* A server that does not answer for the zone is asked once; the others serve, and it is not the first again. */
static void lame_by(const struct tree_rule *lame)
{
    const struct tree_rule rules[] = {PRIMED,
                                      ROOT_TO_COM,
                                      TWO_SERVERS,
                                      *lame,
                                      TREE_A(EX2, "a.example.com.", 60, "192.0.2.80"),
                                      TREE_A(EX2, "b.example.com.", 60, "192.0.2.80"),
                                      TREE_A(EX2, "c.example.com.", 60, "192.0.2.80")};
    TREE(&t, rules);
    for (char name[] = "a.example.com."; name[0] <= 'c'; name[0]++) {
        int last;
        assert_int_equal(tree_resolve(&t, name, WR_TYPE_A, &last), 0);
        assert_int_equal(last, 80);
    }
    assert_in_range(tree_asked(&t, EX, NULL), 0, 1);
    tree_stop(&t);
}

static void test_lame_servers(void **state)
{
    static const struct tree_rule lame[] = {
        {.server = EX, .rcode = WR_RCODE_REFUSED},
        {.server = EX, .flags = WR_FLAG_RA}, /* a resolver with nothing to say */
        {.server = EX, .rr = {WIRE_NS(".", WR_TYPE_NS, 60, "a.root.")}},          /* upward */
        {.server = EX, .rr = {WIRE_NS("com.", WR_TYPE_NS, 60, "ns.com.")}},       /* upward */
        {.server = EX, .rr = {WIRE_NS("other.org.", WR_TYPE_NS, 60, "a.root.")}}, /* sideways */
        {.server = EX, .rr = {WIRE_NS("example.com.", WR_TYPE_NS, 60, "n1.example.com.")}},
    };
    for (unsigned i = 0; i < sizeof(lame) / sizeof(lame[0]); i++) {
        lame_by(&lame[i]);
    }
}

/* Lame for one name, the last resort for another: the good one is silent on that, though it answers others. */
static void test_lame_ones_are_asked_at_last(void **state)
{
    static const struct tree_rule rules[] = {PRIMED,
                                             ROOT_TO_COM,
                                             TWO_SERVERS,
                                             TREE_A(EX, "www.example.com.", 60, "192.0.2.80"),
                                             {.server = EX, .rcode = WR_RCODE_REFUSED},
                                             TREE_IS_SILENT(EX2, "www.example.com."),
                                             TREE_A(EX2, "a.example.com.", 0, "192.0.2.80")};
    TREE(&t, rules);
    t.rig.upstreams.minimise = false;
    while (tree_asked(&t, EX, NULL) == 0) {
        assert_int_equal(tree_resolve(&t, "a.example.com.", WR_TYPE_A, NULL), WR_RCODE_NOERROR);
    }
    uint64_t began = now_us();
    wr_id id = tree_ask(&t, "www.example.com.", WR_TYPE_A);
    tree_pass(&t, id, 1000 * WR_MS);
    assert_true(tree_ask(&t, "a.example.com.", WR_TYPE_A) != 0);
    assert_int_equal(tree_result(&t, id)->answers, 1);
    assert_true(now_us() - began < 2500 * WR_MS);
    wr_requests_release(t.rig.requests, id, now_us());
    tree_stop(&t);
}

/* A server that answers from its cache, as a resolver does: others are believed first, and it when there is no other. */
static void test_a_resolver_is_believed_last(void **state)
{
    static const struct tree_rule rules[] = {
        PRIMED,
        ROOT_TO_COM,
        TWO_SERVERS,
        {.server = EX,
         .qname = "www.example.com.",
         .flags = WR_FLAG_RA,
         .rr = {WIRE_AN("www.example.com.", WR_TYPE_A, 60, "192.0.2.66")}},
        TREE_A(EX2, "www.example.com.", 60, "192.0.2.80")};
    int last;
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    tree_stop(&t);
    tree_start(&t, rules, 4);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 66);
    tree_stop(&t);
}

/* Only lame servers: a failure soon, with few messages. */
static void test_referral_loops_end(void **state)
{
    static const struct tree_rule rules[] = {WAY,
                                             {.server = EX,
                                              .rr = {WIRE_NS("com.", WR_TYPE_NS, 60, "ns.com."),
                                                     WIRE_AR("ns.com.", WR_TYPE_A, 60, COM)}}};
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    assert_in_range(t.sent, 4, 12);
    tree_stop(&t);
}

/* A server that delegates each name one label deeper, to itself. */
static void test_endless_referrals_end(void **state)
{
    static char names[110][260];
    static struct tree_rule rules[114];
    unsigned count = 0;
    rules[count++] = (struct tree_rule)PRIMED;
    snprintf(names[0], sizeof(names[0]), "com.");
    for (unsigned i = 1; i < 110; i++) {
        snprintf(names[i], sizeof(names[i]), "x.%.250s", names[i - 1]);
    }
    for (unsigned i = 109; i > 0; i--) {
        rules[count++] = (struct tree_rule)TREE_CUT(COM, names[i], 3600, names[i], COM);
    }
    rules[count++] = (struct tree_rule)ROOT_TO_COM;
    for (unsigned minimise = 0; minimise < 2; minimise++) {
        tree_start(&t, rules, count);
        t.rig.upstreams.minimise = minimise;
        assert_int_equal(tree_resolve(&t, names[109], WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
        assert_in_range(t.sent, 2, WR_REQUEST_SENDS_MAX);
        tree_stop(&t);
    }
}

static void test_a_chain_over_zones(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        TREE_CUT(NET, "cdn.net.", 3600, "ns.cdn.net.", EX2),
        {.server = EX,
         .qname = "www.example.com.",
         .flags = WR_FLAG_AA,
         .rr = {WIRE_AN("www.example.com.", WR_TYPE_CNAME, 60, "x.cdn.net."),
                WIRE_AN("x.cdn.net.", WR_TYPE_A, 60, EVIL)}}, /* it has no right to say that */
        TREE_A(EX2, "x.cdn.net.", 50, "192.0.2.70")};
    TREE(&t, rules);
    wr_id id = tree_ask(&t, "www.example.com.", WR_TYPE_A);
    const struct wr_answer *a = tree_result(&t, id);
    assert_int_equal(a->answers, 2);
    assert_int_equal(a->answer[0].type, WR_TYPE_CNAME);
    assert_int_equal(a->answer[1].data[5], 70);
    wr_requests_release(t.rig.requests, id, now_us());
    tree_stop(&t);
}

/* DS stands in the parent (RFC 4035 section 3.1.4.1), also when the child's servers are known. */
static void test_ds_is_asked_of_the_parent(void **state)
{
    static const struct tree_rule rules[] = {
        PRIMED,
        ROOT_TO_COM,
        {.server = COM,
         .qname = "example.com.",
         .qtype = WR_TYPE_DS,
         .flags = WR_FLAG_AA,
         .rr = {WIRE_AN("example.com.", WR_TYPE_DS, 60, "1 13 2 AA")}},
        COM_TO_EXAMPLE,
        TREE_A(EX, "www.example.com.", 60, "192.0.2.80")};
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), 0);
    int last;
    assert_int_equal(tree_resolve(&t, "example.com.", WR_TYPE_DS, &last), 0);
    assert_int_equal(last, 0xaa);
    assert_int_equal(tree_asked(&t, EX, "example.com."), 0);
    tree_stop(&t);
}

/* A parent that sends a question for DS to the child does not know its part; the child is not asked. */
static void test_ds_is_never_asked_of_the_child(void **state)
{
    static const struct tree_rule rules[] = {WAY, {.server = EX, .flags = WR_FLAG_AA}};
    TREE(&t, rules);
    assert_int_equal(tree_resolve(&t, "example.com.", WR_TYPE_DS, NULL), WR_RCODE_SERVFAIL);
    assert_int_equal(tree_asked(&t, EX, NULL), 0);
    tree_stop(&t);
}

/* Servers that say neither yes nor no are doubted, and believed when nobody says more. */
static void test_an_empty_answer_is_doubted(void **state)
{
    static const struct tree_rule one[] = {PRIMED,
                                           ROOT_TO_COM,
                                           TWO_SERVERS,
                                           {.server = EX},
                                           TREE_A(EX2, "www.example.com.", 60, "192.0.2.80")};
    static const struct tree_rule both[] = {
        PRIMED, ROOT_TO_COM, TWO_SERVERS, {.server = EX}, {.server = EX2}};
    int last;
    TREE(&t, one);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    tree_stop(&t);
    TREE(&t, both);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, -1);
    tree_stop(&t);
}

/* --- what a delegation is worth --------------------------------------------------------------- */

/* The child's own NS set, with any TTL, does not make the delegation longer (ghost domains). */
static void test_ghosts(void **state)
{
    static const struct tree_rule granted[] = {
        PRIMED,
        ROOT_TO_COM,
        TREE_CUT(COM, "ghost.com.", 100, "ns.ghost.com.", EVIL),
        {.server = EVIL,
         .below = "ghost.com.",
         .flags = WR_FLAG_AA,
         .qtype = WR_TYPE_NS,
         .rr = {WIRE_AN("ghost.com.", WR_TYPE_NS, 999999, "ns.ghost.com."),
                WIRE_AR("ns.ghost.com.", WR_TYPE_A, 999999, EVIL)}},
        {.server = EVIL,
         .qname = "www.ghost.com.",
         .flags = WR_FLAG_AA,
         .rr = {WIRE_AN("www.ghost.com.", WR_TYPE_A, 1, "192.0.2.66"),
                WIRE_NS("ghost.com.", WR_TYPE_NS, 999999, "ns.ghost.com."),
                WIRE_AR("ns.ghost.com.", WR_TYPE_A, 999999, EVIL)}}};
    const struct tree_rule taken[] = {PRIMED, ROOT_TO_COM, GHOST_IS_GONE, granted[3], granted[4]};
    TREE(&t, granted);
    assert_int_equal(tree_resolve(&t, "www.ghost.com.", WR_TYPE_A, NULL), 0);
    t.rules = taken;
    t.rule_count = 5;
    for (unsigned i = 0; i < 9; i++) { /* renewed again and again */
        t.rig.now.mono_us += 10 * WR_S;
        assert_int_equal(tree_resolve(&t, "ghost.com.", WR_TYPE_NS, NULL), 0);
        assert_int_equal(tree_resolve(&t, "www.ghost.com.", WR_TYPE_A, NULL), 0);
    }
    t.rig.now.mono_us += 11 * WR_S;
    assert_int_equal(tree_resolve(&t, "www.ghost.com.", WR_TYPE_A, NULL), WR_RCODE_NXDOMAIN);
    tree_stop(&t);
}

/* Nor does a zone live on in what it delegated below itself ("phoenix domains"). */
static void test_phoenix(void **state)
{
    static const struct tree_rule granted[] = {
        PRIMED, ROOT_TO_COM, TREE_CUT(COM, "ghost.com.", 100, "ns.ghost.com.", EVIL),
        TREE_A(EX2, "www.sub.ghost.com.", 1, "192.0.2.66"),
        TREE_CUT(EVIL, "sub.ghost.com.", 80000, "ns.sub.ghost.com.", EX2)};
    const struct tree_rule taken[] = {PRIMED, ROOT_TO_COM, GHOST_IS_GONE, granted[3], granted[4]};
    TREE(&t, granted);
    assert_int_equal(tree_resolve(&t, "www.sub.ghost.com.", WR_TYPE_A, NULL), 0);
    t.rules = taken;
    t.rule_count = 5;
    t.rig.now.mono_us += 90 * WR_S;
    assert_int_equal(tree_resolve(&t, "www.sub.ghost.com.", WR_TYPE_A, NULL), 0);
    t.rig.now.mono_us += 11 * WR_S;
    assert_int_equal(tree_resolve(&t, "www.sub.ghost.com.", WR_TYPE_A, NULL), WR_RCODE_NXDOMAIN);
    tree_stop(&t);
}

static void test_a_delegation_for_this_once(void **state)
{
    static const struct tree_rule rules[] = {
        PRIMED, ROOT_TO_COM, TREE_CUT(COM, "example.com.", 0, "ns.example.com.", EX),
        TREE_A(EX, "www.example.com.", 0, "192.0.2.80")};
    TREE(&t, rules);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), 0);
        assert_int_equal(tree_asked(&t, COM, "example.com."), i);
    }
    tree_stop(&t);
}

/* --- servers that only the zone names ------------------------------------------------------------ */

#define SAYS_OF_ITSELF(srv, name, ns)                                                      \
    {                                                                                      \
        .server = (srv), .qname = (name), .qtype = WR_TYPE_A, .flags = WR_FLAG_AA, .rr = { \
            WIRE_AN(name, WR_TYPE_A, 60, "192.0.2.80"),                                    \
            WIRE_NS("example.com.", WR_TYPE_NS, 999999, "ns.example.com."),                \
            WIRE_NS("example.com.", WR_TYPE_NS, 999999, ns)                                \
        }                                                                                  \
    }
#define NET_TO_SHOP TREE_CUT(NET, "shop.net.", 86400, "ns.shop.net.", EX2)

/* The parent names one server and the zone two: when the one has gone, the other is asked, and not a second longer than the
 * parent's word stands, however long the zone says (ghost domains). */
static void test_the_last_resort(void **state)
{
    static const struct tree_rule before[] = {
        WAY, SAYS_OF_ITSELF(EX, "www.example.com.", "ns.shop.net.")};
    static const struct tree_rule after[] = {WAY,
                                             NET_TO_SHOP,
                                             {.server = EX, .rcode = WR_RCODE_SERVFAIL},
                                             TREE_A(EX2, "ns.shop.net.", 60, EX2),
                                             SAYS_OF_ITSELF(EX2, "mail.example.com.", "x.test."),
                                             TREE_A(EX2, "late.example.com.", 60, "192.0.2.82")};
    static const struct tree_rule taken[] = {
        PRIMED,
        ROOT_TO_COM,
        {.server = COM,
         .below = "example.com.",
         .flags = WR_FLAG_AA,
         .rcode = WR_RCODE_NXDOMAIN,
         .rr = {WIRE_NS("com.", WR_TYPE_SOA, 60, "a. b. 1 2 3 4 60")}},
        TREE_A(EX2, "ghost.example.com.", 60, "192.0.2.83")};
    int last;
    for (unsigned i = 0; i < 2; i++) {
        TREE(&t, before);
        t.rig.upstreams.case_randomisation = i == 0; /* else it could be anybody's word */
        uint64_t began = now_us();
        assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), 0);
        t.rules = after;
        t.rule_count = 9;
        uint16_t rcode = tree_resolve(&t, "mail.example.com.", WR_TYPE_A, &last);
        assert_int_equal(rcode, i == 0 ? 0 : WR_RCODE_SERVFAIL);
        assert_true(tree_asked(&t, EX, "mail.example.com.") > 0); /* the parent's first */
        if (i == 0) {
            assert_int_equal(last, 80);
            t.rig.now.mono_us = began + 3590 * WR_S;
            assert_int_equal(tree_resolve(&t, "late.example.com.", WR_TYPE_A, NULL), 0);
        }
        t.rules = taken;
        t.rule_count = 4;
        t.rig.now.mono_us = began + 3602 * WR_S;
        assert_int_equal(tree_resolve(&t, "ghost.example.com.", WR_TYPE_A, NULL),
                         WR_RCODE_NXDOMAIN);
        assert_int_equal(tree_asked(&t, EX2, "ghost.example.com."), 0);
        tree_stop(&t);
    }
}

/* DS that prove nothing are asked for again where the same server has another address; an ordinary question is not. */
static void test_other_addresses_for_proofs(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = EX, .qtype = WR_TYPE_DS, .rcode = WR_RCODE_REFUSED},
        {.server = EX, .qname = "www.example.com.", .rcode = WR_RCODE_REFUSED},
        {.server = EX,
         .qname = "ns.example.com.",
         .qtype = WR_TYPE_AAAA,
         .flags = WR_FLAG_AA,
         .rr = {WIRE_AN("ns.example.com.", WR_TYPE_AAAA, 60, "2001:db8::10")}},
        {.server = "2001:db8::10",
         .qname = "sub.example.com.",
         .qtype = WR_TYPE_DS,
         .flags = WR_FLAG_AA,
         .rr = {WIRE_AN("sub.example.com.", WR_TYPE_DS, 60, "1 13 2 00")}}};
    TREE(&t, rules);
    t.rig.upstreams.ipv6 = true;
    t.rig.upstreams.minimise = false;
    struct wr_question q = {
        .name = wire_name("sub.example.com."), .type = WR_TYPE_DS, .checking_disabled = true};
    bool joined;
    wr_id id = wr_requests_ask(t.rig.requests, &q, now_us(), &joined);
    const struct wr_answer *a = tree_result(&t, id);
    assert_int_equal(a->rcode, 0);
    assert_int_equal(a->answers, 1);
    wr_requests_release(t.rig.requests, id, now_us());
    assert_int_equal(tree_asked(&t, EX, "ns.example.com."), 1);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    assert_int_equal(tree_asked(&t, EX, "ns.example.com."), 1);
    tree_stop(&t);
}

/* A parent's server that refers to the child when it is asked for DS: what stands beside is the answer. The child is not asked, and
 * a referral that says nothing of DS is none. */
static void test_ds_beside_a_referral(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = EX,
         .below = "sub.example.com.",
         .rr = {WIRE_NS("sub.example.com.", WR_TYPE_NS, 60, "ns.sub.example.com."),
                WIRE_NS("sub.example.com.", WR_TYPE_DS, 60, "1 13 2 00"),
                WIRE_NS("bank.example.com.", WR_TYPE_DS, 60, "2 13 2 00"),
                WIRE_AR("ns.sub.example.com.", WR_TYPE_A, 60, EX2)}},
        {.server = EX,
         .below = "plain.example.com.",
         .rr = {WIRE_NS("plain.example.com.", WR_TYPE_NS, 60, "ns.sub.example.com."),
                WIRE_NS("plain.example.com.", WR_TYPE_NSEC, 60, "q.example.com. NS")}},
        TREE_CUT(EX, "mute.example.com.", 60, "ns.mute.example.com.", EX2)};
    static const struct {
        const char *name;
        uint16_t rcode;
        uint8_t answers, authorities;
    } rows[] = {{"sub.example.com.", 0, 1, 0},
                {"plain.example.com.", 0, 0, 1},
                {"mute.example.com.", WR_RCODE_SERVFAIL, 0, 0}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        TREE(&t, rules);
        wr_id id = tree_ask(&t, rows[i].name, WR_TYPE_DS);
        const struct wr_answer *a = tree_result(&t, id);
        assert_int_equal(a->rcode, rows[i].rcode);
        assert_int_equal(a->answers, rows[i].answers);
        assert_int_equal(a->authorities, rows[i].authorities);
        if (a->answers) {
            assert_true(wr_name_equal(a->answer[0].owner, wire_name("sub.example.com.").wire));
        }
        wr_requests_release(t.rig.requests, id, now_us());
        assert_int_equal(tree_asked(&t, EX2, NULL), 0);
        tree_stop(&t);
    }
}

/* --- configured servers ----------------------------------------------------------------------- */

#define CORP "192.0.2.4" /* group 1 of the rig, for corp.example. */

static void test_a_stub_is_asked_as_an_authority(void **state)
{
    static const struct tree_rule rules[] = {
        PRIMED, TREE_A(CORP, "www.corp.example.", 60, "192.0.2.80"),
        TREE_CUT(CORP, "dev.corp.example.", 60, "ns.dev.corp.example.", EX),
        TREE_A(EX, "www.dev.corp.example.", 60, "192.0.2.81")};
    int last;
    TREE(&t, rules);
    t.rig.upstreams.group[1].authoritative = true;
    assert_int_equal(tree_resolve(&t, "www.corp.example.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    assert_int_equal(tree_resolve(&t, "www.dev.corp.example.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 81);
    assert_int_equal(tree_asked(&t, ROOT, NULL), 0);
    for (unsigned i = 0; i < t.sent; i++) {
        assert_false(t.note[i].rd);
    }
    tree_stop(&t);
}

static const struct tree_rule without_corp[] = {
    TREE_IS_SILENT(CORP, NULL), PRIMED, TREE_CUT(ROOT, "example.", 3600, "ns.example.", EX2),
    TREE_CUT(EX2, "corp.example.", 3600, "ns.corp.example.", EX),
    TREE_A(EX, "www.corp.example.", 60, "192.0.2.82")};

/* A group that fails is followed by the way from the root, when its owner says so, and not otherwise. */
static void test_recurse_after(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        bool authoritative = i & 1, after = i & 2;
        int last;
        TREE(&t, without_corp);
        t.rig.upstreams.group[1].authoritative = authoritative;
        t.rig.upstreams.group[1].recurse_after = after;
        uint16_t rcode = tree_resolve(&t, "www.corp.example.", WR_TYPE_A, &last);
        assert_int_equal(rcode, after ? 0 : WR_RCODE_SERVFAIL);
        assert_int_equal(last, after ? 82 : -1);
        assert_int_equal(tree_asked(&t, ROOT, NULL) > 0, after);
        assert_int_equal(t.note[0].rd, !authoritative);
        tree_stop(&t);
    }
}

/* --- time, pools, changes --------------------------------------------------------------------- */

static const struct tree_rule silent_example[] = {PRIMED, ROOT_TO_COM, ROOT_TO_NET, COM_TO_EXAMPLE,
                                                  TREE_IS_SILENT(EX, NULL)};

static void test_silence_ends(void **state)
{
    TREE(&t, silent_example);
    uint64_t began = now_us();
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    assert_true(now_us() - began <= 5100 * WR_MS);
    assert_in_range(t.sent, 4, 30);
    assert_int_equal(tree_asked(&t, EX, "www.example.com."), 6); /* not twelve: it is everybody's */
    began = now_us();
    unsigned before = t.sent;
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_AAAA, NULL), WR_RCODE_SERVFAIL);
    assert_in_range(t.sent - before, 1, 10);
    tree_stop(&t);
}

/* Who waits for an address is awake at its own end, whatever becomes of the other request; a link that comes back is
 * no reason to turn in circles. */
static void test_waiting_has_an_end_of_its_own(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = NET,
         .below = "shop.net.",
         .rr = {WIRE_NS("shop.net.", WR_TYPE_NS, 3600, "ns.example.com.")}},
        TREE_IS_SILENT(EX, NULL)};
    TREE(&t, rules);
    wr_id id = tree_ask(&t, "www.shop.net.", WR_TYPE_A);
    tree_pass(&t, id, 500 * WR_MS);
    wr_requests_link_changed(t.rig.requests, now_us());
    tree_pass(&t, id, 100 * WR_MS);
    assert_int_equal(tree_result(&t, id)->rcode, WR_RCODE_SERVFAIL);
    wr_requests_release(t.rig.requests, id, now_us());
    tree_stop(&t);
}

static void test_a_reload_begins_again(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = NET,
         .below = "shop.net.",
         .rr = {WIRE_NS("shop.net.", WR_TYPE_NS, 3600, "ns.example.com.")}},
        TREE_IS_SILENT(EX, NULL)};
    const struct tree_rule better[] = {WAY, rules[4], TREE_A(EX, "ns.example.com.", 60, EX),
                                       TREE_A(EX, "www.shop.net.", 60, "192.0.2.90")};
    static struct wr_upstreams forwarding;
    TREE(&t, rules);
    wr_id id = tree_ask(&t, "www.shop.net.", WR_TYPE_A);
    wr_id other = tree_ask(&t, "ns.example.com.", WR_TYPE_AAAA);
    tree_pass(&t, id, 300 * WR_MS);
    t.rules = better;
    t.rule_count = 7;
    for (unsigned i = 0; i < 3; i++) {
        wr_requests_adopt(t.rig.requests, &t.rig.upstreams, &t.rig.ttl, NULL, 5000, now_us());
    }
    assert_int_equal(tree_result(&t, id)->rcode, 0);
    wr_requests_release(t.rig.requests, id, now_us());
    forwarding = t.rig.upstreams; /* no recursion any more */
    forwarding.default_group = 0;
    forwarding.hints = NULL;
    wr_requests_adopt(t.rig.requests, &forwarding, &t.rig.ttl, NULL, 5000, now_us());
    wr_requests_release(t.rig.requests, other, now_us());
    tree_stop(&t);
}

static void adopt_anew(void)
{
    wr_requests_adopt(t.rig.requests, &t.rig.upstreams, &t.rig.ttl, NULL, 5000, now_us());
}

/* A request that a reload leads to (the address of a server is known no longer) is asked once, as those before it are. */
static void test_a_reload_asks_what_it_begins_once(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = NET,
         .below = "shop.net.",
         .rr = {WIRE_NS("shop.net.", WR_TYPE_NS, 3600, "ns.example.com.")}},
        TREE_A(EX, "ns.example.com.", 1, EX),
        TREE_A(EX, "a.shop.net.", 60, "192.0.2.90"),
        TREE_IS_SILENT(EX, "w.shop.net.")};
    static const struct tree_rule silent[] = {TREE_IS_SILENT(EX, NULL)};
    TREE(&t, rules);
    wr_id id[4];
    assert_int_equal(tree_resolve(&t, "a.shop.net.", WR_TYPE_A, NULL), 0);
    for (unsigned i = 0; i < 4; i++) { /* wherever its place is, some of them stand before it */
        id[i] = tree_ask(&t, "w.shop.net.", (uint16_t)(65280 + i));
    }
    tree_pass(&t, id[0], 2100 * WR_MS);
    unsigned before = tree_asked(&t, EX, "ns.example.com.");
    t.rules = silent;
    t.rule_count = 1;
    adopt_anew();
    tree_pass(&t, id[0], 10 * WR_MS);
    assert_int_equal(tree_asked(&t, EX, "ns.example.com."), before + 1);
    for (unsigned i = 0; i < 4; i++) {
        wr_requests_release(t.rig.requests, id[i], now_us());
    }
    tree_stop(&t);
}

/* One that ends with a reload, because the cache has got the rest of its chain, keeps its answer while others are asked. */
static void test_a_reload_spoils_no_answer(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = EX,
         .qname = "alias.example.com.",
         .flags = WR_FLAG_AA,
         .rr = {WIRE_AN("alias.example.com.", WR_TYPE_CNAME, 60, "end.example.com.")}},
        TREE_IS_SILENT(EX, NULL)};
    const struct tree_rule later[] = {WAY, TREE_A(EX, "end.example.com.", 60, "192.0.2.90"),
                                      TREE_IS_SILENT(EX, NULL)};
    TREE(&t, rules);
    wr_id id[3] = {tree_ask(&t, "alias.example.com.", WR_TYPE_A)};
    tree_pass(&t, id[0], 300 * WR_MS);
    for (unsigned i = 1; i < 3; i++) {
        id[i] = tree_ask(&t, i == 1 ? "x.example.com." : "y.example.com.", WR_TYPE_A);
    }
    t.rules = later;
    t.rule_count = 6;
    assert_int_equal(tree_resolve(&t, "end.example.com.", WR_TYPE_A, NULL), 0);
    adopt_anew();
    const struct wr_answer *a = tree_result(&t, id[0]);
    assert_int_equal(a->answers, 2);
    assert_true(wr_name_equal(a->answer[0].owner, wire_name("alias.example.com.").wire));
    assert_true(wr_name_equal(a->answer[1].owner, wire_name("end.example.com.").wire));
    assert_int_equal(a->answer[1].data[5], 90);
    for (unsigned i = 0; i < 3; i++) {
        wr_requests_release(t.rig.requests, id[i], now_us());
    }
    tree_stop(&t);
}

/* Sixteen requests have room, fourteen of them clients'; one of the others asks for the root's servers. */
static void test_full(void **state)
{
    static const struct tree_rule rules[] = {
        WAY,
        {.server = NET,
         .below = "shop.net.",
         .rr = {WIRE_NS("shop.net.", WR_TYPE_NS, 3600, "ns.example.com.")}},
        TREE_A(EX, "ns.example.com.", 60, EX),
        {.server = EX,
         .below = "shop.net.",
         .flags = WR_FLAG_AA,
         .rr = {WIRE_AN("a.shop.net.", WR_TYPE_A, 60, "192.0.2.90")}}};
    char name[] = "a.shop.net.";
    unsigned accepted = 0;
    tree_start_sized(&t, rules, sizeof(rules) / sizeof(rules[0]), 16);
    for (unsigned i = 0; i < 16; i++) {
        name[0] = (char)('a' + i);
        accepted += tree_ask(&t, name, WR_TYPE_A) != 0;
    }
    assert_int_equal(accepted, 16 - 16 / WR_REQUESTS_RESERVE);
    assert_int_equal(wr_requests_count(t.rig.requests), accepted + 1);
    assert_true(tree_ask(&t, "z.shop.net.", WR_TYPE_A) == 0);
    tree_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_walk_tells_each_server_one_label_more),
        cmocka_unit_test(test_a_walk_without_minimisation),
        cmocka_unit_test(test_servers_that_do_not_like_less_than_the_whole),
        cmocka_unit_test(test_empty_non_terminals),
        cmocka_unit_test(test_the_root_need_not_be_primed),
        cmocka_unit_test(test_servers_without_glue),
        cmocka_unit_test(test_addresses_that_are_not_asked),
        cmocka_unit_test(test_lame_servers),
        cmocka_unit_test(test_lame_ones_are_asked_at_last),
        cmocka_unit_test(test_a_resolver_is_believed_last),
        cmocka_unit_test(test_referral_loops_end),
        cmocka_unit_test(test_endless_referrals_end),
        cmocka_unit_test(test_a_chain_over_zones),
        cmocka_unit_test(test_ds_is_asked_of_the_parent),
        cmocka_unit_test(test_ds_is_never_asked_of_the_child),
        cmocka_unit_test(test_an_empty_answer_is_doubted),
        cmocka_unit_test(test_ghosts),
        cmocka_unit_test(test_phoenix),
        cmocka_unit_test(test_a_delegation_for_this_once),
        cmocka_unit_test(test_a_stub_is_asked_as_an_authority),
        cmocka_unit_test(test_recurse_after),
        cmocka_unit_test(test_silence_ends),
        cmocka_unit_test(test_waiting_has_an_end_of_its_own),
        cmocka_unit_test(test_the_last_resort),
        cmocka_unit_test(test_other_addresses_for_proofs),
        cmocka_unit_test(test_ds_beside_a_referral),
        cmocka_unit_test(test_a_reload_begins_again),
        cmocka_unit_test(test_a_reload_asks_what_it_begins_once),
        cmocka_unit_test(test_a_reload_spoils_no_answer),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
