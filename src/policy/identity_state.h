/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of identity: shared by identity.c (evidence), identityplace.c (addresses and the table), identityroom.c (who has a
 * place) and identityowner.c (the owner's word). Nobody else includes it.
 *
 * Devices stand in an array and are found by two maps, from the hash of a mark and of an address to the place + 1; what
 * the map says is compared with the device itself.
 */
#ifndef WR_POLICY_IDENTITY_STATE_H
#define WR_POLICY_IDENTITY_STATE_H

#include "base/map.h"
#include "policy/identity.h"

#define WR_IDENTITY_EVENTS 64

struct wr_identity {
    struct wr_identity_setup setup;
    struct wr_identity_device *device;
    struct wr_map marks, addresses;
    uint32_t count, free_hint, next;
    uint64_t refused, changes;
    uint16_t group[WR_WHO_GROUPS_MAX]; /* labels by bit */
    uint32_t groups;
    struct wr_identity_event event[WR_IDENTITY_EVENTS]; /* a ring; the oldest are lost */
    uint32_t events, event_at;
    int64_t full_s; /* when FULL was told last */
};

/* --- marks --- */

/* A mark by its octets, as it is kept: long ones with a hash at the end. */
void wr_identity_mark_set(const struct wr_identity *m, uint8_t kind, const void *octets,
                          size_t size, struct wr_mark *ret_mark);
struct wr_identity_device *wr_identity_by_mark(const struct wr_identity *m,
                                               const struct wr_mark *mark);
/* Gives the device the mark, or renews it. One that is another device's stays there: *NULL*. */
struct wr_mark *wr_identity_mark_add(struct wr_identity *m, struct wr_identity_device *d,
                                     const struct wr_mark *mark, uint8_t source, int64_t now_s);
void wr_identity_mark_drop(struct wr_identity *m, struct wr_identity_device *d,
                           struct wr_mark *mark);
bool wr_identity_has_mark(const struct wr_identity_device *d, const struct wr_mark *mark);

/* --- addresses (identityplace.c) --- */

struct wr_identity_device *wr_identity_by_address(const struct wr_identity *m,
                                                  const struct wr_addr *addr, uint32_t ifindex,
                                                  struct wr_identity_address **ret_address);
/* What evidence says: `addr` belongs to `d`. `lease_s` 0: no lease. */
void wr_identity_place(struct wr_identity *m, struct wr_identity_device *d,
                       const struct wr_addr *addr, uint32_t ifindex, uint8_t source,
                       int64_t lease_s, int64_t now_s);
void wr_identity_address_drop(struct wr_identity *m, struct wr_identity_device *d,
                              struct wr_identity_address *a);
/* Tells the table of all that is the device's. */
void wr_identity_publish(struct wr_identity *m, const struct wr_identity_device *d);
void wr_identity_publish_one(struct wr_identity *m, const struct wr_identity_device *d,
                             const struct wr_identity_address *a);
void wr_identity_publish_claims(struct wr_identity *m, const struct wr_identity_device *d);
void wr_identity_unpublish_claim(struct wr_identity *m, const struct wr_mark *mark);
/* All of `from` is `to`'s from now on; `from` is no more. */
void wr_identity_fold(struct wr_identity *m, struct wr_identity_device *from,
                      struct wr_identity_device *to);
/* Ends what has ended for the addresses of a device. */
void wr_identity_tick_addresses(struct wr_identity *m, struct wr_identity_device *d, int64_t now_s);

/* --- places (identityroom.c) --- */

/* NULL: there is no place. */
struct wr_identity_device *wr_identity_new(struct wr_identity *m, uint32_t ifindex, bool owner,
                                           int64_t now_s);
void wr_identity_drop(struct wr_identity *m, struct wr_identity_device *d);
/* Has the owner said anything of it? */
bool wr_identity_is_owners(const struct wr_identity_device *d);
/* Whether a device that nobody has seen for some time may be forgotten now. */
bool wr_identity_is_over(const struct wr_identity *m, const struct wr_identity_device *d,
                         int64_t now_s);

void wr_identity_tell(struct wr_identity *m, enum wr_identity_trouble trouble, uint32_t device,
                      uint32_t other, const struct wr_addr *addr);
void wr_identity_trouble(struct wr_identity *m, struct wr_identity_device *d,
                         enum wr_identity_trouble trouble, uint32_t other, int64_t now_s);
struct wr_identity_device *wr_identity_by_number(const struct wr_identity *m, uint32_t number);

#endif
