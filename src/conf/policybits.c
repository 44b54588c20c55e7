/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/policybits.h"

#include <stdio.h>
#include <string.h>

struct list {
    struct wr_policybit *bit;
    size_t count;
};

/* Quadratic, over at most as many as there is room for; what comes behind those is counted, perhaps twice. */
static void add(struct list *l, uint8_t what, const char *name)
{
    if (name == NULL) { /* its mistake was told */
        return;
    }
    for (size_t i = 0; i < l->count && i < WR_WHO_GROUPS_MAX; i++) {
        if (l->bit[i].what == what && strcmp(l->bit[i].name, name) == 0) {
            return;
        }
    }
    if (l->count < WR_WHO_GROUPS_MAX) {
        l->bit[l->count] = (struct wr_policybit){what, name};
    }
    l->count++;
}

uint8_t wr_policybits_kind(enum wr_conf_verdict verdict)
{
    bool gives = verdict == WR_CONF_VERDICT_ALLOW || verdict == WR_CONF_VERDICT_ROUTE;

    return gives ? WR_CENSUS_BIT_SAID : WR_CENSUS_BIT_KIND;
}

size_t wr_policybits_list(const struct wr_conf *conf, struct wr_policybit ret[WR_WHO_GROUPS_MAX])
{
    struct list l = {.bit = ret};

    for (size_t i = 0; i < conf->groups.count; i++)
        add(&l, WR_CENSUS_BIT_GROUP, conf->groups.items[i].name);
    for (size_t i = 0; i < conf->devices.count; i++)
        if (conf->devices.items[i].only.count > 0 || conf->devices.items[i].rate != 0)
            add(&l, WR_CENSUS_BIT_DEVICE, conf->devices.items[i].name);
    for (size_t i = 0; i < conf->policy.rules.count; i++) {
        const struct wr_conf_rule *r = &conf->policy.rules.items[i];

        for (size_t k = 0; k < r->devices.count; k++)
            add(&l, WR_CENSUS_BIT_DEVICE, r->devices.items[k]);
        for (size_t k = 0; k < r->kinds.count; k++)
            add(&l, wr_policybits_kind((enum wr_conf_verdict)r->verdict), r->kinds.items[k]);
    }
    return l.count;
}

void wr_policybits_text(uint8_t what, const char *name, char ret_text[WR_POLICYBITS_TEXT_SIZE])
{
    static const char *const before[] = {[WR_CENSUS_BIT_GROUP] = "",
                                         [WR_CENSUS_BIT_DEVICE] = "device:",
                                         [WR_CENSUS_BIT_KIND] = "kind:",
                                         [WR_CENSUS_BIT_SAID] = "said:"};

    snprintf(ret_text, WR_POLICYBITS_TEXT_SIZE, "%s%s", before[what], name);
}
