/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NTP: one question to a time server and what its reply says (RFC 5905, client mode, without authentication).
 *
 *     wr_ntp_ask(nonce, octets)                  -> WR_NTP_SIZE octets to send
 *     wr_ntp_read(octets, size, nonce, &reply)   -> is it the reply, and does the server know the time?
 *     wr_ntp_weigh(&reply, sent, got, near, ...) -> what is to be added to the monotonic clock
 *
 * The request says nothing of this machine: all is zero but version, mode and the transmit timestamp, and that is 64
 * random bits (draft-ietf-ntp-data-minimization). The server sends them back as its origin timestamp, so whoever does not see
 * the request cannot answer it. A reply is unauthenticated all the same: who stands on the path can say any time.
 *
 * NTP counts seconds since 1900 in 32 bits; which era is meant is not said. It is taken as the moment nearest to one that
 * the caller knows (`near_s`), which reads right for 68 years to either side. Fields behind the first 48 octets
 * (extensions, keys) are not looked at.
 */
#ifndef WR_TRANSPORT_NTP_H
#define WR_TRANSPORT_NTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_NTP_SIZE 48
#define WR_NTP_PORT 123

enum wr_ntp_verdict {
    WR_NTP_TIME = 0, /* `ret_reply` is filled in */
    WR_NTP_FOREIGN,  /* no reply to this request: whoever waits goes on waiting */
    WR_NTP_UNKNOWN,  /* the server says, or shows, that it does not know the time */
    WR_NTP_SLOWER,   /* it wants to be asked less often (kiss code RATE) */
    WR_NTP_REFUSED,  /* it does not want to be asked by us (DENY, RSTR) */
};

struct wr_ntp_reply {
    uint64_t receive, transmit; /* of the server's clock, 32.32 bits since 1900 */
    uint32_t doubt_us;          /* how far the server may be off by its own account */
    uint8_t stratum;            /* 1 to 15 */
};

void wr_ntp_ask(uint64_t nonce, uint8_t ret_bytes[WR_NTP_SIZE]);
enum wr_ntp_verdict wr_ntp_read(const uint8_t *bytes, size_t size, uint64_t nonce,
                                struct wr_ntp_reply *ret_reply);
/* `sent_us`, `got_us`: on the monotonic clock. `ret_base_us`: microseconds since 1970 at its zero, halfway between what
 * the two ways allow; `ret_doubt_us`: how far it may be off. False: the server's two timestamps do not fit
 * the round trip, or that is longer than WR_TIME_TRIP_MAX_US. */
bool wr_ntp_weigh(const struct wr_ntp_reply *reply, uint64_t sent_us, uint64_t got_us,
                  int64_t near_s, int64_t *ret_base_us, uint64_t *ret_doubt_us);

#endif
