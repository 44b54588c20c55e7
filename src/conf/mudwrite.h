/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD write: a profile as a MUD file, in the form of RFC 8520 and RFC 8519, whatever form it came in.
 *
 * ACEs stand in the order in which they are in the model, those of one list (their `list`, else one for each direction and family) together. An ACE with something
 * odd in it is not written: without that it would permit more. `weir mud export` of a file that was imported gives the file itself.
 *
 * The text is malloc's. Errors: WR_E_UNSUPPORTED and *ret_odd, the ACE (from 0) that cannot be written; WR_E_LIMIT, more than WR_MUD_LISTS_MAX lists come of it; WR_E_NOMEM; WR_E_FORMAT, a text in it is no UTF-8.
 */
#ifndef WR_CONF_MUDWRITE_H
#define WR_CONF_MUDWRITE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/mud.h"

int wr_mudwrite(const struct wr_mud *mud, char **ret_text, size_t *ret_n, uint32_t *ret_odd);
/* "2026-11-28T10:00:00+00:00", as last-update has it; `cap` of 26 is enough. */
void wr_mudwrite_date(int64_t s, char *ret_text, size_t cap);

#endif
