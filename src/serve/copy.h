/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy: a whole zone in memory, as it was transferred or read, never changed and freed by who lets go of it last.
 *
 *     err = wr_copy_make(&names, zone, true, &copy);    the names are the copy's then
 *     wr_copy_hold(copy) ... wr_copy_let_go(copy)
 *
 * One that the resolver itself asks has an index over its records (resolve/zoneindex), which takes a second for a million of them: it is made
 * where the copy is, so mostly not in the main thread. Any thread may hold and let go. Errors: WR_E_NOMEM, WR_E_FORMAT (no SOA record).
 */
#ifndef WR_SERVE_COPY_H
#define WR_SERVE_COPY_H

#include <stdatomic.h>

#include "conf/names.h"
#include "resolve/heldzone.h"
#include "serve/policycompile.h"

struct wr_copy {
    atomic_uint held;
    struct wr_names names;
    uint32_t serial;
    const struct wr_zoneindex *index; /* NULL: not made */
    void *block;                      /* of the index */
    struct wr_policyzone *policy;     /* compiled, of a response policy zone; else NULL */
    struct wr_heldzone_state state;   /* what the workers think of it */
    uint32_t told;                    /* of state.bogus; the main thread's */
};

/* On an error the names stay the caller's. What else there is to a copy is added before anybody else has it. */
int wr_copy_make(struct wr_names *names, const uint8_t *zone, bool indexed,
                 struct wr_copy **ret_copy);
/* Makes the index, if there is none yet; before anybody else has the copy, or in the main thread. */
int wr_copy_index(struct wr_copy *copy, const uint8_t *zone);
struct wr_copy *wr_copy_hold(struct wr_copy *copy);
void wr_copy_let_go(struct wr_copy *copy); /* NULL is fine */

#endif
