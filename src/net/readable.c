/* SPDX-License-Identifier: Apache-2.0 */
#include "net/readable.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct wr_readable *r = poll->data;

    (void)events;
    r->hook(r);
    if (status < 0) { /* libuv has stopped to poll */
        uv_poll_start(poll, UV_READABLE, on_poll);
    }
}

int wr_readable_open(uv_loop_t *loop, int fd, size_t size, wr_readable_hook *hook,
                     struct wr_readable **ret_readable)
{
    struct wr_readable *r = calloc(1, size);
    int err = r == NULL ? WR_E_NOMEM : WR_OK;

    if (err == WR_OK && uv_poll_init(loop, &r->poll, fd) != 0) {
        err = WR_E_IO;
    }
    if (err != WR_OK) {
        close(fd);
        free(r);
        return err;
    }
    r->fd = fd;
    r->hook = hook;
    r->poll.data = r;
    uv_poll_start(&r->poll, UV_READABLE, on_poll);
    *ret_readable = r;
    return WR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void wr_readable_close(struct wr_readable *r)
{
    if (r != NULL) {
        uv_poll_stop(&r->poll);
        uv_close((uv_handle_t *)&r->poll, on_closed);
        close(r->fd);
    }
}
