/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses: an IP address, or an address with a port, without a socket header.
 *
 * v4 uses the first four of `ip`; the rest is zero, so two equal addresses are
 * equal bytes. The conversion to `struct sockaddr` lives in net/.
 */
#ifndef WR_BASE_ADDR_H
#define WR_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wr_family { WR_AF_NONE = 0, WR_AF_V4 = 4, WR_AF_V6 = 6 };

struct wr_addr {
    uint8_t ip[16];
    uint8_t family; /* enum wr_family */
    uint8_t pad;    /* zero */
    uint16_t port;  /* host order; 0 where there is none */
    uint32_t scope; /* interface index of a link-local v6 address, else 0 */
};

struct wr_prefix {
    struct wr_addr addr; /* host bits zero, port 0 */
    uint8_t len;         /* bits: 0..32 or 0..128 */
};

/* Longest text wr_addr_to_text writes, with brackets, scope, port and the final NUL. */
#define WR_ADDR_TEXT_SIZE 72

/* "192.0.2.1", "2001:db8::1", "[::1]:53", "192.0.2.1:53", "fe80::1%3"; nothing behind it. */
int wr_addr_from_text(const char *text, struct wr_addr *ret_addr);
/* Writes without the port when it is 0. Returns the length without the NUL. */
size_t wr_addr_to_text(const struct wr_addr *addr, char *ret_text, size_t cap);
bool wr_addr_equal(const struct wr_addr *a, const struct wr_addr *b);   /* address, port, scope */
bool wr_addr_same_ip(const struct wr_addr *a, const struct wr_addr *b); /* address, scope */
size_t wr_addr_ip_size(const struct wr_addr *addr);                     /* 4, 16 or 0 */
bool wr_addr_is_loopback(const struct wr_addr *addr); /* 127/8, ::1, ::ffff:127/104 */
bool wr_addr_is_any(const struct wr_addr *addr);
/* Whose an address is, whoever reads it (RFC 6890 and its registries; documentation prefixes count as a machine's). */
enum wr_addr_kind {
    WR_ADDR_MACHINE = 0, /* of one machine */
    WR_ADDR_PRIVATE,     /* of one machine of this network: RFC 1918, RFC 4193 */
    WR_ADDR_LOOPBACK,    /* of whoever reads it: 127/8, ::1 */
    WR_ADDR_LINK_LOCAL,  /* of one machine on this link: RFC 3927, fe80::/10 */
    WR_ADDR_UNSPECIFIED, /* of nobody: 0/8, :: */
    WR_ADDR_MULTICAST,   /* of a group */
    WR_ADDR_BROADCAST,   /* of all on the link: 255.255.255.255 */
    WR_ADDR_RESERVED,    /* 240/4 */
    WR_ADDR_IN_V6, /* an IPv4 address in an IPv6 one: ::ffff:0:0/96, ::/96 (RFC 4291 section 2.5.5) */
};
enum wr_addr_kind wr_addr_kind(const struct wr_addr *addr);
/* Of this network or machine, and so of nobody who can have a public certificate for it (RFC 9462 section 4.3): RFC 1918, 4193,
 * loopback, link-local, and what providers share (100.64/10, RFC 6598). */
bool wr_addr_is_private(const struct wr_addr *addr);
/* Clears host bits below `len` and the port. */
struct wr_addr wr_addr_mask(const struct wr_addr *addr, unsigned len);
/* "10.0.0.0/8", "::1/128", or an address alone (full length). Host bits set: WR_E_FORMAT. */
int wr_addr_prefix_from_text(const char *text, struct wr_prefix *ret_prefix);
bool wr_addr_in_prefix(const struct wr_addr *addr, const struct wr_prefix *prefix);

#endif
