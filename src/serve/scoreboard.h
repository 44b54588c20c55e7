/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scoreboard: who tries what past weir, for the owner.
 *
 * What the kernel has noted (policy/rulesetbypass.c) comes every few seconds with the firewall's counters, and goes into the board
 * (policy/bypass); a device and what it has not tried before is told once, and noted in the log. Router advertisements are heard on the interfaces of segments
 * (net/routers): who tells others of a resolver that is neither weir's nor one of the segment's own tries to lead a whole link past it
 * (RDNSS of RFC 8106, encrypted ones of RFC 9463). That wants CAP_NET_RAW at the start; without it this one thing is not heard, and the board says so.
 *
 * In memory alone: the log has what was new. Main thread only; of a firewall that is off there is none.
 */
#ifndef WR_SERVE_SCOREBOARD_H
#define WR_SERVE_SCOREBOARD_H

#include <stddef.h>
#include <stdint.h>

#include "serve/firelook.h"
#include "serve/json.h"

struct wr_scoreboard;
struct wr_serve;

/* While there is the privilege. WR_E_NOMEM. */
int wr_scoreboard_open(struct wr_serve *s, struct wr_scoreboard **ret_board);
int wr_scoreboard_run(struct wr_serve *s); /* WR_E_NOMEM, WR_E_IO */
/* What the kernel has noted now. */
void wr_scoreboard_take(struct wr_serve *s, const struct wr_fireboard *seen);
/* Tries since the start; `what`: enum wr_bypass_what. 0 without a board. */
uint64_t wr_scoreboard_total(const struct wr_serve *s, unsigned what);
/* Of one device, or of all (NULL). NULL, or the code of an error with its sentence in `why`. */
const char *wr_scoreboard_show(struct wr_serve *s, const char *device, struct wr_json *j,
                               const char *key, char *why, size_t cap);
/* No more of the loop; NULL is fine, as below. */
void wr_scoreboard_close(struct wr_scoreboard *board);
void wr_scoreboard_free(struct wr_scoreboard *board);

#endif
