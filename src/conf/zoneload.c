/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/zoneload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"

enum { BUFFER_SIZE = 64 * 1024 };

/* One open file. The levels are those of the reader; a level's number is its file's. */
struct level {
    int fd;
    char *name;   /* for messages */
    char *buffer; /* BUFFER_SIZE octets; stays from one file to the next */
};

struct load {
    const struct wr_zoneload_sink *sink;
    struct wr_zonefile *reader;
    struct level levels[WR_ZONEFILE_DEPTH_MAX];
    unsigned depth;
    int folder;              /* of the first file */
    size_t prefix;           /* octets of its path before its own name */
    const char *path;        /* of the first file */
    size_t size;             /* octets read of all files */
    const char *read_failed; /* told once as a mistake */
};

/* What may be read: no device, no pipe, no folder. */
static int check_plain(int fd)
{
    struct stat st;

    if (fstat(fd, &st))
        return WR_E_IO;
    return S_ISREG(st.st_mode) ? WR_OK : WR_E_DENIED;
}

/* One part of a path, below `folder`, never through a symbolic link. */
static int open_part(int folder, const char *part, bool last)
{
    int flags = O_NOFOLLOW | O_CLOEXEC;

    return openat(folder, part,
                  last ? flags | O_RDONLY | O_NONBLOCK | O_NOCTTY : flags | O_PATH | O_DIRECTORY);
}

/* Part by part from the folder down. `path` is overwritten. -1, and *ret_reason. */
static int open_inside(int folder, char *path, const char **ret_reason)
{
    char *next = path, *part;
    int at = folder, fd = -1;

    *ret_reason = "files are included from the zone file's own folder and below it only";
    if (path[0] == '/')
        return -1;
    while ((part = strsep(&next, "/"))) { /* each round takes a part of the path */
        if (!strcmp(part, "..") || (!next && !*part)) {
            fd = -1;
            break;
        }
        if (!*part || (!strcmp(part, ".") && next))
            continue;
        fd = open_part(at, part, next == NULL);
        if (fd < 0)
            *ret_reason = errno == ELOOP || errno == ENOTDIR
                              ? "a symbolic link, or no folder, is on the way to this file"
                              : "this file cannot be opened";
        if (at != folder)
            close(at);
        at = folder;
        if (fd < 0 || !next)
            break;
        at = fd;
        fd = -1;
    }
    if (at != folder)
        close(at);
    if (fd >= 0 && check_plain(fd)) {
        *ret_reason = "this is no plain file";
        close(fd);
        fd = -1;
    }
    return fd;
}

static int enter(struct load *l, unsigned depth, int fd, char *name)
{
    struct level *level = &l->levels[depth];

    if (!level->buffer)
        level->buffer = malloc(BUFFER_SIZE);
    if (!level->buffer || !name) {
        close(fd);
        free(name);
        return WR_E_NOMEM;
    }
    free(level->name);
    level->fd = fd;
    level->name = name;
    l->depth = depth;
    return WR_OK;
}

static void leave(struct load *l)
{
    struct level *level = &l->levels[l->depth];

    if (level->fd >= 0)
        close(level->fd);
    level->fd = -1;
}

static int include(struct load *l, const struct wr_zonefile_event *event)
{
    char path[WR_ZONEFILE_LINE_SIZE];
    const char *reason;
    char *name = NULL;
    int fd, err;

    snprintf(path, sizeof(path), "%s", event->path);
    fd = open_inside(l->folder, path, &reason);
    if (fd < 0) {
        wr_zonefile_refuse(l->reader, reason);
        return WR_OK;
    }
    if (asprintf(&name, "%.*s%s", (int)l->prefix, l->path, event->path) < 0)
        name = NULL;
    err = enter(l, l->depth + 1, fd, name);
    if (!err)
        wr_zonefile_include(l->reader, l->depth);
    return err;
}

/* The next octets of the file on top. A file that breaks off is over there, and that is told. */
static int feed(struct load *l)
{
    struct level *level = &l->levels[l->depth];
    ssize_t n;

    do
        n = read(level->fd, level->buffer, BUFFER_SIZE);
    while (n < 0 && errno == EINTR);
    if (n < 0 && l->depth == 0)
        return WR_E_IO;
    if (n < 0)
        l->read_failed = "the file could not be read to its end";
    l->size += n > 0 ? (size_t)n : 0;
    if (l->size > WR_ZONE_FILE_MAX) {
        l->read_failed = "more than 128 MiB in all files: the rest is left out";
        n = 0;
    }
    if (n <= 0)
        leave(l);
    wr_zonefile_feed(l->reader, level->buffer, n > 0 ? (size_t)n : 0);
    return WR_OK;
}

static void tell_mistake(struct load *l, const struct wr_zonefile_event *event)
{
    if (l->sink->mistake)
        l->sink->mistake(l->sink->data, event, l->levels[event->place.file].name);
}

static void tell_broken_file(struct load *l, uint32_t file)
{
    struct wr_zonefile_event event = {.reason = l->read_failed, .place.file = file};

    l->read_failed = NULL;
    tell_mistake(l, &event);
}

static int run(struct load *l)
{
    struct wr_zonefile_event event;
    int err = WR_OK;

    while (!err) { /* each round feeds octets or takes what came of them */
        switch (wr_zonefile_next(l->reader, &event)) {
        case WR_ZONEFILE_MORE:
            l->depth = event.place.file;
            err = feed(l);
            if (!err && l->read_failed)
                tell_broken_file(l, event.place.file);
            break;
        case WR_ZONEFILE_RECORD:
            err = l->sink->record(l->sink->data, &event, l->levels[event.place.file].name);
            break;
        case WR_ZONEFILE_MISTAKE: tell_mistake(l, &event); break;
        case WR_ZONEFILE_INCLUDE:
            l->depth = event.place.file;
            err = include(l, &event);
            break;
        default: return WR_OK;
        }
    }
    return err;
}

static int open_first(struct load *l)
{
    const char *slash = strrchr(l->path, '/');
    int fd = open(l->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), err;
    char *folder;

    if (fd < 0)
        return WR_E_IO;
    err = check_plain(fd);
    l->prefix = slash ? (size_t)(slash - l->path) + 1 : 0;
    folder = slash ? strndup(l->path, l->prefix) : strdup(".");
    if (!err && folder) {
        l->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        err = l->folder < 0 ? WR_E_IO : WR_OK;
    }
    err = folder || err ? err : WR_E_NOMEM;
    free(folder);
    if (err) {
        close(fd);
        return err;
    }
    return enter(l, 0, fd, strdup(l->path));
}

int wr_zoneload(const char *path, const struct wr_zonefile_options *options,
                const struct wr_zoneload_sink *sink)
{
    struct load l = {.sink = sink, .path = path, .folder = -1};
    int err, saved;

    for (unsigned i = 0; i < WR_ZONEFILE_DEPTH_MAX; i++)
        l.levels[i].fd = -1;
    l.reader = malloc(sizeof(*l.reader));
    err = l.reader ? open_first(&l) : WR_E_NOMEM;
    if (!err) {
        wr_zonefile_start(l.reader, options);
        err = run(&l);
    }
    saved = errno;
    for (unsigned i = 0; i < WR_ZONEFILE_DEPTH_MAX; i++) {
        if (l.levels[i].fd >= 0)
            close(l.levels[i].fd);
        free(l.levels[i].name);
        free(l.levels[i].buffer);
    }
    if (l.folder >= 0)
        close(l.folder);
    free(l.reader);
    errno = saved;
    return err;
}
