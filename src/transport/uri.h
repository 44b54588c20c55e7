/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upstream URL: how the owner writes where questions go.
 *
 *     udp://192.0.2.1        udp://[2001:db8::1]:5353        tcp://[fe80::1%br-wan]
 *
 * Scheme, address, optional port, and for encrypted transports (known by name,
 * refused as WR_E_UNSUPPORTED until they are built) a path and `#name=...`, the
 * name that the server must prove. The host is always an address: a gateway that had to
 * resolve the name of its resolver could not start. A v6 address stands in brackets
 * (RFC 3986 section 3.2.2); a zone id follows the address after `%` (RFC 6874 asks for
 * `%25`; both are read).
 *
 * Pure: no memory, no look-ups. An interface name in a zone id stays text in `zone`;
 * who opens the socket turns it into an index. On an error `ret_why` says what is
 * wrong in a few words and `ret_at` where (octets from the start).
 */
#ifndef WR_TRANSPORT_URI_H
#define WR_TRANSPORT_URI_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum wr_uri_scheme {
    WR_URI_UDP = 1,
    WR_URI_TCP = 2,
    WR_URI_TLS = 3,
    WR_URI_HTTPS = 4,
    WR_URI_QUIC = 5,
    WR_URI_ODOH = 6,
};

/* Interface names have at most 15 octets (IFNAMSIZ). */
#define WR_URI_ZONE_SIZE 16
/* Longest URL read, with the NUL: an address with port and zone, later a path and a name. */
#define WR_URI_TEXT_SIZE 512
/* Name and path of the encrypted schemes, with the NUL. */
#define WR_URI_NAME_SIZE 256
#define WR_URI_PATH_SIZE 128

struct wr_uri {
    uint8_t scheme;              /* enum wr_uri_scheme */
    struct wr_addr addr;         /* with the scheme's port where none is written */
    char zone[WR_URI_ZONE_SIZE]; /* interface of a link-local address, or "" */
    char name[WR_URI_NAME_SIZE]; /* what the server must prove it is, or "" */
    char path[WR_URI_PATH_SIZE]; /* of https and odoh, or "" */
};

/* What a mistake is: words for people (static), and the octet it starts at. */
struct wr_uri_error {
    const char *why;
    size_t at;
};

/* `n` octets, NUL not needed. WR_E_FORMAT, WR_E_RANGE (port), WR_E_UNSUPPORTED (scheme not built yet);
 * *ret_error is written then only, and may be NULL. */
int wr_uri_from_text(const char *text, size_t n, struct wr_uri *ret_uri,
                     struct wr_uri_error *ret_error);
/* The shortest text that reads back as the same; returns its length without the NUL. */
size_t wr_uri_to_text(const struct wr_uri *uri, char *ret_text, size_t cap);
const char *wr_uri_scheme_name(uint8_t scheme); /* "udp"; NULL for an unknown number */
uint16_t wr_uri_scheme_port(uint8_t scheme);    /* 53, 853, 443 */

#endif
