/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/keeplive.h"

#define SIZE 262144

static char path[64];
static const uint8_t boot[16] = "this very boot.", later[16] = "the next boot..";

static int setup(void **state)
{
    snprintf(path, sizeof(path), "/dev/shm/weir-keeplive-%d", (int)getpid());
    unlink(path);
    return 0;
}

static int teardown(void **state)
{
    unlink(path);
    return 0;
}

static bool no_tmpfs(void)
{
    struct statfs fs;

    return statfs("/dev/shm", &fs) || (unsigned long)fs.f_type != 0x01021994;
}

static void other_anchors_begin_anew(void **state)
{
    struct wr_keeplive live;
    bool same = true;

    if (no_tmpfs()) {
        skip();
    }
    assert_int_equal(wr_keeplive_open(path, SIZE, boot, 1, &live, &same), WR_OK);
    wr_keeplive_close(&live);
    assert_int_equal(wr_keeplive_open(path, SIZE, boot, 2, &live, &same), WR_OK);
    assert_false(same);
    wr_keeplive_mark(&live, 3);
    wr_keeplive_close(&live);
    assert_int_equal(wr_keeplive_open(path, SIZE, boot, 3, &live, &same), WR_OK);
    assert_true(same);
    wr_keeplive_close(&live);
    assert_int_equal(wr_keeplive_plain(SIZE, &live), WR_OK);
    wr_keeplive_mark(&live, 3); /* there is no header */
    assert_int_equal(((uint8_t *)live.map)[0], 0);
    wr_keeplive_close(&live);
}

static void what_was_there_is_there_in_the_same_boot(void **state)
{
    struct wr_keeplive live;
    bool same = true;

    if (no_tmpfs()) {
        skip();
    }
    assert_int_equal(wr_keeplive_open(path, SIZE, boot, 1, &live, &same), WR_OK);
    assert_false(same);
    assert_int_equal(live.size, SIZE);
    assert_int_equal((uintptr_t)live.block % 4096, 0);
    memset(live.block, 7, SIZE);
    wr_keeplive_close(&live);
    assert_int_equal(wr_keeplive_open(path, SIZE, boot, 1, &live, &same), WR_OK);
    assert_true(same);
    assert_int_equal(((uint8_t *)live.block)[SIZE - 1], 7);
    wr_keeplive_close(&live);
    assert_int_equal(wr_keeplive_open(path, SIZE, later, 1, &live, &same), WR_OK);
    assert_false(same);
    wr_keeplive_close(&live);
    assert_int_equal(wr_keeplive_open(path, 2 * SIZE, later, 1, &live, &same), WR_OK);
    assert_false(same);
    wr_keeplive_close(&live);
}

static void two_do_not_share_it(void **state)
{
    struct wr_keeplive live, other;
    bool same;

    if (no_tmpfs()) {
        skip();
    }
    assert_int_equal(wr_keeplive_open(path, SIZE, boot, 1, &live, &same), WR_OK);
    assert_int_equal(wr_keeplive_open(path, SIZE, boot, 1, &other, &same), WR_E_BUSY);
    assert_int_equal(((uint8_t *)live.block)[0], 0);
    wr_keeplive_close(&live);
}

static void a_disk_is_refused(void **state)
{
    char on_disk[64] = "/var/tmp/weir-keeplive-XXXXXX";
    struct wr_keeplive live;
    struct statfs fs;
    bool same;
    int fd = mkstemp(on_disk);

    assert_true(fd >= 0);
    close(fd);
    if (statfs(on_disk, &fs) == 0 && (unsigned long)fs.f_type == 0x01021994) {
        unlink(on_disk);
        skip();
    }
    assert_int_equal(wr_keeplive_open(on_disk, SIZE, boot, 1, &live, &same), WR_E_UNSUPPORTED);
    unlink(on_disk);
}

static void plain_memory_does_too(void **state)
{
    struct wr_keeplive live;

    assert_int_equal(wr_keeplive_plain(SIZE, &live), WR_OK);
    assert_int_equal(live.fd, -1);
    memset(live.block, 1, SIZE);
    wr_keeplive_close(&live);
    wr_keeplive_close(&live);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_there_is_there_in_the_same_boot),
        TEST(other_anchors_begin_anew),
        TEST(two_do_not_share_it),
        TEST(a_disk_is_refused),
        TEST(plain_memory_does_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
