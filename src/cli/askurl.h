/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ask URL: "@tls://192.0.2.1#name=dns.example" as the flags of `weir ask` would say it, so that what stands in a configuration can be
 * tried as it is.
 *
 *     if (wr_askurl_is(flags))
 *         err = wr_askurl_apply(&url, flags, &own, why);     `own` is the flags with what the URL says; its texts are in `url`
 *
 * A question over Oblivious DoH is a URL in any case: +odoh and its friends say the same with @SERVER, and are read as one, so that what
 * a configuration refuses (a proxy that is the target) is refused here.
 *
 * WR_E_USAGE: `why` (WR_ASKFLAGS_WHY_SIZE) has a sentence.
 */
#ifndef WR_CLI_ASKURL_H
#define WR_CLI_ASKURL_H

#include "cli/askflags.h"

struct wr_askurl {
    struct wr_uri uri;
    char server[WR_URI_NAME_SIZE + 80]; /* the host, with "%zone" and "#port", as -@ has it */
};

/* Is there a URL to be applied? */
bool wr_askurl_is(const struct wr_askflags *flags);
int wr_askurl_apply(struct wr_askurl *url, const struct wr_askflags *flags,
                    struct wr_askflags *ret_flags, char *ret_why);

#endif
