/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/policyzones.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

enum {
    PATIENCE = 5, /* looks at a file that seems half written before it is taken as it is */
    TTL_S = 300,  /* of records that have none, in a file without $TTL */
};

/* Where one zone comes from, and what it says now. */
struct source {
    struct source *next;
    struct wr_name zone;
    char *path;    /* "": from its primaries */
    uint64_t mark; /* what the file looked like when it was read */
    unsigned doubts;
    struct wr_copy *copy; /* the one that was looked at last; held */
    bool expired;
    struct wr_policyzone *made;
    char problem[160]; /* why what is in force is not the newest; "": nothing */
};

struct wr_policyzones {
    struct source *sources;
    struct wr_hash_key key;
};

int wr_policyzones_create(const struct wr_hash_key *key, struct wr_policyzones **ret)
{
    struct wr_policyzones *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        return WR_E_NOMEM;
    }
    if (key != NULL) {
        p->key = *key;
    } else if (getrandom(&p->key, sizeof(p->key), 0) != (ssize_t)sizeof(p->key)) {
        free(p);
        return WR_E_IO;
    }
    *ret = p;
    return WR_OK;
}

const struct wr_hash_key *wr_policyzones_key(const struct wr_policyzones *p)
{
    return &p->key;
}

static void drop(struct source *s)
{
    wr_policyzone_let_go(s->made);
    wr_copy_let_go(s->copy);
    free(s->path);
    free(s);
}

void wr_policyzones_destroy(struct wr_policyzones *p)
{
    while (p != NULL && p->sources != NULL) {
        struct source *s = p->sources;
        p->sources = s->next;
        drop(s);
    }
    free(p);
}

static bool is_of(const struct source *s, const struct wr_conf_rpz *from)
{
    return wr_name_equal(s->zone.wire, from->zone) && strcmp(s->path, from->file) == 0;
}

static struct source *find(const struct wr_policyzones *p, const struct wr_conf_rpz *from)
{
    struct source *s = p->sources;
    while (s != NULL && !is_of(s, from)) {
        s = s->next;
    }
    return s;
}

static struct source *find_or_add(struct wr_policyzones *p, const struct wr_conf_rpz *from)
{
    struct source *s = find(p, from);
    if (s != NULL || (s = calloc(1, sizeof(*s))) == NULL) {
        return s;
    }
    s->path = strdup(from->file);
    if (s->path == NULL) {
        free(s);
        return NULL;
    }
    wr_name_set(&s->zone, from->zone);
    s->next = p->sources;
    p->sources = s;
    return s;
}

static uint32_t triggers_of(const struct wr_policyzone *z)
{
    uint32_t n = 0;
    for (unsigned kind = 0; z != NULL && kind < WR_RPZ_KINDS; kind++) {
        n += wr_rpz_triggers(z->rpz, (enum wr_rpz_kind)kind);
    }
    return n;
}

static void say(const struct source *s, const struct wr_names_hooks *hooks, const char *text)
{
    char name[WR_NAME_TEXT_SIZE], line[WR_NAME_TEXT_SIZE + 256];
    (void)wr_name_to_text(s->zone.wire, name, sizeof(name));
    snprintf(line, sizeof(line), "policy zone %s: %s", name, text);
    hooks->tell(hooks->user, WR_NAMES_MISTAKE, s->path, 0, line);
}

/* What is in force stays, for this reason; it is told once. */
static void stay(struct source *s, const struct wr_names_hooks *hooks, const char *why)
{
    char text[sizeof(s->problem)];
    snprintf(text, sizeof(text), "%s; %s", why,
             s->made != NULL ? "the last good one stays in force" : "nothing of it is in force");
    if (strcmp(text, s->problem) != 0) {
        memcpy(s->problem, text, sizeof(text));
        say(s, hooks, text);
    }
}

/* The new zone, which is held for it, unless there is nothing in it where there was something: an error page, a file of another zone. */
static void put_in_force(struct source *s, struct wr_policyzone *z,
                         const struct wr_names_hooks *hooks)
{
    if (triggers_of(z) == 0 && triggers_of(s->made) > 0) {
        wr_policyzone_let_go(z);
        stay(s, hooks, "the new one has no policy in it");
        return;
    }
    wr_policyzone_let_go(s->made);
    s->made = z;
    s->problem[0] = 0;
}

static int compile(struct wr_policyzones *p, struct source *s, const struct wr_names *names,
                   const struct wr_names_hooks *hooks)
{
    struct wr_policyzone *z;
    int err = wr_policycompile(names, s->zone.wire, &p->key, hooks, &z);
    if (err != WR_OK) {
        stay(s, hooks, "there is no memory to compile it");
        return err;
    }
    put_in_force(s, z, hooks);
    return WR_OK;
}

/* --- files --- */

static uint64_t mark_of(const struct source *s)
{
    struct stat st;
    if (stat(s->path, &st) != 0) {
        return 1;
    }
    return wr_hash_mix((uint64_t)st.st_ino * 31 + (uint64_t)st.st_mtim.tv_sec * 1000003 +
                       (uint64_t)st.st_mtim.tv_nsec * 7 + (uint64_t)st.st_size) |
           2;
}

/* Does it seem that somebody is writing the file? Then the end of a line is missing, or everything. */
static bool seems_torn(const struct source *s)
{
    char last = '\n';
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    bool torn = size == 0 && s->made != NULL;
    if (size > 0) {
        torn = pread(fd, &last, 1, size - 1) == 1 && last != '\n';
    }
    if (fd >= 0) {
        close(fd);
    }
    return torn;
}

static const char *reason(int err)
{
    if (err != WR_E_IO) {
        return err == WR_E_DENIED ? "it is no plain file" : wr_err_name(err);
    }
    return errno == EACCES ? "permission denied; let weir's user read it, and enter its folder"
                           : strerror(errno);
}

static int read_file(struct wr_policyzones *p, struct source *s, const struct wr_names_hooks *hooks)
{
    char why[128];
    struct wr_names names;
    uint64_t mark = mark_of(s); /* before it is read: what is written meanwhile is a change */
    if (mark == s->mark && s->doubts == 0) {
        return WR_OK;
    }
    s->mark = mark;
    if (s->doubts < PATIENCE && seems_torn(s)) {
        s->doubts++;
        if (s->made != NULL) {
            return WR_OK;
        }
    }
    s->doubts = s->doubts == PATIENCE ? 0 : s->doubts;
    wr_names_init(&names, s->path);
    int err = wr_names_read_zone(&names, s->path, s->zone.wire, TTL_S, hooks);
    if (err == WR_OK) {
        err = compile(p, s, &names, hooks);
    } else {
        snprintf(why, sizeof(why), "cannot be read: %s", reason(err));
        stay(s, hooks, why);
        err = err == WR_E_NOMEM ? err : WR_OK;
    }
    wr_names_free(&names);
    return err;
}

/* --- copies --- */

static int read_copy(struct wr_policyzones *p, struct source *s, struct wr_copies *copies,
                     const struct wr_names_hooks *hooks)
{
    struct wr_copy *copy = wr_copies_take_any(copies, s->zone.wire, &s->expired);
    int err = WR_OK;
    if (copies == NULL) {
        return WR_OK; /* there are none to be had: the zone is not looked at */
    }
    if (copy != NULL && copy != s->copy && copy->policy != NULL) {
        put_in_force(s, wr_policyzone_hold(copy->policy), hooks);
    } else if (copy != NULL && copy != s->copy) { /* it has become a policy zone since it came */
        err = compile(p, s, &copy->names, hooks);
    }
    wr_copy_let_go(s->copy);
    s->copy = copy;
    if (s->expired) {
        stay(s, hooks, "no primary has confirmed it for its expire time");
    } else if (copy == NULL) {
        stay(s, hooks, "it was not transferred yet");
    }
    return err;
}

int wr_policyzones_read(struct wr_policyzones *p, const struct wr_conf *conf,
                        struct wr_copies *copies, const struct wr_names_hooks *hooks)
{
    int err = WR_OK;
    for (size_t i = 0; i < conf->policy.rpz.count; i++) {
        struct source *s = find_or_add(p, &conf->policy.rpz.items[i]);
        int failed = s == NULL         ? WR_E_NOMEM
                     : s->path[0] != 0 ? read_file(p, s, hooks)
                                       : read_copy(p, s, copies, hooks);
        err = failed ? failed : err;
    }
    return err;
}

void wr_policyzones_keep(struct wr_policyzones *p, const struct wr_conf *conf)
{
    struct source **at = &p->sources;
    while (*at != NULL) {
        struct source *s = *at;
        bool wanted = false;
        for (size_t i = 0; i < conf->policy.rpz.count; i++) {
            wanted = wanted || is_of(s, &conf->policy.rpz.items[i]);
        }
        if (wanted) {
            at = &s->next;
        } else {
            *at = s->next;
            drop(s);
        }
    }
}

static bool is_new_copy(const struct source *s, struct wr_copies *copies)
{
    bool expired;
    struct wr_copy *copy = wr_copies_take_any(copies, s->zone.wire, &expired);
    bool is_new = copy != s->copy || expired != s->expired;
    wr_copy_let_go(copy);
    return is_new;
}

bool wr_policyzones_look(const struct wr_policyzones *p, struct wr_copies *copies)
{
    for (const struct source *s = p->sources; s != NULL; s = s->next) {
        if (s->path[0] != 0 ? s->doubts > 0 || mark_of(s) != s->mark : is_new_copy(s, copies)) {
            return true;
        }
    }
    return false;
}

void wr_policyzones_watched(const struct wr_policyzones *p,
                            void (*each)(void *user, const char *path), void *user)
{
    for (const struct source *s = p->sources; s != NULL; s = s->next) {
        if (s->path[0] != 0) {
            each(user, s->path);
        }
    }
}

struct wr_policyzone *wr_policyzones_take(struct wr_policyzones *p, const struct wr_conf_rpz *from)
{
    struct source *s = find(p, from);
    if (s == NULL || s->made == NULL) {
        return NULL;
    }
    return wr_policyzone_hold(s->made);
}

uint32_t wr_policyzones_idle(const struct wr_rpz *zone, const struct wr_conf *conf)
{
    return conf->upstream.default_index == WR_CONF_RECURSION
               ? 0
               : wr_rpz_triggers(zone, WR_RPZ_NSDNAME) + wr_rpz_triggers(zone, WR_RPZ_NSIP);
}

static void put_source(const struct source *s, struct wr_json *j)
{
    static const char *const kinds[] = {"client_ip", "qname", "ip", "nsdname", "nsip"};
    char name[WR_NAME_TEXT_SIZE];
    (void)wr_name_to_text(s->zone.wire, name, sizeof(name));
    wr_json_object(j, NULL);
    wr_json_text(j, "zone", name);
    wr_json_text(j, "file", s->path[0] != 0 ? s->path : NULL);
    wr_json_bool(j, "in_force", s->made != NULL);
    if (s->made != NULL) {
        wr_json_u64(j, "serial", wr_rpz_serial(s->made->rpz));
        for (unsigned kind = 0; kind < WR_RPZ_KINDS; kind++) {
            wr_json_u64(j, kinds[kind], wr_rpz_triggers(s->made->rpz, (enum wr_rpz_kind)kind));
        }
        wr_json_u64(j, "set_aside", s->made->rejects);
        wr_json_u64(j, "octets", wr_rpz_used(s->made->rpz));
        wr_json_u64(j, "compile_us", s->made->compile_us);
    }
    wr_json_text(j, "problem", s->problem[0] != 0 ? s->problem : NULL);
    wr_json_end(j);
}

void wr_policyzones_report(const struct wr_policyzones *p, struct wr_json *j, const char *key)
{
    wr_json_array(j, key);
    for (const struct source *s = p->sources; s != NULL; s = s->next) {
        put_source(s, j);
    }
    wr_json_end(j);
}
