/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/doc.h"

#include <string.h>

#include "base/str.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "conf/value.h"

static const char intro[] =
    "weir reads one YAML file, by default `" WR_CONF_PATH "`. Every key may be left out: an empty "
    "file is a safe working gateway, which answers this machine alone and asks the system's "
    "resolvers. `weir check` finds every mistake in a file, `weir check --print` shows what is in "
    "force, `weir reload` puts a changed file in force.";
static const char *const conventions[][2] = {
    {"boolean", "`true` or `false`."},
    {"duration", "A whole number and its unit: `1800ms`, `10s`, `5m`, `12h`, `1d`."},
    {"size", "A whole number and its unit: `4096B`, `64KiB`, `16MiB`, `1GiB`."},
    {"prefix", "`192.168.7.0/24`, `fd00::/8`, or an address alone."},
    {"not read", "Anchors, aliases, tags, several documents, tabs in the indentation."},
};

static const char example[] = "listen: [\"127.0.0.1\", \"br-iot\"]\n"
                              "allow: [\"127.0.0.0/8\", \"192.168.7.0/24\"]\n"
                              "upstream:\n"
                              "  groups:\n"
                              "    - name: isp\n"
                              "      servers: [\"udp://192.0.2.1\", \"udp://192.0.2.2\"]\n"
                              "    - name: corp\n"
                              "      servers: [\"tcp://[2001:db8::53]\"]\n"
                              "  routes:\n"
                              "    - {zone: corp.example, group: corp}\n"
                              "cache:\n"
                              "  size: 32MiB\n"
                              "  keep: {path: /var/lib/weir/cache}\n";

/* The facts of a row, each a word and a text; `put` writes one in its format. */
typedef void put_fact(FILE *out, const char *word, const char *text);

static void put_words(const struct wr_schema_row *row, FILE *out, put_fact *put)
{
    char text[128];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    for (size_t i = 0; row->words[i]; i++) {
        wr_str_text(&s, i ? ", `" : "`");
        wr_str_text(&s, row->words[i]);
        wr_str_char(&s, '`');
    }
    put(out, "one of", text);
}

static void put_range(const struct wr_schema_row *row, FILE *out, put_fact *put)
{
    char text[128];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_value_range(row, &s);
    if (row->type >= WR_SCHEMA_STRING && s.len)
        wr_str_text(&s, " characters");
    else if (row->unit && s.len) {
        wr_str_char(&s, ' ');
        wr_str_text(&s, row->unit);
    }
    if (s.len)
        put(out, "range", text);
    wr_str_init(&s, text, sizeof(text));
    wr_str_u64(&s, row->max_items);
    if (row->list)
        put(out, "at most", text);
}

static void put_default(const struct wr_schema_row *row, FILE *out, put_fact *put)
{
    static const char *const profiles[] = {"gateway", "router", "edge"};
    char text[256];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    if (!row->defaults[0])
        wr_str_text(&s, "none: it must be there");
    if (row->like) {
        wr_str_text(&s, "as `");
        wr_str_text(&s, row->like);
        wr_str_char(&s, '`');
    }
    for (size_t i = 0; !row->like && i < WR_SCHEMA_PROFILES && row->defaults[i]; i++) {
        if (i > 0) {
            wr_str_text(&s, ", profile `");
            wr_str_text(&s, profiles[i]);
            wr_str_text(&s, "`: ");
        }
        wr_str_text(&s, row->list ? "`[" : "`");
        wr_str_text(&s, row->defaults[i]);
        wr_str_text(&s, row->list ? "]`" : "`");
    }
    put(out, "default", text);
}

static void put_facts(const struct wr_schema_row *row, FILE *out, put_fact *put)
{
    put(out, "type", wr_schema_type_name(row));
    if (row->words)
        put_words(row, out, put);
    put_range(row, out, put);
    put_default(row, out, put);
    put(out, "takes effect", row->reload == WR_SCHEMA_AT_RELOAD ? "at a reload" : "at a restart");
    put(out, "since", row->since);
}

/* --- Markdown --- */

static void markdown_fact(FILE *out, const char *word, const char *text)
{
    fprintf(out, "- %s: %s\n", word, text);
}

static void markdown_row(const struct wr_schema_row *row, FILE *out)
{
    fprintf(out, "\n%s `%s`\n\n%s\n", row->type == WR_SCHEMA_SECTION ? "##" : "###", row->name,
            row->doc);
    if (row->type == WR_SCHEMA_SECTION)
        return;
    fputc('\n', out);
    put_facts(row, out, markdown_fact);
}

void wr_doc_markdown(FILE *out)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    fprintf(out,
            "# Configuration\n\n"
            "<!-- Printed by `weir check --doc` from the table in src/conf/schema.c. -->\n\n"
            "%s\n\n",
            intro);
    for (size_t i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++)
        fprintf(out, "- %s: %s\n", conventions[i][0], conventions[i][1]);
    fprintf(out, "\n```yaml\n%s```\n\n## Top level\n", example);
    for (size_t i = 0; i < count; i++)
        markdown_row(&rows[i], out);
}

/* --- manual page --- */

/* Roff: a backslash and a dot or quote at the start of a line are commands; `x` is bold. */
static void roff_text(FILE *out, const char *text)
{
    bool bold = false;

    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '`') {
            bold = !bold;
            fputs(bold ? "\\fB" : "\\fR", out);
        } else if (text[i] == '\\') {
            fputs("\\e", out);
        } else if (text[i] == '-') {
            fputs("\\-", out);
        } else if ((text[i] == '.' || text[i] == '\'') && (i == 0 || text[i - 1] == '\n')) {
            fprintf(out, "\\&%c", text[i]);
        } else {
            fputc(text[i], out);
        }
    }
}

static void roff_fact(FILE *out, const char *word, const char *text)
{
    fprintf(out, ".br\n\\fI%s\\fR: ", word);
    roff_text(out, text);
    fputc('\n', out);
}

static void roff_row(const struct wr_schema_row *row, FILE *out)
{
    if (row->type == WR_SCHEMA_SECTION) {
        fputs(".SS ", out);
        roff_text(out, row->name);
        fputc('\n', out);
        roff_text(out, row->doc);
        fputc('\n', out);
        return;
    }
    fputs(".TP\n.B ", out);
    roff_text(out, row->name);
    fputc('\n', out);
    roff_text(out, row->doc);
    fputc('\n', out);
    put_facts(row, out, roff_fact);
}

void wr_doc_man(FILE *out)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    fputs(".TH WEIR.YAML 5\n.SH NAME\nweir.yaml \\- configuration of weir, the DNS gateway\n"
          ".SH DESCRIPTION\n",
          out);
    roff_text(out, intro);
    fputs("\n", out);
    for (size_t i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++)
        roff_fact(out, conventions[i][0], conventions[i][1]);
    fputs(".SH KEYS\n", out);
    for (size_t i = 0; i < count; i++)
        roff_row(&rows[i], out);
    fputs(".SH EXAMPLE\n.nf\n", out);
    roff_text(out, example);
    fputs(".fi\n.SH SEE ALSO\nweir(8)\n", out);
}
