/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/doqserver.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/time.h"
#include "transport/budget.h"
#include "transport/doqserver_state.h"

enum { ALIGN = 64 };

/* --- memory --------------------------------------------------------------------------------------- */

static size_t rounded(size_t size)
{
    return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void *carve(uint8_t **at, size_t size)
{
    void *part = *at;

    *at += rounded(size);
    return part;
}

size_t wr_doqserver_size(const struct wr_doqserver_setup *u)
{
    return rounded(sizeof(struct wr_doqserver)) +
           rounded(wr_pool_size(sizeof(struct doq_conn), u->connections)) +
           rounded(wr_pool_size(sizeof(struct doq_stream), u->streams)) +
           rounded(wr_heap_size(u->connections)) +
           rounded(wr_map_size(u->connections * WR_DOQ_CIDS)) + rounded(wr_chunks_size(u->chunks)) +
           rounded(u->query_max) + rounded(WR_DOQ_STATELESS * sizeof(struct doq_stateless));
}

int wr_doqserver_start(void *block, const struct wr_doqserver_setup *u,
                       struct wr_doqserver **ret_server)
{
    uint8_t *at = block;
    struct wr_doqserver *s = carve(&at, sizeof(*s));
    int err;

    s->setup = *u;
    wr_pool_init(&s->conns, carve(&at, wr_pool_size(sizeof(struct doq_conn), u->connections)),
                 sizeof(struct doq_conn), u->connections);
    wr_pool_init(&s->streams, carve(&at, wr_pool_size(sizeof(struct doq_stream), u->streams)),
                 sizeof(struct doq_stream), u->streams);
    wr_heap_init(&s->heap, carve(&at, wr_heap_size(u->connections)), u->connections);
    wr_map_init(&s->cids, carve(&at, wr_map_size(u->connections * WR_DOQ_CIDS)),
                u->connections * WR_DOQ_CIDS);
    wr_chunks_init(&s->chunks, carve(&at, wr_chunks_size(u->chunks)), u->chunks);
    s->room = carve(&at, u->query_max);
    s->stateless = carve(&at, WR_DOQ_STATELESS * sizeof(struct doq_stateless));
    s->limits = (struct wr_quic_limits){.streams = WR_DOQ_STREAMS,
                                        .stream_size = u->query_max + 2,
                                        .window = WR_DOQ_WINDOW,
                                        .idle_ms = u->idle_ms,
                                        .handshake_ms = WR_DOQ_HANDSHAKE_MS};
    wr_list_init(&s->dirty);
    wr_list_init(&s->idle);
    wr_list_init(&s->ready);
    wr_list_init(&s->gone);
    wr_rng_bytes(u->rng, &s->key, sizeof(s->key));
    err =
        wr_quic_env_init(&s->env, u->rng, u->worker, u->secrets, u->memory_max, WR_DOQ_MEMORY_MAX);
    if (err == WR_OK) {
        *ret_server = s;
    }
    return err;
}

void wr_doqserver_adopt(struct wr_doqserver *s, const struct wr_quic_tls *tls)
{
    s->setup.tls = *tls;
}

uint32_t wr_doqserver_open(const struct wr_doqserver *s)
{
    return s->conns.taken - s->gone_count;
}

uint64_t wr_doqserver_memory(const struct wr_doqserver *s)
{
    return s->env.memory + (uint64_t)s->chunks.taken * WR_CHUNK_SIZE;
}

const struct wr_doqserver_stats *wr_doqserver_stats(const struct wr_doqserver *s)
{
    return &s->stats;
}

/* --- connections ---------------------------------------------------------------------------------- */

void wr_doqserver_touch(struct doq_conn *c)
{
    wr_list_remove(&c->dirty);
    wr_list_append(&c->server->dirty, &c->dirty);
}

static void conn_end(struct doq_conn *c)
{
    struct wr_doqserver *s = c->server;
    bool owed = c->owed > 0;

    wr_doqserver_end_streams(c);
    for (unsigned i = 0; i < WR_DOQ_CIDS; i++) {
        if (c->cid[i] != 0) {
            wr_map_remove(&s->cids, c->cid[i], c->id);
            c->cid[i] = 0;
        }
    }
    wr_heap_clear(&s->heap, &c->timer);
    wr_list_remove(&c->dirty);
    wr_list_remove(&c->seat);
    s->opening -= c->was_opening;
    if (c->admitted && s->setup.leave != NULL) {
        s->setup.leave(s->setup.user, &c->counted);
    }
    c->admitted = c->was_opening = false;
    wr_quic_end(&c->quic);
    if (owed) {
        wr_list_append(&s->gone, &c->seat);
        s->gone_count++;
    } else {
        wr_pool_give(&s->conns, c->id);
    }
}

/* The library's time-out begins anew with each packet; a connection on which nothing is asked ends all the same. */
static uint64_t conn_idle_end(const struct doq_conn *c)
{
    return c->open == 0 && c->quic.state == WR_QUIC_OPEN
               ? c->lively_us + (c->server->setup.idle_ms + WR_DOQ_IDLE_MORE_MS) * WR_MS
               : WR_TIME_NEVER;
}

/* After all that could change it. */
static void conn_settle(struct doq_conn *c)
{
    struct wr_doqserver *s = c->server;

    if (c->quic.state == WR_QUIC_OVER) {
        conn_end(c);
        return;
    }
    wr_heap_set(&s->heap, &c->timer,
                wr_time_min(wr_quic_deadline(&c->quic),
                            wr_time_min(wr_doqserver_patience(c), conn_idle_end(c))));
}

static struct doq_stateless *stateless_slot(struct wr_doqserver *s)
{
    uint32_t at = (s->stateless_first + s->stateless_count) % WR_DOQ_STATELESS;

    return s->stateless_count < WR_DOQ_STATELESS ? &s->stateless[at] : NULL;
}

static void stateless_put(struct wr_doqserver *s, struct doq_stateless *slot,
                          const struct wr_doq_datagram *in, size_t size)
{
    if (size > 0) {
        slot->way = *in;
        slot->way.size = size;
        s->stateless_count++;
    }
}

void wr_doqserver_evict(struct doq_conn *c)
{
    struct wr_doqserver *s = c->server;
    struct doq_stateless *slot = stateless_slot(s);
    struct wr_doq_datagram way = c->way;

    wr_quic_close(&c->quic, WR_DOQ_NO_ERROR);
    if (slot != NULL) {
        size_t n = wr_quic_output(&c->quic, slot->bytes, sizeof(slot->bytes), &way.local, &way.from,
                                  s->now_us);

        stateless_put(s, slot, &way, n);
    }
    s->stats.evicted++;
    conn_end(c);
}

/* --- new connections ------------------------------------------------------------------------------ */

/* A token of the bucket of handshakes: WR_DOQ_HANDSHAKES_S a second, as many at once as fill a fifth of one. */
static bool handshake_token(struct wr_doqserver *s, bool proven)
{
    const uint64_t cost_us = WR_S / WR_DOQ_HANDSHAKES_S, full_us = WR_S / 5;
    uint64_t floor_us = s->now_us > full_us ? s->now_us - full_us : 0;
    uint64_t at_us = s->tokens_us > floor_us ? s->tokens_us : floor_us;

    /* Who has not proven its address gets half of the bucket. */
    if (at_us + cost_us > s->now_us - (proven ? 0 : full_us / 2)) {
        return false;
    }
    s->tokens_us = at_us + cost_us;
    return true;
}

static uint64_t lack(const struct wr_doqserver *s)
{
    return s->setup.lack != NULL ? s->setup.lack(s->setup.user) : 0;
}

/* Somebody would have to go for who comes: not for an address that may be made up. */
static bool is_crowded(const struct wr_doqserver *s)
{
    return s->conns.taken == s->conns.count || lack(s) > 0;
}

/* Somebody makes room, of ours or of the owner's; others as well only while what is wanted is within reach. Who comes has at least the place
 * of who went. */
static bool find_memory(struct wr_doqserver *s)
{
    uint64_t octets = lack(s);

    for (unsigned left = WR_RELIEFS_MAX; octets > 0 && left > 0;) {
        uint64_t freed = wr_doqserver_yield(s); /* others give and take at the same time */

        if (freed == 0 && s->setup.relieve != NULL) {
            freed = s->setup.relieve(s->setup.user);
        }
        if (freed == 0) {
            return left < WR_RELIEFS_MAX;
        }
        left--;
        octets = lack(s);
        if (!wr_budget_is_near(octets, freed, left)) {
            return true;
        }
    }
    return true;
}

static struct doq_conn *conn_begin(struct wr_doqserver *s, const struct wr_doq_datagram *in,
                                   const struct wr_quic_hello *hello)
{
    struct wr_quic_tls tls = s->setup.tls;
    bool admitted = false;
    struct doq_conn *c;
    wr_id id;
    int err;

    if (hello->proven && s->setup.admit != NULL) {
        if (!s->setup.admit(s->setup.user, &in->from)) {
            return NULL;
        }
        admitted = true;
    }
    if (!find_memory(s)) {
        c = NULL;
    } else if ((c = wr_pool_take(&s->conns, &id)) == NULL && wr_doqserver_yield(s) > 0) {
        c = wr_pool_take(&s->conns, &id);
    }
    if (c == NULL) {
        if (admitted) {
            s->setup.leave(s->setup.user, &in->from);
        }
        return NULL;
    }
    c->server = s;
    c->id = id;
    c->way = *in;
    c->proven = c->counted = in->from;
    c->admitted = admitted;
    c->vouched = hello->proven;
    c->was_opening = true;
    s->opening++;
    wr_list_init(&c->dirty);
    wr_list_init(&c->seat);
    wr_list_init(&c->streams);
    wr_list_init(&c->sends);
    wr_list_init(&c->blocked);
    c->quic.calls = &wr_doqserver_calls;
    c->quic.user = c;
    c->quic.fail_code = WR_DOQ_INTERNAL_ERROR;
    tls.verify = wr_doqserver_judge;
    tls.verify_user = c;
    if (s->setup.clock != NULL) {
        tls.now = *s->setup.clock;
    }
    tls.now.mono_us = s->now_us;
    err = wr_quic_accept(&c->quic, &s->env, &tls, &s->limits, hello, &in->local, &in->from,
                         s->now_us);
    if (err == WR_OK) {
        err = wr_doqserver_calls.cid_added(c, hello->dcid.bytes, hello->dcid.size);
    }
    if (err != WR_OK) {
        conn_end(c);
        return NULL;
    }
    return c;
}

/* What a client without a connection is told. */
static void say_refused(struct wr_doqserver *s, const struct wr_doq_datagram *in,
                        const struct wr_quic_hello *hello)
{
    struct doq_stateless *slot = stateless_slot(s);

    s->stats.refused++;
    if (slot != NULL) {
        stateless_put(s, slot, in, wr_quic_say_refused(hello, slot->bytes, sizeof(slot->bytes)));
    }
}

static void say_retry(struct wr_doqserver *s, const struct wr_doq_datagram *in,
                      const struct wr_quic_hello *hello)
{
    struct doq_stateless *slot = stateless_slot(s);

    s->stats.retried++;
    if (slot != NULL) {
        stateless_put(s, slot, in,
                      wr_quic_say_retry(&s->env, hello, &in->from, s->now_us, slot->bytes,
                                        sizeof(slot->bytes)));
    }
}

static void accept_one(struct wr_doqserver *s, const struct wr_doq_datagram *in)
{
    struct wr_quic_hello hello;
    struct doq_conn *c;
    int err;

    if (wr_quic_first(in->bytes, in->size, &hello) != WR_OK) {
        s->stats.garbage++;
        return;
    }
    err = wr_quic_prove(s->setup.secrets, &in->from, s->now_us, &hello);
    if (s->draining || err != WR_OK || s->setup.tls.creds == NULL ||
        (s->setup.known != NULL && !s->setup.known(s->setup.user, &in->from))) {
        say_refused(s, in, &hello);
        return;
    }
    if (!hello.proven &&
        (s->opening >= WR_DOQ_RETRY_AT || is_crowded(s) || !handshake_token(s, false))) {
        say_retry(s, in, &hello);
        return;
    }
    if (s->opening >= WR_DOQ_OPENING_MAX || (hello.proven && !handshake_token(s, true))) {
        s->stats.overload++; /* it asks again */
        return;
    }
    if ((c = conn_begin(s, in, &hello)) == NULL) {
        say_refused(s, in, &hello);
        return;
    }
    s->stats.accepted++;
    wr_quic_feed(&c->quic, &in->local, &in->from, in->bytes, in->size, s->now_us);
    if (c->quic.wants_retry) {
        say_retry(s, in, &hello);
    }
    wr_doqserver_touch(c);
}

/* --- datagrams ------------------------------------------------------------------------------------ */

static struct doq_conn *conn_find(struct wr_doqserver *s, const uint8_t *cid, size_t size)
{
    uint64_t hash = wr_hash_sip13(&s->key, cid, size);
    uint32_t cursor;

    return wr_pool_get(&s->conns, wr_map_first(&s->cids, hash == 0 ? 1 : hash, &cursor));
}

/*
 * A client may go on from another address, one move at a time: until where it went to is validated, or that has failed, nothing is taken from
 * elsewhere. Not during the handshake (RFC 9000 section 9), and not with an ngtcp2 that does not survive it (wr_quic_can_move): what
 * comes from elsewhere is not read then, and such a client begins anew.
 */
static bool conn_may_come_from(const struct doq_conn *c, const struct wr_addr *from)
{
    struct wr_addr at;

    if (c->quic.state != WR_QUIC_OPEN || !wr_quic_can_move()) {
        return wr_addr_equal(&c->proven, from);
    }
    wr_quic_peer(&c->quic, &at);
    return wr_addr_equal(&at, &c->proven) || wr_addr_equal(&at, from);
}

static void conn_feed(struct doq_conn *c, const struct wr_doq_datagram *in)
{
    struct wr_doqserver *s = c->server;

    if (!conn_may_come_from(c, &in->from)) {
        s->stats.garbage++;
        return;
    }
    c->way = *in;
    wr_quic_feed(&c->quic, &in->local, &in->from, in->bytes, in->size, s->now_us);
    wr_doqserver_unblock(c);
    if (c->refuse) {
        wr_quic_close(&c->quic, WR_DOQ_EXCESSIVE_LOAD);
    }
    wr_doqserver_touch(c);
}

int wr_doqserver_feed(struct wr_doqserver *s, const struct wr_doq_datagram *in, uint64_t now_us,
                      uint16_t *ret_worker)
{
    struct doq_stateless *slot = stateless_slot(s);
    struct wr_quic_head head;
    struct doq_conn *c;
    uint16_t worker = 0;
    bool ours;

    s->now_us = now_us;
    if (wr_quic_look(in->bytes, in->size, &head) != WR_OK) {
        s->stats.garbage++;
        return WR_OK;
    }
    if ((c = conn_find(s, head.dcid, head.dcid_size)) != NULL) {
        conn_feed(c, in);
        return WR_OK;
    }
    ours = wr_quic_cid_worker(s->setup.secrets, head.dcid, head.dcid_size, &worker) == WR_OK;
    if (ours && !in->handed && worker != s->setup.worker && worker < s->setup.workers) {
        *ret_worker = worker;
        return WR_E_NOTFOUND;
    }
    if (head.is_long && head.known_version) {
        if (head.initial) {
            accept_one(s, in);
        } else {
            s->stats.garbage++;
        }
    } else if (head.is_long && head.version != 0 && in->size >= WR_QUIC_INITIAL_MIN) {
        s->stats.versions++;
        if (slot != NULL) {
            stateless_put(
                s, slot, in,
                wr_quic_say_versions(s->setup.rng, &head, slot->bytes, sizeof(slot->bytes)));
        }
    } else if (!head.is_long && ours) {
        s->stats.resets++;
        if (slot != NULL) {
            stateless_put(s, slot, in,
                          wr_quic_say_reset(&s->env, head.dcid, head.dcid_size, in->size,
                                            slot->bytes, sizeof(slot->bytes)));
        }
    } else {
        s->stats.garbage++;
    }
    return WR_OK;
}

size_t wr_doqserver_output(struct wr_doqserver *s, uint8_t *room, size_t cap,
                           struct wr_doq_datagram *ret_way, uint64_t now_us)
{
    wr_assert(cap >= WR_QUIC_DATAGRAM);
    s->now_us = now_us;
    if (s->stateless_count > 0) {
        const struct doq_stateless *slot = &s->stateless[s->stateless_first];

        *ret_way = slot->way;
        memcpy(room, slot->bytes, slot->way.size);
        s->stateless_first = (s->stateless_first + 1) % WR_DOQ_STATELESS;
        s->stateless_count--;
        return ret_way->size;
    }
    while (!wr_list_empty(&s->dirty)) {
        struct doq_conn *c = WR_CONTAINER(s->dirty.next, struct doq_conn, dirty);
        size_t n;

        if (s->draining && c->open == 0) {
            wr_quic_close(&c->quic, WR_DOQ_NO_ERROR);
        }
        *ret_way = c->way;
        n = wr_quic_output(&c->quic, room, cap, &ret_way->local, &ret_way->from, now_us);
        ret_way->size = n;
        if (n == 0 || c->quic.state == WR_QUIC_OVER) {
            wr_list_remove(&c->dirty);
            conn_settle(c);
        }
        if (n > 0) {
            return n;
        }
    }
    return 0;
}

/* --- time ----------------------------------------------------------------------------------------- */

uint64_t wr_doqserver_deadline(const struct wr_doqserver *s)
{
    return wr_list_empty(&s->dirty) && s->stateless_count == 0 ? wr_heap_deadline(&s->heap) : 0;
}

void wr_doqserver_time(struct wr_doqserver *s, uint64_t now_us)
{
    struct wr_timer *timer;

    s->now_us = now_us;
    while ((timer = wr_heap_expired(&s->heap, now_us)) != NULL) {
        struct doq_conn *c = WR_CONTAINER(timer, struct doq_conn, timer);

        wr_quic_time(&c->quic, now_us);
        if (c->quic.state < WR_QUIC_CLOSING && wr_doqserver_patience(c) <= now_us) {
            s->stats.slow++;
            wr_quic_close(&c->quic, WR_DOQ_EXCESSIVE_LOAD);
        }
        if (conn_idle_end(c) <= now_us) {
            s->stats.idle++;
            wr_quic_close(&c->quic, WR_DOQ_NO_ERROR);
        }
        wr_doqserver_touch(c);
    }
}

uint64_t wr_doqserver_relieve(struct wr_doqserver *s, uint64_t now_us)
{
    s->now_us = now_us;
    return wr_doqserver_yield(s);
}

void wr_doqserver_drain(struct wr_doqserver *s, uint64_t now_us)
{
    wr_id id;

    s->draining = true;
    s->now_us = now_us;
    for (uint32_t i = 0; i < s->conns.count; i++) {
        struct doq_conn *c = wr_pool_at(&s->conns, i, &id);

        if (c != NULL && c->quic.conn != NULL) {
            wr_doqserver_touch(c);
        }
    }
}

void wr_doqserver_end(struct wr_doqserver *s)
{
    wr_id id;

    for (uint32_t i = 0; i < s->conns.count; i++) {
        struct doq_conn *c = wr_pool_at(&s->conns, i, &id);

        if (c != NULL && c->quic.conn != NULL) {
            c->owed = 0;
            conn_end(c);
        }
    }
    wr_quic_env_end(&s->env);
}
