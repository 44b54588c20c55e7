/* SPDX-License-Identifier: Apache-2.0 */
/* weir log: the last queries, from the daemon's memory, and those that come. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/opts.h"
#include "cli/table.h"
#include "cli/talk.h"
#include "cli/verb.h"

enum { COUNT_MAX = 1048576, CELL_SIZE = 1024 };

/* "time" is seconds since 1970; the rest is printed as it comes. */
static void print_time(const json_t *value)
{
    time_t seconds = (time_t)json_integer_value(value);
    char text[40] = "-";
    struct tm tm;

    if (gmtime_r(&seconds, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    fputs(text, stdout);
}

/* One line an event: the daemon's fields in its order, numbers with their names. */
static bool print_event(void *user, const json_t *event)
{
    const struct wr_talk *talk = user;
    if (json_is_true(json_object_get(event, "end")))
        return false;
    char text[CELL_SIZE];
    const char *key;
    json_t *item;
    bool any = false;

    if (talk->json) {
        json_dumpf(event, stdout, JSON_COMPACT);
    } else {
        json_object_foreach((json_t *)(uintptr_t)event, key, item)
        {
            fputs(any ? " " : "", stdout);
            any = true;
            if (!strcmp(key, "time") && json_is_integer(item)) {
                print_time(item);
                continue;
            }
            wr_table_cell(item, text, sizeof(text));
            if (!json_is_string(item))
                printf("%s=", key);
            fputs(text, stdout);
        }
    }
    putchar('\n');
    return fflush(stdout) == 0;
}

int wr_cli_log(int argc, char **argv)
{
    struct wr_talk talk = {.who = "log"};
    const char *count = NULL;
    bool follow = false;
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        {"json", 'j', .flag = &talk.json, .help = "print JSON, one object a line"},
        {"count", 'n', .value = &count, .meta = "N", .help = "the last N queries"},
        {"follow", 'f', .flag = &follow, .help = "go on with those that come"},
    };
    struct wr_opts opts = {"log",
                           "",
                           "Prints the last queries and what became of them.",
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    int status = wr_opts_read(&opts, argc, argv);
    json_t *args;
    uint64_t n = 0;

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands)
        return wr_opts_misused(&opts, "nothing may follow");
    if (count && wr_str_to_u64(count, strlen(count), COUNT_MAX, &n) != WR_OK)
        return wr_opts_misused(&opts, "--count wants a number up to %d", COUNT_MAX);
    args = json_object();
    if (count)
        json_object_set_new(args, "count", json_integer((json_int_t)n));
    json_object_set_new(args, follow ? "follow" : "lines", json_true());
    return wr_talk_follow(&talk, "log", args, follow, print_event, &talk);
}
