/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "dns/word.h"

static bool is_absolute(const char *text, size_t n)
{
    size_t slashes = 0;

    if (text[n - 1] != '.') {
        return false;
    }
    while (slashes + 1 < n && text[n - 2 - slashes] == '\\') {
        slashes++;
    }
    return slashes % 2 == 0;
}

const uint8_t wr_word_no_origin[1] = {0};

/* Without an origin the last dot may be missing. */
int wr_word_name(const char *text, size_t n, const uint8_t *origin, struct wr_name *ret_name)
{
    struct wr_name name;
    size_t size;
    int err;

    if (origin == wr_word_no_origin && (n == 0 || !is_absolute(text, n))) {
        return n ? WR_E_USAGE : WR_E_FORMAT;
    }
    if (origin && n == 1 && text[0] == '@') {
        wr_name_set(ret_name, origin);
        return WR_OK;
    }
    err = n ? wr_name_from_text(text, n, &name) : WR_E_FORMAT;
    if (err) {
        return err;
    }
    if (origin && !is_absolute(text, n)) {
        size = wr_name_size(origin);
        if (name.size - 1u + size > WR_NAME_MAX) {
            return WR_E_RANGE;
        }
        memcpy(name.wire + name.size - 1, origin, size);
        name.size = (uint8_t)(name.size - 1u + size);
    }
    *ret_name = name;
    return WR_OK;
}

/* Seconds of a unit's letter, or 0. */
static uint32_t unit_of(char letter)
{
    switch (letter | 0x20) {
    case 'w': return 604800;
    case 'd': return 86400;
    case 'h': return 3600;
    case 'm': return 60;
    case 's': return 1;
    default: return 0;
    }
}

int wr_word_seconds(const char *text, size_t n, uint32_t max, uint32_t *ret_seconds)
{
    uint32_t last = UINT32_MAX, unit;
    uint64_t sum = 0, v;
    size_t at = 0;

    if (n == 0 || text[n - 1] <= '9') {
        int err = wr_str_to_u64(text, n, max, &v);

        *ret_seconds = err ? *ret_seconds : (uint32_t)v;
        return err;
    }
    while (at < n) {
        size_t digits = 0;
        int err;

        while (at + digits < n && text[at + digits] >= '0' && text[at + digits] <= '9') {
            digits++;
        }
        err = wr_str_to_u64(text + at, digits, max, &v);
        at += digits;
        unit = at < n ? unit_of(text[at++]) : 0;
        if (err || unit == 0 || unit >= last) {
            return err ? err : WR_E_FORMAT;
        }
        last = unit;
        sum += v * unit; /* units descend, so at most five are added */
    }
    if (sum > max) {
        return WR_E_RANGE;
    }
    *ret_seconds = (uint32_t)sum;
    return WR_OK;
}

static bool is_leap(uint64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* YYYYMMDDHHmmSS to seconds since 1970. */
static int date_from(uint64_t v, uint64_t *ret)
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

int wr_word_time(const char *text, size_t n, uint32_t *ret_time)
{
    uint64_t v;
    int err = wr_str_to_u64(text, n, n == 14 ? UINT64_MAX : UINT32_MAX, &v);

    if (!err && n == 14) {
        err = date_from(v, &v);
    }
    if (!err) {
        *ret_time = (uint32_t)v;
    }
    return err;
}

int wr_word_octal(const char *text, size_t n, uint16_t *ret)
{
    uint32_t v = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '7') {
            return WR_E_FORMAT;
        }
        v = v << 3 | (uint32_t)(text[i] - '0');
        if (v > UINT16_MAX) {
            return WR_E_RANGE;
        }
    }
    if (n == 0) {
        return WR_E_FORMAT;
    }
    *ret = (uint16_t)v;
    return WR_OK;
}

int wr_word_addr(const char *text, size_t n, enum wr_family family, struct wr_addr *ret_addr)
{
    char copy[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr;

    if (n == 0 || n >= sizeof(copy) || text[0] == '[') {
        return WR_E_FORMAT;
    }
    memcpy(copy, text, n);
    copy[n] = 0;
    if (wr_addr_from_text(copy, &addr) || addr.family != family || addr.port || addr.scope) {
        return WR_E_FORMAT;
    }
    *ret_addr = addr;
    return WR_OK;
}
