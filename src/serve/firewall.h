/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firewall: weir's table of the packet filter is what it should be.
 *
 * The main thread gathers the facts (serve/firefacts), gives what has changed to the process with the privilege (serve/firehand), and takes its
 * answer in its loop; only the start and the owner's commands wait for it. Who has changed the table behind weir's back
 * is heard from the kernel (net/nftwatch): then all of it is written again, once a second at most.
 *
 *     waiting --> in force <--> failed          failed: nft refuses, is not there, does not end; tried again every ten seconds
 *                    |  ^
 *             remove v  | apply                 by the owner's command
 *                  removed
 *
 * While it is not in force by a failure, segments that want it (`foreign_dns: reject`, `reach: answered`) go on or are refused, as their `fail` says:
 * the gate has the label of what is missing (wr_firewall_lack).
 */
#ifndef WR_SERVE_FIREWALL_H
#define WR_SERVE_FIREWALL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "serve/json.h"

/* For whom it is off. */
#define WR_FIREWALL_OFF_WHY                                                                     \
    "the firewall is off: `firewall.enabled: true` and a restart of weir turn it on; it needs " \
    "the program nft (Debian's package nftables), and weir started as root or with "            \
    "CAP_NET_ADMIN (of systemd: examples/firewall.conf in the documentation, as a drop-in)"

struct wr_firewall;
struct wr_census_device;
struct wr_serve;

/* While there is one thread and the privilege; where the configuration has none, *ret is NULL and all below is fine with that. WR_E_NOMEM. */
int wr_firewall_open(struct wr_serve *s, struct wr_firewall **ret_firewall);
/* The channel for leases of this worker, his from here on; -1: there is none. */
int wr_firewall_lease_fd(const struct wr_serve *s, uint16_t worker);
/* Devices and feeds are known: the table is written, and waited for. */
void wr_firewall_begin(struct wr_serve *s);
/* In the loop from here on. */
int wr_firewall_run(struct wr_serve *s);
/* Looks whether what is known has changed; each second, and at once when somebody was put in quarantine or released. */
void wr_firewall_look(struct wr_serve *s);
/* Another configuration is in force, or other feeds are. */
void wr_firewall_configure(struct wr_serve *s);
/* This device may reach less from now on: the leases that it has end, and it asks anew. */
void wr_firewall_forget(struct wr_serve *s, const struct wr_census_device *d);
/* The label of "firewall" while it fails; 0: it does not. */
uint16_t wr_firewall_lack(const struct wr_serve *s);
/* How many facts have no room in it. */
size_t wr_firewall_left(const struct wr_serve *s);
/* Waits a moment until what was wanted is in force. True: it is. */
bool wr_firewall_settle(struct wr_serve *s);

/* Waits a moment for what the kernel has counted now; it is looked at every five seconds without that. */
void wr_firewall_count(struct wr_serve *s);

/* The control verbs (show: serve/fireshow.c); NULL, or the code of an error with its sentence in `why`. */
const char *wr_firewall_show(struct wr_serve *s, struct wr_json *j, const char *key);
/* Each lease of this device (its id, name, MAC address or an address of its; NULL: of all), with what is left of its time. */
const char *wr_firewall_leases(struct wr_serve *s, const char *whom, struct wr_json *j,
                               const char *key, char *why, size_t cap);
const char *wr_firewall_apply(struct wr_serve *s, char *why, size_t cap);
const char *wr_firewall_remove(struct wr_serve *s, char *why, size_t cap);
/* Its figures for Prometheus, as of the last look; nothing where it is off. */
void wr_firewall_metrics(const struct wr_serve *s, FILE *out);
/* For `status`. */
void wr_firewall_report(struct wr_serve *s, struct wr_json *j, const char *key);

/* No more of the loop. */
void wr_firewall_close(struct wr_firewall *f);
/* The end: the table goes, unless it is kept; NULL is fine. */
void wr_firewall_free(struct wr_firewall *f);

#endif
