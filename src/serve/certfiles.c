/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/certfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "serve/say.h"

enum { DAY_S = 86400, NO_STEP = INT32_MAX, KEY_WRONG = 027 & ~040, PATH_TWICE_MAX = 80 };

struct file {
    uint8_t *bytes;
    size_t size;
};

static const char *path_of(const struct wr_conf *conf, uint32_t i)
{
    size_t pairs = conf->encrypted.certificates.count;

    if (i < 2 * pairs) {
        const struct wr_conf_pair *pair = &conf->encrypted.certificates.items[i / 2];
        return i % 2 == 0 ? pair->chain : pair->key;
    }
    return conf->encrypted.client_anchors;
}

static uint32_t count_files(const struct wr_conf *conf)
{
    return 2 * (uint32_t)conf->encrypted.certificates.count +
           (conf->encrypted.client_anchors[0] != 0);
}

static void mark_from(const struct stat *st, struct wr_certfile_mark *ret)
{
    *ret = (struct wr_certfile_mark){.changed_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 +
                                                   st->st_ctim.tv_nsec,
                                     .inode = st->st_ino,
                                     .size = (uint64_t)st->st_size};
}

static void mark_path(const char *path, struct wr_certfile_mark *ret)
{
    struct stat st;

    if (stat(path, &st) == 0) {
        mark_from(&st, ret);
    } else {
        *ret = (struct wr_certfile_mark){.err = errno};
    }
}

static bool mark_same(const struct wr_certfile_mark *a, const struct wr_certfile_mark *b)
{
    return a->changed_ns == b->changed_ns && a->inode == b->inode && a->size == b->size &&
           a->err == b->err;
}

bool wr_certfiles_changed(const struct wr_certfiles *f, const struct wr_conf *conf)
{
    struct wr_certfile_mark now;

    if (f->marks != count_files(conf)) {
        return true;
    }
    for (uint32_t i = 0; i < f->marks; i++) {
        mark_path(path_of(conf, i), &now);
        /* Root could look there when it was read, and nobody can now: nothing is known of a change. */
        bool hidden = now.err == EACCES && f->mark[i].err == 0;
        if (!hidden && !mark_same(&now, &f->mark[i])) {
            return true;
        }
    }
    return false;
}

bool wr_certfiles_same_paths(const struct wr_conf *a, const struct wr_conf *b)
{
    bool same = count_files(a) == count_files(b);

    for (uint32_t i = 0; same && i < count_files(a); i++) {
        same = strcmp(path_of(a, i), path_of(b, i)) == 0;
    }
    return same;
}

/* --- reading ---------------------------------------------------------------------------------------- */

static int key_rights(const struct stat *st, const char *path, char *why, size_t cap)
{
    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        snprintf(why, cap, "%s: the key belongs to uid %u, who could change it: chown root", path,
                 (unsigned)st->st_uid);
        return WR_E_DENIED;
    }
    if (st->st_mode & KEY_WRONG) {
        snprintf(why, cap,
                 "%s: the key has rights %03o, so that others may read or write it: chmod 640 or "
                 "600, and a new key is due",
                 path, (unsigned)(st->st_mode & 0777));
        return WR_E_DENIED;
    }
    return WR_OK;
}

static int read_rest(int fd, struct file *ret, size_t size)
{
    ret->bytes = malloc(size + 1);
    ret->size = 0;
    if (ret->bytes == NULL) {
        return WR_E_NOMEM;
    }
    while (ret->size < size) {
        ssize_t n = read(fd, ret->bytes + ret->size, size - ret->size);
        if (n <= 0) {
            break;
        }
        ret->size += (size_t)n;
    }
    return WR_OK;
}

/* Whoever weir has become may not read it: the sentence names him, and what lets him. */
static void say_denied(const struct wr_conf *conf, const char *path, char *why, size_t cap)
{
    unsigned group = (unsigned)getegid();

    if (geteuid() == 0 || strlen(path) > PATH_TWICE_MAX) {
        snprintf(why, cap,
                 "%s: Permission denied: uid %u cannot read it; chgrp %u and chmod 640 the file",
                 path, (unsigned)geteuid(), group);
        return;
    }
    snprintf(why, cap,
             "%s: Permission denied: weir runs as %s%suid %u, who cannot read it; run "
             "`chgrp %u %s && chmod 640 %s`",
             path, conf->user, conf->user[0] ? ", " : "", (unsigned)geteuid(), group, path, path);
}

static int read_file(const struct wr_conf *conf, const char *path, bool key, size_t most,
                     struct file *ret, struct wr_certfile_mark *mark, char *why, size_t cap)
{
    struct stat st;
    int err = WR_OK, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 || fstat(fd, &st) != 0) {
        if (errno == EACCES) {
            say_denied(conf, path, why, cap);
        } else {
            snprintf(why, cap, "%s: %s", path, strerror(errno));
        }
        mark_path(path, mark);
        if (fd >= 0) {
            close(fd);
        }
        return WR_E_IO;
    }
    mark_from(&st, mark);
    if (!S_ISREG(st.st_mode) || (size_t)st.st_size > most) {
        snprintf(why, cap, "%s: not a plain file of at most %zu octets", path, most);
        err = WR_E_DENIED;
    } else if (key) {
        err = key_rights(&st, path, why, cap);
    }
    if (err == WR_OK && (err = read_rest(fd, ret, (size_t)st.st_size)) != WR_OK) {
        snprintf(why, cap, "%s: out of memory", path);
    }
    close(fd);
    return err;
}

/* All files in the order of their marks; the marks of all are taken, whatever happens. */
static int read_all(struct wr_certfiles *f, const struct wr_conf *conf, struct file *file)
{
    int err = WR_OK;

    f->marks = count_files(conf);
    f->why[0] = 0;
    for (uint32_t i = 0; i < f->marks; i++) {
        bool anchors = i == 2 * conf->encrypted.certificates.count, key = !anchors && i % 2 == 1;
        size_t most = anchors ? WR_CREDS_ANCHORS_OCTETS_MAX
                      : key   ? WR_CREDS_KEY_OCTETS_MAX
                              : WR_CREDS_CHAIN_OCTETS_MAX;

        if (err != WR_OK) {
            mark_path(path_of(conf, i), &f->mark[i]);
            continue;
        }
        err = read_file(conf, path_of(conf, i), key, most, &file[i], &f->mark[i], f->why,
                        sizeof(f->why));
    }
    return err;
}

/* The library does not say which pair it did not like: each is tried alone. */
static void blame(struct wr_certfiles *f, const struct wr_conf *conf,
                  const struct wr_creds_pem *pair, size_t pairs)
{
    struct wr_verdict_text why;
    struct wr_creds *creds;

    for (size_t i = 0; i < pairs; i++) {
        struct wr_creds_setup setup = {.pairs = &pair[i], .count = 1};

        if (wr_creds_make(&setup, &why, &creds) == WR_OK) {
            wr_creds_drop(creds);
            continue;
        }
        snprintf(f->why, sizeof(f->why), "%s and %s: %s",
                 conf->encrypted.certificates.items[i].chain,
                 conf->encrypted.certificates.items[i].key, why.text);
        return;
    }
    snprintf(f->why, sizeof(f->why), "%s: no anchors in it", conf->encrypted.client_anchors);
}

static int make(struct wr_certfiles *f, const struct wr_conf *conf, const struct file *file,
                struct wr_creds **ret_creds)
{
    struct wr_creds_pem pair[WR_CREDS_PAIRS_MAX];
    size_t pairs = conf->encrypted.certificates.count;
    struct wr_creds_setup setup = {.pairs = pair, .count = pairs};
    struct wr_verdict_text why;
    int err;

    for (size_t i = 0; i < pairs; i++) {
        pair[i] = (struct wr_creds_pem){.chain = file[2 * i].bytes,
                                        .chain_size = file[2 * i].size,
                                        .key = file[2 * i + 1].bytes,
                                        .key_size = file[2 * i + 1].size};
    }
    if (f->marks > 2 * pairs) {
        setup.anchors = file[2 * pairs].bytes;
        setup.anchors_size = file[2 * pairs].size;
    }
    err = wr_creds_make(&setup, &why, ret_creds);
    if (err != WR_OK) {
        blame(f, conf, pair, pairs);
    }
    return err;
}

int wr_certfiles_read(struct wr_certfiles *f, const struct wr_conf *conf,
                      struct wr_creds **ret_creds)
{
    struct file file[WR_CERTFILES_MAX] = {{NULL, 0}};
    struct wr_creds *creds = NULL;
    int err = read_all(f, conf, file);

    if (err == WR_OK && conf->encrypted.certificates.count > 0) {
        err = make(f, conf, file, &creds);
    }
    for (uint32_t i = 0; i < WR_CERTFILES_MAX; i++) {
        if (file[i].bytes != NULL) {
            explicit_bzero(file[i].bytes, file[i].size);
            free(file[i].bytes);
        }
    }
    if (err == WR_OK) {
        *ret_creds = creds;
    }
    return err;
}

bool wr_certfiles_is_ours(const struct wr_creds *creds, const struct wr_uri *uri)
{
    struct wr_addr bare = uri->addr;

    bare.port = 0;
    for (size_t i = 0; creds != NULL && i < wr_creds_count(creds); i++) {
        const char *name = wr_creds_facts(creds, i)->names;

        for (; *name != 0; name += strlen(name) + 1) {
            if (wr_str_same(name, uri->name)) {
                return true;
            }
        }
    }
    return creds != NULL && wr_creds_has_addr(creds, &bare);
}

/* --- telling ----------------------------------------------------------------------------------------- */

int wr_certfiles_step(int64_t not_after_s, int64_t now_s)
{
    int64_t left_s = not_after_s - now_s;

    if (left_s < 0) {
        return (int)(left_s / DAY_S);
    }
    return left_s < DAY_S ? 1 : left_s < 7 * DAY_S ? 7 : left_s < 30 * DAY_S ? 30 : NO_STEP;
}

static void tell_end(struct wr_certfiles *f, const char *chain, uint32_t i,
                     const struct wr_creds_facts *facts, int64_t now_s, bool fresh)
{
    int step = wr_certfiles_step(facts->not_after_s, now_s);
    bool news = step < f->told_days[i];

    f->told_days[i] = step;
    if (now_s < facts->not_before_s && fresh) {
        wr_say(WR_LOG_WARN, "%s: the chain is not good yet: clients will refuse it", chain);
    } else if (step <= 0 && news) {
        wr_say(WR_LOG_ERROR, "%s: the chain has expired: clients refuse it; put a new one there",
               chain);
    } else if (step != NO_STEP && news) {
        wr_say(WR_LOG_WARN, "%s: the chain expires in less than %d day%s; put a new one there",
               chain, step, step == 1 ? "" : "s");
    }
}

void wr_certfiles_tell(struct wr_certfiles *f, const struct wr_conf *conf,
                       const struct wr_creds *creds, const struct wr_now *now, bool fresh)
{
    size_t pairs = creds == NULL ? 0 : wr_creds_count(creds);

    for (uint32_t i = 0; i < pairs && i < conf->encrypted.certificates.count; i++) {
        const struct wr_creds_facts *facts = wr_creds_facts(creds, i);
        const char *chain = conf->encrypted.certificates.items[i].chain;

        if (fresh) {
            f->told_days[i] = NO_STEP;
        }
        if (fresh && facts->key == WR_CREDS_RSA) {
            wr_say(WR_LOG_WARN,
                   "%s: an RSA key costs about 1.7 ms of a processor for each new connection, "
                   "ECDSA a tenth of that: `weir cert new` makes such a one",
                   chain);
        }
        if (now->wall_proven) { /* a clock of 1970 knows nothing of their end */
            tell_end(f, chain, i, facts, now->wall_s, fresh);
        }
    }
}
