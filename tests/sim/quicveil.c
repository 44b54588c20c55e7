/* SPDX-License-Identifier: Apache-2.0 */
/* Packets first, then keys, then the words of the handshake on both sides (quicveil.h has the story). */
#include "quicveil.h"

#ifdef WR_HAVE_QUIC

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "transport/quictls.h"
#include "transport/quicver.h"

enum { TAG = 16, IV = 12, SECRET = 8, MASK = 5, SAMPLE = 16, FLIGHT = 2048 };
enum { HELLO = 1, TICKET = 4, PARAMS = 8, CHAIN = 11, FINISHED = 20 };
enum { HANDSHAKE_FAILURE = 40, BAD_CERTIFICATE = 42 };
enum { INITIAL = 0, SHAKING, OPEN, LEVELS };

struct session {
    struct veil *veil;
    const struct quicveil_server *as; /* NULL: a client */
    uint64_t hello;                   /* what the client said in it */
    uint64_t id, psk;                 /* of the ticket that is used */
    uint64_t key;                     /* of all that follows the hellos */
    uint8_t ticket[VEIL_TICKET];      /* that was given */
    bool greeted, has_params, judged;
    size_t have[LEVELS]; /* of the messages that come */
    uint8_t in[LEVELS][FLIGHT];
};

/* What ngtcp2 holds as a key. */
struct key {
    uint64_t value;
    bool naked;
};

/* ---- packets ---- */

static void cipher(const struct key *k, uint64_t nonce, uint8_t *to, const uint8_t *from,
                   size_t size)
{
    uint64_t start = veil_mix(k->value, nonce, 20);
    for (size_t at = 0; at < size; at += 8) {
        uint64_t stream = k->naked ? 0 : veil_mix(start, at, 21);
        for (size_t i = at; i < size && i < at + 8; i++, stream >>= 8) {
            to[i] = (uint8_t)(from[i] ^ (uint8_t)stream);
        }
    }
}

static void tag_of(const struct key *k, uint64_t nonce, const uint8_t *bytes, size_t size,
                   const uint8_t *aad, size_t aad_size, uint8_t ret[TAG])
{
    uint64_t half = veil_mix(k->value, nonce, 22);
    half = veil_mix(half, veil_digest(bytes, size), veil_digest(aad, aad_size));
    uint64_t other = veil_mix(half, 0, 23);
    memcpy(ret, &half, 8);
    memcpy(ret + 8, &other, 8);
}

static int encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *ctx,
                   const uint8_t *plain, size_t size, const uint8_t *nonce, size_t nonce_size,
                   const uint8_t *aad, size_t aad_size)
{
    const struct key *k = ctx->native_handle;
    uint64_t number = veil_digest(nonce, nonce_size);
    cipher(k, number, dest, plain, size);
    tag_of(k, number, dest, size, aad, aad_size, dest + size);
    return 0;
}

static int decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *ctx,
                   const uint8_t *bytes, size_t size, const uint8_t *nonce, size_t nonce_size,
                   const uint8_t *aad, size_t aad_size)
{
    const struct key *k = ctx->native_handle;
    uint64_t number = veil_digest(nonce, nonce_size);
    uint8_t tag[TAG];
    if (size < TAG) {
        return NGTCP2_ERR_DECRYPT;
    }
    size -= TAG;
    tag_of(k, number, bytes, size, aad, aad_size, tag);
    if (memcmp(tag, bytes + size, TAG) != 0) {
        return NGTCP2_ERR_DECRYPT;
    }
    cipher(k, number, dest, bytes, size);
    return 0;
}

static int hp_mask(uint8_t *dest, const ngtcp2_crypto_cipher *hp,
                   const ngtcp2_crypto_cipher_ctx *ctx, const uint8_t *sample)
{
    const struct key *k = ctx->native_handle;
    uint64_t mask = veil_mix(k->value, veil_digest(sample, SAMPLE), 24);
    memcpy(dest, &mask, MASK);
    return 0;
}

/* ---- keys ---- */

static void *key_new(const struct session *s, uint64_t value)
{
    struct key *k = malloc(sizeof *k);
    assert(k);
    *k = (struct key){value, s->veil->naked};
    return k;
}

static void on_drop_aead(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *ctx, void *user)
{
    free(ctx->native_handle);
    ctx->native_handle = NULL;
}

static void on_drop_cipher(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *ctx, void *user)
{
    free(ctx->native_handle);
    ctx->native_handle = NULL;
}

/* Of what the server says, or the client, on this level. */
static uint64_t key_of(uint64_t base, unsigned level, bool of_server)
{
    return veil_mix(base, level, of_server ? 30 : 31);
}

static ngtcp2_crypto_ctx suite(void)
{
    return (ngtcp2_crypto_ctx){.aead = {.max_overhead = TAG},
                               .max_encryption = UINT64_MAX,
                               .max_decryption_failure = UINT64_MAX};
}

static void install_initial(struct wr_quic *q, const ngtcp2_cid *dcid)
{
    static const uint8_t iv[IV];
    struct session *s = q->session;
    uint64_t base = veil_digest(dcid->data, dcid->datalen);
    uint64_t in = key_of(base, INITIAL, !q->server), out = key_of(base, INITIAL, q->server);
    ngtcp2_crypto_aead_ctx rx = {key_new(s, in)}, tx = {key_new(s, out)};
    ngtcp2_crypto_cipher_ctx rx_hp = {key_new(s, veil_mix(in, 0, 32))},
                             tx_hp = {key_new(s, veil_mix(out, 0, 32))};
    ngtcp2_crypto_ctx ctx = suite();
    ngtcp2_conn_set_initial_crypto_ctx(q->conn, &ctx);
    int err = ngtcp2_conn_install_initial_key(q->conn, &rx, iv, &rx_hp, &tx, iv, &tx_hp, IV);
    assert(err == 0);
    if (!q->server) { /* by which a Retry would be judged */
        ngtcp2_crypto_aead_ctx retry = {key_new(s, veil_mix(base, 0, 33))};
        ngtcp2_conn_set_retry_aead(q->conn, &ctx.aead, &retry);
    }
}

static void install(struct wr_quic *q, unsigned level, bool rx)
{
    static const uint8_t iv[IV];
    struct session *s = q->session;
    uint64_t key = key_of(s->key, level, q->server != rx);
    ngtcp2_crypto_aead_ctx aead = {key_new(s, key)};
    ngtcp2_crypto_cipher_ctx hp = {key_new(s, veil_mix(key, 0, 32))};
    uint8_t secret[SECRET];
    int err;
    memcpy(secret, &key, SECRET);
    if (level == SHAKING) {
        err = rx ? ngtcp2_conn_install_rx_handshake_key(q->conn, &aead, iv, IV, &hp)
                 : ngtcp2_conn_install_tx_handshake_key(q->conn, &aead, iv, IV, &hp);
    } else {
        err = rx ? ngtcp2_conn_install_rx_key(q->conn, secret, SECRET, &aead, iv, IV, &hp)
                 : ngtcp2_conn_install_tx_key(q->conn, secret, SECRET, &aead, iv, IV, &hp);
    }
    assert(err == 0);
}

static void *next_key(const struct session *s, const uint8_t *secret, uint8_t *ret_secret,
                      uint8_t *ret_iv)
{
    uint64_t key;
    memcpy(&key, secret, SECRET);
    key = veil_mix(key, 0, 34);
    memcpy(ret_secret, &key, SECRET);
    memset(ret_iv, 0, IV);
    return key_new(s, key);
}

static int on_update(ngtcp2_conn *conn, uint8_t *rx_secret, uint8_t *tx_secret,
                     ngtcp2_crypto_aead_ctx *rx, uint8_t *rx_iv, ngtcp2_crypto_aead_ctx *tx,
                     uint8_t *tx_iv, const uint8_t *rx_before, const uint8_t *tx_before,
                     size_t size, void *user)
{
    const struct session *s = ((struct wr_quic *)user)->session;
    rx->native_handle = next_key(s, rx_before, rx_secret, rx_iv);
    tx->native_handle = next_key(s, tx_before, tx_secret, tx_iv);
    return 0;
}

/* ---- words ---- */

static int fail(struct wr_quic *q, uint8_t alert)
{
    ngtcp2_conn_set_tls_alert(q->conn, alert);
    return NGTCP2_ERR_CRYPTO;
}

static int say(struct wr_quic *q, wr_ng_level level, uint8_t kind, const uint8_t *bytes,
               size_t size)
{
    uint8_t room[FLIGHT];
    struct wr_writer w;
    wr_buf_write_init(&w, room, sizeof room);
    wr_buf_put_u8(&w, kind);
    wr_buf_put_u16(&w, (uint16_t)size);
    wr_buf_put_bytes(&w, bytes, size);
    assert(!w.err);
    return ngtcp2_conn_submit_crypto_data(q->conn, level, room, w.pos);
}

static size_t own_params(struct wr_quic *q, uint8_t *room, size_t cap)
{
    ngtcp2_ssize n = ngtcp2_conn_encode_local_transport_params(q->conn, room, cap);
    assert(n > 0);
    return (size_t)n;
}

/* Both hellos are said. */
static void begin_keys(struct wr_quic *q, uint64_t said, uint64_t psk)
{
    struct session *s = q->session;
    ngtcp2_crypto_ctx ctx = suite();
    s->greeted = true;
    s->key = veil_mix(s->hello, said, psk);
    ngtcp2_conn_set_crypto_ctx(q->conn, &ctx);
    install(q, SHAKING, true);
    install(q, SHAKING, false);
}

/* ---- the client ---- */

static int on_client_begins(ngtcp2_conn *conn, void *user)
{
    struct wr_quic *q = user;
    struct session *s = q->session;
    uint8_t room[FLIGHT], params[512];
    struct wr_writer w;
    size_t size = own_params(q, params, sizeof params);
    install_initial(q, ngtcp2_conn_get_dcid(conn));
    wr_buf_write_init(&w, room, sizeof room);
    wr_buf_put_u64(&w, veil_draw(s->veil));
    wr_buf_put_u64(&w, s->id);
    wr_buf_put_u16(&w, (uint16_t)size);
    wr_buf_put_bytes(&w, params, size);
    s->hello = veil_digest(room, w.pos);
    return say(q, WR_NG_INITIAL, HELLO, room, w.pos);
}

static int client_hears_hello(struct wr_quic *q, struct wr_reader *r)
{
    struct session *s = q->session;
    wr_buf_get_u64(r);
    q->resumed = wr_buf_get_u8(r) != 0;
    if (r->err || s->greeted || (q->resumed && !s->id)) {
        return fail(q, HANDSHAKE_FAILURE);
    }
    begin_keys(q, veil_digest(r->base, r->size), q->resumed ? s->psk : 0);
    return 0;
}

static int client_hears_chain(struct wr_quic *q, struct wr_reader *r)
{
    struct session *s = q->session;
    struct wr_certs chain = {.of_server = true, .count = 1};
    size_t size = wr_buf_get_u16(r);
    const uint8_t *der = wr_buf_get_bytes(r, size);
    uint64_t signature = wr_buf_get_u64(r);
    if (r->err || q->resumed || !veil_is_signed(s->veil, der, size, s->key, signature)) {
        return fail(q, HANDSHAKE_FAILURE);
    }
    chain.cert[0] = (struct wr_certs_one){der, size};
    s->judged = wr_quic_tls_judge(q, &chain) == WR_OK;
    q->failed_verify = !s->judged;
    s->veil->refused += !s->judged;
    return s->judged ? 0 : fail(q, BAD_CERTIFICATE);
}

static int client_hears_finished(struct wr_quic *q)
{
    struct session *s = q->session;
    int err = say(q, WR_NG_HANDSHAKE, FINISHED, NULL, 0);
    if (err || !s->has_params || (!q->resumed && !s->judged)) {
        return fail(q, HANDSHAKE_FAILURE);
    }
    install(q, OPEN, true);
    install(q, OPEN, false);
    wr_ng_shaken(q->conn);
    s->veil->opened++;
    s->veil->resumed += q->resumed;
    return 0;
}

static int hear_params(struct wr_quic *q, const uint8_t *bytes, size_t size)
{
    struct session *s = q->session;
    s->has_params = wr_ng_params(q->conn, bytes, size) == 0;
    return s->has_params ? 0 : fail(q, HANDSHAKE_FAILURE);
}

static int client_hears(struct wr_quic *q, unsigned level, uint8_t kind, struct wr_reader *r)
{
    struct session *s = q->session;
    if (level == INITIAL && kind == HELLO) {
        return client_hears_hello(q, r);
    }
    if (level == SHAKING) {
        return kind == PARAMS     ? hear_params(q, r->base, r->size)
               : kind == CHAIN    ? client_hears_chain(q, r)
               : kind == FINISHED ? client_hears_finished(q)
                                  : fail(q, HANDSHAKE_FAILURE);
    }
    if (level == OPEN && kind == TICKET && r->size == VEIL_TICKET) {
        memcpy(s->ticket, r->base, VEIL_TICKET);
        q->has_ticket = true;
        q->calls->ticket(q->user);
        return 0;
    }
    return fail(q, HANDSHAKE_FAILURE);
}

/* ---- the server ---- */

static int on_server_begins(ngtcp2_conn *conn, const ngtcp2_cid *dcid, void *user)
{
    install_initial(user, dcid);
    return 0;
}

/* All that a server says before the client has finished. */
static int server_says(struct wr_quic *q)
{
    struct session *s = q->session;
    const struct veil_cert *c = &s->veil->cert[s->as->who];
    uint8_t room[VEIL_CERT_MAX + 32];
    struct wr_writer w;
    int err = say(q, WR_NG_HANDSHAKE, PARAMS, room, own_params(q, room, sizeof room));
    if (!err && !q->resumed) {
        wr_buf_write_init(&w, room, sizeof room);
        wr_buf_put_u16(&w, (uint16_t)c->size);
        wr_buf_put_bytes(&w, c->der, c->size);
        wr_buf_put_u64(&w, veil_sign(s->veil, s->as->who, s->key));
        err = say(q, WR_NG_HANDSHAKE, CHAIN, room, w.pos);
    }
    err = err ? err : say(q, WR_NG_HANDSHAKE, FINISHED, NULL, 0);
    install(q, OPEN, false);
    return err;
}

static int server_hears_hello(struct wr_quic *q, struct wr_reader *r)
{
    struct session *s = q->session;
    uint8_t room[9];
    struct wr_writer w;
    uint64_t psk;
    s->hello = veil_digest(r->base, r->size);
    wr_buf_get_u64(r);
    uint64_t id = wr_buf_get_u64(r);
    size_t size = wr_buf_get_u16(r);
    const uint8_t *params = wr_buf_get_bytes(r, size);
    if (r->err || s->greeted || s->as->refuses || hear_params(q, params, size)) {
        return fail(q, HANDSHAKE_FAILURE);
    }
    q->resumed = veil_ticket_open(s->as->secret, id, &psk);
    wr_buf_write_init(&w, room, sizeof room);
    wr_buf_put_u64(&w, veil_draw(s->veil));
    wr_buf_put_u8(&w, q->resumed);
    int err = say(q, WR_NG_INITIAL, HELLO, room, w.pos);
    begin_keys(q, veil_digest(room, w.pos), q->resumed ? psk : 0);
    return err ? err : server_says(q);
}

static int server_hears(struct wr_quic *q, unsigned level, uint8_t kind, struct wr_reader *r)
{
    if (level == INITIAL && kind == HELLO) {
        return server_hears_hello(q, r);
    }
    if (level == SHAKING && kind == FINISHED && r->size == 0) {
        install(q, OPEN, true);
        wr_ng_shaken(q->conn);
        return 0;
    }
    return fail(q, HANDSHAKE_FAILURE);
}

/* ---- together ---- */

static int on_crypto(ngtcp2_conn *conn, wr_ng_level level, uint64_t offset, const uint8_t *bytes,
                     size_t size, void *user)
{
    struct wr_quic *q = user;
    struct session *s = q->session;
    unsigned at = level == WR_NG_INITIAL ? INITIAL : level == WR_NG_HANDSHAKE ? SHAKING : OPEN;
    uint8_t *in = s->in[at];
    if (s->have[at] + size > FLIGHT) {
        return fail(q, HANDSHAKE_FAILURE);
    }
    memcpy(in + s->have[at], bytes, size);
    s->have[at] += size;
    for (size_t n; s->have[at] >= 3 && s->have[at] >= (n = 3 + (size_t)(in[1] << 8 | in[2]));) {
        struct wr_reader r;
        wr_buf_read_init(&r, in + 3, n - 3);
        int err = q->server ? server_hears(q, at, in[0], &r) : client_hears(q, at, in[0], &r);
        if (err) {
            return err;
        }
        memmove(in, in + n, s->have[at] - n);
        s->have[at] -= n;
    }
    return 0;
}

static int on_challenge(ngtcp2_conn *conn, uint8_t *data, void *user)
{
    const struct wr_quic *q = user;
    wr_rng_bytes(q->env->rng, data, NGTCP2_PATH_CHALLENGE_DATALEN);
    return 0;
}

static void set_callbacks(void *callbacks)
{
    ngtcp2_callbacks *c = callbacks;
    c->client_initial = on_client_begins;
    c->recv_client_initial = on_server_begins;
    c->recv_crypto_data = on_crypto;
    c->encrypt = encrypt;
    c->decrypt = decrypt;
    c->hp_mask = hp_mask;
    c->update_key = on_update;
    c->delete_crypto_aead_ctx = on_drop_aead;
    c->delete_crypto_cipher_ctx = on_drop_cipher;
    c->get_path_challenge_data = on_challenge;
}

static int start(struct wr_quic *q, const struct wr_quic_tls *tls)
{
    struct session *s = calloc(1, sizeof *s);
    assert(s);
    q->session = s;
    if (q->server) {
        s->as = (const struct quicveil_server *)(const void *)q->standin;
        s->veil = s->as->veil;
        return WR_OK;
    }
    s->veil = WR_CONTAINER((struct wr_quic_standin *)(uintptr_t)q->standin, struct veil, quic);
    s->veil->sessions++;
    if (tls->ticket_size == VEIL_TICKET) {
        memcpy(&s->id, tls->ticket, 8);
        memcpy(&s->psk, tls->ticket + 8, 8);
    }
    return WR_OK;
}

static int send_ticket(struct wr_quic *q)
{
    const struct session *s = q->session;
    uint8_t ticket[VEIL_TICKET];
    veil_ticket_make(s->veil, s->as->secret, ticket);
    return say(q, WR_NG_OPEN, TICKET, ticket, sizeof ticket) == 0 ? WR_OK : WR_E_NOMEM;
}

static size_t ticket(struct wr_quic *q, uint8_t *room, size_t cap)
{
    const struct session *s = q->session;
    if (cap < VEIL_TICKET) {
        return 0;
    }
    memcpy(room, s->ticket, VEIL_TICKET);
    return VEIL_TICKET;
}

static void end(struct wr_quic *q)
{
    free(q->session);
}

bool quicveil_calls(struct wr_quic_standin *ret_calls)
{
    *ret_calls = (struct wr_quic_standin){.callbacks = set_callbacks,
                                          .start = start,
                                          .send_ticket = send_ticket,
                                          .ticket = ticket,
                                          .end = end};
    return true;
}

#else

bool quicveil_calls(struct wr_quic_standin *ret_calls)
{
    *ret_calls = (struct wr_quic_standin){0};
    return false;
}

#endif
