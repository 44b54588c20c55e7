/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoQ: what RFC 9250 says of the octets of one stream, for both sides.
 *
 * One query is one stream that the client opens: two octets of length, the message, and the end of the client's
 * side (FIN). The answer comes back on it the same way. The message's id is 0 on the wire (section 4.2.1), and
 * edns-tcp-keepalive (RFC 7828) must not be in it (section 5.5.2). What breaks a rule ends the
 * connection with DOQ_PROTOCOL_ERROR; what only ends one query ends its stream (section 4.3).
 *
 * Only the reading and the rules are here; who keeps the octets is transport/doqserver and transport/doqclient.
 */
#ifndef WR_TRANSPORT_DOQ_H
#define WR_TRANSPORT_DOQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Section 8.4. */
enum wr_doq_code {
    WR_DOQ_NO_ERROR = 0x0,
    WR_DOQ_INTERNAL_ERROR = 0x1,
    WR_DOQ_PROTOCOL_ERROR = 0x2,
    WR_DOQ_REQUEST_CANCELLED = 0x3,
    WR_DOQ_EXCESSIVE_LOAD = 0x4,
    WR_DOQ_UNSPECIFIED_ERROR = 0x5,
};

/* The ALPN token (section 4.1.1), and the port (section 4.1.2). */
#define WR_DOQ_ALPN "doq"
enum { WR_DOQ_PORT = 853 };

/* How far the octets of one side of a stream have come. Zero it to begin. */
struct wr_doq_count {
    uint32_t have;     /* octets so far, those of the length among them */
    uint16_t length;   /* what the first two say */
    bool whole, ended; /* the message is whole; the side has ended */
};

/*
 * Counts `size` octets that came in order and whether they were the last. WR_OK: go on, or whole and ended.
 * WR_E_FORMAT: a length below 12, more than one message, or an end before the message's: a protocol error.
 * WR_E_LIMIT: a message longer than `max`.
 */
int wr_doq_count(struct wr_doq_count *c, const uint8_t *bytes, size_t size, bool fin, size_t max);
/* The rules for a message itself: WR_E_FORMAT for an id that is not 0, or with edns-tcp-keepalive. */
int wr_doq_check(const uint8_t *msg, size_t size);
/* May this query come as early data? RFC 9250 section 4.5: QUERY and NOTIFY alone can be replayed without harm. */
bool wr_doq_may_be_early(const uint8_t *msg, size_t size);
/* "DOQ_NO_ERROR" ...; "unknown" for a number off the list. Static. */
const char *wr_doq_code_name(uint64_t code);

#endif
