/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ask: one question to one server, and wait for the reply.
 *
 * The blocking client of `weir ask`: a message goes out over UDP or TCP, and the first reply that can be
 * its answer comes back. A reply with another id, another question, or without QR is passed over and counted, as long as
 * time and WR_WRONG_READS_MAX allow; what another address sends the kernel keeps away (the socket is connected).
 * A truncated reply is asked for again over TCP unless `keep_truncated`.
 *
 * Each try has its own deadline, `timeout_ms`; waiting is poll(2) to the deadline of the monotonic clock.
 * On WR_OK the reply is filled in. WR_E_TIMEOUT: nobody answered; WR_E_IO: the system refused (`error` has
 * the sentence); WR_E_CLOSED: the stream ended early; WR_E_LIMIT: too many wrong replies. The counters of the
 * reply are right in any case. Memory: the caller's.
 */
#ifndef WR_NET_ASK_H
#define WR_NET_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "net/asksock.h"

struct wr_ask {
    struct wr_addr server; /* with port */
    struct wr_addr from;   /* family WR_AF_NONE: the system chooses */
    bool tcp;
    bool keep_truncated;
    const _Atomic bool *cancel; /* or NULL; true ends it, as a time-out */
    uint32_t timeout_ms;        /* of one try, at least 1 */
    uint32_t tries;             /* over UDP, at least 1; TCP is tried once */
};

struct wr_ask_reply {
    uint8_t bytes[WR_MSG_MAX];
    size_t size;
    bool tcp;                          /* came over TCP */
    bool was_truncated;                /* over UDP first, and asked for again */
    uint32_t took_us;                  /* of the try that was answered */
    uint32_t tries;                    /* sent over UDP */
    uint32_t wrong;                    /* replies passed over */
    int number;                        /* on WR_E_IO: errno */
    char error[WR_ASKSOCK_ERROR_SIZE]; /* and what the system said */
};

/* `query` is a whole message with one question. */
int wr_ask_run(const struct wr_ask *ask, const uint8_t *query, size_t size,
               struct wr_ask_reply *ret_reply);

/* Could `reply` be the answer to `query`? Id, QR, opcode and question, letter case ignored; a reply without
 * question is taken when it says FORMERR or NOTIMP or such (nobody could read the question). */
bool wr_ask_matches(const uint8_t *query, size_t query_size, const uint8_t *reply,
                    size_t reply_size);

#endif
