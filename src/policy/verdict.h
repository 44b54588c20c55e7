/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdict: what policy says of one query, and why.
 *
 * Whoever decides (rules, feeds, response policy zones, protection against rebinding, quarantine) gives one of these; the engine
 * obeys `action`, the record and the extended error carry the rest. In a shadow nothing is obeyed: what would have
 * happened is only recorded.
 */
#ifndef WR_POLICY_VERDICT_H
#define WR_POLICY_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum wr_verdict_action {
    WR_VERDICT_NONE = 0, /* nobody has said anything: go on */
    WR_VERDICT_ALLOW,    /* go on, and nobody after this one is asked (RPZ: PASSTHRU) */
    WR_VERDICT_NXDOMAIN,
    WR_VERDICT_NODATA,
    WR_VERDICT_REFUSED,
    WR_VERDICT_DROP,       /* no reply */
    WR_VERDICT_TRUNCATE,   /* over UDP an empty reply with TC (RPZ: TCP-Only) */
    WR_VERDICT_DATA,       /* other records in place of those asked for: rewritten, sinkhole */
    WR_VERDICT_ROUTE,      /* another group of upstreams is asked */
    WR_VERDICT_SECURE,     /* only an answer that is proven (RFC 4033) */
    WR_VERDICT_QUARANTINE, /* refused, and whoever asks is shut off from here on */
};
#define WR_VERDICT_ACTIONS (WR_VERDICT_QUARANTINE + 1)

/* Who decided. */
enum wr_verdict_by {
    WR_VERDICT_BY_NOBODY = 0,
    WR_VERDICT_BY_RULE,
    WR_VERDICT_BY_RPZ,
    WR_VERDICT_BY_REBINDING,
    WR_VERDICT_BY_QUARANTINE,
    WR_VERDICT_BY_RATE, /* the device asks too fast */
    WR_VERDICT_BY_SEES, /* it leads into a segment that the client's does not see */
    WR_VERDICT_BY_LACK, /* what decides is not there, and the segment is closed then */
};

/* By what. */
enum wr_verdict_trigger {
    WR_TRIGGER_NONE = 0,
    WR_TRIGGER_CLIENT,  /* who asked (RPZ: CLIENT-IP) */
    WR_TRIGGER_NAME,    /* the name that was asked (RPZ: QNAME) */
    WR_TRIGGER_ALIAS,   /* a name in the chain behind it */
    WR_TRIGGER_ADDRESS, /* an address of the answer (RPZ: IP) */
    WR_TRIGGER_NSDNAME, /* the name of a server of the zone */
    WR_TRIGGER_NSIP,    /* its address */
};

struct wr_verdict {
    uint8_t action;  /* enum wr_verdict_action */
    uint8_t by;      /* enum wr_verdict_by */
    uint8_t trigger; /* enum wr_verdict_trigger */
    bool shadow;     /* recorded, not obeyed */
    uint16_t rule;   /* label of the rule or of the response policy zone; 0: none */
    uint16_t feed;   /* label of the feed that has the name; 0: none */
    uint32_t line;   /* of that feed's text; 0: none */
};

/* Does the query go on with that, to whoever is asked next? */
bool wr_verdict_passes(const struct wr_verdict *v);

const char *wr_verdict_action_name(uint8_t action);   /* "none", "allow", "nxdomain", ... */
const char *wr_verdict_by_name(uint8_t by);           /* "nobody", "rule", "rpz", ... */
const char *wr_verdict_trigger_name(uint8_t trigger); /* "none", "client", "name", ... */

#endif
