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
 * How the fields of a form (dns/rdata.h) are written, one letter a field of its row, or NULL:
 *   n name(s)         d decimal number     u seconds           o octal number     t type by name
 *   a address         T date and time      s string(s)         g bare string      q rest, quoted
 *   b rest, base64    B the same or none   C the same or "-"   x rest, base16     S salt, base16
 *   H hash, base32hex m type bitmap        e octets with -     i groups with :    v SVCB parameters
 *   G gateway         D flag and its type  M size and base64   K base64, a word   O the same or none
 *   A algorithm       c kind of cert       p protocol          y scheme           r error of TSIG
 *   L the whole is a LOC                   w X N 6 E h P: see dns/oddtext.h
 * Numbers that may be words when read are written as numbers, but for schemes and errors.
 */
const char *wr_present_style(uint32_t form);

/* "owner ttl class type rdata" without a newline. rdata is stored form. */
void wr_present_rr(struct wr_str *s, const uint8_t *owner, uint32_t ttl, uint16_t class_,
                   uint16_t type, const uint8_t *rdata, size_t size);
void wr_present_rdata(struct wr_str *s, uint32_t form, const uint8_t *rdata, size_t size);
/* Reads the rdata of one record from text into stored form; names relative to `origin` (may be NULL: absolute only).
 * `ret_column` (may be NULL) is where it broke, from 1. Types without text form yet take \# only. */
int wr_present_read_rdata(const char *text, size_t n, uint32_t form, const uint8_t *origin,
                          struct wr_writer *w, size_t *ret_column);

#endif
