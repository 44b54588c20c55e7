/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quicveil: what stands for TLS and for packet protection under QUIC in the simulator (RFC 9001), as veil.h does over TCP.
 *
 * ngtcp2 itself is what weir runs: packets, losses, streams, ids, timers. Of it the callbacks are set that have to do with keys: packets of all
 * kinds are enciphered by a sum that anybody can work out, so that no octet of a message stands in a datagram as it is, a changed octet
 * makes the packet void, and the same seed gives the same datagrams. The handshake has the messages that it must have: a hello each way,
 * transport parameters, the certificate and the word of who has its key, finished, tickets. No early data, no Retry.
 *
 * The client's side is `veil->quic`, which the engines get with `veil->calls`. A server's connection has a struct quicveil_server of its own,
 * whose `calls` are handed to wr_quic_accept.
 */
#ifndef WEIR_SIM_QUICVEIL_H
#define WEIR_SIM_QUICVEIL_H

#include "veil.h"

struct quicveil_server {
    struct wr_quic_standin calls; /* first: a session finds the rest by it */
    struct veil *veil;
    enum veil_who who;
    uint64_t secret; /* by which it knows its tickets */
    bool refuses;    /* an alert, in place of a handshake */
};

/* False: this was built without QUIC. */
bool quicveil_calls(struct wr_quic_standin *ret_calls);

#endif
