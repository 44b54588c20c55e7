/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/caps.h"

/* Runs `body` in a child, since nothing given up can be had back; its exit status. */
static int in_child(int (*body)(void))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(body());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int drop_all(void)
{
    if (wr_caps_drop_all() != WR_OK || wr_caps_can_bind()) {
        return 1;
    }
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

static void test_drop_all(void **state)
{
    assert_int_equal(in_child(drop_all), 0);
}

static int keep_bind(void)
{
    bool had = wr_caps_can_bind();
    if (wr_caps_keep_bind() != WR_OK || wr_caps_can_bind() != had) {
        return 1;
    }
    /* Nothing else is left: root without CAP_CHOWN. */
    FILE *f = tmpfile();
    if (had && geteuid() == 0 && f != NULL && fchown(fileno(f), 12345, 12345) == 0) {
        return 2;
    }
    return 0;
}

static void test_keep_bind(void **state)
{
    assert_int_equal(in_child(keep_bind), 0);
}

/* What is kept is had by programs that are executed, and nothing else is; they say so with their status. */
static int keep_admin(void)
{
    bool had = wr_caps_can_admin();
    if (wr_caps_keep_admin() != WR_OK || wr_caps_can_admin() != had || wr_caps_can_bind()) {
        return 1;
    }
    execl("/bin/sh", "sh", "-c",
          had ? "grep -q '^CapEff:.0*1000$' /proc/self/status"
              : "grep -q '^CapEff:.0*$' /proc/self/status",
          (char *)NULL);
    return 2;
}

static void test_keep_admin(void **state)
{
    assert_int_equal(in_child(keep_admin), 0);
}

static int become_nobody(void)
{
    if (wr_caps_become("nobody") != WR_OK) {
        return geteuid() == 0 ? 3 : 1;
    }
    return geteuid() == 0 || setuid(0) == 0 ? 2 : 0;
}

static int become_unknown(void)
{
    return wr_caps_become("no-such-user-here") == WR_E_NOTFOUND ? 0 : 1;
}

static int become_none(void)
{
    uid_t before = geteuid();
    return wr_caps_become("") == WR_OK && geteuid() == before ? 0 : 1;
}

static void test_become(void **state)
{
    assert_int_equal(in_child(become_none), 0);
    if (geteuid() != 0) {
        assert_int_equal(wr_caps_become("no-such-user-here"),
                         WR_OK); /* who is not root stays who they are */
        return;
    }
    assert_int_equal(in_child(become_unknown), 0);
    int status = in_child(become_nobody);
    assert_true(status == 0 || status == 3); /* 3: a user namespace that knows no other user */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop_all),
        cmocka_unit_test(test_keep_bind),
        cmocka_unit_test(test_keep_admin),
        cmocka_unit_test(test_become),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
