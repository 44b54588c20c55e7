/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust in the wall clock: may what time it is be believed?
 *
 * Many a gateway has no battery behind its clock: after a power cut it starts in 1970, or at the date of its image, until NTP
 * has answered, and NTP needs DNS first. A clock that cannot be right must be recognised, because kept cache entries would
 * be re-aged by it and signatures judged by it. What can be known without asking anybody: this release was not made
 * before its release date, and the last proven time has passed. A clock below either floor is wrong.
 * A clock above both is plausible, no more: it can be wrong into the future. What is done with one that is not, and how
 * the floor moves, is serve/timekeeper.h.
 *
 * Nothing is ever flushed or stopped because of a clock: it decides only whether wall_s may be used.
 */
#ifndef WR_SERVE_TRUST_H
#define WR_SERVE_TRUST_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970 on the day this release was made; raised with each release. */
#define WR_TRUST_RELEASE_S INT64_C(1767225600) /* 2026-01-01 */

/* `floor_s`: the latest moment that has certainly passed, 0: none is known. */
bool wr_trust_wall(int64_t wall_s, int64_t floor_s);

#endif
