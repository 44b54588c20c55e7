/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust time: which moment signatures are judged by, when the clock itself may be wrong.
 *
 * A box that boots in 1970 cannot say whether a signature has expired; one that believes an old clock accepts old
 * keys. So the moment comes with what is known of it. SYSTEM takes the clock as it is. PLAUSIBLE and PROVEN say
 * that somebody confirmed it. While it is UNPROVEN only the floor counts, a moment that has certainly passed
 * (release date, last proven time): expiration must be at or after it, inception is not judged, and what is found
 * so is not secure enough for AD; that is the caller's to say.
 *
 * Inception and expiration are serial numbers of 32 bits (RFC 4034 section 3.1.5, RFC 1982), read as the moment
 * nearest to the one they are compared with. Clocks of signers differ from ours: a tenth of the validity is allowed
 * at either end, at least `skew_min_s`, at most `skew_max_s`.
 */
#ifndef WR_DNSSEC_TRUSTTIME_H
#define WR_DNSSEC_TRUSTTIME_H

#include <stdint.h>

enum wr_trusttime_state {
    WR_TRUSTTIME_SYSTEM = 0,
    WR_TRUSTTIME_UNPROVEN,
    WR_TRUSTTIME_PLAUSIBLE,
    WR_TRUSTTIME_PROVEN,
};

struct wr_trusttime {
    enum wr_trusttime_state state;
    int64_t now_s;   /* since 1970; not looked at while unproven */
    int64_t floor_s; /* looked at only while unproven */
    uint32_t skew_min_s, skew_max_s;
};

#define WR_TRUSTTIME_SKEW_MIN_S 3600
#define WR_TRUSTTIME_SKEW_MAX_S 86400

enum wr_window { WR_WINDOW_GOOD = 0, WR_WINDOW_EARLY, WR_WINDOW_EXPIRED };

/* With the usual allowance. */
struct wr_trusttime wr_trusttime_of(enum wr_trusttime_state state, int64_t now_s, int64_t floor_s);
const char *wr_trusttime_name(enum wr_trusttime_state state); /* "proven" */
/* The moment that other timers of DNSSEC (negative anchors) compare with: now, or the floor. */
int64_t wr_trusttime_moment(const struct wr_trusttime *t);
/* `ret_left_s` for a good one: seconds until it ends, allowance included. */
enum wr_window wr_trusttime_window(const struct wr_trusttime *t, uint32_t inception,
                                   uint32_t expiration, uint32_t *ret_left_s);

#endif
