/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RRset: records of one owner, type and class, with the signatures over them.
 *
 * The records stand packed behind one another in `data`: two octets of length
 * (network order) and the stored rdata, first the records, then the RRSIGs.
 * One TTL for all of them (RFC 2181 section 5.2). The cache holds this form,
 * a response is taken apart into it and an answer is written from it.
 *
 * Memory: the struct points into an arena, a cache copy or a constant; it owns
 * nothing.
 */
#ifndef WR_DNS_RRSET_H
#define WR_DNS_RRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dns/build.h"

/* Security status (RFC 4033 section 5), worst first; today everything is unchecked. */
enum wr_security {
    WR_SECURITY_UNCHECKED = 0,
    WR_SECURITY_BOGUS = 1,
    WR_SECURITY_INDETERMINATE = 2,
    WR_SECURITY_INSECURE = 3,
    WR_SECURITY_SECURE = 4,
};

/* Credibility of data (RFC 2181 section 5.4.1), least first. */
enum wr_rank {
    WR_RANK_ADDITIONAL = 1, /* glue and other additional data */
    WR_RANK_AUTHORITY = 2,  /* authority section of a non-authoritative answer, referrals */
    WR_RANK_ANSWER = 3,     /* answer section of a non-authoritative answer (a forwarder's) */
    WR_RANK_AUTH_AUTHORITY = 4,
    WR_RANK_AUTH_ANSWER = 5,
};

struct wr_rrset {
    const uint8_t *owner; /* wire name, case as received */
    const uint8_t *data;  /* packed records, then packed signatures */
    uint32_t size;        /* octets of data */
    uint32_t ttl;         /* seconds */
    uint16_t type;
    uint16_t class_;
    uint16_t records;
    uint16_t sigs;
    uint8_t security; /* enum wr_security */
    uint8_t rank;     /* enum wr_rank */
    uint8_t prover;   /* for the two functions below; not kept by the flat form nor by the cache */
};

/* The zone whose keys proved the set as it stands there, while it is SECURE; NULL: nobody is known to have, or it was made
 * from a wildcard. Only what has a prover may serve as proof of something else, and only for that zone: that a set is
 * SECURE says neither by whom nor as what. The name points into the owner. */
const uint8_t *wr_rrset_prover(const struct wr_rrset *set);
/* `zone` is at or above the owner, or NULL. */
void wr_rrset_set_prover(struct wr_rrset *set, const uint8_t *zone);

/* Walks the packed records: `index` from 0 to records + sigs - 1; false at the end or on torn data. */
struct wr_rrset_walk {
    struct wr_reader r;
    uint32_t left;
};
struct wr_rrset_walk wr_rrset_walk(const struct wr_rrset *set);
bool wr_rrset_next(struct wr_rrset_walk *walk, const uint8_t **ret_rdata, uint16_t *ret_size);

/* Writes the set into a message, whole or not at all, starting with record `turn` (round robin). WR_E_FULL. */
int wr_rrset_build(struct wr_build *b, enum wr_section section, const struct wr_rrset *set,
                   uint32_t ttl, bool with_sigs, uint32_t turn);

/* Looks at a set from outside (a file, a block that was left behind): counts and size within limits.h, a type that can
 * be stored, each rdata well formed by its type's row, nothing missing and nothing behind. The owner is not looked at.
 * WR_E_LIMIT, WR_E_FORMAT. */
int wr_rrset_check(const struct wr_rrset *set);

/* One flat form, for keeping several sets behind one another (negative answers, files):
 * owner, type, class, ttl, records, sigs, security, rank, size of data, data. */
size_t wr_rrset_flat_size(const struct wr_rrset *set);
void wr_rrset_put_flat(struct wr_writer *w, const struct wr_rrset *set);
/* Points into the reader's octets; checks them as wr_rrset_check does. An error sticks to the reader. */
int wr_rrset_get_flat(struct wr_reader *r, struct wr_rrset *ret_set);

#endif
