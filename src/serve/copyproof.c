/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/copyproof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dnssec/zonesig.h"

void wr_copytrust_copy(struct wr_copytrust *to, const struct wr_copytrust *from)
{
    *to = *from;
    to->anchors.list = to->room;
}

void wr_copytrust_take(struct wr_copytrust *ret_trust, const struct wr_prove_settings *settings)
{
    struct wr_copytrust *t = ret_trust;
    const struct wr_anchors *from = settings->anchors;
    memset(t, 0, sizeof(*t));
    t->enable = settings->enable;
    t->system_clock = settings->system_clock;
    t->floor_s = settings->floor_s;
    t->policy = settings->policy;
    wr_anchors_init(&t->anchors, t->room, WR_DNSSEC_ANCHORS_MAX);
    for (uint16_t i = 0; from != NULL && i < from->count && i < WR_DNSSEC_ANCHORS_MAX; i++) {
        t->room[t->anchors.count++] = from->list[i];
    }
}

/* The records at the zone's name, which are few. */
static struct wr_zonemd_rr *at_apex(const struct wr_names *names, const uint8_t *zone,
                                    uint32_t *ret_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        count += wr_name_equal(names->item[i].r.owner, zone);
    }
    struct wr_zonemd_rr *rr = calloc(count + 1u, sizeof(*rr));
    for (uint32_t i = 0, at = 0; rr != NULL && i < names->count; i++) {
        const struct wr_local_record *r = &names->item[i].r;
        if (wr_name_equal(r->owner, zone)) {
            rr[at++] = (struct wr_zonemd_rr){r->owner, r->rdata, r->ttl, r->type, r->size};
        }
    }
    *ret_count = count;
    return rr;
}

static bool has_digest(const struct wr_zonemd_rr *rr, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rr[i].type == WR_TYPE_ZONEMD) {
            return true;
        }
    }
    return false;
}

static int check_signed(const struct wr_names *names, const uint8_t *zone,
                        const struct wr_zonesig_ask *ask, const struct wr_names_hooks *hooks,
                        uint32_t *ret_left_s)
{
    struct wr_zonesig_result got = {.verdict = WR_ZONESIG_INSECURE};
    char text[256];
    uint32_t count;
    struct wr_zonemd_rr *rr = at_apex(names, zone, &count);
    struct wr_zonesig_room *room = malloc(sizeof(*room));
    int err = rr != NULL && room != NULL ? WR_OK : WR_E_NOMEM;
    if (err == WR_OK && has_digest(rr, count)) { /* whether one is demanded was judged before */
        wr_zonesig_check(rr, count, zone, WR_TYPE_ZONEMD, ask, room, &got);
    }
    free(room);
    free(rr);
    if (err == WR_OK && got.verdict == WR_ZONESIG_BOGUS) {
        snprintf(text, sizeof(text), "the zone is not taken: the signature of its digest: %s",
                 got.reason);
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, names->file, 0, text);
        err = WR_E_DENIED;
    }
    *ret_left_s = got.verdict == WR_ZONESIG_SECURE ? got.left_s : UINT32_MAX;
    return err;
}

int wr_copyproof_check(const struct wr_names *names, const uint8_t *zone, uint32_t demand,
                       const struct wr_copytrust *trust, const struct wr_now *now,
                       const struct wr_names_hooks *hooks, uint64_t *ret_until_us)
{
    uint32_t left_s;
    *ret_until_us = WR_TIME_NEVER;
    int err = wr_names_check_digest(names, zone, demand, hooks);
    if (err != WR_OK || demand == WR_ZONEMD_IGNORE || !trust->enable) {
        return err;
    }
    enum wr_trusttime_state state = trust->system_clock ? WR_TRUSTTIME_SYSTEM
                                    : now->wall_proven  ? WR_TRUSTTIME_PLAUSIBLE
                                                        : WR_TRUSTTIME_UNPROVEN;
    const struct wr_trusttime time = wr_trusttime_of(state, now->wall_s, trust->floor_s);
    const struct wr_anchor *anchor =
        wr_anchors_closest(&trust->anchors, zone, wr_trusttime_moment(&time));
    if (anchor == NULL || anchor->negative || !wr_name_equal(anchor->name.wire, zone)) {
        return WR_OK;
    }
    const struct wr_zonesig_ask ask = {.ds = &anchor->ds, .policy = &trust->policy, .time = &time};
    err = check_signed(names, zone, &ask, hooks, &left_s);
    if (left_s != UINT32_MAX) {
        *ret_until_us = now->mono_us + left_s * WR_S;
    }
    return err;
}
