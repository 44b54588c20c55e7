/* SPDX-License-Identifier: Apache-2.0 */
/*
 * World: what this machine looks like now, read for the gate.
 *
 * Its interfaces with their addresses, and the text of resolv.conf. Read at the start, at each reload and when a link
 * changes; bounded, copied, then only looked at.
 */
#ifndef WR_SERVE_WORLD_H
#define WR_SERVE_WORLD_H

#include "serve/gate.h"

/* A resolv.conf is a few lines; what is beyond this is not read. */
#define WR_WORLD_RESOLV_MAX 65536
#define WR_WORLD_LOCALS_MAX 1024

struct wr_world {
    struct wr_gate_world view; /* points to the two below */
    struct wr_gate_local *local;
    char *resolv;
};

/* WR_E_NOMEM. `watched`: it is said when an interface comes (net/link), so that those that are not in it are new. An unreadable resolv.conf or no interfaces at all are no error: the gate says what follows from it. */
int wr_world_read(const char *resolv_conf, bool watched, struct wr_world *ret_world);
void wr_world_free(struct wr_world *world);

#endif
