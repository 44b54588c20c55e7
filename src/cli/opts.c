/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opts.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "cli/verb.h"
#include "conf/mistakes.h"

enum { ROWS_MAX = 32, WORDS_MAX = 16, WAY_SIZE = 64 };

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

/* --- words of the usage --- */

/* One way of a usage line: "import DEVICE [FILE]". */
struct way {
    char word[WR_OPTS_WORD_SIZE]; /* "": it has none */
    int least, most;              /* operands, without the word */
    char text[WAY_SIZE];          /* without brackets of the whole line */
    struct wr_str s;
};

static void take_token(struct way *way, const char *token, size_t n)
{
    bool first = way->s.len == 0, optional = token[0] == '[';

    token += optional;
    n -= optional;
    while (n && token[n - 1] == ']')
        n--;
    if (first && token[0] >= 'a' && token[0] <= 'z' && n < sizeof(way->word)) {
        memcpy(way->word, token, n);
        optional = false;
    } else if (n == 3 && !memcmp(token, "...", 3)) {
        way->most = INT_MAX;
    } else {
        way->least += !optional;
        way->most++;
    }
    wr_str_text(&way->s, first ? "" : " ");
    wr_str_text(&way->s, optional ? "[" : "");
    wr_str_bytes(&way->s, token, n);
    wr_str_text(&way->s, optional ? "]" : "");
}

/* The next of what is left of a usage line; false: there is none. */
static bool next_way(const char **left, struct way *way)
{
    const char *at = *left + strspn(*left, " |");

    memset(way, 0, sizeof(*way));
    wr_str_init(&way->s, way->text, sizeof(way->text));
    while (*at && *at != '|') {
        size_t n = strcspn(at, " |");

        take_token(way, at, n);
        at += n + strspn(at + n, " ");
    }
    *left = at;
    return way->s.len > 0;
}

static bool has_word(const struct wr_opts *opts, const char *word)
{
    const char *left = opts->usage;
    struct way way;

    while (*word && next_way(&left, &way))
        if (!strcmp(way.word, word))
            return true;
    return false;
}

/* The first operand, when it is a word of the usage; else NULL. */
static const char *said_word(const struct wr_opts *opts)
{
    return opts->operands > 0 && has_word(opts, opts->operand[0]) ? opts->operand[0] : NULL;
}

static void put_usage(const struct wr_opts *opts, FILE *out)
{
    const char *left = opts->usage, *word = said_word(opts), *gap = " ";
    struct way way;

    fprintf(out, "usage: weir %s%s", opts->verb, opts->rows ? " [OPTION ...]" : "");
    if (!word)
        fprintf(out, "%s%s", *opts->usage ? gap : "", opts->usage);
    while (word && next_way(&left, &way)) {
        if (strcmp(way.word, word) != 0)
            continue;
        fprintf(out, "%s%s", gap, way.text);
        gap = " | ";
    }
}

/* "learn, drift: ..." has these two for its head, and is theirs; where another word stands in front of the colon it has none, and is all words'.
 * A line's, or all of a text without lines. */
static bool is_headed(const struct wr_opts *opts, const char *text, const char *word, bool *ret_of)
{
    size_t end = strcspn(text, ":\n"), at = 0;
    bool headed = text[end] == ':';

    *ret_of = false;
    while (headed && at < end) {
        char one[WR_OPTS_WORD_SIZE] = "";
        size_t n = strcspn(text + at, ",: ");

        if (n < sizeof(one))
            memcpy(one, text + at, n);
        headed = has_word(opts, one);
        *ret_of = *ret_of || (word && !strcmp(one, word));
        at += n + strspn(text + at + n, ", ");
    }
    return headed;
}

static bool is_of(const struct wr_opts *opts, const char *help, const char *word)
{
    bool of;

    return !is_headed(opts, help, word, &of) || of || !word;
}

/* Of a word: what has no head, and what comes from its head on to the next one. An empty line follows. */
static void put_about(const struct wr_opts *opts, const char *word, FILE *out)
{
    bool shown = true, of;
    size_t last = 0;

    for (const char *line = opts->about; *line;) {
        size_t n = strcspn(line, "\n");

        if (is_headed(opts, line, word, &of))
            shown = of || !word;
        if (shown) {
            fprintf(out, "%.*s\n", (int)n, line);
            last = n;
        }
        line += n + (line[n] == '\n');
    }
    fputs(last ? "\n" : "", out);
}

void wr_opts_help(const struct wr_opts *opts, FILE *out)
{
    const char *word = said_word(opts);

    put_usage(opts, out);
    fputs("\n\n", out);
    put_about(opts, word, out);
    for (size_t i = 0; i < opts->rows; i++) {
        const struct wr_opt *row = &opts->table[i];
        bool indented = !row->letter && row->name && row->name[0] != '+';
        char left[64];

        wr_opts_left(row, left, sizeof(left));
        if (row->help && is_of(opts, row->help, word))
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
    fputc('\n', stderr);
    put_usage(opts, stderr);
    fputs(" (--help tells more)\n", stderr);
    return WR_EXIT_USAGE;
}

/* "show, set or unset": how many. */
static size_t list_words(const struct wr_opts *opts, char words[WORDS_MAX][WR_OPTS_WORD_SIZE],
                         struct wr_str *s)
{
    const char *left = opts->usage;
    size_t count = 0;
    struct way way;

    while (count < WORDS_MAX && next_way(&left, &way))
        if (way.word[0] && (!count || strcmp(way.word, words[count - 1]) != 0))
            memcpy(words[count++], way.word, sizeof(way.word));
    for (size_t i = 0; i < count; i++) {
        wr_str_text(s, !i ? "" : i + 1 < count ? ", " : " or ");
        wr_str_text(s, words[i]);
    }
    return count;
}

int wr_opts_know(const struct wr_opts *opts)
{
    char words[WORDS_MAX][WR_OPTS_WORD_SIZE], quoted[WR_MISTAKE_QUOTE_SIZE], list[256];
    const char *names[WORDS_MAX + 1] = {NULL}, *near;
    struct wr_str s;
    size_t count;

    if (said_word(opts))
        return WR_OPTS_GO;
    wr_str_init(&s, list, sizeof(list));
    count = list_words(opts, words, &s);
    if (!count)
        return wr_opts_misused(opts, "nothing may follow");
    if (!opts->operands) {
        const char *left = opts->usage;
        struct way way;
        bool plain = next_way(&left, &way) && !way.word[0];

        return wr_opts_misused(opts, "%s%s%s?", plain ? way.text : "which of ",
                               plain ? ", or one of " : "", list);
    }
    for (size_t i = 0; i < count; i++)
        names[i] = words[i];
    near = wr_mistakes_nearest(opts->operand[0], names);
    wr_mistakes_quote(opts->operand[0], strlen(opts->operand[0]), quoted);
    return near ? wr_opts_misused(opts, "unknown word %s; did you mean %s?", quoted, near)
                : wr_opts_misused(opts, "unknown word %s: it is none of %s", quoted, list);
}

/* "diff takes DEVICE FILE, or FILE FILE" */
static int misfit(const struct wr_opts *opts, const char *word)
{
    const char *left = opts->usage, *gap = "";
    int at = said_word(opts) != NULL, most = 0;
    struct wr_str s;
    struct way way;
    char list[256], quoted[WR_MISTAKE_QUOTE_SIZE];

    wr_str_init(&s, list, sizeof(list));
    while (next_way(&left, &way)) {
        if (strcmp(way.word, word) != 0)
            continue;
        wr_str_text(&s, gap);
        wr_str_text(&s, way.most ? way.text + strlen(word) + 1 : "nothing else");
        gap = ", or ";
        most = way.most > most ? way.most : most;
    }
    if (opts->operands - at > most) {
        const char *extra = opts->operand[at + most];

        return wr_opts_misused(opts, "%s takes %s; %s is one word too many", word, list,
                               wr_mistakes_quote(extra, strlen(extra), quoted));
    }
    return wr_opts_misused(opts, "%s takes %s", word, list);
}

int wr_opts_read_word(struct wr_opts *opts, int argc, char **argv, char ret_word[WR_OPTS_WORD_SIZE])
{
    int status = wr_opts_read(opts, argc, argv);
    const char *left = opts->usage, *word;
    struct way way;

    ret_word[0] = '\0';
    if (status != WR_OPTS_GO)
        return status;
    if (!opts->operands && opts->usage[0] == '[') {
        if (next_way(&left, &way) && !way.least)
            memcpy(ret_word, way.word, WR_OPTS_WORD_SIZE);
        return WR_OPTS_GO;
    }
    word = said_word(opts);
    while (next_way(&left, &way)) {
        int behind = opts->operands - (word != NULL);

        if (behind >= way.least && behind <= way.most && !strcmp(way.word, word ? word : "")) {
            memcpy(ret_word, way.word, WR_OPTS_WORD_SIZE);
            return WR_OPTS_GO;
        }
    }
    return word ? misfit(opts, word) : wr_opts_know(opts);
}

/* --- options --- */

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
