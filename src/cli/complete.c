/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complete.h"

#include <stdbool.h>
#include <string.h>

#include "cli/verb.h"
#include "conf/schema.h"

enum { WORD_SIZE = 128 };

struct line {
    char **words; /* behind the verb */
    int count;
    const char *begun; /* the last word */
    FILE *out;
};

static void offer(const struct line *line, const char *word, const char *about)
{
    if (!strncmp(word, line->begun, strlen(line->begun)))
        fprintf(line->out, "%s\t%s\n", word, about ? about : "");
}

static void offer_verbs(const struct line *line)
{
    const struct wr_verb *verbs;
    size_t count = wr_verb_rows(&verbs);

    for (size_t i = 0; i < count; i++)
        offer(line, verbs[i].name, verbs[i].about);
}

/* Without "[]", which shells take for a pattern; `weir explain` reads both. */
static void offer_keys(const struct line *line)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    for (size_t i = 0; i < count; i++) {
        char word[WORD_SIZE];
        size_t n = 0;

        for (const char *c = rows[i].name; *c && n + 1 < sizeof(word); c++)
            if (*c != '[' && *c != ']')
                word[n++] = *c;
        word[n] = '\0';
        offer(line, word, rows[i].type == WR_SCHEMA_SECTION ? "" : wr_schema_type_name(&rows[i]));
    }
}

/* A word of a usage line, or the name of an option's value. */
static void offer_meta(const struct line *line, const char *meta)
{
    if (!strcmp(meta, "FILE") || !strcmp(meta, "PATH"))
        fputs(":files\tnames of files\n", line->out);
    else if (!strcmp(meta, "KEY"))
        offer_keys(line);
    else if (!strcmp(meta, "VERB"))
        offer_verbs(line);
    else if (meta[0] >= 'a' && meta[0] <= 'z')
        offer(line, meta, "");
}

/* "+[no]tcp" is offered as both. */
static void offer_flag(const struct line *line, const struct wr_opt *row)
{
    bool no = !strncmp(row->name, "+[no]", 5);
    const char *tail = row->meta && row->meta[0] != '[' ? "=" : "";
    char word[WORD_SIZE];

    snprintf(word, sizeof(word), "+%s%s", row->name + (no ? 5 : 1), tail);
    offer(line, word, row->help);
    snprintf(word, sizeof(word), "+no%s", row->name + 5);
    if (no)
        offer(line, word, "not so");
}

static void offer_option(const struct line *line, const struct wr_opt *row)
{
    char word[WORD_SIZE] = {'-', row->letter, '\0'};

    if (row->name && row->name[0] == '+') {
        offer_flag(line, row);
        return;
    }
    if (row->name)
        snprintf(word, sizeof(word), "--%s", row->name);
    offer(line, word, row->help);
}

/* The option whose value the next word is: "--config", "-c". */
static const struct wr_opt *waiting_for_value(const struct wr_opts *opts, const char *word)
{
    for (size_t i = 0; i < opts->rows; i++) {
        const struct wr_opt *row = &opts->table[i];

        if (!row->meta || word[0] != '-' || (row->name && row->name[0] == '+'))
            continue;
        if (word[1] == '-' ? row->name && !strcmp(word + 2, row->name)
                           : row->letter && word[1] == row->letter && !word[2])
            return row;
    }
    return NULL;
}

/* Copies word `at` of one way of the usage ("[FILE]" as FILE); false: there are fewer. */
static bool usage_word(const char *usage, size_t n, int at, char word[WORD_SIZE])
{
    size_t i = 0, size;

    for (;; i += size, at--) {
        i += strspn(usage + i, " []|");
        if (i >= n)
            return false;
        size = strcspn(usage + i, " []|");
        if (at == 0)
            break;
    }
    if (size >= WORD_SIZE)
        return false;
    memcpy(word, usage + i, size);
    word[size] = '\0';
    return true;
}

/* The words of a way that are literal must be those that were typed. */
static bool fits(const struct wr_opts *opts, const char *way, size_t n)
{
    char word[WORD_SIZE];

    for (int i = 0; i < opts->operands; i++) {
        if (!usage_word(way, n, i, word))
            return false;
        if (word[0] >= 'a' && word[0] <= 'z' && strcmp(word, opts->operand[i]) != 0)
            return false;
    }
    return true;
}

/* Operands behind one another, by the ways of the usage line: "show [NAME] | flush NAME". */
static void offer_operands(const struct line *line, const struct wr_opts *opts)
{
    char word[WORD_SIZE];

    for (const char *way = opts->usage; *way;) {
        size_t n = strcspn(way, "|");

        if (fits(opts, way, n) && usage_word(way, n, opts->operands, word))
            offer_meta(line, word);
        way += n + (way[n] == '|');
    }
}

static void offer_for_verb(void *user, const struct wr_opts *table)
{
    const struct line *line = user;
    const struct wr_opt *value = NULL;
    struct wr_opts opts = *table;

    /* The words before, sorted out: operands to the front, what options take is left out. */
    opts.operand = line->words;
    opts.operands = 0;
    for (int i = 0; i + 1 < line->count; i++) {
        char *word = line->words[i];

        if (value)
            value = NULL;
        else if (word[0] == '-' && word[1])
            value = waiting_for_value(&opts, word);
        else if (word[0] != '+' && word[0] != '@')
            opts.operand[opts.operands++] = word;
    }
    if (value) {
        offer_meta(line, value->meta);
        return;
    }
    if (line->begun[0] == '-' || line->begun[0] == '+') {
        for (size_t i = 0; i < opts.rows; i++)
            if (opts.table[i].help)
                offer_option(line, &opts.table[i]);
        offer(line, "--help", "how it is used");
        return;
    }
    offer_operands(line, &opts);
}

void wr_complete_print(int count, char **words, FILE *out)
{
    struct line line = {.words = words + 1, .count = count - 1, .out = out};
    const struct wr_verb *verb;

    if (count < 1)
        return;
    line.begun = words[count - 1];
    if (count == 1) {
        offer_verbs(&line);
        offer(&line, "--help", "the list of verbs");
        offer(&line, "--version", "the version");
        return;
    }
    verb = wr_verb_find(words[0]);
    if (verb)
        wr_verb_describe(verb, offer_for_verb, &line);
}
