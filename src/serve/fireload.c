/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/fireload.h"

#include <inttypes.h>
#include <stdio.h>

/* Who has less than one of so many is not named: somebody has made up senders, or there is little room. */
enum { FULL_PERCENT = 95, OVER_PERCENT = 90, BLAMED = 4 };
/* Looks without an answer after which what was known is known no more. */
#define UNANSWERED 3

static bool has_percent(const struct wr_conntrackload *seen, unsigned percent)
{
    return seen->most != 0 && (uint64_t)seen->entries * 100 >= (uint64_t)seen->most * percent;
}

bool wr_fireload_is_tight(const struct wr_conntrackload *seen)
{
    return has_percent(seen, OVER_PERCENT);
}

static enum wr_fireload_news take_nothing(struct wr_fireload *l)
{
    if (++l->unanswered < UNANSWERED) {
        return WR_FIRELOAD_NONE;
    }
    enum wr_fireload_news news = l->full ? WR_FIRELOAD_UNKNOWN : WR_FIRELOAD_NONE;
    l->last = (struct wr_conntrackload){.most = 0};
    l->full = false;
    return news;
}

enum wr_fireload_news wr_fireload_take(struct wr_fireload *l, const struct wr_conntrackload *seen)
{
    if (seen->most == 0) {
        return take_nothing(l);
    }
    /* Of a counter that has begun anew, or gone round, nobody knows how much. */
    bool grown = l->last.most != 0 && seen->dropped > l->last.dropped;
    uint32_t dropped = grown ? seen->dropped - l->last.dropped : 0;
    l->unanswered = 0;
    bool narrow = has_percent(seen, FULL_PERCENT);
    bool full =
        l->full ? narrow || (dropped > 0 && wr_fireload_is_tight(seen)) : narrow && dropped > 0;
    enum wr_fireload_news news = full == l->full ? WR_FIRELOAD_NONE
                                 : full          ? WR_FIRELOAD_FULL
                                                 : WR_FIRELOAD_OVER;
    l->last = *seen;
    l->dropped += dropped;
    l->full = full;
    return news;
}

void wr_fireload_text(const struct wr_fireload *l, const struct wr_conntracktop *top,
                      const char *device, const char *addr, char *ret_text, size_t cap)
{
    char whose[160] = "no address has a quarter of them: somebody makes up senders, or "
                      "net.netfilter.nf_conntrack_max is too low";
    unsigned percent = top->of != 0 ? (unsigned)((uint64_t)top->count * 100 / top->of) : 0;
    if (top->of == 0) {
        snprintf(whose, sizeof(whose), "whose they are is not known");
    } else if (top->count >= top->of / BLAMED && device[0] != 0) {
        snprintf(whose, sizeof(whose),
                 "%u %% are of the address of device %.96s: quarantine ends them", percent, device);
    } else if (top->count >= top->of / BLAMED) {
        snprintf(whose, sizeof(whose), "%u %% are of %s%s, no device's", percent,
                 addr[0] != 0 ? "the address " : "one address", addr);
    }
    snprintf(ret_text, cap,
             "the kernel's table of connections is full (%" PRIu32 " of %" PRIu32
             "), new ones are dropped; %s",
             l->last.entries, l->last.most, whose);
}
