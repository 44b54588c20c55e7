/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roff: plain text written so that man(1) shows it as it is.
 *
 * The manual pages are printed from tables (conf/doc, cli/help); here is what both need. Text between two `
 * is bold. A backslash, a hyphen, and a dot or quote at the start of a line would be commands: they are escaped.
 */
#ifndef WR_CONF_ROFF_H
#define WR_CONF_ROFF_H

#include <stdio.h>

void wr_roff_text(FILE *out, const char *text);
/* ".SS text" and its kin: one line of a command with its text. */
void wr_roff_line(FILE *out, const char *command, const char *text);
/* "word: text" on a line of its own, the word slanted. */
void wr_roff_fact(FILE *out, const char *word, const char *text);
/* Text in its own lines, as in a file. */
void wr_roff_example(FILE *out, const char *text);

#endif
