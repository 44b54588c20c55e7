/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed fetch: the text of a list from an HTTPS server, handed on as it comes.
 *
 * libcurl does it, and is loaded when the first list is to be fetched: who has none does not carry it. It gets no say in anything that matters
 * here: the addresses are handed in (no name is looked up by the system's resolver), proxies of the environment, cookies, redirects and
 * every scheme but https are off. A redirect comes back as one, for its host has to be looked up first.
 *
 * Who the server is is proven by a certificate for its name, or by a key that is known (pins: SHA-256 of the SPKI, any of them), and then by nothing else
 * unless `pkix` is set as well. The certificate is weir's to judge (`whom`), by the time that it has proven and else by the floor, when the connection is there and
 * before anything is asked; that needs a libcurl over GnuTLS, whose session can be looked into. Another one judges itself, by `ca_file` and the kernel's clock.
 *
 * Blocking, in threads beside the road: WR_FEED_CONNECT_MS to be connected, WR_FEED_FETCH_MS in all, and a server that sends less than
 * WR_FEED_SLOW_OCTETS a second for half a minute is left. `cancel` ends it within a second.
 *
 * Errors: WR_E_UNSUPPORTED (there is no libcurl), WR_E_DENIED (not proven), WR_E_TIMEOUT, WR_E_CLOSED (`cancel`), WR_E_IO (all else of the network, and
 * statuses other than 200, 304 and redirects), and what `piece` gave. The sentence is in `why`.
 */
#ifndef WR_SERVE_FEEDFETCH_H
#define WR_SERVE_FEEDFETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "conf/feedurl.h"
#include "crypto/pin.h"
#include "net/clock.h"
#include "serve/feedimage.h"
#include "transport/whom.h"

struct wr_feedfetch {
    const char *url;        /* https://... */
    struct wr_feedurl host; /* of it (conf/feedurl) */
    const struct wr_addr *addr;
    unsigned addrs; /* at least one; port is not looked at */
    const struct wr_pin *pin;
    unsigned pins;
    bool pkix; /* a certificate counts as well as the pins */
    const char *ca_file;
    const struct wr_whom *
        whom; /* judges the certificate, by `clock`; NULL: the library does, by `ca_file` and the kernel's clock */
    const struct wr_clock *clock;
    const char *etag, *modified; /* of the version that is here; "": none */
    uint64_t max_bytes;
    long most_ms; /* in all; 0: WR_FEED_FETCH_MS */
    const _Atomic bool *cancel;
    int (*piece)(void *user, const void *bytes, size_t n); /* of a body with status 200 */
    void *user;
};

struct wr_feedfetch_result {
    unsigned status;
    char location[WR_FEED_URL_SIZE]; /* of a redirect, whole; "" else */
    char etag[WR_FEEDIMAGE_ETAG_SIZE], modified[WR_FEEDIMAGE_DATE_SIZE];
    char why[256]; /* printable; "" when all is well */
};

/* WR_OK: status is 200 (all pieces were handed on), 304, or a redirect. */
int wr_feedfetch_run(const struct wr_feedfetch *fetch, struct wr_feedfetch_result *ret_result);

#endif
