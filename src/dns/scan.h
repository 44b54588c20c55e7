/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scan: the rdata of one record from zone text into stored form (RFC 1035 section 5.1, RFC 3597).
 *
 * The other half of dns/present: the same table says which field is written how. Words may stand in
 * parentheses and over several lines, comments are skipped, the generic form \# LEN HEX is taken
 * for every type. What was read is checked against the row of its form (dns/rdata.h).
 *
 * Errors: WR_E_SHORT when a word is missing, WR_E_FORMAT, WR_E_RANGE, WR_E_FULL, WR_E_EXISTS (an SVCB key
 * twice), WR_E_UNSUPPORTED (a type that has only the generic form); then nothing is written.
 */
#ifndef WR_DNS_SCAN_H
#define WR_DNS_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dns/lex.h"

/* Names without their last dot are relative to `origin`; with NULL they are absolute all the same.
 * `ret_column` (may be NULL): the word it broke at, from 1. */
int wr_scan_rdata(const char *text, size_t n, uint32_t form, const uint8_t *origin,
                  struct wr_writer *w, size_t *ret_column);
/* The same with the words that are left of a text that was begun (a zone file's entry): `ret_column` counts in all of it. */
int wr_scan_rest(struct wr_lex *lex, uint32_t form, const uint8_t *origin, struct wr_writer *w,
                 size_t *ret_column);

#endif
