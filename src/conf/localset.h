/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local set: everything that is local, put together and compiled (resolve/local).
 *
 * Zones come from the configuration, from the leases' zones, and from the special-use names that are neither
 * switched off nor covered by one of the owner's zones or routes. A route inside of a closed zone is a hole in it: names
 * there are asked of the route's servers. Records come from the sources (conf/names) in the order given, which is their rank:
 * what stands in an earlier one is not taken by a lease of a later one, and one client's name is not taken by
 * another as long as it has its lease. Each address then gets a PTR record with the first name that has it, where none is written.
 *
 * Building is slow next to a query and is done beside the road. Memory is malloc's.
 */
#ifndef WR_CONF_LOCALSET_H
#define WR_CONF_LOCALSET_H

#include "conf/conf.h"
#include "conf/names.h"
#include "resolve/localbuild.h"

/* Who has a name by a lease. */
struct wr_localset_holder {
    uint64_t name; /* hash of it */
    struct wr_leaseid client;
};

struct wr_localset {
    const struct wr_local *local; /* NULL: nothing is local */
    void *block;
    struct wr_localset_holder *holder; /* by hash */
    uint32_t holders;
    int64_t expires_s; /* when the first lease in it ends; INT64_MAX: none does */
    uint32_t records;
};

/* `now_s` INT64_MIN: the time is not known, and no lease counts as ended. `before` is the set in force, made with the same key, or NULL:
 * who has a name there by a lease keeps it, in whatever order the files are now. WR_E_NOMEM, WR_E_LIMIT; *ret_set is untouched then. */
int wr_localset_build(const struct wr_conf *conf, const struct wr_names *const *sources,
                      size_t count, int64_t now_s, const struct wr_hash_key *key,
                      const struct wr_localset *before, const struct wr_names_hooks *hooks,
                      struct wr_localset *ret_set);
void wr_localset_free(struct wr_localset *set);

#endif
