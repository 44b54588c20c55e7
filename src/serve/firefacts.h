/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fire facts: what the firewall has to say, gathered from who knows it.
 *
 * Segments, their places and resolvers from the configuration; addresses of DNS over HTTPS from the compiled feeds; devices in quarantine,
 * with their MAC addresses and the addresses that they are known by, from the census. Each fact is an item of policy/ruleset.
 */
#ifndef WR_SERVE_FIREFACTS_H
#define WR_SERVE_FIREFACTS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "policy/census.h"
#include "policy/feedset.h"
#include "policy/leaseknown.h"
#include "policy/ruleset.h"

struct wr_firefacts {
    struct wr_ruleset_item *item; /* the caller's: WR_RULESET_ITEMS_MAX */
    size_t count;
    size_t left;    /* facts for which there was no room */
    bool redirects; /* with `hairpins`: there is no tproxy */
    bool untracked; /* weir's UDP ports need no entry in the table of connections */
    bool hairpins;  /* `foreign_dns: answer` can be had; else it is as `reject` */
};

/* One more, zero but for its kind and segment; NULL: it has no room, and is counted. */
struct wr_ruleset_item *wr_firefacts_put(struct wr_firefacts *f, enum wr_ruleset_kind kind,
                                         size_t segment);
void wr_firefacts_segments(struct wr_firefacts *f, const struct wr_conf *conf);
/* Where weir answers. */
void wr_firefacts_ports(struct wr_firefacts *f, const struct wr_conf *conf);
/* `label`: of the feeds that list them. WR_E_NOMEM. */
int wr_firefacts_dohs(struct wr_firefacts *f, const struct wr_feedset *feeds, const uint16_t *label,
                      size_t labels);
/* Returns how many devices are in quarantine. */
uint32_t wr_firefacts_quarantine(struct wr_firefacts *f, const struct wr_census *m);
/* Does the kernel forward what comes from it, or goes to it? */
bool wr_firefacts_is_forwarded(const struct wr_addr *addr);
/* The addresses that devices are known by, where the kernel forwards what comes from them. Returns how many: `cap` at most. */
size_t wr_firefacts_known(const struct wr_census *m, struct wr_leaseknown *ret_known, size_t cap);
uint64_t wr_firefacts_known_mark(const struct wr_leaseknown *known, size_t count);
/* The same number for the same items. */
uint64_t wr_firefacts_mark(const struct wr_ruleset_item *item, size_t count);

/* The parties that its leases are of: MAC addresses (family none) and addresses. As many as there is room for. */
size_t wr_firefacts_parties(const struct wr_census_device *d, struct wr_leaseknown *ret_who,
                            size_t cap);

#endif
