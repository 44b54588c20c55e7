/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "serve/caps.h"
#include "serve/say.h"

#define MAGIC 0x77656972u
/* Listeners opened in one life: reloads by a person, not a flood by whoever took the parent over. What could not be opened is
 * asked for again and again, so it does not count. */
#define OPENS_MAX  100000
#define CHANNEL_FD 3
/* At the end: looks whether the child has ended, and how long apart. */
#define END_LOOKS   30
#define END_LOOK_MS 10

struct request {
    uint32_t magic;
    uint32_t number;
    uint8_t transport; /* enum wr_client_transport */
    uint8_t probe, brief;
    uint8_t zero;
    struct wr_addr addr;
};

struct reply {
    uint32_t magic;
    uint32_t number; /* the request's */
    int32_t err;
    struct wr_sock_error error;
};

static int open_listener(enum wr_client_transport transport, const struct wr_addr *addr,
                         const struct wr_helper_how *how, int *ret_fd, struct wr_sock_error *error)
{
    struct wr_sock_options options = {
        .probe = how->probe, .brief = how->brief, .fastopen = WR_TCP_FASTOPEN};
    return !wr_client_has_datagrams((uint8_t)transport)
               ? wr_sock_listen_tcp(addr, &options, ret_fd, error)
               : wr_sock_listen_udp(addr, &options, ret_fd, error);
}

/* --- the child --- */

static bool is_sound(const struct request *r, ssize_t size)
{
    return size == (ssize_t)sizeof(*r) && r->magic == MAGIC && r->zero == 0 && r->probe <= 1 &&
           r->brief <= 1 && r->transport < WR_CLIENT_TRANSPORTS &&
           (r->addr.family == WR_AF_V4 || r->addr.family == WR_AF_V6) && r->addr.port != 0 &&
           r->addr.pad == 0;
}

static void send_reply(int fd, const struct reply *reply, int socket_fd)
{
    struct iovec iov = {(void *)(uintptr_t)reply, sizeof(*reply)};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof(control));
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (socket_fd >= 0) {
        msg.msg_control = control.room;
        msg.msg_controllen = sizeof(control.room);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &socket_fd, sizeof(int));
    }
    if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0) {
        _exit(1);
    }
}

static _Noreturn void serve_requests(int fd, const void *unused)
{
    (void)unused;
    for (unsigned opens = 0; opens < OPENS_MAX;) {
        struct request request;
        ssize_t size = recv(fd, &request, sizeof(request), MSG_TRUNC);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0 || !is_sound(&request, size)) {
            _exit(size == 0 ? 0 : 1);
        }
        struct reply reply;
        memset(&reply, 0, sizeof(reply));
        reply.magic = MAGIC;
        reply.number = request.number;
        int socket_fd = -1;
        const struct wr_helper_how how = {request.probe != 0, request.brief != 0};
        reply.err = open_listener((enum wr_client_transport)request.transport, &request.addr, &how,
                                  &socket_fd, &reply.error);
        send_reply(fd, &reply, reply.err == WR_OK ? socket_fd : -1);
        if (reply.err == WR_OK) {
            close(socket_fd);
            opens++;
        }
    }
    _exit(0);
}

/* The channel and what is kept, from CHANNEL_FD on; nor are they a program's that it runs. First out of each other's way. Returns the last. */
static int place_channels(const struct wr_helper_birth *birth, int fd)
{
    int moved[1 + WR_WORKERS_MAX], last = CHANNEL_FD + (int)birth->channels;
    for (size_t i = 0; i <= birth->channels; i++) {
        moved[i] = fcntl(i == 0 ? fd : birth->channel[i - 1], F_DUPFD_CLOEXEC, last + 1);
    }
    for (size_t i = 0; i <= birth->channels; i++) {
        if (moved[i] < 0 || dup3(moved[i], CHANNEL_FD + (int)i, O_CLOEXEC) < 0) {
            _exit(1);
        }
    }
    return last;
}

static _Noreturn void be_child(const struct wr_helper_birth *birth, int fd, pid_t parent)
{
    /* Ctrl-C goes to the whole group; the parent decides when the child ends. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, birth->name, 0, 0, 0);
    /* Nothing else that the parent holds is the child's business. */
    int last = place_channels(birth, fd);
    (void)syscall(SYS_close_range, last + 1, ~0u, 0); /* musl has no function for it */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent || birth->keep() != WR_OK) {
        _exit(1);
    }
    birth->serve(CHANNEL_FD, birth->user);
    _exit(0);
}

/* --- the parent --- */

int wr_helper_fork(const struct wr_helper_birth *birth, int *ret_fd, pid_t *ret_pid)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return WR_E_IO;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        be_child(birth, pair[1], parent);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return WR_E_IO;
    }
    const struct timeval wait = {WR_HELPER_WAIT_MS / 1000, WR_HELPER_WAIT_MS % 1000 * 1000};
    (void)setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    *ret_fd = pair[0];
    *ret_pid = pid;
    return WR_OK;
}

int wr_helper_start(struct wr_helper *ret_helper)
{
    static const struct wr_helper_birth birth = {
        "weir-helper", wr_caps_keep_bind, serve_requests, NULL, NULL, 0};
    struct wr_helper h = {.fd = -1};
    int err = wr_caps_can_bind() ? wr_helper_fork(&birth, &h.fd, &h.pid) : WR_OK;
    h.told = h.fd >= 0 ? WR_HELPER_WELL : WR_HELPER_NONE;
    *ret_helper = h;
    return err;
}

/* WR_E_AGAIN: none has come; WR_E_CLOSED: the child has ended, or talks nonsense. */
static int receive_reply(int fd, int flags, struct reply *ret_reply, int *ret_fd)
{
    struct iovec iov = {ret_reply, sizeof(*ret_reply)};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.room,
                         .msg_controllen = sizeof(control.room)};
    ssize_t n;
    do {
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | flags);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return WR_E_AGAIN;
    }
    if (n != (ssize_t)sizeof(*ret_reply) || ret_reply->magic != MAGIC) {
        return WR_E_CLOSED;
    }
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
    }
    return WR_OK;
}

static bool reap(struct wr_helper *h)
{
    pid_t got = h->pid > 0 ? waitpid(h->pid, NULL, WNOHANG) : 0;
    if (got > 0 || (got < 0 && errno == ECHILD)) {
        h->pid = 0;
    }
    return h->pid == 0;
}

static void lose(struct wr_helper *h)
{
    close(h->fd); /* one that lives reads end of file */
    h->fd = -1;
    h->owed = 0;
    h->gone = true;
}

/* Nobody waits for these answers any more. */
static void take_late(struct wr_helper *h)
{
    while (h->fd >= 0) {
        struct reply reply = {.magic = 0};
        int fd = -1, err = receive_reply(h->fd, MSG_DONTWAIT, &reply, &fd);
        if (err == WR_E_AGAIN) {
            return;
        }
        if (fd >= 0) {
            close(fd);
        }
        if (err != WR_OK || h->owed == 0) {
            lose(h);
            return;
        }
        h->owed--;
    }
}

static enum wr_helper_state state_of(const struct wr_helper *h)
{
    if (h->fd < 0) {
        return h->gone ? WR_HELPER_GONE : WR_HELPER_NONE;
    }
    return h->owed > 0 ? WR_HELPER_SLOW : WR_HELPER_WELL;
}

const char *wr_helper_problem(const struct wr_helper *h)
{
    switch (state_of(h)) {
    case WR_HELPER_SLOW:
        return "the helper that opens listeners does not answer: new addresses wait for it; when "
               "it "
               "stays so, restart weir";
    case WR_HELPER_GONE:
        return "the helper that opens listeners is gone: restart weir to listen on new addresses "
               "with a port below 1024";
    case WR_HELPER_NONE:
    case WR_HELPER_WELL: break;
    }
    return NULL;
}

enum wr_helper_state wr_helper_look(struct wr_helper *h)
{
    take_late(h);
    if (h->gone) {
        (void)reap(h);
    }
    enum wr_helper_state state = state_of(h);
    if (state != h->told) {
        h->told = state;
        if (state == WR_HELPER_WELL) {
            wr_say(WR_LOG_INFO, "the helper that opens listeners answers again");
        } else {
            wr_say(WR_LOG_ERROR, "%s", wr_helper_problem(h));
        }
    }
    return state;
}

static int explain(const struct wr_helper *h, int err, struct wr_sock_error *error)
{
    error->number = 0;
    snprintf(error->text, sizeof(error->text), "%s", wr_helper_problem(h));
    return err;
}

/* By the parent itself. */
static int open_here(const struct wr_helper *h, enum wr_client_transport transport,
                     const struct wr_addr *addr, const struct wr_helper_how *how, int *ret_fd,
                     struct wr_sock_error *error)
{
    int err = open_listener(transport, addr, how, ret_fd, error);
    return err == WR_E_DENIED && h->gone ? explain(h, WR_E_CLOSED, error) : err;
}

int wr_helper_listen(struct wr_helper *h, enum wr_client_transport transport,
                     const struct wr_addr *addr, const struct wr_helper_how *how, int *ret_fd,
                     struct wr_sock_error *error)
{
    enum wr_helper_state state = wr_helper_look(h);
    if (state == WR_HELPER_SLOW) {
        return explain(h, WR_E_AGAIN, error);
    }
    if (state != WR_HELPER_WELL) {
        return open_here(h, transport, addr, how, ret_fd, error);
    }
    struct request request;
    memset(&request, 0, sizeof(request));
    request.magic = MAGIC;
    request.number = ++h->number;
    request.transport = (uint8_t)transport;
    request.probe = how->probe;
    request.brief = how->brief;
    request.addr = *addr;
    struct reply reply;
    memset(&reply, 0, sizeof(reply));
    int fd = -1, err = WR_E_CLOSED;
    if (send(h->fd, &request, sizeof(request), MSG_NOSIGNAL) == (ssize_t)sizeof(request)) {
        err = receive_reply(h->fd, 0, &reply, &fd);
    }
    if (err == WR_E_AGAIN) {
        h->owed++;
        (void)wr_helper_look(h);
        return explain(h, err, error);
    }
    if (err != WR_OK || reply.number != request.number || (reply.err == WR_OK && fd < 0)) {
        if (fd >= 0) {
            close(fd);
        }
        lose(h);
        (void)wr_helper_look(h);
        return open_here(h, transport, addr, how, ret_fd, error);
    }
    if (reply.err != WR_OK) {
        *error = reply.error;
        error->text[sizeof(error->text) - 1] = 0;
        return reply.err;
    }
    *ret_fd = fd;
    return WR_OK;
}

void wr_helper_stop(struct wr_helper *h)
{
    if (h->fd >= 0) {
        close(h->fd); /* the child reads end of file */
        h->fd = -1;
    }
    for (unsigned i = 0; i < END_LOOKS && !reap(h); i++) {
        (void)poll(NULL, 0, END_LOOK_MS);
    }
}
