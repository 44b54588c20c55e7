/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC: one connection over memory, client or server (RFC 9000, 9001, 9002), by ngtcp2 and its GnuTLS helper.
 *
 * Datagrams go in by wr_quic_feed and come out, one at a time, by wr_quic_output; time comes in by wr_quic_time when
 * wr_quic_deadline is reached. What happens on streams is told through `struct wr_quic_calls` from within those
 * calls; there nothing may be fed, put out or ended, but streams may be shut. ngtcp2 keeps no copy of what is sent: the
 * octets that `wants` gave must stay until `closed`.
 *
 * What the library allocates goes through the account of the connection and of `struct wr_quic_env` and is bounded by both:
 * over a bound it is told that there is no memory, and that connection fails. What it forgets to free (0.12.1 and 1.11
 * lose a frame of several parts that was sent again) is freed with the connection. The sessions of GnuTLS have no such hook; each
 * is counted by a figure that was measured (WR_QUIC_TLS_OCTETS). Randomness of ngtcp2 comes from `rng`, that of
 * GnuTLS is its own; where that must not be, something stands in for it (wr_quic_standin), as in transport/tls.
 *
 * Errors: a datagram that breaks the protocol closes the connection (one CONNECTION_CLOSE, then `over`); nothing is kept
 * of a closed one: who still writes to it gets a stateless reset (RFC 9000 section 10.2).
 */
#ifndef WR_TRANSPORT_QUIC_H
#define WR_TRANSPORT_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/rng.h"
#include "transport/chunks.h"
#include "transport/tls.h"

enum {
    WR_QUIC_CID_SIZE = 12,         /* ours: two octets lead to the worker, ten are random */
    WR_QUIC_CID_MAX = 20,          /* anybody's */
    WR_QUIC_DATAGRAM = 1200,       /* sent at most: passes every path (RFC 9000 section 14) */
    WR_QUIC_PARTS = 8,             /* of stream octets handed to the library at once */
    WR_QUIC_TLS_OCTETS = 20 << 10, /* of a GnuTLS session, measured (docs/decisions.md) */
    WR_QUIC_TICKET_MAX = 8192,     /* of what a client keeps to resume */
};

/* One set for all workers. */
struct wr_quic_secrets {
    uint8_t token_key[32], old_token_key[32]; /* Retry and address validation tokens; rotated */
    uint8_t reset_key[32];                    /* stateless resets */
    struct wr_hash_key cid_key;               /* hides the worker's number */
};

/* What the connections of one owner have in common. */
struct wr_quic_env {
    struct wr_rng *rng;
    const struct wr_quic_secrets *secrets; /* clients: NULL */
    uint16_t worker;
    uint64_t memory;     /* octets that the connections hold in the libraries */
    uint64_t memory_max; /* more is refused */
    uint64_t each_max;   /* likewise of one connection */
    void *priority;      /* GnuTLS's, made once */
};

struct wr_quic;
struct wr_quic_tls;

/* What stands in for GnuTLS and for the keys of packets: an argument of whoever drives a machine, there is none in the program. It keeps
 * its own in q->session, asks wr_quic_tls_judge (transport/quictls) who the server is, and sets q->resumed and q->has_ticket. */
struct wr_quic_standin {
    void (*callbacks)(
        void *callbacks); /* sets those of a ngtcp2_callbacks that have to do with keys */
    int (*start)(struct wr_quic *q, const struct wr_quic_tls *tls);
    int (*send_ticket)(struct wr_quic *q); /* server: the handshake is complete */
    size_t (*ticket)(struct wr_quic *q, uint8_t *room, size_t cap);
    void (*end)(struct wr_quic *q);
};

/* Stream octets that wait to be sent. */
struct wr_quic_want {
    int64_t stream;
    struct wr_chunks_part part[WR_QUIC_PARTS];
    size_t parts;
    bool fin; /* nothing follows */
};

/* Told to the owner. `of` is what the stream was opened or attached with, or NULL. A result but WR_OK closes the connection
 * with `fail_code`. */
struct wr_quic_calls {
    int (*octets)(void *user, int64_t stream, void *of, const uint8_t *bytes, size_t size, bool fin,
                  bool early);
    void (*closed)(void *user, int64_t stream, void *of, uint64_t code); /* the stream is no more */
    void (*reset)(void *user, int64_t stream, void *of, uint64_t code);  /* its sender gave up */
    void (*ready)(void *user);    /* the handshake is complete */
    void (*room)(void *user);     /* client: more streams may be opened */
    void (*rejected)(void *user); /* client: early data was for nothing */
    void (*ticket)(void *user);   /* client: wr_quic_ticket has something */
    void (*token)(void *user, const uint8_t *bytes, size_t size); /* client: for the next time */
    /* The peer's new address was looked into: it is its own, or that cannot be told. */
    void (*proven)(void *user, const struct wr_addr *from, bool is_its_own);
    int (*cid_added)(void *user, const uint8_t *cid, size_t size);
    void (*cid_gone)(void *user, const uint8_t *cid, size_t size);
    /* The next stream with something to send. False: none. */
    bool (*wants)(void *user, struct wr_quic_want *ret_want);
    /* So much of it was taken, the FIN with the last octet; or (blocked) flow control holds it for now. */
    void (*took)(void *user, int64_t stream, size_t size, bool blocked);
    /* Server: the other side has so many octets of a stream that it had not before. */
    void (*confirmed)(void *user, uint64_t size);
};

struct wr_quic_tls {
    struct wr_creds *creds;                /* kept until wr_quic_end */
    const struct wr_quic_standin *standin; /* NULL: GnuTLS; it outlives the connection */
    /* Server. */
    const uint8_t *ticket_key; /* WR_TLS_TICKET_KEY octets; NULL: no tickets */
    void *anti_replay;         /* gnutls_anti_replay_t; NULL: no early data */
    bool ask;                  /* for a certificate; without one it goes on */
    /* Judges a server, but not when the session is resumed; a client that has a certificate, and then again. */
    wr_tls_verify_fn *verify;
    void *verify_user;
    struct wr_now now; /* when the other side is judged */
    /* Client. */
    const char *host;      /* for SNI; NULL: none */
    const uint8_t *ticket; /* from wr_quic_ticket, or NULL */
    size_t ticket_size;
};

struct wr_quic_cid {
    uint8_t bytes[WR_QUIC_CID_MAX];
    uint8_t size;
};

/* What a server goes by when it accepts a connection. */
struct wr_quic_hello {
    struct wr_quic_cid dcid, scid; /* of the client's packet */
    struct wr_quic_cid original;   /* what it had before a Retry; size 0: there was none */
    uint32_t version;
    const uint8_t *token; /* into the datagram */
    size_t token_size;
    bool proven; /* the token proves the address */
};

struct wr_quic_limits {
    uint32_t streams;     /* that the other side may have open at once */
    uint32_t stream_size; /* octets of one stream that the other side may send */
    uint32_t window;      /* octets in all that it may send before we have taken some */
    uint32_t idle_ms, handshake_ms;
};

enum wr_quic_state {
    WR_QUIC_OPENING = 0, /* the handshake is under way */
    WR_QUIC_OPEN,
    WR_QUIC_CLOSING, /* the last datagram is still to be put out */
    WR_QUIC_OVER,
};

struct wr_quic {
    void *conn, *session; /* ngtcp2's; GnuTLS's, or the stand-in's */
    const struct wr_quic_standin *standin;
    void *ref[2];          /* ngtcp2_crypto_conn_ref */
    void *mem[5];          /* ngtcp2_mem */
    struct wr_list blocks; /* what ngtcp2 has allocated */
    uint64_t memory;       /* octets of it */
    struct wr_quic_env *env;
    const struct wr_quic_calls *calls;
    void *user;
    struct wr_creds *creds;
    wr_tls_verify_fn *verify;
    void *verify_user;
    struct wr_now began;
    struct wr_verdict_text why; /* what `verify` said */
    uint64_t now_us;
    enum wr_quic_state state;
    uint64_t code;      /* CLOSING, OVER: ours or theirs */
    uint64_t fail_code; /* told when a call of the owner fails */
    bool code_is_app, by_peer, has_ticket, resumed, early_sent, early_taken, wants_retry;
    bool server, failed_verify, timed_out;
    bool ran_out; /* the library was refused memory */
    bool denied;  /* the handshake was complete, and we do not go on */
    bool
        signed_by_peer; /* server: the client showed in this handshake that it has its certificate's key */
    uint8_t alert; /* TLS alert, 0 none */
    int error;     /* ngtcp2's, 0 none */
};

/* WR_E_NOMEM. */
int wr_quic_env_init(struct wr_quic_env *env, struct wr_rng *rng, uint16_t worker,
                     const struct wr_quic_secrets *secrets, uint64_t memory_max, uint64_t each_max);
void wr_quic_env_end(struct wr_quic_env *env);

/* `calls` and `user` are set by the owner in `q` (zeroed) before. WR_E_NOMEM, WR_E_FORMAT. */
int wr_quic_accept(struct wr_quic *q, struct wr_quic_env *env, const struct wr_quic_tls *tls,
                   const struct wr_quic_limits *limits, const struct wr_quic_hello *hello,
                   const struct wr_addr *local, const struct wr_addr *from, uint64_t now_us);
int wr_quic_connect(struct wr_quic *q, struct wr_quic_env *env, const struct wr_quic_tls *tls,
                    const struct wr_quic_limits *limits, const struct wr_addr *local,
                    const struct wr_addr *to, const uint8_t *token, size_t token_size,
                    uint64_t now_us);
void wr_quic_feed(struct wr_quic *q, const struct wr_addr *local, const struct wr_addr *from,
                  const uint8_t *bytes, size_t size, uint64_t now_us);
/* One datagram and its way; `cap` at least WR_QUIC_DATAGRAM. 0: nothing now. */
size_t wr_quic_output(struct wr_quic *q, uint8_t *room, size_t cap, struct wr_addr *ret_local,
                      struct wr_addr *ret_to, uint64_t now_us);
uint64_t wr_quic_deadline(const struct wr_quic *q);
void wr_quic_time(struct wr_quic *q, uint64_t now_us);
/* Closes with an application code once what is queued is out; streams are gone. */
void wr_quic_close(struct wr_quic *q, uint64_t code);
/* Frees what the libraries hold. */
void wr_quic_end(struct wr_quic *q);

/* Client. WR_E_AGAIN: the server allows no more streams now. */
int wr_quic_open_stream(struct wr_quic *q, void *of, int64_t *ret_stream);
/* Client: may what was opened go out before the handshake is complete? */
bool wr_quic_may_early(const struct wr_quic *q);
void wr_quic_attach(struct wr_quic *q, int64_t stream, void *of);
/* The owner has taken in so many octets: the other side may send as many more. */
void wr_quic_consumed(struct wr_quic *q, int64_t stream, size_t size);
/* Ends both sides of a stream. */
void wr_quic_shut(struct wr_quic *q, int64_t stream, uint64_t code);
/* A stream of the client has ended: it may open another. */
void wr_quic_more_streams(struct wr_quic *q);
/* Client: what to give to the next connection, 0: nothing, or it does not fit. */
size_t wr_quic_ticket(struct wr_quic *q, uint8_t *room, size_t cap);
/* Can connections change their address with the ngtcp2 that weir was built with? */
bool wr_quic_can_move(void);
/* Where the other side is now, as far as packets of it that were read tell. */
void wr_quic_peer(const struct wr_quic *q, struct wr_addr *ret_addr);
/* A PING after so long a silence; 0: none. */
void wr_quic_keep_alive(struct wr_quic *q, uint32_t ms);
/* Client: goes on from another address of ours. WR_E_AGAIN: not before the handshake is confirmed;
 * WR_E_UNSUPPORTED: wr_quic_can_move. */
int wr_quic_migrate(struct wr_quic *q, const struct wr_addr *local, const struct wr_addr *to,
                    uint64_t now_us);
/* Server: the name that the client wants, as soon as its hello was read: as wr_tls_sni. */
int wr_quic_sni(const struct wr_quic *q, char *room, size_t cap);
/* Server: there is a certificate, of this handshake or of a ticket; before the handshake is complete nothing is proven by that. */
bool wr_quic_has_certificate(const struct wr_quic *q);
/* Server: a token with which this address is known the next time. */
void wr_quic_send_token(struct wr_quic *q, const struct wr_addr *client);
/* The round-trip time as measured, 0 unknown. */
uint64_t wr_quic_rtt_us(const struct wr_quic *q);
/* It ended because the library had no memory, or came to its bound. */
bool wr_quic_ran_out(const struct wr_quic *q);
/* One sentence on why it is over; lives as long as `q`. */
const char *wr_quic_why(const struct wr_quic *q);

#endif
