/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/sandbox.h"

#define SKIP_STATUS 99

static char folder[64], other[64];

static void *thread(void *arg)
{
    *(int *)arg = 7;
    return NULL;
}

static int can_write(const char *path, const char *name)
{
    char file[128];
    snprintf(file, sizeof(file), "%s/%s", path, name);
    int fd = open(file, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (fd < 0) {
        return 0;
    }
    int fine = write(fd, "x", 1) == 1 && fsync(fd) == 0;
    close(fd);
    return unlink(file) == 0 && fine;
}

/* 0: all as it must be; else which one is not. */
static int look_around(const struct wr_sandbox_state *state)
{
    int seven = 0;
    pthread_t t;
    if (state->landlock) {
        if (!can_write(folder, "a")) {
            return 1;
        }
        if (can_write(other, "b")) {
            return 2;
        }
        if (access("/etc/passwd", R_OK) != 0 || open("/etc/passwd", O_RDONLY) < 0) {
            return 3;
        }
    }
    if (pthread_create(&t, NULL, thread, &seven) != 0 || pthread_join(t, NULL) != 0 || seven != 7) {
        return 4;
    }
    if (socket(AF_INET, SOCK_DGRAM, 0) < 0) {
        return 5;
    }
    char name[] = "true", *argv[] = {name, NULL};
    execv("/bin/true", argv); /* must come back */
    if (state->seccomp && (errno != EPERM || mount("a", "/", "b", 0, NULL) == 0 || errno != EPERM ||
                           chroot("/") == 0 || errno != EPERM)) {
        return 6;
    }
    return 0;
}

static void test_inside(void **state)
{
    struct wr_sandbox sandbox = {.folder = {folder, NULL, "/no/such/folder"}};
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct wr_sandbox_state seen;
        wr_sandbox_enter(&sandbox, &seen);
        if (!seen.landlock && !seen.seccomp) {
            _exit(seen.why_not != NULL ? SKIP_STATUS : 50);
        }
        _exit(look_around(&seen));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIP_STATUS) {
        print_message(
            "no sandbox: a sanitizer, or a kernel without; tests/e2e/serve_start.py looks\n");
        return;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Gone, as on a kernel that never had it; all else is as before. In a child, for there is no way back. */
static void test_uring(void **state)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        errno = 0;
        if (syscall(SYS_io_uring_setup, 1, NULL) != -1 || errno == ENOSYS) {
            _exit(SKIP_STATUS); /* it was never there */
        }
        if (!wr_sandbox_refuse_uring()) {
            _exit(1);
        }
        if (syscall(SYS_io_uring_setup, 1, NULL) != -1 || errno != ENOSYS) {
            _exit(2);
        }
        _exit(getppid() > 0 && socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 0 : 3);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIP_STATUS) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_uring),
    };
    snprintf(folder, sizeof(folder), "/tmp/weir-sandbox-XXXXXX");
    snprintf(other, sizeof(other), "/tmp/weir-sandbox-XXXXXX");
    if (mkdtemp(folder) == NULL || mkdtemp(other) == NULL) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    rmdir(other);
    return failed;
}
