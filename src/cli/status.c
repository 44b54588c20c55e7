/* SPDX-License-Identifier: Apache-2.0 */
/* weir status: how the running daemon is. */
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"

/* A pin as URLs have it and a date that can be read; programs get both as they always were. */
static void refine(json_t *result)
{
    json_t *list = json_object_get(result, "certificates"), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        (void)wr_when_show(one, "not_after");
        if (json_object_get(one, "pin"))
            json_object_del(one, "pin_sha256");
    }
}

int wr_cli_status(int argc, char **argv)
{
    struct wr_talk talk = {.who = "status", .refine = refine};
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
