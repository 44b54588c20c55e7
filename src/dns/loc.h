/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LOC: where something stands on the Earth, as text and back (RFC 1876).
 *
 * Wire: version 0, size and two precisions (mantissa and power of ten, in centimetres), latitude and
 * longitude in thousandths of an arc second around 2^31, altitude in centimetres above 100 km
 * below the reference. Text: "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m".
 */
#ifndef WR_DNS_LOC_H
#define WR_DNS_LOC_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "dns/lex.h"

#define WR_LOC_SIZE 16

/* WR_E_FORMAT: another version, or values that no text stands for (nothing written then). */
int wr_loc_put_text(struct wr_str *s, const uint8_t rdata[WR_LOC_SIZE]);
/* Reads all words that are left. */
int wr_loc_read_text(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column);

#endif
