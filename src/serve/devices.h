/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: the keeper of who is behind an address.
 *
 * It feeds the machine of policy/census.h with what the kernel's neighbour table says (net/neighbours), what devices say when they ask for an address (serve/devicehears), the leases that serve/locals
 * reads, what clients prove or say when they ask (from the ledger's records, so beside the answers), and what the configuration and the
 * owner say; the machine writes the table that the workers read. Everything here belongs to the main thread, but for two
 * things: claims come from the ledger's thread through a ring, and the registry's file is written by a thread of its own.
 *
 * What happens is told, and noted in the log: conflicts, when they begin, and what the owner changes.
 */
#ifndef WR_SERVE_DEVICES_H
#define WR_SERVE_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "conf/leasefile.h"
#include "policy/census.h"

struct wr_conf;
struct wr_devicehears;
struct wr_devices;
struct wr_gate_slots;
struct wr_labels;
struct wr_serve;

/* Before privileges were dropped: where the registry is. WR_E_NOMEM. */
int wr_devices_open(struct wr_serve *s, struct wr_devices **ret_devices);
/* The registry's file; "": nothing is remembered. */
const char *wr_devices_path(const struct wr_devices *d);
/* The shared table is there: what was remembered is read, then what the configuration says. WR_E_NOMEM. */
int wr_devices_begin(struct wr_serve *s);
/* In the loop from here on. WR_E_NOMEM. */
int wr_devices_run(struct wr_serve *s);
void wr_devices_tick(struct wr_serve *s);
/* What a configuration says of devices and groups, told a machine. */
void wr_devices_say(struct wr_census *m, const struct wr_conf *conf, struct wr_labels *labels,
                    const struct wr_gate_slots *slots, int64_t now_s);
/* A new configuration is in force. */
void wr_devices_configure(struct wr_serve *s);
/* A lease as it was read; `serve` is the struct wr_serve. */
void wr_devices_lease(void *serve, const struct wr_lease *lease);
/* Writes the registry now, for the owner has changed something and may count on it. Waits for the disk. WR_E_NOTFOUND: there is no file. */
int wr_devices_commit(struct wr_serve *s);
struct wr_census *wr_devices_machine(struct wr_devices *d);
const struct wr_devicehears *wr_devices_hears(const struct wr_devices *d);
/* What the device of this number is called now; "" when it is none or not known any more. */
void wr_devices_call(const struct wr_devices *d, uint32_t number,
                     char ret_text[WR_CENSUS_NAME_SIZE]);
/* Does the log not tell who asks? Then it does not tell how devices are called either. */
bool wr_devices_hides(const struct wr_serve *s);
/* As it stands in the log: "camera-3 (d17)", and "d17" alone where the log does not tell who asks (log.privacy). */
#define WR_DEVICES_CALLED_SIZE (WR_CENSUS_NAME_SIZE + 16)
void wr_devices_called(const struct wr_serve *s, uint32_t number,
                       char ret_text[WR_DEVICES_CALLED_SIZE]);
/* The number of the device that is called so (serve/askedby); 0: none, more than one, or it is an address, which others had before. */
uint32_t wr_devices_number(const struct wr_devices *d, const char *text);
/* The device that a word means (serve/askedby). NULL: none, or more than one; then what is to be said of that is in `why`. */
const struct wr_census_device *wr_devices_find(const struct wr_devices *d, const char *text,
                                               char *why, size_t cap);
/* A change that the owner or the evidence has brought about: said, and noted in the log. */
void wr_devices_note(struct wr_serve *s, enum wr_log_level level, const char *text);
int64_t wr_devices_now_s(const struct wr_serve *s);
/* Is that proven, or is the system's clock believed? */
bool wr_devices_now_is_proven(const struct wr_serve *s);
/* No more of the loop; NULL is fine. */
void wr_devices_close(struct wr_devices *d);
/* The registry is written for the last time, and all is given back; no worker is left. */
void wr_devices_end(struct wr_serve *s);

#endif
