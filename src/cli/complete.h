/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complete: what may stand in place of the last word of a command line.
 *
 * The scripts of the shells (packaging/completion) ask `weir help --complete`, so nothing of the tables is copied into
 * them. `words` are those behind "weir", the last one perhaps begun or empty. One line each: the word, a tab, what it
 * does. The word ":files" says that the shell completes names of files.
 */
#ifndef WR_CLI_COMPLETE_H
#define WR_CLI_COMPLETE_H

#include <stdio.h>

void wr_complete_print(int count, char **words, FILE *out);

#endif
