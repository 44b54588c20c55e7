/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep load: the checkpoint file, and the successor it may have, read back into the cache.
 *
 * What cannot be read is put aside (<path>.bad) or left alone if it is not ours, and said; what is whole is applied in order,
 * re-aged. Afterwards the files are open for appending and the kept set knows what stands in them.
 */
#ifndef WR_SERVE_KEEPLOAD_H
#define WR_SERVE_KEEPLOAD_H

#include "serve/keepstate.h"

void wr_keepload_both(struct wr_keep *k, const struct wr_now *now);
/* Once a minute while it could not be used: it may be usable now. What it holds does not go into the running cache. */
void wr_keepload_again(struct wr_keep *k, const struct wr_now *now);

#endif
