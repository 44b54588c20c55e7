/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnstap: what clients asked and got, in Frame Streams (dnstap.info; the wire formats of fstrm and of dnstap.proto).
 *
 * A query is one Dnstap message of type CLIENT_RESPONSE: who asked and how, when, the question and the response code as a message of a
 * header and a question (the records were not kept), and the policy that decided, if one did. Each is a frame: its length in four octets,
 * and the protocol buffer. Between frames stand control frames, which begin with a length of 0.
 *
 * A file begins with START and ends with STOP. On a socket the writer says READY, the reader ACCEPT, then the same; at the end FINISH.
 */
#ifndef WR_SERVE_DNSTAP_H
#define WR_SERVE_DNSTAP_H

#include <stddef.h>
#include <stdint.h>

#include "serve/ledger.h"

#define WR_DNSTAP_CONTENT "protobuf:dnstap.Dnstap"
/* A frame with the longest name and texts, and any control frame. */
#define WR_DNSTAP_FRAME_SIZE 1536

enum wr_dnstap_control {
    WR_DNSTAP_ACCEPT = 1,
    WR_DNSTAP_START = 2,
    WR_DNSTAP_STOP = 3,
    WR_DNSTAP_READY = 4,
    WR_DNSTAP_FINISH = 5,
};

/* Both write into a room of WR_DNSTAP_FRAME_SIZE and return the length. 0: this event is no query. */
size_t wr_dnstap_frame(const char *identity, const struct wr_ledger_event *event, uint8_t *room);
size_t wr_dnstap_control(enum wr_dnstap_control what, uint8_t *room);
/* A control frame of the other side: its length in `ret_used`, what it is in `ret_what`. WR_E_SHORT: not whole; WR_E_FORMAT: none that is
 * known, or ACCEPT of another content. */
int wr_dnstap_read(const uint8_t *bytes, size_t n, size_t *ret_used,
                   enum wr_dnstap_control *ret_what);

#endif
