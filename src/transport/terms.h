/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms: what every encrypted listener serves its clients by: DoT, DoH and DoQ alike.
 *
 * One value for all workers, made from the configuration; each worker copies it (wr_creds_keep for its own reference) and new
 * connections follow the copy. Connections that are open keep the credentials that they began with. The ticket key is made once and stays
 * over reloads, so that clients resume with any worker; GnuTLS derives keys from it by the time.
 */
#ifndef WR_TRANSPORT_TERMS_H
#define WR_TRANSPORT_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/creds.h"
#include "transport/tls.h"
#include "transport/uri.h"

struct wr_terms {
    struct wr_creds *creds; /* NULL: nobody can be served; new connections are refused */
    uint8_t ticket_key[WR_TLS_TICKET_KEY];
    char names_below[256];   /* "": none. A server name of one label more claims to be that label */
    char doh_path[128];      /* "/dns-query" */
    uint8_t odoh_secret[32]; /* of an oblivious target (transport/odohkeys), and since when */
    uint64_t odoh_since_us;
    bool odoh_target;
    /* Of an oblivious proxy: whom it carries to, by what they are proven, and what they must not be called: our own names. */
    struct wr_creds *anchors; /* NULL: this is no proxy */
    uint8_t odoh_targets;
    struct wr_uri odoh_target_uri[WR_ODOH_TARGETS_MAX];
    bool ask_certificate; /* clients may show one; the anchors are those of creds */
};

#endif
