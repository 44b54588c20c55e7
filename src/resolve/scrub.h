/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scrub: takes from a response what its sender had a right to say, and drops the rest.
 *
 * Everything that is not on the way from the name asked to the end of its CNAME
 * chain is dropped: other owners, other types, other classes, the additional
 * section, sets out of bailiwick. A chain that leaves the bailiwick is cut
 * there; the rest is asked of whoever is responsible. CNAMEs that a DNAME
 * should have made are checked against it (RFC 6672 section 3.1).
 */
#ifndef WR_RESOLVE_SCRUB_H
#define WR_RESOLVE_SCRUB_H

#include "base/arena.h"
#include "dns/msg.h"
#include "resolve/answer.h"
#include "resolve/classify.h"
#include "resolve/upstream.h"

struct wr_scrub {
    const uint8_t *qname; /* what was asked */
    uint16_t qtype;
    const uint8_t *bailiwick; /* the zone the server answers for */
    /* Zones below it that are somebody else's: names whose route is another than `route`. NULL: none. */
    const struct wr_upstreams *upstreams;
    const uint8_t *route; /* the zone of the route that was taken; NULL: the bailiwick itself */
    uint16_t view;        /* of the question */
    const struct wr_local
        *local;   /* names that are ours: nobody else is believed about them; or NULL */
    uint8_t rank; /* enum wr_rank for the answer section */
};

/* Fills `ret_answer` from `msg`, memory from the arena. `ret_kind` is the class of what is left: ANSWER,
 * CNAME (go on with wr_answer_last_name), NODATA or NXDOMAIN.
 * WR_E_FORMAT: broken or contradictory rdata; WR_E_LIMIT: a bound of limits.h; WR_E_NOMEM. */
int wr_scrub(const struct wr_msg *msg, const struct wr_scrub *what, struct wr_arena *arena,
             struct wr_answer *ret_answer, enum wr_response *ret_kind);

#endif
