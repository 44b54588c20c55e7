/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/rng.h"

/* RFC 4648 section 10; base32hex here in lower case and without padding */
static const struct {
    const char *plain, *base64, *base32hex, *hex;
} vectors[] = {
    {"", "", "", ""},
    {"f", "Zg==", "co", "66"},
    {"fo", "Zm8=", "cpng", "666F"},
    {"foo", "Zm9v", "cpnmu", "666f6f"},
    {"foob", "Zm9vYg==", "cpnmuog", "666F6F62"},
    {"fooba", "Zm9vYmE=", "cpnmuoj1", "666F6F6261"},
    {"foobar", "Zm9vYmFy", "cpnmuoj1e8", "666F6F626172"},
};

static void vectors_both_ways(void **state)
{
    for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char room[32];
        uint8_t bytes[8];
        struct wr_str s;
        size_t n = 0;
        size_t want = strlen(vectors[i].plain);

        wr_str_init(&s, room, sizeof(room));
        wr_enc_base64(&s, vectors[i].plain, want);
        assert_string_equal(room, vectors[i].base64);
        wr_str_init(&s, room, sizeof(room));
        wr_enc_base32hex(&s, vectors[i].plain, want);
        assert_string_equal(room, vectors[i].base32hex);
        assert_int_equal(
            wr_enc_from_base64(vectors[i].base64, strlen(vectors[i].base64), bytes, want, &n),
            WR_OK);
        assert_int_equal(n, want);
        assert_memory_equal(bytes, vectors[i].plain, n);
        assert_int_equal(wr_enc_from_base32hex(vectors[i].base32hex, strlen(vectors[i].base32hex),
                                               bytes, want, &n),
                         WR_OK);
        assert_int_equal(n, want);
        assert_memory_equal(bytes, vectors[i].plain, n);
        assert_int_equal(wr_enc_from_hex(vectors[i].hex, strlen(vectors[i].hex), bytes, want, &n),
                         WR_OK);
        assert_int_equal(n, want);
        assert_memory_equal(bytes, vectors[i].plain, n);
    }
}

/* base64url has its own two digits and no padding, which is forgiven where it belongs. */
static void base64url_both_ways(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        uint8_t bytes[4];
    } good[] = {{"", 0, {0}},
                {"-_8", 2, {0xfb, 0xff}},
                {"-_8=", 2, {0xfb, 0xff}},
                {"_w", 1, {0xff}},
                {"_w==", 1, {0xff}},
                {"AAAA", 3, {0}},
                {"____", 3, {255, 255, 255}}};
    static const char *const bad[] = {"+_8",   "/w", "_w=",  "_x",   "A",
                                      "AAAAA", "=",  "====", "A===", "-_8=AA"};
    uint8_t bytes[8];
    size_t n = 0;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char room[16];
        struct wr_str s;

        assert_int_equal(wr_enc_from_base64url(good[i].text, strlen(good[i].text), bytes, 8, &n),
                         WR_OK);
        assert_int_equal(n, good[i].n);
        assert_memory_equal(bytes, good[i].bytes, n);
        wr_str_init(&s, room, sizeof(room));
        wr_enc_base64url(&s, bytes, n);
        assert_int_equal(strncmp(room, good[i].text, s.len), 0);
        assert_null(strchr(room, '='));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wr_enc_from_base64url(bad[i], strlen(bad[i]), bytes, 8, &n), WR_E_FORMAT);
    }
    assert_int_equal(wr_enc_from_base64url("AAAA", 4, bytes, 2, &n), WR_E_FULL);
}

static void broken_text(void **state)
{
    static const char *const hex[] = {"a", "abc", "ag", " a", "0x", "a-"};
    static const char *const base64[] = {"Z", "Zg",   "Zg=",      "Zh==",   "Zm9=", "====",
                                         "=", "Z===", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm_v"};
    static const char *const base32[] = {"c", "cpn", "cpnmuo", "cp", "wo", "c=", "co======"};
    uint8_t bytes[16];
    size_t n = 77;

    for (unsigned i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
        assert_int_equal(wr_enc_from_hex(hex[i], strlen(hex[i]), bytes, 16, &n), WR_E_FORMAT);
    }
    for (unsigned i = 0; i < sizeof(base64) / sizeof(base64[0]); i++) {
        assert_int_equal(wr_enc_from_base64(base64[i], strlen(base64[i]), bytes, 16, &n),
                         WR_E_FORMAT);
    }
    for (unsigned i = 0; i < sizeof(base32) / sizeof(base32[0]); i++) {
        assert_int_equal(wr_enc_from_base32hex(base32[i], strlen(base32[i]), bytes, 16, &n),
                         WR_E_FORMAT);
    }
    assert_int_equal(n, 77);
}

static void no_room(void **state)
{
    uint8_t bytes[4];
    size_t n = 77;

    assert_int_equal(wr_enc_from_hex("0011223344", 10, bytes, 4, &n), WR_E_FULL);
    assert_int_equal(wr_enc_from_base64("Zm9vYmE=", 8, bytes, 4, &n), WR_E_FULL);
    assert_int_equal(wr_enc_from_base32hex("cpnmuoj1", 8, bytes, 4, &n), WR_E_FULL);
    assert_int_equal(n, 77);
}

static void all_lengths_there_and_back(void **state)
{
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 4);
    for (size_t n = 0; n <= 100; n++) {
        uint8_t in[100], out[100];
        char room[300];
        struct wr_str s;
        size_t got = 0;

        wr_rng_bytes(&rng, in, n);
        wr_str_init(&s, room, sizeof(room));
        wr_enc_base64(&s, in, n);
        assert_int_equal(wr_enc_from_base64(room, s.len, out, n, &got), WR_OK);
        assert_int_equal(got, n);
        assert_memory_equal(in, out, n);
        wr_str_init(&s, room, sizeof(room));
        wr_enc_base32hex(&s, in, n);
        assert_int_equal(wr_enc_from_base32hex(room, s.len, out, n, &got), WR_OK);
        assert_int_equal(got, n);
        assert_memory_equal(in, out, n);
        wr_str_init(&s, room, sizeof(room));
        wr_str_hex(&s, in, n);
        assert_int_equal(wr_enc_from_hex(room, s.len, out, n, &got), WR_OK);
        assert_memory_equal(in, out, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_both_ways),
        cmocka_unit_test(base64url_both_ways),
        cmocka_unit_test(broken_text),
        cmocka_unit_test(no_room),
        cmocka_unit_test(all_lengths_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
