/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/world.h"

#include "dnssec/rrsig.h"

static uint64_t scratch[WR_RRSIG_SCRATCH_SIZE / 8 + 1];
static struct wr_dnssec_policy policy;
static struct wr_trusttime now;
static struct wr_rrsig_job job;
static struct wr_dnssec_work work;

static void reset(void)
{
    policy = wr_algo_default_policy();
    now = wr_trusttime_of(WR_TRUSTTIME_SYSTEM, WORLD_NOW, 0);
    memset(&work, 0, sizeof(work));
}

/* All keys of a zone, whoever's DS. */
static void zone_keys(const char *zone, struct wr_keyset *ret)
{
    struct world_copy *c = world_get(zone, zone, WR_TYPE_DNSKEY);
    struct wr_ds_list none;

    wr_ds_list_clear(&none);
    wr_keyset_open(ret, &c->set, &none);
    assert_true(ret->count > 0);
    free(c);
}

static enum wr_rrsig_result run_with(const struct wr_rrset *set, const char *zone,
                                     struct wr_keyset *keys, unsigned *ret_steps)
{
    struct wr_name name = world_name(zone);
    enum wr_rrsig_result got;

    *ret_steps = 0;
    wr_rrsig_start(&job, set, name.wire, keys, false, &policy, &now);
    do {
        uint32_t before = work.checks;

        got = wr_rrsig_step(&job, &work, scratch);
        assert_true(work.checks - before <= 1); /* one check a step */
        ++*ret_steps;
    } while (got == WR_RRSIG_MORE);
    return got;
}

static enum wr_rrsig_result run(const struct wr_rrset *set, const char *zone)
{
    struct wr_keyset keys;
    unsigned steps;
    enum wr_rrsig_result got;

    zone_keys(zone, &keys);
    got = run_with(set, zone, &keys, &steps);
    wr_keyset_close(&keys);
    return got;
}

/* Every signed set of the world, in every algorithm; and not with one bit of it turned. */
static void test_whole_world(void **state)
{
    unsigned good = 0;

    reset();
    policy.sha1_rely = true;
    for (unsigned i = 0; i < world_count; i++) {
        struct world_set *w = &world_sets[i];
        struct world_copy *c;
        char zone[WR_NAME_TEXT_SIZE];
        uint16_t size;
        uint8_t *rdata;

        if (w->set.sigs == 0) {
            continue;
        }
        memset(&work, 0, sizeof(work));
        wr_name_to_text(w->zone.wire, zone, sizeof(zone));
        if (run(&w->set, zone) != WR_RRSIG_SECURE) {
            fail_msg("%s: %s, type %u", zone, job.reason, w->set.type);
        }
        assert_false(job.expanded);
        assert_int_equal(job.ttl, 300);
        good++;
        c = world_copy_of(w);
        rdata = world_rdata(c, c->set.records, &size);
        rdata[size - 3] ^= 4;
        assert_int_equal(run(&c->set, zone), WR_RRSIG_FAILED);
        assert_int_equal(job.ede, WR_EDE_BOGUS);
        free(c);
    }
    assert_true(good > 120);
}

/* Order, case and duplicates of the records do not matter; TTL and case of the owner neither. */
static void test_canonical(void **state)
{
    struct world_copy *c = world_get("sec.", "mx.sec.", WR_TYPE_MX);
    uint8_t packed[WORLD_DATA];
    uint16_t size[2], sig_size;
    uint8_t *rdata[2], *sig;
    uint32_t at = 0;

    reset();
    assert_int_equal(c->set.records, 2);
    for (unsigned i = 0; i < 2; i++) {
        rdata[i] = world_rdata(c, i, &size[i]);
    }
    sig = world_rdata(c, 2, &sig_size);
    at = world_pack(packed, at, rdata[1], size[1]);
    at = world_pack(packed, at, rdata[0], size[0]);
    at = world_pack(packed, at, rdata[0], size[0]);
    for (uint32_t i = 5; i < at; i++) {
        packed[i] = packed[i] == 'a' ? 'A' : packed[i];
    }
    at = world_pack(packed, at, sig, sig_size);
    c->set.data = packed;
    c->set.size = at;
    c->set.records = 3;
    c->set.ttl = 77;
    c->owner.wire[1] = 'M';
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_SECURE);
    assert_int_equal(job.ttl, 77);
    c->set.records = 2; /* without the first: not what was signed */
    c->set.data = packed + 2 + size[1];
    c->set.size = at - 2 - size[1];
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    free(c);
}

static void test_times(void **state)
{
    struct world_copy *c = world_get("sec.", "a.sec.", WR_TYPE_A);
    static const struct {
        int64_t now;
        enum wr_rrsig_result want;
        int ede;
    } rows[] = {
        {WORLD_NOW, WR_RRSIG_SECURE, 0},
        {WORLD_INCEPTION - 86400 - 10, WR_RRSIG_FAILED, WR_EDE_SIGNATURE_NOT_YET},
        {WORLD_INCEPTION - 86000, WR_RRSIG_SECURE, 0},
        {WORLD_EXPIRY + 86000, WR_RRSIG_SECURE, 0},
        {WORLD_EXPIRY + 86400 + 10, WR_RRSIG_FAILED, WR_EDE_SIGNATURE_EXPIRED},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset();
        now.now_s = rows[i].now;
        assert_int_equal(run(&c->set, "sec."), rows[i].want);
        if (rows[i].want == WR_RRSIG_FAILED) {
            assert_int_equal(job.ede, rows[i].ede);
            assert_int_equal(work.checks, 0);
        }
    }
    reset();
    now.now_s = WORLD_EXPIRY - 100; /* it lives no longer than its signature */
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_SECURE);
    assert_int_equal(job.ttl, 100);
    free(c);
}

static void test_refused_before_any_check(void **state)
{
    struct world_copy *c = world_get("sec.", "a.sec.", WR_TYPE_A);
    uint16_t size;
    uint8_t *sig = world_rdata(c, 1, &size), saved;

    reset();
    saved = sig[3];
    sig[3] = 3; /* labels above the owner's */
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    sig[3] = 0; /* below the signer's */
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    sig[3] = saved;
    assert_int_equal(run(&c->set, "n3.sec."), WR_RRSIG_FAILED); /* another zone's */
    assert_int_equal(job.ede, WR_EDE_RRSIGS_MISSING);
    sig[1] = WR_TYPE_AAAA; /* covers another type */
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    sig[1] = WR_TYPE_A;
    sig[16] ^= 1; /* a tag that no key has */
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    assert_int_equal(job.ede, WR_EDE_DNSKEY_MISSING);
    sig[16] ^= 1;
    sig[2] = 200; /* an algorithm that nobody knows */
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    sig[2] = 13;
    world_strip(c);
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    assert_int_equal(job.ede, WR_EDE_RRSIGS_MISSING);
    assert_int_equal(work.checks, 0);
    free(c);
}

static void test_wildcard(void **state)
{
    struct world_copy *c = world_get("sec.", "*.wild.sec.", WR_TYPE_A);

    reset();
    assert_int_equal(wr_rrsig_labels(c->set.owner), 2);
    world_rename(c, "b.c.wild.sec.");
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_SECURE);
    assert_true(job.expanded);
    assert_int_equal(job.labels, 2);
    world_rename(c, "b.c.other.sec.");
    assert_int_equal(run(&c->set, "sec."), WR_RRSIG_FAILED);
    free(c);
}

static void test_sha1_is_not_relied_on(void **state)
{
    struct world_copy *c = world_get("a5.sec.", "www.a5.sec.", WR_TYPE_A);

    reset();
    assert_int_equal(run(&c->set, "a5.sec."), WR_RRSIG_FAILED);
    assert_int_equal(work.checks, 0);
    policy.sha1_rely = true;
    assert_int_equal(run(&c->set, "a5.sec."), WR_RRSIG_SECURE);
    free(c);
}

/* KeyTrap: many signatures, many keys of one tag; checks stay bounded for the set and for the query. */
static void test_keytrap(void **state)
{
    struct world_copy *c = world_get("sec.", "a.sec.", WR_TYPE_A);
    struct wr_keyset keys, many;
    uint8_t packed[WORLD_DATA * 4];
    struct wr_rrset set;
    uint16_t size;
    uint8_t *sig = world_rdata(c, 1, &size);
    unsigned steps;

    reset();
    zone_keys("sec.", &keys);
    many = keys;
    many.count = WR_DNSSEC_KEYS_MAX;
    for (unsigned i = 0; i < WR_DNSSEC_KEYS_MAX; i++) {
        many.keys[i] = keys.keys[0];
        many.keys[i].tag = (uint16_t)(sig[16] << 8 | sig[17]);
    }
    set = c->set;
    set.sigs = 100;
    set.size = (uint32_t)(sig - 2 - c->data);
    memcpy(packed, c->data, set.size);
    for (unsigned i = 0; i < 100; i++) {
        sig[size - 1] ^= (uint8_t)(i + 1);
        packed[set.size] = (uint8_t)(size >> 8);
        packed[set.size + 1] = (uint8_t)size;
        memcpy(packed + set.size + 2, sig, size);
        sig[size - 1] ^= (uint8_t)(i + 1);
        set.size += 2u + size;
    }
    set.data = packed;
    assert_int_equal(run_with(&set, "sec.", &many, &steps), WR_RRSIG_SPENT);
    assert_int_equal(work.checks, WR_DNSSEC_SET_CHECKS_MAX);
    assert_int_equal(steps, WR_DNSSEC_SET_CHECKS_MAX + 1);
    assert_int_equal(run_with(&set, "sec.", &many, &steps), WR_RRSIG_SPENT);
    assert_int_equal(work.failures,
                     WR_DNSSEC_FAILURES_MAX); /* of the query: it goes on over sets */
    reset();
    set.sigs = 1;
    set.size = (uint32_t)(sig - 2 - c->data) + 2 + size;
    assert_int_equal(run_with(&set, "sec.", &many, &steps), WR_RRSIG_FAILED);
    assert_int_equal(work.checks, WR_DNSSEC_TAG_KEYS_MAX);
    wr_keyset_close(&keys);
    free(c);
}

static void test_signer(void **state)
{
    struct world_copy *a = world_get("sec.", "a.sec.", WR_TYPE_A);
    struct world_copy *ds = world_get("sec.", "n3.sec.", WR_TYPE_DS);
    struct wr_name sec = world_name("sec.");

    assert_true(wr_name_equal(wr_rrsig_signer(&a->set), sec.wire));
    assert_true(wr_name_equal(wr_rrsig_signer(&ds->set), sec.wire));
    world_rename(ds, "sec."); /* the owner's own signature on its DS */
    assert_null(wr_rrsig_signer(&ds->set));
    world_rename(a, "a.other.");
    assert_null(wr_rrsig_signer(&a->set));
    free(a);
    free(ds);
}

/* Sets as RFCs print them, with their keys. */
static const struct published {
    const char *what, *zone, *key, *owner;
    uint16_t type;
    const char *rdata, *sig;
    int64_t now;
} published[] = {
    {"RFC 4035 appendix B.1", "example.",
     "256 3 5 "
     "AQOy1bZVvpPqhg4j7EJoM9rI3ZmyEx2OzDBVrZy/"
     "lvI5CQePxXHZS4i8dANH4DX3tbHol61ek8EFMcsGXxKciJFHyhl94C+NwILQdzsUlSFovBZsyl/NX6yEbtw/"
     "xN9ZNcrbYvgjjZ/UVPZIySFNsgEYvh0z2542lzMKR4Dh8uZffQ==",
     "x.w.example.", WR_TYPE_MX, "1 xx.example.",
     "MX 5 3 3600 20040509183619 20040409183619 38519 example. "
     "Il2WTZ+Bkv+"
     "OytBx4LItNW5mjB4RCwhOO8y1XzPHZmZUTVYL7LaA63f6T9ysVBzJRI3KRjAPH3U1qaYnDoN1DrWqmi9RJe4FoObkbcdm"
     "7P3Ikx70ePCoFgRz1Yq+bVVXCvGuAU4xALv3W/Y1jNSlwZ2mSWKHfxFQxPtLj8s32+k=",
     1082000000},
    {"RFC 5155 appendix B.1", "example.",
     "256 3 7 "
     "AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU+wzt89epO6tHzkMBVDkC7qphQO2hTY4hHn9npWFRw5BYubE=",
     "example.", WR_TYPE_SOA, "ns1.example. bugs.x.w.example. 1 3600 300 3600000 3600",
     "SOA 7 1 3600 20150420235959 20051021000000 40430 example. "
     "Hu25UIyNPmvPIVBrldN+9Mlp9Zql39qaUd8iq4ZLlYWfUUbbAS41pG+68z81q1xhkYAcEyHdVI2LmKusbZsT0Q==",
     1300000000},
    {"RFC 5702 section 6.1", "example.net.",
     "256 3 8 "
     "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=",
     "www.example.net.", WR_TYPE_A, "192.0.2.91",
     "A 8 3 3600 20300101000000 20000101000000 9033 example.net. "
     "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==",
     1300000000},
    {"RFC 6605 section 6.1", "example.net.",
     "257 3 13 "
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     "www.example.net.", WR_TYPE_A, "192.0.2.1",
     "A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
     "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
     1282000000},
    {"RFC 8080 section 6.1, erratum 4935", "example.com.",
     "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", "example.com.", WR_TYPE_MX,
     "10 mail.example.com.",
     "MX 15 2 3600 1440021600 1438207200 3613 example.com. "
     "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==",
     1439000000},
};

static size_t text_rdata(uint16_t type, const char *text, uint8_t *ret, size_t cap)
{
    struct wr_writer w;

    wr_buf_write_init(&w, ret, cap);
    assert_int_equal(wr_present_read_rdata(text, strlen(text), type, NULL, &w, NULL), WR_OK);
    return w.pos;
}

static void test_published(void **state)
{
    reset();
    policy.sha1_rely = true;
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        const struct published *p = &published[i];
        struct wr_name zone = world_name(p->zone), owner = world_name(p->owner);
        uint8_t rdata[1024], key_data[WORLD_DATA], data[WORLD_DATA];
        struct wr_rrset key = {
            .owner = zone.wire, .type = WR_TYPE_DNSKEY, .records = 1, .data = key_data};
        struct wr_rrset set = {.owner = owner.wire,
                               .type = p->type,
                               .class_ = WR_CLASS_IN,
                               .records = 1,
                               .sigs = 1,
                               .ttl = 3600,
                               .data = data};
        struct wr_ds_list none;
        struct wr_keyset keys;
        unsigned steps;

        key.size = world_pack(key_data, 0, rdata,
                              text_rdata(WR_TYPE_DNSKEY, p->key, rdata, sizeof(rdata)));
        set.size = world_pack(data, 0, rdata, text_rdata(p->type, p->rdata, rdata, sizeof(rdata)));
        set.size = world_pack(data, set.size, rdata,
                              text_rdata(WR_TYPE_RRSIG, p->sig, rdata, sizeof(rdata)));
        wr_ds_list_clear(&none);
        wr_keyset_open(&keys, &key, &none);
        now.now_s = p->now;
        if (run_with(&set, p->zone, &keys, &steps) != WR_RRSIG_SECURE) {
            fail_msg("%s: %s", p->what, job.reason);
        }
        data[set.size - 1] ^= 1;
        assert_int_equal(run_with(&set, p->zone, &keys, &steps), WR_RRSIG_FAILED);
        wr_keyset_close(&keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_world), cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_times),       cmocka_unit_test(test_refused_before_any_check),
        cmocka_unit_test(test_wildcard),    cmocka_unit_test(test_sha1_is_not_relied_on),
        cmocka_unit_test(test_keytrap),     cmocka_unit_test(test_signer),
        cmocka_unit_test(test_published),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
