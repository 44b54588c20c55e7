/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests: the few clients of a small server of libuv's, over TCP or a Unix socket.
 *
 * What the control socket and the metrics server have in common: a connection is taken in, or taken and closed at once
 * when there is no place; one that has said nothing for too long is closed, and one that reads nothing of what is written to it for
 * too long; all are closed with the server. What is
 * said there is the owner's affair: it is given libuv's read callback, with the guest in `data`.
 *
 * When all places are taken a newcomer gets that of the guest that has asked nothing for the longest time; when all have asked, of the one
 * that has read nothing for the longest time, two seconds at least. So who only sits there keeps nobody out.
 *
 * The owner's struct for a client begins with a struct wr_guest and lies in a pool made at the start (zeroed for each
 * client); a guest is named by its id, which means nothing once it is closed. wr_guests lies in the owner's struct for the
 * server, which must stay until `over` was called, when libuv has let go of everything.
 */
#ifndef WR_NET_GUESTS_H
#define WR_NET_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/pool.h"

/* Connections that wait in the kernel. */
#define WR_GUESTS_BACKLOG 16

struct wr_guests;

union wr_guests_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct wr_guest {
    union wr_guests_handle at;
    struct wr_guests *all;
    wr_id id;
    uint64_t since_ms;
    uint64_t order;    /* the how manieth it is */
    uint64_t sent;     /* octets given to be written (wr_guest_sent) */
    uint64_t read;     /* of those, what was gone when it was looked at last */
    uint64_t moved_ms; /* when that had grown, or nothing was to be written */
    bool heard;        /* the owner's: from here on it may be silent */
    bool asked;        /* the owner's: its place is given to another only when it does not read */
    bool closing;
};

struct wr_guests_setup {
    uv_handle_type type;  /* UV_TCP or UV_NAMED_PIPE */
    uint32_t guests;      /* most at a time */
    size_t guest_size;    /* of the owner's struct */
    uint32_t patience_ms; /* to be heard */
    uint32_t write_ms;    /* without reading anything, when something is to be read */
    uv_alloc_cb alloc;
    uv_read_cb read;
    bool (*admit)(struct wr_guest *g); /* it has just come; false: it is closed. May be NULL */
    void (*gone)(struct wr_guest *g);  /* it is being closed, and the server goes on; may be NULL */
    void (*left)(struct wr_guest *g);  /* libuv has let go of it; may be NULL */
    void (*over)(struct wr_guests *s); /* libuv has let go of everything */
};

struct wr_guests {
    struct wr_guests_setup setup;
    union wr_guests_handle at;
    uv_timer_t timer;
    struct wr_pool pool;
    void *block;
    uint32_t living; /* not closing */
    uint64_t came;
    int handles; /* that libuv still has */
    bool closing;
};

/* Takes guests in at a socket that listens or is bound. WR_E_NOMEM: nothing has begun, the descriptor is closed. WR_E_IO: it
 * cannot be listened on (errno); then the guests are closed, and `over` will be called. */
int wr_guests_open(struct wr_guests *s, const struct wr_guests_setup *setup, uv_loop_t *loop,
                   int fd);
/* So many octets were given to uv_write for it. */
void wr_guest_sent(struct wr_guest *g, size_t octets);
/* NULL: gone, or going. */
struct wr_guest *wr_guests_find(const struct wr_guests *s, wr_id id);
void wr_guest_close(struct wr_guest *g); /* more than once is fine */
void wr_guests_close(struct wr_guests *s);

#endif
