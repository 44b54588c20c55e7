/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/trusttime.h"

struct wr_trusttime wr_trusttime_of(enum wr_trusttime_state state, int64_t now_s, int64_t floor_s)
{
    return (struct wr_trusttime){.state = state,
                                 .now_s = now_s,
                                 .floor_s = floor_s,
                                 .skew_min_s = WR_TRUSTTIME_SKEW_MIN_S,
                                 .skew_max_s = WR_TRUSTTIME_SKEW_MAX_S};
}

const char *wr_trusttime_name(enum wr_trusttime_state state)
{
    static const char *const names[] = {"system", "unproven", "plausible", "proven"};

    return (unsigned)state < 4 ? names[state] : "unknown";
}

int64_t wr_trusttime_moment(const struct wr_trusttime *t)
{
    return t->state == WR_TRUSTTIME_UNPROVEN ? t->floor_s : t->now_s;
}

/* How far a serial number lies behind the moment; negative: before it. */
static int64_t ahead(uint32_t serial, int64_t moment_s)
{
    return (int32_t)(serial - (uint32_t)moment_s);
}

static uint32_t allowance(const struct wr_trusttime *t, uint32_t validity)
{
    uint32_t tenth = validity / 10;

    if (tenth < t->skew_min_s) {
        tenth = t->skew_min_s;
    }
    return tenth > t->skew_max_s ? t->skew_max_s : tenth;
}

enum wr_window wr_trusttime_window(const struct wr_trusttime *t, uint32_t inception,
                                   uint32_t expiration, uint32_t *ret_left_s)
{
    int64_t moment = wr_trusttime_moment(t);
    int64_t to_end = ahead(expiration, moment), skew;

    if ((int32_t)(expiration - inception) < 0) {
        return WR_WINDOW_EXPIRED;
    }
    if (t->state == WR_TRUSTTIME_UNPROVEN) {
        skew = 0;
    } else {
        skew = allowance(t, expiration - inception);
        if (ahead(inception, moment) > skew) {
            return WR_WINDOW_EARLY;
        }
    }
    if (to_end + skew < 0) {
        return WR_WINDOW_EXPIRED;
    }
    *ret_left_s = (uint32_t)(to_end > 0 ? to_end : to_end + skew);
    return WR_WINDOW_GOOD;
}
