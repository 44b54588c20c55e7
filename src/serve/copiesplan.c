/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/copiesplan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/rootcopy.h"
#include "conf/tsigkey.h"

static void read_key(const struct wr_conf *conf, const char *name,
                     const struct wr_names_hooks *hooks, struct wr_copies_zone *to)
{
    char why[WR_NAME_TEXT_SIZE + 1200], text[WR_NAME_TEXT_SIZE + 1300];
    const struct wr_conf_key *key = wr_tsigkey_find(conf, name);
    snprintf(why, sizeof(why), "there is no such key");
    to->has_key = key != NULL && wr_tsigkey_read(key, &to->key, why, sizeof(why)) == WR_OK;
    to->mute = !to->has_key;
    if (to->mute) {
        snprintf(text, sizeof(text),
                 "the key %s cannot be read, so its zones are not asked for: %s", name, why);
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, "local.keys", 0, text);
    }
}

static struct wr_copies_zone *add_zone(struct wr_copies_plan *plan, const uint8_t *name,
                                       const struct wr_uri *primary, size_t primaries)
{
    struct wr_copies_zone *to = &plan->zone[plan->count++];
    wr_name_set(&to->name, name);
    for (size_t p = 0; p < primaries; p++) {
        for (unsigned a = 0; a < primary[p].addrs && to->primaries < WR_XFER_PRIMARIES_MAX; a++) {
            to->primary[to->primaries++] =
                (struct wr_copies_primary){*wr_uri_addr(&primary[p], a), primary[p]};
        }
    }
    return to;
}

int wr_copies_plan(const struct wr_conf *conf, const struct wr_names_hooks *hooks,
                   struct wr_copies_plan **ret_plan)
{
    size_t zones = wr_rootcopy_zones(conf), rpz = conf->policy.rpz.count;
    struct wr_copies_plan *plan = calloc(1, sizeof(*plan) + (zones + rpz) * sizeof(plan->zone[0]));
    if (plan == NULL) {
        return WR_E_NOMEM;
    }
    for (size_t i = 0; i < zones; i++) {
        const struct wr_conf_zone *from = wr_rootcopy_zone(conf, i);
        if (from->primaries.count == 0) {
            continue;
        }
        struct wr_copies_zone *to =
            add_zone(plan, from->name, from->primaries.items, from->primaries.count);
        to->zonemd = from->zonemd;
        to->indexed = from->use != WR_USE_ANSWERS;
        if (from->key[0] != 0) {
            read_key(conf, from->key, hooks, to);
        }
    }
    for (size_t i = 0; i < rpz; i++) {
        const struct wr_conf_rpz *from = &conf->policy.rpz.items[i];
        if (from->primaries.count == 0) {
            continue;
        }
        struct wr_copies_zone *to =
            add_zone(plan, from->zone, from->primaries.items, from->primaries.count);
        to->zonemd = WR_ZONEMD_CHECK;
        to->policy = true;
        if (from->key[0] != 0) {
            read_key(conf, from->key, hooks, to);
        }
    }
    *ret_plan = plan;
    return WR_OK;
}

void wr_copies_plan_free(struct wr_copies_plan *plan)
{
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        wr_tsigkey_wipe(&plan->zone[i].key);
    }
    free(plan);
}

static bool is_same_key(const struct wr_tsig_key *a, const struct wr_tsig_key *b)
{
    return a->alg == b->alg && a->size == b->size && wr_name_equal(a->name.wire, b->name.wire) &&
           wr_hmac_equal(a->secret, b->secret, a->size);
}

bool wr_copies_zone_is_same(const struct wr_copies_zone *a, const struct wr_copies_zone *b)
{
    if (a->primaries != b->primaries || a->has_key != b->has_key || a->mute != b->mute ||
        a->zonemd != b->zonemd || a->indexed != b->indexed || a->policy != b->policy ||
        (a->has_key && !is_same_key(&a->key, &b->key))) {
        return false;
    }
    for (unsigned i = 0; i < a->primaries; i++) {
        char text[2][WR_URI_TEXT_SIZE];
        wr_uri_to_text(&a->primary[i].uri, text[0], sizeof(text[0]));
        wr_uri_to_text(&b->primary[i].uri, text[1], sizeof(text[1]));
        if (!wr_addr_equal(&a->primary[i].addr, &b->primary[i].addr) ||
            strcmp(text[0], text[1]) != 0) {
            return false;
        }
    }
    return true;
}
