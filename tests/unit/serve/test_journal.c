/* SPDX-License-Identifier: Apache-2.0 */
/* How it hangs in the daemon is tests/e2e/log_disk.py's; here a daemon's state that has no more than it needs. */
#include "unit/serve/logs.h"

#include "conf/mistakes.h"
#include "serve/journal.h"
#include "serve/serve.h"

struct box {
    char folder[64];
    struct wr_serve *s;
    struct wr_gate *gate;
};

static void set_up(struct box *b, const char *privacy, bool disk)
{
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    char text[200];
    logs_folder(b->folder);
    b->s = calloc(1, sizeof(*b->s));
    b->gate = calloc(1, sizeof(*b->gate));
    assert_true(mistakes != NULL && b->s != NULL && b->gate != NULL);
    wr_mistakes_init(mistakes);
    snprintf(text, sizeof(text), "log: {events: 10, path: \"%s\", privacy: %s}\n",
             disk ? b->folder : "", privacy);
    assert_int_equal(wr_conf_read(text, strlen(text), mistakes, &b->s->conf), WR_OK);
    free(mistakes);
    b->s->first_conf = b->s->conf;
    b->s->gate = b->gate;
    b->gate->settings.serial = 7;
    b->s->workers = 1;
    assert_int_equal(wr_labels_create(&b->s->labels), WR_OK);
    snprintf(b->s->slots.url[3], sizeof(b->s->slots.url[3]), "tls://192.0.2.1");
    assert_int_equal(wr_journal_open(b->s), WR_OK);
}

static void tear_down(struct box *b)
{
    wr_journal_stop(b->s);
    wr_journal_free(b->s);
    wr_labels_destroy(b->s->labels);
    wr_conf_free(b->s->conf);
    free(b->s);
    free(b->gate);
    logs_remove(b->folder);
}

static void test_disk(void **state)
{
    struct box b;
    struct wr_ledger_event e[8];
    struct wr_ledger_stats stats;
    set_up(&b, "full", true);
    wr_ledger_stats(b.s->ledger, &stats);
    assert_true(stats.cap >= 16384); /* a disk that stalls has something to catch up with */
    assert_int_equal(wr_journal_run(b.s, NULL), WR_OK);
    logs_event(1, &e[0]);
    e[0].record.upstream = 3;
    assert_true(logs_put(&wr_ledger_rings(b.s->ledger)[0], &e[0]));
    wr_ledger_catch_up(b.s->ledger);
    b.gate->settings.serial = 8;
    wr_journal_settled(b.s);
    assert_int_equal(wr_ledger_read(b.s->ledger, 0, e, 8), 3);
    assert_non_null(strstr(e[0].text, "settings 7 in force"));
    assert_string_equal(e[1].upstream, "tls://192.0.2.1");
    assert_non_null(strstr(e[2].text, "settings 8 in force"));
    tear_down(&b);
}

static void test_memory_alone(void **state)
{
    struct box b;
    struct wr_ledger_event e;
    struct wr_ledger_stats stats;
    set_up(&b, "hashed", false);
    wr_ledger_stats(b.s->ledger, &stats);
    assert_int_equal(stats.cap, 10);
    assert_int_equal(wr_journal_run(b.s, NULL), WR_OK);
    logs_event(1, &e);
    assert_true(logs_put(&wr_ledger_rings(b.s->ledger)[0], &e));
    wr_ledger_catch_up(b.s->ledger);
    assert_int_equal(wr_ledger_read(b.s->ledger, 0, &e, 1), 1);
    assert_int_equal(e.number, 1);
    assert_int_equal(e.record.client.family, WR_AF_NONE);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk),
        cmocka_unit_test(test_memory_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
