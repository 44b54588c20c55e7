/* SPDX-License-Identifier: Apache-2.0 */
/* What it finds is serve/logread's, and tests/e2e/log_disk.py has it run; here: what it says of folders, and its status. */
#include "unit/serve/logs.h"

#include "cli/logverify.h"
#include "serve/logsegment.h"

static const struct wr_opts opts = {.verb = "log", .usage = "", .about = ""};

static void test_status(void **state)
{
    static const uint8_t none[WR_LOGBLOCK_HASH];
    char folder[64];
    struct wr_logsegment s;
    int fd;
    logs_folder(folder);
    struct wr_logverify_want want = {.folder = folder, .json = true};
    assert_int_equal(wr_logverify_run(&want, &opts), 0); /* nothing is whole */
    assert_int_equal(wr_logfolder_open(folder, true, &fd), WR_OK);
    assert_int_equal(wr_logsegment_begin(fd, 5, 5, none, 1, &s), WR_OK);
    wr_logsegment_close(&s);
    assert_int_equal(wr_logverify_run(&want, &opts), 0);
    want.head = "00";
    assert_int_equal(wr_logverify_run(&want, &opts), 2);
    want.head = "0123456789012345678901234567890123456789012345678901234567890123";
    assert_int_equal(wr_logverify_run(&want, &opts), 1);
    want.head = NULL;
    assert_int_equal(wr_logsegment_begin(fd, 7, 5, none, 1, &s), WR_OK); /* and where is 6? */
    wr_logsegment_close(&s);
    assert_int_equal(wr_logverify_run(&want, &opts), 1);
    close(fd);
    logs_remove(folder);
    assert_int_equal(wr_logverify_run(&want, &opts), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_status)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
