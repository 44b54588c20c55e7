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

/* What a cached NXDOMAIN says of names below it (RFC 8020). */
enum wr_nxdomain_cut {
    WR_NXDOMAIN_CUT_SECURE = 0, /* when it was proven, that they do not exist either */
    WR_NXDOMAIN_CUT_ALWAYS,     /* the same, proven or not */
    WR_NXDOMAIN_CUT_OFF,
};

struct wr_prove_settings {
    bool enable;
    bool aggressive;              /* use of proven ranges (RFC 8198) */
    uint8_t nxdomain_cut;         /* enum wr_nxdomain_cut */
    bool system_clock;            /* `time.trust: system`: the wall clock is right */
    bool report;                  /* owners of zones hear of what cannot be proven (RFC 9567) */
    bool sentinel;                /* names that ask for the root's anchors (RFC 8509) */
    bool refuse_unproven;         /* clients do not get what was judged without the time */
    const struct wr_name *spared; /* but these: the time needs them */
    uint8_t spareds;
    int64_t floor_s; /* a moment that has certainly passed */
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
