/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encryption: the daemon's side of the encrypted listeners: their certificates, and the terms that all workers serve by.
 *
 * At the start the files are read while there is privilege. What is wrong with them then is told and does not keep weir from answering
 * without encryption; encrypted connections are refused until it is mended. Later what is read anew becomes the next terms, which go to
 * the workers with an order of the crew, and are in force once it has settled; until then the old ones are. Files that are as they
 * were when they were read are not read anew: it may be that root alone can. When they are no good the old terms stay, and a reload that wanted
 * them is not carried out at all. The ticket key is made once: clients resume with any worker, and after a reload.
 *
 * Owned by the main thread; a part of struct wr_serve.
 */
#ifndef WR_SERVE_ENCRYPTION_H
#define WR_SERVE_ENCRYPTION_H

#include <stdbool.h>

#include "serve/certfiles.h"
#include "serve/json.h"
#include "transport/terms.h"

struct wr_gate;
struct wr_listeners_change;
struct wr_serve;

struct wr_encryption {
    struct wr_certfiles files;
    char refused[sizeof(((struct wr_certfiles *)0)->why)]; /* why a reload was, last */
    struct wr_terms terms; /* in force; its reference to the credentials is ours */
    struct wr_terms next;  /* under way to the workers */
    bool has_next;
};

/* Before privileges are given up. WR_E_IO: no random octets. */
int wr_encryption_begin(struct wr_serve *s);
/* Reads what `conf` names and gives the next terms, or NULL and why when the old ones stay. They must go to
 * the workers with an order. */
const struct wr_terms *wr_encryption_next(struct wr_serve *s, const struct wr_conf *conf,
                                          const char **ret_why);
/* Each second: files that changed, and what is to be told of the certificates. */
void wr_encryption_tick(struct wr_serve *s);
/* The order with the next terms has settled. */
void wr_encryption_settled(struct wr_serve *s);
/* Puts into a new gate what clients may be told: what really listens once `change` is carried out (NULL: now), by the terms that are in force
 * then. WR_E_NOMEM: nothing is told. */
int wr_encryption_designate(struct wr_serve *s, const struct wr_listeners_change *change,
                            struct wr_gate *gate);
void wr_encryption_end(struct wr_serve *s);
void wr_encryption_report(const struct wr_serve *s, struct wr_json *j, int64_t now_s);

#endif
