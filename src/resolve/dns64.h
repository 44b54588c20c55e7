/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS64 (RFC 6147): IPv6 addresses for names that have IPv4 addresses alone, made of a prefix that a translator (NAT64)
 * takes back apart; and the forms of such addresses (RFC 6052 section 2.2).
 *
 * Pure: an answer goes in, an answer comes out. Who asks what is the engine's affair (engine/translate.h):
 *
 *   wr_dns64_serves   is this question of this client one that DNS64 is for?
 *   wr_dns64_lacks    does this answer to AAAA lead to a question for A? (5.1.2 to 5.1.4)
 *   wr_dns64_map      the answer to AAAA, made of the answer to A (5.1.5 to 5.1.7)
 *   wr_dns64_strip    AAAA records that are excluded are left out (5.1.4)
 *   wr_dns64_reverse  the in-addr.arpa name of an ip6.arpa name inside the prefix (5.3.1)
 *
 * What is made is never called secure (section 5.5 would allow it): nobody has signed it.
 *
 * Memory: the sets of the answer that is made point into the answer it was made of, and into the room that is given. Units:
 * TTLs in seconds, prefix lengths in bits.
 */
#ifndef WR_RESOLVE_DNS64_H
#define WR_RESOLVE_DNS64_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "resolve/answer.h"
#include "resolve/question.h"

/* Octets of every ip6.arpa name of a whole address, in wire form. */
#define WR_DNS64_REVERSE_SIZE 74

struct wr_dns64 {
    struct wr_prefix prefix; /* family WR_AF_NONE: there is no DNS64 */
    const struct wr_prefix *exclude,
        *only_for; /* compiled (policy/prefix.h); none of `only_for`: all clients */
    uint32_t excludes, only_fors;
    bool discover; /* without a prefix the upstream is asked for it (RFC 7050) */
};

/* Where an answer is made. */
struct wr_dns64_room {
    struct wr_answer answer;
    uint8_t name[WR_NAME_MAX];
    uint8_t data[WR_DNS64_RECORDS_MAX * 18];
};

/* One of the lengths 32, 40, 48, 56, 64 and 96, host bits and octet 8 zero. */
bool wr_dns64_is_prefix(const struct wr_prefix *prefix);
/* Writes the IPv4 address into the prefix (RFC 6052 section 2.2). */
void wr_dns64_embed(const struct wr_prefix *prefix, const uint8_t ip4[4], uint8_t ret_ip6[16]);
/* The IPv4 address inside; false: the address is not the prefix's, or its octet 8 or its suffix is not zero. */
bool wr_dns64_extract(const struct wr_prefix *prefix, const uint8_t ip6[16], uint8_t ret_ip4[4]);

static inline bool wr_dns64_is_on(const struct wr_dns64 *d)
{
    return d->prefix.addr.family == WR_AF_V6;
}

/* A client that sets DO and CD proves and makes addresses by itself (section 5.5). */
bool wr_dns64_serves(const struct wr_dns64 *d, const struct wr_question *q,
                     const struct wr_addr *client);
/* No AAAA record that counts: nothing of the type, excluded ones alone, or an error other than NXDOMAIN. What could not be
 * proven is not asked around. */
bool wr_dns64_lacks(const struct wr_dns64 *d, const struct wr_answer *aaaa);
/* The TTL that a denial gives to what is made in its place: of its SOA, else 600 seconds (section 5.1.7). */
uint32_t wr_dns64_denial_ttl(const struct wr_answer *aaaa);
/* Without an A record in it the answer is passed on as it is. `denial_security`: enum wr_security of the answer to AAAA. */
const struct wr_answer *wr_dns64_map(const struct wr_dns64 *d, const struct wr_answer *a,
                                     uint32_t denial_ttl, uint8_t denial_security,
                                     struct wr_dns64_room *room);
const struct wr_answer *wr_dns64_strip(const struct wr_dns64 *d, const struct wr_answer *aaaa,
                                       struct wr_dns64_room *room);
/* False: it is no such name, or its address is not one that DNS64 makes. */
bool wr_dns64_reverse(const struct wr_dns64 *d, const uint8_t *name, struct wr_name *ret_name);
/* The answer that begins with a CNAME from the ip6.arpa name to the one whose answer it was. */
const struct wr_answer *wr_dns64_link(const uint8_t *reverse, const struct wr_name *name,
                                      const struct wr_answer *ptr, struct wr_dns64_room *room);

/* Questions for ipv4only.arpa are answered here, so that a client finds the prefix (RFC 7050, 8880); NULL: another name. */
const struct wr_answer *wr_dns64_ipv4only(const struct wr_dns64 *d, const struct wr_question *q,
                                          struct wr_dns64_room *room);
/* The prefix that an answer to ipv4only.arpa AAAA tells (RFC 7050 section 3); false: none. */
bool wr_dns64_discover(const struct wr_answer *aaaa, struct wr_prefix *ret_prefix);
/* The name ipv4only.arpa in wire form. */
extern const uint8_t wr_dns64_ipv4only_name[15];

#endif
