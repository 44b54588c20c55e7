/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed: the way from a socket part (udp, tcp, stream) to the engine. The loop fills it in.
 *
 * A part reads the clock with `tick` once a batch and hands in each event with `event`; the engine's actions are
 * carried out before the call returns, so a part must expect to be called for an answer within its own call.
 */
#ifndef WR_NET_FEED_H
#define WR_NET_FEED_H

#include "base/time.h"
#include "engine/engine.h"
#include "engine/event.h"
#include "net/limits.h"
#include "net/stats.h"

struct wr_feed {
    void *user;
    void (*event)(void *user, const struct wr_event *event);
    const struct wr_now *(*tick)(void *user);
    /* The budget of encrypted connections is used up: one of this worker yields that is not of this part. How many octets are free by
     * that; 0: none does. NULL: no other part has any. */
    uint64_t (*relieve)(void *user, enum wr_client_transport part);
    const struct wr_engine *engine; /* for its hints; may be NULL */
    struct wr_net_stats *stats;
    const struct wr_net_limits *limits;
    uint16_t worker;
};

#endif
