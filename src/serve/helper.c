/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/helper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/caps.h"
#include "serve/say.h"

#define MAGIC 0x77656972u
/* Listeners opened in one life: reloads by a person, not a flood by whoever took the parent over. */
#define OPENS_MAX  100000
#define CHANNEL_FD 3

struct request {
    uint32_t magic;
    uint8_t transport; /* enum wr_client_transport */
    uint8_t probe;
    uint16_t zero;
    struct wr_addr addr;
};

struct reply {
    uint32_t magic;
    int32_t err;
    struct wr_sock_error error;
};

static int open_listener(enum wr_client_transport transport, const struct wr_addr *addr, bool probe,
                         int *ret_fd, struct wr_sock_error *error)
{
    struct wr_sock_options options = {.probe = probe};
    return transport == WR_CLIENT_TCP ? wr_sock_listen_tcp(addr, &options, ret_fd, error)
                                      : wr_sock_listen_udp(addr, &options, ret_fd, error);
}

/* --- the child --- */

static bool is_sound(const struct request *r, ssize_t size)
{
    return size == (ssize_t)sizeof(*r) && r->magic == MAGIC && r->zero == 0 && r->probe <= 1 &&
           (r->transport == WR_CLIENT_UDP || r->transport == WR_CLIENT_TCP) &&
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

static _Noreturn void serve_requests(int fd)
{
    for (unsigned opens = 0; opens < OPENS_MAX; opens++) {
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
        int socket_fd = -1;
        reply.err = open_listener((enum wr_client_transport)request.transport, &request.addr,
                                  request.probe != 0, &socket_fd, &reply.error);
        send_reply(fd, &reply, reply.err == WR_OK ? socket_fd : -1);
        if (reply.err == WR_OK) {
            close(socket_fd);
        }
    }
    _exit(0);
}

static _Noreturn void be_child(int fd, pid_t parent)
{
    /* Ctrl-C goes to the whole group; the parent decides when the child ends. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, "weir-helper", 0, 0, 0);
    /* Nothing else that the parent holds is the child's business. */
    if (fd != CHANNEL_FD && dup2(fd, CHANNEL_FD) < 0) {
        _exit(1);
    }
    (void)syscall(SYS_close_range, CHANNEL_FD + 1, ~0u, 0); /* musl has no function for it */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent || wr_caps_keep_bind() != WR_OK) {
        _exit(1);
    }
    serve_requests(CHANNEL_FD);
}

/* --- the parent --- */

int wr_helper_start(struct wr_helper *ret_helper)
{
    *ret_helper = (struct wr_helper){-1, 0};
    if (!wr_caps_can_bind()) {
        return WR_OK;
    }
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return WR_E_IO;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        be_child(pair[1], parent);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return WR_E_IO;
    }
    *ret_helper = (struct wr_helper){pair[0], pid};
    return WR_OK;
}

static int receive_reply(int fd, struct reply *ret_reply, int *ret_fd)
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
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
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

int wr_helper_listen(struct wr_helper *h, enum wr_client_transport transport,
                     const struct wr_addr *addr, bool probe, int *ret_fd,
                     struct wr_sock_error *error)
{
    if (h->fd < 0) {
        return open_listener(transport, addr, probe, ret_fd, error);
    }
    struct request request;
    memset(&request, 0, sizeof(request));
    request.magic = MAGIC;
    request.transport = (uint8_t)transport;
    request.probe = probe;
    request.addr = *addr;
    struct reply reply;
    memset(&reply, 0, sizeof(reply));
    int fd = -1;
    if (send(h->fd, &request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request) ||
        receive_reply(h->fd, &reply, &fd) != WR_OK) {
        error->number = 0;
        snprintf(
            error->text, sizeof(error->text),
            "the helper that opens listeners is gone; restart weir to listen on new addresses");
        return WR_E_CLOSED;
    }
    if (reply.err != WR_OK) {
        *error = reply.error;
        error->text[sizeof(error->text) - 1] = 0;
        return reply.err;
    }
    if (fd < 0) {
        return WR_E_CLOSED;
    }
    *ret_fd = fd;
    return WR_OK;
}

void wr_helper_stop(struct wr_helper *h)
{
    if (h->fd >= 0) {
        close(h->fd); /* the child reads end of file */
        h->fd = -1;
        while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}
