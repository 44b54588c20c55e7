/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports: the unpredictable UDP ports from which upstreams are asked (RFC 5452 section 9.2).
 *
 * A pool of `ports` slots for each family. Every question takes a slot at random among those not in
 * use; an empty slot opens a socket on a fresh random port. So whatever an observer knows, the
 * port of the next question is one of at least `ports` (the bits are printed by wr_ports_bits). The socket
 * is connected to the upstream: the kernel throws away what another address sends, and ICMP errors come
 * back as errors. When the exchange is forgotten the port is retired: closed at once while asking is slow;
 * while asking is fast, a port whose answer came stays open in its slot for a later, random, use, and is closed
 * in the background when the rate falls. A port whose answer did not come is always closed: a late answer
 * must not meet another question.
 *
 * Answers that were put together from fragments are refused (RFC 9715 section 3.2, IP_RECVFRAGSIZE).
 *
 * All sockets live in an epoll set of their own; its descriptor (wr_ports_fd) is polled by the loop. Memory:
 * one block at the start. Not thread-safe: one pool per loop.
 */
#ifndef WR_NET_PORTS_H
#define WR_NET_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/pool.h"
#include "base/rng.h"
#include "net/stats.h"

struct wr_ports;

struct wr_ports_setup {
    uint32_t ports;        /* slots for each family, 1..WR_PORTS_MAX */
    const uint16_t *avoid; /* ports never taken, besides the known services: our own listeners */
    size_t avoids;
    struct wr_rng *rng; /* lives as long as the pool */
    struct wr_net_stats *stats;
};

/* As many ports as there are above 1024, with room to find a free one at random. */
#define WR_PORTS_MAX 49152

/* Something that came in on a port. */
struct wr_ports_event {
    wr_id exchange;
    bool unreachable; /* an ICMP error instead of a datagram */
    struct wr_addr from;
    const uint8_t *bytes; /* valid until the next call */
    size_t size;
};

int wr_ports_create(const struct wr_ports_setup *setup, struct wr_ports **ret_ports);
void wr_ports_destroy(struct wr_ports *p);
/* Readable when wr_ports_next has something. */
int wr_ports_fd(const struct wr_ports *p);

/* Sends from a random port that is kept for `exchange`. WR_E_FULL: no port, descriptor or memory to be had here;
 * WR_E_IO: the kernel says no way (unreachable); both leave nothing behind. */
int wr_ports_send(struct wr_ports *p, wr_id exchange, const struct wr_addr *to,
                  const uint8_t *bytes, size_t size, uint64_t now_us);
/* The exchange is over; an unknown one is ignored. `answered` is found out by the pool itself. */
void wr_ports_forget(struct wr_ports *p, wr_id exchange, uint64_t now_us);
/* The next thing that came in, or false. At most WR_NET_PORTS_TURN between two calls of wr_ports_turn. */
bool wr_ports_next(struct wr_ports *p, struct wr_ports_event *ret_event);
/* Once a turn of the loop: new allowance for wr_ports_next. */
void wr_ports_turn(struct wr_ports *p, uint64_t now_us);
/* Closes ports that are idle for too long; call it about once in 100 ms while wr_ports_idle is above 0. */
void wr_ports_rest(struct wr_ports *p, uint64_t now_us);
uint32_t wr_ports_idle(const struct wr_ports *p);

/* Hundredths of bits an off-path forger must guess: 16 of the id and log2 of the ports. */
unsigned wr_ports_bits(uint32_t ports);
/* How many ports each pool may have when there are `files` descriptors for all `pools`: workers, times the families
 * that have an upstream. When fewer than wanted, writes what that costs, as the beginning of a sentence; else an
 * empty text. */
uint32_t wr_ports_share(uint32_t want, uint32_t pools, uint64_t files, char *ret_text, size_t cap);

#endif
