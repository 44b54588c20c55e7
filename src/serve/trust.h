/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust in the wall clock: may what time it is be believed?
 *
 * Many a gateway has no battery behind its clock: after a power cut it starts in 1970, or at the date of its image, until NTP
 * has answered, and NTP needs DNS first. A clock that cannot be right must be recognised, because kept cache entries would
 * be re-aged by it and signatures judged by it. What can be known without asking anybody: this release was not made
 * before its release date, and the kept cache was not written later than now. A clock below either floor is wrong.
 * A clock above both is taken as proven; that is the weakest kind of proof (a clock can be wrong into the future), and the
 * one place to make it stronger is here, once time comes from a source that authenticates itself.
 *
 * Nothing is ever flushed or stopped because of a clock: it decides only whether wall_s may be used.
 */
#ifndef WR_SERVE_TRUST_H
#define WR_SERVE_TRUST_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970 on the day this release was made; raised with each release. */
#define WR_TRUST_RELEASE_S INT64_C(1767225600) /* 2026-01-01 */

/* `floor_s`: the latest time that was ever written down (the kept cache), 0: none. */
bool wr_trust_wall(int64_t wall_s, int64_t floor_s);

#endif
