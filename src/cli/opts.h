/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of a verb: a table of rows, read in one call.
 *
 *     bool json = false;
 *     const char *file = NULL;
 *     const struct wr_opt table[] = {
 *         {"json", 'j', .flag = &json, .help = "print JSON"},
 *         {"config", 'c', .value = &file, .meta = "FILE", .help = "the configuration"},
 *     };
 *     struct wr_opts opts = {"check", "[FILE]", "Finds mistakes ...", table, 2};
 *     switch (wr_opts_read(&opts, argc, argv)) ...
 *
 * Long options take their value behind "=" or as the next word; "--" ends them; what is no option is an
 * operand, wherever it stands. Every verb has --help. `argv` begins with the verb's first word
 * and is reordered; operands point into it.
 */
#ifndef WR_CLI_OPTS_H
#define WR_CLI_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wr_opt {
    const char *name;   /* without "--" */
    char letter;        /* 0: none */
    bool *flag;         /* set to true, or */
    const char **value; /* set to the value */
    const char *meta;   /* what the value is called in the help */
    const char *help;
};

struct wr_opts {
    const char *verb, *usage, *about;
    const struct wr_opt *table;
    size_t rows;
    char **operand; /* after wr_opts_read */
    int operands;
};

/* What wr_opts_read returns: go on, or leave with this status (help, or the mistake, was printed). */
#define WR_OPTS_GO (-1)
int wr_opts_read(struct wr_opts *opts, int argc, char **argv);
void wr_opts_help(const struct wr_opts *opts, FILE *out);
/* Prints the sentence, and how the verb is used; returns WR_EXIT_USAGE. */
int wr_opts_misused(const struct wr_opts *opts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
