/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Question: what is asked, and under which view the answer may be shared.
 *
 * Class IN only: other classes are answered by the engine itself. Two clients
 * share an answer when name, type, CD and DO are equal (RFC 4035 section 3.2), and the view: what one group of upstreams
 * said is never told to those who are to be told what another says.
 */
#ifndef WR_RESOLVE_QUESTION_H
#define WR_RESOLVE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/name.h"

struct wr_question {
    struct wr_name name;
    uint16_t type;
    uint16_t view; /* who is asked in place of the default (struct wr_view); 0: nobody else */
    bool checking_disabled; /* CD */
    bool dnssec_ok;         /* DO */
};

/* Cache scopes (struct wr_cache_key): answers got with checking disabled stand apart, failures have keys of their own. */
#define WR_SCOPE_CD      0x0001
#define WR_SCOPE_FAILURE 0x8000
/* Delegations as parents told them: never answers (resolve/cut). */
#define WR_SCOPE_CUT 0x4000
/* What was proven and serves other names: the SOA of a zone, the set of a wildcard (resolve/nsecache). */
#define WR_SCOPE_PROVEN 0x2000
/* Beside a set that was made from a wildcard: the proof that nothing is closer. */
#define WR_SCOPE_EXPANSION 0x1000
/* The servers that a zone names itself: never a delegation (resolve/cut). */
#define WR_SCOPE_OWN 0x0800

/* The number of the view, from bit 1 on: they share nothing. */
#define WR_SCOPE_VIEWS 0x07fe

/* Equal questions have equal hashes. */
static inline uint64_t wr_question_hash(const struct wr_hash_key *key, const struct wr_question *q)
{
    uint64_t flavour = (uint64_t)q->view << 18 | (uint64_t)q->type << 2 |
                       (uint64_t)q->checking_disabled << 1 | q->dnssec_ok;
    return wr_name_hash(key, q->name.wire) ^ wr_hash_mix(flavour);
}

static inline uint16_t wr_question_scope(const struct wr_question *q)
{
    return (uint16_t)(q->view << 1 | (q->checking_disabled ? WR_SCOPE_CD : 0));
}

#endif
