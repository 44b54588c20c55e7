/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/rng.h"

static void key_from_octets(uint32_t key[8])
{
    for (uint32_t i = 0; i < 8; i++) {
        key[i] = 4 * i | (4 * i + 1) << 8 | (4 * i + 2) << 16 | (4 * i + 3) << 24;
    }
}

/* RFC 8439 section 2.3.2 */
static void block_of_the_text(void **state)
{
    static const uint8_t want[64] = {
        0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
        0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
        0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
        0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
        0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
    };
    static const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
    uint32_t key[8];
    uint8_t got[64];

    key_from_octets(key);
    wr_rng_chacha20_block(key, 1, nonce, got);
    assert_memory_equal(got, want, sizeof(want));
}

/* RFC 8439 appendix A.1, test vectors 1, 2 and 5 (first octets) */
static void blocks_of_the_appendix(void **state)
{
    static const uint8_t first[] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
                                    0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28};
    static const uint8_t second[] = {0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a,
                                     0x98, 0xba, 0x97, 0x7c, 0x73, 0x2d, 0x08, 0x0d};
    static const uint8_t fifth[] = {0xc2, 0xc6, 0x4d, 0x37, 0x8c, 0xd5, 0x36, 0x37,
                                    0x4a, 0xe2, 0x04, 0xb9, 0xef, 0x93, 0x3f, 0xcd};
    static const uint32_t key[8];
    static const uint32_t zero[3];
    static const uint32_t two[3] = {0, 0, 0x02000000};
    uint8_t got[64];

    wr_rng_chacha20_block(key, 0, zero, got);
    assert_memory_equal(got, first, sizeof(first));
    wr_rng_chacha20_block(key, 1, zero, got);
    assert_memory_equal(got, second, sizeof(second));
    wr_rng_chacha20_block(key, 0, two, got);
    assert_memory_equal(got, fifth, sizeof(fifth));
}

static void output_is_the_key_stream_behind_the_next_key(void **state)
{
    static const uint32_t zero[3];
    uint8_t seed[32];
    uint8_t block[64];
    uint8_t got[32];
    uint32_t key[8];
    struct wr_rng rng;

    for (unsigned i = 0; i < 32; i++) {
        seed[i] = (uint8_t)i;
    }
    key_from_octets(key);
    wr_rng_chacha20_block(key, 0, zero, block);
    wr_rng_seed(&rng, seed);
    wr_rng_bytes(&rng, got, sizeof(got));
    assert_memory_equal(got, block + 32, 32);
    assert_memory_not_equal(rng.key, key, sizeof(key));
}

static void what_was_given_is_erased(void **state)
{
    static const uint8_t zero[512];
    struct wr_rng rng;
    uint8_t got[480];

    wr_rng_seed_u64(&rng, 7);
    wr_rng_bytes(&rng, got, sizeof(got));
    assert_memory_equal(rng.block, zero, sizeof(rng.block));
}

static void same_seed_same_stream_in_any_portions(void **state)
{
    struct wr_rng a, b;
    uint8_t whole[4096], parts[4096];

    wr_rng_seed_u64(&a, 42);
    wr_rng_seed_u64(&b, 42);
    wr_rng_bytes(&a, whole, sizeof(whole));
    for (size_t at = 0, n = 1; at < sizeof(parts); at += n, n = n % 97 + 1) {
        n = n < sizeof(parts) - at ? n : sizeof(parts) - at;
        wr_rng_bytes(&b, parts + at, n);
    }
    assert_memory_equal(whole, parts, sizeof(whole));
    wr_rng_seed_u64(&b, 43);
    wr_rng_bytes(&b, parts, sizeof(parts));
    assert_memory_not_equal(whole, parts, sizeof(whole));
}

static void below_is_even(void **state)
{
    static const uint32_t bounds[] = {1, 2, 3, 7, 10, 100};
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 1);
    for (unsigned b = 0; b < 6; b++) {
        unsigned seen[100] = {0};
        unsigned rounds = 2000 * bounds[b];

        for (unsigned i = 0; i < rounds; i++) {
            uint32_t v = wr_rng_below(&rng, bounds[b]);

            assert_true(v < bounds[b]);
            seen[v]++;
        }
        for (unsigned i = 0; i < bounds[b]; i++) {
            assert_in_range(seen[i], 1700, 2300); /* 2000, more than six deviations each way */
        }
    }
}

/* Two thirds of 2^32 would give every third value twice as often if nothing were drawn again. */
static void below_without_bias_at_a_large_bound(void **state)
{
    struct wr_rng rng;
    unsigned seen[3] = {0};

    wr_rng_seed_u64(&rng, 2);
    for (unsigned i = 0; i < 30000; i++) {
        seen[wr_rng_below(&rng, 0xc0000000) % 3]++;
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_in_range(seen[i], 9500, 10500);
    }
}

static void all_widths_move(void **state)
{
    struct wr_rng rng;
    uint64_t ones16 = 0, ones32 = 0, ones64 = 0;

    wr_rng_seed_u64(&rng, 3);
    for (unsigned i = 0; i < 200; i++) {
        ones16 |= wr_rng_u16(&rng);
        ones32 |= wr_rng_u32(&rng);
        ones64 |= wr_rng_u64(&rng);
    }
    assert_true(ones16 == UINT16_MAX && ones32 == UINT32_MAX && ones64 == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_of_the_text),
        cmocka_unit_test(blocks_of_the_appendix),
        cmocka_unit_test(output_is_the_key_stream_behind_the_next_key),
        cmocka_unit_test(what_was_given_is_erased),
        cmocka_unit_test(same_seed_same_stream_in_any_portions),
        cmocka_unit_test(below_is_even),
        cmocka_unit_test(below_without_bias_at_a_large_bound),
        cmocka_unit_test(all_widths_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
