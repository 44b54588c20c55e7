/* SPDX-License-Identifier: Apache-2.0 */
/* weir status: how the running daemon is. */
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"

int wr_cli_status(int argc, char **argv)
{
    struct wr_talk talk = {.who = "status"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {
        "status", "", "Tells how the running gateway is.", table, sizeof(table) / sizeof(table[0]),
        NULL,     0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands)
        return wr_opts_misused(&opts, "nothing may follow");
    return wr_talk_do(&talk, "status", json_object());
}
