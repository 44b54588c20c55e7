/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policytest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "dns/codes.h"
#include "policy/census.h"
#include "serve/replay.h"

enum { DAY_S = 86400, DAYS_MAX = 3650, COUNT_MAX = 1000000, FEW = 20, TEXT = 320 };

struct test {
    struct wr_conf *conf;
    const char *folder;
    int64_t since, now;
    uint64_t count;
    json_t *notes;
    struct wr_offline *offline;
    struct wr_replay *replay;
    bool people; /* who read it, and not a program */
    bool told;   /* a line of progress stands on the terminal */
};

static void take_note(void *user, const char *text)
{
    struct test *t = user;

    json_array_append_new(t->notes, json_string(text));
}

/* On a terminal alone, in one line that is written over. */
static void progress(void *user, uint64_t events, uint64_t octets, uint64_t of_octets)
{
    struct test *t = user;
    unsigned part =
        of_octets > 0 && octets < of_octets ? (unsigned)(octets * 100 / of_octets) : 100;

    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\rweir policy: %llu events, %u %% of the log", (unsigned long long)events,
            part);
    t->told = true;
}

static int load(struct test *t, const struct wr_policytest_want *want)
{
    struct wr_mistakes *mistakes = malloc(sizeof(*mistakes));
    int err = WR_E_NOMEM;

    if (mistakes) {
        wr_mistakes_init(mistakes);
        err = wr_conf_load(want->file, mistakes, &t->conf);
        if (mistakes->count)
            wr_mistakes_print(mistakes, want->file, stderr);
    }
    free(mistakes);
    if (err != WR_OK)
        return 1;
    t->folder = want->folder ? want->folder : t->conf->log.path;
    if (!t->folder[0]) {
        fprintf(stderr, "weir policy: %s has no log.path: name the log's folder with --log PATH\n",
                want->file);
        return 1;
    }
    return 0;
}

static int run(struct test *t)
{
    const struct wr_replay_want want = {
        .since = t->since, .until = INT64_MAX, .progress = progress, .user = t};
    int err = wr_offline_open(t->conf, take_note, t, &t->offline);

    if (err != WR_OK) {
        for (size_t i = 0; i < json_array_size(t->notes); i++)
            fprintf(stderr, "weir policy: %s\n", json_string_value(json_array_get(t->notes, i)));
        fprintf(stderr, "weir policy: this configuration cannot be used: %s\n", wr_err_name(err));
        return 1;
    }
    err = wr_replay_run(t->folder, &want, t->offline, &t->replay);
    if (t->told)
        fputs("\r\033[K", stderr);
    if (err != WR_OK) {
        fprintf(stderr, "weir policy: the log in %s cannot be read: %s\n", t->folder,
                err == WR_E_NOMEM ? "no memory" : strerror(errno));
        return 1;
    }
    return 0;
}

/* --- what is told --- */

static json_t *who_json(const struct test *t, const struct wr_replay_change *c)
{
    char name[WR_CENSUS_NAME_SIZE], text[TEXT];
    struct wr_addr client = c->client;
    struct wr_str s;

    wr_offline_call(t->offline, c->device, name, sizeof(name));
    client.port = 0;
    if (name[0])
        return json_string(name);
    if (c->device)
        snprintf(text, sizeof(text), "d%lu", (unsigned long)c->device);
    else if (client.family != WR_AF_NONE)
        wr_addr_to_text(&client, text, sizeof(text));
    else {
        wr_str_init(&s, text, sizeof(text));
        wr_str_text(&s, "#");
        wr_str_hex(&s, client.ip, 8);
    }
    return json_string(text);
}

/* For people what was decided and by what is one word group, so that a row is a line. */
static void put_verdict(const struct test *t, json_t *j, const char *key, const char *by_key,
                        uint8_t action, const char *by)
{
    const char *verdict = action == WR_VERDICT_NONE ? "passes" : wr_verdict_action_name(action);
    char text[TEXT];

    snprintf(text, sizeof(text), "%s%s%.200s", verdict, by[0] ? " by " : "", by);
    json_object_set_new(j, key, json_string(t->people ? text : verdict));
    if (!t->people)
        json_object_set_new(j, by_key, by[0] ? json_string(by) : json_null());
}

static json_t *change_json(const struct test *t, const struct wr_replay_change *c)
{
    bool passes = c->now.shadow || c->now.action == WR_VERDICT_ALLOW;
    const char *feed = wr_offline_label(t->offline, c->now.feed);
    char name[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE], last[32], line[TEXT];
    json_t *j = json_object();

    (void)wr_name_to_text(c->name, name, sizeof(name));
    wr_codes_type_text(c->type, type, sizeof(type));
    wr_when_text(c->last_s, last, sizeof(last));
    snprintf(line, sizeof(line), "%.200s:%lu", feed, (unsigned long)c->now.line);
    json_object_set_new(j, "queries", json_integer((json_int_t)c->queries));
    json_object_set_new(j, "who", who_json(t, c));
    json_object_set_new(j, "name", json_string(name));
    json_object_set_new(j, "type", json_string(type));
    put_verdict(t, j, "was", "was_by", c->was, wr_offline_label(t->offline, c->was_rule));
    put_verdict(t, j, "would_be", "by", passes ? WR_VERDICT_NONE : c->now.action,
                t->people && c->now.line ? line : wr_offline_label(t->offline, c->now.rule));
    if (!t->people) {
        json_object_set_new(j, "feed", c->now.line ? json_string(line) : json_null());
        json_object_set_new(j, "last", json_string(last));
    }
    return j;
}

static json_t *changes_json(const struct test *t)
{
    json_t *list = json_array();
    uint32_t count = 0;
    const struct wr_replay_change *c = wr_replay_changes(t->replay, &count);

    for (uint32_t i = 0; i < count && i < t->count; i++)
        json_array_append_new(list, change_json(t, &c[i]));
    return list;
}

static json_t *doubts_json(const struct test *t)
{
    json_t *list = json_array();
    uint32_t count = 0;
    const struct wr_replay_doubt *d = wr_replay_doubts(t->replay, &count);

    for (uint32_t i = 0; i < count; i++) {
        const char *rule = wr_offline_label(t->offline, d[i].rule);

        json_array_append_new(list,
                              json_pack("{s:I, s:o, s:s}", "queries", (json_int_t)d[i].queries,
                                        "rule", rule[0] ? json_string(rule) : json_null(), "why",
                                        wr_offline_why_text(d[i].why)));
    }
    return list;
}

static void put_time(json_t *j, const char *key, bool known, int64_t s)
{
    char text[32];

    wr_when_text(s, text, sizeof(text));
    json_object_set_new(j, key, known ? json_string(text) : json_null());
}

static json_t *to_json(struct test *t)
{
    const struct wr_replay_sum *s = wr_replay_sum(t->replay);
    char text[TEXT];
    uint32_t rows = 0;
    json_t *j = json_object();

    (void)wr_replay_changes(t->replay, &rows);
    if (wr_offline_sees_answers(t->offline) && s->passed > 0) {
        snprintf(
            text, sizeof(text),
            "%llu queries pass by their name; whether lists, policy zones or protection against "
            "rebinding would deny what the answer leads to is not in the log",
            (unsigned long long)s->passed);
        take_note(t, text);
    }
    if (s->unlisted > 0) {
        snprintf(text, sizeof(text),
                 "more kinds of changes than are listed: %llu queries of `changed` are in no row",
                 (unsigned long long)s->unlisted);
        take_note(t, text);
    }
    put_time(j, "from", s->from_s <= s->to_s, s->from_s);
    put_time(j, "to", s->from_s <= s->to_s, s->to_s);
    json_object_set_new(j, "queries", json_integer((json_int_t)s->queries));
    json_object_set_new(j, "same", json_integer((json_int_t)s->same));
    json_object_set_new(j, "changed", json_integer((json_int_t)s->changed));
    json_object_set_new(j, "not_decidable", json_integer((json_int_t)s->doubtful));
    json_object_set_new(j, "refused_before_rules", json_integer((json_int_t)s->unjudged));
    json_object_set_new(j, "only_counted", json_integer((json_int_t)s->counted));
    json_object_set_new(j, "unreadable_blocks", json_integer((json_int_t)s->bad));
    json_object_set_new(j, "kinds_of_changes", json_integer(rows));
    json_object_set_new(j, "changes", changes_json(t));
    json_object_set_new(j, "in_doubt", doubts_json(t));
    json_object_set(j, "notes", t->notes);
    return j;
}

static int read_number(const struct wr_opts *opts, const char *name, const char *text, uint64_t max,
                       uint64_t *ret)
{
    if (text && (wr_str_to_u64(text, strlen(text), max, ret) != WR_OK || *ret == 0))
        return wr_opts_misused(opts, "--%s wants a number from 1 to %llu", name,
                               (unsigned long long)max);
    return WR_OPTS_GO;
}

int wr_policytest_run(const struct wr_policytest_want *want, const struct wr_talk *talk,
                      const struct wr_opts *opts)
{
    struct test t = {
        .now = (int64_t)time(NULL), .count = talk->json ? COUNT_MAX : FEW, .people = !talk->json};
    uint64_t days = 7;
    int status = read_number(opts, "days", want->days, DAYS_MAX, &days);

    if (status == WR_OPTS_GO)
        status = read_number(opts, "count", want->count, COUNT_MAX, &t.count);
    if (status != WR_OPTS_GO)
        return status;
    t.since = t.now - (int64_t)days * DAY_S;
    t.notes = json_array();
    status = load(&t, want);
    if (status == 0)
        status = run(&t);
    if (status == 0) {
        json_t *j = to_json(&t);

        status = wr_talk_print(talk, j);
        json_decref(j);
        if (status == 0 && wr_replay_sum(t.replay)->changed > 0)
            status = WR_POLICYTEST_CHANGES;
    }
    wr_replay_free(t.replay);
    wr_offline_close(t.offline);
    wr_conf_free(t.conf);
    json_decref(t.notes);
    return status;
}
