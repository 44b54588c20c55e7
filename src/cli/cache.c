/* SPDX-License-Identifier: Apache-2.0 */
/* weir cache: what the daemon remembers, and making it forget. */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "dns/name.h"

enum { LIMIT_MAX = 1000000 };

struct cache {
    struct wr_talk talk;
    const char *limit;
    bool exact;
};

static bool is_name(const char *text)
{
    struct wr_name name;

    return wr_name_from_text(text, strlen(text), &name) == WR_OK;
}

static int show(const struct cache *c, const struct wr_opts *opts)
{
    json_t *args;
    uint64_t limit = 0;

    if (opts->operands == 2 && !is_name(opts->operand[1]))
        return wr_opts_misused(opts, "that is no domain name");
    if (c->limit &&
        (wr_str_to_u64(c->limit, strlen(c->limit), LIMIT_MAX, &limit) != WR_OK || limit == 0))
        return wr_opts_misused(opts, "--limit wants a number from 1 to %d", LIMIT_MAX);
    args = json_object();
    if (opts->operands == 2)
        json_object_set_new(args, "name", json_string(opts->operand[1]));
    if (limit)
        json_object_set_new(args, "limit", json_integer((json_int_t)limit));
    return wr_talk_do(&c->talk, "cache_show", args);
}

static int flush(const struct cache *c, const struct wr_opts *opts)
{
    json_t *args;

    if (!is_name(opts->operand[1]))
        return wr_opts_misused(opts, "that is no domain name");
    args = json_pack("{s:s}", "name", opts->operand[1]);
    if (!c->exact)
        json_object_set_new(args, "below", json_true());
    return wr_talk_do(&c->talk, "cache_flush", args);
}

int wr_cli_cache(int argc, char **argv)
{
    struct cache c = {.talk.who = "cache"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(c.talk),
        WR_TALK_JSON_ROW(c.talk),
        {"limit", 'n', .value = &c.limit, .meta = "N", .help = "show: at most N entries"},
        {"exact", 'x', .flag = &c.exact, .help = "flush: the name alone, not what is below it"},
    };
    struct wr_opts opts = {"cache",
                           "show [NAME] | flush NAME",
                           "Shows what the running gateway remembers (of a name), or makes it "
                           "forget a name and all\nnames below it (\".\" is everything).",
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    if (status != WR_OPTS_GO)
        return status;
    c.talk.word = word;
    return !strcmp(word, "show") ? show(&c, &opts) : flush(&c, &opts);
}
