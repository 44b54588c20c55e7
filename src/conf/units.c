/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/units.h"

#include <string.h>

#include "base/err.h"

enum { NUMBER_DIGITS_MAX = 19 };
#define NUMBER_MAX ((uint64_t)1 << 62)

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit durations[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {{"B", 1},
                                    {"KiB", 1024},
                                    {"MiB", 1024 * 1024},
                                    {"GiB", (uint64_t)1024 * 1024 * 1024},
                                    {NULL, 0}};

/* A number and a unit of the table. */
static int read_units(const char *text, size_t n, const struct unit *units, uint64_t *ret)
{
    size_t digits = 0;
    uint64_t v;

    while (digits < n && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    if (digits == 0)
        return WR_E_FORMAT;
    for (; units->name; units++) {
        if (strlen(units->name) != n - digits ||
            memcmp(units->name, text + digits, n - digits) != 0)
            continue;
        if (digits > NUMBER_DIGITS_MAX || wr_str_to_u64(text, digits, NUMBER_MAX, &v) != WR_OK)
            return WR_E_RANGE;
        if (v > NUMBER_MAX / units->factor)
            return WR_E_RANGE;
        *ret = v * units->factor;
        return WR_OK;
    }
    return WR_E_FORMAT;
}

int wr_units_to_ms(const char *text, size_t n, uint64_t *ret_ms)
{
    return read_units(text, n, durations, ret_ms);
}

int wr_units_to_octets(const char *text, size_t n, uint64_t *ret_octets)
{
    return read_units(text, n, sizes, ret_octets);
}

static void print_units(uint64_t v, const struct unit *units, size_t zero, struct wr_str *out)
{
    size_t best = v == 0 ? zero : 0;

    for (size_t i = 0; v && units[i].name; i++)
        if (v % units[i].factor == 0)
            best = i;
    wr_str_u64(out, v / units[best].factor);
    wr_str_text(out, units[best].name);
}

void wr_units_duration(uint64_t ms, struct wr_str *out)
{
    print_units(ms, durations, 1, out);
}

void wr_units_octets(uint64_t octets, struct wr_str *out)
{
    print_units(octets, sizes, 0, out);
}
