/* SPDX-License-Identifier: Apache-2.0 */
#include "base/enc.h"
#include "base/err.h"

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base32_digits[] = "0123456789abcdefghijklmnopqrstuv";

void wr_enc_base64(struct wr_str *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t v = (uint32_t)p[i] << 16;

        v |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        v |= have > 2 ? p[i + 2] : 0;
        wr_str_char(s, base64_digits[v >> 18]);
        wr_str_char(s, base64_digits[v >> 12 & 63]);
        wr_str_char(s, have > 1 ? base64_digits[v >> 6 & 63] : '=');
        wr_str_char(s, have > 2 ? base64_digits[v & 63] : '=');
    }
}

static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void wr_enc_base64url(struct wr_str *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t v = (uint32_t)p[i] << 16;

        v |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        v |= have > 2 ? p[i + 2] : 0;
        for (size_t digit = 0; digit <= have; digit++) {
            wr_str_char(s, base64url_digits[v >> (18 - 6 * digit) & 63]);
        }
    }
}

void wr_enc_base32hex(struct wr_str *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint32_t v = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < n; i++) {
        v = (v << 8 | p[i]) & 0xfff;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            wr_str_char(s, base32_digits[v >> bits & 31]);
        }
    }
    if (bits) {
        wr_str_char(s, base32_digits[v << (5 - bits) & 31]);
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int base32_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int base64url_value(char c)
{
    return c == '-' ? 62 : c == '_' ? 63 : c == '+' || c == '/' ? -1 : base64_value(c);
}

/* Digits of `width` bits to octets. Bits left over must be zero and fewer than a digit, so that each
 * sequence of octets has one text only. */
static int decode(const char *text, size_t n, unsigned width, int (*value)(char), uint8_t *ret,
                  size_t cap, size_t *ret_n)
{
    size_t out = n * width / 8;
    size_t at = 0;
    uint32_t v = 0;
    unsigned bits = 0;

    if (n > SIZE_MAX / 8 || n * width % 8 >= width) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < n; i++) {
        if (value(text[i]) < 0) {
            return WR_E_FORMAT;
        }
    }
    if (out > cap) {
        return WR_E_FULL;
    }
    for (size_t i = 0; i < n; i++) {
        v = (v << width | (uint32_t)value(text[i])) & 0xffff;
        bits += width;
        if (bits >= 8) {
            bits -= 8;
            ret[at++] = (uint8_t)(v >> bits);
        }
    }
    if (v & ((1u << bits) - 1)) {
        return WR_E_FORMAT;
    }
    *ret_n = at;
    return WR_OK;
}

int wr_enc_from_hex(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n)
{
    return decode(text, n, 4, hex_value, ret, cap, ret_n);
}

int wr_enc_from_base32hex(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n)
{
    return decode(text, n, 5, base32_value, ret, cap, ret_n);
}

int wr_enc_from_base64(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n)
{
    if (n % 4) {
        return WR_E_FORMAT;
    }
    if (n && text[n - 1] == '=') {
        n -= text[n - 2] == '=' ? 2 : 1;
    }
    return decode(text, n, 6, base64_value, ret, cap, ret_n);
}

int wr_enc_from_base64url(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n)
{
    if (n > 0 && n % 4 == 0 && text[n - 1] == '=') {
        n -= text[n - 2] == '=' ? 2 : 1;
    }
    return decode(text, n, 6, base64url_value, ret, cap, ret_n);
}
