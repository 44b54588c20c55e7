/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anti-replay: the strike register as GnuTLS wants it, for one worker's TLS sessions that take early data.
 *
 * GnuTLS refuses early data on its own where the ticket is older than this object (so after a restart none is
 * taken for tickets of before, which have another key as well), or where the ages of the ticket as seen by client and server
 * differ by more than the window; what is left is looked up in the register that all workers share. Refused early data costs the
 * client a round trip, nothing else.
 */
#ifndef WR_TRANSPORT_ANTIREPLAY_H
#define WR_TRANSPORT_ANTIREPLAY_H

#include <stdint.h>

#include "transport/strike.h"

/* Early data is good for so long after it was sent; GnuTLS's own figure. */
#define WR_ANTIREPLAY_WINDOW_MS 10000u

struct wr_antireplay {
    void *handle; /* gnutls_anti_replay_t */
    struct wr_strike *strike;
    const uint64_t *now_us; /* the owner's monotonic time, as it is when a handshake is fed */
};

/* `a` must stay where it is. WR_E_NOMEM. */
int wr_antireplay_init(struct wr_antireplay *a, struct wr_strike *strike, const uint64_t *now_us);
void wr_antireplay_end(struct wr_antireplay *a);

#endif
