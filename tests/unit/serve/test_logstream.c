/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include "serve/logdisk.h"
#include "serve/logstream.h"

struct box {
    char folder[64];
    struct wr_ledger *l;
    struct wr_logdisk *d;
    struct wr_now now;
};

/* 30 000 events, of which memory has the last 8192 and the disk all but the last 500. */
static void set_up(struct box *b)
{
    logs_folder(b->folder);
    b->now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = 1700000000};
    const struct wr_logdisk_conf conf = {.path = b->folder,
                                         .size_bytes = (uint64_t)64 << 20,
                                         .budget_per_day_bytes = (uint64_t)1 << 30,
                                         .interval_ms = 30000};
    assert_int_equal(wr_ledger_create(1, 8192, &b->l), WR_OK);
    assert_int_equal(wr_logdisk_open(&conf, b->l, &b->now, &b->d), WR_OK);
    for (uint32_t n = 0; n < 29500; n += 500) {
        logs_feed(b->l, n + 1, n + 500);
        wr_logdisk_turn(b->d, &b->now, n == 29000);
    }
    logs_feed(b->l, 29501, 30000);
}

static void tear_down(struct box *b)
{
    wr_logdisk_close(b->d, &b->now);
    wr_ledger_destroy(b->l);
    logs_remove(b->folder);
}

/* Numbers of the first and the last that came, and how many; each above the one before. */
static uint64_t drain(struct wr_logstream *s, enum wr_logstream_state until, uint64_t *ret_first,
                      uint64_t *ret_last)
{
    struct wr_ledger_event e[64];
    enum wr_logstream_state state;
    uint64_t count = 0;
    uint32_t n = 0;
    *ret_first = *ret_last = 0;
    do {
        state = wr_logstream_next(s, e, 64, &n);
        for (uint32_t i = 0; i < n; i++) {
            struct wr_ledger_event made;
            assert_true(e[i].number > *ret_last);
            *ret_last = e[i].number;
            *ret_first = *ret_first == 0 ? e[i].number : *ret_first;
            logs_event((uint32_t)e[i].number, &made);
            assert_true(wr_name_equal(made.name.wire, e[i].name.wire));
        }
        count += n;
    } while (state == WR_LOGSTREAM_MORE);
    assert_int_equal(state, until);
    return count;
}

static void test_disk_and_memory_are_one(void **state)
{
    struct box b;
    struct wr_logstream *s;
    uint64_t first, last;
    set_up(&b);
    struct wr_logstream_want want = {.count = UINT64_MAX, .folder = b.folder};
    wr_logfilter_init(&want.filter);
    assert_int_equal(wr_logstream_open(b.l, &want, &s), WR_OK);
    logs_feed(b.l, 30001, 30010); /* later than the asking */
    assert_int_equal(drain(s, WR_LOGSTREAM_END, &first, &last), 30000);
    assert_int_equal(first, 1);
    assert_int_equal(wr_logstream_missing(s), 0);
    wr_logstream_close(s);
    want.folder = NULL;
    assert_int_equal(wr_logstream_open(b.l, &want, &s), WR_OK);
    assert_in_range(drain(s, WR_LOGSTREAM_END, &first, &last), 7000, 8192);
    wr_logstream_close(s);
    tear_down(&b);
}

static void test_the_last_of_those_wanted(void **state)
{
    struct box b;
    struct wr_logstream *s;
    uint64_t first, last;
    set_up(&b);
    struct wr_logstream_want want = {.count = 12000, .folder = b.folder};
    wr_logfilter_init(&want.filter);
    assert_int_equal(wr_logstream_open(b.l, &want, &s), WR_OK);
    assert_int_equal(drain(s, WR_LOGSTREAM_END, &first, &last), 12000);
    assert_int_equal(last, 30000);
    wr_logstream_close(s);
    want.filter.queries = want.filter.has_type = true;
    want.filter.type = WR_TYPE_AAAA; /* every third */
    want.count = 5000;
    assert_int_equal(wr_logstream_open(b.l, &want, &s), WR_OK);
    assert_int_equal(drain(s, WR_LOGSTREAM_END, &first, &last), 5000);
    assert_int_equal(last, 30000);
    assert_int_equal(first, 30000 - 3 * 4999);
    wr_logstream_close(s);
    want.count = 0;
    assert_int_equal(wr_logstream_open(b.l, &want, &s), WR_OK);
    assert_int_equal(drain(s, WR_LOGSTREAM_END, &first, &last), 0);
    wr_logstream_close(s);
    tear_down(&b);
}

static void test_follow(void **state)
{
    struct box b;
    struct wr_logstream *s;
    struct wr_ledger_event e;
    uint64_t first, last;
    set_up(&b);
    struct wr_logstream_want want = {.count = 3, .folder = b.folder, .follow = true};
    wr_logfilter_init(&want.filter);
    want.filter.queries = want.filter.has_rcode = true;
    want.filter.rcode = WR_RCODE_SERVFAIL;
    assert_int_equal(wr_logstream_open(b.l, &want, &s), WR_OK);
    assert_int_equal(drain(s, WR_LOGSTREAM_WAIT, &first, &last), 0);
    logs_feed(b.l, 30001, 30100);
    logs_event(30101, &e);
    e.record.rcode = WR_RCODE_SERVFAIL;
    assert_true(logs_put(&wr_ledger_rings(b.l)[0], &e));
    wr_ledger_catch_up(b.l);
    assert_int_equal(drain(s, WR_LOGSTREAM_WAIT, &first, &last), 1);
    assert_int_equal(last, 30101);
    wr_logstream_close(s);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk_and_memory_are_one),
        cmocka_unit_test(test_the_last_of_those_wanted),
        cmocka_unit_test(test_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
