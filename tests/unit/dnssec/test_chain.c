/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/server.h"

#include "dnssec/chain.h"

static struct bench b;
static struct server s;
static struct wr_chain ch;
static struct wr_chain_ask ask;
static struct wr_name qname;
static struct wr_rrset answer[SERVER_SETS], authority[SERVER_SETS];
static struct world_copy *answer_copy[SERVER_SETS];

static void begin(void)
{
    bench_open(&b, 64);
    memset(&s, 0, sizeof(s));
    wr_chain_init(&ch, &b.env);
}

static void end(void)
{
    wr_chain_stop(&ch);
    server_end(&s);
    bench_close(&b);
}

static void question(const char *name, uint16_t type, uint16_t rcode)
{
    qname = world_name(name);
    memset(&ask, 0, sizeof(ask));
    ask.qname = qname.wire;
    ask.qtype = type;
    ask.rcode = rcode;
    ask.answer = answer;
    ask.authority = authority;
}

static struct world_copy *say(const char *zone, const char *owner, uint16_t type)
{
    struct wr_name z = world_name(zone), o = world_name(owner);
    struct world_set *w = world_find(z.wire, o.wire, type);
    struct world_copy *c;

    if (!w) {
        fail_msg("no set %s %u in %s", owner, type, zone);
    }
    c = server_copy(&s, w);
    answer_copy[ask.answers] = c;
    answer[ask.answers++] = c->set;
    return c;
}

/* A set of the answer as the wildcard would give it. */
static void say_as(const char *zone, const char *owner, uint16_t type, const char *name)
{
    struct world_copy *c = say(zone, owner, type);

    world_rename(c, name);
}

static void say_unsigned(const char *owner, uint16_t type, const char *text)
{
    struct world_copy *c = calloc(1, sizeof(*c));
    uint8_t rdata[512];
    struct wr_writer w;

    s.copies[s.copy_count++] = c;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    assert_int_equal(wr_present_read_rdata(text, strlen(text), type, NULL, &w, NULL), WR_OK);
    c->owner = world_name(owner);
    c->set = (struct wr_rrset){.owner = c->owner.wire,
                               .type = type,
                               .class_ = WR_CLASS_IN,
                               .ttl = 300,
                               .data = c->data,
                               .records = 1};
    c->set.size = world_pack(c->data, 0, rdata, w.pos);
    answer_copy[ask.answers] = c;
    answer[ask.answers++] = c->set;
}

/* SOA and NSEC or NSEC3 of a zone around a name. */
static void deny(const char *zone, const char *name)
{
    struct wr_name z = world_name(zone), n = world_name(name);

    server_put_denial(&s, z.wire, n.wire, authority, &ask.authorities, true);
}

static uint8_t judge(void)
{
    memset(&b.work, 0, sizeof(b.work));
    s.log[0] = 0;
    wr_chain_start(&ch, &ask, &b.work);
    for (unsigned steps = 0;; steps++) {
        uint32_t checks = b.work.checks;
        enum wr_dnssec_action got = wr_chain_step(&ch, &b.now);
        struct wr_dnssec_reply reply;

        assert_true(b.work.checks - checks <= 1); /* one a step, whatever comes */
        assert_true(steps < 5000);
        if (got == WR_DNSSEC_DONE) {
            return ch.verdict.security;
        }
        if (got == WR_DNSSEC_FETCH) {
            server_reply(&s, &ch.fetch, &reply);
            wr_chain_feed(&ch, &reply);
        }
    }
}

static void expect(uint8_t want, int ede)
{
    uint8_t got = judge();

    if (got != want || ch.verdict.ede != ede) {
        char name[WR_NAME_TEXT_SIZE];

        wr_name_to_text(qname.wire, name, sizeof(name));
        fail_msg("%s type %u: %u ede %d (%s), wanted %u ede %d", name, ask.qtype, got,
                 ch.verdict.ede, ch.verdict.reason, want, ede);
    }
}

#define SECURE()   expect(WR_SECURITY_SECURE, WR_EDE_NONE)
#define INSECURE() expect(WR_SECURITY_INSECURE, WR_EDE_NONE)

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

static void test_broken_answers(void **state)
{
    uint16_t size;

    begin();
    question("a.sec.", WR_TYPE_A, 0);
    say("sec.", "a.sec.", WR_TYPE_A);
    world_rdata(answer_copy[0], 0, &size)[3] ^= 1; /* another address */
    expect(WR_SECURITY_BOGUS, WR_EDE_BOGUS);
    assert_int_equal(answer[0].security, WR_SECURITY_BOGUS);
    assert_true(wr_name_equal(ch.verdict.zone.wire, world_name("sec.").wire));
    question("a.sec.", WR_TYPE_A, 0);
    world_strip(say("sec.", "a.sec.", WR_TYPE_A));
    answer[0] = answer_copy[0]->set;
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    question("b.sec.", WR_TYPE_A, 0); /* another name's records */
    say_as("sec.", "a.sec.", WR_TYPE_A, "b.sec.");
    expect(WR_SECURITY_BOGUS, WR_EDE_BOGUS);
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

static void test_negative(void **state)
{
    static const struct {
        const char *zone, *name;
        uint16_t type, rcode;
    } rows[] = {
        {"sec.", "none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "x.y.none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "none.a.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "a.sec.", WR_TYPE_AAAA, 0},
        {"sec.", "sec.", WR_TYPE_TXT, 0},
        {"sec.", "ent.sec.", WR_TYPE_A, 0},       /* an empty non-terminal */
        {"sec.", "z.wild.sec.", WR_TYPE_AAAA, 0}, /* a wildcard without the type */
        {"sec.", "n3.sec.", WR_TYPE_DS, 0},       /* replaced below: uns.sec. */
        {".", ".", WR_TYPE_DS, 0},
        {"n3.sec.", "none.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "x.y.none.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "www.n3.sec.", WR_TYPE_AAAA, 0},
        {"n3.sec.", "ent.n3.sec.", WR_TYPE_A, 0},
        {"n3.sec.", "z.w.n3.sec.", WR_TYPE_AAAA, 0},
        {"n3.sec.", "uns.n3.sec.", WR_TYPE_DS, 0},
        {"many.sec.", "none.many.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"opt.sec.", "www.opt.sec.", WR_TYPE_AAAA, 0},
    };

    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = rows[i].type == WR_TYPE_DS && i == 7 ? "uns.sec." : rows[i].name;

        question(name, rows[i].type, rows[i].rcode);
        deny(rows[i].zone, name);
        SECURE();
        /* Without the proof it is bogus. */
        question(name, rows[i].type, rows[i].rcode);
        expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    }
    end();
}

/* What exists is not denied by the proofs of other things. */
static void test_false_denials(void **state)
{
    static const struct {
        const char *zone, *around, *name;
        uint16_t type, rcode;
    } rows[] = {
        {"sec.", "a.sec.", "a.sec.", WR_TYPE_A, 0}, /* it is there */
        {"sec.", "none.sec.", "a.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "a.sec.", "a.sec.", WR_TYPE_AAAA, WR_RCODE_NXDOMAIN}, /* no data is not no name */
        {"sec.", "ent.sec.", "ent.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "z.wild.sec.", "z.wild.sec.", WR_TYPE_A,
         WR_RCODE_NXDOMAIN}, /* a wildcard is there */
        {"sec.", "z.wild.sec.", "z.wild.sec.", WR_TYPE_A, 0},
        {"sec.", "alias.sec.", "alias.sec.", WR_TYPE_A, 0},               /* a CNAME is there */
        {"sec.", "n3.sec.", "n3.sec.", WR_TYPE_A, 0},                     /* the parent's side */
        {"sec.", "n3.sec.", "www.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN}, /* of names below a cut */
        {"sec.", "dn.sec.", "x.dn.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN}, /* of names below a DNAME */
        {"n3.sec.", "n3.sec.", "n3.sec.", WR_TYPE_DS, 0},               /* the child's side */
        {"n3.sec.", "www.n3.sec.", "www.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "www.n3.sec.", "www.n3.sec.", WR_TYPE_A, 0},
        {"n3.sec.", "z.w.n3.sec.", "z.w.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "z.w.n3.sec.", "z.w.n3.sec.", WR_TYPE_A, 0},
        {"n3.sec.", "none.n3.sec.", "a.sec.", WR_TYPE_AAAA, 0}, /* another zone's */
        {"sec.", "none.sec.", "www.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
    };

    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        question(rows[i].name, rows[i].type, rows[i].rcode);
        deny(rows[i].zone, rows[i].around);
        if (judge() != WR_SECURITY_BOGUS) {
            fail_msg("row %zu: %u (%s)", i, ch.verdict.security, ch.verdict.reason);
        }
    }
    end();
}

static void test_broken_denials(void **state)
{
    begin();
    for (int mode = SERVER_STRIP; mode <= SERVER_CORRUPT; mode++) {
        question("none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
        deny("sec.", "none.sec.");
        server_break(&s, mode, authority, ask.authorities);
        assert_int_equal(judge(), WR_SECURITY_BOGUS);
        assert_int_equal(ch.verdict.ede,
                         mode == SERVER_STRIP ? WR_EDE_RRSIGS_MISSING : WR_EDE_BOGUS);
    }
    question("none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN); /* the proof stands, the SOA does not */
    deny("sec.", "none.sec.");
    for (uint8_t i = 0; i < ask.authorities; i++) {
        if (authority[i].type == WR_TYPE_SOA) {
            server_break(&s, SERVER_ALTER, &authority[i], 1);
        }
    }
    expect(WR_SECURITY_BOGUS, WR_EDE_BOGUS);
    end();
}

/* Opt-out ranges and too many iterations prove nothing securely. */
static void test_denials_that_make_insecure(void **state)
{
    begin();
    question("none.opt.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    deny("opt.sec.", "none.opt.sec.");
    INSECURE();
    question("u.opt.sec.", WR_TYPE_DS, 0);
    deny("opt.sec.", "u.opt.sec.");
    INSECURE();
    question("optent.opt.sec.", WR_TYPE_A, 0);
    deny("opt.sec.", "optent.opt.sec.");
    INSECURE();
    question("z.w.opt.sec.", WR_TYPE_A, 0);
    say_as("opt.sec.", "*.w.opt.sec.", WR_TYPE_A, "z.w.opt.sec.");
    deny("opt.sec.", "z.w.opt.sec.");
    INSECURE();
    b.policy.nsec3_iterations = 99;
    question("none.many.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    deny("many.sec.", "none.many.sec.");
    expect(WR_SECURITY_INSECURE, WR_EDE_NSEC3_ITERATIONS);
    end();
}

static void test_wildcards(void **state)
{
    begin();
    question("z.wild.sec.", WR_TYPE_A, 0);
    say_as("sec.", "*.wild.sec.", WR_TYPE_A, "z.wild.sec.");
    deny("sec.", "z.wild.sec.");
    SECURE();
    question("z.wild.sec.", WR_TYPE_A, 0); /* without the proof */
    say_as("sec.", "*.wild.sec.", WR_TYPE_A, "z.wild.sec.");
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    question("*.wild.sec.", WR_TYPE_A, 0); /* asked for itself it is no expansion */
    say("sec.", "*.wild.sec.", WR_TYPE_A);
    SECURE();
    question("q.r.w.n3.sec.", WR_TYPE_A, 0);
    say_as("n3.sec.", "*.w.n3.sec.", WR_TYPE_A, "q.r.w.n3.sec.");
    deny("n3.sec.", "q.r.w.n3.sec.");
    SECURE();
    question("z.walias.sec.", WR_TYPE_A, 0); /* a CNAME from a wildcard */
    say_as("sec.", "*.walias.sec.", WR_TYPE_CNAME, "z.walias.sec.");
    say("sec.", "a.sec.", WR_TYPE_A);
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    deny("sec.", "z.walias.sec.");
    SECURE();
    end();
}

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

static void test_dname(void **state)
{
    begin();
    question("x.dn.sec.", WR_TYPE_TXT, 0);
    say("sec.", "dn.sec.", WR_TYPE_DNAME);
    say_unsigned("x.dn.sec.", WR_TYPE_CNAME, "x.ent.sec.");
    say("sec.", "x.ent.sec.", WR_TYPE_TXT);
    SECURE();
    assert_int_equal(answer[1].security, WR_SECURITY_SECURE);
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

/* Sets that the caller proved before cost nothing; insecure ones stay it. */
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
    }
    SECURE();
    assert_string_equal(s.log, "");
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
        cmocka_unit_test(test_broken_answers),
        cmocka_unit_test(test_insecure),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_false_denials),
        cmocka_unit_test(test_broken_denials),
        cmocka_unit_test(test_denials_that_make_insecure),
        cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_dname),
        cmocka_unit_test(test_any_and_rrsig),
        cmocka_unit_test(test_known_before),
        cmocka_unit_test(test_bounds),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
