/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners: which address has which number, and the sockets for those that are new.
 *
 * The number names a listener in all workers (struct wr_client.listener) as long as it stays open, over reloads
 * too. `plan` compares the gate's addresses with what is open; `open` gets sockets for what is new, one for each worker
 * with SO_REUSEPORT. A socket that the service manager handed over (socket activation) is used by
 * all workers together. An address that cannot be opened is named in the log with the remedy and tried again at the next
 * reload or link change; the others are served.
 */
#ifndef WR_SERVE_LISTENERS_H
#define WR_SERVE_LISTENERS_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/crew.h"
#include "serve/gate.h"
#include "serve/helper.h"
#include "serve/notify.h"

struct wr_listener_entry {
    bool used;
    uint8_t transport; /* enum wr_client_transport */
    struct wr_addr addr;
};

struct wr_listeners {
    struct wr_listener_entry entry[WR_NET_LISTENERS_MAX]; /* by number */
    struct wr_notify_socket given[WR_NET_LISTENERS_MAX]; /* handed over and not yet used: fd >= 0 */
    unsigned givens;
};

/* What a reload changes; `open` holds sockets once wr_listeners_open was called. */
struct wr_listeners_change {
    struct wr_crew_listen open[WR_NET_LISTENERS_MAX];
    uint32_t opens;
    uint16_t close[WR_NET_LISTENERS_MAX];
    uint32_t closes;
    uint32_t failed; /* addresses that could not be opened */
};

/* Fills in what to open (no sockets yet) and what to close so that exactly the gate's addresses are served, and those of
 * sockets handed over. Changes nothing. */
void wr_listeners_plan(const struct wr_listeners *l, const struct wr_gate *gate,
                       struct wr_listeners_change *ret_change);
/* Opens the sockets of the plan; what fails is logged, taken out of it and counted. */
void wr_listeners_open(struct wr_listeners *l, struct wr_helper *helper, uint16_t workers,
                       struct wr_listeners_change *change);
/* The change is carried out: writes it down. */
void wr_listeners_settle(struct wr_listeners *l, const struct wr_listeners_change *change);
/* How many are open. */
uint32_t wr_listeners_count(const struct wr_listeners *l);

#endif
