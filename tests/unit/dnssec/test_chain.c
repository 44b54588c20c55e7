/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/judge.h"

static void test_positive(void **state)
{
    begin();
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    SECURE();
    assert_int_equal(answer[0].security, WR_SECURITY_SECURE);
    assert_string_equal(s.log, "./DNSKEY sec./DS sec./DNSKEY");
    question("www.n3.sec.", WR_TYPE_A, 0);
    say("n3.sec.", "www.n3.sec.", WR_TYPE_A);
    SECURE();
    assert_string_equal(s.log, "n3.sec./DS n3.sec./DNSKEY");
    question("sec.", WR_TYPE_NS, 0);
    say("sec.", "sec.", WR_TYPE_NS);
    SECURE();
    question("sec.", WR_TYPE_DS, 0); /* the parent's */
    say(".", "sec.", WR_TYPE_DS);
    SECURE();
    question("www.a.b.deep.sec.", WR_TYPE_A, 0);
    say("a.b.deep.sec.", "www.a.b.deep.sec.", WR_TYPE_A);
    SECURE();
    end();
}

static void test_each_algorithm(void **state)
{
    static const struct {
        const char *zone, *name;
        bool old;
    } rows[] = {{"a5.sec.", "www.a5.sec.", true},    {"a7.sec.", "www.a7.sec.", true},
                {"a10.sec.", "www.a10.sec.", false}, {"a14.sec.", "www.a14.sec.", false},
                {"a15.sec.", "www.a15.sec.", false}, {"a16.sec.", "www.a16.sec.", false}};

    for (int sha1 = 0; sha1 < 2; sha1++) {
        begin();
        b.policy.sha1_rely = sha1;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            question(rows[i].name, WR_TYPE_A, 0);
            say(rows[i].zone, rows[i].name, WR_TYPE_A);
            if (rows[i].old && !sha1) {
                expect(WR_SECURITY_INSECURE, WR_EDE_DNSKEY_ALGORITHM);
            } else {
                SECURE();
            }
        }
        end();
    }
}

/* The question for DNSKEY is answered by itself: nobody waits for its own answer. */
static void test_question_for_keys(void **state)
{
    begin();
    question("sec.", WR_TYPE_DNSKEY, 0);
    say("sec.", "sec.", WR_TYPE_DNSKEY);
    SECURE();
    assert_string_equal(s.log, "./DNSKEY sec./DS");
    wr_keycache_clear(&b.cache);
    question(".", WR_TYPE_DNSKEY, 0);
    say(".", ".", WR_TYPE_DNSKEY);
    SECURE();
    assert_string_equal(s.log, "");
    wr_keycache_clear(&b.cache);
    question("sec.", WR_TYPE_DNSKEY, 0);
    world_strip(say("sec.", "sec.", WR_TYPE_DNSKEY));
    answer[0] = answer_copy[0]->set;
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    end();
}

/* Nothing is wrong, only nobody answers: the verdict says so, for a positive answer and for a denial. */
static void test_unreachable(void **state)
{
    begin();
    s.mode = SERVER_FAIL;
    s.name = "sec.";
    s.type = WR_TYPE_DS;
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    expect(WR_SECURITY_BOGUS, WR_EDE_NO_REACHABLE_AUTHORITY);
    assert_true(ch.verdict.unreachable);
    question("a.sec.", WR_TYPE_AAAA, 0);
    expect(WR_SECURITY_BOGUS, WR_EDE_NO_REACHABLE_AUTHORITY);
    assert_true(ch.verdict.unreachable);
    assert_true(ch.verdict.keyless);
    s.type = WR_TYPE_DNSKEY; /* a denial that would prove it, had anybody given the keys */
    question("a.sec.", WR_TYPE_AAAA, 0);
    deny("sec.", "a.sec.");
    expect(WR_SECURITY_BOGUS, WR_EDE_DNSKEY_MISSING);
    assert_true(ch.verdict.keyless);
    s.name = NULL;
    question("a.sec.", WR_TYPE_AAAA, 0);
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    assert_false(ch.verdict.unreachable);
    assert_false(ch.verdict.keyless); /* the keys are there: it is what the server said */
    end();
}

static void test_broken_answers(void **state)
{
    uint16_t size;

    begin();
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    world_rdata(answer_copy[0], 0, &size)[3] ^= 1; /* another address */
    expect(WR_SECURITY_BOGUS, WR_EDE_BOGUS);
    assert_false(ch.verdict.keyless);
    assert_int_equal(answer[0].security, WR_SECURITY_BOGUS);
    assert_true(wr_name_equal(ch.verdict.zone.wire, world_name("sec.").wire));
    question("a.sec.", WR_TYPE_A, 0);
    world_strip(say("sec.", "a.sec.", WR_TYPE_A));
    answer[0] = answer_copy[0]->set;
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("b.sec.", WR_TYPE_A, 0); /* another name's records */
    say_as("sec.", "a.sec.", WR_TYPE_A, "b.sec.");
    expect(WR_SECURITY_BOGUS, WR_EDE_BOGUS);
    assert_false(ch.verdict.unreachable);
    question("a.sec.", WR_TYPE_A, 0); /* an address that nobody signed */
    say_unsigned("a.sec.", WR_TYPE_A, "203.0.113.1");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("sec.", WR_TYPE_DS, 0); /* DS of the wrong side */
    say_as("sec.", "a.sec.", WR_TYPE_A, "sec.");
    answer[0].type = WR_TYPE_DS;
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    b.time.now_s = WORLD_EXPIRY + 10 * 86400;
    wr_keycache_clear(&b.cache);
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    expect(WR_SECURITY_BOGUS, WR_EDE_SIGNATURE_EXPIRED);
    b.now.mono_us += 100 * WR_S;
    b.time.now_s = WORLD_INCEPTION - 10 * 86400;
    expect(WR_SECURITY_BOGUS, WR_EDE_SIGNATURE_NOT_YET);
    end();
}

static void test_insecure(void **state)
{
    static const char *const names[] = {
        "www.plain.",     "www.uns.sec.",          "www.uns.n3.sec.",
        "www.u.opt.sec.", "www.u.optent.opt.sec.", "www.island."};

    begin();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        question(names[i], WR_TYPE_A, 0);
        say_unsigned(names[i], WR_TYPE_A, "203.0.113.1");
        INSECURE();
        question(names[i], WR_TYPE_AAAA, 0); /* and without a proof, without anything */
        INSECURE();
        question(names[i], WR_TYPE_AAAA, WR_RCODE_NXDOMAIN);
        INSECURE();
    }
    question("www.island.", WR_TYPE_A, 0); /* signed, but nobody vouches for it */
    say("island.", "www.island.", WR_TYPE_A);
    INSECURE();
    question("www.plain.", WR_TYPE_A, 0); /* a signature of its own making */
    say_as("sec.", "a.sec.", WR_TYPE_A, "www.plain.");
    INSECURE();
    question("www.unk.sec.", WR_TYPE_A, 0);
    say_unsigned("www.unk.sec.", WR_TYPE_A, "203.0.113.1");
    expect(WR_SECURITY_INSECURE, WR_EDE_DNSKEY_ALGORITHM);
    question("www.dig.sec.", WR_TYPE_A, 0);
    say_unsigned("www.dig.sec.", WR_TYPE_A, "203.0.113.1");
    expect(WR_SECURITY_INSECURE, WR_EDE_DS_DIGEST);
    end();
}

static void test_anchors(void **state)
{
    struct wr_name sec = world_name("sec.");

    begin();
    bench_anchor(&b, "island.");
    question("www.island.", WR_TYPE_A, 0);
    say("island.", "www.island.", WR_TYPE_A);
    SECURE();
    question("www.island.", WR_TYPE_A, 0);
    say_unsigned("www.island.", WR_TYPE_A, "203.0.113.1");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("www.island.", WR_TYPE_A,
             0); /* the root does not speak for what has an anchor of its own */
    say_as("sec.", "a.sec.", WR_TYPE_A, "www.island.");
    world_sign_as(answer_copy[0], ".");
    answer[0] = answer_copy[0]->set;
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("www.island.", WR_TYPE_AAAA, WR_RCODE_NXDOMAIN);
    deny(".", "none.");
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    wr_anchors_add_negative(&b.anchors, world_name("a.sec.").wire, 0); /* below the signer */
    question("a.sec.", WR_TYPE_A, 0);
    say_unsigned("a.sec.", WR_TYPE_A, "203.0.113.1");
    INSECURE();
    question("a.sec.", WR_TYPE_TXT, 0);
    INSECURE();
    wr_anchors_add_negative(&b.anchors, sec.wire, 0);
    question("mx.sec.", WR_TYPE_A, 0);
    say_unsigned("mx.sec.", WR_TYPE_A, "203.0.113.1");
    INSECURE();
    b.anchors.count = 0;
    question("mx.sec.", WR_TYPE_A, 0);
    say_unsigned("mx.sec.", WR_TYPE_A, "203.0.113.1");
    expect(WR_SECURITY_INDETERMINATE, WR_EDE_INDETERMINATE);
    end();
}

/* What exists is not denied by the proofs of other things. */
/* An island below a zone that nobody vouches for: that zone's denial can be neither proven nor refuted; its data
 * are refused. */
/* The denial shows that the name is an unsigned delegation: what its own servers deny needs no proof. */
/* Opt-out ranges and too many iterations prove nothing securely. */
static void test_aliases(void **state)
{
    begin();
    question("alias.sec.", WR_TYPE_A, 0);
    say("sec.", "alias.sec.", WR_TYPE_CNAME);
    say("sec.", "a.sec.", WR_TYPE_A);
    SECURE();
    question("alias.sec.", WR_TYPE_CNAME, 0);
    say("sec.", "alias.sec.", WR_TYPE_CNAME);
    SECURE();
    question("away.sec.", WR_TYPE_A, 0); /* into an insecure zone */
    say("sec.", "away.sec.", WR_TYPE_CNAME);
    say_unsigned("www.plain.", WR_TYPE_A, "203.0.113.1");
    INSECURE();
    assert_int_equal(answer[0].security, WR_SECURITY_SECURE);
    assert_int_equal(answer[1].security, WR_SECURITY_INSECURE);
    question("away.sec.", WR_TYPE_AAAA, 0);
    say("sec.", "away.sec.", WR_TYPE_CNAME);
    INSECURE();
    question("uns.sec.", WR_TYPE_AAAA,
             0); /* the denial of the DS is in the answer: it is not asked for */
    deny("sec.", "uns.sec.");
    authority[ask.authorities++] = server_foreign_soa(&s, "uns.sec.");
    INSECURE();
    assert_string_equal(s.log, "");
    question("www.plain.", WR_TYPE_A, 0); /* out of one, to a name whose address is forged */
    say_unsigned("www.plain.", WR_TYPE_CNAME, "a.sec.");
    say_unsigned("a.sec.", WR_TYPE_A, "203.0.113.1");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("nowhere.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    say("sec.", "nowhere.sec.", WR_TYPE_CNAME);
    deny("sec.", "none.sec.");
    SECURE();
    question("nowhere.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    say("sec.", "nowhere.sec.", WR_TYPE_CNAME);
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    ask.partial = true; /* the rest is asked elsewhere */
    SECURE();
    question("alias.sec.", WR_TYPE_A, 0); /* a forged CNAME */
    say_unsigned("alias.sec.", WR_TYPE_CNAME, "www.plain.");
    say_unsigned("www.plain.", WR_TYPE_A, "203.0.113.1");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    end();
}

/* DS are the parent's to tell: a delegation that is not signed is no excuse for an alias, or a denial of the name, in their place, nor
 * is the child's own signature. */
static void test_in_place_of_ds(void **state)
{
    begin();
    question("uns.sec.", WR_TYPE_DS, 0);
    say_unsigned("uns.sec.", WR_TYPE_CNAME, "www.plain.");
    ask.partial = true;
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("away.sec.", WR_TYPE_DS, 0); /* at the end of an alias as well */
    say("sec.", "away.sec.", WR_TYPE_CNAME);
    say_unsigned("www.plain.", WR_TYPE_CNAME, "uns.sec.");
    say_unsigned("uns.sec.", WR_TYPE_CNAME, "www.plain.");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("a15.sec.", WR_TYPE_DS, 0); /* in the child's name */
    say_as("sec.", "alias.sec.", WR_TYPE_CNAME, "a15.sec.");
    world_sign_as(answer_copy[0], "a15.sec.");
    answer[0] = answer_copy[0]->set;
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("uns.sec.", WR_TYPE_DS, WR_RCODE_NXDOMAIN);
    deny("sec.", "uns.sec.");
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    question("uns.sec.", WR_TYPE_DS, WR_RCODE_NXDOMAIN);
    authority[ask.authorities++] = server_foreign_soa(&s, "uns.sec.");
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    question("a.b.deep.sec.", WR_TYPE_DS, 0); /* the child denies its own */
    deny("a.b.deep.sec.", "a.b.deep.sec.");
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    question("alias.sec.", WR_TYPE_DS, 0); /* what is true */
    say("sec.", "alias.sec.", WR_TYPE_CNAME);
    deny("sec.", "a.sec.");
    SECURE();
    question("www.uns.sec.", WR_TYPE_DS, 0);
    say_unsigned("www.uns.sec.", WR_TYPE_CNAME, "www.plain.");
    ask.partial = true;
    INSECURE();
    question("www.plain.", WR_TYPE_DS, WR_RCODE_NXDOMAIN);
    INSECURE();
    end();
}

static void test_dname(void **state)
{
    begin();
    question("x.dn.sec.", WR_TYPE_TXT, 0);
    say("sec.", "dn.sec.", WR_TYPE_DNAME);
    say_unsigned("x.dn.sec.", WR_TYPE_CNAME, "x.ent.sec.");
    say("sec.", "x.ent.sec.", WR_TYPE_TXT);
    SECURE();
    assert_int_equal(answer[1].security, WR_SECURITY_SECURE);
    question("x.dn.sec.", WR_TYPE_TXT, 0); /* in another order */
    say("sec.", "x.ent.sec.", WR_TYPE_TXT);
    say_unsigned("x.dn.sec.", WR_TYPE_CNAME, "x.ent.sec.");
    say("sec.", "dn.sec.", WR_TYPE_DNAME);
    SECURE();
    question("x.dn.sec.", WR_TYPE_TXT, 0); /* another target than the DNAME gives */
    say("sec.", "dn.sec.", WR_TYPE_DNAME);
    say_unsigned("x.dn.sec.", WR_TYPE_CNAME, "x.plain.");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("x.dn.sec.", WR_TYPE_TXT, 0); /* a forged DNAME */
    say_unsigned("dn.sec.", WR_TYPE_DNAME, "plain.");
    say_unsigned("x.dn.sec.", WR_TYPE_CNAME, "x.plain.");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("x.y.wdn.sec.", WR_TYPE_TXT, 0); /* one from a wildcard */
    say_as("sec.", "*.wdn.sec.", WR_TYPE_DNAME, "y.wdn.sec.");
    say_unsigned("x.y.wdn.sec.", WR_TYPE_CNAME, "x.ent.sec.");
    say("sec.", "x.ent.sec.", WR_TYPE_TXT);
    deny("sec.", "y.wdn.sec.");
    expect(WR_SECURITY_BOGUS, WR_EDE_BOGUS);
    question("x.dn.sec.", WR_TYPE_A, WR_RCODE_YXDOMAIN);
    say("sec.", "dn.sec.", WR_TYPE_DNAME);
    assert_int_equal(judge(), WR_SECURITY_INDETERMINATE);
    end();
}

static void test_any_and_rrsig(void **state)
{
    begin();
    question("a.sec.", WR_TYPE_ANY, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    say("sec.", "a.sec.", WR_TYPE_NSEC);
    SECURE();
    say_unsigned("a.sec.", WR_TYPE_TXT, "\"more\"");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("a.sec.", WR_TYPE_ANY,
             0); /* nobody proves that there is nothing where there is something */
    deny("sec.", "a.sec.");
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    question("a.sec.", WR_TYPE_RRSIG, 0);
    say_unsigned("a.sec.", WR_TYPE_RRSIG, "A 13 2 300 20240301000000 20240101000000 1 sec. AAAA");
    INSECURE();
    end();
}

/* Sets that the caller proved before cost nothing; insecure ones stay it. A denial is one by the zone that proved it: where
 * nobody knows which that was, it is checked. */
static void test_known_before(void **state)
{
    begin();
    question("a.sec.", WR_TYPE_A, 0);
    say_unsigned("a.sec.", WR_TYPE_A, "203.0.113.1");
    answer[0].security = WR_SECURITY_SECURE;
    SECURE();
    assert_string_equal(s.log, "");
    answer[0].security = WR_SECURITY_INSECURE;
    INSECURE();
    question("none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    deny("sec.", "none.sec.");
    for (uint8_t i = 0; i < ask.authorities; i++) {
        authority[i].security = WR_SECURITY_SECURE;
        wr_rrset_set_prover(&authority[i], world_name("sec.").wire);
    }
    SECURE();
    assert_string_equal(s.log, "");
    for (uint8_t i = 0; i < ask.authorities; i++) {
        wr_rrset_set_prover(&authority[i], NULL);
    }
    SECURE();
    assert_string_equal(s.log, "./DNSKEY sec./DS sec./DNSKEY");
    assert_true(wr_name_equal(wr_rrset_prover(&authority[0]), world_name("sec.").wire));
    question("z.wild.sec.", WR_TYPE_AAAA,
             0); /* the wildcard's NSEC is secure, and not of the name */
    struct world_copy *c = server_copy(
        &s, world_find(world_name("sec.").wire, world_name("*.wild.sec.").wire, WR_TYPE_NSEC));
    world_rename(c, "z.wild.sec.");
    c->set.security = WR_SECURITY_SECURE;
    authority[ask.authorities++] = c->set;
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    end();
}

/* The zone has a key that may be relied on: signatures by another that is too large make nothing insecure. */
static void test_large_key_beside_a_good_one(void **state)
{
    struct wr_zone_entry *e;
    unsigned large = 0;

    begin();
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    SECURE();
    e = wr_keycache_find(&b.cache, world_name("sec.").wire, b.now.mono_us);
    for (unsigned i = 0; i < e->keys->count; i++) {
        struct wr_zone_key *key = &e->keys->keys[i];

        if (key->role == WR_KEY_ZONE) {
            wr_verify_close(&key->key);
            key->role = WR_KEY_UNSUPPORTED;
            large++;
        }
    }
    assert_int_equal(large, 1);
    assert_int_equal(e->keys->entries, 1);
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    expect(WR_SECURITY_BOGUS, WR_EDE_DNSKEY_ALGORITHM);
    end();
}

static char told[512];

static void note_told(void *user, const uint8_t *zone, const struct wr_rrset *set, uint32_t ttl,
                      const struct wr_now *now)
{
    size_t used = strlen(told);

    wr_name_to_text(set->owner, told + used, sizeof(told) - used);
}

/* A true denial, and beside it the NSEC of a wildcard as if it stood at another name. What leads the way to the keys past what
 * was already proven (here a signature of a zone that the denial says is none) makes nothing of that. */
static void test_expanded_denials_lead_nowhere(void **state)
{
    struct world_copy *c;

    for (int asked_ds = 0; asked_ds < 2; asked_ds++) {
        begin();
        b.env.proven = note_told;
        told[0] = 0;
        question("a.sec.", asked_ds ? WR_TYPE_DS : WR_TYPE_AAAA, 0);
        deny("sec.", "a.sec.");
        c = server_copy(
            &s, world_find(world_name("sec.").wire, world_name("*.wild.sec.").wire, WR_TYPE_NSEC));
        world_rename(c, "mx.sec.");
        authority[ask.authorities++] = c->set;
        c = server_copy(&s, world_find(world_name("sec.").wire, world_name("a.sec.").wire,
                                       WR_TYPE_NSEC)); /* nonsense of a.sec. */
        world_rename(c, "x.a.sec.");
        world_sign_as(c, "a.sec.");
        authority[ask.authorities++] = c->set;
        (void)judge();
        assert_non_null(strstr(told, "a.sec."));
        assert_null(strstr(told, "mx.sec."));
        end();
    }
}

/* What a wildcard gave is not secure before its proof was seen: whoever leaves the bogus end of a chain out, and asks again of
 * the rest, is not told that it was known before. */
static void test_half_proven(void **state)
{
    begin();
    question("z.walias.sec.", WR_TYPE_A, 0);
    say_as("sec.", "*.walias.sec.", WR_TYPE_CNAME, "z.walias.sec.");
    say_unsigned("a.sec.", WR_TYPE_A, "203.0.113.1");
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    assert_int_not_equal(answer[0].security, WR_SECURITY_SECURE);
    assert_null(wr_rrset_prover(&answer[0]));
    ask.answers = 1;
    ask.partial = true;
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    deny("sec.", "z.walias.sec.");
    answer[0].security = WR_SECURITY_UNCHECKED;
    SECURE();
    assert_int_equal(answer[0].security, WR_SECURITY_SECURE);
    assert_null(wr_rrset_prover(&answer[0]));
    end();
}

/* A chain's last state, bounds, and the work that goes on over restarts. */
static void test_bounds(void **state)
{
    begin();
    question("a.sec.", WR_TYPE_A, 0);
    ask.answers = WR_DNSSEC_SETS_MAX + 1; /* nobody looks at them */
    memset(answer, 0, sizeof(answer));
    for (unsigned i = 0; i < SERVER_SETS; i++) {
        answer[i].owner = qname.wire;
    }
    ask.answers = 0;
    ask.authorities = WR_DNSSEC_SETS_MAX + 1;
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    wr_chain_start(&ch, &ask, &b.work);
    b.work.cost = WR_DNSSEC_COST_MAX;
    for (;;) {
        enum wr_dnssec_action got = wr_chain_step(&ch, &b.now);
        struct wr_dnssec_reply reply;

        if (got == WR_DNSSEC_DONE) {
            break;
        }
        if (got == WR_DNSSEC_FETCH) {
            server_reply(&s, &ch.fetch, &reply);
            wr_chain_feed(&ch, &reply);
        }
    }
    assert_int_equal(ch.verdict.security, WR_SECURITY_BOGUS);
    assert_string_equal(wr_chain_state_name(ch.state), "DONE");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positive),
        cmocka_unit_test(test_each_algorithm),
        cmocka_unit_test(test_question_for_keys),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_broken_answers),
        cmocka_unit_test(test_insecure),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_in_place_of_ds),
        cmocka_unit_test(test_dname),
        cmocka_unit_test(test_any_and_rrsig),
        cmocka_unit_test(test_known_before),
        cmocka_unit_test(test_large_key_beside_a_good_one),
        cmocka_unit_test(test_expanded_denials_lead_nowhere),
        cmocka_unit_test(test_half_proven),
        cmocka_unit_test(test_bounds),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
