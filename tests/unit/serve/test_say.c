/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/say.h"

static char seen[8192];

/* What `speak` writes to standard error. */
static const char *capture(void (*speak)(void))
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    assert_non_null(file);
    dup2(fileno(file), STDERR_FILENO);
    speak();
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    size_t n = fread(seen, 1, sizeof(seen) - 1, file);
    seen[n] = 0;
    fclose(file);
    return seen;
}

static void speak_levels(void)
{
    wr_say_start(WR_LOG_INFO);
    wr_say(WR_LOG_ERROR, "one %d", 1);
    wr_say(WR_LOG_WARN, "two");
    wr_say(WR_LOG_INFO, "three");
    wr_say(WR_LOG_DEBUG, "never");
    wr_say_level(WR_LOG_ERROR);
    wr_say(WR_LOG_WARN, "never");
    wr_say_level(WR_LOG_DEBUG);
    wr_log(WR_LOG_DEBUG, "from below");
}

static void test_levels(void **state)
{
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(capture(speak_levels),
                        "error: one 1\nwarning: two\nthree\ndebug: from below\n");
}

static void speak_to_journal(void)
{
    struct stat st;
    char stream[64];
    fstat(STDERR_FILENO, &st);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    wr_say_start(WR_LOG_INFO);
    wr_say(WR_LOG_ERROR, "e");
    wr_say(WR_LOG_WARN, "w");
    wr_say(WR_LOG_INFO, "i");
    setenv("JOURNAL_STREAM", "1:2", 1); /* another process's journal */
    wr_say_start(WR_LOG_INFO);
    wr_say(WR_LOG_INFO, "plain");
    unsetenv("JOURNAL_STREAM");
}

static void test_journal(void **state)
{
    assert_string_equal(capture(speak_to_journal), "<3>e\n<4>w\n<6>i\nplain\n");
}

static void speak_long(void)
{
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    wr_say_start(WR_LOG_INFO);
    errno = 77;
    wr_say(WR_LOG_INFO, "%s", text);
    assert_int_equal(errno, 77);
}

static void test_long_line_is_one_line(void **state)
{
    const char *text = capture(speak_long);
    assert_in_range(strlen(text), 900, 1100);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_long_line_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
