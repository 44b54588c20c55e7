/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/quictls.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/doq.h"
#include "transport/quicver.h"
#include "transport/tlspeer.h"

/* A kept session: version, digest of the rest, length of the transport parameters, those, GnuTLS's own. */
enum {
    TICKET_VERSION = 1,
    TICKET_DIGEST = 1,
    TICKET_LENGTH = 17,
    TICKET_HEAD = 19,
    PARAMS_MAX = 256
};

/* Against accidents, not against malice: GnuTLS trusts what it packed itself. */
static void ticket_digest(const uint8_t *ticket, size_t size, uint8_t ret[16])
{
    static const struct wr_hash_key key = {{0x7175696374696b65, 0x74}};
    uint64_t digest[2];

    wr_hash_sip24_128(&key, ticket + TICKET_LENGTH, size - TICKET_LENGTH, digest);
    memcpy(ret, digest, 16);
}

static struct wr_quic *tls_owner(gnutls_session_t session)
{
    ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

    return ref->user_data;
}

int wr_quic_tls_judge(struct wr_quic *q, struct wr_certs *chain)
{
    chain->now = q->began;
    chain->now.mono_us = q->now_us;
    chain->now.wall_s += (int64_t)((q->now_us - q->began.mono_us) / WR_S);
    return q->verify == NULL ? WR_E_DENIED : q->verify(q->verify_user, chain, &q->why);
}

static int tls_judge(struct wr_quic *q)
{
    struct wr_certs chain = {.of_server = !q->server};

    return wr_tlspeer_chain(q->session, &chain) == WR_OK ? wr_quic_tls_judge(q, &chain)
                                                         : WR_E_DENIED;
}

static int tls_verify(gnutls_session_t session)
{
    struct wr_quic *q = tls_owner(session);

    if (q->server) {
        return 0; /* whether the client has its key is not known before the handshake is complete */
    }
    q->failed_verify = tls_judge(q) != WR_OK;
    return q->failed_verify ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR : 0;
}

/* Signed with a certificate's key; when it was not, the handshake fails after this. */
static int tls_on_signature(gnutls_session_t session, unsigned int type, unsigned int when,
                            unsigned int incoming, const gnutls_datum_t *msg)
{
    struct wr_quic *q = tls_owner(session);

    q->signed_by_peer = q->signed_by_peer || incoming != 0;
    return 0;
}

static int tls_on_ticket(gnutls_session_t session, unsigned int type, unsigned int when,
                         unsigned int incoming, const gnutls_datum_t *msg)
{
    struct wr_quic *q = tls_owner(session);

    q->has_ticket = true;
    if (q->calls->ticket != NULL) {
        q->calls->ticket(q->user);
    }
    return 0;
}

static int tls_server(struct wr_quic *q, const struct wr_quic_tls *tls)
{
    if (gnutls_init((gnutls_session_t *)&q->session,
                    GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET | GNUTLS_NO_END_OF_EARLY_DATA |
                        (tls->anti_replay != NULL ? GNUTLS_ENABLE_EARLY_DATA : 0)) != 0) {
        return WR_E_NOMEM;
    }
    gnutls_session_set_verify_function(q->session, tls_verify);
    gnutls_handshake_set_hook_function(q->session, GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY,
                                       GNUTLS_HOOK_POST, tls_on_signature);
    if (wr_tlspeer_serve(q->session, tls->ask, tls->ticket_key) != 0) {
        return WR_E_NOMEM;
    }
    if (tls->ticket_key != NULL && tls->anti_replay != NULL) {
        gnutls_anti_replay_enable(q->session, tls->anti_replay);
        gnutls_record_set_max_early_data_size(q->session, 0xffffffffu); /* RFC 9001 section 4.6.1 */
    }
    q->has_ticket = tls->ticket_key != NULL;
    return ngtcp2_crypto_gnutls_configure_server_session(q->session) == 0 ? WR_OK : WR_E_NOMEM;
}

/* What was kept is good for nothing if it cannot be read: the handshake is a full one then. */
static bool tls_resume(struct wr_quic *q, const struct wr_quic_tls *tls)
{
    uint8_t digest[16];
    size_t params;

    if (tls->ticket == NULL || tls->ticket_size < TICKET_HEAD || tls->ticket[0] != TICKET_VERSION) {
        return false;
    }
    ticket_digest(tls->ticket, tls->ticket_size, digest);
    if (memcmp(digest, tls->ticket + TICKET_DIGEST, sizeof(digest)) != 0) {
        return false;
    }
    params = (size_t)tls->ticket[TICKET_LENGTH] << 8 | tls->ticket[TICKET_LENGTH + 1];
    if (params > tls->ticket_size - TICKET_HEAD ||
        gnutls_session_set_data(q->session, tls->ticket + TICKET_HEAD + params,
                                tls->ticket_size - TICKET_HEAD - params) != 0) {
        return false;
    }
    return params > 0 && wr_ng_load_params(q->conn, tls->ticket + TICKET_HEAD, params) == 0;
}

static int tls_client(struct wr_quic *q, const struct wr_quic_tls *tls)
{
    if (gnutls_init((gnutls_session_t *)&q->session,
                    GNUTLS_CLIENT | GNUTLS_ENABLE_EARLY_DATA | GNUTLS_NO_END_OF_EARLY_DATA) != 0) {
        return WR_E_NOMEM;
    }
    wr_creds_clock(tls->now.wall_s);
    gnutls_session_set_verify_function(q->session, tls_verify);
    gnutls_handshake_set_hook_function(q->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
                                       GNUTLS_HOOK_POST, tls_on_ticket);
    if (tls->host != NULL &&
        gnutls_server_name_set(q->session, GNUTLS_NAME_DNS, tls->host, strlen(tls->host)) != 0) {
        return WR_E_NOMEM;
    }
    if (ngtcp2_crypto_gnutls_configure_client_session(q->session) != 0) {
        return WR_E_NOMEM;
    }
    q->early_sent = tls_resume(q, tls);
    return WR_OK;
}

/* Under GnuTLS; `session` is there. */
static int tls_set(struct wr_quic *q, const struct wr_quic_tls *tls)
{
    gnutls_datum_t alpn = {(uint8_t *)(uintptr_t)WR_DOQ_ALPN, sizeof(WR_DOQ_ALPN) - 1};

    gnutls_session_set_ptr(q->session, q->ref);
    if (gnutls_priority_set(q->session, q->env->priority) != 0 ||
        gnutls_credentials_set(q->session, GNUTLS_CRD_CERTIFICATE, wr_creds_library(tls->creds)) !=
            0 ||
        gnutls_alpn_set_protocols(q->session, &alpn, 1, GNUTLS_ALPN_MANDATORY) != 0) {
        return WR_E_NOMEM;
    }
    ngtcp2_conn_set_tls_native_handle(q->conn, q->session);
    return WR_OK;
}

int wr_quic_tls_start(struct wr_quic *q, const struct wr_quic_tls *tls)
{
    int err;

    if (q->env->memory + WR_QUIC_TLS_OCTETS > q->env->memory_max) {
        return WR_E_NOMEM;
    }
    q->verify = tls->verify;
    q->verify_user = tls->verify_user;
    q->began = tls->now;
    err = q->standin != NULL ? q->standin->start(q, tls)
          : q->server        ? tls_server(q, tls)
                             : tls_client(q, tls);
    if (q->session != NULL) {
        q->env->memory += WR_QUIC_TLS_OCTETS;
    }
    if (err != WR_OK) {
        return err;
    }
    q->creds = wr_creds_keep(tls->creds);
    return q->standin != NULL ? WR_OK : tls_set(q, tls);
}

void wr_quic_tls_ready(struct wr_quic *q)
{
    if (q->standin == NULL) {
        q->resumed = gnutls_session_is_resumed(q->session) != 0;
        q->early_taken = (gnutls_session_get_flags(q->session) & GNUTLS_SFLAGS_EARLY_DATA) != 0;
    }
}

int wr_quic_tls_opened(struct wr_quic *q)
{
    if (q->standin != NULL) {
        return WR_OK;
    }
    if (wr_tlspeer_borrowed(q->session, q->signed_by_peer)) {
        return WR_E_DENIED;
    }
    return wr_quic_has_certificate(q) ? tls_judge(q) : WR_OK;
}

int wr_quic_sni(const struct wr_quic *q, char *room, size_t cap)
{
    return q->standin != NULL ? WR_E_NOTFOUND : wr_tlspeer_sni(q->session, room, cap);
}

bool wr_quic_has_certificate(const struct wr_quic *q)
{
    return q->standin == NULL && wr_tlspeer_has_certificate(q->session);
}

int wr_quic_tls_send_ticket(struct wr_quic *q)
{
    if (q->standin != NULL) {
        return q->standin->send_ticket(q);
    }
    return !q->has_ticket || gnutls_session_ticket_send(q->session, 1, 0) == 0 ? WR_OK : WR_E_NOMEM;
}

void wr_quic_tls_end(struct wr_quic *q)
{
    if (q->session != NULL) {
        if (q->standin != NULL) {
            q->standin->end(q);
        } else {
            gnutls_deinit(q->session);
        }
        q->session = NULL;
        q->env->memory -= WR_QUIC_TLS_OCTETS;
    }
    wr_creds_drop(q->creds);
    q->creds = NULL;
}

size_t wr_quic_ticket(struct wr_quic *q, uint8_t *room, size_t cap)
{
    gnutls_datum_t data = {NULL, 0};
    size_t params, size = 0;

    if (q->standin != NULL) {
        return q->has_ticket && q->session != NULL ? q->standin->ticket(q, room, cap) : 0;
    }
    if (!q->has_ticket || q->conn == NULL || cap < TICKET_HEAD + PARAMS_MAX ||
        gnutls_session_get_data2(q->session, &data) != 0) {
        return 0;
    }
    params = wr_ng_save_params(q->conn, room + TICKET_HEAD, PARAMS_MAX);
    if (data.size <= cap - TICKET_HEAD - params) {
        room[0] = TICKET_VERSION;
        room[TICKET_LENGTH] = (uint8_t)(params >> 8);
        room[TICKET_LENGTH + 1] = (uint8_t)params;
        memcpy(room + TICKET_HEAD + params, data.data, data.size);
        size = TICKET_HEAD + params + data.size;
        ticket_digest(room, size, room + TICKET_DIGEST);
    }
    gnutls_free(data.data);
    return size;
}
