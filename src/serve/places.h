/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places: how the process's descriptors are shared between upstream ports, TCP connections of clients and the rest.
 *
 * Who takes the last descriptor stops everything: no question can leave, nobody can look in by the control socket. So a
 * part is kept back for listeners, loops, streams to upstreams, copies of zones and the control socket; clients' connections get at most a third of
 * what is left, ports the remainder. Where there is less than the owner wrote, a sentence says what that
 * costs and the remedy. Pure: how many descriptors there are is an argument (wr_sock_raise_files).
 *
 * At the start: wr_places_share, then wr_places_limits; at a reload only the latter, for the ports are there to stay.
 */
#ifndef WR_SERVE_PLACES_H
#define WR_SERVE_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "net/limits.h"

struct wr_places {
    uint64_t files, needed; /* descriptors there are, and for all that was wanted at the start */
    uint32_t ports;         /* upstream ports of each worker and family */
    uint32_t by_files;      /* TCP connections of clients: as descriptors allow */
    uint32_t by_room;       /* ... and the room that was made at the start */
};

/* Descriptors that would be enough, for a later reload as well. */
uint64_t wr_places_wanted(const struct wr_conf *conf, uint32_t workers);
/* `listeners`: sockets that each worker listens on. `families`: address families that have an upstream. The text is empty
 * when there are enough. */
void wr_places_share(const struct wr_conf *conf, uint32_t workers, uint32_t listeners,
                     unsigned families, uint64_t files, struct wr_places *ret_places,
                     char *ret_text, size_t cap);
/* What the configuration says about sockets, as far as there are places. The text is empty when there are. */
void wr_places_limits(const struct wr_conf *conf, const struct wr_places *places,
                      struct wr_net_limits *ret_limits, char *ret_text, size_t cap);

#endif
