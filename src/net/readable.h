/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readable: a descriptor that is read whenever it has something, until it is closed.
 *
 *     wr_readable_open(loop, fd, sizeof(struct thing), on_readable, &r)     thing = WR_CONTAINER(r, struct thing, readable)
 *     wr_readable_close(&thing->readable)
 *
 * A struct of the caller's begins with it and lives as long: made here, zeroed, and freed when the loop has let go of the descriptor.
 * The hook reads at most so many messages a turn as its owner names; what is left is there in the next turn. An error of
 * the descriptor ends nothing: it is read, which takes the error from it, and listened to again.
 */
#ifndef WR_NET_READABLE_H
#define WR_NET_READABLE_H

#include <stddef.h>
#include <uv.h>

struct wr_readable;
typedef void wr_readable_hook(struct wr_readable *r);

struct wr_readable {
    uv_poll_t poll;
    wr_readable_hook *hook;
    int fd;
};

/* `size` octets are made, at whose beginning a wr_readable stands. The descriptor is theirs from here on, and is closed when this fails:
 * WR_E_NOMEM, WR_E_IO. */
int wr_readable_open(uv_loop_t *loop, int fd, size_t size, wr_readable_hook *hook,
                     struct wr_readable **ret_readable);
/* NULL is allowed. */
void wr_readable_close(struct wr_readable *r);

#endif
