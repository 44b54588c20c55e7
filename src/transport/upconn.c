/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/upconn.h"

#include "base/check.h"
#include "base/err.h"

const char *wr_upconn_state_name(uint8_t state)
{
    static const char *const names[] = {"NEW", "READY", "CLOSING", "OVER"};
    return state < WR_ARRAY_LEN(names) ? names[state] : "?";
}

void wr_upconn_start(struct wr_upconn *c, const struct wr_upconn_setup *setup)
{
    *c = (struct wr_upconn){.kind = setup->kind};
    wr_frame_init(&c->frame, setup->room, 2 + WR_MSG_MAX);
    wr_buf_write_init(&c->out, setup->out, WR_UPCONN_OUT);
}

void wr_upconn_opened(struct wr_upconn *c, uint64_t now_us)
{
    (void)now_us;
    if (c->state == WR_UPCONN_NEW) {
        c->state = WR_UPCONN_READY;
        c->tell_ready = true;
    }
}

void wr_upconn_feed(struct wr_upconn *c, const uint8_t *bytes, size_t size)
{
    if (c->state == WR_UPCONN_READY) {
        wr_frame_feed(&c->frame, bytes, size);
    }
}

static bool ended(struct wr_upconn *c, struct wr_upconn_said *ret_said)
{
    c->state = WR_UPCONN_OVER;
    *ret_said = (struct wr_upconn_said){.kind = WR_UPCONN_SAID_ENDED};
    return true;
}

bool wr_upconn_next(struct wr_upconn *c, const struct wr_now *now, struct wr_upconn_said *ret_said)
{
    const uint8_t *msg;
    size_t size;
    (void)now;
    if (c->state != WR_UPCONN_READY) {
        return false;
    }
    if (c->tell_ready) {
        c->tell_ready = false;
        *ret_said = (struct wr_upconn_said){.kind = WR_UPCONN_SAID_READY};
        return true;
    }
    int err = wr_frame_next(&c->frame, &msg, &size);
    if (err == WR_E_AGAIN) {
        return false;
    }
    if (err != WR_OK) {
        return ended(c, ret_said);
    }
    *ret_said = (struct wr_upconn_said){.kind = WR_UPCONN_SAID_ANSWER, .msg = msg, .size = size};
    return true;
}

bool wr_upconn_can_ask(const struct wr_upconn *c)
{
    return c->state == WR_UPCONN_READY && c->out.cap - c->out.pos >= 2 + WR_UPCONN_ASK_MAX;
}

int wr_upconn_ask(struct wr_upconn *c, const uint8_t *msg, size_t size, uint64_t now_us)
{
    (void)now_us;
    if (size > WR_UPCONN_ASK_MAX) {
        return WR_E_LIMIT;
    }
    if (!wr_upconn_can_ask(c)) {
        return WR_E_AGAIN;
    }
    wr_buf_put_u16(&c->out, (uint16_t)size);
    wr_buf_put_bytes(&c->out, msg, size);
    return c->out.err;
}

size_t wr_upconn_output(struct wr_upconn *c, const uint8_t **ret_bytes)
{
    size_t size = c->out.pos;
    *ret_bytes = c->out.base;
    c->out.pos = 0;
    return size;
}

bool wr_upconn_has_output(const struct wr_upconn *c)
{
    return c->out.pos > 0;
}

bool wr_upconn_partial(const struct wr_upconn *c)
{
    return c->state == WR_UPCONN_READY && wr_frame_partial(&c->frame);
}

void wr_upconn_close(struct wr_upconn *c)
{
    if (c->state < WR_UPCONN_CLOSING) {
        c->state = WR_UPCONN_CLOSING;
    }
}

void wr_upconn_end(struct wr_upconn *c)
{
    c->state = WR_UPCONN_OVER;
    c->out.pos = 0;
}
