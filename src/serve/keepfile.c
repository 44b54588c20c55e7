/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keepfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/err.h"

#define KEY_SIZE 16

static int code_of(int saved)
{
    switch (saved) {
    case ENOENT: return WR_E_NOTFOUND;
    case ELOOP:
    case EACCES:
    case EPERM:
    case EISDIR:
    case ENXIO: return WR_E_DENIED;
    default: return WR_E_IO;
    }
}

/* A plain file of our own; others are shut out of it. */
static int check_open(int fd)
{
    struct stat st;

    if (fstat(fd, &st)) {
        return WR_E_IO;
    }
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
        errno = EPERM;
        return WR_E_DENIED;
    }
    if ((st.st_mode & 077) != 0 && fchmod(fd, 0600)) {
        return WR_E_IO;
    }
    return WR_OK;
}

static int open_checked(const char *path, int flags, int *ret_fd)
{
    const int safe = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = open(path, O_RDWR | safe | flags, 0600);
    int err, saved;

    if (fd < 0 && errno == EROFS) {
        fd = open(path, O_RDONLY | safe);
        errno = fd < 0 ? EROFS : errno;
    }
    if (fd < 0) {
        return code_of(errno);
    }
    err = check_open(fd);
    if (err) {
        saved = errno;
        close(fd);
        errno = saved;
        return err;
    }
    *ret_fd = fd;
    return WR_OK;
}

int wr_keepfile_open(const char *path, bool create, int *ret_fd)
{
    return open_checked(path, create ? O_CREAT : 0, ret_fd);
}

bool wr_keepfile_is_read_only(int fd)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

int wr_keepfile_lock(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return WR_OK;
    }
    return errno == EWOULDBLOCK ? WR_E_BUSY : WR_E_IO;
}

static int read_all(int fd, uint8_t *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, bytes + done, size - done, (off_t)done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return WR_E_IO;
        }
        done += (size_t)n;
    }
    return WR_OK;
}

int wr_keepfile_read(int fd, size_t max, uint8_t **ret_bytes, size_t *ret_size)
{
    struct stat st;
    uint8_t *bytes;
    int err;

    if (fstat(fd, &st)) {
        return WR_E_IO;
    }
    if (st.st_size < 0 || (uint64_t)st.st_size > max) {
        errno = EFBIG;
        return WR_E_LIMIT;
    }
    bytes = malloc((size_t)st.st_size + 1);
    if (!bytes) {
        return WR_E_NOMEM;
    }
    err = read_all(fd, bytes, (size_t)st.st_size);
    if (err) {
        free(bytes);
        return err;
    }
    *ret_bytes = bytes;
    *ret_size = (size_t)st.st_size;
    return WR_OK;
}

int wr_keepfile_append(int fd, uint64_t at, const void *bytes, size_t size, size_t *ret_written)
{
    size_t done = 0;
    int saved;

    while (done < size) {
        ssize_t n = pwrite(fd, (const uint8_t *)bytes + done, size - done, (off_t)(at + done));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        done += (size_t)n;
    }
    if (ret_written) {
        *ret_written = done;
    }
    if (done == size && fdatasync(fd) == 0) {
        return WR_OK;
    }
    saved = errno;
    if (ftruncate(fd, (off_t)at)) {
        /* The next append is at the same place and writes over it. */
    }
    errno = saved;
    return WR_E_IO;
}

int wr_keepfile_sync_dir(const char *path)
{
    char dir[WR_KEEPFILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int fd, err;

    snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return code_of(errno);
    }
    err = fsync(fd) ? WR_E_IO : WR_OK;
    close(fd);
    return err;
}

int wr_keepfile_replace(const char *from, const char *to)
{
    return rename(from, to) ? code_of(errno) : wr_keepfile_sync_dir(to);
}

int wr_keepfile_aside(const char *path)
{
    char bad[WR_KEEPFILE_PATH_MAX];

    snprintf(bad, sizeof(bad), "%s.bad", path);
    return wr_keepfile_replace(path, bad);
}

/* Under the lock: an empty file gets its octets, anything but 16 is no key. */
static int fill_key(int fd, const char *path, uint8_t octets[KEY_SIZE])
{
    struct stat st;

    if (fstat(fd, &st)) {
        return WR_E_IO;
    }
    if (st.st_size == KEY_SIZE) {
        return read_all(fd, octets, KEY_SIZE);
    }
    if (st.st_size != 0) {
        return WR_E_FORMAT;
    }
    if (getrandom(octets, KEY_SIZE, 0) != KEY_SIZE) {
        return WR_E_IO;
    }
    if (wr_keepfile_append(fd, 0, octets, KEY_SIZE, NULL)) {
        return WR_E_IO;
    }
    return wr_keepfile_sync_dir(path);
}

int wr_keepfile_key(const char *path, int *ret_fd, struct wr_hash_key *ret_key)
{
    char name[WR_KEEPFILE_PATH_MAX];
    uint8_t octets[KEY_SIZE];
    int fd = -1, err, saved;

    snprintf(name, sizeof(name), "%s.key", path);
    err = open_checked(name, O_CREAT, &fd);
    if (err) {
        return err;
    }
    err = wr_keepfile_lock(fd);
    err = err ? err : fill_key(fd, name, octets);
    if (err == WR_E_FORMAT && wr_keepfile_aside(name) == WR_OK) {
        close(fd);
        return wr_keepfile_key(path, ret_fd, ret_key); /* it is gone now: once only */
    }
    if (err) {
        saved = errno;
        close(fd);
        errno = saved;
        return err;
    }
    memcpy(ret_key->k, octets, KEY_SIZE);
    *ret_fd = fd;
    return WR_OK;
}

void wr_keepfile_boot(uint8_t ret_boot[16])
{
    char text[64] = "", hex[32];
    size_t n = 0, got = 0;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0) {
        close(fd);
    }
    for (ssize_t i = 0; i < size && n < sizeof(hex); i++) {
        if (text[i] != '-') {
            hex[n++] = text[i];
        }
    }
    if (n != sizeof(hex) || wr_enc_from_hex(hex, n, ret_boot, 16, &got) || got != 16) {
        if (getrandom(ret_boot, 16, 0) != 16) {
            memset(ret_boot, 0xff, 16);
        }
    }
}
