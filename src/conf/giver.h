/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giver: what the URL of a primary may be, a server that zones are transferred from.
 *
 *     tcp://192.0.2.53      tls://192.0.2.53#name=ns.example      tls://ns.example#addr=192.0.2.53&pin=sha256/...
 *
 * Over TLS (RFC 9103) it has to prove who it is, by an authority or by a key that is known. Its address stands there, for it is
 * asked before names can be found, and NOTIFY is told by it. TLSA records are looked up for upstreams alone.
 */
#ifndef WR_CONF_GIVER_H
#define WR_CONF_GIVER_H

#include "transport/uri.h"

/* Words for people, or NULL: it is one. */
const char *wr_giver_wrong(const struct wr_uri *uri);
/* With upstream.encryption required; the same. */
const char *wr_giver_plain(const struct wr_uri *items, size_t count);

#endif
