/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefix set: is an address in any of these prefixes?
 *
 * Sorted arrays by family in the caller's memory, compiled once (nested prefixes are merged into the outer one);
 * a look-up is a binary search. Immutable afterwards.
 */
#ifndef WR_POLICY_PREFIX_H
#define WR_POLICY_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* Sorts `prefixes` in place, drops those inside others; returns how many are left. */
uint32_t wr_prefix_compile(struct wr_prefix *prefixes, uint32_t count);
/* `prefixes` as compiled. A v4-mapped v6 address is looked up as v4 as well. */
bool wr_prefix_has(const struct wr_prefix *prefixes, uint32_t count, const struct wr_addr *addr);

#endif
