/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD file: a profile (policy/mud.h) as RFC 8520 writes it in JSON, read.
 *
 *     wr_mudfile_read(bytes, n, &mud, &mistake)      ... wr_mudfile_free(mud)
 *
 * Two forms are read: lists under `ietf-access-control-list:acls` (RFC 8519), and under `access-lists` as drafts before it had them, with their names for
 * things (`acl-name`, `rule-name`, `access-list-entries`, `source-port-range`, `permit`). What a policy names has to be there; lists that no policy names say nothing. Unknown
 * members are passed over, as RFC 8520 section 3.9 wants, but for those that an ACE matches: they are kept as "odd", for without them it would permit more.
 *
 * A file is a stranger's: octets, ACEs, texts and depth are bounded (base/limits.h), a key may stand once, and a list may be named once, so nothing goes
 * round in a circle. What is wrong is told with its line and column.
 *
 * Memory: one block of malloc. Errors: WR_E_FORMAT, WR_E_LIMIT (too much of something), WR_E_VERSION (mud-version), WR_E_NOMEM.
 */
#ifndef WR_CONF_MUDFILE_H
#define WR_CONF_MUDFILE_H

#include <stddef.h>

#include "policy/mud.h"

struct wr_mudfile_mistake {
    unsigned line, column; /* from 1; 0: of the whole */
    char text[256];        /* printable */
};

int wr_mudfile_read(const char *bytes, size_t n, struct wr_mud **ret_mud,
                    struct wr_mudfile_mistake *ret_mistake);
/* An empty one with as much room as a file may need. NULL: no memory. */
struct wr_mud *wr_mudfile_new(void);
void wr_mudfile_free(struct wr_mud *mud); /* NULL is fine */
/* "2019-07-23T19:54:26+00:00" (RFC 3339) as seconds since 1970. WR_E_FORMAT. */
int wr_mudfile_date(const char *text, int64_t *ret_s);

#endif
