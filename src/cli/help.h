/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help: what weir can do, from the table of verbs and the tables of their options.
 *
 * `weir --help` and `weir help` print the list, `weir help VERB` is `weir VERB --help`, `weir help --man` is the
 * page weir(8). Nothing of it is written by hand, so a verb or option that exists is documented.
 */
#ifndef WR_CLI_HELP_H
#define WR_CLI_HELP_H

#include <stdio.h>

void wr_help_print(FILE *out);
void wr_help_man(FILE *out);

#endif
