/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the listening side: all of it is had at the start, and most is not touched before it is needed. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "net/tcpstate.h"

static void *tcp_map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

int wr_tcp_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

uint32_t wr_tcp_room(uint32_t connections)
{
    uint32_t count = connections < POOL_MAX / 2 ? connections * 2 : POOL_MAX;

    return count < POOL_MIN ? POOL_MIN : count;
}

int wr_tcp_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_net_shared *shared,
                  uint8_t *room, size_t room_size, struct wr_tcp **ret_tcp)
{
    uint32_t count = wr_tcp_room(feed->limits->tcp_connections);
    struct wr_tcp *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return WR_E_NOMEM;
    }
    t->frames_size = (size_t)count * FRAME_ROOM;
    t->frames = tcp_map(t->frames_size);
    t->blocks[0] = malloc(wr_pool_size(sizeof(struct conn), count));
    t->blocks[1] = malloc(wr_heap_size(count));
    t->blocks[2] = malloc(wr_yield_size(count));
    t->scratch = malloc(WR_CONN_SCRATCH);
    t->out_room = malloc(OUT_ROOM);
    if (t->frames == NULL || t->blocks[0] == NULL || t->blocks[1] == NULL || t->blocks[2] == NULL ||
        t->scratch == NULL || t->out_room == NULL) {
        wr_tcp_destroy(t);
        return WR_E_NOMEM;
    }
    wr_pool_init(&t->pool, t->blocks[0], sizeof(struct conn), count);
    wr_heap_init(&t->heap, t->blocks[1], count);
    wr_yield_init(&t->yield, t->blocks[2], count);
    wr_list_init(&t->opening);
    wr_list_init(&t->unread);
    t->loop = loop;
    t->feed = *feed;
    t->shared = shared;
    t->room = room;
    t->room_size = room_size;
    wr_buf_write_init(&t->out, t->out_room, OUT_ROOM);
    t->timer_us = WR_TIME_NEVER;
    t->spare_fd = wr_tcp_spare();
    wr_listener_init(&t->listeners, t);
    uv_timer_init(loop, &t->timer);
    t->timer.data = t;
    *ret_tcp = t;
    return WR_OK;
}

void wr_tcp_destroy(struct wr_tcp *t)
{
    if (t == NULL) {
        return;
    }
    if (t->frames != NULL) {
        munmap(t->frames, t->frames_size);
    }
    free(t->blocks[0]);
    free(t->blocks[1]);
    free(t->blocks[2]);
    wr_tcp_end_oblivious(t);
    free(t->scratch);
    free(t->out_room);
    wr_creds_drop(t->terms.creds);
    if (t->spare_fd > 0) {
        close(t->spare_fd);
    }
    free(t);
}
