/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/timefile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "serve/keepfile.h"

#define MAGIC     "weir-time 1 "
#define SIZE_MAX_ 64
/* The year 9999: what is later was not written by weir. */
#define LATEST_S UINT64_C(253402300799)

static int parse(const char *text, size_t size, int64_t *ret_seconds)
{
    size_t magic = strlen(MAGIC);
    uint64_t v;

    if (size < magic + 2 || memcmp(text, MAGIC, magic) != 0 || text[size - 1] != '\n' ||
        wr_str_to_u64(text + magic, size - magic - 1, LATEST_S, &v) != WR_OK) {
        return WR_E_FORMAT;
    }
    *ret_seconds = (int64_t)v;
    return WR_OK;
}

int wr_timefile_read(const char *path, int64_t *ret_seconds)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int fd, err = wr_keepfile_open(path, false, &fd);

    if (err != WR_OK) {
        return err;
    }
    err = wr_keepfile_read(fd, SIZE_MAX_, &bytes, &size);
    close(fd);
    if (err == WR_OK) {
        err = parse((const char *)bytes, size, ret_seconds);
    }
    free(bytes);
    if (err == WR_E_FORMAT || err == WR_E_LIMIT) {
        (void)wr_keepfile_aside(path);
    }
    return err;
}

int wr_timefile_write(const char *path, int64_t seconds)
{
    char fresh[WR_KEEPFILE_PATH_MAX + 8], text[SIZE_MAX_];
    int fd;

    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int size = snprintf(text, sizeof(text), MAGIC "%" PRId64 "\n", seconds);
    int err = wr_keepfile_open(fresh, true, &fd);
    if (err != WR_OK) {
        return err;
    }
    err = ftruncate(fd, 0) == 0 ? wr_keepfile_append(fd, 0, text, (size_t)size, NULL) : WR_E_IO;
    close(fd);
    return err == WR_OK ? wr_keepfile_replace(fresh, path) : err;
}
