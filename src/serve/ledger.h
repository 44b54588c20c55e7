/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ledger: the last events, kept in memory by a thread of its own.
 *
 * Each worker writes one record for each settled query into its ring and never waits; when the ring is full the record
 * is dropped and counted there. The ledger thread empties the rings several times a second into one bounded
 * memory of the last N events, the oldest leave first. Who reads (`weir log`) copies them out by number; numbers only
 * grow, so a follower says which one it has seen last, and sees when it was too slow.
 *
 * Beside queries it keeps what changed (`wr_ledger_note`: the policy in force, a device, the log itself), in the same order, so that
 * whoever reads sees under which rules an answer was given. The log on disk (serve/logdisk) and the exports are readers with a
 * cursor: this memory is their queue, and who is too slow has lost what left it, and can count that.
 *
 * Who wants clients not to be known (`wr_ledger_hide`) loses them here, before anything is kept or told.
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
#include "serve/labels.h"

struct wr_ledger;

enum wr_ledger_kind {
    WR_LEDGER_QUERY = 0,
    WR_LEDGER_ROLLUP, /* `count` queries that are not told one by one */
    WR_LEDGER_POLICY, /* what is in force changed */
    WR_LEDGER_DEVICE, /* what is known or decided of a device changed */
    WR_LEDGER_LOG,    /* of the log itself: it began, something is missing in it */
    WR_LEDGER_KINDS,
};

/* Octets of what happened, with the NUL. */
#define WR_LEDGER_TEXT_SIZE 160

struct wr_ledger_event {
    uint64_t number; /* from 1; with a log on disk they go on over a restart */
    uint8_t kind;    /* enum wr_ledger_kind */
    uint32_t count;  /* ROLLUP */
    struct wr_record record;
    struct wr_name name;       /* as asked */
    char claim[WR_CLAIM_SIZE]; /* "" or what the client says that it is */
    struct wr_addr
        asked; /* whom he asked, with the port: a resolver of others; of no family: weir */
    char text[WR_LEDGER_TEXT_SIZE]; /* POLICY, DEVICE, LOG: what happened */
    /* Texts of the numbers in `record`: never NULL, "" for none; they stay as long as whoever gave the event. */
    const char *upstream, *rule, *feed, *segment;
};

const char *wr_ledger_kind_name(uint8_t kind); /* "query", "rollup", "policy", "device", "log" */

enum wr_ledger_privacy {
    WR_LEDGER_FULL = 0,
    WR_LEDGER_HASHED, /* a client is eight octets under a key that is never written, new each day */
    WR_LEDGER_AGGREGATE, /* no names and no clients: counts, once a minute */
};

/* Memory for `events` events (0: everything is counted and thrown away) and one ring for each worker. */
int wr_ledger_create(uint16_t workers, uint32_t events, struct wr_ledger **ret_ledger);
/* The rings, one for each worker, for wr_crew_setup.records. */
struct wr_ring *wr_ledger_rings(struct wr_ledger *l);
/* Before it runs. Where texts of numbers are found (NULL: nowhere); how much of the clients is kept; the number of the last event of
 * an earlier life. */
void wr_ledger_name(struct wr_ledger *l, const struct wr_labels *labels);
void wr_ledger_hide(struct wr_ledger *l, enum wr_ledger_privacy privacy);
void wr_ledger_go_on(struct wr_ledger *l, uint64_t last);
/* At any time: the label of the upstream that has a slot. */
void wr_ledger_upstream(struct wr_ledger *l, uint8_t slot, uint16_t label);
/* An event that is no query; any thread. Cut to WR_LEDGER_TEXT_SIZE. */
void wr_ledger_note(struct wr_ledger *l, enum wr_ledger_kind kind, int64_t wall_s, uint64_t mono_us,
                    const char *text);
/* Starts the thread; `grown(user)` is called from it after new events were taken in. */
int wr_ledger_run(struct wr_ledger *l, void (*grown)(void *user), void *user);
/* Before the thread starts: who wants to know what clients prove or say that they are, and whom a rule
 * has put in quarantine. Called from whoever takes records in, one at a time. */
void wr_ledger_claims(struct wr_ledger *l,
                      void (*claimed)(void *user, const struct wr_record *record,
                                      const char *claim),
                      void *user);
/* Ends the thread after a last look into the rings (the workers have stopped). */
void wr_ledger_stop(struct wr_ledger *l);
void wr_ledger_destroy(struct wr_ledger *l); /* NULL is fine */

/* Takes in what lies in the rings at this moment, so that a reader sees what has just happened. */
void wr_ledger_catch_up(struct wr_ledger *l);
/* Copies the oldest events with a number above `after`, at most `cap`; returns how many. */
uint32_t wr_ledger_read(struct wr_ledger *l, uint64_t after, struct wr_ledger_event *ret_events,
                        uint32_t cap);

/* Fills in the texts of an event whose record has numbers of this life. */
void wr_ledger_texts(const struct wr_ledger *l, struct wr_ledger_event *event);

/* Where a reader is. Fill in `after` (the rest zero); `lost` counts what left the memory before it was read. */
struct wr_ledger_cursor {
    uint64_t after;
    uint64_t lost;
    /* internal */
    size_t offset;
    uint64_t era;
};
/* The same for a reader that goes on: each costs only what it reads. */
uint32_t wr_ledger_follow(struct wr_ledger *l, struct wr_ledger_cursor *cursor,
                          struct wr_ledger_event *ret_events, uint32_t cap);

struct wr_ledger_stats {
    uint64_t last;    /* the number of the last event */
    uint64_t taken;   /* queries since the start */
    uint64_t dropped; /* lost because a ring was full */
    uint32_t kept;    /* in memory now */
    uint32_t cap;     /* most that are kept */
};
void wr_ledger_stats(struct wr_ledger *l, struct wr_ledger_stats *ret_stats);

#endif
