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

struct yielder {
    struct wr_budget *b;
    uint64_t gives;
    int64_t others; /* what others take (or give) at the same time, once */
    unsigned asked, most;
};

static uint64_t yield_one(void *user)
{
    struct yielder *y = user;

    if (y->asked++ >= y->most) {
        return 0;
    }
    wr_budget_give(y->b, y->gives);
    if (y->others > 0) {
        wr_budget_add(y->b, (uint64_t)y->others);
    } else {
        wr_budget_give(y->b, (uint64_t)-y->others);
    }
    y->others = 0;
    return y->gives;
}

/* Who comes has what is free, or the place of who went; what others do meanwhile is not taken for what came of that. */
static void test_win(void **state)
{
    static const struct {
        uint64_t used, octets, gives;
        int64_t others;
        unsigned most, asked;
        bool won;
        uint64_t used_then;
    } row[] = {
        {90, 10, 20, 0, 9, 0, true, 100},      {100, 20, 20, 0, 9, 1, true, 100},
        {100, 40, 20, 0, 9, 2, true, 100},     {100, 20, 20, 0, 0, 1, false, 100},
        {1000, 20, 20, 0, 9, 1, true, 1000},   /* in the place of who went */
        {1000, 20, 10, 0, 9, 1, false, 990},   /* which is too small */
        {1000, 20, 20, -500, 9, 1, true, 500}, /* others gave: the rest is no nearer by that */
        {100, 20, 20, 20, 9, 2, true, 100},    /* others took what was free: one more goes */
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct wr_budget b = {row[i].used};
        struct yielder y = {&b, row[i].gives, row[i].others, 0, row[i].most};

        assert_int_equal(wr_budget_win(&b, row[i].octets, 100, yield_one, &y), row[i].won);
        assert_int_equal(y.asked, row[i].asked);
        assert_int_equal(wr_budget_used(&b), row[i].used_then);
    }
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
        cmocka_unit_test(test_win),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests_name("transport/budget", tests, NULL, NULL);
}
