/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies: the zones that weir has from their primaries, and keeps.
 *
 * One thread turns the machines (resolve/xfer), one for each zone: it has the connections, gathers what comes, holds it against its ZONEMD
 * digest, writes the file, and puts the new copy where the main thread finds it. So a primary that is slow, a large
 * zone and a disk that waits disturb nobody. The main thread builds new local names from it (serve/locals, serve/reload), as
 * from any other source; a copy is never changed, and freed by who lets go of it last.
 *
 * The configuration comes as a plan: wr_copies_plan reads it and the keys' files in the main thread, wr_copies_give hands it to the
 * thread. A zone that is in both plans goes on where it was. A key that cannot be read is told; the zone is not asked for then, never asked without.
 *
 * Main thread only, but for the thread itself and the counters of NOTIFY. Errors: WR_E_NOMEM, WR_E_IO.
 */
#ifndef WR_SERVE_COPIES_H
#define WR_SERVE_COPIES_H

#include <stdatomic.h>

#include "conf/conf.h"
#include "conf/names.h"
#include "resolve/prove.h"
#include "net/clock.h"
#include "serve/copy.h"
#include "serve/json.h"

struct wr_copies;
struct wr_copies_plan;

struct wr_copies_setup {
    const struct wr_conf *conf; /* for the folder */
    const struct wr_clock *clock;
    const _Atomic uint32_t *notified; /* WR_NEWS_COUNTS numbers that grow (resolve/news) */
    void (*news)(void *user);         /* from the thread: there are new copies */
    void *user;
};

int wr_copies_create(const struct wr_copies_setup *setup, struct wr_copies **ret_copies);
/* The folder in which they are kept; "": none. */
const char *wr_copies_folder(const struct wr_copies *copies);
/* The key that copies of policy zones are compiled under: their names meet others' by it (policy/rpz). */
const struct wr_hash_key *wr_copies_policy_key(const struct wr_copies *copies);
/* What `conf` wants; what is wrong with its keys is told. */
int wr_copies_plan(const struct wr_conf *conf, const struct wr_names_hooks *hooks,
                   struct wr_copies_plan **ret_plan);
void wr_copies_plan_free(struct wr_copies_plan *plan);
/* What the owner trusts from now on: copies with a digest are held against it when they come, and primaries over TLS prove themselves by
 * the authorities, which are kept; NULL: none. */
void wr_copies_trust(struct wr_copies *copies, const struct wr_prove_settings *settings,
                     struct wr_creds *authorities);
/* Is a zone that was read from a file what its digest says, signed by who is trusted (serve/copyproof)? NULL: nobody is, and the digest counts
 * alone. */
int wr_copies_check(struct wr_copies *copies, const struct wr_names *names, const uint8_t *zone,
                    uint32_t demand, const struct wr_names_hooks *hooks);
/* The thread's next plan; it is the thread's then. Before wr_copies_run this reads what is kept on the disk, at once. */
void wr_copies_give(struct wr_copies *copies, struct wr_copies_plan *plan);
int wr_copies_run(struct wr_copies *copies);
/* Ends the thread and frees all; NULL is fine. */
void wr_copies_close(struct wr_copies *copies);

/* The copy that may be answered from, one more held; or NULL and why (EDE). NULL `copies`: there is none. */
struct wr_copy *wr_copies_take(struct wr_copies *copies, const uint8_t *zone, int16_t *ret_ede,
                               const char **ret_why);
/* The same of one whose expire time may be over: for those who must not forget (serve/policyzones). */
struct wr_copy *wr_copies_take_any(struct wr_copies *copies, const uint8_t *zone,
                                   bool *ret_expired);
/* Look for changes now. False: no such copy. */
bool wr_copies_look(struct wr_copies *copies, const uint8_t *zone);
void wr_copies_report(struct wr_copies *copies, struct wr_json *j, const char *key);
/* For `status`: how many, and how many of them cannot be answered from. */
void wr_copies_count(struct wr_copies *copies, unsigned *ret_all, unsigned *ret_missing);

#endif
