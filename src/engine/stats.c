/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stats.h"

#include "base/check.h"

static const struct wr_stats_row table[] = {
#define X(counter, text) {#counter, text, offsetof(struct wr_stats, counter)},
    WR_STATS_TABLE(X)
#undef X
};

size_t wr_stats_rows(const struct wr_stats_row **ret_rows)
{
    *ret_rows = table;
    return WR_ARRAY_LEN(table);
}
