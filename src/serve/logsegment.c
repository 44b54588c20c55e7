/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/logsegment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"

#define NAME_SIZE 24
#define NAME_BASE "weir-"
#define NAME_END  ".log"
#define DIGITS    10

static const char magic[8] = {'W', 'E', 'I', 'R', 'L', 'O', 'G', '1'};

static void name_of(uint64_t number, char ret[NAME_SIZE + 8])
{
    snprintf(ret, NAME_SIZE + 8, NAME_BASE "%010llu" NAME_END, (unsigned long long)number);
}

/* --- the folder --- */

int wr_logfolder_open(const char *path, bool lock, int *ret_fd)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno == EACCES ? WR_E_DENIED : WR_E_IO;
    }
    if (lock && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return WR_E_BUSY;
    }
    *ret_fd = fd;
    return WR_OK;
}

/* False: no segment's name. */
static bool read_name(const char *name, uint64_t *ret_number)
{
    size_t base = sizeof(NAME_BASE) - 1;
    return strlen(name) == base + DIGITS + sizeof(NAME_END) - 1 &&
           strncmp(name, NAME_BASE, base) == 0 && strcmp(name + base + DIGITS, NAME_END) == 0 &&
           wr_str_to_u64(name + base, DIGITS, UINT64_MAX / 2, ret_number) == WR_OK;
}

/* Into its place among the ascending ones; of too many the lowest is left out. */
static void insert(struct wr_logfolder *f, uint64_t number, uint64_t size)
{
    uint32_t at = f->segments;
    if (f->segments == WR_LOG_SEGMENTS_MAX) {
        if (number < f->number[0]) {
            return;
        }
        f->octets -= f->size[0];
        memmove(f->number, f->number + 1, (--at) * sizeof(f->number[0]));
        memmove(f->size, f->size + 1, at * sizeof(f->size[0]));
        f->segments = at;
    }
    for (; at > 0 && f->number[at - 1] > number; at--) {
        f->number[at] = f->number[at - 1];
        f->size[at] = f->size[at - 1];
    }
    f->number[at] = number;
    f->size[at] = size;
    f->segments++;
    f->octets += size;
}

int wr_logfolder_list(int folder_fd, struct wr_logfolder *ret_folder)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    ret_folder->segments = 0;
    ret_folder->octets = 0;
    if (dir == NULL) {
        int saved = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = saved;
        return WR_E_IO;
    }
    while ((entry = readdir(dir)) != NULL) {
        uint64_t number = 0;
        struct stat st;
        if (read_name(entry->d_name, &number) &&
            fstatat(folder_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode)) {
            insert(ret_folder, number, (uint64_t)st.st_size);
        }
    }
    closedir(dir);
    return WR_OK;
}

int wr_logfolder_remove(int folder_fd, uint64_t number)
{
    char name[NAME_SIZE + 8];
    name_of(number, name);
    return unlinkat(folder_fd, name, 0) == 0 ? WR_OK : WR_E_IO;
}

/* --- octets --- */

static int read_at(int fd, uint64_t at, uint8_t *room, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, room + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0 ? WR_E_SHORT : WR_E_IO;
        }
        done += (size_t)got;
    }
    return WR_OK;
}

static int write_at(int fd, uint64_t at, const uint8_t *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t put = pwrite(fd, bytes + done, n - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            errno = put == 0 ? ENOSPC : errno;
            return WR_E_IO;
        }
        done += (size_t)put;
    }
    return WR_OK;
}

int wr_logsegment_read_head(int fd, uint64_t at, uint8_t ret_bytes[WR_LOGBLOCK_HEAD],
                            struct wr_logblock_head *ret_head)
{
    int err = read_at(fd, at, ret_bytes, WR_LOGBLOCK_HEAD);
    return err == WR_OK ? wr_logblock_read_head(ret_bytes, ret_head) : err;
}

int wr_logsegment_read_payload(int fd, uint64_t at, const struct wr_logblock_head *head,
                               uint8_t *room)
{
    return read_at(fd, at + WR_LOGBLOCK_HEAD, room, head->size);
}

/* --- one segment --- */

static int open_file(int folder_fd, uint64_t number, int flags, int *ret_fd)
{
    char name[NAME_SIZE + 8];
    struct stat st;
    name_of(number, name);
    int fd = openat(folder_fd, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) {
        if (errno == ENOENT) {
            return WR_E_NOTFOUND;
        }
        return errno == ELOOP || errno == EACCES || errno == EISDIR ? WR_E_DENIED : WR_E_IO;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        errno = EPERM;
        return WR_E_DENIED;
    }
    *ret_fd = fd;
    return WR_OK;
}

static int read_start(int fd, uint64_t number, struct wr_logsegment_start *ret_start)
{
    uint8_t bytes[WR_LOGSEGMENT_HEAD];
    struct wr_logsegment_start s;
    struct wr_reader r;
    int err = read_at(fd, 0, bytes, sizeof(bytes));
    if (err != WR_OK) {
        return err == WR_E_SHORT ? WR_E_FORMAT : err;
    }
    wr_buf_read_init(&r, bytes, sizeof(bytes));
    if (memcmp(wr_buf_get_bytes(&r, sizeof(magic)), magic, sizeof(magic)) != 0) {
        return WR_E_FORMAT;
    }
    s.number = wr_buf_get_u64(&r);
    memcpy(s.prev, wr_buf_get_bytes(&r, sizeof(s.prev)), sizeof(s.prev));
    s.begun_s = (int64_t)wr_buf_get_u64(&r);
    s.lowest = wr_buf_get_u64(&r);
    err = wr_digest_of(WR_HASH_SHA256, bytes, sizeof(bytes), s.hash);
    *ret_start = s;
    return err == WR_OK && s.number != number ? WR_E_FORMAT : err;
}

int wr_logsegment_read_open(int folder_fd, uint64_t number, int *ret_fd, uint64_t *ret_size,
                            struct wr_logsegment_start *ret_start)
{
    struct stat st;
    int fd = -1;
    int err = open_file(folder_fd, number, O_RDONLY, &fd);
    if (err != WR_OK) {
        return err;
    }
    err = read_start(fd, number, ret_start);
    if (err == WR_OK && fstat(fd, &st) != 0) {
        err = WR_E_IO;
    }
    if (err != WR_OK) {
        close(fd);
        return err;
    }
    *ret_fd = fd;
    *ret_size = (uint64_t)st.st_size;
    return WR_OK;
}

/* Goes through the blocks; `s` is at the end of the last good one then. True: what stands there was not finished, or nothing does. */
static bool walk(struct wr_logsegment *s, uint64_t file_size, uint8_t *room)
{
    uint8_t bytes[WR_LOGBLOCK_HEAD];
    struct wr_logblock_head head;
    while (s->size < file_size) {
        int err = wr_logsegment_read_head(s->fd, s->size, bytes, &head);
        if (err == WR_OK) {
            err = wr_logsegment_read_payload(s->fd, s->size, &head, room);
        }
        uint64_t end = s->size + WR_LOGBLOCK_HEAD + (err == WR_OK ? head.size : 0);
        if (err == WR_OK && wr_logblock_check(bytes, room, s->hash) != WR_OK) {
            return end ==
                   file_size; /* the last one: it may be octets that never reached the disk */
        }
        if (err != WR_OK) {
            /* A head that was cut off, or octets that a file has which grew and was not written: both end with the file. */
            return err == WR_E_SHORT || (bytes[0] | bytes[1] | bytes[2] | bytes[3]) == 0;
        }
        s->size = end;
        s->last = head.last;
        memcpy(s->hash, head.hash, sizeof(s->hash));
    }
    return true;
}

static int open_walked(struct wr_logsegment *s, uint64_t file_size,
                       enum wr_logsegment_found *ret_found)
{
    uint8_t *room = malloc(WR_LOGSEGMENT_PAYLOAD_MAX);
    if (room == NULL) {
        return WR_E_NOMEM;
    }
    bool good = walk(s, file_size, room);
    free(room);
    s->cut = good ? file_size - s->size : 0;
    *ret_found = !good         ? WR_LOGSEGMENT_ALTERED
                 : s->cut == 0 ? WR_LOGSEGMENT_WHOLE
                               : WR_LOGSEGMENT_TORN;
    return s->cut > 0 && ftruncate(s->fd, (off_t)s->size) != 0 ? WR_E_IO : WR_OK;
}

int wr_logsegment_open(int folder_fd, uint64_t number, struct wr_logsegment *ret_segment,
                       enum wr_logsegment_found *ret_found)
{
    struct wr_logsegment s = {.fd = -1, .number = number, .size = WR_LOGSEGMENT_HEAD};
    struct wr_logsegment_start start = {0};
    struct stat st;
    int err = open_file(folder_fd, number, O_RDWR, &s.fd);
    if (err != WR_OK) {
        return err;
    }
    err = read_start(s.fd, number, &start);
    memcpy(s.hash, start.hash, sizeof(s.hash));
    if (err == WR_E_FORMAT) {
        *ret_found = WR_LOGSEGMENT_ALTERED;
        err = WR_OK;
    } else if (err == WR_OK) {
        err = fstat(s.fd, &st) == 0 ? open_walked(&s, (uint64_t)st.st_size, ret_found) : WR_E_IO;
    }
    if (err != WR_OK || *ret_found == WR_LOGSEGMENT_ALTERED) {
        wr_logsegment_close(&s);
    }
    *ret_segment = s;
    return err;
}

int wr_logsegment_begin(int folder_fd, uint64_t number, uint64_t lowest,
                        const uint8_t prev[WR_LOGBLOCK_HASH], int64_t now_s,
                        struct wr_logsegment *ret_segment)
{
    struct wr_logsegment s = {.fd = -1, .number = number, .size = WR_LOGSEGMENT_HEAD};
    uint8_t bytes[WR_LOGSEGMENT_HEAD] = {0};
    struct wr_writer w;
    int err = open_file(folder_fd, number, O_RDWR | O_CREAT | O_EXCL, &s.fd);
    if (err != WR_OK) {
        return err;
    }
    wr_buf_write_init(&w, bytes, sizeof(bytes));
    wr_buf_put_bytes(&w, magic, sizeof(magic));
    wr_buf_put_u64(&w, number);
    wr_buf_put_bytes(&w, prev, WR_LOGBLOCK_HASH);
    wr_buf_put_u64(&w, (uint64_t)now_s);
    wr_buf_put_u64(&w, lowest);
    err = wr_digest_of(WR_HASH_SHA256, bytes, sizeof(bytes), s.hash);
    if (err == WR_OK) {
        err = write_at(s.fd, 0, bytes, sizeof(bytes));
    }
    if (err == WR_OK && (fdatasync(s.fd) != 0 || fsync(folder_fd) != 0)) {
        err = WR_E_IO;
    }
    if (err != WR_OK) {
        int saved = errno;
        wr_logsegment_close(&s);
        int gone = wr_logfolder_remove(folder_fd, number);
        (void)gone;
        errno = saved;
        return err;
    }
    *ret_segment = s;
    return WR_OK;
}

int wr_logsegment_append(struct wr_logsegment *s, const uint8_t *block, size_t size,
                         const struct wr_logblock_head *head)
{
    int err = write_at(s->fd, s->size, block, size);
    if (err != WR_OK) {
        int saved = errno;
        if (ftruncate(s->fd, (off_t)s->size) != 0) {
            /* The next one is written over it. */
        }
        errno = saved;
        return err;
    }
    s->size += size;
    s->last = head->last;
    memcpy(s->hash, head->hash, sizeof(s->hash));
    return WR_OK;
}

int wr_logsegment_sync(const struct wr_logsegment *s)
{
    return fdatasync(s->fd) == 0 ? WR_OK : WR_E_IO;
}

void wr_logsegment_close(struct wr_logsegment *s)
{
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}
