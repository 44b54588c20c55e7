/* SPDX-License-Identifier: Apache-2.0 */
/* The signed octets are put together in one buffer: RRSIG's own, then each record in canonical form and order. */
#include "sign.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/hash.h"

#define SIGNED_MAX  (512 * 1024)
#define MEMORY_SETS 16384

/* What was signed, by a hash under the key. */
static struct {
    uint64_t hash[2];
    uint8_t signature[64];
} memory[MEMORY_SETS];

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

void sign_key_make(struct sign_key *k, uint64_t seed)
{
    uint8_t secret[32];
    size_t size = 32;
    uint32_t sum = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t v = wr_hash_mix(seed * 4 + i);
        memcpy(secret + 8 * i, &v, 8);
    }
    k->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, 32);
    memcpy(k->dnskey, (uint8_t[]){1, 1, 3, SIGN_ALG}, 4); /* 257: zone key, entry point */
    must(k->pkey && EVP_PKEY_get_raw_public_key(k->pkey, k->dnskey + 4, &size));
    for (unsigned i = 0; i < SIGN_DNSKEY_SIZE; i++) {
        sum += i & 1 ? k->dnskey[i] : (uint32_t)k->dnskey[i] << 8; /* RFC 4034 appendix B */
    }
    k->tag = (uint16_t)(sum + (sum >> 16));
}

void sign_key_free(struct sign_key *k)
{
    EVP_PKEY_free(k->pkey);
    k->pkey = NULL;
}

void sign_ds(const struct sign_key *k, const uint8_t *zone, uint8_t ret[SIGN_DS_SIZE])
{
    uint8_t in[WIRE_NAME_SIZE + SIGN_DNSKEY_SIZE];
    size_t n = wire_name_size(zone);
    wire_name_copy(in, zone);
    wire_name_lower(in);
    memcpy(in + n, k->dnskey, SIGN_DNSKEY_SIZE);
    wire_set_u16(ret, k->tag);
    ret[2] = SIGN_ALG;
    ret[3] = 2;
    must(EVP_Digest(in, n + SIGN_DNSKEY_SIZE, ret + 4, NULL, EVP_sha256(), NULL));
}

/* ---- the canonical form (RFC 4034 section 6) ---- */

struct octets {
    const uint8_t *p;
    size_t size;
};

static int compare(const void *a, const void *b)
{
    const struct octets *x = a, *y = b;
    int order = memcmp(x->p, y->p, x->size < y->size ? x->size : y->size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* Names of the rdata in lower case; of NSEC the next name stays as it is (RFC 6840 section 5.1). */
static void lower_rdata(uint16_t type, uint8_t *p)
{
    unsigned names = type == TYPE_SOA ? 2 : type == TYPE_NS || type == TYPE_CNAME ? 1 : 0;
    for (; names; names--) {
        wire_name_lower(p);
        p += wire_name_size(p);
    }
}

static size_t put_records(const struct wire_rr *rr, unsigned n, uint32_t ttl, uint8_t *out)
{
    static uint8_t store[SIGNED_MAX];
    static struct octets list[WIRE_RRS_MAX];
    uint8_t owner[WIRE_NAME_SIZE];
    size_t used = 0, size = 0, owner_size = wire_name_size(rr->owner);
    wire_name_copy(owner, rr->owner);
    wire_name_lower(owner);
    for (unsigned i = 0; i < n; i++) {
        must(used + rr[i].size <= sizeof store);
        memcpy(store + used, rr[i].rdata, rr[i].size);
        lower_rdata(rr->type, store + used);
        list[i] = (struct octets){store + used, rr[i].size};
        used += rr[i].size;
    }
    qsort(list, n, sizeof list[0], compare);
    for (unsigned i = 0; i < n; i++) {
        if (i && compare(&list[i], &list[i - 1]) == 0) {
            continue;
        }
        must(size + owner_size + 10 + list[i].size <= SIGNED_MAX - 1024);
        memcpy(out + size, owner, owner_size);
        size += owner_size;
        wire_set_u16(out + size, rr->type);
        wire_set_u16(out + size + 2, 1);
        wire_set_u32(out + size + 4, ttl);
        wire_set_u16(out + size + 8, (unsigned)list[i].size);
        memcpy(out + size + 10, list[i].p, list[i].size);
        size += 10 + list[i].size;
    }
    return size;
}

static unsigned count_labels(const uint8_t *name)
{
    unsigned n = 0;
    for (; name[0]; name += 1 + name[0]) {
        n++;
    }
    return n;
}

static void sign(const struct sign_key *key, const uint8_t *bytes, size_t size, uint8_t ret[64])
{
    struct wr_hash_key under;
    uint64_t hash[2];
    size_t n = 64;
    memcpy(&under, key->dnskey + 4, sizeof under);
    wr_hash_sip24_128(&under, bytes, size, hash);
    unsigned at = (unsigned)(hash[0] % MEMORY_SETS);
    if (memcmp(memory[at].hash, hash, sizeof hash) != 0) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        must(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
             EVP_DigestSign(ctx, memory[at].signature, &n, bytes, size) == 1);
        EVP_MD_CTX_free(ctx);
        memcpy(memory[at].hash, hash, sizeof hash);
    }
    memcpy(ret, memory[at].signature, 64);
}

size_t sign_set(const struct sign_with *with, const struct wire_rr *rr, unsigned n, uint32_t ttl,
                uint8_t ret[SIGN_RRSIG_MAX])
{
    static uint8_t bytes[SIGNED_MAX];
    size_t size = 18 + wire_name_size(with->signer);
    wire_set_u16(ret, rr->type);
    ret[2] = SIGN_ALG;
    ret[3] = (uint8_t)count_labels(rr->owner);
    wire_set_u32(ret + 4, ttl);
    wire_set_u32(ret + 8, with->expiration);
    wire_set_u32(ret + 12, with->inception);
    wire_set_u16(ret + 16, with->tag);
    wire_name_copy(ret + 18, with->signer);
    wire_name_lower(ret + 18);
    memcpy(bytes, ret, size);
    sign(with->key, bytes, size + put_records(rr, n, ttl, bytes + size), ret + size);
    return size + 64;
}
