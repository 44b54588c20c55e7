/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/err.h"
#include "serve/beat.h"

static _Atomic unsigned beats;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t beaten = PTHREAD_COND_INITIALIZER;

static void work(void *user)
{
    pthread_mutex_lock(&lock);
    atomic_fetch_add((_Atomic unsigned *)user, 1);
    pthread_cond_signal(&beaten);
    pthread_mutex_unlock(&lock);
}

static void test_again_and_again(void **state)
{
    struct wr_beat b = {.name = "test-beat", .period_ms = 1, .work = work, .user = &beats};
    assert_int_equal(wr_beat_start(&b), WR_OK);
    pthread_mutex_lock(&lock);
    while (atomic_load(&beats) < 3) {
        pthread_cond_wait(&beaten, &lock);
    }
    pthread_mutex_unlock(&lock);
    wr_beat_stop(&b);
    unsigned seen = atomic_load(&beats);
    wr_beat_stop(&b); /* fine */
    assert_int_equal(atomic_load(&beats), seen);
}

static void test_a_long_period_ends_at_once(void **state)
{
    struct wr_beat b = {.name = "test-beat", .period_ms = 3600000, .work = work, .user = &beats};
    struct timespec began, ended;
    unsigned seen = atomic_load(&beats);
    assert_int_equal(wr_beat_start(&b), WR_OK);
    clock_gettime(CLOCK_MONOTONIC, &began);
    wr_beat_stop(&b);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_in_range(ended.tv_sec - began.tv_sec, 0, 60);
    assert_int_equal(atomic_load(&beats), seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again_and_again),
        cmocka_unit_test(test_a_long_period_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
