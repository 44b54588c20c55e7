/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held set: the zones that the workers ask here in place of their servers (resolve/heldzone), with the copies that they stand in.
 *
 *     err = wr_heldset_create(room, &set);
 *     wr_heldset_add(set, &zone);       the copy is held by the set from here on
 *     workers use wr_heldset_zones(set) until they have moved on to another; then wr_heldset_free(set)
 *
 * Main thread only. Errors: WR_E_NOMEM, WR_E_FORMAT (the copy is no zone).
 */
#ifndef WR_SERVE_HELDSET_H
#define WR_SERVE_HELDSET_H

#include "serve/copy.h"

struct wr_heldset;

struct wr_heldset_zone {
    const uint8_t *name;  /* copied */
    struct wr_copy *copy; /* NULL: there is none now, for this reason */
    int16_t ede;
    const char *ede_text; /* static */
    bool fallback, answers;
};

int wr_heldset_create(size_t room, struct wr_heldset **ret_set);
int wr_heldset_add(struct wr_heldset *set, const struct wr_heldset_zone *zone);
/* NULL: there are none. */
const struct wr_heldzones *wr_heldset_zones(const struct wr_heldset *set);
/* Says in the log whose answers did not validate since the last time. */
void wr_heldset_tell(const struct wr_heldset *set);
void wr_heldset_free(struct wr_heldset *set); /* NULL is fine */

#endif
