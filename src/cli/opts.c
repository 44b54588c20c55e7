/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opts.h"

#include <stdarg.h>
#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "cli/verb.h"
#include "conf/mistakes.h"

enum { ROWS_MAX = 32 };

static struct {
    wr_opts_tell *tell;
    void *user;
} listener;

void wr_opts_listen(wr_opts_tell *tell, void *user)
{
    listener.tell = tell;
    listener.user = user;
}

bool wr_opts_told(const struct wr_opts *opts)
{
    if (!listener.tell)
        return false;
    listener.tell(listener.user, opts);
    return true;
}

void wr_opts_left(const struct wr_opt *row, char *out, size_t size)
{
    bool plus = row->name && row->name[0] == '+';
    const char *dashes = !row->name || plus ? "" : "--";
    /* A value stands behind "=" where the sign is "+", else behind a space; as the readers take it. */
    const char *gap = !row->meta || row->meta[0] == '[' ? "" : plus ? "=" : " ";
    char letter[8] = "";

    if (row->letter)
        snprintf(letter, sizeof(letter), "-%c%s", row->letter, row->name ? ", " : "");
    snprintf(out, size, "%s%s%s%s%s", letter, dashes, row->name ? row->name : "", gap,
             row->meta ? row->meta : "");
}

void wr_opts_help(const struct wr_opts *opts, FILE *out)
{
    fprintf(out, "usage: weir %s%s%s%s\n\n%s\n\n", opts->verb, opts->rows ? " [OPTION ...]" : "",
            *opts->usage ? " " : "", opts->usage, opts->about);
    for (size_t i = 0; i < opts->rows; i++) {
        const struct wr_opt *row = &opts->table[i];
        bool indented = !row->letter && row->name && row->name[0] != '+';
        char left[64];

        wr_opts_left(row, left, sizeof(left));
        if (row->help)
            fprintf(out, "  %s%-*s %s\n", indented ? "    " : "", indented ? 22 : 26, left,
                    row->help);
    }
    fprintf(out, "      %-22s %s\n", "--help", "print this");
}

int wr_opts_misused(const struct wr_opts *opts, const char *format, ...)
{
    va_list list;

    fprintf(stderr, "weir %s: ", opts->verb);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nusage: weir %s%s%s%s (--help tells more)\n", opts->verb,
            opts->rows ? " [OPTION ...]" : "", *opts->usage ? " " : "", opts->usage);
    return WR_EXIT_USAGE;
}

int wr_opts_no_word(const struct wr_opts *opts, const char *word, const char *const *words)
{
    const char *near = wr_mistakes_nearest(word, words);
    char quoted[WR_MISTAKE_QUOTE_SIZE], list[256];
    struct wr_str s;

    wr_mistakes_quote(word, strlen(word), quoted);
    if (near)
        return wr_opts_misused(opts, "unknown word %s; did you mean %s?", quoted, near);
    wr_str_init(&s, list, sizeof(list));
    for (size_t i = 0; words[i]; i++) {
        wr_str_text(&s, i == 0 ? "" : words[i + 1] ? ", " : " or ");
        wr_str_text(&s, words[i]);
    }
    return wr_opts_misused(opts, "unknown word %s: it is none of %s", quoted, list);
}

static const struct wr_opt *find_name(const struct wr_opts *opts, const char *name, size_t n)
{
    for (size_t i = 0; i < opts->rows; i++)
        if (opts->table[i].name && strlen(opts->table[i].name) == n &&
            !memcmp(opts->table[i].name, name, n))
            return &opts->table[i];
    return NULL;
}

static const struct wr_opt *find_letter(const struct wr_opts *opts, char letter)
{
    for (size_t i = 0; i < opts->rows; i++)
        if (opts->table[i].letter == letter)
            return &opts->table[i];
    return NULL;
}

static int unknown(const struct wr_opts *opts, const char *word, size_t n)
{
    const char *names[ROWS_MAX + 2];
    char quoted[WR_MISTAKE_QUOTE_SIZE];
    char copy[64] = "";
    const char *near;
    size_t rows = 0;

    for (size_t i = 0; i < opts->rows && rows < ROWS_MAX; i++)
        if (opts->table[i].name)
            names[rows++] = opts->table[i].name;
    names[rows++] = "help";
    names[rows] = NULL;
    if (n > 2 && n - 2 < sizeof(copy))
        memcpy(copy, word + 2, n - 2);
    near = wr_mistakes_nearest(copy, names);
    wr_mistakes_quote(word, n, quoted);
    if (near)
        return wr_opts_misused(opts, "unknown option %s; did you mean --%s?", quoted, near);
    return wr_opts_misused(opts, "unknown option %s", quoted);
}

/* Takes the value of `row`: `inside` the same word, or the next one. */
static int take(const struct wr_opts *opts, const struct wr_opt *row, const char *inside,
                char **argv, int argc, int *at)
{
    if (row->flag) {
        if (inside)
            return wr_opts_misused(opts, "--%s takes no value", row->name);
        *row->flag = true;
        return WR_OPTS_GO;
    }
    if (!inside && ++*at >= argc)
        return wr_opts_misused(opts, "--%s wants a value: %s", row->name, row->meta);
    wr_assert(row->value);
    *row->value = inside ? inside : argv[*at];
    return WR_OPTS_GO;
}

static int take_long(const struct wr_opts *opts, char **argv, int argc, int *at)
{
    const char *word = argv[*at];
    size_t n = strcspn(word, "=");
    const struct wr_opt *row = find_name(opts, word + 2, n - 2);

    if (!row)
        return unknown(opts, word, n);
    return take(opts, row, word[n] ? word + n + 1 : NULL, argv, argc, at);
}

/* "-jv", "-cFILE", "-c FILE". */
static int take_letters(const struct wr_opts *opts, char **argv, int argc, int *at)
{
    const char *word = argv[*at];

    for (size_t i = 1; word[i]; i++) {
        const struct wr_opt *row = find_letter(opts, word[i]);
        int status;

        if (!row)
            return unknown(opts, word, strlen(word));
        if (row->value)
            return take(opts, row, word[i + 1] ? word + i + 1 : NULL, argv, argc, at);
        status = take(opts, row, NULL, argv, argc, at);
        if (status != WR_OPTS_GO)
            return status;
    }
    return WR_OPTS_GO;
}

int wr_opts_read(struct wr_opts *opts, int argc, char **argv)
{
    bool ended = false;

    if (wr_opts_told(opts))
        return WR_EXIT_OK;
    opts->operand = argv;
    opts->operands = 0;
    for (int at = 0; at < argc; at++) {
        char *word = argv[at];
        int status = WR_OPTS_GO;

        if (ended || word[0] != '-' || !word[1]) {
            argv[opts->operands++] = word; /* never ahead of what is read */
        } else if (!strcmp(word, "--")) {
            ended = true;
        } else if (!strcmp(word, "--help") || (!strcmp(word, "-h") && !find_letter(opts, 'h'))) {
            wr_opts_help(opts, stdout);
            return WR_EXIT_OK;
        } else if (word[1] == '-') {
            status = take_long(opts, argv, argc, &at);
        } else {
            status = take_letters(opts, argv, argc, &at);
        }
        if (status != WR_OPTS_GO)
            return status;
    }
    return WR_OPTS_GO;
}
