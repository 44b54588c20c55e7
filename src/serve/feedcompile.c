/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedcompile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/suffixes.h"
#include "serve/feedproof.h"

enum {
    PIECE = 65536,
    ROOM_MIN = 4096,
};

/* A list while it comes. */
struct wr_feedcompile {
    struct wr_feedhow how;
    struct wr_suffixes *suffixes;
    struct wr_hash_key key;
    struct wr_nametree_item *name;
    struct wr_addrtree_item *addr;
    uint32_t names, name_room;
    uint32_t addrs, addr_room;
    uint64_t octets;
    int err;
    struct wr_feedproof *proof; /* or NULL */
    const char *unproven;       /* why; of WR_E_DENIED */
    struct wr_feedtext text;
    char piece[PIECE];
};

/* --- marks --- */

static uint64_t mix_how(uint64_t v, const struct wr_feedhow *how)
{
    uint64_t word = (uint64_t)how->format << 2 | (uint64_t)how->below << 1 | how->wide;
    static const struct wr_hash_key key;
    word ^= how->keys > 0 ? wr_hash_sip13(&key, how->key, how->keys * sizeof(how->key[0])) : 0;
    uint64_t mark = wr_hash_mix(wr_hash_mix(v) + word);
    return mark != 0 ? mark : 1;
}

static uint64_t mark_of(const struct stat *st)
{
    return (uint64_t)st->st_ino * 31 + (uint64_t)st->st_mtim.tv_sec * 1000003 +
           (uint64_t)st->st_mtim.tv_nsec * 7 + (uint64_t)st->st_size;
}

/* The text as it was opened, and its signature. */
static uint64_t mark_with(const struct wr_feedsource *source, const struct stat *st)
{
    struct stat sig;
    uint64_t mark = mark_of(st);
    if (source->how.keys > 0 && stat(source->signature, &sig) == 0) {
        mark = wr_hash_mix(mark) + mark_of(&sig);
    }
    return mix_how(mark, &source->how);
}

uint64_t wr_feedcompile_mark(const struct wr_feedsource *source)
{
    struct stat st;
    return stat(source->path, &st) == 0 ? mark_with(source, &st) : 0;
}

uint64_t wr_feedcompile_mark_text(const char *text, const struct wr_feedhow *how)
{
    static const struct wr_hash_key key; /* the owner's words */
    return mix_how(wr_hash_sip13(&key, text, strlen(text)), how);
}

/* --- what comes --- */

/* Room for one more of `size` octets. */
static int grow(void **items, uint32_t count, uint32_t *room, uint32_t most, size_t size)
{
    if (count < *room) {
        return WR_OK;
    }
    if (*room >= most) {
        return WR_E_LIMIT;
    }
    uint32_t next = *room == 0 ? ROOM_MIN : *room > most / 2 ? most : *room * 2;
    void *more = realloc(*items, (size_t)next * size);
    if (more == NULL) {
        return WR_E_NOMEM;
    }
    *items = more;
    *room = next;
    return WR_OK;
}

static int on_name(void *user, const uint8_t *name, uint8_t flags, uint32_t line)
{
    struct wr_feedcompile *c = user;
    void *items = c->name;
    int err = grow(&items, c->names, &c->name_room, WR_NAMETREE_NAMES_MAX, sizeof(*c->name));
    c->name = items;
    return err == WR_OK ? wr_nametree_item(&c->key, name, flags, line, &c->name[c->names++]) : err;
}

static int on_prefix(void *user, const struct wr_prefix *prefix, uint32_t line)
{
    struct wr_feedcompile *c = user;
    void *items = c->addr;
    int err = grow(&items, c->addrs, &c->addr_room, WR_ADDRTREE_MAX, sizeof(*c->addr));
    c->addr = items;
    if (err == WR_OK) {
        wr_addrtree_item(prefix, line, &c->addr[c->addrs++]);
    }
    return err;
}

int wr_feedcompile_open(const struct wr_feedhow *how, struct wr_feedcompile **ret_compile)
{
    struct wr_feedcompile *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return WR_E_NOMEM;
    }
    if (getrandom(&c->key, sizeof(c->key), 0) != (ssize_t)sizeof(c->key)) {
        free(c);
        return WR_E_IO;
    }
    c->how = *how;
    c->suffixes = how->wide ? NULL : wr_suffixes_open();
    const struct wr_feedline_rules rules = {
        .format = how->format, .below = how->below, .wide = how->wide, .suffixes = c->suffixes};
    const struct wr_feedtext_hooks hooks = {on_name, on_prefix, c};
    wr_feedtext_init(&c->text, &rules, &hooks);
    *ret_compile = c;
    return WR_OK;
}

int wr_feedcompile_prove(struct wr_feedcompile *c, const char *sig, size_t n,
                         struct wr_feedcompile_why *ret_why)
{
    const char *why;
    int err = wr_feedproof_open(c->how.key, c->how.keys, sig, n, &c->proof, &why);
    if (err != WR_OK) {
        snprintf(ret_why->text, sizeof(ret_why->text), "%s", why);
    }
    return err;
}

int wr_feedcompile_feed(struct wr_feedcompile *c, const void *bytes, size_t n)
{
    c->octets += n;
    if (c->err == WR_OK && c->proof != NULL && c->octets <= c->how.max_bytes) {
        wr_feedproof_feed(c->proof, bytes, n);
    }
    if (c->err == WR_OK) {
        c->err = c->octets > c->how.max_bytes ? WR_E_LIMIT : wr_feedtext_feed(&c->text, bytes, n);
    }
    return c->err;
}

void wr_feedcompile_close(struct wr_feedcompile *c)
{
    if (c != NULL) {
        wr_suffixes_close(c->suffixes);
        wr_feedproof_close(c->proof);
        free(c->name);
        free(c->addr);
        free(c);
    }
}

/* --- what came of it --- */

static const char *reason(int err)
{
    switch (err) {
    case WR_E_AGAIN: return "it is being written";
    case WR_E_NOMEM: return "not enough memory for it";
    case WR_E_IO:
        return errno == EACCES ? "permission denied; let weir's user read it, and enter its folder"
               : errno == EINVAL ? "it is no plain file"
                                 : strerror(errno);
    default: return wr_err_name(err);
    }
}

static void say_why(int err, const struct wr_feedcompile *c, struct wr_feedcompile_why *why)
{
    if (err == WR_E_LIMIT && c != NULL) {
        snprintf(why->text, sizeof(why->text),
                 "it is larger than max_size (%llu KiB), or has more names than one list may (%u "
                 "million)",
                 (unsigned long long)(c->how.max_bytes / 1024), WR_NAMETREE_NAMES_MAX >> 20);
    } else if (err == WR_E_DENIED && c != NULL && c->unproven != NULL) {
        snprintf(why->text, sizeof(why->text), "%s", c->unproven);
    } else if (err == WR_E_FORMAT && c != NULL && c->text.refused != NULL) {
        snprintf(why->text, sizeof(why->text), "%s", c->text.refused);
    } else {
        snprintf(why->text, sizeof(why->text), "%s", reason(err));
    }
}

/* Whether it is signed, before what it says. */
static int prove(struct wr_feedcompile *c, struct wr_feedimage_about *about)
{
    if (c->how.keys == 0) {
        return WR_OK;
    }
    c->unproven = "it is not signed";
    if (c->proof == NULL || wr_feedproof_end(c->proof, &c->unproven) != WR_OK) {
        return WR_E_DENIED;
    }
    wr_feedproof_facts(c->proof, about->signed_by, &about->signed_s);
    return WR_OK;
}

int wr_feedcompile_end(struct wr_feedcompile *c, const struct wr_feedimage_about *about,
                       struct wr_feedimage **ret_image, struct wr_feedcompile_why *ret_why)
{
    struct wr_feedimage_about whole = *about;
    if (c->err == WR_OK && c->octets == 0) {
        c->text.refused = "it is empty; a comment in it says that nothing is meant to be listed";
        c->err = WR_E_FORMAT;
    }
    if (c->err == WR_OK) {
        c->err = prove(c, &whole);
    }
    if (c->err == WR_OK) {
        c->err = wr_feedtext_end(&c->text);
    }
    if (c->err == WR_OK) {
        whole.octets = c->octets;
        whole.counts = c->text.counts;
        c->err =
            wr_feedimage_make(&whole, &c->key, c->name, c->names, c->addr, c->addrs, ret_image);
    }
    if (c->err != WR_OK) {
        say_why(c->err, c, ret_why);
    }
    return c->err;
}

/* --- files --- */

static int open_text(const struct wr_feedsource *source, int *ret_fd, struct stat *ret_st)
{
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return WR_E_IO;
    }
    if (fstat(fd, ret_st) != 0 || !S_ISREG(ret_st->st_mode)) {
        close(fd);
        errno = EINVAL;
        return WR_E_IO;
    }
    *ret_fd = fd;
    return WR_OK;
}

/* WR_E_IO: the system's; what the text itself is, wr_feedcompile_end says. */
static int read_text(struct wr_feedcompile *c, int fd)
{
    for (;;) {
        ssize_t n = read(fd, c->piece, sizeof(c->piece));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || wr_feedcompile_feed(c, c->piece, (size_t)n) != WR_OK) {
            return n < 0 ? WR_E_IO : WR_OK;
        }
    }
}

/* The signature of a list that has to be signed. */
static int read_signature(struct wr_feedcompile *c, const struct wr_feedsource *source,
                          struct wr_feedcompile_why *ret_why)
{
    char text[WR_MINISIG_TEXT_MAX + 1];
    if (c->how.keys == 0) {
        return WR_OK;
    }
    int fd = open(source->signature, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
    if (n < 0) {
        snprintf(ret_why->text, sizeof(ret_why->text), "its signature %.128s cannot be read: %s",
                 source->signature, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return n < 0 ? WR_E_DENIED : wr_feedcompile_prove(c, text, (size_t)n, ret_why);
}

static int read_file(struct wr_feedcompile *c, const struct wr_feedsource *source, int64_t now_s,
                     struct wr_feedimage **ret_image, struct wr_feedcompile_why *ret_why)
{
    struct wr_feedimage_about about = {.made_s = now_s};
    struct stat st;
    int fd, err = open_text(source, &fd, &st);
    if (err == WR_OK) {
        about.source = mark_with(source, &st);
        err = read_text(c, fd);
        int saved = errno;
        close(fd);
        errno = saved;
    }
    if (err == WR_OK && wr_feedcompile_mark(source) != about.source) {
        err = WR_E_AGAIN;
    }
    if (err != WR_OK) {
        say_why(err, c, ret_why);
        return err;
    }
    return wr_feedcompile_end(c, &about, ret_image, ret_why);
}

int wr_feedcompile_read(const struct wr_feedsource *source, int64_t now_s,
                        struct wr_feedimage **ret_image, struct wr_feedcompile_why *ret_why)
{
    struct wr_feedcompile *c = NULL;
    int err = wr_feedcompile_open(&source->how, &c);
    if (err != WR_OK) {
        say_why(err, NULL, ret_why);
        return err;
    }
    err = read_signature(c, source, ret_why);
    if (err == WR_OK) {
        err = read_file(c, source, now_s, ret_image, ret_why);
    }
    wr_feedcompile_close(c);
    return err;
}
