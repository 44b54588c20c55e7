/* SPDX-License-Identifier: Apache-2.0 */
/* weir log: who asked what, what was answered and why, from the daemon's memory and disk, and those that come; `weir log verify`. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/logline.h"
#include "cli/logverify.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"

enum { COUNT_MAX = 100000000 };

struct log {
    struct wr_talk talk;
    const char *count, *since, *until;
    const char *device, *client, *asked, *name, *type, *verdict, *rule, *segment, *source, *rcode,
        *security, *kind;
    const char *head, *config, *top;
    bool follow;
    uint64_t missing;
};

static bool print_event(void *user, const json_t *event)
{
    struct log *log = user;

    if (json_is_true(json_object_get(event, "end"))) {
        log->missing = (uint64_t)json_integer_value(json_object_get(event, "missing"));
        return false;
    }
    if (log->talk.json)
        json_dumpf(event, stdout, JSON_COMPACT);
    else
        wr_logline_print(event, stdout);
    putchar('\n');
    return fflush(stdout) == 0;
}

static int add_when(const struct wr_opts *opts, json_t *args, const char *key, const char *text)
{
    int64_t at = 0;

    if (!text)
        return WR_OPTS_GO;
    if (wr_when_read(text, (int64_t)time(NULL), &at) != WR_OK)
        return wr_opts_misused(opts, "--%s wants 2h, 2026-11-28, 2026-11-28T04:05:06Z or @seconds",
                               key);
    json_object_set_new(args, key, json_integer(at));
    return WR_OPTS_GO;
}

/* How many, and from when to when. */
static int put_span(const struct log *log, const struct wr_opts *opts, json_t *args)
{
    uint64_t n = 0;
    int status;

    if (log->count && wr_str_to_u64(log->count, strlen(log->count), COUNT_MAX, &n) != WR_OK)
        return wr_opts_misused(opts, "--count wants a number up to %d", COUNT_MAX);
    if (log->count)
        json_object_set_new(args, "count", json_integer((json_int_t)n));
    status = add_when(opts, args, "since", log->since);
    return status == WR_OPTS_GO ? add_when(opts, args, "until", log->until) : status;
}

/* A name already means all below it; and what is told apart is one of three. */
static int check(const struct log *log, const struct wr_opts *opts)
{
    if (log->name && log->name[0] == '*' && log->name[1] == '.' && log->name[2])
        return wr_opts_misused(opts, "--name already means all below it: write --name %s",
                               log->name + 2);
    if (log->top && strcmp(log->top, "devices") != 0 && strcmp(log->top, "names") != 0 &&
        strcmp(log->top, "minutes") != 0)
        return wr_opts_misused(opts, "--top wants devices, names or minutes");
    return WR_OPTS_GO;
}

static int show(struct log *log, const struct wr_opts *opts)
{
    const struct {
        const char *key, *value;
    } words[] = {{"device", log->device},     {"client", log->client},   {"name", log->name},
                 {"type", log->type},         {"verdict", log->verdict}, {"rule", log->rule},
                 {"segment", log->segment},   {"source", log->source},   {"rcode", log->rcode},
                 {"security", log->security}, {"kind", log->kind},       {"asked", log->asked}};
    json_t *args = json_object();
    int status = put_span(log, opts, args);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].value)
            json_object_set_new(args, words[i].key, json_string(words[i].value));
    if (status != WR_OPTS_GO) {
        json_decref(args);
        return status;
    }
    json_object_set_new(args, log->follow ? "follow" : "lines", json_true());
    status = wr_talk_follow(&log->talk, "log", args, log->follow, print_event, log);
    if (log->missing)
        fprintf(stderr,
                "weir log: %llu events or blocks could not be read; weir status and weir log "
                "verify say more\n",
                (unsigned long long)log->missing);
    return status;
}

/* Moments as people read them. */
static void refine(json_t *result)
{
    const json_t *list = json_object_iter_value(json_object_iter(result));
    char text[32];

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *row = json_array_get(list, i);
        const char *at = json_object_get(row, "last") ? "last" : "minute";

        wr_when_text(json_integer_value(json_object_get(row, at)), text, sizeof(text));
        json_object_set_new(row, at, json_string(text));
    }
}

/* What was asked most, from the history. */
static int top(struct log *log, const struct wr_opts *opts)
{
    json_t *args = json_pack("{s:s}", "by", log->top);
    int status;

    if (log->follow || log->client || log->asked || log->type || log->verdict || log->rule ||
        log->segment || log->source || log->rcode || log->security || log->kind)
        status = wr_opts_misused(
            opts, "--top knows --device, --name, --since, --until and --count alone");
    else
        status = put_span(log, opts, args);
    if (log->device)
        json_object_set_new(args, "device", json_string(log->device));
    if (log->name)
        json_object_set_new(args, "name", json_string(log->name));
    if (status != WR_OPTS_GO) {
        json_decref(args);
        return status;
    }
    log->talk.refine = refine;
    return wr_talk_do(&log->talk, "log_top", args);
}

int wr_cli_log(int argc, char **argv)
{
    struct log log = {.talk.who = "log"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(log.talk),
        {"json", 'j', .flag = &log.talk.json, .help = "print JSON, one object a line"},
        {"count", 'n', .value = &log.count, .meta = "N", .help = "the last N (of those wanted)"},
        {"follow", 'f', .flag = &log.follow, .help = "go on with those that come"},
        {"since", 'S', .value = &log.since, .meta = "TIME", .help = "from then on"},
        {"until", 'U', .value = &log.until, .meta = "TIME", .help = "up to then"},
        {"device", 'd', .value = &log.device, .meta = "NAME",
         .help = "of a device: its name or number, or what it calls itself"},
        {"client", 'c', .value = &log.client, .meta = "ADDRESS",
         .help = "from an address or prefix"},
        {"asked", 0, .value = &log.asked, .meta = "ADDRESS",
         .help = "to a resolver of others, or one in a prefix, in whose place weir answers"},
        {"segment", 0, .value = &log.segment, .meta = "NAME", .help = "of a segment"},
        {"name", 0, .value = &log.name, .meta = "NAME", .help = "for a name and all below it"},
        {"type", 't', .value = &log.type, .meta = "TYPE", .help = "for a record type"},
        {"verdict", 'v', .value = &log.verdict, .meta = "VALUE",
         .help = "with a verdict of policy: nxdomain, refused, data and so on"},
        {"rule", 'r', .value = &log.rule, .meta = "NAME", .help = "decided by a rule"},
        {"source", 0, .value = &log.source, .meta = "VALUE",
         .help = "answered from cache, stale, upstream, local, or dropped"},
        {"rcode", 0, .value = &log.rcode, .meta = "VALUE", .help = "answered with a response code"},
        {"security", 0, .value = &log.security, .meta = "VALUE", .help = "secure, or other"},
        {"kind", 'k', .value = &log.kind, .meta = "VALUE",
         .help = "query, rollup, policy, device or log"},
        {"top", 0, .value = &log.top, .meta = "VALUE",
         .help = "what was asked most, for as long as log.history_days: devices, names or minutes"},
        {"head", 0, .value = &log.head, .meta = "HEX",
         .help = "verify: this hash must stand in the chain"},
        {"config", 0, .value = &log.config, .meta = "FILE",
         .help = "verify: where log.path is written"},
    };
    struct wr_opts opts = {
        "log",
        "[verify] [PATH]",
        "Prints who asked what, and what became of it: from the gateway's memory and, with "
        "log.path, its disk.\n"
        "TIME is 2h ago, 2026-11-28, 2026-11-28T04:05:06Z or @1795838706. `weir log verify` "
        "proves\n"
        "that the log on disk (in a folder) is whole, without the gateway.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands && !strcmp(opts.operand[0], "verify")) {
        if (opts.operands > 2)
            return wr_opts_misused(&opts, "one folder at a time");
        const struct wr_logverify_want want = {.folder =
                                                   opts.operands == 2 ? opts.operand[1] : NULL,
                                               .config = log.config,
                                               .head = log.head,
                                               .json = log.talk.json};
        return wr_logverify_run(&want, &opts);
    }
    if (opts.operands)
        return wr_opts_misused(&opts, "verify, or nothing");
    status = check(&log, &opts);
    if (status != WR_OPTS_GO)
        return status;
    return log.top ? top(&log, &opts) : show(&log, &opts);
}
