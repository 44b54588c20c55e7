/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upconn: one connection to an upstream, from its handshake to its end, as a pure machine.
 *
 *   NEW ----------> READY -> CLOSING -> OVER      plain TCP
 *   NEW -> SHAKING -> READY -> CLOSING -> OVER    encrypted; who it is was proven before READY
 *
 * Whoever owns the socket says when it is there (opened), feeds what came, takes what is to be sent (output), and asks
 * what happened (next) until there is nothing more: next does the work, also that of the first octets after opened. A
 * message's own id is the token by which its answer is found: two messages that are out at once have different ids. How long
 * silence may last, and when to open another connection, is the owner's part.
 *
 * Why it ended is a code and, for what TLS or the judge of certificates said, a sentence.
 *
 * Memory: the owner's, and what TLS allocates between the first octet and wr_upconn_end. `room` holds a message that came in pieces,
 * `out` what is to be sent until it is taken, `plain` one record while it is read; `plain` may be shared by connections that one
 * thread moves one after another. The struct must not move.
 */
#ifndef WR_TRANSPORT_UPCONN_H
#define WR_TRANSPORT_UPCONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/time.h"
#include "transport/dohclient.h"
#include "transport/frame.h"
#include "transport/tls.h"
#include "transport/upconnodoh.h"

enum wr_upconn_kind {
    WR_UPCONN_TCP = 1,
    WR_UPCONN_DOT,
    WR_UPCONN_DOH,
    WR_UPCONN_DOQ,
    WR_UPCONN_ODOH
};

/* Room for one message in pieces: its length, and what may stand behind it. */
#define WR_UPCONN_ROOM (2 + WR_MSG_MAX + 7)
/* Octets that may wait to be sent. */
#define WR_UPCONN_OUT 16384
/* One record as plaintext, or a ticket. */
#define WR_UPCONN_PLAIN 16640
/* A query. */
#define WR_UPCONN_ASK_MAX 1024

/* Of QUIC: questions out at once, chunks of 252 octets for them and their answers, octets in the libraries. */
#define WR_UPDOQ_OUT       8
#define WR_UPDOQ_CHUNKS    600
#define WR_UPDOQ_LIBRARIES (512u * 1024)
/* A connection by QUIC is asked so much and no more: knotd 3.4.6 allows 1024 streams in its life. */
#define WR_UPDOQ_ASKS_MAX 1000
/* Connections to one server, while as many questions are out on each as may be (wr_upconn_spare). */
#define WR_UPCONN_CONNS 8

enum wr_upconn_state {
    WR_UPCONN_NEW = 0,
    WR_UPCONN_SHAKING,
    WR_UPCONN_READY,
    WR_UPCONN_CLOSING,
    WR_UPCONN_OVER,
};

/* Why a connection failed, or was not to be had. */
enum wr_upconn_why {
    WR_UPCONN_FINE = 0,
    WR_UPCONN_REFUSED,   /* by the network or the server, before it was there */
    WR_UPCONN_DEAF,      /* the network took the octets, nobody answered */
    WR_UPCONN_MUTE,      /* it accepted, and never spoke */
    WR_UPCONN_NOT_TLS,   /* what it says is no TLS */
    WR_UPCONN_REJECTED,  /* the handshake failed: it, or we, did not like the other's terms */
    WR_UPCONN_STRANGER,  /* it is not who it should be */
    WR_UPCONN_NOT_DNS,   /* it proved who it is, and what it says is no DNS */
    WR_UPCONN_CLOSED,    /* it closed */
    WR_UPCONN_HUNG,      /* it had answered, and answers no more */
    WR_UPCONN_UNCARRIED, /* an oblivious proxy is who it should be, and says no in words of HTTP */
    WR_UPCONN_SHUT,      /* it accepted, and closed before it said anything */
    WR_UPCONN_OWN,       /* nothing left here: memory, places */
    WR_UPCONN_WHYS,
};

/* Of an encrypted one: */
struct wr_upconn_secure {
    struct wr_creds *creds; /* kept until the end */
    wr_tls_verify_fn *verify;
    void *user;       /* for verify */
    const char *name; /* for SNI, or NULL; lives until READY */
    /* Of HTTP: host (with a port that is not 443) and path, until READY; memory as realloc gives it. */
    const char *host, *path;
    bool get;                          /* by GET, not by POST */
    struct wr_http_memory memory;      /* and of QUIC */
    struct wr_upconn_oblivious target; /* of ODoH, whose host and path above are the proxy's */
    /* Of QUIC: where it is, and random numbers that live as long. */
    struct wr_addr to;
    struct wr_rng *rng;
    const struct wr_tls_standin *standin; /* speaks TLS; NULL: GnuTLS */
};

struct wr_updoq;

struct wr_upconn {
    struct wr_frame frame;
    struct wr_writer out;
    struct wr_tls tls;
    struct wr_upconn_secure secure;
    const uint8_t *ticket; /* until the handshake has begun */
    size_t ticket_size;
    uint8_t *plain;
    uint8_t kind;  /* enum wr_upconn_kind */
    uint8_t state; /* enum wr_upconn_state */
    uint8_t why;   /* enum wr_upconn_why, of the end */
    bool tell_ready, begun, denied;
    bool shaken; /* the handshake is over */
    bool web;    /* `http` is begun, or `odoh` */
    struct wr_dohclient http;
    struct wr_upconnodoh *odoh; /* speaks in its place */
    struct wr_updoq *quic;      /* transport/updoq, from its beginning to the end */
    void *quic_memory;
    bool quic_wants;              /* something may wait to be sent */
    uint64_t now_us;              /* as the owner said last */
    struct wr_verdict_text proof; /* what proved who it is */
};

/* Of an encrypted connection that is READY, for people. */
struct wr_upconn_facts {
    bool resumed;
    const char *version, *cipher;
    const char *protocol; /* "h2", "doq", or "" */
    const char *proof;    /* a sentence; "" for a resumed one: what was proven before */
};

struct wr_upconn_setup {
    uint8_t kind;
    uint8_t *room;  /* WR_UPCONN_ROOM octets */
    uint8_t *out;   /* WR_UPCONN_OUT octets */
    uint8_t *plain; /* WR_UPCONN_PLAIN octets; NULL for plain TCP */
    struct wr_upconn_secure secure;
};

enum wr_upconn_said_kind {
    WR_UPCONN_SAID_READY = 1, /* messages may be asked */
    WR_UPCONN_SAID_ANSWER,    /* msg, size: valid until the next call */
    WR_UPCONN_SAID_FAILED, /* id: no answer comes to it; `again`: the server has not looked at it; text */
    WR_UPCONN_SAID_TICKET, /* msg, size: a ticket for the next connection to this server */
    WR_UPCONN_SAID_ENDED,  /* nothing more comes: why, text */
};

struct wr_upconn_said {
    uint8_t kind;
    uint8_t why; /* enum wr_upconn_why */
    bool again;
    bool
        alone; /* FAILED: there was a response, and it is none to this question; others may be answered */
    uint16_t id;
    const uint8_t *msg;
    size_t size;
    const char *text; /* a sentence, or "" */
};

void wr_upconn_start(struct wr_upconn *c, const struct wr_upconn_setup *setup);
/* The socket is there. `ticket`: what an earlier connection to the same server gave, used once; or NULL. It lives until next was
 * called. */
void wr_upconn_opened(struct wr_upconn *c, const uint8_t *ticket, size_t size);
/* Octets that came, in order. They must stay until wr_upconn_next gave false. */
void wr_upconn_feed(struct wr_upconn *c, const uint8_t *bytes, size_t size,
                    const struct wr_now *now);
/* What happened; false: nothing more. Called after opened and after each feed. */
bool wr_upconn_next(struct wr_upconn *c, const struct wr_now *now, struct wr_upconn_said *ret_said);
/* May a message of at most WR_UPCONN_ASK_MAX octets be asked now? Not before READY, nor while too much waits to be sent. */
bool wr_upconn_can_ask(const struct wr_upconn *c);
/* How many more questions may be out at once beside those that are; UINT32_MAX: one that is slow holds up no other. */
uint32_t wr_upconn_spare(const struct wr_upconn *c);
/* Nobody waits for the answer to the question with this id any more. False: it may come all the same. */
bool wr_upconn_cancel(struct wr_upconn *c, uint16_t id);
/* A query. WR_E_AGAIN: not now; WR_E_NOMEM: no memory for it, and the connection goes on; WR_E_LIMIT: too long; else the connection is of
 * no use. */
int wr_upconn_ask(struct wr_upconn *c, const uint8_t *msg, size_t size);
/* The time, before each ask, output and close: what QUIC had to do by now is done. False: it is over, next says why. */
bool wr_upconn_time(struct wr_upconn *c, uint64_t now_us);
/* When time has to be called next; WR_TIME_NEVER for all but QUIC. */
uint64_t wr_upconn_deadline(const struct wr_upconn *c);
/* Takes what is to be sent now, of QUIC one datagram: 0, or octets that stay valid until the next call. */
size_t wr_upconn_output(struct wr_upconn *c, const uint8_t **ret_bytes);
/* Is something waiting to be sent? */
bool wr_upconn_has_output(const struct wr_upconn *c);
void wr_upconn_facts(const struct wr_upconn *c, struct wr_upconn_facts *ret_facts);
/* Part of a message is here and waits for its rest. */
bool wr_upconn_partial(const struct wr_upconn *c);
/* Nothing is asked any more; what politeness wants said is in the output. */
void wr_upconn_close(struct wr_upconn *c);
/* Frees what is held; the output stays. Once more does nothing. */
void wr_upconn_end(struct wr_upconn *c);
bool wr_upconn_is_encrypted(uint8_t kind);
const char *wr_upconn_state_name(uint8_t state);
/* "it is not who it should be" */
const char *wr_upconn_why_text(uint8_t why);

#endif
