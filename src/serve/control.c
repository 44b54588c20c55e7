/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/control.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "net/unixsock.h"
#include "serve/controlverb.h"
#include "serve/devices.h"
#include "serve/json.h"
#include "serve/historyverb.h"
#include "serve/logstream.h"
#include "serve/pieces.h"
#include "serve/report.h"
#include "serve/say.h"
#include "serve/serve.h"

#define ROOM_SIZE 16384
/* Events handed to one follower before it must have read them. */
#define FOLLOW_QUEUE_MAX (256 * 1024)
#define FOLLOW_BATCH     64
/* Who may follow the log at a time; of them, others than root and weir's own user. */
#define FOLLOWERS_MAX       16
#define FOLLOWERS_GUEST_MAX 8
#define CACHE_SHOW_LIMIT    1000

/* A client that is owed more than the one line it gets at once. */
struct waiting {
    wr_id client; /* 0: free */
    enum { WAITS_RELOAD, WAITS_FOLLOW, WAITS_LINES, WAITS_PIECES, WAITS_TOP } what;
    struct wr_logstream *stream; /* events go to it */
    uint64_t reload;             /* the number of the reload that began after the request */
    uint32_t ticket;             /* of a question to the history */
    struct wr_pieces pieces;
    struct wr_json j; /* of the pieces */
};

struct wr_control {
    struct wr_serve *s;
    struct wr_unixsock *socket;
    struct waiting waiting[WR_UNIXSOCK_CLIENTS_MAX];
    wr_id client; /* who is being answered: where the writer spills to */
    struct wr_ledger_event events[FOLLOW_BATCH];
    uv_timer_t more; /* somebody is owed more of the log */
    char room[ROOM_SIZE];
    char why[WR_CONTROLVERB_WHY_SIZE]; /* an error's sentence */
};

static void on_more(uv_timer_t *timer);

static void spill(void *user, const char *bytes, size_t n)
{
    struct wr_control *c = user;
    /* A client that is gone or does not read is the socket server's business. */
    int err = wr_unixsock_write(c->socket, c->client, bytes, n);
    (void)err;
}

static void begin(struct wr_control *c, wr_id client, struct wr_json *ret_j)
{
    c->client = client;
    wr_json_init(ret_j, c->room, sizeof(c->room), spill, c);
}

static void answer_error(struct wr_control *c, wr_id client, const char *code, const char *why)
{
    struct wr_json j;
    begin(c, client, &j);
    wr_json_object(&j, NULL);
    wr_json_bool(&j, "ok", false);
    wr_json_text(&j, "error", why);
    wr_json_text(&j, "code", code);
    wr_json_end(&j);
    wr_json_finish(&j);
    wr_unixsock_finish(c->socket, client);
}

static struct waiting *find_waiting(struct wr_control *c, wr_id client)
{
    for (unsigned i = 0; i < WR_UNIXSOCK_CLIENTS_MAX; i++) {
        if (c->waiting[i].client == client) {
            return &c->waiting[i];
        }
    }
    return NULL;
}

/* --- long answers: as much as the client reads --- */

static void forget(struct wr_control *c, struct waiting *w)
{
    wr_logstream_close(w->stream);
    wr_historyverb_give_back(c->s, w->ticket);
    if (w->what == WAITS_FOLLOW) {
        atomic_fetch_sub(&c->s->followers, 1);
    }
    *w = (struct waiting){0};
}

static void send_pieces(struct wr_control *c, struct waiting *w)
{
    wr_id client = w->client;
    bool more = true;
    while (more && w->client == client &&
           wr_unixsock_queued(c->socket, client) < FOLLOW_QUEUE_MAX) {
        /* Copies: a client that breaks a bound is gone in the middle of a write, and its place empty. */
        struct wr_pieces pieces = w->pieces;
        struct wr_json j = w->j;
        c->client = client;
        more = wr_pieces_put(&pieces, c->s, &j);
        if (more) {
            wr_json_flush(&j);
        } else {
            wr_json_finish(&j);
        }
        if (w->client == client) {
            w->pieces = pieces;
            w->j = j;
        }
    }
    if (!more && w->client == client) {
        forget(c, w);
        wr_unixsock_finish(c->socket, client);
    }
}

static void start_pieces(struct wr_control *c, wr_id client, const struct wr_pieces *pieces)
{
    struct waiting *w = find_waiting(c, 0);
    if (w == NULL) {
        answer_error(c, client, "busy", "too many clients wait already; try again");
        wr_logstream_close(pieces->stream);
        return;
    }
    *w = (struct waiting){
        .client = client, .what = WAITS_PIECES, .pieces = *pieces, .stream = pieces->stream};
    begin(c, client, &w->j);
    send_pieces(c, w);
}

static void start_cache_show(struct wr_control *c, wr_id client, const json_t *args)
{
    struct wr_name name;
    struct wr_pieces pieces;
    const json_t *limit = json_object_get(args, "limit");
    bool named = json_object_get(args, "name") != NULL;
    if (named && wr_controlverb_name(args, &name, c->why) != WR_OK) {
        answer_error(c, client, "argument", c->why);
        return;
    }
    if (limit != NULL && json_integer_value(limit) < 1) {
        answer_error(c, client, "argument", "the argument limit must be at least 1");
        return;
    }
    wr_pieces_cache(named ? &name : NULL,
                    limit == NULL ? CACHE_SHOW_LIMIT : (uint64_t)json_integer_value(limit),
                    &pieces);
    start_pieces(c, client, &pieces);
}

/* --- reload: the answer comes when the workers have settled --- */

static void put_reload_result(struct wr_control *c, wr_id client)
{
    const struct wr_reload_report *r = &c->s->reload.report;
    if (!r->ok) {
        answer_error(c, client, r->unheard ? "listen" : "config",
                     r->text[0] != 0 ? r->text : "the reload failed; the log says why");
        return;
    }
    struct wr_json j;
    begin(c, client, &j);
    wr_json_object(&j, NULL);
    wr_json_bool(&j, "ok", true);
    wr_json_object(&j, "result");
    wr_json_u64(&j, "settings_serial", r->serial);
    wr_json_text(&j, "text", r->text);
    wr_json_end(&j);
    wr_json_end(&j);
    wr_json_finish(&j);
    wr_unixsock_finish(c->socket, client);
}

static void start_reload(struct wr_control *c, wr_id client)
{
    struct waiting *w = find_waiting(c, 0);
    if (w == NULL) {
        answer_error(c, client, "busy", "too many clients wait already; try again");
        return;
    }
    /* One that is under way has read the file already: the answer is the next one's. */
    *w = (struct waiting){.client = client, .reload = c->s->reload.report.count + 1};
    wr_say(WR_LOG_INFO, "reload asked for on the control socket");
    wr_reload_begin(c->s);
}

void wr_control_reloaded(struct wr_control *c)
{
    for (unsigned i = 0; i < WR_UNIXSOCK_CLIENTS_MAX; i++) {
        struct waiting *w = &c->waiting[i];
        if (w->client != 0 && w->what == WAITS_RELOAD && c->s->reload.report.count >= w->reload) {
            wr_id client = w->client;
            *w = (struct waiting){0};
            put_reload_result(c, client);
        }
    }
}

/* --- log --- */

/* The last line for those who do not follow: so they know that nothing was cut off. */
static void end_lines(struct wr_control *c, struct waiting *w)
{
    struct wr_ledger_stats stats;
    struct wr_json j;
    wr_id client = w->client;
    uint64_t missing = wr_logstream_missing(w->stream);
    wr_ledger_stats(c->s->ledger, &stats);
    begin(c, client, &j);
    wr_json_object(&j, NULL);
    wr_json_bool(&j, "end", true);
    wr_json_u64(&j, "taken", stats.taken);
    wr_json_u64(&j, "dropped", stats.dropped);
    if (missing > 0) {
        wr_json_u64(&j, "missing", missing);
    }
    wr_json_end(&j);
    forget(c, w);
    wr_json_finish(&j);
    wr_unixsock_finish(c->socket, client);
}

/* A piece of the log, and the next one in the next turn of the loop: the disk may be asked for long. */
static void send_events(struct wr_control *c, struct waiting *w)
{
    wr_id client = w->client;
    uint32_t n = 0;
    if (wr_unixsock_queued(c->socket, client) >= FOLLOW_QUEUE_MAX) {
        return; /* when it has read */
    }
    enum wr_logstream_state state = wr_logstream_next(w->stream, c->events, FOLLOW_BATCH, &n);
    for (uint32_t i = 0; i < n && w->client == client; i++) {
        struct wr_json j;
        char device[WR_CENSUS_NAME_SIZE];
        begin(c, client, &j);
        wr_devices_call(c->s->devices, c->events[i].record.device, device);
        wr_report_event(&c->events[i], device, &j, NULL);
        wr_json_finish(&j);
    }
    if (w->client != client) {
        return; /* it was cut off while it was written to */
    }
    if (state == WR_LOGSTREAM_END) {
        end_lines(c, w);
    } else if (state == WR_LOGSTREAM_MORE) {
        uv_timer_start(&c->more, on_more, 0, 0);
    }
}

static void send_to_all(struct wr_control *c)
{
    for (unsigned i = 0; i < WR_UNIXSOCK_CLIENTS_MAX; i++) {
        struct waiting *w = &c->waiting[i];
        if (w->client != 0 && (w->what == WAITS_FOLLOW || w->what == WAITS_LINES)) {
            send_events(c, w);
        }
    }
}

static void on_more(uv_timer_t *timer)
{
    send_to_all(timer->data);
}

static bool may_follow(const struct wr_control *c, wr_id client)
{
    unsigned all = 0, guests = 0;
    for (unsigned i = 0; i < WR_UNIXSOCK_CLIENTS_MAX; i++) {
        const struct waiting *w = &c->waiting[i];
        bool follows = w->client != 0 && w->what == WAITS_FOLLOW;
        all += follows;
        guests += follows && !wr_unixsock_trusts(c->socket, w->client);
    }
    return all < FOLLOWERS_MAX &&
           (guests < FOLLOWERS_GUEST_MAX || wr_unixsock_trusts(c->socket, client));
}

static void start_stream(struct wr_control *c, wr_id client, const struct wr_logstream_want *want)
{
    struct waiting *w = find_waiting(c, 0);
    if (w == NULL || (want->follow && !may_follow(c, client))) {
        answer_error(c, client, "busy", "too many clients follow the log already; try again later");
        return;
    }
    struct wr_logstream *stream;
    if (wr_logstream_open(c->s->ledger, want, &stream) != WR_OK) {
        answer_error(c, client, "memory", "no memory to read the log; try again");
        return;
    }
    *w = (struct waiting){
        .client = client, .what = want->follow ? WAITS_FOLLOW : WAITS_LINES, .stream = stream};
    atomic_fetch_add(&c->s->followers, want->follow ? 1 : 0);
    send_events(c, w);
}

/* What memory has, as one object: queries, where nothing else is asked for. */
static void start_object(struct wr_control *c, wr_id client, struct wr_logstream_want *want)
{
    struct wr_logstream *stream;
    struct wr_pieces pieces;
    want->folder = NULL;
    want->filter.kind = want->filter.kind < 0 ? WR_LEDGER_QUERY : want->filter.kind;
    if (wr_logstream_open(c->s->ledger, want, &stream) != WR_OK) {
        answer_error(c, client, "memory", "no memory to read the log; try again");
        return;
    }
    wr_pieces_log(stream, &pieces);
    start_pieces(c, client, &pieces);
}

static void start_log(struct wr_control *c, wr_id client, const json_t *args)
{
    const json_t *count = json_object_get(args, "count");
    struct wr_logstream_want want = {
        .count = count == NULL ? UINT64_MAX : (uint64_t)json_integer_value(count),
        .follow = json_is_true(json_object_get(args, "follow")),
        .folder = c->s->logdisk != NULL ? c->s->first_conf->log.path : NULL};
    wr_ledger_catch_up(c->s->ledger);
    if (count != NULL && json_integer_value(count) < 0) {
        answer_error(c, client, "argument", "the argument count must not be negative");
        return;
    }
    if (wr_logfilter_read(args, &want.filter, c->why, sizeof(c->why)) != WR_OK) {
        answer_error(c, client, "argument", c->why);
        return;
    }
    const char *device = json_string_value(json_object_get(args, "device"));
    uint32_t number = device == NULL ? 0 : wr_devices_number(c->s->devices, device);
    if (number != 0) {
        wr_logfilter_device(&want.filter, number);
    }
    if (want.follow || json_is_true(json_object_get(args, "lines"))) {
        start_stream(c, client, &want);
    } else {
        start_object(c, client, &want);
    }
}

/* --- the history --- */

static void start_top(struct wr_control *c, wr_id client, const json_t *args)
{
    struct waiting *w = find_waiting(c, 0);
    uint32_t ticket = 0;
    const char *code = w == NULL ? "busy" : NULL;
    snprintf(c->why, sizeof(c->why), "too many clients wait already; try again");
    code = code == NULL ? wr_historyverb_ask(c->s, args, &ticket, c->why, sizeof(c->why)) : code;
    if (code != NULL) {
        answer_error(c, client, code, c->why);
        return;
    }
    *w = (struct waiting){.client = client, .what = WAITS_TOP, .ticket = ticket};
}

/* What has been answered meanwhile. */
static void send_tops(struct wr_control *c)
{
    for (unsigned i = 0; i < WR_UNIXSOCK_CLIENTS_MAX; i++) {
        struct waiting *w = &c->waiting[i];
        wr_id client = w->client;
        const char *why = NULL;
        struct wr_json j;
        if (client == 0 || w->what != WAITS_TOP ||
            !wr_historyverb_is_answered(c->s, w->ticket, &why)) {
            continue;
        }
        if (why != NULL) {
            snprintf(c->why, sizeof(c->why), "the history cannot be read: %s", why);
            forget(c, w);
            answer_error(c, client, "failed", c->why);
            continue;
        }
        struct waiting answered =
            *w; /* it may be cut off in the middle of a write: the answer stays until then */
        *w = (struct waiting){0};
        begin(c, client, &j);
        wr_json_object(&j, NULL);
        wr_json_bool(&j, "ok", true);
        wr_historyverb_answer(c->s, answered.ticket, &j, "result");
        wr_json_end(&j);
        wr_json_finish(&j);
        wr_unixsock_finish(c->socket, client);
        forget(c, &answered);
    }
}

void wr_control_events(struct wr_control *c)
{
    send_to_all(c);
    send_tops(c);
}

/* --- the line --- */

static void run_verb(struct wr_control *c, wr_id client, const struct wr_controlverb *verb,
                     const json_t *args)
{
    if (strcmp(verb->name, "reload") == 0) {
        start_reload(c, client);
        return;
    }
    if (strcmp(verb->name, "cache_show") == 0) {
        start_cache_show(c, client, args);
        return;
    }
    if (strcmp(verb->name, "log_top") == 0) {
        start_top(c, client, args);
        return;
    }
    if (strcmp(verb->name, "log") == 0) {
        start_log(c, client, args);
        return;
    }
    struct wr_json j;
    begin(c, client, &j);
    wr_json_object(&j, NULL);
    wr_json_bool(&j, "ok", true);
    const char *code = verb->run(c->s, args, &j, c->why);
    if (code != NULL) {
        answer_error(c, client, code, c->why); /* what the writer holds has not been spilled */
        return;
    }
    wr_json_end(&j);
    wr_json_finish(&j);
    wr_unixsock_finish(c->socket, client);
}

static void take_request(struct wr_control *c, wr_id client, json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "verb"));
    json_t *args = json_object_get(request, "args");
    if (name == NULL || (args != NULL && !json_is_object(args))) {
        answer_error(c, client, "request",
                     "a request is an object: {\"verb\":\"status\",\"args\":{...}}");
        return;
    }
    const struct wr_controlverb *verb = wr_controlverb_find(name);
    if (verb == NULL) {
        wr_controlverb_list(c->why);
        answer_error(c, client, "verb", c->why);
        return;
    }
    if (verb->changes && !c->s->conf->control.group_may_change &&
        !wr_unixsock_trusts(c->socket, client)) {
        snprintf(c->why, sizeof(c->why),
                 "members of control.group (%s) may look, and this changes something: do it as "
                 "root (sudo), or set `control.group_may_change: true`",
                 c->s->conf->control.group);
        answer_error(c, client, "denied", c->why);
        return;
    }
    if (wr_controlverb_check(verb, args, c->why) != WR_OK) {
        answer_error(c, client, "argument", c->why);
        return;
    }
    run_verb(c, client, verb, args);
}

static void on_line(void *user, struct wr_unixsock *socket, wr_id client, const char *line,
                    size_t size)
{
    struct wr_control *c = user;
    json_error_t error;
    if (find_waiting(c, client) != NULL) {
        return; /* it is being answered: one request a connection */
    }
    json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    if (request == NULL) {
        snprintf(c->why, sizeof(c->why), "the request is no JSON (column %d: %.160s)", error.column,
                 error.text);
        answer_error(c, client, "json", c->why);
        return;
    }
    take_request(c, client, request);
    json_decref(request);
}

static void on_drained(void *user, struct wr_unixsock *socket, wr_id client)
{
    struct wr_control *c = user;
    struct waiting *w = find_waiting(c, client);
    if (w != NULL && (w->what == WAITS_FOLLOW || w->what == WAITS_LINES)) {
        send_events(c, w);
    } else if (w != NULL && w->what == WAITS_PIECES) {
        send_pieces(c, w);
    }
}

static void on_gone(void *user, struct wr_unixsock *socket, wr_id client)
{
    struct wr_control *c = user;
    struct waiting *w = find_waiting(c, client);
    if (w != NULL) {
        forget(c, w);
    }
}

static void free_control(uv_handle_t *handle)
{
    free(handle->data);
}

int wr_control_start(struct wr_serve *s, int fd, struct wr_control **ret_control,
                     struct wr_sock_error *error)
{
    struct wr_control *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return WR_E_NOMEM;
    }
    c->s = s;
    uv_timer_init(&s->loop, &c->more);
    c->more.data = c;
    struct wr_unixsock_setup setup = {
        .path = s->conf->control.socket,
        .mode = s->conf->control.group[0] != 0 ? 0660 : 0600,
        .group = s->conf->control.group,
        .hooks = {.user = c, .line = on_line, .drained = on_drained, .gone = on_gone},
    };
    int err = wr_unixsock_adopt(&s->loop, fd, &setup, &c->socket, error);
    if (err != WR_OK) {
        uv_close((uv_handle_t *)&c->more, free_control);
        return err;
    }
    *ret_control = c;
    return WR_OK;
}

void wr_control_close(struct wr_control *c)
{
    uv_close((uv_handle_t *)&c->more, NULL);
    wr_unixsock_close(c->socket);
}

void wr_control_free(struct wr_control *c)
{
    free(c);
}
