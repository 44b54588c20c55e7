/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/sock.h"
#include "net/tcpstate.h"
#include "policy/hairpin.h"

/* --- listeners ------------------------------------------------------------------------------------ */

static struct wr_yield_places tcp_places(const struct wr_tcp *t)
{
    return (struct wr_yield_places){.limit = t->feed.limits->tcp_connections,
                                    .connections = atomic_load(&t->shared->connections),
                                    .outsiders = atomic_load(&t->shared->outsiders)};
}

/* A place for who has entered; perhaps a connection of this worker yields for it, or one for each of the two bounds. */
static bool tcp_make_place(struct wr_tcp *t, bool outsider)
{
    struct wr_yield_places places = tcp_places(t);
    struct wr_yield_seat *who;

    if (outsider) {
        if (!wr_yield_for_outsider(&t->yield, &places, &who)) {
            return false;
        }
        wr_tcp_yield(t, who);
        places = tcp_places(t);
    }
    if (!wr_yield_for(&t->yield, &places, outsider, &who)) {
        return false;
    }
    wr_tcp_yield(t, who);
    return true;
}

/* No descriptors: the client in front is refused with the spare one, or the listener would be ready for ever. */
static bool tcp_refuse_without_files(struct wr_tcp *t, const struct wr_listener *listener)
{
    int fd;

    if (t->spare_fd <= 0) {
        t->spare_fd = wr_tcp_spare();
        return false;
    }
    close(t->spare_fd);
    fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        wr_stats_add(&t->feed.stats->tcp_refused, 1);
        close(fd);
    }
    t->spare_fd = wr_tcp_spare();
    return fd >= 0;
}

/* Who has been opening for longest. */
static struct conn *oldest_opening(struct wr_tcp *t)
{
    return wr_list_empty(&t->opening) ? NULL : WR_CONTAINER(t->opening.next, struct conn, sealed);
}

/* Who holds most of the budget and has taken nothing of its answers for a while, or as good as nothing: it may be that it never will. */
static struct conn *heaviest_unread(struct wr_tcp *t)
{
    struct conn *most = NULL;

    for (struct wr_list *n = t->unread.next; n != &t->unread; n = n->next) {
        struct conn *c = WR_CONTAINER(n, struct conn, sealed);

        if (c->state == CONN_STUCK && wr_unread_is_deaf(&c->unread, t->now_us)) {
            wr_tcp_look(c);
        }
        if (wr_unread_is_deaf(&c->unread, t->now_us) && (most == NULL || c->cost > most->cost)) {
            most = c;
        }
    }
    return most;
}

static struct conn *oldest_sealed(struct wr_tcp *t)
{
    struct wr_yield_seat *seat = wr_yield_oldest_sealed(&t->yield);

    return seat == NULL ? NULL : WR_CONTAINER(seat, struct conn, seat);
}

/* Of this worker's connections one gives way: `octets` are wanted, or else a handshake's place. How many are free by that; 0: none may. */
static uint64_t sealed_yield(struct wr_tcp *t, bool octets)
{
    struct conn *c = octets ? heaviest_unread(t) : NULL;
    uint64_t freed;

    if (c == NULL && octets) {
        c = oldest_sealed(t);
    }
    if (c == NULL) {
        c = oldest_opening(t);
    }
    if (c == NULL) {
        return 0;
    }
    freed = c->cost;
    wr_stats_add(&t->feed.stats->tls_yielded, 1);
    wr_tcp_end(c);
    return freed;
}

uint64_t wr_tcp_relieve(struct wr_tcp *t)
{
    wr_tcp_now(t);
    return sealed_yield(t, true);
}

static uint64_t any_yields(void *user)
{
    struct wr_tcp *t = user;
    uint64_t freed = sealed_yield(t, true);

    return freed == 0 && t->feed.relieve != NULL ? t->feed.relieve(t->feed.user, WR_CLIENT_DOT)
                                                 : freed;
}

/* From the budget of all encrypted connections; others give way for it, but not in vain. */
static bool sealed_take(struct wr_tcp *t, uint64_t octets)
{
    return wr_budget_win(&t->shared->budget, octets, t->feed.limits->encrypted_bytes, any_yields,
                         t);
}

/* May a TLS connection begin, by its client's rate: before anybody makes room for it. */
static bool sealed_may(struct wr_tcp *t, const struct wr_addr *from)
{
    if (t->terms.creds == NULL) {
        return false;
    }
    if (!wr_limits_handshake(t->shared, t->feed.limits, from, t->now_us)) {
        wr_stats_add(&t->feed.stats->tls_flooded, 1);
        return false;
    }
    return true;
}

/* And by the handshakes under way, and by the budget, from which its cost is taken. */
static bool sealed_enter(struct wr_tcp *t)
{
    const struct wr_net_limits *limits = t->feed.limits;

    if (atomic_load(&t->shared->opening) >= limits->handshakes && sealed_yield(t, false) == 0) {
        wr_stats_add(&t->feed.stats->tls_no_room, 1);
        return false;
    }
    if (sealed_take(t, WR_TLS_SESSION_COST)) {
        return true;
    }
    wr_stats_add(&t->feed.stats->tls_no_room, 1);
    return false;
}

/* A place for the client who is here, and the connection in it. False: there is none for it. */
static bool tcp_seat(struct wr_tcp *t, const struct wr_listener *listener, int fd,
                     const struct wr_client *client)
{
    bool sealed = wr_client_is_encrypted(client->transport);
    bool outsider = t->feed.engine != NULL && !wr_engine_may_ask(t->feed.engine, &client->from);

    if (!wr_limits_enter(t->shared, t->feed.limits, &client->from)) {
        return false;
    }
    atomic_fetch_add(&t->shared->outsiders, outsider);
    if ((!sealed || sealed_may(t, &client->from)) && tcp_make_place(t, outsider) &&
        (!sealed || sealed_enter(t))) {
        if (wr_tcp_begin(t, listener, fd, client, outsider)) {
            return true;
        }
        wr_budget_give(&t->shared->budget, sealed ? WR_TLS_SESSION_COST : 0);
    }
    atomic_fetch_sub(&t->shared->outsiders, outsider);
    wr_limits_leave(t->shared, t->feed.limits, &client->from);
    return false;
}

/* By what interface it came in; 0 when nothing is decided by that. */
static uint32_t tcp_interface(const struct wr_tcp *t, const struct wr_listener *listener, int fd)
{
    bool wanted = t->feed.engine != NULL && wr_engine_wants_interface(t->feed.engine);

    return wanted ? wr_sock_interface_of(fd, listener->addr.family) : 0;
}

/* Accepts one connection. False: there is none. */
static bool tcp_accept(struct wr_tcp *t, const struct wr_listener *listener)
{
    union wr_sockaddr from, local;
    socklen_t from_size = sizeof(from), local_size = sizeof(local);
    int fd = accept4(listener->fd, &from.any, &from_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct wr_client client = {
        .transport = listener->transport, .worker = t->feed.worker, .foreign = listener->foreign};

    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        return tcp_refuse_without_files(t, listener);
    }
    if (fd < 0) {
        return errno == ECONNABORTED || errno == EINTR;
    }
    client.ifindex = tcp_interface(t, listener, fd);
    if (getsockname(fd, &local.any, &local_size) == 0 &&
        wr_sock_to_addr(&from, &client.from) == WR_OK &&
        wr_sock_to_addr(&local, &client.local) == WR_OK) {
        client.local.port = client.foreign ? WR_HAIRPIN_PORT : client.local.port;
        if (tcp_seat(t, listener, fd, &client)) {
            return true;
        }
    }
    wr_stats_add(&t->feed.stats->tcp_refused, 1);
    close(fd);
    return true;
}

static void tcp_on_accept(uv_poll_t *poll, int status, int events)
{
    struct wr_listener *listener = wr_listener_of(poll, status);
    struct wr_tcp *t = listener->owner;

    wr_tcp_now(t);
    for (int i = 0; i < WR_NET_ACCEPTS_TURN && listener->fd >= 0; i++) {
        if (!tcp_accept(t, listener)) {
            return;
        }
    }
}

int wr_tcp_add(struct wr_tcp *t, uint16_t number, uint8_t transport, int fd,
               const struct wr_addr *addr)
{
    int err = wr_listener_add(&t->listeners, t->loop, number, fd, addr, tcp_on_accept);

    if (err == WR_OK) {
        t->listeners.at[number].transport = transport;
    }
    return err;
}

bool wr_tcp_remove(struct wr_tcp *t, uint16_t number)
{
    struct wr_listener *listener = wr_listener_get(&t->listeners, number);

    if (listener != NULL) {
        wr_listener_remove(listener);
    }
    return listener != NULL;
}
