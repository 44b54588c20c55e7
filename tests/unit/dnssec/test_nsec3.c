/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/denials.h"

#include <stdio.h>

#include "base/enc.h"
#include "dnssec/nsec3.h"

static struct denials_made made[DENIALS_NSEC3];
static struct wr_name zone;
static struct wr_dnssec_policy policy;
static struct wr_dnssec_work work;
static struct wr_nsec3_check check;

static void load(void)
{
    zone = denials_name("example.");
    policy = wr_algo_default_policy();
    for (size_t i = 0; i < DENIALS_NSEC3; i++) {
        denials_make(&denials_nsec3[i], WR_TYPE_NSEC3, &made[i]);
    }
}

/* RFC 5155 appendix A. */
static void test_hashes(void **state)
{
    static const uint8_t salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
    static const struct {
        const char *name, *hash;
    } rows[] = {
        {"example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
        {"a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
        {"ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"},
        {"ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
        {"ns2.EXAMPLE.", "q04jkcevqvmu85r014c7dkba38o0ji5r"},
        {"w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h"},
        {"*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"},
        {"x.w.example.", "b4um86eghhds6nea196smvmlo4ors995"},
        {"y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"},
        {"x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"},
        {"xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name name = denials_name(rows[i].name);
        uint8_t got[WR_NSEC3_HASH_SIZE], want[WR_NSEC3_HASH_SIZE];
        size_t n;

        assert_int_equal(wr_enc_from_base32hex(rows[i].hash, 32, want, sizeof(want), &n), WR_OK);
        assert_int_equal(wr_nsec3_hash(name.wire, salt, sizeof(salt), 12, got), WR_OK);
        assert_memory_equal(got, want, sizeof(want));
    }
    assert_int_equal(wr_nsec3_blocks(zone.wire, 4, 12), 13);
    assert_int_equal(wr_nsec3_blocks(zone.wire, 255, 150), 5 + 150 * 5);
}

enum what { NX, NODATA, NO_DS, EXPANSION };

/* Asks with the records whose bit is set. */
static enum wr_proof ask(enum what what, const char *text, unsigned extra, unsigned which)
{
    struct wr_name name = denials_name(text);
    enum wr_proof got = WR_PROOF_AGAIN;

    wr_nsec3_start(&check, zone.wire, name.wire, &policy);
    for (size_t i = 0; i < DENIALS_NSEC3; i++) {
        if (which & 1u << i) {
            wr_nsec3_add(&check, made[i].owner.wire, made[i].rdata, made[i].size);
        }
    }
    for (unsigned steps = 0; got == WR_PROOF_AGAIN; steps++) {
        assert_true(steps < 200);
        switch (what) {
        case NX: got = wr_nsec3_nxdomain(&check, &work); break;
        case NODATA: got = wr_nsec3_nodata(&check, (uint16_t)extra, &work); break;
        case NO_DS: got = wr_nsec3_no_ds(&check, &work); break;
        case EXPANSION: got = wr_nsec3_expansion(&check, extra, &work); break;
        }
    }
    return got;
}

#define ALL ((1u << DENIALS_NSEC3) - 1)

static const struct question {
    enum what what;
    const char *name;
    unsigned extra;
    enum wr_proof want;
} questions[] = {
    {NX, "a.c.x.w.example.", 0,
     WR_PROOF_INSECURE}, /* RFC 5155 section B.1; all its ranges are opt-out */
    {NX, "ns1.example.", 0, WR_PROOF_NONE},
    {NX, "z.w.example.", 0, WR_PROOF_NONE}, /* the wildcard is there */
    {NX, "y.w.example.", 0, WR_PROOF_NONE}, /* an empty non-terminal */
    {NX, "x.a.example.", 0, WR_PROOF_NONE}, /* below a zone cut */
    {NX, "x.test.", 0, WR_PROOF_NONE},
    {NODATA, "ns1.example.", WR_TYPE_MX, WR_PROOF_SECURE}, /* B.2 */
    {NODATA, "ns1.example.", WR_TYPE_A, WR_PROOF_NONE},
    {NODATA, "y.w.example.", WR_TYPE_A, WR_PROOF_SECURE},        /* B.2.1 */
    {NODATA, "a.z.w.example.", WR_TYPE_AAAA, WR_PROOF_INSECURE}, /* B.5, in an opt-out range */
    {NODATA, "a.z.w.example.", WR_TYPE_MX, WR_PROOF_NONE},
    {NODATA, "example.", WR_TYPE_DS, WR_PROOF_NONE},       /* B.6: the child's side */
    {NODATA, "a.example.", WR_TYPE_A, WR_PROOF_NONE},      /* the parent's side */
    {NODATA, "c.example.", WR_TYPE_DS, WR_PROOF_INSECURE}, /* B.3 */
    {NO_DS, "c.example.", 0, WR_PROOF_INSECURE},
    {NO_DS, "a.example.", 0, WR_PROOF_NONE},
    {NO_DS, "ns1.example.", 0, WR_PROOF_NO_CUT},
    {NO_DS, "y.w.example.", 0, WR_PROOF_NO_CUT},
    {NO_DS, "example.", 0, WR_PROOF_NONE},
    {EXPANSION, "a.z.w.example.", 2, WR_PROOF_INSECURE}, /* B.4 */
    {EXPANSION, "x.w.example.", 2, WR_PROOF_NONE},
    {EXPANSION, "a.z.w.example.", 4, WR_PROOF_NONE},
    {EXPANSION, "a.z.w.example.", 0, WR_PROOF_NONE},
};

static void test_questions(void **state)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *q = &questions[i];
        enum wr_proof got;

        memset(&work, 0, sizeof(work));
        got = ask(q->what, q->name, q->extra, ALL);
        if (got != q->want) {
            fail_msg("row %zu, %s: %d, not %d", i, q->name, got, q->want);
        }
    }
}

/* The same zone without opt-out: what was insecure is proven, and the unsigned delegations are not there at all. */
static void test_without_optout(void **state)
{
    for (size_t i = 0; i < DENIALS_NSEC3; i++) {
        made[i].rdata[1] = 0;
    }
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *q = &questions[i];
        enum wr_proof want = q->want, got;

        if (want == WR_PROOF_INSECURE) {
            want = q->what == NO_DS                                      ? WR_PROOF_NO_NAME
                   : q->what == NODATA && !strcmp(q->name, "c.example.") ? WR_PROOF_NONE
                                                                         : WR_PROOF_SECURE;
        }
        memset(&work, 0, sizeof(work));
        got = ask(q->what, q->name, q->extra, ALL);
        if (got != want) {
            fail_msg("row %zu, %s: %d, not %d", i, q->name, got, want);
        }
    }
    load();
}

/* No proof without the records that carry it. */
static void test_each_record_matters(void **state)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *q = &questions[i];
        unsigned needed = 0, count = 0;

        if (q->want == WR_PROOF_NONE) {
            continue;
        }
        memset(&work, 0, sizeof(work));
        assert_int_equal(ask(q->what, q->name, q->extra, 0), WR_PROOF_NONE);
        for (size_t k = 0; k < DENIALS_NSEC3; k++) {
            memset(&work, 0, sizeof(work));
            if (ask(q->what, q->name, q->extra, ALL & ~(1u << k)) != q->want) {
                needed |= 1u << k;
                count++;
            }
        }
        assert_in_range(count, 1, 3);
        memset(&work, 0, sizeof(work));
        assert_int_equal(ask(q->what, q->name, q->extra, needed), q->want);
    }
}

static void test_left_out(void **state)
{
    static const struct denials_row rows[] = {
        {"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.",
         "2 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS"},
        {"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.",
         "1 2 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS"},
        {"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.",
         "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22boj NS"},
        {"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.x.example.",
         "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS"},
        {"0p9mhaveqvm6t7vbl5lop2u3t2rp3to.example.",
         "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS"},
        {"zzzzhaveqvm6t7vbl5lop2u3t2rp3tom.example.",
         "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS"},
    };
    struct denials_made m;
    struct wr_nsec3 n;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (i == 2) {
            continue; /* no even number of octets: not a text at all */
        }
        denials_make(&rows[i], WR_TYPE_NSEC3, &m);
        assert_int_equal(wr_nsec3_view(m.owner.wire, m.rdata, m.size, zone.wire, &n),
                         i < 3 ? WR_E_UNSUPPORTED : WR_E_FORMAT);
    }
    assert_int_equal(wr_nsec3_view(made[0].owner.wire, made[0].rdata, 12, zone.wire, &n),
                     WR_E_FORMAT);
    assert_int_equal(wr_nsec3_view(made[0].owner.wire, made[0].rdata, made[0].size, zone.wire, &n),
                     WR_OK);
    assert_int_equal(n.flags, WR_NSEC3_OPTOUT);
    /* Other parameters than the first's do not count. */
    wr_nsec3_start(&check, zone.wire, zone.wire, &policy);
    wr_nsec3_add(&check, made[0].owner.wire, made[0].rdata, made[0].size);
    made[1].rdata[3] = 13;
    wr_nsec3_add(&check, made[1].owner.wire, made[1].rdata, made[1].size);
    made[1].rdata[3] = 12;
    made[1].rdata[5] ^= 1;
    wr_nsec3_add(&check, made[1].owner.wire, made[1].rdata, made[1].size);
    made[1].rdata[5] ^= 1;
    assert_int_equal(check.count, 1);
    wr_nsec3_add(&check, made[1].owner.wire, made[1].rdata, made[1].size);
    assert_int_equal(check.count, 2);
}

/* RFC 9276. */
static void test_iterations(void **state)
{
    policy.nsec3_iterations = 11;
    memset(&work, 0, sizeof(work));
    assert_int_equal(ask(NODATA, "ns1.example.", WR_TYPE_MX, ALL), WR_PROOF_INSECURE);
    assert_int_equal(work.blocks, 0);
    policy.nsec3_iterations = 12;
    assert_int_equal(ask(NODATA, "ns1.example.", WR_TYPE_MX, ALL), WR_PROOF_SECURE);
    load();
}

/* CVE-2023-50868: a name of 120 labels, all the iterations that are taken. A step has its share, the query its end. */
static void test_encloser_attack(void **state)
{
    struct wr_name name;
    enum wr_proof got;
    unsigned steps = 0;
    uint32_t before;

    memset(&name, 0, sizeof(name));
    for (unsigned i = 0; i < 120; i++) {
        name.wire[2 * i] = 1;
        name.wire[2 * i + 1] = 'a';
    }
    memcpy(name.wire + 240, zone.wire, zone.size);
    name.size = (uint8_t)(240 + zone.size);
    made[1].rdata[3] = 150;
    memset(&work, 0, sizeof(work));
    wr_nsec3_start(&check, zone.wire, name.wire, &policy);
    wr_nsec3_add(&check, made[1].owner.wire, made[1].rdata, made[1].size);
    do {
        before = work.blocks;
        got = wr_nsec3_nxdomain(&check, &work);
        assert_true(work.blocks - before <= WR_DNSSEC_STEP_BLOCKS_MAX);
        assert_true(++steps < 100);
    } while (got == WR_PROOF_AGAIN);
    assert_int_equal(got, WR_PROOF_SPENT);
    assert_true(steps >= WR_DNSSEC_HASH_BLOCKS_MAX / WR_DNSSEC_STEP_BLOCKS_MAX);
    assert_true(work.blocks <= WR_DNSSEC_HASH_BLOCKS_MAX);
    /* The next denial of the same query gets nothing more. */
    wr_nsec3_start(&check, zone.wire, name.wire, &policy);
    wr_nsec3_add(&check, made[1].owner.wire, made[1].rdata, made[1].size);
    assert_int_equal(wr_nsec3_nodata(&check, WR_TYPE_A, &work), WR_PROOF_SPENT);
    load();
}

/* What was hashed is not hashed again. */
static void test_memo(void **state)
{
    struct wr_name name = denials_name("a.c.x.w.example.");
    uint32_t once;

    memset(&work, 0, sizeof(work));
    wr_nsec3_start(&check, zone.wire, name.wire, &policy);
    for (size_t i = 0; i < DENIALS_NSEC3; i++) {
        wr_nsec3_add(&check, made[i].owner.wire, made[i].rdata, made[i].size);
    }
    assert_int_equal(wr_nsec3_nxdomain(&check, &work), WR_PROOF_INSECURE);
    once = work.blocks;
    assert_true(once > 0);
    assert_int_equal(wr_nsec3_nxdomain(&check, &work), WR_PROOF_INSECURE);
    assert_int_equal(work.blocks, once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),          cmocka_unit_test(test_questions),
        cmocka_unit_test(test_without_optout),  cmocka_unit_test(test_each_record_matters),
        cmocka_unit_test(test_left_out),        cmocka_unit_test(test_iterations),
        cmocka_unit_test(test_encloser_attack), cmocka_unit_test(test_memo),
    };

    load();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
