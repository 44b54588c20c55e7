/* SPDX-License-Identifier: Apache-2.0 */
/* weir reload: puts the changed configuration in force. */
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"

int wr_cli_reload(int argc, char **argv)
{
    struct wr_talk talk = {.who = "reload"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {
        "reload",
        "",
        "Puts the changed configuration file in force. When there is a mistake "
        "in it, the old one\nstays and every mistake is told. When an address cannot be "
        "listened on all the rest is in\nforce, that is told (exit status 1), and "
        "it is tried again until it can be.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands)
        return wr_opts_misused(&opts, "nothing may follow");
    return wr_talk_do(&talk, "reload", json_object());
}
