/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helper: the small process that keeps the privilege to open listeners.
 *
 * `weir serve` needs its privilege for one thing only after the start: a reload that listens on a new address
 * with a port below 1024. So before any thread starts, and before privileges are dropped, a child is forked
 * that keeps CAP_NET_BIND_SERVICE and nothing else; it knows one message, "open this listener", checks each field of it, and sends
 * the socket back (SCM_RIGHTS). It reads no file and no packet, and ends when the parent does.
 *
 * Without privilege to keep there is no helper, and listeners are opened by the caller itself.
 *
 * The parent never waits long for it. One that does not answer within WR_HELPER_WAIT_MS is owed an answer; until that came (it is
 * thrown away) nothing more is asked of it. One that has ended is noticed by wr_helper_look, reaped, and cannot be had again:
 * privileges are gone by then. Listeners are opened by the parent itself from then on, which goes well for ports above 1023.
 */
#ifndef WR_SERVE_HELPER_H
#define WR_SERVE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "engine/event.h"
#include "net/sock.h"

/* Opening a listener is a few system calls, and a search through /proc when its port is in use. */
#define WR_HELPER_WAIT_MS 2000

enum wr_helper_state {
    WR_HELPER_NONE, /* there never was one */
    WR_HELPER_WELL,
    WR_HELPER_SLOW, /* it owes an answer */
    WR_HELPER_GONE,
};

struct wr_helper {
    int fd;    /* -1: there is none */
    pid_t pid; /* 0: none, or reaped */
    uint32_t number;
    uint32_t owed;             /* requests whose answer did not come in time */
    bool gone;                 /* there was one */
    enum wr_helper_state told; /* what the log says */
};

/* How a listener is to be opened. */
struct wr_helper_how {
    bool probe; /* refuse a port that another process has */
    bool brief; /* do not look for who has it */
};

/* A child as this one is, with another privilege and other requests (serve/firehand). */
struct wr_helper_birth {
    const char *name;
    int (*keep)(void); /* gives up all other privileges */
    /* Until the channel ends; those of `channel` follow `fd` by number. */
    void (*serve)(int fd, const void *user);
    const void *user;
    const int *channel; /* that the child has as well, in this order; WR_WORKERS_MAX at most */
    size_t channels;
};
/* While there is one thread. The channel waits WR_HELPER_WAIT_MS at most, each way. WR_E_IO. */
int wr_helper_fork(const struct wr_helper_birth *birth, int *ret_fd, pid_t *ret_pid);

/* Forks one when there is a privilege worth keeping. Call it while there is one thread. WR_E_IO. */
int wr_helper_start(struct wr_helper *ret_helper);
/* Opens a bound (UDP) or listening (TCP) socket, through the helper where there is one. Errors as in net/sock.h;
 * WR_E_AGAIN: the helper does not answer. */
int wr_helper_listen(struct wr_helper *h, enum wr_client_transport transport,
                     const struct wr_addr *addr, const struct wr_helper_how *how, int *ret_fd,
                     struct wr_sock_error *error);
/* How it is, without waiting: takes in late answers, notices its end and reaps it, and tells the log what is new. */
enum wr_helper_state wr_helper_look(struct wr_helper *h);
/* A sentence with the remedy; NULL: nothing is wrong. */
const char *wr_helper_problem(const struct wr_helper *h);
/* Ends the child and waits for it, a third of a second at most: one that is stopped ends when it goes on. */
void wr_helper_stop(struct wr_helper *h);

#endif
