/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The versions of ngtcp2: the one place that knows in what 0.12.1 (Debian 12) and 1.0 and later differ.
 *
 * Included by the files of transport/ that call ngtcp2, by what stands in for TLS there in tests, and by nobody else. Names here are wr_ng_...; what is the
 * same in both is called by its own name. Built against 0.12.1 and against 1.11 (docs/testing.md).
 */
#ifndef WR_TRANSPORT_QUICVER_H
#define WR_TRANSPORT_QUICVER_H

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <string.h>

/*
 * May the other side, or we, go on from another address? Not with 0.12.1: when it retires a connection id twice, which a client that
 * moves brings about, it ends the program (ngtcp2_conn_track_retired_dcid_seq: Unreachable). 1.11 looks first.
 */
#define WR_NG_MOVES (NGTCP2_VERSION_NUM >= 0x010b00)

#if NGTCP2_VERSION_NUM >= 0x010000

typedef ngtcp2_ccerr wr_ng_error;
#define wr_ng_error_default(e)            ngtcp2_ccerr_default(e)
#define wr_ng_error_app(e, code)          ngtcp2_ccerr_set_application_error((e), (code), NULL, 0)
#define wr_ng_error_transport(e, code)    ngtcp2_ccerr_set_transport_error((e), (code), NULL, 0)
#define wr_ng_error_lib(e, err)           ngtcp2_ccerr_set_liberr((e), (err), NULL, 0)
#define wr_ng_error_alert(e, alert)       ngtcp2_ccerr_set_tls_alert((e), (alert), NULL, 0)
#define WR_NG_ERROR_IS_APP(e)             ((e)->type == NGTCP2_CCERR_TYPE_APPLICATION)
#define WR_NG_FLAG_EARLY                  NGTCP2_STREAM_DATA_FLAG_0RTT
#define wr_ng_shutdown(conn, id, code)    ngtcp2_conn_shutdown_stream((conn), 0, (id), (code))
#define wr_ng_shutdown_read(c, id, code)  ngtcp2_conn_shutdown_stream_read((c), 0, (id), (code))
#define wr_ng_shutdown_write(c, id, code) ngtcp2_conn_shutdown_stream_write((c), 0, (id), (code))
#define wr_ng_early_rejected(conn)        ngtcp2_conn_tls_early_data_rejected(conn)

/* What a TLS calls. */
typedef ngtcp2_encryption_level wr_ng_level;
#define WR_NG_INITIAL      NGTCP2_ENCRYPTION_LEVEL_INITIAL
#define WR_NG_HANDSHAKE    NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE
#define WR_NG_OPEN         NGTCP2_ENCRYPTION_LEVEL_1RTT
#define wr_ng_shaken(conn) ngtcp2_conn_tls_handshake_completed(conn)
#define wr_ng_params(conn, p, size) \
    ngtcp2_conn_decode_and_set_remote_transport_params(conn, p, size)

static inline wr_ng_error wr_ng_peer_error(ngtcp2_conn *conn)
{
    return *ngtcp2_conn_get_ccerr(conn);
}

static inline void wr_ng_set_token(ngtcp2_settings *s, const uint8_t *token, size_t size)
{
    s->token = token;
    s->tokenlen = size;
}

static inline const uint8_t *wr_ng_token(const ngtcp2_pkt_hd *hd, size_t *ret_size)
{
    *ret_size = hd->tokenlen;
    return hd->token;
}

static inline void wr_ng_has_original(ngtcp2_transport_params *p)
{
    p->original_dcid_present = 1;
}

/* Smoothed round-trip time in nanoseconds. */
static inline uint64_t wr_ng_rtt(ngtcp2_conn *conn)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info(conn, &info);
    return info.smoothed_rtt;
}

#define WR_NG_PATH_ARGS const ngtcp2_path *path, const ngtcp2_path *old
/* Defines the callback by which a client is told of a token for the next time. */
#define WR_NG_ON_TOKEN(name, tell)                                                    \
    static int name(ngtcp2_conn *conn, const uint8_t *bytes, size_t size, void *user) \
    {                                                                                 \
        tell(user, bytes, size);                                                      \
        return 0;                                                                     \
    }

#define WR_NG_NO_KEEP_ALIVE UINT64_MAX

/* What a client keeps with a ticket, to send early data by. 0: nothing. */
static inline size_t wr_ng_save_params(ngtcp2_conn *conn, uint8_t *room, size_t cap)
{
    ngtcp2_ssize n = ngtcp2_conn_encode_0rtt_transport_params(conn, room, cap);

    return n > 0 ? (size_t)n : 0;
}

static inline int wr_ng_load_params(ngtcp2_conn *conn, const uint8_t *bytes, size_t size)
{
    return ngtcp2_conn_decode_and_set_0rtt_transport_params(conn, bytes, size);
}

#else

typedef ngtcp2_crypto_level wr_ng_level;
#define WR_NG_INITIAL               NGTCP2_CRYPTO_LEVEL_INITIAL
#define WR_NG_HANDSHAKE             NGTCP2_CRYPTO_LEVEL_HANDSHAKE
#define WR_NG_OPEN                  NGTCP2_CRYPTO_LEVEL_APPLICATION
#define wr_ng_shaken(conn)          ngtcp2_conn_handshake_completed(conn)
#define wr_ng_params(conn, p, size) ngtcp2_conn_decode_remote_transport_params(conn, p, size)

typedef ngtcp2_connection_close_error wr_ng_error;
#define wr_ng_error_default(e)      ngtcp2_connection_close_error_default(e)
#define wr_ng_error_app(e, code) \
    ngtcp2_connection_close_error_set_application_error((e), (code), NULL, 0)
#define wr_ng_error_transport(e, code) \
    ngtcp2_connection_close_error_set_transport_error((e), (code), NULL, 0)
#define wr_ng_error_lib(e, err) \
    ngtcp2_connection_close_error_set_transport_error_liberr((e), (err), NULL, 0)
#define wr_ng_error_alert(e, alert) \
    ngtcp2_connection_close_error_set_transport_error_tls_alert((e), (alert), NULL, 0)
#define WR_NG_ERROR_IS_APP(e)             ((e)->type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION)
#define WR_NG_FLAG_EARLY                  NGTCP2_STREAM_DATA_FLAG_EARLY
#define wr_ng_shutdown(conn, id, code)    ngtcp2_conn_shutdown_stream((conn), (id), (code))
#define wr_ng_shutdown_read(c, id, code)  ngtcp2_conn_shutdown_stream_read((c), (id), (code))
#define wr_ng_shutdown_write(c, id, code) ngtcp2_conn_shutdown_stream_write((c), (id), (code))
#define wr_ng_early_rejected(conn)        ngtcp2_conn_early_data_rejected(conn)

static inline wr_ng_error wr_ng_peer_error(ngtcp2_conn *conn)
{
    wr_ng_error e;

    ngtcp2_conn_get_connection_close_error(conn, &e);
    return e;
}

static inline void wr_ng_set_token(ngtcp2_settings *s, const uint8_t *token, size_t size)
{
    s->token.base = (uint8_t *)(uintptr_t)token;
    s->token.len = size;
}

static inline const uint8_t *wr_ng_token(const ngtcp2_pkt_hd *hd, size_t *ret_size)
{
    *ret_size = hd->token.len;
    return hd->token.base;
}

static inline void wr_ng_has_original(ngtcp2_transport_params *p)
{
    (void)p;
}

static inline uint64_t wr_ng_rtt(ngtcp2_conn *conn)
{
    ngtcp2_conn_stat stat;

    ngtcp2_conn_get_conn_stat(conn, &stat);
    return stat.smoothed_rtt;
}

#define WR_NG_PATH_ARGS const ngtcp2_path *path
#define WR_NG_ON_TOKEN(name, tell)                                        \
    static int name(ngtcp2_conn *conn, const ngtcp2_vec *vec, void *user) \
    {                                                                     \
        tell(user, vec->base, vec->len);                                  \
        return 0;                                                         \
    }

#define WR_NG_NO_KEEP_ALIVE 0

static inline size_t wr_ng_save_params(ngtcp2_conn *conn, uint8_t *room, size_t cap)
{
    const ngtcp2_transport_params *all = ngtcp2_conn_get_remote_transport_params(conn);
    ngtcp2_transport_params p = {0};
    ngtcp2_ssize n;

    if (all == NULL) {
        return 0;
    }
    /* RFC 9000 section 7.4.1: what is remembered. */
    p.initial_max_streams_bidi = all->initial_max_streams_bidi;
    p.initial_max_streams_uni = all->initial_max_streams_uni;
    p.initial_max_stream_data_bidi_local = all->initial_max_stream_data_bidi_local;
    p.initial_max_stream_data_bidi_remote = all->initial_max_stream_data_bidi_remote;
    p.initial_max_stream_data_uni = all->initial_max_stream_data_uni;
    p.initial_max_data = all->initial_max_data;
    p.active_connection_id_limit = all->active_connection_id_limit;
    p.max_idle_timeout = all->max_idle_timeout;
    p.max_udp_payload_size = all->max_udp_payload_size;
    p.ack_delay_exponent = all->ack_delay_exponent;
    p.max_ack_delay = all->max_ack_delay;
    p.original_dcid.datalen = 8; /* the encoder of a server's set wants one */
    n = ngtcp2_encode_transport_params(room, cap, NGTCP2_TRANSPORT_PARAMS_TYPE_ENCRYPTED_EXTENSIONS,
                                       &p);
    return n > 0 ? (size_t)n : 0;
}

static inline int wr_ng_load_params(ngtcp2_conn *conn, const uint8_t *bytes, size_t size)
{
    ngtcp2_transport_params p;
    int err = ngtcp2_decode_transport_params(&p, NGTCP2_TRANSPORT_PARAMS_TYPE_ENCRYPTED_EXTENSIONS,
                                             bytes, size);

    if (err == 0) {
        ngtcp2_conn_set_early_remote_transport_params(conn, &p);
    }
    return err;
}

#endif

#endif
