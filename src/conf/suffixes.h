/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public suffixes: is a name one below which strangers register theirs, as "com" and "co.uk" are?
 *
 * libpsl knows them; the system's list is read where it is newer than the library's own. Only the part of registries (ICANN)
 * counts for lists: names of companies below which others have theirs ("duckdns.org") are often what a list means to stop. A name of one label
 * is always one. Holds some hundred KiB until it is closed; for one thread.
 */
#ifndef WR_CONF_SUFFIXES_H
#define WR_CONF_SUFFIXES_H

#include <stdbool.h>
#include <stdint.h>

struct wr_suffixes;

struct wr_suffixes *wr_suffixes_open(void);    /* NULL: no memory */
void wr_suffixes_close(struct wr_suffixes *s); /* NULL is fine */
/* `name` in wire form. `s` NULL: only names of one label are. */
bool wr_suffixes_has(const struct wr_suffixes *s, const uint8_t *name);
/* The same with those of companies, and of names of one label only those that exist: do strangers have names below it? `s` NULL: nobody knows, so yes. */
bool wr_suffixes_shared(const struct wr_suffixes *s, const uint8_t *name);

#endif
