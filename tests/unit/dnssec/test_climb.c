/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/server.h"

#include "dnssec/climb.h"

static struct bench b;
static struct server s;
static struct wr_climb c;

static void begin(uint32_t zones)
{
    bench_open(&b, zones);
    memset(&s, 0, sizeof(s));
    wr_climb_init(&c, &b.env);
}

static void end(void)
{
    wr_climb_stop(&c);
    server_end(&s);
    bench_close(&b);
}

static uint8_t climb_with(const char *target, const struct wr_cut_hints *hints)
{
    struct wr_name name = world_name(target);

    s.log[0] = 0;
    wr_climb_start(&c, name.wire, &b.work, hints);
    for (unsigned steps = 0;; steps++) {
        uint32_t checks = b.work.checks;
        enum wr_dnssec_action got = wr_climb_step(&c, &b.now);
        struct wr_dnssec_reply reply;

        assert_true(b.work.checks - checks <= 1);
        assert_true(steps < 2000);
        if (got == WR_DNSSEC_DONE) {
            return c.security;
        }
        if (got == WR_DNSSEC_FETCH) {
            assert_int_equal(wr_climb_step(&c, &b.now), WR_DNSSEC_FETCH); /* patient */
            server_reply(&s, &c.fetch, &reply);
            wr_climb_feed(&c, &reply);
        }
    }
}

static uint8_t climb(const char *target)
{
    return climb_with(target, NULL);
}

static void expect_name(const struct wr_name *got, const char *want)
{
    struct wr_name name = world_name(want);

    assert_true(wr_name_equal(got->wire, name.wire));
}

static void test_down_to_a_zone(void **state)
{
    begin(64);
    assert_int_equal(climb("n3.sec."), WR_SECURITY_SECURE);
    expect_name(&c.zone, "n3.sec.");
    assert_string_equal(s.log, "./DNSKEY sec./DS sec./DNSKEY n3.sec./DS n3.sec./DNSKEY");
    assert_true(c.keys->count == 2);
    assert_int_equal(climb("n3.sec."), WR_SECURITY_SECURE); /* known now */
    assert_string_equal(s.log, "");
    assert_int_equal(climb("opt.sec."), WR_SECURITY_SECURE);
    assert_string_equal(s.log, "opt.sec./DS opt.sec./DNSKEY");
    wr_climb_stop(&c); /* a denial from a known zone is kept as well */
    wr_climb_init(&c, &b.env);
    assert_int_equal(climb("uns.sec."), WR_SECURITY_INSECURE);
    assert_string_equal(s.log, "uns.sec./DS");
    assert_int_equal(climb("x.uns.sec."), WR_SECURITY_INSECURE);
    assert_string_equal(s.log, "");
    b.now.mono_us += 301 * WR_S; /* and forgotten with its TTL */
    assert_int_equal(climb("n3.sec."), WR_SECURITY_SECURE);
    assert_string_equal(s.log, "./DNSKEY sec./DS sec./DNSKEY n3.sec./DS n3.sec./DNSKEY");
    end();
}

/* A key cache of four places, all zones in one row: what does not fit is held by the climb itself. */
static void test_without_room_in_the_cache(void **state)
{
    struct wr_zone_entry *held[WR_KEYCACHE_WAYS];
    struct wr_name name;

    begin(1);
    for (unsigned i = 0; i < WR_KEYCACHE_WAYS; i++) {
        char text[] = "a.";

        text[0] = (char)(text[0] + i);
        name = world_name(text);
        held[i] = wr_keycache_put(&b.cache, name.wire, WR_SECURITY_INSECURE, -1, "", NULL,
                                  b.now.mono_us, WR_TIME_NEVER);
        wr_keycache_hold(held[i]);
    }
    assert_int_equal(climb("n3.sec."), WR_SECURITY_SECURE);
    assert_null(c.held);
    assert_ptr_equal(c.keys, &c.own);
    for (unsigned i = 0; i < WR_KEYCACHE_WAYS; i++) {
        wr_keycache_drop(held[i]);
    }
    end();
}

static void test_names_in_zones(void **state)
{
    static const struct {
        const char *target, *zone;
        uint8_t want;
    } rows[] = {
        {"a.sec.", "sec.", WR_SECURITY_SECURE},    /* the name is there, no cut */
        {"none.sec.", "sec.", WR_SECURITY_SECURE}, /* it is not there */
        {"x.y.none.sec.", "sec.", WR_SECURITY_SECURE},
        {"x.ent.sec.", "sec.", WR_SECURITY_SECURE},     /* below an empty non-terminal */
        {"alias.sec.", "sec.", WR_SECURITY_SECURE},     /* a CNAME answers the DS question */
        {"www.n3.sec.", "n3.sec.", WR_SECURITY_SECURE}, /* the same with NSEC3 */
        {"none.n3.sec.", "n3.sec.", WR_SECURITY_SECURE},
        {"x.ent.n3.sec.", "n3.sec.", WR_SECURITY_SECURE},
        {"www.many.sec.", "many.sec.", WR_SECURITY_SECURE},
        {"www.opt.sec.", "opt.sec.", WR_SECURITY_SECURE},
        {"s.opt.sec.", "s.opt.sec.", WR_SECURITY_SECURE},
        {"a.b.deep.sec.", "a.b.deep.sec.", WR_SECURITY_SECURE},
        {"www.a14.sec.", "a14.sec.", WR_SECURITY_SECURE},
        {"www.a15.sec.", "a15.sec.", WR_SECURITY_SECURE},
        {"www.a16.sec.", "a16.sec.", WR_SECURITY_SECURE},
        {"www.a10.sec.", "a10.sec.", WR_SECURITY_SECURE},
    };

    begin(64);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(&b.work, 0, sizeof(b.work));
        if (climb(rows[i].target) != rows[i].want) {
            fail_msg("%s: %u, %s", rows[i].target, c.security, c.reason);
        }
        expect_name(&c.zone, rows[i].zone);
    }
    end();
}

static void test_insecure(void **state)
{
    static const struct {
        const char *target, *blame;
        int ede;
    } rows[] = {
        {"www.plain.", "plain.", WR_EDE_NONE},
        {"www.island.", "island.", WR_EDE_NONE},
        {"x.uns.sec.", "uns.sec.", WR_EDE_NONE},
        {"x.uns.n3.sec.", "uns.n3.sec.", WR_EDE_NONE},
        {"x.u.opt.sec.", "u.opt.sec.", WR_EDE_NONE},             /* in an opt-out range */
        {"x.u.optent.opt.sec.", "optent.opt.sec.", WR_EDE_NONE}, /* its empty non-terminal too */
        {"www.unk.sec.", "unk.sec.", WR_EDE_DNSKEY_ALGORITHM},
        {"www.dig.sec.", "dig.sec.", WR_EDE_DS_DIGEST},
        {"www.a5.sec.", "a5.sec.", WR_EDE_DNSKEY_ALGORITHM},
        {"www.a7.sec.", "a7.sec.", WR_EDE_DNSKEY_ALGORITHM},
    };

    begin(64);
    for (int round = 0; round < 2; round++) { /* the second: from the cache */
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            memset(&b.work, 0, sizeof(b.work));
            if (climb(rows[i].target) != WR_SECURITY_INSECURE) {
                fail_msg("%s: %u, %s", rows[i].target, c.security, c.reason);
            }
            assert_int_equal(c.ede, rows[i].ede);
            expect_name(&c.blame, rows[i].blame);
            assert_true(round == 0 || s.log[0] == 0);
        }
    }
    end();
}

static void test_policy(void **state)
{
    begin(64);
    b.policy.sha1_rely = true;
    assert_int_equal(climb("www.a5.sec."), WR_SECURITY_SECURE);
    assert_int_equal(climb("www.a7.sec."), WR_SECURITY_SECURE);
    wr_keycache_clear(&b.cache);
    b.policy.nsec3_iterations = 50;
    assert_int_equal(climb("x.many.sec."), WR_SECURITY_INSECURE);
    assert_int_equal(c.ede, WR_EDE_NSEC3_ITERATIONS);
    end();
}

static void test_anchors(void **state)
{
    struct wr_name plain = world_name("plain."), n3 = world_name("n3.sec.");

    begin(64);
    bench_anchor(&b, "island.");
    assert_int_equal(climb("www.island."), WR_SECURITY_SECURE);
    assert_string_equal(s.log, "island./DNSKEY www.island./DS");
    assert_int_equal(wr_anchors_add_negative(&b.anchors, n3.wire, WORLD_NOW + 10), WR_OK);
    assert_int_equal(climb("www.n3.sec."), WR_SECURITY_INSECURE);
    assert_string_equal(s.log, "");
    b.time.now_s += 10; /* it ends */
    assert_int_equal(climb("www.n3.sec."), WR_SECURITY_SECURE);
    b.anchors.count = 0;
    assert_int_equal(climb("www.sec."), WR_SECURITY_INDETERMINATE);
    assert_int_equal(c.ede, WR_EDE_INDETERMINATE);
    assert_int_equal(wr_anchors_add_text(&b.anchors, "sec. DS 1 200 2 00", 18), WR_E_FORMAT);
    wr_keycache_clear(&b.cache);                            /* as whoever changes anchors does */
    assert_int_equal(climb("www.sec."), WR_SECURITY_BOGUS); /* a malformed anchor trusts nothing */
    wr_anchors_add_text(&b.anchors, "plain. DS 1 200 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
                        58);
    assert_int_equal(climb("www.plain."), WR_SECURITY_INSECURE); /* nothing to rely on */
    assert_int_equal(c.ede, WR_EDE_DNSKEY_ALGORITHM);
    expect_name(&c.blame, "plain.");
    (void)plain;
    end();
}

static void test_bogus(void **state)
{
    static const struct {
        enum server_mode mode;
        const char *name;
        uint16_t type;
        const char *target;
        int ede;
    } rows[] = {
        {SERVER_STRIP, "sec.", WR_TYPE_DNSKEY, "sec.", WR_EDE_RRSIGS_MISSING},
        {SERVER_CORRUPT, "sec.", WR_TYPE_DNSKEY, "sec.", WR_EDE_BOGUS},
        {SERVER_ALTER, "a14.sec.", WR_TYPE_DNSKEY, "a14.sec.", WR_EDE_DNSKEY_MISSING},
        {SERVER_EMPTY, "sec.", WR_TYPE_DNSKEY, "sec.", WR_EDE_DNSKEY_MISSING},
        {SERVER_STRIP, "sec.", WR_TYPE_DS, "sec.", WR_EDE_RRSIGS_MISSING},
        {SERVER_CORRUPT, "sec.", WR_TYPE_DS, "sec.", WR_EDE_BOGUS},
        {SERVER_ALTER, "sec.", WR_TYPE_DS, "sec.", WR_EDE_BOGUS},
        {SERVER_EMPTY, "sec.", WR_TYPE_DS, "sec.", WR_EDE_NSEC_MISSING},
        /* denials that are not */
        {SERVER_NO_DENIAL, "plain.", WR_TYPE_DS, "www.plain.", WR_EDE_NSEC_MISSING},
        {SERVER_STRIP, "plain.", WR_TYPE_DS, "www.plain.", WR_EDE_RRSIGS_MISSING},
        {SERVER_CORRUPT, "plain.", WR_TYPE_DS, "www.plain.", WR_EDE_BOGUS},
        {SERVER_ALTER, "uns.sec.", WR_TYPE_DS, "www.uns.sec.", WR_EDE_BOGUS},
        {SERVER_CORRUPT, "u.opt.sec.", WR_TYPE_DS, "www.u.opt.sec.", WR_EDE_BOGUS},
        {SERVER_NO_DENIAL, "u.opt.sec.", WR_TYPE_DS, "www.u.opt.sec.", WR_EDE_NSEC_MISSING},
        {SERVER_HONEST, NULL, 0, "www.wrongds.sec.", WR_EDE_DNSKEY_MISSING},
        {SERVER_HONEST, NULL, 0, "www.silent.sec.",
         WR_EDE_DNSKEY_MISSING}, /* its keys vouch for themselves */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(64);
        s.mode = rows[i].mode;
        s.name = rows[i].name;
        s.type = rows[i].type;
        if (climb(rows[i].target) != WR_SECURITY_BOGUS || c.ede != rows[i].ede) {
            fail_msg("row %zu: %u, ede %d, %s", i, c.security, c.ede, c.reason);
        }
        assert_true(c.reason[0] != 0);
        if (rows[i].name) {
            assert_int_equal(s.again, WR_DNSSEC_RETRIES_MAX);
            expect_name(&c.blame, rows[i].name);
        }
        assert_int_equal(climb(rows[i].target), WR_SECURITY_BOGUS); /* for a while without asking */
        assert_string_equal(s.log, "");
        s.name = NULL;
        b.now.mono_us += 6 * WR_S;
        bool unsigned_ = rows[i].mode == SERVER_STRIP || rows[i].mode == SERVER_EMPTY;
        if (unsigned_) { /* a server that knows nothing of DNSSEC: soon, another may be there */
            assert_int_not_equal(climb(rows[i].target), WR_SECURITY_BOGUS);
        } else {
            assert_int_equal(climb(rows[i].target), WR_SECURITY_BOGUS);
            assert_string_equal(s.log, "");
        }
        b.now.mono_us += 55 * WR_S;
        if (rows[i].name) {
            assert_int_not_equal(climb(rows[i].target), WR_SECURITY_BOGUS);
        }
        end();
    }
}

/* Without an answer nothing is wrong, and the next one that can be had is taken at once. */
static void test_unreachable(void **state)
{
    static const uint16_t types[] = {WR_TYPE_DNSKEY, WR_TYPE_DS};

    for (size_t i = 0; i < 2; i++) {
        begin(64);
        s.mode = SERVER_FAIL;
        s.name = "sec.";
        s.type = types[i];
        assert_int_equal(climb("sec."), WR_SECURITY_BOGUS);
        assert_true(c.unreachable);
        assert_int_equal(c.ede, i ? WR_EDE_NO_REACHABLE_AUTHORITY : WR_EDE_DNSKEY_MISSING);
        assert_int_equal(s.again, 0);
        s.name = NULL;
        assert_int_equal(climb("sec."), WR_SECURITY_SECURE);
        assert_false(c.unreachable);
        end();
    }
}

/* Signatures that are wrong are a verdict on the zone, whoever else answers without any. */
static void test_wrong_beside_none(void **state)
{
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        begin(64);
        s.mode = wrong ? SERVER_ONCE : SERVER_STRIP;
        s.name = "sec.";
        s.type = WR_TYPE_DNSKEY;
        s.then = SERVER_STRIP;
        assert_int_equal(climb("sec."), WR_SECURITY_BOGUS);
        assert_int_equal(s.again, WR_DNSSEC_RETRIES_MAX);
        s.name = NULL;
        b.now.mono_us += 6 * WR_S;
        assert_int_equal(climb("sec."), wrong ? WR_SECURITY_BOGUS : WR_SECURITY_SECURE);
        end();
    }
}

/* One bad answer is not the end: another server is asked. */
static void test_retry(void **state)
{
    static const uint16_t types[] = {WR_TYPE_DNSKEY, WR_TYPE_DS};

    for (size_t i = 0; i < 2; i++) {
        begin(64);
        s.mode = SERVER_ONCE;
        s.name = "sec.";
        s.type = types[i];
        assert_int_equal(climb("sec."), WR_SECURITY_SECURE);
        assert_int_equal(s.again, 1);
        end();
    }
}

static void test_times(void **state)
{
    begin(64);
    b.time.now_s = WORLD_EXPIRY + 2 * 86400;
    assert_int_equal(climb("sec."), WR_SECURITY_BOGUS);
    assert_int_equal(c.ede, WR_EDE_SIGNATURE_EXPIRED);
    end();
    begin(64);
    b.time = wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, WORLD_INCEPTION - 1000000);
    assert_int_equal(climb("sec."), WR_SECURITY_SECURE);
    end();
    begin(64);
    b.time = wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, WORLD_EXPIRY + 1);
    assert_int_equal(climb("sec."), WR_SECURITY_BOGUS);
    end();
}

static enum wr_cut_hint only_deep(void *user, const uint8_t *name)
{
    unsigned *calls = user;

    ++*calls;
    return WR_CUT_NO;
}

/* An iterator's hints save questions; where they are wrong, a reply shows the cut that was skipped. */
static void test_hints(void **state)
{
    unsigned calls = 0;
    struct wr_cut_hints hints = {only_deep, &calls};

    begin(64);
    assert_int_equal(climb("sec."), WR_SECURITY_SECURE);
    assert_int_equal(climb_with("a.b.deep.sec.", &hints), WR_SECURITY_SECURE);
    assert_string_equal(s.log, "a.b.deep.sec./DS a.b.deep.sec./DNSKEY");
    assert_true(calls > 0);
    wr_keycache_clear(&b.cache);
    assert_int_equal(climb_with("n3.sec.", &hints), WR_SECURITY_SECURE); /* sec. is a cut */
    assert_string_equal(s.log, "./DNSKEY n3.sec./DS sec./DS sec./DNSKEY n3.sec./DS n3.sec./DNSKEY");
    assert_int_equal(climb_with("x.y.none.n3.sec.", &hints), WR_SECURITY_SECURE);
    wr_keycache_clear(&b.cache);
    assert_int_equal(climb_with("none.sec.", &hints),
                     WR_SECURITY_SECURE); /* a denial shows it too */
    assert_string_equal(s.log, "./DNSKEY none.sec./DS sec./DS sec./DNSKEY none.sec./DS");
    end();
}

/* What the zone itself proved before is believed, though its signatures are gone. That a set is secure is not enough: it may
 * be another zone's, or nobody knows whose; and keys are believed by a DS alone. A query's work has an end. */
static void test_believed_and_bounded(void **state)
{
    static const struct {
        const char *prover; /* NULL: not known */
        uint16_t type;
        uint8_t want;
    } rows[] = {{".", WR_TYPE_DS, WR_SECURITY_SECURE},
                {"sec.", WR_TYPE_DS, WR_SECURITY_BOGUS},
                {NULL, WR_TYPE_DS, WR_SECURITY_BOGUS},
                {"sec.", WR_TYPE_DNSKEY, WR_SECURITY_BOGUS},
                {".", WR_TYPE_DNSKEY, WR_SECURITY_BOGUS}};
    struct wr_dnssec_reply reply;
    struct wr_name sec = world_name("sec.");

    begin(64);
    s.mode = SERVER_STRIP;
    s.name = "sec.";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name prover = world_name(rows[i].prover ? rows[i].prover : ".");

        s.type = rows[i].type;
        wr_keycache_clear(&b.cache);
        wr_climb_start(&c, sec.wire, &b.work, NULL);
        for (enum wr_dnssec_action got; (got = wr_climb_step(&c, &b.now)) != WR_DNSSEC_DONE;) {
            if (got == WR_DNSSEC_FETCH) {
                server_reply(&s, &c.fetch, &reply);
                bool known = c.fetch.type == s.type && wr_name_equal(c.fetch.name.wire, sec.wire);
                s.answer[0].security = known ? WR_SECURITY_SECURE : WR_SECURITY_UNCHECKED;
                wr_rrset_set_prover(&s.answer[0], rows[i].prover ? prover.wire : NULL);
                wr_climb_feed(&c, &reply);
            }
        }
        assert_int_equal(c.security, rows[i].want);
    }
    memset(&b.work, 0, sizeof(b.work));
    wr_keycache_clear(&b.cache);
    b.work.fetches = WR_DNSSEC_FETCHES_MAX - 1;
    assert_int_equal(climb("n3.sec."), WR_SECURITY_BOGUS);
    wr_keycache_clear(&b.cache);
    memset(&b.work, 0, sizeof(b.work));
    s.name = NULL;
    b.work.cost = WR_DNSSEC_COST_MAX - 4;
    assert_int_equal(climb("n3.sec."), WR_SECURITY_BOGUS);
    end();
}

/* Climbs to a name below sec., whose DS question gets one set that was made by hand. */
static uint8_t climb_fed(const char *target, struct world_copy *made, bool in_authority)
{
    struct wr_name name = world_name(target);

    wr_climb_start(&c, name.wire, &b.work, NULL);
    for (enum wr_dnssec_action got; (got = wr_climb_step(&c, &b.now)) != WR_DNSSEC_DONE;) {
        struct wr_dnssec_reply reply = {0};

        if (got != WR_DNSSEC_FETCH) {
            continue;
        }
        if (!wr_name_equal(c.fetch.name.wire, name.wire)) {
            server_reply(&s, &c.fetch, &reply);
        } else if (in_authority) {
            reply.authority = &made->set;
            reply.authorities = 1;
        } else {
            reply.answer = &made->set;
            reply.answers = 1;
        }
        wr_climb_feed(&c, &reply);
    }
    return c.security;
}

static unsigned told;
static struct wr_name told_of;

static void note_told(void *user, const uint8_t *zone, const struct wr_rrset *set, uint32_t ttl,
                      const struct wr_now *now)
{
    told += wr_name_equal(set->owner, told_of.wire);
}

/* A denial that somebody found secure is no denial of this zone: it may have been made from a wildcard, or be another
 * zone's, whose next name is this one's. It proves nothing, and nobody is told that it does. */
static void test_secure_is_no_denial(void **state)
{
    static const struct {
        const char *zone, *owner, *as, *prover, *target;
    } rows[] = {{"sec.", "*.wild.sec.", "x.wild.sec.", NULL, "x.wild.sec."},
                {"sec.", "*.wild.sec.", "a.sec.", NULL, "a.sec."},
                {"sec.", "a.sec.", "a.sec.", "a.sec.", "a.sec."},
                {"sec.", "a.sec.", "a.sec.", "sec.", "a.sec."}}; /* the last is one */

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world_copy *made = world_get(rows[i].zone, rows[i].owner, WR_TYPE_NSEC);
        struct wr_name prover = world_name(rows[i].prover ? rows[i].prover : ".");
        bool last = i + 1 == sizeof(rows) / sizeof(rows[0]);

        begin(64);
        b.env.proven = note_told;
        told = 0;
        told_of = world_name(rows[i].as);
        world_rename(made, rows[i].as);
        made->set.security = WR_SECURITY_SECURE;
        wr_rrset_set_prover(&made->set, rows[i].prover ? prover.wire : NULL);
        if (i >= 2) {
            world_strip(made);
        }
        (void)climb_fed(rows[i].target, made, true);
        assert_int_equal(c.security, last ? WR_SECURITY_SECURE : WR_SECURITY_BOGUS);
        assert_int_equal(told, last);
        free(made);
        end();
    }
}

/* What a wildcard gives is neither a zone cut nor a denial; DS that are none do not make a zone insecure. */
static void test_wildcards_and_torn_ds(void **state)
{
    struct world_copy *made = world_get("sec.", "*.wds.sec.", WR_TYPE_DS);
    uint16_t size;
    uint8_t *rdata;

    begin(64);
    world_rename(made, "x.wds.sec.");
    assert_int_equal(climb_fed("x.wds.sec.", made, false), WR_SECURITY_BOGUS);
    assert_int_equal(c.ede, WR_EDE_BOGUS); /* and not for want of keys */
    free(made);
    made = world_get("sec.", "*.wild.sec.", WR_TYPE_NSEC);
    world_rename(made, "x.wild.sec.");
    assert_int_equal(climb_fed("x.wild.sec.", made, true), WR_SECURITY_BOGUS);
    free(made);
    made = world_get("sec.", "n3.sec.", WR_TYPE_DS);
    rdata = world_rdata(made, 0, &size);
    world_rename(
        made,
        "x.a.sec."); /* a signer where it is known that there is no zone: no going round in circles */
    world_sign_as(made, "a.sec.");
    memset(&b.work, 0, sizeof(b.work));
    s.log[0] = 0;
    assert_int_equal(climb_fed("x.a.sec.", made, false), WR_SECURITY_BOGUS);
    assert_in_range(b.work.fetches, 1, 4 + WR_DNSSEC_RETRIES_MAX);
    free(made);
    made = world_get("sec.", "n3.sec.", WR_TYPE_DS);
    rdata = world_rdata(made, 0, &size);
    made->set.size = world_pack(made->data, 0, rdata, size - 1u);
    made->set.sigs = 0;
    made->set.security = WR_SECURITY_SECURE;
    memset(&b.work, 0, sizeof(b.work));
    wr_rrset_set_prover(&made->set, world_name("sec.").wire);
    assert_int_equal(climb_fed("n3.sec.", made, false), WR_SECURITY_BOGUS);
    assert_string_equal(c.reason, "the DS are malformed");
    /* The zone above has signed them: no other server of it is asked, and none is at fault for it. */
    assert_false(c.fetch.again);
    assert_int_equal(b.work.fetches, 1);
    free(made);
    end();
}

/* A wildcard's CNAME in place of DS: it hides a zone cut from who takes it without the proof that nothing is closer. */
static void test_alias_of_a_wildcard(void **state)
{
    static const struct {
        const char *target, *denied; /* NULL: nothing beside it */
        uint8_t want;
    } rows[] = {
        {"z.walias.sec.", "z.walias.sec.", WR_SECURITY_SECURE},
        {"z.walias.sec.", NULL, WR_SECURITY_BOGUS},
        {"z.walias.sec.", "none.sec.", WR_SECURITY_BOGUS}, /* of another name */
        {"z.walias.sec.", "a.sec.", WR_SECURITY_BOGUS},    /* of where it leads */
    };
    struct wr_name sec = world_name("sec.");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name target = world_name(rows[i].target);
        struct world_copy *made = world_get("sec.", "*.walias.sec.", WR_TYPE_CNAME);

        begin(64);
        world_rename(made, rows[i].target);
        wr_climb_start(&c, target.wire, &b.work, NULL);
        for (enum wr_dnssec_action got; (got = wr_climb_step(&c, &b.now)) != WR_DNSSEC_DONE;) {
            struct wr_dnssec_reply reply = {.answer = &made->set, .answers = 1};

            if (got == WR_DNSSEC_FETCH && wr_name_equal(c.fetch.name.wire, target.wire)) {
                s.authorities = 0;
                if (rows[i].denied) {
                    server_put_denial(&s, sec.wire, world_name(rows[i].denied).wire, s.authority,
                                      &s.authorities, true);
                }
                s.again += c.fetch.again;
                reply.authority = s.authority;
                reply.authorities = s.authorities;
                wr_climb_feed(&c, &reply);
            } else if (got == WR_DNSSEC_FETCH) {
                server_reply(&s, &c.fetch, &reply);
                wr_climb_feed(&c, &reply);
            }
        }
        assert_int_equal(c.security, rows[i].want);
        assert_int_equal(s.again, rows[i].want == WR_SECURITY_SECURE ? 0 : WR_DNSSEC_RETRIES_MAX);
        assert_true(c.security == WR_SECURITY_SECURE || c.ede == WR_EDE_NSEC_MISSING);
        free(made);
        end();
    }
}

/* Feeds the climb to sec. with DS that the root is known to have proven, and a DNSKEY set that nobody signed. */
static uint8_t climb_with_keys(const struct wr_rrset *ds, const struct wr_rrset *keys)
{
    struct wr_name sec = world_name("sec.");

    wr_keycache_clear(&b.cache);
    wr_climb_start(&c, sec.wire, &b.work, NULL);
    for (enum wr_dnssec_action got; (got = wr_climb_step(&c, &b.now)) != WR_DNSSEC_DONE;) {
        struct wr_dnssec_reply reply = {.answer = c.fetch.type == WR_TYPE_DS ? ds : keys,
                                        .answers = 1};

        if (got == WR_DNSSEC_FETCH) {
            if (!wr_name_equal(c.fetch.name.wire, sec.wire)) {
                server_reply(&s, &c.fetch, &reply);
            }
            wr_climb_feed(&c, &reply);
        }
    }
    return c.security;
}

/* A key that is too large makes a zone insecure when there is no other: not when the other was left out on the way. */
static void test_large_key_beside_another(void **state)
{
    uint8_t rdata[4 + 4 + 1024] = {1, 1, 3, 8, 3, 1, 0, 1}, data[1100], list[200];
    struct world_copy *real = world_get(".", "sec.", WR_TYPE_DS);
    struct wr_name sec = world_name("sec.");
    struct wr_rrset keys = {.type = WR_TYPE_DNSKEY,
                            .class_ = WR_CLASS_IN,
                            .owner = sec.wire,
                            .data = data,
                            .records = 1,
                            .ttl = 60};
    struct wr_rrset ds = {.type = WR_TYPE_DS,
                          .class_ = WR_CLASS_IN,
                          .owner = sec.wire,
                          .data = list,
                          .records = 1,
                          .ttl = 60,
                          .security = WR_SECURITY_SECURE};
    struct wr_dnskey key;
    struct wr_ds made;
    uint16_t size;

    begin(64);
    memset(rdata + 8, 0xff, 1024);
    keys.size = world_pack(data, 0, rdata, sizeof(rdata));
    assert_int_equal(wr_keys_parse(rdata, sizeof(rdata), &key), WR_OK);
    assert_int_equal(wr_keys_ds_make(sec.wire, &key, 2, &made), WR_OK);
    list[0] = 0;
    list[1] = 4 + 32;
    list[2] = (uint8_t)(made.tag >> 8);
    list[3] = (uint8_t)made.tag;
    list[4] = made.alg;
    list[5] = 2;
    memcpy(list + 6, made.digest, 32);
    ds.size = 38;
    wr_rrset_set_prover(&ds, (const uint8_t *)"");
    assert_int_equal(climb_with_keys(&ds, &keys), WR_SECURITY_INSECURE);
    assert_int_equal(c.ede, WR_EDE_DNSKEY_ALGORITHM);
    uint8_t *first = world_rdata(real, 0, &size);
    ds.size = world_pack(list, 38, first, size);
    ds.records = 2;
    assert_int_equal(climb_with_keys(&ds, &keys), WR_SECURITY_BOGUS);
    assert_int_equal(c.ede, WR_EDE_DNSKEY_MISSING);
    assert_int_equal(climb_with_keys(&ds, &keys), WR_SECURITY_BOGUS);
    free(real);
    end();
}

static void test_stopped_in_the_middle(void **state)
{
    struct wr_name n3 = world_name("n3.sec.");

    for (unsigned stop = 0; stop < 12; stop++) {
        begin(64);
        wr_climb_start(&c, n3.wire, &b.work, NULL);
        for (unsigned i = 0; i < stop; i++) {
            struct wr_dnssec_reply reply;

            if (wr_climb_step(&c, &b.now) == WR_DNSSEC_FETCH) {
                server_reply(&s, &c.fetch, &reply);
                wr_climb_feed(&c, &reply);
            }
        }
        end(); /* nothing is held: the cache says so when it is closed */
    }
    assert_string_equal(wr_climb_state_name(WR_CLIMB_DENY_PROVE), "DENY_PROVE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_down_to_a_zone),
        cmocka_unit_test(test_without_room_in_the_cache),
        cmocka_unit_test(test_names_in_zones),
        cmocka_unit_test(test_insecure),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_bogus),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_wrong_beside_none),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_believed_and_bounded),
        cmocka_unit_test(test_secure_is_no_denial),
        cmocka_unit_test(test_wildcards_and_torn_ds),
        cmocka_unit_test(test_alias_of_a_wildcard),
        cmocka_unit_test(test_large_key_beside_another),
        cmocka_unit_test(test_stopped_in_the_middle),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
