/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log segment: one file of the log, blocks behind one another.
 *
 *   <folder>/weir-0000000007.log     64 octets: "WEIRLOG1", the segment's number, the hash of the block before, the second it was begun, the
 *                                    lowest segment that was kept then; behind them blocks (serve/logblock), the first of them
 *                                    chained to SHA-256 of the 64
 *
 * Only the last segment is written, only at its end; numbers ascend by one. When it is opened again, what was never finished at its end
 * is cut off; octets that are whole and wrong are somebody's doing, stay where they are, and a new segment begins.
 *
 * Errors: WR_E_DENIED (not ours, a link, no plain file), WR_E_IO, WR_E_BUSY (another weir has the folder); errno has the system's reason.
 */
#ifndef WR_SERVE_LOGSEGMENT_H
#define WR_SERVE_LOGSEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "serve/logblock.h"

#define WR_LOGSEGMENT_HEAD 64

/* Which segments a folder has. */
struct wr_logfolder {
    uint32_t segments;
    uint64_t number[WR_LOG_SEGMENTS_MAX]; /* ascending */
    uint64_t size[WR_LOG_SEGMENTS_MAX];
    uint64_t octets; /* of all */
};

/* What is no segment is passed over; beyond WR_LOG_SEGMENTS_MAX the highest numbers are told. */
int wr_logfolder_list(int folder_fd, struct wr_logfolder *ret_folder);
/* Opens a folder; `lock`: for writing, and nobody else has it. */
int wr_logfolder_open(const char *path, bool lock, int *ret_fd);
int wr_logfolder_remove(int folder_fd, uint64_t number);

enum wr_logsegment_found {
    WR_LOGSEGMENT_WHOLE,
    WR_LOGSEGMENT_TORN,    /* a last block that was not finished: it has been cut off */
    WR_LOGSEGMENT_ALTERED, /* it cannot be appended to */
};

struct wr_logsegment {
    int fd; /* -1: none */
    uint64_t number, size;
    uint64_t last;                  /* number of the last event in it or before; 0: none known */
    uint8_t hash[WR_LOGBLOCK_HASH]; /* of its last block: what the next one is chained to */
    uint64_t cut;                   /* octets that were cut off when it was opened */
};

/* For appending. Unless it is ALTERED the segment is open afterwards; its last whole block's hash and event are told in any case. */
int wr_logsegment_open(int folder_fd, uint64_t number, struct wr_logsegment *ret_segment,
                       enum wr_logsegment_found *ret_found);
int wr_logsegment_begin(int folder_fd, uint64_t number, uint64_t lowest,
                        const uint8_t prev[WR_LOGBLOCK_HASH], int64_t now_s,
                        struct wr_logsegment *ret_segment);
/* After an error the segment is as it was before. */
int wr_logsegment_append(struct wr_logsegment *s, const uint8_t *block, size_t size,
                         const struct wr_logblock_head *head);
int wr_logsegment_sync(const struct wr_logsegment *s);
void wr_logsegment_close(struct wr_logsegment *s);

/* What the first 64 octets say. */
struct wr_logsegment_start {
    uint64_t number, lowest;
    int64_t begun_s;
    uint8_t prev[WR_LOGBLOCK_HASH];
    uint8_t hash[WR_LOGBLOCK_HASH]; /* of them all */
};
/* For reading: a descriptor and the size. WR_E_FORMAT: no segment of that number; WR_E_NOTFOUND. */
int wr_logsegment_read_open(int folder_fd, uint64_t number, int *ret_fd, uint64_t *ret_size,
                            struct wr_logsegment_start *ret_start);
/* The head at an offset: its octets and what they say. WR_E_SHORT: the file ends before. */
int wr_logsegment_read_head(int fd, uint64_t at, uint8_t ret_bytes[WR_LOGBLOCK_HEAD],
                            struct wr_logblock_head *ret_head);
/* The payload behind a head, into a room of WR_LOGSEGMENT_PAYLOAD_MAX. */
#define WR_LOGSEGMENT_PAYLOAD_MAX (WR_LOGBLOCK_RAW_MAX + 1024)
int wr_logsegment_read_payload(int fd, uint64_t at, const struct wr_logblock_head *head,
                               uint8_t *room);

#endif
