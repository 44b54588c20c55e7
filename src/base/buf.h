/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors: a bounded reader and a bounded writer over somebody else's bytes.
 *
 * The error sticks: after the first read past the end (or write past the
 * room) every further call does nothing and gives zeros, so ten reads need one
 * check of `err`. Numbers are in network order. This file and the message
 * reader of dns/ are the only places that turn packet offsets into pointers.
 *
 * Memory: none is owned; a cursor lives no longer than the bytes it looks at.
 */
#ifndef WR_BASE_BUF_H
#define WR_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct wr_reader {
    const uint8_t *base;
    size_t size; /* bytes at base */
    size_t pos;  /* next byte; pos <= size always */
    int err;     /* 0, WR_E_SHORT, or what a user set with wr_buf_fail_reader */
};

struct wr_writer {
    uint8_t *base;
    size_t cap;
    size_t pos; /* bytes written; pos <= cap always */
    int err;    /* 0 or WR_E_FULL */
};

void wr_buf_read_init(struct wr_reader *r, const void *bytes, size_t size);
void wr_buf_write_init(struct wr_writer *w, void *room, size_t cap);

static inline size_t wr_buf_left(const struct wr_reader *r)
{
    return r->size - r->pos;
}

uint8_t wr_buf_get_u8(struct wr_reader *r);
uint16_t wr_buf_get_u16(struct wr_reader *r);
uint32_t wr_buf_get_u32(struct wr_reader *r);
uint64_t wr_buf_get_u64(struct wr_reader *r);
/* Points into the input, or NULL (and the error) when fewer than `n` are left. */
const uint8_t *wr_buf_get_bytes(struct wr_reader *r, size_t n);
void wr_buf_skip(struct wr_reader *r, size_t n);
/* Sets the error, unless one stands already. */
void wr_buf_fail_reader(struct wr_reader *r, int err);
/* Moves to an absolute offset <= size, else WR_E_SHORT. */
void wr_buf_seek(struct wr_reader *r, size_t pos);

void wr_buf_put_u8(struct wr_writer *w, uint8_t v);
void wr_buf_put_u16(struct wr_writer *w, uint16_t v);
void wr_buf_put_u32(struct wr_writer *w, uint32_t v);
void wr_buf_put_u64(struct wr_writer *w, uint64_t v);
void wr_buf_put_bytes(struct wr_writer *w, const void *bytes, size_t n);
/* Room for n octets behind what was written, for the caller to fill; NULL and the error when there is none. */
uint8_t *wr_buf_take(struct wr_writer *w, size_t n);
/* Overwrites two bytes written earlier; `at + 2 <= pos`. */
void wr_buf_patch_u16(struct wr_writer *w, size_t at, uint16_t v);

#endif
