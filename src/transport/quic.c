/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/quic.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "transport/quicdoor.h"
#include "transport/quicmem.h"
#include "transport/quictls.h"
#include "transport/quicver.h"

_Static_assert(sizeof(ngtcp2_crypto_conn_ref) <= sizeof(((struct wr_quic *)0)->ref), "room");
_Static_assert(WR_QUIC_CID_MAX == NGTCP2_MAX_CIDLEN, "the longest there is");

static ngtcp2_tstamp quic_ns(uint64_t us)
{
    return us * 1000;
}

/* --- what ngtcp2 calls ---------------------------------------------------------------------------- */

static ngtcp2_conn *quic_conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct wr_quic *)ref->user_data)->conn;
}

static void quic_on_rand(uint8_t *dest, size_t size, const ngtcp2_rand_ctx *ctx)
{
    struct wr_quic_env *env = ctx->native_handle;

    wr_rng_bytes(env->rng, dest, size);
}

static int quic_on_cid(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t size, void *user)
{
    struct wr_quic *q = user;
    struct wr_quic_cid made;

    wr_quic_cid_make(q->env, &made);
    ngtcp2_cid_init(cid, made.bytes, size);
    if (!q->server) {
        wr_rng_bytes(q->env->rng, token, NGTCP2_STATELESS_RESET_TOKENLEN);
        return 0;
    }
    if (wr_quic_reset_token(q->env->secrets, &made, token) != WR_OK ||
        q->calls->cid_added(q->user, cid->data, cid->datalen) != WR_OK) {
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
}

static int quic_on_cid_gone(ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user)
{
    struct wr_quic *q = user;

    if (q->calls->cid_gone != NULL) {
        q->calls->cid_gone(q->user, cid->data, cid->datalen);
    }
    return 0;
}

static int quic_on_data(ngtcp2_conn *conn, uint32_t flags, int64_t stream, uint64_t offset,
                        const uint8_t *data, size_t size, void *user, void *of)
{
    struct wr_quic *q = user;
    int err = q->calls->octets(q->user, stream, of, data, size,
                               (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0,
                               (flags & WR_NG_FLAG_EARLY) != 0);

    return err == WR_OK ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int quic_on_close(ngtcp2_conn *conn, uint32_t flags, int64_t stream, uint64_t code,
                         void *user, void *of)
{
    struct wr_quic *q = user;

    q->calls->closed(q->user, stream, of, code);
    return 0;
}

static int quic_on_confirmed(ngtcp2_conn *conn, int64_t stream, uint64_t offset, uint64_t size,
                             void *user, void *of)
{
    struct wr_quic *q = user;

    if (q->calls->confirmed != NULL && size > 0) {
        q->calls->confirmed(q->user, size);
    }
    return 0;
}

static int quic_on_reset(ngtcp2_conn *conn, int64_t stream, uint64_t final_size, uint64_t code,
                         void *user, void *of)
{
    struct wr_quic *q = user;

    q->calls->reset(q->user, stream, of, code);
    return 0;
}

static int quic_on_ready(ngtcp2_conn *conn, void *user)
{
    struct wr_quic *q = user;

    q->state = WR_QUIC_OPEN;
    q->denied = true; /* until it is not */
    wr_quic_tls_ready(q);
    if (!q->server && q->early_sent && !q->early_taken) {
        if (wr_ng_early_rejected(conn) != 0) {
            return NGTCP2_ERR_CALLBACK_FAILURE;
        }
        q->calls->rejected(q->user);
    }
    if (q->server && (wr_quic_tls_opened(q) != WR_OK || wr_quic_tls_send_ticket(q) != WR_OK)) {
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    q->denied = false;
    q->calls->ready(q->user);
    return 0;
}

static int quic_on_room(ngtcp2_conn *conn, uint64_t max, void *user)
{
    struct wr_quic *q = user;

    if (q->calls->room != NULL) {
        q->calls->room(q->user);
    }
    return 0;
}

static int quic_on_path(ngtcp2_conn *conn, uint32_t flags, WR_NG_PATH_ARGS,
                        ngtcp2_path_validation_result result, void *user)
{
    struct wr_quic *q = user;
    struct wr_addr from;

    if (q->calls->proven != NULL) {
        wr_quic_from_sockaddr(path->remote.addr, &from);
        q->calls->proven(q->user, &from, result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS);
    }
    return 0;
}

static void quic_tell_token(void *user, const uint8_t *bytes, size_t size)
{
    struct wr_quic *q = user;

    if (q->calls->token != NULL) {
        q->calls->token(q->user, bytes, size);
    }
}

WR_NG_ON_TOKEN(quic_on_token, quic_tell_token)

static const ngtcp2_callbacks quic_callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .handshake_completed = quic_on_ready,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = quic_on_data,
    .acked_stream_data_offset = quic_on_confirmed,
    .stream_close = quic_on_close,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .extend_max_local_streams_bidi = quic_on_room,
    .rand = quic_on_rand,
    .get_new_connection_id = quic_on_cid,
    .remove_connection_id = quic_on_cid_gone,
    .update_key = ngtcp2_crypto_update_key_cb,
    .path_validation = quic_on_path,
    .stream_reset = quic_on_reset,
    .recv_new_token = quic_on_token,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

/* --- addresses ------------------------------------------------------------------------------------ */

struct quic_path {
    ngtcp2_path path;
    struct sockaddr_storage local, remote;
};

static void quic_set_addr(ngtcp2_addr *to, struct sockaddr_storage *room,
                          const struct wr_addr *addr)
{
    to->addr = (ngtcp2_sockaddr *)(void *)room;
    to->addrlen = (ngtcp2_socklen)wr_quic_sockaddr(addr, room);
}

static void quic_set_path(struct quic_path *p, const struct wr_addr *local,
                          const struct wr_addr *remote)
{
    memset(p, 0, sizeof(*p));
    quic_set_addr(&p->path.local, &p->local, local);
    quic_set_addr(&p->path.remote, &p->remote, remote);
}

/* --- start ---------------------------------------------------------------------------------------- */

static void quic_set(struct wr_quic *q, const struct wr_quic_limits *limits,
                     ngtcp2_settings *settings, ngtcp2_transport_params *params)
{
    ngtcp2_settings_default(settings);
    settings->initial_ts = quic_ns(q->now_us);
    settings->rand_ctx.native_handle = q->env;
    settings->handshake_timeout = (ngtcp2_duration)limits->handshake_ms * NGTCP2_MILLISECONDS;
    settings->max_tx_udp_payload_size = WR_QUIC_DATAGRAM;
    settings->no_pmtud = 1;
    ngtcp2_transport_params_default(params);
    params->initial_max_data = limits->window;
    params->max_idle_timeout = (ngtcp2_duration)limits->idle_ms * NGTCP2_MILLISECONDS;
    params->active_connection_id_limit = WR_QUIC_IDS_ACTIVE;
    params->disable_active_migration = !WR_NG_MOVES;
}

/* Gives what ngtcp2 calls, which copies it. */
static void quic_begin(struct wr_quic *q, struct wr_quic_env *env, bool server,
                       const struct wr_quic_tls *tls, uint64_t now_us,
                       ngtcp2_callbacks *ret_callbacks)
{
    ngtcp2_crypto_conn_ref *ref = (ngtcp2_crypto_conn_ref *)(void *)q->ref;

    q->env = env;
    q->server = server;
    q->now_us = now_us;
    q->standin = tls->standin;
    *ret_callbacks = quic_callbacks;
    if (q->standin != NULL) {
        q->standin->callbacks(ret_callbacks);
    }
    wr_quic_mem_init(q);
    ref->get_conn = quic_conn_of;
    ref->user_data = q;
}

static void quic_to_cid(const struct wr_quic_cid *from, ngtcp2_cid *to)
{
    ngtcp2_cid_init(to, from->bytes, from->size);
}

int wr_quic_accept(struct wr_quic *q, struct wr_quic_env *env, const struct wr_quic_tls *tls,
                   const struct wr_quic_limits *limits, const struct wr_quic_hello *hello,
                   const struct wr_addr *local, const struct wr_addr *from, uint64_t now_us)
{
    ngtcp2_transport_params params;
    ngtcp2_callbacks callbacks;
    ngtcp2_settings settings;
    struct wr_quic_cid made;
    ngtcp2_cid dcid, scid;
    struct quic_path path;
    int err;

    quic_begin(q, env, true, tls, now_us, &callbacks);
    quic_set(q, limits, &settings, &params);
    wr_quic_cid_make(env, &made);
    quic_to_cid(&hello->scid, &dcid);
    quic_to_cid(&made, &scid);
    wr_ng_has_original(&params);
    if (hello->original.size > 0) {
        quic_to_cid(&hello->original, &params.original_dcid);
        quic_to_cid(&hello->dcid, &params.retry_scid);
        params.retry_scid_present = 1;
    } else {
        quic_to_cid(&hello->dcid, &params.original_dcid);
    }
    if (hello->proven) {
        wr_ng_set_token(&settings, hello->token, hello->token_size);
    }
    params.initial_max_streams_bidi = limits->streams;
    params.initial_max_stream_data_bidi_remote = limits->stream_size;
    params.stateless_reset_token_present = 1;
    if ((err = wr_quic_reset_token(env->secrets, &made, params.stateless_reset_token)) != WR_OK) {
        return err;
    }
    quic_set_path(&path, local, from);
    if (ngtcp2_conn_server_new((ngtcp2_conn **)&q->conn, &dcid, &scid, &path.path, hello->version,
                               &callbacks, &settings, &params, (ngtcp2_mem *)(void *)q->mem,
                               q) != 0) {
        q->conn = NULL; /* it leaves what it has freed there */
        return WR_E_NOMEM;
    }
    if ((err = wr_quic_tls_start(q, tls)) != WR_OK ||
        (err = q->calls->cid_added(q->user, made.bytes, made.size)) != WR_OK) {
        wr_quic_end(q);
    }
    return err;
}

int wr_quic_connect(struct wr_quic *q, struct wr_quic_env *env, const struct wr_quic_tls *tls,
                    const struct wr_quic_limits *limits, const struct wr_addr *local,
                    const struct wr_addr *to, const uint8_t *token, size_t token_size,
                    uint64_t now_us)
{
    struct wr_quic_cid random, made;
    ngtcp2_transport_params params;
    ngtcp2_callbacks callbacks;
    ngtcp2_settings settings;
    struct quic_path path;
    ngtcp2_cid dcid, scid;
    int err;

    quic_begin(q, env, false, tls, now_us, &callbacks);
    quic_set(q, limits, &settings, &params);
    random.size = NGTCP2_MAX_CIDLEN;
    wr_rng_bytes(env->rng, random.bytes, random.size);
    wr_quic_cid_make(env, &made);
    quic_to_cid(&random, &dcid);
    quic_to_cid(&made, &scid);
    params.initial_max_stream_data_bidi_local = limits->stream_size;
    wr_ng_set_token(&settings, token, token_size);
    quic_set_path(&path, local, to);
    if (ngtcp2_conn_client_new((ngtcp2_conn **)&q->conn, &dcid, &scid, &path.path,
                               NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params,
                               (ngtcp2_mem *)(void *)q->mem, q) != 0) {
        q->conn = NULL; /* it leaves what it has freed there */
        return WR_E_NOMEM;
    }
    if ((err = wr_quic_tls_start(q, tls)) != WR_OK) {
        wr_quic_end(q);
    }
    return err;
}

void wr_quic_end(struct wr_quic *q)
{
    if (q->conn != NULL) {
        ngtcp2_conn_del(q->conn);
        q->conn = NULL;
    }
    wr_quic_tls_end(q);
    if (q->env != NULL) {
        wr_quic_mem_end(q);
    }
    q->state = WR_QUIC_OVER;
}

/* --- errors --------------------------------------------------------------------------------------- */

/* The library refused: what is left to do. */
static void quic_fail(struct wr_quic *q, int err)
{
    wr_ng_error peer;

    q->error = err;
    switch (err) {
    case NGTCP2_ERR_DRAINING:
        peer = wr_ng_peer_error(q->conn);
        q->by_peer = true;
        q->code = peer.error_code;
        q->code_is_app = WR_NG_ERROR_IS_APP(&peer);
        q->state = WR_QUIC_OVER;
        return;
    case NGTCP2_ERR_RETRY:
        q->wants_retry = true;
        q->state = WR_QUIC_OVER;
        return;
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        q->timed_out = true;
        q->state = WR_QUIC_OVER;
        return;
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
    case NGTCP2_ERR_CLOSING: q->state = WR_QUIC_OVER; return;
    case NGTCP2_ERR_CALLBACK_FAILURE:
        /* A handshake that ended in a failure of ours has no place for an error of the application: ngtcp2 0.12.1 aborts. */
        q->code = q->fail_code;
        q->code_is_app = !q->denied;
        break;
    case NGTCP2_ERR_CRYPTO: q->alert = ngtcp2_conn_get_tls_alert(q->conn); break;
    default: break;
    }
    q->state = WR_QUIC_CLOSING;
}

void wr_quic_close(struct wr_quic *q, uint64_t code)
{
    if (q->state < WR_QUIC_CLOSING) {
        q->code = code;
        q->code_is_app = true;
        q->state = WR_QUIC_CLOSING;
    }
}

/* The last datagram. */
static size_t quic_say_close(struct wr_quic *q, ngtcp2_path *path, uint8_t *room, size_t cap)
{
    wr_ng_error e;
    ngtcp2_pkt_info info = {0};
    ngtcp2_ssize n;

    q->state = WR_QUIC_OVER;
    if (q->ran_out) { /* keys may be missing, and ngtcp2 0.12.1 would not look: nothing is said */
        return 0;
    }
    wr_ng_error_default(&e);
    if (q->code_is_app) {
        wr_ng_error_app(&e, q->code);
    } else if (q->alert != 0) {
        wr_ng_error_alert(&e, q->alert);
    } else {
        wr_ng_error_lib(&e, q->error);
    }
    q->code = e.error_code;
    n = ngtcp2_conn_write_connection_close(q->conn, path, &info, room, cap, &e, quic_ns(q->now_us));
    return n > 0 ? (size_t)n : 0;
}

/* --- datagrams and time --------------------------------------------------------------------------- */

void wr_quic_feed(struct wr_quic *q, const struct wr_addr *local, const struct wr_addr *from,
                  const uint8_t *bytes, size_t size, uint64_t now_us)
{
    ngtcp2_pkt_info info = {0};
    struct quic_path path;
    int err;

    if (q->state >= WR_QUIC_CLOSING) {
        return;
    }
    q->now_us = now_us;
    quic_set_path(&path, local, from);
    err = ngtcp2_conn_read_pkt(q->conn, &path.path, &info, bytes, size, quic_ns(now_us));
    if (err != 0) {
        quic_fail(q, err);
    }
}

/* Asks the owner for stream octets until a datagram is full or there are no more. */
static ngtcp2_ssize quic_write(struct wr_quic *q, ngtcp2_path *path, uint8_t *room, size_t cap)
{
    ngtcp2_vec vec[WR_QUIC_PARTS];
    ngtcp2_pkt_info info;

    for (;;) {
        struct wr_quic_want want = {.stream = -1};
        bool has = q->calls->wants(q->user, &want);
        uint32_t flags = has ? NGTCP2_WRITE_STREAM_FLAG_MORE : 0;
        ngtcp2_ssize n, took = -1;

        for (size_t i = 0; i < want.parts; i++) {
            vec[i] = (ngtcp2_vec){(uint8_t *)(uintptr_t)want.part[i].bytes, want.part[i].size};
        }
        flags |= has && want.fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0;
        n = ngtcp2_conn_writev_stream(q->conn, path, &info, room, cap, &took, flags,
                                      has ? want.stream : -1, vec, want.parts, quic_ns(q->now_us));
        if (has && (n == NGTCP2_ERR_STREAM_DATA_BLOCKED || n == NGTCP2_ERR_STREAM_SHUT_WR ||
                    n == NGTCP2_ERR_STREAM_NOT_FOUND)) {
            q->calls->took(q->user, want.stream, 0, true);
            continue;
        }
        if (has && took >= 0) {
            q->calls->took(q->user, want.stream, (size_t)took, false);
        }
        if (n != NGTCP2_ERR_WRITE_MORE) {
            return n;
        }
    }
}

size_t wr_quic_output(struct wr_quic *q, uint8_t *room, size_t cap, struct wr_addr *ret_local,
                      struct wr_addr *ret_to, uint64_t now_us)
{
    ngtcp2_path_storage ps;
    ngtcp2_ssize n = 0;

    if (q->state == WR_QUIC_OVER) {
        return 0;
    }
    cap = cap < WR_QUIC_DATAGRAM ? cap : WR_QUIC_DATAGRAM;
    q->now_us = now_us;
    ngtcp2_path_storage_zero(&ps);
    if (q->state < WR_QUIC_CLOSING) {
        n = quic_write(q, &ps.path, room, cap);
        if (n < 0) {
            quic_fail(q, (int)n);
        }
    }
    if (q->state == WR_QUIC_CLOSING) {
        n = (ngtcp2_ssize)quic_say_close(q, &ps.path, room, cap);
    }
    if (n <= 0) {
        return 0;
    }
    wr_quic_from_sockaddr(ps.path.local.addr, ret_local);
    wr_quic_from_sockaddr(ps.path.remote.addr, ret_to);
    return (size_t)n;
}

uint64_t wr_quic_deadline(const struct wr_quic *q)
{
    ngtcp2_tstamp at;

    if (q->state == WR_QUIC_CLOSING) {
        return 0;
    }
    if (q->state == WR_QUIC_OVER) {
        return WR_TIME_NEVER;
    }
    at = ngtcp2_conn_get_expiry(q->conn);
    return at == UINT64_MAX ? WR_TIME_NEVER : at / 1000 + 1;
}

void wr_quic_time(struct wr_quic *q, uint64_t now_us)
{
    int err;

    if (q->state >= WR_QUIC_CLOSING) {
        return;
    }
    q->now_us = now_us;
    if (quic_ns(now_us) < ngtcp2_conn_get_expiry(q->conn)) {
        return;
    }
    if ((err = ngtcp2_conn_handle_expiry(q->conn, quic_ns(now_us))) != 0) {
        quic_fail(q, err);
    }
}

/* --- streams -------------------------------------------------------------------------------------- */

int wr_quic_open_stream(struct wr_quic *q, void *of, int64_t *ret_stream)
{
    return q->state < WR_QUIC_CLOSING && ngtcp2_conn_open_bidi_stream(q->conn, ret_stream, of) == 0
               ? WR_OK
               : WR_E_AGAIN;
}

bool wr_quic_may_early(const struct wr_quic *q)
{
    return q->early_sent;
}

void wr_quic_attach(struct wr_quic *q, int64_t stream, void *of)
{
    ngtcp2_conn_set_stream_user_data(q->conn, stream, of);
}

void wr_quic_consumed(struct wr_quic *q, int64_t stream, size_t size)
{
    ngtcp2_conn_extend_max_offset(q->conn, size);
    ngtcp2_conn_extend_max_stream_offset(q->conn, stream, size);
}

void wr_quic_shut(struct wr_quic *q, int64_t stream, uint64_t code)
{
    if (q->conn != NULL && q->state < WR_QUIC_CLOSING) {
        wr_ng_shutdown(q->conn, stream, code);
    }
}

void wr_quic_more_streams(struct wr_quic *q)
{
    ngtcp2_conn_extend_max_streams_bidi(q->conn, 1);
}

bool wr_quic_can_move(void)
{
    return WR_NG_MOVES;
}

void wr_quic_peer(const struct wr_quic *q, struct wr_addr *ret_addr)
{
    wr_quic_from_sockaddr(ngtcp2_conn_get_path(q->conn)->remote.addr, ret_addr);
}

void wr_quic_keep_alive(struct wr_quic *q, uint32_t ms)
{
    if (q->conn != NULL && q->state < WR_QUIC_CLOSING) {
        ngtcp2_conn_set_keep_alive_timeout(
            q->conn, ms > 0 ? (ngtcp2_duration)ms * NGTCP2_MILLISECONDS : WR_NG_NO_KEEP_ALIVE);
    }
}

int wr_quic_migrate(struct wr_quic *q, const struct wr_addr *local, const struct wr_addr *to,
                    uint64_t now_us)
{
    struct quic_path path;

    if (!WR_NG_MOVES) {
        return WR_E_UNSUPPORTED;
    }
    if (q->state != WR_QUIC_OPEN) {
        return WR_E_AGAIN;
    }
    q->now_us = now_us;
    quic_set_path(&path, local, to);
    return ngtcp2_conn_initiate_immediate_migration(q->conn, &path.path, quic_ns(now_us)) == 0
               ? WR_OK
               : WR_E_AGAIN;
}

void wr_quic_send_token(struct wr_quic *q, const struct wr_addr *client)
{
    uint8_t token[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
    struct sockaddr_storage room;
    size_t size = wr_quic_sockaddr(client, &room);
    ngtcp2_ssize n = ngtcp2_crypto_generate_regular_token(
        token, q->env->secrets->token_key, sizeof(q->env->secrets->token_key),
        (const ngtcp2_sockaddr *)(void *)&room, (ngtcp2_socklen)size, quic_ns(q->now_us));

    if (n > 0) {
        ngtcp2_conn_submit_new_token(q->conn, token, (size_t)n);
    }
}

uint64_t wr_quic_rtt_us(const struct wr_quic *q)
{
    return q->conn == NULL || q->state != WR_QUIC_OPEN ? 0 : wr_ng_rtt(q->conn) / 1000;
}

/* RFC 9000 section 20.1. */
static const char *quic_transport_name(uint64_t code)
{
    static const char *const names[] = {
        "the other side ended the connection",
        "the other side: INTERNAL_ERROR",
        "the other side: CONNECTION_REFUSED",
        "the other side: FLOW_CONTROL_ERROR",
        "the other side: STREAM_LIMIT_ERROR",
        "the other side: STREAM_STATE_ERROR",
        "the other side: FINAL_SIZE_ERROR",
        "the other side: FRAME_ENCODING_ERROR",
        "the other side: TRANSPORT_PARAMETER_ERROR",
        "the other side: CONNECTION_ID_LIMIT_ERROR",
        "the other side: PROTOCOL_VIOLATION",
        "the other side: INVALID_TOKEN",
        "the other side: APPLICATION_ERROR",
        "the other side: CRYPTO_BUFFER_EXCEEDED",
        "the other side: KEY_UPDATE_ERROR",
        "the other side: AEAD_LIMIT_REACHED",
        "the other side: NO_VIABLE_PATH",
    };

    if (code >= 0x100 && code < 0x200) {
        return "the other side refused the TLS handshake";
    }
    return code < WR_ARRAY_LEN(names) ? names[code] : "the other side gave the connection up";
}

bool wr_quic_ran_out(const struct wr_quic *q)
{
    return q->ran_out && q->error != 0 && !q->by_peer && !q->failed_verify &&
           !q->timed_out; /* its codes for that are several */
}

const char *wr_quic_why(const struct wr_quic *q)
{
    if (q->failed_verify) {
        return q->why.text[0] != 0 ? q->why.text : "the server is not who it should be";
    }
    if (q->timed_out) {
        return q->error == NGTCP2_ERR_IDLE_CLOSE ? "nothing was heard for too long"
                                                 : "the handshake took too long";
    }
    if (q->by_peer) {
        return q->code_is_app ? "the other side closed the connection"
                              : quic_transport_name(q->code);
    }
    if (q->alert != 0) {
        return "the TLS handshake failed";
    }
    if (q->error == NGTCP2_ERR_RECV_VERSION_NEGOTIATION) {
        return "the server does not speak QUIC version 1";
    }
    if (wr_quic_ran_out(q)) {
        return "no memory for it here";
    }
    return q->error != 0 ? ngtcp2_strerror(q->error) : "closed here";
}
