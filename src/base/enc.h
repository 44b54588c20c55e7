/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodings of bytes as text: base16, base32hex (NSEC3, RFC 5155), base64 and base64url (RFC 4648).
 *
 * Encoders append to a wr_str. Decoders write at most `cap` bytes and give the
 * number written, or WR_E_FORMAT, or WR_E_FULL. White space is not skipped.
 */
#ifndef WR_BASE_ENC_H
#define WR_BASE_ENC_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

void wr_enc_base64(struct wr_str *s, const void *bytes, size_t n);
/* The alphabet of section 5, no padding (RFC 8484 section 6). */
void wr_enc_base64url(struct wr_str *s, const void *bytes, size_t n);
void wr_enc_base32hex(struct wr_str *s, const void *bytes, size_t n); /* lower case, no padding */
int wr_enc_from_hex(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n);
int wr_enc_from_base64(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n);
/* Without padding; one '=' or two where they belong are forgiven. */
int wr_enc_from_base64url(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n);
int wr_enc_from_base32hex(const char *text, size_t n, uint8_t *ret, size_t cap, size_t *ret_n);

#endif
