/* SPDX-License-Identifier: Apache-2.0 */
/* weir upstreams: what the daemon knows of the servers it asks. */
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"

int wr_cli_upstreams(int argc, char **argv)
{
    struct wr_talk talk = {.who = "upstreams", .narrow = true};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {"upstreams",
                           "",
                           "Tells what the running gateway knows of the servers it asks.",
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands)
        return wr_opts_misused(&opts, "nothing may follow");
    return wr_talk_do(&talk, "upstreams", json_object());
}
