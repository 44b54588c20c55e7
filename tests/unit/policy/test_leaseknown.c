/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "policy/leaseknown.h"
#include "policy/rulesetlease.h"

static const struct wr_hash_key hash_key = {{3, 4}};

static struct wr_leaseknown known(uint32_t device, uint32_t ifindex, uint8_t last)
{
    struct wr_leaseknown k;
    memset(&k, 0, sizeof(k));
    k.device = device;
    k.ifindex = ifindex;
    k.family = WR_AF_V4;
    k.ip[0] = 10;
    k.ip[3] = last;
    return k;
}

/* Pairs of a device and the last octet of an address, on interface 7. */
static struct wr_leaseknown_table *table(const uint8_t (*pair)[2], size_t n)
{
    struct wr_leaseknown_table *t = wr_leaseknown_init(malloc(wr_leaseknown_size(8)), 8, &hash_key);
    for (size_t i = 0; i < n; i++) {
        const struct wr_leaseknown k = known(pair[i][0], 7, pair[i][1]);
        assert_int_equal(wr_leaseknown_add(t, &k), WR_OK);
    }
    return t;
}

static void test_table(void **state)
{
    struct wr_leaseknown_table *t = table((const uint8_t[][2]){{1, 1}, {1, 2}, {2, 3}}, 3);
    struct wr_leaseknown k = known(9, 7, 1);
    uint32_t cursor = 0, found = 0;
    assert_int_equal(wr_leaseknown_add(t, &k), WR_OK); /* it is another's already */
    assert_int_equal(wr_leaseknown_count(t), 3);
    assert_int_equal(wr_leaseknown_device(t, 7, WR_AF_V4, k.ip), 1);
    assert_int_equal(wr_leaseknown_device(t, 8, WR_AF_V4, k.ip), 0);
    while (wr_leaseknown_walk(t, 1, 7, &cursor) != NULL) {
        found++;
    }
    assert_int_equal(found, 2);
    cursor = 0;
    assert_null(wr_leaseknown_walk(t, 1, 8, &cursor));
    cursor = 0;
    assert_null(wr_leaseknown_walk(t, 3, 7, &cursor));
    k = known(3, 0, 40); /* wherever it is */
    assert_int_equal(wr_leaseknown_add(t, &k), WR_OK);
    assert_int_equal(wr_leaseknown_device(t, 7, WR_AF_V4, k.ip), 3);
    cursor = 0;
    assert_non_null(wr_leaseknown_walk(t, 3, 8, &cursor));
    assert_null(wr_leaseknown_walk(t, 3, 8, &cursor));
    k = known(0, 7, 9);
    assert_int_equal(wr_leaseknown_add(t, &k), WR_E_FORMAT);
    k = known(1, 7, 9);
    k.family = 5;
    assert_int_equal(wr_leaseknown_add(t, &k), WR_E_FORMAT);
    for (uint8_t i = 0; i < 4; i++) {
        k = known(4, 7, (uint8_t)(20 + i));
        assert_int_equal(wr_leaseknown_add(t, &k), WR_OK);
    }
    k = known(4, 7, 30);
    assert_int_equal(wr_leaseknown_add(t, &k), WR_E_FULL);
    free(t);
}

static struct wr_leaselist_key lease(uint8_t from, uint8_t to)
{
    struct wr_leaselist_key k;
    memset(&k, 0, sizeof(k));
    k.ifindex = 7;
    k.kind = WR_RULESETLEASE_ROUTED;
    k.family = WR_AF_V4;
    k.who[0] = 10;
    k.who[3] = from;
    k.dest[0] = 192;
    k.dest[3] = to;
    return k;
}

static bool has(const struct wr_leaselist *l, uint8_t from, uint8_t to)
{
    const struct wr_leaselist_key k = lease(from, to);
    const struct wr_leaselist_entry *e;
    uint32_t cursor = 0;
    while ((e = wr_leaselist_walk(l, &cursor)) != NULL) {
        if (memcmp(&e->key, &k, sizeof(k)) == 0) {
            return true;
        }
    }
    return false;
}

static void follow(struct wr_leaselist *l, struct wr_leaseknown_table *old,
                   struct wr_leaseknown_table *now)
{
    wr_leaseknown_follow(old, now, l, 0);
    wr_leaselist_settle(l, wr_leaselist_touches(l), WR_OK);
    free(old);
}

static void test_follow(void **state)
{
    void *block = calloc(1, wr_leaselist_size(16));
    struct wr_leaselist *l = wr_leaselist_init(block, 16, &hash_key);
    struct wr_leaseknown_table *none = table(NULL, 0), *a, *b;
    const struct wr_leaselist_key first = lease(1, 1), other = lease(5, 2);
    struct wr_leaselist_key neighbour = lease(1, 9);
    neighbour.kind = WR_RULESETLEASE_MAC;
    assert_int_equal(wr_leaselist_put(l, &first, 1000, 0), WR_OK);
    assert_int_equal(wr_leaselist_put(l, &other, 1000, 0), WR_OK);
    assert_int_equal(wr_leaselist_put(l, &neighbour, 1000, 0), WR_OK);
    /* It becomes known by two addresses: the second has what the first had. */
    a = table((const uint8_t[][2]){{1, 1}, {1, 2}, {2, 5}}, 3);
    follow(l, none, a);
    assert_true(has(l, 1, 1) && has(l, 2, 1) && has(l, 5, 2));
    assert_int_equal(wr_leaselist_count(l), 4);
    /* It has another address in place of both: that one has it, and they have not. */
    b = table((const uint8_t[][2]){{1, 3}, {2, 5}}, 2);
    follow(l, a, b);
    assert_true(has(l, 3, 1) && has(l, 5, 2));
    assert_false(has(l, 1, 1) || has(l, 2, 1));
    /* The other's address is its now: nothing of the other's. */
    a = table((const uint8_t[][2]){{1, 3}, {1, 5}}, 2);
    follow(l, b, a);
    assert_true(has(l, 3, 1) && has(l, 5, 1));
    assert_false(has(l, 5, 2));
    /* Nothing new: nothing to do. */
    b = table((const uint8_t[][2]){{1, 5}, {1, 3}}, 2);
    wr_leaseknown_follow(a, b, l, 0);
    assert_int_equal(wr_leaselist_touches(l), 0);
    free(a);
    free(b);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
