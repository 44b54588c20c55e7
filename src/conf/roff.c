/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/roff.h"

#include <stdbool.h>
#include <stddef.h>

void wr_roff_text(FILE *out, const char *text)
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

void wr_roff_line(FILE *out, const char *command, const char *text)
{
    fprintf(out, ".%s ", command);
    wr_roff_text(out, text);
    fputc('\n', out);
}

void wr_roff_fact(FILE *out, const char *word, const char *text)
{
    fprintf(out, ".br\n\\fI%s\\fR: ", word);
    wr_roff_text(out, text);
    fputc('\n', out);
}

void wr_roff_example(FILE *out, const char *text)
{
    fputs(".nf\n", out);
    wr_roff_text(out, text);
    fputs(".fi\n", out);
}
