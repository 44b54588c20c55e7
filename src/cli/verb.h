/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs: what `weir` can be told, one file a verb, and the table of them.
 *
 * A verb gets the words behind its own name and returns the exit status: 0 done, 1 failed (and a
 * sentence on standard error says why), 2 not understood (and the sentence says how it is used).
 * What was asked for goes to standard output, everything else to standard error.
 *
 * To add one: src/cli/<verb>.c, its line below, its row in src/cli/verb.c. It calls wr_opts_read before it does anything.
 */
#ifndef WR_CLI_VERB_H
#define WR_CLI_VERB_H

#include <stddef.h>

#include "cli/opts.h"

enum wr_exit { WR_EXIT_OK = 0, WR_EXIT_FAILED = 1, WR_EXIT_USAGE = 2 };

struct wr_verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about; /* some words, no sentence */
};

size_t wr_verb_rows(const struct wr_verb **ret_rows);
/* NULL: there is none of that name. */
const struct wr_verb *wr_verb_find(const char *name);
/* The verb's name that was perhaps meant, or NULL. */
const char *wr_verb_nearest(const char *name);
/* Prints the sentence about a verb that is none; WR_EXIT_USAGE. */
int wr_verb_unknown(const char *name);
/* Gives the verb's table of options to `tell`, and runs nothing. */
void wr_verb_describe(const struct wr_verb *verb, wr_opts_tell *tell, void *user);

int wr_cli_anchors(int argc, char **argv);
int wr_cli_ask(int argc, char **argv);
int wr_cli_cache(int argc, char **argv);
int wr_cli_cert(int argc, char **argv);
int wr_cli_config(int argc, char **argv);
int wr_cli_check(int argc, char **argv);
int wr_cli_device(int argc, char **argv);
int wr_cli_devices(int argc, char **argv);
int wr_cli_dnr(int argc, char **argv);
int wr_cli_explain(int argc, char **argv);
int wr_cli_firewall(int argc, char **argv);
int wr_cli_help(int argc, char **argv);
int wr_cli_mud(int argc, char **argv);
int wr_cli_log(int argc, char **argv);
int wr_cli_reload(int argc, char **argv);
int wr_cli_serve(int argc, char **argv);
int wr_cli_stats(int argc, char **argv);
int wr_cli_status(int argc, char **argv);
int wr_cli_upstreams(int argc, char **argv);
int wr_cli_why(int argc, char **argv);
int wr_cli_zone(int argc, char **argv);
int wr_cli_zones(int argc, char **argv);
int wr_cli_feeds(int argc, char **argv);
int wr_cli_policy(int argc, char **argv);

#endif
