/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock: virtual time and the queue of what happens next.
 *
 * Nothing in a simulation waits: the clock jumps to the next event. There are two clocks, as in the
 * product: the monotonic one drives the queue; the wall clock may be unset, wrong or step, and nothing in
 * the queue minds. Events at the same microsecond come out in the order they were posted, so one seed is
 * one sequence.
 *
 * An event owns a copy of its bytes; clock_take hands it to the caller, who frees it with free().
 */
#ifndef WEIR_SIM_CLOCK_H
#define WEIR_SIM_CLOCK_H

#include <stdint.h>

#include "base/pool.h"
#include "base/time.h"
#include "engine/event.h"

struct sim_event {
    uint64_t at_us, order;
    int kind;     /* the world's enum */
    unsigned who; /* worker, server or client, by kind */
    wr_id id;
    uint64_t tag;       /* whatever the kind needs */
    uint32_t epoch;     /* stamped: how often the gateway had been restarted */
    uint32_t statement; /* what the oracle's world says with these bytes; 0: nothing */
    struct wr_addr from, to;
    struct wr_client client;
    size_t size;
    uint8_t *bytes; /* behind the struct */
};

struct sim_clock {
    struct wr_now now;
    struct sim_event **heap;
    size_t count, cap;
    uint64_t order;
    uint32_t epoch;
};

void clock_init(struct sim_clock *c, uint64_t start_us, int64_t wall_s);
void clock_free(struct sim_clock *c);
/* Copies the event and `size` bytes; it happens delay_us from now. */
void clock_post(struct sim_clock *c, uint64_t delay_us, const struct sim_event *event,
                const uint8_t *bytes, size_t size);
uint64_t clock_next(const struct sim_clock *c);    /* WR_TIME_NEVER when nothing is queued */
struct sim_event *clock_take(struct sim_clock *c); /* the first; the clock is not moved */
/* Moves both clocks; never back. */
void clock_advance(struct sim_clock *c, uint64_t to_us);

#endif
