/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "conf/devicerules.h"
#include "conf/feedrules.h"
#include "conf/exporturl.h"
#include "conf/giver.h"
#include "conf/record.h"
#include "conf/policyrules.h"
#include "conf/rpzrules.h"
#include "conf/secrecy.h"
#include "conf/services.h"
#include "conf/sockets.h"
#include "conf/tsigkey.h"
#include "conf/value.h"
#include "dns/name.h"
#include "resolve/dns64.h"
#include "resolve/ladder.h"
#include "resolve/special.h"

enum { PATH_SIZE = 128, WORDS_MAX = WR_GROUPS_MAX };

struct rules {
    const struct wr_yaml *yaml;
    struct wr_mistakes *mistakes;
    struct wr_conf *conf;
};

/* The place of a key in the file; 0, 0 when it has its default. */
static void place_of(const struct rules *r, const char *path, uint32_t *line, uint32_t *column)
{
    const struct wr_yaml_node *node = wr_yaml_find(r->yaml, path);

    *line = node ? node->line : 0;
    *column = node ? node->column : 0;
}

__attribute__((format(printf, 3, 4))) static void wrong(const struct rules *r, const char *path,
                                                        const char *format, ...)
{
    char text[WR_MISTAKE_TEXT_SIZE];
    uint32_t line, column;
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    place_of(r, path, &line, &column);
    wr_mistakes_add(r->mistakes, line, column, "%s: %s", path, text);
}

static void warn(const struct rules *r, const char *path, const char *text)
{
    uint32_t line, column;

    place_of(r, path, &line, &column);
    wr_mistakes_warn(r->mistakes, line, column, "%s: %s", path, text);
}

static const char *indexed(char path[PATH_SIZE], const char *list, size_t i, const char *leaf)
{
    struct wr_str s;

    wr_str_init(&s, path, PATH_SIZE);
    wr_str_text(&s, list);
    wr_str_char(&s, '[');
    wr_str_u64(&s, i);
    wr_str_text(&s, *leaf ? "]." : "]");
    wr_str_text(&s, leaf);
    return path;
}

/* --- groups and routes --- */

/* Words that stand for where answers come from and are no group. */
static bool is_reserved(const char *name, uint32_t *ret)
{
    if (!strcmp(name, "recursion"))
        *ret = WR_CONF_RECURSION;
    else if (!strcmp(name, "system"))
        *ret = WR_CONF_SYSTEM;
    else
        return false;
    return true;
}

bool wr_rules_find_group(const struct wr_conf *conf, const char *name, size_t end, uint32_t *ret)
{
    if (is_reserved(name, ret))
        return true;
    for (size_t i = 0; i < end; i++) {
        const char *other = conf->upstream.groups.items[i].name;

        if (other && !strcmp(other, name)) {
            *ret = (uint32_t)i;
            return true;
        }
    }
    return false;
}

static void no_such_group(const struct rules *r, const char *path, const char *name)
{
    const char *words[WORDS_MAX + 1];
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < r->conf->upstream.groups.count && n < WORDS_MAX; i++)
        if (r->conf->upstream.groups.items[i].name)
            words[n++] = r->conf->upstream.groups.items[i].name;
    words[n] = NULL;
    near = wr_mistakes_nearest(name, words);
    if (n == 0)
        wrong(r, path, "there is no group \"%s\"; upstream.groups is empty", name);
    else if (near)
        wrong(r, path, "there is no group \"%s\"; did you mean %s?", name, near);
    else
        wrong(r, path, "there is no group \"%s\"; the first of %zu is %s", name, n, words[0]);
}

static bool is_same_server(const struct wr_uri *a, const struct wr_uri *b)
{
    return a->scheme == b->scheme && wr_addr_equal(&a->addr, &b->addr) &&
           !strcmp(a->zone, b->zone) && !strcmp(a->name, b->name) && !strcmp(a->path, b->path);
}

/* Has it an address of a family that is on, or can it have one? */
static bool may_be_asked(const struct wr_conf *conf, const struct wr_uri *uri)
{
    bool usable = uri->addrs == 0;

    for (unsigned i = 0; i < uri->addrs; i++)
        usable = usable || (wr_uri_addr(uri, i)->family == WR_AF_V6 ? conf->upstream.ipv6
                                                                    : conf->upstream.ipv4);
    return usable;
}

/* Is one of its addresses a listener of this configuration? */
static bool has_own(const struct wr_conf *conf, const struct wr_uri *uri)
{
    bool udp = uri->scheme == WR_URI_UDP || uri->scheme == WR_URI_QUIC;

    for (unsigned i = 0; i < uri->addrs; i++)
        if (wr_sockets_is_own(conf, wr_uri_addr(uri, i), udp, uri->scheme != WR_URI_QUIC))
            return true;
    return false;
}

/* Records that nobody validates prove nothing. */
static void check_dane(const struct rules *r, const char *path, const struct wr_uri *uri)
{
    if ((uri->proof & WR_URI_DANE) && !r->conf->dnssec.validate)
        wrong(r, path,
              "dane needs dnssec.validate; switch that on, or prove the server by pkix or pin=...");
}

static void check_servers(const struct rules *r, const struct wr_conf_group *group, size_t g)
{
    const struct wr_uri *uris = group->servers.items;
    char list[PATH_SIZE], path[PATH_SIZE], text[WR_URI_TEXT_SIZE];
    bool usable = group->servers.count == 0;

    indexed(list, "upstream.groups", g, "servers");
    for (size_t i = 0; i < group->servers.count; i++) {
        if (uris[i].scheme == 0) { /* its mistake is in the list */
            usable = true;
            continue;
        }
        usable = usable || may_be_asked(r->conf, &uris[i]);
        check_dane(r, indexed(path, list, i, ""), &uris[i]);
        wr_uri_to_short(&uris[i], text, sizeof(text));
        indexed(path, list, i, "");
        if (has_own(r->conf, &uris[i]))
            wrong(r, path, "forwarding loop: weir itself listens on the address of %s", text);
        for (size_t j = 0; j < i; j++)
            if (is_same_server(&uris[i], &uris[j]))
                wrong(r, path, "%s stands in this group twice", text);
    }
    if (!usable)
        wrong(r, list, "no server left: upstream.ipv4 or upstream.ipv6 switches all of them off");
}

static void check_groups(const struct rules *r)
{
    size_t servers = 0;
    char path[PATH_SIZE];
    uint32_t other;

    for (size_t i = 0; i < r->conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &r->conf->upstream.groups.items[i];

        servers += group->servers.count;
        if (group->name && is_reserved(group->name, &other))
            wrong(r, indexed(path, "upstream.groups", i, "name"),
                  "\"%s\" is no group: routes and upstream.default name it for %s", group->name,
                  other == WR_CONF_RECURSION ? "answers from the root"
                                             : "the servers of upstream.resolv_conf");
        else if (group->name && wr_rules_find_group(r->conf, group->name, i, &other))
            wrong(r, indexed(path, "upstream.groups", i, "name"),
                  "there is a group \"%s\" already, number %u", group->name, other + 1);
        check_servers(r, group, i);
    }
    if (servers > WR_UPSTREAMS_MAX)
        wrong(r, "upstream.groups", "%zu servers in all; at most %d", servers, WR_UPSTREAMS_MAX);
    if (!r->conf->upstream.ipv4 && !r->conf->upstream.ipv6)
        wrong(r, "upstream.ipv6",
              "upstream.ipv4 and upstream.ipv6 are both off: nobody can be asked");
}

static void check_default(const struct rules *r)
{
    struct wr_conf *conf = r->conf;
    const char *name = conf->upstream.default_group;
    size_t groups = conf->upstream.groups.count;

    if (!*name && groups == 0)
        conf->upstream.default_index = WR_CONF_RECURSION;
    else if (*name && !wr_rules_find_group(conf, name, groups, &conf->upstream.default_index))
        no_such_group(r, "upstream.default", name);
    conf->upstream.asks_system = conf->upstream.default_index == WR_CONF_SYSTEM;
}

/* True when an earlier route has the zone. Quadratic, over at most WR_ROUTES_MAX. */
static bool is_routed(const struct wr_conf *conf, size_t i)
{
    const struct wr_conf_route *routes = conf->upstream.routes.items;

    for (size_t j = 0; routes[i].zone && j < i; j++)
        if (routes[j].zone && wr_name_equal(routes[i].zone, routes[j].zone))
            return true;
    return false;
}

static void check_routes(const struct rules *r)
{
    struct wr_conf *conf = r->conf;
    char path[PATH_SIZE];

    for (size_t i = 0; i < conf->upstream.routes.count; i++) {
        struct wr_conf_route *route = &conf->upstream.routes.items[i];

        if (route->group && !wr_rules_find_group(conf, route->group, conf->upstream.groups.count,
                                                 &route->group_index))
            no_such_group(r, indexed(path, "upstream.routes", i, "group"), route->group);
        if (route->group_index == WR_CONF_SYSTEM)
            conf->upstream.asks_system = true;
        if (is_routed(conf, i))
            wrong(r, indexed(path, "upstream.routes", i, "zone"), "this zone has a route already");
    }
}

/* --- listeners --- */

static bool has_place(const struct wr_conf_listen *listen)
{
    return listen->addr.family != WR_AF_NONE;
}

static bool is_same_listen(const struct wr_conf_listen *a, const struct wr_conf_listen *b)
{
    return wr_addr_equal(&a->addr, &b->addr) && !strcmp(a->interface, b->interface);
}

static void check_oblivious(const struct rules *r)
{
    const struct wr_conf *conf = r->conf;
    char path[PATH_SIZE];

    if (conf->encrypted.odoh_target && conf->encrypted.doh.count == 0)
        warn(r, "encrypted.odoh.target",
             "nobody can reach it: a target needs a listener in `encrypted.doh`");
    if (conf->encrypted.odoh_targets.count > 0 && conf->encrypted.doh.count == 0)
        warn(r, "encrypted.odoh.targets",
             "nobody can reach it: a proxy needs a listener in `encrypted.doh`");
    for (size_t i = 0; i < conf->encrypted.odoh_targets.count; i++) {
        const struct wr_uri *uri = &conf->encrypted.odoh_targets.items[i];

        indexed(path, "encrypted.odoh.targets", i, "");
        if (uri->scheme != WR_URI_HTTPS)
            wrong(r, path, "a target is an `https://` URL");
        else if (uri->addrs == 0)
            wrong(r, path, "the address is missing: `#addr=` and an address behind it");
        else if (uri->name[0] == 0)
            wrong(r, path, "clients ask for it by its name: `https://name/path#addr=` ...");
        else if (uri->proof & (WR_URI_DANE | WR_URI_OPPORTUNISTIC))
            wrong(r, path, "a target is proven by `pkix` or by pins");
        else if (has_own(conf, uri))
            wrong(r, path,
                  "weir itself listens on its address: proxy and target of one query must not be "
                  "one, for who is both knows who asks what");
    }
}

/* A path of a URL that nobody has to encode. */
static bool is_plain_path(const char *path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    size_t n = strlen(path);

    return n >= 2 && path[0] == '/' && path[n - 1] != '/' && strspn(path, plain) == n;
}

static void check_listen(const struct rules *r)
{
    const struct wr_conf *conf = r->conf;
    char path[PATH_SIZE];

    if (conf->listen.count == 0 && conf->encrypted.dot.count == 0 &&
        conf->encrypted.doh.count == 0 && conf->encrypted.doq.count == 0)
        warn(r, "listen", "nothing: weir will answer nobody");
    if (!is_plain_path(conf->encrypted.doh_path))
        wrong(r, "encrypted.doh_path",
              "letters, digits, \"-._~\" and slashes, one at the front and none at the end");
#ifndef WR_HAVE_QUIC
    if (conf->encrypted.doq.count > 0)
        wrong(r, "encrypted.doq",
              "this weir is built without QUIC: take the key out, or install a weir that has it");
#endif
    if (conf->encrypted.dot.count + conf->encrypted.doh.count + conf->encrypted.doq.count > 0 &&
        conf->encrypted.certificates.count == 0)
        warn(r, "encrypted.certificates",
             "none: nobody is served over TLS or QUIC; `weir cert new` makes one");
    check_oblivious(r);
    for (size_t i = 0; i < conf->listen.count; i++) {
        const struct wr_conf_listen *listen = &conf->listen.items[i];

        for (size_t j = 0; j < i; j++)
            if (is_same_listen(listen, &conf->listen.items[j]) &&
                (has_place(listen) || listen->interface[0]))
                wrong(r, indexed(path, "listen", i, ""), "stands in the list twice");
    }
}

static void check_allow(const struct rules *r)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < r->conf->allow.count; i++)
        if (r->conf->allow.items[i].len == 0 && r->conf->allow.items[i].addr.family)
            warn(r, indexed(path, "allow", i, ""),
                 "everybody may ask: an open resolver is a weapon against others");
}

/* --- DNS64 --- */

static void check_translator(const struct rules *r, const char *list,
                             const struct wr_prefix *prefixes, size_t count)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < count; i++)
        if (prefixes[i].addr.family != WR_AF_NONE && !wr_dns64_is_prefix(&prefixes[i]))
            wrong(r, indexed(path, list, i, ""),
                  "no prefix of a translator: IPv6, of 32, 40, 48, 56, 64 or 96 bits, bits 64 to "
                  "71 zero");
}

static void check_dns64(const struct rules *r)
{
    const struct wr_conf *conf = r->conf;
    char path[PATH_SIZE];

    check_translator(r, "dns64.prefix", conf->dns64.prefix.items, conf->dns64.prefix.count);
    check_translator(r, "upstream.nat64_prefix", conf->upstream.nat64_prefix.items,
                     conf->upstream.nat64_prefix.count);
    if (conf->dns64.advertised_on.count > 0 && conf->dns64.prefix.count > 0)
        warn(r, "dns64.advertised_on", "dns64.prefix is written, so what routers tell is not used");
    for (size_t i = 0; i < conf->dns64.exclude.count; i++)
        if (conf->dns64.exclude.items[i].addr.family == WR_AF_V4)
            wrong(r, indexed(path, "dns64.exclude", i, ""),
                  "an IPv4 prefix; AAAA records are meant");
    if (conf->upstream.nat64_prefix.count > 0 && conf->upstream.ipv4)
        warn(r, "upstream.nat64_prefix", "upstream.ipv4 is true, so it is not used");
}

/* --- bounds --- */

static void check_ttl_rules(const struct rules *r)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < r->conf->cache.ttl.count; i++) {
        const struct wr_conf_ttl *rule = &r->conf->cache.ttl.items[i];

        if (rule->min_s > rule->max_s)
            wrong(r, indexed(path, "cache.ttl", i, "min"), "above the max of the same rule");
        for (size_t j = 0; rule->name && j < i; j++) {
            const uint8_t *other = r->conf->cache.ttl.items[j].name;

            if (other && wr_name_equal(rule->name, other))
                wrong(r, indexed(path, "cache.ttl", i, "name"),
                      "an earlier rule has this name; this one never counts");
        }
    }
}

static void check_keep(const struct rules *r)
{
    const char *path = r->conf->cache.keep.path;

    if (r->conf->cache.keep.min_interval_ms > r->conf->cache.keep.max_interval_ms)
        wrong(r, "cache.keep.min_interval", "above cache.keep.max_interval");
    if (*path && !strcmp(path, r->conf->cache.live))
        wrong(r, "cache.keep.path", "the same file as cache.live");
    if (*path && !strcmp(path, r->conf->control.socket))
        wrong(r, "cache.keep.path", "the same file as control.socket");
}

static void check_hints(const struct rules *r)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < r->conf->recursion.hints.count; i++)
        if (wr_uri_is_encrypted(r->conf->recursion.hints.items[i].scheme))
            wrong(r, indexed(path, "recursion.hints", i, ""),
                  "servers of the root are asked in plain text; write udp://");
}

static void check_bootstrap(const struct rules *r)
{
    const struct wr_uri *items = r->conf->upstream.bootstrap.items;
    char path[PATH_SIZE];

    for (size_t i = 0; i < r->conf->upstream.bootstrap.count; i++) {
        indexed(path, "upstream.bootstrap", i, "");
        if (items[i].scheme == 0)
            continue;
        if (items[i].addrs == 0)
            wrong(r, path, "a name; who finds addresses is given by its own: #addr=192.0.2.1");
        else if (has_own(r->conf, &items[i]))
            wrong(r, path, "forwarding loop: weir itself listens there");
        if (items[i].proof & WR_URI_DANE)
            wrong(r, path, "dane: who finds TLSA records is proven by pkix or pin=...");
    }
}

static void check_bounds(const struct rules *r)
{
    const struct wr_conf *conf = r->conf;

    if (conf->cache.min_ttl_s > conf->cache.max_ttl_s)
        wrong(r, "cache.min_ttl", "above cache.max_ttl");
    if (conf->tcp.max_per_client > conf->tcp.max_connections)
        wrong(r, "tcp.max_per_client", "above tcp.max_connections");
    if (conf->cache.stale.enable &&
        conf->cache.stale.client_timeout_ms >= conf->limits.query_timeout_ms)
        warn(r, "cache.stale.client_timeout",
             "not below limits.query_timeout: the expired answer would never be in time");
    check_ttl_rules(r);
    check_keep(r);
}

/* --- local names --- */

/* A record in its list: the column is that of the word in it. */
static void check_record(const struct rules *r, const char *list, size_t i,
                         const struct wr_conf_zone *zone)
{
    uint8_t rdata[WR_RECORD_RDATA_MAX];
    const char *text = zone->records.items[i], *why;
    struct wr_record_line record;
    char path[PATH_SIZE];
    uint32_t line, column;
    size_t at;

    if (!text || !zone->name ||
        wr_record_line_read(text, strlen(text), zone->name, zone->ttl_s, rdata, sizeof(rdata),
                            &record, &at, &why) == WR_OK)
        return;
    place_of(r, indexed(path, list, i, ""), &line, &column);
    wr_mistakes_add(r->mistakes, line, column, "%s: %s (at character %zu of the record)", path, why,
                    at);
}

/* A zone that is asked is whole, and has an owner elsewhere. */
static void check_use(const struct rules *r, size_t i)
{
    const struct wr_conf_zone *zone = &r->conf->local.zones.items[i];
    char path[PATH_SIZE];

    if (zone->use == WR_USE_ANSWERS)
        return;
    if (zone->file[0] == 0 && zone->primaries.count == 0)
        wrong(r, indexed(path, "local.zones", i, "use"),
              "this wants a whole zone: name its `file`, or its `primaries`");
    if (zone->records.count && zone->primaries.count == 0)
        warn(r, indexed(path, "local.zones", i, "records"),
             "not used: weir asks this zone, and all of it stands in the file");
    if (zone->name && *zone->name == 0 && r->conf->recursion.root_copy.enable)
        wrong(r, indexed(path, "local.zones", i, "zone"),
              "this zone is there already: recursion.root_copy");
}

static void check_zones(const struct rules *r)
{
    const struct wr_conf *conf = r->conf;
    char path[PATH_SIZE];

    for (size_t i = 0; i < conf->local.zones.count; i++) {
        const struct wr_conf_zone *zone = &conf->local.zones.items[i];

        if (zone->name && *zone->name == 0 && zone->kind == WR_LOCAL_AUTHORITATIVE &&
            zone->use != WR_USE_RESOLUTION)
            wrong(r, indexed(path, "local.zones", i, "zone"),
                  "the root as an authoritative zone would hide every name there is");
        for (size_t j = 0; zone->name && j < i; j++) {
            const uint8_t *other = conf->local.zones.items[j].name;

            if (other && wr_name_equal(zone->name, other))
                wrong(r, indexed(path, "local.zones", i, "zone"), "this zone stands here already");
        }
        check_use(r, i);
        indexed(path, "local.zones", i, "records");
        for (size_t j = 0; j < zone->records.count; j++)
            check_record(r, path, j, zone);
    }
}

/* --- copies of zones --- */

static void check_givers(const struct rules *r, const char *list, const struct wr_uri *items,
                         size_t count)
{
    char path[PATH_SIZE];

    for (size_t j = 0; j < count; j++) {
        const char *why = wr_giver_wrong(&items[j]);

        if (why)
            wrong(r, indexed(path, list, j, ""), "%s", why);
    }
}

static void check_primaries(const struct rules *r, size_t i)
{
    const struct wr_conf_zone *zone = &r->conf->local.zones.items[i];
    char path[PATH_SIZE], list[PATH_SIZE];

    check_givers(r, indexed(list, "local.zones", i, "primaries"), zone->primaries.items,
                 zone->primaries.count);
    if (zone->primaries.count && (zone->file[0] || zone->records.count))
        warn(r, indexed(path, "local.zones", i, zone->file[0] ? "file" : "records"),
             "not used: the zone is copied from its primaries, and has nothing of its own");
}

static void check_copies(const struct rules *r)
{
    const struct wr_conf *conf = r->conf;
    char path[PATH_SIZE];

    check_givers(r, "recursion.root_copy.primaries", conf->recursion.root_copy.primaries.items,
                 conf->recursion.root_copy.primaries.count);
    for (size_t i = 0; i < conf->local.zones.count; i++) {
        const struct wr_conf_zone *zone = &conf->local.zones.items[i];

        check_primaries(r, i);
        if (zone->key[0] && !wr_tsigkey_find(conf, zone->key))
            wrong(r, indexed(path, "local.zones", i, "key"), "no key in local.keys has this name");
        else if (zone->key[0] && zone->primaries.count == 0)
            wrong(r, indexed(path, "local.zones", i, "key"),
                  "the zone is not transferred from anywhere: it has no `primaries`");
    }
    for (size_t i = 0; i < conf->local.keys.count; i++)
        for (size_t j = 0; j < i; j++)
            if (conf->local.keys.items[i].name && conf->local.keys.items[j].name &&
                wr_name_equal(conf->local.keys.items[i].name, conf->local.keys.items[j].name))
                wrong(r, indexed(path, "local.keys", i, "name"), "this key stands here already");
}

/* A host of a service: a name, and one that clients can look up from elsewhere. */
static void check_host(const struct rules *r, const char *path, const uint8_t *host)
{
    const uint8_t *last = host, *next = host;
    bool address = false;

    if (!host || *host == 0)
        return;
    for (; *next; next += *next + 1) {
        last = next;
        address = address || memchr(next + 1, ':', *next);
    }
    address = address || strspn((const char *)last + 1, "0123456789") >= *last;
    if (address)
        wrong(r, path, "this is an address; a host is a name, as printer.home.arpa (RFC 2782)");
    else if (last == host)
        warn(r, path,
             "a name of one label; is the one below its zone meant, as printer.home.arpa?");
}

static void check_services(const struct rules *r)
{
    const struct wr_conf_service *items = r->conf->local.services.items;
    char path[PATH_SIZE], list[PATH_SIZE];

    for (size_t i = 0; i < r->conf->local.services.count; i++) {
        const struct wr_conf_service *s = &items[i];

        if (s->type && !wr_services_is_type(s->type))
            wrong(r, indexed(path, "local.services", i, "type"),
                  "expected a service and its transport, as _ipp._tcp");
        if (s->zone && *s->zone == 0)
            wrong(r, indexed(path, "local.services", i, "zone"),
                  "services need a zone below the root");
        check_host(r, indexed(path, "local.services", i, "host"), s->host);
        indexed(list, "local.services", i, "txt");
        for (size_t j = 0; j < s->txt.count; j++)
            if (s->txt.items[j] && !wr_services_is_txt(s->txt.items[j]))
                wrong(r, indexed(path, list, j, ""),
                      "expected key=value, the key of printable ASCII without \"=\"");
        for (size_t j = 0; j < i; j++)
            if (s->name && s->type && s->zone && wr_services_is_same(s, &items[j]))
                wrong(r, indexed(path, "local.services", i, "name"),
                      "this service stands here already, on the same host");
    }
}

static void check_relays(const struct rules *r)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < r->conf->local.relays.count; i++) {
        const struct wr_conf_relay *relay = &r->conf->local.relays.items[i];

        if (relay->zone && *relay->zone == 0)
            wrong(r, indexed(path, "local.relays", i, "zone"), "relays need a zone below the root");
        check_host(r, indexed(path, "local.relays", i, "host"), relay->host);
        for (size_t j = 0; j < relay->transports.count; j++)
            for (size_t k = 0; k < j; k++)
                if (relay->transports.items[j] == relay->transports.items[k])
                    wrong(r, indexed(path, "local.relays", i, "transports"),
                          "a transport stands in the list twice");
    }
}

static void check_special(const struct rules *r)
{
    const struct wr_special_row *rows;
    size_t count = wr_special_rows(&rows);
    char path[PATH_SIZE], text[WR_NAME_TEXT_SIZE];

    for (size_t i = 0; i < r->conf->local.special.off.count; i++) {
        const uint8_t *name = r->conf->local.special.off.items[i];
        const char *words[WR_CONF_SPECIAL_MAX + 1];
        const char *near;
        bool known = name == NULL;

        for (size_t j = 0; j < count && !known; j++) {
            struct wr_name row;

            wr_special_name(&rows[j], &row);
            words[j] = rows[j].name;
            known = wr_name_equal(row.wire, name);
        }
        if (known)
            continue;
        words[count] = NULL;
        wr_name_to_text(name, text, sizeof(text));
        near = wr_mistakes_nearest(text, words);
        wrong(r, indexed(path, "local.special.off", i, ""), "%s is no special-use name%s%s%s", text,
              near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
}

static void check_leases(const struct rules *r)
{
    const struct wr_conf_leases *leases = r->conf->local.leases.items;
    char path[PATH_SIZE];

    for (size_t i = 0; i < r->conf->local.leases.count; i++) {
        if (leases[i].zone && *leases[i].zone == 0)
            wrong(r, indexed(path, "local.leases", i, "zone"), "leases need a zone below the root");
        for (size_t j = 0; leases[i].file && j < i; j++)
            if (leases[j].file && !strcmp(leases[i].file, leases[j].file))
                wrong(r, indexed(path, "local.leases", i, "file"), "this file stands here already");
    }
}

static void check_roughtime(const struct rules *r, size_t i)
{
    const char *const *items = r->conf->time.roughtime.items;
    struct wr_time_server server, other;
    char path[PATH_SIZE];

    if (items[i] && wr_ladder_rough_server(items[i], &server)) {
        wrong(r, indexed(path, "time.roughtime", i, ""),
              "%s is no address or name of a server, a space and its public key of 32 octets in "
              "base64",
              items[i]);
        return;
    }
    for (size_t j = 0; items[i] && j < i; j++)
        if (items[j] && !wr_ladder_rough_server(items[j], &other) &&
            !memcmp(other.key, server.key, sizeof(server.key)))
            warn(r, indexed(path, "time.roughtime", i, ""),
                 "an earlier server has this key: both count as one");
}

static void check_time(const struct rules *r)
{
    char path[PATH_SIZE];
    struct wr_time_server server;

    for (size_t i = 0; i < r->conf->time.servers.count; i++) {
        const char *text = r->conf->time.servers.items[i];

        if (text && wr_ladder_server(text, &server))
            wrong(r, indexed(path, "time.servers", i, ""),
                  "%s is no name or address of a server, such as ntp.example.net or "
                  "[2001:db8::1]:123",
                  text);
    }
    for (size_t i = 0; i < r->conf->time.roughtime.count; i++)
        check_roughtime(r, i);
    if (r->conf->time.servers.count > 0 && r->conf->time.agree > r->conf->time.servers.count)
        warn(r, "time.agree", "there are fewer time.servers, so they can never prove the time");
}

/* Both places: the other one's line stands at the end. */
static void put_socket(void *user, const char *path, const char *other, const char *text)
{
    uint32_t line, column;

    place_of(user, other, &line, &column);
    if (line > 0)
        wrong(user, path, "%s%s (line %u, column %u)", text, other, line, column);
    else
        wrong(user, path, "%s%s (by default)", text, other);
}

static void put_export(void *user, const char *path, const char *text)
{
    wrong(user, path, "%s", text);
}

static void put_mistake(void *user, const char *path, bool warning, const char *text)
{
    if (warning)
        warn(user, path, text);
    else
        wrong(user, path, "%s", text);
}

void wr_rules_check(const struct wr_yaml *yaml, struct wr_mistakes *mistakes, struct wr_conf *conf)
{
    struct rules r = {.yaml = yaml, .mistakes = mistakes, .conf = conf};

    check_listen(&r);
    wr_sockets_check(conf, put_socket, &r);
    check_allow(&r);
    check_groups(&r);
    check_default(&r);
    check_routes(&r);
    check_dns64(&r);
    check_bounds(&r);
    check_hints(&r);
    check_bootstrap(&r);
    check_zones(&r);
    check_copies(&r);
    check_leases(&r);
    check_services(&r);
    check_relays(&r);
    check_special(&r);
    check_time(&r);
    wr_devicerules_check(conf, put_mistake, &r);
    wr_policyrules_check(conf, put_mistake, &r);
    wr_rpzrules_check(conf, put_mistake, &r);
    wr_secrecy_check(conf, put_mistake, &r);
    wr_feedrules_check(conf, put_mistake, &r);
    wr_exporturl_check(conf, put_export, &r);
}
