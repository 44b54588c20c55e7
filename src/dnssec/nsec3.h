/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSEC3: what does not exist, proven by hashed names (RFC 5155 section 8), with the work bounded.
 *
 *     wr_nsec3_start(&c, zone, qname, policy);
 *     for each record whose signature was checked: wr_nsec3_add(&c, owner, rdata, size);
 *     while ((proof = wr_nsec3_nxdomain(&c, work)) == WR_PROOF_AGAIN) { others have their turn }
 *
 * Records of another hash than SHA-1, with unknown flags, with a hash of another length, or with other parameters
 * than the first one are left out (section 8.2). More iterations than the policy takes: WR_PROOF_INSECURE (RFC
 * 9276). Each hash is counted in blocks of SHA-1 against the query's work, and against the step's share: then the
 * call gives WR_PROOF_AGAIN and finds what it hashed already at the next one (NSEC3 encloser attack,
 * CVE-2023-50868). An opt-out range that would have to prove gives WR_PROOF_INSECURE: there may be an unsigned
 * delegation in it (section 9.2).
 *
 * Memory: the check is one struct, of seven KiB, that points into zone, qname and records.
 */
#ifndef WR_DNSSEC_NSEC3_H
#define WR_DNSSEC_NSEC3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "dnssec/algo.h"
#include "dnssec/nsec.h"
#include "dnssec/work.h"

#define WR_NSEC3_HASH_SIZE 20

struct wr_nsec3 {
    uint8_t owner[WR_NSEC3_HASH_SIZE];
    const uint8_t *next, *salt, *bitmap;
    uint16_t iterations, bitmap_size;
    uint8_t salt_size, flags;
};

#define WR_NSEC3_OPTOUT 0x01

/* WR_E_FORMAT: torn, or not a hash of the zone in front; WR_E_UNSUPPORTED: to be left out. */
int wr_nsec3_view(const uint8_t *owner, const uint8_t *rdata, size_t size, const uint8_t *zone,
                  struct wr_nsec3 *ret_nsec3);
/* The hash of a name (section 5). `ret` has WR_NSEC3_HASH_SIZE octets. */
int wr_nsec3_hash(const uint8_t *name, const uint8_t *salt, size_t salt_size, uint16_t iterations,
                  uint8_t *ret);
/* Blocks of SHA-1 that one hash costs. */
uint32_t wr_nsec3_blocks(const uint8_t *name, size_t salt_size, uint16_t iterations);

/* Names that are hashed: qname's ancestors, and "*" below each. */
#define WR_NSEC3_MEMO (2 * (WR_NAME_LABELS_MAX + 1))

struct wr_nsec3_check {
    const uint8_t *zone, *qname;
    const struct wr_dnssec_policy *policy;
    struct wr_dnssec_work *work;
    uint32_t share; /* blocks left of this step */
    uint8_t labels; /* of qname */
    uint8_t zone_labels;
    uint8_t count;
    bool moved; /* something was hashed in this step */
    struct wr_nsec3 list[WR_DNSSEC_SETS_MAX];
    bool known[WR_NSEC3_MEMO];
    uint8_t memo[WR_NSEC3_MEMO][WR_NSEC3_HASH_SIZE];
};

void wr_nsec3_start(struct wr_nsec3_check *c, const uint8_t *zone, const uint8_t *qname,
                    const struct wr_dnssec_policy *policy);
void wr_nsec3_add(struct wr_nsec3_check *c, const uint8_t *owner, const uint8_t *rdata,
                  size_t size);

enum wr_proof wr_nsec3_nxdomain(struct wr_nsec3_check *c, struct wr_dnssec_work *work);
enum wr_proof wr_nsec3_nodata(struct wr_nsec3_check *c, uint16_t qtype,
                              struct wr_dnssec_work *work);
/* The answer was made of the wildcard below qname's ancestor of `labels` labels. */
enum wr_proof wr_nsec3_expansion(struct wr_nsec3_check *c, unsigned labels,
                                 struct wr_dnssec_work *work);
enum wr_proof wr_nsec3_no_ds(struct wr_nsec3_check *c, struct wr_dnssec_work *work);

#endif
