/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners: which address has which number, and the sockets for those that are new.
 *
 * The number names a listener in all workers (struct wr_client.listener) as long as it stays open, over reloads
 * too. `plan` compares the gate's addresses with what is open; `open` gets sockets for what is new, one for each worker
 * with SO_REUSEPORT. A socket that the service manager handed over (socket activation) is used by
 * all workers together.
 *
 * An address that cannot be opened is missing: it is named in the log with the remedy, once, and tried again every
 * WR_LISTENERS_RETRY_MS; the others are served. An IPv6 address that the machine seems not to have may be one that the kernel still looks at
 * for duplicates (RFC 4862, 5.4: it takes up to 2 s): that is said only when it is missing after WR_LISTENERS_QUIET_TRIES more. While one is missing, what is no longer wanted stays open, because it may be what
 * the clients still ask; only an address that has left the machine is closed at once.
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

/* How long between two tries for what is missing. */
#define WR_LISTENERS_RETRY_MS 2000
/* Of these the first may come while the kernel still looks for duplicates. */
#define WR_LISTENERS_QUIET_TRIES 2

struct wr_listener_missing {
    uint8_t transport;
    struct wr_addr addr;
    int err;       /* WR_E_ */
    uint8_t tries; /* after the first, until it was said */
    bool said;
    char why[sizeof(((struct wr_sock_error *)0)->text)];
};

struct wr_listeners {
    struct wr_listener_entry entry[WR_NET_LISTENERS_MAX];     /* by number */
    struct wr_listener_missing missing[WR_NET_LISTENERS_MAX]; /* wanted and not open */
    uint32_t missings;
    struct wr_notify_socket given[WR_NET_LISTENERS_MAX]; /* handed over and not yet used: fd >= 0 */
    unsigned givens;
};

/* What a reload changes; `open` holds sockets once wr_listeners_open was called. */
struct wr_listeners_change {
    struct wr_crew_listen open[WR_NET_LISTENERS_MAX];
    uint32_t opens;
    uint16_t close[WR_NET_LISTENERS_MAX];
    uint32_t closes;
    uint32_t failed;  /* addresses that could not be opened */
    uint32_t no_room; /* among them: for want of a number, which what is closed now will give */
    uint32_t held;    /* no longer wanted, and not closed yet */
};

/* Fills in what to open (no sockets yet) and what to close so that exactly the gate's addresses are served, and those of
 * sockets handed over. Changes nothing. */
void wr_listeners_plan(const struct wr_listeners *l, const struct wr_gate *gate,
                       struct wr_listeners_change *ret_change);
/* A listener that is not the owner's (serve/hairpin): no plan closes it, and it is in none of the counts below. Its sockets, none yet; NULL: there is
 * no room. */
struct wr_crew_listen *wr_listeners_place(const struct wr_listeners *l, const struct wr_addr *addr,
                                          uint8_t transport, struct wr_listeners_change *change);
/* Opens the sockets of the plan; what fails is taken out of it, counted, and missing from now on. That goes to the
 * log once. `again`: nothing else has changed, so nobody looks anew who holds a port. */
void wr_listeners_open(struct wr_listeners *l, struct wr_helper *helper, uint16_t workers,
                       bool again, struct wr_listeners_change *change);
/* After `open`: takes out of the plan what must stay open until what is missing can be had. */
void wr_listeners_hold(const struct wr_listeners *l, const struct wr_gate_world *world,
                       struct wr_listeners_change *change);
/* The change is carried out: writes it down. */
void wr_listeners_settle(struct wr_listeners *l, const struct wr_listeners_change *change);
/* What is open once the change is carried out (NULL: now), at most WR_NET_LISTENERS_MAX: how many. */
uint32_t wr_listeners_after(const struct wr_listeners *l, const struct wr_listeners_change *change,
                            struct wr_listener_entry *ret_entry);
/* How many are open. */
uint32_t wr_listeners_count(const struct wr_listeners *l);
/* How many are wanted, and how many of those are open. */
uint32_t wr_listeners_wanted(const struct wr_listeners *l, const struct wr_gate *gate);
uint32_t wr_listeners_right(const struct wr_listeners *l, const struct wr_gate *gate);
/* To the log: what is missing and has not been said yet. */
void wr_listeners_say(struct wr_listeners *l);
/* "cannot listen on 127.0.0.1:53 over UDP: " and why. */
void wr_listeners_tell(const struct wr_listener_missing *m, char *ret_text, size_t cap);

#endif
