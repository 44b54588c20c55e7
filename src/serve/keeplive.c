/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keeplive.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/keepfile.h"

#define TMPFS 0x01021994
#define RAMFS 0x858458f6
/* Bumped when the header or the cache block changes its form. */
#define LIVE_VERSION 1

struct header {
    char magic[8];
    uint64_t version;
    uint64_t size;
    uint8_t boot[16];
    uint64_t anchors;
};

static struct header header_of(size_t size, const uint8_t boot[16], uint64_t anchors)
{
    struct header h = {
        .magic = "weirlive", .version = LIVE_VERSION, .size = size, .anchors = anchors};

    memcpy(h.boot, boot, sizeof(h.boot));
    return h;
}

static int check_kind(int fd)
{
    struct statfs fs;

    if (fstatfs(fd, &fs)) {
        return WR_E_IO;
    }
    return (unsigned long)fs.f_type == TMPFS || (unsigned long)fs.f_type == RAMFS
               ? WR_OK
               : WR_E_UNSUPPORTED;
}

/* Gives the file its size; what was there in another size is emptied first. */
static int fit(int fd, size_t size)
{
    struct stat st;
    int err;

    if (fstat(fd, &st)) {
        return WR_E_IO;
    }
    if ((uint64_t)st.st_size != size && ftruncate(fd, 0)) {
        return WR_E_IO;
    }
    err = posix_fallocate(fd, 0, (off_t)size);
    if (err && ftruncate(fd, 0)) {
        /* Nothing more can be given back. */
    }
    errno = err;
    return err ? WR_E_IO : WR_OK;
}

static int map_file(int fd, size_t size, const struct header *want, struct wr_keeplive *live,
                    bool *ret_same)
{
    size_t whole = size + WR_KEEPLIVE_HEADER_SIZE;
    uint8_t *map;
    int err = wr_keepfile_lock(fd);

    err = err ? err : check_kind(fd);
    err = err ? err : fit(fd, whole);
    if (err) {
        return err;
    }
    map = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return WR_E_NOMEM;
    }
    *ret_same = memcmp(map, want, sizeof(*want)) == 0;
    memcpy(map, want, sizeof(*want));
    *live = (struct wr_keeplive){fd, map, whole, map + WR_KEEPLIVE_HEADER_SIZE, size};
    return WR_OK;
}

int wr_keeplive_open(const char *path, size_t size, const uint8_t boot[16], uint64_t anchors,
                     struct wr_keeplive *ret_live, bool *ret_same)
{
    struct header want = header_of(size, boot, anchors);
    int fd, saved, err = wr_keepfile_open(path, true, &fd);

    if (err) {
        return err;
    }
    err = map_file(fd, size, &want, ret_live, ret_same);
    if (err) {
        saved = errno;
        close(fd);
        errno = saved;
    }
    return err;
}

int wr_keeplive_plain(size_t size, struct wr_keeplive *ret_live)
{
    uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED) {
        return WR_E_NOMEM;
    }
    *ret_live = (struct wr_keeplive){-1, map, size, map, size};
    return WR_OK;
}

void wr_keeplive_mark(struct wr_keeplive *live, uint64_t anchors)
{
    if (live->fd >= 0) {
        memcpy(live->map + offsetof(struct header, anchors), &anchors, sizeof(anchors));
    }
}

void wr_keeplive_close(struct wr_keeplive *live)
{
    if (live->map) {
        munmap(live->map, live->map_size);
    }
    if (live->fd >= 0) {
        close(live->fd);
    }
    live->map = NULL;
    live->fd = -1;
}
