/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD look: profiles as people and programs see them, and what is the same for files and for what the daemon keeps.
 *
 *     mud = wr_mudlook_file("mud", path, &bytes, &n)      NULL: it said why
 *     json_t *shown = wr_mudlook_show(mud, about)                       what it permits, ACE by ACE, and what becomes of each
 *     json_t *changes = wr_mudlook_diff(old, new, &count)  what one permits and the other does not
 */
#ifndef WR_CLI_MUDLOOK_H
#define WR_CLI_MUDLOOK_H

#include <jansson.h>
#include <stddef.h>

#include "policy/mud.h"

/* Is it the name of a file, and not of a device: "-", with a "/", or ".json" at its end? */
int wr_mudlook_is_file(const char *operand);
/* The profile of a text; `name` is for the mistake, which is printed. NULL. */
struct wr_mud *wr_mudlook_text(const char *name, const char *bytes, size_t n);
/* The profile in a file. *ret_bytes: its octets, for free(); may be NULL. */
struct wr_mud *wr_mudlook_file(const char *path, char **ret_bytes, size_t *ret_n);
/* `about`: what the daemon tells of it (`controllers` that it knows addresses of, `vouched`); NULL: there is no daemon to say. */
json_t *wr_mudlook_show(const struct wr_mud *mud, const json_t *about);
json_t *wr_mudlook_diff(const struct wr_mud *old, const struct wr_mud *new, size_t *ret_count);

#endif
