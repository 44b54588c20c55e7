/* SPDX-License-Identifier: Apache-2.0 */
/* The segments and rules of a story: a piece of a configuration file, read and compiled as the daemon does. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf/mistakes.h"
#include "conf/policybuild.h"
#include "story.h"

#define TEXT_SIZE 8192
#define LABELS    64

struct story_rules {
    struct story *s;
    char text[TEXT_SIZE];
    char label[LABELS][80];
    unsigned labels;
    struct wr_conf *conf;
    struct wr_policybuild build;
};

int story_rules_setting(struct story *s, const char *line)
{
    if (!s->rules) {
        s->rules = calloc(1, sizeof *s->rules);
        assert(s->rules);
        s->rules->s = s;
    }
    size_t used = strlen(s->rules->text);
    if (used + strlen(line) + 2 > TEXT_SIZE) {
        return -1;
    }
    snprintf(s->rules->text + used, TEXT_SIZE - used, "%s\n", line);
    return 0;
}

static uint16_t label_of(void *user, const char *text)
{
    struct story_rules *r = user;
    unsigned i = 0;
    while (i < r->labels && strcmp(r->label[i], text) != 0) {
        i++;
    }
    assert(i < LABELS);
    if (i == r->labels) {
        snprintf(r->label[r->labels++], sizeof r->label[0], "%s", text);
    }
    return (uint16_t)(i + 1);
}

/* Its groups stand behind those of the story's own upstreams. */
static uint16_t view_of(void *user, const char *name, uint32_t group, bool whole)
{
    struct story_rules *r = user;
    struct wr_upstreams *u = &r->s->gate.settings.upstreams;
    const struct wr_conf_group *from = &r->conf->upstream.groups.items[group];
    (void)name;
    u->view[u->views] = (struct wr_view){(uint16_t)(u->views + 1), (uint8_t)u->groups, whole};
    gate_upstream(&r->s->gate, u->groups, &from->servers.items[0].addr, WR_SCHEME_UDP);
    return ++u->views;
}

static uint32_t ifindex_of(void *user, const char *interface)
{
    (void)user, (void)interface;
    return 0;
}

/* In the order of the configuration. */
static int group_of(void *user, const char *name)
{
    const struct story_rules *r = user;
    int bit = 0;
    while (strcmp(r->conf->groups.items[bit].name, name) != 0) {
        bit++;
    }
    return bit;
}

/* There is no interface in a scenario. */
static bool address_of(void *user, const char *interface, uint32_t n, struct wr_addr *ret_addr)
{
    return false;
}

void story_rules_compile(struct story *s)
{
    struct story_rules *r = s->rules;
    struct wr_mistakes *mistakes = r ? malloc(sizeof *mistakes) : NULL;
    if (!mistakes) {
        return;
    }
    const struct wr_policybuild_hooks hooks = {r,        label_of,   view_of, ifindex_of,
                                               group_of, address_of, NULL};
    wr_mistakes_init(mistakes);
    if (wr_conf_read(r->text, strlen(r->text), mistakes, &r->conf) != 0) {
        snprintf(s->error, sizeof s->error, "conf %u:%u: %s", mistakes->item[0].line,
                 mistakes->item[0].column, mistakes->item[0].text);
    } else {
        int err = wr_policybuild_make(r->conf, &hooks, &r->build);
        assert(err == 0);
        s->gate.settings.policy = r->build.policy;
        s->gate.settings.segments = r->build.segments;
        s->gate.settings.lease =
            (struct wr_lease_settings){.floor_s = r->conf->firewall.lease_floor_s,
                                       .grace_s = r->conf->firewall.lease_grace_s,
                                       .name_max = (uint8_t)r->conf->firewall.leases_name};
        s->gate.leases = r->conf->firewall.enabled ? r->conf->firewall.leases : 0;
    }
    free(mistakes);
}

void story_rules_free(struct story *s)
{
    if (s->rules) {
        wr_policybuild_free(&s->rules->build);
        wr_conf_free(s->rules->conf);
        free(s->rules);
        s->rules = NULL;
    }
}
