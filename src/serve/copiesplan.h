/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies plan: what the configuration wants of copies of zones, with the keys read, as it is handed from the main thread to the
 * thread of serve/copies.
 *
 * A plan is made once, not changed, and freed by who has it last; the secrets in it are wiped then. A key that
 * cannot be read leaves its primaries mute: they are not asked.
 */
#ifndef WR_SERVE_COPIESPLAN_H
#define WR_SERVE_COPIESPLAN_H

#include "conf/conf.h"
#include "conf/names.h"
#include "resolve/xfer.h"
#include "serve/copies.h"

/* One address of a primary, and what is to be proven there. */
struct wr_copies_primary {
    struct wr_addr addr;
    struct wr_uri uri;
};

struct wr_copies_zone {
    struct wr_name name;
    uint32_t zonemd; /* enum wr_conf_zonemd */
    bool indexed;    /* the resolver asks it */
    bool policy;     /* it is a response policy zone: used past its expire time */
    struct wr_copies_primary primary[WR_XFER_PRIMARIES_MAX];
    unsigned primaries;
    bool has_key, mute;
    struct wr_tsig_key key;
};

struct wr_copies_plan {
    size_t count;
    struct wr_copies_zone zone[];
};

bool wr_copies_zone_is_same(const struct wr_copies_zone *a, const struct wr_copies_zone *b);

#endif
