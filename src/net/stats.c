/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stats.h"

#include "base/check.h"

static const struct wr_stats_row row_table[] = {
#define X(name, help) {#name, help, offsetof(struct wr_net_stats, name)},
    WR_NET_STATS_TABLE(X)
#undef X
};

size_t wr_net_stats_rows(const struct wr_stats_row **ret_rows)
{
    *ret_rows = row_table;
    return WR_ARRAY_LEN(row_table);
}
