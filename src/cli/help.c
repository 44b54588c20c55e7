/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include "cli/complete.h"
#include "cli/verb.h"
#include "conf/conf.h"
#include "conf/roff.h"
#include "conf/schema.h"

void wr_help_print(FILE *out)
{
    const struct wr_verb *verbs;
    size_t count = wr_verb_rows(&verbs);

    fputs("usage: weir VERB [OPTION ...]\n\nweir is the DNS gateway of an Internet-of-Things "
          "network.\n\n",
          out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].about);
    fputs("\nweir VERB --help tells more. Exit status: 0 done, 1 failed, 2 not understood.\n", out);
}

/* --- weir(8) --- */

static void man_verb(void *user, const struct wr_opts *opts)
{
    FILE *out = user;

    fprintf(out, ".SS weir %s%s%s", opts->verb, opts->rows ? " [OPTION ...]" : "",
            *opts->usage ? " " : "");
    wr_roff_text(out, opts->usage);
    fputc('\n', out);
    wr_roff_text(out, opts->about);
    fputc('\n', out);
    for (size_t i = 0; i < opts->rows; i++) {
        char left[64];

        if (!opts->table[i].help)
            continue;
        wr_opts_left(&opts->table[i], left, sizeof(left));
        fputs(".TP\n", out);
        wr_roff_line(out, "B", left);
        wr_roff_text(out, opts->table[i].help);
        fputc('\n', out);
    }
}

static void man_term(FILE *out, const char *term, const char *text)
{
    fputs(".TP\n", out);
    wr_roff_line(out, "B", term);
    wr_roff_text(out, text);
    fputc('\n', out);
}

static const char *default_of(const char *key)
{
    return wr_schema_default(wr_schema_find(key), WR_PROFILE_GATEWAY);
}

void wr_help_man(FILE *out)
{
    const struct wr_verb *verbs;
    size_t count = wr_verb_rows(&verbs);

    fputs(".TH WEIR 8 \"\" weir\n.SH NAME\nweir \\- DNS gateway of an Internet-of-Things network\n"
          ".SH SYNOPSIS\n.B weir\nVERB [OPTION ...]\n.br\n",
          out);
    wr_roff_line(out, "B", "weir --version");
    fputs(".SH DESCRIPTION\n", out);
    wr_roff_text(out, "Every name that a device asks for goes through weir: it answers, it "
                      "remembers, and it keeps answering when the uplink does not. `weir serve` is "
                      "the gateway; without a configuration it answers this machine alone. The "
                      "other verbs look at a running gateway, at its configuration, or ask a "
                      "server.\n");
    fputs(".SH VERBS\nEach takes\n.BR \\-\\-help .\n", out);
    for (size_t i = 0; i < count; i++)
        wr_verb_describe(&verbs[i], man_verb, out);
    fputs(".SH EXIT STATUS\n", out);
    man_term(out, "0", "Done.");
    man_term(out, "1", "Failed; a sentence on standard error says why.");
    man_term(out, "2", "Not understood; the sentence says how it is used.");
    fputs(".SH FILES\n", out);
    man_term(out, WR_CONF_PATH, "The configuration; it may be absent.");
    man_term(out, default_of("control.socket"), "What the other verbs talk to.");
    fputs(".SH SEE ALSO\n.BR weir.yaml (5)\n", out);
}

/* A verb, or one word of it. */
struct wish {
    char **operand;
    int operands, status;
};

static void print_verb(void *user, const struct wr_opts *table)
{
    struct wish *wish = user;
    struct wr_opts opts = *table;

    opts.operand = wish->operand + 1;
    opts.operands = wish->operands - 1;
    if (opts.operands)
        wish->status = wr_opts_know(&opts);
    if (wish->status == WR_OPTS_GO)
        wr_opts_help(&opts, stdout);
}

int wr_cli_help(int argc, char **argv)
{
    bool man = false, complete = false;
    const struct wr_opt table[] = {
        {"man", 0, .flag = &man, .help = "print the page weir(8)"},
        {"complete", 0, .flag = &complete,
         .help = "print what may stand in place of the last word, for shells"},
    };
    struct wr_opts opts = {.verb = "help",
                           .usage = "[VERB [WORD]]",
                           .about =
                               "Lists the verbs, or tells how one is used, or one of its words: "
                               "weir help mud learn.",
                           .table = table,
                           .rows = sizeof(table) / sizeof(table[0])};
    int status = wr_opts_read(&opts, argc, argv);
    const struct wr_verb *verb;

    if (status != WR_OPTS_GO)
        return status;
    if (complete) {
        wr_complete_print(opts.operands, opts.operand, stdout);
        return WR_EXIT_OK;
    }
    if (opts.operands > 2)
        return wr_opts_misused(&opts, "one verb at a time, and one word of it");
    if (man) {
        wr_help_man(stdout);
    } else if (!opts.operands) {
        wr_help_print(stdout);
    } else {
        verb = wr_verb_find(opts.operand[0]);
        if (!verb)
            return wr_verb_unknown(opts.operand[0]);
        struct wish wish = {opts.operand, opts.operands, WR_OPTS_GO};

        wr_verb_describe(verb, print_verb, &wish);
        return wish.status == WR_OPTS_GO ? WR_EXIT_OK : wish.status;
    }
    return WR_EXIT_OK;
}
