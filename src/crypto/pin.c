/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pin.h"

#include <string.h>

#include "base/enc.h"
#include "base/err.h"

#define LETTERS 43 /* of base64, without the "=" behind them */

int wr_pin_of(const uint8_t *spki, size_t size, struct wr_pin *ret_pin)
{
    return wr_digest_of(WR_HASH_SHA256, spki, size, ret_pin->digest);
}

void wr_pin_text(const struct wr_pin *pin, struct wr_str *s)
{
    wr_enc_base64(s, pin->digest, sizeof(pin->digest));
}

void wr_pin_url(const struct wr_pin *pin, struct wr_str *s)
{
    char text[WR_PIN_TEXT_SIZE];
    struct wr_str t;

    wr_str_init(&t, text, sizeof(text));
    wr_enc_base64(&t, pin->digest, sizeof(pin->digest));
    for (size_t i = 0; i < LETTERS; i++) {
        wr_str_char(s, (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]));
    }
}

static void skip(const char **text, size_t *n, const char *prefix)
{
    size_t size = strlen(prefix);

    if (*n >= size && memcmp(*text, prefix, size) == 0) {
        *text += size;
        *n -= size;
    }
}

int wr_pin_from_text(const char *text, size_t n, struct wr_pin *ret_pin)
{
    char plain[LETTERS + 1];
    struct wr_pin pin;
    size_t size = 0;
    int err;

    skip(&text, &n, "pin-sha256:");
    skip(&text, &n, "sha256/");
    if (n == LETTERS + 1 && text[LETTERS] == '=') {
        n = LETTERS;
    }
    if (n != LETTERS) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < LETTERS; i++) {
        plain[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
    }
    plain[LETTERS] = '=';
    err = wr_enc_from_base64(plain, sizeof(plain), pin.digest, sizeof(pin.digest), &size);
    if (err || size != sizeof(pin.digest)) {
        return WR_E_FORMAT;
    }
    *ret_pin = pin;
    return WR_OK;
}

bool wr_pin_equal(const struct wr_pin *a, const struct wr_pin *b)
{
    return memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}
