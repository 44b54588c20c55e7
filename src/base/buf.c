/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"

void wr_buf_read_init(struct wr_reader *r, const void *bytes, size_t size)
{
    *r = (struct wr_reader){.base = bytes, .size = size};
}

void wr_buf_write_init(struct wr_writer *w, void *room, size_t cap)
{
    *w = (struct wr_writer){.base = room, .cap = cap};
}

void wr_buf_fail_reader(struct wr_reader *r, int err)
{
    if (!r->err) {
        r->err = err;
    }
}

const uint8_t *wr_buf_get_bytes(struct wr_reader *r, size_t n)
{
    const uint8_t *at;

    if (r->err) {
        return NULL;
    }
    if (n > r->size - r->pos) {
        r->err = WR_E_SHORT;
        return NULL;
    }
    at = r->base + r->pos;
    r->pos += n;
    return at;
}

uint8_t wr_buf_get_u8(struct wr_reader *r)
{
    const uint8_t *p = wr_buf_get_bytes(r, 1);

    return p ? p[0] : 0;
}

uint16_t wr_buf_get_u16(struct wr_reader *r)
{
    const uint8_t *p = wr_buf_get_bytes(r, 2);

    return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t wr_buf_get_u32(struct wr_reader *r)
{
    const uint8_t *p = wr_buf_get_bytes(r, 4);

    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

uint64_t wr_buf_get_u64(struct wr_reader *r)
{
    const uint8_t *p = wr_buf_get_bytes(r, 8);
    uint64_t v = 0;

    for (unsigned i = 0; p && i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

void wr_buf_skip(struct wr_reader *r, size_t n)
{
    (void)wr_buf_get_bytes(r, n);
}

void wr_buf_seek(struct wr_reader *r, size_t pos)
{
    if (r->err) {
        return;
    }
    if (pos > r->size) {
        r->err = WR_E_SHORT;
        return;
    }
    r->pos = pos;
}

uint8_t *wr_buf_take(struct wr_writer *w, size_t n)
{
    uint8_t *at;

    if (w->err) {
        return NULL;
    }
    if (n > w->cap - w->pos) {
        w->err = WR_E_FULL;
        return NULL;
    }
    at = w->base + w->pos;
    w->pos += n;
    return at;
}

void wr_buf_put_u8(struct wr_writer *w, uint8_t v)
{
    uint8_t *p = wr_buf_take(w, 1);

    if (p) {
        p[0] = v;
    }
}

void wr_buf_put_u16(struct wr_writer *w, uint16_t v)
{
    uint8_t *p = wr_buf_take(w, 2);

    if (p) {
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
    }
}

void wr_buf_put_u32(struct wr_writer *w, uint32_t v)
{
    uint8_t *p = wr_buf_take(w, 4);

    if (p) {
        p[0] = (uint8_t)(v >> 24);
        p[1] = (uint8_t)(v >> 16);
        p[2] = (uint8_t)(v >> 8);
        p[3] = (uint8_t)v;
    }
}

void wr_buf_put_u64(struct wr_writer *w, uint64_t v)
{
    uint8_t *p = wr_buf_take(w, 8);

    for (unsigned i = 0; p && i < 8; i++) {
        p[i] = (uint8_t)(v >> (56 - 8 * i));
    }
}

void wr_buf_put_bytes(struct wr_writer *w, const void *bytes, size_t n)
{
    uint8_t *p = wr_buf_take(w, n);

    if (p && n) {
        memcpy(p, bytes, n);
    }
}

void wr_buf_patch_u16(struct wr_writer *w, size_t at, uint16_t v)
{
    wr_assert(w->pos >= 2 && at <= w->pos - 2);
    w->base[at] = (uint8_t)(v >> 8);
    w->base[at + 1] = (uint8_t)v;
}
