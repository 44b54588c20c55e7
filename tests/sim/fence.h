/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fence: the firewall of a world in which some devices reach only what was answered to them.
 *
 * The devices of the first seven numbers are in a segment with leases, which fails open or closed. What the gateway asks for is granted
 * a moment later, or refused, or never answered, or granted when nobody waits for it any more; now and then another tool flushes the table, and an
 * address goes to another device. In the calm it is granted within a millisecond.
 *
 * The check (7): an address in a reply to such a device has its lease, for as long as the record's TTL, at the moment the reply leaves. But where the
 * segment fails open: then it was asked for and refused, or five milliseconds are over. The table here is the fence's own, and knows nothing of the
 * gateway's mirror.
 */
#ifndef WEIR_SIM_FENCE_H
#define WEIR_SIM_FENCE_H

#include <stdbool.h>

#include "engine/event.h"
#include "policy/segment.h"
#include "wire.h"

#define FENCE_LEASES_MAX 65536
#define FENCE_ASKS_MAX   1024

struct fence_lease {
    struct wr_addr client;
    uint8_t family, ip[16];
    uint64_t until_us; /* 0: nobody's */
};

struct fence_ask {
    struct wr_lease_ask ask;
    uint64_t at_us, refused_us;
};

struct fence {
    bool on, closed;
    struct wr_segment segment;
    struct wr_segment_subnet subnet[2];
    struct wr_segments segments;
    struct fence_lease *lease; /* by a hash, open */
    struct fence_ask *asks;    /* the last ones, in a ring */
    uint64_t asked, granted, scarce, refused, silent, late, seen, excused, trimmed;
};

struct world;
struct sim_event;
struct asked;

/* Draws it, and puts it into the gateway's settings. */
void fence_init(struct world *w);
void fence_free(struct world *w);
void fence_asked(struct world *w, unsigned worker, const struct wr_lease_ask *ask);
/* What the firewall says arrives (EV_LEASE); `late`: the gateway was restarted since. */
void fence_event(struct world *w, const struct sim_event *e, bool late);
/* Something happens to the table. */
void fence_fault(struct world *w);
/* Check 7. True: what is in the reply is not all there was, for it was too much. */
bool fence_judge(struct world *w, const struct asked *a, const struct wire_msg *m,
                 const char *name);

#endif
