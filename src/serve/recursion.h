/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recursion: where weir begins when it finds answers by itself, and whom it never asks on the way.
 *
 * The hints of the configuration, or the addresses of the root servers of the Internet. They only tell where to ask for
 * the root's servers (RFC 9609); nothing of them is an answer. Part of a gate: made whole, never changed.
 */
#ifndef WR_SERVE_RECURSION_H
#define WR_SERVE_RECURSION_H

#include "conf/conf.h"
#include "resolve/upstream.h"

struct wr_recursion {
    struct wr_hints hints;
    struct wr_prefix *never;
};

/* Fills `ret` and points the upstreams into it, which lives as long. WR_E_NOMEM. */
int wr_recursion_make(const struct wr_conf *conf, struct wr_recursion *ret,
                      struct wr_upstreams *upstreams);
void wr_recursion_free(struct wr_recursion *recursion);

#endif
