/* SPDX-License-Identifier: Apache-2.0 */
/* A real process is killed at seeded points; what it had stored is served. */
#include "keeptest.h"

#include <signal.h>
#include <sys/wait.h>

/* --- kill -9 ----------------------------------------------------------------------------------- */

/* The child stores names as fast as it can and says each that is stored; it never returns. */
static void learn_for_ever(int pipe_fd, uint32_t first)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, live);

    for (uint32_t i = first;; i++) {
        uint32_t number = i % 500;

        if (put(wr_keep_cache(k), number, i, &now, 600) == WR_OK &&
            write(pipe_fd, &i, sizeof(i)) != sizeof(i)) {
            _exit(1);
        }
        (void)value_of(wr_keep_cache(k), number, &now);
    }
}

/* Kills a child after it said `count` names; `known` gets what it said. */
static void run_and_kill(uint32_t count, uint32_t delay_us, uint32_t first, uint32_t *known)
{
    uint32_t said[256], number;
    int fds[2], status;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        learn_for_ever(fds[1], first);
    }
    close(fds[1]);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(read(fds[0], &number, sizeof(number)), sizeof(number));
        known[number % 500] = number;
    }
    usleep(delay_us);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while ((n = read(fds[0], said, sizeof(said))) > 0) {
        for (ssize_t i = 0; i < n / (ssize_t)sizeof(uint32_t); i++) {
            known[said[i] % 500] = said[i];
        }
    }
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void kill_9_at_200_points_loses_nothing_that_was_stored(void **state)
{
    uint32_t known[500] = {0}, first = 1;
    struct wr_now now = at(1000);
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 9);
    for (int point = 0; point < 200; point++) {
        struct wr_keep *k;

        run_and_kill(1 + wr_rng_below(&rng, 700), wr_rng_below(&rng, 300), first, known);
        k = open_keep(&now, live);
        if (!status_of(k, 1000).live) {
            wr_keep_close(k, &now);
            skip(); /* no tmpfs at /dev/shm */
        }
        assert_true(wr_keep_warm(k));
        for (uint32_t i = 0; i < 500; i++) {
            int64_t value = value_of(wr_keep_cache(k), i, &now);

            /* What was said is there, or the one store that was under way when it was killed. */
            assert_true(known[i] == 0 || value == known[i] || value > known[i]);
            first = value > (int64_t)first ? (uint32_t)value : first;
        }
        first++;
        wr_keep_close(k, &now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kill_9_at_200_points_loses_nothing_that_was_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
