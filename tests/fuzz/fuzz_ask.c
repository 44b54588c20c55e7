/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply as weir ask meets it: both ways of printing any octets. What comes out is text without control
 * characters but tab and newline, and the JSON is one line that reads back.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/askjson.h"
#include "cli/askmsg.h"
#include "cli/asktext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wr_asklist list;

static void check_text(struct wr_askmsg_view *view, const struct wr_asktext_facts *facts)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    wr_asktext_print(&list.item[0], view, facts, out);
    fclose(out);
    for (size_t i = 0; i < n; i++)
        if ((text[i] >= 0 && text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') ||
            text[i] == 0x7f)
            abort();
    free(text);
}

static void check_json(struct wr_askmsg_view *view, const struct wr_asktext_facts *facts)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    json_error_t error;
    json_t *all;

    if (wr_askjson_print(view, facts, out) != WR_OK)
        abort();
    fclose(out);
    all = json_loads(text, 0, &error);
    if (!all || strchr(text, '\n') != text + n - 1)
        abort();
    json_decref(all);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "www.example";
    char *words[] = {name};
    struct wr_asktext_facts facts = {.server = "192.0.2.1@53", .transport = "UDP", .size = size};
    struct wr_askmsg_view view;

    if (list.count == 0 && wr_askflags_read(&list, 1, words) != WR_OK)
        abort();
    if (size > WR_MSG_MAX || wr_askmsg_view(data, size, &view) != WR_OK)
        return 0;
    if (view.err != WR_E_SHORT) { /* weir ask takes nothing shorter than a header */
        check_text(&view, &facts);
        check_json(&view, &facts);
    }
    wr_askmsg_view_free(&view);
    return 0;
}
