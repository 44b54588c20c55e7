/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weir ask +trace`: the whole way from the root to the answer, told while it is gone, in this process (serve/story.h).
 *
 * One line a move on `out`: milliseconds since the start, the machine, what it does, and why.
 */
#ifndef WR_CLI_ASKTRACE_H
#define WR_CLI_ASKTRACE_H

#include <stdio.h>

#include "base/limits.h"
#include "cli/askflags.h"

/* The reply to the query. WR_E_USAGE: ret_why (WR_ASKFLAGS_WHY_SIZE) says what is wrong with +hints or +anchor. */
int wr_asktrace_run(const struct wr_askflags *flags, const uint8_t *query, size_t query_size,
                    FILE *out, uint8_t ret_reply[WR_MSG_MAX], size_t *ret_size, char *ret_why);

#endif
