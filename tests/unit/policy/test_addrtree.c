/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rng.h"
#include "policy/addrtree.h"

static const struct wr_hash_key key = {{1, 2}};

static struct wr_prefix prefix(const char *text)
{
    struct wr_prefix p;
    memset(&p, 0, sizeof(p));
    assert_int_equal(wr_addr_prefix_from_text(text, &p), 0);
    return p;
}

static void *build(const struct wr_prefix *list, uint32_t count, struct wr_addrtree *tree,
                   size_t *ret_size)
{
    struct wr_addrtree_item *item = calloc(count + 1, sizeof(*item));
    size_t room = wr_addrtree_room(count);
    void *block = malloc(room);
    for (uint32_t i = 0; i < count; i++) {
        wr_addrtree_item(&list[i], i + 1, &item[i]);
    }
    assert_int_equal(wr_addrtree_build(&key, item, count, block, room, ret_size), 0);
    assert_int_equal(wr_addrtree_open(tree, block, *ret_size), 0);
    free(item);
    return block;
}

static uint32_t line_of(const struct wr_addrtree *tree, const char *text)
{
    struct wr_addr a;
    memset(&a, 0, sizeof(a));
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return wr_addrtree_find(tree, &a);
}

static void test_table(void **state)
{
    static const struct {
        const char *ip;
        uint32_t line;
    } rows[] = {
        {"10.1.2.3", 3},           {"10.0.0.0", 3},    {"11.0.0.0", 0},       {"192.168.7.9", 1},
        {"192.168.7.8", 0},        {"2001:db8::1", 5}, {"2001:db8:0:1::", 0}, {"::1", 4},
        {"::ffff:192.168.7.9", 1}, {"::2", 0},         {"fe80::1%3", 7},      {"0.0.0.0", 0},
    };
    const struct wr_prefix list[] = {prefix("192.168.7.9"),   prefix("10.1.2.0/24"),
                                     prefix("10.0.0.0/8"),    prefix("::1"),
                                     prefix("2001:db8::/64"), prefix("192.168.7.9"),
                                     prefix("fe80::/10"),     prefix("2001:db8::7")};
    struct wr_addrtree tree;
    size_t size;
    void *block = build(list, 8, &tree, &size);
    assert_int_equal(tree.count, 5);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (line_of(&tree, rows[i].ip) != rows[i].line) {
            fail_msg("%s: %u", rows[i].ip, (unsigned)line_of(&tree, rows[i].ip));
        }
    }
    free(block);
}

static void test_ends(void **state)
{
    struct wr_addrtree tree;
    struct wr_addr none;
    size_t size;
    const struct wr_prefix all4 = prefix("0.0.0.0/0"), all6 = prefix("::/0");
    void *block = build(NULL, 0, &tree, &size);
    assert_int_equal(line_of(&tree, "1.2.3.4"), 0);
    free(block);
    block = build(&all4, 1, &tree, &size);
    assert_int_equal(line_of(&tree, "1.2.3.4"), 1);
    assert_int_equal(line_of(&tree, "::1"), 0);
    free(block);
    block = build(&all6, 1, &tree, &size);
    assert_int_equal(line_of(&tree, "ffff::"), 1);
    assert_int_equal(line_of(&tree, "::ffff:1.2.3.4"), 1);
    assert_int_equal(line_of(&tree, "1.2.3.4"), 0);
    memset(&none, 0, sizeof(none));
    assert_int_equal(wr_addrtree_find(&tree, &none), 0);
    free(block);
    assert_true(wr_addrtree_room(WR_ADDRTREE_MAX + 1) == SIZE_MAX);
}

static void draw(struct wr_rng *rng, struct wr_addr *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->family = wr_rng_below(rng, 2) ? WR_AF_V4 : WR_AF_V6;
    ret->ip[0] = (uint8_t)wr_rng_below(rng, 3);
    ret->ip[1] = (uint8_t)wr_rng_below(rng, 256);
    ret->ip[2] = (uint8_t)wr_rng_below(rng, 256);
}

/* Against the plain search; of nested prefixes the outer one is told. */
static void test_like_a_list(void **state)
{
    static struct wr_prefix list[300];
    struct wr_addrtree tree;
    struct wr_rng rng;
    struct wr_addr a;
    size_t size;
    unsigned hits = 0;
    wr_rng_seed_u64(&rng, 42);
    for (int i = 0; i < 300; i++) {
        draw(&rng, &a);
        list[i].len = (uint8_t)(12 + wr_rng_below(&rng, 13));
        list[i].addr = wr_addr_mask(&a, list[i].len);
    }
    void *block = build(list, 300, &tree, &size);
    for (int i = 0; i < 5000; i++) {
        uint32_t line = 0;
        draw(&rng, &a);
        for (uint32_t j = 0; j < 300; j++) {
            if (wr_addr_in_prefix(&a, &list[j]) &&
                (line == 0 || list[j].len < list[line - 1].len)) {
                line = j + 1;
            }
        }
        hits += line > 0;
        assert_int_equal(wr_addrtree_find(&tree, &a), line);
    }
    assert_in_range(hits, 100, 4900);
    free(block);
}

static void test_broken_blocks(void **state)
{
    const struct wr_prefix list[] = {prefix("192.0.2.1"), prefix("2001:db8::/32")};
    struct wr_addrtree tree;
    size_t size;
    uint8_t *block = build(list, 2, &tree, &size);
    for (size_t i = 0; i < size; i++) {
        block[i] ^= 0x41;
        assert_int_not_equal(wr_addrtree_open(&tree, block, size), 0);
        block[i] ^= 0x41;
    }
    for (size_t n = 0; n < size; n++) {
        assert_int_equal(wr_addrtree_open(&tree, block, n), WR_E_FORMAT);
    }
    assert_int_equal(wr_addrtree_open(&tree, block, size), 0);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_like_a_list),
        cmocka_unit_test(test_broken_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
