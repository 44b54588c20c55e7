/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Value: one scalar of the configuration, from text to its place and back.
 *
 * wr_value_read turns text into the value of one row of the schema and stores it at `place`; list rows are
 * read one item at a time. wr_value_print writes it as it would stand in the file: what is printed reads
 * back as the same value.
 *
 * Durations and sizes carry units (conf/units).
 */
#ifndef WR_CONF_VALUE_H
#define WR_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "conf/mem.h"
#include "conf/schema.h"

/* Longest printed value with NUL: a name of 255 octets, all escaped, in quotation marks. */
#define WR_VALUE_TEXT_SIZE 2400
/* Longest message of wr_value_read, with NUL. */
#define WR_VALUE_WHY_SIZE 256

/* A scalar as it stands in the file. */
struct wr_value_text {
    const char *text; /* octets, NUL behind them */
    size_t n;
    bool plain; /* without quotation marks */
};

/* Stores at `place` what `text` says. On WR_E_FORMAT, WR_E_RANGE or WR_E_UNSUPPORTED *why says what was
 * expected, and `place` is untouched. WR_E_NOMEM: only `mem` says so. */
int wr_value_read(const struct wr_schema_row *row, const struct wr_value_text *text,
                  struct wr_conf_mem *mem, void *place, char why[WR_VALUE_WHY_SIZE]);
void wr_value_print(const struct wr_schema_row *row, const void *place, struct wr_str *out);
/* `text` in quotation marks, as the file has it. */
void wr_value_quote(const char *text, struct wr_str *out);

/* What stands at the place of a list. */
struct wr_value_list {
    const unsigned char *items;
    size_t count;
};
struct wr_value_list wr_value_list(const void *place);
/* Octets of one item of the type. */
size_t wr_value_size(uint8_t type);
/* "1 to 512", "1s to 1d", or "" where the row has no range. */
void wr_value_range(const struct wr_schema_row *row, struct wr_str *out);

#endif
