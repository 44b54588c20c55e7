/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/json.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

void wr_json_init(struct wr_json *j, char *room, size_t cap, wr_json_spill *spill, void *user)
{
    wr_assert(cap > 1);
    memset(j, 0, sizeof(*j));
    j->room = room;
    j->cap = cap - 1; /* a NUL always has room */
    j->spill = spill;
    j->user = user;
}

static void put(struct wr_json *j, const char *bytes, size_t n)
{
    while (n > 0) {
        if (j->len == j->cap) {
            if (j->spill == NULL) {
                j->cut = true;
                return;
            }
            j->spill(j->user, j->room, j->len);
            j->len = 0;
        }
        size_t part = n < j->cap - j->len ? n : j->cap - j->len;
        memcpy(j->room + j->len, bytes, part);
        j->len += part;
        bytes += part;
        n -= part;
    }
}

static void put_escape(struct wr_json *j, uint32_t code)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\',
                    'u',
                    digits[code >> 12 & 15],
                    digits[code >> 8 & 15],
                    digits[code >> 4 & 15],
                    digits[code & 15]};
    put(j, text, sizeof(text));
}

static void put_string(struct wr_json *j, const char *bytes, size_t n)
{
    put(j, "\"", 1);
    for (size_t i = 0; i < n;) {
        uint32_t code = 0;
        size_t size = wr_utf8_next(bytes + i, n - i, &code);
        if (size == 0) {
            put_escape(j, 0xfffd);
            i++;
            continue;
        }
        if (code == '"' || code == '\\') {
            char pair[2] = {'\\', (char)code};
            put(j, pair, 2);
        } else if (code < 0x20 || code == 0x7f || code == 0x2028 || code == 0x2029) {
            put_escape(j, code);
        } else {
            put(j, bytes + i, size);
        }
        i += size;
    }
    put(j, "\"", 1);
}

/* What stands before a value: a comma, and in an object its key. */
static void lead(struct wr_json *j, const char *key)
{
    if (j->depth == 0) {
        wr_assert(key == NULL);
        return;
    }
    unsigned top = j->depth - 1u;
    wr_assert(j->object[top] == (key != NULL));
    if (j->some[top]) {
        put(j, ",", 1);
    }
    j->some[top] = true;
    if (key != NULL) {
        put_string(j, key, strlen(key));
        put(j, ":", 1);
    }
}

static void open(struct wr_json *j, const char *key, bool object)
{
    lead(j, key);
    wr_assert(j->depth < WR_JSON_DEPTH_MAX);
    j->object[j->depth] = object;
    j->some[j->depth] = false;
    j->depth++;
    put(j, object ? "{" : "[", 1);
}

void wr_json_object(struct wr_json *j, const char *key)
{
    open(j, key, true);
}

void wr_json_array(struct wr_json *j, const char *key)
{
    open(j, key, false);
}

void wr_json_end(struct wr_json *j)
{
    wr_assert(j->depth > 0);
    j->depth--;
    put(j, j->object[j->depth] ? "}" : "]", 1);
}

void wr_json_bytes(struct wr_json *j, const char *key, const char *bytes, size_t n)
{
    lead(j, key);
    put_string(j, bytes, n);
}

void wr_json_text(struct wr_json *j, const char *key, const char *text)
{
    if (text == NULL) {
        wr_json_null(j, key);
        return;
    }
    wr_json_bytes(j, key, text, strlen(text));
}

void wr_json_raw(struct wr_json *j, const char *key, const char *text, size_t n)
{
    lead(j, key);
    put(j, text, n);
}

void wr_json_u64(struct wr_json *j, const char *key, uint64_t v)
{
    char text[24];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_str_u64(&s, v);
    wr_json_raw(j, key, text, s.len);
}

void wr_json_i64(struct wr_json *j, const char *key, int64_t v)
{
    char text[24];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_str_i64(&s, v);
    wr_json_raw(j, key, text, s.len);
}

void wr_json_bool(struct wr_json *j, const char *key, bool v)
{
    wr_json_raw(j, key, v ? "true" : "false", v ? 4 : 5);
}

void wr_json_null(struct wr_json *j, const char *key)
{
    wr_json_raw(j, key, "null", 4);
}

void wr_json_flush(struct wr_json *j)
{
    if (j->spill != NULL && j->len > 0) {
        j->spill(j->user, j->room, j->len);
        j->len = 0;
    }
}

int wr_json_finish(struct wr_json *j)
{
    wr_assert(j->depth == 0);
    put(j, "\n", 1);
    wr_json_flush(j);
    j->room[j->len] = 0;
    return j->cut ? WR_E_FULL : WR_OK;
}
