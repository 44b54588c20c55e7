/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

#include "crypto/pin.h"

/* A P-256 key's SubjectPublicKeyInfo, and its pin as OpenSSL's command line makes it (dgst -sha256 -binary, base64). */
static const char pin_spki[] = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExeHMEPTL6O5+4xWB+TBQp/qZ"
                               "RuCKWQ0shHa+1VUzsPIZv+71ThUPDfTtNQT1VhiXynK+wOnR4mwI5gKzRazg+Q==";
static const char pin_text[] = "QOrAMvpeWm3aMBN8bcVhYOb2fF6xnkPxPKtRXoIuAQ4=";

static void text_of(const struct wr_pin *pin, bool url, char *room, size_t size)
{
    struct wr_str s;

    wr_str_init(&s, room, size);
    if (url) {
        wr_pin_url(pin, &s);
    } else {
        wr_pin_text(pin, &s);
    }
}

static void test_known(void **state)
{
    uint8_t spki[200];
    size_t n = vec_base64(pin_spki, spki, sizeof(spki));
    char text[WR_PIN_TEXT_SIZE];
    struct wr_pin pin;

    assert_int_equal(wr_pin_of(spki, n, &pin), WR_OK);
    text_of(&pin, false, text, sizeof(text));
    assert_string_equal(text, pin_text);
}

/* What is written is read, in each of its forms. */
static void test_both_ways(void **state)
{
    for (unsigned i = 0; i < 256; i++) {
        char text[WR_PIN_TEXT_SIZE], url[WR_PIN_TEXT_SIZE], prefixed[80] = "sha256/";
        struct wr_pin pin, back;

        memset(pin.digest, (int)i, sizeof(pin.digest));
        pin.digest[7] = (uint8_t)(i * 5);
        text_of(&pin, false, text, sizeof(text));
        text_of(&pin, true, url, sizeof(url));
        assert_int_equal(strlen(text), 44);
        assert_int_equal(strlen(url), 43);
        assert_null(strpbrk(url, "+/="));
        assert_int_equal(wr_pin_from_text(text, 44, &back), WR_OK);
        assert_true(wr_pin_equal(&pin, &back));
        assert_int_equal(wr_pin_from_text(text, 43, &back), WR_OK);
        assert_int_equal(wr_pin_from_text(url, 43, &back), WR_OK);
        assert_true(wr_pin_equal(&pin, &back));
        memcpy(prefixed + 7, text, sizeof(text));
        assert_int_equal(wr_pin_from_text(prefixed, strlen(prefixed), &back), WR_OK);
        assert_true(wr_pin_equal(&pin, &back));
        pin.digest[31] ^= 1;
        assert_false(wr_pin_equal(&pin, &back));
    }
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "sha256/",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",     /* 31 octets */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",     /* 33 */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA*",     /* no "=" */
        "AAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAA=",     /* a blank */
        "sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* another digest */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",    /* one too many */
    };
    struct wr_pin pin;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wr_pin_from_text(bad[i], strlen(bad[i]), &pin), WR_E_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
