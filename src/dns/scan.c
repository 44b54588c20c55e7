/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/addr.h"
#include "base/enc.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dns/lex.h"
#include "dns/loc.h"
#include "dns/name.h"
#include "dns/oddtext.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/scan.h"
#include "dns/svcb.h"
#include "dns/word.h"

/* What every reading function gets: the words, where the octets go, and the column of the last word. */
struct reading {
    struct wr_lex lex;
    struct wr_writer *w;
    const uint8_t *origin;
    size_t column;
    size_t start; /* of the record in `w` */
};

static int next_word(struct reading *in, struct wr_lex_word *ret)
{
    int err = wr_lex_next(&in->lex, ret);

    in->column = err ? in->lex.pos + 1 : ret->column;
    return err;
}

static int read_name(struct reading *in)
{
    struct wr_lex_word word;
    struct wr_name name;
    int err = next_word(in, &word);

    if (!err) {
        err = wr_word_name(word.text, word.n, in->origin, &name);
    }
    if (err) {
        return err;
    }
    wr_buf_put_bytes(in->w, name.wire, name.size);
    return in->w->err;
}

/* Names to the end, none perhaps; or the prefix name of A6, that is there when there is a prefix. */
static int read_names(struct reading *in, uint8_t field)
{
    int err;

    if (field == WR_FIELD_A6_PREFIX) {
        return in->w->base[in->start] ? read_name(in) : WR_OK;
    }
    if (field != WR_FIELD_NAMES) {
        return read_name(in);
    }
    while ((err = read_name(in)) == WR_OK) { /* each round takes a word */
    }
    return err == WR_E_NOTFOUND ? WR_OK : err;
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

/* What one word says as a number. */
static int number_from(char style, size_t width, const char *text, size_t n, uint64_t *ret)
{
    uint16_t small = 0;
    uint32_t large = 0;
    int err;

    switch (style) {
    case 'd': return wr_str_to_u64(text, n, UINT64_MAX >> (64 - 8 * width), ret);
    case 'u': err = wr_word_seconds(text, n, UINT32_MAX, &large); break;
    case 'T': err = wr_word_time(text, n, &large); break;
    case 'o': err = wr_word_octal(text, n, &small); break;
    case 't': err = wr_codes_type_from_text(text, n, &small); break;
    case 'A': err = wr_codes_word_from_text(WR_CODES_ALGORITHM, text, n, &small); break;
    case 'c': err = wr_codes_word_from_text(WR_CODES_CERT, text, n, &small); break;
    case 'p': err = wr_codes_word_from_text(WR_CODES_PROTOCOL, text, n, &small); break;
    case 'y': err = wr_codes_word_from_text(WR_CODES_SCHEME, text, n, &small); break;
    default: err = wr_codes_word_from_text(WR_CODES_TSIG_ERROR, text, n, &small); break;
    }
    if (!err) {
        *ret = large | small;
    }
    return err;
}

static int read_number(struct reading *in, char style, size_t width)
{
    struct wr_lex_word word;
    uint64_t v;
    int err = next_word(in, &word);

    if (!err) {
        err = number_from(style, width, word.text, word.n, &v);
    }
    if (!err) {
        put_number(in->w, v, width);
    }
    return err ? err : in->w->err;
}

static int read_addr(struct reading *in, uint8_t field)
{
    struct wr_lex_word word;
    struct wr_addr addr;
    int err = next_word(in, &word);

    if (!err) {
        err = wr_word_addr(word.text, word.n, field == WR_FIELD_IP4 ? WR_AF_V4 : WR_AF_V6, &addr);
    }
    if (!err) {
        wr_buf_put_bytes(in->w, addr.ip, wr_addr_ip_size(&addr));
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

/* Digits to the end, or none: nothing at all, or "-". */
static int read_optional(struct reading *in, char style)
{
    struct wr_lex ahead = in->lex;
    struct wr_lex_word word;
    int err = wr_lex_next(&ahead, &word);

    if (style != 'C') {
        return err == WR_E_NOTFOUND ? WR_OK : read_digits(in, wr_enc_from_base64, 4);
    }
    if (!err && word.n == 1 && word.text[0] == '-') {
        return next_word(in, &word);
    }
    return read_digits(in, wr_enc_from_base64, 4);
}

/* Octets with their length before them. 'M': how many, and one word if there are any; 'K': one word; 'O': the rest. */
static int read_counted(struct reading *in, char style)
{
    size_t at = in->w->pos;
    struct wr_lex_word word;
    uint64_t size = UINT16_MAX;
    size_t n = 0;
    int err = WR_OK;

    wr_buf_put_u16(in->w, 0);
    if (style == 'M') {
        err = next_word(in, &word);
        if (!err) {
            err = wr_str_to_u64(word.text, word.n, UINT16_MAX, &size);
        }
    }
    if (!err && style == 'O') {
        err = read_optional(in, style);
    } else if (!err && size) {
        err = next_word(in, &word);
        if (!err && !in->w->err) {
            err = word.n ? wr_enc_from_base64(word.text, word.n, in->w->base + in->w->pos,
                                              in->w->cap - in->w->pos, &n)
                         : WR_E_FORMAT;
            in->w->pos += err ? 0 : n;
        }
    }
    if (err || in->w->err) {
        return err ? err : in->w->err;
    }
    n = in->w->pos - at - 2;
    if (n > UINT16_MAX || (style == 'M' && n != size)) {
        return style == 'M' ? WR_E_FORMAT : WR_E_RANGE;
    }
    wr_buf_patch_u16(in->w, at, (uint16_t)n);
    return WR_OK;
}

/* By the number before it: ".", an address or a name. */
static int read_gateway(struct reading *in, uint8_t field)
{
    const uint8_t *before = in->w->base + in->w->pos;
    struct wr_lex_word word;
    int err;

    switch (wr_rdata_gateway(field == WR_FIELD_AMT_RELAY ? before[-1] & 0x7f : before[-2])) {
    case WR_FIELD_IP4: return read_addr(in, WR_FIELD_IP4);
    case WR_FIELD_IP6: return read_addr(in, WR_FIELD_IP6);
    case WR_FIELD_NAME_PLAIN: return read_name(in);
    case WR_FIELD_END:
        err = next_word(in, &word);
        return err || (word.n == 1 && word.text[0] == '.') ? err : WR_E_FORMAT;
    default: err = next_word(in, &word); return err ? err : WR_E_UNSUPPORTED;
    }
}

/* The flag of AMTRELAY, and the type of what follows. */
static int read_relay_type(struct reading *in)
{
    struct wr_lex_word word;
    uint64_t flag = 0, type = 0;
    int err = next_word(in, &word);

    if (!err) {
        err = wr_str_to_u64(word.text, word.n, 1, &flag);
    }
    if (!err) {
        err = next_word(in, &word);
    }
    if (!err) {
        err = wr_str_to_u64(word.text, word.n, 0x7f, &type);
    }
    if (err) {
        return err;
    }
    wr_buf_put_u8(in->w, (uint8_t)(flag << 7 | type));
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

/* Octets in hexadecimal digits with dashes between (RFC 7043). */
static int read_octets(struct reading *in, size_t width)
{
    struct wr_lex_word word;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    if (word.n != 3 * width - 1) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < width; i++) {
        uint8_t octet;
        size_t n;

        if (wr_enc_from_hex(word.text + 3 * i, 2, &octet, 1, &n) ||
            (i + 1 < width && word.text[3 * i + 2] != '-')) {
            return WR_E_FORMAT;
        }
        wr_buf_put_u8(in->w, octet);
    }
    return in->w->err;
}

/* Four groups of one to four hexadecimal digits with colons (RFC 6742 section 2.1.2). */
static int read_groups(struct reading *in)
{
    struct wr_lex_word word;
    size_t at = 0;
    int err = next_word(in, &word);

    if (err) {
        return err;
    }
    for (unsigned group = 0; group < 4; group++) {
        char digits[4] = {'0', '0', '0', '0'};
        uint8_t octets[2];
        size_t end = at, n;

        while (end < word.n && word.text[end] != ':') {
            end++;
        }
        if (end == at || end - at > 4 || (end == word.n) != (group == 3)) {
            return WR_E_FORMAT;
        }
        memcpy(digits + 4 - (end - at), word.text + at, end - at);
        if (wr_enc_from_hex(digits, 4, octets, 2, &n)) {
            return WR_E_FORMAT;
        }
        wr_buf_put_bytes(in->w, octets, 2);
        at = end + 1;
    }
    return in->w->err;
}

static int read_field(struct reading *in, char style, uint8_t field)
{
    switch (style) {
    case 'n': return read_names(in, field);
    case 'd':
    case 'u':
    case 'T':
    case 'o':
    case 't':
    case 'A':
    case 'c':
    case 'p':
    case 'y':
    case 'r': return read_number(in, style, width_of(field));
    case 'a': return read_addr(in, field);
    case 's': return field == WR_FIELD_STRINGS ? read_strings(in) : read_string(in);
    case 'g': return read_string(in);
    case 'q': return read_quoted(in);
    case 'b': return read_digits(in, wr_enc_from_base64, 4);
    case 'x': return read_digits(in, wr_enc_from_hex, 2);
    case 'B':
    case 'C': return read_optional(in, style);
    case 'K':
    case 'M':
    case 'O': return read_counted(in, style);
    case 'G': return read_gateway(in, field);
    case 'D': return read_relay_type(in);
    case 'S': return read_len8(in, wr_enc_from_hex);
    case 'H': return read_len8(in, wr_enc_from_base32hex);
    case 'm': return read_bitmap(in);
    case 'e': return read_octets(in, width_of(field));
    case 'i': return read_groups(in);
    case 'L': return wr_loc_read_text(&in->lex, in->w, &in->column);
    case 'v': return wr_svcb_read_text(&in->lex, in->w, &in->column);
    default: return wr_oddtext_read(style, &in->lex, in->w, &in->column);
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

static int read_all(struct reading *in, uint32_t form)
{
    const char *style = wr_present_style(form);
    size_t start = in->w->pos;
    struct wr_lex_word word;
    int err = WR_OK;

    if (is_generic(in)) {
        (void)next_word(in, &word);
        err = read_generic(in);
    } else if (style) {
        const struct wr_rdata_row *row = wr_rdata_row(form);

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
    return wr_rdata_check(form, in->w->base + start, in->w->pos - start);
}

int wr_scan_rest(struct wr_lex *lex, uint32_t form, const uint8_t *origin, struct wr_writer *w,
                 size_t *ret_column)
{
    struct reading in = {
        .lex = *lex, .w = w, .origin = origin, .column = lex->pos + 1, .start = w->pos};
    int err;

    if (w->err) {
        return w->err;
    }
    err = read_all(&in, form);
    *lex = in.lex;
    if (err) {
        w->pos = in.start;
        w->err = WR_OK;
        if (ret_column) {
            *ret_column = in.column;
        }
    }
    return err;
}

int wr_scan_rdata(const char *text, size_t n, uint32_t form, const uint8_t *origin,
                  struct wr_writer *w, size_t *ret_column)
{
    struct wr_lex lex;

    wr_lex_init(&lex, text, n);
    return wr_scan_rest(&lex, form, origin, w, ret_column);
}
