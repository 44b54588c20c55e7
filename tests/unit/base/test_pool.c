/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include <stdlib.h>

#include "base/pool.h"

struct thing {
    char text[37];
};

static struct wr_pool *new_pool(uint32_t count, void **ret_block)
{
    struct wr_pool *p = calloc(1, sizeof(*p));

    *ret_block = malloc(wr_pool_size(sizeof(struct thing), count));
    wr_pool_init(p, *ret_block, sizeof(struct thing), count);
    return p;
}

static void all_are_taken_once(void **state)
{
    void *block;
    struct wr_pool *p = new_pool(5, &block);
    wr_id ids[5], more = 99;

    for (unsigned i = 0; i < 5; i++) {
        struct thing *t = wr_pool_take(p, &ids[i]);

        assert_non_null(t);
        assert_true(ids[i] != 0);
        memset(t, 'a' + (int)i, sizeof(*t));
    }
    assert_null(wr_pool_take(p, &more));
    assert_true(more == 99);
    assert_int_equal(p->taken, 5);
    for (unsigned i = 0; i < 5; i++) {
        struct thing *t = wr_pool_get(p, ids[i]);

        assert_int_equal(t->text[0], 'a' + i);
        assert_int_equal(t->text[36], 'a' + i);
    }
    free(block);
    free(p);
}

static void only_the_front_is_cleared(void **state)
{
    void *block;
    struct wr_pool *p = new_pool(2, &block);
    struct thing *t;
    wr_id id;

    wr_pool_clear_less(p, 10);
    t = wr_pool_take(p, &id);
    memset(t, 'x', sizeof(*t));
    wr_pool_give(p, id);
    assert_ptr_equal(wr_pool_take(p, &id), t); /* the same place */
    assert_int_equal(t->text[9], 0);
    assert_int_equal(t->text[10], 'x');
    free(block);
    free(p);
}

static void a_late_handle_gets_nothing(void **state)
{
    void *block;
    struct wr_pool *p = new_pool(2, &block);
    wr_id old, new;
    struct thing *t = wr_pool_take(p, &old);

    t->text[0] = 'x';
    wr_pool_give(p, old);
    assert_null(wr_pool_get(p, old));
    t = wr_pool_take(p, &new);
    assert_int_equal((uint32_t)old, (uint32_t) new); /* the same place */
    assert_int_equal(t->text[0], 0);
    assert_null(wr_pool_get(p, old));
    assert_ptr_equal(wr_pool_get(p, new), t);
    free(block);
    free(p);
}

static void nonsense_ids_get_nothing(void **state)
{
    void *block;
    struct wr_pool *p = new_pool(2, &block);
    wr_id id;

    (void)wr_pool_take(p, &id);
    assert_null(wr_pool_get(p, 0));
    assert_null(wr_pool_get(p, id + 1));
    assert_null(wr_pool_get(p, id + 2));
    assert_null(wr_pool_get(p, id + (1ULL << 32)));
    assert_null(wr_pool_get(p, id + (2ULL << 32)));
    assert_null(wr_pool_get(p, UINT64_MAX));
    free(block);
    free(p);
}

static void an_object_knows_its_id(void **state)
{
    void *block;
    struct wr_pool *p = new_pool(3, &block);
    wr_id ids[3], again;

    for (unsigned i = 0; i < 3; i++) {
        (void)wr_pool_take(p, &ids[i]);
    }
    wr_pool_give(p, ids[1]);
    (void)wr_pool_take(p, &again);
    assert_true(wr_pool_id(p, wr_pool_get(p, again)) == again);
    assert_true(wr_pool_id(p, wr_pool_get(p, ids[2])) == ids[2]);
    assert_true(again != ids[1]);
    free(block);
    free(p);
}

static void a_walk_sees_the_taken(void **state)
{
    void *block;
    struct wr_pool *p = new_pool(4, &block);
    wr_id ids[4], id;
    unsigned seen = 0;

    for (unsigned i = 0; i < 4; i++) {
        (void)wr_pool_take(p, &ids[i]);
    }
    wr_pool_give(p, ids[1]);
    for (uint32_t i = 0; i < 4; i++) {
        if (wr_pool_at(p, i, &id)) {
            assert_true(wr_pool_get(p, id) != NULL);
            seen++;
        }
    }
    assert_int_equal(seen, 3);
    assert_null(wr_pool_at(p, 4, &id));
    free(block);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_taken_once),         cmocka_unit_test(only_the_front_is_cleared),
        cmocka_unit_test(a_late_handle_gets_nothing), cmocka_unit_test(nonsense_ids_get_nothing),
        cmocka_unit_test(an_object_knows_its_id),     cmocka_unit_test(a_walk_sees_the_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
