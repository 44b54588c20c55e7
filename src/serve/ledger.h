/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ledger: the last events, kept in memory by a thread of its own.
 *
 * Each worker writes one record for each settled query into its ring and never waits; when the ring is full the record
 * is dropped and counted there. The ledger thread empties the rings several times a second into one bounded
 * memory of the last N events, the oldest leave first. Who reads (`weir log`) copies them out by number; numbers only
 * grow, so a follower says which one it has seen last, and sees when it was too slow.
 *
 * The lock is between the ledger thread and the readers; no worker ever takes it. Whoever holds it is the rings' one
 * consumer.
 */
#ifndef WR_SERVE_LEDGER_H
#define WR_SERVE_LEDGER_H

#include <stdint.h>

#include "base/ring.h"
#include "dns/name.h"
#include "engine/event.h"
#include "engine/record.h"

struct wr_ledger;

struct wr_ledger_event {
    uint64_t number; /* from 1 */
    struct wr_record record;
    struct wr_name name;       /* as asked */
    char claim[WR_CLAIM_SIZE]; /* "" or what the client says that it is */
};

/* Memory for `events` events (0: everything is counted and thrown away) and one ring for each worker. */
int wr_ledger_create(uint16_t workers, uint32_t events, struct wr_ledger **ret_ledger);
/* The rings, one for each worker, for wr_crew_setup.records. */
struct wr_ring *wr_ledger_rings(struct wr_ledger *l);
/* Starts the thread; `grown(user)` is called from it after new events were taken in. */
int wr_ledger_run(struct wr_ledger *l, void (*grown)(void *user), void *user);
/* Ends the thread after a last look into the rings (the workers have stopped). */
void wr_ledger_stop(struct wr_ledger *l);
void wr_ledger_destroy(struct wr_ledger *l); /* NULL is fine */

/* Takes in what lies in the rings at this moment, so that a reader sees what has just happened. */
void wr_ledger_catch_up(struct wr_ledger *l);
/* Copies the oldest events with a number above `after`, at most `cap`; returns how many. */
uint32_t wr_ledger_read(struct wr_ledger *l, uint64_t after, struct wr_ledger_event *ret_events,
                        uint32_t cap);

struct wr_ledger_stats {
    uint64_t taken;   /* events since the start: the number of the last one */
    uint64_t dropped; /* lost because a ring was full */
    uint32_t kept;    /* in memory now */
    uint32_t cap;     /* most that are kept */
};
void wr_ledger_stats(struct wr_ledger *l, struct wr_ledger_stats *ret_stats);

#endif
