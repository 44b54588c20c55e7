/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/denials.h"

#include <stdio.h>
#include <stdlib.h>

#include "resolve/ranges.h"

#define T0 1000u

static const struct wr_hash_key key = {{5, 6}};
static struct wr_ranges t;
static void *block;
static struct wr_name zone;

static void open_table(uint32_t places)
{
    size_t size = wr_ranges_size(places);
    free(block);
    block = malloc(size + 1);
    memset(block, 0xa5, size + 1);
    wr_ranges_init(&t, block, places, &key);
    zone = denials_name("example.");
}

static int teardown(void **state)
{
    free(block);
    block = NULL;
    return 0;
}

static int put_in(const char *in, const char *owner, const char *rdata, uint16_t type,
                  uint32_t now_s, uint32_t ttl)
{
    static struct denials_made made;
    struct denials_row row = {owner, rdata};
    struct wr_name z = denials_name(in);
    denials_make(&row, type, &made);
    return wr_ranges_put(&t, z.wire, &made.set, now_s, ttl);
}

static int put(const char *owner, const char *rdata)
{
    return put_in("example.", owner, rdata, WR_TYPE_NSEC, T0, 60);
}

static bool before(const char *name, uint32_t now_s, const char *expected)
{
    struct wr_name n = denials_name(name), want = denials_name(expected);
    struct wr_rrset set;
    wr_id id = wr_ranges_zone(&t, n.wire);
    if (id == 0 || !wr_ranges_before(&t, id, n.wire, now_s, &set)) {
        return false;
    }
    assert_int_equal(set.security, WR_SECURITY_SECURE);
    assert_int_equal(set.class_, WR_CLASS_IN);
    return wr_name_equal(set.owner, want.wire);
}

static void test_what_stands_before(void **state)
{
    open_table(32);
    for (size_t i = DENIALS_NSEC; i-- > 0;) {
        assert_int_equal(put(denials_nsec[i].owner, denials_nsec[i].rdata), WR_OK);
    }
    assert_int_equal(t.count, DENIALS_NSEC);
    assert_true(before("example.", T0, "example."));
    assert_true(before("AI.example.", T0, "ai.example."));
    assert_true(before("ml.example.", T0, "b.example."));
    assert_true(before("y.w.example.", T0, "x.w.example."));
    assert_true(before("zz.example.", T0, "xx.example."));
    assert_true(before("x.y.w.example.", T0, "x.y.w.example."));
    assert_false(before("ml.test.", T0, "b.example."));
    assert_false(before(".", T0, "example."));
}

static void test_an_end(void **state)
{
    open_table(8);
    assert_int_equal(put("example.", "b.example. NS SOA RRSIG NSEC"), WR_OK);
    assert_true(before("a.example.", T0 + 59, "example."));
    assert_false(before("a.example.", T0 + 60, "example."));
    assert_int_equal(put_in("example.", "example.", "b.example. NS", WR_TYPE_NSEC, T0, 0),
                     WR_E_LIMIT);
    assert_int_equal(
        put_in("example.", "example.", "b.example. NS SOA", WR_TYPE_NSEC, T0, 1u << 31), WR_OK);
    assert_true(before("a.example.", T0 + WR_RANGES_TTL_MAX - 1, "example."));
    assert_false(before("a.example.", T0 + WR_RANGES_TTL_MAX, "example."));
    /* seconds that wrap */
    assert_int_equal(
        put_in("example.", "example.", "b.example. NS SOA", WR_TYPE_NSEC, UINT32_MAX - 10, 60),
        WR_OK);
    assert_true(before("a.example.", 20, "example."));
    assert_false(before("a.example.", 60, "example."));
}

static void test_what_is_refused(void **state)
{
    open_table(8);
    assert_int_equal(put("example.", "b.test. NS SOA"), WR_E_FORMAT);
    assert_int_equal(put("test.", "b.example. NS SOA"), WR_E_FORMAT);
    assert_int_equal(
        put_in("example.", denials_nsec3[0].owner, denials_nsec3[0].rdata, WR_TYPE_NSEC3, T0, 60),
        WR_E_UNSUPPORTED); /* opt-out */
    assert_int_equal(
        put_in("test.", denials_nsec3[0].owner, denials_nsec3[0].rdata, WR_TYPE_NSEC3, T0, 60),
        WR_E_FORMAT);
    assert_int_equal(put_in("example.", "a.example.", "192.0.2.1", WR_TYPE_A, T0, 60),
                     WR_E_UNSUPPORTED);
    assert_int_equal(t.count, 0);
    open_table(0);
    assert_int_equal(put("example.", "b.example. NS SOA"), WR_E_LIMIT);
    assert_false(before("a.example.", T0, "example."));
}

/* What the zone says now is right: older ranges that say otherwise leave. */
static void test_what_contradicts(void **state)
{
    open_table(16);
    assert_int_equal(put("example.", "d.example. NS SOA"), WR_OK);
    assert_int_equal(put("d.example.", "f.example. A"), WR_OK);
    assert_int_equal(put("f.example.", "example. A"), WR_OK);
    assert_int_equal(put("b.example.", "d.example. A"), WR_OK); /* within the first */
    assert_int_equal(t.count, 3);
    assert_true(before("c.example.", T0, "b.example."));
    assert_false(before("a.example.", T0, "example."));
    assert_int_equal(put("b.example.", "example. A"), WR_OK); /* d and f are gone */
    assert_int_equal(t.count, 1);
    assert_true(before("e.example.", T0, "b.example."));
    assert_int_equal(put("b.example.", "c.example. A"), WR_OK); /* the same owner */
    assert_int_equal(t.count, 1);
}

static void test_zones_stand_apart(void **state)
{
    open_table(8);
    assert_int_equal(put("example.", "z.example. NS SOA"), WR_OK);
    assert_int_equal(
        put_in("b.example.", "b.example.", "c.b.example. NS SOA", WR_TYPE_NSEC, T0, 60), WR_OK);
    assert_true(before("a.example.", T0, "example."));
    assert_true(before("a.b.example.", T0, "b.example."));
    assert_true(before("b.example.", T0, "b.example."));
    assert_true(before("c.example.", T0, "example."));
    wr_ranges_clear(&t);
    assert_int_equal(t.count, 0);
    assert_int_equal(t.zones.taken, 0);
    assert_int_equal(put("example.", "z.example. NS SOA"), WR_OK);
    assert_int_equal(t.zones.taken, 1);
}

/* A hundred zones in eight places: the last ones stay, and nothing leaks. */
static void test_a_full_table(void **state)
{
    char in[32], next[48];
    open_table(8);
    for (int i = 0; i < 100; i++) {
        snprintf(in, sizeof(in), "z%d.", i);
        snprintf(next, sizeof(next), "m.z%d. NS SOA", i);
        assert_int_equal(put_in(in, in, next, WR_TYPE_NSEC, T0, 60), WR_OK);
        assert_true(t.count <= 8 && t.zones.taken == t.count);
        assert_true(before("a.z0.", T0, "z0.")); /* in use: it stays */
    }
    assert_true(before("a.z99.", T0, "z99."));
    assert_false(before("a.z50.", T0, "z50."));
}

static bool before_hash(uint8_t first, uint32_t row)
{
    uint8_t hash[WR_NSEC3_HASH_SIZE] = {first};
    struct wr_name owner = denials_name(denials_nsec3[row].owner);
    struct wr_rrset set;
    wr_id id = wr_ranges_zone(&t, zone.wire);
    return id && wr_ranges_before_hash(&t, id, hash, T0, &set) &&
           wr_name_equal(set.owner, owner.wire);
}

static int put_hashed(uint32_t row, const char *front)
{
    char text[128];
    snprintf(text, sizeof(text), "%s%s", front,
             denials_nsec3[row].rdata + strlen("1 1 12 aabbccdd"));
    return put_in("example.", denials_nsec3[row].owner, text, WR_TYPE_NSEC3, T0, 60);
}

static void test_hashes(void **state)
{
    open_table(16);
    assert_int_equal(put_hashed(3, "1 0 12 aabbccdd"), WR_OK); /* 35mt... */
    assert_int_equal(put_hashed(8, "1 0 12 aabbccdd"), WR_OK); /* koha... */
    assert_int_equal(put("example.", "z.example. NS SOA"), WR_OK);
    assert_true(before_hash(0x80, 3));
    assert_true(before_hash(0xff, 8));
    assert_true(before_hash(0x00, 8)); /* the last stands before the first */
    /* another salt: a new chain */
    assert_int_equal(put_hashed(0, "1 0 0 -"), WR_OK);
    assert_int_equal(t.count, 2);
    assert_true(before_hash(0x80, 0));
    assert_true(before("a.example.", T0, "example."));
    assert_int_equal(wr_ranges_zone_of(&t, wr_ranges_zone(&t, zone.wire))->iterations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_what_stands_before, teardown),
        cmocka_unit_test_teardown(test_an_end, teardown),
        cmocka_unit_test_teardown(test_what_is_refused, teardown),
        cmocka_unit_test_teardown(test_what_contradicts, teardown),
        cmocka_unit_test_teardown(test_zones_stand_apart, teardown),
        cmocka_unit_test_teardown(test_a_full_table, teardown),
        cmocka_unit_test_teardown(test_hashes, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
