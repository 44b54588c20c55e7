/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Word: what one word of zone text stands for, when that is more than its octets.
 *
 * The words come from dns/lex as they are written. Each call takes the whole word; on an error (WR_E_FORMAT,
 * WR_E_RANGE) the result is untouched.
 */
#ifndef WR_DNS_WORD_H
#define WR_DNS_WORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "dns/name.h"

/* As an origin: there is none, and a relative name is WR_E_USAGE. */
extern const uint8_t wr_word_no_origin[1];

/* A name; without its last dot it is relative to `origin`, "@" is the origin itself (RFC 1035 section 5.1). With NULL every
 * name is absolute. */
int wr_word_name(const char *text, size_t n, const uint8_t *origin, struct wr_name *ret_name);
/* Seconds, or numbers with units as in 1h30m (w, d, h, m, s), the larger unit first. WR_E_RANGE: over `max`. */
int wr_word_seconds(const char *text, size_t n, uint32_t max, uint32_t *ret_seconds);
/* Fourteen digits are a date, fewer are seconds (RFC 4034 section 3.2); the result is seconds since 1970. */
int wr_word_time(const char *text, size_t n, uint32_t *ret_time);
int wr_word_octal(const char *text, size_t n, uint16_t *ret);
/* An address of that family and nothing else: no port, no scope, no brackets. */
int wr_word_addr(const char *text, size_t n, enum wr_family family, struct wr_addr *ret_addr);

#endif
