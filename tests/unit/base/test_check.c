/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static jmp_buf back;
static const char *seen_cond;
static int seen_line;

static void leave(const char *cond, const char *file, int line)
{
    seen_cond = cond;
    seen_line = line;
    longjmp(back, 1);
}

static void the_handler_hears_what_and_where(void **state)
{
    wr_check_set_handler(leave);
    if (setjmp(back) == 0) {
        wr_assert(1 + 1 == 3);
        fail();
    }
    wr_check_set_handler(NULL);
    assert_string_equal(seen_cond, "1 + 1 == 3");
    assert_in_range(seen_line, 1, 100);
}

static void what_holds_passes(void **state)
{
    int n = 0;

    wr_assert(++n == 1);
    assert_int_equal(n, 1);
}

static void without_a_handler_it_traps(void **state)
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGILL, SIG_DFL);
        signal(SIGTRAP, SIG_DFL);
        wr_assert(0);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handler_hears_what_and_where),
        cmocka_unit_test(what_holds_passes),
        cmocka_unit_test(without_a_handler_it_traps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
