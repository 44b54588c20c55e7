/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1.1 message: its first line and its fields, read whole and strictly (RFC 9112 sections 2 to 7).
 *
 * `bytes` is the head from its first octet to the empty line, both included. What two readers could read in two ways is
 * refused: a bare CR or LF, a space before a colon, a folded line, a control octet in a value, a second Content-Length or
 * Transfer-Encoding, both beside each other, a request without exactly one Host.
 */
#ifndef WR_TRANSPORT_H1HEAD_H
#define WR_TRANSPORT_H1HEAD_H

#include "transport/http.h"

struct wr_h1head {
    struct wr_http_head head;
    size_t target_at, target_size; /* of a request, in `bytes`: path and query */
    bool chunked;                  /* Transfer-Encoding: chunked */
    bool last;                     /* the connection ends with this message */
};

/* 0, or the status that the request is refused with. */
uint16_t wr_h1head_request(const uint8_t *bytes, size_t size, struct wr_h1head *ret_head);
/* WR_OK or WR_E_FORMAT. */
int wr_h1head_response(const uint8_t *bytes, size_t size, struct wr_h1head *ret_head);

#endif
