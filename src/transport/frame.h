/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frame: DNS messages on a stream: two octets of length, then the message (RFC 1035 section 4.2.2, RFC 7766).
 *
 * Octets go in as they come, whole messages come out, over a buffer that the owner
 * hands in; its size bounds the longest message. Messages that arrive whole in one read are given without a copy.
 */
#ifndef WR_TRANSPORT_FRAME_H
#define WR_TRANSPORT_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct wr_frame {
    uint8_t *room;     /* holds a partial frame */
    size_t cap;        /* at least 2 + the longest message accepted */
    size_t have;       /* octets in room */
    const uint8_t *in; /* octets fed and not yet used */
    size_t in_size;
    int err; /* WR_E_LIMIT: a length over cap - 2; WR_E_FORMAT: a length below 12. The stream is lost. */
};

void wr_frame_init(struct wr_frame *f, void *room, size_t cap);
/* Gives octets; they must stay until wr_frame_next returned WR_E_AGAIN. */
void wr_frame_feed(struct wr_frame *f, const uint8_t *bytes, size_t size);
/* WR_OK and a message (valid until the next call); WR_E_AGAIN: more octets needed; else `err`, for good. */
int wr_frame_next(struct wr_frame *f, const uint8_t **ret_msg, size_t *ret_size);
/* True while part of a message waits for its rest (for deadlines against one octet a minute). */
int wr_frame_partial(const struct wr_frame *f);

#endif
