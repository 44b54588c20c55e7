/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN: the binding request, and what counts as an answer to it (RFC 8489 sections 5, 6, 14.1, 14.2).
 *
 * Enough to see that a STUN or TURN server lives: no credentials, no FINGERPRINT, no indications. An error response is an
 * answer, too: somebody who speaks STUN is there.
 *
 * Pure: the transaction id is random octets of the caller, who also waits and sends again.
 */
#ifndef WR_TRANSPORT_STUN_H
#define WR_TRANSPORT_STUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define WR_STUN_HEADER_SIZE 20
#define WR_STUN_ID_SIZE     12

struct wr_stun_response {
    uint16_t error;        /* the number of an error response (300 to 699); 0: success */
    struct wr_addr mapped; /* how the server sees the client; family WR_AF_NONE: it does not say */
};

void wr_stun_request(const uint8_t id[WR_STUN_ID_SIZE], uint8_t ret_request[WR_STUN_HEADER_SIZE]);
/* WR_E_FORMAT: no STUN message, or broken; WR_E_NOTFOUND: not the response to this request; WR_E_LIMIT: a flood of attributes. */
int wr_stun_read(const uint8_t *message, size_t size, const uint8_t id[WR_STUN_ID_SIZE],
                 struct wr_stun_response *ret_response);

#endif
