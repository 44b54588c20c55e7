/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/doc.h"

#include "conf/conf.h"
#include "conf/facts.h"
#include "conf/roff.h"
#include "conf/schema.h"

static const char intro[] =
    "weir reads one YAML file, by default `" WR_CONF_PATH "`. Every key may be left out: an empty "
    "file is a safe working gateway, which answers this machine alone and finds every "
    "answer from the root. `weir check` finds every mistake in a file, `weir check --print` shows "
    "what is in "
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

/* --- Markdown --- */

static void markdown_fact(void *user, const char *word, const char *text)
{
    FILE *out = user;

    fprintf(out, "- %s: %s\n", word, text);
}

static void markdown_row(const struct wr_schema_row *row, FILE *out)
{
    fprintf(out, "\n%s `%s`\n\n%s\n", row->type == WR_SCHEMA_SECTION ? "##" : "###", row->name,
            row->doc);
    if (row->type == WR_SCHEMA_SECTION)
        return;
    fputc('\n', out);
    wr_facts_tell(row, markdown_fact, out);
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

static void roff_fact(void *user, const char *word, const char *text)
{
    wr_roff_fact(user, word, text);
}

static void roff_row(const struct wr_schema_row *row, FILE *out)
{
    bool section = row->type == WR_SCHEMA_SECTION;

    if (!section)
        fputs(".TP\n", out);
    wr_roff_line(out, section ? "SS" : "B", row->name);
    wr_roff_text(out, row->doc);
    fputc('\n', out);
    if (!section)
        wr_facts_tell(row, roff_fact, out);
}

void wr_doc_man(FILE *out)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    fputs(".TH WEIR.YAML 5 \"\" weir\n.SH NAME\nweir.yaml \\- configuration of weir, the DNS "
          "gateway\n"
          ".SH DESCRIPTION\n",
          out);
    wr_roff_text(out, intro);
    fputs("\n", out);
    for (size_t i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++)
        wr_roff_fact(out, conventions[i][0], conventions[i][1]);
    fputs(".SH KEYS\n", out);
    for (size_t i = 0; i < count; i++)
        roff_row(&rows[i], out);
    fputs(".SH EXAMPLE\n", out);
    wr_roff_example(out, example);
    fputs(".SH SEE ALSO\n.BR weir (8)\n", out);
}
