/* SPDX-License-Identifier: Apache-2.0 */
/* The time-outs of the listening side: who was idle, slow, or does not read for too long. */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net/tcpstate.h"

static uint64_t tcp_idle_us(const struct wr_tcp *t)
{
    return wr_yield_idle_us(t->feed.limits->tcp_connections, atomic_load(&t->shared->connections),
                            t->feed.limits->tcp_idle_ms);
}

/* A worker that was held up finds the time-out over and a query in the socket: it came in time. What is there is read then; when it asks
 * nothing, the time is over all the same. */
static bool conn_has_octets(const struct conn *c)
{
    uint8_t octet;

    return recv(c->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static bool tcp_is_over(const struct wr_tcp *t, const struct conn *c, uint64_t now_us)
{
    return c->seat.kind == WR_YIELD_IDLE && c->seat.since_us + tcp_idle_us(t) <= now_us;
}

static void tcp_expire_idle(struct wr_tcp *t, uint64_t now_us)
{
    for (uint32_t left = t->yield.seats; left > 0; left--) {
        struct wr_yield_seat *oldest = wr_yield_oldest_idle(&t->yield);
        struct conn *c = oldest == NULL ? NULL : WR_CONTAINER(oldest, struct conn, seat);
        wr_id id;

        if (c == NULL || !tcp_is_over(t, c, now_us)) {
            return;
        }
        id = c->id;
        if (conn_has_octets(c)) {
            wr_tcp_read(c);
            if (wr_tcp_find(t, id) == NULL || !tcp_is_over(t, c, now_us)) {
                continue;
            }
        }
        wr_stats_add(&t->feed.stats->tcp_idle, 1);
        wr_tcp_end(c);
    }
}

/* What the kernel holds for the client is not its yet. */
uint64_t wr_tcp_heard(const struct conn *c)
{
    uint64_t waiting = wr_wqueue_waiting(&c->queue);
    int held = 0;

    waiting += ioctl(c->fd, SIOCOUTQ, &held) == 0 && held > 0 ? (uint64_t)held : 0;
    return c->said > waiting ? c->said - waiting : 0;
}

void wr_tcp_look(struct conn *c)
{
    uint64_t heard = wr_tcp_heard(c);

    if (heard > c->heard) {
        wr_unread_took(&c->unread, heard - c->heard, c->tcp->now_us);
        c->heard = heard;
    }
}

/* The kernel says that there is room again when a third of its octets has gone, which takes 16 s at 20 kbit/s: who is slow and takes
 * what it can has longer. */
static bool conn_is_slow(struct conn *c, uint64_t now_us)
{
    const struct wr_net_limits *limits = c->tcp->feed.limits;
    uint64_t end_us = c->stuck_us + limits->tcp_read_ms * WR_MS;

    if (c->state != CONN_STUCK) {
        return false;
    }
    wr_tcp_look(c);
    end_us = wr_time_min(end_us, wr_unread_end(&c->unread, limits->tcp_message_ms));
    if (end_us > now_us) {
        wr_heap_set(&c->tcp->heap, &c->timer, end_us);
    }
    return end_us > now_us;
}

static void tcp_expire(struct wr_tcp *t, uint64_t now_us)
{
    struct wr_timer *timer;

    while ((timer = wr_heap_expired(&t->heap, now_us)) != NULL) {
        struct conn *c = WR_CONTAINER(timer, struct conn, timer);

        if (conn_is_slow(c, now_us)) {
            continue;
        }
        if (c->state == CONN_STUCK || c->state == CONN_WINDOW) {
            wr_stats_add(&t->feed.stats->tcp_unread, 1);
        } else if (c->state == CONN_PARTIAL) {
            wr_stats_add(&t->feed.stats->tcp_slow, 1);
        } else if (c->state == CONN_OPENING) {
            wr_stats_add(&t->feed.stats->tls_slow, 1);
        }
        wr_tcp_end(c);
    }
    tcp_expire_idle(t, now_us);
}

void wr_tcp_on_timer(uv_timer_t *timer)
{
    struct wr_tcp *t = timer->data;

    t->timer_us = WR_TIME_NEVER;
    tcp_expire(t, wr_tcp_now(t));
    if (t->oblivious != NULL && wr_oblivious_time(t->oblivious, t->now_us)) {
        wr_stats_add(&t->feed.stats->odoh_turned, 1);
    }
}

void wr_tcp_turn(struct wr_tcp *t, uint64_t now_us)
{
    const struct wr_yield_seat *oldest = wr_yield_oldest_idle(&t->yield);
    uint64_t at_us = wr_heap_deadline(&t->heap);

    if (oldest != NULL) {
        at_us = wr_time_min(at_us, oldest->since_us + tcp_idle_us(t));
    }
    if (t->oblivious != NULL) {
        at_us = wr_time_min(at_us, wr_oblivious_deadline(t->oblivious));
    }
    if (at_us == t->timer_us) {
        return;
    }
    t->timer_us = at_us;
    if (at_us == WR_TIME_NEVER) {
        uv_timer_stop(&t->timer);
    } else {
        /* One more: the loop's clock is cut to whole milliseconds. */
        uv_timer_start(&t->timer, wr_tcp_on_timer,
                       at_us <= now_us ? 1 : (at_us - now_us) / WR_MS + 1, 0);
    }
}
