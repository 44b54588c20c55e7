/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gather: takes one RRset with its signatures out of a section of a message.
 *
 * Records with the same owner and type are brought together wherever they stand in the section, rdata in stored
 * form, duplicates dropped, one TTL: the least (RFC 2181 section 5). Nothing is believed here; who may say
 * what is decided by scrub and cut.
 *
 * Looking at records costs: `looks` is what the caller grants for a whole message (WR_SCRUB_LOOKS_MAX). When it is used
 * up the walks end early, and the caller must refuse the message.
 */
#ifndef WR_RESOLVE_GATHER_H
#define WR_RESOLVE_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/msg.h"
#include "dns/rrset.h"

struct wr_gather {
    const struct wr_msg *msg;
    struct wr_arena *arena;
    uint32_t looks; /* left; 0: the message cost too much */
};

/* Uses up `n` looks; false when there are none left. */
bool wr_gather_charge(struct wr_gather *g, uint32_t n);
/* The next record of a section, as long as there are looks. */
bool wr_gather_next(struct wr_gather *g, struct wr_msg_walk *walk, struct wr_msg_rr *ret_rr);
/* The set (owner, type) of a section, memory from the arena. WR_E_NOTFOUND when it has no record; WR_E_FORMAT,
 * WR_E_LIMIT, WR_E_NOMEM. */
int wr_gather(struct wr_gather *g, enum wr_section section, const struct wr_name *owner,
              uint16_t type, uint8_t rank, struct wr_rrset *ret_set);

#endif
