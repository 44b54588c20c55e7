/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/h1head.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"

/* What is known while the fields are read. */
struct reading {
    struct wr_h1head *head;
    unsigned hosts, codings;
    bool minor_0; /* HTTP/1.0 */
    bool keep;    /* Connection: keep-alive */
};

struct line {
    const char *at;
    size_t n;
};

/* tchar of RFC 9110 section 5.6.2. */
static bool is_token(char c)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && memchr(others, c, sizeof(others) - 1) != NULL);
}

static size_t token_size(const char *at, size_t n)
{
    size_t size = 0;

    while (size < n && is_token(at[size])) {
        size++;
    }
    return size;
}

/* Takes the next line off the front; false when its end is no CR LF. */
static bool line_take(const uint8_t **at, size_t *left, struct line *ret_line)
{
    const uint8_t *end = memchr(*at, '\n', *left);
    size_t n;

    if (end == NULL || end == *at || end[-1] != '\r') {
        return false;
    }
    n = (size_t)(end - *at) + 1;
    *ret_line = (struct line){(const char *)*at, n - 2};
    *at += n;
    *left -= n;
    return memchr(ret_line->at, '\r', ret_line->n) == NULL;
}

/* The value of Connection, or a like list: does it hold `word`? */
static bool list_has(const char *value, size_t n, const char *word)
{
    size_t at = 0;

    while (at < n) {
        size_t from, to;

        while (at < n && (value[at] == ' ' || value[at] == '\t' || value[at] == ',')) {
            at++;
        }
        from = at;
        while (at < n && value[at] != ',') {
            at++;
        }
        to = at;
        while (to > from && (value[to - 1] == ' ' || value[to - 1] == '\t')) {
            to--;
        }
        if (wr_str_same_n(value + from, to - from, word)) {
            return true;
        }
    }
    return false;
}

/* 0 or a status. */
static uint16_t field_meaning(struct reading *r, const char *name, size_t name_size,
                              const char *value, size_t size)
{
    if (wr_str_same_n(name, name_size, "transfer-encoding")) {
        r->codings++;
        r->head->chunked = wr_str_same_n(value, size, "chunked");
        return r->codings > 1 || r->minor_0 ? 400 : r->head->chunked ? 0 : 501;
    }
    if (wr_str_same_n(name, name_size, "host")) {
        r->hosts++;
    } else if (wr_str_same_n(name, name_size, "connection")) {
        r->head->last |= list_has(value, size, "close");
        r->keep |= list_has(value, size, "keep-alive");
    } else if (wr_http_field(&r->head->head, name, name_size, value, size) != WR_OK) {
        return 400;
    }
    return 0;
}

static uint16_t field_read(struct reading *r, const struct line *line)
{
    size_t name = token_size(line->at, line->n), from, to = line->n;

    if (name == 0 || name == line->n || line->at[name] != ':') {
        return 400; /* also a folded line, and a space before the colon */
    }
    from = name + 1;
    while (from < to && (line->at[from] == ' ' || line->at[from] == '\t')) {
        from++;
    }
    while (to > from && (line->at[to - 1] == ' ' || line->at[to - 1] == '\t')) {
        to--;
    }
    for (size_t i = from; i < to; i++) {
        uint8_t c = (uint8_t)line->at[i];

        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return 400;
        }
    }
    return field_meaning(r, line->at, name, line->at + from, to - from);
}

static uint16_t fields_read(struct reading *r, const uint8_t *at, size_t left)
{
    struct line line;

    for (unsigned fields = 0; fields <= WR_HTTP_FIELDS_MAX; fields++) {
        uint16_t status;

        if (!line_take(&at, &left, &line)) {
            return 400;
        }
        if (line.n == 0) {
            return left != 0 || (r->codings > 0 && r->head->head.has_length) ? 400 : 0;
        }
        status = field_read(r, &line);
        if (status != 0) {
            return status;
        }
    }
    return 431;
}

/* "HTTP/1.1" or "HTTP/1.0": 0; 505: another version; 400. */
static uint16_t version_read(struct reading *r, const char *at, size_t n)
{
    if (n != 8 || memcmp(at, "HTTP/", 5) != 0 || at[6] != '.' || at[5] < '0' || at[5] > '9' ||
        at[7] < '0' || at[7] > '9') {
        return 400;
    }
    r->minor_0 = at[7] == '0';
    return at[5] == '1' ? 0 : 505;
}

/* Path and query of the target: as it stands, or behind the authority of a whole URL (RFC 9112 section 3.2.2). */
static bool target_read(const char *line, size_t from, size_t to, struct wr_h1head *head)
{
    static const char https[] = "https://";
    size_t skip = sizeof(https) - 1;

    for (size_t i = from; i < to; i++) {
        if ((uint8_t)line[i] <= ' ' || (uint8_t)line[i] >= 0x7f) {
            return false;
        }
    }
    if (to - from > skip && wr_str_same_n(line + from, skip, https)) {
        const char *path = memchr(line + from + skip, '/', to - from - skip);

        if (path == NULL) {
            return false;
        }
        from = (size_t)(path - line);
    }
    head->target_at = from;
    head->target_size = to - from;
    return to > from;
}

uint16_t wr_h1head_request(const uint8_t *bytes, size_t size, struct wr_h1head *ret_head)
{
    struct reading r = {.head = ret_head};
    const uint8_t *at = bytes;
    size_t method, end;
    struct line line;
    uint16_t status;

    *ret_head = (struct wr_h1head){0};
    if (!line_take(&at, &size, &line)) {
        return 400;
    }
    method = token_size(line.at, line.n);
    end = line.n;
    while (end > 0 && line.at[end - 1] != ' ') {
        end--;
    }
    if (method == 0 || end < method + 2 || line.at[method] != ' ' ||
        !target_read(line.at, method + 1, end - 1, ret_head)) {
        return 400;
    }
    status = version_read(&r, line.at + end, line.n - end);
    if (status != 0) {
        return status;
    }
    ret_head->head.method = wr_http_method(line.at, method);
    status = fields_read(&r, at, size);
    if (status != 0) {
        return status;
    }
    if (r.hosts > 1 || (r.hosts == 0 && !r.minor_0)) {
        return 400;
    }
    ret_head->last |= r.minor_0; /* its keep-alive has many readings */
    return ret_head->head.expect_other ? 417 : 0;
}

int wr_h1head_response(const uint8_t *bytes, size_t size, struct wr_h1head *ret_head)
{
    struct reading r = {.head = ret_head};
    const uint8_t *at = bytes;
    struct line line;
    uint64_t code = 0;

    *ret_head = (struct wr_h1head){0};
    if (!line_take(&at, &size, &line) || line.n < 12 || version_read(&r, line.at, 8) != 0 ||
        line.at[8] != ' ' || wr_str_to_u64(line.at + 9, 3, 999, &code) != WR_OK || code < 100 ||
        (line.n > 12 && line.at[12] != ' ')) {
        return WR_E_FORMAT;
    }
    ret_head->head.status = (uint16_t)code;
    if (fields_read(&r, at, size) != 0) {
        return WR_E_FORMAT;
    }
    ret_head->last |= r.minor_0 && !r.keep;
    return WR_OK;
}
