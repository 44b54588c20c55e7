/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fire look: what the kernel has counted in weir's table, as the process with the privilege reads it.
 *
 * Counters are few and go into the reply. Who tried what past weir is some thousands of elements: they are laid down in memory that both
 * processes have since before the fork; the one with the privilege writes there and reads nothing from there, the other reads once a reply has
 * said that it is done, and asks for nothing meanwhile.
 */
#ifndef WR_SERVE_FIRELOOK_H
#define WR_SERVE_FIRELOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "policy/bypass.h"
#include "policy/ruleset.h"
#include "policy/rulesetbypass.h"

struct wr_firecounts {
    uint64_t quarantine; /* packets dropped */
    uint64_t counter[WR_SEGMENTS_MAX][WR_RULESET_COUNTERS];
};

struct wr_fireboard {
    uint32_t count;
    struct wr_fireboard_item {
        struct wr_bypass_try tried;
        uint64_t packets;
    } item[WR_RULESETBYPASS_SETS * WR_BYPASS_SET_MAX];
};

/* Memory for both processes; NULL: none. */
struct wr_fireboard *wr_firelook_share(void);
void wr_firelook_unshare(struct wr_fireboard *board);
/* Reads both; `fd` is one of net/nftdump. WR_E_NOTFOUND: the table is not there; WR_E_IO (errno). */
int wr_firelook(int fd, struct wr_firecounts *ret_counts, struct wr_fireboard *ret_board);
/* A counter by its name in the table, into its place; others are passed over. */
void wr_firelook_count(const char *name, size_t size, uint64_t packets,
                       struct wr_firecounts *counts);

#endif
