/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to ask: from "@server" to addresses, for the verbs that ask as a client does.
 *
 * The text is an address with or without a port ("192.0.2.1#5353", "[::1]:53"), or a host name, which the system looks up.
 * Without one it is the servers of /etc/resolv.conf. Mistakes are printed in the verb's name.
 */
#ifndef WR_CLI_WHOM_H
#define WR_CLI_WHOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define WR_WHOM_MAX 8

struct wr_whom {
    const char *who;    /* the verb, for messages */
    const char *server; /* without "@", or NULL */
    uint16_t port;      /* where the text has none */
    uint8_t family;     /* enum wr_family; WR_AF_NONE: both */
};

/* At least one address, at most WR_WHOM_MAX. WR_E_NOTFOUND: none, and it was said. */
int wr_whom_find(const struct wr_whom *whom, struct wr_addr ret_servers[WR_WHOM_MAX],
                 size_t *ret_count);

#endif
