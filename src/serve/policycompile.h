/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy compile: a response policy zone as it is looked at (policy/rpz), from its records, and who has it.
 *
 *     err = wr_policycompile(&names, zone, &key, &hooks, &z);      a second for a million records
 *     wr_policyzone_hold(z) ... wr_policyzone_let_go(z)
 *
 * Zones from files are compiled by the main thread (serve/policyzones), copies by the thread that has them (serve/copyjob), before anybody is told of
 * them: so a change of a large feed holds up nobody. Records that are no good are left out and told, the first few one by one, the rest as a number.
 * A zone is never changed and freed by who lets go of it last, in any thread.
 *
 * Errors: WR_E_NOMEM, WR_E_LIMIT (WR_NAMES_RECORDS_MAX).
 */
#ifndef WR_SERVE_POLICYCOMPILE_H
#define WR_SERVE_POLICYCOMPILE_H

#include <stdatomic.h>

#include "conf/names.h"
#include "policy/rpz.h"

struct wr_policyzone {
    atomic_uint held;
    const struct wr_rpz *rpz;
    void *block;
    uint32_t rejects;    /* records that were set aside */
    uint64_t compile_us; /* how long it took */
};

int wr_policycompile(const struct wr_names *names, const uint8_t *zone,
                     const struct wr_hash_key *key, const struct wr_names_hooks *hooks,
                     struct wr_policyzone **ret_zone);
struct wr_policyzone *wr_policyzone_hold(struct wr_policyzone *zone);
void wr_policyzone_let_go(struct wr_policyzone *zone); /* NULL is fine */

#endif
