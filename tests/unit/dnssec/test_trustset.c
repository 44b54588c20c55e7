/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dnssec/trustset.h"

#define HEX(c)  c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define KEY1    ". DS 1 8 2 " HEX("11")
#define KEY2    ". DS 2 8 2 " HEX("22")
#define ISLAND  "island.example. DS 3 13 2 " HEX("33")
#define ISLAND2 "island.example. DS 5 13 2 " HEX("55")
#define SHORT   "long.example. DS 4 13 2 " HEX("77")
#define LONG2   "long.example. DS 6 13 4 " HEX("66") "66666666666666666666666666666666"
#define LONG    "long.example. DS 4 13 4 " HEX("44") "44444444444444444444444444444444"

static struct wr_trustset t, other;
static struct wr_anchor room[16];
static struct wr_anchors conf;
static char text[WR_TRUSTSET_TEXT_SIZE];
static struct wr_str str;

static void configure(const char *a, const char *b)
{
    wr_anchors_init(&conf, room, 16);
    assert_int_equal(wr_anchors_add_text(&conf, a, strlen(a)), WR_OK);
    if (b) {
        assert_int_equal(wr_anchors_add_text(&conf, b, strlen(b)), WR_OK);
    }
}

static struct wr_name name_of(const char *words)
{
    struct wr_name name;
    assert_int_equal(wr_name_from_text(words, strlen(words), &name), WR_OK);
    return name;
}

static const struct wr_anchor *closest(const char *words, int64_t moment_s)
{
    struct wr_name name = name_of(words);
    return wr_anchors_closest(&conf, name.wire, moment_s);
}

static int add(const char *line)
{
    struct wr_name name;
    return wr_trustset_add(&t, line, strlen(line), &name);
}

static void see(unsigned point, const char *line, bool revoked, int64_t at_s)
{
    struct wr_anchor one[1];
    struct wr_anchors list;
    wr_anchors_init(&list, one, 1);
    assert_int_equal(wr_anchors_add_text(&list, line, strlen(line)), WR_OK);
    struct wr_rollover_seen seen = {.ds = one[0].ds.ds[0], .revoked = revoked};
    const struct wr_rollover_moment moment = {at_s, (uint64_t)at_s};
    wr_rollover_observe(&t.point[point].keys, &seen, 1, 3600, &moment, true);
}

static void test_follows_the_configuration(void **state)
{
    wr_trustset_init(&t);
    configure(KEY1, ISLAND);
    wr_trustset_seed(&t, &conf);
    assert_int_equal(t.points, 2);
    assert_int_equal(wr_trustset_apply(&t, true, &conf),
                     WR_OK); /* nothing happened yet: the same */
    assert_int_equal(conf.count, 2);
    assert_int_equal(closest("a.", 0)->ds.ds[0].tag, 1);
    see(0, KEY1, true, 1000); /* revoked, and there is no other */
    configure(KEY1, ISLAND);
    wr_trustset_seed(&t, &conf); /* the same configuration trusts it no more */
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_true(closest("a.", 0)->closed); /* and not as if there had never been one */
    assert_int_equal(closest("a.", 0)->ds.count, 0);
    assert_true(
        closest("a.", 0)->ds.broken); /* for who looks at the list alone: nothing satisfies it */
    assert_false(closest("b.island.example.", 0)->closed);
    configure(KEY1, NULL);
    assert_int_equal(wr_trustset_apply(&t, false, &conf), WR_OK); /* not followed: as configured */
    assert_int_equal(closest("a.", 0)->ds.count, 1);
    configure(KEY2, NULL); /* another anchor: what was learned belongs to the old one */
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.", 0)->ds.ds[0].tag, 2);
    wr_trustset_seed(&t, &conf);
    assert_int_equal(t.points, 1);
    assert_int_equal(t.point[0].keys.keys[0].ds.tag, 1);
    assert_int_equal(t.point[0].keys.keys[0].state, WR_ROLLOVER_REVOKED);
    assert_int_equal(t.point[0].keys.keys[1].ds.tag, 2);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.", 0)->ds.count, 1);
}

/* What a zone revoked stays so: with another list, without one, over a file, and by command. */
static void test_revoked_for_ever(void **state)
{
    struct wr_name island = name_of("island.example.");
    wr_trustset_init(&t);
    configure(KEY1, ISLAND);
    wr_trustset_seed(&t, &conf);
    see(1, ISLAND, true, 1000);
    configure(KEY1, NULL);
    wr_trustset_seed(&t, &conf); /* no point any more, and a memory */
    assert_int_equal(t.points, 2);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.island.example.", 0)->ds.ds[0].tag, 1);
    assert_int_equal(wr_trustset_remove(&t, island.wire), WR_E_NOTFOUND);
    wr_str_init(&str, text, sizeof(text));
    wr_trustset_save(&t, &str);
    assert_int_equal(wr_trustset_load(&t, text, str.len), WR_OK);
    assert_int_equal(add(ISLAND), WR_E_DENIED);
    assert_int_equal(t.points, 2);
    assert_int_equal(add(ISLAND2), WR_OK);
    configure(KEY1, NULL);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.island.example.", 0)->ds.count, 1);
    assert_int_equal(closest("a.island.example.", 0)->ds.ds[0].tag, 5);
    assert_int_equal(wr_trustset_remove(&t, island.wire), WR_OK);
    configure(ISLAND, ISLAND2);
    wr_trustset_seed(&t, &conf);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.island.example.", 0)->ds.count, 1);
    assert_int_equal(closest("a.island.example.", 0)->ds.ds[0].tag, 5);
    /* Memories make room for points. */
    configure(KEY1, NULL);
    wr_trustset_seed(&t, &conf);
    for (unsigned i = 1; i < WR_TRUST_POINTS_MAX; i++) {
        char line[200];
        snprintf(line, sizeof(line), "z%u. DS 1 8 2 " HEX("11"), i);
        assert_int_equal(add(line), WR_OK);
    }
    assert_int_equal(add("more. DS 1 8 2 " HEX("11")), WR_E_FULL);
}

/* Another digest of a key that was revoked goes with it; that of another key stays. */
static void test_every_digest_is_revoked(void **state)
{
    wr_trustset_init(&t);
    configure(SHORT, LONG);
    wr_trustset_seed(&t, &conf);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.long.example.", 0)->ds.count, 2);
    see(0, SHORT, true, 1000);
    configure(SHORT, LONG);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_true(closest("a.long.example.", 0)->closed);
    for (unsigned seeded = 0; seeded < 2;
         seeded++) { /* a new list is in force before it is seeded */
        configure(SHORT, LONG);
        assert_int_equal(wr_anchors_add_text(&conf, LONG2, sizeof(LONG2) - 1), WR_OK);
        if (seeded) {
            wr_trustset_seed(&t, &conf);
        }
        assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
        assert_int_equal(closest("a.long.example.", 0)->ds.count, 1);
        assert_int_equal(closest("a.long.example.", 0)->ds.ds[0].tag, 6);
    }
}

static void test_other_digests_stay(void **state)
{
    wr_trustset_init(&t);
    configure(LONG, NULL);
    wr_trustset_seed(&t, &conf);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.long.example.", 0)->ds.count, 1);
    assert_int_equal(add(LONG), WR_E_UNSUPPORTED);
}

static void test_by_command(void **state)
{
    struct wr_name broken = name_of("broken.example."), root = name_of("."),
                   island = name_of("island.example.");
    wr_trustset_init(&t);
    configure(KEY1, NULL);
    wr_trustset_seed(&t, &conf);
    assert_int_equal(add("nonsense"), WR_E_FORMAT);
    assert_int_equal(add(ISLAND), WR_OK);
    assert_int_equal(add(KEY2), WR_OK); /* joins the root's */
    assert_int_equal(wr_trustset_add_negative(&t, broken.wire, 500), WR_OK);
    assert_int_equal(wr_trustset_apply(&t, false, &conf), WR_OK);
    assert_true(closest("a.broken.example.", 400)->negative);
    assert_false(closest("a.broken.example.", 501)->negative);
    assert_int_equal(closest("a.island.example.", 0)->ds.ds[0].tag, 3);
    configure(KEY1, NULL);
    assert_int_equal(wr_trustset_apply(&t, true, &conf), WR_OK);
    assert_int_equal(closest("a.", 0)->ds.count, 2);
    assert_false(wr_trustset_expire(&t, 499));
    assert_true(wr_trustset_expire(&t, 500));
    assert_int_equal(wr_trustset_remove(&t, broken.wire), WR_E_NOTFOUND);
    assert_int_equal(wr_trustset_remove(&t, root.wire), WR_E_DENIED);
    assert_int_equal(wr_trustset_remove(&t, island.wire), WR_OK);
    assert_int_equal(t.points, 1);
}

static void test_full(void **state)
{
    char line[200];
    wr_trustset_init(&t);
    for (unsigned i = 0; i < WR_TRUST_POINTS_MAX; i++) {
        snprintf(line, sizeof(line), "z%u. DS 1 8 2 " HEX("11"), i);
        assert_int_equal(add(line), WR_OK);
    }
    assert_int_equal(add("more. DS 1 8 2 " HEX("11")), WR_E_FULL);
    for (unsigned i = 0; i < WR_TRUST_NEGATIVES_MAX; i++) {
        snprintf(line, sizeof(line), "n%u.", i);
        struct wr_name name = name_of(line);
        assert_int_equal(wr_trustset_add_negative(&t, name.wire, 0), WR_OK);
    }
    struct wr_name more = name_of("more.");
    assert_int_equal(wr_trustset_add_negative(&t, more.wire, 0), WR_E_FULL);
    wr_str_init(&str, text, sizeof(text));
    wr_trustset_save(&t, &str); /* the fullest has room */
    assert_false(str.cut);
    assert_int_equal(wr_trustset_load(&other, text, str.len), WR_OK);
    assert_int_equal(other.points, WR_TRUST_POINTS_MAX);
    assert_int_equal(other.negatives, WR_TRUST_NEGATIVES_MAX);
}

/* What is saved is loaded; every torn or changed file is refused or is a set that can be saved. */
static void test_text(void **state)
{
    struct wr_name broken = name_of("broken.example.");
    wr_trustset_init(&t);
    configure(KEY1, ISLAND);
    wr_trustset_seed(&t, &conf);
    see(0, KEY2, false, 1000);
    wr_trustset_add_negative(&t, broken.wire, 1234567);
    wr_str_init(&str, text, sizeof(text));
    wr_trustset_save(&t, &str);
    assert_int_equal(wr_trustset_load(&other, text, str.len), WR_OK);
    assert_int_equal(other.points, 2);
    assert_int_equal(other.point[0].seed, t.point[0].seed);
    assert_int_equal(other.point[0].keys.last_s, 1000);
    assert_int_equal(other.point[0].keys.keys[1].state, WR_ROLLOVER_ADD_PEND);
    assert_int_equal(other.negative[0].until_s, 1234567);
    for (size_t n = 0; n < str.len; n++) {
        assert_int_equal(wr_trustset_load(&other, text, n), WR_E_FORMAT);
    }
    assert_int_equal(other.points, 2); /* as it was */
    for (size_t i = 0; i < str.len; i++) {
        char kept = text[i];
        text[i] = (char)(kept ^ 0x41);
        (void)wr_trustset_load(&other, text, str.len);
        assert_in_range(other.points, 0, WR_TRUST_POINTS_MAX);
        text[i] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_follows_the_configuration),
                                       cmocka_unit_test(test_other_digests_stay),
                                       cmocka_unit_test(test_by_command),
                                       cmocka_unit_test(test_revoked_for_ever),
                                       cmocka_unit_test(test_every_digest_is_revoked),
                                       cmocka_unit_test(test_full),
                                       cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
