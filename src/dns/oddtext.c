/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "base/addr.h"
#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dns/oddtext.h"
#include "dns/word.h"

#define PORTS_OCTETS 8192u /* one bit for each port */
#define NXT_OCTETS   16u   /* one bit for each type below 128 */

static int next_word(struct wr_lex *lex, struct wr_lex_word *ret, size_t *ret_column)
{
    int err = wr_lex_next(lex, ret);

    *ret_column = err ? lex->pos + 1 : ret->column;
    return err;
}

/* What `put` says of each bit that is set, between blanks. A last octet of zero says nothing: no text gives it back. */
static int put_bits(struct wr_str *s, const uint8_t *p, size_t n,
                    void (*put)(struct wr_str *s, uint16_t bit))
{
    const char *blank = "";

    if (n && p[n - 1] == 0) {
        return WR_E_FORMAT;
    }
    for (size_t bit = 0; bit < 8 * n; bit++) {
        if (p[bit / 8] & (0x80u >> bit % 8)) {
            wr_str_text(s, blank);
            put(s, (uint16_t)bit);
            blank = " ";
        }
    }
    return WR_OK;
}

/* One word a bit, in any order, to the end. `bits` is of `octets` octets, all zero. */
static int read_bits(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column, uint8_t *bits,
                     size_t octets, int (*read)(const char *, size_t, uint16_t *))
{
    struct wr_lex_word word;
    size_t used = 0;
    int err;

    while ((err = next_word(lex, &word, ret_column)) == WR_OK) { /* each round takes a word */
        uint16_t bit;

        err = read(word.text, word.n, &bit);
        if (err || bit >= 8 * octets) {
            return err ? err : WR_E_RANGE;
        }
        bits[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        used = bit / 8u + 1 > used ? bit / 8u + 1 : used;
    }
    wr_buf_put_bytes(w, bits, used);
    return err == WR_E_NOTFOUND ? w->err : err;
}

static void put_port(struct wr_str *s, uint16_t port)
{
    wr_str_u64(s, port);
}

static int put_ports(struct wr_str *s, const uint8_t *p, size_t n)
{
    return n > PORTS_OCTETS ? WR_E_FORMAT : put_bits(s, p, n, put_port);
}

static int read_port(const char *text, size_t n, uint16_t *ret)
{
    return wr_codes_word_from_text(WR_CODES_SERVICE, text, n, ret);
}

static int read_ports(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    uint8_t bits[PORTS_OCTETS] = {0};

    return read_bits(lex, w, ret_column, bits, sizeof(bits), read_port);
}

static void put_type(struct wr_str *s, uint16_t type)
{
    char text[WR_CODE_TEXT_SIZE];

    wr_codes_type_text(type, text, sizeof(text));
    wr_str_text(s, text);
}

/* The bit of type 0 is kept for another format of the bitmap. */
static int put_nxt(struct wr_str *s, const uint8_t *p, size_t n)
{
    return n > NXT_OCTETS || (n && p[0] & 0x80) ? WR_E_FORMAT : put_bits(s, p, n, put_type);
}

static int read_type(const char *text, size_t n, uint16_t *ret)
{
    uint16_t type;
    int err = wr_codes_type_from_text(text, n, &type);

    if (!err && type == 0) {
        return WR_E_RANGE;
    }
    *ret = err ? 0 : type;
    return err;
}

static int read_nxt(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    uint8_t bits[NXT_OCTETS] = {0};

    return read_bits(lex, w, ret_column, bits, sizeof(bits), read_type);
}

/* Digits by twos with dots between them wherever the writer liked one. */
static int read_dotted_hex(const char *text, size_t n, struct wr_writer *w)
{
    size_t start = w->pos;
    char pair[2];
    size_t have = 0;

    for (size_t i = 0; i < n; i++) {
        uint8_t octet;
        size_t one;

        if (text[i] == '.') {
            continue;
        }
        pair[have++] = text[i];
        if (have < 2) {
            continue;
        }
        if (wr_enc_from_hex(pair, 2, &octet, 1, &one)) {
            return WR_E_FORMAT;
        }
        wr_buf_put_u8(w, octet);
        have = 0;
    }
    if (w->err) {
        return w->err;
    }
    return have || w->pos == start ? WR_E_FORMAT : WR_OK;
}

static int put_nsap(struct wr_str *s, const uint8_t *p, size_t n)
{
    wr_str_text(s, "0x");
    wr_str_hex(s, p, n);
    return n ? WR_OK : WR_E_FORMAT;
}

static int read_nsap(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    struct wr_lex_word word;
    int err = next_word(lex, &word, ret_column);

    if (err) {
        return err;
    }
    if (word.n < 2 || word.text[0] != '0' || (word.text[1] | 0x20) != 'x') {
        return WR_E_FORMAT;
    }
    return read_dotted_hex(word.text + 2, word.n - 2, w);
}

/* The first octet tells which kind of address follows. */
static int put_atma(struct wr_str *s, const uint8_t *p, size_t n)
{
    if (n < 2 || p[0] > 1) {
        return WR_E_FORMAT;
    }
    if (p[0] == 0) {
        wr_str_hex(s, p + 1, n - 1);
        return WR_OK;
    }
    wr_str_char(s, '+');
    for (size_t i = 1; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return WR_E_FORMAT;
        }
        wr_str_char(s, (char)p[i]);
    }
    return WR_OK;
}

static int read_atma(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    struct wr_lex_word word;
    size_t start = w->pos + 1;
    int err = next_word(lex, &word, ret_column);

    if (err) {
        return err;
    }
    if (word.n == 0 || word.text[0] != '+') {
        wr_buf_put_u8(w, 0);
        return read_dotted_hex(word.text, word.n, w);
    }
    wr_buf_put_u8(w, 1);
    for (size_t i = 1; i < word.n; i++) {
        if (word.text[i] >= '0' && word.text[i] <= '9') {
            wr_buf_put_u8(w, (uint8_t)word.text[i]);
        } else if (word.text[i] != '.') {
            return WR_E_FORMAT;
        }
    }
    if (w->err) {
        return w->err;
    }
    return w->pos > start ? WR_OK : WR_E_FORMAT;
}

static void put_address(struct wr_str *s, const uint8_t *ip, size_t n, enum wr_family family)
{
    struct wr_addr addr = {.family = (uint8_t)family};
    char text[WR_ADDR_TEXT_SIZE];

    memcpy(addr.ip, ip, n);
    wr_addr_to_text(&addr, text, sizeof(text));
    wr_str_text(s, text);
}

/* Octets of the suffix behind a prefix of that many bits, and the mask of its first one. */
static size_t a6_suffix(unsigned prefix, uint8_t *ret_mask)
{
    *ret_mask = (uint8_t)(0xff >> prefix % 8);
    return (128 - prefix + 7) / 8;
}

static int put_a6(struct wr_str *s, const uint8_t *p, size_t n)
{
    uint8_t ip[16] = {0}, mask;
    size_t octets = a6_suffix(p[0], &mask);

    if (octets && p[1] & ~mask) {
        return WR_E_FORMAT; /* bits that belong to the prefix */
    }
    wr_str_u64(s, p[0]);
    if (octets) {
        memcpy(ip + 16 - octets, p + 1, n - 1);
        wr_str_char(s, ' ');
        put_address(s, ip, sizeof(ip), WR_AF_V6);
    }
    return WR_OK;
}

static int read_a6(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    struct wr_lex_word word;
    struct wr_addr addr;
    uint64_t prefix;
    size_t octets;
    uint8_t mask;
    int err = next_word(lex, &word, ret_column);

    if (!err) {
        err = wr_str_to_u64(word.text, word.n, 128, &prefix);
    }
    if (err) {
        return err;
    }
    wr_buf_put_u8(w, (uint8_t)prefix);
    octets = a6_suffix((unsigned)prefix, &mask);
    if (octets) {
        err = next_word(lex, &word, ret_column);
        if (!err) {
            err = wr_word_addr(word.text, word.n, WR_AF_V6, &addr);
        }
        if (err) {
            return err;
        }
        addr.ip[16 - octets] &= mask;
        wr_buf_put_bytes(w, addr.ip + 16 - octets, octets);
    }
    return w->err;
}

static int put_hip(struct wr_str *s, const uint8_t *p, size_t n)
{
    if (p[0] == 0 || n <= 4u + p[0]) {
        return WR_E_FORMAT;
    }
    wr_str_u64(s, p[1]);
    wr_str_char(s, ' ');
    wr_str_hex(s, p + 4, p[0]);
    wr_str_char(s, ' ');
    wr_enc_base64(s, p + 4 + p[0], n - 4 - p[0]);
    return WR_OK;
}

typedef int decoder(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n);

/* One word of digits behind what was written. WR_E_RANGE over `max` octets. */
static int read_coded(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column, decoder *decode,
                      size_t max, size_t *ret_n)
{
    struct wr_lex_word word;
    size_t n;
    int err = next_word(lex, &word, ret_column);

    if (err || w->err) {
        return err ? err : w->err;
    }
    err = word.n ? decode(word.text, word.n, w->base + w->pos, w->cap - w->pos, &n) : WR_E_FORMAT;
    if (err || n == 0 || n > max) {
        return err ? err : n ? WR_E_RANGE : WR_E_FORMAT;
    }
    w->pos += n;
    *ret_n = n;
    return WR_OK;
}

static int read_hip(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    struct wr_lex_word word;
    size_t at = w->pos, tag = 0, key = 0;
    uint64_t algorithm;
    int err = next_word(lex, &word, ret_column);

    if (!err) {
        err = wr_str_to_u64(word.text, word.n, UINT8_MAX, &algorithm);
    }
    if (err) {
        return err;
    }
    wr_buf_put_u32(w, (uint32_t)algorithm << 16);
    err = read_coded(lex, w, ret_column, wr_enc_from_hex, UINT8_MAX, &tag);
    if (!err) {
        err = read_coded(lex, w, ret_column, wr_enc_from_base64, UINT16_MAX, &key);
    }
    if (!err) {
        w->base[at] = (uint8_t)tag;
        wr_buf_patch_u16(w, at + 2, (uint16_t)key);
    }
    return err;
}

/* One prefix: two octets of family, one of length, negation and size of the address, the address without its last zeros. */
static int put_prefix(struct wr_str *s, const uint8_t *p)
{
    unsigned family = (unsigned)p[0] << 8 | p[1], n = p[3] & 0x7f;
    unsigned most = family == 1 ? 4 : 16;
    uint8_t ip[16] = {0};

    if (family < 1 || family > 2 || n > most || p[2] > 8 * most || (n && p[3 + n] == 0)) {
        return WR_E_FORMAT;
    }
    memcpy(ip, p + 4, n);
    wr_str_text(s, p[3] & 0x80 ? "!" : "");
    wr_str_u64(s, family);
    wr_str_char(s, ':');
    put_address(s, ip, most, family == 1 ? WR_AF_V4 : WR_AF_V6);
    wr_str_char(s, '/');
    wr_str_u64(s, p[2]);
    return WR_OK;
}

static int put_apl(struct wr_str *s, const uint8_t *p, size_t n)
{
    for (size_t at = 0; at < n; at += 4u + (p[at + 3] & 0x7f)) {
        if (at) {
            wr_str_char(s, ' ');
        }
        if (put_prefix(s, p + at)) {
            return WR_E_FORMAT;
        }
    }
    return WR_OK;
}

static int read_prefix(const char *text, size_t n, struct wr_writer *w)
{
    bool negated = n && text[0] == '!', four;
    struct wr_addr addr;
    size_t octets, slash;
    uint64_t bits;
    int err;

    text += negated;
    n -= negated;
    if (n < 3 || (text[0] != '1' && text[0] != '2') || text[1] != ':') {
        return WR_E_FORMAT;
    }
    four = text[0] == '1';
    for (slash = 2; slash < n && text[slash] != '/'; slash++) {
    }
    err = wr_word_addr(text + 2, slash - 2, four ? WR_AF_V4 : WR_AF_V6, &addr);
    if (!err) {
        err = slash < n ? wr_str_to_u64(text + slash + 1, n - slash - 1, four ? 32 : 128, &bits)
                        : WR_E_FORMAT;
    }
    if (err) {
        return err;
    }
    for (octets = four ? 4 : 16; octets && addr.ip[octets - 1] == 0; octets--) {
    }
    wr_buf_put_u16(w, four ? 1 : 2);
    wr_buf_put_u8(w, (uint8_t)bits);
    wr_buf_put_u8(w, (uint8_t)((negated ? 0x80 : 0) | octets));
    wr_buf_put_bytes(w, addr.ip, octets);
    return w->err;
}

static int read_apl(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    struct wr_lex_word word;
    int err;

    while ((err = next_word(lex, &word, ret_column)) == WR_OK) { /* each round takes a word */
        err = read_prefix(word.text, word.n, w);
        if (err) {
            return err;
        }
    }
    return err == WR_E_NOTFOUND ? WR_OK : err;
}

static const struct odd {
    char letter;
    int (*put)(struct wr_str *s, const uint8_t *p, size_t n);
    int (*read)(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column);
} odds[] = {
    {'w', put_ports, read_ports}, {'X', put_nxt, read_nxt},   {'N', put_nsap, read_nsap},
    {'6', put_a6, read_a6},       {'E', put_atma, read_atma}, {'h', put_hip, read_hip},
    {'P', put_apl, read_apl},
};

int wr_oddtext_put(char style, struct wr_str *s, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(odds); i++) {
        if (odds[i].letter == style) {
            return odds[i].put(s, p, n);
        }
    }
    return WR_E_NOTFOUND;
}

int wr_oddtext_read(char style, struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(odds); i++) {
        if (odds[i].letter == style) {
            return odds[i].read(lex, w, ret_column);
        }
    }
    return WR_E_FORMAT;
}
