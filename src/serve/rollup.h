/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rollup: queries as counts, where they are not kept one by one.
 *
 * A bounded table. Those of one client, device and segment with the same verdict, rule, source and response code are one row; names
 * are not in it. When the table is full, further clients are counted together, under no client. Emptied once a minute or so: each row
 * is then one record, of the moment of its last query, with how many there were.
 *
 * One thread at a time.
 */
#ifndef WR_SERVE_ROLLUP_H
#define WR_SERVE_ROLLUP_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/record.h"

struct wr_rollup;

int wr_rollup_create(struct wr_rollup **ret_rollup); /* WR_E_NOMEM */
void wr_rollup_destroy(struct wr_rollup *rollup);    /* NULL is fine */
/* Counts one; `nameless`: and not whose it is. */
void wr_rollup_add(struct wr_rollup *rollup, const struct wr_record *record, bool nameless);
/* Gives out every row and begins anew; false: there was none. */
bool wr_rollup_empty(struct wr_rollup *rollup,
                     void (*each)(void *user, const struct wr_record *record, uint32_t count),
                     void *user);
uint32_t wr_rollup_rows(const struct wr_rollup *rollup);

#endif
