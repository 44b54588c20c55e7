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
 *
 * `usage` is read by people and by completion (cli/complete): lower-case words are written as they stand, FILE, PATH, KEY
 * and VERB stand for what can be completed, other capitals for what cannot; "|" parts two ways, "[]" what may be
 * left out. `meta` of an option is such a word.
 *
 * Somebody may listen (the manual page, completion): then wr_opts_read tells them the table and reads nothing.
 */
#ifndef WR_CLI_OPTS_H
#define WR_CLI_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wr_opt {
    const char *name; /* without "--", or "+name" as `weir ask` has them; NULL: the letter alone */
    char letter;      /* 0: none */
    bool *flag;       /* set to true, or */
    const char **value; /* set to the value */
    const char *meta;   /* what the value is called in the help */
    const char *help;   /* NULL: another name of something; not printed */
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

/* The same of an operand that is none of `words` (ended by NULL), naming them and the nearest. */
int wr_opts_no_word(const struct wr_opts *opts, const char *word, const char *const *words);

/* Until wr_opts_listen(NULL, NULL) the tables of verbs that are run are told, and nothing else happens. */
typedef void wr_opts_tell(void *user, const struct wr_opts *opts);
void wr_opts_listen(wr_opts_tell *tell, void *user);
/* True when somebody listens and was told: the verb ends. For a verb that reads its words itself. */
bool wr_opts_told(const struct wr_opts *opts);
/* "-c, --config FILE", "+[no]tcp": an option as the help and the manual write it, in at most `size` octets with the NUL. */
void wr_opts_left(const struct wr_opt *row, char *out, size_t size);

#endif
