/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy line: the connection to a primary: TCP, or TLS over it (RFC 9103), without waiting.
 *
 *     DOWN -> DIALLING -> UP                 tcp://
 *     DOWN -> DIALLING -> SECURING -> UP     tls://: TLS 1.3 and "dot" (ALPN), and the primary has proven who it is, before an octet of DNS goes
 *
 *     wr_copyline_dial(l, &setup)
 *     poll(2) for wr_copyline_wants; then wr_copyline_io(l, ready, room, cap, now), and
 *     while (wr_copyline_read(l, &bytes, &n) == WR_OK) ...     `room` stays as it is until WR_E_AGAIN
 *     wr_copyline_send(l, bytes, n)                                 when it is UP
 *
 * There is no falling back: a primary that is to speak TLS and does not is told nothing. What an error is about `why` says, a sentence
 * that stays until the next dial. Errors: WR_E_AGAIN (nothing more now), WR_E_CLOSED (the other side ended it), WR_E_IO, WR_E_DENIED (not who it
 * should be), others of transport/tls; after one the line is good for nothing but wr_copyline_hang_up.
 *
 * Memory: the struct, which must not move while it is not DOWN, and a TLS session. What the setup points to stays the caller's, and where it is.
 */
#ifndef WR_SERVE_COPYLINE_H
#define WR_SERVE_COPYLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/tls.h"
#include "transport/uri.h"
#include "transport/whom.h"

enum wr_copyline_state {
    WR_COPYLINE_DOWN = 0,
    WR_COPYLINE_DIALLING,
    WR_COPYLINE_SECURING,
    WR_COPYLINE_UP
};

/* Octets that may wait to be sent: a question, or our part of a handshake. */
#define WR_COPYLINE_OUT ((size_t)16 * 1024)

struct wr_copyline_setup {
    const struct wr_uri *uri; /* whom */
    struct wr_addr addr;      /* where */
    struct wr_creds
        *creds;        /* the authorities, kept until it hangs up; NULL: nobody proves anything */
    bool system_clock; /* for the judge of certificates (transport/whom) */
    int64_t floor_s;
};

struct wr_copyline {
    int fd; /* -1 */
    enum wr_copyline_state state;
    bool secure; /* by TLS; `tls` is begun when it is not DIALLING */
    struct wr_copyline_setup setup;
    struct wr_whom whom;
    struct wr_tls tls;
    const uint8_t *in; /* plain TCP: what came and was not read yet */
    size_t in_size;
    bool ended; /* the other side has */
    size_t from, to;
    char why[200]; /* a sentence, or "" */
    uint8_t plain[16640];
    uint8_t out[WR_COPYLINE_OUT];
};

void wr_copyline_init(struct wr_copyline *l);
/* It hangs up first. WR_E_IO: no way there. */
int wr_copyline_dial(struct wr_copyline *l, const struct wr_copyline_setup *setup);
/* The end of TLS is said, if that can be done at once. */
void wr_copyline_hang_up(struct wr_copyline *l);
short wr_copyline_wants(const struct wr_copyline *l);
/* After poll(2): does what can be done without waiting, and takes at most `cap` octets into `room`. */
int wr_copyline_io(struct wr_copyline *l, short ready, uint8_t *room, size_t cap,
                   const struct wr_now *now);
/* What it said, piece by piece; moves a handshake as well. */
int wr_copyline_read(struct wr_copyline *l, const uint8_t **ret_bytes, size_t *ret_n);
/* All of it, now or as the network takes it. WR_E_FULL: too much waits already. */
int wr_copyline_send(struct wr_copyline *l, const uint8_t *bytes, size_t n);

#endif
