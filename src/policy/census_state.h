/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the census: shared by census.c (evidence), censuslease.c (what DHCP says), censusplace.c (addresses and the table), censusroom.c (who has a
 * place), censusowner.c (the owner's word) and censusquarantine.c. Nobody else includes it.
 *
 * Devices stand in an array and are found by two maps, from the hash of a mark and of an address to the place + 1; what
 * the map says is compared with the device itself.
 */
#ifndef WR_POLICY_CENSUS_STATE_H
#define WR_POLICY_CENSUS_STATE_H

#include "base/map.h"
#include "policy/census.h"

#define WR_CENSUS_EVENTS 64
/* In place of an interface: behind a server that asks for others. */
#define WR_CENSUS_BEHIND UINT32_MAX

struct wr_census {
    struct wr_census_setup setup;
    struct wr_census_device *device;
    struct wr_map marks, addresses;
    const struct wr_kinds *kinds;
    bool hops;
    uint32_t shut; /* interfaces of which whoever is not known is in quarantine */
    uint32_t count, free_hint, next;
    uint64_t refused, changes;
    struct wr_census_word word[WR_WHO_GROUPS_MAX]; /* by bit */
    uint32_t words;
    struct wr_census_event event[WR_CENSUS_EVENTS]; /* a ring; the oldest are lost */
    uint32_t events, event_at;
    int64_t full_s;  /* when FULL was told last */
    int64_t crowd_s; /* the second in which `crowd` devices wanted somebody's place */
    uint32_t crowd;
};

/* The owner has changed something. Those whose address this one contests see its groups and its quarantine as well. */
int wr_census_changed(struct wr_census *m, const struct wr_census_device *d);

/* --- marks --- */

/* A mark by its octets, as it is kept: long ones with a hash at the end. */
void wr_census_mark_set(const struct wr_census *m, uint8_t kind, const void *octets, size_t size,
                        struct wr_mark *ret_mark);
struct wr_census_device *wr_census_by_mark(const struct wr_census *m, const struct wr_mark *mark);
/* Gives the device the mark, or renews it. One that is another device's stays there: *NULL*. */
struct wr_mark *wr_census_mark_add(struct wr_census *m, struct wr_census_device *d,
                                   const struct wr_mark *mark, uint8_t source, int64_t now_s);
void wr_census_mark_drop(struct wr_census *m, struct wr_census_device *d, struct wr_mark *mark);
/* Is its fingerprint in DHCP another than it was? */
bool wr_census_is_doubted(const struct wr_census_device *d);
bool wr_census_has_mark(const struct wr_census_device *d, const struct wr_mark *mark);

unsigned wr_census_macs(const struct wr_census_device *d);
/* What a machine on a link can have: no group's and no void one. */
bool wr_census_is_machines_mac(const uint8_t mac[6]);
bool wr_census_is_machines_address(const struct wr_addr *addr);
void wr_census_seen(struct wr_census *m, struct wr_census_device *d, uint32_t ifindex,
                    int64_t now_s);

/* Its marks have changed: what kind of thing is it now? */
void wr_census_judge(struct wr_census *m, struct wr_census_device *d);

/* --- DHCP (censuslease.c) --- */

/* Is it one of nothing but MAC addresses that it made up itself? */
bool wr_census_is_made_up(const struct wr_census_device *d);
/* Is the device that `d` may be silent by now? Then it is that one. */
void wr_census_tick_candidate(struct wr_census *m, struct wr_census_device *d, int64_t now_s);

/* --- addresses (censusplace.c) --- */

struct wr_census_device *wr_census_by_address(const struct wr_census *m, const struct wr_addr *addr,
                                              uint32_t ifindex,
                                              struct wr_census_address **ret_address);
/* What evidence says: `addr` belongs to `d`. `lease_s` 0: no lease. */
void wr_census_place(struct wr_census *m, struct wr_census_device *d, const struct wr_addr *addr,
                     uint32_t ifindex, uint8_t source, int64_t lease_s, int64_t now_s);
void wr_census_address_drop(struct wr_census *m, struct wr_census_device *d,
                            struct wr_census_address *a);
/* Tells the table of all that is the device's. */
void wr_census_publish(struct wr_census *m, const struct wr_census_device *d);
void wr_census_publish_one(struct wr_census *m, const struct wr_census_device *d,
                           const struct wr_census_address *a);
/* Is whoever is not known on this interface in quarantine? */
void wr_census_publish_crowd(struct wr_census *m, uint32_t ifindex, int64_t now_s);
void wr_census_publish_claims(struct wr_census *m, const struct wr_census_device *d);
void wr_census_unpublish_claim(struct wr_census *m, const struct wr_mark *mark);
/* All of `from` is `to`'s from now on; `from` is no more. */
void wr_census_fold(struct wr_census *m, struct wr_census_device *from,
                    struct wr_census_device *to);
/* Ends what has ended for the addresses of a device. */
void wr_census_tick_addresses(struct wr_census *m, struct wr_census_device *d, int64_t now_s);

/* --- places (censusroom.c) --- */

/* NULL: there is no place. */
struct wr_census_device *wr_census_new(struct wr_census *m, uint32_t ifindex, bool owner,
                                       int64_t now_s);
void wr_census_drop(struct wr_census *m, struct wr_census_device *d);
/* Has the owner said anything of it? */
bool wr_census_is_owners(const struct wr_census_device *d);
/* Whether a device that nobody has seen for some time may be forgotten now. */
bool wr_census_is_over(const struct wr_census *m, const struct wr_census_device *d, int64_t now_s);

void wr_census_tell(struct wr_census *m, enum wr_census_trouble trouble, uint32_t device,
                    uint32_t other, const struct wr_addr *addr);
void wr_census_trouble(struct wr_census *m, struct wr_census_device *d,
                       enum wr_census_trouble trouble, uint32_t other, int64_t now_s);
struct wr_census_device *wr_census_by_number(const struct wr_census *m, uint32_t number);

#endif
