/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/denials.h"

#include "dnssec/nsec.h"

static struct denials_made made[DENIALS_NSEC];
static struct wr_nsec all[DENIALS_NSEC];
static struct wr_name zone;

static void load(void)
{
    zone = denials_name("example.");
    for (size_t i = 0; i < DENIALS_NSEC; i++) {
        denials_make(&denials_nsec[i], WR_TYPE_NSEC, &made[i]);
        assert_int_equal(
            wr_nsec_view(made[i].owner.wire, made[i].rdata, made[i].size, zone.wire, &all[i]),
            WR_OK);
    }
}

static void test_bitmap(void **state)
{
    static const uint8_t bits[] = {0, 6, 0x40, 1, 0, 0, 0, 3, 4, 27, 0, 0, 0, 0, 0, 0, 0, 0,   0,
                                   0, 0, 0,    0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0x20};

    for (unsigned type = 0; type < 65536; type++) { /* RFC 4034 section 4.3 */
        assert_int_equal(wr_nsec_bit(bits, sizeof(bits), (uint16_t)type),
                         type == 1 || type == 15 || type == 46 || type == 47 || type == 1234);
    }
    assert_false(wr_nsec_bit(bits, 5, 1)); /* torn */
    assert_false(wr_nsec_bit(bits, 1, 1));
    assert_false(wr_nsec_bit(bits, 0, 1));
}

static void test_view(void **state)
{
    static const struct denials_row outside = {"xx.example.", "yy.test. A NSEC"};
    struct denials_made m;
    struct wr_name sub = denials_name("sub.example.");
    struct wr_nsec n;

    denials_make(&outside, WR_TYPE_NSEC, &m);
    assert_int_equal(wr_nsec_view(m.owner.wire, m.rdata, m.size, zone.wire, &n), WR_E_FORMAT);
    assert_int_equal(wr_nsec_view(made[0].owner.wire, made[0].rdata, made[0].size, sub.wire, &n),
                     WR_E_FORMAT);
    assert_int_equal(wr_nsec_view(made[0].owner.wire, made[0].rdata, 3, zone.wire, &n),
                     WR_E_FORMAT);
}

static void test_covers(void **state)
{
    static const struct {
        size_t row;
        const char *name;
        bool want;
    } rows[] = {
        {0, "0.example.", true},   {0, "a.example.", false},  {0, "example.", false},
        {1, "x.a.example.", true}, {1, "aaa.example.", true}, {1, "ai.example.", false},
        {9, "zz.example.", true},  {9, "xx.example.", false}, {9, "a.xx.example.", true},
        {9, "example.", false},    {9, "zz.test.", false},    {3, "ml.EXAMPLE.", true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name name = denials_name(rows[i].name);

        if (wr_nsec_covers(&all[rows[i].row], name.wire) != rows[i].want) {
            fail_msg("row %zu", i);
        }
    }
}

enum what { NX, NODATA, NO_DS, EXPANSION };

static enum wr_proof ask(enum what what, const char *text, unsigned extra,
                         const struct wr_nsec *list, size_t n)
{
    struct wr_name name = denials_name(text);

    switch (what) {
    case NX: return wr_nsec_nxdomain(list, n, name.wire);
    case NODATA: return wr_nsec_nodata(list, n, name.wire, (uint16_t)extra);
    case NO_DS: return wr_nsec_no_ds(list, n, name.wire);
    case EXPANSION: return wr_nsec_expansion(list, n, name.wire, extra);
    }
    return WR_PROOF_NONE;
}

static const struct question {
    enum what what;
    const char *name;
    unsigned extra;
    enum wr_proof want;
} questions[] = {
    {NX, "ml.example.", 0, WR_PROOF_SECURE}, /* RFC 4035 section B.2 */
    {NX, "a.b.c.ml.example.", 0, WR_PROOF_SECURE},
    {NX, "zz.example.", 0, WR_PROOF_SECURE},
    {NX, "y.w.example.", 0, WR_PROOF_NONE}, /* an empty non-terminal */
    {NX, "w.example.", 0, WR_PROOF_NONE},
    {NX, "z.w.example.", 0, WR_PROOF_NONE},     /* the wildcard is there */
    {NX, "z.y.w.example.", 0, WR_PROOF_SECURE}, /* y.w encloses it and has none */
    {NX, "x.a.example.", 0, WR_PROOF_NONE},     /* below a zone cut */
    {NX, "x.b.example.", 0, WR_PROOF_NONE},
    {NX, "a.example.", 0, WR_PROOF_NONE},
    {NX, "ml.test.", 0, WR_PROOF_NONE},
    {NODATA, "ns1.example.", WR_TYPE_MX, WR_PROOF_SECURE}, /* B.3 */
    {NODATA, "ns1.example.", WR_TYPE_A, WR_PROOF_NONE},
    {NODATA, "ns1.example.", WR_TYPE_ANY, WR_PROOF_NONE},
    {NODATA, "y.w.example.", WR_TYPE_A, WR_PROOF_SECURE},
    {NODATA, "a.z.w.example.", WR_TYPE_AAAA, WR_PROOF_SECURE}, /* B.7 */
    {NODATA, "a.z.w.example.", WR_TYPE_MX, WR_PROOF_NONE},
    {NODATA, "ml.example.", WR_TYPE_A, WR_PROOF_NONE},
    {NODATA, "b.example.", WR_TYPE_A, WR_PROOF_NONE}, /* the parent's side */
    {NODATA, "b.example.", WR_TYPE_DS, WR_PROOF_SECURE},
    {NODATA, "example.", WR_TYPE_DS, WR_PROOF_NONE}, /* B.8: the child's side */
    {NODATA, "example.", WR_TYPE_TXT, WR_PROOF_SECURE},
    {NO_DS, "b.example.", 0, WR_PROOF_DELEGATION}, /* B.5 */
    {NO_DS, "a.example.", 0, WR_PROOF_NONE},
    {NO_DS, "ai.example.", 0, WR_PROOF_NO_CUT},
    {NO_DS, "y.w.example.", 0, WR_PROOF_NO_CUT},
    {NO_DS, "ml.example.", 0, WR_PROOF_NO_NAME},
    {NO_DS, "example.", 0, WR_PROOF_NONE},
    {NO_DS, "x.b.example.", 0, WR_PROOF_NONE},
    {EXPANSION, "a.z.w.example.", 2, WR_PROOF_SECURE}, /* B.6 */
    {EXPANSION, "a.z.w.example.", 1, WR_PROOF_NONE},
    {EXPANSION, "x.w.example.", 2, WR_PROOF_NONE},   /* it is there */
    {EXPANSION, "a.y.w.example.", 2, WR_PROOF_NONE}, /* y.w is nearer */
    {EXPANSION, "y.w.example.", 2, WR_PROOF_NONE},   /* and is there */
};

static void test_questions(void **state)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *q = &questions[i];
        enum wr_proof got = ask(q->what, q->name, q->extra, all, DENIALS_NSEC);

        if (got != q->want) {
            fail_msg("row %zu, %s: %d, not %d", i, q->name, got, q->want);
        }
    }
}

/* What is proven needs its records: without one of those that matter it is not, and without all others it is. */
static void test_each_record_matters(void **state)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *q = &questions[i];
        struct wr_nsec needed[DENIALS_NSEC];
        size_t count = 0;

        if (q->want == WR_PROOF_NONE) {
            continue;
        }
        assert_int_equal(ask(q->what, q->name, q->extra, NULL, 0), WR_PROOF_NONE);
        for (size_t without = 0; without < DENIALS_NSEC; without++) {
            struct wr_nsec some[DENIALS_NSEC];
            size_t n = 0;
            enum wr_proof got;

            for (size_t k = 0; k < DENIALS_NSEC; k++) {
                if (k != without) {
                    some[n++] = all[k];
                }
            }
            got = ask(q->what, q->name, q->extra, some, n);
            assert_true(got == q->want || got == WR_PROOF_NONE);
            if (got == WR_PROOF_NONE) {
                needed[count++] = all[without];
            }
        }
        assert_in_range(count, 1, 2);
        assert_int_equal(ask(q->what, q->name, q->extra, needed, count), q->want);
    }
}

static void test_dname(void **state)
{
    static const struct denials_row row = {"d.example.", "e.example. DNAME NSEC RRSIG"};
    struct denials_made m;
    struct wr_nsec n;

    denials_make(&row, WR_TYPE_NSEC, &m);
    assert_int_equal(wr_nsec_view(m.owner.wire, m.rdata, m.size, zone.wire, &n), WR_OK);
    assert_int_equal(ask(NO_DS, "x.d.example.", 0, &n, 1), WR_PROOF_NONE);
    assert_int_equal(ask(NO_DS, "da.example.", 0, &n, 1), WR_PROOF_NO_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitmap),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_each_record_matters),
        cmocka_unit_test(test_dname),
    };

    load();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
