/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep live: the cache block as a file on tmpfs, so that it outlives the process but never touches flash.
 *
 * The file is one page of header (magic, version, size, boot, mark of the anchors) and the block, mapped shared: what a worker stored is
 * in it at once, so kill -9 loses only what was being written at that moment. It counts only in the same boot and
 * format, because then the monotonic clock went on, and by the same anchors, because verdicts are in it. Its memory is reserved at once, so that a full tmpfs is an
 * error here and not a SIGBUS later. It is locked: two weirs never share one.
 *
 * Errors: as keepfile.h, and WR_E_UNSUPPORTED: the path is not on tmpfs.
 */
#ifndef WR_SERVE_KEEPLIVE_H
#define WR_SERVE_KEEPLIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_KEEPLIVE_HEADER_SIZE 4096

struct wr_keeplive {
    int fd; /* -1: plain memory */
    uint8_t *map;
    size_t map_size;
    void *block;
    size_t size;
};

/* `ret_same`: what is in the block was left by a weir of this boot, format and anchors (dnssec/anchordiff). */
int wr_keeplive_open(const char *path, size_t size, const uint8_t boot[16], uint64_t anchors,
                     struct wr_keeplive *ret_live, bool *ret_same);
/* Plain memory of that size instead. */
int wr_keeplive_plain(size_t size, struct wr_keeplive *ret_live);
/* Other anchors are in force. */
void wr_keeplive_mark(struct wr_keeplive *live, uint64_t anchors);
void wr_keeplive_close(struct wr_keeplive *live);

#endif
