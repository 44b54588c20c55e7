/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes: everything that is wrong with a configuration, each with its place.
 *
 * The reader does not stop at the first. At most WR_CONF_MISTAKES_MAX are kept, the rest is counted.
 * A warning is a mistake that does not stop weir (an open resolver, say). Text from the file goes
 * into a message through wr_mistakes_quote only: it is cut, and what is no printable character is
 * escaped, so that a file cannot write to a terminal.
 *
 * Printed as `file:line:column: key: what is wrong`; line 0 stands for the file as a whole.
 */
#ifndef WR_CONF_MISTAKES_H
#define WR_CONF_MISTAKES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/limits.h"

#define WR_MISTAKE_TEXT_SIZE 720
/* Longest quotation of the file, with marks and NUL. */
#define WR_MISTAKE_QUOTE_SIZE 272

struct wr_mistake {
    uint32_t line;   /* from 1; 0: the whole file */
    uint32_t column; /* from 1 */
    bool warning;
    char text[WR_MISTAKE_TEXT_SIZE];
};

struct wr_mistakes {
    uint32_t count;    /* kept, warnings included */
    uint32_t errors;   /* all errors, kept or not */
    uint32_t warnings; /* all warnings, kept or not */
    struct wr_mistake item[WR_CONF_MISTAKES_MAX];
};

void wr_mistakes_init(struct wr_mistakes *m);
void wr_mistakes_add(struct wr_mistakes *m, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void wr_mistakes_warn(struct wr_mistakes *m, uint32_t line, uint32_t column, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));
/* `text` in quotation marks, safe to print, cut with "..." when long. Returns `ret`. */
const char *wr_mistakes_quote(const char *text, size_t n, char ret[WR_MISTAKE_QUOTE_SIZE]);
/* By place in the file; equal places stay in the order they were found. */
void wr_mistakes_sort(struct wr_mistakes *m);
/* One line each, and "and N more" when some were not kept. */
void wr_mistakes_print(const struct wr_mistakes *m, const char *file, FILE *out);

/* The word of `words` (ended by NULL) that is nearest to `word`, or NULL when none is near. */
const char *wr_mistakes_nearest(const char *word, const char *const *words);

#endif
