/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held answer: what a client is told from a zone that is held and that it is answered from (use `both`), as by the zone's own server: with AA, and with
 * the zone's signatures for who wants them. Nothing is proven here, so AD is not set: the client has the signatures, and
 * may prove it.
 *
 * Where the zone delegates, or an alias leads out of it, the question goes the usual way, on which the zone is asked too.
 *
 * Memory: the answer stands in the arena; the room is used during the call alone.
 */
#ifndef WR_RESOLVE_HELDANSWER_H
#define WR_RESOLVE_HELDANSWER_H

#include "resolve/answer.h"
#include "resolve/heldzone.h"
#include "resolve/upstream.h"

/* FRESH or NOTHING. `room` of WR_MSG_MAX octets. */
enum wr_found wr_heldanswer_find(const struct wr_heldzones *zones, const struct wr_local *local,
                                 const struct wr_upstreams *upstreams, const struct wr_question *q,
                                 uint32_t now_s, uint8_t *room, struct wr_arena *arena,
                                 struct wr_answer *ret_answer);

#endif
