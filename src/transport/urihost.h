/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host of an upstream URL: an address or a name, and the port behind it.
 *
 * Readers of a piece [at, end) of the text; they leave `at` behind what they took. A host name has letters, digits and
 * hyphens (RFC 1123 section 2.1), at most 63 in a label and 253 in all; its last label is no number, or it would read as
 * an address (RFC 3696 section 2). It is kept in lower case without a dot at its end. Errors: WR_E_FORMAT, WR_E_RANGE.
 */
#ifndef WR_TRANSPORT_URIHOST_H
#define WR_TRANSPORT_URIHOST_H

#include "transport/uri_scan.h"

/* An address ("192.0.2.1", "[2001:db8::1%br-wan]") to `ret_addr` (no port) and its zone, when `ret_zone` is not NULL; or,
 * when `ret_name` is not NULL, a name, and `ret_addr->family` is WR_AF_NONE. */
int wr_urihost_read(struct wr_uri_scan *s, struct wr_addr *ret_addr, char *ret_zone,
                    char *ret_name);
/* Nothing, or ":port"; nothing may follow. */
int wr_urihost_port(struct wr_uri_scan *s, uint16_t *ret_port);
/* "/path": visible ASCII without ? and #; RFC 8484's "{?dns}" at its end is cut off. */
int wr_urihost_path(struct wr_uri_scan *s, char *ret_path);
/* A name alone, the whole piece. */
int wr_urihost_name(struct wr_uri_scan *s, char *ret_name);

#endif
