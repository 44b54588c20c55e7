/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log verify: is the log on disk whole?
 *
 * Goes through the chain of hashes from the first segment to the last (serve/logread), without the gateway: the folder may be a copy, on
 * another machine. Prints what was gone through and the hash at its end. With a hash that was noted elsewhere (the gateway tells it to
 * its exports each minute, and in `weir status`), everything up to it is proven to be as it was then: nothing was cut from the end, and the
 * chain was not made anew.
 */
#ifndef WR_CLI_LOGVERIFY_H
#define WR_CLI_LOGVERIFY_H

#include <stdbool.h>

#include "cli/opts.h"

struct wr_logverify_want {
    const char *folder; /* NULL: log.path of the configuration */
    const char *config; /* NULL: the usual one */
    const char *head;   /* hexadecimal; NULL: none */
    bool json;
};

/* An exit status: 0 whole, 1 not, or it cannot be read. */
int wr_logverify_run(const struct wr_logverify_want *want, const struct wr_opts *opts);

#endif
