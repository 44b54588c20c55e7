/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units: durations and sizes as people write them.
 *
 * A whole number and a unit, nothing between: ms, s, m, h, d; B, KiB, MiB, GiB. A bare number is refused
 * ("10" of what?), and so are decimal powers, which mean two things. Printing takes the largest
 * unit that divides the value, so that what is printed reads back as the same.
 *
 * Errors: WR_E_FORMAT without or with an unknown unit, WR_E_RANGE above 2^62.
 */
#ifndef WR_CONF_UNITS_H
#define WR_CONF_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

int wr_units_to_ms(const char *text, size_t n, uint64_t *ret_ms);
int wr_units_to_octets(const char *text, size_t n, uint64_t *ret_octets);
void wr_units_duration(uint64_t ms, struct wr_str *out);
void wr_units_octets(uint64_t octets, struct wr_str *out);

#endif
