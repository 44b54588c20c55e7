/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/keepfile.h"

static char dir[64], path[128], link_path[128];

static int setup(void **state)
{
    strcpy(dir, "/tmp/weir-keepfile-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/cache", dir);
    snprintf(link_path, sizeof(link_path), "%s/link", dir);
    return 0;
}

static int teardown(void **state)
{
    char command[256];

    snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
    return system(command);
}

static void a_file_is_made_closed_and_found_again(void **state)
{
    struct stat st;
    int fd;

    assert_int_equal(wr_keepfile_open(path, false, &fd), WR_E_NOTFOUND);
    assert_int_equal(wr_keepfile_open(path, true, &fd), WR_OK);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(fd);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(wr_keepfile_open(path, false, &fd), WR_OK);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(fd);
}

static void links_directories_and_pipes_are_refused(void **state)
{
    int fd;

    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(wr_keepfile_open(link_path, true, &fd), WR_E_DENIED);
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(wr_keepfile_open(dir, true, &fd), WR_E_DENIED);
    assert_int_equal(mkfifo(link_path, 0600), 0);
    assert_int_equal(wr_keepfile_open(link_path, false, &fd), WR_E_DENIED);
}

static void a_file_of_another_user_is_refused(void **state)
{
    int fd;

    if (geteuid() != 0) {
        skip();
    }
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(wr_keepfile_open(path, true, &fd), WR_E_DENIED);
}

static void the_key_is_made_once_and_locked(void **state)
{
    struct wr_hash_key first, second;
    char key_path[160], bad_path[170];
    int fd, another;

    snprintf(key_path, sizeof(key_path), "%s.key", path);
    snprintf(bad_path, sizeof(bad_path), "%s.bad", key_path);
    assert_int_equal(wr_keepfile_key(path, &fd, &first), WR_OK);
    assert_int_equal(wr_keepfile_key(path, &another, &second), WR_E_BUSY);
    close(fd);
    assert_int_equal(wr_keepfile_key(path, &fd, &second), WR_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(ftruncate(fd, 5), 0); /* no key any more */
    close(fd);
    assert_int_equal(wr_keepfile_key(path, &fd, &second), WR_OK);
    assert_memory_not_equal(&first, &second, sizeof(first));
    assert_int_equal(access(bad_path, F_OK), 0);
    close(fd);
}

static void a_failed_append_leaves_what_was_there(void **state)
{
    uint8_t *bytes;
    size_t size, written;
    int fd;

    assert_int_equal(wr_keepfile_open(path, true, &fd), WR_OK);
    assert_int_equal(wr_keepfile_append(fd, 0, "first ", 6, NULL), WR_OK);
    assert_int_equal(wr_keepfile_append(fd, 6, "second", 6, &written), WR_OK);
    assert_int_equal(written, 6);
    assert_int_equal(wr_keepfile_read(fd, 100, &bytes, &size), WR_OK);
    assert_int_equal(size, 12);
    assert_memory_equal(bytes, "first second", 12);
    free(bytes);
    assert_int_equal(wr_keepfile_read(fd, 11, &bytes, &size), WR_E_LIMIT);
    close(fd);
    fd = open("/dev/full", O_RDWR);
    if (fd >= 0) {
        assert_int_equal(wr_keepfile_append(fd, 0, "x", 1, &written), WR_E_IO);
        assert_int_equal(errno, ENOSPC);
        assert_int_equal(written, 0);
        close(fd);
    }
}

static void aside_and_replace_move_whole_files(void **state)
{
    char other[160], bad[160];
    struct stat st;

    snprintf(other, sizeof(other), "%s.new", path);
    snprintf(bad, sizeof(bad), "%s.bad", path);
    assert_int_equal(wr_keepfile_aside(path), WR_E_NOTFOUND);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(wr_keepfile_aside(path), WR_OK);
    assert_int_equal(stat(bad, &st), 0);
    assert_int_equal(stat(path, &st), -1);
    close(open(other, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(wr_keepfile_replace(other, path), WR_OK);
    assert_int_equal(stat(path, &st), 0);
}

static void the_boot_is_the_same_while_the_machine_runs(void **state)
{
    uint8_t first[16], second[16], zero[16] = {0};

    wr_keepfile_boot(first);
    wr_keepfile_boot(second);
    assert_memory_equal(first, second, 16);
    assert_memory_not_equal(first, zero, 16);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_made_closed_and_found_again),
        TEST(links_directories_and_pipes_are_refused),
        TEST(a_file_of_another_user_is_refused),
        TEST(the_key_is_made_once_and_locked),
        TEST(a_failed_append_leaves_what_was_there),
        TEST(aside_and_replace_move_whole_files),
        TEST(the_boot_is_the_same_while_the_machine_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
