/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts for the firewall as whoever took weir over might send them. Promised: those that are taken make a text in which braces and quotes are
 * balanced, each line begins with a word that the renderer writes, and nothing but printable ASCII stands.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "policy/ruleset.h"

#define ITEMS 64

static bool is_line(const char *line)
{
    static const char *const begins[] = {"table inet weir {",
                                         "delete table inet weir\n",
                                         "flush table inet weir\n",
                                         "flush set inet weir ",
                                         "add element inet weir ",
                                         "\t",
                                         "}\n"};
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (strncmp(line, begins[i], strlen(begins[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void check(const struct wr_str *t)
{
    size_t depth = 0;
    bool quoted = false;
    promise(strlen(t->base) == t->len);
    for (size_t i = 0; i < t->len; i++) {
        char c = t->base[i];
        promise((c >= ' ' && c < 0x7f) || c == '\n' || c == '\t');
        promise(!quoted || (c != '\n' && c != '{' && c != '}' && c != '*'));
        quoted = (c == '"') != quoted;
        depth += c == '{';
        promise(c != '}' || depth > 0);
        depth -= c == '}';
        promise((i > 0 && t->base[i - 1] != '\n') || is_line(t->base + i));
    }
    promise(depth == 0 && !quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wr_ruleset_item item[ITEMS];
    static char room[(size_t)1 << 20];
    size_t count = 0;
    struct wr_str text;
    unsigned parts = size > 0 ? data[0] & 31u : 0;
    for (size_t at = 1; at + sizeof(item[0]) <= size && count < ITEMS; at += sizeof(item[0])) {
        memcpy(&item[count], data + at, sizeof(item[0]));
        count += wr_ruleset_is_sound(&item[count]);
    }
    wr_str_init(&text, room, sizeof(room));
    promise(wr_ruleset_text(item, count, parts, &text) == WR_OK);
    check(&text);
    return 0;
}
