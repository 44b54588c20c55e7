/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC's TLS: the GnuTLS session under one QUIC connection (RFC 9001), client or server.
 *
 * TLS 1.3 alone, ALPN "doq" or no connection. A server gives one ticket when the handshake is complete, and takes early
 * data only where it has a register of what was seen (`anti_replay`, transport/strike); a client's certificate is asked for where its owner
 * wants that, and believed as over TCP (transport/tlspeer). A client hands the server to its
 * hook `verify` before anything but early data is sent; without a hook there is no connection. What it keeps to resume is
 * the server's transport parameters (RFC 9000 section 7.4.1) and GnuTLS's own data, in one piece.
 */
#ifndef WR_TRANSPORT_QUICTLS_H
#define WR_TRANSPORT_QUICTLS_H

#include "transport/quic.h"

/* For a connection whose `conn` is there. WR_E_NOMEM. */
int wr_quic_tls_start(struct wr_quic *q, const struct wr_quic_tls *tls);
/* The handshake is complete: what is known of it now. */
void wr_quic_tls_ready(struct wr_quic *q);
/* The hook judges the other side's chain at this moment; `chain` has its certificates. */
int wr_quic_tls_judge(struct wr_quic *q, struct wr_certs *chain);
/* Server, when the handshake is complete: the certificate of a resumed ticket is judged. WR_E_DENIED. */
int wr_quic_tls_opened(struct wr_quic *q);
int wr_quic_tls_send_ticket(struct wr_quic *q);
void wr_quic_tls_end(struct wr_quic *q);

#endif
