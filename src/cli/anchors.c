/* SPDX-License-Identifier: Apache-2.0 */
/* weir anchors: the trust anchors of the running gateway, and changing them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/opts.h"
#include "cli/readfile.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"
#include "dnssec/anchor.h"
#include "dnssec/anchorxml.h"

/* A file of anchors has some lines; a line longer than the daemon takes is no anchor. */
enum { LINE_SIZE = 3072, LINES_MAX = 64, FILE_SIZE = 256 * 1024, FOR_MAX_S = 366 * 86400 };

struct anchors {
    struct wr_talk talk;
    const char *for_;
};

static bool is_blank(const char *line, size_t n)
{
    size_t at = strspn(line, " \t\r");

    return at >= n || line[at] == ';' || line[at] == '#';
}

/* The lines that are to be added. */
struct list {
    char line[LINES_MAX][LINE_SIZE];
    int count;
};

/* One line more, when it is an anchor; `number` is its place, for people. */
static bool take_line(struct list *list, const char *path, int number, const char *text, size_t n)
{
    struct wr_anchor room[1];
    struct wr_anchors one;

    wr_anchors_init(&one, room, 1);
    if (list->count == LINES_MAX || n >= LINE_SIZE || wr_anchors_add_text(&one, text, n) != WR_OK) {
        fprintf(stderr, "weir anchors: %s, %d: %s\n", path, number,
                list->count == LINES_MAX ? "too many anchors"
                                         : "is no DS or DNSKEY record of a zone key, such as "
                                           "`. DS 20326 8 2 E06D...`");
        return false;
    }
    memcpy(list->line[list->count], text, n);
    list->line[list->count++][n] = 0;
    return true;
}

static bool take_text(struct list *list, const char *path, const char *text)
{
    for (int number = 1; *text; number++) {
        size_t n = strcspn(text, "\n");

        if (!is_blank(text, n) && !take_line(list, path, number, text, n))
            return false;
        text += n + (text[n] == '\n');
    }
    return true;
}

/* The file that IANA publishes (RFC 9718). */
static bool take_xml(struct list *list, const char *path, const char *text, size_t size)
{
    time_t seconds = time(NULL);
    struct wr_anchorxml x;
    char now[32], line[512];
    struct wr_str s;
    struct tm tm;
    int err = wr_anchorxml_start(&x, text, size);

    gmtime_r(&seconds, &tm);
    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%S", &tm);
    while (!err) {
        wr_str_init(&s, line, sizeof(line));
        err = wr_anchorxml_next(&x, now, &s);
        if (!err && !take_line(list, path, list->count + 1, line, s.len))
            return false;
    }
    if (err != WR_E_NOTFOUND)
        fprintf(stderr, "weir anchors: %s is no file of trust anchors (RFC 9718)\n", path);
    return err == WR_E_NOTFOUND;
}

/* Everything is looked at before anything is sent. */
static bool read_file(const char *path, struct list *list)
{
    const char *why;
    size_t size;
    char *text = wr_readfile(path, FILE_SIZE, &size, &why);
    bool good;

    if (!text) {
        fprintf(stderr, "weir anchors: %s: %s\n", path, why);
        return false;
    }
    good = text[strspn(text, " \t\r\n")] == '<' ? take_xml(list, path, text, size)
                                                : take_text(list, path, text);
    if (good && list->count == 0)
        fprintf(stderr, "weir anchors: %s holds no anchor that is valid now\n", path);
    good = good && list->count > 0;
    free(text);
    return good;
}

static int add(const struct anchors *a, const struct wr_opts *opts)
{
    struct list *list;
    json_t *result = NULL;
    int status = WR_EXIT_FAILED;

    list = calloc(1, sizeof(*list));
    if (list && read_file(opts->operand[1], list)) {
        for (int i = 0; i < list->count; i++) {
            json_decref(result);
            result = NULL;
            status = wr_talk_ask(&a->talk, "anchors_add", json_pack("{s:s}", "line", list->line[i]),
                                 &result);
            if (status != WR_EXIT_OK)
                break;
        }
        if (status == WR_EXIT_OK)
            status = wr_talk_print(&a->talk, result);
    }
    json_decref(result);
    free(list);
    return status;
}

static int negative(const struct anchors *a, const struct wr_opts *opts)
{
    uint64_t for_s = 0;

    if (a->for_ && !wr_when_span(a->for_, FOR_MAX_S, &for_s))
        return wr_opts_misused(opts,
                               "--for wants a time such as 90s, 15m, 12h or 7d, at most a year");
    return wr_talk_do(
        &a->talk, "anchors_negative",
        json_pack("{s:s, s:I}", "name", opts->operand[1], "for_s", (json_int_t)for_s));
}

int wr_cli_anchors(int argc, char **argv)
{
    struct anchors a = {.talk.who = "anchors"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(a.talk),
        WR_TALK_JSON_ROW(a.talk),
        {"for", 'f', .value = &a.for_, .meta = "TIME",
         .help = "negative: how long it lives, 90s, 15m, 12h, 7d; else until it is removed"},
    };
    struct wr_opts opts = {
        "anchors",
        "[add FILE | negative NAME | remove NAME]",
        "Shows the trust anchors in force, and how each follows its zone (RFC 5011); adds those\n"
        "of a file (\"-\" is standard input; DS or DNSKEY lines, or the XML that IANA publishes), "
        "has nothing checked below "
        "a name (RFC 7646), or takes\n"
        "back either.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    if (status != WR_OPTS_GO)
        return status;
    a.talk.word = word;
    if (!word[0])
        return wr_talk_do(&a.talk, "anchors", json_object());
    if (!strcmp(word, "add"))
        return add(&a, &opts);
    if (!strcmp(word, "negative"))
        return negative(&a, &opts);
    return wr_talk_do(&a.talk, "anchors_remove", json_pack("{s:s}", "name", opts.operand[1]));
}
