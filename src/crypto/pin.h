/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pin: the SHA-256 of a public key as a certificate carries it (SubjectPublicKeyInfo, DER), by which a server is
 * recognised (RFC 7858 section 4.2, RFC 7469 section 2.4).
 *
 *     err = wr_pin_of(spki, size, &pin);
 *     wr_pin_text(&pin, &str);                       44 characters of base64, as `openssl ... | base64` and kdig +tls-pin have it
 *     err = wr_pin_from_text(text, n, &pin);         the same, also with "sha256/" or "pin-sha256:" before it
 *
 * In the text "-" and "_" stand for "+" and "/" as well (base64url, as URLs have it), and the "=" at the end may be missing there.
 */
#ifndef WR_CRYPTO_PIN_H
#define WR_CRYPTO_PIN_H

#include <stdbool.h>

#include "base/str.h"
#include "crypto/digest.h"

#define WR_PIN_SIZE      32
#define WR_PIN_TEXT_SIZE 45 /* with the NUL */

struct wr_pin {
    uint8_t digest[WR_PIN_SIZE];
};

/* WR_E_NOMEM. */
int wr_pin_of(const uint8_t *spki, size_t size, struct wr_pin *ret_pin);
void wr_pin_text(const struct wr_pin *pin, struct wr_str *s);
/* "-" for "+", "_" for "/", no "=": nothing in it has to be escaped in a URL. */
void wr_pin_url(const struct wr_pin *pin, struct wr_str *s);
/* WR_E_FORMAT. */
int wr_pin_from_text(const char *text, size_t n, struct wr_pin *ret_pin);
bool wr_pin_equal(const struct wr_pin *a, const struct wr_pin *b);

#endif
