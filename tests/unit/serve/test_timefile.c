/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/timefile.h"

static char dir[64], path[128], bad[128];

static int setup(void **state)
{
    strcpy(dir, "/tmp/weir-timefile-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/time", dir);
    snprintf(bad, sizeof(bad), "%s/time.bad", dir);
    return 0;
}

static int teardown(void **state)
{
    char command[256];

    snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
    return system(command);
}

static void what_is_written_is_read(void **state)
{
    static const int64_t moments[] = {0, 1764256000, INT64_C(253402300799), 1};
    int64_t at = -1;

    assert_int_equal(wr_timefile_read(path, &at), WR_E_NOTFOUND);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(wr_timefile_write(path, moments[i]), WR_OK);
        assert_int_equal(wr_timefile_read(path, &at), WR_OK);
        assert_true(at == moments[i]);
    }
    assert_int_not_equal(access(bad, F_OK), 0);
}

static void anything_else_is_put_aside(void **state)
{
    static const char *const texts[] = {
        "",
        "weir-time 1 ",
        "weir-time 1 \n",
        "weir-time 1 12",
        "weir-time 1 -5\n",
        "weir-time 2 12\n",
        "weir-time 1 253402300800\n",
        "weir-time 1 12 \n",
        "weir-time 1 0000000000000000000000000000000000000000000000000000000012\n"};
    int64_t at = 7;

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(texts[i], f);
        fclose(f);
        assert_int_not_equal(wr_timefile_read(path, &at), WR_OK);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_equal(unlink(bad), 0);
    }
    assert_true(at == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(anything_else_is_put_aside, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
