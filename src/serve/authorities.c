/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/authorities.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

static bool any_encrypted(const struct wr_uri *items, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || wr_uri_is_encrypted(items[i].scheme);
    }
    return any;
}

/* A zone comes by TLS. */
static bool is_given_over_tls(const struct wr_conf *conf)
{
    bool any = any_encrypted(conf->recursion.root_copy.primaries.items,
                             conf->recursion.root_copy.primaries.count);
    for (size_t i = 0; i < conf->local.zones.count; i++) {
        const struct wr_conf_zone *zone = &conf->local.zones.items[i];
        any = any || any_encrypted(zone->primaries.items, zone->primaries.count);
    }
    for (size_t i = 0; i < conf->policy.rpz.count; i++) {
        const struct wr_conf_rpz *zone = &conf->policy.rpz.items[i];
        any = any || any_encrypted(zone->primaries.items, zone->primaries.count);
    }
    return any;
}

static bool wants_url(const char *text)
{
    return text != NULL && text[0] != 0;
}

static bool is_wanted(const struct wr_conf *conf)
{
    if (conf->encrypted.odoh_targets.count > 0) {
        return true;
    }
    for (size_t i = 0; i < conf->export.count; i++) {
        if (strncmp(conf->export.items[i].to, "tls:", 4) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < conf->feeds.count; i++) {
        if (conf->feeds.items[i].from[0] != '/') {
            return true;
        }
    }
    bool profiles = wants_url(conf->mud.offers) || conf->registry.hear_dhcp.count > 0;
    for (size_t i = 0; i < conf->devices.count; i++) {
        profiles = profiles || wants_url(conf->devices.items[i].mud);
    }
    if (profiles || is_given_over_tls(conf)) {
        return true;
    }
    for (size_t i = 0; i < conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &conf->upstream.groups.items[i];
        if (group->discover != WR_FIND_OFF) {
            return true;
        }
        if (any_encrypted(group->servers.items, group->servers.count)) {
            return true;
        }
    }
    return conf->upstream.bootstrap.count > 0;
}

/* All octets of the file; its length, or -1 and errno. */
static ssize_t read_all(int fd, uint8_t *room, size_t cap)
{
    size_t n = 0;
    while (n < cap) {
        ssize_t got = read(fd, room + n, cap - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? got : (ssize_t)n;
        }
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static void note(struct wr_authorities *a, const char *path, const struct stat *st)
{
    snprintf(a->path, sizeof(a->path), "%s", path);
    a->changed = st->st_mtim;
    a->size = st->st_size;
    a->inode = st->st_ino;
}

static bool is_same(const struct wr_authorities *a, const char *path, const struct stat *st)
{
    return strcmp(a->path, path) == 0 && a->changed.tv_sec == st->st_mtim.tv_sec &&
           a->changed.tv_nsec == st->st_mtim.tv_nsec && a->size == st->st_size &&
           a->inode == st->st_ino;
}

static int take(struct wr_authorities *a, const uint8_t *pem, size_t size,
                struct wr_verdict_text *why)
{
    struct wr_creds_setup setup = {.anchors = pem, .anchors_size = size};
    struct wr_creds *creds;
    int err = wr_creds_make(&setup, why, &creds);
    if (err == WR_OK) {
        wr_creds_drop(a->creds);
        a->creds = creds;
    }
    return err;
}

static int read_file(struct wr_authorities *a, const char *path, struct wr_verdict_text *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = WR_E_IO;
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(why->text, sizeof(why->text), "%s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        snprintf(why->text, sizeof(why->text), "it is no plain file");
    } else if (is_same(a, path, &st)) {
        err = WR_OK;
    } else {
        uint8_t *pem = malloc(WR_CREDS_ANCHORS_OCTETS_MAX + 1);
        ssize_t n = pem != NULL ? read_all(fd, pem, WR_CREDS_ANCHORS_OCTETS_MAX + 1) : 0;
        if (n < 0) {
            snprintf(why->text, sizeof(why->text), "%s", strerror(errno));
        } else {
            err = pem != NULL ? take(a, pem, (size_t)n, why) : WR_E_NOMEM;
        }
        if (err == WR_OK) {
            note(a, path, &st);
        }
        free(pem);
    }
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

int wr_authorities_find(struct wr_authorities *a, const struct wr_conf *conf,
                        struct wr_verdict_text *ret_why, struct wr_creds **ret_creds)
{
    ret_why->text[0] = '\0';
    *ret_creds = NULL;
    if (!is_wanted(conf)) {
        return WR_OK;
    }
    if (strcmp(a->path, conf->upstream.ca_file) != 0) {
        wr_authorities_free(a); /* other authorities are not believed for want of these */
    }
    int err = conf->upstream.ca_file[0] != 0 ? read_file(a, conf->upstream.ca_file, ret_why)
                                             : WR_E_NOTFOUND;
    if (err != WR_OK && err != WR_E_NOMEM && a->creds == NULL) {
        struct wr_creds_setup nobody = {.count = 0};
        struct wr_verdict_text why;
        err = wr_creds_make(&nobody, &why, &a->creds);
    }
    *ret_creds = a->creds;
    return a->creds == NULL || err == WR_E_NOMEM ? WR_E_NOMEM : WR_OK;
}

void wr_authorities_free(struct wr_authorities *a)
{
    wr_creds_drop(a->creds);
    memset(a, 0, sizeof(*a));
}
