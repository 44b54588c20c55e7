/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weir check name`: the doctor (doctor/exam.h) with sockets, options and words.
 *
 * Whom it asks: the server that was named, else the running gateway, which its control socket tells, else the servers of
 * resolv.conf. cli/checkwork finds out what the exam wants, cli/checktell prints what it found.
 */
#ifndef WR_CLI_CHECKNAME_H
#define WR_CLI_CHECKNAME_H

#include <stdbool.h>

#include "cli/opts.h"

struct wr_checkname {
    bool json, verbose, resolver_only;
    const char *ports, *timeout, *socket; /* as written, or NULL */
};

/* The operands behind "name". Returns an exit status: 0 no errors, 1 errors found, 2 not understood. */
int wr_checkname_run(const struct wr_opts *opts, const struct wr_checkname *asked);

#endif
