/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix socket: a small line server for the control socket.
 *
 * A client sends lines; each is given to the hook without its end of line, and the hook answers with
 * wr_unixsock_write, now or later, in as many pieces as it likes (so a log can be followed), and
 * ends with wr_unixsock_finish, which closes the connection once everything is written. Clients are named by ids; a late
 * write to one that is gone gives WR_E_STALE.
 *
 * Bounds: clients in all and of one user, octets of a line, octets queued for one client, seconds to send the first line, and
 * seconds without reading any of what is queued. A client that
 * breaks one is closed. Root and the user that we run as have places of their own, so that whoever else may use the socket cannot
 * keep them out; the kernel says who it is (SO_PEERCRED). The file is made with its mode from the first moment; a file left by a
 * process that is gone is replaced, one that somebody answers on is not. It is removed on close.
 */
#ifndef WR_NET_UNIXSOCK_H
#define WR_NET_UNIXSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/pool.h"
#include "net/sock.h"

/* A control line: a verb and a few words. */
#define WR_UNIXSOCK_LINE_MAX    4096
#define WR_UNIXSOCK_CLIENTS_MAX 32
/* Of these, for root and the user that we run as. */
#define WR_UNIXSOCK_RESERVED 8
/* Of any other user: a few terminals and a script. */
#define WR_UNIXSOCK_UID_MAX 8
/* What one client may leave unread: a dump of a big cache goes out in pieces of less. */
#define WR_UNIXSOCK_QUEUE_MAX (4u << 20)
/* From connecting to the end of the first line. */
#define WR_UNIXSOCK_FIRST_MS 10000
/* Nothing read of what is queued for so long: a pager that is left alone, or somebody who holds a place. */
#define WR_UNIXSOCK_READ_MS 60000

struct wr_unixsock;

struct wr_unixsock_hooks {
    void *user;
    /* One whole line, NUL-ended, valid during the call; `size` counts NULs that the client sent. */
    void (*line)(void *user, struct wr_unixsock *s, wr_id client, const char *line, size_t size);
    /* What was queued for this client is written (for long outputs in pieces). May be NULL. */
    void (*drained)(void *user, struct wr_unixsock *s, wr_id client);
    /* The client is gone; its id means nothing any more. May be NULL. */
    void (*gone)(void *user, struct wr_unixsock *s, wr_id client);
};

struct wr_unixsock_setup {
    const char *path;
    unsigned mode;     /* 0600 or 0660 */
    const char *group; /* name of the group that owns the file, NULL or "": the process's */
    struct wr_unixsock_hooks hooks;
};

/* WR_E_BUSY: another process answers on it. */
int wr_unixsock_listen(uv_loop_t *loop, const struct wr_unixsock_setup *setup,
                       struct wr_unixsock **ret_server, struct wr_sock_error *error);
/* A socket that is bound and listening already (socket activation, or opened before privileges were dropped). */
int wr_unixsock_adopt(uv_loop_t *loop, int fd, const struct wr_unixsock_setup *setup,
                      struct wr_unixsock **ret_server, struct wr_sock_error *error);
/* Only the descriptor, for a helper: bound with mode and group, and listening. */
int wr_unixsock_open(const struct wr_unixsock_setup *setup, int *ret_fd,
                     struct wr_sock_error *error);

/* Is it root's, or the user's that we run as? False for one that is gone. */
bool wr_unixsock_trusts(const struct wr_unixsock *s, wr_id client);
/* Queues a copy. WR_E_STALE: gone; WR_E_FULL: it does not read; it is closed and `gone` will be called. */
int wr_unixsock_write(struct wr_unixsock *s, wr_id client, const void *bytes, size_t size);
/* Octets queued and not yet written; 0 for one that is gone. */
size_t wr_unixsock_queued(const struct wr_unixsock *s, wr_id client);
/* No more will be written: closes when what is queued has gone out. */
void wr_unixsock_finish(struct wr_unixsock *s, wr_id client);
/* Closes everything and removes the file; memory is freed when the loop has turned once more. NULL is fine. */
void wr_unixsock_close(struct wr_unixsock *s);

#endif
