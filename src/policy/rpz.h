/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPZ: response policy zones (draft-vixie-dnsop-dns-rpz-00), compiled, and what they say of a query.
 *
 *     wr_rpz_question(zones, &facts, &hit)     before anybody is asked: CLIENT-IP and QNAME
 *     wr_rpz_answer(zones, &facts, &hit)       for each link of the answer's chain: all triggers
 *
 * One zone is a block that policy/rpzbuild makes and nobody changes: one table for all triggers, found by a keyed hash of the
 * name or the prefix, with the lengths that occur. So a look-up costs one hash for each suffix of the name, made once for
 * all zones, and one for each length of prefix that occurs.
 *
 * Precedence (section 5): links of a chain in their order, which is the caller's loop; then zones in the order of the
 * configuration; then CLIENT-IP, QNAME, IP, NSDNAME, NSIP; then the exact name before wildcards and the longer one
 * before the shorter, the longer prefix before the shorter. What is first ends the search, PASSTHRU too. A zone that is
 * disabled says only what it would have said. Before the answer is known a zone after one with triggers on the
 * answer cannot be asked, for that one comes first: then nothing is said (`wait`), and all is asked of the answer.
 *
 * Pointers in a hit point into the zone's block.
 */
#ifndef WR_POLICY_RPZ_H
#define WR_POLICY_RPZ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/str.h"
#include "dns/rrset.h"
#include "policy/rpzowner.h"
#include "policy/verdict.h"

struct wr_rpz;

/* What a zone does in place of what its records say. */
enum wr_rpz_override {
    WR_RPZ_OVERRIDE_NONE = 0,
    WR_RPZ_OVERRIDE_NXDOMAIN,
    WR_RPZ_OVERRIDE_NODATA,
    WR_RPZ_OVERRIDE_PASSTHRU,
    WR_RPZ_OVERRIDE_DROP,
    WR_RPZ_OVERRIDE_TCP_ONLY,
    WR_RPZ_OVERRIDE_CNAME,
    WR_RPZ_OVERRIDE_DISABLED, /* only recorded */
};

/* A zone as the owner uses it. */
struct wr_rpz_use {
    const struct wr_rpz *zone; /* NULL: there is none now */
    const uint8_t *cname;      /* of OVERRIDE_CNAME: a set of one record, stored form */
    uint64_t groups;           /* who: devices of one of these groups, */
    const uint16_t *segments;  /* or in one of these segments; */
    uint16_t segment_count;    /* none of both: everybody */
    uint16_t label;            /* for the record */
    int16_t ede;               /* WR_EDE_NONE: by what matched */
    uint8_t override;          /* enum wr_rpz_override */
    bool signal;               /* NXDOMAIN without RA */
};

struct wr_rpz_zones {
    const struct wr_rpz_use *use;
    unsigned count;
    struct wr_hash_key key; /* all are compiled under it */
};

/* What is known. Sets of other types than A and AAAA are passed over. */
struct wr_rpz_facts {
    const struct wr_addr *client;
    uint64_t groups;
    uint16_t segment;
    bool doubted;                /* the groups are those of two devices (WR_WHO_CONFLICT) */
    const uint8_t *name;         /* of this link; */
    bool alias;                  /* it is not the one that was asked */
    const struct wr_rrset *sets; /* of the answer, when the chain ends here; */
    unsigned set_count;
    const uint8_t *const *server; /* names of servers of the zone, and of those above */
    unsigned servers;
    const struct wr_addr *server_addr; /* and their addresses */
    unsigned server_addrs;
};

struct wr_rpz_hit {
    struct wr_verdict verdict; /* NONE: nothing is said */
    const struct wr_rpz_use *use;
    uint32_t entry; /* for wr_rpz_set and wr_rpz_put_owner */
    int16_t ede;
    bool wait; /* question: the answer decides */
};

void wr_rpz_question(const struct wr_rpz_zones *zones, const struct wr_rpz_facts *facts,
                     struct wr_rpz_hit *ret_hit);
void wr_rpz_answer(const struct wr_rpz_zones *zones, const struct wr_rpz_facts *facts,
                   struct wr_rpz_hit *ret_hit);
/* Has any zone triggers of this kind? */
bool wr_rpz_has(const struct wr_rpz_zones *zones, enum wr_rpz_kind kind);
/* Does any zone give CNAMEs? */
bool wr_rpz_has_alias(const struct wr_rpz_zones *zones);

struct wr_rpz_room {
    uint8_t octets[2 + WR_NAME_MAX];
};
/* The sets that stand in place of the answer for `name`, of a verdict of DATA, from `index` 0 on: the one of the type, or the CNAME
 * (look at the type of the set); of ANY all. The owner is `name`. `room` keeps a target that is made (WR_RPZ_STAR). False: there are no
 * more; at 0 there is nothing of the type (NODATA). */
bool wr_rpz_set(const struct wr_rpz_hit *hit, const uint8_t *name, uint16_t type, unsigned index,
                struct wr_rpz_room *room, struct wr_rrset *ret_set);
/* The zone's SOA record, for the additional section: how long the answer may be kept. False: the zone has none. */
bool wr_rpz_soa(const struct wr_rpz_hit *hit, struct wr_rrset *ret_set);

/* The owner of the record that matched, as it stands in the zone, for people. */
void wr_rpz_put_owner(struct wr_str *s, const struct wr_rpz *zone, uint32_t entry);
const uint8_t *wr_rpz_name(const struct wr_rpz *zone);
uint32_t wr_rpz_triggers(const struct wr_rpz *zone, enum wr_rpz_kind kind); /* how many */
size_t wr_rpz_used(const struct wr_rpz *zone);                              /* octets */
uint32_t wr_rpz_serial(const struct wr_rpz *zone);                          /* 0 without a SOA */
uint32_t wr_rpz_expire_s(const struct wr_rpz *zone);                        /* likewise */

#endif
