/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/policybuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/codes.h"
#include "policy/prefix.h"

/* 2026-01-01 to 2041-01-01: the time of the day is not asked for. */
#define DAY         86400
#define FIRST_DAY_S 1767225600
#define LAST_DAY_S  2240611200

struct work {
    const struct wr_conf *conf;
    const struct wr_policybuild_hooks *hooks;
    struct wr_policybuild *out;
};

static uint16_t label_of(const struct work *k, const char *text)
{
    return k->hooks->label(k->hooks->user, text);
}

/* --- segments --- */

static void make_segment(struct work *k, struct wr_segments *s, struct wr_segment *segment,
                         struct wr_segment_link *link)
{
    const struct wr_conf_segment *from = &k->conf->segments.items[s->segments];

    *segment = (struct wr_segment){.label = label_of(k, from->name), .rate = from->rate};
    if (from->upstream[0])
        segment->view = k->hooks->view(k->hooks->user, from->upstream, from->upstream_index, false);
    for (size_t i = 0; i < from->interfaces.count; i++)
        link[s->links++] = (struct wr_segment_link){
            k->hooks->ifindex(k->hooks->user, from->interfaces.items[i]), s->segments};
    for (size_t i = 0; i < from->subnets.count; i++)
        s->subnet[s->subnets++] =
            (struct wr_segment_subnet){.prefix = from->subnets.items[i], .segment = s->segments};
    s->segments++;
}

static void make_segments(struct work *k)
{
    size_t count = k->conf->segments.count, links = 0, subnets = 0;
    struct wr_conf_mem *mem = &k->out->mem;

    for (size_t i = 0; i < count; i++) {
        links += k->conf->segments.items[i].interfaces.count;
        subnets += k->conf->segments.items[i].subnets.count;
    }
    struct wr_segments *s = wr_mem_take(mem, sizeof(*s));
    struct wr_segment *segment = wr_mem_take(mem, count * sizeof(*segment));
    struct wr_segment_link *link = wr_mem_take(mem, links * sizeof(*link));
    struct wr_segment_subnet *subnet = wr_mem_take(mem, subnets * sizeof(*subnet));

    if (mem->failed || count == 0)
        return;
    *s = (struct wr_segments){.segment = segment, .subnet = subnet, .link = link};
    while (s->segments < count)
        make_segment(k, s, &segment[s->segments], link);
    wr_segment_compile(s);
    k->out->segments = s;
}

/* --- rules --- */

static struct wr_prefix *prefixes(struct work *k, const struct wr_prefix *from, size_t count,
                                  uint32_t *ret_count)
{
    struct wr_prefix *copy = wr_mem_take(&k->out->mem, count * sizeof(*copy));

    *ret_count = 0;
    if (!copy || count == 0)
        return copy;
    memcpy(copy, from, count * sizeof(*copy));
    *ret_count = wr_prefix_compile(copy, (uint32_t)count);
    return copy;
}

static uint16_t *labels_of(struct work *k, const char *const *items, size_t count)
{
    uint16_t *labels = wr_mem_take(&k->out->mem, count * sizeof(*labels));

    for (size_t i = 0; labels && i < count; i++)
        labels[i] = label_of(k, items[i]);
    return labels;
}

static uint16_t *types(struct work *k, const char *const *items, size_t count)
{
    uint16_t *numbers = wr_mem_take(&k->out->mem, count * sizeof(*numbers));

    for (size_t i = 0; numbers && i < count; i++)
        (void)wr_codes_type_from_text(items[i], strlen(items[i]), &numbers[i]); /* was checked */
    return numbers;
}

static bool read_minute(const char *text, uint16_t *ret_minute)
{
    unsigned h, m;

    for (unsigned i = 0; i < 5; i++)
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return false;
    h = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    m = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
    *ret_minute = (uint16_t)(h * 60 + m);
    return h < 24 && m < 60;
}

bool wr_policybuild_hours(const char *text, uint16_t *ret_from, uint16_t *ret_to)
{
    return strlen(text) == 11 && text[5] == '-' && read_minute(text, ret_from) &&
           read_minute(text + 6, ret_to);
}

/* Without hours a day begins at midnight and lasts until the next. */
static void make_times(const struct wr_conf_rule *from, struct wr_policy_rule *r)
{
    r->timed = from->hours[0] || from->days.count > 0;
    if (from->hours[0])
        (void)wr_policybuild_hours(from->hours, &r->from_min, &r->to_min); /* was checked */
    r->days = from->days.count > 0 ? 0 : 0x7f;
    for (size_t i = 0; i < from->days.count; i++)
        r->days |= (uint8_t)(1u << from->days.items[i]);
}

static int32_t offset_at(time_t at)
{
    struct tm tm;

    return localtime_r(&at, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

/* When the local time changes, by what the system knows of it now: day by day, then by halves. */
static void make_offsets(struct work *k, struct wr_policy_spec *spec)
{
    struct wr_policy_offset *list =
        wr_mem_take(&k->out->mem, WR_POLICY_OFFSETS_MAX * sizeof(*list));
    time_t day = FIRST_DAY_S;

    if (!list)
        return;
    tzset();
    list[0] = (struct wr_policy_offset){INT64_MIN, offset_at(day)};
    spec->offset = list;
    for (spec->offsets = 1; day < LAST_DAY_S && spec->offsets < WR_POLICY_OFFSETS_MAX; day += DAY) {
        int32_t add = offset_at(day + DAY);
        time_t low = day, high = day + DAY;

        if (add == list[spec->offsets - 1].add_s)
            continue;
        while (high - low > 1) {
            time_t middle = low + (high - low) / 2;

            *(offset_at(middle) == add ? &high : &low) = middle;
        }
        list[spec->offsets++] = (struct wr_policy_offset){high, add};
    }
}

#define NAMES(list) ((struct wr_policy_names){(list).items, (uint32_t)(list).count})

static uint64_t group_bit(const struct work *k, const char *name)
{
    return (uint64_t)1 << k->hooks->group(k->hooks->user, name);
}

static uint64_t groups_of(const struct work *k, const struct wr_conf_rule *from)
{
    uint64_t groups = 0;

    for (size_t i = 0; i < k->conf->groups.count; i++)
        for (size_t n = 0; n < from->groups.count; n++)
            if (!strcmp(k->conf->groups.items[i].name, from->groups.items[n]))
                groups |= group_bit(k, from->groups.items[n]);
    return groups;
}

static void make_rule(struct work *k, const struct wr_conf_rule *from, struct wr_policy_rule *r)
{
    static const int16_t reasons[] = {WR_EDE_BLOCKED, WR_EDE_CENSORED, WR_EDE_FILTERED,
                                      WR_EDE_PROHIBITED};
    static const uint8_t actions[] = {
        [WR_CONF_VERDICT_ALLOW] = WR_VERDICT_ALLOW,
        [WR_CONF_VERDICT_NXDOMAIN] = WR_VERDICT_NXDOMAIN,
        [WR_CONF_VERDICT_NODATA] = WR_VERDICT_NODATA,
        [WR_CONF_VERDICT_REFUSED] = WR_VERDICT_REFUSED,
        [WR_CONF_VERDICT_DROP] = WR_VERDICT_DROP,
        [WR_CONF_VERDICT_TRUNCATE] = WR_VERDICT_TRUNCATE,
        [WR_CONF_VERDICT_ROUTE] = WR_VERDICT_ROUTE,
        [WR_CONF_VERDICT_SECURE] = WR_VERDICT_SECURE,
        [WR_CONF_VERDICT_LOG] = WR_VERDICT_ALLOW,
    };

    snprintf(r->name, sizeof(r->name), "%s", from->name);
    r->label = label_of(k, from->name);
    r->action = actions[from->verdict];
    r->shadow = from->shadow || from->verdict == WR_CONF_VERDICT_LOG;
    if (from->verdict == WR_CONF_VERDICT_ROUTE)
        r->view = k->hooks->view(k->hooks->user, from->group, from->group_index, true);
    r->ede = reasons[from->reason];
    make_times(from, r);
    r->about.groups = groups_of(k, from);
    r->about.segment = labels_of(k, from->segments.items, from->segments.count);
    r->about.segments = (uint32_t)from->segments.count;
    r->about.client = prefixes(k, from->clients.items, from->clients.count, &r->about.clients);
    r->exact = NAMES(from->names);
    r->below = NAMES(from->domains);
    r->feed = labels_of(k, from->feeds.items, from->feeds.count);
    r->feeds = (uint32_t)from->feeds.count;
    r->except = NAMES(from->except);
    r->alias = NAMES(from->aliases);
    r->type = types(k, from->types.items, from->types.count);
    r->types = (uint32_t)from->types.count;
    r->address = prefixes(k, from->addresses.items, from->addresses.count, &r->addresses);
}

/* The list of a segment has a name that no rule can have: there is a ":" in it. */
static void make_only(struct work *k, const char *name, struct wr_policy_names below,
                      struct wr_policy_only *o)
{
    char text[WR_POLICY_NAME_SIZE + 8];

    snprintf(text, sizeof(text), "only:%s", name);
    snprintf(o->name, sizeof(o->name), "%s", name);
    o->label = label_of(k, text);
    o->below = below;
}

/* The approved names of segments, then of groups. */
static void make_onlys(struct work *k, struct wr_policy_spec *spec, struct wr_policy_only *only)
{
    const struct wr_conf *c = k->conf;

    for (size_t i = 0; i < c->segments.count; i++) {
        const struct wr_conf_segment *from = &c->segments.items[i];

        if (from->only.count == 0)
            continue;
        struct wr_policy_only *o = &only[spec->onlys++];

        make_only(k, from->name, NAMES(from->only), o);
        o->about.segment = labels_of(k, (const char *const *)&from->name, 1);
        o->about.segments = 1;
    }
    for (size_t i = 0; i < c->groups.count; i++) {
        const struct wr_conf_devgroup *from = &c->groups.items[i];

        if (from->only.count == 0)
            continue;
        make_only(k, from->name, NAMES(from->only), &only[spec->onlys]);
        only[spec->onlys++].about.groups = group_bit(k, from->name);
    }
}

/* A feed that says for itself what becomes of what it lists. Its rule has a name that no other can have. */
static void make_feed_rule(struct work *k, const struct wr_conf_feed *from,
                           struct wr_policy_rule *r)
{
    char text[WR_POLICY_NAME_SIZE + 8];

    snprintf(text, sizeof(text), "feed:%s", from->name);
    snprintf(r->name, sizeof(r->name), "%s", from->name);
    r->label = label_of(k, text);
    r->action = (uint8_t)(from->verdict + 1);
    r->ede = WR_EDE_BLOCKED;
    r->feed = labels_of(k, (const char *const *)&from->name, 1);
    r->feeds = 1;
}

static const struct wr_policy_feed *feed_names(struct work *k)
{
    size_t count = k->conf->feeds.count;
    struct wr_policy_feed *feed = wr_mem_take(&k->out->mem, count * sizeof(*feed));

    for (size_t i = 0; feed && i < count; i++)
        feed[i] = (struct wr_policy_feed){label_of(k, k->conf->feeds.items[i].name),
                                          k->conf->feeds.items[i].name};
    return feed;
}

static void compile(struct work *k, const struct wr_policy_spec *spec)
{
    struct wr_conf_mem *mem = &k->out->mem;

    if (spec->rules == 0 && spec->onlys == 0 && !spec->rebinding)
        return;
    k->out->block = aligned_alloc(64, wr_policy_size(spec));
    mem->failed = mem->failed || !k->out->block;
    if (!mem->failed)
        k->out->policy = wr_policy_compile(k->out->block, spec);
}

static void make_policy(struct work *k)
{
    const struct wr_conf *c = k->conf;
    struct wr_conf_mem *mem = &k->out->mem;
    size_t rules = c->policy.rules.count + c->feeds.count;
    struct wr_policy_rule *rule = wr_mem_take(mem, rules * sizeof(*rule));
    struct wr_policy_only *only =
        wr_mem_take(mem, (c->segments.count + c->groups.count) * sizeof(*only));
    struct wr_policy_spec spec = {.rule = rule,
                                  .only = only,
                                  .ttl_s = c->policy.denial_ttl_s,
                                  .rebinding = c->policy.rebinding,
                                  .private_names = NAMES(c->policy.private_names)};

    for (; !mem->failed && spec.rules < c->policy.rules.count; spec.rules++)
        make_rule(k, &c->policy.rules.items[spec.rules], &rule[spec.rules]);
    for (size_t i = 0; !mem->failed && i < c->feeds.count; i++)
        if (c->feeds.items[i].verdict != 0)
            make_feed_rule(k, &c->feeds.items[i], &rule[spec.rules++]);
    spec.feed = feed_names(k);
    spec.feeds = (uint32_t)c->feeds.count;
    if (!mem->failed)
        make_onlys(k, &spec, only);
    make_offsets(k, &spec);
    if (!mem->failed)
        compile(k, &spec);
}

/* Of groups; a segment has its own (policy/segment). */
static void make_rations(struct work *k)
{
    const struct wr_conf *c = k->conf;
    struct wr_rations *rations = wr_mem_take(&k->out->mem, sizeof(*rations));
    struct wr_ration_group *group = wr_mem_take(&k->out->mem, c->groups.count * sizeof(*group));

    if (k->out->mem.failed)
        return;
    *rations = (struct wr_rations){.group = group};
    for (size_t i = 0; i < c->groups.count; i++)
        if (c->groups.items[i].rate != 0)
            group[rations->groups++] = (struct wr_ration_group){
                group_bit(k, c->groups.items[i].name), c->groups.items[i].rate};
    k->out->rations = rations->groups > 0 ? rations : NULL;
}

int wr_policybuild_make(const struct wr_conf *conf, const struct wr_policybuild_hooks *hooks,
                        struct wr_policybuild *ret)
{
    struct work k = {conf, hooks, ret};

    *ret = (struct wr_policybuild){.policy = NULL};
    wr_mem_init(&ret->mem);
    make_segments(&k);
    make_policy(&k);
    make_rations(&k);
    if (ret->mem.failed) {
        wr_policybuild_free(ret);
        return WR_E_NOMEM;
    }
    return WR_OK;
}

void wr_policybuild_free(struct wr_policybuild *b)
{
    free(b->block);
    wr_mem_free(&b->mem);
    *b = (struct wr_policybuild){.policy = NULL};
}
