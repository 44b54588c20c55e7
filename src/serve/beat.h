/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beat: a thread that does one small thing again and again.
 *
 * For work that belongs neither to a worker nor to the main thread: the kept cache's tick, which may wait for a disk, and
 * the ledger. All signals are blocked in it. The stop waits for the work at hand to end.
 */
#ifndef WR_SERVE_BEAT_H
#define WR_SERVE_BEAT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct wr_beat {
    const char *name;   /* of the thread, at most 15 octets; static */
    uint32_t period_ms; /* before the next turn; the work may change it */
    void (*work)(void *user);
    void *user;
    /* internal */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool running, stop;
};

/* Fill in the first four; the struct must stay where it is. WR_E_NOMEM. */
int wr_beat_start(struct wr_beat *b);
void wr_beat_stop(struct wr_beat *b); /* not started is fine */

#endif
