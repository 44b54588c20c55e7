/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/facts.h"

#include "base/str.h"
#include "conf/value.h"

enum { TEXT_SIZE = 320 };

static void put_words(const struct wr_schema_row *row, wr_facts_put *put, void *user)
{
    char text[TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    for (size_t i = 0; row->words[i]; i++) {
        wr_str_text(&s, i ? ", `" : "`");
        wr_str_text(&s, row->words[i]);
        wr_str_char(&s, '`');
    }
    put(user, "one of", text);
}

static void put_range(const struct wr_schema_row *row, wr_facts_put *put, void *user)
{
    char text[TEXT_SIZE];
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
        put(user, "range", text);
    wr_str_init(&s, text, sizeof(text));
    wr_str_u64(&s, row->max_items);
    if (row->list)
        put(user, "at most", text);
}

static void quote(const struct wr_schema_row *row, const char *value, struct wr_str *s)
{
    wr_str_text(s, row->list ? "`[" : "`");
    wr_str_text(s, value);
    wr_str_text(s, row->list ? "]`" : "`");
}

static void put_default(const struct wr_schema_row *row, wr_facts_put *put, void *user)
{
    const char *const *profiles = wr_schema_find("profile")->words;
    char text[TEXT_SIZE];
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
        quote(row, row->defaults[i], &s);
    }
    put(user, "default", text);
}

void wr_facts_tell(const struct wr_schema_row *row, wr_facts_put *put, void *user)
{
    char text[TEXT_SIZE];
    struct wr_str s;

    if (row->type != WR_SCHEMA_SECTION) {
        put(user, "type", wr_schema_type_name(row));
        if (row->words)
            put_words(row, put, user);
        put_range(row, put, user);
        put_default(row, put, user);
        wr_str_init(&s, text, sizeof(text));
        if (row->example && row->type != WR_SCHEMA_ITEMS)
            quote(row, row->example, &s);
        if (s.len)
            put(user, "example", text);
        wr_str_init(&s, text, sizeof(text));
        wr_str_text(&s, "at a ");
        wr_str_text(&s, wr_schema_reload_name(row));
        put(user, "takes effect", text);
    }
    put(user, "since", row->since);
}
