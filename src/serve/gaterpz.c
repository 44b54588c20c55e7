/* SPDX-License-Identifier: Apache-2.0 */
/* Of a gate: the response policy zones, as the configuration uses those that are compiled. The story is in serve/gate.h. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "dns/codes.h"
#include "serve/gate_state.h"
#include "serve/labels.h"
#include "serve/policyzones.h"

/* What the settings point to. */
struct wr_gate_rpz {
    struct wr_rpz_use use[WR_POLICY_ZONES_MAX];
    struct wr_policyzone *zone[WR_POLICY_ZONES_MAX];
    uint16_t segment[WR_POLICY_ZONES_MAX][WR_SEGMENTS_MAX];
    uint8_t cname[WR_POLICY_ZONES_MAX][2 + WR_NAME_MAX];
};

void wr_gate_rpz_free(struct wr_gate_rpz *g)
{
    for (unsigned i = 0; g != NULL && i < WR_POLICY_ZONES_MAX; i++) {
        wr_policyzone_let_go(g->zone[i]);
    }
    free(g);
}

/* The zone's name, or as much of it as a label may have. */
static uint16_t label_of(struct wr_gate_making *m, const uint8_t *zone)
{
    char text[WR_NAME_TEXT_SIZE];
    size_t n = wr_name_to_text(zone, text, sizeof(text)) - 1; /* without the last dot */
    text[n < WR_LABEL_TEXT_SIZE ? n : WR_LABEL_TEXT_SIZE - 1] = 0;
    return wr_gate_label(m, text);
}

/* The bits of the groups that it is for. None of them all is never everybody. */
static uint64_t groups_of(const struct wr_gate_making *m, const struct wr_conf_rpz *from)
{
    uint64_t groups = 0;
    for (size_t k = 0; k < from->groups.count; k++) {
        int bit = wr_slots_devgroup(&m->slots, from->groups.items[k]);
        wr_assert(bit >= 0); /* conf/rpzrules knows them, and wr_gate_groups has placed them */
        groups |= (uint64_t)1 << bit;
    }
    return groups;
}

static void make_use(struct wr_gate_making *m, struct wr_gate_rpz *g, size_t i)
{
    static const int16_t reasons[] = {WR_EDE_NONE, WR_EDE_CENSORED, WR_EDE_FILTERED,
                                      WR_EDE_PROHIBITED};
    const struct wr_conf_rpz *from = &m->conf->policy.rpz.items[i];
    struct wr_rpz_use *use = &g->use[i];
    size_t size = wr_name_size(from->cname);
    g->zone[i] = wr_policyzones_take(m->world->policyzones, from);
    g->cname[i][1] = (uint8_t)size;
    memcpy(g->cname[i] + 2, from->cname, size);
    *use = (struct wr_rpz_use){.zone = g->zone[i] != NULL ? g->zone[i]->rpz : NULL,
                               .cname = g->cname[i],
                               .segments = g->segment[i],
                               .groups = groups_of(m, from),
                               .label = label_of(m, from->zone),
                               .ede = reasons[from->reason],
                               .override = (uint8_t)from->override,
                               .signal = from->without_ra};
    for (size_t k = 0; k < from->segments.count && k < WR_SEGMENTS_MAX; k++) {
        g->segment[i][use->segment_count++] = wr_gate_label(m, from->segments.items[k]);
    }
    uint32_t idle = use->zone != NULL ? wr_policyzones_idle(use->zone, m->conf) : 0;
    if (idle > 0) {
        wr_gate_note(m, WR_LOG_WARN, "policy.rpz[%zu]: " WR_POLICYZONES_IDLE, i, (unsigned)idle);
    }
}

void wr_gate_make_rpz(struct wr_gate_making *m)
{
    size_t count = m->conf->policy.rpz.count;
    struct wr_rpz_zones *zones = &m->gate->settings.rpz;
    if (m->world->policyzones == NULL || m->world->labels == NULL || count == 0) {
        return;
    }
    struct wr_gate_rpz *g = calloc(1, sizeof(*g));
    if (g == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    m->gate->rpz = g;
    for (size_t i = 0; i < count && i < WR_POLICY_ZONES_MAX; i++) {
        make_use(m, g, i);
        zones->count++;
    }
    zones->use = g->use;
    zones->key = *wr_policyzones_key(m->world->policyzones);
}
