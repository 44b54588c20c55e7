/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/addr.h"
#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/svcb.h"
#include "dns/word.h"

static const char *const key_names[] = {
    "mandatory", "alpn",     "no-default-alpn", "port",  "ipv4hint",
    "ech",       "ipv6hint", "dohpath",         "ohttp",
};

/* One parameter of the wire form. */
struct param {
    uint16_t key;
    uint16_t n;
    const uint8_t *value;
};

static bool next_param(struct wr_reader *r, struct param *ret)
{
    if (wr_buf_left(r) == 0) {
        return false;
    }
    ret->key = wr_buf_get_u16(r);
    ret->n = wr_buf_get_u16(r);
    ret->value = wr_buf_get_bytes(r, ret->n);
    return r->err == WR_OK;
}

const uint8_t *wr_svcb_find(const uint8_t *params, size_t size, uint16_t key, size_t *ret_size)
{
    struct wr_reader r;
    struct param p;

    wr_buf_read_init(&r, params, size);
    while (next_param(&r, &p)) {
        if (p.key == key) {
            *ret_size = p.n;
            return p.value;
        }
    }
    return NULL;
}

/* RFC 9460 section 7.1.1: one id or more, none of them empty. */
static int check_alpn(const struct param *p)
{
    size_t i = 0;

    while (i < p->n && p->value[i]) {
        i += p->value[i] + 1u;
    }
    return p->n && i == p->n ? WR_OK : WR_E_FORMAT;
}

/* RFC 9460 section 8: keys ascending, not `mandatory` itself, each of them there. Both lists ascend, so one
 * walk over both is enough: a list of thousands costs no more than its octets. */
static int check_mandatory(const struct param *p, const uint8_t *params, size_t size)
{
    struct wr_reader list, all;
    struct param at = {0};
    int last = 0;

    if (p->n == 0 || p->n % 2) {
        return WR_E_FORMAT;
    }
    wr_buf_read_init(&list, p->value, p->n);
    wr_buf_read_init(&all, params, size);
    while (wr_buf_left(&list)) {
        uint16_t key = wr_buf_get_u16(&list);

        if (key <= last) {
            return WR_E_FORMAT;
        }
        while (at.key < key) {
            if (!next_param(&all, &at)) {
                return WR_E_FORMAT;
            }
        }
        if (at.key != key) {
            return WR_E_FORMAT;
        }
        last = key;
    }
    return WR_OK;
}

static int check_param(const struct param *p, const uint8_t *params, size_t size)
{
    size_t n;

    switch (p->key) {
    case WR_SVCB_MANDATORY: return check_mandatory(p, params, size);
    case WR_SVCB_ALPN: return check_alpn(p);
    case WR_SVCB_NO_DEFAULT_ALPN: /* RFC 9460 section 7.1.1: not without alpn */
        return p->n == 0 && wr_svcb_find(params, size, WR_SVCB_ALPN, &n) ? WR_OK : WR_E_FORMAT;
    case WR_SVCB_OHTTP: return p->n == 0 ? WR_OK : WR_E_FORMAT;
    case WR_SVCB_PORT: return p->n == 2 ? WR_OK : WR_E_FORMAT;
    case WR_SVCB_IPV4HINT: return p->n && p->n % 4 == 0 ? WR_OK : WR_E_FORMAT;
    case WR_SVCB_IPV6HINT: return p->n && p->n % 16 == 0 ? WR_OK : WR_E_FORMAT;
    case WR_SVCB_ECH: return p->n ? WR_OK : WR_E_FORMAT;
    case WR_SVCB_INVALID: return WR_E_FORMAT;
    default: return WR_OK;
    }
}

int wr_svcb_check(const uint8_t *params, size_t size)
{
    struct wr_reader r;
    struct param p;

    wr_buf_read_init(&r, params, size);
    while (next_param(&r, &p)) {
        int err = check_param(&p, params, size);

        if (err) {
            return err;
        }
    }
    return r.err ? WR_E_FORMAT : WR_OK;
}

static void put_key(struct wr_str *s, uint16_t key)
{
    if (key < WR_ARRAY_LEN(key_names)) {
        wr_str_text(s, key_names[key]);
        return;
    }
    wr_str_text(s, "key");
    wr_str_u64(s, key);
}

static void put_addrs(struct wr_str *s, const struct param *p, enum wr_family family, size_t step)
{
    for (size_t i = 0; i < p->n; i += step) {
        struct wr_addr addr = {.family = (uint8_t)family};
        char text[WR_ADDR_TEXT_SIZE];

        memcpy(addr.ip, p->value + i, step);
        wr_addr_to_text(&addr, text, sizeof(text));
        if (i) {
            wr_str_char(s, ',');
        }
        wr_str_text(s, text);
    }
}

static void put_mandatory(struct wr_str *s, const struct param *p)
{
    for (size_t i = 0; i < p->n; i += 2) {
        if (i) {
            wr_str_char(s, ',');
        }
        put_key(s, (uint16_t)(p->value[i] << 8 | p->value[i + 1]));
    }
}

/* Ids are written bare when they need no escape, which is always but in hostile records. */
static bool alpn_is_plain(const struct param *p)
{
    for (size_t i = 0; i < p->n; i += p->value[i] + 1u) {
        for (size_t k = 1; k <= p->value[i]; k++) {
            uint8_t c = p->value[i + k];

            if (c <= ' ' || c >= 0x7f || c == ',' || c == '\\' || c == '"' || c == ';' ||
                c == '(' || c == ')') {
                return false;
            }
        }
    }
    return true;
}

/* Ids between commas. Hostile ones need both layers of escapes (RFC 9460 appendix A.1): first those of the list, then
 * those of the character-string around it. */
static void put_alpn(struct wr_str *s, const struct param *p)
{
    bool plain = alpn_is_plain(p);

    wr_str_text(s, plain ? "" : "\"");
    for (size_t i = 0; i < p->n; i += p->value[i] + 1u) {
        if (i) {
            wr_str_char(s, ',');
        }
        for (size_t k = 1; k <= p->value[i]; k++) {
            uint8_t c = p->value[i + k];

            if (c == ',' || c == '\\') {
                wr_str_text(s, "\\\\");
            }
            wr_lex_put_octet(s, c);
        }
    }
    wr_str_text(s, plain ? "" : "\"");
}

static void put_param(struct wr_str *s, const struct param *p)
{
    wr_str_char(s, ' ');
    put_key(s, p->key);
    if (p->n == 0) {
        return;
    }
    wr_str_char(s, '=');
    switch (p->key) {
    case WR_SVCB_MANDATORY: put_mandatory(s, p); break;
    case WR_SVCB_ALPN: put_alpn(s, p); break;
    case WR_SVCB_PORT: wr_str_u64(s, (uint64_t)p->value[0] << 8 | p->value[1]); break;
    case WR_SVCB_IPV4HINT: put_addrs(s, p, WR_AF_V4, 4); break;
    case WR_SVCB_IPV6HINT: put_addrs(s, p, WR_AF_V6, 16); break;
    case WR_SVCB_ECH: wr_enc_base64(s, p->value, p->n); break;
    default: wr_lex_put_quoted(s, p->value, p->n); break;
    }
}

int wr_svcb_put_text(struct wr_str *s, const uint8_t *params, size_t size)
{
    struct wr_reader r;
    struct param p;
    int err = wr_svcb_check(params, size);

    if (err) {
        return err;
    }
    wr_buf_read_init(&r, params, size);
    while (next_param(&r, &p)) {
        put_param(s, &p);
    }
    return WR_OK;
}

/* One parameter of the text: its key, and its value as it is written, without quotes. */
struct text_param {
    const char *value;
    size_t n;
    size_t column;
    uint16_t key;
    bool numbered;
    bool has_value;
};

static int read_key(const char *text, size_t n, uint16_t *ret_key, bool *ret_numbered)
{
    uint64_t v;

    *ret_numbered = false;
    for (size_t i = 0; i < WR_ARRAY_LEN(key_names); i++) {
        if (wr_str_same_n(text, n, key_names[i])) {
            *ret_key = (uint16_t)i;
            return WR_OK;
        }
    }
    /* RFC 9460 section 2.1: no leading zeros; 65535 is never used */
    if (n < 4 || !wr_str_same_n(text, 3, "key") || (n > 4 && text[3] == '0') ||
        wr_str_to_u64(text + 3, n - 3, 65534, &v)) {
        return WR_E_FORMAT;
    }
    *ret_key = (uint16_t)v;
    *ret_numbered = true;
    return WR_OK;
}

static int read_word(const struct wr_lex_word *word, struct text_param *ret)
{
    size_t equals = 0;

    while (equals < word->n && word->text[equals] != '=') {
        equals++;
    }
    ret->column = word->column;
    if (word->quoted || read_key(word->text, equals, &ret->key, &ret->numbered)) {
        return WR_E_FORMAT;
    }
    ret->has_value = equals < word->n;
    ret->value = word->text + equals + ret->has_value;
    ret->n = word->n - equals - ret->has_value;
    if (ret->n && ret->value[0] == '"') {
        if (ret->n < 2 || ret->value[ret->n - 1] != '"') {
            return WR_E_FORMAT;
        }
        ret->value++;
        ret->n -= 2;
    }
    return WR_OK;
}

/* Calls `item` for each part between commas; "\," does not divide. */
static int for_items(const struct text_param *p, struct wr_writer *w,
                     int (*item)(const char *, size_t, struct wr_writer *))
{
    size_t start = 0;

    for (size_t i = 0; i <= p->n; i++) {
        if (i < p->n && p->value[i] == '\\') {
            i++;
        } else if (i == p->n || p->value[i] == ',') {
            int err = i > start ? item(p->value + start, i - start, w) : WR_E_FORMAT;

            if (err) {
                return err;
            }
            start = i + 1;
        }
    }
    return start == p->n + 1 ? WR_OK : WR_E_FORMAT;
}

static int read_mandatory(const char *text, size_t n, struct wr_writer *w)
{
    bool numbered;
    uint16_t key;
    int err = read_key(text, n, &key, &numbered);

    if (!err) {
        wr_buf_put_u16(w, key);
        err = w->err;
    }
    return err;
}

static int read_hint(const char *text, size_t n, enum wr_family family, struct wr_writer *w)
{
    struct wr_addr addr;
    int err = wr_word_addr(text, n, family, &addr);

    if (!err) {
        wr_buf_put_bytes(w, addr.ip, wr_addr_ip_size(&addr));
    }
    return err ? err : w->err;
}

static int read_hint4(const char *text, size_t n, struct wr_writer *w)
{
    return read_hint(text, n, WR_AF_V4, w);
}

static int read_hint6(const char *text, size_t n, struct wr_writer *w)
{
    return read_hint(text, n, WR_AF_V6, w);
}

static int read_port(const struct text_param *p, struct wr_writer *w)
{
    uint64_t port;
    int err = wr_str_to_u64(p->value, p->n, 65535, &port);

    if (!err) {
        wr_buf_put_u16(w, (uint16_t)port);
        err = w->err;
    }
    return err;
}

static int read_ech(const struct text_param *p, struct wr_writer *w)
{
    size_t n;
    int err;

    if (w->err) {
        return w->err;
    }
    err = wr_enc_from_base64(p->value, p->n, w->base + w->pos, w->cap - w->pos, &n);
    if (!err) {
        w->pos += n;
    }
    return err;
}

/* RFC 9460 appendix A.1: two layers. The value is a character-string with its escapes; what comes of that is a list, in which
 * "\\," and "\\\\" stand for a comma and a backslash. The ids are put together in place: the octet of length of each
 * stands where its comma was, or before. */
static int read_alpn(const struct text_param *p, struct wr_writer *w)
{
    size_t length = w->pos, to = length + 1, from = to;
    uint8_t *base = w->base;
    int err;

    wr_buf_put_u8(w, 0);
    err = wr_lex_decode(p->value, p->n, w);
    if (err) {
        return err;
    }
    for (; from <= w->pos; from++) {
        if (from < w->pos && base[from] == '\\') {
            if (++from == w->pos || (base[from] != ',' && base[from] != '\\')) {
                return WR_E_FORMAT;
            }
            base[to++] = base[from];
        } else if (from == w->pos || base[from] == ',') {
            size_t n = to - length - 1;

            if (n == 0 || n > 255) {
                return n ? WR_E_RANGE : WR_E_FORMAT;
            }
            base[length] = (uint8_t)n;
            length = to++;
        } else {
            base[to++] = base[from];
        }
    }
    w->pos = to - 1;
    return WR_OK;
}

static int read_value(const struct text_param *p, struct wr_writer *w)
{
    if (p->numbered) {
        return wr_lex_decode(p->value, p->n, w);
    }
    switch (p->key) {
    case WR_SVCB_MANDATORY: return for_items(p, w, read_mandatory);
    case WR_SVCB_ALPN: return read_alpn(p, w);
    case WR_SVCB_PORT: return read_port(p, w);
    case WR_SVCB_IPV4HINT: return for_items(p, w, read_hint4);
    case WR_SVCB_IPV6HINT: return for_items(p, w, read_hint6);
    case WR_SVCB_ECH: return read_ech(p, w);
    default: return wr_lex_decode(p->value, p->n, w);
    }
}

/* The list of `mandatory` ascends on the wire, whatever the order in the text. */
static void sort_mandatory(uint8_t *value, size_t n)
{
    for (size_t i = 2; i < n; i += 2) {
        for (size_t k = i; k >= 2 && memcmp(value + k - 2, value + k, 2) > 0; k -= 2) {
            uint8_t swap[2];

            memcpy(swap, value + k, 2);
            memcpy(value + k, value + k - 2, 2);
            memcpy(value + k - 2, swap, 2);
        }
    }
}

static int put_text_param(const struct text_param *p, struct wr_writer *w)
{
    size_t at;
    int err;

    wr_buf_put_u16(w, p->key);
    at = w->pos;
    wr_buf_put_u16(w, 0);
    if (w->err) {
        return w->err;
    }
    err = p->n ? read_value(p, w) : WR_OK;
    if (err) {
        return err;
    }
    if (w->pos - at - 2 > UINT16_MAX) {
        return WR_E_RANGE;
    }
    if (p->key == WR_SVCB_MANDATORY && w->pos - at - 2 > 2 * WR_SVCB_PARAMS_MAX) {
        return WR_E_LIMIT; /* more keys than a record may have here; sorting them would be quadratic */
    }
    if (p->key == WR_SVCB_MANDATORY) {
        sort_mandatory(w->base + at + 2, w->pos - at - 2);
    }
    wr_buf_patch_u16(w, at, (uint16_t)(w->pos - at - 2));
    return WR_OK;
}

/* Collects the words, sorted by key. WR_E_EXISTS: a key twice. */
static int collect(struct wr_lex *lex, struct text_param *params, size_t *ret_count,
                   size_t *ret_column)
{
    struct wr_lex_word word;
    size_t count = 0;
    int err;

    while ((err = wr_lex_next(lex, &word)) == WR_OK) {
        struct text_param p;
        size_t i = count;

        *ret_column = word.column;
        if (count == WR_SVCB_PARAMS_MAX) {
            return WR_E_LIMIT;
        }
        err = read_word(&word, &p);
        if (err) {
            return err;
        }
        for (; i > 0 && params[i - 1].key >= p.key; i--) {
            if (params[i - 1].key == p.key) {
                return WR_E_EXISTS;
            }
            params[i] = params[i - 1];
        }
        params[i] = p;
        count++;
    }
    *ret_count = count;
    return err == WR_E_NOTFOUND ? WR_OK : err;
}

int wr_svcb_read_text(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    struct text_param params[WR_SVCB_PARAMS_MAX];
    size_t start = w->pos;
    size_t count = 0;
    int err = collect(lex, params, &count, ret_column);

    for (size_t i = 0; i < count && !err; i++) {
        *ret_column = params[i].column;
        err = put_text_param(&params[i], w);
    }
    return err ? err : wr_svcb_check(w->base + start, w->pos - start);
}
