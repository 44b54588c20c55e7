/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upconn: one connection to an upstream, from its handshake to its end, as a pure machine.
 *
 *   NEW -> READY -> CLOSING -> OVER        plain TCP
 *
 * Whoever owns the socket says when it is there (opened), feeds what came, takes what is to be sent (output), and asks
 * what happened (next) until there is nothing more. A message's own id is the token by which its answer is found: two
 * messages that are out at once have different ids. How long silence may last, and when to open another connection, is the
 * owner's part.
 *
 * Memory: the owner's. `room` holds a message that came in pieces; `out` what is to be sent until it is taken.
 */
#ifndef WR_TRANSPORT_UPCONN_H
#define WR_TRANSPORT_UPCONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"
#include "transport/frame.h"

enum wr_upconn_kind { WR_UPCONN_TCP = 1 };

/* Room for one message in pieces: its length, and what may stand behind it. */
#define WR_UPCONN_ROOM (2 + WR_MSG_MAX + 7)
/* Octets that may wait to be sent. */
#define WR_UPCONN_OUT 16384

enum wr_upconn_state { WR_UPCONN_NEW = 0, WR_UPCONN_READY, WR_UPCONN_CLOSING, WR_UPCONN_OVER };

struct wr_upconn {
    struct wr_frame frame;
    struct wr_writer out;
    uint8_t kind;  /* enum wr_upconn_kind */
    uint8_t state; /* enum wr_upconn_state */
    bool tell_ready;
};

struct wr_upconn_setup {
    uint8_t kind;
    uint8_t *room; /* WR_UPCONN_ROOM octets */
    uint8_t *out;  /* WR_UPCONN_OUT octets */
};

enum wr_upconn_said_kind {
    WR_UPCONN_SAID_READY = 1, /* messages may be asked */
    WR_UPCONN_SAID_ANSWER,    /* msg, size: valid until the next call */
    WR_UPCONN_SAID_ENDED,     /* nothing more comes */
};

struct wr_upconn_said {
    uint8_t kind;
    const uint8_t *msg;
    size_t size;
};

void wr_upconn_start(struct wr_upconn *c, const struct wr_upconn_setup *setup);
/* The socket is there. */
void wr_upconn_opened(struct wr_upconn *c, uint64_t now_us);
/* Octets that came, in order. They must stay until wr_upconn_next gave false. */
void wr_upconn_feed(struct wr_upconn *c, const uint8_t *bytes, size_t size);
/* What happened; false: nothing more. */
bool wr_upconn_next(struct wr_upconn *c, const struct wr_now *now, struct wr_upconn_said *ret_said);
/* May a message of at most WR_UPCONN_ASK_MAX octets be asked now? Not before READY, nor while too much waits to be sent. */
bool wr_upconn_can_ask(const struct wr_upconn *c);
#define WR_UPCONN_ASK_MAX 1024
/* A query. WR_E_AGAIN: not now; WR_E_LIMIT: too long. */
int wr_upconn_ask(struct wr_upconn *c, const uint8_t *msg, size_t size, uint64_t now_us);
/* Takes what is to be sent now: 0, or octets that stay valid until the next call. */
size_t wr_upconn_output(struct wr_upconn *c, const uint8_t **ret_bytes);
/* Is something waiting to be sent? */
bool wr_upconn_has_output(const struct wr_upconn *c);
/* Part of a message is here and waits for its rest. */
bool wr_upconn_partial(const struct wr_upconn *c);
/* Nothing is asked any more; what politeness wants said is in the output. */
void wr_upconn_close(struct wr_upconn *c);
/* Frees what is held. */
void wr_upconn_end(struct wr_upconn *c);
const char *wr_upconn_state_name(uint8_t state);

#endif
