/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a response policy zone (policy/rpz) from its records.
 *
 *     size = wr_rpzbuild_size(&input);
 *     err = wr_rpzbuild(block, size, &input, &zone);      off the road of queries
 *
 * Records come in any order. What is wrong with one leaves that record out and is told to `reject`; the rest is built: a feed with one
 * bad line must not unlock the house. Of two actions at one name the first counts. Signatures and denials, and what
 * stands at the zone's own name, are passed over without a word.
 *
 * Memory: the block is handed in, 8-aligned, and holds copies of everything; the zone is the block, and ends with it.
 * Errors: WR_E_LIMIT (WR_NAMES_RECORDS_MAX), WR_E_FULL (the block is smaller than wr_rpzbuild_size says).
 */
#ifndef WR_POLICY_RPZBUILD_H
#define WR_POLICY_RPZBUILD_H

#include "policy/rpz.h"

struct wr_rpzbuild_record {
    const uint8_t *owner;
    const uint8_t *rdata; /* stored form */
    uint32_t ttl, line;
    uint16_t type, size; /* of rdata */
};

struct wr_rpzbuild_input {
    const uint8_t *zone;
    uint32_t records;
    struct wr_hash_key key; /* that of struct wr_rpz_zones */
    void (*record)(const void *user, uint32_t i, struct wr_rpzbuild_record *ret_record);
    void (*reject)(void *user, uint32_t i, const char *why); /* or NULL */
    void *user;
};

/* Octets that building wants at most; SIZE_MAX when a limit is passed. */
size_t wr_rpzbuild_size(const struct wr_rpzbuild_input *input);
int wr_rpzbuild(void *block, size_t size, const struct wr_rpzbuild_input *input,
                const struct wr_rpz **ret_zone);

#endif
