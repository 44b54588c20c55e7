/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/addr.h"
#include "base/check.h"
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

/* The letters are explained in present.h. */
struct style {
    uint32_t form;
    char fields[10];
};

static const struct style styles[] = {
    {1, "a"},          {2, "n"},
    {3, "n"},          {4, "n"},
    {5, "n"},          {6, "nnduuuu"},
    {7, "n"},          {8, "n"},
    {9, "n"},          {11, "apw"},
    {12, "n"},         {13, "ss"},
    {14, "nn"},        {15, "dn"},
    {16, "s"},         {17, "nn"},
    {18, "dn"},        {19, "s"},
    {20, "s"},         {21, "dn"},
    {22, "N"},         {23, "n"},
    {24, "tAduTTdnB"}, {25, "ddAB"},
    {26, "dnn"},       {27, "sss"},
    {28, "a"},         {29, "L"},
    {30, "nX"},        {31, "x"},
    {32, "x"},         {33, "dddn"},
    {34, "E"},         {35, "ddsssn"},
    {36, "dn"},        {37, "cdAB"},
    {38, "6n"},        {39, "n"},
    {40, "dddB"},      {42, "P"},
    {43, "dAdx"},      {44, "ddx"},
    {45, "dddGB"},     {46, "tAduTTdnb"},
    {47, "nm"},        {48, "ddAb"},
    {49, "b"},         {50, "dddSHm"},
    {51, "dddS"},      {52, "dddx"},
    {53, "dddx"},      {55, "hn"},
    {56, "s"},         {57, "ddAb"},
    {58, "nn"},        {59, "dAdx"},
    {60, "ddAb"},      {61, "b"},
    {62, "ddm"},       {63, "dddx"},
    {64, "dnv"},       {65, "dnv"},
    {66, "tydn"},      {67, "b"},
    {68, "b"},         {99, "s"},
    {104, "di"},       {105, "da"},
    {106, "di"},       {107, "dn"},
    {108, "e"},        {109, "e"},
    {249, "nddddKO"},  {250, "nddMdrM"},
    {256, "ddq"},      {257, "dgq"},
    {258, "s"},        {259, "dddsC"},
    {260, "dDG"},      {261, "s"},
    {262, "s"},        {263, "s"},
    {264, "d"},        {32768, "dAdx"},
    {32769, "dAdx"},   {WR_RDATA_FORM_CH_A, "no"},
};

const char *wr_present_style(uint32_t form)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(styles); i++) {
        if (styles[i].form == form) {
            return styles[i].fields;
        }
    }
    return NULL;
}

/* A field of rdata, or of the room it is read into. */
static uint64_t number_of(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    while (n-- > 0) {
        v = v << 8 | *p++;
    }
    return v;
}

static void put_type(struct wr_str *s, uint16_t type)
{
    char text[WR_CODE_TEXT_SIZE];

    wr_codes_type_text(type, text, sizeof(text));
    wr_str_text(s, text);
}

static void put_addr(struct wr_str *s, const uint8_t *p, size_t n)
{
    struct wr_addr addr = {.family = n == 4 ? WR_AF_V4 : WR_AF_V6};
    char text[WR_ADDR_TEXT_SIZE];

    memcpy(addr.ip, p, n);
    wr_addr_to_text(&addr, text, sizeof(text));
    wr_str_text(s, text);
}

/* Seconds since 1970 as YYYYMMDDHHmmSS (RFC 4034 section 3.2); 2106 is the last year of 32 bits. */
static void put_time(struct wr_str *s, uint32_t seconds)
{
    /* days from March, so that the leap day is the last of its year */
    uint32_t days = seconds / 86400 + 719468;
    uint32_t era_day = days % 146097;
    uint32_t year_of_era = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    uint32_t day_of_year = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month = (5 * day_of_year + 2) / 153;
    uint32_t day = day_of_year - (153 * month + 2) / 5 + 1;
    uint32_t year = year_of_era + days / 146097 * 400 + (month >= 10);

    month = month < 10 ? month + 3 : month - 9;
    wr_str_u64_pad(s, year, 4);
    wr_str_u64_pad(s, month, 2);
    wr_str_u64_pad(s, day, 2);
    wr_str_u64_pad(s, seconds / 3600 % 24, 2);
    wr_str_u64_pad(s, seconds / 60 % 60, 2);
    wr_str_u64_pad(s, seconds % 60, 2);
}

static void put_strings(struct wr_str *s, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += p[i] + 1u) {
        if (i) {
            wr_str_char(s, ' ');
        }
        wr_lex_put_quoted(s, p + i + 1, p[i]);
    }
}

/* RFC 8659 section 4.1.1: letters and digits, so it needs no quotes. */
static int put_tag(struct wr_str *s, const uint8_t *p)
{
    for (unsigned i = 1; i <= p[0]; i++) {
        uint8_t c = wr_name_fold(p[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            return WR_E_FORMAT;
        }
    }
    wr_str_bytes(s, (const char *)p + 1, p[0]);
    return p[0] ? WR_OK : WR_E_FORMAT;
}

static int put_salt(struct wr_str *s, const uint8_t *p)
{
    if (p[0] == 0) {
        wr_str_char(s, '-');
    }
    wr_str_hex(s, p + 1, p[0]);
    return WR_OK;
}

/* Type names between blanks. A bitmap with octets that say nothing has no text of its own. */
static int put_bitmap(struct wr_str *s, const uint8_t *p, size_t n)
{
    const char *blank = "";

    for (size_t at = 0; at < n; at += 2u + p[at + 1]) {
        if (p[at + 1 + p[at + 1]] == 0) {
            return WR_E_FORMAT;
        }
        for (unsigned bit = 0; bit < 8u * p[at + 1]; bit++) {
            if (p[at + 2 + bit / 8] & (0x80u >> bit % 8)) {
                wr_str_text(s, blank);
                put_type(s, (uint16_t)(p[at] << 8 | bit));
                blank = " ";
            }
        }
    }
    return WR_OK;
}

/* 01-23-45 (RFC 7043), or 0123:4567 (RFC 6742). */
static void put_groups(struct wr_str *s, const uint8_t *p, size_t n, size_t step, char between)
{
    for (size_t i = 0; i < n; i += step) {
        if (i) {
            wr_str_char(s, between);
        }
        wr_str_hex(s, p + i, step);
    }
}

static void put_octal(struct wr_str *s, uint16_t v)
{
    unsigned shift = 15;

    while (shift && v >> shift == 0) {
        shift -= 3;
    }
    for (unsigned i = shift + 3; i > 0; i -= 3) {
        wr_str_char(s, (char)('0' + (v >> (i - 3) & 7)));
    }
}

static void put_word(struct wr_str *s, enum wr_codes_word kind, uint64_t v)
{
    const char *text = wr_codes_word_text(kind, (uint16_t)v);

    if (text) {
        wr_str_text(s, text);
    } else {
        wr_str_u64(s, v);
    }
}

/* What no type says has no text: then the record is opaque. */
static int put_gateway(struct wr_str *s, const uint8_t *p, size_t n, enum wr_field field)
{
    if (field == WR_FIELD_NAME_PLAIN) {
        wr_name_put_text(s, p);
    } else if (field == WR_FIELD_REST) {
        return WR_E_FORMAT;
    } else {
        put_addr(s, p, n);
    }
    return WR_OK;
}

/* Octets with their length before them. */
static int put_counted(struct wr_str *s, char style, const uint8_t *p, size_t n)
{
    if (style == 'M') {
        wr_str_u64(s, n - 2);
        wr_str_text(s, n > 2 ? " " : "");
    }
    wr_enc_base64(s, p + 2, n - 2);
    return style == 'K' && n == 2 ? WR_E_FORMAT : WR_OK;
}

static int put_digits(struct wr_str *s, char style, const uint8_t *p, size_t n)
{
    if (style == 'x') {
        wr_str_hex(s, p, n);
    } else if (style == 'C' && n == 0) {
        wr_str_char(s, '-');
    } else {
        wr_enc_base64(s, p, n);
    }
    return n || style == 'B' || style == 'C' ? WR_OK : WR_E_FORMAT;
}

static int put_field(struct wr_str *s, char style, enum wr_field field, const uint8_t *p, size_t n)
{
    switch (style) {
    case 'n': wr_name_put_text(s, p); return WR_OK;
    case 'A':
    case 'c':
    case 'p':
    case 'u':
    case 'd': wr_str_u64(s, number_of(p, n)); return WR_OK;
    case 'o': put_octal(s, (uint16_t)number_of(p, n)); return WR_OK;
    case 'a': put_addr(s, p, n); return WR_OK;
    case 't': put_type(s, (uint16_t)number_of(p, n)); return WR_OK;
    case 'T': put_time(s, (uint32_t)number_of(p, n)); return WR_OK;
    case 'y': put_word(s, WR_CODES_SCHEME, number_of(p, n)); return WR_OK;
    case 'r': put_word(s, WR_CODES_TSIG_ERROR, number_of(p, n)); return WR_OK;
    case 's': put_strings(s, p, n); return WR_OK;
    case 'g': return put_tag(s, p);
    case 'q': wr_lex_put_quoted(s, p, n); return WR_OK;
    case 'b':
    case 'B':
    case 'C':
    case 'x': return put_digits(s, style, p, n);
    case 'K':
    case 'M':
    case 'O': return put_counted(s, style, p, n);
    case 'S': return put_salt(s, p);
    case 'H': wr_enc_base32hex(s, p + 1, p[0]); return p[0] ? WR_OK : WR_E_FORMAT;
    case 'm': return put_bitmap(s, p, n);
    case 'e': put_groups(s, p, n, 1, '-'); return WR_OK;
    case 'i': put_groups(s, p, n, 2, ':'); return WR_OK;
    case 'G': return put_gateway(s, p, n, field);
    case 'D':
        wr_str_text(s, p[0] & 0x80 ? "1 " : "0 ");
        wr_str_u64(s, p[0] & 0x7f);
        return WR_OK;
    case 'v': return wr_svcb_put_text(s, p, n);
    default: return wr_oddtext_put(style, s, p, n);
    }
}

/* Fields that are nothing when they are empty, or bring their blanks. */
static bool needs_blank(char style, size_t n)
{
    switch (style) {
    case 'v': return false;
    case 'B':
    case 'm':
    case 'w':
    case 'X': return n > 0;
    case 'O': return n > 2;
    default: return true;
    }
}

/* Fields that the walk stepped over: a gateway that is none has a text, the prefix name of A6 has not. */
static void put_absent(struct wr_str *s, const char *style, size_t from, size_t to)
{
    for (; from < to; from++) {
        wr_str_text(s, style[from] == 'G' ? " ." : "");
    }
}

/* The fields one after another; an error leaves text that is to be thrown away. */
static int put_fields(struct wr_str *s, const char *style, const struct wr_rdata_row *row,
                      const uint8_t *rdata, size_t size)
{
    struct wr_rdata_walk walk;

    if (style[0] == 'L') {
        return size == WR_LOC_SIZE ? wr_loc_put_text(s, rdata) : WR_E_FORMAT;
    }
    wr_rdata_walk_start(&walk, row, rdata, size);
    for (;;) { /* each round takes a field, or one of the names that are the last */
        const uint8_t *before = walk.fields, *part;
        size_t n, at;
        enum wr_field field = wr_rdata_walk_next(&walk, &part, &n);
        int err;

        at = (size_t)(walk.fields - row->fields);
        at -= field != WR_FIELD_END && walk.fields != before;
        put_absent(s, style, (size_t)(before - row->fields), at);
        if (field == WR_FIELD_END) {
            return walk.err;
        }
        if (at && needs_blank(style[at], n)) {
            wr_str_char(s, ' ');
        }
        err = put_field(s, style[at], field, part, n);
        if (err) {
            return err;
        }
    }
}

void wr_present_rdata(struct wr_str *s, uint32_t form, const uint8_t *rdata, size_t size)
{
    const char *style = wr_present_style(form);
    struct wr_str back = *s;

    if (style && size) {
        if (put_fields(s, style, wr_rdata_row(form), rdata, size) == WR_OK) {
            return;
        }
        s->len = back.len;
        s->cut = back.cut;
        s->base[s->len] = 0;
    }
    wr_str_text(s, "\\# ");
    wr_str_u64(s, size);
    if (size) {
        wr_str_char(s, ' ');
    }
    wr_str_hex(s, rdata, size);
}

void wr_present_rr(struct wr_str *s, const uint8_t *owner, uint32_t ttl, uint16_t class_,
                   uint16_t type, const uint8_t *rdata, size_t size)
{
    char text[WR_CODE_TEXT_SIZE];

    wr_name_put_text(s, owner);
    wr_str_char(s, ' ');
    wr_str_u64(s, ttl);
    wr_codes_class_text(class_, text, sizeof(text));
    wr_str_char(s, ' ');
    wr_str_text(s, text);
    wr_str_char(s, ' ');
    put_type(s, type);
    wr_str_char(s, ' ');
    wr_present_rdata(s, wr_rdata_form(class_, type), rdata, size);
}

int wr_present_read_rdata(const char *text, size_t n, uint32_t form, const uint8_t *origin,
                          struct wr_writer *w, size_t *ret_column)
{
    return wr_scan_rdata(text, n, form, origin, w, ret_column);
}
