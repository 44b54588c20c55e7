/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/quicdoor.h"

#include <string.h>

#include "base/err.h"
#include "transport/quicver.h"

#define RETRY_TIMEOUT (10 * NGTCP2_SECONDS)
#define TOKEN_TIMEOUT (24 * 3600 * NGTCP2_SECONDS)

enum {
    RETRY_MAGIC = 0xb6,   /* the first octet of a Retry's token, as ngtcp2 makes them */
    REGULAR_MAGIC = 0x36, /* ... of a NEW_TOKEN's */
};

int wr_quic_env_init(struct wr_quic_env *env, struct wr_rng *rng, uint16_t worker,
                     const struct wr_quic_secrets *secrets, uint64_t memory_max, uint64_t each_max)
{
    static const char priority[] =
        "NONE:+VERS-TLS1.3:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-ECDSA:"
        "+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ALL:+COMP-NULL:"
        "+CTYPE-X509:%DISABLE_TLS13_COMPAT_MODE";

    *env = (struct wr_quic_env){.rng = rng,
                                .secrets = secrets,
                                .worker = worker,
                                .memory_max = memory_max,
                                .each_max = each_max};
    return gnutls_priority_init((gnutls_priority_t *)&env->priority, priority, NULL) == 0
               ? WR_OK
               : WR_E_NOMEM;
}

void wr_quic_env_end(struct wr_quic_env *env)
{
    if (env->priority != NULL) {
        gnutls_priority_deinit(env->priority);
        env->priority = NULL;
    }
}

/* --- connection ids ------------------------------------------------------------------------------- */

static uint16_t cid_mask(const struct wr_quic_secrets *secrets, const uint8_t *rest)
{
    return (uint16_t)wr_hash_sip24(&secrets->cid_key, rest, WR_QUIC_CID_SIZE - 2);
}

void wr_quic_cid_make(struct wr_quic_env *env, struct wr_quic_cid *ret_cid)
{
    ret_cid->size = WR_QUIC_CID_SIZE;
    wr_rng_bytes(env->rng, ret_cid->bytes, WR_QUIC_CID_SIZE);
    if (env->secrets != NULL) {
        uint16_t mask = cid_mask(env->secrets, ret_cid->bytes + 2);

        ret_cid->bytes[0] = (uint8_t)(env->worker ^ mask >> 8);
        ret_cid->bytes[1] = (uint8_t)mask;
    }
}

int wr_quic_cid_worker(const struct wr_quic_secrets *secrets, const uint8_t *cid, size_t size,
                       uint16_t *ret_worker)
{
    uint16_t mask;

    if (size != WR_QUIC_CID_SIZE) {
        return WR_E_NOTFOUND;
    }
    mask = cid_mask(secrets, cid + 2);
    if (cid[1] != (uint8_t)mask) {
        return WR_E_NOTFOUND;
    }
    *ret_worker = cid[0] ^ mask >> 8;
    return WR_OK;
}

int wr_quic_reset_token(const struct wr_quic_secrets *secrets, const struct wr_quic_cid *cid,
                        uint8_t ret_token[16])
{
    ngtcp2_cid of;

    ngtcp2_cid_init(&of, cid->bytes, cid->size);
    return ngtcp2_crypto_generate_stateless_reset_token(ret_token, secrets->reset_key,
                                                        sizeof(secrets->reset_key), &of) == 0
               ? WR_OK
               : WR_E_NOMEM;
}

/* --- addresses ------------------------------------------------------------------------------------ */

static uint16_t net16(uint16_t v)
{
    uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};

    memcpy(&v, bytes, sizeof(v));
    return v;
}

size_t wr_quic_sockaddr(const struct wr_addr *addr, void *room)
{
    if (addr->family == WR_AF_V6) {
        struct sockaddr_in6 *v6 = room;

        *v6 = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = net16(addr->port), .sin6_scope_id = addr->scope};
        memcpy(&v6->sin6_addr, addr->ip, 16);
        return sizeof(*v6);
    }
    struct sockaddr_in *v4 = room;

    *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = net16(addr->port)};
    memcpy(&v4->sin_addr, addr->ip, 4);
    return sizeof(*v4);
}

void wr_quic_from_sockaddr(const void *sa, struct wr_addr *ret_addr)
{
    const struct sockaddr_in *v4 = sa;
    const struct sockaddr_in6 *v6 = sa;

    *ret_addr = (struct wr_addr){0};
    if (v4->sin_family == AF_INET6) {
        ret_addr->family = WR_AF_V6;
        ret_addr->port = net16(v6->sin6_port);
        ret_addr->scope = v6->sin6_scope_id;
        memcpy(ret_addr->ip, &v6->sin6_addr, 16);
    } else {
        ret_addr->family = WR_AF_V4;
        ret_addr->port = net16(v4->sin_port);
        memcpy(ret_addr->ip, &v4->sin_addr, 4);
    }
}

/* --- what a datagram is --------------------------------------------------------------------------- */

int wr_quic_look(const uint8_t *bytes, size_t size, struct wr_quic_head *ret_head)
{
    ngtcp2_version_cid at;
    int err;

    if (size == 0) {
        return WR_E_FORMAT;
    }
    err = ngtcp2_pkt_decode_version_cid(&at, bytes, size, WR_QUIC_CID_SIZE);
    if ((err != 0 && err != NGTCP2_ERR_VERSION_NEGOTIATION) || at.dcidlen > WR_QUIC_CID_MAX ||
        at.scidlen > WR_QUIC_CID_MAX) {
        return WR_E_FORMAT;
    }
    *ret_head = (struct wr_quic_head){
        .dcid = at.dcid,
        .scid = at.scid,
        .dcid_size = (uint8_t)at.dcidlen,
        .scid_size = (uint8_t)at.scidlen,
        .is_long = (bytes[0] & 0x80) != 0,
        .initial = (bytes[0] & 0xb0) == 0x80,
        .known_version = at.version == NGTCP2_PROTO_VER_V1,
        .version = at.version,
    };
    return WR_OK;
}

static void from_cid(const ngtcp2_cid *from, struct wr_quic_cid *to)
{
    memset(to, 0, sizeof(*to));
    to->size = (uint8_t)from->datalen;
    memcpy(to->bytes, from->data, from->datalen);
}

int wr_quic_first(const uint8_t *bytes, size_t size, struct wr_quic_hello *ret_hello)
{
    ngtcp2_pkt_hd hd;
    int err;

    if (size < WR_QUIC_INITIAL_MIN) {
        return WR_E_FORMAT;
    }
    err = ngtcp2_accept(&hd, bytes, size);
    if ((err != 0 && err != NGTCP2_ERR_RETRY) || hd.version != NGTCP2_PROTO_VER_V1 ||
        hd.type != NGTCP2_PKT_INITIAL || hd.dcid.datalen < NGTCP2_MIN_INITIAL_DCIDLEN) {
        return WR_E_FORMAT;
    }
    *ret_hello = (struct wr_quic_hello){.version = hd.version};
    from_cid(&hd.dcid, &ret_hello->dcid);
    from_cid(&hd.scid, &ret_hello->scid);
    ret_hello->token = wr_ng_token(&hd, &ret_hello->token_size);
    return WR_OK;
}

static bool prove_retry(const uint8_t *key, const void *addr, size_t addr_size, uint64_t now_us,
                        struct wr_quic_hello *hello)
{
    ngtcp2_cid dcid, original;

    ngtcp2_cid_init(&dcid, hello->dcid.bytes, hello->dcid.size);
    if (ngtcp2_crypto_verify_retry_token(&original, hello->token, hello->token_size, key, 32,
                                         hello->version, addr, (ngtcp2_socklen)addr_size, &dcid,
                                         RETRY_TIMEOUT, now_us * 1000) != 0) {
        return false;
    }
    from_cid(&original, &hello->original);
    return true;
}

int wr_quic_prove(const struct wr_quic_secrets *secrets, const struct wr_addr *from,
                  uint64_t now_us, struct wr_quic_hello *hello)
{
    const uint8_t *keys[2] = {secrets->token_key, secrets->old_token_key};
    struct sockaddr_storage addr;
    size_t size = wr_quic_sockaddr(from, &addr);

    hello->proven = false;
    hello->original.size = 0;
    if (hello->token_size == 0) {
        return WR_OK;
    }
    for (unsigned i = 0; i < 2 && !hello->proven; i++) {
        hello->proven = hello->token[0] == RETRY_MAGIC
                            ? prove_retry(keys[i], &addr, size, now_us, hello)
                            : hello->token[0] == REGULAR_MAGIC &&
                                  ngtcp2_crypto_verify_regular_token(
                                      hello->token, hello->token_size, keys[i], 32,
                                      (const ngtcp2_sockaddr *)(void *)&addr, (ngtcp2_socklen)size,
                                      TOKEN_TIMEOUT, now_us * 1000) == 0;
    }
    return !hello->proven && hello->token[0] == RETRY_MAGIC ? WR_E_DENIED : WR_OK;
}

/* --- what is said without a connection ------------------------------------------------------------ */

size_t wr_quic_say_versions(struct wr_rng *rng, const struct wr_quic_head *head, uint8_t *room,
                            size_t cap)
{
    /* One that does not exist keeps clients honest (RFC 9000 section 15). */
    const uint32_t versions[2] = {NGTCP2_PROTO_VER_V1, 0x1a2a3a4a};
    ngtcp2_ssize n = ngtcp2_pkt_write_version_negotiation(room, cap, (uint8_t)wr_rng_u16(rng),
                                                          head->scid, head->scid_size, head->dcid,
                                                          head->dcid_size, versions, 2);

    return n > 0 ? (size_t)n : 0;
}

size_t wr_quic_say_retry(struct wr_quic_env *env, const struct wr_quic_hello *hello,
                         const struct wr_addr *from, uint64_t now_us, uint8_t *room, size_t cap)
{
    uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
    struct sockaddr_storage addr;
    size_t addr_size = wr_quic_sockaddr(from, &addr);
    ngtcp2_cid client, original, ours;
    struct wr_quic_cid made;
    ngtcp2_ssize n;

    wr_quic_cid_make(env, &made);
    ngtcp2_cid_init(&ours, made.bytes, made.size);
    ngtcp2_cid_init(&client, hello->scid.bytes, hello->scid.size);
    ngtcp2_cid_init(&original, hello->dcid.bytes, hello->dcid.size);
    n = ngtcp2_crypto_generate_retry_token(
        token, env->secrets->token_key, sizeof(env->secrets->token_key), hello->version,
        (const ngtcp2_sockaddr *)(void *)&addr, (ngtcp2_socklen)addr_size, &ours, &original,
        now_us * 1000);
    if (n <= 0) {
        return 0;
    }
    n = ngtcp2_crypto_write_retry(room, cap, hello->version, &client, &ours, &original, token,
                                  (size_t)n);
    return n > 0 ? (size_t)n : 0;
}

size_t wr_quic_say_refused(const struct wr_quic_hello *hello, uint8_t *room, size_t cap)
{
    ngtcp2_cid dcid, scid;
    ngtcp2_ssize n;

    ngtcp2_cid_init(&dcid, hello->scid.bytes, hello->scid.size);
    ngtcp2_cid_init(&scid, hello->dcid.bytes, hello->dcid.size);
    n = ngtcp2_crypto_write_connection_close(
        room, cap, hello->version, &dcid, &scid,
        hello->token_size > 0 && !hello->proven ? NGTCP2_INVALID_TOKEN : NGTCP2_CONNECTION_REFUSED,
        NULL, 0);
    return n > 0 ? (size_t)n : 0;
}

size_t wr_quic_say_reset(struct wr_quic_env *env, const uint8_t *cid, size_t cid_size,
                         size_t answered, uint8_t *room, size_t cap)
{
    enum { LEAST = NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN };
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], random[24];
    struct wr_quic_cid of = {.size = (uint8_t)cid_size};
    size_t more;
    ngtcp2_ssize n;

    if (answered <= LEAST + 1 || cid_size > WR_QUIC_CID_MAX) {
        return 0;
    }
    memcpy(of.bytes, cid, cid_size);
    if (wr_quic_reset_token(env->secrets, &of, token) != WR_OK) {
        return 0;
    }
    more = answered - 1 - NGTCP2_STATELESS_RESET_TOKENLEN;
    more = more < sizeof(random) ? more : sizeof(random);
    wr_rng_bytes(env->rng, random, more);
    n = ngtcp2_pkt_write_stateless_reset(room, cap, token, random, more);
    return n > 0 ? (size_t)n : 0;
}
