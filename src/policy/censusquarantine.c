/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quarantine: who is in it, why, and for how long.
 *
 * The timer counts running time, so a clock that jumps neither ends it nor makes it longer. While the clock is proven the end by the clock
 * is known as well, and the registry keeps both. After a restart the time that weir was off counts by the clock, as soon as that is proven; until then,
 * and where it never was, what was left goes on. So who turns weir or its clock off gains nothing: at most it lasts longer.
 */
#include "base/err.h"
#include "base/str.h"
#include "policy/census_state.h"

/* Without a proven clock what is left is written so often: a restart makes it longer by no more. */
#define KEEP_S 600

static void set_reason(struct wr_census_device *d, const char *reason)
{
    struct wr_str s;
    wr_str_init(&s, d->reason, sizeof(d->reason));
    wr_str_text(&s, reason);
}

int wr_census_quarantine_for(struct wr_census *m, uint32_t number,
                             const struct wr_census_quarantine *how)
{
    struct wr_census_device *d = wr_census_by_number(m, number);
    if (d == NULL) {
        return WR_E_NOTFOUND;
    }
    int64_t since_s = d->quarantined ? d->shut.since_s : how->now_s;
    d->quarantined = true;
    set_reason(d, how->reason);
    d->shut =
        (struct wr_census_shut){.since_s = since_s, .timed = how->for_s != 0, .left_s = how->for_s};
    if (d->shut.timed && how->proven) {
        d->shut.until_s = how->now_s + how->for_s;
    }
    return wr_census_changed(m, d);
}

int wr_census_quarantine(struct wr_census *m, uint32_t number, bool on)
{
    const struct wr_census_quarantine how = {.reason = ""};
    struct wr_census_device *d = wr_census_by_number(m, number);
    if (on || d == NULL) {
        return wr_census_quarantine_for(m, number, &how);
    }
    d->quarantined = false;
    set_reason(d, "");
    d->shut = (struct wr_census_shut){0};
    return wr_census_changed(m, d);
}

int wr_census_shut_off(struct wr_census *m, uint32_t number, const char *reason, int64_t now_s)
{
    const struct wr_census_quarantine how = {.reason = reason, .now_s = now_s};
    const struct wr_census_device *d = wr_census_by_number(m, number);
    return d != NULL && d->quarantined ? WR_E_EXISTS : wr_census_quarantine_for(m, number, &how);
}

static void elapse(struct wr_census *m, struct wr_census_shut *shut, uint32_t seconds,
                   int64_t now_s, bool proven)
{
    uint32_t before_s = shut->left_s;
    bool kept = shut->kept && shut->until_s != 0, dated = shut->until_s != 0;
    shut->left_s -= seconds < shut->left_s ? seconds : shut->left_s;
    if (proven && kept) {
        int64_t left_s = shut->until_s > now_s ? shut->until_s - now_s : 0;
        shut->left_s = left_s < shut->left_s ? (uint32_t)left_s : shut->left_s;
    }
    if (proven) {
        shut->until_s = now_s + shut->left_s;
        shut->kept = false;
    }
    m->changes += dated ? 0 : proven || before_s / KEEP_S != shut->left_s / KEEP_S;
}

void wr_census_elapse(struct wr_census *m, uint32_t seconds, int64_t now_s, bool proven)
{
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        struct wr_census_device *d = &m->device[i];
        if (d->number != 0 && d->quarantined && d->shut.timed) {
            elapse(m, &d->shut, seconds, now_s, proven);
        }
    }
}

uint32_t wr_census_over(struct wr_census *m)
{
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        const struct wr_census_device *d = &m->device[i];
        if (d->number != 0 && d->quarantined && d->shut.timed && d->shut.left_s == 0) {
            (void)wr_census_quarantine(m, d->number, false);
            return d->number;
        }
    }
    return 0;
}
