/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

struct row {
    uint8_t alg; /* IANA's DNS security algorithm numbers */
    enum wr_key_kind kind;
    enum wr_hash_alg hash;
    uint16_t key_size, signature_size; /* 0: the modulus says */
    uint16_t bits_min;                 /* RSA: RFC 5702 section 2 */
};

static const struct row rows[] = {
    {5, WR_KEY_RSA, WR_HASH_SHA1, 0, 0, 512},        {7, WR_KEY_RSA, WR_HASH_SHA1, 0, 0, 512},
    {8, WR_KEY_RSA, WR_HASH_SHA256, 0, 0, 512},      {10, WR_KEY_RSA, WR_HASH_SHA512, 0, 0, 1024},
    {13, WR_KEY_P256, WR_HASH_SHA256, 64, 64, 0},    {14, WR_KEY_P384, WR_HASH_SHA384, 96, 96, 0},
    {15, WR_KEY_ED25519, WR_HASH_SHA512, 32, 64, 0}, {16, WR_KEY_ED448, WR_HASH_SHA512, 57, 114, 0},
};

static const struct row *find(uint8_t alg)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].alg == alg) {
            return &rows[i];
        }
    }
    return NULL;
}

bool wr_verify_knows(uint8_t alg)
{
    return find(alg) != NULL;
}

/* RFC 3110 section 2 forbids leading zeros; they are forgiven, for they change no number. */
static void strip_zeros(const uint8_t **bytes, size_t *n)
{
    while (*n > 0 && (*bytes)[0] == 0) {
        (*bytes)++;
        (*n)--;
    }
}

static size_t bits(const uint8_t *bytes, size_t n)
{
    return n == 0 ? 0 : 8 * n - (size_t)(__builtin_clz(bytes[0]) - 24);
}

/* RFC 3110 section 2: one octet of exponent length, or a zero and two of them; exponent; modulus. */
static int split_rsa(const uint8_t *octets, size_t n, struct wr_backend_key *key)
{
    struct wr_reader r;
    size_t size;

    wr_buf_read_init(&r, octets, n);
    size = wr_buf_get_u8(&r);
    if (size == 0) {
        size = wr_buf_get_u16(&r);
    }
    key->exponent_size = size;
    key->exponent = wr_buf_get_bytes(&r, size);
    key->modulus_size = wr_buf_left(&r);
    key->modulus = wr_buf_get_bytes(&r, key->modulus_size);
    if (r.err) {
        return WR_E_FORMAT;
    }
    strip_zeros(&key->exponent, &key->exponent_size);
    strip_zeros(&key->modulus, &key->modulus_size);
    return WR_OK;
}

/* What is too big is not supported; what is no RSA key at all (even numbers, exponent 1) is an error. */
static int look_at_rsa(const struct row *row, const uint8_t *octets, size_t n,
                       struct wr_backend_key *key)
{
    size_t modulus_bits, exponent_bits;
    int err = split_rsa(octets, n, key);

    if (err) {
        return err;
    }
    modulus_bits = bits(key->modulus, key->modulus_size);
    exponent_bits = bits(key->exponent, key->exponent_size);
    if (modulus_bits > WR_RSA_BITS_MAX || exponent_bits > WR_RSA_EXPONENT_BITS_MAX) {
        return WR_E_UNSUPPORTED;
    }
    if (modulus_bits < row->bits_min || exponent_bits < 2 ||
        !(key->modulus[key->modulus_size - 1] & 1) ||
        !(key->exponent[key->exponent_size - 1] & 1)) {
        return WR_E_FORMAT;
    }
    return WR_OK;
}

int wr_verify_open_with(struct wr_verify *ret_key, uint8_t alg, const uint8_t *octets, size_t n,
                        const struct wr_backend *backend)
{
    const struct row *row = find(alg);
    struct wr_verify made = {.backend = backend, .alg = alg};
    struct wr_backend_key key = {.bytes = octets, .size = n};
    int err = WR_OK;

    if (!row) {
        return WR_E_UNSUPPORTED;
    }
    key.kind = row->kind;
    key.hash = row->hash;
    if (row->kind == WR_KEY_RSA) {
        err = look_at_rsa(row, octets, n, &key);
    } else if (n != row->key_size) {
        err = WR_E_FORMAT;
    }
    if (!err) {
        err = backend->key_open(made.state, &key);
    }
    if (!err) {
        made.signature_size =
            row->signature_size ? row->signature_size : (uint16_t)key.modulus_size;
        *ret_key = made;
    }
    return err;
}

int wr_verify_open(struct wr_verify *ret_key, uint8_t alg, const uint8_t *octets, size_t n)
{
    return wr_verify_open_with(ret_key, alg, octets, n, WR_BACKEND);
}

int wr_verify_check(struct wr_verify *key, const uint8_t *data, size_t n, const uint8_t *sig,
                    size_t sig_n)
{
    if (sig_n != key->signature_size) {
        return WR_E_CHECKSUM;
    }
    return key->backend->key_check(key->state, data, n, sig, sig_n);
}

void wr_verify_close(struct wr_verify *key)
{
    key->backend->key_close(key->state);
}
