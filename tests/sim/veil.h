/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Veil: what stands for TLS in the simulator, where the same seed must give the same octets.
 *
 * It has the shape of TLS 1.3: records, a hello each way, a certificate and the word of who has its key, finished, data, tickets,
 * close_notify and alerts; and what machines rely on: what comes may be cut anywhere, an octet that was changed ends the session, whoever
 * has not the key proves nothing, a ticket is good at the server that gave it. It keeps no secret from anybody who reads this file: keys follow from what is
 * said in the open. But no octet of a message stands in a record as it is, so a name that can be read on the wire was written beside it.
 *
 * The client's side is a `struct wr_tls_standin` (transport/tls) that is handed to the engines; who the server is, is judged by
 * the engine's own hook on real certificates (sealcerts.h). The server's side is used by the world:
 *
 *     veil_server_start(s, v, who, secret)
 *     veil_server_feed(s, bytes, size, plain, out)   what came: its plaintext, and what is to be said to it. Not 0: it is over
 *     veil_server_write(s, bytes, size, out)         once `s->open`
 *
 * Writers have room for what was fed, and for VEIL_FLIGHT octets.
 */
#ifndef WEIR_SIM_VEIL_H
#define WEIR_SIM_VEIL_H

#include "base/buf.h"
#include "transport/quic.h"
#include "transport/tls.h"

#define VEIL_RECORD_MAX (5 + 1 + 16384 + 8)
#define VEIL_FLIGHT     2048
#define VEIL_CERT_MAX   512
#define VEIL_TICKET     16

/* A thief shows the good certificate and has not its key. */
enum veil_who { VEIL_GOOD = 0, VEIL_EXPIRED, VEIL_ELSEWHERE, VEIL_PORTAL, VEIL_THIEF, VEIL_WHOS };

struct veil_cert {
    size_t size;
    uint8_t der[VEIL_CERT_MAX];
};

struct veil {
    struct wr_tls_standin calls; /* first: a session finds its veil by it */
    struct wr_quic_standin quic; /* likewise under QUIC (quicveil.h) */
    uint64_t seed, drawn;        /* where keys come from */
    struct veil_cert authority, cert[VEIL_WHOS];
    bool naked;                                  /* a plant: nothing is hidden */
    uint64_t sessions, opened, resumed, refused; /* of clients */
};

/* One direction. */
struct veil_key {
    uint64_t key, records;
};

/* One end of a session. */
struct veil_end {
    const struct veil *veil;
    struct veil_key in, out;
    bool keyed;
    size_t have; /* of the record that comes */
    uint8_t record[VEIL_RECORD_MAX];
};

struct veil_server {
    struct veil_end end;
    struct veil *veil;
    enum veil_who who;
    unsigned likes;    /* which of the protocols that a client offers, if it offers so many */
    uint64_t secret;   /* by which it knows its tickets */
    bool greeted;      /* the client's hello was read */
    bool open, closed; /* closed: close_notify came */
    bool denied;       /* it ended with an alert of the client */
    char alpn[16];     /* what was agreed on */
};

/* -1: a certificate cannot be read. */
int veil_init(struct veil *v, uint64_t seed);
/* Who vouches for the good one; the caller's to drop. */
struct wr_creds *veil_authority(const struct veil *v);
void veil_server_start(struct veil_server *s, struct veil *v, enum veil_who who, uint64_t secret);
/* 0; -1: the session is over, an alert may be in `out`. */
int veil_server_feed(struct veil_server *s, const uint8_t *bytes, size_t size,
                     struct wr_writer *plain, struct wr_writer *out);
int veil_server_write(struct veil_server *s, const uint8_t *bytes, size_t size,
                      struct wr_writer *out);
/* An alert in place of an answer. */
void veil_server_refuse(struct veil_server *s, struct wr_writer *out);

/* Of both kinds, over TCP and under QUIC: */
uint64_t veil_mix(uint64_t a, uint64_t b, uint64_t c);
uint64_t veil_digest(const uint8_t *bytes, size_t size);
uint64_t veil_draw(struct veil *v);
/* The word of who has the key of this certificate, for a session; and is it that? */
uint64_t veil_sign(const struct veil *v, enum veil_who who, uint64_t session);
bool veil_is_signed(const struct veil *v, const uint8_t *der, size_t size, uint64_t session,
                    uint64_t signature);
/* A ticket is its id and the secret that goes with it. False: it is none of this server's. */
void veil_ticket_make(struct veil *v, uint64_t secret, uint8_t ret[VEIL_TICKET]);
bool veil_ticket_open(uint64_t secret, uint64_t id, uint64_t *ret_psk);

#endif
