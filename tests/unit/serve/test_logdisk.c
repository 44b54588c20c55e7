/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include <errno.h>

#include "serve/logdisk.h"
#include "serve/logread.h"

/* The sandbox lets nobody make a folder, one that is there no more than another. */
static bool is_sealed;
int mkdir(const char *path, mode_t mode)
{
    if (is_sealed) {
        errno = EPERM;
        return -1;
    }
    return mkdirat(AT_FDCWD, path, mode);
}

struct box {
    char folder[64];
    struct wr_ledger *l;
    struct wr_logdisk *d;
    struct wr_logdisk_conf conf;
    struct wr_now now;
};

static void set_up(struct box *b, uint64_t size, uint64_t budget)
{
    logs_folder(b->folder);
    b->now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = 1700000000};
    b->conf = (struct wr_logdisk_conf){.path = b->folder,
                                       .size_bytes = size,
                                       .budget_per_day_bytes = budget,
                                       .interval_ms = 30000};
    assert_int_equal(wr_ledger_create(1, 20000, &b->l), WR_OK);
    assert_int_equal(wr_logdisk_open(&b->conf, b->l, &b->now, &b->d), WR_OK);
}

static void end(struct box *b)
{
    wr_logdisk_close(b->d, &b->now);
    wr_ledger_destroy(b->l);
    logs_remove(b->folder);
}

/* Queries on disk, one by one and in counts; the chain is whole. */
static void look(const struct box *b, uint64_t *ret_queries, uint64_t *ret_counted,
                 uint64_t *ret_other)
{
    const struct wr_logread_want want = {.since = INT64_MIN, .until = INT64_MAX, .verify = true};
    struct wr_logread *r;
    struct wr_ledger_event e;
    int err;
    *ret_queries = *ret_counted = *ret_other = 0;
    uint64_t last = 0;
    assert_int_equal(wr_logread_open(b->folder, &want, &r), WR_OK);
    while ((err = wr_logread_step(r)) == WR_OK) {
        while (wr_logread_event(r, &e) == WR_OK) {
            assert_true(e.number >= last);
            last = e.number;
            *ret_queries += e.kind == WR_LEDGER_QUERY;
            *ret_counted += e.kind == WR_LEDGER_ROLLUP ? e.count : 0;
            *ret_other += e.kind > WR_LEDGER_ROLLUP;
        }
    }
    assert_string_equal(wr_logread_trouble(r), "");
    assert_int_equal(err, WR_E_NOTFOUND);
    wr_logread_close(r);
}

static void test_written_when_old_or_full(void **state)
{
    struct box b;
    struct wr_logdisk_status s;
    uint64_t queries, counted, other;
    set_up(&b, (uint64_t)64 << 20, (uint64_t)64 << 20);
    logs_feed(b.l, 1, 10);
    wr_logdisk_turn(b.d, &b.now, false);
    wr_logdisk_status(b.d, &b.now, &s);
    assert_int_equal(s.written, 0);
    b.now.mono_us += 31 * WR_S;
    wr_logdisk_turn(b.d, &b.now, false);
    wr_logdisk_status(b.d, &b.now, &s);
    assert_int_equal(s.written, 10);
    assert_int_equal(s.last, 10);
    logs_feed(b.l, 11, 10000);
    wr_logdisk_turn(b.d, &b.now, false);
    wr_logdisk_status(b.d, &b.now, &s);
    assert_int_equal(s.written, 10 + 2 * 4096);
    wr_logdisk_turn(b.d, &b.now, true);
    look(&b, &queries, &counted, &other);
    assert_int_equal(queries, 10000);
    assert_int_equal(counted + other, 0);
    /* The next life goes on with its numbers. */
    wr_logdisk_close(b.d, &b.now);
    wr_ledger_destroy(b.l);
    assert_int_equal(wr_ledger_create(1, 20000, &b.l), WR_OK);
    assert_int_equal(wr_logdisk_open(&b.conf, b.l, &b.now, &b.d), WR_OK);
    logs_feed(b.l, 1, 5);
    wr_logdisk_turn(b.d, &b.now, true);
    wr_logdisk_status(b.d, &b.now, &s);
    assert_int_equal(s.last, 10005);
    look(&b, &queries, &counted, &other);
    assert_int_equal(queries, 10005);
    end(&b);
}

/* Every query is on disk: one by one, or in a count; decisions always one by one. */
static void test_budget(void **state)
{
    struct box b;
    struct wr_logdisk_status s;
    struct wr_ledger_event e;
    uint64_t queries, counted, other, decisions = 0;
    const uint64_t budget = (uint64_t)256 << 10;
    set_up(&b, (uint64_t)64 << 20, budget);
    for (uint32_t round = 0; round < 60; round++) {
        logs_feed(b.l, round * 1000 + 1, round * 1000 + 1000);
        logs_event(round, &e);
        e.record.verdict.action = WR_VERDICT_NXDOMAIN;
        assert_true(logs_put(&wr_ledger_rings(b.l)[0], &e));
        wr_ledger_catch_up(b.l);
        decisions++;
        b.now.mono_us += 31 * WR_S;
        wr_logdisk_turn(b.d, &b.now, false);
    }
    wr_logdisk_status(b.d, &b.now, &s);
    assert_true(s.coarse);
    assert_true(s.bytes_today <= budget);
    wr_logdisk_turn(b.d, &b.now, true);
    look(&b, &queries, &counted, &other);
    assert_true(queries > 2500);
    assert_true(counted > 5000);
    assert_int_equal(queries + counted, 60000 + decisions);
    assert_int_equal(s.lost, 0);
    assert_true(other >= 1); /* it says so itself */
    b.now.mono_us += (uint64_t)20 * 3600 * WR_S;
    logs_feed(b.l, 1, 10);
    wr_logdisk_turn(b.d, &b.now, true);
    logs_feed(b.l, 1, 7);
    wr_logdisk_turn(b.d, &b.now, true);
    wr_logdisk_status(b.d, &b.now, &s);
    assert_false(s.coarse);
    uint64_t after;
    look(&b, &after, &counted, &other);
    assert_true(after >= queries + 7);
    end(&b);
}

static void test_oldest_segments_leave(void **state)
{
    struct box b;
    struct wr_logdisk_status s;
    uint64_t queries, counted, other;
    set_up(&b, (uint64_t)1 << 20, (uint64_t)4 << 30);
    for (uint32_t i = 0; i < 60; i++) {
        logs_feed(b.l, i * 10000 + 1, i * 10000 + 10000);
        b.now.mono_us += 60 * WR_S;
        wr_logdisk_turn(b.d, &b.now, true);
    }
    wr_logdisk_status(b.d, &b.now, &s);
    assert_int_equal(s.written, 600000);
    assert_true(s.folder_bytes <= (1 << 20));
    assert_true(s.segments >= 2);
    look(&b, &queries, &counted, &other);
    assert_true(queries > 10000 && queries < 600000);
    end(&b);
}

/* The folder is away, the disk is full: queries are counted, service goes on, and when it comes back they are written. */
static void test_disk_refuses(void **state)
{
    struct box b;
    struct wr_logdisk_status s;
    uint64_t queries, counted, other;
    set_up(&b, (uint64_t)64 << 20, (uint64_t)64 << 20);
    wr_logdisk_close(b.d, &b.now);
    assert_int_equal(rmdir(b.folder), 0);
    close(open(b.folder, O_CREAT | O_WRONLY, 0600)); /* a file where the folder was */
    assert_int_equal(wr_logdisk_open(&b.conf, b.l, &b.now, &b.d), WR_OK);
    for (uint32_t i = 0; i < 4; i++) {
        logs_feed(b.l, i * 5000 + 1, i * 5000 + 5000);
        b.now.mono_us += 31 * WR_S;
        wr_logdisk_turn(b.d, &b.now, false);
    }
    wr_logdisk_status(b.d, &b.now, &s);
    assert_false(s.writing);
    assert_true(s.failures >= 2);
    assert_non_null(strstr(s.problem, "cannot be"));
    assert_int_equal(s.written, 0);
    assert_int_equal(s.lost, 0);
    assert_true(s.counted > 10000);
    assert_int_equal(unlink(b.folder), 0);
    b.now.mono_us += 31 * WR_S;
    wr_logdisk_turn(b.d, &b.now, true);
    b.now.mono_us += 31 * WR_S;
    wr_logdisk_turn(b.d, &b.now, true);
    wr_logdisk_status(b.d, &b.now, &s);
    assert_true(s.writing);
    look(&b, &queries, &counted, &other);
    assert_int_equal(queries + counted, 20000);
    end(&b);
}

/* No folder at the start, and weir is in its sandbox by the time that its owner makes one. */
static void test_folder_made_by_another(void **state)
{
    struct box b;
    struct wr_logdisk_status s;
    uint64_t queries, counted, other;
    set_up(&b, (uint64_t)64 << 20, (uint64_t)64 << 20);
    wr_logdisk_close(b.d, &b.now);
    assert_int_equal(rmdir(b.folder), 0);
    is_sealed = true;
    assert_int_equal(wr_logdisk_open(&b.conf, b.l, &b.now, &b.d), WR_OK);
    logs_feed(b.l, 1, 10);
    b.now.mono_us += 31 * WR_S;
    wr_logdisk_turn(b.d, &b.now, true);
    wr_logdisk_status(b.d, &b.now, &s);
    assert_string_equal(s.problem, "the folder cannot be made: Operation not permitted");
    is_sealed = false;
    assert_int_equal(mkdir(b.folder, 0700), 0);
    is_sealed = true;
    b.now.mono_us += 31 * WR_S;
    wr_logdisk_turn(b.d, &b.now, true);
    is_sealed = false;
    wr_logdisk_status(b.d, &b.now, &s);
    assert_string_equal(s.problem, "");
    look(&b, &queries, &counted, &other);
    assert_int_equal(queries + counted, 10);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_when_old_or_full), cmocka_unit_test(test_budget),
        cmocka_unit_test(test_oldest_segments_leave),    cmocka_unit_test(test_disk_refuses),
        cmocka_unit_test(test_folder_made_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
