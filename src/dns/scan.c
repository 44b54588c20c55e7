/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/addr.h"
#include "base/enc.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dns/lex.h"
#include "dns/loc.h"
#include "dns/name.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/scan.h"
#include "dns/svcb.h"

/* What every reading function gets: the words, where the octets go, and the column of the last word. */
struct reading {
    struct wr_lex lex;
    struct wr_writer *w;
    const uint8_t *origin;
    size_t column;
};

static int next_word(struct reading *in, struct wr_lex_word *ret)
{
    int err = wr_lex_next(&in->lex, ret);

    in->column = err ? in->lex.pos + 1 : ret->column;
    return err;
}

static bool is_absolute(const struct wr_lex_word *word)
{
    size_t slashes = 0;

    if (word->text[word->n - 1] != '.') {
        return false;
    }
    while (slashes + 1 < word->n && word->text[word->n - 2 - slashes] == '\\') {
        slashes++;
    }
    return slashes % 2 == 0;
}

/* Without an origin the last dot may be missing. */
static int read_name(struct reading *in)
{
    struct wr_lex_word word;
    struct wr_name name;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    if (in->origin && word.n == 1 && word.text[0] == '@') {
        wr_buf_put_bytes(in->w, in->origin, wr_name_size(in->origin));
        return in->w->err;
    }
    err = word.n ? wr_name_from_text(word.text, word.n, &name) : WR_E_FORMAT;
    if (err) {
        return err;
    }
    if (!in->origin || is_absolute(&word)) {
        wr_buf_put_bytes(in->w, name.wire, name.size);
        return in->w->err;
    }
    if (name.size - 1u + wr_name_size(in->origin) > WR_NAME_MAX) {
        return WR_E_RANGE;
    }
    wr_buf_put_bytes(in->w, name.wire, name.size - 1u);
    wr_buf_put_bytes(in->w, in->origin, wr_name_size(in->origin));
    return in->w->err;
}

static void put_number(struct wr_writer *w, uint64_t v, size_t n)
{
    while (n-- > 0) {
        wr_buf_put_u8(w, (uint8_t)(v >> 8 * n));
    }
}

/* Octets of a number or an address by its field. */
static size_t width_of(uint8_t field)
{
    switch (field) {
    case WR_FIELD_U8: return 1;
    case WR_FIELD_U16: return 2;
    case WR_FIELD_U48: return 6;
    case WR_FIELD_U64: return 8;
    default: return 4;
    }
}

static int read_number(struct reading *in, size_t width)
{
    struct wr_lex_word word;
    uint64_t v;
    int err = next_word(in, &word);

    if (!err) {
        err = wr_str_to_u64(word.text, word.n, UINT64_MAX >> (64 - 8 * width), &v);
    }
    if (!err) {
        put_number(in->w, v, width);
    }
    return err ? err : in->w->err;
}

static int read_addr(struct reading *in, uint8_t field)
{
    enum wr_family family = field == WR_FIELD_IP4 ? WR_AF_V4 : WR_AF_V6;
    char copy[WR_ADDR_TEXT_SIZE];
    struct wr_lex_word word;
    struct wr_addr addr;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    if (word.n == 0 || word.n >= sizeof(copy) || word.text[0] == '[') {
        return WR_E_FORMAT;
    }
    memcpy(copy, word.text, word.n);
    copy[word.n] = 0;
    if (wr_addr_from_text(copy, &addr) || addr.family != family || addr.port || addr.scope) {
        return WR_E_FORMAT;
    }
    wr_buf_put_bytes(in->w, addr.ip, wr_addr_ip_size(&addr));
    return in->w->err;
}

static int read_type(struct reading *in)
{
    struct wr_lex_word word;
    uint16_t type;
    int err = next_word(in, &word);

    if (!err) {
        err = wr_codes_type_from_text(word.text, word.n, &type);
    }
    if (!err) {
        wr_buf_put_u16(in->w, type);
    }
    return err ? err : in->w->err;
}

static bool is_leap(uint64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* YYYYMMDDHHmmSS, already known to be 14 digits, to seconds since 1970. */
static int time_from(uint64_t v, uint64_t *ret)
{
    static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    uint64_t second = v % 100, minute = v / 100 % 100, hour = v / 10000 % 100;
    uint64_t day = v / 1000000 % 100, month = v / 100000000 % 100, year = v / 10000000000;
    uint64_t leap = is_leap(year), days;

    if (second > 59 || minute > 59 || hour > 23 || month < 1 || month > 12 || day < 1 ||
        year < 1970 || day > before[month] - before[month - 1] + (month == 2 ? leap : 0)) {
        return WR_E_RANGE;
    }
    days = (year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400;
    days += before[month - 1] + (month > 2 ? leap : 0) + day - 1;
    *ret = days * 86400 + hour * 3600 + minute * 60 + second;
    return *ret > UINT32_MAX ? WR_E_RANGE : WR_OK;
}

/* Fourteen digits are a date, fewer are seconds (RFC 4034 section 3.2). */
static int read_time(struct reading *in)
{
    struct wr_lex_word word;
    uint64_t v;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    err = wr_str_to_u64(word.text, word.n, word.n == 14 ? UINT64_MAX : UINT32_MAX, &v);
    if (!err && word.n == 14) {
        err = time_from(v, &v);
    }
    if (!err) {
        wr_buf_put_u32(in->w, (uint32_t)v);
    }
    return err ? err : in->w->err;
}

static int read_string(struct reading *in)
{
    struct wr_lex_word word;
    int err = next_word(in, &word);

    return err ? err : wr_lex_decode_string(word.text, word.n, in->w);
}

/* All that are left, one at least. */
static int read_strings(struct reading *in)
{
    int err = read_string(in);

    while (!err) { /* each round takes a word */
        struct wr_lex_word word;

        err = next_word(in, &word);
        if (!err) {
            err = wr_lex_decode_string(word.text, word.n, in->w);
        } else if (err == WR_E_NOTFOUND) {
            return WR_OK;
        }
    }
    return err;
}

static int read_quoted(struct reading *in)
{
    struct wr_lex_word word;
    int err = next_word(in, &word);

    return err ? err : wr_lex_decode(word.text, word.n, in->w);
}

typedef int decoder(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n);

/* Digits that wait for the rest of their group: base64 goes by fours, hex by twos. */
struct digits {
    decoder *decode;
    unsigned group;
    unsigned have;
    bool padded; /* the last group ended in "=": nothing may follow */
    char open[4];
};

static int take_digit(struct digits *d, char c, struct wr_writer *w)
{
    size_t n = 0;
    int err;

    if (d->padded) {
        return WR_E_FORMAT;
    }
    d->open[d->have++] = c;
    if (d->have < d->group) {
        return WR_OK;
    }
    err = d->decode(d->open, d->group, w->base + w->pos, w->cap - w->pos, &n);
    w->pos += err ? 0 : n;
    d->have = 0;
    d->padded = c == '=';
    return err;
}

/* Digits go on to the end, one word at least, with white space anywhere. */
static int read_digits(struct reading *in, decoder *decode, unsigned group)
{
    struct digits d = {.decode = decode, .group = group};
    struct wr_lex_word word;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    while (!err) {
        for (size_t i = 0; i < word.n && !err; i++) {
            err = take_digit(&d, word.text[i], in->w);
        }
        if (err) {
            return err;
        }
        err = next_word(in, &word);
    }
    if (err == WR_E_NOTFOUND) {
        err = d.have ? WR_E_FORMAT : WR_OK;
    }
    return err;
}

/* One word of digits with its length before it. "-" is the empty salt. */
static int read_len8(struct reading *in, decoder *decode)
{
    struct wr_lex_word word;
    uint8_t octets[255];
    size_t n = 0;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    if (!(word.n == 1 && word.text[0] == '-' && decode == wr_enc_from_hex)) {
        err = word.n ? decode(word.text, word.n, octets, sizeof(octets), &n) : WR_E_FORMAT;
    }
    if (err) {
        return err == WR_E_FULL ? WR_E_RANGE : err;
    }
    wr_buf_put_u8(in->w, (uint8_t)n);
    wr_buf_put_bytes(in->w, octets, n);
    return in->w->err;
}

/* Types in any order: the windows that have one are written in their order. */
static int read_bitmap(struct reading *in)
{
    uint8_t bits[65536 / 8] = {0};
    struct wr_lex_word word;
    int err;

    while ((err = next_word(in, &word)) == WR_OK) {
        uint16_t type;

        if (wr_codes_type_from_text(word.text, word.n, &type)) {
            return WR_E_FORMAT;
        }
        bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
    }
    for (unsigned window = 0; window < 256; window++) {
        unsigned octets = 32;

        while (octets > 0 && bits[window * 32 + octets - 1] == 0) {
            octets--;
        }
        if (octets) {
            wr_buf_put_u8(in->w, (uint8_t)window);
            wr_buf_put_u8(in->w, (uint8_t)octets);
            wr_buf_put_bytes(in->w, bits + (size_t)window * 32, octets);
        }
    }
    return err == WR_E_NOTFOUND ? in->w->err : err;
}

/* Hexadecimal digits with `between` behind each `step` octets. */
static int read_groups(struct reading *in, size_t width, size_t step, char between)
{
    struct wr_lex_word word;
    size_t chunk = 2 * step + 1;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    if (word.n != width / step * chunk - 1) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < width / step; i++) {
        const char *at = word.text + i * chunk;
        uint8_t octets[2];
        size_t n;

        if (wr_enc_from_hex(at, 2 * step, octets, step, &n) ||
            (i + 1 < width / step && at[2 * step] != between)) {
            return WR_E_FORMAT;
        }
        wr_buf_put_bytes(in->w, octets, n);
    }
    return in->w->err;
}

static int read_field(struct reading *in, char style, uint8_t field)
{
    switch (style) {
    case 'n': return read_name(in);
    case 'd': return read_number(in, width_of(field));
    case 'a': return read_addr(in, field);
    case 't': return read_type(in);
    case 'T': return read_time(in);
    case 's': return field == WR_FIELD_STRINGS ? read_strings(in) : read_string(in);
    case 'g': return read_string(in);
    case 'q': return read_quoted(in);
    case 'b': return read_digits(in, wr_enc_from_base64, 4);
    case 'x': return read_digits(in, wr_enc_from_hex, 2);
    case 'S': return read_len8(in, wr_enc_from_hex);
    case 'H': return read_len8(in, wr_enc_from_base32hex);
    case 'm': return read_bitmap(in);
    case 'e': return read_groups(in, width_of(field), 1, '-');
    case 'i': return read_groups(in, width_of(field), 2, ':');
    case 'L': return wr_loc_read_text(&in->lex, in->w, &in->column);
    default: return wr_svcb_read_text(&in->lex, in->w, &in->column);
    }
}

/* \# LEN and that many octets (RFC 3597 section 5). */
static int read_generic(struct reading *in)
{
    struct wr_lex_word word;
    size_t start = in->w->pos;
    uint64_t size;
    int err = next_word(in, &word);

    if (!err) {
        err = wr_str_to_u64(word.text, word.n, UINT16_MAX, &size);
    }
    if (!err && size > 0) {
        err = read_digits(in, wr_enc_from_hex, 2);
    }
    if (err) {
        return err;
    }
    return in->w->pos - start == size ? WR_OK : WR_E_FORMAT;
}

static bool is_generic(const struct reading *in)
{
    struct wr_lex ahead = in->lex;
    struct wr_lex_word word;

    return wr_lex_next(&ahead, &word) == WR_OK && !word.quoted && word.n == 2 &&
           word.text[0] == '\\' && word.text[1] == '#';
}

static int read_all(struct reading *in, uint16_t type)
{
    const char *style = wr_present_style(type);
    size_t start = in->w->pos;
    struct wr_lex_word word;
    int err = WR_OK;

    if (is_generic(in)) {
        (void)next_word(in, &word);
        err = read_generic(in);
    } else if (style) {
        const struct wr_rdata_row *row = wr_rdata_row(type);

        for (size_t i = 0; style[i] && !err; i++) {
            err = read_field(in, style[i], row->fields[i]);
        }
    } else {
        err = next_word(in, &word) ? WR_E_SHORT : WR_E_UNSUPPORTED;
    }
    if (err) {
        return err == WR_E_NOTFOUND ? WR_E_SHORT : err;
    }
    err = next_word(in, &word);
    if (err != WR_E_NOTFOUND) {
        return WR_E_FORMAT; /* words behind the record */
    }
    if (in->w->pos - start > UINT16_MAX) {
        return WR_E_RANGE;
    }
    if (in->w->pos == start) {
        return WR_OK; /* \# 0: an update's empty rdata */
    }
    return wr_rdata_check(type, in->w->base + start, in->w->pos - start);
}

int wr_scan_rdata(const char *text, size_t n, uint16_t type, const uint8_t *origin,
                  struct wr_writer *w, size_t *ret_column)
{
    struct reading in = {.w = w, .origin = origin, .column = 1};
    size_t start = w->pos;
    int err;

    if (w->err) {
        return w->err;
    }
    wr_lex_init(&in.lex, text, n);
    err = read_all(&in, type);
    if (err) {
        w->pos = start;
        w->err = WR_OK;
        if (ret_column) {
            *ret_column = in.column;
        }
    }
    return err;
}
