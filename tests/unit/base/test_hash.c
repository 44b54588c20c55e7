/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/hash.h"

static const struct wr_hash_key key = {{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL}};

static void fill(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)i;
    }
}

/* The paper's appendix A and the reference vectors (input 00 01 02 ..., key 00..0f). */
static void reference_vectors(void **state)
{
    static const uint64_t want[] = {
        0x726fdb47dd0e0e31ULL, 0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL, 0x85676696d7fb7e2dULL,
        0xcf2794e0277187b7ULL, 0x18765564cd99a68dULL, 0xcbc9466e58fee3ceULL, 0xab0200f58b01d137ULL,
        0x93f5f5799a932462ULL, 0x9e0082df0ba9e4b0ULL, 0x7a5dbbc594ddb9f3ULL, 0xf4b32f46226bada7ULL,
        0x751e8fbc860ee5fbULL, 0x14ea5627c0843d90ULL, 0xf723ca908e7af2eeULL, 0xa129ca6149be45e5ULL,
    };
    uint8_t bytes[16];

    fill(bytes, sizeof(bytes));
    for (size_t n = 0; n < 16; n++) {
        assert_true(wr_hash_sip24(&key, bytes, n) == want[n]);
    }
}

/* Reference vectors of the 128-bit form: a3817f04ba25a8e66df67214c7550293, da87c1d86b99af44347659119b22fc45 */
static void reference_vectors_128(void **state)
{
    static const uint8_t want[2][16] = {
        {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
         0x93},
        {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
         0x45},
    };
    uint8_t bytes[16];

    fill(bytes, sizeof(bytes));
    for (size_t n = 0; n < 2; n++) {
        uint64_t got[2];

        wr_hash_sip24_128(&key, bytes, n, got);
        for (unsigned i = 0; i < 16; i++) {
            assert_int_equal((uint8_t)(got[i / 8] >> 8 * (i % 8)), want[n][i]);
        }
    }
}

/* SipHash-1-3 over the same input, computed by a second implementation that gives the 2-4 vectors. */
static void one_three_vectors(void **state)
{
    static const struct {
        size_t n;
        uint64_t want;
    } cases[] = {
        {0, 0xabac0158050fc4dcULL}, {1, 0xc9f49bf37d57ca93ULL},  {7, 0xd3927d989bb11140ULL},
        {8, 0x369095118d299a8eULL}, {15, 0xd320d86d2a519956ULL},
    };
    uint8_t bytes[15];

    fill(bytes, sizeof(bytes));
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(wr_hash_sip13(&key, bytes, cases[i].n) == cases[i].want);
    }
}

static void folding_lowers_letters_and_nothing_else(void **state)
{
    for (unsigned c = 0; c < 256; c++) {
        uint8_t bytes[23], low[23];

        memset(bytes, (int)c, sizeof(bytes));
        memset(low, (int)(c >= 'A' && c <= 'Z' ? c + 32 : c), sizeof(low));
        for (size_t n = 0; n <= sizeof(bytes); n++) {
            assert_true(wr_hash_sip13_fold(&key, bytes, n) == wr_hash_sip13(&key, low, n));
        }
    }
}

static void the_key_matters(void **state)
{
    struct wr_hash_key other = key;

    other.k[1] ^= 1;
    assert_true(wr_hash_sip24(&key, "abc", 3) != wr_hash_sip24(&other, "abc", 3));
    assert_true(wr_hash_sip13(&key, "abc", 3) != wr_hash_sip13(&other, "abc", 3));
}

static void mixing_is_one_to_one_and_spreads(void **state)
{
    assert_true(wr_hash_mix(0) == 0);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t a = wr_hash_mix(0x1234), b = wr_hash_mix(0x1234 ^ 1ULL << bit);

        assert_in_range(__builtin_popcountll(a ^ b), 12, 52);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_vectors),
        cmocka_unit_test(reference_vectors_128),
        cmocka_unit_test(one_three_vectors),
        cmocka_unit_test(folding_lowers_letters_and_nothing_else),
        cmocka_unit_test(the_key_matters),
        cmocka_unit_test(mixing_is_one_to_one_and_spreads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
