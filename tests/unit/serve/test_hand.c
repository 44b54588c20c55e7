/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "serve/hand.h"

static struct wr_client client_of(uint64_t conn)
{
    struct wr_client c;
    memset(&c, 0, sizeof(c));
    c.conn = conn;
    c.transport = WR_CLIENT_TCP;
    c.worker = 1;
    return c;
}

static void test_there_and_back(void **state)
{
    struct wr_hands *h = NULL;
    assert_int_equal(wr_hands_create(3, &h), WR_OK);
    struct wr_client c = client_of(77);
    struct wr_hand_item item;
    assert_true(wr_hands_push(h, 0, 2, 1, &c, (const uint8_t *)"question", 8));
    assert_true(wr_hands_push(h, 2, 0, 3, &c, NULL, 0));
    assert_false(wr_hands_peek(h, 0, 1, &item));
    assert_false(wr_hands_peek(h, 1, 2, &item));
    assert_true(wr_hands_peek(h, 0, 2, &item));
    assert_int_equal(item.kind, 1);
    assert_int_equal(item.client.conn, 77);
    assert_int_equal(item.size, 8);
    assert_memory_equal(item.bytes, "question", 8);
    wr_hands_pop(h, 0, 2);
    assert_false(wr_hands_peek(h, 0, 2, &item));
    assert_true(wr_hands_peek(h, 2, 0, &item));
    assert_int_equal(item.size, 0);
    wr_hands_pop(h, 2, 0);
    wr_hands_destroy(h);
}

static void test_full_is_said(void **state)
{
    struct wr_hands *h = NULL;
    assert_int_equal(wr_hands_create(2, &h), WR_OK);
    struct wr_client c = client_of(1);
    uint8_t *big = calloc(1, 65536);
    unsigned pushed = 0;
    while (pushed < 100 && wr_hands_push(h, 0, 1, 1, &c, big, 65535)) {
        pushed++;
    }
    assert_in_range(pushed, 4, 8); /* the largest message goes through, and several of them */
    assert_int_equal(wr_hands_dropped(h), 1);
    assert_false(wr_hands_push(h, 1, 0, 1, &c, big, 65536)); /* no message is that long */
    struct wr_hand_item item;
    assert_true(wr_hands_peek(h, 0, 1, &item));
    assert_int_equal(item.size, 65535);
    wr_hands_pop(h, 0, 1);
    assert_true(wr_hands_push(h, 0, 1, 1, &c, big, 65535));
    free(big);
    wr_hands_destroy(h);
}

#define MANY 20000

static void *producer(void *arg)
{
    for (uint64_t i = 0; i < MANY;) {
        struct wr_client c = client_of(i);
        if (wr_hands_push(arg, 0, 1, 2, &c, (const uint8_t *)&i, sizeof(i))) {
            i++;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void test_two_threads(void **state)
{
    struct wr_hands *h = NULL;
    assert_int_equal(wr_hands_create(2, &h), WR_OK);
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, producer, h), 0);
    for (uint64_t want = 0; want < MANY;) {
        struct wr_hand_item item;
        if (!wr_hands_peek(h, 0, 1, &item)) {
            sched_yield();
            continue;
        }
        uint64_t got;
        assert_int_equal(item.size, sizeof(got));
        memcpy(&got, item.bytes, sizeof(got));
        assert_int_equal(got, want);
        assert_int_equal(item.client.conn, want);
        wr_hands_pop(h, 0, 1);
        want++;
    }
    pthread_join(t, NULL);
    wr_hands_destroy(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_full_is_said),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
