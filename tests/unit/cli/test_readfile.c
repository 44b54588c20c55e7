/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/readfile.h"

static void test_read(void **state)
{
    char path[] = "/tmp/weir-readfile-XXXXXX", *text;
    int fd = mkstemp(path);
    const char *why = "";
    size_t n = 0;

    assert_true(fd >= 0);
    text = wr_readfile(path, 5, &n, &why); /* nothing in it is something */
    assert_non_null(text);
    assert_int_equal(n, 0);
    free(text);
    assert_int_equal(write(fd, "ab\0de", 5), 5);
    text = wr_readfile(path, 5, &n, &why);
    assert_non_null(text);
    assert_null(why);
    assert_int_equal(n, 5);
    assert_memory_equal(text, "ab\0de", 6);
    free(text);
    assert_null(wr_readfile(path, 4, &n, &why));
    assert_string_equal(why, "it is too long");
    close(fd);
    unlink(path);
    assert_null(wr_readfile(path, 5, &n, &why));
    assert_string_equal(why, "No such file or directory");
    assert_null(wr_readfile("/", 5, &n, &why));
    assert_string_equal(why, "Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
