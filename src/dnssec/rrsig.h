/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RRSIG: one RRset against its signatures and a zone's keys, one signature check a step (RFC 4035 section 5.3).
 *
 *     struct wr_rrsig_job job;
 *     wr_rrsig_start(&job, set, zone, keys, entries_only, policy, time);
 *     while ((result = wr_rrsig_step(&job, work, scratch)) == WR_RRSIG_MORE) { others have their turn }
 *
 * What makes a signature count: it covers the type, its signer is the zone, the owner is in the zone, its labels
 * are at most the owner's and at least the signer's, its window is good, the algorithm may be relied on, and a key
 * has its tag. The first that checks decides. Signed data is put together in canonical form and order (RFC 4034
 * section 6, RFC 6840 section 5.1), duplicates left out, with the original TTL, and the wildcard as owner when the
 * labels say so (RFC 4035 section 5.3.2); such a set is told as expanded, and whoever asks then wants a proof that
 * the next closer name does not exist.
 *
 * When none checks, `ede` is the reason that came furthest: a wrong signature, then a key that is too large here, then
 * a window, then no key, then none at all. Memory: the job points into what it was given and owns nothing; `scratch` is WR_RRSIG_SCRATCH_SIZE
 * octets, aligned to 8.
 */
#ifndef WR_DNSSEC_RRSIG_H
#define WR_DNSSEC_RRSIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/trace.h"
#include "dns/rrset.h"
#include "dnssec/algo.h"
#include "dnssec/keys.h"
#include "dnssec/trusttime.h"
#include "dnssec/work.h"

struct wr_rrsig {
    const uint8_t *rdata; /* its first octets, with the signer, are signed too */
    const uint8_t *signer, *signature;
    uint32_t original_ttl, expiration, inception;
    uint16_t covered, tag, signature_size;
    uint8_t alg, labels;
};

/* WR_E_FORMAT. The view points into the rdata. */
int wr_rrsig_parse(const uint8_t *rdata, size_t size, struct wr_rrsig *ret_sig);
/* Labels of an owner as RRSIGs count them: without the root, without a leading "*" (RFC 4034 section 3.1.3). */
unsigned wr_rrsig_labels(const uint8_t *owner);
/* The deepest signer that the set's signatures name and that may sign it: the owner or an ancestor; of DS an
 * ancestor only. NULL: none. */
const uint8_t *wr_rrsig_signer(const struct wr_rrset *set);

#define WR_RRSIG_SCRATCH_SIZE (WR_DNSSEC_SIGNED_MAX + (size_t)WR_RRSET_RECORDS_MAX * 16 + 64)

/* The octets that the signature is over, at the start of scratch. WR_E_FORMAT: torn set; WR_E_LIMIT. */
int wr_rrsig_signed_data(const struct wr_rrset *set, const struct wr_rrsig *sig, void *scratch,
                         size_t *ret_size);

enum wr_rrsig_result {
    WR_RRSIG_MORE = 0,
    WR_RRSIG_SECURE,
    WR_RRSIG_FAILED,
    WR_RRSIG_SPENT, /* the work of this query is at its end */
};

struct wr_rrsig_job {
    const struct wr_rrset *set;
    const uint8_t *zone;
    struct wr_keyset *keys;
    const struct wr_dnssec_policy *policy;
    const struct wr_trusttime *time;
    bool entries_only; /* a DNSKEY set: only keys that a DS names */
    struct wr_rrset_walk walk;
    struct wr_rrsig sig;
    bool sig_open; /* `sig` is being tried, from `key` on */
    uint8_t key, tag_keys;
    uint8_t checks, reason_rank;
    /* The result. */
    int16_t ede;
    const char *reason; /* static text */
    uint32_t ttl;       /* what the set may live */
    uint8_t labels;     /* of the signature */
    bool expanded;
};

void wr_rrsig_start(struct wr_rrsig_job *job, const struct wr_rrset *set, const uint8_t *zone,
                    struct wr_keyset *keys, bool entries_only,
                    const struct wr_dnssec_policy *policy, const struct wr_trusttime *time);
/* Tells what came of it, to who listens. */
void wr_rrsig_tell(const struct wr_rrsig_job *job, enum wr_rrsig_result got,
                   const struct wr_trace *trace);
enum wr_rrsig_result wr_rrsig_step(struct wr_rrsig_job *job, struct wr_dnssec_work *work,
                                   void *scratch);

#endif
