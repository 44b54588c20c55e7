/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolv.conf: the servers that the system was told to use (resolv.conf(5)).
 *
 * Pure: text in, addresses out. Only `nameserver` lines are read; what does not parse is counted, not
 * believed. A zone id of a link-local address stays text, since only the system knows the interface's
 * number. Equal addresses come out once.
 */
#ifndef WR_SERVE_RESOLVCONF_H
#define WR_SERVE_RESOLVCONF_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define WR_RESOLVCONF_ZONE_SIZE 16

struct wr_resolvconf_server {
    struct wr_addr addr;                /* port 53 */
    char zone[WR_RESOLVCONF_ZONE_SIZE]; /* "eth0" of "fe80::1%eth0", or "" */
};

/* Fills at most `cap` servers; returns how many. *ret_bad (may be NULL): nameserver lines that were not understood. */
uint32_t wr_resolvconf_read(const char *text, size_t n, struct wr_resolvconf_server *ret_servers,
                            uint32_t cap, uint32_t *ret_bad);

#endif
