/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generate: the lines that a $GENERATE entry of a zone file stands for.
 *
 *     $GENERATE 1-254 host-$ A 192.0.2.$          the range, and a line in which "$" is the number
 *     $GENERATE 0-6/2 ${10,3,d} CNAME x           start-stop/step; ${offset,width,base}
 *
 * It is no standard; the form is the one that BIND 9 documents. The base is d, o, x or X, n or N (nibbles, the last first,
 * as the reverse zones of IPv6 have them); "$$" is a dollar sign. "\$" is left as it is: for the reader of the line it is
 * one too.
 *
 * The number of lines is bounded by WR_ZONEFILE_GENERATE_MAX, a line by the room for it.
 */
#ifndef WR_DNS_GENERATE_H
#define WR_DNS_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct wr_generate {
    uint32_t start, stop, step;
};

/* The first word. WR_E_FORMAT, WR_E_RANGE (a number over 2^31 - 1, or a stop before the start), WR_E_LIMIT (too many lines). */
int wr_generate_range(const char *text, size_t n, struct wr_generate *ret);
uint32_t wr_generate_count(const struct wr_generate *g);
/* The line for one number of the range, without a newline. WR_E_FORMAT: a broken ${}; WR_E_RANGE: a number below zero;
 * WR_E_FULL: `s` is cut. */
int wr_generate_line(const char *text, size_t n, uint32_t number, struct wr_str *s);

#endif
