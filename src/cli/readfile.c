/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/readfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *wr_readfile(const char *path, size_t most, size_t *ret_n, const char **ret_why)
{
    FILE *file = strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
    char *text = file ? malloc(most + 1) : NULL;

    *ret_n = text ? fread(text, 1, most + 1, file) : 0;
    *ret_why = !text || ferror(file) ? strerror(errno) : *ret_n > most ? "it is too long" : NULL;
    if (file && file != stdin)
        fclose(file);
    if (text && !*ret_why) {
        text[*ret_n] = '\0';
        return text;
    }
    if (text)
        explicit_bzero(text, *ret_n); /* it may be a key */
    free(text);
    return NULL;
}
