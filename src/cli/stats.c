/* SPDX-License-Identifier: Apache-2.0 */
/* weir stats: what the daemon counted. */
#include <stdio.h>

#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"

/* The metrics are text already; it is our own daemon's, but what came over a socket is printed line by line. */
static int print_metrics(const struct wr_talk *talk)
{
    json_t *result = NULL;
    int status = wr_talk_ask(talk, "metrics", json_object(), &result);

    if (status == WR_EXIT_OK)
        status = wr_talk_print(talk, talk->json ? result : json_object_get(result, "text"));
    json_decref(result);
    return status;
}

int wr_cli_stats(int argc, char **argv)
{
    struct wr_talk talk = {.who = "stats"};
    bool metrics = false;
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
        {"metrics", 'm', .flag = &metrics, .help = "print them as Prometheus reads them"},
    };
    struct wr_opts opts = {"stats",
                           "",
                           "Tells what the running gateway has counted since its start.",
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands)
        return wr_opts_misused(&opts, "nothing may follow");
    return metrics ? print_metrics(&talk) : wr_talk_do(&talk, "stats", json_object());
}
