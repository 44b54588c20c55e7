/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/policybuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/policybits.h"
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

/* --- segments --- */

/* Which segments the i-th does not see, by their places. */
static uint64_t hides(const struct wr_conf *c, size_t i)
{
    uint64_t bits = 0;

    for (size_t other = 0; other < c->segments.count; other++) {
        bool seen = other == i;

        for (size_t k = 0; k < c->segments.items[i].sees.count && !seen; k++) {
            const char *name = c->segments.items[i].sees.items[k];

            seen = !strcmp(name, "all") || !strcmp(name, c->segments.items[other].name);
        }
        bits |= seen ? 0 : (uint64_t)1 << other;
    }
    return bits;
}

static void make_segment(struct work *k, struct wr_segments *s, struct wr_segment *segment,
                         struct wr_segment_link *link)
{
    const struct wr_conf_segment *from = &k->conf->segments.items[s->segments];

    *segment = (struct wr_segment){.label = label_of(k, from->name),
                                   .hides = hides(k->conf, s->segments),
                                   .closed = from->fail != 0,
                                   .guarded = from->foreign_dns != 0 || from->reach != 0,
                                   .answered = from->reach != 0 && k->conf->firewall.enabled,
                                   .hairpins = from->foreign_dns == WR_CONF_FOREIGN_ANSWER,
                                   .stale = (uint8_t)from->stale,
                                   .stale_max_age_s = from->stale_max_age_s,
                                   .rate = from->rate};
    segment->allow = prefixes(k, from->allow.items, from->allow.count, &segment->allows);
    segment->reaches = prefixes(k, from->reaches.items, from->reaches.count, &segment->reach_count);
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

/* The listeners of segments: how many there are, and into `door` when that is not NULL. */
static uint16_t make_doors(const struct work *k, struct wr_segment_door *door)
{
    uint16_t doors = 0;

    for (size_t i = 0; i < k->conf->segments.count; i++) {
        const struct wr_conf_segment *from = &k->conf->segments.items[i];

        for (size_t n = 0; n < from->listeners.count; n++) {
            const struct wr_conf_listen *l = &from->listeners.items[n];
            bool is_interface = l->addr.family == WR_AF_NONE;
            struct wr_addr addr = l->addr;

            for (uint32_t a = 0; a == 0 || is_interface; a++) {
                if (is_interface && !k->hooks->address(k->hooks->user, l->interface, a, &addr))
                    break;
                addr.port = l->addr.port;
                if (door)
                    door[doors] = (struct wr_segment_door){addr, (uint16_t)i};
                doors++;
            }
        }
    }
    return doors;
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

    uint16_t doors = make_doors(k, NULL);
    struct wr_segment_door *door = wr_mem_take(mem, doors * sizeof(*door));

    if (mem->failed || count == 0)
        return;
    *s = (struct wr_segments){
        .segment = segment, .subnet = subnet, .link = link, .door = door, .doors = doors};
    (void)make_doors(k, door);
    while (s->segments < count)
        make_segment(k, s, &segment[s->segments], link);
    wr_segment_compile(s);
    k->out->segments = s;
}

/* --- rules --- */

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

static uint64_t bit_of(const struct work *k, uint8_t what, const char *name)
{
    char text[WR_POLICYBITS_TEXT_SIZE];

    wr_policybits_text(what, name, text);
    return (uint64_t)1 << k->hooks->bit(k->hooks->user, text);
}

static uint64_t bits_of(const struct work *k, uint8_t what, const char *const *names, size_t count)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        bits |= bit_of(k, what, names[i]);
    return bits;
}

/* Some are names, the others prefixes. */
static void make_servers(struct work *k, const struct wr_conf_rule *from, struct wr_policy_rule *r)
{
    size_t count = from->servers.count;
    struct wr_name *name = wr_mem_take(&k->out->mem, count * sizeof(*name));
    const uint8_t **names = wr_mem_take(&k->out->mem, count * sizeof(*names));
    struct wr_prefix *prefix = wr_mem_take(&k->out->mem, count * sizeof(*prefix));

    for (size_t i = 0; i < count && !k->out->mem.failed; i++) {
        const char *text = from->servers.items[i];

        if (wr_addr_prefix_from_text(text, &prefix[r->server_addrs]) == WR_OK)
            r->server_addrs++;
        else if (wr_name_from_text(text, strlen(text), &name[r->server.count]) == WR_OK) {
            names[r->server.count] = name[r->server.count].wire;
            r->server.count++;
        }
    }
    r->server.name = names;
    r->server_addr = prefix;
    if (r->server_addrs > 0)
        r->server_addrs = wr_prefix_compile(prefix, r->server_addrs);
}

int wr_policybuild_record(const char *text, uint32_t ttl_s, uint8_t rdata[WR_POLICY_RECORD_SIZE],
                          struct wr_record_line *ret, const char **ret_why)
{
    char line[WR_POLICY_RECORD_SIZE + 4];
    size_t column;

    snprintf(line, sizeof(line), "@ %s", text);
    *ret_why = "too long";
    return wr_record_line_read(line, strlen(line), (const uint8_t *)"", ttl_s, rdata,
                               WR_POLICY_RECORD_SIZE, ret, &column, ret_why);
}

static struct wr_rrset *set_of(struct wr_rrset *sets, uint32_t *count,
                               const struct wr_record_line *record)
{
    uint32_t i = 0;

    while (i < *count && sets[i].type != record->type)
        i++;
    if (i == *count)
        sets[(*count)++] = (struct wr_rrset){.type = record->type,
                                             .class_ = WR_CLASS_IN,
                                             .ttl = record->ttl,
                                             .security = WR_SECURITY_INSECURE};
    return &sets[i];
}

/* A set for each type, of the records in their order. */
static void make_data(struct work *k, const struct wr_conf_rule *from, struct wr_policy_rule *r)
{
    static const char *const nowhere[] = {"A 0.0.0.0", "AAAA ::"};
    const char *const *items = from->data.count > 0 ? from->data.items : nowhere;
    size_t count = from->data.count > 0 ? from->data.count : 2;
    struct wr_rrset *sets = wr_mem_take(&k->out->mem, count * sizeof(*sets));
    uint8_t rdata[WR_POLICY_RECORD_SIZE], *all;
    struct wr_record_line record;
    const char *why;

    r->data = sets;
    r->data_ede = from->verdict == WR_CONF_VERDICT_SINKHOLE ? r->ede : WR_EDE_FORGED;
    for (size_t i = 0; i < count && sets; i++) {
        if (wr_policybuild_record(items[i], k->conf->policy.denial_ttl_s, rdata, &record, &why))
            continue; /* was checked */
        struct wr_rrset *set = set_of(sets, &r->datas, &record);

        all = wr_mem_take(&k->out->mem, set->size + 2u + record.size);
        if (!all)
            return;
        if (set->size > 0)
            memcpy(all, set->data, set->size);
        all[set->size] = (uint8_t)(record.size >> 8);
        all[set->size + 1] = (uint8_t)record.size;
        memcpy(all + set->size + 2, rdata, record.size);
        set->data = all;
        set->size += 2u + record.size;
        set->records++;
        set->ttl = record.ttl < set->ttl ? record.ttl : set->ttl; /* RFC 2181 section 5.2 */
    }
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
        [WR_CONF_VERDICT_DATA] = WR_VERDICT_DATA,
        [WR_CONF_VERDICT_SINKHOLE] = WR_VERDICT_DATA,
        [WR_CONF_VERDICT_QUARANTINE] = WR_VERDICT_QUARANTINE,
    };

    snprintf(r->name, sizeof(r->name), "%s", from->name);
    r->label = label_of(k, from->name);
    r->action = actions[from->verdict];
    if (from->verdict == WR_CONF_VERDICT_SINKHOLE || from->verdict == WR_CONF_VERDICT_LOG)
        r->word = from->verdict == WR_CONF_VERDICT_LOG ? "log" : "sinkhole";
    r->shadow = from->shadow || from->verdict == WR_CONF_VERDICT_LOG;
    if (from->verdict == WR_CONF_VERDICT_ROUTE)
        r->view = k->hooks->view(k->hooks->user, from->group, from->group_index, true);
    r->ede = reasons[from->reason];
    make_times(from, r);
    r->about.groups = bits_of(k, WR_CENSUS_BIT_GROUP, from->groups.items, from->groups.count);
    r->about.devices = bits_of(k, WR_CENSUS_BIT_DEVICE, from->devices.items, from->devices.count);
    r->about.kinds = bits_of(k, wr_policybits_kind((enum wr_conf_verdict)from->verdict),
                             from->kinds.items, from->kinds.count);
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
    make_servers(k, from, r);
    if (r->action == WR_VERDICT_DATA)
        make_data(k, from, r);
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

/* The approved names of segments, of groups, and of devices. */
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
        only[spec->onlys++].about.groups = bit_of(k, WR_CENSUS_BIT_GROUP, from->name);
    }
    for (size_t i = 0; i < c->devices.count; i++) {
        const struct wr_conf_device *from = &c->devices.items[i];

        if (from->only.count == 0)
            continue;
        make_only(k, from->name, NAMES(from->only), &only[spec->onlys]);
        only[spec->onlys++].about.groups = bit_of(k, WR_CENSUS_BIT_DEVICE, from->name);
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

    if (spec->rules == 0 && spec->onlys == 0 && !spec->rebinding && !spec->mud)
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
        wr_mem_take(mem, (c->segments.count + c->groups.count + c->devices.count) * sizeof(*only));
    struct wr_policy_spec spec = {.rule = rule,
                                  .only = only,
                                  .ttl_s = c->policy.denial_ttl_s,
                                  .rebinding = c->policy.rebinding,
                                  .private_names = NAMES(c->policy.private_names),
                                  .mud = k->hooks->mud,
                                  .mud_label = k->hooks->mud ? label_of(k, "mud:profile") : 0};

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

/* Of devices and of groups; a segment has its own (policy/segment). */
static void make_rations(struct work *k)
{
    const struct wr_conf *c = k->conf;
    struct wr_rations *rations = wr_mem_take(&k->out->mem, sizeof(*rations));
    struct wr_ration_group *group =
        wr_mem_take(&k->out->mem, (c->devices.count + c->groups.count) * sizeof(*group));

    if (k->out->mem.failed)
        return;
    *rations = (struct wr_rations){.group = group};
    for (size_t i = 0; i < c->devices.count; i++)
        if (c->devices.items[i].rate != 0)
            group[rations->groups++] =
                (struct wr_ration_group){bit_of(k, WR_CENSUS_BIT_DEVICE, c->devices.items[i].name),
                                         c->devices.items[i].rate};
    rations->devices = rations->groups;
    for (size_t i = 0; i < c->groups.count; i++)
        if (c->groups.items[i].rate != 0)
            group[rations->groups++] = (struct wr_ration_group){
                bit_of(k, WR_CENSUS_BIT_GROUP, c->groups.items[i].name), c->groups.items[i].rate};
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
