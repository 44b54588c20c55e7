/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrier: the sockets of an oblivious proxy (RFC 9230 section 4.1), one for each worker.
 *
 *     err = wr_carrier_create(loop, &feed, &shared->budget, told, user, &carrier)
 *     wr_carrier_set(c, &terms)                    whom it carries to; what is out is given up
 *     status = wr_carrier_take(c, &load)           429, 503: as many are out as may be, of this client or in all
 *     told(user, conn, stream, &reply)             later, once for each: the target's response, or 502 or 504
 *     wr_carrier_close(c) ... the loop runs ... wr_carrier_destroy(c)
 *
 * One connection to a target, made when something is to be carried and kept while the target keeps it. It is proven by what the URL
 * of the target says before anything is sent. What the connections hold is in the budget of encrypted ones. A client has a share of
 * what may be out (WR_ODOH_CARRIED_CLIENT, and its network WR_ODOH_CARRIED_NETWORK of WR_ODOH_CARRIED_MAX), so that others have theirs whatever it does. A load waits WR_ODOH_CARRY_US at most. The client's address, and all of its request but
 * the octets that only the target can open, stay here.
 */
#ifndef WR_NET_CARRIER_H
#define WR_NET_CARRIER_H

#include <uv.h>

#include "net/feed.h"
#include "transport/http.h"
#include "transport/terms.h"

struct wr_carrier;

struct wr_carrier_load {
    wr_id conn;
    struct wr_addr from; /* the client */
    uint64_t stream;
    const char *path; /* static, or of the terms */
    const uint8_t *body;
    size_t size;
    unsigned target;
    bool post;
};

typedef void wr_carrier_told(void *user, wr_id conn, uint64_t stream,
                             const struct wr_http_reply *reply);

int wr_carrier_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_budget *budget,
                      wr_carrier_told *told, void *user, struct wr_carrier **ret_carrier);
/* The terms stay where they are until the next call of this. */
void wr_carrier_set(struct wr_carrier *c, const struct wr_terms *terms);
/* 0: `told` comes; else the status that says why not. */
uint16_t wr_carrier_take(struct wr_carrier *c, const struct wr_carrier_load *load);
/* Both take NULL. */
void wr_carrier_close(struct wr_carrier *c);
void wr_carrier_destroy(struct wr_carrier *c);

#endif
