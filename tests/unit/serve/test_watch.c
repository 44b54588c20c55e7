/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/watch.h"

static uv_loop_t loop;
static unsigned calls;
static char folder[64], other[64];

static void hook(void *user)
{
    calls++;
    uv_stop(user);
}

static void write_in(const char *where, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", where, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("x\n", f);
    fclose(f);
    unlink(path);
}

static void too_late(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Turns the loop until the hook was called, or for so long. */
static void turn(uint64_t ms)
{
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, too_late, ms, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void test_a_burst_is_one_call(void **state)
{
    char file[128];
    strcpy(folder, "/tmp/weir-watch-XXXXXX");
    strcpy(other, "/tmp/weir-watch-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_non_null(mkdtemp(other));
    uv_loop_init(&loop);
    struct wr_watch *w = wr_watch_create(&loop, hook, &loop);
    assert_non_null(w);
    snprintf(file, sizeof(file), "%s/leases", folder);
    wr_watch_begin(w);
    wr_watch_add(w, file);
    wr_watch_add(w, file);
    wr_watch_add(w, "/nowhere/at/all/file");
    wr_watch_add(w, "not-absolute");
    wr_watch_end(w);
    assert_int_equal(wr_watch_folders(w), 1);
    for (unsigned i = 0; i < 20; i++) {
        write_in(folder, "leases");
    }
    turn(10000);
    assert_int_equal(calls, 1);
    snprintf(file, sizeof(file), "%s/hosts", other); /* now another folder, and the first no more */
    wr_watch_begin(w);
    wr_watch_add(w, file);
    wr_watch_end(w);
    assert_int_equal(wr_watch_folders(w), 1);
    write_in(folder, "leases");
    turn(300);
    assert_int_equal(calls, 1);
    write_in(other, "hosts");
    turn(10000);
    assert_int_equal(calls, 2);
    wr_watch_close(w);
    wr_watch_close(NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    rmdir(folder);
    rmdir(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_is_one_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
