/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held zones: whole zones that are asked here in place of their servers.
 *
 *     const struct wr_heldzone *h = wr_heldzones_find(zones, qname, qtype, now_s);
 *
 * The deepest zone counts that has the question (for DS, the one above: RFC 4035 section 3.1.4.1). One that there is nothing
 * of now, or whose answers did not validate lately, is passed over, so that the servers are asked; unless its owner does not want that, then
 * it is found all the same, and the question fails with the reason.
 *
 * The set and the zones are immutable and swapped whole; the state of a zone is shared by all workers. Times in seconds of the
 * monotonic clock, which wrap as they do in the cache.
 */
#ifndef WR_RESOLVE_HELDZONE_H
#define WR_RESOLVE_HELDZONE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "resolve/zoneindex.h"

/* How long a zone is not asked whose answers did not validate: a new copy ends it sooner. */
#define WR_HELDZONE_REST_S 60

struct wr_heldzone_state {
    _Atomic uint32_t bogus;   /* answers that did not validate, in all */
    _Atomic uint32_t until_s; /* not asked until then; 0: it is asked */
};

struct wr_heldzone {
    const uint8_t *name;
    const struct wr_zoneindex *index; /* NULL: there is nothing of it now, */
    int16_t ede;                      /* for this reason, */
    const char *ede_text;             /* in words (static) */
    bool fallback;                    /* its servers are asked when it cannot be */
    bool answers;                     /* clients are told that it is ours, with AA */
    struct wr_heldzone_state *state;  /* of the copy; NULL: there is none */
};

struct wr_heldzones {
    uint32_t count;
    bool answers; /* one of them does */
    const struct wr_heldzone *zone;
};

/* `zones` may be NULL. `passed_over`: 0, or the labels of a zone that gave nothing that can be used, and one: it and those below are left
 * out where their servers may be asked. NULL: the servers are to be asked. */
const struct wr_heldzone *wr_heldzones_find(const struct wr_heldzones *zones, const uint8_t *qname,
                                            uint16_t qtype, unsigned passed_over, uint32_t now_s);
/* The zone of exactly this name, or NULL. */
const struct wr_heldzone *wr_heldzones_named(const struct wr_heldzones *zones, const uint8_t *name);
/* What it said did not validate: it rests. There is something of it (`state`). */
void wr_heldzone_distrust(const struct wr_heldzone *zone, uint32_t now_s);

#endif
