/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/pref64.h"

#include "base/time.h"

bool wr_pref64_same(const struct wr_prefix *a, const struct wr_prefix *b)
{
    return a->len == b->len && wr_addr_equal(&a->addr, &b->addr);
}

static bool is_used(const struct wr_pref64 *p, const struct wr_pref64_entry *e)
{
    return wr_pref64_same(&e->prefix, &p->used);
}

static void drop(struct wr_pref64 *p, uint32_t at)
{
    p->entry[at] = p->entry[--p->entries];
}

static struct wr_pref64_entry *find(struct wr_pref64 *p, const struct wr_addr *router,
                                    const struct wr_prefix *prefix)
{
    for (uint32_t i = 0; i < p->entries; i++) {
        if (wr_addr_same_ip(&p->entry[i].router, router) &&
            wr_pref64_same(&p->entry[i].prefix, prefix)) {
            return &p->entry[i];
        }
    }
    return NULL;
}

/* The place of the one that ends first of those not in use; NULL: all are. */
static struct wr_pref64_entry *yielding(struct wr_pref64 *p)
{
    struct wr_pref64_entry *first = NULL;
    for (uint32_t i = 0; i < p->entries; i++) {
        struct wr_pref64_entry *e = &p->entry[i];
        if (!is_used(p, e) && (!first || e->until_us < first->until_us)) {
            first = e;
        }
    }
    return first;
}

static struct wr_pref64_entry *place(struct wr_pref64 *p)
{
    return p->entries < WR_PREF64_MAX ? &p->entry[p->entries++] : yielding(p);
}

void wr_pref64_hear(struct wr_pref64 *p, const struct wr_addr *router,
                    const struct wr_routeradv *adv, uint64_t now_us)
{
    for (uint32_t i = 0; i < adv->prefixes; i++) {
        const struct wr_routeradv_prefix *said = &adv->prefix[i];
        struct wr_pref64_entry *e = find(p, router, &said->prefix);
        if (said->lifetime_s == 0) {
            if (e) {
                drop(p, (uint32_t)(e - p->entry));
            }
            continue;
        }
        e = e ? e : place(p);
        if (e) {
            *e = (struct wr_pref64_entry){.prefix = said->prefix,
                                          .router = *router,
                                          .until_us = now_us + said->lifetime_s * WR_S};
        }
    }
}

void wr_pref64_forget(struct wr_pref64 *p, uint32_t ifindex)
{
    for (uint32_t i = p->entries; i > 0; i--) {
        if (p->entry[i - 1].router.scope == ifindex) {
            drop(p, i - 1);
        }
    }
}

bool wr_pref64_look(struct wr_pref64 *p, uint64_t now_us)
{
    const struct wr_pref64_entry *longest = NULL;
    bool lives = false;
    for (uint32_t i = p->entries; i > 0; i--) {
        if (p->entry[i - 1].until_us <= now_us) {
            drop(p, i - 1);
        }
    }
    for (uint32_t i = 0; i < p->entries; i++) {
        const struct wr_pref64_entry *e = &p->entry[i];
        lives = lives || is_used(p, e);
        longest = longest && longest->until_us >= e->until_us ? longest : e;
    }
    if (lives || (!longest && p->used.addr.family == WR_AF_NONE)) {
        return false;
    }
    p->used = longest ? longest->prefix : (struct wr_prefix){.addr = {.family = WR_AF_NONE}};
    return true;
}

uint64_t wr_pref64_deadline(const struct wr_pref64 *p)
{
    uint64_t at_us = WR_TIME_NEVER;
    for (uint32_t i = 0; i < p->entries; i++) {
        at_us = wr_time_min(at_us, p->entry[i].until_us);
    }
    return at_us;
}
