/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ask ODoH: what a question of `weir ask` needs when a proxy carries it to its target (RFC 9230), and what is told of it.
 *
 * The target's configurations are fetched when the first question is asked, and kept for the next ones to the same target under the same
 * terms; who pins some has none fetched. They are printed as they can be pinned.
 *
 *     wr_askodoh_begin(&odoh, uri, again, now_us, &secure);        `again`: target, proxy and terms are those of the last question
 *     ... the question ...
 *     wr_askodoh_end(&odoh);                                        then odoh.from and odoh.config tell how it was
 *
 * Memory: the caller's; `uri` lives until the end.
 */
#ifndef WR_CLI_ASKODOH_H
#define WR_CLI_ASKODOH_H

#include "transport/upconn.h"
#include "transport/uri.h"

struct wr_askodoh {
    char target[WR_URI_NAME_SIZE + 8]; /* the host, with a port that is not 443 */
    const char *
        from; /* how the configuration came: "fetched", "kept", "fetched anew", "pinned"; "": none came */
    char config[WR_URI_CONFIG_MAX * 4 / 3 + 5]; /* base64, or "" */
    /* inside */
    const struct wr_uri *uri;
    struct wr_odohkept kept;
    struct wr_odoh_config before;
    bool known; /* `before` is there */
};

void wr_askodoh_begin(struct wr_askodoh *o, const struct wr_uri *uri, bool again, uint64_t now_us,
                      struct wr_upconn_secure *secure);
void wr_askodoh_end(struct wr_askodoh *o);
/* "odoh.example:8443" */
void wr_askodoh_target(const struct wr_uri *uri, char *ret_text, size_t cap);

#endif
