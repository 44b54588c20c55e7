/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read file: a whole file for a verb, with a NUL behind it; "-" is what comes in on standard input.
 *
 *     text = wr_readfile(path, most, &n, &why);       for free(); NULL: `why` is a few words
 *
 * One that is longer than `most` octets is refused: half of a file says something else than the file.
 */
#ifndef WR_CLI_READFILE_H
#define WR_CLI_READFILE_H

#include <stddef.h>

char *wr_readfile(const char *path, size_t most, size_t *ret_n, const char **ret_why);

#endif
