/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners and targets of a response policy zone: what its names mean (draft-vixie-dnsop-dns-rpz-00 sections 3 and 4).
 *
 * The owner of a record is the trigger, written in front of the zone's name: a name that is asked, with "rpz-nsdname" behind it
 * the name of a server; with "rpz-client-ip", "rpz-ip" or "rpz-nsip" behind it a prefix, backwards, the length first:
 * 24.0.2.0.192.rpz-ip is 192.0.2.0/24, 48.zz.1.db8.2001.rpz-ip is 2001:db8:1::/48. The target of its CNAME is the action.
 *
 * Such zones come from strangers: whatever the octets are, the result is one of those below or a reason in words.
 */
#ifndef WR_POLICY_RPZOWNER_H
#define WR_POLICY_RPZOWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "dns/name.h"

/* In the order in which they count within one zone (section 5.3). */
enum wr_rpz_kind {
    WR_RPZ_CLIENT_IP = 0, /* the address of who asks */
    WR_RPZ_QNAME,         /* the name */
    WR_RPZ_IP,            /* an address of the answer */
    WR_RPZ_NSDNAME,       /* the name of a server of the name's zone, or of one above it */
    WR_RPZ_NSIP,          /* its address */
    WR_RPZ_KINDS,
};

struct wr_rpzowner {
    uint8_t kind; /* enum wr_rpz_kind */
    bool apex;    /* the zone's own name: no trigger */
    bool star;    /* QNAME, NSDNAME: all names below `name`, */
    const uint8_t *name;
    uint8_t
        name_size; /* octets of it before the root's, which stands elsewhere (the zone follows) */
    struct wr_prefix prefix; /* the other kinds */
};

/* NULL: it is set; else what is wrong with it. `owner` is well formed, and stays where it is. */
const char *wr_rpzowner_read(const uint8_t *owner, const uint8_t *zone,
                             struct wr_rpzowner *ret_owner);

/* What is done; verdicts (policy/verdict.h) follow from it. */
enum wr_rpz_action {
    WR_RPZ_NXDOMAIN = 1,
    WR_RPZ_NODATA,
    WR_RPZ_PASSTHRU,
    WR_RPZ_DROP,
    WR_RPZ_TCP_ONLY,
    WR_RPZ_DATA, /* the records of this owner; its CNAME too */
    WR_RPZ_STAR, /* a CNAME to what was asked, put before the target's name in place of the star */
};

/* What a CNAME with this target does; 0: the target is one of the reserved names and means nothing that is known. */
uint8_t wr_rpzowner_action(const struct wr_rpzowner *owner, const uint8_t *target);

#endif
