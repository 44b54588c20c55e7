/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/firecount.h"

#include <stdio.h>
#include <string.h>

static void take(uint64_t *before, uint64_t *last, uint64_t now)
{
    *before += now < *last ? *last : 0;
    *last = now;
}

static const struct wr_firecount_segment *find(const struct wr_firecount *c, const char *name)
{
    for (size_t i = 0; i < WR_SEGMENTS_MAX; i++) {
        if (c->segment[i].name[0] != 0 && strcmp(c->segment[i].name, name) == 0) {
            return &c->segment[i];
        }
    }
    return NULL;
}

void wr_firecount_plan(struct wr_firecount *c, const struct wr_conf *conf)
{
    memset(c->planned, 0, sizeof(c->planned));
    for (size_t i = 0; i < conf->segments.count && i < WR_SEGMENTS_MAX; i++) {
        snprintf(c->planned[i].name, sizeof(c->planned[i].name), "%s",
                 conf->segments.items[i].name);
    }
}

void wr_firecount_take(struct wr_firecount *c, const struct wr_firecounts *counts)
{
    take(&c->quarantine_before, &c->quarantine_last, counts->quarantine);
    for (size_t i = 0; i < WR_SEGMENTS_MAX; i++) {
        for (unsigned k = 0; k < WR_RULESET_COUNTERS; k++) {
            take(&c->segment[i].before[k], &c->segment[i].last[k], counts->counter[i][k]);
        }
    }
}

void wr_firecount_begin(struct wr_firecount *c)
{
    for (size_t i = 0; i < WR_SEGMENTS_MAX; i++) {
        const struct wr_firecount_segment *old = find(c, c->planned[i].name);
        for (unsigned k = 0; old != NULL && k < WR_RULESET_COUNTERS; k++) {
            c->planned[i].before[k] = old->before[k];
            c->planned[i].last[k] = old->last[k];
        }
    }
    memcpy(c->segment, c->planned, sizeof(c->segment));
}

uint64_t wr_firecount_get(const struct wr_firecount *c, const char *segment, unsigned counter)
{
    const struct wr_firecount_segment *s = find(c, segment);
    return s == NULL || counter >= WR_RULESET_COUNTERS ? 0 : s->before[counter] + s->last[counter];
}

uint64_t wr_firecount_quarantine(const struct wr_firecount *c)
{
    return c->quarantine_before + c->quarantine_last;
}
