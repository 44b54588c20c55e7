/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided is serve/replay's, and tests/e2e/policy.py has it run; here: the status, for scripts. */
#include "unit/serve/logs.h"

#include <time.h>

#include "cli/policytest.h"
#include "serve/logsegment.h"

static const struct wr_opts opts = {.verb = "policy", .usage = "", .about = ""};
static const struct wr_talk talk = {.who = "policy", .json = true};

static void write_conf(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* One query of now. */
static void write_log(const char *folder)
{
    static const uint8_t none[WR_LOGBLOCK_HASH];
    struct wr_logblock_writer *w;
    struct wr_logblock_head head;
    struct wr_logsegment s;
    struct wr_ledger_event e;
    const uint8_t *bytes = NULL;
    int fd;
    logs_event(1, &e);
    e.record.wall_s = (int64_t)time(NULL) - 60;
    assert_int_equal(wr_logfolder_open(folder, true, &fd), WR_OK);
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    assert_int_equal(wr_logsegment_begin(fd, 1, 1, none, 1, &s), WR_OK);
    assert_int_equal(wr_logblock_add(w, &e), WR_OK);
    size_t size = wr_logblock_build(w, s.hash, &bytes, &head);
    assert_int_equal(wr_logsegment_append(&s, bytes, size, &head), WR_OK);
    wr_logsegment_close(&s);
    wr_logblock_destroy(w);
    close(fd);
}

static void test_status(void **state)
{
    char folder[64], conf[128];
    logs_folder(folder);
    snprintf(conf, sizeof(conf), "%s/new.yaml", folder);
    write_conf(conf, "policy: {rules: [{name: a, domains: [vendor.example], verdict: drop}]}\n");
    struct wr_policytest_want want = {.file = conf, .folder = folder};
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 0); /* there is nothing to change */
    write_log(folder);
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), WR_POLICYTEST_CHANGES);
    want.days = "0";
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 2);
    want.days = "1";
    want.count = "x";
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 2);
    want.count = "1";
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), WR_POLICYTEST_CHANGES);
    want.folder = "/nonexistent/log";
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 1);
    want.folder = NULL; /* and the file names none */
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 1);
    want.folder = folder;
    write_conf(conf, "policy: {rules: [{name: a, domains: [example], verdict: perhaps}]}\n");
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 1);
    write_conf(conf, "");
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 0);
    want.file = "/nonexistent/weir.yaml";
    assert_int_equal(wr_policytest_run(&want, &talk, &opts), 1);
    logs_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_status)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
