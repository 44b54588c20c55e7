/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SVCB: the parameters of SVCB and HTTPS records (RFC 9460), looked up, written and read.
 *
 * `params` is the part of the stored rdata behind the target name, which the rdata table has
 * checked: keys ascending, values inside. What is in a value is checked here.
 *
 * Text: keys of the registry by name (mandatory, alpn, no-default-alpn, port, ipv4hint, ech,
 * ipv6hint, dohpath, ohttp), all others as keyNNNNN="octets" (RFC 9460 section 2.1).
 */
#ifndef WR_DNS_SVCB_H
#define WR_DNS_SVCB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "dns/lex.h"

enum wr_svcb_key {
    WR_SVCB_MANDATORY = 0,
    WR_SVCB_ALPN = 1,
    WR_SVCB_NO_DEFAULT_ALPN = 2,
    WR_SVCB_PORT = 3,
    WR_SVCB_IPV4HINT = 4,
    WR_SVCB_ECH = 5,
    WR_SVCB_IPV6HINT = 6,
    WR_SVCB_DOHPATH = 7,
    WR_SVCB_OHTTP = 8,
    WR_SVCB_INVALID = 65535,
};

/* The value of a key, or NULL. */
const uint8_t *wr_svcb_find(const uint8_t *params, size_t size, uint16_t key, size_t *ret_size);
/* Values of known keys are well formed, and what `mandatory` names is there (RFC 9460 section 8). */
int wr_svcb_check(const uint8_t *params, size_t size);
/* " key=value" for each; WR_E_FORMAT (and text to be thrown away) when wr_svcb_check fails. */
int wr_svcb_put_text(struct wr_str *s, const uint8_t *params, size_t size);
/* Reads all words that are left, in any order, into wire form. `ret_column` (not NULL): of the word it broke at. */
int wr_svcb_read_text(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column);

#endif
