/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/zoneentry.h"

void wr_zoneentry_init(struct wr_zoneentry *e, char *room, size_t cap)
{
    *e = (struct wr_zoneentry){.room = room, .cap = cap, .line = 1};
}

static const char *find_newline(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n') {
            return text + i;
        }
    }
    return NULL;
}

static uint32_t lines_in(const char *text, size_t n)
{
    uint32_t lines = 0;

    for (size_t i = 0; i < n; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

/* The entry is over: the next begins behind it. */
static void leave(struct wr_zoneentry *e)
{
    e->line += lines_in(e->room + e->start, e->scanned - e->start);
    if (e->scanned == e->len) {
        e->scanned = e->len = e->base;
    }
    e->start = e->scanned;
    e->depth = 0;
    e->quoted = e->escaped = e->comment = false;
}

/* Takes octets of a comment, or of a line that is given up, without keeping them. Its newline stays. */
static void drop_line(struct wr_zoneentry *e, struct wr_zoneentry_source *source)
{
    const char *newline = find_newline(source->at, source->left);
    size_t n = newline ? (size_t)(newline - source->at) : source->left;

    source->at += n;
    source->left -= n;
    if (newline) {
        e->comment = false;
    }
}

/* One octet into the room. WR_E_AGAIN, WR_E_NOTFOUND (nothing will come), WR_E_FULL. */
static int take(struct wr_zoneentry *e, struct wr_zoneentry_source *source)
{
    if (e->comment) {
        drop_line(e, source);
    }
    if (source->left == 0) {
        return source->ended ? WR_E_NOTFOUND : WR_E_AGAIN;
    }
    if (e->len == e->cap && e->start > e->base) {
        size_t gone = e->start - e->base;

        memmove(e->room + e->base, e->room + e->start, e->len - e->start);
        e->start -= gone;
        e->scanned -= gone;
        e->len -= gone;
        e->open -= gone;
        e->quote -= gone;
    }
    if (e->len == e->cap) {
        return WR_E_FULL;
    }
    e->room[e->len++] = *source->at++;
    source->left--;
    return WR_OK;
}

/* Looks at the next octet of the room. WR_E_FORMAT: a quote is open at the end of a line. True at the end of the entry. */
static bool look(struct wr_zoneentry *e, int *ret_err)
{
    char c = e->room[e->scanned++];

    if (c == '\n') {
        *ret_err = e->quoted ? WR_E_FORMAT : WR_OK;
        e->escaped = e->comment = false;
        return e->quoted || e->depth == 0;
    }
    if (e->escaped || e->comment) {
        e->escaped = false;
    } else if (c == '\\') {
        e->escaped = true;
    } else if (c == '"') {
        e->quoted = !e->quoted;
        e->quote = e->scanned - 1;
    } else if (e->quoted) {
        return false;
    } else if (c == ';') {
        e->comment = true;
        if (e->scanned == e->len) { /* in lines that are read again it has no comment behind it */
            e->scanned = --e->len;
        }
    } else if (c == '(') {
        e->open = e->depth++ ? e->open : e->scanned - 1;
    } else if (c == ')') {
        e->depth -= e->depth > 0; /* one too many is the reader's to tell */
    }
    return false;
}

static void tell(const struct wr_zoneentry *e, struct wr_zoneentry_text *ret, size_t at,
                 const char *reason)
{
    *ret = (struct wr_zoneentry_text){.text = e->room + e->start,
                                      .n = e->scanned - e->start,
                                      .line = e->line,
                                      .mistake_at = at > e->start ? at - e->start : 0,
                                      .reason = reason};
}

/* The first line is given up; what was gathered behind it is read again. */
static void give_up(struct wr_zoneentry *e, bool full)
{
    const char *text = e->room + e->start;
    const char *newline = find_newline(text, e->scanned - e->start);

    if (!newline || e->again == WR_ZONEFILE_AGAIN_MAX) {
        e->skipping = full;
        leave(e);
        return;
    }
    e->again++;
    e->scanned = e->start + (size_t)(newline - text) + 1;
    leave(e);
}

/* No octet came, and the entry is not at its end. */
static int stuck(struct wr_zoneentry *e, int err, struct wr_zoneentry_text *ret)
{
    if (err == WR_E_AGAIN) {
        return err;
    }
    if (err == WR_E_FULL) {
        tell(e, ret, e->depth ? e->open : e->start,
             e->depth ? "this parenthesis is not closed within the longest entry that is read"
                      : "longer than the longest entry that is read");
        give_up(e, true);
        return WR_E_LIMIT;
    }
    if (e->scanned == e->start) {
        return WR_E_NOTFOUND;
    }
    if (e->quoted) {
        tell(e, ret, e->quote, "this quote is not closed");
        leave(e);
        return WR_E_FORMAT;
    }
    if (e->depth) {
        tell(e, ret, e->open, "this parenthesis is never closed");
        give_up(e, false);
        return WR_E_FORMAT;
    }
    tell(e, ret, e->start, NULL); /* the last line, without a newline */
    return WR_OK;
}

/* The rest of a line that was too long. */
static int skip(struct wr_zoneentry *e, struct wr_zoneentry_source *source)
{
    drop_line(e, source);
    if (source->left == 0) {
        return source->ended ? WR_E_NOTFOUND : WR_E_AGAIN;
    }
    source->at++;
    source->left--;
    e->line++;
    e->skipping = false;
    return WR_OK;
}

int wr_zoneentry_next(struct wr_zoneentry *e, struct wr_zoneentry_source *source,
                      struct wr_zoneentry_text *ret_text)
{
    int err = e->skipping ? skip(e, source) : WR_OK;

    if (err) {
        return err;
    }
    if (e->ready) {
        e->ready = false;
        leave(e);
    }
    for (;;) { /* each round takes an octet, or ends */
        if (e->scanned == e->len) {
            err = take(e, source);
            if (err) {
                err = stuck(e, err, ret_text);
                e->ready = err == WR_OK;
                return err;
            }
        }
        if (look(e, &err)) {
            break;
        }
    }
    if (err) {
        tell(e, ret_text, e->quote, "this quote is not closed");
        leave(e);
        return err;
    }
    tell(e, ret_text, e->start, NULL);
    e->ready = true;
    return WR_OK;
}

void wr_zoneentry_push(struct wr_zoneentry *e, struct wr_zoneentry *ret_saved)
{
    if (e->ready) {
        e->ready = false;
        leave(e);
    }
    *ret_saved = *e;
    e->base = e->start = e->scanned = e->len;
    e->line = 1;
    e->skipping = false;
}

void wr_zoneentry_pop(struct wr_zoneentry *e, const struct wr_zoneentry *saved)
{
    uint32_t again = e->again;

    *e = *saved;
    e->again = again;
}

void wr_zoneentry_place(const struct wr_zoneentry_text *text, size_t at, uint32_t *ret_line,
                        uint32_t *ret_column)
{
    uint32_t line = text->line;
    size_t begin = 0;

    for (size_t i = 0; i < at && i < text->n; i++) {
        if (text->text[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    *ret_line = line;
    *ret_column = (uint32_t)(at - begin) + 1;
}
