/* SPDX-License-Identifier: Apache-2.0 */
/* weir zones: the zones that the running gateway keeps copies of. */
#include <string.h>

#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"

int wr_cli_zones(int argc, char **argv)
{
    struct wr_talk talk = {.who = "zones"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {"zones",
                           "[look NAME]",
                           "Shows the zones that are copied from their primaries: serial, age, "
                           "what is done, and what is "
                           "wrong.\nlook NAME asks the primaries for changes now.",
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands == 0)
        return wr_talk_do(&talk, "zones", json_object());
    if (!strcmp(opts.operand[0], "look") && opts.operands == 2)
        return wr_talk_do(&talk, "zones_look", json_pack("{s:s}", "name", opts.operand[1]));
    return wr_opts_misused(&opts, "look NAME?");
}
