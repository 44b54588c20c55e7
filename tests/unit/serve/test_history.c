/* SPDX-License-Identifier: Apache-2.0 */
/* The history of a ledger: what is counted, what is bounded, and who asks. Its thread's turns are made here; what a kill leaves is in tests/e2e/log_disk.py. */
#include "unit/serve/logs.h"

#include "base/limits.h"
#include "serve/history.h"

static struct wr_ledger *ledger;
static struct wr_history *history;
static struct wr_clock clock_of;
static struct wr_now now;
static char folder[64];
static unsigned news;

static void on_news(void *user)
{
    (void)user;
    news++;
}

static void open_all(void)
{
    const struct wr_history_setup setup = {.conf = {.folder = folder,
                                                    .size_bytes = 1 << 20,
                                                    .budget_per_day_bytes = 1 << 20,
                                                    .days = 9},
                                           .ledger = ledger,
                                           .clock = &clock_of,
                                           .news = on_news};
    assert_int_equal(wr_history_open(&setup, &history), WR_OK);
}

static void begin(void)
{
    logs_folder(folder);
    assert_int_equal(wr_ledger_create(1, 65536, &ledger), WR_OK);
    wr_clock_read(&clock_of, &now);
    open_all();
}

static void end(void)
{
    wr_history_close(history, &now);
    wr_ledger_destroy(ledger);
    logs_remove(folder);
}

static void put(uint32_t n, uint8_t client, const char *name, uint8_t action)
{
    struct wr_ledger_event e;
    logs_event(n, &e);
    e.record.client = (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, client}, .port = 9};
    e.record.verdict.action = action;
    assert_int_equal(wr_name_from_text(name, strlen(name), &e.name), WR_OK);
    e.record.name_size = e.name.size;
    while (!logs_put(&wr_ledger_rings(ledger)[0], &e)) {
        wr_ledger_catch_up(ledger);
    }
    wr_ledger_catch_up(ledger);
}

static uint32_t ask(enum wr_historydb_by by)
{
    const struct wr_historydb_want want = {
        .by = by, .until = INT64_MAX, .client = "", .name = "", .limit = 200};
    uint32_t ticket = wr_history_ask(history, &want);
    assert_int_not_equal(ticket, 0);
    return ticket;
}

static void test_counts(void **state)
{
    struct wr_history_reply reply;
    struct wr_history_status status;
    begin();
    put(1, 1, "A.example", WR_VERDICT_NONE);
    put(2, 1, "a.Example", WR_VERDICT_REFUSED);
    put(3, 2, "a.example", WR_VERDICT_ALLOW);
    put(4, 2, "b.example", WR_VERDICT_ROUTE);
    uint32_t ticket = ask(WR_HISTORYDB_NAMES);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_WAITS);
    wr_history_turn(history, &now, false); /* a question has all written that is counted */
    assert_int_equal(news, 1);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_ANSWERED);
    assert_int_equal(reply.rows, 2);
    assert_string_equal(reply.row[0].name, "a.example.");
    assert_int_equal(reply.row[0].queries, 3);
    assert_int_equal(reply.row[0].denied, 1);
    assert_int_equal(reply.row[0].cached, 3);
    assert_int_equal(reply.row[0].minute, 1700000000 / 60);
    wr_history_give_back(history, ticket);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_FAILED);
    ticket = ask(WR_HISTORYDB_DEVICES);
    uint32_t other = ask(WR_HISTORYDB_MINUTES);
    wr_history_give_back(history, other); /* before it is answered */
    wr_history_turn(history, &now, false);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_ANSWERED);
    assert_int_equal(reply.rows, 2);
    assert_string_equal(reply.row[1].client, "192.0.2.1");
    wr_history_give_back(history, ticket);
    wr_history_status(history, &now, &status);
    assert_int_equal(status.counted, 4);
    assert_int_equal(status.after, 4);
    assert_string_equal(status.problem, "");
    end();
}

/* Questions write what is counted, but no more than a day may; then the answer is of a moment ago. */
static void test_questions_and_the_budget(void **state)
{
    struct wr_history_status status;
    uint64_t counted = 0;
    uint32_t asked = 0;
    begin();
    wr_history_turn(history, &now, true);
    for (; asked < 100 && counted == asked; asked++) {
        put(asked + 1, 1, "a.example", WR_VERDICT_NONE);
        uint32_t ticket = ask(WR_HISTORYDB_NAMES);
        wr_history_turn(history, &now, false);
        wr_history_give_back(history, ticket);
        wr_history_status(history, &now, &status);
        counted = status.counted;
    }
    assert_true(asked > 1 && asked < 100);
    assert_true(status.bytes_today < 1 << 19);
    end();
}

static void test_questions_are_few(void **state)
{
    const struct wr_historydb_want want = {.client = "", .name = "", .limit = 1};
    begin();
    for (unsigned i = 0; i < 4; i++) {
        assert_int_not_equal(wr_history_ask(history, &want), 0);
    }
    assert_int_equal(wr_history_ask(history, &want), 0);
    end();
}

/* Names that one device makes up do not push the others out. */
static void test_made_up_names(void **state)
{
    struct wr_history_reply reply;
    char name[64];
    uint64_t sum = 0;
    bool other = false;
    begin();
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "n%u.example", (unsigned)i);
        put(4, 1, name, WR_VERDICT_NONE); /* in one minute */
    }
    put(4, 2, "other.example", WR_VERDICT_NONE);
    wr_history_turn(history, &now, true);
    uint32_t ticket = ask(WR_HISTORYDB_NAMES);
    wr_history_turn(history, &now, false);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_ANSWERED);
    assert_int_equal(reply.rows, WR_HISTORY_NAMES_MAX + 2);
    assert_string_equal(reply.row[0].name, "");
    assert_int_equal(reply.row[0].queries, 1000 - WR_HISTORY_NAMES_MAX);
    for (uint32_t i = 0; i < reply.rows; i++) {
        sum += reply.row[i].queries;
        other = other || strcmp(reply.row[i].name, "other.example.") == 0;
    }
    assert_int_equal(sum, 1001);
    assert_true(other);
    wr_history_give_back(history, ticket);
    end();
}

/* Nor do many clients: further ones are counted together. */
static void test_many_clients(void **state)
{
    struct wr_history_reply reply;
    struct wr_ledger_event e;
    uint64_t sum = 0;
    begin();
    for (uint32_t i = 0; i < 3000; i++) {
        logs_event(4, &e);
        e.record.client = (struct wr_addr){.family = WR_AF_V4, .ip = {10, 0, i >> 8, i & 255}};
        while (!logs_put(&wr_ledger_rings(ledger)[0], &e)) {
            wr_ledger_catch_up(ledger);
        }
    }
    wr_ledger_catch_up(ledger);
    wr_history_turn(history, &now, true);
    uint32_t ticket = ask(WR_HISTORYDB_MINUTES);
    wr_history_turn(history, &now, false);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_ANSWERED);
    for (uint32_t i = 0; i < reply.rows; i++) {
        sum += reply.row[i].queries;
    }
    assert_int_equal(sum, 3000);
    wr_history_give_back(history, ticket);
    ticket = ask(WR_HISTORYDB_DEVICES);
    wr_history_turn(history, &now, false);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_ANSWERED);
    assert_string_equal(reply.row[0].client, ""); /* the most frequent: who has no place */
    assert_true(reply.row[0].queries >= 3000 - 2 * WR_HISTORY_MINUTE_MAX - 64);
    wr_history_give_back(history, ticket);
    end();
}

/* Clients that privacy hides, and no clients at all. */
static void test_privacy(void **state)
{
    struct wr_history_reply reply;
    logs_folder(folder);
    assert_int_equal(wr_ledger_create(1, 65536, &ledger), WR_OK);
    wr_ledger_hide(ledger, WR_LEDGER_HASHED);
    wr_clock_read(&clock_of, &now);
    open_all();
    put(1, 1, "a.example", WR_VERDICT_NONE);
    uint32_t ticket = ask(WR_HISTORYDB_DEVICES);
    wr_history_turn(history, &now, false);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_ANSWERED);
    assert_int_equal(reply.rows, 1);
    assert_int_equal(reply.row[0].client[0], '#');
    assert_int_equal(strlen(reply.row[0].client), 17);
    wr_history_give_back(history, ticket);
    end();
}

/* A folder that cannot be used: said once, counted, and when it can be nothing is missing. */
static void test_refused(void **state)
{
    struct wr_history_status status;
    struct wr_history_reply reply;
    char path[128];
    logs_folder(folder);
    snprintf(path, sizeof(path), "%s/history.db", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(wr_ledger_create(1, 65536, &ledger), WR_OK);
    wr_clock_read(&clock_of, &now);
    open_all();
    put(1, 1, "a.example", WR_VERDICT_NONE);
    wr_history_turn(history, &now, false);
    wr_history_status(history, &now, &status);
    assert_true(status.problem[0] != 0 && status.failures == 1);
    uint32_t ticket = ask(WR_HISTORYDB_NAMES);
    wr_history_turn(history, &now, false);
    assert_int_equal(wr_history_answer(history, ticket, &reply), WR_HISTORY_FAILED);
    wr_history_give_back(history, ticket);
    assert_int_equal(rmdir(path), 0);
    wr_history_turn(history, &now, false); /* it is too early to try again */
    wr_history_status(history, &now, &status);
    assert_int_equal(status.counted, 0);
    now.mono_us += 11 * WR_S;
    wr_history_turn(history, &now, false);
    wr_history_turn(history, &now, true);
    wr_history_status(history, &now, &status);
    assert_string_equal(status.problem, "");
    assert_int_equal(status.counted, 1);
    end();
}

/* Names as long as they can be, in a small file, and no budget to write often: the oldest leave before it is full, nothing is refused. */
static void test_long_names(void **state)
{
    struct wr_history_status status;
    struct wr_ledger_event e;
    const uint32_t count = 9000;
    begin();
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *at = e.name.wire;
        logs_event(4, &e);
        e.record.wall_s += i; /* sixty names a minute */
        for (unsigned label = 0; label < 3; label++, at += 81) {
            memset(at, 0x80, 64);
            at[0] = 63;
            at[64] = 16;
            memset(at + 65, 0x81, 16);
        }
        memcpy(e.name.wire + 1, &i, sizeof(i));
        *at = 0;
        e.name.size = (uint8_t)(at - e.name.wire + 1);
        e.record.name_size = e.name.size;
        while (!logs_put(&wr_ledger_rings(ledger)[0], &e)) {
            wr_ledger_catch_up(ledger);
            wr_history_turn(history, &now, false);
        }
    }
    wr_ledger_catch_up(ledger);
    for (unsigned i = 0; i < 100; i++) {
        wr_history_turn(history, &now, i == 99);
    }
    wr_history_status(history, &now, &status);
    assert_string_equal(status.problem, "");
    assert_int_equal(status.failures, 0);
    assert_int_equal(status.counted + status.missing, count);
    assert_true(status.figures.dropped > 0 && status.figures.file_bytes <= 1 << 20);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_questions_and_the_budget),
        cmocka_unit_test(test_questions_are_few),
        cmocka_unit_test(test_made_up_names),
        cmocka_unit_test(test_many_clients),
        cmocka_unit_test(test_privacy),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
