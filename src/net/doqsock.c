/* SPDX-License-Identifier: Apache-2.0 */
#include "net/doqsock.h"

#include "base/err.h"

#ifdef WR_HAVE_QUIC

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/limits.h"
#include "net/batch.h"
#include "net/listener.h"
#include "transport/antireplay.h"
#include "transport/doqserver.h"

/* A datagram of QUIC is at most what an Ethernet frame holds; a longer one is cut and cannot be read. */
enum { IN_ROOM = 1536, OUT_ROOM = WR_QUIC_DATAGRAM };
/* Of each place: streams and chunks for queries and answers that are on their way; few connections use what they may. */
enum { STREAMS_EACH = 8, CHUNKS_EACH = 32, STREAMS_MIN = 512, CHUNKS_MIN = 2048 };
/* Octets that the libraries may hold for each place: ngtcp2 0.12.1 takes 90 KB. */
enum { MEMORY_EACH = 128 * 1024 };
/* The handle of a connection is told from one of TCP by this bit: the engine knows clients by it and their worker. */
#define CONN_MARK (UINT64_C(1) << 63)

struct wr_doqsock {
    uv_loop_t *loop;
    struct wr_feed feed;
    struct wr_doqsock_setup setup;
    struct wr_doqserver *server; /* NULL: no listener was ever opened */
    uint8_t *block;
    size_t block_size;
    struct wr_quic_secrets secrets;
    struct wr_terms terms;
    struct wr_net_limits counted; /* by whose prefixes clients are counted */
    struct wr_antireplay antireplay;
    uint64_t cost; /* what the budget of all encrypted connections counts for it */
    struct wr_now now;
    uv_timer_t timer;
    uint64_t timer_us;
    bool timer_there, draining;
    struct wr_batch in, out;
    unsigned outs;
    struct wr_event event;
    struct wr_listener_row listeners;
    uint8_t answer[WR_MSG_MAX];
};

/* --- life ----------------------------------------------------------------------------------------- */

int wr_doqsock_create(uv_loop_t *loop, const struct wr_feed *feed,
                      const struct wr_doqsock_setup *setup, struct wr_doqsock **ret_doq)
{
    struct wr_doqsock *d =
        mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (d == MAP_FAILED) {
        return WR_E_NOMEM;
    }
    d->loop = loop;
    d->feed = *feed;
    d->setup = *setup;
    d->timer_us = WR_TIME_NEVER;
    wr_listener_init(&d->listeners, d);
    *ret_doq = d;
    return WR_OK;
}

static bool doq_known(void *user, const struct wr_addr *from)
{
    const struct wr_doqsock *d = user;

    return d->feed.engine == NULL || wr_engine_may_ask(d->feed.engine, from);
}

static bool doq_admit(void *user, const struct wr_addr *from)
{
    struct wr_doqsock *d = user;

    d->counted.tcp_per_client = d->feed.limits->tcp_per_client;
    return wr_limits_handshake(d->setup.shared, d->feed.limits, from, d->now.mono_us) &&
           wr_limits_enter(d->setup.shared, &d->counted, from);
}

static void doq_leave(void *user, const struct wr_addr *from)
{
    struct wr_doqsock *d = user;

    wr_limits_leave(d->setup.shared, &d->counted, from);
}

/* The library says exactly what it holds; the budget hears of it once a turn. */
static void doq_pay(struct wr_doqsock *d, uint64_t cost)
{
    if (cost > d->cost) {
        wr_budget_add(&d->setup.shared->budget, cost - d->cost);
    } else {
        wr_budget_give(&d->setup.shared->budget, d->cost - cost);
    }
    d->cost = cost;
}

static uint64_t doq_lack(void *user)
{
    struct wr_doqsock *d = user;
    uint64_t limit = d->feed.limits->encrypted_bytes, used;

    doq_pay(d, wr_doqserver_memory(d->server));
    used = wr_budget_used(&d->setup.shared->budget);
    return used < limit ? 0 : used - limit + 1;
}

static uint64_t doq_relieve(void *user)
{
    const struct wr_doqsock *d = user;

    return d->feed.relieve != NULL ? d->feed.relieve(d->feed.user, WR_CLIENT_DOQ) : 0;
}

uint64_t wr_doqsock_relieve(struct wr_doqsock *d)
{
    uint64_t freed;

    if (d->server == NULL) {
        return 0;
    }
    d->now = *d->feed.tick(d->feed.user);
    freed = wr_doqserver_relieve(d->server, d->now.mono_us);
    doq_pay(d, wr_doqserver_memory(d->server));
    return freed;
}

static void doq_tls(struct wr_doqsock *d, struct wr_quic_tls *tls)
{
    *tls = (struct wr_quic_tls){.creds = d->terms.creds,
                                .ticket_key = d->terms.ticket_key,
                                .anti_replay = d->antireplay.handle,
                                .ask = d->terms.ask_certificate};
}

/* The block of the server, and room for datagrams. */
static int doq_take_memory(struct wr_doqsock *d, size_t size)
{
    d->block_size = size;
    d->block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    if (d->block == MAP_FAILED) {
        d->block = NULL;
    }
    return d->block != NULL && wr_batch_init(&d->in, IN_ROOM, IN_ROOM) &&
                   wr_batch_init(&d->out, OUT_ROOM, OUT_ROOM)
               ? WR_OK
               : WR_E_NOMEM;
}

/* All that a server has or would have had. */
static void doq_give_memory(struct wr_doqsock *d)
{
    wr_antireplay_end(&d->antireplay);
    if (d->block != NULL) {
        munmap(d->block, d->block_size);
        d->block = NULL;
    }
    wr_batch_free(&d->in);
    wr_batch_free(&d->out);
}

/* The places, when the first listener is opened. */
static int doq_make_server(struct wr_doqsock *d)
{
    uint32_t places = d->feed.limits->doq_connections;
    struct wr_doqserver_setup setup = {
        .worker = d->feed.worker,
        .workers = d->setup.workers > 0 ? d->setup.workers : (uint16_t)(d->feed.worker + 1),
        .connections = places,
        .streams = places * STREAMS_EACH > STREAMS_MIN ? places * STREAMS_EACH : STREAMS_MIN,
        .chunks = places * CHUNKS_EACH > CHUNKS_MIN ? places * CHUNKS_EACH : CHUNKS_MIN,
        .query_max = WR_NET_QUERY_MAX,
        .idle_ms = d->feed.limits->doq_idle_ms,
        .message_ms = d->feed.limits->tcp_message_ms,
        .read_ms = d->feed.limits->tcp_read_ms,
        .memory_max = (uint64_t)places * MEMORY_EACH,
        .secrets = &d->secrets,
        .clock = &d->now,
        .names_below = d->terms.names_below,
        .rng = d->setup.rng,
        .known = doq_known,
        .admit = doq_admit,
        .leave = doq_leave,
        .lack = doq_lack,
        .relieve = doq_relieve,
        .user = d,
    };
    int err = WR_OK;

    if (d->setup.strike != NULL) {
        err = wr_antireplay_init(&d->antireplay, d->setup.strike, &d->now.mono_us);
    }
    doq_tls(d, &setup.tls);
    d->counted = *d->feed.limits;
    if (err == WR_OK) {
        err = doq_take_memory(d, wr_doqserver_size(&setup));
    }
    if (err == WR_OK) {
        err = wr_doqserver_start(d->block, &setup, &d->server);
    }
    if (err != WR_OK) {
        doq_give_memory(d);
        return err;
    }
    uv_timer_init(d->loop, &d->timer);
    d->timer.data = d;
    d->timer_there = true;
    return WR_OK;
}

void wr_doqsock_destroy(struct wr_doqsock *d)
{
    if (d == NULL) {
        return;
    }
    if (d->server != NULL) {
        wr_doqserver_end(d->server);
        doq_pay(d, 0);
    }
    doq_give_memory(d);
    wr_creds_drop(d->terms.creds);
    explicit_bzero(&d->secrets, sizeof(d->secrets));
    munmap(d, sizeof(*d));
}

void wr_doqsock_set_terms(struct wr_doqsock *d, const struct wr_terms *terms)
{
    struct wr_creds *before = d->terms.creds;
    struct wr_quic_tls tls;

    d->terms = *terms;
    explicit_bzero(d->terms.odoh_secret, sizeof(d->terms.odoh_secret));
    if (terms->creds != NULL) {
        wr_creds_keep(terms->creds);
    }
    wr_creds_drop(before);
    if (d->server != NULL) {
        doq_tls(d, &tls);
        wr_doqserver_adopt(d->server, &tls);
    }
}

/* A keyed hash of a short word, as often as fills the room. */
static void derive(const void *key, const char *word, uint8_t *room, size_t size)
{
    struct wr_hash_key from;
    uint64_t part[2];

    memcpy(&from, key, sizeof(from));
    for (size_t at = 0; at < size; at += sizeof(part)) {
        char text[16] = {0};
        size_t n = strlen(word);

        memcpy(text, word, n);
        text[n] = (char)('a' + at / sizeof(part));
        wr_hash_sip24_128(&from, text, sizeof(text), part);
        memcpy(room + at, part, size - at < sizeof(part) ? size - at : sizeof(part));
    }
    explicit_bzero(part, sizeof(part));
}

void wr_doqsock_set_secrets(struct wr_doqsock *d, const struct wr_secrets *secrets)
{
    struct wr_quic_secrets *q = &d->secrets;

    derive(secrets->cookie_key, "quic token", q->token_key, sizeof(q->token_key));
    derive(secrets->old_cookie_key, "quic token", q->old_token_key, sizeof(q->old_token_key));
    derive(&secrets->table_key, "quic reset", q->reset_key, sizeof(q->reset_key));
    derive(&secrets->table_key, "quic id", (uint8_t *)&q->cid_key, sizeof(q->cid_key));
}

/* --- what goes out -------------------------------------------------------------------------------- */

/* A full buffer loses the rest: QUIC sends again. */
static void doq_flush(struct wr_doqsock *d)
{
    wr_stats_add(&d->feed.stats->doq_unsent, wr_batch_flush(&d->out, &d->listeners, d->outs));
    d->outs = 0;
}

static void doq_put(struct wr_doqsock *d, const struct wr_doq_datagram *way)
{
    unsigned i = d->outs;
    struct msghdr *header = &d->out.message[i].msg_hdr;

    d->out.part[i].iov_len = way->size;
    header->msg_namelen = wr_sock_from_addr(&way->from, &d->out.name[i]);
    wr_batch_source(header, d->out.control[i], &d->listeners.at[way->listener], &way->local);
    d->out.number[i] = way->listener;
    if (++d->outs == WR_NET_BATCH) {
        doq_flush(d);
    }
}

/* --- queries -------------------------------------------------------------------------------------- */

static void doq_set_client(const struct wr_doqsock *d, const struct wr_doq_query *q,
                           struct wr_client *ret_client)
{
    *ret_client = (struct wr_client){.from = q->from,
                                     .local = q->local,
                                     .conn = q->conn | CONN_MARK,
                                     .stream = q->stream,
                                     .ifindex = q->ifindex,
                                     .listener = q->listener,
                                     .worker = d->feed.worker,
                                     .transport = WR_CLIENT_DOQ};
    if (q->claim != NULL) { /* whose enums are one is said in tcp.c */
        ret_client->claim_kind = q->claim->kind;
        memcpy(ret_client->claim, q->claim->text, sizeof(ret_client->claim));
    }
}

static void doq_ask(struct wr_doqsock *d)
{
    struct wr_doq_query q;

    while (wr_doqserver_next(d->server, &q) != WR_DOQ_NOTHING) {
        struct wr_event *event = &d->event;

        *event = (struct wr_event){.kind = q.said == WR_DOQ_QUERY ? WR_EVENT_QUERY
                                                                  : WR_EVENT_CLIENT_GONE,
                                   .bytes = q.msg,
                                   .size = q.size,
                                   .room = d->answer,
                                   .room_size = sizeof(d->answer)};
        doq_set_client(d, &q, &event->client);
        d->feed.event(d->feed.user, event);
    }
}

/* Queries in, answers out, until both are silent. */
static void doq_work(struct wr_doqsock *d)
{
    struct wr_doq_datagram way;

    doq_ask(d);
    while ((way.size = wr_doqserver_output(d->server, d->out.part[d->outs].iov_base, OUT_ROOM, &way,
                                           d->now.mono_us)) > 0) {
        doq_put(d, &way);
    }
    doq_ask(d); /* connections that ended */
    doq_flush(d);
}

void wr_doqsock_reply(struct wr_doqsock *d, const struct wr_client *client, const uint8_t *bytes,
                      size_t size)
{
    if (d->server != NULL) {
        wr_doqserver_answer(d->server, client->conn & ~CONN_MARK, client->stream, bytes, size,
                            d->now.mono_us);
    }
}

static void doq_feed(struct wr_doqsock *d, const struct wr_doq_datagram *in)
{
    uint16_t worker = 0;

    if (wr_doqserver_feed(d->server, in, d->now.mono_us, &worker) == WR_E_NOTFOUND) {
        const struct wr_client client = {.from = in->from,
                                         .local = in->local,
                                         .ifindex = in->ifindex,
                                         .listener = in->listener,
                                         .worker = d->feed.worker,
                                         .transport = WR_CLIENT_DOQ};

        if (d->setup.hand != NULL &&
            d->setup.hand(d->feed.user, worker, &client, in->bytes, in->size)) {
            wr_stats_add(&d->feed.stats->doq_handed, 1);
        } else {
            wr_stats_add(&d->feed.stats->hand_failed, 1);
        }
    }
}

void wr_doqsock_take(struct wr_doqsock *d, const struct wr_client *client, const uint8_t *bytes,
                     size_t size)
{
    const struct wr_doq_datagram in = {.from = client->from,
                                       .local = client->local,
                                       .ifindex = client->ifindex,
                                       .listener = client->listener,
                                       .handed = true,
                                       .bytes = bytes,
                                       .size = size};

    if (d->server != NULL) {
        d->now = *d->feed.tick(d->feed.user);
        doq_feed(d, &in);
    }
}

static void doq_feed_one(struct wr_doqsock *d, const struct wr_listener *listener, unsigned i)
{
    struct wr_doq_datagram in = {.listener = listener->number,
                                 .bytes = d->in.part[i].iov_base,
                                 .size = d->in.message[i].msg_len};

    if (wr_sock_to_addr(&d->in.name[i], &in.from) != WR_OK) {
        return;
    }
    wr_batch_info(&d->in, i, listener, &in.local, &in.ifindex);
    doq_feed(d, &in);
}

/* One batch. False: there was no more than that. */
static bool doq_turn(struct wr_doqsock *d, struct wr_listener *listener)
{
    unsigned n = wr_batch_read(&d->in, listener);

    if (n == 0) {
        return false;
    }
    d->now = *d->feed.tick(d->feed.user);
    for (unsigned i = 0; i < n; i++) {
        doq_feed_one(d, listener, i);
    }
    doq_work(d);
    return n == WR_NET_BATCH;
}

static void doq_on_poll(uv_poll_t *poll, int status, int events)
{
    struct wr_listener *listener = wr_listener_of(poll, status);

    for (unsigned i = 0; i < WR_NET_BATCHES_TURN && listener->fd >= 0; i++) {
        if (!doq_turn(listener->owner, listener)) {
            return;
        }
    }
}

/* --- time ----------------------------------------------------------------------------------------- */

static void doq_on_timer(uv_timer_t *timer)
{
    struct wr_doqsock *d = timer->data;

    d->timer_us = WR_TIME_NEVER;
    d->now = *d->feed.tick(d->feed.user);
    wr_doqserver_time(d->server, d->now.mono_us);
    doq_work(d);
}

static void doq_count(struct wr_doqsock *d)
{
    const struct wr_doqserver_stats *s = wr_doqserver_stats(d->server);
    struct wr_net_stats *to = d->feed.stats;

    wr_net_stats_set(&to->doq_accepted, s->accepted);
    wr_net_stats_set(&to->doq_completed, s->completed);
    wr_net_stats_set(&to->doq_resumed, s->resumed);
    wr_net_stats_set(&to->doq_early, s->early);
    wr_net_stats_set(&to->doq_refused, s->refused);
    wr_net_stats_set(&to->doq_retried, s->retried);
    wr_net_stats_set(&to->doq_evicted, s->evicted);
    wr_net_stats_set(&to->doq_overload, s->overload);
    wr_net_stats_set(&to->doq_broken, s->broken);
    wr_net_stats_set(&to->doq_slow, s->slow);
    wr_net_stats_set(&to->doq_idle, s->idle);
    wr_net_stats_set(&to->doq_moved, s->moved);
    wr_net_stats_set(&to->doq_garbage, s->garbage);
    wr_net_stats_set(&to->gauge_doq_clients, wr_doqserver_open(d->server));
    wr_net_stats_set(&to->gauge_doq_bytes, wr_doqserver_memory(d->server));
    doq_pay(d, wr_doqserver_memory(d->server));
}

void wr_doqsock_turn(struct wr_doqsock *d, uint64_t now_us)
{
    uint64_t at_us;

    if (d->server == NULL || !d->timer_there) {
        return;
    }
    d->now.mono_us = now_us;
    if (wr_doqserver_deadline(d->server) == 0) { /* answers that came from elsewhere */
        doq_work(d);
    }
    doq_count(d);
    at_us = wr_doqserver_deadline(d->server);
    if (at_us == d->timer_us) {
        return;
    }
    d->timer_us = at_us;
    if (at_us == WR_TIME_NEVER) {
        uv_timer_stop(&d->timer);
    } else {
        uv_timer_start(&d->timer, doq_on_timer, at_us <= now_us ? 0 : (at_us - now_us) / WR_MS + 1,
                       0);
    }
}

/* --- listeners ------------------------------------------------------------------------------------ */

void wr_doqsock_inform(struct wr_doqsock *d)
{
    if (d->feed.engine != NULL && wr_engine_wants_interface(d->feed.engine)) {
        wr_listener_inform(&d->listeners);
    }
}

int wr_doqsock_add(struct wr_doqsock *d, uint16_t number, int fd, const struct wr_addr *addr)
{
    int err = wr_listener_may_add(&d->listeners, number);

    if (err == WR_OK && d->server == NULL) {
        err = doq_make_server(d);
    }
    if (err == WR_OK) {
        err = wr_listener_add(&d->listeners, d->loop, number, fd, addr, doq_on_poll);
    }
    if (err == WR_OK) {
        wr_doqsock_inform(d);
    }
    return err;
}

bool wr_doqsock_remove(struct wr_doqsock *d, uint16_t number)
{
    struct wr_listener *listener = wr_listener_get(&d->listeners, number);

    if (listener != NULL) {
        wr_listener_remove(listener);
    }
    return listener != NULL;
}

void wr_doqsock_drain(struct wr_doqsock *d)
{
    if (d->server != NULL && !d->draining) {
        d->draining = true;
        d->now = *d->feed.tick(d->feed.user);
        wr_doqserver_drain(d->server, d->now.mono_us);
        doq_work(d);
    }
}

uint32_t wr_doqsock_open(const struct wr_doqsock *d)
{
    return d->server == NULL ? 0 : wr_doqserver_open(d->server);
}

void wr_doqsock_close(struct wr_doqsock *d)
{
    wr_doqsock_drain(d);
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        wr_doqsock_remove(d, i);
    }
    if (d->timer_there) {
        d->timer_there = false;
        uv_timer_stop(&d->timer);
        uv_close((uv_handle_t *)&d->timer, NULL);
    }
}

#else

uint64_t wr_doqsock_relieve(struct wr_doqsock *d)
{
    return 0;
}

int wr_doqsock_create(uv_loop_t *loop, const struct wr_feed *feed,
                      const struct wr_doqsock_setup *setup, struct wr_doqsock **ret_doq)
{
    *ret_doq = NULL;
    return WR_OK;
}

int wr_doqsock_add(struct wr_doqsock *d, uint16_t number, int fd, const struct wr_addr *addr)
{
    return WR_E_UNSUPPORTED;
}

void wr_doqsock_inform(struct wr_doqsock *d)
{
}

bool wr_doqsock_remove(struct wr_doqsock *d, uint16_t number)
{
    return false;
}

void wr_doqsock_set_terms(struct wr_doqsock *d, const struct wr_terms *terms)
{
}

void wr_doqsock_set_secrets(struct wr_doqsock *d, const struct wr_secrets *secrets)
{
}

void wr_doqsock_take(struct wr_doqsock *d, const struct wr_client *client, const uint8_t *bytes,
                     size_t size)
{
}

void wr_doqsock_reply(struct wr_doqsock *d, const struct wr_client *client, const uint8_t *bytes,
                      size_t size)
{
}

void wr_doqsock_turn(struct wr_doqsock *d, uint64_t now_us)
{
}

void wr_doqsock_drain(struct wr_doqsock *d)
{
}

uint32_t wr_doqsock_open(const struct wr_doqsock *d)
{
    return 0;
}

void wr_doqsock_close(struct wr_doqsock *d)
{
}

void wr_doqsock_destroy(struct wr_doqsock *d)
{
}

#endif
