/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/logread.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/logsegment.h"

struct wr_logread {
    struct wr_logread_want want;
    int folder_fd, fd; /* fd -1: between two segments */
    struct wr_logfolder folder;
    uint32_t index;     /* of the segment that is open, or comes next */
    uint64_t number;    /* of the segment that is open or was last */
    uint64_t lowest;    /* the first that is there */
    uint64_t kept_from; /* the first that was kept when the last one was begun */
    uint64_t at, end;   /* octets in it */
    bool any;           /* a segment was read: the chain has begun */
    bool broken;
    uint8_t hash[WR_LOGBLOCK_HASH];
    struct wr_logread_sum sum;
    struct wr_logblock_reader *block;
    bool open; /* there is a block whose events are wanted */
    char trouble[200];
    uint8_t payload[WR_LOGSEGMENT_PAYLOAD_MAX];
};

int wr_logread_open(const char *folder, const struct wr_logread_want *want,
                    struct wr_logread **ret_read)
{
    struct wr_logread *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        return WR_E_NOMEM;
    }
    r->want = *want;
    r->folder_fd = r->fd = -1;
    int err = wr_logfolder_open(folder, false, &r->folder_fd);
    if (err == WR_OK) {
        err = wr_logfolder_list(r->folder_fd, &r->folder);
    }
    if (err == WR_OK) {
        err = wr_logblock_reader_create(&r->block);
    }
    if (err != WR_OK) {
        wr_logread_close(r);
        return err;
    }
    *ret_read = r;
    return WR_OK;
}

void wr_logread_close(struct wr_logread *r)
{
    if (r == NULL) {
        return;
    }
    if (r->fd >= 0) {
        close(r->fd);
    }
    if (r->folder_fd >= 0) {
        close(r->folder_fd);
    }
    wr_logblock_reader_destroy(r->block);
    free(r);
}

static int trouble(struct wr_logread *r, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int trouble(struct wr_logread *r, int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->trouble, sizeof(r->trouble), format, args);
    va_end(args);
    r->sum.bad++;
    r->broken = r->want.verify;
    return r->broken ? err : WR_E_AGAIN;
}

/* The segment at `index`, held against the one before. */
static int begin_segment(struct wr_logread *r)
{
    struct wr_logsegment_start start;
    uint64_t number = r->folder.number[r->index];
    bool follows = r->any && number == r->number + 1;
    if (r->want.verify && r->any && !follows) {
        return trouble(r, WR_E_CHECKSUM, "between segments %llu and %llu others are missing",
                       (unsigned long long)r->number, (unsigned long long)number);
    }
    int err = wr_logsegment_read_open(r->folder_fd, number, &r->fd, &r->end, &start);
    if (err != WR_OK) {
        r->fd = -1;
        r->index++;
        return err == WR_E_NOTFOUND && !r->any /* it has just been removed */
                   ? WR_E_AGAIN
                   : trouble(r, WR_E_FORMAT, "segment %llu cannot be read: %s",
                             (unsigned long long)number,
                             err == WR_E_FORMAT ? "its head is none" : wr_err_name(err));
    }
    if (r->want.verify && follows && memcmp(start.prev, r->hash, sizeof(r->hash)) != 0) {
        return trouble(r, WR_E_CHECKSUM,
                       "segment %llu does not follow what stands at the end of the one before",
                       (unsigned long long)number);
    }
    r->number = number;
    r->lowest = r->any ? r->lowest : number;
    r->kept_from = start.lowest;
    r->at = WR_LOGSEGMENT_HEAD;
    r->any = true;
    r->sum.segments++;
    memcpy(r->hash, start.hash, sizeof(r->hash));
    return WR_OK;
}

static void end_segment(struct wr_logread *r)
{
    close(r->fd);
    r->fd = -1;
    r->index++;
}

/* Is there one behind the segment that is read? The folder is looked at again when it was the last. */
static bool has_next(struct wr_logread *r)
{
    if (r->index + 1 < r->folder.segments) {
        return true;
    }
    uint64_t number = r->folder.segments > 0 ? r->folder.number[r->index] : 0;
    if (wr_logfolder_list(r->folder_fd, &r->folder) != WR_OK) {
        return false;
    }
    for (r->index = 0; r->index < r->folder.segments && r->folder.number[r->index] < number;) {
        r->index++;
    }
    return r->index + 1 < r->folder.segments;
}

/* What stands behind the last whole block: nothing, a block in the middle of being written, or trouble. */
static int at_end(struct wr_logread *r, bool tail)
{
    uint64_t end = 0;
    struct wr_logsegment_start start;
    int fd = -1;
    bool next = has_next(r);
    if (wr_logsegment_read_open(r->folder_fd, r->number, &fd, &end, &start) == WR_OK) {
        close(fd);
        if (end > r->end) { /* it grew */
            r->end = end;
            return WR_E_AGAIN;
        }
    }
    if (!next && r->want.verify && r->kept_from < r->lowest) {
        return trouble(r, WR_E_CHECKSUM, "segments %llu to %llu were kept, and are missing",
                       (unsigned long long)r->kept_from, (unsigned long long)r->lowest - 1);
    }
    if (!next) {
        r->sum.unfinished = tail ? r->end - r->at : 0;
        return WR_E_NOTFOUND;
    }
    uint64_t number = r->number, at = r->at;
    end_segment(r);
    return tail ? trouble(r, WR_E_FORMAT, "segment %llu breaks off at octet %llu",
                          (unsigned long long)number, (unsigned long long)at)
                : WR_E_AGAIN;
}

static bool is_wanted(const struct wr_logread *r, const struct wr_logblock_head *head)
{
    return head->last > r->want.after && head->to_s >= r->want.since &&
           head->from_s <= r->want.until;
}

static void count(struct wr_logread *r, const struct wr_logblock_head *head)
{
    struct wr_logread_sum *s = &r->sum;
    s->first = s->blocks == 0 ? head->first : s->first;
    s->from_s = s->blocks == 0 || head->from_s < s->from_s ? head->from_s : s->from_s;
    s->to_s = s->blocks == 0 || head->to_s > s->to_s ? head->to_s : s->to_s;
    s->last = head->last;
    s->blocks++;
    s->events += head->events;
    s->octets += WR_LOGBLOCK_HEAD + (uint64_t)head->size;
}

static int read_block(struct wr_logread *r)
{
    uint8_t bytes[WR_LOGBLOCK_HEAD];
    struct wr_logblock_head head;
    int err = wr_logsegment_read_head(r->fd, r->at, bytes, &head);
    if (err == WR_OK && r->at + WR_LOGBLOCK_HEAD + head.size > r->end) {
        err = WR_E_SHORT;
    }
    if (err == WR_E_SHORT) {
        return at_end(r, true);
    }
    bool wanted = err == WR_OK && (r->want.verify || is_wanted(r, &head));
    if (wanted) {
        err = wr_logsegment_read_payload(r->fd, r->at, &head, r->payload);
    }
    if (err == WR_OK && r->want.verify) {
        err = wr_logblock_check(bytes, r->payload, r->hash);
    }
    if (err != WR_OK) {
        uint64_t at = r->at;
        if (!r->want.verify) {
            r->at = r->end; /* where the next one begins is not known */
        }
        return trouble(
            r, err == WR_E_CHECKSUM ? err : WR_E_FORMAT, "segment %llu at octet %llu: %s",
            (unsigned long long)r->number, (unsigned long long)at,
            err == WR_E_CHECKSUM ? "this block was altered, or what stood before it is gone"
                                 : "this is no block");
    }
    r->at += WR_LOGBLOCK_HEAD + (uint64_t)head.size;
    memcpy(r->hash, head.hash, sizeof(r->hash));
    count(r, &head);
    r->open = wanted && wr_logblock_open(r->block, &head, r->payload) == WR_OK;
    r->sum.bad += wanted && !r->open;
    return WR_OK;
}

int wr_logread_step(struct wr_logread *r)
{
    int err = WR_E_AGAIN;
    r->open = false;
    if (r->broken) {
        return WR_E_CHECKSUM;
    }
    /* Each turn ends a segment, or sees that it grew. */
    for (uint32_t i = 0; i < WR_LOG_SEGMENTS_MAX && err == WR_E_AGAIN; i++) {
        if (r->fd < 0 && r->index >= r->folder.segments && !has_next(r) &&
            r->index >= r->folder.segments) {
            return WR_E_NOTFOUND;
        }
        err = r->fd < 0 ? begin_segment(r) : WR_OK;
        if (err == WR_OK) {
            err = r->at < r->end ? read_block(r) : at_end(r, false);
        }
    }
    return err == WR_E_AGAIN ? WR_E_NOTFOUND : err;
}

int wr_logread_event(struct wr_logread *r, struct wr_ledger_event *ret_event)
{
    int err = WR_E_NOTFOUND;
    while (r->open && (err = wr_logblock_next(r->block, ret_event)) == WR_OK) {
        const struct wr_record *record = &ret_event->record;
        if (ret_event->number > r->want.after && record->wall_s >= r->want.since &&
            record->wall_s <= r->want.until) {
            return WR_OK;
        }
    }
    r->sum.bad += err == WR_E_FORMAT;
    r->open = false;
    return WR_E_NOTFOUND;
}

const char *wr_logread_trouble(const struct wr_logread *r)
{
    return r->trouble;
}

void wr_logread_sum(const struct wr_logread *r, struct wr_logread_sum *ret_sum)
{
    *ret_sum = r->sum;
}

const uint8_t *wr_logread_head(const struct wr_logread *r)
{
    return r->hash;
}

uint64_t wr_logread_segment(const struct wr_logread *r)
{
    return r->number;
}
