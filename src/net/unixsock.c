/* SPDX-License-Identifier: Apache-2.0 */
#include "net/unixsock.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

enum { BACKLOG = 16, CHECK_MS = 1000 };

struct client {
    uv_pipe_t pipe;
    struct wr_unixsock *server;
    wr_id id;
    uint64_t since_ms;
    size_t have; /* octets of the unfinished line */
    bool asked;  /* a line has come */
    bool finished;
    bool closing;
    char line[WR_UNIXSOCK_LINE_MAX];
};

struct wr_unixsock {
    uv_pipe_t pipe;
    uv_timer_t timer; /* looks for clients that say nothing */
    struct wr_unixsock_hooks hooks;
    struct wr_pool pool;
    void *block;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int handles; /* that libuv still has */
    bool closing;
    char room[16384];
};

struct write {
    uv_write_t request;
    struct wr_unixsock *server;
    wr_id client;
    char bytes[];
};

/* --- the file ------------------------------------------------------------------------------------- */

static int unixsock_fail(struct wr_sock_error *error, int code, int number, const char *path,
                         const char *what)
{
    error->number = number;
    snprintf(error->text, sizeof(error->text), "control socket %s: %s%s%s", path, what,
             number != 0 ? ": " : "", number != 0 ? strerror(number) : "");
    return code;
}

/* Does somebody answer on a file that is there? */
static bool unixsock_alive(const struct sockaddr_un *sa)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool alive;

    if (fd < 0) {
        return true; /* not known: the careful answer */
    }
    alive = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno != ECONNREFUSED;
    close(fd);
    return alive;
}

/* Removes a socket that a process which is gone left behind; nothing else is ever removed. */
static int unixsock_clear(const struct sockaddr_un *sa, struct wr_sock_error *error)
{
    const char *path = sa->sun_path;
    struct stat st;

    if (lstat(path, &st) != 0) {
        return errno == ENOENT ? WR_OK
                               : unixsock_fail(error, WR_E_IO, errno, path, "cannot be looked at");
    }
    if (!S_ISSOCK(st.st_mode)) {
        return unixsock_fail(error, WR_E_EXISTS, 0, path,
                             "there is something else of that name: move it away, or give another "
                             "path under `control.socket`");
    }
    if (unixsock_alive(sa)) {
        return unixsock_fail(error, WR_E_BUSY, 0, path,
                             "another weir answers there: stop it, or give another path under "
                             "`control.socket`");
    }
    if (unlink(path) != 0) {
        return unixsock_fail(error, WR_E_DENIED, errno, path, "a stale file cannot be removed");
    }
    return WR_OK;
}

static int unixsock_give_group(const struct wr_unixsock_setup *setup, struct wr_sock_error *error)
{
    const struct group *group;

    if (setup->group == NULL || setup->group[0] == '\0') {
        return WR_OK;
    }
    group = getgrnam(setup->group);
    if (group == NULL) {
        return unixsock_fail(error, WR_E_NOTFOUND, 0, setup->path,
                             "there is no such group: see `control.group`");
    }
    if (lchown(setup->path, (uid_t)-1, group->gr_gid) != 0) {
        return unixsock_fail(error, WR_E_DENIED, errno, setup->path,
                             "cannot be given to the group of `control.group`");
    }
    return WR_OK;
}

static int unixsock_bind(int fd, const struct sockaddr_un *sa,
                         const struct wr_unixsock_setup *setup, struct wr_sock_error *error)
{
    mode_t mask = umask(0);
    /* The mode of the descriptor is the mode of the file: nobody can come in before it is set, and no path is
     * looked up again, where somebody might have put a link by then. */
    int err = fchmod(fd, setup->mode & 0777) != 0 ||
              bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0;

    umask(mask);
    if (err) {
        return unixsock_fail(error, errno == EACCES ? WR_E_DENIED : WR_E_IO, errno, setup->path,
                             errno == ENOENT ? "its directory is missing: make it, or give another "
                                               "path under `control.socket`"
                                             : "cannot be made");
    }
    err = unixsock_give_group(setup, error);
    if (err == WR_OK && listen(fd, BACKLOG) != 0) {
        err = unixsock_fail(error, WR_E_IO, errno, setup->path, "cannot be listened on");
    }
    if (err != WR_OK) {
        unlink(setup->path);
    }
    return err;
}

int wr_unixsock_open(const struct wr_unixsock_setup *setup, int *ret_fd,
                     struct wr_sock_error *error)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd, err;

    if (strlen(setup->path) >= sizeof(sa.sun_path)) {
        return unixsock_fail(error, WR_E_RANGE, 0, setup->path,
                             "the path is longer than a socket's may be (107 octets)");
    }
    memcpy(sa.sun_path, setup->path, strlen(setup->path) + 1);
    err = unixsock_clear(&sa, error);
    if (err != WR_OK) {
        return err;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return unixsock_fail(error, WR_E_IO, errno, setup->path, "no socket");
    }
    err = unixsock_bind(fd, &sa, setup, error);
    if (err != WR_OK) {
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return WR_OK;
}

/* --- clients -------------------------------------------------------------------------------------- */

static struct client *client_find(const struct wr_unixsock *s, wr_id id)
{
    struct client *c = wr_pool_get(&s->pool, id);

    return c != NULL && !c->closing ? c : NULL;
}

static void unixsock_release(struct wr_unixsock *s)
{
    if (--s->handles == 0) {
        free(s->block);
        free(s);
    }
}

static void client_on_close(uv_handle_t *handle)
{
    struct client *c = handle->data;
    struct wr_unixsock *s = c->server;

    wr_pool_give(&s->pool, c->id);
    unixsock_release(s);
}

static void client_close(struct client *c)
{
    struct wr_unixsock *s = c->server;

    if (c->closing) {
        return;
    }
    c->closing = true;
    uv_close((uv_handle_t *)&c->pipe, client_on_close);
    if (s->hooks.gone != NULL && !s->closing) {
        s->hooks.gone(s->hooks.user, s, c->id);
    }
}

/* Gives one line to the hook. False: the client takes no more of them. */
static bool client_line(struct client *c, size_t size)
{
    struct wr_unixsock *s = c->server;
    wr_id id = c->id;

    if (size > 0 && c->line[size - 1] == '\r') {
        size--;
    }
    c->line[size] = '\0';
    c->asked = true;
    s->hooks.line(s->hooks.user, s, id, c->line, size);
    c = client_find(s, id);
    return c != NULL && !c->finished;
}

/* Takes octets in until they are used up, or the client is done with. */
static void client_take(struct client *c, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            size_t n = c->have;

            c->have = 0;
            if (!client_line(c, n)) {
                return;
            }
        } else if (c->have == sizeof(c->line) - 1) {
            client_close(c);
            return;
        } else {
            c->line[c->have++] = bytes[i];
        }
    }
}

static void client_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct client *c = handle->data;

    *ret = uv_buf_init(c->server->room, sizeof(c->server->room));
}

static void client_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = stream->data;

    if (n < 0) {
        client_close(c);
    } else if (n > 0) {
        client_take(c, buf->base, (size_t)n);
    }
}

static void client_check_written(struct client *c)
{
    struct wr_unixsock *s = c->server;
    wr_id id = c->id;

    if (uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe) > 0) {
        return;
    }
    if (c->finished) {
        client_close(c);
    } else if (s->hooks.drained != NULL) {
        s->hooks.drained(s->hooks.user, s, id);
    }
}

static void client_on_written(uv_write_t *request, int status)
{
    struct write *w = (struct write *)(void *)request;
    struct client *c = client_find(w->server, w->client);

    free(w);
    if (c == NULL) {
        return;
    }
    if (status < 0) {
        client_close(c);
    } else {
        client_check_written(c);
    }
}

size_t wr_unixsock_queued(const struct wr_unixsock *s, wr_id client)
{
    const struct client *c = client_find(s, client);

    return c != NULL ? uv_stream_get_write_queue_size((const uv_stream_t *)&c->pipe) : 0;
}

int wr_unixsock_write(struct wr_unixsock *s, wr_id client, const void *bytes, size_t size)
{
    struct client *c = client_find(s, client);
    struct write *w;
    uv_buf_t buf;

    if (c == NULL || c->finished) {
        return WR_E_STALE;
    }
    if (wr_unixsock_queued(s, client) + size > WR_UNIXSOCK_QUEUE_MAX) {
        client_close(c);
        return WR_E_FULL;
    }
    w = malloc(sizeof(*w) + size);
    if (w == NULL) {
        client_close(c);
        return WR_E_NOMEM;
    }
    w->server = s;
    w->client = client;
    memcpy(w->bytes, bytes, size);
    buf = uv_buf_init(w->bytes, (unsigned)size);
    if (uv_write(&w->request, (uv_stream_t *)&c->pipe, &buf, 1, client_on_written) != 0) {
        free(w);
        client_close(c);
        return WR_E_STALE;
    }
    return WR_OK;
}

void wr_unixsock_finish(struct wr_unixsock *s, wr_id client)
{
    struct client *c = client_find(s, client);

    if (c == NULL) {
        return;
    }
    c->finished = true;
    uv_read_stop((uv_stream_t *)&c->pipe);
    client_check_written(c);
}

/* --- the server ----------------------------------------------------------------------------------- */

/* Closes clients that have not said a word in time; stops when there is none to wait for. */
static void unixsock_on_timer(uv_timer_t *timer)
{
    struct wr_unixsock *s = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    bool more = false;
    wr_id id;

    for (uint32_t i = 0; i < s->pool.count; i++) {
        struct client *c = wr_pool_at(&s->pool, i, &id);

        if (c == NULL || c->closing || c->asked) {
            continue;
        }
        if (now_ms - c->since_ms >= WR_UNIXSOCK_FIRST_MS) {
            client_close(c);
        } else {
            more = true;
        }
    }
    if (!more) {
        uv_timer_stop(timer);
    }
}

static void refused_on_close(uv_handle_t *handle)
{
    free(handle);
}

/* No place left: the connection is taken and closed, so that it does not wait in vain. */
static void unixsock_refuse(uv_stream_t *listener)
{
    uv_pipe_t *pipe = malloc(sizeof(*pipe));

    if (pipe == NULL) {
        return;
    }
    uv_pipe_init(listener->loop, pipe, 0);
    uv_accept(listener, (uv_stream_t *)pipe);
    uv_close((uv_handle_t *)pipe, refused_on_close);
}

static void unixsock_on_connection(uv_stream_t *stream, int status)
{
    struct wr_unixsock *s = stream->data;
    struct client *c;
    wr_id id;

    if (status < 0) {
        return;
    }
    c = wr_pool_take(&s->pool, &id);
    if (c == NULL) {
        unixsock_refuse(stream);
        return;
    }
    c->server = s;
    c->id = id;
    c->since_ms = uv_now(stream->loop);
    uv_pipe_init(stream->loop, &c->pipe, 0);
    c->pipe.data = c;
    s->handles++;
    if (uv_accept(stream, (uv_stream_t *)&c->pipe) != 0 ||
        uv_read_start((uv_stream_t *)&c->pipe, client_on_alloc, client_on_read) != 0) {
        client_close(c);
        return;
    }
    if (!uv_is_active((uv_handle_t *)&s->timer)) {
        uv_timer_start(&s->timer, unixsock_on_timer, CHECK_MS, CHECK_MS);
    }
}

int wr_unixsock_adopt(uv_loop_t *loop, int fd, const struct wr_unixsock_setup *setup,
                      struct wr_unixsock **ret_server, struct wr_sock_error *error)
{
    struct wr_unixsock *s = calloc(1, sizeof(*s));
    size_t size = wr_pool_size(sizeof(struct client), WR_UNIXSOCK_CLIENTS_MAX);

    signal(SIGPIPE, SIG_IGN); /* libuv writes to clients that may be gone */
    if (s != NULL) {
        s->block = malloc(size);
    }
    if (s == NULL || s->block == NULL) {
        free(s);
        close(fd);
        return unixsock_fail(error, WR_E_NOMEM, 0, setup->path, "no memory");
    }
    wr_pool_init(&s->pool, s->block, sizeof(struct client), WR_UNIXSOCK_CLIENTS_MAX);
    s->hooks = setup->hooks;
    if (setup->path != NULL && strlen(setup->path) < sizeof(s->path)) {
        memcpy(s->path, setup->path, strlen(setup->path) + 1);
    }
    uv_pipe_init(loop, &s->pipe, 0);
    uv_timer_init(loop, &s->timer);
    s->pipe.data = s->timer.data = s;
    s->handles = 2;
    if (uv_pipe_open(&s->pipe, fd) != 0 ||
        uv_listen((uv_stream_t *)&s->pipe, BACKLOG, unixsock_on_connection) != 0) {
        wr_unixsock_close(s);
        return unixsock_fail(error, WR_E_IO, errno, setup->path, "cannot be listened on");
    }
    *ret_server = s;
    return WR_OK;
}

int wr_unixsock_listen(uv_loop_t *loop, const struct wr_unixsock_setup *setup,
                       struct wr_unixsock **ret_server, struct wr_sock_error *error)
{
    int fd = -1, err = wr_unixsock_open(setup, &fd, error);

    return err != WR_OK ? err : wr_unixsock_adopt(loop, fd, setup, ret_server, error);
}

static void unixsock_on_close(uv_handle_t *handle)
{
    unixsock_release(handle->data);
}

void wr_unixsock_close(struct wr_unixsock *s)
{
    wr_id id;

    if (s == NULL || s->closing) {
        return;
    }
    s->closing = true;
    if (s->path[0] != '\0') {
        unlink(s->path);
    }
    for (uint32_t i = 0; i < s->pool.count; i++) {
        struct client *c = wr_pool_at(&s->pool, i, &id);

        if (c != NULL) {
            client_close(c);
        }
    }
    uv_close((uv_handle_t *)&s->pipe, unixsock_on_close);
    uv_close((uv_handle_t *)&s->timer, unixsock_on_close);
}
