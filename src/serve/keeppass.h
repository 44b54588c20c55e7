/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep pass: one walk over the cache, in steps of a second, that writes what is new and worth it.
 *
 * A pass ends at the end of the cache, or when the budget is used up; then the next goes on from there. When the file has
 * grown to three times what lives, a successor is begun, into which everything is written as the passes meet it; after a
 * full round it takes the file's place.
 */
#ifndef WR_SERVE_KEEPPASS_H
#define WR_SERVE_KEEPPASS_H

#include "serve/keepstate.h"

/* Begins one if the budget allows a batch; else sets the time of the next try. */
void wr_keeppass_start(struct wr_keep *k, const struct wr_now *now);
/* At most WR_KEEP_STEP_MAX entries of it, and what is written with them. */
void wr_keeppass_step(struct wr_keep *k, const struct wr_now *now);

#endif
