/* SPDX-License-Identifier: Apache-2.0 */
/* weir policy: the rules in force and their hits; which rules of a file are of no use; and what another file would have changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/opts.h"
#include "cli/policytest.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "conf/policylook.h"

struct look {
    const struct wr_conf *conf;
    json_t *list;
};

static void found(void *user, size_t rule, const char *text)
{
    struct look *l = user;
    const char *name = l->conf->policy.rules.items[rule].name;

    json_array_append_new(l->list, json_pack("{s:s, s:s}", "rule", name, "finding", text));
}

static int check(const struct wr_talk *talk, const char *file)
{
    struct wr_mistakes *mistakes = malloc(sizeof(*mistakes));
    struct wr_conf *conf = NULL;
    struct look l = {.list = json_array()};
    int status = 1;

    if (mistakes && l.list) {
        wr_mistakes_init(mistakes);
        if (wr_conf_load(file, mistakes, &conf) != WR_OK)
            wr_mistakes_print(mistakes, file, stderr);
    }
    if (conf) {
        l.conf = conf;
        wr_policylook_find(conf, found, &l);
        size_t count = json_array_size(l.list);
        json_t *result = json_pack("{s:I, s:I, s:O}", "rules", (json_int_t)conf->policy.rules.count,
                                   "useless", (json_int_t)count, "findings", l.list);
        status = wr_talk_print(talk, result);
        status = status == 0 && count > 0 ? 1 : status;
        json_decref(result);
    }
    wr_conf_free(conf);
    json_decref(l.list);
    free(mistakes);
    return status;
}

int wr_cli_policy(int argc, char **argv)
{
    struct wr_talk talk = {.who = "policy"};
    struct wr_policytest_want want = {.file = NULL};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
        {"days", 0, .value = &want.days, .meta = "N", .help = "test: as many days of the log (7)"},
        {"log", 0, .value = &want.folder, .meta = "PATH",
         .help = "test: the log's folder, when FILE has no log.path"},
        {"count", 'n', .value = &want.count, .meta = "N",
         .help = "test: tell the N most frequent changes (20, and all as JSON)"},
    };
    struct wr_opts opts = {
        "policy",
        "[check FILE | test FILE]",
        "Shows segments and rules in force, and how often each rule has said "
        "something since the start.\ncheck FILE looks for rules that can "
        "never decide, and fails when there are any; no daemon is asked.\n"
        "test FILE decides what the log on disk has once more, with that configuration, and tells\n"
        "who would be told something else about which name. It ends with 0 when nothing would "
        "change,\n"
        "3 when something would; no daemon is asked, and nothing is changed.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    if (status != WR_OPTS_GO)
        return status;
    if (!word[0])
        return wr_talk_do(&talk, "policy", json_object());
    if (!strcmp(word, "check"))
        return check(&talk, opts.operand[1]);
    want.file = opts.operand[1];
    return wr_policytest_run(&want, &talk, &opts);
}
