/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define PAUSE_MS    20
#define INTERVAL_MS 100

struct folder {
    uv_fs_event_t event;
    struct wr_watch *watch;
    bool wanted;
    char path[1100];
};

struct wr_watch {
    uv_timer_t timer;
    uv_loop_t *loop;
    void (*hook)(void *user);
    void *user;
    uint64_t last_ms; /* of the last call */
    struct folder *folder[WR_WATCH_FOLDERS_MAX];
    unsigned open; /* handles that are not closed yet, the timer included */
    bool closing;
};

static void rang(uv_timer_t *timer)
{
    struct wr_watch *w = timer->data;
    w->last_ms = uv_now(w->loop);
    w->hook(w->user);
}

static void happened(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct folder *f = event->data;
    struct wr_watch *w = f->watch;
    uint64_t since = uv_now(w->loop) - w->last_ms;
    (void)name;
    (void)events;
    (void)status;
    if (!w->closing && !uv_is_active((uv_handle_t *)&w->timer)) {
        uint64_t wait = since < INTERVAL_MS ? INTERVAL_MS - since : 0;
        uv_timer_start(&w->timer, rang, wait > PAUSE_MS ? wait : PAUSE_MS, 0);
    }
}

static void give_back(struct wr_watch *w)
{
    if (--w->open == 0 && w->closing) {
        free(w);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    give_back(handle->data);
}

static void folder_closed(uv_handle_t *handle)
{
    struct folder *f = handle->data;
    struct wr_watch *w = f->watch;
    free(f);
    give_back(w);
}

struct wr_watch *wr_watch_create(uv_loop_t *loop, void (*hook)(void *user), void *user)
{
    struct wr_watch *w = calloc(1, sizeof(*w));
    if (w) {
        w->loop = loop;
        w->hook = hook;
        w->user = user;
        w->open = 1;
        uv_timer_init(loop, &w->timer);
        w->timer.data = w;
    }
    return w;
}

void wr_watch_begin(struct wr_watch *w)
{
    for (unsigned i = 0; i < WR_WATCH_FOLDERS_MAX; i++) {
        if (w->folder[i]) {
            w->folder[i]->wanted = false;
        }
    }
}

static void open_folder(struct wr_watch *w, const char *path, size_t n, struct folder **ret)
{
    struct folder *f = calloc(1, sizeof(*f));
    if (!f) {
        return;
    }
    memcpy(f->path, path, n);
    f->watch = w;
    f->wanted = true;
    uv_fs_event_init(w->loop, &f->event);
    f->event.data = f;
    w->open++;
    if (uv_fs_event_start(&f->event, happened, f->path, 0) != 0) {
        uv_close((uv_handle_t *)&f->event, folder_closed);
        return;
    }
    *ret = f;
}

void wr_watch_add(struct wr_watch *w, const char *file)
{
    const char *slash = strrchr(file, '/');
    size_t n = slash ? (size_t)(slash - file) : 0;
    struct folder **room = NULL;
    if (!slash || n >= sizeof(w->folder[0]->path)) {
        return;
    }
    const char *path = n == 0 ? "/" : file;
    n = n == 0 ? 1 : n;
    for (unsigned i = 0; i < WR_WATCH_FOLDERS_MAX; i++) {
        struct folder *f = w->folder[i];
        if (f && strlen(f->path) == n && memcmp(f->path, path, n) == 0) {
            f->wanted = true;
            return;
        }
        room = !f && !room ? &w->folder[i] : room;
    }
    if (room) {
        open_folder(w, path, n, room);
    }
}

void wr_watch_end(struct wr_watch *w)
{
    for (unsigned i = 0; i < WR_WATCH_FOLDERS_MAX; i++) {
        if (w->folder[i] && !w->folder[i]->wanted) {
            uv_close((uv_handle_t *)&w->folder[i]->event, folder_closed);
            w->folder[i] = NULL;
        }
    }
}

unsigned wr_watch_folders(const struct wr_watch *w)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WR_WATCH_FOLDERS_MAX; i++) {
        n += w->folder[i] != NULL;
    }
    return n;
}

void wr_watch_close(struct wr_watch *w)
{
    if (!w) {
        return;
    }
    wr_watch_begin(w);
    wr_watch_end(w);
    w->closing = true;
    uv_close((uv_handle_t *)&w->timer, timer_closed);
}
