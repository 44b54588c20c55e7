/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts file: addresses and names as hosts(5) has them.
 *
 * Pure: text in, one call for each address and name out, in the order of the file; the first name of a line is
 * the address's own. What a line has wrong is told with its number and left out, the rest counts. A last line without
 * its end counts too: hosts files are written by hand and by editors that forget it.
 *
 * Names are those of hosts: letters, digits, hyphens and underscores in labels. Control characters, empty labels and
 * what is longer than 255 octets never become a name.
 */
#ifndef WR_CONF_HOSTSFILE_H
#define WR_CONF_HOSTSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "dns/name.h"

struct wr_hostsfile_hooks {
    /* `alias`: not the first name of its line. */
    void (*each)(void *user, uint32_t line, const struct wr_addr *addr, const struct wr_name *name,
                 bool alias);
    void (*wrong)(void *user, uint32_t line, const char *text); /* `text` is printable */
    void *user;
};

/* Returns how many names were given out. */
size_t wr_hostsfile_read(const char *text, size_t n, const struct wr_hostsfile_hooks *hooks);

/* A name as a host may have it (RFC 1123 section 2.1, and "_"); WR_E_FORMAT, or WR_E_RANGE when too long. */
int wr_hostsfile_name(const char *text, size_t n, struct wr_name *ret_name);

#endif
