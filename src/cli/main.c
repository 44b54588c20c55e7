/* SPDX-License-Identifier: Apache-2.0 */
/* weir: a table of verbs and a loop. Each verb is a file beside this one. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/verb.h"
#include "conf/mistakes.h"

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
};

static const struct verb verbs[] = {
    {"serve", wr_cli_serve, "be the gateway, in the foreground"},
    {"ask", wr_cli_ask, "ask a DNS server, as kdig does"},
    {"check", wr_cli_check, "find every mistake in a configuration"},
    {"zone", wr_cli_zone, "find every mistake in a zone file"},
    {"status", wr_cli_status, "how the running gateway is"},
    {"stats", wr_cli_stats, "what it has counted"},
    {"upstreams", wr_cli_upstreams, "the servers it asks, and how they are"},
    {"cache", wr_cli_cache, "what it remembers; make it forget"},
    {"log", wr_cli_log, "the last queries, and those that come"},
    {"reload", wr_cli_reload, "put the changed configuration in force"},
};

static void print_help(FILE *out)
{
    fputs("usage: weir VERB [OPTION ...]\n\nweir is the DNS gateway of an Internet-of-Things "
          "network.\n\n",
          out);
    for (size_t i = 0; i < WR_ARRAY_LEN(verbs); i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].about);
    fputs("\nweir VERB --help tells more. Exit status: 0 done, 1 failed, 2 not understood.\n", out);
}

static int unknown_verb(const char *word)
{
    const char *names[WR_ARRAY_LEN(verbs) + 1];
    char quoted[WR_MISTAKE_QUOTE_SIZE];
    const char *near;

    for (size_t i = 0; i < WR_ARRAY_LEN(verbs); i++)
        names[i] = verbs[i].name;
    names[WR_ARRAY_LEN(verbs)] = NULL;
    near = wr_mistakes_nearest(word, names);
    fprintf(stderr, "weir: unknown verb %s%s%s%s\n", wr_mistakes_quote(word, strlen(word), quoted),
            near ? "; did you mean " : " (weir --help lists them)", near ? near : "",
            near ? "?" : "");
    return WR_EXIT_USAGE;
}

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

    if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
        printf("weir %s\n", WEIR_VERSION);
        return flush(WR_EXIT_OK);
    }
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
        print_help(stdout);
        return flush(WR_EXIT_OK);
    }
    if (!*word) {
        print_help(stderr);
        return WR_EXIT_USAGE;
    }
    for (size_t i = 0; i < WR_ARRAY_LEN(verbs); i++)
        if (!strcmp(word, verbs[i].name))
            return flush(verbs[i].run(argc - 2, argv + 2));
    return unknown_verb(word);
}
