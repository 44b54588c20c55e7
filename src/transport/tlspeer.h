/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS peer: what one side may believe of the other in a session of GnuTLS, for TLS over streams and under QUIC alike.
 *
 * A ticket brings back the certificate that its owner showed when it was given, and goes over the wire for all to see. GnuTLS unpacks it
 * before it looks whether it can be resumed; when it cannot (its age, which the client states, is too high, or in TLS 1.2 the server name is
 * another) the handshake is a full one, and the certificate stays where that of the client would be, though nobody has shown that he has its
 * key (3.7.9, 3.8). So a server looks itself, when the handshake is complete: the session is resumed, or the client has signed with the key
 * (`signed_by_peer`, from a hook for CertificateVerify; that the signature is good is GnuTLS's to see). A Certificate message is no sign of it:
 * there are several that GnuTLS takes for an empty one. Whoever has borrowed one is refused.
 *
 * Tickets of sessions in which no certificate was asked for are of no use where one is: their key is another.
 */
#ifndef WR_TRANSPORT_TLSPEER_H
#define WR_TRANSPORT_TLSPEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/creds.h"

/* Sessions are gnutls_session_t. Server: asks for a certificate or does not, and takes tickets of that key (NULL: none). A GnuTLS code. */
int wr_tlspeer_serve(void *session, bool ask, const uint8_t *ticket_key);
/* There is one of the peer, whoever's it is. */
bool wr_tlspeer_has_certificate(void *session);
/* Server: there is a certificate whose key the client has not shown to have, and whose ticket was not resumed. */
bool wr_tlspeer_borrowed(void *session, bool signed_by_peer);
/* The chain that the peer has shown, now or when the ticket was given. WR_E_NOTFOUND: none; WR_E_LIMIT: too long a one. */
int wr_tlspeer_chain(void *session, struct wr_certs *ret_chain);
/* Server: the name that the client asked for, in small letters. WR_E_NOTFOUND: none; WR_E_FULL. */
int wr_tlspeer_sni(void *session, char *room, size_t cap);

#endif
