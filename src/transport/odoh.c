/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/odoh.h"

#include <string.h>

#include "base/err.h"
#include "crypto/hkdf.h"
#include "crypto/wipe.h"

enum { TYPE_QUERY = 1, TYPE_RESPONSE = 2 };

#define AAD_MAX      (1 + 2 + WR_ODOH_KEY_ID)
#define CONTENT_SIZE (3 * 2 + 2 + WR_HPKE_KEY) /* of a configuration that is known here */
#define DIGEST_SIZE  32

static const char label_query[] = "odoh query", label_response[] = "odoh response";
static const char label_key_id[] = "odoh key id", label_key[] = "odoh key";
static const char label_nonce[] = "odoh nonce";

/* What stands in an ObliviousDoHMessage (section 6.2). */
struct envelope {
    uint8_t type;
    const uint8_t *id, *sealed;
    size_t id_size, sealed_size;
};

static size_t response_nonce_size(enum wr_aead_alg aead)
{
    size_t key = wr_aead_key_size(aead);

    return key > WR_AEAD_NONCE ? key : WR_AEAD_NONCE;
}

static int envelope_read(const uint8_t *bytes, size_t size, uint8_t type, struct envelope *ret)
{
    struct wr_reader r;

    wr_buf_read_init(&r, bytes, size);
    ret->type = wr_buf_get_u8(&r);
    ret->id_size = wr_buf_get_u16(&r);
    ret->id = wr_buf_get_bytes(&r, ret->id_size);
    ret->sealed_size = wr_buf_get_u16(&r);
    ret->sealed = wr_buf_get_bytes(&r, ret->sealed_size);
    if (r.err) {
        return r.err;
    }
    return ret->type == type && wr_buf_left(&r) == 0 ? WR_OK : WR_E_FORMAT;
}

/* type, length and id: what the envelope says in clear is bound to what is sealed. */
static size_t aad_of(uint8_t type, const uint8_t *id, size_t id_size, uint8_t ret[AAD_MAX])
{
    ret[0] = type;
    ret[1] = 0;
    ret[2] = (uint8_t)id_size;
    memcpy(ret + 3, id, id_size);
    return 3 + id_size;
}

/* Octets of an ObliviousDoHMessagePlaintext whose message is padded to a multiple of `block`, or not at all where that has no room. */
static size_t text_size(size_t size, size_t block)
{
    size_t padded = (size + block - 1) / block * block;

    return 4 + (4 + padded + WR_AEAD_TAG > UINT16_MAX ? size : padded);
}

static void text_write(uint8_t *at, size_t total, const uint8_t *msg, size_t size)
{
    struct wr_writer w;

    wr_buf_write_init(&w, at, total);
    wr_buf_put_u16(&w, (uint16_t)size);
    wr_buf_put_bytes(&w, msg, size);
    wr_buf_put_u16(&w, (uint16_t)(total - 4 - size));
    memset(at + w.pos, 0, total - w.pos);
}

/* The message in the text, moved to its beginning. */
static int text_read(uint8_t *text, size_t total, size_t *ret_size)
{
    struct wr_reader r;
    const uint8_t *msg, *padding;
    size_t size, padding_size;
    uint8_t any = 0;

    wr_buf_read_init(&r, text, total);
    size = wr_buf_get_u16(&r);
    msg = wr_buf_get_bytes(&r, size);
    padding_size = wr_buf_get_u16(&r);
    padding = wr_buf_get_bytes(&r, padding_size);
    if (r.err || size == 0 || wr_buf_left(&r) > 0) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < padding_size; i++) {
        any |= padding[i];
    }
    if (any) {
        return WR_E_FORMAT;
    }
    memmove(text, msg, size);
    *ret_size = size;
    return WR_OK;
}

static void content_write(const struct wr_odoh_config *config, struct wr_writer *w)
{
    wr_buf_put_u16(w, WR_HPKE_KEM_X25519);
    wr_buf_put_u16(w, WR_HPKE_KDF_SHA256);
    wr_buf_put_u16(w, (uint16_t)config->aead);
    wr_buf_put_u16(w, WR_HPKE_KEY);
    wr_buf_put_bytes(w, config->public, WR_HPKE_KEY);
}

/* Section 6.2: Expand(Extract("", content), "odoh key id", Nh). */
static int key_id_of(struct wr_odoh_config *config)
{
    uint8_t content[CONTENT_SIZE], prk[DIGEST_SIZE];
    const struct wr_hkdf_part part = {content, sizeof(content)};
    const struct wr_hkdf_part label = {label_key_id, sizeof(label_key_id) - 1};
    struct wr_writer w;
    int err;

    wr_buf_write_init(&w, content, sizeof(content));
    content_write(config, &w);
    err = wr_hkdf_extract(WR_HASH_SHA256, NULL, 0, &part, 1, prk);
    return err ? err
               : wr_hkdf_expand(WR_HASH_SHA256, prk, &label, 1, config->key_id, WR_ODOH_KEY_ID);
}

/* WR_E_UNSUPPORTED: well formed and of a suite that is not known here. */
static int content_read(const uint8_t *bytes, size_t size, struct wr_odoh_config *ret)
{
    struct wr_reader r;
    unsigned kem, kdf, aead;
    const uint8_t *public;
    size_t public_size;

    wr_buf_read_init(&r, bytes, size);
    kem = wr_buf_get_u16(&r);
    kdf = wr_buf_get_u16(&r);
    aead = wr_buf_get_u16(&r);
    public_size = wr_buf_get_u16(&r);
    public = wr_buf_get_bytes(&r, public_size);
    if (r.err || wr_buf_left(&r) > 0) {
        return WR_E_FORMAT;
    }
    if (kem != WR_HPKE_KEM_X25519 || kdf != WR_HPKE_KDF_SHA256 || wr_aead_key_size(aead) == 0) {
        return WR_E_UNSUPPORTED;
    }
    if (public_size != WR_HPKE_KEY) {
        return WR_E_FORMAT;
    }
    ret->aead = (enum wr_aead_alg)aead;
    memcpy(ret->public, public, WR_HPKE_KEY);
    return key_id_of(ret);
}

/* The server's order of preference; those of other versions and suites are passed over (section 6.1). */
int wr_odoh_configs_read(const uint8_t *bytes, size_t size, struct wr_odoh_config *ret_config)
{
    struct wr_odoh_config config;
    struct wr_reader r;
    bool found = false;

    wr_buf_read_init(&r, bytes, size);
    if (wr_buf_get_u16(&r) != wr_buf_left(&r) || r.err) {
        return WR_E_FORMAT;
    }
    for (unsigned n = 0; wr_buf_left(&r) > 0; n++) {
        unsigned version = wr_buf_get_u16(&r);
        size_t content_size = wr_buf_get_u16(&r);
        const uint8_t *content = wr_buf_get_bytes(&r, content_size);
        int err;

        if (n >= WR_ODOH_CONFIGS_MAX) {
            return WR_E_LIMIT;
        }
        if (r.err) {
            return WR_E_FORMAT;
        }
        if (version != WR_ODOH_VERSION || found) {
            continue;
        }
        err = content_read(content, content_size, &config);
        if (err && err != WR_E_UNSUPPORTED) {
            return err;
        }
        found = !err;
    }
    if (found) {
        *ret_config = config;
    }
    return found ? WR_OK : WR_E_UNSUPPORTED;
}

int wr_odoh_configs_write(const struct wr_odoh_config *configs, size_t n, struct wr_writer *out)
{
    wr_buf_put_u16(out, (uint16_t)(n * (4 + CONTENT_SIZE)));
    for (size_t i = 0; i < n; i++) {
        wr_buf_put_u16(out, WR_ODOH_VERSION);
        wr_buf_put_u16(out, CONTENT_SIZE);
        content_write(&configs[i], out);
    }
    return out->err;
}

int wr_odoh_key_make(struct wr_odoh_key *ret_key, enum wr_aead_alg aead, const uint8_t *seed)
{
    int err = wr_hpke_keys(seed, WR_ODOH_RANDOM, ret_key->secret, ret_key->config.public);

    ret_key->config.aead = aead;
    return err ? err : key_id_of(&ret_key->config);
}

/* Both sides: the key and the nonce of the response, from the exported secret, the query's text and the nonce in the response. */
static int derive(enum wr_aead_alg aead, const uint8_t *secret, const uint8_t *text, size_t size,
                  const uint8_t *response_nonce, struct wr_odoh_heard *ret)
{
    size_t nonce_size = response_nonce_size(aead), key_size = wr_aead_key_size(aead);
    const uint8_t length[2] = {0, (uint8_t)nonce_size};
    const struct wr_hkdf_part salt[3] = {
        {text, size}, {length, sizeof(length)}, {response_nonce, nonce_size}};
    const struct wr_hkdf_part ikm = {secret, key_size};
    const struct wr_hkdf_part key = {label_key, sizeof(label_key) - 1};
    const struct wr_hkdf_part nonce = {label_nonce, sizeof(label_nonce) - 1};
    uint8_t prk[DIGEST_SIZE];
    int err = wr_hkdf_extract(WR_HASH_SHA256, salt, 3, &ikm, 1, prk);

    memset(ret, 0, sizeof(*ret));
    ret->aead = aead;
    memcpy(ret->response_nonce, response_nonce, nonce_size);
    if (!err) {
        err = wr_hkdf_expand(WR_HASH_SHA256, prk, &key, 1, ret->key, key_size);
    }
    if (!err) {
        err = wr_hkdf_expand(WR_HASH_SHA256, prk, &nonce, 1, ret->nonce, WR_AEAD_NONCE);
    }
    wr_wipe(prk, sizeof(prk));
    return err;
}

int wr_odoh_ask(struct wr_odoh_asked *ret_asked, const struct wr_odoh_config *config,
                const uint8_t *random, const uint8_t *msg, size_t size, struct wr_writer *out)
{
    size_t text = text_size(size, WR_ODOH_QUERY_BLOCK), begin = out->pos;
    uint8_t aad[AAD_MAX], enc[WR_HPKE_KEY], *sealed;
    struct wr_hpke h;
    int err;

    if (size == 0 || size > WR_ODOH_QUERY_MAX) {
        return WR_E_LIMIT;
    }
    wr_buf_put_u8(out, TYPE_QUERY);
    wr_buf_put_u16(out, WR_ODOH_KEY_ID);
    wr_buf_put_bytes(out, config->key_id, WR_ODOH_KEY_ID);
    wr_buf_put_u16(out, (uint16_t)(WR_HPKE_KEY + text + WR_AEAD_TAG));
    sealed = wr_buf_take(out, WR_HPKE_KEY + text + WR_AEAD_TAG);
    if (!sealed) {
        return WR_E_FULL;
    }
    err = wr_hpke_sender(&h, config->aead, config->public, label_query, sizeof(label_query) - 1,
                         random, enc);
    if (!err) {
        memcpy(sealed, enc, sizeof(enc));
        text_write(ret_asked->text, text, msg, size);
        ret_asked->size = (uint16_t)text;
        ret_asked->aead = config->aead;
        err = wr_hpke_export(&h, label_response, sizeof(label_response) - 1, ret_asked->secret,
                             wr_aead_key_size(config->aead));
        if (!err) {
            err = wr_hpke_seal(&h, aad, aad_of(TYPE_QUERY, config->key_id, WR_ODOH_KEY_ID, aad),
                               ret_asked->text, text, sealed + WR_HPKE_KEY);
        }
        wr_hpke_close(&h);
    }
    if (err) {
        out->pos = begin;
    }
    return err;
}

int wr_odoh_answer(const struct wr_odoh_asked *asked, const uint8_t *bytes, size_t size,
                   uint8_t *room, size_t cap, size_t *ret_size)
{
    size_t nonce_size = response_nonce_size(asked->aead);
    struct wr_odoh_heard keys;
    uint8_t aad[AAD_MAX];
    struct envelope e;
    int err = envelope_read(bytes, size, TYPE_RESPONSE, &e);

    if (err) {
        return err;
    }
    if (e.id_size != nonce_size || e.sealed_size < WR_AEAD_TAG) {
        return WR_E_FORMAT;
    }
    if (e.sealed_size - WR_AEAD_TAG > cap) {
        return WR_E_FULL;
    }
    err = derive(asked->aead, asked->secret, asked->text, asked->size, e.id, &keys);
    if (!err) {
        err = wr_aead_open(asked->aead, keys.key, keys.nonce, aad,
                           aad_of(TYPE_RESPONSE, e.id, e.id_size, aad), e.sealed, e.sealed_size,
                           room);
    }
    wr_wipe(&keys, sizeof(keys));
    return err ? err : text_read(room, e.sealed_size - WR_AEAD_TAG, ret_size);
}

/* The text of the query, whole, into `room`. */
static int open_query(const struct wr_odoh_key *key, const struct envelope *e,
                      const uint8_t *random, uint8_t *room, struct wr_odoh_heard *ret_heard)
{
    uint8_t aad[AAD_MAX], secret[WR_AEAD_KEY_MAX];
    size_t sealed_size = e->sealed_size - WR_HPKE_KEY;
    struct wr_hpke h;
    int err = wr_hpke_recipient(&h, key->config.aead, key->secret, key->config.public, e->sealed,
                                label_query, sizeof(label_query) - 1);

    if (err) {
        return err;
    }
    err = wr_hpke_open(&h, aad, aad_of(TYPE_QUERY, e->id, e->id_size, aad), e->sealed + WR_HPKE_KEY,
                       sealed_size, room);
    if (!err) {
        err = wr_hpke_export(&h, label_response, sizeof(label_response) - 1, secret,
                             wr_aead_key_size(key->config.aead));
    }
    if (!err) {
        err = derive(key->config.aead, secret, room, sealed_size - WR_AEAD_TAG, random, ret_heard);
    }
    wr_wipe(secret, sizeof(secret));
    wr_hpke_close(&h);
    return err;
}

int wr_odoh_query(const struct wr_odoh_key *keys, size_t n, const uint8_t *bytes, size_t size,
                  const uint8_t *random, uint8_t *room, size_t cap, size_t *ret_size,
                  struct wr_odoh_heard *ret_heard)
{
    struct envelope e;
    int err = envelope_read(bytes, size, TYPE_QUERY, &e);

    if (err) {
        return err;
    }
    for (size_t i = 0; i < n; i++) {
        if (e.id_size != WR_ODOH_KEY_ID || memcmp(e.id, keys[i].config.key_id, e.id_size) != 0) {
            continue;
        }
        if (e.sealed_size < WR_HPKE_KEY + WR_AEAD_TAG) {
            return WR_E_FORMAT;
        }
        size_t text = e.sealed_size - WR_HPKE_KEY - WR_AEAD_TAG;
        if (text > cap) {
            return WR_E_FULL;
        }
        err = open_query(&keys[i], &e, random, room, ret_heard);
        if (!err) {
            err = text_read(room, text, ret_size);
        }
        if (!err) {
            ret_heard->padded = text > 4 + *ret_size || *ret_size % WR_ODOH_QUERY_BLOCK == 0;
        }
        return err;
    }
    return WR_E_NOTFOUND;
}

int wr_odoh_reply(const struct wr_odoh_heard *heard, const uint8_t *msg, size_t size,
                  struct wr_writer *out)
{
    size_t text = text_size(size, heard->padded ? WR_ODOH_RESPONSE_BLOCK : 1), begin = out->pos;
    size_t nonce_size = response_nonce_size(heard->aead);
    uint8_t aad[AAD_MAX], *sealed;
    int err;

    if (size == 0 || text + WR_AEAD_TAG > UINT16_MAX) {
        return WR_E_LIMIT;
    }
    wr_buf_put_u8(out, TYPE_RESPONSE);
    wr_buf_put_u16(out, (uint16_t)nonce_size);
    wr_buf_put_bytes(out, heard->response_nonce, nonce_size);
    wr_buf_put_u16(out, (uint16_t)(text + WR_AEAD_TAG));
    sealed = wr_buf_take(out, text + WR_AEAD_TAG);
    if (!sealed) {
        return WR_E_FULL;
    }
    text_write(sealed, text, msg, size);
    err = wr_aead_seal(heard->aead, heard->key, heard->nonce, aad,
                       aad_of(TYPE_RESPONSE, heard->response_nonce, nonce_size, aad), sealed, text,
                       sealed);
    if (err) {
        out->pos = begin;
    }
    return err;
}
