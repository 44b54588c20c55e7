/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prove: what the owner decided about validation, compiled; and the least that an answer must be to serve.
 *
 * An answer of a server is not an answer to a client before the validator (dnssec/chain) has judged it: secure, insecure, or
 * bogus, and then it is none. resolve/prove.c gives each proof its turns, one signature a turn, so that a hostile zone
 * holds nobody up. What the cache has is believed as it was judged; what was stored without being judged does not serve
 * (RFC 4035 section 4.3).
 */
#ifndef WR_RESOLVE_PROVE_H
#define WR_RESOLVE_PROVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "dns/rrset.h"
#include "dnssec/anchor.h"

struct wr_prove_settings {
    bool enable;
    bool system_clock; /* `time.trust: system`: the wall clock is right */
    int64_t floor_s;   /* a moment that has certainly passed */
    const struct wr_anchors *anchors;
    struct wr_dnssec_policy policy;
};

/* The worst security that may serve (enum wr_security): while time is not proven, what was judged without it serves. */
static inline uint8_t wr_prove_least(const struct wr_prove_settings *s, const struct wr_now *now)
{
    if (!s->enable) {
        return WR_SECURITY_UNCHECKED;
    }
    return s->system_clock || now->wall_proven ? WR_SECURITY_INSECURE : WR_SECURITY_INDETERMINATE;
}

#endif
