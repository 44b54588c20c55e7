/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012. */
#include <string.h>

#include "base/hash.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline uint64_t load_le64(const uint8_t *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
#else
    uint64_t v = 0;

    for (unsigned i = 8; i > 0; i--) {
        v = v << 8 | p[i - 1];
    }
    return v;
#endif
}

/* ASCII upper case lowered in eight octets at once: no octet's sum reaches its neighbour. */
static inline uint64_t fold8(uint64_t x)
{
    const uint64_t ones = 0x0101010101010101ULL;
    uint64_t low = x & 0x7f * ones;
    uint64_t past_z = low + (0x7f - 'Z') * ones;
    uint64_t from_a = low + (0x80 - 'A') * ones;
    uint64_t upper = ~x & (from_a ^ past_z) & 0x80 * ones;

    return x | upper >> 2;
}

static inline void sip_word(struct sip *s, uint64_t word, unsigned rounds)
{
    s->v3 ^= word;
    for (unsigned i = 0; i < rounds; i++) {
        sip_round(s);
    }
    s->v0 ^= word;
}

static inline void sip_start(struct sip *s, const struct wr_hash_key *key)
{
    s->v0 = key->k[0] ^ 0x736f6d6570736575ULL;
    s->v1 = key->k[1] ^ 0x646f72616e646f6dULL;
    s->v2 = key->k[0] ^ 0x6c7967656e657261ULL;
    s->v3 = key->k[1] ^ 0x7465646279746573ULL;
}

/* `fold` and `rounds` are constants at every call: the compiler makes one loop of each. */
static inline __attribute__((always_inline)) void sip_absorb(struct sip *s, const void *bytes,
                                                             size_t n, unsigned rounds, int fold)
{
    const uint8_t *p = bytes;
    uint64_t word = 0;
    size_t left = n;

    for (; left >= 8; left -= 8, p += 8) {
        word = load_le64(p);
        sip_word(s, fold ? fold8(word) : word, rounds);
    }
    word = 0;
    while (left > 0) {
        left--;
        word = word << 8 | p[left];
    }
    sip_word(s, (fold ? fold8(word) : word) | (uint64_t)n << 56, rounds);
}

static inline uint64_t sip_squeeze(struct sip *s, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        sip_round(s);
    }
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t wr_hash_sip24(const struct wr_hash_key *key, const void *bytes, size_t n)
{
    struct sip s;

    sip_start(&s, key);
    sip_absorb(&s, bytes, n, 2, 0);
    s.v2 ^= 0xff;
    return sip_squeeze(&s, 4);
}

uint64_t wr_hash_sip13(const struct wr_hash_key *key, const void *bytes, size_t n)
{
    struct sip s;

    sip_start(&s, key);
    sip_absorb(&s, bytes, n, 1, 0);
    s.v2 ^= 0xff;
    return sip_squeeze(&s, 3);
}

uint64_t wr_hash_sip13_fold(const struct wr_hash_key *key, const void *bytes, size_t n)
{
    struct sip s;

    sip_start(&s, key);
    sip_absorb(&s, bytes, n, 1, 1);
    s.v2 ^= 0xff;
    return sip_squeeze(&s, 3);
}

void wr_hash_sip24_128(const struct wr_hash_key *key, const void *bytes, size_t n, uint64_t ret[2])
{
    struct sip s;

    sip_start(&s, key);
    s.v1 ^= 0xee;
    sip_absorb(&s, bytes, n, 2, 0);
    s.v2 ^= 0xee;
    ret[0] = sip_squeeze(&s, 4);
    s.v1 ^= 0xdd;
    ret[1] = sip_squeeze(&s, 4);
}

uint64_t wr_hash_mix(uint64_t v)
{
    v ^= v >> 30;
    v *= 0xbf58476d1ce4e5b9ULL;
    v ^= v >> 27;
    v *= 0x94d049bb133111ebULL;
    return v ^ v >> 31;
}
