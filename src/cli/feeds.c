/* SPDX-License-Identifier: Apache-2.0 */
/* weir feeds: the lists of names and addresses that the running gateway has, and how they are. */
#include <string.h>

#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"

int wr_cli_feeds(int argc, char **argv)
{
    struct wr_talk talk = {.who = "feeds"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {"feeds",
                           "[look NAME]",
                           "Shows the lists of `feeds`: how many names and addresses, how old, "
                           "how much memory, which lines were set aside and why, and what is wrong "
                           "with the file now.\nlook NAME looks at its file, or fetches it, now.",
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands == 0)
        return wr_talk_do(&talk, "feeds", json_object());
    if (!strcmp(opts.operand[0], "look") && opts.operands == 2)
        return wr_talk_do(&talk, "feeds_look", json_pack("{s:s}", "name", opts.operand[1]));
    return wr_opts_misused(&opts, "look NAME?");
}
