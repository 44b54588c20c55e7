/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hairpin: the sockets to which the kernel gives DNS that was meant for resolvers of others (policy/hairpin).
 *
 * UDP and TCP, IPv4 and IPv6, for each worker. They are opened at the start wherever the firewall is enabled, while there is the privilege for
 * it, and stay as long as weir runs: a reload that wants them later has them. Nobody can reach them before the firewall's rules say so.
 *
 * Each has a second one behind the door (WR_HAIRPIN_DOOR), for kernels without tproxy: of all addresses, and what is not marked is thrown away. Where
 * these cannot be had the first are good enough.
 *
 * Where they cannot be had, or the kernel cannot do what the rules want, foreign DNS of such segments is rejected as with `foreign_dns: reject`.
 */
#ifndef WR_SERVE_HAIRPIN_H
#define WR_SERVE_HAIRPIN_H

#include <stdbool.h>

struct wr_serve;

struct wr_hairpin {
    bool open;
    char why[320]; /* it is not open: a sentence with the remedy */
    bool door;     /* those are open too */
};

/* Puts the sockets behind what the change has opened. */
void wr_hairpin_open(struct wr_serve *s);

#endif
