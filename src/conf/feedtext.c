/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/feedtext.h"

#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "policy/nametree.h"

enum {
    QUOTE_MAX = 64, /* octets of a line that are told */
    OTHER_TOLD = 3, /* of those told: mistakes must find room */
};

/* --- what a line gives --- */

static void fail(struct wr_feedtext *t, int err)
{
    if (t->err == WR_OK) {
        t->err = err;
    }
}

static void on_name(void *user, const uint8_t *name, uint8_t flags)
{
    struct wr_feedtext *t = user;
    t->counts.names++;
    fail(t, t->hooks.name(t->hooks.user, name, flags, t->counts.lines));
}

static void on_prefix(void *user, const struct wr_prefix *prefix)
{
    struct wr_feedtext *t = user;
    t->counts.prefixes++;
    fail(t, t->hooks.prefix(t->hooks.user, prefix, t->counts.lines));
}

static void on_aside(void *user, enum wr_feed_aside kind, struct wr_str_part part, const char *what)
{
    struct wr_feedtext *t = user;
    struct wr_feedtext_counts *c = &t->counts;
    bool bad = kind == WR_FEED_BAD;
    struct wr_str s;
    c->bad += bad;
    c->other += !bad;
    if (c->tolds >= WR_FEEDTEXT_TOLD_MAX || (!bad && c->other > OTHER_TOLD)) {
        return;
    }
    struct wr_feedtext_told *told = &c->told[c->tolds++];
    told->line = c->lines;
    told->bad = bad;
    wr_str_init(&s, told->text, sizeof(told->text));
    wr_str_char(&s, '"');
    wr_utf8_safe(&s, part.at, part.n < QUOTE_MAX ? part.n : QUOTE_MAX);
    wr_str_text(&s, part.n > QUOTE_MAX ? "...\" " : "\" ");
    wr_str_text(&s, what);
}

/* --- what is no list --- */

static const char *look_at_start(struct wr_str_part p)
{
    static const struct {
        const char *octets;
        uint8_t n;
        const char *what;
    } starts[] = {
        {"<", 1, "it is a page (HTML or XML), not a list"},
        {"{", 1, "it is JSON, not a list"},
        {"\x1f\x8b", 2, "it is compressed (gzip)"},
        {"PK\x03\x04", 4, "it is compressed (zip)"},
        {"\xfd\x37zXZ", 5, "it is compressed (xz)"},
        {"\x28\xb5\x2f\xfd", 4, "it is compressed (zstd)"},
        {"BZh", 3, "it is compressed (bzip2)"},
        {"7z\xbc\xaf", 4, "it is compressed (7z)"},
        {"\xff\xfe", 2, "it is UTF-16; a list is ASCII or UTF-8"},
        {"\xfe\xff", 2, "it is UTF-16; a list is ASCII or UTF-8"},
        {"\x7f"
         "ELF",
         4, "it is a program, not a list"},
        {"%PDF", 4, "it is a PDF, not a list"},
    };
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        if (p.n >= starts[i].n && memcmp(p.at, starts[i].octets, starts[i].n) == 0) {
            return starts[i].what;
        }
    }
    return NULL;
}

static void refuse(struct wr_feedtext *t, const char *why)
{
    if (why != NULL && t->err == WR_OK) {
        t->refused = why;
        t->err = WR_E_FORMAT;
    }
}

/* --- lines --- */

static bool is_blank_line(struct wr_str_part line)
{
    return wr_str_word(&line).n == 0;
}

static void read_line(struct wr_feedtext *t, const char *at, size_t n)
{
    const struct wr_feedline_hooks hooks = {on_name, on_prefix, on_aside, t};
    struct wr_str_part line = {at, n};
    t->counts.lines++;
    if (t->counts.lines == 1 && n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        line = (struct wr_str_part){at + 3, n - 3};
    }
    if (!t->begun && !is_blank_line(line)) {
        while (line.n > 0 && (line.at[0] == ' ' || line.at[0] == '\t')) {
            line = (struct wr_str_part){line.at + 1, line.n - 1};
        }
        t->begun = true;
        refuse(t, look_at_start(line));
    }
    if (t->err == WR_OK) {
        wr_feedline_read(&t->rules, line, &hooks);
    }
}

static void end_line(struct wr_feedtext *t, const char *at, size_t n)
{
    if (t->long_line) {
        t->long_line = false;
        t->kept = 0;
        return;
    }
    if (t->kept > 0) {
        memcpy(t->line + t->kept, at, n);
        at = t->line;
        n += t->kept;
        t->kept = 0;
    }
    read_line(t, at, n);
}

/* A line that does not fit: it is told by how it begins, which also says whether this is a list at all. */
static void pass_over(struct wr_feedtext *t, const char *at, size_t n)
{
    size_t room = sizeof(t->line) - t->kept;
    memcpy(t->line + t->kept, at, n < room ? n : room);
    struct wr_str_part start = {t->line, sizeof(t->line)};
    if (!t->begun) {
        t->begun = true;
        refuse(t, look_at_start(start));
    }
    t->counts.lines++;
    on_aside(t, WR_FEED_BAD, start, "is longer than a line may be");
    t->long_line = true;
    t->kept = 0;
}

void wr_feedtext_init(struct wr_feedtext *t, const struct wr_feedline_rules *rules,
                      const struct wr_feedtext_hooks *hooks)
{
    memset(t, 0, sizeof(*t));
    t->rules = *rules;
    t->hooks = *hooks;
}

int wr_feedtext_feed(struct wr_feedtext *t, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0 && t->err == WR_OK) {
        const char *end = memchr(at, '\n', n);
        size_t size = end != NULL ? (size_t)(end - at) : n;
        if (t->counts.lines >= WR_NAMETREE_LINE_MAX) {
            fail(t, WR_E_LIMIT);
        } else if (!t->long_line && t->kept + size > sizeof(t->line)) {
            pass_over(t, at, size);
        }
        if (end != NULL) {
            end_line(t, at, size);
        } else if (!t->long_line) {
            memcpy(t->line + t->kept, at, size);
            t->kept += size;
        }
        at += size + (end != NULL);
        n -= size + (end != NULL);
    }
    return t->err;
}

int wr_feedtext_end(struct wr_feedtext *t)
{
    const struct wr_feedtext_counts *c = &t->counts;
    if (t->err == WR_OK && t->kept > 0 && !t->long_line) {
        end_line(t, t->line + t->kept, 0);
    }
    if (c->bad > 0 && c->bad > c->names + c->prefixes + c->other) {
        refuse(t, "most of its lines cannot be read");
    } else if (c->bad > 0 && c->names + c->prefixes == 0) {
        refuse(t, "no line of it is a name or an address");
    }
    return t->err;
}
