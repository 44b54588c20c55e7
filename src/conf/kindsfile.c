/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/kindsfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct reading {
    struct wr_kindsfile file;
    const struct wr_ouifile *oui;
    size_t room, oui_room;
};

/* --- words --- */

/* A word, or what stands between two quotes. False: there is none, or no end of it. */
static bool take_value(struct wr_str_part *line, struct wr_str_part *ret)
{
    while (line->n > 0 && (*line->at == ' ' || *line->at == '\t')) {
        line->at++;
        line->n--;
    }
    if (line->n == 0 || *line->at != '"') {
        *ret = wr_str_word(line);
        return ret->n > 0;
    }
    const char *end = memchr(line->at + 1, '"', line->n - 1);
    if (end == NULL) {
        return false;
    }
    *ret = (struct wr_str_part){line->at + 1, (size_t)(end - line->at) - 1};
    line->n -= ret->n + 2;
    line->at = end + 1;
    return ret->n > 0;
}

static bool is_word(struct wr_str_part w, const char *text)
{
    return wr_str_same_n(w.at, w.n, text);
}

static bool take_text(struct wr_str_part w, bool small, char ret_text[WR_CENSUS_NAME_SIZE])
{
    if (w.n >= WR_CENSUS_NAME_SIZE || w.n > WR_MARK_SIZE || ret_text[0] != 0) {
        return false;
    }
    for (size_t i = 0; i < w.n; i++) {
        char c = w.at[i];
        if (c < ' ' || c > '~' || (c == '*' && i + 1 < w.n)) {
            return false;
        }
        ret_text[i] = (char)(small && c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    ret_text[w.n] = 0;
    return true;
}

/* Numbers with commas between, each of `octets`. */
static bool take_list(struct wr_str_part w, unsigned octets, uint8_t ret_list[WR_MARK_SIZE],
                      uint8_t *ret_size)
{
    size_t size = 0;
    if (*ret_size != 0) {
        return false;
    }
    for (size_t at = 0; at <= w.n;) {
        const char *end = memchr(w.at + at, ',', w.n - at);
        size_t n = end != NULL ? (size_t)(end - w.at) - at : w.n - at;
        uint64_t v;
        if (size + octets > WR_MARK_SIZE ||
            wr_str_to_u64(w.at + at, n, octets == 1 ? 255 : 65535, &v) != WR_OK) {
            return false;
        }
        if (octets == 2) {
            ret_list[size++] = (uint8_t)(v >> 8);
        }
        ret_list[size++] = (uint8_t)v;
        at += n + 1;
    }
    *ret_size = (uint8_t)size;
    return size > 0;
}

static bool take_mac(struct wr_str_part w, struct wr_kinds_line *l)
{
    size_t n;
    if (l->mac_size != 0 || w.n < 8 || w.n > 17 || w.n % 3 != 2) {
        return false;
    }
    for (size_t at = 0; at < w.n; at += 3) {
        if ((at > 0 && w.at[at - 1] != ':' && w.at[at - 1] != '-') ||
            wr_enc_from_hex(w.at + at, 2, &l->mac[at / 3], 1, &n) != WR_OK) {
            return false;
        }
        l->mac_size++;
    }
    return !wr_census_mac_is_local(l->mac);
}

/* --- vendors --- */

static bool is_vendor(const struct wr_ouifile_vendor *v, struct wr_str_part pattern)
{
    bool open = pattern.n > 0 && pattern.at[pattern.n - 1] == '*';
    char text[WR_CENSUS_NAME_SIZE];
    size_t n = pattern.n - open;
    memcpy(text, pattern.at, n);
    text[n] = 0;
    return (open ? v->size >= n : v->size == n) && wr_str_same_n(v->name, n, text);
}

static int take_vendor(struct reading *r, struct wr_str_part w, struct wr_kinds_line *l)
{
    if (w.n >= WR_CENSUS_NAME_SIZE || l->vendor) {
        return WR_E_FORMAT;
    }
    l->vendor = r->file.wants_vendors = true;
    l->oui = (uint32_t)r->file.ouis;
    for (size_t i = 0; i < r->oui->count; i++) { /* in their order */
        if (!is_vendor(&r->oui->vendor[i], w)) {
            continue;
        }
        if (r->file.ouis == WR_KINDS_OUIS_MAX) {
            return WR_E_LIMIT;
        }
        if (r->file.ouis == r->oui_room) {
            r->oui_room = r->oui_room * 2 + 256;
            uint32_t *more = realloc(r->file.oui, r->oui_room * sizeof(*more));
            if (more == NULL) {
                return WR_E_NOMEM;
            }
            r->file.oui = more;
        }
        r->file.oui[r->file.ouis++] = r->oui->vendor[i].oui;
    }
    l->ouis = (uint32_t)r->file.ouis - l->oui;
    return WR_OK;
}

/* --- lines --- */

static int take_condition(struct reading *r, struct wr_str_part key, struct wr_str_part value,
                          struct wr_kinds_line *l)
{
    bool good = false;
    if (is_word(key, "vendor")) {
        return take_vendor(r, value, l);
    }
    if (is_word(key, "wishes")) {
        good = take_list(value, 1, l->wishes, &l->wishes_size);
    } else if (is_word(key, "wishes6")) {
        good = take_list(value, 2, l->wishes6, &l->wishes6_size);
    } else if (is_word(key, "class")) {
        good = take_text(value, false, l->class);
    } else if (is_word(key, "host")) {
        good = take_text(value, true, l->host);
    } else if (is_word(key, "mac")) {
        good = take_mac(value, l);
    }
    return good ? WR_OK : WR_E_FORMAT;
}

static const char *take_line(struct reading *r, struct wr_str_part line, struct wr_kinds_line *l,
                             int *ret_err)
{
    struct wr_str_part word = wr_str_word(&line), value;
    unsigned conditions = 0;
    *ret_err = WR_OK;
    if (!take_text(word, false, l->kind) || strchr(l->kind, '*') != NULL) {
        return "it does not begin with a kind, a word of at most 40 characters";
    }
    for (; (word = wr_str_word(&line)).n > 0; conditions++) {
        *ret_err = take_value(&line, &value) ? take_condition(r, word, value, l) : WR_E_FORMAT;
        if (*ret_err == WR_E_LIMIT) {
            return "its vendor has more MAC addresses than there is room for";
        }
        if (*ret_err != WR_OK) {
            return "a condition is wishes, wishes6, class, host, mac or vendor and its value, once "
                   "each";
        }
    }
    return conditions > 0 ? NULL : "it has no condition";
}

static int add_line(struct reading *r, const struct wr_kinds_line *l)
{
    if (r->file.kinds.lines == r->room) {
        r->room = r->room * 2 + 64;
        struct wr_kinds_line *more = realloc(r->file.line, r->room * sizeof(*more));
        if (more == NULL) {
            return WR_E_NOMEM;
        }
        r->file.line = more;
    }
    r->file.line[r->file.kinds.lines++] = *l;
    return WR_OK;
}

static void note_bad(struct wr_kindsfile *f, unsigned number, const char *why)
{
    if (f->bad++ == 0) {
        f->first_bad = number;
        f->why = why;
    }
}

int wr_kindsfile_read(const char *text, size_t n, const struct wr_ouifile *oui,
                      struct wr_kindsfile *ret_file)
{
    struct reading r = {.oui = oui};
    unsigned number = 1;
    int err = WR_OK;
    for (size_t at = 0; at < n && err != WR_E_NOMEM; number++) {
        const char *end = memchr(text + at, '\n', n - at);
        struct wr_str_part line = {text + at, end != NULL ? (size_t)(end - text) - at : n - at};
        struct wr_kinds_line one = {.wishes_size = 0};
        struct wr_str_part rest = line, first = wr_str_word(&rest);
        at += line.n + 1;
        if (first.n == 0 || first.at[0] == '#') {
            continue;
        }
        const char *why = r.file.kinds.lines == WR_KINDS_LINES_MAX
                              ? "there are too many lines"
                              : take_line(&r, line, &one, &err);
        if (why != NULL) {
            note_bad(&r.file, number, why);
        } else {
            err = add_line(&r, &one);
        }
    }
    if (err == WR_E_NOMEM) {
        wr_kindsfile_free(&r.file);
        return err;
    }
    r.file.kinds.line = r.file.line;
    r.file.kinds.oui = r.file.oui;
    *ret_file = r.file;
    return WR_OK;
}

void wr_kindsfile_free(struct wr_kindsfile *file)
{
    free(file->line);
    free(file->oui);
    memset(file, 0, sizeof(*file));
}
