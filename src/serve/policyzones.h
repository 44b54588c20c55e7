/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy zones: the response policy zones of the configuration, read, compiled (policy/rpz), kept and looked at again.
 *
 *     wr_policyzones_create(&key, &p)
 *     wr_policyzones_read(p, conf, copies, hooks)    at the start and at a reload: what has not changed is not read again
 *     wr_policyzones_look(p, copies) -> something changed: read, then a new gate
 *     z = wr_policyzones_take(p, from)               for a gate: held until wr_policyzone_let_go
 *
 * A zone comes from a file, which is watched and compiled in the main thread, or is copied from its primaries (serve/copies) and comes compiled, so
 * queries go on; the gate that has the new one is swapped whole, and the old one goes when no worker has it any more.
 *
 * What cannot be read, is no zone, or holds nothing that can be used where the one before did, leaves the last good one in force,
 * and so does a copy whose SOA record's expire time is over: what was blocked stays blocked. All of it is told. A last line without its end
 * looks as if somebody is in the middle of writing: the file is looked at again a few times, then taken as it is.
 *
 * Main thread only. Memory is malloc's: the block of each zone, and while one is compiled its records.
 */
#ifndef WR_SERVE_POLICYZONES_H
#define WR_SERVE_POLICYZONES_H

#include "conf/conf.h"
#include "conf/names.h"
#include "serve/copies.h"
#include "serve/json.h"
#include "serve/policycompile.h"

struct wr_policyzones;

/* `key`: the one that copies are compiled under (wr_copies_policy_key); NULL: there are none. */
int wr_policyzones_create(const struct wr_hash_key *key,
                          struct wr_policyzones **ret); /* WR_E_NOMEM, WR_E_IO */
void wr_policyzones_destroy(struct wr_policyzones *p);  /* NULL is fine */
/* The key that all zones are compiled under. */
const struct wr_hash_key *wr_policyzones_key(const struct wr_policyzones *p);

/* Reads what `conf` wants and is not there yet, or has changed. Zones that it does not want stay until wr_policyzones_keep. WR_E_NOMEM. */
int wr_policyzones_read(struct wr_policyzones *p, const struct wr_conf *conf,
                        struct wr_copies *copies, const struct wr_names_hooks *hooks);
/* Lets go of all that `conf` does not want. */
void wr_policyzones_keep(struct wr_policyzones *p, const struct wr_conf *conf);
/* Has a file changed, or a copy? */
bool wr_policyzones_look(const struct wr_policyzones *p, struct wr_copies *copies);
/* Calls each(user, path) for every file. */
void wr_policyzones_watched(const struct wr_policyzones *p,
                            void (*each)(void *user, const char *path), void *user);

/* The zone that stands for this item of the configuration, once more held; NULL: there is none yet. */
struct wr_policyzone *wr_policyzones_take(struct wr_policyzones *p, const struct wr_conf_rpz *from);

/* How many triggers are of no use, for they are about a zone's servers and names are asked of others (NSDNAME, NSIP). */
uint32_t wr_policyzones_idle(const struct wr_rpz *zone, const struct wr_conf *conf);
#define WR_POLICYZONES_IDLE                                                                       \
    "%u triggers on the name or address of a zone's servers (NSDNAME, NSIP) do not work for "     \
    "names that are asked of others: whoever is asked does not tell the servers. Only recursion " \
    "finds them"

/* An array under `key`: each zone with its serial, triggers, octets, and what is wrong with it. */
void wr_policyzones_report(const struct wr_policyzones *p, struct wr_json *j, const char *key);

#endif
