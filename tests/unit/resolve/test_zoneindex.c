/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/zonetest.h"

#include "base/limits.h"
#include "base/rng.h"

static struct zonetest t;

static const struct zonetest_row zone[] = {
    {"www.z.", "A", "192.0.2.2"},
    {"z.", "NS", "ns.z."},
    {"z.", "SOA", "ns.z. h.z. 1 2 3 4 60"},
    {"ns.z.", "A", "192.0.2.1"},
    {"WWW.z.", "AAAA", "2001:db8::2"},
    {"a.b.ent.z.", "TXT", "x"},
    {"sub.z.", "NS", "ns.sub.z."},
    {"ns.sub.z.", "A", "192.0.2.9"},
    {"sub.sub.z.", "NS", "ns.sub.z."},
    {"x.sub.sub.z.", "A", "192.0.2.8"},
    {"d.z.", "DNAME", "y."},
    {"d.z.", "A", "192.0.2.7"},
    {"below.d.z.", "A", "192.0.2.7"},
    {"*.wild.z.", "A", "192.0.2.3"},
    {"*.ns.wild.z.", "NS", "ns.z."},
    {"b.*.star.z.", "TXT", "x"},
    {"www.y.", "A", "192.0.2.99"}, /* not of the zone */
};

static void test_find(void **state)
{
    static const struct {
        const char *name;
        bool at_cut;
        uint8_t kind;
        const char *node; /* its owner, or NULL */
        uint8_t encloser; /* of NONE */
        bool star;
    } rows[] = {
        {"z.", false, WR_ZONEINDEX_NODE, "z.", 0, false},
        {"www.z.", false, WR_ZONEINDEX_NODE, "www.z.", 0, false},
        {"wWw.Z.", false, WR_ZONEINDEX_NODE, "www.z.", 0, false},
        {"ent.z.", false, WR_ZONEINDEX_EMPTY, NULL, 0, false},
        {"b.ent.z.", false, WR_ZONEINDEX_EMPTY, NULL, 0, false},
        {"a.b.ent.z.", false, WR_ZONEINDEX_NODE, "a.b.ent.z.", 0, false},
        {"x.b.ent.z.", false, WR_ZONEINDEX_NONE, NULL, 3, false},
        {"b.b.ent.z.", false, WR_ZONEINDEX_NONE, NULL, 3, false},
        {"c.ent.z.", false, WR_ZONEINDEX_NONE, NULL, 2, false},
        {"en.z.", false, WR_ZONEINDEX_NONE, NULL, 1, false},
        {"zzz.z.", false, WR_ZONEINDEX_NONE, NULL, 1, false},
        {"sub.z.", false, WR_ZONEINDEX_CUT, "sub.z.", 0, false},
        {"sub.z.", true, WR_ZONEINDEX_NODE, "sub.z.", 0, false},
        {"ns.sub.z.", false, WR_ZONEINDEX_CUT, "sub.z.", 0, false},
        {"ns.sub.z.", true, WR_ZONEINDEX_CUT, "sub.z.", 0, false},
        {"zz.sub.z.", false, WR_ZONEINDEX_CUT, "sub.z.", 0, false},
        {"x.sub.sub.z.", false, WR_ZONEINDEX_CUT, "sub.z.", 0, false},
        {"d.z.", false, WR_ZONEINDEX_NODE, "d.z.", 0, false},
        {"below.d.z.", false, WR_ZONEINDEX_DNAME, "d.z.", 0, false},
        {"a.a.d.z.", false, WR_ZONEINDEX_DNAME, "d.z.", 0, false},
        {"wild.z.", false, WR_ZONEINDEX_EMPTY, NULL, 0, false},
        {"a.b.wild.z.", false, WR_ZONEINDEX_NONE, "*.wild.z.", 2, true},
        {"*.wild.z.", false, WR_ZONEINDEX_NODE, "*.wild.z.", 0, false},
        {"a.*.wild.z.", false, WR_ZONEINDEX_NONE, NULL, 3, false},
        {"a.*.ns.wild.z.", false, WR_ZONEINDEX_NONE, NULL, 4, false},
        {"q.ns.wild.z.", false, WR_ZONEINDEX_NONE, "*.ns.wild.z.", 3, true},
        {"a.star.z.", false, WR_ZONEINDEX_NONE, NULL, 2, true},
        {"*.star.z.", false, WR_ZONEINDEX_EMPTY, NULL, 0, false},
        {"www.y.", false, WR_ZONEINDEX_OUTSIDE, NULL, 0, false},
        {".", false, WR_ZONEINDEX_OUTSIDE, NULL, 0, false},
    };
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]));
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    assert_int_equal(z->records, sizeof(zone) / sizeof(zone[0]) - 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name name = wire_name(rows[i].name);
        struct wr_zoneindex_hit hit;
        wr_zoneindex_find(z, name.wire, rows[i].at_cut, &hit);
        bool node = rows[i].node ? hit.node && wr_name_equal(wr_zoneindex_owner(z, hit.node),
                                                             wire_name(rows[i].node).wire)
                                 : hit.node == NULL;
        bool none = hit.kind != WR_ZONEINDEX_NONE ||
                    (hit.encloser == rows[i].encloser && hit.star == rows[i].star);
        if (hit.kind != rows[i].kind || !node || !none) {
            fail_msg("row %zu, %s: kind %u, encloser %u, star %d", i, rows[i].name, hit.kind,
                     hit.encloser, hit.star);
        }
    }
    zonetest_free(&t);
}

/* Whatever is in the names: the nodes are in canonical order, and each is found. */
static void test_order(void **state)
{
    static const char *const parts[] = {"a", "A", "b",        "\\000", "\\001",
                                        "*", "-", "aaaaaaaa", "\\255"};
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, 11);
    zonetest_add(&t, "z.", "SOA", "ns.z. h.z. 1 2 3 4 60");
    for (unsigned i = 0; i < 900; i++) {
        char name[256] = "";
        unsigned labels = 1 + wr_rng_below(&rng, 4);
        for (unsigned l = 0; l < labels; l++) {
            unsigned octets = 1 + wr_rng_below(&rng, 4);
            for (unsigned o = 0; o < octets; o++) {
                strcat(name, parts[wr_rng_below(&rng, 9)]);
            }
            strcat(name, ".");
        }
        strcat(name, "z.");
        zonetest_add(&t, name, "TXT", "x");
    }
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    assert_int_equal(z->records, 901);
    assert_true(z->nodes > 500);
    for (uint32_t i = 0; i < z->nodes; i++) {
        const uint8_t *owner = wr_zoneindex_owner(z, &z->node[i]);
        assert_true(i == 0 || wr_name_order(wr_zoneindex_owner(z, &z->node[i - 1]), owner) < 0);
        assert_ptr_equal(wr_zoneindex_node(z, owner), &z->node[i]);
    }
    zonetest_free(&t);
}

static void test_sets(void **state)
{
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]));
    zonetest_add(&t, "www.z.", "A", "192.0.2.1");
    zonetest_add(&t, "www.z.", "RRSIG", "A 13 2 300 20300101000000 20200101000000 7 z. AAAA");
    zonetest_add(&t, "www.z.", "RRSIG", "AAAA 13 2 300 20300101000000 20200101000000 7 z. AAAA");
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    const struct wr_zoneindex_node *www = wr_zoneindex_node(z, wire_name("www.z.").wire);
    struct wr_zoneindex_set set = wr_zoneindex_set(z, www, WR_TYPE_A, 0);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.record[0].rdata[3], 2); /* in the order they came */
    assert_int_equal(set.record[1].rdata[3], 1);
    assert_int_equal(wr_zoneindex_set(z, www, WR_TYPE_RRSIG, WR_TYPE_AAAA).count, 1);
    assert_int_equal(wr_zoneindex_set(z, www, WR_TYPE_RRSIG, 0).count, 2);
    assert_int_equal(wr_zoneindex_set(z, www, WR_TYPE_TXT, 0).count, 0);
    assert_non_null(wr_zoneindex_node(z, wire_name("ns.sub.z.").wire)); /* glue */
    assert_null(wr_zoneindex_node(z, wire_name("ent.z.").wire));
    assert_null(wr_zoneindex_node(z, wire_name("www.y.").wire));
    zonetest_free(&t);
}

static void test_nsec(void **state)
{
    static const char *const rows[][2] = {
        {"z.", "z."},
        {"www.z.", "www.z."},
        {"ent.z.", "d.z."},
        {"sub.z.", "sub.z."},
        {"ns.sub.z.", "sub.z."},
        {"suc.z.", "sub.z."},
        {"0.z.", "z."},
        {"zz.z.", "www.z."},
        {"below.d.z.", "d.z."},
        {"q.wild.z.", "*.ns.wild.z."},
    };
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]) - 1);
    zonetest_sign(&t, "z.", ZONETEST_NSEC);
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct wr_zoneindex_node *n = wr_zoneindex_nsec(z, wire_name(rows[i][0]).wire);
        char text[WR_NAME_TEXT_SIZE];
        assert_non_null(n);
        wr_name_to_text(wr_zoneindex_owner(z, n), text, sizeof(text));
        assert_string_equal(text, rows[i][1]);
    }
    assert_null(wr_zoneindex_nsec(z, wire_name("www.y.").wire));
    zonetest_free(&t);
}

static void test_nsec3(void **state)
{
    uint8_t hash[WR_NSEC3_HASH_SIZE];
    bool exact;
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]) - 1);
    zonetest_sign(&t, "z.", ZONETEST_NSEC3);
    zonetest_add(&t, "0123456789abcdefghijklmnopqrstuv.z.", "NSEC3",
                 "1 0 7 - 0123456789abcdefghijklmnopqrstuv A"); /* of another chain */
    zonetest_add(&t, "z.", "NSEC3PARAM", "1 0 2000 -");
    const struct wr_zoneindex *z = zonetest_build(&t, "z.");
    assert_true(z->nsec3);
    assert_int_equal(z->iterations, 1);
    for (uint32_t i = 0; i < z->hashes; i++) {
        size_t got;
        const uint8_t *owner = wr_zoneindex_owner(z, &z->hash[i]);
        assert_int_equal(
            wr_enc_from_base32hex((const char *)owner + 1, 32, hash, sizeof(hash), &got), WR_OK);
        assert_ptr_equal(wr_zoneindex_nsec3(z, hash, &exact), &z->hash[i]);
        assert_true(exact);
        hash[19]++; /* right behind it */
        assert_ptr_equal(wr_zoneindex_nsec3(z, hash, &exact), &z->hash[i]);
        assert_false(exact);
        struct wr_zoneindex_hit hit; /* and its owner does not exist */
        wr_zoneindex_find(z, owner, false, &hit);
        assert_int_equal(hit.kind, WR_ZONEINDEX_NONE);
    }
    memset(hash, 0, sizeof(hash));
    assert_ptr_equal(wr_zoneindex_nsec3(z, hash, &exact), &z->hash[z->hashes - 1]);
    memset(hash, 0xff, sizeof(hash));
    assert_ptr_equal(wr_zoneindex_nsec3(z, hash, &exact), &z->hash[z->hashes - 1]);
    assert_false(exact);
    zonetest_free(&t);
}

/* More iterations than a validator would do prove nothing: there is no chain then. */
static void test_no_chain(void **state)
{
    const struct wr_zoneindex *z;
    uint8_t hash[WR_NSEC3_HASH_SIZE] = {0};
    bool exact;
    zonetest_rows(&t, zone, sizeof(zone) / sizeof(zone[0]));
    zonetest_add(&t, "z.", "NSEC3PARAM", "1 0 151 -");
    zonetest_add(&t, "z.", "NSEC3PARAM", "1 1 1 -");
    z = zonetest_build(&t, "z.");
    assert_false(z->nsec3);
    assert_null(wr_zoneindex_nsec3(z, hash, &exact));
    zonetest_free(&t);
}

static void test_no_zone(void **state)
{
    const struct wr_zoneindex *z;
    struct wr_zoneindex *empty;
    uint64_t block[64];
    zonetest_add(&t, "www.z.", "A", "192.0.2.1");
    assert_int_equal(zonetest_try(&t, "z.", &z), WR_E_FORMAT);
    zonetest_add(&t, "z.", "NS", "ns.z.");
    assert_int_equal(zonetest_try(&t, "z.", &z), WR_E_FORMAT);
    zonetest_add(&t, "z.", "SOA", "ns.z. h.z. 1 2 3 4 60");
    assert_int_equal(zonetest_try(&t, "z.", &z), WR_OK);
    assert_int_equal(zonetest_try(&t, "y.", &z), WR_E_FORMAT);
    assert_true(wr_zoneindex_size(1) <= sizeof(block));
    wr_zoneindex_start(&empty, block, 1, wire_name("z.").wire);
    const struct zonetest_record *r = &t.record[0];
    assert_int_equal(wr_zoneindex_add(empty, r->owner.wire, r->type, 1, r->rdata, 3), WR_OK);
    assert_int_equal(empty->records, 0); /* an A record of three octets is none */
    assert_int_equal(wr_zoneindex_add(empty, r->owner.wire, r->type, 1, r->rdata, 4), WR_OK);
    assert_int_equal(wr_zoneindex_add(empty, r->owner.wire, r->type, 1, r->rdata, 4), WR_E_FULL);
    assert_true(wr_zoneindex_size(WR_NAMES_RECORDS_MAX + 1) == SIZE_MAX);
    zonetest_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),   cmocka_unit_test(test_find),
        cmocka_unit_test(test_sets),    cmocka_unit_test(test_nsec),
        cmocka_unit_test(test_nsec3),   cmocka_unit_test(test_no_chain),
        cmocka_unit_test(test_no_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
