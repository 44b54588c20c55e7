/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared: what all workers have in common, one block each.
 *
 * The cache, the learned state of upstreams, the rate limits, and the count of client connections: one of each for
 * the whole program, so that N workers are one gateway. The memory is mapped at the start in its full size and becomes
 * real where it is touched; it never grows. The cache's block may be a file (serve/keep.h).
 */
#ifndef WR_SERVE_SHARED_H
#define WR_SERVE_SHARED_H

#include <stddef.h>

#include "conf/conf.h"
#include "net/limits.h"
#include "policy/device.h"
#include "policy/leasemirror.h"
#include "policy/quota.h"
#include "policy/tally.h"
#include "resolve/cache.h"
#include "resolve/conninfo.h"
#include "resolve/upstream.h"
#include "serve/keep.h"

struct wr_shared {
    struct wr_keep *keep; /* owns the cache's block */
    struct wr_cache *cache;
    struct wr_upstream_state *upstream_state; /* of configured servers, then of those found */
    struct wr_conninfo *conns;                /* of configured servers, by slot */
    struct wr_quota *quota;
    size_t quota_size;
    struct wr_tally *over_rate; /* queries beyond their rate, by device */
    size_t over_rate_size;
    struct wr_device_table *devices; /* who is behind an address; serve/devices writes it */
    size_t devices_size;
    struct wr_leasemirror *leases; /* what the firewall is open to; NULL: there is none */
    size_t leases_size;
    struct wr_net_shared *net;
};

/* The cache is what the process before left, where something is kept; what it judged, if the anchors have the same mark
 * (dnssec/anchordiff). WR_E_NOMEM, WR_E_IO (no randomness). */
int wr_shared_create(const struct wr_conf *conf, uint64_t anchors, const struct wr_now *now,
                     struct wr_shared *ret_shared);
/* Writes a last checkpoint, where something is kept. */
void wr_shared_destroy(struct wr_shared *shared, const struct wr_now *now);
/* What the configuration says about the kept cache; points into it. */
void wr_shared_keep_conf(const struct wr_conf *conf, struct wr_keep_conf *ret_conf);

#endif
