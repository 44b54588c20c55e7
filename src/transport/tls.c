/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/tls.h"

#include <errno.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "transport/tlspeer.h"

enum { RECORD_MAX = 16384, ALPN_MAX = 4, TICKET_SUM = 32 /* SHA-256 before a ticket */ };

/* --- the library's sides of the memory ---------------------------------------------------------------- */

static ssize_t tls_pull(gnutls_transport_ptr_t ptr, void *room, size_t cap)
{
    struct wr_tls *t = ptr;
    size_t n = t->in_size < cap ? t->in_size : cap;

    if (n > 0 && t->state == WR_TLS_HANDSHAKE && n > t->handshake_left) {
        t->err = WR_E_LIMIT;
        gnutls_transport_set_errno(t->session, EPIPE);
        return -1;
    }
    if (n == 0) {
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    memcpy(room, t->in, n);
    t->handshake_left -= t->state == WR_TLS_HANDSHAKE ? (uint32_t)n : 0;
    t->in += n;
    t->in_size -= n;
    return (ssize_t)n;
}

static int tls_pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
    const struct wr_tls *t = ptr;

    return t->in_size > 0;
}

static ssize_t tls_push(gnutls_transport_ptr_t ptr, const void *bytes, size_t n)
{
    struct wr_tls *t = ptr;
    uint8_t *to = t->out != NULL ? wr_buf_take(t->out, n) : NULL;

    if (to == NULL) {
        t->err = WR_E_FULL;
        gnutls_transport_set_errno(t->session, EPIPE);
        return -1;
    }
    memcpy(to, bytes, n);
    return (ssize_t)n;
}

/* --- the end ------------------------------------------------------------------------------------------- */

static void tls_say(struct wr_tls *t, const char *text, const char *more)
{
    struct wr_str s;

    if (t->why.text[0] != '\0') {
        return; /* the hook knew better */
    }
    wr_str_init(&s, t->why.text, sizeof(t->why.text));
    wr_str_text(&s, text);
    wr_str_text(&s, more);
}

/* What a failure of the library is, for the caller and for people. */
static int tls_reason(struct wr_tls *t, int said)
{
    const char *alert;

    switch (said) {
    case GNUTLS_E_MEMORY_ERROR: tls_say(t, "out of memory", ""); return WR_E_NOMEM;
    case GNUTLS_E_CERTIFICATE_ERROR:
    case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
        tls_say(t, "the peer's certificate is not acceptable", "");
        return WR_E_DENIED;
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
        alert =
            gnutls_alert_get_name(gnutls_alert_get(t->session)); /* NULL for a number unheard of */
        tls_say(t, "the peer refused: ", alert != NULL ? alert : "nobody knows why");
        return WR_E_DENIED;
    case GNUTLS_E_NO_APPLICATION_PROTOCOL:
        tls_say(t, "the peer speaks another protocol (ALPN)", "");
        return WR_E_DENIED;
    default: tls_say(t, "TLS failed: ", gnutls_strerror(said)); return WR_E_FORMAT;
    }
}

static int tls_fail(struct wr_tls *t, int said)
{
    if (t->err == WR_OK) {
        t->err = tls_reason(t, said);
        if (said != GNUTLS_E_FATAL_ALERT_RECEIVED) {
            int err = t->err;

            gnutls_alert_send_appropriate(t->session, said);
            t->err = err; /* the alert may have had no room */
        }
    } else {
        tls_say(t,
                t->err == WR_E_FULL ? "no room for what is to be sent"
                                    : "more octets than a handshake has",
                "");
    }
    t->state = WR_TLS_FAILED;
    return t->err;
}

/* --- who is the peer ------------------------------------------------------------------------------------ */

static int tls_judge(struct wr_tls *t)
{
    struct wr_certs chain = {.now = t->now, .of_server = t->role == WR_TLS_CLIENT};
    int err = wr_tlspeer_chain(t->session, &chain);

    if (err != WR_OK) {
        tls_say(t, err == WR_E_LIMIT ? "too long a chain" : "the peer has no certificate", "");
        return WR_E_DENIED;
    }
    t->verified = t->verify(t->user, &chain, &t->why) == WR_OK;
    return t->verified ? WR_OK : WR_E_DENIED;
}

static int tls_on_verify(gnutls_session_t session)
{
    struct wr_tls *t = gnutls_session_get_ptr(session);

    if (t->role == WR_TLS_SERVER) {
        return 0; /* whether the client has its key is not known before the session is open */
    }
    return t->verify == NULL || tls_judge(t) != WR_OK ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

static bool tls_is_borrowed(struct wr_tls *t)
{
    bool borrowed = wr_tlspeer_borrowed(t->session, t->signed_by_peer);

    if (borrowed) {
        tls_say(t, "the certificate of another's ticket", "");
    }
    return borrowed;
}

/* What comes is signed with a certificate's key; when it was not, the handshake fails after this. A ticket of TLS 1.2 leaves before the
 * handshake is complete: whoever has borrowed a certificate must not have one in which it is his. */
static int tls_on_message(gnutls_session_t session, unsigned int type, unsigned int when,
                          unsigned int incoming, const gnutls_datum_t *msg)
{
    struct wr_tls *t = gnutls_session_get_ptr(session);

    t->signed_by_peer =
        t->signed_by_peer || (incoming != 0 && type == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY);
    return incoming == 0 && type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET && tls_is_borrowed(t)
               ? GNUTLS_E_CERTIFICATE_ERROR
               : 0;
}

/* --- start ------------------------------------------------------------------------------------------------ */

static int tls_set_alpn(struct wr_tls *t, const struct wr_tls_setup *setup)
{
    gnutls_datum_t name[ALPN_MAX];

    if (setup->alpn_count > ALPN_MAX) {
        return GNUTLS_E_INVALID_REQUEST;
    }
    for (size_t i = 0; i < setup->alpn_count; i++) {
        name[i].data = (unsigned char *)(uintptr_t)setup->alpn[i];
        name[i].size = (unsigned)strlen(setup->alpn[i]);
    }
    t->alpn_count = (uint8_t)setup->alpn_count;
    t->alpn_names = setup->alpn;
    if (setup->alpn_count == 0) {
        return 0;
    }
    return gnutls_alpn_set_protocols(
        t->session, name, (unsigned)setup->alpn_count,
        t->role == WR_TLS_SERVER ? GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE : 0);
}

static int tls_set_server(struct wr_tls *t, const struct wr_tls_setup *setup)
{
    gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH,
                                       tls_on_message);
    t->tickets_on = setup->ticket_key != NULL;
    return wr_tlspeer_serve(t->session, setup->ask, setup->ticket_key);
}

/* The library trusts what it packed itself: cut or altered octets would make it read beyond them. */
static bool ticket_whole(const struct wr_tls_setup *setup)
{
    uint8_t sum[TICKET_SUM];

    return setup->ticket != NULL && setup->ticket_size > TICKET_SUM &&
           gnutls_hash_fast(GNUTLS_DIG_SHA256, setup->ticket + TICKET_SUM,
                            setup->ticket_size - TICKET_SUM, sum) == 0 &&
           memcmp(sum, setup->ticket, TICKET_SUM) == 0;
}

static int tls_set_client(struct wr_tls *t, const struct wr_tls_setup *setup)
{
    int said = 0;

    if (setup->name != NULL) {
        said =
            gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, setup->name, strlen(setup->name));
    }
    if (ticket_whole(setup)) { /* one that cannot be read makes a full handshake */
        gnutls_session_set_data(t->session, setup->ticket + TICKET_SUM,
                                setup->ticket_size - TICKET_SUM);
    }
    return said;
}

static int tls_set(struct wr_tls *t, const struct wr_tls_setup *setup)
{
    int said = setup->newest ? gnutls_priority_set_direct(t->session, wr_creds_newest(), NULL)
                             : gnutls_priority_set(t->session, wr_creds_priority(setup->creds));

    gnutls_session_set_ptr(t->session, t);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, tls_pull);
    gnutls_transport_set_pull_timeout_function(t->session, tls_pull_timeout);
    gnutls_transport_set_push_function(t->session, tls_push);
    gnutls_session_set_verify_function(t->session, tls_on_verify);
    if (said == 0) {
        said = gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE,
                                      wr_creds_library(setup->creds));
    }
    if (said == 0) {
        said = tls_set_alpn(t, setup);
    }
    if (said == 0) {
        said = t->role == WR_TLS_SERVER ? tls_set_server(t, setup) : tls_set_client(t, setup);
    }
    return said;
}

static int tls_handshake(struct wr_tls *t);

int wr_tls_start(struct wr_tls *t, const struct wr_tls_setup *setup, const struct wr_now *now,
                 struct wr_writer *out)
{
    unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_AUTO_SEND_TICKET;
    gnutls_session_t session;
    int said;

    wr_assert(setup->role == WR_TLS_SERVER || setup->verify != NULL);
    wr_assert(!setup->ask || setup->verify != NULL);
    *t = (struct wr_tls){.role = (uint8_t)setup->role,
                         .state = WR_TLS_HANDSHAKE,
                         .alpn = -1,
                         .verify = setup->verify,
                         .user = setup->user,
                         .standin = setup->standin,
                         .now = *now};
    if (t->standin != NULL) {
        t->creds = wr_creds_keep(setup->creds);
        return t->standin->start(t, setup, out);
    }
    t->handshake_left =
        t->role == WR_TLS_SERVER ? WR_TLS_HELLO_OCTETS_MAX : WR_TLS_CHAIN_OCTETS_MAX;
    wr_creds_clock(now->wall_s);
    flags |= t->role == WR_TLS_SERVER ? GNUTLS_SERVER : GNUTLS_CLIENT;
    flags |= t->role == WR_TLS_SERVER && setup->ticket_key == NULL ? GNUTLS_NO_TICKETS : 0;
    if (gnutls_init(&session, flags) != 0) {
        t->state = WR_TLS_FAILED;
        t->err = WR_E_NOMEM;
        tls_say(t, "out of memory", "");
        return t->err;
    }
    t->session = session;
    t->creds = wr_creds_keep(setup->creds);
    said = tls_set(t, setup);
    if (said != 0) {
        t->err = said == GNUTLS_E_MEMORY_ERROR ? WR_E_NOMEM : WR_E_USAGE;
        tls_say(t, "TLS cannot begin: ", gnutls_strerror(said));
        t->state = WR_TLS_FAILED;
        return t->err;
    }
    if (t->role == WR_TLS_CLIENT) {
        t->out = out;
        said = tls_handshake(t);
        t->out = NULL;
        return said == WR_E_AGAIN ? WR_OK : said;
    }
    return WR_OK;
}

/* --- moving ------------------------------------------------------------------------------------------------ */

/* Which of the offered names was agreed on. */
static void tls_find_alpn(struct wr_tls *t)
{
    gnutls_datum_t got;

    t->alpn = -1;
    if (t->alpn_count == 0 || gnutls_alpn_get_selected_protocol(t->session, &got) != 0) {
        return;
    }
    for (int i = 0; i < t->alpn_count; i++) {
        const char *name = t->alpn_names[i];

        if (strlen(name) == got.size && memcmp(name, got.data, got.size) == 0) {
            t->alpn = (int8_t)i;
        }
    }
}

/* A client need not have a certificate. One that a ticket of ours brings back is judged anew, as things are now. */
static int tls_judge_client(struct wr_tls *t)
{
    if (tls_is_borrowed(t)) {
        return WR_E_DENIED;
    }
    return t->verify == NULL || !wr_tlspeer_has_certificate(t->session) ? WR_OK : tls_judge(t);
}

static int tls_opened(struct wr_tls *t)
{
    t->state = WR_TLS_OPEN;
    t->resumed = gnutls_session_is_resumed(t->session) != 0;
    tls_find_alpn(t);
    if (t->role == WR_TLS_SERVER && tls_judge_client(t) != WR_OK) {
        return tls_fail(t, GNUTLS_E_CERTIFICATE_ERROR);
    }
    if (t->role == WR_TLS_CLIENT && !t->resumed && !t->verified) {
        tls_say(t, "the peer did not say who it is", ""); /* no suite of ours lets it */
        return tls_fail(t, GNUTLS_E_NO_CERTIFICATE_FOUND);
    }
    if (t->tickets_on && gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_3) {
        int said = gnutls_session_ticket_send(t->session, 1, 0);

        return said < 0 && gnutls_error_is_fatal(said) ? tls_fail(t, said) : WR_OK;
    }
    return WR_OK;
}

/* The library may want to be called again while there are octets: a message in several records, a warning, a ticket. Each such turn
 * uses octets up, and a few may do without. */
static bool tls_turn(const struct wr_tls *t, size_t had, int *step)
{
    *step += t->in_size == had;
    return *step < WR_TLS_STEPS_MAX;
}

static int tls_handshake(struct wr_tls *t)
{
    size_t had;
    int step = 0;

    do {
        int said;

        had = t->in_size;
        said = gnutls_handshake(t->session);

        if (t->err != WR_OK) { /* no room, or too much: the library may take that for a pause */
            return tls_fail(t, GNUTLS_E_PUSH_ERROR);
        }
        if (said == 0) {
            return tls_opened(t);
        }
        if (said == GNUTLS_E_AGAIN && t->in_size == 0) {
            return WR_E_AGAIN;
        }
        if (gnutls_error_is_fatal(said)) {
            return tls_fail(t, said);
        }
    } while (tls_turn(t, had, &step));
    tls_say(t, "the peer only warns", "");
    return tls_fail(t, GNUTLS_E_UNEXPECTED_PACKET);
}

static int tls_record(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n)
{
    size_t had;
    int step = 0;

    do {
        ssize_t said;

        had = t->in_size;
        said = gnutls_record_recv(t->session, room, cap);

        if (t->err != WR_OK) {
            return tls_fail(t, GNUTLS_E_PUSH_ERROR);
        }
        if (said > 0) {
            *ret_n = (size_t)said;
            return WR_OK;
        }
        if (said == 0) {
            t->state = WR_TLS_ENDED;
            return WR_E_CLOSED;
        }
        if (said == GNUTLS_E_AGAIN && t->in_size == 0) {
            return WR_E_AGAIN;
        }
        if (said == GNUTLS_E_REHANDSHAKE || gnutls_error_is_fatal((int)said)) {
            return tls_fail(t, said == GNUTLS_E_REHANDSHAKE ? GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET
                                                            : (int)said);
        }
    } while (tls_turn(t, had, &step));
    tls_say(t, "the peer sends records without data", "");
    return tls_fail(t, GNUTLS_E_UNEXPECTED_PACKET);
}

/* Where a record ends: the library does not tell that part of one waits. */
static void tls_follow(struct wr_tls *t, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t n = size < t->record_left ? size : t->record_left;

        if (n == 0) {
            t->header[t->header_n++] = *bytes;
            n = 1;
            if (t->header_n == sizeof(t->header)) {
                t->header_n = 0;
                t->record_left = (uint16_t)(t->header[3] << 8 | t->header[4]);
            }
        } else {
            t->record_left = (uint16_t)(t->record_left - n);
        }
        bytes += n;
        size -= n;
    }
}

void wr_tls_feed(struct wr_tls *t, const uint8_t *bytes, size_t size, const struct wr_now *now)
{
    wr_assert(t->in_size == 0 || t->state >= WR_TLS_ENDED);
    t->in = bytes;
    t->in_size = size;
    t->now = *now;
    tls_follow(t, bytes, size);
    wr_creds_clock(now->wall_s);
}

int wr_tls_read(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n, struct wr_writer *out)
{
    int err = WR_OK;

    if (t->state == WR_TLS_FAILED) {
        return t->err;
    }
    if (t->state == WR_TLS_NONE || t->state >= WR_TLS_ENDED) {
        return WR_E_CLOSED;
    }
    if (t->standin != NULL) {
        return t->standin->read(t, room, cap, ret_n, out);
    }
    if (t->state == WR_TLS_OPEN && t->in_size == 0 &&
        gnutls_record_check_pending(t->session) == 0) {
        return WR_E_AGAIN; /* the library would find out the long way */
    }
    t->out = out;
    if (t->state == WR_TLS_HANDSHAKE) {
        err = tls_handshake(t);
    }
    if (err == WR_OK) {
        err = tls_record(t, room, cap, ret_n);
    }
    t->out = NULL;
    return err;
}

int wr_tls_write(struct wr_tls *t, const uint8_t *bytes, size_t size, struct wr_writer *out)
{
    int err = WR_OK;

    if (t->state != WR_TLS_OPEN && t->state != WR_TLS_ENDED) {
        return t->state == WR_TLS_FAILED ? t->err : WR_E_USAGE;
    }
    if (t->standin != NULL) {
        return t->standin->write(t, bytes, size, out);
    }
    t->out = out;
    for (size_t at = 0; at < size && err == WR_OK;) {
        size_t n = size - at < RECORD_MAX ? size - at : RECORD_MAX;
        ssize_t said = gnutls_record_send(t->session, bytes + at, n);

        if (said < 0 || t->err != WR_OK) {
            err = tls_fail(t, said < 0 ? (int)said : GNUTLS_E_PUSH_ERROR);
        } else {
            at += (size_t)said;
        }
    }
    t->out = NULL;
    return err;
}

void wr_tls_close(struct wr_tls *t, struct wr_writer *out)
{
    if (t->standin != NULL && (t->state == WR_TLS_OPEN || t->state == WR_TLS_ENDED)) {
        t->standin->close(t, out);
    } else if (t->state == WR_TLS_OPEN || t->state == WR_TLS_ENDED) {
        t->out = out;
        gnutls_bye(t->session, GNUTLS_SHUT_WR);
        t->out = NULL;
    }
    if (t->state != WR_TLS_FAILED && t->state != WR_TLS_NONE) {
        t->state = WR_TLS_CLOSED;
    }
}

void wr_tls_end(struct wr_tls *t)
{
    if (t->session != NULL && t->standin != NULL) {
        t->standin->end(t);
    } else if (t->session != NULL) {
        gnutls_deinit(t->session);
    }
    t->session = NULL;
    wr_creds_drop(t->creds);
    t->creds = NULL;
    t->in_size = 0;
    if (t->state != WR_TLS_FAILED) {
        t->state = WR_TLS_NONE;
    }
}

/* --- facts --------------------------------------------------------------------------------------------------- */

const char *wr_tls_version(const struct wr_tls *t)
{
    return t->standin != NULL ? t->standin->version
                              : gnutls_protocol_get_name(gnutls_protocol_get_version(t->session));
}

const char *wr_tls_cipher(const struct wr_tls *t)
{
    return t->standin != NULL ? t->standin->cipher
                              : gnutls_cipher_get_name(gnutls_cipher_get(t->session));
}

int wr_tls_sni(const struct wr_tls *t, char *room, size_t cap)
{
    return t->standin != NULL ? WR_E_NOTFOUND : wr_tlspeer_sni(t->session, room, cap);
}

int wr_tls_ticket(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n)
{
    gnutls_datum_t data;
    int err = WR_OK;

    if (t->role != WR_TLS_CLIENT || t->ticket_taken ||
        (t->state != WR_TLS_OPEN && t->state != WR_TLS_ENDED)) {
        return WR_E_AGAIN;
    }
    if (t->standin != NULL) {
        return t->standin->ticket(t, room, cap, ret_n);
    }
    if ((gnutls_session_get_flags(t->session) & GNUTLS_SFLAGS_SESSION_TICKET) == 0) {
        return WR_E_AGAIN;
    }
    t->ticket_taken = true;
    if (gnutls_session_get_data2(t->session, &data) != 0) {
        return WR_E_AGAIN;
    }
    if (cap < TICKET_SUM || data.size > cap - TICKET_SUM) {
        err = WR_E_FULL;
    } else if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data.data, data.size, room) == 0) {
        memcpy(room + TICKET_SUM, data.data, data.size);
        *ret_n = data.size + TICKET_SUM;
    } else {
        err = WR_E_AGAIN;
    }
    gnutls_free(data.data);
    return err;
}
