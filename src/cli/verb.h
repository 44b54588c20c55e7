/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs: what `weir` can be told, one file a verb.
 *
 * A verb gets the words behind its own name and returns the exit status: 0 done, 1 failed (and a
 * sentence on standard error says why), 2 not understood (and the sentence says how it is used).
 * What was asked for goes to standard output, everything else to standard error.
 *
 * To add one: src/cli/<verb>.c, its line below, its row in src/cli/main.c.
 */
#ifndef WR_CLI_VERB_H
#define WR_CLI_VERB_H

enum wr_exit { WR_EXIT_OK = 0, WR_EXIT_FAILED = 1, WR_EXIT_USAGE = 2 };

int wr_cli_ask(int argc, char **argv);
int wr_cli_cache(int argc, char **argv);
int wr_cli_check(int argc, char **argv);
int wr_cli_log(int argc, char **argv);
int wr_cli_reload(int argc, char **argv);
int wr_cli_serve(int argc, char **argv);
int wr_cli_stats(int argc, char **argv);
int wr_cli_status(int argc, char **argv);
int wr_cli_upstreams(int argc, char **argv);
int wr_cli_zone(int argc, char **argv);

#endif
