/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presentation: records as zone text and back (RFC 1035 section 5.1, RFC 3597).
 *
 * Writes into a wr_str; types without a row in the table, or whose rdata does
 * not fit it, come out in the generic form \# LEN HEX.
 */
#ifndef WR_DNS_PRESENT_H
#define WR_DNS_PRESENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * How the fields of a type are written, one letter a field of its row in dns/rdata.c, or NULL:
 *   n name            d decimal number     a address           t type by name     T date and time
 *   s string(s)       g bare string        q rest, quoted      b rest, base64     x rest, base16
 *   S salt, base16    H hash, base32hex    m type bitmap       v SVCB parameters
 *   e octets with -   i groups with :      L the whole is a LOC
 */
const char *wr_present_style(uint16_t type);

/* "owner ttl class type rdata" without a newline. rdata is stored form. */
void wr_present_rr(struct wr_str *s, const uint8_t *owner, uint32_t ttl, uint16_t class_,
                   uint16_t type, const uint8_t *rdata, size_t size);
void wr_present_rdata(struct wr_str *s, uint16_t type, const uint8_t *rdata, size_t size);
/* Reads the rdata of one record from text into stored form; names relative to `origin` (may be NULL: absolute only).
 * `ret_column` (may be NULL) is where it broke, from 1. Types without text form yet take \# only. */
int wr_present_read_rdata(const char *text, size_t n, uint16_t type, const uint8_t *origin,
                          struct wr_writer *w, size_t *ret_column);

#endif
