/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/secrecy.h"

#include <stdio.h>

#include "base/str.h"
#include "conf/giver.h"

enum { PATH_SIZE = 128, TEXT_SIZE = WR_URI_TEXT_SIZE + 256 };

struct check {
    const struct wr_conf *conf;
    wr_secrecy_wrong *wrong;
    void *user;
};

static void wrong(const struct check *c, const char *path, const char *text)
{
    c->wrong(c->user, path, false, text);
}

/* `list`[i].`leaf` */
static void wrong_at(const struct check *c, const char *list, size_t i, const char *leaf,
                     const char *text)
{
    char path[PATH_SIZE];
    struct wr_str s;

    wr_str_init(&s, path, sizeof(path));
    wr_str_text(&s, list);
    wr_str_text(&s, "[");
    wr_str_u64(&s, i);
    wr_str_text(&s, *leaf ? "]." : "]");
    wr_str_text(&s, leaf);
    wrong(c, path, text);
}

static bool is_plain(const struct wr_uri *uri)
{
    return uri->scheme != 0 && !wr_uri_is_encrypted(uri->scheme);
}

static bool has_encrypted(const struct wr_conf_group *group)
{
    for (size_t i = 0; i < group->servers.count; i++)
        if (wr_uri_is_encrypted(group->servers.items[i].scheme))
            return true;
    return false;
}

/* Servers of `list` that would be asked in plain text; `format` has one %s for the server. */
static void refuse_plain(const struct check *c, const char *list, const struct wr_uri *items,
                         size_t count, const char *format_before, const char *format_after)
{
    char text[TEXT_SIZE], url[WR_URI_TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (!is_plain(&items[i]))
            continue;
        wr_uri_to_short(&items[i], url, sizeof(url));
        snprintf(text, sizeof(text), "%s%s%s", format_before, url, format_after);
        wrong_at(c, list, i, "", text);
    }
}

/* --- groups that have both --- */

static void check_group(const struct check *c, size_t i)
{
    const struct wr_conf_group *group = &c->conf->upstream.groups.items[i];
    char list[PATH_SIZE];

    snprintf(list, sizeof(list), "upstream.groups[%zu].servers", i);
    /* with `required`, require_groups says it: allow_plain is no way out there */
    if (c->conf->upstream.encryption != WR_ENCRYPTION_REQUIRED && has_encrypted(group) &&
        !group->allow_plain)
        refuse_plain(c, list, group->servers.items, group->servers.count, "",
                     " would be asked in plain text when the encrypted servers of this group "
                     "cannot be reached; remove it, or write allow_plain: true");
    if (has_encrypted(group) && group->authoritative)
        wrong_at(c, "upstream.groups", i, "authoritative",
                 "what these servers delegate is asked in plain text; servers of a zone are "
                 "written as udp:// or tcp://");
}

/* --- encryption is required --- */

static void require_groups(const struct check *c)
{
    char list[PATH_SIZE];

    for (size_t i = 0; i < c->conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &c->conf->upstream.groups.items[i];

        snprintf(list, sizeof(list), "upstream.groups[%zu].servers", i);
        refuse_plain(c, list, group->servers.items, group->servers.count, "",
                     " is asked in plain text, and upstream.encryption is required; write "
                     "tls://, https:// or quic:// before an address where it serves that, or "
                     "remove it");
        if (group->allow_plain)
            wrong_at(c, "upstream.groups", i, "allow_plain",
                     "upstream.encryption is required; remove one of them");
        if (group->recurse_after)
            wrong_at(c, "upstream.groups", i, "recurse_after",
                     "servers of zones are asked in plain text, and upstream.encryption is "
                     "required; name another encrypted server in the group instead");
        if (group->authoritative && !has_encrypted(group))
            wrong_at(c, "upstream.groups", i, "authoritative",
                     "servers of zones are asked in plain text, and upstream.encryption is "
                     "required; copy the zone into local.zones, or remove the group");
    }
}

/* Where questions go that no encrypted group gets. */
static const char *where_to(uint32_t index)
{
    if (index == WR_CONF_RECURSION)
        return "finding answers from the root asks in plain text, and upstream.encryption is "
               "required; name a group of encrypted servers";
    if (index == WR_CONF_SYSTEM)
        return "the servers of resolv.conf are asked in plain text, and upstream.encryption is "
               "required; name a group of encrypted servers";
    return NULL;
}

static void require_routes(const struct check *c)
{
    const struct wr_conf *conf = c->conf;
    const char *text = where_to(conf->upstream.default_index);

    if (text)
        wrong(c, conf->upstream.default_group[0] ? "upstream.default" : "upstream.encryption",
              text);
    for (size_t i = 0; i < conf->upstream.routes.count; i++) {
        text = where_to(conf->upstream.routes.items[i].group_index);
        if (text)
            wrong_at(c, "upstream.routes", i, "group", text);
    }
    for (size_t i = 0; i < conf->segments.count; i++) {
        text = conf->segments.items[i].upstream[0]
                   ? where_to(conf->segments.items[i].upstream_index)
                   : NULL;
        if (text)
            wrong_at(c, "segments", i, "upstream", text);
    }
    for (size_t i = 0; i < conf->policy.rules.count; i++) {
        text = conf->policy.rules.items[i].verdict == WR_CONF_VERDICT_ROUTE
                   ? where_to(conf->policy.rules.items[i].group_index)
                   : NULL;
        if (text)
            wrong_at(c, "policy.rules", i, "group", text);
    }
}

static void require_found(const struct check *c, const char *list, size_t k,
                          const struct wr_uri *uri)
{
    if (wr_uri_is_encrypted(uri->scheme) && uri->addrs == 0)
        wrong_at(c, list, k, "",
                 "its address would be looked up in plain text, and upstream.encryption "
                 "is required; write it, as #addr=192.0.2.1, or name encrypted servers in "
                 "upstream.bootstrap");
    else if (uri->proof & WR_URI_DANE)
        wrong_at(c, list, k, "",
                 "its TLSA records would be looked up in plain text, and upstream.encryption is "
                 "required; name encrypted servers in upstream.bootstrap, or prove it by pkix or "
                 "pin=...");
}

/* Addresses of servers that stand with a name alone, and TLSA records. */
static void require_bootstrap(const struct check *c)
{
    const struct wr_conf *conf = c->conf;
    char list[PATH_SIZE];

    refuse_plain(c, "upstream.bootstrap", conf->upstream.bootstrap.items,
                 conf->upstream.bootstrap.count, "",
                 " would be asked for names in plain text, and upstream.encryption is required; "
                 "write an encrypted server");
    for (size_t i = 0; i < conf->upstream.groups.count && !conf->upstream.bootstrap.count; i++) {
        const struct wr_conf_group *group = &conf->upstream.groups.items[i];

        snprintf(list, sizeof(list), "upstream.groups[%zu].servers", i);
        for (size_t k = 0; k < group->servers.count; k++)
            require_found(c, list, k, &group->servers.items[k]);
    }
}

static void require_zones(const struct check *c)
{
    const struct wr_conf *conf = c->conf;

    if (conf->recursion.root_copy.enable)
        wrong(c, "recursion.root_copy.enable",
              "the root is transferred in plain text, and upstream.encryption is required; remove "
              "it, for without recursion it is of no use");
    for (size_t i = 0; i < conf->local.zones.count; i++) {
        const struct wr_conf_zone *zone = &conf->local.zones.items[i];

        const char *plain = wr_giver_plain(zone->primaries.items, zone->primaries.count);

        if (plain)
            wrong_at(c, "local.zones", i, "primaries", plain);
        else if (zone->use != WR_USE_ANSWERS)
            wrong_at(c, "local.zones", i, "use",
                     "what the zone delegates is asked in plain text, and upstream.encryption is "
                     "required; `use: answers` answers from it");
    }
}

static void warn_unproven(const struct check *c, const char *list, const struct wr_uri *items,
                          size_t count, const char *text)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (items[i].proof != WR_URI_OPPORTUNISTIC)
            continue;
        snprintf(path, sizeof(path), "%s[%zu]", list, i);
        c->wrong(c->user, path, true, text);
    }
}

/* Nobody can read along, but anybody on the path can be that server. */
static void warn_opportunistic(const struct check *c)
{
    const struct wr_conf *conf = c->conf;
    char list[PATH_SIZE];

    for (size_t i = 0; i < conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &conf->upstream.groups.items[i];

        snprintf(list, sizeof(list), "upstream.groups[%zu].servers", i);
        warn_unproven(c, list, group->servers.items, group->servers.count,
                      "opportunistic: whoever is on the path can pretend to be this server and "
                      "read every name; a pin or a name proves it");
    }
    warn_unproven(c, "upstream.bootstrap", conf->upstream.bootstrap.items,
                  conf->upstream.bootstrap.count,
                  "opportunistic: whoever is on the path can pretend to be this server, and read "
                  "and forge where the servers that are written by name are; a pin or a name "
                  "proves it");
}

/* --- names that nothing proves --- */

/* `name=` is proven by pkix and dane alone; beside a pin it is what the server is told, and no more. */
static void warn_names(const struct check *c, const char *list, const struct wr_uri *items,
                       size_t count)
{
    char path[PATH_SIZE], text[TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        const struct wr_uri *uri = &items[i];
        bool written = uri->scheme == WR_URI_ODOH ? !uri->proxy_named : !uri->named;

        if (uri->proof != WR_URI_PINS || !written || !wr_uri_peer_name(uri)[0])
            continue;
        snprintf(path, sizeof(path), "%s[%zu]", list, i);
        snprintf(text, sizeof(text),
                 "name=%s is not proven, the pin alone is; write `&pkix&all` behind it to have "
                 "both proven, or `&pkix` for one of them",
                 wr_uri_peer_name(uri));
        c->wrong(c->user, path, true, text);
    }
}

static void warn_all_names(const struct check *c)
{
    char list[PATH_SIZE];

    for (size_t i = 0; i < c->conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &c->conf->upstream.groups.items[i];

        snprintf(list, sizeof(list), "upstream.groups[%zu].servers", i);
        warn_names(c, list, group->servers.items, group->servers.count);
    }
    warn_names(c, "upstream.bootstrap", c->conf->upstream.bootstrap.items,
               c->conf->upstream.bootstrap.count);
}

void wr_secrecy_check(const struct wr_conf *conf, wr_secrecy_wrong *wrong_one, void *user)
{
    const struct check c = {.conf = conf, .wrong = wrong_one, .user = user};

    for (size_t i = 0; i < conf->upstream.groups.count; i++)
        check_group(&c, i);
    warn_all_names(&c);
    if (conf->upstream.encryption != WR_ENCRYPTION_REQUIRED)
        return;
    require_groups(&c);
    require_routes(&c);
    require_bootstrap(&c);
    require_zones(&c);
    warn_opportunistic(&c);
}
