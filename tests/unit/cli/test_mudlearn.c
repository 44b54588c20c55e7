/* SPDX-License-Identifier: Apache-2.0 */
/* What is learned is policy/learn's; here: what is written and what drift finds in it. */
#include "unit/cli/querylog.h"

#include "cli/mudlearn.h"
#include "cli/mudlook.h"
#include "conf/mudfile.h"

static const struct wr_opts opts = {.verb = "mud", .usage = "", .about = ""};
static const struct wr_talk talk = {.who = "mud", .json = true};

/* Names of the first list, in one text. */
static void names_of(const char *path, char *ret, size_t cap)
{
    struct wr_mud *mud = wr_mudlook_file(path, NULL, NULL);
    size_t at = 0;
    assert_non_null(mud);
    ret[0] = 0;
    for (uint32_t i = 0; i < mud->aces; i++) {
        const char *name = wr_mud_at(mud, wr_mud_peer_name(&mud->ace[i]));
        if (name[0] != 0 && mud->ace[i].family == WR_AF_V4) {
            at += (size_t)snprintf(ret + at, cap - at, "%s%s", at > 0 ? " " : "", name);
        }
    }
    wr_mudfile_free(mud);
}

static int drift(const struct wr_mudlearn_want *want, const char *path)
{
    struct wr_mud *mud = wr_mudlook_file(path, NULL, NULL);
    assert_non_null(mud);
    int status = wr_mudlearn_drift(want, mud, &talk, &opts);
    wr_mudfile_free(mud);
    return status;
}

/* What drift prints; the profile is of `year` then. */
static json_t *drift_of(const struct wr_mudlearn_want *want, const char *path, const char *year,
                        int status)
{
    static const char key[] = "\"last-update\": \"";
    char text[16384], printed[160];
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = 0;
    char *at = strstr(text, key);
    assert_non_null(at);
    memcpy(at + sizeof(key) - 1, year, 4);
    rewind(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    snprintf(printed, sizeof(printed), "%s.out", path);
    int out = dup(STDOUT_FILENO), to = open(printed, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(out >= 0 && to >= 0);
    assert_int_equal(fflush(stdout), 0);
    assert_int_equal(dup2(to, STDOUT_FILENO), STDOUT_FILENO);
    int got = drift(want, path);
    (void)fflush(stdout);
    assert_int_equal(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
    close(out);
    close(to);
    assert_int_equal(got, status);
    json_t *j = json_load_file(printed, 0, NULL);
    assert_non_null(j);
    return j;
}

static const char *text_of(const json_t *list, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(list, i), key));
}

static void test_learn_and_drift(void **state)
{
    char folder[64], conf[128], to[128], names[512];
    logs_folder(folder);
    snprintf(conf, sizeof(conf), "%s/weir.yaml", folder);
    snprintf(to, sizeof(to), "%s/profile.json", folder);
    FILE *out = fopen(conf, "w");
    assert_non_null(out);
    assert_true(fputs("{}\n", out) >= 0 && fclose(out) == 0);
    querylog_write(folder, 0);
    struct wr_mudlearn_want want = {
        .device = "192.0.2.3", .days = "7", .config = conf, .folder = folder, .to = to};
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 0);
    names_of(to, names, sizeof(names));
    assert_string_equal(names, "api.example.com *.ch.example.com shadow.example.org");
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 1); /* nothing is written over */
    want.to = NULL;
    want.days = "0";
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 2);
    want.days = NULL; /* thirty */
    /* Names that did not exist, were denied, or are older than what was learned from. */
    json_t *j = drift_of(&want, to, "2100", WR_MUDLEARN_DRIFT), *list = json_object_get(j, "new");
    assert_int_equal(json_array_size(list), 3); /* the oldest first */
    assert_string_equal(text_of(list, 0, "name"), "once.example.net");
    assert_int_equal(json_integer_value(json_object_get(j, "in_profile")), 4);
    assert_int_equal(json_integer_value(json_object_get(j, "denied")), 1);
    json_decref(j);
    want.device = "192.0.2.9";
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 1);
    assert_int_equal(drift(&want, to), 1);
    want.device = "192.0.2.4";
    assert_int_equal(drift(&want, to), WR_MUDLEARN_DRIFT);
    (void)unlink(to);
    want.to = to;
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 0);
    names_of(to, names, sizeof(names));
    assert_string_equal(names, "other.example.net");
    assert_int_equal(drift(&want, to), 0);
    want.device = "192.0.2.3";
    (void)unlink(to);
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 0);
    j = drift_of(&want, to, "2020", WR_MUDLEARN_DRIFT);
    list = json_object_get(j, "gone"); /* for nine days less some hours */
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(list, 0, "approves"), "once.example.net");
    json_decref(j);
    want.folder = "/nonexistent/log";
    assert_int_equal(drift(&want, to), 1);
    logs_remove(folder);
}

/* A profile that is known to lack names is shown, and not written. */
static void test_too_many_names(void **state)
{
    char folder[64], conf[128], to[128];
    logs_folder(folder);
    snprintf(conf, sizeof(conf), "%s/weir.yaml", folder);
    snprintf(to, sizeof(to), "%s/profile.json", folder);
    FILE *out = fopen(conf, "w");
    assert_non_null(out);
    assert_true(fputs("{}\n", out) >= 0 && fclose(out) == 0);
    querylog_write(folder, WR_LEARN_NAMES_MAX + 1);
    struct wr_mudlearn_want want = {.device = "192.0.2.5", .config = conf, .folder = folder};
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 0);
    want.to = to;
    assert_int_equal(wr_mudlearn_run(&want, &talk, &opts), 1);
    assert_int_not_equal(access(to, F_OK), 0);
    logs_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_learn_and_drift),
                                       cmocka_unit_test(test_too_many_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
