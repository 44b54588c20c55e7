/* SPDX-License-Identifier: Apache-2.0 */
/* Counts in a file: added up, asked for, bounded, whole after a death in the middle of a write, and refused when they are none. */
#include "unit/serve/logs.h"

#include <sys/wait.h>

#include "serve/historydb.h"

static char folder[64], path[128];

static struct wr_historydb *open_db(uint64_t size)
{
    struct wr_historydb *db = NULL;
    assert_int_equal(wr_historydb_open(path, size, &db), WR_OK);
    return db;
}

static void setup(void)
{
    logs_folder(folder);
    snprintf(path, sizeof(path), "%s/history.db", folder);
}

static void put(struct wr_historydb *db, int64_t minute, uint32_t device, const char *client,
                const char *name, uint64_t queries)
{
    const struct wr_historydb_row row = {.minute = minute,
                                         .device = device,
                                         .client = client,
                                         .name = name,
                                         .queries = queries,
                                         .denied = queries / 2,
                                         .failed = 1,
                                         .cached = queries / 3};
    assert_int_equal(wr_historydb_put(db, &row), WR_OK);
}

static char said[2048];

static void say(void *user, const struct wr_historydb_row *r)
{
    size_t n = strlen(said);
    (void)user;
    snprintf(said + n, sizeof(said) - n, "%u/%s/%s/%llu/%llu/%llu/%llu@%lld ", (unsigned)r->device,
             r->client, r->name, (unsigned long long)r->queries, (unsigned long long)r->denied,
             (unsigned long long)r->failed, (unsigned long long)r->cached, (long long)r->minute);
}

static void expect(struct wr_historydb *db, struct wr_historydb_want want, const char *text)
{
    want.client = want.client ? want.client : "";
    want.name = want.name ? want.name : "";
    want.limit = want.limit ? want.limit : 10;
    want.until = want.until ? want.until : INT64_MAX;
    said[0] = 0;
    assert_int_equal(wr_historydb_top(db, &want, say, NULL), WR_OK);
    assert_string_equal(said, text);
}

static void fill(struct wr_historydb *db)
{
    assert_int_equal(wr_historydb_begin(db), WR_OK);
    put(db, 100, 7, "", "a.one.example.", 6);
    put(db, 101, 7, "", "a.one.example.", 4);
    put(db, 101, 0, "192.0.2.1", "one.example.", 3);
    put(db, 102, 0, "192.0.2.2", "xone.example.", 9);
    put(db, 102, 7, "", "", 2);
    assert_int_equal(wr_historydb_end(db, 55), WR_OK);
}

static void test_counts(void **state)
{
    setup();
    struct wr_historydb *db = open_db(1 << 20);
    assert_int_equal(wr_historydb_after(db), 0);
    fill(db);
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_NAMES},
           "0//a.one.example./10/5/2/3@101 0//xone.example./9/4/1/3@102 "
           "0//one.example./3/1/1/1@101 0///2/1/1/0@102 ");
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_DEVICES},
           "7///12/6/3/3@102 0/192.0.2.2//9/4/1/3@102 0/192.0.2.1//3/1/1/1@101 ");
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_MINUTES, .limit = 1},
           "0///11/5/2/3@102 ");
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_NAMES, .name = "one.example."},
           "0//a.one.example./10/5/2/3@101 0//one.example./3/1/1/1@101 ");
    expect(db,
           (struct wr_historydb_want){
               .by = WR_HISTORYDB_NAMES, .has_device = true, .device = 7, .until = 101},
           "0//a.one.example./10/5/2/3@101 ");
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_MINUTES, .client = "192.0.2.1"},
           "0///3/1/1/1@101 ");
    wr_historydb_close(db);
    db = open_db(1 << 20);
    assert_int_equal(wr_historydb_after(db), 55);
    assert_int_equal(wr_historydb_begin(db), WR_OK);
    put(db, 100, 7, "", "a.one.example.", 1); /* to what is there */
    assert_int_equal(wr_historydb_end(db, 56), WR_OK);
    assert_int_equal(wr_historydb_prune(db, 101), WR_OK);
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_NAMES, .limit = 2},
           "0//xone.example./9/4/1/3@102 0//a.one.example./4/2/1/1@101 ");
    wr_historydb_close(db);
    logs_remove(folder);
}

/* Who dies in the middle of a write, or does not end it, leaves what was there before. */
static void test_whole(void **state)
{
    int status = 0;
    setup();
    struct wr_historydb *db = open_db(1 << 20), *other = NULL;
    fill(db);
    assert_int_equal(wr_historydb_open(path, 1 << 20, &other), WR_E_IO); /* nobody else */
    assert_non_null(strstr(wr_historydb_why(), "locked"));
    wr_historydb_close(db);
    pid_t child = fork();
    if (child == 0) {
        db = open_db(1 << 20);
        if (wr_historydb_begin(db) == WR_OK) {
            put(db, 102, 0, "192.0.2.2", "xone.example.", 1000);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    db = open_db(1 << 20);
    assert_int_equal(wr_historydb_after(db), 55);
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_NAMES, .name = "xone.example."},
           "0//xone.example./9/4/1/3@102 ");
    wr_historydb_close(db);
    logs_remove(folder);
}

static void test_bounded(void **state)
{
    struct wr_historydb_figures f;
    char name[64];
    setup();
    struct wr_historydb *db = open_db(1); /* the least there is: a quarter of a megabyte */
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(wr_historydb_begin(db), WR_OK);
        for (uint32_t k = 0; k < 50; k++) {
            snprintf(name, sizeof(name), "n%u.example.", (unsigned)(i * 50 + k));
            put(db, i, 1, "", name, 1);
        }
        assert_int_equal(wr_historydb_end(db, i), WR_OK);
        assert_int_equal(wr_historydb_make_room(db, 8 * 4096), WR_OK);
    }
    wr_historydb_figures(db, &f);
    assert_true(f.file_bytes <= 64 * 4096 && f.file_bytes >= 32 * 4096);
    assert_true(f.dropped > 0 && f.written > 1 << 20);
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_MINUTES, .since = 199, .until = 199},
           "0///50/0/50/0@199 "); /* the newest is there, and the first is not */
    expect(db, (struct wr_historydb_want){.by = WR_HISTORYDB_MINUTES, .until = 1}, "");
    wr_historydb_close(db);
    logs_remove(folder);
}

/* Without making room it is refused, and what is there stays. */
static void test_full(void **state)
{
    char name[64];
    int err = WR_OK;
    setup();
    struct wr_historydb *db = open_db(1);
    for (uint32_t i = 0; i < 100000 && err == WR_OK; i++) {
        snprintf(name, sizeof(name), "n%u.example.", (unsigned)i);
        const struct wr_historydb_row row = {
            .minute = i, .device = 1, .client = "", .name = name, .queries = 1};
        err = wr_historydb_begin(db);
        err = err == WR_OK ? wr_historydb_put(db, &row) : err;
        err = err == WR_OK ? wr_historydb_end(db, i) : err;
    }
    assert_int_equal(err, WR_E_FULL);
    assert_int_equal(wr_historydb_make_room(db, 1), WR_OK);
    fill(db); /* nothing of what was refused is under way */
    wr_historydb_close(db);
    logs_remove(folder);
}

static void write_file(const char *name, const char *text, size_t n)
{
    FILE *out = fopen(name, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static void test_no_history(void **state)
{
    struct wr_historydb *db = NULL;
    char other[160], page[8192];
    setup();
    memset(page, 'x', sizeof(page));
    write_file(path, page, sizeof(page));
    assert_int_equal(wr_historydb_open(path, 1 << 20, &db), WR_E_FORMAT);
    assert_int_equal(wr_historydb_aside(path), WR_OK);
    fill(db = open_db(1 << 20));
    wr_historydb_close(db);
    /* Its head is good, and what stands behind it is not. */
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 4096, SEEK_SET), 0);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(fwrite(page, 1, 4096, f), 4096);
    }
    assert_int_equal(fclose(f), 0);
    assert_int_equal(wr_historydb_open(path, 1 << 20, &db), WR_E_FORMAT);
    assert_int_equal(wr_historydb_aside(path), WR_OK);
    /* Of another version. */
    fill(db = open_db(1 << 20));
    wr_historydb_close(db);
    f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 63, SEEK_SET), 0); /* user_version, big endian, at 60 */
    assert_int_equal(fputc(9, f), 9);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(wr_historydb_open(path, 1 << 20, &db), WR_E_FORMAT);
    assert_int_equal(wr_historydb_aside(path), WR_OK);
    /* A link is nobody's. */
    snprintf(other, sizeof(other), "%s/other", folder);
    write_file(other, "", 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(wr_historydb_open(path, 1 << 20, &db), WR_E_DENIED);
    logs_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_whole),
        cmocka_unit_test(test_bounded),    cmocka_unit_test(test_full),
        cmocka_unit_test(test_no_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
