/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs: what the encrypted servers of a gate have to prove (transport/whom), with all that it points to.
 *
 * Part of a gate: filled while that is made, never changed once engines obey it, and freed with it. What the owner wrote is copied, for
 * the configuration may go earlier; the authorities are shared and counted, TLSA records are copied.
 */
#ifndef WR_SERVE_PROOFS_H
#define WR_SERVE_PROOFS_H

#include "conf/conf.h"
#include "resolve/upstream.h"
#include "transport/whom.h"

struct wr_dane;
struct wr_proofs_one; /* one server */

struct wr_proofs {
    struct wr_creds *authorities; /* or NULL */
    const struct wr_dane *dane;   /* TLSA records that are known, while it is filled; or NULL */
    struct wr_proofs_one *one;
    unsigned count, room;
};

/* Room for all encrypted servers of the configuration. WR_E_NOMEM. `authorities` may be NULL: nothing is proven by PKIX then. */
int wr_proofs_start(struct wr_proofs *p, const struct wr_conf *conf, struct wr_creds *authorities,
                    const struct wr_dane *dane);
/* Of one of them; fills `uri`, `whom` and `barred` of the upstream. */
void wr_proofs_add(struct wr_proofs *p, const struct wr_uri *uri, struct wr_upstream *upstream);
/* By which time all of them are judged: before engines obey. */
void wr_proofs_time(struct wr_proofs *p, bool system_clock, int64_t floor_s);
void wr_proofs_free(struct wr_proofs *p);

#endif
