/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/doqclient.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/pool.h"
#include "transport/doq.h"

/* While an answer is owed: a server that has lost our address after a move learns it from a PING, and one that only takes its time is told
 * from a dead one before the owner doubts it (a second, resolve/streamlife). */
enum { PING_MS = 500 };

enum { ALIGN = 64, WINDOW = 256 * 1024, STREAM_SIZE = WR_MSG_MAX + 2, TOKEN_MAX = 256 };

enum query_state {
    QUERY_WAITING = 0, /* for the handshake, or for the server to allow a stream */
    QUERY_ASKED,       /* it has a stream */
    QUERY_ANSWERED,    /* the answer waits for `next` */
    QUERY_FAILED,      /* likewise the failure */
    QUERY_DONE,        /* said; its octets are still the library's */
};

struct query {
    struct wr_list node; /* in one of the client's lists by state */
    struct wr_list send; /* in `sends` or `blocked` */
    wr_id own;
    int64_t stream; /* ASKED */
    struct wr_doq_count count;
    struct wr_chain_octets out, in;
    uint32_t sent;
    uint16_t id;
    uint64_t code; /* FAILED */
    enum query_state state;
};

struct wr_doqclient {
    struct wr_quic quic;
    struct wr_quic_env env;
    struct wr_doqclient_setup setup;
    struct wr_addr local;
    struct wr_pool queries;
    struct wr_list waiting, asked, said; /* by state; said: ANSWERED and FAILED */
    struct wr_list sends, blocked;
    uint8_t token[TOKEN_MAX];
    size_t token_size;
    uint64_t now_us;
    bool ready, told_ready, told_ended, ticket, has_token, pinging;
};

static void query_free(struct wr_doqclient *c, struct query *q)
{
    wr_list_remove(&q->node);
    wr_list_remove(&q->send);
    wr_chunks_give(c->setup.chunks, &q->in);
    wr_chunks_give(c->setup.chunks, &q->out);
    wr_pool_give(&c->queries, q->own);
}

static void query_move(struct query *q, struct wr_list *to, enum query_state state)
{
    wr_list_remove(&q->node);
    wr_list_append(to, &q->node);
    q->state = state;
}

static void query_fail(struct wr_doqclient *c, struct query *q, uint64_t code)
{
    wr_list_remove(&q->send);
    wr_chunks_give(c->setup.chunks, &q->in);
    q->code = code;
    query_move(q, &c->said, QUERY_FAILED);
}

/* Gives a waiting query its stream. False: there is none now. */
static bool query_open(struct wr_doqclient *c, struct query *q)
{
    if (wr_quic_open_stream(&c->quic, q, &q->stream) != WR_OK) {
        return false;
    }
    if (wr_list_empty(&c->asked)) {
        wr_quic_keep_alive(&c->quic, PING_MS);
        c->pinging = true;
    }
    query_move(q, &c->asked, QUERY_ASKED);
    wr_list_append(&c->sends, &q->send);
    return true;
}

static void open_waiting(struct wr_doqclient *c)
{
    while (c->ready && !wr_list_empty(&c->waiting) &&
           query_open(c, WR_CONTAINER(c->waiting.next, struct query, node))) {
    }
}

/* --- what the connection tells -------------------------------------------------------------------- */

static int client_octets(void *user, int64_t stream, void *of, const uint8_t *bytes, size_t size,
                         bool fin, bool early)
{
    struct wr_doqclient *c = user;
    struct query *q = of;

    wr_quic_consumed(&c->quic, stream, size);
    if (q == NULL || q->state != QUERY_ASKED) {
        return WR_OK; /* cancelled */
    }
    if (wr_doq_count(&q->count, bytes, size, fin, WR_MSG_MAX) != WR_OK) {
        c->quic.fail_code = WR_DOQ_PROTOCOL_ERROR;
        return WR_E_FORMAT;
    }
    if (wr_chunks_append(c->setup.chunks, &q->in, bytes, size) != WR_OK) {
        wr_quic_shut(&c->quic, stream, WR_DOQ_REQUEST_CANCELLED);
        query_fail(c, q, WR_DOQ_EXCESSIVE_LOAD);
        return WR_OK;
    }
    if (q->count.whole && q->count.ended) {
        wr_list_remove(&q->send);
        query_move(q, &c->said, QUERY_ANSWERED);
    }
    return WR_OK;
}

/* The library lets go of what was sent: only now the chunks of the question may be given back. */
static void client_closed(void *user, int64_t stream, void *of, uint64_t code)
{
    struct wr_doqclient *c = user;
    struct query *q = of;

    if (q == NULL) {
        return;
    }
    q->stream = -1;
    if (q->state == QUERY_ASKED) {
        query_fail(c, q, code);
    } else if (q->state == QUERY_DONE) {
        query_free(c, q);
    }
}

static void client_reset(void *user, int64_t stream, void *of, uint64_t code)
{
    struct wr_doqclient *c = user;
    struct query *q = of;

    if (q != NULL && q->state == QUERY_ASKED) {
        wr_quic_shut(&c->quic, stream, WR_DOQ_REQUEST_CANCELLED);
        query_fail(c, q, code);
    }
}

static void client_ready(void *user)
{
    struct wr_doqclient *c = user;

    c->ready = true;
    open_waiting(c);
}

static void client_room(void *user)
{
    open_waiting(user);
}

/* The library has forgotten the streams: all that is not answered is asked again. */
static void client_rejected(void *user)
{
    struct wr_doqclient *c = user;
    wr_id id;

    for (uint32_t i = 0; i < c->queries.count; i++) {
        struct query *q = wr_pool_at(&c->queries, i, &id);

        if (q == NULL || q->stream < 0) {
            continue;
        }
        q->stream = -1;
        if (q->state == QUERY_DONE) {
            query_free(c, q);
        } else if (q->state == QUERY_ASKED) {
            wr_list_remove(&q->send);
            wr_chunks_give(c->setup.chunks, &q->in);
            q->count = (struct wr_doq_count){0};
            q->sent = 0;
            query_move(q, &c->waiting, QUERY_WAITING);
        }
    }
}

static void client_ticket(void *user)
{
    ((struct wr_doqclient *)user)->ticket = true;
}

static void client_token(void *user, const uint8_t *bytes, size_t size)
{
    struct wr_doqclient *c = user;

    if (size <= sizeof(c->token)) {
        memcpy(c->token, bytes, size);
        c->token_size = size;
        c->has_token = true;
    }
}

static bool client_wants(void *user, struct wr_quic_want *ret_want)
{
    struct wr_doqclient *c = user;
    struct query *q;
    size_t size = 0;

    if (wr_list_empty(&c->sends)) {
        return false;
    }
    q = WR_CONTAINER(c->sends.next, struct query, send);
    ret_want->stream = q->stream;
    ret_want->parts =
        wr_chunks_parts(c->setup.chunks, &q->out, q->sent, ret_want->part, WR_QUIC_PARTS);
    for (size_t i = 0; i < ret_want->parts; i++) {
        size += ret_want->part[i].size;
    }
    ret_want->fin = q->sent + size == q->out.size;
    return true;
}

static void client_took(void *user, int64_t stream, size_t size, bool blocked)
{
    struct wr_doqclient *c = user;
    struct query *q = WR_CONTAINER(c->sends.next, struct query, send);

    wr_assert(!wr_list_empty(&c->sends) && q->stream == stream);
    q->sent += (uint32_t)size;
    if (blocked) {
        wr_list_remove(&q->send);
        wr_list_append(&c->blocked, &q->send);
    } else if (q->sent == q->out.size) {
        wr_list_remove(&q->send);
    }
}

static const struct wr_quic_calls client_calls = {
    .octets = client_octets,
    .closed = client_closed,
    .reset = client_reset,
    .ready = client_ready,
    .room = client_room,
    .rejected = client_rejected,
    .ticket = client_ticket,
    .token = client_token,
    .wants = client_wants,
    .took = client_took,
};

/* --- life ----------------------------------------------------------------------------------------- */

static size_t client_head(void)
{
    return (sizeof(struct wr_doqclient) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

size_t wr_doqclient_size(const struct wr_doqclient_setup *setup)
{
    return client_head() + wr_pool_size(sizeof(struct query), setup->queries);
}

int wr_doqclient_start(void *block, const struct wr_doqclient_setup *setup,
                       const struct wr_now *now, struct wr_doqclient **ret_client)
{
    const struct wr_quic_limits limits = {.stream_size = STREAM_SIZE,
                                          .window = WINDOW,
                                          .idle_ms = setup->idle_ms,
                                          .handshake_ms = setup->handshake_ms};
    struct wr_doqclient *c = block;
    int err;

    c->setup = *setup;
    c->setup.tls.now = *now;
    c->now_us = now->mono_us;
    c->local = setup->local;
    if (c->local.family == WR_AF_NONE) {
        c->local.family = setup->to.family;
    }
    wr_pool_init(&c->queries, (uint8_t *)block + client_head(), sizeof(struct query),
                 setup->queries);
    wr_list_init(&c->waiting);
    wr_list_init(&c->asked);
    wr_list_init(&c->said);
    wr_list_init(&c->sends);
    wr_list_init(&c->blocked);
    c->quic.calls = &client_calls;
    c->quic.user = c;
    c->quic.fail_code = WR_DOQ_INTERNAL_ERROR;
    if ((err = wr_quic_env_init(&c->env, setup->rng, 0, NULL, setup->memory_max,
                                setup->memory_max)) != WR_OK) {
        return err;
    }
    err = wr_quic_connect(&c->quic, &c->env, &c->setup.tls, &limits, &c->local, &setup->to,
                          setup->token, setup->token_size, now->mono_us);
    c->setup.tls.ticket = c->setup.token = NULL; /* read */
    if (err != WR_OK) {
        wr_quic_env_end(&c->env);
        return err;
    }
    *ret_client = c;
    return WR_OK;
}

void wr_doqclient_end(struct wr_doqclient *c)
{
    struct wr_list *lists[] = {&c->waiting, &c->asked, &c->said};
    wr_id id;

    wr_quic_end(&c->quic); /* first: it points into the chunks */
    for (unsigned i = 0; i < WR_ARRAY_LEN(lists); i++) {
        wr_list_init(lists[i]);
    }
    wr_list_init(&c->sends);
    wr_list_init(&c->blocked);
    for (uint32_t i = 0; i < c->queries.count; i++) {
        struct query *q = wr_pool_at(&c->queries, i, &id);

        if (q != NULL) {
            wr_list_init(&q->node);
            wr_list_init(&q->send);
            query_free(c, q);
        }
    }
    wr_quic_env_end(&c->env);
}

/* --- questions and answers ------------------------------------------------------------------------ */

uint32_t wr_doqclient_spare(const struct wr_doqclient *c)
{
    return c->quic.state < WR_QUIC_CLOSING ? c->queries.count - c->queries.taken : 0;
}

bool wr_doqclient_has_room(const struct wr_doqclient *c)
{
    return wr_doqclient_spare(c) > 0;
}

int wr_doqclient_ask(struct wr_doqclient *c, const uint8_t *msg, size_t size, bool early_ok,
                     uint64_t now_us)
{
    uint8_t head[4] = {(uint8_t)(size >> 8), (uint8_t)size, 0, 0};
    struct query *q;
    wr_id own;

    if (size < 12 || size > WR_MSG_MAX) {
        return WR_E_FORMAT;
    }
    if (c->quic.state >= WR_QUIC_CLOSING) {
        return WR_E_CLOSED;
    }
    if ((q = wr_pool_take(&c->queries, &own)) == NULL) {
        return WR_E_AGAIN;
    }
    c->now_us = now_us;
    q->own = own;
    q->stream = -1;
    q->id = (uint16_t)(msg[0] << 8 | msg[1]);
    wr_list_init(&q->node);
    wr_list_init(&q->send);
    if (wr_chunks_append(c->setup.chunks, &q->out, head, sizeof(head)) != WR_OK ||
        wr_chunks_append(c->setup.chunks, &q->out, msg + 2, size - 2) != WR_OK) {
        query_free(c, q);
        return WR_E_AGAIN;
    }
    query_move(q, &c->waiting, QUERY_WAITING);
    if (c->ready) {
        open_waiting(c);
    } else if (early_ok && wr_quic_may_early(&c->quic) && wr_doq_may_be_early(msg, size)) {
        query_open(c, q);
    }
    return WR_OK;
}

/* Done with: freed now, or when the library has let go of its octets. */
static void query_done(struct wr_doqclient *c, struct query *q)
{
    if (q->stream < 0 || c->quic.state == WR_QUIC_OVER) {
        query_free(c, q);
        return;
    }
    wr_list_remove(&q->node);
    wr_list_remove(&q->send);
    wr_chunks_give(c->setup.chunks, &q->in);
    q->state = QUERY_DONE;
}

void wr_doqclient_cancel(struct wr_doqclient *c, uint16_t id)
{
    struct wr_list *lists[] = {&c->waiting, &c->asked, &c->said};

    for (unsigned i = 0; i < WR_ARRAY_LEN(lists); i++) {
        for (struct wr_list *n = lists[i]->next; n != lists[i]; n = n->next) {
            struct query *q = WR_CONTAINER(n, struct query, node);

            if (q->id == id) {
                if (q->state == QUERY_ASKED) {
                    wr_quic_shut(&c->quic, q->stream, WR_DOQ_REQUEST_CANCELLED);
                }
                query_done(c, q);
                return;
            }
        }
    }
}

/* The answer in one piece, with the id that it was asked with. False: the connection is broken. */
static bool take_answer(struct wr_doqclient *c, struct query *q, struct wr_doqclient_said *said)
{
    size_t size = q->in.size - 2u;

    if (size > c->setup.room_size) {
        q->code = WR_DOQ_EXCESSIVE_LOAD;
        said->kind = WR_DOQCLIENT_FAILED;
        said->why = "the answer is too long";
        return true;
    }
    wr_chunks_read(c->setup.chunks, &q->in, 2, c->setup.room, size);
    if (wr_doq_check(c->setup.room, size) != WR_OK) {
        wr_quic_close(&c->quic, WR_DOQ_PROTOCOL_ERROR);
        return false;
    }
    c->setup.room[0] = (uint8_t)(q->id >> 8);
    c->setup.room[1] = (uint8_t)q->id;
    *said = (struct wr_doqclient_said){
        .kind = WR_DOQCLIENT_ANSWER, .msg = c->setup.room, .size = size, .id = q->id};
    return true;
}

static bool next_said(struct wr_doqclient *c, struct wr_doqclient_said *said)
{
    while (!wr_list_empty(&c->said)) {
        struct query *q = WR_CONTAINER(c->said.next, struct query, node);
        bool good = true;

        said->id = q->id;
        if (q->state == QUERY_FAILED) {
            said->kind = WR_DOQCLIENT_FAILED;
            said->why = wr_doq_code_name(q->code);
        } else {
            good = take_answer(c, q, said);
        }
        query_done(c, q);
        if (good) {
            return true;
        }
    }
    return false;
}

enum wr_doqclient_kind wr_doqclient_next(struct wr_doqclient *c, struct wr_doqclient_said *ret_said)
{
    *ret_said = (struct wr_doqclient_said){.kind = WR_DOQCLIENT_NOTHING};
    if (c->ready && !c->told_ready) {
        c->told_ready = true;
        ret_said->kind = WR_DOQCLIENT_READY;
    } else if (next_said(c, ret_said)) {
        return ret_said->kind;
    } else if (c->ticket) {
        c->ticket = false;
        ret_said->kind = WR_DOQCLIENT_TICKET;
    } else if (c->has_token) {
        c->has_token = false;
        *ret_said = (struct wr_doqclient_said){
            .kind = WR_DOQCLIENT_TOKEN, .msg = c->token, .size = c->token_size};
    } else if (c->quic.state == WR_QUIC_OVER && !c->told_ended) {
        c->told_ended = true;
        ret_said->kind = WR_DOQCLIENT_ENDED;
        ret_said->why = wr_quic_why(&c->quic);
        ret_said->own = wr_quic_ran_out(&c->quic);
    }
    return ret_said->kind;
}

/* --- datagrams and time --------------------------------------------------------------------------- */

void wr_doqclient_feed(struct wr_doqclient *c, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    c->now_us = now_us;
    wr_quic_feed(&c->quic, &c->local, &c->setup.to, bytes, size, now_us);
    while (!wr_list_empty(&c->blocked)) {
        struct wr_list *n = c->blocked.next;

        wr_list_remove(n);
        wr_list_append(&c->sends, n);
    }
}

size_t wr_doqclient_output(struct wr_doqclient *c, uint8_t *room, size_t cap, uint64_t now_us)
{
    struct wr_addr local, to;

    c->now_us = now_us;
    if (wr_list_empty(&c->asked) && c->pinging) {
        wr_quic_keep_alive(&c->quic, 0);
        c->pinging = false;
    }
    return wr_quic_output(&c->quic, room, cap, &local, &to, now_us);
}

uint64_t wr_doqclient_deadline(const struct wr_doqclient *c)
{
    return wr_quic_deadline(&c->quic);
}

void wr_doqclient_time(struct wr_doqclient *c, uint64_t now_us)
{
    c->now_us = now_us;
    wr_quic_time(&c->quic, now_us);
}

void wr_doqclient_close(struct wr_doqclient *c, uint64_t now_us)
{
    c->now_us = now_us;
    wr_quic_close(&c->quic, WR_DOQ_NO_ERROR);
}

void wr_doqclient_facts(const struct wr_doqclient *c, struct wr_doqclient_facts *ret_facts)
{
    *ret_facts = (struct wr_doqclient_facts){.resumed = c->quic.resumed,
                                             .early_taken = c->quic.early_taken,
                                             .rtt_us = wr_quic_rtt_us(&c->quic),
                                             .session = c->quic.session};
}

size_t wr_doqclient_ticket(struct wr_doqclient *c, uint8_t *room, size_t cap)
{
    return wr_quic_ticket(&c->quic, room, cap);
}

int wr_doqclient_move(struct wr_doqclient *c, const struct wr_addr *local, uint64_t now_us)
{
    int err = wr_quic_migrate(&c->quic, local, &c->setup.to, now_us);

    if (err == WR_OK) {
        c->local = *local;
    }
    return err;
}
