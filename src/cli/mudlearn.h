/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD learn: `weir mud learn DEVICE`, a profile from what a device asked for, and `weir mud drift DEVICE [FILE]`, what has changed since one was made.
 *
 * Both read the log on disk and ask no daemon. Learn proposes (policy/learn) and tells on what each line stands; with `to` it writes the profile. Drift tells
 * the names that the device asked for and the profile does not have, with how often and when, and the names of the profile that it no longer asks for: what a
 * firmware has brought, or somebody who has broken in. A profile that is not yet enforced is tried by that on what has been.
 */
#ifndef WR_CLI_MUDLEARN_H
#define WR_CLI_MUDLEARN_H

#include "cli/opts.h"
#include "cli/talk.h"
#include "policy/mud.h"

/* Something is new: drift's exit status. */
enum { WR_MUDLEARN_DRIFT = 3 };

struct wr_mudlearn_want {
    const char *device;
    const char *days, *config, *folder, *to; /* as they were written; NULL: not at all */
};

int wr_mudlearn_run(const struct wr_mudlearn_want *want, const struct wr_talk *talk,
                    const struct wr_opts *opts);
int wr_mudlearn_drift(const struct wr_mudlearn_want *want, const struct wr_mud *mud,
                      const struct wr_talk *talk, const struct wr_opts *opts);

#endif
