/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rng.h"
#include "dns/name.h"
#include "policy/nametree.h"

enum {
    S = WR_NAMETREE_SELF,
    B = WR_NAMETREE_BELOW,
    X = WR_NAMETREE_EXCEPT,
    I = WR_NAMETREE_STRONG
};

static const struct wr_hash_key key = {{0x0123456789abcdef, 0xfedcba9876543210}};

struct row {
    const char *name;
    uint8_t flags;
};

static struct wr_name name_of(const char *text)
{
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    return n;
}

/* The tree of `rows`, whose lines are numbered from 1, in memory of its own size: what is read behind it is found out. */
static void *build(const struct row *rows, uint32_t count, struct wr_nametree *tree,
                   size_t *ret_size)
{
    struct wr_nametree_item *item = calloc(count + 1, sizeof(*item));
    size_t room = wr_nametree_room(count);
    void *block = malloc(room);
    for (uint32_t i = 0; i < count; i++) {
        struct wr_name n = name_of(rows[i].name);
        assert_int_equal(wr_nametree_item(&key, n.wire, rows[i].flags, i + 1, &item[i]), 0);
    }
    assert_int_equal(wr_nametree_build(&key, item, count, block, room, ret_size), 0);
    assert_true(*ret_size <= room);
    free(item);
    void *exact = malloc(*ret_size);
    memcpy(exact, block, *ret_size);
    free(block);
    assert_int_equal(wr_nametree_open(tree, exact, *ret_size), 0);
    return exact;
}

/* The line that lists the name; 0: none, negative: the exception that takes it out. */
static int line_of(const struct wr_nametree *tree, const char *text)
{
    struct wr_name n = name_of(text);
    struct wr_nametree_hit hit;
    bool listed = wr_nametree_find(tree, n.wire, &hit);
    return listed ? (int)hit.line : -(int)hit.line;
}

static void test_what_lines_stand_for(void **state)
{
    static const struct row rows[] = {
        {"exact.example", S},
        {"zone.example", S | B},
        {"below.example", B},
        {"deep.in.zone.example", S},
        {"Capital.Example", S},
        {"tld", S | B},
        {"ok.zone.example", S | B | X},
        {"bad.ok.zone.example", S | B | I},
        {"two.example", S},
        {"two.example", B},
        {"two.example", S},
    };
    static const struct {
        const char *name;
        int line;
    } asked[] = {
        {"exact.example", 1},
        {"EXACT.example", 1},
        {"a.exact.example", 0},
        {"example", 0},
        {".", 0},
        {"zone.example", 2},
        {"a.b.c.zone.example", 2},
        {"notzone.example", 0},
        {"zone.example.org", 0},
        {"below.example", 0},
        {"x.below.example", 3},
        {"deep.in.zone.example", 4},
        {"capital.example", 5},
        {"tld", 6},
        {"any.tld", 6},
        {"ok.zone.example", -7},
        {"www.ok.zone.example", -7},
        {"bad.ok.zone.example", 8},
        {"www.bad.ok.zone.example", 8},
        {"two.example", 9},
        {"x.two.example", 10},
    };
    struct wr_nametree tree;
    size_t size;
    void *block = build(rows, 11, &tree, &size);
    assert_int_equal(tree.count, 10);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        if (line_of(&tree, asked[i].name) != asked[i].line) {
            fail_msg("%s: %d", asked[i].name, line_of(&tree, asked[i].name));
        }
    }
    free(block);
}

static void test_ends(void **state)
{
    struct wr_nametree tree;
    struct wr_nametree_item item;
    char longest[256] = "";
    size_t size;
    void *block = build(NULL, 0, &tree, &size);
    assert_int_equal(line_of(&tree, "a.example"), 0);
    free(block);
    assert_int_equal(wr_nametree_item(&key, (const uint8_t *)"", S, 1, &item), WR_E_RANGE);
    assert_true(wr_nametree_room(WR_NAMETREE_NAMES_MAX + 1) == SIZE_MAX);
    for (int i = 0; i < 126; i++) {
        strcat(longest, "a.");
    }
    strcat(longest, "a");
    const struct row rows[] = {{longest, S}, {longest + 2, B}};
    block = build(rows, 1, &tree, &size);
    assert_int_equal(line_of(&tree, longest), 1);
    assert_int_equal(line_of(&tree, longest + 2), 0);
    free(block);
    block = build(rows + 1, 1, &tree, &size);
    assert_int_equal(line_of(&tree, longest), 1);
    assert_int_equal(line_of(&tree, longest + 2), 0);
    free(block);
}

/* One name a hundred thousand times is one entry, at its first line. */
static void test_repeated(void **state)
{
    enum { TIMES = 100000 };
    struct wr_name n = name_of("ads.example");
    struct wr_nametree_item *item = calloc(TIMES, sizeof(*item));
    size_t room = wr_nametree_room(TIMES), size;
    void *block = malloc(room);
    struct wr_nametree tree;
    for (uint32_t i = 0; i < TIMES; i++) {
        assert_int_equal(wr_nametree_item(&key, n.wire, S, TIMES - i, &item[i]), 0);
    }
    assert_int_equal(wr_nametree_build(&key, item, TIMES, block, room, &size), 0);
    assert_int_equal(wr_nametree_open(&tree, block, size), 0);
    assert_int_equal(tree.count, 1);
    assert_int_equal(line_of(&tree, "ads.example"), 1);
    assert_int_equal(wr_nametree_build(&key, item, TIMES, block, room - 1, &size), WR_E_FULL);
    free(block);
    free(item);
}

static void spell(struct wr_rng *rng, char text[64])
{
    static const char *const words[] = {"a", "b", "cc", "dd", "www"};
    unsigned labels = 1 + (unsigned)wr_rng_below(rng, 5);
    text[0] = 0;
    for (unsigned i = 0; i < labels; i++) {
        strcat(text, i > 0 ? "." : "");
        strcat(text, words[wr_rng_below(rng, 5)]);
    }
}

/* Against the plain search through the list. */
static void test_like_a_list(void **state)
{
    static char texts[400][64];
    static struct row rows[400];
    static const uint8_t kinds[] = {S, B, S | B, S | X, S | B | X, S | B | I, B | I | X};
    struct wr_nametree tree;
    struct wr_rng rng;
    size_t size;
    unsigned hits = 0;
    wr_rng_seed_u64(&rng, 7);
    for (int i = 0; i < 400; i++) {
        spell(&rng, texts[i]);
        rows[i] = (struct row){texts[i], kinds[wr_rng_below(&rng, 7)]};
    }
    void *block = build(rows, 400, &tree, &size);
    for (int i = 0; i < 3000; i++) {
        char text[64];
        long best = -1;
        int line = 0;
        spell(&rng, text);
        struct wr_name asked = name_of(text);
        for (int j = 0; j < 400; j++) {
            struct wr_name n = name_of(rows[j].name);
            bool self = wr_name_equal(n.wire, asked.wire);
            bool in = self ? (rows[j].flags & S) != 0
                           : (rows[j].flags & B) != 0 && wr_name_in(asked.wire, n.wire);
            long weight = (rows[j].flags & I ? 2000 : 0) + (rows[j].flags & X ? 1000 : 0) +
                          wr_name_labels(n.wire);
            if (in && weight > best) {
                best = weight;
                line = rows[j].flags & X ? -(j + 1) : j + 1;
            }
        }
        hits += line > 0;
        assert_int_equal(line_of(&tree, text), line);
    }
    assert_in_range(hits, 100, 2900);
    free(block);
}

/* What does not come from here is not opened: each octet changed, and each length. */
static void test_broken_blocks(void **state)
{
    static const struct row rows[] = {{"a.example", S}, {"b.example", B}, {"c.d.example", S | B}};
    struct wr_nametree tree, other;
    size_t size;
    uint8_t *block = build(rows, 3, &tree, &size);
    for (size_t i = 0; i < size; i++) {
        block[i] ^= 0x41;
        int err = wr_nametree_open(&other, block, size);
        assert_true(err == WR_E_CHECKSUM || err == WR_E_FORMAT || err == WR_E_VERSION);
        block[i] ^= 0x41;
    }
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, block, n);
        assert_int_equal(wr_nametree_open(&other, cut, n), WR_E_FORMAT);
        free(cut);
    }
    assert_int_equal(wr_nametree_open(&other, block, size), 0);
    free(block);
}

/* The promise of the story, at the size for which it is made. */
static void test_size(void **state)
{
    enum { MANY = 200000 };
    struct wr_nametree_item *item = calloc(MANY, sizeof(*item));
    size_t room = wr_nametree_room(MANY), size;
    void *block = malloc(room);
    struct wr_nametree tree;
    for (uint32_t i = 0; i < MANY; i++) {
        char text[64];
        snprintf(text, sizeof(text), "host-%u.ads.example", (unsigned)i);
        struct wr_name n = name_of(text);
        assert_int_equal(wr_nametree_item(&key, n.wire, S | B, i + 1, &item[i]), 0);
    }
    assert_int_equal(wr_nametree_build(&key, item, MANY, block, room, &size), 0);
    assert_int_equal(wr_nametree_open(&tree, block, size), 0);
    assert_int_equal(tree.count, MANY);
    assert_true(size / MANY < 14 && room / MANY < 16);
    assert_int_equal(line_of(&tree, "x.host-77777.ads.example"), 77778);
    assert_int_equal(line_of(&tree, "host-200000.ads.example"), 0);
    free(block);
    free(item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_lines_stand_for),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_like_a_list),
        cmocka_unit_test(test_broken_blocks),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
