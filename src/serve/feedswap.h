/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed swap: how a new list comes to the workers.
 *
 * The thread of serve/feeds wakes the main thread; that takes the new set, gives it to the workers as an order, and lets the one before go
 * when the last worker has carried it out. While another order is under way it waits. Main thread only.
 */
#ifndef WR_SERVE_FEEDSWAP_H
#define WR_SERVE_FEEDSWAP_H

#include <stdbool.h>
#include <uv.h>

#include "serve/feeds.h"

struct wr_serve;

struct wr_feedswap {
    struct wr_feeds *feeds;
    struct wr_feeds_set *set;  /* in force */
    struct wr_feeds_set *next; /* with the workers, until the order has settled */
    bool again;                /* there is another one since */
    uv_async_t woken;
    uint64_t swaps; /* since the start */
};

/* Before the workers are made: the lists of the configuration, as far as there are any. WR_E_NOMEM, WR_E_IO. */
int wr_feedswap_begin(struct wr_serve *s);
int wr_feedswap_run(struct wr_serve *s);
/* With wr_serve_look. True: an answer is awaited. */
bool wr_feedswap_tick(struct wr_serve *s);
/* Another configuration is in force. */
void wr_feedswap_plan(struct wr_serve *s);
/* The workers have carried out an order, whichever it was; what waited for that is given now, if nothing else is under way. */
void wr_feedswap_settled(struct wr_serve *s);
/* Which feeds have a line about the name, for people: an array of feed, line, and whether the line lists it or excepts it. */
void wr_feedswap_put(const struct wr_serve *s, const uint8_t *name, struct wr_json *j,
                     const char *key);
void wr_feedswap_stop(struct wr_serve *s);  /* the thread; before the loop ends */
void wr_feedswap_close(struct wr_serve *s); /* the handle */
void wr_feedswap_free(struct wr_serve *s);  /* after the workers have ended */

#endif
