/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/frame.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

enum { LENGTH_SIZE = 2, MESSAGE_MIN = 12 };

static size_t frame_length(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* Octets of the frame in room, length included; valid once its length is there. */
static size_t frame_total(const struct wr_frame *f)
{
    return LENGTH_SIZE + frame_length(f->room);
}

static bool frame_whole(const struct wr_frame *f)
{
    return f->have >= LENGTH_SIZE && f->have == frame_total(f);
}

static int frame_check(struct wr_frame *f, size_t length)
{
    if (length < MESSAGE_MIN) {
        f->err = WR_E_FORMAT;
    } else if (length > f->cap - LENGTH_SIZE) {
        f->err = WR_E_LIMIT;
    }
    return f->err;
}

/* Moves input into room until `want` octets are there; false when the input ends before. */
static bool frame_gather(struct wr_frame *f, size_t want)
{
    size_t n = want > f->have ? want - f->have : 0;

    if (n > f->in_size) {
        n = f->in_size;
    }
    if (n > 0) {
        memcpy(f->room + f->have, f->in, n);
        f->have += n;
        f->in += n;
        f->in_size -= n;
    }
    return f->have >= want;
}

void wr_frame_init(struct wr_frame *f, void *room, size_t cap)
{
    wr_assert(cap >= LENGTH_SIZE + MESSAGE_MIN);
    *f = (struct wr_frame){.room = room, .cap = cap};
}

void wr_frame_feed(struct wr_frame *f, const uint8_t *bytes, size_t size)
{
    wr_assert(f->in_size == 0 || f->err != WR_OK);
    f->in = bytes;
    f->in_size = size;
}

static int frame_from_room(struct wr_frame *f, const uint8_t **ret_msg, size_t *ret_size)
{
    if (!frame_gather(f, LENGTH_SIZE)) {
        return WR_E_AGAIN;
    }
    if (frame_check(f, frame_length(f->room)) != WR_OK) {
        return f->err;
    }
    if (!frame_gather(f, frame_total(f))) {
        return WR_E_AGAIN;
    }
    *ret_msg = f->room + LENGTH_SIZE;
    *ret_size = f->have - LENGTH_SIZE;
    return WR_OK;
}

int wr_frame_next(struct wr_frame *f, const uint8_t **ret_msg, size_t *ret_size)
{
    if (f->err != WR_OK) {
        return f->err;
    }
    if (frame_whole(f)) {
        f->have = 0; /* it was given out by the call before */
    }
    if (f->have == 0 && f->in_size >= LENGTH_SIZE) {
        size_t length = frame_length(f->in);

        if (frame_check(f, length) != WR_OK) {
            return f->err;
        }
        if (f->in_size >= LENGTH_SIZE + length) {
            *ret_msg = f->in + LENGTH_SIZE;
            *ret_size = length;
            f->in += LENGTH_SIZE + length;
            f->in_size -= LENGTH_SIZE + length;
            return WR_OK;
        }
    }
    return frame_from_room(f, ret_msg, ret_size);
}

int wr_frame_partial(const struct wr_frame *f)
{
    return f->err == WR_OK && f->have > 0 && !frame_whole(f);
}
