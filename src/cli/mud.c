/* SPDX-License-Identifier: Apache-2.0 */
/* weir mud: profiles of devices (RFC 8520): shown, compared, written, imported, enforced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/mudlook.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "conf/mudfile.h"
#include "conf/mudwrite.h"

/* Two profiles are not the same. */
#define EXIT_DIFFERENT 3

struct call {
    struct wr_talk talk;
    struct wr_opts *opts;
};

static int show(const struct call *c)
{
    struct wr_mud *mud = wr_mudlook_file(c->opts->operand[1], NULL, NULL);

    if (!mud)
        return WR_EXIT_FAILED;
    json_t *shown = wr_mudlook_show(mud);
    int status = wr_talk_print(&c->talk, shown);

    json_decref(shown);
    wr_mudfile_free(mud);
    return status;
}

static int diff(const struct call *c)
{
    struct wr_mud *old = wr_mudlook_file(c->opts->operand[1], NULL, NULL);
    struct wr_mud *new = old ? wr_mudlook_file(c->opts->operand[2], NULL, NULL) : NULL;
    int status = WR_EXIT_FAILED;

    if (old && new) {
        size_t count = 0;
        json_t *changes = wr_mudlook_diff(old, new, &count);

        status = wr_talk_print(&c->talk, changes);
        status = status == WR_EXIT_OK && count > 0 ? EXIT_DIFFERENT : status;
        json_decref(changes);
    }
    wr_mudfile_free(old);
    wr_mudfile_free(new);
    return status;
}

/* The same in the form of RFC 8520. */
static int export(const struct call *c)
{
    struct wr_mud *mud = wr_mudlook_file(c->opts->operand[1], NULL, NULL);
    char *text = NULL;
    size_t n = 0;
    uint32_t odd = 0;
    int status = WR_EXIT_FAILED;

    if (!mud)
        return WR_EXIT_FAILED;
    int err = wr_mudwrite(mud, &text, &n, &odd);

    if (err == WR_OK)
        status =
            fwrite(text, 1, n, stdout) == n && putchar('\n') != EOF ? WR_EXIT_OK : WR_EXIT_FAILED;
    else if (err == WR_E_UNSUPPORTED)
        fprintf(stderr,
                "weir mud: the ACE %s matches something that weir does not know; without that it "
                "would permit more\n",
                wr_mud_at(mud, mud->ace[odd].name));
    else
        fprintf(stderr, "weir mud: not enough memory\n");
    free(text);
    wr_mudfile_free(mud);
    return status;
}

static const struct {
    const char *name;
    int operands; /* behind it */
    int (*run)(const struct call *c);
} words[] = {{"show", 1, show}, {"diff", 2, diff}, {"export", 1, export}};

int wr_cli_mud(int argc, char **argv)
{
    struct call call = {.talk = {.who = "mud", .narrow = true}};
    const struct wr_opt table[] = {
        WR_TALK_JSON_ROW(call.talk),
    };
    struct wr_opts opts = {
        "mud",
        "show FILE | diff FILE FILE | export FILE",
        "Profiles of devices, as their manufacturers write them (RFC 8520).\n"
        "show tells in words what a profile permits, and of each of its entries (ACEs) if weir\n"
        "enforces it, and if not, why; diff what one permits and another does not (3: there is\n"
        "something); export writes one in the form of RFC 8520, whatever form it has.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    call.opts = &opts;
    const char *names[sizeof(words) / sizeof(words[0]) + 1] = {NULL};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        names[i] = words[i].name;
        if (opts.operands > 0 && !strcmp(opts.operand[0], words[i].name))
            return opts.operands == words[i].operands + 1
                       ? words[i].run(&call)
                       : wr_opts_misused(&opts, "%s, and %d more", words[i].name,
                                         words[i].operands);
    }
    return opts.operands > 0 ? wr_opts_no_word(&opts, opts.operand[0], names)
                             : wr_opts_misused(&opts, "show, diff or export");
}
