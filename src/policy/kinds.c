/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/kinds.h"

#include <string.h>

/* What a condition is worth, in hundredths: how much of what is left in doubt it takes away. Half of all things share one list. */
enum { WORTH_WISHES = 40, WORTH_CLASS = 40, WORTH_HOST = 30, WORTH_VENDOR = 20, WORTH_MAC = 30 };

static bool is_like(const struct wr_mark *mark, const char *pattern)
{
    size_t n = strlen(pattern);
    bool open = n > 0 && pattern[n - 1] == '*';
    n -= open;
    return open ? mark->size >= n && memcmp(mark->octets, pattern, n) == 0
                : mark->size == n && memcmp(mark->octets, pattern, n) == 0;
}

static bool is_list(const struct wr_mark *mark, const uint8_t *list, size_t n)
{
    return mark->size == n && memcmp(mark->octets, list, n) == 0;
}

static bool is_of_vendor(const struct wr_kinds *k, const struct wr_kinds_line *l,
                         const struct wr_mark *mac)
{
    uint32_t oui = (uint32_t)mac->octets[0] << 16 | (uint32_t)mac->octets[1] << 8 | mac->octets[2];
    size_t low = l->oui, high = (size_t)l->oui + l->ouis;
    while (low < high) { /* they are sorted */
        size_t middle = (low + high) / 2;
        if (k->oui[middle] < oui) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < (size_t)l->oui + l->ouis && k->oui[low] == oui;
}

/* Which conditions of the line this mark meets: a bit each. */
enum { WISHES = 1, WISHES6 = 2, CLASS = 4, HOST = 8, MAC = 16, VENDOR = 32 };

static unsigned met_by(const struct wr_kinds *k, const struct wr_kinds_line *l,
                       const struct wr_mark *mark)
{
    switch (mark->kind) {
    case WR_MARK_WISHES: return is_list(mark, l->wishes, l->wishes_size) ? WISHES : 0;
    case WR_MARK_WISHES6: return is_list(mark, l->wishes6, l->wishes6_size) ? WISHES6 : 0;
    case WR_MARK_CLASS: return is_like(mark, l->class) ? CLASS : 0;
    case WR_MARK_HOST: return is_like(mark, l->host) ? HOST : 0;
    case WR_MARK_MAC:
        if (wr_census_mac_is_local(mark->octets)) {
            return 0;
        }
        return (memcmp(mark->octets, l->mac, l->mac_size) == 0 ? MAC : 0) |
               (l->vendor && is_of_vendor(k, l, mark) ? VENDOR : 0);
    default: return 0;
    }
}

static unsigned wanted_by(const struct wr_kinds_line *l)
{
    return (l->wishes_size > 0 ? WISHES : 0) | (l->wishes6_size > 0 ? WISHES6 : 0) |
           (l->class[0] != 0 ? CLASS : 0) | (l->host[0] != 0 ? HOST : 0) |
           (l->mac_size > 0 ? MAC : 0) | (l->vendor ? VENDOR : 0);
}

static struct wr_kinds_found worth_of(const struct wr_kinds_line *l, unsigned wanted)
{
    static const struct {
        unsigned bit;
        unsigned worth;
        uint8_t mark;
    } rows[] = {
        {WISHES, WORTH_WISHES, WR_MARK_WISHES}, {WISHES6, WORTH_WISHES, WR_MARK_WISHES6},
        {CLASS, WORTH_CLASS, WR_MARK_CLASS},    {HOST, WORTH_HOST, WR_MARK_HOST},
        {MAC, WORTH_MAC, WR_MARK_MAC},          {VENDOR, WORTH_VENDOR, WR_MARK_MAC},
    };
    struct wr_kinds_found found = {.kind = l->kind};
    unsigned doubt = 100;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (wanted & rows[i].bit) {
            doubt = doubt * (100 - rows[i].worth) / 100;
            found.from |= (uint16_t)(1u << rows[i].mark);
        }
    }
    found.sure = (uint8_t)(100 - doubt);
    return found;
}

static bool holds(const struct wr_kinds *k, const struct wr_kinds_line *l, unsigned wanted,
                  const struct wr_mark *mark)
{
    unsigned met = 0;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX && (met & wanted) != wanted; i++) {
        met |= mark[i].doubted ? 0 : met_by(k, l, &mark[i]);
    }
    return wanted != 0 && (met & wanted) == wanted;
}

struct wr_kinds_found wr_kinds_of(const struct wr_kinds *k,
                                  const struct wr_mark mark[WR_CENSUS_MARKS_MAX])
{
    struct wr_kinds_found best = {.kind = NULL};
    bool disputed = false;
    for (size_t i = 0; k != NULL && i < k->lines; i++) {
        const struct wr_kinds_line *l = &k->line[i];
        unsigned wanted = wanted_by(l);
        if (!holds(k, l, wanted, mark)) {
            continue;
        }
        struct wr_kinds_found one = worth_of(l, wanted);
        if (one.sure > best.sure) {
            best = one;
            disputed = false;
        } else if (best.kind != NULL && one.sure == best.sure && strcmp(one.kind, best.kind) != 0) {
            disputed = true;
        }
    }
    return disputed ? (struct wr_kinds_found){.kind = NULL} : best;
}
