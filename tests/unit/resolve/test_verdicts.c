/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts against an oracle: it knows the zones of tests/unit/dnssec/world.txt and works out from them alone what is true and whether that
 * can be proven; it checks no signature, knows no message, and shares nothing with the validator. Servers lie to the gateway in every way
 * that bed.h and server.h have. What must hold, for each seed:
 *
 *   - what can be proven is answered so or not at all: never less than SECURE, never another answer
 *   - nothing is better than it is: no AD where a zone on the way is not signed, or by nothing that is relied on
 *   - when the lies stop, every name is answered as the oracle says
 */
#include "unit/resolve/bed.h"

#include "base/check.h"

#define SEEDS     24
#define QUESTIONS 60

/* --- the oracle --------------------------------------------------------------------------------- */

struct truth {
    uint16_t rcode;
    uint8_t security;             /* enum wr_security */
    const struct world_set *last; /* the addresses at the end; NULL: none, or not in the file */
};

static bool above_or_at(const struct wr_name *name, const struct wr_name *zone)
{
    return wr_name_in(name->wire, zone->wire);
}

/* The deepest zone of the file that has the name. */
static const struct world_set *zone_of(const struct wr_name *name, bool strictly_above)
{
    const struct world_set *best = NULL;
    for (unsigned i = 0; i < world_count; i++) {
        const struct world_set *w = &world_sets[i];
        bool own = wr_name_equal(w->owner.wire, name->wire) && strictly_above;
        if (w->set.type == WR_TYPE_SOA && above_or_at(name, &w->owner) && !own &&
            (!best || w->owner.size > best->owner.size)) {
            best = w;
        }
    }
    return best;
}

/* The n-th record of a set. */
static const uint8_t *record(const struct world_set *w, unsigned n, uint16_t *ret_size)
{
    struct wr_rrset_walk walk = wr_rrset_walk(&w->set);
    const uint8_t *rdata = NULL;
    for (unsigned i = 0; i <= n; i++) {
        assert_true(wr_rrset_next(&walk, &rdata, ret_size));
    }
    return rdata;
}

/* Is the set signed by a key with that tag? (RFC 4034 section 3.1: the tag stands behind sixteen octets.) */
static bool signed_with(const struct world_set *w, unsigned tag)
{
    uint16_t size;
    for (unsigned i = 0; i < w->set.sigs; i++) {
        const uint8_t *sig = record(w, w->set.records + i, &size);
        if ((unsigned)(sig[16] << 8 | sig[17]) == tag) {
            return true;
        }
    }
    return false;
}

/* What the zone above vouches for: SECURE when a DS of an algorithm that is relied on names a key that signs the keys. */
static uint8_t security_of(const struct wr_name *zone)
{
    if (zone->wire[0] == 0) {
        return WR_SECURITY_SECURE; /* the anchor */
    }
    const struct world_set *parent = zone_of(zone, true);
    uint8_t above = security_of(&parent->owner);
    const struct world_set *ds = world_find(parent->owner.wire, zone->wire, WR_TYPE_DS);
    const struct world_set *keys = world_find(zone->wire, zone->wire, WR_TYPE_DNSKEY);
    bool relied = false;
    if (above != WR_SECURITY_SECURE || !ds) {
        return above != WR_SECURITY_SECURE ? above : WR_SECURITY_INSECURE;
    }
    for (unsigned i = 0; i < ds->set.records; i++) {
        uint16_t size;
        const uint8_t *d = record(ds, i, &size);
        bool known = (d[2] == 8 || d[2] == 10 || (d[2] >= 13 && d[2] <= 16)) && d[3] == 2;
        relied |= known;
        if (known && keys && signed_with(keys, (unsigned)(d[0] << 8 | d[1]))) {
            return WR_SECURITY_SECURE;
        }
    }
    return relied ? WR_SECURITY_BOGUS : WR_SECURITY_INSECURE;
}

static bool exists(const struct wr_name *zone, const struct wr_name *name)
{
    for (unsigned i = 0; i < world_count; i++) {
        const struct world_set *w = &world_sets[i];
        if (wr_name_equal(w->zone.wire, zone->wire) && w->set.type != WR_TYPE_NSEC3 &&
            above_or_at(&w->owner, name)) {
            return true;
        }
    }
    return false;
}

static bool opts_out(const struct wr_name *zone)
{
    for (unsigned i = 0; i < world_count; i++) {
        uint16_t size;
        const struct world_set *w = &world_sets[i];
        if (wr_name_equal(w->zone.wire, zone->wire) && w->set.type == WR_TYPE_NSEC3 &&
            (record(w, 0, &size)[1] & 1)) {
            return true;
        }
    }
    return false;
}

/* The name's CNAME, or the one that a DNAME above it makes; false: none. */
static bool alias(const struct wr_name *zone, struct wr_name *name)
{
    uint16_t size;
    const struct world_set *c = world_find(zone->wire, name->wire, WR_TYPE_CNAME);
    if (c) {
        wr_name_set(name, record(c, 0, &size));
        return true;
    }
    for (unsigned at = name->wire[0] + 1u; at < name->size; at += name->wire[at] + 1u) {
        const struct world_set *d = world_find(zone->wire, name->wire + at, WR_TYPE_DNAME);
        if (d) {
            const uint8_t *to = record(d, 0, &size);
            memcpy(name->wire + at, to, size);
            name->size = (uint8_t)(at + size);
            return true;
        }
    }
    return false;
}

static struct truth truth_of(const char *text)
{
    struct truth t = {.security = WR_SECURITY_SECURE};
    struct wr_name name = world_name(text), plain = world_name("plain.");
    for (unsigned link = 0; link < 8; link++) {
        const struct world_set *soa = zone_of(&name, false);
        uint8_t security = security_of(&soa->owner);
        t.security = security < t.security ? security : t.security;
        if (above_or_at(&name,
                        &plain)) { /* delegated without DS; what is in it is not in the file */
            t.security = t.security < WR_SECURITY_INSECURE ? t.security : WR_SECURITY_INSECURE;
            return t;
        }
        t.last = world_find(soa->owner.wire, name.wire, WR_TYPE_A);
        if (t.last) {
            return t;
        }
        if (alias(&soa->owner, &name)) {
            continue;
        }
        bool there = exists(&soa->owner, &name);
        t.rcode = there ? WR_RCODE_NOERROR : WR_RCODE_NXDOMAIN;
        if (!there && opts_out(&soa->owner) && t.security == WR_SECURITY_SECURE) {
            t.security = WR_SECURITY_INSECURE; /* an unsigned delegation could be there */
        }
        return t;
    }
    fail_msg("%s: no end", text);
    return t;
}

/* --- the questions ------------------------------------------------------------------------------- */

static const char *const names[] = {"a.sec.",
                                    "alias.sec.",
                                    "away.sec.",
                                    "nowhere.sec.",
                                    "none.sec.",
                                    "mx.sec.",
                                    "ent.sec.",
                                    "x.ent.sec.",
                                    "x.dn.sec.",
                                    "y.dn.sec.",
                                    "www.n3.sec.",
                                    "none.n3.sec.",
                                    "ent.n3.sec.",
                                    "x.ent.n3.sec.",
                                    "www.opt.sec.",
                                    "none.opt.sec.",
                                    "ent.opt.sec.",
                                    "www.many.sec.",
                                    "none.many.sec.",
                                    "www.s.opt.sec.",
                                    "none.s.opt.sec.",
                                    "www.a14.sec.",
                                    "www.a15.sec.",
                                    "www.a16.sec.",
                                    "none.a15.sec.",
                                    "www.a10.sec.",
                                    "www.a5.sec.",
                                    "www.a7.sec.",
                                    "www.island.",
                                    "none.island.",
                                    "www.plain.",
                                    "www.a.b.deep.sec.",
                                    "none.a.b.deep.sec.",
                                    "www.silent.sec.",
                                    "none."};

static bool same_addresses(const struct wr_rrset *got, const struct world_set *want)
{
    struct wr_rrset_walk walk = wr_rrset_walk(got);
    const uint8_t *rdata;
    uint16_t size, its;
    unsigned found = 0;
    for (unsigned i = 0; i < got->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        for (unsigned k = 0; k < want->set.records; k++) {
            const uint8_t *r = record(want, k, &its);
            found += its == size && memcmp(r, rdata, size) == 0;
        }
    }
    return got->records == want->set.records && found == want->set.records;
}

static unsigned secure, failed; /* of the lying rounds */

/* Asks one name; `honest`: nobody lies any more. */
static void check(struct bed *b, const char *name, bool honest)
{
    struct truth want = truth_of(name);
    wr_id id = ask(b, name, WR_TYPE_A, false);
    const struct wr_answer *a = serve(b, id);
    const struct wr_rrset *last = a->answers ? &a->answer[a->answers - 1] : NULL;
    bool bogus = want.security == WR_SECURITY_BOGUS;
    if (a->rcode == WR_RCODE_SERVFAIL && (bogus || !honest)) {
        failed += !bogus;
    } else if (a->security != want.security ||
               (want.security == WR_SECURITY_SECURE || honest ? a->rcode != want.rcode : false)) {
        fail_msg("%s: rcode %u security %u %s; the oracle: %u, %u", name, a->rcode, a->security,
                 a->ede_text ? a->ede_text : "", want.rcode, want.security);
    } else if (want.security == WR_SECURITY_SECURE) {
        bool data = last && last->type == WR_TYPE_A;
        assert_int_equal(data, want.last != NULL);
        assert_true(!data || same_addresses(last, want.last));
        secure++;
    }
    release(b, id);
}

/* Something is wrong with the name that is asked, its zone, or some other name; or nothing. */
static void lie(struct bed *b, struct wr_rng *rng, const char *asked)
{
    static char broken[WR_NAME_TEXT_SIZE];
    static const uint16_t types[] = {WR_TYPE_A, WR_TYPE_A, WR_TYPE_DS, WR_TYPE_DNSKEY};
    static const enum server_mode modes[] = {SERVER_STRIP,     SERVER_CORRUPT, SERVER_EMPTY,
                                             SERVER_NO_DENIAL, SERVER_ALTER,   SERVER_ONCE};
    const char *other = names[wr_rng_below(rng, WR_ARRAY_LEN(names))];
    const char *name = wr_rng_below(rng, 2) ? asked : other;
    unsigned up = wr_rng_below(rng, 2);
    struct wr_name n = world_name(name);
    wr_name_to_text(wr_name_skip_labels(n.wire, up), broken, sizeof(broken));
    b->zones.mode = modes[wr_rng_below(rng, WR_ARRAY_LEN(modes))];
    b->zones.name = broken;
    b->zones.type = types[wr_rng_below(rng, WR_ARRAY_LEN(types))];
    if (b->zones.mode == SERVER_ALTER) { /* addresses, digests, keys: a torn name cannot be sent */
        struct wr_name at = world_name(broken);
        const struct world_set *soa = zone_of(&at, b->zones.type == WR_TYPE_DS && at.size > 1);
        bool data = world_find(soa->owner.wire, at.wire, b->zones.type) != NULL;
        b->zones.mode = data ? SERVER_ALTER : SERVER_CORRUPT;
    }
    b->zones.broken = 0;
    b->lie = wr_rng_below(rng, 4) ? NULL : wr_rng_below(rng, 2) ? asked : other;
    b->whole_chain = wr_rng_below(rng, 4) == 0;
    b->denied_end = wr_rng_below(rng, 4) == 0;
    b->downgrade = wr_rng_below(rng, 4) == 0;
    b->turned = wr_rng_below(rng, 4) == 0;
    b->expanded_beside = wr_rng_below(rng, 4) == 0;
    b->unproven_alias = wr_rng_below(rng, 8) == 0;
}

static void test_answers_are_what_the_zones_say(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct bed *b = bed_new(24);
        struct wr_rng rng;
        wr_rng_seed_u64(&rng, seed);
        for (unsigned i = 0; i < QUESTIONS; i++) {
            const char *asked = names[wr_rng_below(&rng, WR_ARRAY_LEN(names))];
            lie(b, &rng, asked);
            check(b, asked, false);
            b->r.now.mono_us += wr_rng_below(&rng, 20) * WR_S;
        }
        b->zones.name = b->lie = NULL;
        b->whole_chain = b->denied_end = b->downgrade = false;
        b->turned = b->expanded_beside = b->unproven_alias = false;
        b->r.now.mono_us += 400 * WR_S; /* what was remembered of the lies is over */
        for (unsigned i = 0; i < WR_ARRAY_LEN(names); i++) {
            check(b, names[i], true);
        }
        bed_free(b);
    }
    assert_true(secure > SEEDS * 30);
    assert_true(failed > SEEDS); /* the lies were told */
}

/* The oracle itself, where the answer is known by heart. */
static void test_the_oracle(void **state)
{
    static const struct {
        const char *name;
        uint16_t rcode;
        uint8_t security;
        bool data;
    } rows[] = {{"a.sec.", 0, WR_SECURITY_SECURE, true},
                {"alias.sec.", 0, WR_SECURITY_SECURE, true},
                {"nowhere.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE, false},
                {"ent.sec.", 0, WR_SECURITY_SECURE, false},
                {"away.sec.", 0, WR_SECURITY_INSECURE, false},
                {"www.a5.sec.", 0, WR_SECURITY_INSECURE, true},
                {"none.opt.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_INSECURE, false},
                {"ent.opt.sec.", 0, WR_SECURITY_SECURE, false},
                {"www.silent.sec.", 0, WR_SECURITY_BOGUS, true}};
    for (unsigned i = 0; i < WR_ARRAY_LEN(rows); i++) {
        struct truth t = truth_of(rows[i].name);
        if (t.rcode != rows[i].rcode || t.security != rows[i].security ||
            (t.last != NULL) != rows[i].data) {
            fail_msg("%s: rcode %u security %u", rows[i].name, t.rcode, t.security);
        }
    }
}

/* --- by name ------------------------------------------------------------------------------------ */

/* A wildcard's alias is believed with the proof that nothing is closer, and not because the end told with it is a lie: what was found
 * of the answer with that end says nothing of the answer without it. */
static void test_shortened_chain_wants_its_proof(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct bed *b = bed_new(16);
        struct wr_answer a;
        b->unproven_alias = true;
        b->whole_chain = i == 1;
        expect(b, "z.walias.sec.", WR_RCODE_SERVFAIL, 0, WR_EDE_NSEC_MISSING);
        assert_int_equal(b->lied > 0, i);
        assert_int_equal(find(b, "z.walias.sec.", WR_TYPE_CNAME, false, 0, &a), WR_FOUND_NOTHING);
        bed_free(b);
    }
}

/* Nobody signs the RCODE: what is proven is what is said, to the client and in the cache. */
static void test_rcode_is_what_is_proven(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    b->turned = true;
    expect(b, "none.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE, WR_EDE_NONE);
    assert_int_equal(find(b, "none.sec.", WR_TYPE_TXT, false, 0, &a), WR_FOUND_FRESH);
    assert_int_equal(a.rcode, WR_RCODE_NXDOMAIN);
    expect(b, "nowhere.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE, WR_EDE_NONE); /* of a chain */
    expect(b, "ent.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    expect(b, "www.plain.", WR_RCODE_NOERROR, WR_SECURITY_INSECURE, WR_EDE_NONE);
    bed_free(b);
}

/* What stands beside a secure denial is as good as it, or is not shown. */
static void test_only_proofs_are_shown(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_name mx = world_name("mx.sec.");
    b->expanded_beside = true;
    wr_id id = ask(b, "none.sec.", WR_TYPE_A, false);
    const struct wr_answer *got = serve(b, id);
    assert_int_equal(got->security, WR_SECURITY_SECURE);
    assert_int_equal(b->lied, 1);
    assert_true(got->authorities >= 2);
    for (unsigned i = 0; i < got->authorities; i++) {
        assert_false(wr_name_equal(got->authority[i].owner, mx.wire));
    }
    release(b, id);
    bed_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_oracle),
        cmocka_unit_test(test_answers_are_what_the_zones_say),
        cmocka_unit_test(test_shortened_chain_wants_its_proof),
        cmocka_unit_test(test_rcode_is_what_is_proven),
        cmocka_unit_test(test_only_proofs_are_shown),
    };
    return cmocka_run_group_tests(tests, bed_load, bed_unload);
}
