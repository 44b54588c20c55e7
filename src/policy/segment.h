/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segment: the part of the network that a client is in.
 *
 * A segment has interfaces, subnets, listeners, or some of them. What came to a listener of a segment is in it, unless it came in by
 * an interface of another one. Else a client is in the segment with the longest subnet that has its address; when none has,
 * in that of the interface it came in by. One exception, for who writes another's address on his packets: a subnet of a segment
 * that has interfaces of its own does not count for what came in by an interface of another segment.
 *
 * Compiled once in the caller's memory, immutable afterwards; a look-up is a binary search and a walk outwards.
 */
#ifndef WR_POLICY_SEGMENT_H
#define WR_POLICY_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct wr_segment_subnet {
    struct wr_prefix prefix;
    uint16_t segment;
    uint16_t above; /* made by compile: the place + 1 of the nearest one around it; 0: none */
};

struct wr_segment_door {
    struct wr_addr addr; /* of a listener, with port; a wildcard stands for all addresses */
    uint16_t segment;
};

struct wr_segment_link {
    uint32_t ifindex;
    uint16_t segment;
};

/* Whether its clients get expired answers. */
enum wr_segment_stale {
    WR_SEGMENT_STALE_DEFAULT = 0, /* as everybody */
    WR_SEGMENT_STALE_SERVE,
    WR_SEGMENT_STALE_NEVER,
};

struct wr_segment {
    uint16_t label;
    uint8_t stale;  /* enum wr_segment_stale */
    uint64_t hides; /* bit n: its clients are told nothing of addresses in the n-th segment */
    bool closed;    /* nothing is told while what decides for it is not there (policy/lack) */
    bool guarded;   /* the firewall is part of that */
    bool answered;  /* the firewall opens to leases (policy/lease.h) and to these alone: */
    const struct wr_prefix *reaches; /* as wr_prefix_compile leaves them */
    uint32_t reach_count;
    bool hairpins;            /* who of it asks resolvers of others is answered in their place */
    uint32_t stale_max_age_s; /* of SERVE: how long after their end */
    const struct wr_prefix *
        allow; /* who of its clients may ask, as wr_prefix_compile leaves them; none: whoever may anywhere */
    uint32_t allows;
    uint16_t view; /* who answers its clients in place of the default group; 0: nobody else */
    uint32_t rate; /* queries a second of one client; 0: as everywhere */
};

struct wr_segments {
    const struct wr_segment *segment;
    struct wr_segment_subnet *subnet;
    const struct wr_segment_link *link; /* interfaces */
    const struct wr_segment_door *door; /* listeners */
    uint16_t segments, subnets, links, doors;
};

#define WR_SEGMENT_NONE UINT16_MAX

/* Sorts and links the subnets; of equal ones the first counts. */
void wr_segment_compile(struct wr_segments *s);
/* The place of the client's segment, or WR_SEGMENT_NONE. `ifindex` 0: not known. */
uint16_t wr_segment_of(const struct wr_segments *s, uint32_t ifindex, const struct wr_addr *from);

/* The same of a query that came to `local`, an address and port of ours. */
uint16_t wr_segment_at(const struct wr_segments *s, uint32_t ifindex, const struct wr_addr *from,
                       const struct wr_addr *local);
/* The segment with this label, or NULL. */
const struct wr_segment *wr_segment_labelled(const struct wr_segments *s, uint16_t label);

#endif
