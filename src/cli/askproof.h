/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ask proof: what a server proved to `weir ask`, and whether that is what was wanted.
 *
 * With a condition (an authority, pins, or both) a server that does not meet it is refused. Without one nothing is refused,
 * as kdig has it, but what its certificate is worth is found out all the same and told: who looks after a connection wants to see it.
 *
 *     struct wr_askproof proof = {.creds = creds, .host = "dns.example", .authority = true};
 *     secure.verify = wr_askproof_judge, secure.user = &proof;
 *
 * Pointers in it are the caller's and live as long as it.
 */
#ifndef WR_CLI_ASKPROOF_H
#define WR_CLI_ASKPROOF_H

#include <stdbool.h>

#include "crypto/pin.h"
#include "transport/creds.h"

struct wr_askproof {
    struct wr_creds *creds; /* the authorities */
    const char *host; /* the name, or the text of the address, that is to be in the certificate */
    const struct wr_pin *pin;
    unsigned pins;
    bool authority; /* an authority is to vouch for it */
    bool any;       /* of the two that are wanted one is enough */

    /* what was found */
    bool seen, proven; /* proven: by an authority or by a pin, wanted or not */
    struct wr_pin key;
    char text[400]; /* one sentence */
};

/* The hook of transport/tls. */
int wr_askproof_judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why);

#endif
