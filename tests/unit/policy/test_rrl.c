/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "policy/rrl.h"

#define BUCKETS 1024
#define T0      ((uint64_t)9000000)

static _Alignas(64) uint8_t block[64 + BUCKETS * 12];
static const struct wr_hash_key key = {{11, 22}};

static struct wr_quota *fresh(void)
{
    memset(block, 0, sizeof(block));
    return wr_quota_init(block, BUCKETS);
}

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    memset(&a, 0, sizeof(a));
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return a;
}

struct count {
    unsigned send, slip, drop;
};

static struct count ask(struct wr_quota *q, const char *from, uint64_t what, uint32_t slip,
                        unsigned n)
{
    struct count c = {0, 0, 0};
    struct wr_addr a = addr(from);
    for (unsigned i = 0; i < n; i++) {
        switch (wr_rrl_decide(q, wr_rrl_bucket(&key, &a, 24, what), 20, slip, T0 + i)) {
        case WR_RRL_SEND: c.send++; break;
        case WR_RRL_SLIP: c.slip++; break;
        case WR_RRL_DROP: c.drop++; break;
        }
    }
    return c;
}

static void test_beyond_the_rate(void **state)
{
    struct count c = ask(fresh(), "192.0.2.1", 1, 2, 1020);
    assert_int_equal(c.send, 20);
    assert_in_range(c.slip, 420, 580); /* one in two of 1000 */
    assert_int_equal(c.send + c.slip + c.drop, 1020);
}

static void test_slip_ends(void **state)
{
    assert_int_equal(ask(fresh(), "192.0.2.1", 1, 0, 100).drop, 80);
    assert_int_equal(ask(fresh(), "192.0.2.1", 1, 1, 100).slip, 80);
}

static void test_off(void **state)
{
    struct wr_quota *q = fresh();
    struct wr_addr a = addr("192.0.2.1");
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(wr_rrl_decide(q, wr_rrl_bucket(&key, &a, 24, 1), 0, 2, T0), WR_RRL_SEND);
    }
}

/* A prefix is one address; other prefixes and other responses are not touched. */
static void test_apart(void **state)
{
    struct wr_quota *q = fresh();
    assert_int_equal(ask(q, "192.0.2.1", 1, 0, 100).send, 20);
    assert_int_equal(ask(q, "192.0.2.200", 1, 0, 100).send, 0);
    assert_int_equal(ask(q, "192.0.3.1", 1, 0, 100).send, 20);
    assert_int_equal(ask(q, "192.0.2.1", 2, 0, 100).send, 20);
    assert_int_equal(ask(q, "192.0.2.1:5353", 1, 0, 100).send, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beyond_the_rate),
        cmocka_unit_test(test_slip_ends),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
