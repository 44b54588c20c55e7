/* SPDX-License-Identifier: Apache-2.0 */
/* weir: finds the verb in the table of cli/verb and runs it. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/verb.h"

/* What was asked for must have arrived: a full disk is a failure. */
static int flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fputs("weir: the output could not be written\n", stderr);
    return status == WR_EXIT_OK ? WR_EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    const struct wr_verb *verb = wr_verb_find(word);

    if (verb)
        return flush(verb->run(argc - 2, argv + 2));
    if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
        printf("weir %s\n", WEIR_VERSION);
        return flush(WR_EXIT_OK);
    }
    if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
        wr_help_print(stdout);
        return flush(WR_EXIT_OK);
    }
    if (*word)
        return wr_verb_unknown(word);
    wr_help_print(stderr);
    return WR_EXIT_USAGE;
}
