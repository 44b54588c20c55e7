/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "resolve/roughchain.h"

static struct wr_roughchain chain;
static struct wr_rng rng;

static int setup(void **state)
{
    memset(&chain, 0, sizeof(chain));
    wr_rng_seed_u64(&rng, 7);
    return 0;
}

static void add(uint8_t key, int64_t midpoint_s, uint32_t radius_s, size_t size)
{
    static uint8_t reply[WR_ROUGHTIME_REPLY_MAX + 1];
    uint8_t keys[WR_ROUGHTIME_KEY_SIZE] = {key};
    struct wr_roughtime_reply said = {.midpoint_s = midpoint_s, .radius_s = radius_s};
    struct wr_roughchain_nonce q;

    memset(reply, key, sizeof(reply));
    wr_roughchain_next(&chain, &rng, &q);
    wr_roughchain_add(&chain, keys, &q, reply, size, &said);
}

static void test_a_nonce_follows_the_last_reply(void **state)
{
    struct wr_roughchain_nonce first, second, again;
    uint8_t want[WR_ROUGHTIME_NONCE_SIZE];

    wr_roughchain_next(&chain, &rng, &first);
    assert_false(first.follows);
    add(1, 1000, 5, 400);
    wr_roughchain_next(&chain, &rng, &second);
    wr_roughchain_next(&chain, &rng, &again);
    assert_true(second.follows && again.follows);
    assert_memory_not_equal(second.nonce, again.nonce, sizeof(second.nonce)); /* another blind */
    assert_int_equal(wr_roughtime_link(chain.link[0].reply, chain.link[0].size, second.blind, want),
                     WR_OK);
    assert_memory_equal(second.nonce, want, sizeof(want));
}

static void test_the_order_convicts(void **state)
{
    unsigned first = 99;

    assert_false(wr_roughchain_convict(&chain, &first));
    add(1, 1000, 5, 400);
    assert_false(wr_roughchain_convict(&chain, &first));
    add(2, 2000, 5, 400); /* later: it may be so */
    assert_false(wr_roughchain_convict(&chain, &first));
    add(1, 1991, 4, 400); /* 1995 at the latest, after 1995 at the earliest */
    assert_false(wr_roughchain_convict(&chain, &first));
    add(3, 1989, 5, 400);
    assert_true(wr_roughchain_convict(&chain, &first));
    assert_int_equal(first, 1);
    add(3, 990, 3, 400); /* even before the first */
    assert_true(wr_roughchain_convict(&chain, &first));
    assert_int_equal(first, 0);
}

/* Nothing is proven over a gap. */
static void test_a_gap(void **state)
{
    unsigned first = 99;

    add(1, 2000, 5, 400);
    add(2, 3000, 5, 400);
    chain.link[1].question.follows = false;
    add(3, 1000, 5, 400);
    assert_true(wr_roughchain_convict(&chain, &first));
    assert_int_equal(first, 1);
    chain.link[2].question.follows = false;
    assert_false(wr_roughchain_convict(&chain, &first));
    add(1, 5000, 5, WR_ROUGHTIME_REPLY_MAX + 1);
    assert_int_equal(chain.links, 0);
    add(2, 1000, 5, WR_ROUGHTIME_REPLY_MAX);
    assert_false(chain.link[0].question.follows);
    assert_false(wr_roughchain_convict(&chain, &first));
}

static void test_the_oldest_leaves(void **state)
{
    unsigned first = 99;

    add(1, 9000, 5, 400);
    for (unsigned i = 0; i < WR_ROUGHCHAIN_MAX - 1; i++) {
        add((uint8_t)(2 + i), 1000 + i, 5, 400);
    }
    assert_int_equal(chain.links, WR_ROUGHCHAIN_MAX);
    assert_true(wr_roughchain_convict(&chain, &first));
    add(77, 2000, 5, 400);
    assert_int_equal(chain.links, WR_ROUGHCHAIN_MAX);
    assert_int_equal(chain.link[0].key[0], 2);
    assert_int_equal(chain.link[WR_ROUGHCHAIN_MAX - 1].key[0], 77);
    assert_false(wr_roughchain_convict(&chain, &first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_nonce_follows_the_last_reply, setup),
        cmocka_unit_test_setup(test_the_order_convicts, setup),
        cmocka_unit_test_setup(test_a_gap, setup),
        cmocka_unit_test_setup(test_the_oldest_leaves, setup),
    };
    return cmocka_run_group_tests_name("roughchain", tests, NULL, NULL);
}
