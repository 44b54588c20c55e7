/* SPDX-License-Identifier: Apache-2.0 */
#include "net/oneshot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/sock.h"

enum { DATAGRAM_MAX = 1500, READS_MAX = 8 };

struct shot {
    uv_poll_t poll;
    struct wr_oneshots *shots;
    unsigned number;
    uint32_t id;
    int fd;
};

struct wr_oneshots {
    uv_loop_t *loop;
    wr_oneshot_hook hook;
    void *user;
    unsigned count;
    struct shot *shot[];
};

int wr_oneshot_create(uv_loop_t *loop, unsigned count, wr_oneshot_hook hook, void *user,
                      struct wr_oneshots **ret_shots)
{
    struct wr_oneshots *s = calloc(1, sizeof(*s) + count * sizeof(struct shot *));

    if (s == NULL) {
        return WR_E_NOMEM;
    }
    s->loop = loop;
    s->hook = hook;
    s->user = user;
    s->count = count;
    *ret_shots = s;
    return WR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct shot *one = handle->data;

    close(one->fd);
    free(one);
}

void wr_oneshot_close(struct wr_oneshots *s, unsigned number)
{
    wr_assert(number < s->count);
    if (s->shot[number] != NULL) {
        uv_close((uv_handle_t *)&s->shot[number]->poll, on_closed);
        s->shot[number] = NULL;
    }
}

/* The hook may close this very one, or ask anew in its place. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct shot *one = poll->data;
    struct wr_oneshots *s = one->shots;
    uint8_t room[DATAGRAM_MAX];

    for (unsigned i = 0; i < READS_MAX && s->shot[one->number] == one; i++) {
        ssize_t n = recv(one->fd, room, sizeof(room), 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        s->hook(s->user, one->number, one->id, n < 0 ? NULL : room, n < 0 ? 0 : (size_t)n);
    }
}

static int open_to(const struct wr_addr *to, int *ret_fd)
{
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(to, &sa);
    int fd =
        size == 0 ? -1 : socket(sa.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return errno == EMFILE || errno == ENFILE ? WR_E_FULL : WR_E_IO;
    }
    if (connect(fd, &sa.any, size) != 0) {
        close(fd);
        return WR_E_IO;
    }
    *ret_fd = fd;
    return WR_OK;
}

int wr_oneshot_send(struct wr_oneshots *s, unsigned number, uint32_t id, const struct wr_addr *to,
                    const uint8_t *bytes, size_t size)
{
    struct shot *one = calloc(1, sizeof(*one));
    int err = one == NULL ? WR_E_NOMEM : open_to(to, &one->fd);

    wr_oneshot_close(s, number);
    if (err == WR_OK && (send(one->fd, bytes, size, 0) != (ssize_t)size ||
                         uv_poll_init(s->loop, &one->poll, one->fd) != 0)) {
        close(one->fd);
        err = WR_E_IO;
    }
    if (err != WR_OK) {
        free(one);
        return err;
    }
    one->shots = s;
    one->number = number;
    one->id = id;
    one->poll.data = one;
    s->shot[number] = one;
    if (uv_poll_start(&one->poll, UV_READABLE, on_readable) != 0) {
        wr_oneshot_close(s, number);
        return WR_E_IO;
    }
    return WR_OK;
}

void wr_oneshot_destroy(struct wr_oneshots *s)
{
    for (unsigned i = 0; s != NULL && i < s->count; i++) {
        wr_oneshot_close(s, i);
    }
    free(s);
}
