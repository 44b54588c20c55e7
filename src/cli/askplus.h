/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags of `weir ask` behind "+": kdig's words in one table, which is read, printed and completed from.
 *
 * A flag may be shortened while one alone fits, and negated with "no". Pure: only *flags changes. On WR_E_USAGE `why` has one
 * sentence.
 */
#ifndef WR_CLI_ASKPLUS_H
#define WR_CLI_ASKPLUS_H

#include "cli/askflags.h"
#include "cli/opts.h"

#define WR_ASKPLUS_MAX 80

/* `word` is what stands behind the "+". */
int wr_askplus_take(struct wr_askflags *flags, const char *word, char why[WR_ASKFLAGS_WHY_SIZE]);
/* The table's rows, as cli/opts prints them; how many. Names are the module's. */
size_t wr_askplus_opts(struct wr_opt ret_rows[WR_ASKPLUS_MAX]);

#endif
