/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities and identity: giving privileges up (capabilities(7), credentials(7)).
 *
 * The system calls are made directly: what is needed is "none" and "one", no library's worth. Everything here only ever
 * takes away.
 */
#ifndef WR_SERVE_CAPS_H
#define WR_SERVE_CAPS_H

#include <stdbool.h>

/* Does this process hold CAP_NET_BIND_SERVICE? */
bool wr_caps_can_bind(void);
/* Does it hold CAP_NET_ADMIN? */
bool wr_caps_can_admin(void);
/* Keeps CAP_NET_BIND_SERVICE and nothing else, empties the bounding set, forbids new privileges. */
int wr_caps_keep_bind(void);
/* Keeps CAP_NET_ADMIN and nothing else, likewise, and lets the programs have it that this process executes. */
int wr_caps_keep_admin(void);
/* Gives up every capability, empties the bounding set, forbids new privileges. */
int wr_caps_drop_all(void);

/* Becomes `user` (with its groups). When not root, or `user` is empty, nothing changes. WR_E_NOTFOUND: no such
 * user; WR_E_DENIED: the kernel refuses (an identity that the user namespace does not know). */
int wr_caps_become(const char *user);

#endif
