/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locals: the files that say local names, read, kept and looked at again.
 *
 *     wr_locals_load(&locals, conf, NULL, &now, hooks)        at the start
 *     wr_locals_load(&next, conf, &locals, &now, hooks)       at a reload: what has not changed is not read again
 *     wr_locals_look(&locals, &now) -> something changed
 *     wr_locals_refresh(&locals, conf, &now, hooks, &set)     only the changed files are read; a new set is built
 *
 * A file has changed when inode, size, or time of change have. What cannot be read, or looks as if somebody is in the middle
 * of writing it (empty where it was not, a last line without its end), leaves its last good names in force; it is
 * looked at again a few times, then taken as it is. A missing file is told once and looked for.
 *
 * The clean-up of a Kea server keeps a lease file in parts: FILE.completed, or FILE.2 and FILE.1, then FILE; all are read and watched.
 *
 * Everything here belongs to the main thread. Memory is malloc's; sources are shared between the locals in force and the next.
 */
#ifndef WR_SERVE_LOCALS_H
#define WR_SERVE_LOCALS_H

#include "base/time.h"
#include "conf/localset.h"
#include "serve/copies.h"
#include "serve/heldset.h"

struct wr_locals_source;

struct wr_locals {
    struct wr_locals_source **source; /* in the order of their rank */
    size_t sources;
    struct wr_names own;      /* what stands in the configuration */
    struct wr_copies *copies; /* where copies of zones come from; NULL: there are none */
    struct wr_hash_key key;
    struct wr_localset set;
    struct wr_heldset *held; /* zones that are asked, not answered from */
};

/* Everything is built even when files are missing. WR_E_NOMEM, WR_E_LIMIT: *ret is untouched. */
int wr_locals_load(struct wr_locals *ret, const struct wr_conf *conf, const struct wr_locals *old,
                   struct wr_copies *copies, const struct wr_now *now,
                   const struct wr_names_hooks *hooks);
void wr_locals_free(struct wr_locals *locals); /* a zeroed one is fine */

/* Has a watched file changed, or a lease ended? Zone files are not watched: they change at a reload. Copies of zones tell by
 * themselves that there is a new one. */
bool wr_locals_look(const struct wr_locals *locals, const struct wr_now *now);
/* Reads what has changed and builds new sets beside those in force, which are untouched on an error. */
int wr_locals_refresh(struct wr_locals *locals, const struct wr_conf *conf,
                      const struct wr_now *now, const struct wr_names_hooks *hooks,
                      struct wr_localset *ret_set, struct wr_heldset **ret_held);
/* Calls each(user, path) for every file that is watched. */
void wr_locals_watched(const struct wr_locals *locals, void (*each)(void *user, const char *path),
                       void *user);

#endif
