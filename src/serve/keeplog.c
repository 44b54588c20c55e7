/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keeplog.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "serve/keepfile.h"

const char *wr_keeplog_found_text(enum wr_keeplog_found found)
{
    switch (found) {
    case WR_KEEPLOG_NONE: return "is not there";
    case WR_KEEPLOG_WHOLE: return "is whole";
    case WR_KEEPLOG_UNFINISHED: return "has a last checkpoint that was not finished: left out";
    case WR_KEEPLOG_DENIED: return "is no plain file of weir's user";
    case WR_KEEPLOG_FOREIGN: return "is not a kept cache";
    case WR_KEEPLOG_VERSION: return "was written by another version";
    case WR_KEEPLOG_CUT: return "is cut short in its header";
    case WR_KEEPLOG_ALTERED: return "was altered (what is whole in it was read)";
    case WR_KEEPLOG_TOO_LARGE: return "is far larger than a kept cache can be";
    default: return "cannot be read";
    }
}

void wr_keeplog_init(struct wr_keeplog *log)
{
    *log = (struct wr_keeplog){.fd = -1};
}

void wr_keeplog_close(struct wr_keeplog *log)
{
    if (log->fd >= 0) {
        close(log->fd);
    }
    wr_keeplog_init(log);
}

static enum wr_keeplog_found take(struct wr_keeplog *log, const struct wr_hash_key *key,
                                  const uint8_t *bytes, size_t size, wr_keeplog_visit *visit,
                                  void *user)
{
    struct wr_checkpoint_reader r;
    struct wr_checkpoint_record record;
    int err = wr_checkpoint_open(&r, key, bytes, size);

    if (err) {
        return err == WR_E_VERSION ? WR_KEEPLOG_VERSION
               : err == WR_E_SHORT ? WR_KEEPLOG_CUT
                                   : WR_KEEPLOG_FOREIGN;
    }
    while (wr_checkpoint_next(&r, &record) == WR_OK) {
        visit(user, &r, &record);
    }
    /* Nothing true behind a header: of another key, or altered in its first batch. */
    if (r.damaged > 0 || (r.good == WR_CHECKPOINT_FILE_HEADER && size > r.good)) {
        return WR_KEEPLOG_ALTERED;
    }
    log->chain = r.chain;
    log->size = r.good;
    if (r.good < size && ftruncate(log->fd, (off_t)r.good)) {
        return WR_KEEPLOG_UNREADABLE;
    }
    return r.good < size ? WR_KEEPLOG_UNFINISHED : WR_KEEPLOG_WHOLE;
}

enum wr_keeplog_found wr_keeplog_load(struct wr_keeplog *log, const char *path,
                                      const struct wr_hash_key *key, wr_keeplog_visit *visit,
                                      void *user)
{
    enum wr_keeplog_found found;
    uint8_t *bytes;
    size_t size;
    int err = wr_keepfile_open(path, false, &log->fd);

    if (err) {
        wr_keeplog_init(log);
        return err == WR_E_NOTFOUND ? WR_KEEPLOG_NONE
               : err == WR_E_DENIED ? WR_KEEPLOG_DENIED
                                    : WR_KEEPLOG_UNREADABLE;
    }
    err = wr_keepfile_read(log->fd, WR_KEEP_FILE_MAX, &bytes, &size);
    if (err == WR_OK) {
        found = take(log, key, bytes, size, visit, user);
        free(bytes);
    } else {
        found = err == WR_E_LIMIT ? WR_KEEPLOG_TOO_LARGE : WR_KEEPLOG_UNREADABLE;
    }
    if (found > WR_KEEPLOG_UNFINISHED) {
        int saved = errno;

        wr_keeplog_close(log);
        errno = saved;
    }
    return found;
}

int wr_keeplog_begin(struct wr_keeplog *log, const char *path, const struct wr_hash_key *key)
{
    uint8_t header[WR_CHECKPOINT_FILE_HEADER], id[WR_CHECKPOINT_ID_SIZE];
    int err, saved;

    wr_keeplog_close(log);
    err = wr_keepfile_open(path, true, &log->fd);
    if (err) {
        log->fd = -1;
        return err;
    }
    if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id) || ftruncate(log->fd, 0)) {
        err = WR_E_IO;
    }
    wr_checkpoint_file(&log->chain, key, id, header);
    err = err ? err : wr_keepfile_append(log->fd, 0, header, sizeof(header), NULL);
    err = err ? err : wr_keepfile_sync_dir(path);
    log->size = sizeof(header);
    if (err) {
        saved = errno;
        wr_keeplog_close(log);
        errno = saved;
    }
    return err;
}

int wr_keeplog_append(struct wr_keeplog *log, struct wr_checkpoint_batch *batch,
                      const struct wr_checkpoint_clock *clock, uint64_t *ret_bytes)
{
    struct wr_checkpoint_chain before = log->chain;
    struct stat st;
    size_t size, written;
    int err;

    *ret_bytes = 0;
    if (fstat(log->fd, &st) == 0 && st.st_nlink == 0) {
        wr_keeplog_close(log);
        errno = ENOENT;
        return WR_E_STALE;
    }
    size = wr_checkpoint_finish(batch, &log->chain, clock);
    err = wr_keepfile_append(log->fd, log->size, batch->w.base, size, &written);
    *ret_bytes = written;
    if (err) {
        log->chain = before;
        return WR_E_IO;
    }
    log->size += size;
    return WR_OK;
}
