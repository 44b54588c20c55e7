/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tally: how often something has happened to each device, counted by all workers in one table.
 *
 * A word is a device's number and its count; eight places are tried, and when all are others' the one with the least is taken over:
 * what is counted most stays. Counts are since the start, and stop at 2^32 - 1. It is touched only when something happens.
 *
 * Memory: a block handed in, all zeros, 64-aligned.
 */
#ifndef WR_POLICY_TALLY_H
#define WR_POLICY_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct wr_tally;

size_t wr_tally_size(uint32_t devices); /* octets of memory */
struct wr_tally *wr_tally_init(void *block, uint32_t devices);
void wr_tally_add(struct wr_tally *t, uint32_t device); /* any thread */
uint32_t wr_tally_get(const struct wr_tally *t, uint32_t device);

#endif
