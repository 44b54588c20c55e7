/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/bed.h"
#include "unit/resolve/tree.h"
#include "unit/resolve/zonetest.h"

#define ZONES 8

static struct tree t;
static struct zonetest made[ZONES];
static struct wr_name names[ZONES];
static struct wr_heldzone_state states[ZONES];
static struct wr_heldzone held[ZONES];
static struct wr_heldzones set = {.zone = held};

static struct wr_heldzone *hold(const char *name, const struct wr_zoneindex *index, bool fallback)
{
    uint32_t i = set.count++;
    names[i] = wire_name(name);
    states[i] = (struct wr_heldzone_state){0};
    held[i] = (struct wr_heldzone){.name = names[i].wire,
                                   .index = index,
                                   .ede = WR_EDE_NOT_READY,
                                   .ede_text = "the zone was not transferred yet",
                                   .fallback = fallback,
                                   .state = &states[i]};
    return &held[i];
}

static void let_go(void)
{
    for (uint32_t i = 0; i < ZONES; i++) {
        zonetest_free(&made[i]);
    }
    set.count = 0;
}

/* --- not signed ------------------------------------------------------------------------------------- */

static const struct zonetest_row root_zone[] = {
    {".", "SOA", "a.root. h.root. 1 2 3 4 60"},
    {".", "NS", "a.root."},
    {"a.root.", "A", ROOT},
    {"com.", "NS", "ns.com."},
    {"ns.com.", "A", COM},
};
static const struct zonetest_row corp_zone[] = {
    {"example.com.", "SOA", "ns.example.com. h.example.com. 1 2 3 4 60"},
    {"example.com.", "NS", "ns.example.com."},
    {"www.example.com.", "A", "192.0.2.7"},
    {"alias.example.com.", "CNAME", "www.example.net."},
    {"near.example.com.", "CNAME", "www.example.com."},
    {"sub.example.com.", "NS", "ns.sub.example.com."},
    {"ns.sub.example.com.", "A", EX2},
    {"toobig.example.com.", "NS", "ns.sub.example.com."},
};
#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static const struct tree_rule rules[] = {
    PRIMED,
    TREE_CUT(ROOT, "com.", 86400, "ns.com.", COM),
    TREE_CUT(ROOT, "net.", 86400, "ns.net.", NET),
    TREE_CUT(COM, "example.com.", 3600, "ns.example.com.", EX),
    TREE_A(EX, "www.example.com.", 60, "192.0.2.80"),
    TREE_A(NET, "www.example.net.", 60, "192.0.2.81"),
    TREE_A(EX2, "www.sub.example.com.", 60, "192.0.2.82"),
};

static const struct wr_zoneindex *make(unsigned i, const char *zone,
                                       const struct zonetest_row *rows, size_t count)
{
    zonetest_rows(&made[i], rows, count);
    return zonetest_build(&made[i], zone);
}

static void test_answers_and_leads_on(void **state)
{
    static const struct {
        const char *name;
        uint16_t type, rcode;
        int last; /* octet of the last answer */
        unsigned sent;
    } rows[] = {
        {"www.example.com.", WR_TYPE_A, 0, 7, 0},
        {"near.example.com.", WR_TYPE_A, 0, 7, 0},
        {"none.example.com.", WR_TYPE_A, WR_RCODE_NXDOMAIN, -1, 0},
        {"www.example.com.", WR_TYPE_TXT, 0, -1, 0},
        {"www.sub.example.com.", WR_TYPE_A, 0, 82, 2}, /* sub.example.com. A, then the whole name */
        {"alias.example.com.", WR_TYPE_A, 0, 81, 4},   /* the root, its NS, net., the name */
    };
    TREE(&t, rules);
    hold("example.com.", make(0, "example.com.", ROWS(corp_zone)), true);
    wr_requests_adopt_held(t.rig.requests, &set);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int last = -1;
        unsigned before = t.sent;
        uint16_t rcode = tree_resolve(&t, rows[i].name, rows[i].type, &last);
        if (rcode != rows[i].rcode || last != rows[i].last || t.sent - before > rows[i].sent) {
            fail_msg("%s: rcode %u, last %d, %u sent", rows[i].name, rcode, last, t.sent - before);
        }
    }
    struct wr_requests_counters c;
    wr_requests_counters(t.rig.requests, &c);
    assert_true(c.held >= 6);
    assert_int_equal(c.held_bogus, 0);
    assert_int_equal(tree_asked(&t, EX, NULL), 0); /* its own server is not needed */
    tree_stop(&t);
    let_go();
}

/* A copy of the root spares the root's servers every question, that for themselves too. */
static void test_the_root(void **state)
{
    int last;
    TREE(&t, rules);
    hold(".", make(0, ".", ROWS(root_zone)), true);
    wr_requests_adopt_held(t.rig.requests, &set);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    assert_int_equal(tree_resolve(&t, ".", WR_TYPE_NS, NULL), 0);
    assert_int_equal(tree_resolve(&t, "no.such.", WR_TYPE_A, NULL), WR_RCODE_NXDOMAIN);
    assert_int_equal(tree_asked(&t, ROOT, NULL), 0);
    tree_stop(&t);
    let_go();
}

/* Nothing is there (yet, or any more): the servers are asked, or nobody where the owner says so. */
static void test_nothing_is_held(void **state)
{
    int last;
    TREE(&t, rules);
    struct wr_heldzone *zone = hold("example.com.", NULL, true);
    wr_requests_adopt_held(t.rig.requests, &set);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    zone->fallback = false;
    unsigned before = t.sent;
    wr_id id = tree_ask(&t, "ftp.example.com.", WR_TYPE_A);
    const struct wr_answer *a = tree_result(&t, id);
    assert_int_equal(a->rcode, WR_RCODE_SERVFAIL);
    assert_int_equal(a->ede, WR_EDE_NOT_READY);
    assert_string_equal(a->ede_text, "the zone was not transferred yet");
    wr_requests_release(t.rig.requests, id, t.rig.now.mono_us);
    assert_int_equal(t.sent, before);
    tree_stop(&t);
    let_go();
}

/* An answer that cannot be used: one with more records than a set may have. */
static void test_not_usable(void **state)
{
    int last;
    TREE(&t, rules);
    zonetest_rows(&made[0], ROWS(corp_zone));
    for (unsigned i = 0; i < WR_RRSET_RECORDS_MAX + 1; i++) {
        char text[32];
        snprintf(text, sizeof(text), "10.0.%u.%u", i / 256, i % 256);
        zonetest_add(&made[0], "www.example.com.", "A", text);
    }
    struct wr_heldzone *zone = hold("example.com.", zonetest_build(&made[0], "example.com."), true);
    wr_requests_adopt_held(t.rig.requests, &set);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 80);
    assert_int_equal(states[0].until_s, 0); /* of one name nothing follows for others */
    zone->fallback = false;
    t.rig.now.mono_us += 3600 * WR_S;
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, NULL), WR_RCODE_SERVFAIL);
    tree_stop(&t);
    let_go();
}

/* Who forwards everything still asks the zone here, and the servers that it delegates to; the root is the forwarders'. */
static void test_behind_forwarders(void **state)
{
    int last;
    TREE(&t, rules);
    t.rig.upstreams.default_group = 0;
    hold("example.com.", make(0, "example.com.", ROWS(corp_zone)), true);
    hold(".", make(1, ".", ROWS(root_zone)), true);
    wr_requests_adopt_held(t.rig.requests, &set);
    assert_int_equal(tree_resolve(&t, "www.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 7);
    assert_int_equal(tree_resolve(&t, "www.sub.example.com.", WR_TYPE_A, &last), 0);
    assert_int_equal(last, 82);
    (void)tree_resolve(&t, "www.example.org.", WR_TYPE_A, NULL);
    assert_true(tree_asked(&t, "192.0.2.1", "www.example.org.") > 0);
    tree_stop(&t);
    let_go();
}

/* The zone goes away between the question and its turn. */
static void test_gone_meanwhile(void **state)
{
    int last = -1;
    TREE(&t, rules);
    hold("example.com.", make(0, "example.com.", ROWS(corp_zone)), false);
    wr_requests_adopt_held(t.rig.requests, &set);
    wr_id id = tree_ask(&t, "www.example.com.", WR_TYPE_A);
    wr_requests_adopt_held(t.rig.requests, NULL);
    const struct wr_answer *a = tree_result(&t, id);
    assert_int_equal(a->rcode, 0);
    last = a->answer[0].data[a->answer[0].size - 1];
    assert_int_equal(last, 80);
    wr_requests_release(t.rig.requests, id, t.rig.now.mono_us);
    tree_stop(&t);
    let_go();
}

/* --- signed ----------------------------------------------------------------------------------------- */

/* One zone of the world, whole. */
static const struct wr_zoneindex *from_world(unsigned i, const char *zone)
{
    struct wr_name apex = world_name(zone);
    struct zonetest *z = &made[i];
    for (unsigned n = 0; n < world_count; n++) {
        const struct world_set *w = &world_sets[n];
        struct wr_rrset_walk walk = wr_rrset_walk(&w->set);
        const uint8_t *rdata;
        uint16_t size;
        for (unsigned k = 0;
             wr_name_equal(w->zone.wire, apex.wire) && wr_rrset_next(&walk, &rdata, &size); k++) {
            struct zonetest_record *r = &z->record[z->records++];
            r->owner = w->owner;
            r->ttl = w->set.ttl;
            r->type = k < w->set.records ? w->set.type : WR_TYPE_RRSIG;
            r->size = size;
            r->rdata = malloc(size);
            memcpy(r->rdata, rdata, size);
        }
    }
    return zonetest_build(z, zone);
}

static void test_signed(void **state)
{
    static const struct {
        const char *name;
        uint16_t rcode;
        uint8_t security;
    } rows[] = {
        {"a.sec.", 0, WR_SECURITY_SECURE},
        {"none.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE},
        {"www.n3.sec.", 0, WR_SECURITY_SECURE},
        {"none.n3.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE},
        {"www.opt.sec.", 0, WR_SECURITY_SECURE},
        {"none.opt.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_INSECURE}, /* opt-out */
        {"nosuch.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE},
    };
    struct bed *b = bed_new(16);
    b->r.upstreams.default_group = WR_GROUP_RECURSE;
    hold(".", from_world(0, "."), true);
    hold("sec.", from_world(1, "sec."), true);
    hold("n3.sec.", from_world(2, "n3.sec."), true);
    hold("opt.sec.", from_world(3, "opt.sec."), true);
    wr_requests_adopt_held(b->r.requests, &set);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(b, rows[i].name, rows[i].rcode, rows[i].security, WR_EDE_NONE);
    }
    assert_int_equal(b->sent, 0); /* keys and DS too: nobody was asked for anything */
    bed_free(b);
    let_go();
}

/* The address of a.sec. is another one, and its signature is what it was. */
static void lie(struct zonetest *z)
{
    for (unsigned i = 0; i < z->records; i++) {
        struct zonetest_record *r = &z->record[i];
        if (r->type == WR_TYPE_A && wr_name_equal(r->owner.wire, world_name("a.sec.").wire)) {
            r->rdata[3] ^= 1;
        }
    }
}

static void test_bogus(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_requests_counters c;
    struct wr_heldzone *zone = hold("sec.", from_world(0, "sec."), true);
    lie(&made[0]);
    wr_requests_adopt_held(b->r.requests, &set);
    expect(b, "a.sec.", 0, WR_SECURITY_SECURE, WR_EDE_NONE); /* by the forwarders' word */
    assert_true(b->servers != 0);
    assert_int_equal(states[0].bogus, 1);
    wr_requests_counters(b->r.requests, &c);
    assert_int_equal(c.held_bogus, 1);
    assert_null(wr_heldzones_find(&set, world_name("b.sec.").wire, WR_TYPE_A, 0,
                                  (uint32_t)(b->r.now.mono_us / WR_S)));
    zone->fallback = false; /* nobody else may be asked */
    b->r.now.mono_us += 3600 * WR_S;
    unsigned servers = b->servers = 0;
    expect(b, "a.sec.", WR_RCODE_SERVFAIL, 0, WR_EDE_BOGUS);
    assert_int_equal(b->servers, servers);
    bed_free(b);
    let_go();
}

/* The copy goes away, or another one comes, while what it said is being proven: nobody is distrusted for it. */
static void test_bogus_of_a_copy_that_is_gone(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct bed *b = bed_new(16);
        struct wr_heldzone *zone = hold("sec.", from_world(0, "sec."), true);
        lie(&made[0]);
        wr_requests_adopt_held(b->r.requests, &set);
        wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
        zone->index = i ? zone->index : NULL;
        zone->state = i ? &states[1] : NULL;
        states[1] = (struct wr_heldzone_state){0};
        (void)serve(b, id);
        release(b, id);
        assert_int_equal(states[0].bogus, 0);
        bed_free(b);
        let_go();
    }
}

/* Keys that do not fit, from a copy that its primary has exchanged for another zone of the name. */
static void test_other_keys(void **state)
{
    struct bed *b = bed_new(16);
    from_world(0, "sec.");
    for (unsigned i = 0; i < made[0].records; i++) {
        if (made[0].record[i].type == WR_TYPE_DNSKEY) {
            made[0].record[i].rdata[10] ^= 1;
        }
    }
    hold("sec.", zonetest_build(&made[0], "sec."), true);
    wr_requests_adopt_held(b->r.requests, &set);
    expect(b, "a.sec.", 0, WR_SECURITY_SECURE, WR_EDE_NONE);
    assert_true(states[0].bogus > 0);
    bed_free(b);
    let_go();
}

/* That nobody gives the keys above it is not the zone's fault. */
static void test_unreachable_keys(void **state)
{
    struct bed *b = bed_new(16);
    hold("sec.", from_world(0, "sec."), true);
    wr_requests_adopt_held(b->r.requests, &set);
    b->silent_keys = true;
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    assert_int_equal(serve(b, id)->rcode, WR_RCODE_SERVFAIL);
    release(b, id);
    assert_int_equal(states[0].bogus, 0);
    bed_free(b);
    let_go();
}

static int load(void **state)
{
    world_load();
    return 0;
}

static int unload(void **state)
{
    world_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_and_leads_on),
        cmocka_unit_test(test_the_root),
        cmocka_unit_test(test_nothing_is_held),
        cmocka_unit_test(test_not_usable),
        cmocka_unit_test(test_behind_forwarders),
        cmocka_unit_test(test_gone_meanwhile),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_bogus),
        cmocka_unit_test(test_bogus_of_a_copy_that_is_gone),
        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_unreachable_keys),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
