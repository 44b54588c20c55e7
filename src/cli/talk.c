/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/talk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "cli/opts.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "conf/schema.h"

enum {
    REPLY_TIMEOUT_S = 30,
    LINE_START = 64 * 1024,
    REPLY_MAX = 64 * 1024 * 1024 /* a dump of the cache; more is no reply of weir */
};

/* Octets read from the socket and not used yet. */
struct lines {
    int fd;
    char *bytes;
    size_t cap, size;
    size_t taken; /* of the line given out last, with its end */
};

/* "weir mud import: " and that. */
__attribute__((format(printf, 2, 3))) static void say(const struct wr_talk *talk,
                                                      const char *format, ...)
{
    bool worded = talk->word && *talk->word;
    va_list list;

    fprintf(stderr, "weir %s%s%s: ", talk->who, worded ? " " : "", worded ? talk->word : "");
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

/* --- the socket --- */

static void configured_path(char *path, size_t cap)
{
    struct wr_mistakes *mistakes = malloc(sizeof(*mistakes));
    const struct wr_schema_row *row = wr_schema_find("control.socket");
    struct wr_conf *conf = NULL;

    snprintf(path, cap, "%s", wr_schema_default(row, 0));
    if (!mistakes)
        return;
    wr_mistakes_init(mistakes);
    if (wr_conf_load(WR_CONF_PATH, mistakes, &conf) == WR_OK) {
        if (conf->control.socket[0])
            snprintf(path, cap, "%s", conf->control.socket);
        wr_conf_free(conf);
    }
    free(mistakes);
}

static const char *remedy(int number)
{
    if (number == EACCES || number == EPERM)
        return "ask as root, or set control.group";
    if (number == ENOENT || number == ECONNREFUSED)
        return "is weir serve running? --socket PATH names another";
    return "--socket PATH names another";
}

static int open_socket(const struct wr_talk *talk, int *ret_fd)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = REPLY_TIMEOUT_S};
    int fd;

    if (talk->socket && strlen(talk->socket) >= sizeof(sa.sun_path)) {
        fprintf(stderr, "weir %s: the path of the socket is longer than %zu octets\n", talk->who,
                sizeof(sa.sun_path) - 1);
        return WR_EXIT_USAGE;
    }
    if (talk->socket)
        snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", talk->socket);
    else
        configured_path(sa.sun_path, sizeof(sa.sun_path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0) {
        if (!talk->quiet)
            say(talk, "no daemon answers on %s: %s; %s", sa.sun_path, strerror(errno),
                remedy(errno));
        if (fd >= 0)
            close(fd);
        return WR_EXIT_FAILED;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    *ret_fd = fd;
    return WR_EXIT_OK;
}

static int send_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        bytes += sent;
        n -= (size_t)sent;
    }
    return 0;
}

static int send_request(const struct wr_talk *talk, int fd, const char *verb, json_t *args)
{
    json_t *request = json_pack("{s:s, s:o}", "verb", verb, "args", args);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    int failed = !text || send_all(fd, text, strlen(text)) || send_all(fd, "\n", 1);

    if (failed)
        say(talk, "the request could not be sent: %s", strerror(errno));
    free(text);
    json_decref(request);
    return failed ? WR_EXIT_FAILED : WR_EXIT_OK;
}

/* --- lines --- */

static bool grow(struct lines *l)
{
    size_t cap = l->cap ? l->cap * 2 : LINE_START;
    char *more = cap <= REPLY_MAX ? realloc(l->bytes, cap) : NULL;

    if (!more)
        return false;
    l->bytes = more;
    l->cap = cap;
    return true;
}

/* The next line without its end; NULL: the other side ended (errno 0), or reading failed. */
static char *next_line(struct lines *l)
{
    size_t seen = 0;

    memmove(l->bytes, l->bytes + l->taken, l->size - l->taken);
    l->size -= l->taken;
    l->taken = 0;
    for (;;) {
        char *end = memchr(l->bytes + seen, '\n', l->size - seen);
        ssize_t got;

        if (end) {
            *end = '\0';
            l->taken = (size_t)(end - l->bytes) + 1;
            return l->bytes;
        }
        seen = l->size;
        if (l->size == l->cap && !grow(l)) {
            errno = EMSGSIZE;
            return NULL;
        }
        got = recv(l->fd, l->bytes + l->size, l->cap - l->size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got < 0 ? errno : 0;
            return NULL;
        }
        l->size += (size_t)got;
    }
}

static int no_line(const struct wr_talk *talk)
{
    const char *what = strerror(errno);

    if (errno == 0)
        what = "it closed the connection: it has ended, or this user has too many of them open";
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        what = "it took too long";
    else if (errno == EMSGSIZE)
        what = "it is too long, more than 64 MiB: ask for less";
    say(talk, "no reply of the daemon: %s", what);
    return WR_EXIT_FAILED;
}

/* --- replies --- */

/* The daemon's words are one or several lines; each is made safe. */
static void print_error(const struct wr_talk *talk, const char *text)
{
    char line[4096];

    while (*text) {
        size_t n = strcspn(text, "\n");
        struct wr_str s;

        wr_str_init(&s, line, sizeof(line));
        wr_utf8_safe(&s, text, n);
        say(talk, "%s", line);
        text += n + (text[n] == '\n');
    }
}

static int take_reply(const struct wr_talk *talk, const char *line, json_t **ret_result)
{
    json_error_t error;
    json_t *reply = json_loads(line, 0, &error);
    const char *why = json_string_value(json_object_get(reply, "error"));
    json_t *result = json_object_get(reply, "result");

    if (!json_is_true(json_object_get(reply, "ok"))) {
        print_error(talk, why ? why : "the daemon's reply is not understood");
        if (talk->json && reply)
            printf("%s\n", line);
        json_decref(reply);
        return WR_EXIT_FAILED;
    }
    *ret_result = result ? json_incref(result) : json_object();
    json_decref(reply);
    return WR_EXIT_OK;
}

static int open_and_send(const struct wr_talk *talk, const char *verb, json_t *args,
                         struct lines *lines)
{
    int status = open_socket(talk, &lines->fd);

    if (status != WR_EXIT_OK) {
        json_decref(args);
        return status;
    }
    if (!grow(lines)) {
        json_decref(args);
        say(talk, "not enough memory");
        return WR_EXIT_FAILED;
    }
    return send_request(talk, lines->fd, verb, args);
}

static void end(struct lines *lines)
{
    if (lines->fd >= 0)
        close(lines->fd);
    free(lines->bytes);
}

int wr_talk_ask(const struct wr_talk *talk, const char *verb, json_t *args, json_t **ret_result)
{
    struct lines lines = {.fd = -1};
    int status = open_and_send(talk, verb, args, &lines);

    if (status == WR_EXIT_OK) {
        const char *line = next_line(&lines);

        status = line ? take_reply(talk, line, ret_result) : no_line(talk);
    }
    end(&lines);
    return status;
}

int wr_talk_print(const struct wr_talk *talk, const json_t *result)
{
    if (!talk->json) {
        wr_table_print_in(result, talk->narrow ? wr_table_room(STDOUT_FILENO) : SIZE_MAX, stdout);
        return WR_EXIT_OK;
    }
    if (json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) != 0)
        return WR_EXIT_FAILED;
    putchar('\n');
    return WR_EXIT_OK;
}

int wr_talk_do(const struct wr_talk *talk, const char *verb, json_t *args)
{
    json_t *result = NULL;
    int status = wr_talk_ask(talk, verb, args, &result);

    if (status == WR_EXIT_OK && talk->refine && !talk->json)
        talk->refine(result);
    if (status == WR_EXIT_OK)
        status = wr_talk_print(talk, result);
    json_decref(result);
    return status;
}

int wr_talk_look(const char *who, const char *about, int argc, char **argv)
{
    struct wr_talk talk = {.who = who};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {who, "[look NAME]", about, table, sizeof(table) / sizeof(table[0]), NULL,
                           0};
    char word[WR_OPTS_WORD_SIZE], verb[32];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    if (status != WR_OPTS_GO)
        return status;
    if (!word[0])
        return wr_talk_do(&talk, who, json_object());
    talk.word = word;
    snprintf(verb, sizeof(verb), "%s_look", who);
    return wr_talk_do(&talk, verb, json_pack("{s:s}", "name", opts.operand[1]));
}

/* A line of a stream: an event, or the refusal of the whole. */
static bool take_event(const struct wr_talk *talk, const char *text, int *status,
                       bool (*line)(void *user, const json_t *event), void *user)
{
    json_error_t error;
    json_t *event = json_loads(text, 0, &error);
    const char *why = json_string_value(json_object_get(event, "error"));
    bool go_on = false;

    if (!event || json_is_false(json_object_get(event, "ok"))) {
        print_error(talk, why ? why : "the daemon's reply is not understood");
        *status = WR_EXIT_FAILED;
    } else {
        go_on = line(user, event);
    }
    json_decref(event);
    return go_on;
}

int wr_talk_follow(const struct wr_talk *talk, const char *verb, json_t *args, bool forever,
                   bool (*line)(void *user, const json_t *event), void *user)
{
    struct lines lines = {.fd = -1};
    struct timeval never = {0};
    int status = open_and_send(talk, verb, args, &lines);
    const char *text;
    bool any = false;

    if (status == WR_EXIT_OK && forever)
        (void)setsockopt(lines.fd, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never));
    while (status == WR_EXIT_OK && (text = next_line(&lines)) != NULL) {
        if (!take_event(talk, text, &status, line, user)) {
            end(&lines);
            return status;
        }
        any = true;
    }
    if (status == WR_EXIT_OK && any && errno == 0) {
        say(talk, "the daemon has ended, or closed the connection because nothing was read for a "
                  "minute");
        status = WR_EXIT_FAILED;
    } else if (status == WR_EXIT_OK) {
        status = no_line(talk);
    }
    end(&lines);
    return status;
}
