/* SPDX-License-Identifier: Apache-2.0 */
#include "net/guests.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

/* How often it is looked at who is silent; how long somebody may read nothing before others have his place. */
enum { CHECK_MS = 1000, STALL_MS = 2000 };
/* Places in the pool for each guest: one that is closing keeps its own until libuv has let go of it. */
enum { PLACES_A_GUEST = 2 };

static void release(struct wr_guests *s)
{
    if (--s->handles == 0) {
        free(s->block);
        s->setup.over(s);
    }
}

static void guest_on_close(uv_handle_t *handle)
{
    struct wr_guest *g = handle->data;
    struct wr_guests *s = g->all;

    if (s->setup.left != NULL) {
        s->setup.left(g);
    }
    wr_pool_give(&s->pool, g->id);
    release(s);
}

void wr_guest_close(struct wr_guest *g)
{
    struct wr_guests *s = g->all;

    if (g->closing) {
        return;
    }
    g->closing = true;
    s->living--;
    uv_close(&g->at.handle, guest_on_close);
    if (s->setup.gone != NULL && !s->closing) {
        s->setup.gone(g);
    }
}

struct wr_guest *wr_guests_find(const struct wr_guests *s, wr_id id)
{
    struct wr_guest *g = wr_pool_get(&s->pool, id);

    return g != NULL && !g->closing ? g : NULL;
}

void wr_guest_sent(struct wr_guest *g, size_t octets)
{
    g->sent += octets;
}

/* Looks whether it has read something. */
static void look_at_reading(struct wr_guest *g, uint64_t now_ms)
{
    size_t queued = uv_stream_get_write_queue_size(&g->at.stream);

    if (queued == 0 || g->sent - queued != g->read) {
        g->read = g->sent - queued;
        g->moved_ms = now_ms;
    }
}

/* Closes guests that have said nothing, or read nothing, in time; stops when there is none. */
static void on_timer(uv_timer_t *timer)
{
    struct wr_guests *s = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    wr_id id;

    for (uint32_t i = 0; i < s->pool.count; i++) {
        struct wr_guest *g = wr_pool_at(&s->pool, i, &id);

        if (g == NULL || g->closing) {
            continue;
        }
        look_at_reading(g, now_ms);
        if ((!g->heard && now_ms - g->since_ms >= s->setup.patience_ms) ||
            now_ms - g->moved_ms >= s->setup.write_ms) {
            wr_guest_close(g);
        }
    }
    if (s->living == 0) {
        uv_timer_stop(timer);
    }
}

/* It has asked nothing, and nothing of it waits in the kernel to be read in this turn. */
static bool is_silent(const struct wr_guest *g)
{
    uv_os_fd_t fd;
    char octet;

    return !g->asked && (uv_fileno(&g->at.handle, &fd) != 0 ||
                         recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) <= 0);
}

/* Has `g` less right to its place than `other` (NULL: nobody)? */
static bool yields_before(const struct wr_guest *g, const struct wr_guest *other)
{
    if (other == NULL || g->asked != other->asked) {
        return other == NULL || !g->asked;
    }
    return g->asked ? g->moved_ms < other->moved_ms : g->order < other->order;
}

/* Makes a place. False: nobody is to be sent away. */
static bool make_place(struct wr_guests *s, uint64_t now_ms)
{
    struct wr_guest *first = NULL;
    wr_id id;

    for (uint32_t i = 0; i < s->pool.count; i++) {
        struct wr_guest *g = wr_pool_at(&s->pool, i, &id);

        if (g == NULL || g->closing) {
            continue;
        }
        look_at_reading(g, now_ms);
        if ((is_silent(g) || (g->asked && now_ms - g->moved_ms >= STALL_MS)) &&
            yields_before(g, first)) {
            first = g;
        }
    }
    if (first != NULL) {
        wr_guest_close(first);
    }
    return first != NULL;
}

static void handle_init(uv_loop_t *loop, uv_handle_type type, union wr_guests_handle *h)
{
    if (type == UV_TCP) {
        uv_tcp_init(loop, &h->tcp);
    } else {
        uv_pipe_init(loop, &h->pipe, 0);
    }
}

static void refused_on_close(uv_handle_t *handle)
{
    free(handle);
}

/* No place left: the connection is taken and closed, so that it does not wait in vain. */
static void refuse(uv_stream_t *listener)
{
    union wr_guests_handle *h = malloc(sizeof(*h));

    if (h == NULL) {
        return;
    }
    handle_init(listener->loop, listener->type, h);
    uv_accept(listener, &h->stream);
    uv_close(&h->handle, refused_on_close);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct wr_guests *s = listener->data;
    uint64_t now_ms = uv_now(listener->loop);
    struct wr_guest *g = NULL;
    wr_id id;

    if (status < 0) {
        return;
    }
    if (s->living < s->setup.guests || make_place(s, now_ms)) {
        g = wr_pool_take(&s->pool, &id);
    }
    if (g == NULL) {
        refuse(listener);
        return;
    }
    g->all = s;
    g->id = id;
    g->since_ms = g->moved_ms = now_ms;
    g->order = s->came++;
    s->living++;
    handle_init(listener->loop, listener->type, &g->at);
    g->at.handle.data = g;
    s->handles++;
    if (uv_accept(listener, &g->at.stream) != 0 || (s->setup.admit != NULL && !s->setup.admit(g)) ||
        uv_read_start(&g->at.stream, s->setup.alloc, s->setup.read) != 0) {
        wr_guest_close(g);
        return;
    }
    if (!uv_is_active((uv_handle_t *)&s->timer)) {
        uv_timer_start(&s->timer, on_timer, CHECK_MS, CHECK_MS);
    }
}

int wr_guests_open(struct wr_guests *s, const struct wr_guests_setup *setup, uv_loop_t *loop,
                   int fd)
{
    int err;

    signal(SIGPIPE, SIG_IGN); /* libuv writes to guests that may be gone */
    *s = (struct wr_guests){.setup = *setup, .handles = 2};
    s->block = malloc(wr_pool_size(setup->guest_size, setup->guests * PLACES_A_GUEST));
    if (s->block == NULL) {
        close(fd);
        return WR_E_NOMEM;
    }
    wr_pool_init(&s->pool, s->block, setup->guest_size, setup->guests * PLACES_A_GUEST);
    handle_init(loop, setup->type, &s->at);
    uv_timer_init(loop, &s->timer);
    s->at.handle.data = s->timer.data = s;
    err = setup->type == UV_TCP ? uv_tcp_open(&s->at.tcp, fd) : uv_pipe_open(&s->at.pipe, fd);
    if (err != 0 || (err = uv_listen(&s->at.stream, WR_GUESTS_BACKLOG, on_connection)) != 0) {
        wr_guests_close(s);
        errno = -err;
        return WR_E_IO;
    }
    return WR_OK;
}

static void server_on_close(uv_handle_t *handle)
{
    release(handle->data);
}

void wr_guests_close(struct wr_guests *s)
{
    wr_id id;

    if (s->closing) {
        return;
    }
    s->closing = true;
    for (uint32_t i = 0; i < s->pool.count; i++) {
        struct wr_guest *g = wr_pool_at(&s->pool, i, &id);

        if (g != NULL) {
            wr_guest_close(g);
        }
    }
    uv_close(&s->at.handle, server_on_close);
    uv_close((uv_handle_t *)&s->timer, server_on_close);
}
