/* SPDX-License-Identifier: Apache-2.0 */
/* The log held against another configuration: what is counted, and in which order it is told. */
#include "unit/serve/logs.h"

#include "base/limits.h"
#include "conf/mistakes.h"
#include "serve/logsegment.h"
#include "serve/replay.h"

static struct wr_conf *conf;
static struct wr_offline *offline;
static struct wr_replay *replay;
static uint32_t told;

static void take_note(void *user, const char *text)
{
    (void)user, (void)text;
}

static void progress(void *user, uint64_t events, uint64_t octets, uint64_t of_octets)
{
    (void)user, (void)events;
    assert_true(octets <= of_octets);
    told++;
}

static void open_conf(const char *yaml)
{
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    wr_mistakes_init(mistakes);
    assert_int_equal(wr_conf_read(yaml, strlen(yaml), mistakes, &conf), WR_OK);
    free(mistakes);
    assert_int_equal(wr_offline_open(conf, take_note, NULL, &offline), WR_OK);
}

static void end(const char *folder)
{
    wr_replay_free(replay);
    wr_offline_close(offline);
    wr_conf_free(conf);
    logs_remove(folder);
    told = 0;
}

/* A query for a name by 192.0.2.x, as an older configuration decided it. */
struct row {
    uint8_t client;
    const char *name;
    uint8_t action;
    const char *rule;
    unsigned times;
};

struct out {
    int fd;
    struct wr_logblock_writer *w;
    struct wr_logsegment segment;
    uint32_t number;
};

static void flush(struct out *o)
{
    const uint8_t *bytes = NULL;
    struct wr_logblock_head head;
    size_t size = wr_logblock_build(o->w, o->segment.hash, &bytes, &head);
    assert_int_equal(wr_logsegment_append(&o->segment, bytes, size, &head), WR_OK);
    wr_logblock_clear(o->w);
}

static void begin(struct out *o, char folder[64])
{
    static const uint8_t hash[WR_LOGBLOCK_HASH];
    logs_folder(folder);
    *o = (struct out){.number = 0};
    assert_int_equal(wr_logfolder_open(folder, true, &o->fd), WR_OK);
    assert_int_equal(wr_logblock_create(&o->w), WR_OK);
    assert_int_equal(wr_logsegment_begin(o->fd, 1, 1, hash, 1, &o->segment), WR_OK);
}

static void finish(struct out *o)
{
    flush(o);
    wr_logsegment_close(&o->segment);
    wr_logblock_destroy(o->w);
    close(o->fd);
}

static void put(struct out *o, struct wr_ledger_event *e)
{
    e->number = ++o->number;
    e->record.wall_s = 1700000000 + o->number;
    if (wr_logblock_add(o->w, e) == WR_E_FULL) {
        flush(o);
        assert_int_equal(wr_logblock_add(o->w, e), WR_OK);
    }
}

static struct wr_ledger_event query(uint8_t client, const char *name)
{
    struct wr_ledger_event e;
    logs_event(1, &e);
    e.record.client.ip[3] = client;
    e.record.qtype = WR_TYPE_A;
    assert_int_equal(wr_name_from_text(name, strlen(name), &e.name), WR_OK);
    return e;
}

static void put_rows(struct out *o, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct wr_ledger_event e = query(rows[i].client, rows[i].name);
        e.record.verdict.action = rows[i].action;
        e.record.verdict.by = rows[i].action ? WR_VERDICT_BY_RULE : 0;
        e.rule = rows[i].rule;
        for (unsigned k = 0; k < rows[i].times; k++) {
            put(o, &e);
        }
    }
}

static void run(const char *folder)
{
    const struct wr_replay_want want = {
        .since = INT64_MIN, .until = INT64_MAX, .progress = progress};
    assert_int_equal(wr_replay_run(folder, &want, offline, &replay), WR_OK);
}

static void expect(const struct wr_replay_change *c, uint8_t client, const char *name, uint8_t was,
                   uint8_t now, uint64_t queries)
{
    char text[WR_NAME_TEXT_SIZE];
    wr_name_to_text(c->name, text, sizeof(text));
    assert_string_equal(text, name);
    assert_int_equal(c->client.ip[3], client);
    assert_int_equal(c->was, was);
    assert_int_equal(c->now.action, now);
    assert_int_equal(c->queries, queries);
    assert_int_equal(c->last_s - c->first_s, queries - 1);
}

static const char *const ADS =
    "policy: {rules: [{name: ads, domains: [ads.test], verdict: refused},\n"
    "  {name: r, addresses: [192.0.2.0/24], domains: [far.test], verdict: drop}]}\n";

static void test_changes(void **state)
{
    static const struct row rows[] = {
        {1, "x.ads.test", WR_VERDICT_NONE, "", 3},
        {2, "x.ads.test", WR_VERDICT_NONE, "", 5},
        {2, "X.ADS.test", WR_VERDICT_REFUSED, "old", 2},
        {1, "ok.test", WR_VERDICT_NXDOMAIN, "old", 4},
        {1, "ok.test", WR_VERDICT_ALLOW, "old", 6},
        {1, "far.test", WR_VERDICT_NONE, "", 7},
    };
    char folder[64];
    struct out o;
    uint32_t n = 0;
    begin(&o, folder);
    put_rows(&o, rows, sizeof(rows) / sizeof(rows[0]));
    struct wr_ledger_event e = query(1, "x.ads.test");
    e.kind = WR_LEDGER_ROLLUP;
    e.count = 100;
    e.name.size = 0;
    put(&o, &e);
    e = query(1, "x.ads.test"); /* the access list; a limit; a change that is no query */
    e.record.source = WR_SOURCE_LOCAL;
    e.record.rcode = WR_RCODE_REFUSED;
    put(&o, &e);
    e.record.source = WR_SOURCE_DROPPED;
    put(&o, &e);
    e.kind = WR_LEDGER_POLICY;
    put(&o, &e);
    finish(&o);
    open_conf(ADS);
    run(folder);
    const struct wr_replay_sum *s = wr_replay_sum(replay);
    assert_int_equal(s->queries, 27 + 100 + 2);
    assert_int_equal(s->same, 8);
    assert_int_equal(s->changed, 12);
    assert_int_equal(s->doubtful, 7);
    assert_int_equal(s->unjudged, 2);
    assert_int_equal(s->counted, 100);
    assert_int_equal(s->same + s->changed + s->doubtful + s->unjudged + s->counted, s->queries);
    assert_int_equal(s->unlisted + s->bad, 0);
    const struct wr_replay_change *c = wr_replay_changes(replay, &n);
    assert_int_equal(n, 3);
    expect(&c[0], 2, "x.ads.test.", WR_VERDICT_NONE, WR_VERDICT_REFUSED, 5);
    expect(&c[1], 1, "ok.test.", WR_VERDICT_NXDOMAIN, WR_VERDICT_NONE, 4);
    expect(&c[2], 1, "x.ads.test.", WR_VERDICT_NONE, WR_VERDICT_REFUSED, 3);
    assert_string_equal(wr_offline_label(offline, c[1].was_rule), "old");
    const struct wr_replay_doubt *d = wr_replay_doubts(replay, &n);
    assert_int_equal(n, 1);
    assert_int_equal(d[0].why, WR_OFFLINE_ANSWER);
    assert_int_equal(d[0].queries, 7);
    assert_true(told > 0);
    end(folder);
}

/* More names than rows: what is told stays bounded, and the sums are right. */
static void test_bounded(void **state)
{
    char folder[64], name[64];
    struct out o;
    uint32_t n = 0;
    begin(&o, folder);
    for (uint32_t i = 0; i < WR_REPLAY_CHANGES_MAX + 100; i++) {
        snprintf(name, sizeof(name), "n%u.ads.test", (unsigned)i);
        struct wr_ledger_event e = query(1, name);
        put(&o, &e);
    }
    struct wr_ledger_event e = query(1, "n5.ads.test");
    put(&o, &e);
    finish(&o);
    open_conf(ADS);
    run(folder);
    const struct wr_replay_change *c = wr_replay_changes(replay, &n);
    assert_int_equal(n, WR_REPLAY_CHANGES_MAX);
    assert_int_equal(wr_replay_sum(replay)->changed, WR_REPLAY_CHANGES_MAX + 101);
    assert_int_equal(wr_replay_sum(replay)->unlisted, 100);
    assert_int_equal(c[0].queries, 2); /* the most frequent is among the first that were seen */
    end(folder);
}

static void test_no_folder(void **state)
{
    const struct wr_replay_want want = {.since = INT64_MIN, .until = INT64_MAX};
    char folder[64];
    logs_folder(folder);
    open_conf(ADS);
    assert_int_equal(wr_replay_run("/nonexistent/log", &want, offline, &replay), WR_E_IO);
    run(folder); /* empty */
    assert_int_equal(wr_replay_sum(replay)->queries, 0);
    end(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
