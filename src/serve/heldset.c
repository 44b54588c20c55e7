/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/heldset.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"
#include "serve/say.h"

struct held {
    struct wr_name name;
    struct wr_copy *copy;
};

struct wr_heldset {
    struct wr_heldzones zones;
    size_t room;
    struct wr_heldzone *zone;
    struct held *held;
};

int wr_heldset_create(size_t room, struct wr_heldset **ret_set)
{
    struct wr_heldset *set = calloc(1, sizeof(*set));
    if (set == NULL) {
        return WR_E_NOMEM;
    }
    set->room = room;
    set->zone = calloc(room + 1, sizeof(*set->zone));
    set->held = calloc(room + 1, sizeof(*set->held));
    set->zones.zone = set->zone;
    if (set->zone == NULL || set->held == NULL) {
        wr_heldset_free(set);
        return WR_E_NOMEM;
    }
    *ret_set = set;
    return WR_OK;
}

int wr_heldset_add(struct wr_heldset *set, const struct wr_heldset_zone *zone)
{
    wr_assert(set->zones.count < set->room);
    int err = zone->copy != NULL ? wr_copy_index(zone->copy, zone->name) : WR_OK;
    if (err != WR_OK) {
        return err;
    }
    struct held *h = &set->held[set->zones.count];
    wr_name_set(&h->name, zone->name);
    h->copy = zone->copy != NULL ? wr_copy_hold(zone->copy) : NULL;
    set->zones.answers |= zone->answers;
    set->zone[set->zones.count++] =
        (struct wr_heldzone){.name = h->name.wire,
                             .index = h->copy != NULL ? h->copy->index : NULL,
                             .ede = zone->ede,
                             .ede_text = zone->ede_text,
                             .fallback = zone->fallback,
                             .answers = zone->answers,
                             .state = h->copy != NULL ? &h->copy->state : NULL};
    return WR_OK;
}

const struct wr_heldzones *wr_heldset_zones(const struct wr_heldset *set)
{
    return set != NULL && set->zones.count > 0 ? &set->zones : NULL;
}

void wr_heldset_tell(const struct wr_heldset *set)
{
    for (uint32_t i = 0; set != NULL && i < set->zones.count; i++) {
        struct wr_copy *copy = set->held[i].copy;
        uint32_t bogus = copy != NULL ? atomic_load(&copy->state.bogus) : 0;
        char name[WR_NAME_TEXT_SIZE];
        if (copy == NULL || bogus == copy->told) {
            continue;
        }
        copy->told = bogus;
        wr_name_to_text(set->held[i].name.wire, name, sizeof(name));
        wr_say(WR_LOG_WARN,
               "zone %s: what its copy says is bogus (%u times so far); its servers are asked "
               "for the next %d s",
               name, (unsigned)bogus, WR_HELDZONE_REST_S);
    }
}

void wr_heldset_free(struct wr_heldset *set)
{
    if (set == NULL) {
        return;
    }
    for (uint32_t i = 0; i < set->zones.count; i++) {
        wr_copy_let_go(set->held[i].copy);
    }
    free(set->zone);
    free(set->held);
    free(set);
}
