/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/locals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "conf/rootcopy.h"

enum {
    PARTS_MAX = 3, /* of one lease file (Kea's clean-up) */
    PATIENCE = 5,  /* looks at a file that seems half written before it is taken as it is */
    PATH_ROOM = 1100,
};

enum kind { ZONE, COPY, HOSTS, LEASES };

struct wr_locals_source {
    unsigned held; /* by how many locals */
    uint8_t kind;  /* enum kind */
    uint8_t format;
    uint8_t zonemd; /* enum wr_conf_zonemd */
    uint8_t use;    /* enum wr_conf_use */
    bool fallback;
    uint32_t ttl_s;
    struct wr_name zone;
    uint64_t mark; /* what its files looked like when they were read */
    struct wr_names names;
    struct wr_copy
        *copy;       /* of COPY, and of a zone that is asked: held, or NULL; its names count then */
    unsigned doubts; /* looks since it seemed half written */
    bool read_once, missing;
    char path[];
};

/* --- files --- */

static uint64_t mix_stat(uint64_t mark, const struct stat *st)
{
    uint64_t v = (uint64_t)st->st_ino * 31 + (uint64_t)st->st_mtim.tv_sec * 1000003 +
                 (uint64_t)st->st_mtim.tv_nsec * 7 + (uint64_t)st->st_size;
    return wr_hash_mix(mark ^ v);
}

/* The files that make up a source, oldest first: one, or what a Kea server's clean-up left. */
static unsigned parts_of(const struct wr_locals_source *s, char paths[PARTS_MAX][PATH_ROOM])
{
    unsigned n = 0;
    if (s->kind == LEASES && s->format == WR_LEASE_KEA) {
        snprintf(paths[0], PATH_ROOM, "%s.completed", s->path);
        if (access(paths[0], F_OK) == 0) {
            n = 1;
        } else {
            snprintf(paths[0], PATH_ROOM, "%s.2", s->path);
            snprintf(paths[1], PATH_ROOM, "%s.1", s->path);
            n = 2;
        }
    }
    snprintf(paths[n], PATH_ROOM, "%s", s->path);
    return n + 1;
}

static uint64_t mark_of(const struct wr_locals_source *s)
{
    char paths[PARTS_MAX][PATH_ROOM];
    unsigned parts = parts_of(s, paths);
    uint64_t mark = parts;
    for (unsigned i = 0; i < parts; i++) {
        struct stat st;
        mark = stat(paths[i], &st) == 0 ? mix_stat(mark, &st) : wr_hash_mix(mark);
    }
    return mark;
}

/* WR_E_IO with errno; WR_E_LIMIT: longer than is read. */
static int read_file(const char *path, char **ret_text, size_t *ret_n)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = WR_OK;
    if (fd < 0) {
        return WR_E_IO;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        errno = EINVAL;
        return WR_E_IO;
    }
    size_t room = st.st_size < 0 ? 0 : (size_t)st.st_size, n = 0;
    char *text = room > WR_LEASE_FILE_MAX ? NULL : malloc(room + 1);
    err = text ? WR_OK : room > WR_LEASE_FILE_MAX ? WR_E_LIMIT : WR_E_NOMEM;
    while (!err && n < room) {
        ssize_t got = read(fd, text + n, room - n);
        if (got < 0) {
            err = WR_E_IO;
        } else if (got == 0) {
            break;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (err) {
        free(text);
        return err;
    }
    *ret_text = text;
    *ret_n = n;
    return WR_OK;
}

/* --- sources --- */

static struct wr_locals_source *new_source(const char *path, enum kind kind, uint32_t ttl_s)
{
    size_t n = strlen(path) + 1;
    struct wr_locals_source *s = calloc(1, sizeof(*s) + n);
    if (s) {
        memcpy(s->path, path, n);
        s->held = 1;
        s->kind = (uint8_t)kind;
        s->ttl_s = ttl_s;
        s->zone.size = 1;
        wr_names_init(&s->names, s->path);
    }
    return s;
}

static void let_go(struct wr_locals_source *s)
{
    if (s && --s->held == 0) {
        wr_copy_let_go(s->copy);
        wr_names_free(&s->names);
        free(s);
    }
}

static bool is_same(const struct wr_locals_source *a, const struct wr_locals_source *b)
{
    return a->kind == b->kind && a->format == b->format && a->zonemd == b->zonemd &&
           a->use == b->use && a->fallback == b->fallback && a->ttl_s == b->ttl_s &&
           wr_name_equal(a->zone.wire, b->zone.wire) && strcmp(a->path, b->path) == 0;
}

/* Why a file cannot be read, and what helps. */
static const char *reason(int err)
{
    if (err != WR_E_IO) {
        return err == WR_E_LIMIT ? "it is larger than 16 MiB" : wr_err_name(err);
    }
    return errno == EACCES ? "permission denied; let weir's user read it, and enter its folder"
                           : strerror(errno);
}

/* A DHCP server that never ran has no leases. */
static void tell(const struct wr_locals_source *s, const struct wr_names_hooks *hooks,
                 const char *what, int err)
{
    bool none_yet = s->kind == LEASES && err == WR_E_IO && errno == ENOENT;
    char text[256];
    snprintf(text, sizeof(text), "%s: %s", what, reason(err));
    hooks->tell(hooks->user, none_yet ? WR_NAMES_NOTE : WR_NAMES_MISTAKE, s->path, 0, text);
}

static bool is_asked(const struct wr_locals_source *s)
{
    return s->use != WR_USE_ANSWERS;
}

/* A zone that is asked stands in a copy, as one that was transferred. */
static int make_copy(struct wr_locals_source *s, const struct wr_names_hooks *hooks)
{
    int err = wr_copy_make(&s->names, s->zone.wire, true, &s->copy);
    if (err) {
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, s->path, 0,
                    err == WR_E_FORMAT ? "cannot be used: it has no SOA record"
                                       : "cannot be used: no memory");
        wr_names_free(&s->names);
    }
    wr_names_init(&s->names, s->path);
    return err;
}

/* A zone file is read whole, with what it includes, when it is loaded and not again. */
static void read_zone(struct wr_locals_source *s, struct wr_copies *copies,
                      const struct wr_names_hooks *hooks)
{
    if (s->read_once) {
        return;
    }
    int err = wr_names_read_zone(&s->names, s->path, s->zone.wire, s->ttl_s, hooks);
    if (err) {
        tell(s, hooks, "cannot be read", err);
    } else {
        err = wr_copies_check(copies, &s->names, s->zone.wire, s->zonemd, hooks);
    }
    if (!err && is_asked(s)) {
        err = make_copy(s, hooks);
    }
    s->read_once = err == WR_OK;
    if (err) {
        wr_names_free(&s->names);
        s->names.ede = WR_EDE_NOT_READY;
        s->names.ede_text = "the zone's file cannot be used";
    }
    if (err == WR_E_CHECKSUM ||
        err == WR_E_DENIED) { /* until there is a good one, where there is no last good one */
        s->names.unavailable = s->zone.wire;
        s->names.ede = WR_EDE_INVALID_DATA;
        s->names.ede_text = err == WR_E_DENIED
                                ? "the zone's digest (ZONEMD) is not signed by who is trusted"
                                : "the zone is not what its digest (ZONEMD) says";
    }
}

/* Does it seem that somebody is writing the file? Then there is an end of a line missing, or everything. */
static bool seems_torn(const struct wr_locals_source *s, const struct wr_names_text *last)
{
    if (last->n == 0) {
        return s->names.count > 0;
    }
    return last->text[last->n - 1] != '\n';
}

static void parse(struct wr_locals_source *s, const struct wr_names_text *text, unsigned parts,
                  const struct wr_hash_key *key, const struct wr_names_hooks *hooks)
{
    wr_names_free(&s->names);
    if (s->kind == HOSTS) {
        wr_names_read_hosts(&s->names, text[0].text, text[0].n, s->ttl_s, hooks);
    } else {
        wr_names_read_leases(&s->names, (enum wr_lease_format)s->format, s->zone.wire, s->ttl_s,
                             text, parts, key, hooks);
    }
    s->read_once = true;
    s->doubts = 0;
}

/* The texts of all parts; only the last must be there. */
static int read_parts(const struct wr_locals_source *s, struct wr_names_text *text,
                      unsigned *ret_parts)
{
    char paths[PARTS_MAX][PATH_ROOM];
    unsigned files = parts_of(s, paths), parts = 0;
    for (unsigned i = 0; i < files; i++) {
        char *read = NULL;
        size_t n = 0;
        int err = read_file(paths[i], &read, &n);
        if (err == WR_OK) {
            text[parts++] = (struct wr_names_text){read, n};
        } else if (i + 1 == files || err != WR_E_IO || errno != ENOENT) {
            while (parts > 0) {
                free((char *)text[--parts].text);
            }
            return err;
        }
    }
    *ret_parts = parts;
    return WR_OK;
}

/* The newest copy of the zone, or that there is none. */
static void take_copy(struct wr_locals_source *s, struct wr_copies *copies)
{
    wr_copy_let_go(s->copy);
    s->copy = wr_copies_take(copies, s->zone.wire, &s->names.ede, &s->names.ede_text);
    s->names.unavailable = s->copy == NULL ? s->zone.wire : NULL;
    s->read_once = true;
}

/* Reads the source again when its files have changed. What is not to be had leaves the last good names. */
static void renew(struct wr_locals_source *s, struct wr_copies *copies,
                  const struct wr_hash_key *key, const struct wr_names_hooks *hooks)
{
    struct wr_names_text text[PARTS_MAX];
    unsigned parts = 0;
    if (s->kind == ZONE) {
        read_zone(s, copies, hooks);
        return;
    }
    if (s->kind == COPY) {
        take_copy(s, copies);
        return;
    }
    uint64_t mark = mark_of(s); /* before it is read: what is written meanwhile is a change */
    if (s->read_once && mark == s->mark && s->doubts == 0) {
        return;
    }
    int err = read_parts(s, text, &parts);
    s->mark = mark;
    if (err) {
        if (!s->missing) {
            tell(s, hooks,
                 s->read_once ? "cannot be read now; its last names stay" : "cannot be read", err);
        }
        s->missing = true;
        return;
    }
    s->missing = false;
    if (s->read_once && s->doubts < PATIENCE && seems_torn(s, &text[parts - 1])) {
        s->doubts++;
    } else {
        parse(s, text, parts, key, hooks);
    }
    while (parts > 0) {
        free((char *)text[--parts].text);
    }
}

/* --- all of them --- */

/* The same source of the locals in force instead of this one, where there is one. */
static struct wr_locals_source *or_old(struct wr_locals_source *s, const struct wr_locals *old)
{
    for (size_t i = 0; old && i < old->sources; i++) {
        if (is_same(old->source[i], s)) {
            let_go(s);
            old->source[i]->held++;
            return old->source[i];
        }
    }
    return s;
}

/* Is it a file that is looked at again and again? */
static bool is_watched(const struct wr_locals_source *s)
{
    return s->kind == HOSTS || s->kind == LEASES;
}

/* Zone files are read anew at each reload; the others are shared with the locals in force. */
static bool add_source(struct wr_locals *l, struct wr_locals_source *s, const struct wr_locals *old)
{
    if (s) {
        l->source[l->sources++] = is_watched(s) ? or_old(s, old) : s;
    }
    return s != NULL;
}

static bool add_zones(struct wr_locals *l, const struct wr_conf *conf)
{
    for (size_t i = 0; i < wr_rootcopy_zones(conf); i++) {
        const struct wr_conf_zone *z = wr_rootcopy_zone(conf, i);
        bool copy = z->primaries.count > 0;
        if (z->file[0] == 0 && !copy) {
            continue;
        }
        struct wr_locals_source *s = new_source(z->file, copy ? COPY : ZONE, z->ttl_s);
        if (!add_source(l, s, NULL)) {
            return false;
        }
        s->zonemd = (uint8_t)z->zonemd;
        s->use = (uint8_t)z->use;
        s->fallback = z->fallback;
        wr_name_set(&s->zone, z->name);
    }
    return true;
}

static int plan(struct wr_locals *l, const struct wr_conf *conf, const struct wr_locals *old)
{
    size_t count = wr_rootcopy_zones(conf) + conf->local.hosts.count + conf->local.leases.count;
    l->source = calloc(count + 1, sizeof(struct wr_locals_source *));
    if (!l->source || !add_zones(l, conf)) {
        return WR_E_NOMEM;
    }
    for (size_t i = 0; i < conf->local.hosts.count; i++) {
        if (!add_source(l, new_source(conf->local.hosts.items[i], HOSTS, conf->local.ttl_s), old)) {
            return WR_E_NOMEM;
        }
    }
    for (size_t i = 0; i < conf->local.leases.count; i++) {
        const struct wr_conf_leases *from = &conf->local.leases.items[i];
        struct wr_locals_source *s = new_source(from->file, LEASES, conf->local.ttl_s);
        if (s) {
            s->format = (uint8_t)from->format;
            wr_name_set(&s->zone, from->zone);
        }
        if (!add_source(l, s, old)) {
            return WR_E_NOMEM;
        }
    }
    return WR_OK;
}

static int build(const struct wr_locals *l, const struct wr_conf *conf, const struct wr_now *now,
                 const struct wr_localset *before, const struct wr_names_hooks *hooks,
                 struct wr_localset *ret_set)
{
    const struct wr_names **names = calloc(l->sources + 1, sizeof(struct wr_names *));
    if (!names) {
        return WR_E_NOMEM;
    }
    size_t count = 0;
    names[count++] = &l->own;
    for (size_t i = 0; i < l->sources; i++) {
        const struct wr_locals_source *s = l->source[i];
        if (!is_asked(s)) {
            names[count++] = s->copy != NULL ? &s->copy->names : &s->names;
        }
    }
    int err = wr_localset_build(conf, names, count, now->wall_proven ? now->wall_s : INT64_MIN,
                                &l->key, before, hooks, ret_set);
    free(names);
    return err;
}

static int build_held(const struct wr_locals *l, struct wr_heldset **ret_held)
{
    struct wr_heldset *held;
    int err = wr_heldset_create(l->sources, &held);
    if (err) {
        return err;
    }
    for (size_t i = 0; i < l->sources && !err; i++) {
        const struct wr_locals_source *s = l->source[i];
        if (is_asked(s)) {
            const struct wr_heldset_zone zone = {.name = s->zone.wire,
                                                 .copy = s->copy,
                                                 .ede = s->names.ede,
                                                 .ede_text = s->names.ede_text,
                                                 .fallback = s->fallback,
                                                 .answers = s->use == WR_USE_BOTH};
            err = wr_heldset_add(held, &zone);
        }
    }
    if (err) {
        wr_heldset_free(held);
        return err;
    }
    *ret_held = held;
    return WR_OK;
}

int wr_locals_load(struct wr_locals *ret, const struct wr_conf *conf, const struct wr_locals *old,
                   struct wr_copies *copies, const struct wr_now *now,
                   const struct wr_names_hooks *hooks)
{
    struct wr_locals l = {.copies = copies};
    wr_names_init(&l.own, "");
    int err = WR_OK;
    if (old) {
        l.key = old->key;
    } else if (getrandom(&l.key, sizeof(l.key), 0) != (ssize_t)sizeof(l.key)) {
        err = WR_E_IO;
    }
    if (!err) {
        err = plan(&l, conf, old);
    }
    if (!err) {
        wr_names_read_conf(&l.own, conf);
        for (size_t i = 0; i < l.sources; i++) {
            renew(l.source[i], copies, &l.key, hooks);
            if (!l.source[i]->read_once) {
                l.source[i] = or_old(l.source[i], old); /* the last good one */
            }
        }
        err = build(&l, conf, now, old ? &old->set : NULL, hooks, &l.set);
    }
    if (!err) {
        err = build_held(&l, &l.held);
    }
    if (err) {
        wr_locals_free(&l);
        return err;
    }
    *ret = l;
    return WR_OK;
}

void wr_locals_free(struct wr_locals *locals)
{
    for (size_t i = 0; i < locals->sources; i++) {
        let_go(locals->source[i]);
    }
    free(locals->source);
    wr_names_free(&locals->own);
    wr_localset_free(&locals->set);
    wr_heldset_free(locals->held);
    memset(locals, 0, sizeof(*locals));
}

bool wr_locals_look(const struct wr_locals *locals, const struct wr_now *now)
{
    for (size_t i = 0; i < locals->sources; i++) {
        const struct wr_locals_source *s = locals->source[i];
        if (is_watched(s) && (s->doubts > 0 || mark_of(s) != s->mark)) {
            return true;
        }
    }
    return now->wall_proven && locals->set.local && locals->set.expires_s <= now->wall_s;
}

int wr_locals_refresh(struct wr_locals *locals, const struct wr_conf *conf,
                      const struct wr_now *now, const struct wr_names_hooks *hooks,
                      struct wr_localset *ret_set, struct wr_heldset **ret_held)
{
    struct wr_localset set;
    for (size_t i = 0; i < locals->sources; i++) {
        renew(locals->source[i], locals->copies, &locals->key, hooks);
    }
    int err = build(locals, conf, now, &locals->set, hooks, &set);
    if (!err && (err = build_held(locals, ret_held)) != WR_OK) {
        wr_localset_free(&set);
    }
    if (!err) {
        *ret_set = set;
    }
    return err;
}

void wr_locals_watched(const struct wr_locals *locals, void (*each)(void *user, const char *path),
                       void *user)
{
    for (size_t i = 0; i < locals->sources; i++) {
        if (is_watched(locals->source[i])) {
            each(user, locals->source[i]->path);
        }
    }
}
