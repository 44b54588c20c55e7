/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "policy/hairpin.h"

void wr_listener_init(struct wr_listener_row *row, void *owner)
{
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        row->at[i] = (struct wr_listener){.owner = owner, .fd = -1, .number = i};
    }
}

int wr_listener_may_add(const struct wr_listener_row *row, uint16_t number)
{
    if (number >= WR_NET_LISTENERS_MAX) {
        return WR_E_RANGE;
    }
    return row->at[number].fd >= 0 || row->at[number].closing ? WR_E_EXISTS : WR_OK;
}

int wr_listener_add(struct wr_listener_row *row, uv_loop_t *loop, uint16_t number, int fd,
                    const struct wr_addr *addr, uv_poll_cb on_poll)
{
    struct wr_listener *l;
    int err = wr_listener_may_add(row, number);

    if (err != WR_OK) {
        return err;
    }
    l = &row->at[number];
    if (uv_poll_init(loop, &l->poll, fd) != 0) {
        return WR_E_IO;
    }
    l->poll.data = l;
    l->on_poll = on_poll;
    l->addr = *addr;
    l->foreign = wr_hairpin_is(addr);
    l->wildcard = l->informed = l->foreign || wr_addr_is_any(addr); /* as the socket was made */
    l->fd = fd;
    if (uv_poll_start(&l->poll, UV_READABLE, on_poll) != 0) {
        wr_listener_remove(l);
        return WR_E_IO;
    }
    return WR_OK;
}

struct wr_listener *wr_listener_get(struct wr_listener_row *row, uint16_t number)
{
    return number < WR_NET_LISTENERS_MAX && row->at[number].fd >= 0 ? &row->at[number] : NULL;
}

struct wr_listener *wr_listener_of(uv_poll_t *poll, int status)
{
    struct wr_listener *l = poll->data;

    if (status < 0) {
        uv_poll_start(poll, UV_READABLE, l->on_poll);
    }
    return l;
}

void wr_listener_inform(struct wr_listener_row *row)
{
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        struct wr_listener *l = &row->at[i];

        if (l->fd >= 0 && !l->informed) {
            l->informed = wr_sock_ask_info(l->fd, l->addr.family);
        }
    }
}

static void on_close(uv_handle_t *handle)
{
    struct wr_listener *l = handle->data;

    l->closing = false;
}

void wr_listener_remove(struct wr_listener *l)
{
    uv_poll_stop(&l->poll);
    uv_close((uv_handle_t *)&l->poll, on_close); /* before the number may be another's */
    close(l->fd);
    l->fd = -1;
    l->closing = true;
}
