/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/world.h"

static void test_loopback_and_text(void **state)
{
    char path[] = "/tmp/weir-world-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "nameserver 192.0.2.1\n", 21), 21);
    struct wr_world w;
    assert_int_equal(wr_world_read(path, true, &w), WR_OK);
    assert_int_equal(w.view.resolv_size, 21);
    assert_memory_equal(w.view.resolv, "nameserver 192.0.2.1\n", 21);
    bool lo = false;
    for (uint32_t i = 0; i < w.view.locals; i++) {
        lo = lo || (strcmp(w.view.local[i].iface, "lo") == 0 && w.view.local[i].ifindex != 0);
        assert_int_equal(w.view.local[i].addr.port, 0);
    }
    assert_true(lo);
    assert_true(w.view.watched);
    wr_world_free(&w);
    assert_int_equal(wr_world_read(path, false, &w), WR_OK);
    assert_false(w.view.watched);
    wr_world_free(&w);
    close(fd);
    unlink(path);
}

static void test_nothing_to_read(void **state)
{
    struct wr_world w;
    assert_int_equal(wr_world_read("/no/such/file", true, &w), WR_OK);
    assert_null(w.view.resolv);
    wr_world_free(&w);
    assert_int_equal(wr_world_read("/tmp", true, &w), WR_OK); /* a folder reads as empty */
    assert_int_equal(w.view.resolv_size, 0);
    wr_world_free(&w);
}

static void test_bounded(void **state)
{
    struct wr_world w;
    assert_int_equal(wr_world_read("/dev/zero", true, &w), WR_OK);
    assert_int_equal(w.view.resolv_size, WR_WORLD_RESOLV_MAX);
    wr_world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback_and_text),
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
