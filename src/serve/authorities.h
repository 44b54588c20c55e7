/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authorities: the certificate authorities that vouch for encrypted servers, from the file that the owner names.
 *
 * The file (`upstream.ca_file`) is read when there is an encrypted server and it has changed since; until then what was read is kept. A
 * bundle of a hundred authorities is read in some ten milliseconds, by the main thread. A file that cannot be read leaves those that were
 * there before, and the reason is told; without any, only pins and TLSA records prove something.
 *
 * Main thread only; what is handed out is shared and counted (transport/creds).
 */
#ifndef WR_SERVE_AUTHORITIES_H
#define WR_SERVE_AUTHORITIES_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "conf/conf.h"
#include "transport/creds.h"

struct wr_authorities {
    struct wr_creds *creds; /* NULL: nothing was wanted yet */
    char path[1025];        /* of what was read last; "": nothing */
    struct timespec changed;
    off_t size;
    ino_t inode;
};

/* What the configuration wants now; NULL: no server is encrypted. Borrowed. WR_E_NOMEM. With WR_OK `ret_why` says what could not be
 * read, or is "". */
int wr_authorities_find(struct wr_authorities *a, const struct wr_conf *conf,
                        struct wr_verdict_text *ret_why, struct wr_creds **ret_creds);
void wr_authorities_free(struct wr_authorities *a);

#endif
