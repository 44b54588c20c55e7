/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease list: the leases that the kernel has, or is about to have; the hand's own list (serve/leasehand), bounded.
 *
 *     put       a lease is wanted until then. Granted as soon as it is in the kernel; one that lasts so long already costs nothing
 *     touched   what the next transaction has to carry: WANTED is added, RENEWED is deleted and added, LEAVING is deleted
 *     settle    how that went: in the kernel; or nobody knows, and whoever wants it again has it deleted and added
 *     sweep     what has ended leaves, some seconds later than in the kernel: until then it is taken to be there
 *
 * What has ended keeps nobody out meanwhile: where a bound is met, one that has ended is LEAVING in the same transaction that adds the new one, so
 * the kernel never has more than the bounds say. LEAVING ones count no more.
 *
 * A lease belongs to a party: a MAC address on an interface, or an address of a client behind another router. A party has a bound and
 * all together have one: who has reached his gets no more until some have ended; none is taken away before its time, since an answer was
 * given with it. Of the bound for all some is kept: an eighth for interfaces that have less than that, and a quarter from clients behind
 * other routers, whose addresses anybody can write on a packet, each with a bound of its own. So who floods the list takes it from
 * his own neighbours at most.
 *
 * Who has much of his bound gets what is new for a short time (scarce: from half of it on), and then few addresses an answer (from three
 * quarters on): one name's owner, with as many addresses and as long TTLs as he likes, would shut all others out until these end. What that
 * means for an answer is the hand's affair (serve/leasehand).
 *
 * Plain memory, one block that is handed in, and stays where it is; one user. Milliseconds are those of the monotonic clock.
 */
#ifndef WR_POLICY_LEASELIST_H
#define WR_POLICY_LEASELIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"

struct wr_leaselist_key {
    uint32_t ifindex;
    uint8_t kind;     /* enum wr_rulesetlease_kind */
    uint8_t family;   /* of the destination, and of a source */
    uint8_t protocol; /* of a lease for a port, else 0, 0 */
    uint8_t zero;
    uint16_t port; /* host order */
    uint16_t zero_too;
    uint8_t who[16]; /* six octets of a MAC address, or the client's own address */
    uint8_t dest[16];
};
_Static_assert(sizeof(struct wr_leaselist_key) == 44,
               "no gaps: it is hashed and compared as it is");

enum wr_leaselist_state {
    WR_LEASELIST_FREE = 0,
    WR_LEASELIST_HELD,    /* in the kernel, until then at least */
    WR_LEASELIST_UNSURE,  /* nobody knows */
    WR_LEASELIST_WANTED,  /* it is not there, and is to be */
    WR_LEASELIST_RENEWED, /* it is there and ends too early, or nobody knows */
    WR_LEASELIST_LEAVING, /* it is not the client's any more */
};

struct wr_leaselist_entry {
    struct wr_leaselist_key key;
    uint32_t party, next; /* places + 1 */
    uint8_t state;        /* enum wr_leaselist_state */
    bool touched;
    uint64_t until_ms;
    struct wr_timer end; /* until then, in milliseconds; not set: it has ended, or leaves */
    struct wr_list by_age, of_party; /* of those that have ended */
};

struct wr_leaselist_party {
    uint32_t ifindex;
    bool routed;
    uint8_t family; /* of a client behind a router; else 0 */
    uint8_t who[16];
    uint32_t count;  /* with those that have ended */
    uint32_t lasts;  /* without them */
    uint32_t places; /* with those that leave; 0: the place is free */
    uint32_t next;
    struct wr_list ended;
};

struct wr_leaselist;

size_t wr_leaselist_size(uint32_t capacity);
/* `block`: zeros, as aligned as malloc has it. */
struct wr_leaselist *wr_leaselist_init(void *block, uint32_t capacity,
                                       const struct wr_hash_key *hash_key);
/* At most so many in all (and no more than the capacity), and of one party. */
void wr_leaselist_bound(struct wr_leaselist *l, uint32_t all, uint32_t party);

struct wr_leaselist_room {
    bool scarce, few;
    bool has; /* this very lease, live or ended */
};

struct wr_leaselist_room wr_leaselist_room(struct wr_leaselist *l,
                                           const struct wr_leaselist_key *key, uint64_t now_ms);
/* WR_OK: held or touched. WR_E_LIMIT: the party has no more; WR_E_FULL: nobody has. */
int wr_leaselist_put(struct wr_leaselist *l, const struct wr_leaselist_key *key, uint64_t until_ms,
                     uint64_t now_ms);
/* The kernel has none of them, as far as is known: all that last are wanted anew. */
void wr_leaselist_lost(struct wr_leaselist *l, uint64_t now_ms);
/* But it has this one, until then; it counts, bounds or not. WR_E_FULL: no room. */
int wr_leaselist_found(struct wr_leaselist *l, const struct wr_leaselist_key *key,
                       uint64_t until_ms);
/* It is to leave the kernel, and stays LEAVING until it has. */
void wr_leaselist_leave(struct wr_leaselist *l, const struct wr_leaselist_entry *entry);

/* The n-th touched one, and how many there are; some may be HELD again meanwhile. */
const struct wr_leaselist_entry *wr_leaselist_touched(const struct wr_leaselist *l, uint32_t n);
uint32_t wr_leaselist_touches(const struct wr_leaselist *l);
/* The first n touched ones: WR_OK, they are as wanted; else nobody knows, and those that leave stay touched. */
void wr_leaselist_settle(struct wr_leaselist *l, uint32_t n, int err);

void wr_leaselist_sweep(struct wr_leaselist *l, uint64_t now_ms);

/* From *cursor 0: each one, then NULL. */
const struct wr_leaselist_entry *wr_leaselist_walk(const struct wr_leaselist *l, uint32_t *cursor);
const struct wr_leaselist_party *wr_leaselist_parties(const struct wr_leaselist *l,
                                                      uint32_t *cursor);
const struct wr_leaselist_party *wr_leaselist_party_of(const struct wr_leaselist *l,
                                                       const struct wr_leaselist_entry *entry);
/* Without those that leave. */
uint32_t wr_leaselist_count(const struct wr_leaselist *l);

#endif
