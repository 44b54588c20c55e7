/* SPDX-License-Identifier: Apache-2.0 */
/* weir serve: the gateway, in the foreground. */
#include "serve/serve.h"

#include "cli/opts.h"
#include "cli/verb.h"

int wr_cli_serve(int argc, char **argv)
{
    struct wr_serve_options options = {.config = NULL};
    const struct wr_opt table[] = {
        {"config", 'c', .value = &options.config, .meta = "FILE",
         .help = "the configuration (default " WR_CONF_PATH " where there is one)"},
    };
    struct wr_opts opts = {
        .verb = "serve",
        .usage = "",
        .about = "Answers DNS queries until SIGTERM or SIGINT; SIGHUP reloads the configuration.\n"
                 "Without a configuration it answers on the loopback addresses and finds every\n"
                 "answer from the root. It stays in the foreground and says what it does on\n"
                 "standard error.",
        .table = table,
        .rows = sizeof(table) / sizeof(table[0]),
    };
    int status = wr_opts_read(&opts, argc, argv);
    if (status != WR_OPTS_GO) {
        return status;
    }
    if (opts.operands > 0) {
        return wr_opts_misused(&opts, "no operands are taken; name the configuration with -c");
    }
    return wr_serve_run(&options) == 0 ? WR_EXIT_OK : WR_EXIT_FAILED;
}
