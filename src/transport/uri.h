/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upstream URL: how the owner writes where questions go, and what the server there must prove.
 *
 *     udp://192.0.2.1        udp://[2001:db8::1]:5353        tcp://[fe80::1%br-wan]
 *     tls://192.0.2.1#name=dns.example&addr=[2001:db8::1]
 *     quic://dns.example#addr=192.0.2.1&pin=sha256/AAAA...=&pin=sha256/BBBB...=
 *     https://dns.example/dns-query
 *     odoh://target.example/dns-query#proxy=proxy.example/proxy&addr=192.0.2.1
 *
 * Scheme, host, optional port; for https and odoh a path (`/dns-query` where none is written, and RFC 8484's
 * `{?dns}` behind it is read over). A v6 address stands in brackets (RFC 3986 section 3.2.2); a zone id
 * follows the address after `%` (RFC 6874 asks for `%25`; both are read). Behind the `#` stand facts, with `&` between them:
 *
 *     name=dns.example   what the server proves to be, when the host is an address; a host that is a name is that name
 *     addr=192.0.2.1     an address of the host, or one more of them; a host that is a name and has none is looked up
 *     pin=sha256/...     the SHA-256 digest of a public key (SPKI) in base64, as RFC 7858 has it; any of them is good
 *     pkix, dane         prove the name by a certificate authority, by TLSA records
 *     all                each of the ways named is to be proven; without it one of them is enough
 *     opportunistic      nothing is proven
 *     proxy=host/path    of odoh: who passes the questions on; name, addr and the proofs are about the proxy then
 *     config=...         of odoh: the target's configurations in base64 (RFC 9230 section 6.1); none are fetched then
 *
 * Without a way named it is pkix (RFC 8310: strict unless the owner says otherwise). udp and tcp have an address and
 * nothing else.
 *
 * Pure: no memory, no look-ups. An interface name in a zone id stays text in `zone`;
 * who opens the socket turns it into an index. On an error `why` says what is
 * wrong in a few words and `at` where (octets from the start).
 */
#ifndef WR_TRANSPORT_URI_H
#define WR_TRANSPORT_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"

enum wr_uri_scheme {
    WR_URI_UDP = 1,
    WR_URI_TCP = 2,
    WR_URI_TLS = 3,
    WR_URI_HTTPS = 4,
    WR_URI_QUIC = 5,
    WR_URI_ODOH = 6,
};

/* What proves that the server is the one that is meant. */
enum wr_uri_proof {
    WR_URI_PKIX =
        1, /* a certificate for its name, or its address, from an authority that is trusted */
    WR_URI_PINS = 2,           /* a public key that is known */
    WR_URI_DANE = 4,           /* TLSA records of its name that DNSSEC proves */
    WR_URI_ALL = 8,            /* each of those, and not one of them */
    WR_URI_OPPORTUNISTIC = 16, /* nothing does; alone */
};

/* Interface names have at most 15 octets (IFNAMSIZ). */
#define WR_URI_ZONE_SIZE 16
/* Longest URL read; and printed, with the NUL: what is not written is there then. */
#define WR_URI_TEXT_MAX  960
#define WR_URI_TEXT_SIZE 1024
/* Name and path of the encrypted schemes, with the NUL. */
#define WR_URI_NAME_SIZE 256
#define WR_URI_PATH_SIZE 128
#define WR_URI_PIN_SIZE  32

struct wr_uri {
    uint8_t scheme; /* enum wr_uri_scheme */
    uint8_t
        addrs; /* how many addresses there are; 0: the host is a name that has to be looked up */
    uint8_t pins;
    uint8_t proof;       /* enum wr_uri_proof, or-ed; 0: udp and tcp */
    struct wr_addr addr; /* the first; its port counts for all, and when there is none */
    struct wr_addr more[WR_URI_ADDRS_MAX - 1]; /* the others, with the port */
    char zone[WR_URI_ZONE_SIZE];               /* interface of a link-local address, or "" */
    bool named; /* the host is written as a name, and `addr` has its addresses */
    char name
        [WR_URI_NAME_SIZE]; /* what the server must prove it is, in lower case without a dot at the end, or "": its
                                    address. Of odoh the target's host, which is never connected to */
    char path[WR_URI_PATH_SIZE];  /* of https and odoh, with its "/", or "" */
    uint16_t target_port;         /* of odoh; addr's port is the proxy's */
    bool proxy_named;             /* of odoh: the proxy is written as a name */
    char proxy[WR_URI_NAME_SIZE]; /* of odoh: the proxy's name, or "": its address is `addr` */
    char proxy_path[WR_URI_PATH_SIZE];
    uint8_t config[WR_URI_CONFIG_MAX]; /* of odoh: pinned configurations, of which one is usable */
    uint8_t config_size;               /* 0: they are fetched */
    uint8_t pin[WR_URI_PINS_MAX][WR_URI_PIN_SIZE];
};

/* What a mistake is: words for people (static), and the octet it starts at. */
struct wr_uri_error {
    const char *why;
    size_t at;
};

/* `n` octets, NUL not needed. WR_E_FORMAT, WR_E_RANGE (port);
 * *ret_error is written then only, and may be NULL. */
int wr_uri_from_text(const char *text, size_t n, struct wr_uri *ret_uri,
                     struct wr_uri_error *ret_error);
/* The text that reads back as the same; returns its length without the NUL. */
size_t wr_uri_to_text(const struct wr_uri *uri, char *ret_text, size_t cap);
/* The same without the facts: what people recognise it by. */
size_t wr_uri_to_short(const struct wr_uri *uri, char *ret_text, size_t cap);
/* The name that whom weir connects to has to prove: the server's, or the proxy's; "": its address. */
const char *wr_uri_peer_name(const struct wr_uri *uri);
const struct wr_addr *wr_uri_addr(const struct wr_uri *uri, unsigned i); /* the i-th of `addrs` */
const char *wr_uri_scheme_name(uint8_t scheme); /* "udp"; NULL for an unknown number */
uint16_t wr_uri_scheme_port(uint8_t scheme);    /* 53, 853, 443 */
bool wr_uri_is_encrypted(uint8_t scheme);
/* Can servers of this scheme be asked already? */
bool wr_uri_is_served(uint8_t scheme);

#endif
