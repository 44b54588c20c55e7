/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUDs: the keeper of profiles: whose they are now, and which are in force.
 *
 * What is kept is serve/mudstore's; here a device of it becomes a number of the registry, and the profiles in force a set for the gate (policy/mudset). When a device gets another
 * number, or another name, or a profile is put in force, a new gate is made (serve/reload), which disturbs nothing.
 *
 * A profile is taken with a signature that is good now by `mud.anchors` (transport/cms), or without one when the owner says so; which of both it was stays with it. Why not is a
 * sentence. Nothing of it holds before the owner enforces it.
 *
 * Main thread only. Errors: WR_E_NOMEM.
 */
#ifndef WR_SERVE_MUDS_H
#define WR_SERVE_MUDS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/census.h"
#include "policy/mudset.h"
#include "serve/mudfetch.h"
#include "serve/mudoffers.h"
#include "serve/mudstore.h"

struct wr_muds;
struct wr_serve;

/* Reads what is kept; devices are known already. What is wrong with it goes to the log. */
int wr_muds_open(struct wr_serve *s, struct wr_muds **ret_muds);
void wr_muds_close(struct wr_muds *m); /* no more of the loop; NULL is fine */
void wr_muds_free(struct wr_muds *m);  /* likewise; the loop is done */
struct wr_mudfetch *wr_muds_fetch(const struct wr_muds *m);
struct wr_mudoffers *wr_muds_offers(struct wr_muds *m);
/* Between two ticks. True: soon again, an answer is awaited. */
bool wr_muds_look(struct wr_serve *s);
struct wr_mudstore *wr_muds_store(const struct wr_muds *m);
/* When serve/muddue looks again; its own to note. */
int64_t *wr_muds_due(struct wr_muds *m);
/* What the store calls this device. False: it has neither a name nor a MAC address, and would not be known again. */
bool wr_muds_key(const struct wr_census_device *d, char ret_key[WR_MUDSTORE_KEY_SIZE]);
/* What is kept for it, by its name or one of its MAC addresses. NULL: nothing. */
const struct wr_mudstore_entry *wr_muds_of(const struct wr_muds *m,
                                           const struct wr_census_device *d);
/* The device of this entry; NULL: it is not known at the moment. */
const struct wr_census_device *wr_muds_device(const struct wr_muds *m,
                                              const struct wr_mudstore_entry *e);

/* Is any in force, for a device that is known? */
bool wr_muds_any(const struct wr_muds *m); /* NULL: no */
/* The set of those in force, in a block that is the caller's (free); both NULL: none. */
int wr_muds_set(const struct wr_muds *m, void **ret_block, const struct wr_mudset **ret_set);
/* Counts up with all that the above depends on, but for the configuration. */
uint64_t wr_muds_changes(const struct wr_muds *m);
/* Each second, and when something has changed: another gate where there has to be one. */
void wr_muds_tick(struct wr_serve *s);
/* A profile of the device is in force, or another one: what it could reach until now ends with it, a second later at the latest. */
void wr_muds_narrow(struct wr_serve *s, const struct wr_census_device *d);
/* The owner has called the device so until now: what is kept for it goes with it. */
void wr_muds_renamed(struct wr_serve *s, const struct wr_census_device *d, const char *old);

struct wr_muds_offer {
    const char *text; /* the profile, and its signature if there is one */
    size_t n;
    const void *sig;
    size_t sig_n;
    const char *from;      /* the URL; "": a file */
    const char *host;      /* and whose its octets were, behind redirects: host and port */
    bool is_unsigned_fine; /* by the owner's word */
};
/* A file comes in pieces, one behind the other, and begins anew at 0; the offer points into what was put. WR_E_RANGE (a piece is missing), WR_E_LIMIT, WR_E_NOMEM. */
int wr_muds_stage(struct wr_muds *m, bool signature, size_t at, const void *piece, size_t n);
void wr_muds_staged(const struct wr_muds *m, struct wr_muds_offer *ret_offer);
void wr_muds_unstage(struct wr_muds *m);
/* Is it a profile, and if it is signed, by whom ("": nobody)? NULL, or the code of an error and its sentence. */
const char *wr_muds_judge(struct wr_serve *s, const struct wr_muds_offer *offer,
                          char ret_signer[WR_MUDSTORE_SIGNER_SIZE], char *why, size_t cap);
/* A profile for this device. NULL, or the code of an error and its sentence. */
const char *wr_muds_take(struct wr_serve *s, const struct wr_census_device *d,
                         const struct wr_muds_offer *offer, char *why, size_t cap);

#endif
