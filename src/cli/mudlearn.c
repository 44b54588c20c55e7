/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mudlearn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/devicelog.h"
#include "cli/verb.h"
#include "cli/when.h"
#include "conf/mudfile.h"
#include "conf/mudwrite.h"
#include "conf/suffixes.h"
#include "dns/codes.h"
#include "policy/learned.h"

enum { DAY_S = 86400, DAYS_MAX = 3650, DAYS = 30 };

/* What both verbs need. */
struct work {
    struct wr_devicelog *log;
    struct wr_devicelog_sum sum;
    struct wr_suffixes *suffixes;
    void *block;
    struct wr_learn *learn;
    struct wr_learn_row *row;
    uint32_t rows;
    uint64_t days;
    int64_t now;
};

static bool is_shared(void *user, const uint8_t *name)
{
    return wr_suffixes_shared(user, name);
}

static int failed(const char *why)
{
    fprintf(stderr, "weir mud: %s\n", why);
    return WR_EXIT_FAILED;
}

static int begin(struct work *w, const struct wr_mudlearn_want *want, const struct wr_opts *opts)
{
    w->days = DAYS;
    w->now = (int64_t)time(NULL);
    if (want->days && (wr_str_to_u64(want->days, strlen(want->days), DAYS_MAX, &w->days) != WR_OK ||
                       w->days == 0))
        return wr_opts_misused(opts, "--days wants a number from 1 to %d", DAYS_MAX);
    const struct wr_devicelog_want log = {.who = "mud",
                                          .device = want->device,
                                          .config = want->config,
                                          .folder = want->folder,
                                          .since = w->now - (int64_t)w->days * DAY_S};
    int status = wr_devicelog_open(&log, &w->log);

    if (status != WR_EXIT_OK)
        return status;
    w->suffixes = wr_suffixes_open();
    w->block = malloc(wr_learn_size(WR_LEARN_NAMES_MAX));
    w->row = calloc((size_t)2 * WR_LEARN_NAMES_MAX, sizeof(*w->row));
    if (!w->suffixes || !w->block || !w->row)
        return failed("not enough memory");
    w->learn = wr_learn_init(w->block, WR_LEARN_NAMES_MAX, is_shared, w->suffixes);
    return WR_EXIT_OK;
}

static void end(struct work *w)
{
    free(w->row);
    free(w->block);
    wr_suffixes_close(w->suffixes);
    wr_devicelog_close(w->log);
}

static int none(const struct wr_mudlearn_want *want, const struct work *w)
{
    fprintf(stderr, "weir mud: there is no query of %s in the last %llu days of the log (%s)\n",
            want->device, (unsigned long long)w->days,
            w->sum.counted > 0 && w->sum.others == 0
                ? "it has only counts, or hides who asked: log.privacy"
                : "weir devices lists devices; call it by name, number or address; what it asked "
                  "for just now is on disk after log.interval");
    return WR_EXIT_FAILED;
}

static void put_time(json_t *j, const char *key, int64_t s)
{
    char text[32];

    wr_when_text(s, text, sizeof(text));
    json_object_set_new(j, key, json_string(text));
}

/* "camera.vendor.example", "*.vendor.example". */
static json_t *name_json(const uint8_t *name, bool below)
{
    char text[2 + WR_NAME_TEXT_SIZE] = "*.";
    size_t n = 2 + wr_name_to_text(name, text + 2, sizeof(text) - 2);

    text[n - 1] = 0;
    return json_string(below ? text : text + 2);
}

/* --- learn --- */

static void take_own(void *user, const struct wr_ledger_event *e, bool own, bool answered)
{
    struct work *w = user;

    if (own && answered)
        (void)wr_learn_take(w->learn, e->name.wire, e->record.wall_s,
                            e->record.rcode != WR_RCODE_NOERROR);
}

static void take_other(void *user, const struct wr_ledger_event *e, bool own, bool answered)
{
    struct work *w = user;

    if (!own)
        wr_learn_other(w->learn, e->name.wire);
}

static json_t *rows_json(const struct work *w)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < w->rows; i++) {
        const struct wr_learn_row *r = &w->row[i];
        json_t *one = json_object();

        json_object_set_new(one, "approves", name_json(r->name, r->below));
        json_object_set_new(one, "for", json_string(wr_learn_why_text(r->why)));
        json_object_set_new(one, "names", json_integer(r->names));
        json_object_set_new(one, "queries", json_integer((json_int_t)r->queries));
        put_time(one, "first", r->first_s);
        put_time(one, "last", r->last_s);
        json_array_append_new(list, one);
    }
    return list;
}

/* What the owner ought to know before he believes it. */
static json_t *notes_json(const struct work *w, uint32_t odd)
{
    const struct wr_learn_told told = wr_learn_told(w->learn);
    json_t *notes = json_array();
    int64_t seen = w->sum.to_s - w->sum.from_s;
    bool minutes = seen < 2 * 3600;
    int64_t seen_n = minutes ? seen / 60 + 1 : seen / 3600;

    if (seen < 7 * (int64_t)DAY_S)
        json_array_append_new(
            notes,
            json_sprintf("the device was seen for %lld %s%s: what it asks for seldom (an "
                         "update, a certificate) is not in this profile",
                         (long long)seen_n, minutes ? "minute" : "hour", seen_n == 1 ? "" : "s"));
    if (told.over > 0)
        json_array_append_new(
            notes,
            json_sprintf("it asks for more than %u names, and this is not all of them: it is "
                         "hardly a device with one purpose",
                         WR_LEARN_NAMES_MAX));
    if (odd > 0)
        json_array_append_new(
            notes, json_sprintf("%u names are no host names, and left out", (unsigned)odd));
    if (w->sum.counted > 0)
        json_array_append_new(notes, json_string("a part of the log has only counts, or hides who "
                                                 "asked: names may be missing"));
    if (w->sum.bad > 0)
        json_array_append_new(notes, json_string("a part of the log could not be read"));
    return notes;
}

static json_t *learned_json(const struct work *w, const char *device, uint32_t odd)
{
    const struct wr_learn_told told = wr_learn_told(w->learn);
    json_t *j = json_object();

    json_object_set_new(j, "device", json_string(device));
    put_time(j, "from", w->sum.from_s);
    put_time(j, "to", w->sum.to_s);
    json_object_set_new(j, "queries", json_integer((json_int_t)w->sum.own));
    json_object_set_new(j, "denied", json_integer((json_int_t)w->sum.denied));
    json_object_set_new(j, "names", json_integer(told.names));
    json_object_set_new(j, "never_existed", json_integer(told.never));
    json_object_set_new(j, "profile", rows_json(w));
    json_object_set_new(j, "notes", notes_json(w, odd));
    return j;
}

/* Then it says what is next; nothing of that is in the file. */
static int write_text(const char *to, const char *device, const char *text, size_t n)
{
    FILE *out = strcmp(to, "-") != 0 ? fopen(to, "wx") : stdout;
    bool good = out && fwrite(text, 1, n, out) == n && putc('\n', out) != EOF && fflush(out) == 0;
    int number = errno;

    if (out && out != stdout)
        good = fclose(out) == 0 && good;
    if (!good)
        fprintf(stderr, "weir mud: cannot write %s: %s\n", to, strerror(number));
    else if (out != stdout)
        fprintf(stderr,
                "weir mud: %s is written; `weir mud import %s %s --unsigned` gives it to the "
                "device\n",
                to, device, to);
    return good ? WR_EXIT_OK : WR_EXIT_FAILED;
}

/* The profile in *ret_text, for free(). */
static int make(const struct work *w, const char *device, char **ret_text, size_t *ret_n,
                uint32_t *ret_odd)
{
    char date[32];
    struct wr_mud *mud = wr_mudfile_new();
    uint32_t at = 0;

    if (!mud)
        return failed("not enough memory");
    wr_mudwrite_date(w->now, date, sizeof(date));
    const struct wr_learned_about about = {
        .device = device,
        .last_update = date,
        .hours = (uint32_t)((w->sum.to_s - w->sum.from_s) / 3600 + 1)};
    int err = wr_learned_profile(&about, w->row, w->rows, mud, ret_odd);

    if (err == WR_OK)
        err = wr_mudwrite(mud, ret_text, ret_n, &at);
    wr_mudfile_free(mud);
    return err == WR_OK       ? WR_EXIT_OK
           : err == WR_E_FULL ? failed("these are more names than a profile may have")
                              : failed("not enough memory");
}

static int learn(struct work *w, const struct wr_mudlearn_want *want, const struct wr_talk *talk)
{
    char *text = NULL;
    size_t n = 0;
    uint32_t odd = 0;
    struct wr_devicelog_sum ignored;
    int status = wr_devicelog_walk(w->log, take_own, w, &w->sum);

    if (status == WR_EXIT_OK && w->sum.own == 0)
        return none(want, w);
    wr_learn_sum(w->learn);
    if (status == WR_EXIT_OK)
        status = wr_devicelog_walk(w->log, take_other, w, &ignored);
    if (status != WR_EXIT_OK)
        return status;
    w->rows = wr_learn_rows(w->learn, w->row);
    status = make(w, want->device, &text, &n, &odd);
    if (status == WR_EXIT_OK && (!want->to || strcmp(want->to, "-") != 0)) {
        json_t *j = learned_json(w, want->device, odd);

        status = wr_talk_print(talk, j);
        json_decref(j);
    }
    if (status == WR_EXIT_OK && want->to)
        status = wr_learn_told(w->learn).over > 0
                     ? failed("nothing is written: in force, it would refuse names of this device "
                              "for want of room")
                     : write_text(want->to, want->device, text, n);
    free(text);
    return status;
}

int wr_mudlearn_run(const struct wr_mudlearn_want *want, const struct wr_talk *talk,
                    const struct wr_opts *opts)
{
    struct work w = {.log = NULL};
    int status = begin(&w, want, opts);

    if (status == WR_EXIT_OK)
        status = learn(&w, want, talk);
    end(&w);
    return status;
}

/* --- drift --- */

struct drift {
    struct work *work;
    const struct wr_mud *mud;
    struct wr_name *name; /* those of the profile */
    struct wr_learn_row *had;
    uint32_t hads;
    int64_t since; /* of the profile */
    uint64_t fits; /* queries that it permits */
};

static bool has(const struct drift *d, const uint8_t *name, bool below)
{
    for (uint32_t i = 0; i < d->hads; i++)
        if (d->had[i].below == below && wr_name_equal(d->had[i].name, name))
            return true;
    return false;
}

/* The names that a device may ask for by the profile. */
static int read_names(struct drift *d)
{
    for (uint32_t i = 0; i < d->mud->aces; i++) {
        const struct wr_mud_ace *a = &d->mud->ace[i];
        const char *text = wr_mud_at(d->mud, wr_mud_peer_name(a));
        bool below = strncmp(text, "*.", 2) == 0;
        struct wr_name *name = &d->name[d->hads];

        text += below ? 2 : 0;
        if (a->direction != WR_MUD_FROM || a->action != WR_MUD_ACCEPT || !text[0] || a->odd != 0 ||
            wr_name_from_text(text, strlen(text), name) != WR_OK)
            continue;
        if (has(d, name->wire, below))
            continue; /* of the other family */
        d->had[d->hads++] =
            (struct wr_learn_row){.name = name->wire, .below = below, .last_s = INT64_MIN};
    }
    return d->hads > 0 ? WR_EXIT_OK : failed("this profile has no names, so nothing is new to it");
}

static void take_drift(void *user, const struct wr_ledger_event *e, bool own, bool answered)
{
    struct drift *d = user;
    const int64_t when = e->record.wall_s;

    if (!own)
        return;
    const struct wr_learn_row *found = wr_learn_permits(d->had, d->hads, e->name.wire);

    d->fits += found != NULL;
    if (!found) {
        (void)wr_learn_take(d->work->learn, e->name.wire, when, false);
        return;
    }
    struct wr_learn_row *row = &d->had[found - d->had];

    row->last_s = when > row->last_s ? when : row->last_s;
}

static json_t *new_json(const struct drift *d)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < d->work->rows; i++) {
        const struct wr_learn_row *r = &d->work->row[i];
        json_t *one = json_object();

        json_object_set_new(one, "name", name_json(r->name, false));
        json_object_set_new(one, "queries", json_integer((json_int_t)r->queries));
        put_time(one, "first", r->first_s);
        put_time(one, "last", r->last_s);
        json_array_append_new(list, one);
    }
    return list;
}

/* What the profile has, and the device did not want in the last day or longer that is known of it since the profile was made. */
static json_t *gone_json(const struct drift *d)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < d->hads; i++) {
        const struct wr_learn_row *r = &d->had[i];
        int64_t last = r->last_s > d->since ? r->last_s : d->since;

        if (d->work->sum.to_s - last < DAY_S)
            continue;
        json_t *one = json_object();

        json_object_set_new(one, "approves", name_json(r->name, r->below));
        json_object_set_new(one, "last", json_null());
        if (r->last_s != INT64_MIN)
            put_time(one, "last", r->last_s);
        json_array_append_new(list, one);
    }
    return list;
}

static int compare_first(const void *left, const void *right)
{
    const struct wr_learn_row *a = left, *b = right;

    return a->first_s < b->first_s ? -1 : a->first_s > b->first_s;
}

static json_t *drift_json(struct drift *d, const char *device)
{
    struct work *w = d->work;
    json_t *j = json_object();

    wr_learn_sum(w->learn);
    w->rows = wr_learn_names(w->learn, w->row);
    qsort(w->row, w->rows, sizeof(*w->row), compare_first);
    json_object_set_new(j, "device", json_string(device));
    json_object_set_new(j, "profile_of", json_null());
    if (d->mud->updated_s > 0)
        put_time(j, "profile_of", d->mud->updated_s);
    put_time(j, "from", w->sum.from_s);
    put_time(j, "to", w->sum.to_s);
    json_object_set_new(j, "queries", json_integer((json_int_t)w->sum.own));
    json_object_set_new(j, "in_profile", json_integer((json_int_t)d->fits));
    json_object_set_new(j, "denied", json_integer((json_int_t)w->sum.denied));
    json_object_set_new(j, "new_names", json_integer(w->rows));
    json_object_set_new(j, "more_queries_not_listed",
                        json_integer((json_int_t)wr_learn_told(w->learn).over));
    json_object_set_new(j, "new", new_json(d));
    json_object_set_new(j, "gone", gone_json(d));
    return j;
}

static int drift(struct drift *d, const struct wr_mudlearn_want *want, const struct wr_talk *talk)
{
    struct work *w = d->work;
    int status = read_names(d);

    if (status == WR_EXIT_OK)
        status = wr_devicelog_walk(w->log, take_drift, d, &w->sum);
    if (status == WR_EXIT_OK && w->sum.own == 0)
        status = none(want, w);
    if (status != WR_EXIT_OK)
        return status;
    json_t *j = drift_json(d, want->device);

    status = wr_talk_print(talk, j);
    json_decref(j);
    return status == WR_EXIT_OK && w->rows > 0 ? WR_MUDLEARN_DRIFT : status;
}

int wr_mudlearn_drift(const struct wr_mudlearn_want *want, const struct wr_mud *mud,
                      const struct wr_talk *talk, const struct wr_opts *opts)
{
    struct work w = {.log = NULL};
    struct drift d = {.work = &w, .mud = mud};
    int status = begin(&w, want, opts);

    if (status == WR_EXIT_OK) {
        d.since = mud->updated_s < w.now ? mud->updated_s : 0;
        d.name = calloc((size_t)mud->aces + 1, sizeof(*d.name));
        d.had = calloc((size_t)mud->aces + 1, sizeof(*d.had));
        status = d.name && d.had ? drift(&d, want, talk) : failed("not enough memory");
    }
    free(d.name);
    free(d.had);
    end(&w);
    return status;
}
