/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS: one session over memory, as server or as client (RFC 8446, RFC 5246; 1.2 and up).
 *
 * Octets from the peer are fed and read out as plaintext; what is to be sent is appended to a writer of the owner within the call. No
 * socket, no clock:
 *
 *     wr_tls_start(t, &setup, &now, out)             a client's first octets are in `out`
 *     wr_tls_feed(t, bytes, size, &now)              not copied: read until WR_E_AGAIN before the octets go
 *     while ((err = wr_tls_read(t, room, cap, &n, out)) == WR_OK) use n octets of plaintext
 *     wr_tls_write(t, bytes, size, out)              once `t->state` is WR_TLS_OPEN
 *     wr_tls_close(t, out)   wr_tls_end(t)           close_notify; free it
 *
 * wr_tls_read drives the handshake too: it is called after every feed. WR_E_AGAIN: more octets are needed. WR_E_CLOSED: the peer said
 * that it is done (close_notify). Anything else is the end: `t->why` has a sentence, and an alert for the peer is in `out`. When `out`
 * has no room the session has failed (WR_E_FULL), for part of a record is of no use.
 *
 * Who the peer is: its chain goes to `verify`, which says WR_OK or why not; a client without that hook is a programmer's mistake. It is
 * not called for a resumed session of a client: a ticket is worth what was proven when it was given, so its owner keeps it with that. A
 * server's hook is called again with the certificate that the ticket brings back: authorities may be others by then.
 * Tickets: a server seals them with the key that it is given (WR_TLS_TICKET_KEY octets, one for all workers; GnuTLS derives keys from it
 * by the time and changes them every few hours), and gives one for each connection. 0-RTT is not offered and not taken.
 *
 * Where the same must lead to the same, octet by octet, something else may stand in for GnuTLS, which draws keys: a table of functions that
 * the setup hands in (wr_tls_standin). There is none in the program: it comes as an argument from whoever drives a machine, as time and
 * randomness do, and serve/ hands in none.
 *
 * Ownership: `t` is the owner's and must not move; the session behind it is GnuTLS's (10 to 20 KiB, more while a record or a handshake
 * is incomplete: WR_TLS_SESSION_COST). Errors of a stranger's octets never end the program. Not thread-safe, but sessions of several threads
 * share credentials.
 */
#ifndef WR_TRANSPORT_TLS_H
#define WR_TRANSPORT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "transport/creds.h"

#define WR_TLS_TICKET_KEY 64 /* octets of a server's ticket key */
/* What an idle session is counted as in budgets: the library's part was measured at 10 to 19 KiB. */
#define WR_TLS_SESSION_COST ((size_t)20 * 1024)

enum wr_tls_role { WR_TLS_SERVER = 1, WR_TLS_CLIENT };

enum wr_tls_state {
    WR_TLS_NONE = 0,
    WR_TLS_HANDSHAKE,
    WR_TLS_OPEN,
    WR_TLS_ENDED,  /* the peer sent close_notify: nothing more comes, what is owed may be written */
    WR_TLS_CLOSED, /* we sent close_notify */
    WR_TLS_FAILED,
};

typedef int wr_tls_verify_fn(void *user, const struct wr_certs *chain,
                             struct wr_verdict_text *ret_why);

struct wr_tls;
struct wr_tls_setup;
struct wr_quic_standin;

/* What stands in for GnuTLS, with the promises above. It keeps its own in t->session and moves t->state; octets of the peer are t->in
 * and t->in_size, the hook for who the peer is t->verify and t->user, the time t->now. */
struct wr_tls_standin {
    const char *version, *cipher; /* for people */
    int (*start)(struct wr_tls *t, const struct wr_tls_setup *setup, struct wr_writer *out);
    int (*read)(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n, struct wr_writer *out);
    int (*write)(struct wr_tls *t, const uint8_t *bytes, size_t size, struct wr_writer *out);
    void (*close)(struct wr_tls *t, struct wr_writer *out);
    void (*end)(struct wr_tls *t);
    int (*ticket)(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n);
    const struct wr_quic_standin *quic; /* the same under QUIC (transport/quic); NULL: GnuTLS */
};

struct wr_tls_setup {
    enum wr_tls_role role;
    struct wr_creds *creds; /* kept until wr_tls_end */
    const char *const
        *alpn;         /* names in the order of our liking (RFC 7301); they outlive the session */
    size_t alpn_count; /* 0: none is offered, whatever is asked is ignored */
    wr_tls_verify_fn *verify; /* judges the peer; a client must have one */
    void *user;               /* for verify; lives as long as the session */
    const char *name;         /* client: the name for SNI, or NULL (an address is never sent) */
    bool newest;              /* client: TLS 1.3 and nothing before it */
    const uint8_t *ticket;    /* client: of an earlier session, or NULL */
    size_t ticket_size;
    const uint8_t *ticket_key; /* server: WR_TLS_TICKET_KEY octets, or NULL: no tickets */
    bool ask;                  /* server: asks for a certificate; without one it goes on */
    const struct wr_tls_standin *standin; /* NULL: GnuTLS; it outlives the session */
};

struct wr_tls {
    void *session; /* GnuTLS's, or the stand-in's */
    const struct wr_tls_standin *standin;
    struct wr_creds *creds;
    wr_tls_verify_fn *verify;
    void *user;
    const char *const *alpn_names;
    const uint8_t *in;
    size_t in_size;
    struct wr_writer *out; /* within a call */
    struct wr_now now;
    uint32_t handshake_left; /* octets that the peer may still send before it is done */
    uint16_t record_left;    /* octets of the peer's record that has begun */
    uint8_t header[5];       /* of the next one, as far as it came */
    uint8_t header_n;
    uint8_t role, state;
    int8_t alpn; /* index of what was agreed on, or -1 */
    uint8_t alpn_count;
    bool resumed, verified; /* verified: the hook said yes in this session */
    bool tickets_on;        /* server: it gives them */
    bool
        signed_by_peer; /* server: the client showed in this handshake that it has its certificate's key */
    bool ticket_taken; /* client */
    int err;
    struct wr_verdict_text why;
};

/* WR_OK or WR_E_NOMEM, WR_E_USAGE; a client's hello is in `out` (a server may give NULL). */
int wr_tls_start(struct wr_tls *t, const struct wr_tls_setup *setup, const struct wr_now *now,
                 struct wr_writer *out);
void wr_tls_feed(struct wr_tls *t, const uint8_t *bytes, size_t size, const struct wr_now *now);
int wr_tls_read(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n, struct wr_writer *out);
/* All of it, in records of at most 16 KiB. WR_E_FULL, WR_E_USAGE (no session is open). */
int wr_tls_write(struct wr_tls *t, const uint8_t *bytes, size_t size, struct wr_writer *out);
void wr_tls_close(struct wr_tls *t, struct wr_writer *out);
void wr_tls_end(struct wr_tls *t); /* once more does nothing */

/* Part of a record is here and waits for its rest: for deadlines. */
static inline bool wr_tls_partial(const struct wr_tls *t)
{
    return t->header_n > 0 || t->record_left > 0;
}

/* Of an open session. */
const char *wr_tls_version(const struct wr_tls *t); /* "TLS1.3" */
const char *wr_tls_cipher(const struct wr_tls *t);  /* "AES-128-GCM" */
/* Server: the name that the client asked for, in small letters. WR_E_NOTFOUND: none; WR_E_FULL. */
int wr_tls_sni(const struct wr_tls *t, char *room, size_t cap);
/* Client: the session's ticket, given out once. WR_E_AGAIN: none yet, or it was; WR_E_FULL: larger than the room. Use it once (RFC 8446
 * appendix C.4). It has a digest against accidents, not against malice: keep it where nobody else writes. */
int wr_tls_ticket(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n);
/* Octets that a record needs more than its plaintext, at most. */
#define WR_TLS_RECORD_MORE 64
/* What `out` must have room for while a handshake goes on: our certificates and all around them. */
#define WR_TLS_FLIGHT_MAX (24 * 1024)

#endif
