/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cli/querylog.h"

#include "cli/devicelog.h"

struct seen {
    unsigned own, answered, all;
};

static void see(void *user, const struct wr_ledger_event *e, bool own, bool answered)
{
    struct seen *s = user;
    s->all++;
    s->own += own;
    s->answered += own && answered;
}

static void test_log(void **state)
{
    char folder[64], conf[128];
    struct wr_devicelog *log = NULL;
    struct wr_devicelog_sum sum;
    struct seen s = {0};
    logs_folder(folder);
    snprintf(conf, sizeof(conf), "%s/none.yaml", folder);
    querylog_write(folder, 0);
    struct wr_devicelog_want want = {
        .who = "mud", .device = "192.0.2.3", .config = conf, .folder = folder};
    assert_int_equal(wr_devicelog_open(&want, &log), 1); /* no such file */
    FILE *out = fopen(conf, "w");
    assert_non_null(out);
    assert_true(fputs("{}\n", out) >= 0 && fclose(out) == 0);
    assert_int_equal(wr_devicelog_open(&want, &log), 0);
    for (int i = 0; i < 2; i++) {
        s = (struct seen){0};
        assert_int_equal(wr_devicelog_walk(log, see, &s, &sum), 0);
        assert_int_equal(s.all, 8);
        assert_int_equal(s.own, 7);
        assert_int_equal(s.answered, 6);
        assert_int_equal(sum.own, 7);
        assert_int_equal(sum.others, 1);
        assert_int_equal(sum.denied, 1);
        assert_true(sum.to_s - sum.from_s >= 8 * 86400);
    }
    wr_devicelog_close(log);
    want.device = NULL;
    assert_int_equal(wr_devicelog_open(&want, &log), 0);
    assert_int_equal(wr_devicelog_walk(log, see, &s, &sum), 0);
    assert_int_equal(sum.others, 8);
    wr_devicelog_close(log);
    want.folder = NULL; /* and the configuration names none */
    assert_int_equal(wr_devicelog_open(&want, &log), 1);
    logs_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_log)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
