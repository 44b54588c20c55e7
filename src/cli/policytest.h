/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy test: `weir policy test FILE`, the log on disk held against another configuration (serve/replay), for people and scripts.
 *
 * The exit status is 0 when nothing would change of what can be decided, WR_POLICYTEST_CHANGES when something would, 1 when it cannot be told.
 */
#ifndef WR_CLI_POLICYTEST_H
#define WR_CLI_POLICYTEST_H

#include "cli/opts.h"
#include "cli/talk.h"

enum { WR_POLICYTEST_CHANGES = 3 };

struct wr_policytest_want {
    const char *file;
    const char *folder, *days, *count; /* as they were written; NULL: not at all */
};

int wr_policytest_run(const struct wr_policytest_want *want, const struct wr_talk *talk,
                      const struct wr_opts *opts);

#endif
