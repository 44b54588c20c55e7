/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Designation: from the encrypted listeners and what their certificates prove to what clients may be told (resolve/designated,
 * `weir dnr`).
 *
 * Made whole when the listeners or the certificates change, never changed, freed whole. Of each certificate the names without a
 * wildcard count, and the addresses; of names that a certificate has in a form that DNS does not know, none.
 * Memory: its own. WR_E_NOMEM.
 */
#ifndef WR_SERVE_DESIGNATION_H
#define WR_SERVE_DESIGNATION_H

#include "resolve/designated.h"
#include "serve/gate.h"
#include "serve/listeners.h"
#include "transport/creds.h"

struct wr_designation {
    struct wr_designated told; /* points into what follows, and nowhere else */
    char path[WR_URI_PATH_SIZE];
};

/* `facts` of each certificate (transport/creds); none: nothing is proven, and nothing told. */
int wr_designation_make(const struct wr_designated_door *doors, uint32_t count,
                        const struct wr_creds_facts *const *facts, size_t certificates,
                        const char *path, struct wr_designation **ret_designation);
void wr_designation_free(struct wr_designation *d); /* NULL is fine */

/* Puts what is open (NULL: all that the gate wants) and these credentials (NULL: none) are into the gate's settings, before a worker has
 * seen it. The gate keeps the credentials, so that it can be told whether they are still those in force. */
int wr_designation_put(struct wr_gate *gate, const struct wr_listener_entry *open, uint32_t opens,
                       const char *path, struct wr_creds *creds);

#endif
