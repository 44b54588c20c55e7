/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/keeplog.h"

static char dir[64], path[128];
static const struct wr_hash_key secret = {{5, 6}}, other = {{5, 7}};
static const struct wr_checkpoint_clock now = {.now = {1000 * WR_S, 1700000000, true}};

static int setup(void **state)
{
    strcpy(dir, "/tmp/weir-keeplog-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/log", dir);
    return 0;
}

static int teardown(void **state)
{
    char command[256];

    snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
    return system(command);
}

static void append(struct wr_keeplog *log, const char *name)
{
    uint8_t room[512];
    struct wr_checkpoint_batch batch;
    uint64_t bytes;

    wr_checkpoint_start(&batch, room, sizeof(room));
    assert_int_equal(wr_checkpoint_add_flush(&batch, (const uint8_t *)name), WR_OK);
    assert_int_equal(wr_keeplog_append(log, &batch, &now, &bytes), WR_OK);
    assert_true(bytes > WR_CHECKPOINT_BATCH_EXTRA);
}

/* Gathers the first letters of the names. */
static void gather(void *user, const struct wr_checkpoint_reader *r,
                   struct wr_checkpoint_record *record)
{
    char *text = user;

    assert_int_equal(record->what, WR_CHECKPOINT_FLUSH);
    assert_true(r->good <= r->size);
    strncat(text, (const char *)record->name.wire + 1, 1);
}

static enum wr_keeplog_found load(struct wr_keeplog *log, const struct wr_hash_key *key,
                                  const char *want)
{
    char text[16] = "";
    enum wr_keeplog_found found;

    wr_keeplog_init(log);
    found = wr_keeplog_load(log, path, key, gather, text);
    assert_string_equal(text, want);
    assert_int_equal(log->fd >= 0, found == WR_KEEPLOG_WHOLE || found == WR_KEEPLOG_UNFINISHED);
    assert_true(strlen(wr_keeplog_found_text(found)) > 5);
    return found;
}

static void what_is_appended_is_loaded_and_goes_on(void **state)
{
    struct wr_keeplog log;

    assert_int_equal(load(&log, &secret, ""), WR_KEEPLOG_NONE);
    assert_int_equal(wr_keeplog_begin(&log, path, &secret), WR_OK);
    append(&log, "\1a");
    append(&log, "\1b");
    wr_keeplog_close(&log);
    assert_int_equal(load(&log, &secret, "ab"), WR_KEEPLOG_WHOLE);
    append(&log, "\1c");
    wr_keeplog_close(&log);
    assert_int_equal(load(&log, &secret, "abc"), WR_KEEPLOG_WHOLE);
    wr_keeplog_close(&log);
}

static void an_unfinished_batch_is_cut_off(void **state)
{
    struct wr_keeplog log;
    struct stat st;

    assert_int_equal(wr_keeplog_begin(&log, path, &secret), WR_OK);
    append(&log, "\1a");
    append(&log, "\1b");
    assert_int_equal(ftruncate(log.fd, (off_t)log.size - 3), 0);
    wr_keeplog_close(&log);
    assert_int_equal(load(&log, &secret, "a"), WR_KEEPLOG_UNFINISHED);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, log.size);
    append(&log, "\1c");
    wr_keeplog_close(&log);
    assert_int_equal(load(&log, &secret, "ac"), WR_KEEPLOG_WHOLE);
    wr_keeplog_close(&log);
}

static void what_is_wrong_has_its_name(void **state)
{
    struct wr_keeplog log;
    size_t first;

    assert_int_equal(wr_keeplog_begin(&log, path, &secret), WR_OK);
    append(&log, "\1a");
    first = log.size;
    append(&log, "\1b");
    assert_int_equal(pwrite(log.fd, "x", 1, (off_t)first - 20), 1);
    wr_keeplog_close(&log);
    assert_int_equal(load(&log, &secret, "b"), WR_KEEPLOG_ALTERED);
    assert_int_equal(load(&log, &other, ""), WR_KEEPLOG_ALTERED);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(load(&log, &secret, ""), WR_KEEPLOG_CUT);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(load(&log, &secret, ""), WR_KEEPLOG_FOREIGN);
    assert_int_equal(truncate(path, (off_t)1 << 30), 0);
    assert_int_equal(load(&log, &secret, ""), WR_KEEPLOG_TOO_LARGE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(load(&log, &secret, ""), WR_KEEPLOG_DENIED);
    assert_int_not_equal(wr_keeplog_begin(&log, path, &secret), WR_OK);
    assert_int_equal(log.fd, -1);
}

static void a_file_removed_under_our_hands_is_noticed(void **state)
{
    uint8_t room[512];
    struct wr_checkpoint_batch batch;
    struct wr_keeplog log;
    uint64_t bytes = 9;

    wr_keeplog_init(&log);
    assert_int_equal(wr_keeplog_begin(&log, path, &secret), WR_OK);
    assert_int_equal(unlink(path), 0);
    wr_checkpoint_start(&batch, room, sizeof(room));
    assert_int_equal(wr_keeplog_append(&log, &batch, &now, &bytes), WR_E_STALE);
    assert_int_equal(bytes, 0);
    assert_int_equal(log.fd, -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_appended_is_loaded_and_goes_on),
        TEST(an_unfinished_batch_is_cut_off),
        TEST(what_is_wrong_has_its_name),
        TEST(a_file_removed_under_our_hands_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
