/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/rpzrules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/giver.h"
#include "conf/tsigkey.h"
#include "dns/name.h"
#include "policy/rpz.h"

enum { PATH_SIZE = 128, TEXT_SIZE = 256 };

struct check {
    const struct wr_conf *conf;
    wr_rpzrules_wrong *wrong;
    void *user;
};

/* policy.rpz[i].leaf, and the k-th of it unless k is -1. */
__attribute__((format(printf, 5, 6))) static void
wrong(const struct check *c, size_t i, const char *leaf, long k, const char *format, ...)
{
    char path[PATH_SIZE], text[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (k < 0)
        snprintf(path, sizeof(path), "policy.rpz[%zu].%s", i, leaf);
    else
        snprintf(path, sizeof(path), "policy.rpz[%zu].%s[%ld]", i, leaf, k);
    c->wrong(c->user, path, false, text);
}

static bool is_segment(const struct wr_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->segments.count; i++)
        if (conf->segments.items[i].name && !strcmp(conf->segments.items[i].name, name))
            return true;
    return false;
}

static bool is_devgroup(const struct wr_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->groups.count; i++)
        if (conf->groups.items[i].name && !strcmp(conf->groups.items[i].name, name))
            return true;
    return false;
}

/* Two zones of one name could not be told apart, nor could two copies of one. */
static bool is_there(const struct wr_conf *conf, const uint8_t *zone, size_t before,
                     const char **ret_where)
{
    for (size_t i = 0; i < before; i++)
        if (conf->policy.rpz.items[i].zone && wr_name_equal(conf->policy.rpz.items[i].zone, zone)) {
            *ret_where = "this zone stands here already";
            return true;
        }
    for (size_t i = 0; i < conf->local.zones.count; i++) {
        const struct wr_conf_zone *other = &conf->local.zones.items[i];

        if (other->name && other->primaries.count && wr_name_equal(other->name, zone)) {
            *ret_where = "there is a copy of this zone in local.zones already";
            return true;
        }
    }
    return false;
}

static void check_primaries(const struct check *c, size_t i)
{
    const struct wr_conf_rpz *z = &c->conf->policy.rpz.items[i];
    const char *plain = wr_giver_plain(z->primaries.items, z->primaries.count);

    for (size_t k = 0; k < z->primaries.count; k++) {
        const char *why = wr_giver_wrong(&z->primaries.items[k]);

        if (why)
            wrong(c, i, "primaries", (long)k, "%s", why);
    }
    if (plain && c->conf->upstream.encryption == WR_ENCRYPTION_REQUIRED)
        wrong(c, i, "primaries", -1, "%s", plain);
}

static void check_whom(const struct check *c, size_t i)
{
    const struct wr_conf_rpz *z = &c->conf->policy.rpz.items[i];

    for (size_t k = 0; k < z->segments.count; k++)
        if (!is_segment(c->conf, z->segments.items[k]))
            wrong(c, i, "segments", (long)k, "there is no segment \"%s\"", z->segments.items[k]);
    for (size_t k = 0; k < z->groups.count; k++)
        if (!is_devgroup(c->conf, z->groups.items[k]))
            wrong(c, i, "groups", (long)k, "there is no group of devices \"%s\" in `groups`",
                  z->groups.items[k]);
}

static void check_zone(const struct check *c, size_t i)
{
    const struct wr_conf_rpz *z = &c->conf->policy.rpz.items[i];
    const char *where;

    if (!z->zone)
        return;
    if (is_there(c->conf, z->zone, i, &where))
        wrong(c, i, "zone", -1, "%s", where);
    if (z->file[0] == 0 && z->primaries.count == 0)
        wrong(c, i, "zone", -1, "there is no `file` and there are no `primaries` to have it from");
    if (z->file[0] && z->primaries.count)
        wrong(c, i, "file", -1, "a zone comes from a file or from its primaries");
    check_primaries(c, i);
    if (z->key[0] && !wr_tsigkey_find(c->conf, z->key))
        wrong(c, i, "key", -1, "no key in local.keys has this name");
    else if (z->key[0] && z->primaries.count == 0)
        wrong(c, i, "key", -1, "the zone is not transferred from anywhere: it has no `primaries`");
    if ((z->override == WR_RPZ_OVERRIDE_CNAME) != (z->cname[0] != 0))
        wrong(c, i, z->cname[0] ? "cname" : "override", -1,
              "`override: cname` and the name in `cname` belong together");
    check_whom(c, i);
}

void wr_rpzrules_check(const struct wr_conf *conf, wr_rpzrules_wrong *wrong_fn, void *user)
{
    struct check c = {conf, wrong_fn, user};

    for (size_t i = 0; i < conf->policy.rpz.count; i++)
        check_zone(&c, i);
}
