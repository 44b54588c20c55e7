/* SPDX-License-Identifier: Apache-2.0 */
#include "net/carrier.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/limits.h"
#include "net/sock.h"
#include "net/wqueue.h"
#include "transport/odohcarry.h"
#include "transport/whom.h"

#define TICK_MS     250
#define READ_SIZE   16384
#define QUEUE_MAX   ((size_t)256 * 1024)
#define TOKEN_SHIFT 16
#define HOST_SIZE   300

enum { STATUS_MANY = 429, STATUS_LATER = 503 };

enum carry_state { CARRY_FREE = 0, CARRY_WAITS, CARRY_OUT };

struct carry {
    wr_id conn;
    struct wr_addr from;
    uint64_t stream, deadline_us;
    const char *path;
    uint32_t use; /* which use of this place: a late response is for an earlier one */
    uint16_t size;
    uint8_t state, target;
    bool post;
    uint8_t body[WR_ODOH_CARRY_MAX];
};

struct link {
    uv_poll_t poll;
    struct wr_carrier *all; /* NULL: it is being closed */
    struct wr_odohcarry c;
    struct wr_whom whom;
    struct wr_wqueue queue;
    uint64_t heard_us; /* when the target last said something */
    uint64_t cost;     /* octets of the budget */
    int fd;
    uint8_t target;
    bool connecting;
    char host[HOST_SIZE];
    uint8_t out[WR_ODOHCARRY_OUT];
};

struct wr_carrier {
    uv_loop_t *loop;
    struct wr_feed feed;
    struct wr_budget *budget;
    wr_carrier_told *told;
    void *user;
    const struct wr_terms *terms;
    uv_timer_t timer;
    bool ticking;
    struct link *link[WR_ODOH_TARGETS_MAX];
    struct carry carry[WR_ODOH_CARRIED_MAX];
    uint8_t plain[WR_ODOHCARRY_PLAIN];
    uint8_t bytes[READ_SIZE];
};

static void link_on_poll(uv_poll_t *poll, int status, int events);

static void *resize(void *user, void *at, size_t size)
{
    if (size == 0) {
        free(at);
        return NULL;
    }
    return realloc(at, size);
}

static void tell(struct wr_carrier *c, struct carry *one, const struct wr_http_reply *reply)
{
    wr_id conn = one->conn;
    uint64_t stream = one->stream;

    one->state = CARRY_FREE;
    one->use++;
    c->told(c->user, conn, stream, reply);
}

static void tell_status(struct wr_carrier *c, struct carry *one, uint16_t status)
{
    const struct wr_http_reply reply = {.status = status, .no_store = true, .max_age_s = -1};

    tell(c, one, &reply);
}

/* What it holds, as far as it is known: the session as one was measured, the rest as it is. */
static void link_pay(struct link *l, uint64_t cost)
{
    if (cost > l->cost) {
        wr_budget_add(l->all->budget, cost - l->cost);
    } else {
        wr_budget_give(l->all->budget, l->cost - cost);
    }
    l->cost = cost;
}

static void link_count(struct link *l)
{
    link_pay(l, sizeof(*l) + WR_TLS_SESSION_COST + wr_odohcarry_memory(&l->c) +
                    (wr_wqueue_waiting(&l->queue) > 0 ? l->queue.cap : 0));
}

static void link_on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Its loads have failed, also those that waited for it. */
static void link_end(struct link *l)
{
    struct wr_carrier *c = l->all;

    c->link[l->target] = NULL;
    link_pay(l, 0);
    l->all = NULL;
    wr_odohcarry_end(&l->c);
    wr_wqueue_free(&l->queue);
    uv_poll_stop(&l->poll);
    close(l->fd);
    uv_close((uv_handle_t *)&l->poll, link_on_closed);
    for (unsigned i = 0; i < WR_ODOH_CARRIED_MAX; i++) {
        if (c->carry[i].state != CARRY_FREE && c->carry[i].target == l->target) {
            tell_status(c, &c->carry[i], 502);
        }
    }
}

static void link_want(struct link *l)
{
    int events =
        l->connecting || wr_wqueue_waiting(&l->queue) > 0 ? UV_WRITABLE | UV_READABLE : UV_READABLE;

    uv_poll_start(&l->poll, events, link_on_poll);
}

/* False: it is gone. */
static bool link_send(struct link *l)
{
    uint8_t piece[READ_SIZE];
    size_t n;

    while ((n = wr_odohcarry_output(&l->c, piece, sizeof(piece))) > 0) {
        if (wr_wqueue_send(&l->queue, l->fd, NULL, 0, piece, n, QUEUE_MAX) != WR_OK) {
            link_end(l);
            return false;
        }
    }
    link_count(l);
    link_want(l);
    return true;
}

/* What waits for this target goes, as far as it takes it. */
static void link_load(struct link *l)
{
    struct wr_carrier *c = l->all;

    for (unsigned i = 0; i < WR_ODOH_CARRIED_MAX; i++) {
        struct carry *one = &c->carry[i];
        const struct wr_http_request request = {
            .token = WR_DOHCLIENT_TOKENS + ((uint64_t)one->use << TOKEN_SHIFT) + i,
            .method = one->post ? WR_HTTP_POST : WR_HTTP_GET,
            .type = one->post ? WR_HTTP_TYPE_ODOH : WR_HTTP_TYPE_OCTETS,
            .target = {one->path, one->path ? strlen(one->path) : 0},
            .body = one->body,
            .size = one->size};

        if (one->state == CARRY_WAITS && one->target == l->target &&
            wr_odohcarry_request(&l->c, &request) == WR_OK) {
            one->state = CARRY_OUT;
        }
    }
}

/* The target's status goes back where it is one of HTTP's that mean something here; redirects and the like do not. */
static void response(struct wr_carrier *c, const struct wr_dohclient_said *said)
{
    uint64_t token = said->token - WR_DOHCLIENT_TOKENS;
    struct carry *one = &c->carry[(token & ((1u << TOKEN_SHIFT) - 1)) % WR_ODOH_CARRIED_MAX];
    bool good = said->status == 200 && said->type == (one->post ? WR_HTTP_TYPE_ODOH : said->type);
    const struct wr_http_reply reply = {.status = good ? 200
                                                  : said->status >= 400 && said->status < 600
                                                      ? said->status
                                                      : 502,
                                        .type = !good       ? WR_HTTP_TYPE_NONE
                                                : one->post ? WR_HTTP_TYPE_ODOH
                                                            : WR_HTTP_TYPE_OCTETS,
                                        .no_store = true,
                                        .max_age_s = -1,
                                        .body = good ? said->bytes : NULL,
                                        .size = good ? said->size : 0};

    if (one->state != CARRY_OUT || one->use != (uint32_t)(token >> TOKEN_SHIFT)) {
        return; /* it was given up */
    }
    if (said->kind == WR_DOHCLIENT_FAILED) {
        tell_status(c, one, 502);
    } else {
        tell(c, one, &reply);
    }
}

/* After octets came, or a request was made. False: the link is gone. */
static bool link_turn(struct link *l)
{
    struct wr_carrier *c = l->all;
    struct wr_dohclient_said said;

    while (wr_odohcarry_next(&l->c, c->feed.tick(c->feed.user), &said)) {
        if (said.kind == WR_DOHCLIENT_ENDED) {
            (void)link_send(l); /* what TLS says to the other side, if it still hears */
            if (c->link[l->target] == l) {
                link_end(l);
            }
            return false;
        }
        response(c, &said);
    }
    link_load(l);
    return link_send(l);
}

static void link_connected(struct link *l)
{
    struct wr_carrier *c = l->all;
    const struct wr_uri *uri = &c->terms->odoh_target_uri[l->target];
    int err = 0;
    socklen_t n = sizeof(err);
    const struct wr_odohcarry_setup setup = {.creds = c->terms->anchors,
                                             .verify = wr_whom_verify,
                                             .user = &l->whom,
                                             .name = uri->name[0] ? uri->name : NULL,
                                             .host = l->host,
                                             .memory = {resize, NULL},
                                             .out = l->out,
                                             .plain = c->plain};

    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0 || err != 0) {
        link_end(l);
        return;
    }
    l->connecting = false;
    if (wr_odohcarry_start(&l->c, &setup, c->feed.tick(c->feed.user)) != WR_OK) {
        link_end(l);
        return;
    }
    (void)link_send(l);
}

static void link_read(struct link *l)
{
    struct wr_carrier *c = l->all;
    ssize_t n = recv(l->fd, c->bytes, sizeof(c->bytes), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        link_end(l);
        return;
    }
    l->heard_us = c->feed.tick(c->feed.user)->mono_us;
    wr_odohcarry_feed(&l->c, c->bytes, (size_t)n, c->feed.tick(c->feed.user));
    (void)link_turn(l);
}

static void link_on_poll(uv_poll_t *poll, int status, int events)
{
    struct link *l = poll->data;

    if (l->all == NULL) {
        return;
    }
    if (l->connecting) {
        link_connected(l);
        return;
    }
    if ((events & UV_WRITABLE) && wr_wqueue_flush(&l->queue, l->fd) == WR_E_CLOSED) {
        link_end(l);
        return;
    }
    if ((events & UV_READABLE) || status < 0) {
        link_read(l);
    } else {
        (void)link_send(l);
    }
}

static void link_host(struct link *l, const struct wr_uri *uri)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr bare = uri->addr;
    bool bracket = wr_addr_ip_size(&bare) == 16;

    bare.port = 0;
    wr_addr_to_text(&bare, text, sizeof(text));
    snprintf(l->host, sizeof(l->host), "%s%s%s", bracket && !uri->name[0] ? "[" : "",
             uri->name[0] ? uri->name : text, bracket && !uri->name[0] ? "]" : "");
    if (uri->addr.port != 443) {
        size_t n = strlen(l->host);

        snprintf(l->host + n, sizeof(l->host) - n, ":%u", uri->addr.port);
    }
}

static struct link *link_begin(struct wr_carrier *c, unsigned target)
{
    const struct wr_uri *uri = &c->terms->odoh_target_uri[target];
    struct link *l = calloc(1, sizeof(*l));
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(&uri->addr, &sa);
    int on = 1;

    if (l == NULL) {
        return NULL;
    }
    l->fd = socket(sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || (connect(l->fd, &sa.any, size) != 0 && errno != EINPROGRESS) ||
        uv_poll_init(c->loop, &l->poll, l->fd) != 0) {
        if (l->fd >= 0) {
            close(l->fd);
        }
        free(l);
        return NULL;
    }
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    l->all = c;
    l->poll.data = l;
    l->target = (uint8_t)target;
    l->connecting = true;
    l->whom = wr_whom_of(uri, c->terms->anchors);
    link_host(l, uri);
    c->link[target] = l;
    link_count(l);
    link_want(l);
    return l;
}

/* It waited long enough. A target that has said nothing since it was taken is hung, and the next load finds another connection. */
static void carry_late(struct wr_carrier *c, struct carry *one)
{
    struct link *l = c->link[one->target];
    bool hung = l != NULL && l->heard_us + WR_ODOH_CARRY_US < one->deadline_us;

    tell_status(c, one, 504);
    if (hung && c->link[l->target] == l) {
        link_end(l);
    }
}

/* Loads that waited too long; the timer runs while there are loads. */
static void on_tick(uv_timer_t *timer)
{
    struct wr_carrier *c = timer->data;
    uint64_t now_us = c->feed.tick(c->feed.user)->mono_us;
    bool any = false;

    for (unsigned i = 0; i < WR_ODOH_CARRIED_MAX; i++) {
        if (c->carry[i].state != CARRY_FREE && now_us >= c->carry[i].deadline_us) {
            carry_late(c, &c->carry[i]);
        }
        any = any || c->carry[i].state != CARRY_FREE;
    }
    if (!any) {
        c->ticking = false;
        uv_timer_stop(timer);
    }
}

/* Has this client, and has its network, less out than it may? */
static bool has_share(const struct wr_carrier *c, const struct wr_addr *from)
{
    const struct wr_net_limits *limits = c->feed.limits;
    unsigned len = from->family == WR_AF_V4 ? limits->prefix4_len : limits->prefix6_len;
    struct wr_addr network = wr_addr_mask(from, len);
    unsigned own = 0, all = 0;

    for (unsigned i = 0; i < WR_ODOH_CARRIED_MAX; i++) {
        const struct carry *one = &c->carry[i];

        if (one->state != CARRY_FREE) {
            struct wr_addr other = wr_addr_mask(&one->from, len);

            own += wr_addr_same_ip(&one->from, from);
            all += wr_addr_same_ip(&other, &network);
        }
    }
    return own < WR_ODOH_CARRIED_CLIENT && all < WR_ODOH_CARRIED_NETWORK;
}

static struct carry *carry_free(struct wr_carrier *c)
{
    for (unsigned i = 0; i < WR_ODOH_CARRIED_MAX; i++) {
        if (c->carry[i].state == CARRY_FREE) {
            return &c->carry[i];
        }
    }
    return NULL;
}

uint16_t wr_carrier_take(struct wr_carrier *c, const struct wr_carrier_load *load)
{
    struct carry *one = carry_free(c);
    struct link *l = c->link[load->target];

    if (!has_share(c, &load->from)) {
        return STATUS_MANY;
    }
    if (one == NULL || load->size > WR_ODOH_CARRY_MAX) {
        return STATUS_LATER;
    }
    if (l == NULL) {
        l = link_begin(c, load->target);
    }
    if (l == NULL) {
        return STATUS_LATER;
    }
    one->conn = load->conn;
    one->from = load->from;
    one->stream = load->stream;
    one->deadline_us = c->feed.tick(c->feed.user)->mono_us + WR_ODOH_CARRY_US;
    one->path = load->path;
    one->target = (uint8_t)load->target;
    one->post = load->post;
    one->size = (uint16_t)load->size;
    if (load->size > 0) {
        memcpy(one->body, load->body, load->size);
    }
    one->state = CARRY_WAITS;
    if (!c->ticking) {
        c->ticking = true;
        uv_timer_start(&c->timer, on_tick, TICK_MS, TICK_MS);
    }
    if (!l->connecting) {
        link_load(l);
        (void)link_send(l);
    }
    return 0;
}

static void drop_links(struct wr_carrier *c)
{
    for (unsigned i = 0; i < WR_ODOH_TARGETS_MAX; i++) {
        if (c->link[i] != NULL) {
            link_end(c->link[i]);
        }
    }
}

void wr_carrier_set(struct wr_carrier *c, const struct wr_terms *terms)
{
    drop_links(c);
    c->terms = terms;
}

int wr_carrier_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_budget *budget,
                      wr_carrier_told *told, void *user, struct wr_carrier **ret_carrier)
{
    struct wr_carrier *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return WR_E_NOMEM;
    }
    c->loop = loop;
    c->feed = *feed;
    c->budget = budget;
    c->told = told;
    c->user = user;
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    *ret_carrier = c;
    return WR_OK;
}

void wr_carrier_close(struct wr_carrier *c)
{
    if (c == NULL) {
        return;
    }
    drop_links(c);
    uv_close((uv_handle_t *)&c->timer, NULL);
}

void wr_carrier_destroy(struct wr_carrier *c)
{
    free(c);
}
