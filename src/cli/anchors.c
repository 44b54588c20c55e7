/* SPDX-License-Identifier: Apache-2.0 */
/* weir anchors: the trust anchors of the running gateway, and changing them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "dnssec/anchor.h"

/* A file of anchors has some lines; a line longer than the daemon takes is no anchor. */
enum { LINE_SIZE = 3072, LINES_MAX = 64, FOR_MAX_S = 366 * 86400 };

struct anchors {
    struct wr_talk talk;
    const char *for_;
};

/* "90s", "15m", "12h", "7d" in seconds. */
static bool read_duration(const char *text, uint64_t *ret_s)
{
    static const char units[] = "smhd";
    static const uint64_t seconds[] = {1, 60, 3600, 86400};
    size_t n = strlen(text);
    const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;

    if (!unit || wr_str_to_u64(text, n - 1, FOR_MAX_S, ret_s) != WR_OK)
        return false;
    *ret_s *= seconds[unit - units];
    return *ret_s > 0 && *ret_s <= FOR_MAX_S;
}

static bool is_blank(const char *line)
{
    line += strspn(line, " \t\r\n");
    return *line == 0 || *line == ';' || *line == '#';
}

/* The lines that are to be added; each is looked at before any is sent. Negative: the message is printed. */
static int read_file(const char *path, char lines[LINES_MAX][LINE_SIZE])
{
    FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
    int count = 0, number = 0;
    char line[LINE_SIZE];

    if (!f) {
        fprintf(stderr, "weir: %s: %s\n", path, strerror(errno));
        return -1;
    }
    while (count >= 0 && fgets(line, sizeof(line), f)) {
        struct wr_anchor room[1];
        struct wr_anchors one;

        number++;
        if (is_blank(line))
            continue;
        wr_anchors_init(&one, room, 1);
        if (count == LINES_MAX || wr_anchors_add_text(&one, line, strlen(line)) != WR_OK) {
            fprintf(stderr, "weir: %s, line %d: %s\n", path, number,
                    count == LINES_MAX ? "too many anchors"
                                       : "is no DS or DNSKEY record of a zone key, such as "
                                         "`. DS 20326 8 2 E06D...`");
            count = -1;
            break;
        }
        memcpy(lines[count++], line, sizeof(line));
    }
    if (f != stdin)
        fclose(f);
    if (count == 0)
        fprintf(stderr, "weir: %s holds no anchor\n", path);
    return count > 0 ? count : -1;
}

static int add(const struct anchors *a, const struct wr_opts *opts)
{
    char(*lines)[LINE_SIZE];
    json_t *result = NULL;
    int count, status = WR_EXIT_FAILED;

    if (opts->operands != 2)
        return wr_opts_misused(opts, "add wants one file (\"-\" is standard input)");
    lines = calloc(LINES_MAX, sizeof(*lines));
    count = lines ? read_file(opts->operand[1], lines) : -1;
    for (int i = 0; i < count; i++) {
        json_decref(result);
        result = NULL;
        status =
            wr_talk_ask(&a->talk, "anchors_add", json_pack("{s:s}", "line", lines[i]), &result);
        if (status != WR_EXIT_OK)
            break;
    }
    if (status == WR_EXIT_OK)
        status = wr_talk_print(&a->talk, result);
    json_decref(result);
    free(lines);
    return status;
}

static int negative(const struct anchors *a, const struct wr_opts *opts)
{
    uint64_t for_s = 0;

    if (opts->operands != 2)
        return wr_opts_misused(opts, "negative wants one name");
    if (a->for_ && !read_duration(a->for_, &for_s))
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
        {"socket", 's', .value = &a.talk.socket, .meta = "PATH",
         .help = "the daemon's control socket"},
        {"json", 'j', .flag = &a.talk.json, .help = "print JSON"},
        {"for", 'f', .value = &a.for_, .meta = "TIME",
         .help = "how long the negative anchor lives: 90s, 15m, 12h, 7d; else until it is removed"},
    };
    struct wr_opts opts = {
        "anchors",
        "[add FILE | negative NAME | remove NAME]",
        "Shows the trust anchors in force, and how each follows its zone (RFC 5011); adds those\n"
        "of a file (DS or DNSKEY lines), has nothing checked below a name (RFC 7646), or takes\n"
        "back either.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands == 0)
        return wr_talk_do(&a.talk, "anchors", json_object());
    if (!strcmp(opts.operand[0], "add"))
        return add(&a, &opts);
    if (!strcmp(opts.operand[0], "negative"))
        return negative(&a, &opts);
    if (!strcmp(opts.operand[0], "remove") && opts.operands == 2)
        return wr_talk_do(&a.talk, "anchors_remove", json_pack("{s:s}", "name", opts.operand[1]));
    return wr_opts_misused(&opts, "add FILE, negative NAME or remove NAME?");
}
