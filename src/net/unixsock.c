/* SPDX-License-Identifier: Apache-2.0 */
#include "net/unixsock.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "net/guests.h"

struct client {
    struct wr_guest guest;
    size_t have; /* octets of the unfinished line */
    uid_t uid;
    bool trusted;
    bool finished;
    char line[WR_UNIXSOCK_LINE_MAX];
};

struct wr_unixsock {
    struct wr_guests guests;
    struct wr_unixsock_hooks hooks;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
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
    snprintf(error->text, sizeof(error->text), "control socket %s: %s%s%s",
             path != NULL ? path : "(inherited)", what, number != 0 ? ": " : "",
             number != 0 ? strerror(number) : "");
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
    if (err == WR_OK && listen(fd, WR_GUESTS_BACKLOG) != 0) {
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
    struct wr_guest *g = wr_guests_find(&s->guests, id);

    return g != NULL ? WR_CONTAINER(g, struct client, guest) : NULL;
}

static struct wr_unixsock *server_of(const struct wr_guest *g)
{
    return WR_CONTAINER(g->all, struct wr_unixsock, guests);
}

/* Of the users besides root and our own, or of one of them. */
static unsigned client_count(const struct wr_unixsock *s, const uid_t *uid)
{
    unsigned count = 0;
    wr_id id;

    for (uint32_t i = 0; i < s->guests.pool.count; i++) {
        const struct client *c = wr_pool_at(&s->guests.pool, i, &id);

        count += c != NULL && !c->guest.closing && !c->trusted && (uid == NULL || c->uid == *uid);
    }
    return count;
}

static bool client_admit(struct wr_guest *g)
{
    struct client *c = WR_CONTAINER(g, struct client, guest);
    struct wr_unixsock *s = server_of(g);
    struct ucred cred;
    socklen_t size = sizeof(cred);
    uv_os_fd_t fd;

    if (uv_fileno(&g->at.handle, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0) {
        return false;
    }
    c->uid = cred.uid;
    c->trusted = cred.uid == 0 || cred.uid == geteuid();
    return c->trusted || (client_count(s, NULL) <= WR_UNIXSOCK_CLIENTS_MAX - WR_UNIXSOCK_RESERVED &&
                          client_count(s, &c->uid) <= WR_UNIXSOCK_UID_MAX);
}

bool wr_unixsock_trusts(const struct wr_unixsock *s, wr_id client)
{
    const struct client *c = client_find(s, client);

    return c != NULL && c->trusted;
}

static void client_gone(struct wr_guest *g)
{
    struct wr_unixsock *s = server_of(g);

    if (s->hooks.gone != NULL) {
        s->hooks.gone(s->hooks.user, s, g->id);
    }
}

static void unixsock_over(struct wr_guests *guests)
{
    free(WR_CONTAINER(guests, struct wr_unixsock, guests));
}

static void client_close(struct client *c)
{
    wr_guest_close(&c->guest);
}

/* Gives one line to the hook. False: the client takes no more of them. */
static bool client_line(struct client *c, size_t size)
{
    struct wr_unixsock *s = server_of(&c->guest);
    wr_id id = c->guest.id;

    if (size > 0 && c->line[size - 1] == '\r') {
        size--;
    }
    c->line[size] = '\0';
    c->guest.heard = c->guest.asked = true;
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
    struct wr_unixsock *s = server_of(&c->guest);

    *ret = uv_buf_init(s->room, sizeof(s->room));
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
    struct wr_unixsock *s = server_of(&c->guest);
    wr_id id = c->guest.id;

    if (uv_stream_get_write_queue_size(&c->guest.at.stream) > 0) {
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

    return c != NULL ? uv_stream_get_write_queue_size(&c->guest.at.stream) : 0;
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
    wr_guest_sent(&c->guest, size);
    w->server = s;
    w->client = client;
    memcpy(w->bytes, bytes, size);
    buf = uv_buf_init(w->bytes, (unsigned)size);
    if (uv_write(&w->request, &c->guest.at.stream, &buf, 1, client_on_written) != 0) {
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
    uv_read_stop(&c->guest.at.stream);
    client_check_written(c);
}

/* --- the server ----------------------------------------------------------------------------------- */

int wr_unixsock_adopt(uv_loop_t *loop, int fd, const struct wr_unixsock_setup *setup,
                      struct wr_unixsock **ret_server, struct wr_sock_error *error)
{
    static const struct wr_guests_setup guests = {.type = UV_NAMED_PIPE,
                                                  .guests = WR_UNIXSOCK_CLIENTS_MAX,
                                                  .guest_size = sizeof(struct client),
                                                  .patience_ms = WR_UNIXSOCK_FIRST_MS,
                                                  .write_ms = WR_UNIXSOCK_READ_MS,
                                                  .admit = client_admit,
                                                  .alloc = client_on_alloc,
                                                  .read = client_on_read,
                                                  .gone = client_gone,
                                                  .over = unixsock_over};
    struct wr_unixsock *s = calloc(1, sizeof(*s));
    int err = WR_E_NOMEM;

    if (s == NULL) {
        close(fd);
    } else {
        err = wr_guests_open(&s->guests, &guests, loop, fd);
    }
    if (err == WR_E_NOMEM) {
        free(s);
        return unixsock_fail(error, err, 0, setup->path, "no memory");
    }
    if (err != WR_OK) {
        err = unixsock_fail(error, err, errno, setup->path, "cannot be listened on");
        if (setup->path != NULL) {
            unlink(setup->path);
        }
        return err;
    }
    s->hooks = setup->hooks;
    if (setup->path != NULL && strlen(setup->path) < sizeof(s->path)) {
        memcpy(s->path, setup->path, strlen(setup->path) + 1);
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

void wr_unixsock_close(struct wr_unixsock *s)
{
    if (s == NULL || s->guests.closing) {
        return;
    }
    if (s->path[0] != '\0') {
        unlink(s->path);
    }
    wr_guests_close(&s->guests);
}
