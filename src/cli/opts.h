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
 * left out. `meta` of an option is such a word. Help of an option that begins with words of the usage, "learn, drift: ...", is of these alone;
 * so are lines of `about` from one that begins so to the next.
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
/* The same of a verb whose usage has words: which of them was said, with as many operands behind it as one of its ways has. Where none was said it
 * is the one that the usage begins with and that may be left out ("[list] | show DEVICE"), or "", as for a way without a word. */
#define WR_OPTS_WORD_SIZE 16
int wr_opts_read_word(struct wr_opts *opts, int argc, char **argv,
                      char ret_word[WR_OPTS_WORD_SIZE]);
/* Of one word of it, when that is the first operand. */
void wr_opts_help(const struct wr_opts *opts, FILE *out);
/* Is the first operand one of the usage's words? Else that is said, and which there are; WR_EXIT_USAGE. */
int wr_opts_know(const struct wr_opts *opts);
/* Prints the sentence, and how the verb is used; returns WR_EXIT_USAGE. */
int wr_opts_misused(const struct wr_opts *opts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Until wr_opts_listen(NULL, NULL) the tables of verbs that are run are told, and nothing else happens. */
typedef void wr_opts_tell(void *user, const struct wr_opts *opts);
void wr_opts_listen(wr_opts_tell *tell, void *user);
/* True when somebody listens and was told: the verb ends. For a verb that reads its words itself. */
bool wr_opts_told(const struct wr_opts *opts);
/* "-c, --config FILE", "+[no]tcp": an option as the help and the manual write it, in at most `size` octets with the NUL. */
void wr_opts_left(const struct wr_opt *row, char *out, size_t size);

#endif
