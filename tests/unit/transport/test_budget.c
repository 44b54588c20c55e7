/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of octets: taken to the last one, passed only by what was let in, and true again when all is given back. */
#include "unit/unit.h"

#include <pthread.h>

#include "transport/budget.h"

enum { THREADS = 4, ROUNDS = 20000, PIECE = 7, LIMIT = 100 };

static struct wr_budget shared;
static _Atomic unsigned over;

static void test_bounds(void **state)
{
    struct wr_budget b = {0};

    assert_true(wr_budget_take(&b, 60, 100));
    assert_false(wr_budget_take(&b, 41, 100));
    assert_true(wr_budget_take(&b, 40, 100));
    assert_false(wr_budget_take(&b, 1, 100));
    wr_budget_add(&b, 50); /* an open one needs more */
    assert_int_equal(wr_budget_used(&b), 150);
    assert_false(wr_budget_take(&b, 1, 100));
    assert_false(wr_budget_take(&b, UINT64_MAX, 200));
    wr_budget_give(&b, 60);
    assert_true(wr_budget_take(&b, 10, 100));
    assert_false(wr_budget_take(&b, 1, 50)); /* a smaller limit since a reload */
    wr_budget_give(&b, 100);
    assert_int_equal(wr_budget_used(&b), 0);
}

static void test_near(void **state)
{
    assert_true(wr_budget_is_near(300, 100, 3));
    assert_false(wr_budget_is_near(301, 100, 3));
    assert_false(wr_budget_is_near(1, 100, 0));
    assert_false(wr_budget_is_near(0, 0, 3)); /* nothing came of it */
    assert_false(wr_budget_is_near(UINT32_MAX, 1, 3));
}

static void *hammer(void *user)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (wr_budget_take(&shared, PIECE, LIMIT)) {
            over += wr_budget_used(&shared) > LIMIT;
            wr_budget_give(&shared, PIECE);
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, hammer, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(over, 0);
    assert_int_equal(wr_budget_used(&shared), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests_name("transport/budget", tests, NULL, NULL);
}
