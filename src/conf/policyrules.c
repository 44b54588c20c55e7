/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/policyrules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/mistakes.h"
#include "conf/policybits.h"
#include "conf/policybuild.h"
#include "conf/policylook.h"
#include "conf/rules.h"
#include "conf/sockets.h"
#include "dns/codes.h"
#include "dns/name.h"

enum { PATH_SIZE = 128, TEXT_SIZE = 256 };

struct check {
    struct wr_conf *conf;
    wr_policyrules_wrong *wrong;
    void *user;
};

/* `list`[i].`leaf`, or where `k` is no -1 the k-th of it. */
__attribute__((format(printf, 6, 7))) static void wrong(const struct check *c, const char *list,
                                                        size_t i, const char *leaf, long k,
                                                        const char *format, ...)
{
    char path[PATH_SIZE], text[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (k < 0)
        snprintf(path, sizeof(path), "%s[%zu].%s", list, i, leaf);
    else
        snprintf(path, sizeof(path), "%s[%zu].%s[%ld]", list, i, leaf, k);
    c->wrong(c->user, path, false, text);
}

static void warn(const struct check *c, const char *list, size_t i, const char *leaf,
                 const char *text)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s[%zu].%s", list, i, leaf);
    c->wrong(c->user, path, true, text);
}

static void put_useless(void *user, size_t rule, const char *text)
{
    warn(user, "policy.rules", rule, "name", text);
}

/* A group that resolves for others. */
static void check_group(const struct check *c, const char *list, size_t i, const char *leaf,
                        const char *name, uint32_t *index)
{
    struct wr_conf *conf = c->conf;

    if (!wr_rules_find_group(conf, name, conf->upstream.groups.count, index)) {
        wrong(c, list, i, leaf, -1, "there is no group \"%s\" in upstream.groups", name);
        return;
    }
    if (*index == WR_CONF_SYSTEM)
        conf->upstream.asks_system = true;
    if (*index < conf->upstream.groups.count && conf->upstream.groups.items[*index].authoritative)
        wrong(c, list, i, leaf, -1, "the servers of this group have their zones alone");
}

/* --- names --- */

/* A name that stands for all below it, or where `exact` for itself alone, is no place for a star. `i` -1: `list` is none. */
static void check_stars(const struct check *c, const char *list, long i, const char *leaf,
                        const uint8_t *const *names, size_t count, bool exact)
{
    char path[PATH_SIZE], text[TEXT_SIZE + WR_NAME_TEXT_SIZE], below[WR_NAME_TEXT_SIZE];

    for (size_t k = 0; k < count; k++) {
        if (!names[k] || names[k][0] != 1 || names[k][1] != '*')
            continue;
        size_t n = wr_name_to_text(names[k] + 2, below, sizeof(below));

        if (n > 1 && below[n - 1] == '.')
            below[n - 1] = 0;
        if (i < 0)
            snprintf(path, sizeof(path), "%s.%s[%zu]", list, leaf, k);
        else
            snprintf(path, sizeof(path), "%s[%ld].%s[%zu]", list, i, leaf, k);
        if (exact)
            snprintf(text, sizeof(text),
                     "this is one name alone: for all below it write `domains: [%s]`", below);
        else
            snprintf(text, sizeof(text), "`%s` already means all below it: write %s", leaf, below);
        c->wrong(c->user, path, false, text);
    }
}

#define CHECK_STARS(c, list, i, leaf, names, exact)                                             \
    check_stars(c, list, (long)(i), leaf, (const uint8_t *const *)(names).items, (names).count, \
                exact)

static void check_wide(const struct check *c)
{
    const struct wr_conf *conf = c->conf;

    for (size_t i = 0; i < conf->segments.count; i++)
        CHECK_STARS(c, "segments", i, "only", conf->segments.items[i].only, false);
    for (size_t i = 0; i < conf->groups.count; i++)
        CHECK_STARS(c, "groups", i, "only", conf->groups.items[i].only, false);
    for (size_t i = 0; i < conf->devices.count; i++)
        CHECK_STARS(c, "devices", i, "only", conf->devices.items[i].only, false);
    CHECK_STARS(c, "policy", -1, "private_names", conf->policy.private_names, false);
}

static void check_names(const struct check *c, size_t i)
{
    const struct wr_conf_rule *r = &c->conf->policy.rules.items[i];

    CHECK_STARS(c, "policy.rules", i, "names", r->names, true);
    CHECK_STARS(c, "policy.rules", i, "domains", r->domains, false);
    CHECK_STARS(c, "policy.rules", i, "except", r->except, false);
    CHECK_STARS(c, "policy.rules", i, "aliases", r->aliases, false);
}

/* --- segments --- */

static bool is_segment(const struct wr_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->segments.count; i++)
        if (conf->segments.items[i].name && !strcmp(conf->segments.items[i].name, name))
            return true;
    return false;
}

static void check_interface(const struct check *c, size_t i, size_t k)
{
    const struct wr_conf_segment *s = c->conf->segments.items;

    for (size_t other = 0; other <= i; other++)
        for (size_t n = 0; n < s[other].interfaces.count && (other < i || n < k); n++)
            if (!strcmp(s[other].interfaces.items[n], s[i].interfaces.items[k])) {
                wrong(c, "segments", i, "interfaces", (long)k,
                      "this interface belongs to the segment %s already", s[other].name);
                return;
            }
}

static void check_subnet(const struct check *c, size_t i, size_t k)
{
    const struct wr_conf_segment *s = c->conf->segments.items;
    const struct wr_prefix *own = &s[i].subnets.items[k];

    for (size_t other = 0; other <= i; other++)
        for (size_t n = 0; n < s[other].subnets.count && (other < i || n < k); n++) {
            const struct wr_prefix *p = &s[other].subnets.items[n];

            if (p->len == own->len && wr_addr_equal(&p->addr, &own->addr)) {
                wrong(c, "segments", i, "subnets", (long)k,
                      "this subnet belongs to the segment %s already", s[other].name);
                return;
            }
        }
}

static void check_sees(const struct check *c, size_t i, size_t k)
{
    const char *name = c->conf->segments.items[i].sees.items[k];

    if (name && strcmp(name, "all") != 0 && !is_segment(c->conf, name))
        wrong(c, "segments", i, "sees", (long)k, "there is no segment \"%s\"", name);
}

static void check_listener(const struct check *c, size_t i, size_t k)
{
    const struct wr_conf_segment *s = c->conf->segments.items;
    const struct wr_conf_listen *own = &s[i].listeners.items[k];

    if (own->addr.family == WR_AF_NONE && own->interface[0] == 0)
        return; /* it is broken, and was told so */
    if (!wr_sockets_has(c->conf, own))
        wrong(c, "segments", i, "listeners", (long)k,
              "weir does not listen there: it has to stand in `listen` or `encrypted` as well");
    for (size_t other = 0; other <= i; other++)
        for (size_t n = 0; n < s[other].listeners.count && (other < i || n < k); n++)
            if (wr_sockets_same(&s[other].listeners.items[n], own)) {
                wrong(c, "segments", i, "listeners", (long)k,
                      "this listener belongs to the segment %s already", s[other].name);
                return;
            }
}

/* What the firewall is to do with the packets of a segment's clients, which it knows by where they come in, or by whose addresses they bear. */
static void check_fence(const struct check *c, size_t i)
{
    const struct wr_conf_segment *s = &c->conf->segments.items[i];
    const char *leaf = s->reach ? "reach" : "foreign_dns";

    if (s->foreign_dns && !c->conf->firewall.enabled)
        warn(c, "segments", i, "foreign_dns", "the firewall is off: set firewall.enabled");
    if (s->reach && !c->conf->firewall.enabled)
        warn(c, "segments", i, "reach", "the firewall is off: set firewall.enabled");
    if ((s->reach || s->foreign_dns) && s->interfaces.count == 0)
        warn(c, "segments", i, leaf,
             s->subnets.count == 0
                 ? "without interfaces and subnets the firewall does not know whose packets these "
                   "are: nobody is held back"
                 : "an address outside these subnets, IPv6 included, is not held back: name its "
                   "interfaces");
    if (!s->reach && s->reaches.count)
        warn(c, "segments", i, "reaches", "it reaches everything: set reach: answered");
    if (!s->reach && !s->foreign_dns && s->resolvers.count)
        warn(c, "segments", i, "resolvers", "it may ask any resolver: set foreign_dns");
}

static void check_segments(const struct check *c)
{
    struct wr_conf_segment *s = c->conf->segments.items;

    for (size_t i = 0; i < c->conf->segments.count; i++) {
        if (s[i].upstream[0])
            check_group(c, "segments", i, "upstream", s[i].upstream, &s[i].upstream_index);
        if (s[i].name && !strcmp(s[i].name, "all"))
            wrong(c, "segments", i, "name", -1, "\"all\" is the word for all segments");
        for (size_t other = 0; other < i && s[i].name; other++)
            if (s[other].name && !strcmp(s[other].name, s[i].name))
                wrong(c, "segments", i, "name", -1, "there is a segment of this name already");
        if (s[i].interfaces.count == 0 && s[i].subnets.count == 0 && s[i].listeners.count == 0)
            warn(c, "segments", i, "name",
                 "a segment without interfaces, subnets and listeners: nobody is in it");
        check_fence(c, i);
        for (size_t k = 0; k < s[i].sees.count; k++)
            check_sees(c, i, k);
        for (size_t k = 0; k < s[i].listeners.count; k++)
            check_listener(c, i, k);
        for (size_t k = 0; k < s[i].interfaces.count; k++)
            check_interface(c, i, k);
        for (size_t k = 0; k < s[i].subnets.count; k++)
            check_subnet(c, i, k);
    }
}

/* --- rules --- */

static bool is_devgroup(const struct wr_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->groups.count; i++)
        if (conf->groups.items[i].name && !strcmp(conf->groups.items[i].name, name))
            return true;
    return false;
}

static bool is_feed(const struct wr_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->feeds.count; i++)
        if (conf->feeds.items[i].name && !strcmp(conf->feeds.items[i].name, name))
            return true;
    return false;
}

static void check_firewall(const struct check *c)
{
    const struct wr_conf *conf = c->conf;
    char path[48], text[TEXT_SIZE];

    for (size_t i = 0; i < conf->firewall.doh_feeds.count; i++) {
        const char *name = conf->firewall.doh_feeds.items[i];

        if (!name || is_feed(conf, name))
            continue;
        snprintf(path, sizeof(path), "firewall.doh_feeds[%zu]", i);
        snprintf(text, sizeof(text), "there is no feed \"%s\"", name);
        c->wrong(c->user, path, false, text);
    }
}

/* Devices are also named by command, so one that is not here may come; but who writes almost the name of one that is means that. */
static void check_device(const struct check *c, size_t i, size_t k)
{
    const char *words[WR_CONF_DEVICES_MAX + 1],
        *name = c->conf->policy.rules.items[i].devices.items[k];
    char text[TEXT_SIZE], leaf[32];
    size_t n = 0;

    for (size_t d = 0; d < c->conf->devices.count && name; d++) {
        if (c->conf->devices.items[d].name && !strcmp(c->conf->devices.items[d].name, name))
            return;
        if (c->conf->devices.items[d].name)
            words[n++] = c->conf->devices.items[d].name;
    }
    words[n] = NULL;
    const char *near = name ? wr_mistakes_nearest(name, words) : NULL;

    if (!near)
        return;
    snprintf(text, sizeof(text), "`devices` has none of this name; did you mean %s?", near);
    snprintf(leaf, sizeof(leaf), "devices[%zu]", k);
    warn(c, "policy.rules", i, leaf, text);
}

static void check_servers(const struct check *c, size_t i)
{
    const struct wr_conf_rule *r = &c->conf->policy.rules.items[i];
    struct wr_prefix prefix;
    struct wr_name name;

    for (size_t k = 0; k < r->servers.count; k++) {
        const char *text = r->servers.items[k];

        if (text && wr_addr_prefix_from_text(text, &prefix) != WR_OK &&
            (strchr(text, '/') || wr_name_from_text(text, strlen(text), &name) != WR_OK))
            wrong(c, "policy.rules", i, "servers", (long)k,
                  "neither a name nor an address or prefix");
    }
}

static bool is_given(uint16_t type)
{
    static const uint16_t types[] = {WR_TYPE_A,    WR_TYPE_AAAA, WR_TYPE_TXT, WR_TYPE_CNAME,
                                     WR_TYPE_MX,   WR_TYPE_SRV,  WR_TYPE_PTR, WR_TYPE_HTTPS,
                                     WR_TYPE_SVCB, WR_TYPE_CAA};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i] == type)
            return true;
    return false;
}

/* Is any record of a type that the rule is for? A CNAME is of all. */
static bool gives_any(const struct wr_conf_rule *r)
{
    uint8_t rdata[WR_POLICY_RECORD_SIZE];
    struct wr_record_line record;
    const char *why;
    bool any = r->types.count == 0 || r->data.count == 0;

    for (size_t k = 0; k < r->data.count; k++) {
        bool read =
            r->data.items[k] && !wr_policybuild_record(r->data.items[k], 0, rdata, &record, &why);

        any = any || !read || record.type == WR_TYPE_CNAME;
        for (size_t t = 0; t < r->types.count && !any; t++) {
            uint16_t type;

            any = !r->types.items[t] ||
                  (!wr_codes_type_from_text(r->types.items[t], strlen(r->types.items[t]), &type) &&
                   (type == record.type || type == WR_TYPE_ANY));
        }
    }
    return any;
}

static void check_data(const struct check *c, size_t i)
{
    const struct wr_conf_rule *r = &c->conf->policy.rules.items[i];
    uint8_t rdata[WR_POLICY_RECORD_SIZE];
    struct wr_record_line record;
    const char *why;

    if (r->verdict == WR_CONF_VERDICT_DATA && r->data.count == 0)
        wrong(c, "policy.rules", i, "verdict", -1,
              "`data` is missing: what is to be given, as \"A 192.0.2.1\"");
    if (r->verdict != WR_CONF_VERDICT_DATA && r->verdict != WR_CONF_VERDICT_SINKHOLE &&
        r->data.count > 0)
        warn(c, "policy.rules", i, "data", "only the verdicts `data` and `sinkhole` give records");
    if (!gives_any(r))
        warn(c, "policy.rules", i, "data",
             "none of these records is of one of `types`: the name has none then, as by `nodata`");
    for (size_t k = 0; k < r->data.count; k++) {
        if (!r->data.items[k])
            continue;
        if (wr_policybuild_record(r->data.items[k], 0, rdata, &record, &why))
            wrong(c, "policy.rules", i, "data", (long)k, "%s", why);
        else if (!is_given(record.type))
            wrong(c, "policy.rules", i, "data", (long)k,
                  "a rule gives A, AAAA, TXT, CNAME, MX, SRV, PTR, HTTPS, SVCB and CAA records");
        else if (record.type == WR_TYPE_CNAME && r->data.count > 1)
            wrong(c, "policy.rules", i, "data", (long)k,
                  "a CNAME stands alone (RFC 1034 section 3.6.2)");
    }
}

static void check_bits(const struct check *c)
{
    struct wr_policybit bits[WR_WHO_GROUPS_MAX];
    size_t n = wr_policybits_list(c->conf, bits);

    if (n > WR_WHO_GROUPS_MAX)
        wrong(c, "policy.rules", c->conf->policy.rules.count - 1, "name", -1,
              "groups, and the devices and kinds that rules name, are at most %d together: put "
              "devices in groups",
              WR_WHO_GROUPS_MAX);
}

static void check_rule(const struct check *c, size_t i)
{
    struct wr_conf_rule *rules = c->conf->policy.rules.items, *r = &rules[i];
    uint16_t type, from, to;

    for (size_t other = 0; other < i && r->name; other++)
        if (rules[other].name && !strcmp(rules[other].name, r->name))
            wrong(c, "policy.rules", i, "name", -1, "there is a rule of this name already");
    for (size_t k = 0; k < r->groups.count; k++)
        if (!is_devgroup(c->conf, r->groups.items[k]))
            wrong(c, "policy.rules", i, "groups", (long)k,
                  "there is no group of this name in `groups`");
    for (size_t k = 0; k < r->devices.count; k++)
        check_device(c, i, k);
    for (size_t k = 0; k < r->segments.count; k++)
        if (!is_segment(c->conf, r->segments.items[k]))
            wrong(c, "policy.rules", i, "segments", (long)k, "there is no segment \"%s\"",
                  r->segments.items[k]);
    for (size_t k = 0; k < r->feeds.count; k++)
        if (!is_feed(c->conf, r->feeds.items[k]))
            wrong(c, "policy.rules", i, "feeds", (long)k, "there is no feed \"%s\"",
                  r->feeds.items[k]);
    if (r->verdict == WR_CONF_VERDICT_ROUTE && !r->group[0])
        wrong(c, "policy.rules", i, "verdict", -1, "`group` is missing: who is to be asked");
    else if (r->verdict == WR_CONF_VERDICT_ROUTE)
        check_group(c, "policy.rules", i, "group", r->group, &r->group_index);
    else if (r->group[0])
        warn(c, "policy.rules", i, "group", "only the verdict `route` asks another group");
    if ((r->verdict == WR_CONF_VERDICT_ROUTE || r->verdict == WR_CONF_VERDICT_SECURE) &&
        (r->aliases.count > 0 || r->addresses.count > 0 || r->servers.count > 0))
        wrong(c, "policy.rules", i, "verdict", -1,
              "this is decided before there is an answer, so without `aliases`, `addresses` and "
              "`servers`");
    check_names(c, i);
    check_servers(c, i);
    check_data(c, i);
    if (r->hours[0] && (!wr_policybuild_hours(r->hours, &from, &to) || from == to))
        wrong(c, "policy.rules", i, "hours", -1,
              "two different times of the day, as in \"22:00-06:00\"");
    for (size_t k = 0; k < r->types.count; k++)
        if (wr_codes_type_from_text(r->types.items[k], strlen(r->types.items[k]), &type))
            wrong(c, "policy.rules", i, "types", (long)k, "\"%s\" is no record type",
                  r->types.items[k]);
}

void wr_policyrules_check(struct wr_conf *conf, wr_policyrules_wrong *wrong_fn, void *user)
{
    struct check c = {conf, wrong_fn, user};

    check_segments(&c);
    check_wide(&c);
    check_firewall(&c);
    for (size_t i = 0; i < conf->policy.rules.count; i++)
        check_rule(&c, i);
    if (conf->policy.rules.count > 0)
        check_bits(&c);
    wr_policylook_find(conf, put_useless, &c);
}
