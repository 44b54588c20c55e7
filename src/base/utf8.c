/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

enum { ESCAPE = 4 /* octets of "\\x1b" */ };

static bool is_tail(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

/* How long the lead octet says the character is; 0: no lead octet. */
static size_t length_of(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    if (lead >= 0xf0 && lead < 0xf5)
        return 4;
    return 0;
}

static bool is_code(uint32_t code, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    return code >= least[length] && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}

size_t wr_utf8_next(const char *bytes, size_t n, uint32_t *ret_code)
{
    const uint8_t *b = (const uint8_t *)bytes;
    size_t length = n ? length_of(b[0]) : 0;
    uint32_t code;

    if (length == 0 || length > n)
        return 0;
    code = length == 1 ? b[0] : b[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!is_tail(b[i]))
            return 0;
        code = code << 6 | (b[i] & 0x3fu);
    }
    if (!is_code(code, length))
        return 0;
    *ret_code = code;
    return length;
}

bool wr_utf8_is_visible(uint32_t code)
{
    static const uint32_t hidden[][2] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},        {0x61c, 0x61c},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfe00, 0xfe0f},    {0xfeff, 0xfeff}, {0xfff0, 0xfffb},
        {0xfffe, 0xffff}, {0xe000, 0xf8ff}, {0xe0000, 0x10ffff},
    };

    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (code >= hidden[i][0] && code <= hidden[i][1])
            return false;
    return true;
}

/* A character fits whole or not at all; behind the first that does not, nothing comes, for it would read as if it followed. */
static bool append(struct wr_str *s, const char *bytes, size_t n)
{
    if (s->cut || s->cap - s->len <= n) {
        s->cut = true;
        return false;
    }
    wr_str_bytes(s, bytes, n);
    return true;
}

void wr_utf8_safe(struct wr_str *s, const char *bytes, size_t n)
{
    size_t at = 0;

    while (at < n) {
        uint32_t code = 0;
        size_t length = wr_utf8_next(bytes + at, n - at, &code);
        char escaped[ESCAPE + 1];
        struct wr_str e;

        if (length && wr_utf8_is_visible(code)) {
            if (!append(s, bytes + at, length))
                return;
            at += length;
            continue;
        }
        wr_str_init(&e, escaped, sizeof(escaped));
        wr_str_text(&e, "\\x");
        wr_str_hex(&e, bytes + at, 1);
        if (!append(s, escaped, ESCAPE))
            return;
        at++;
    }
}
