/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world of DNS over QUIC in memory: workers of one server, clients, and a network between them that loses, reorders
 * and doubles datagrams by a seed, all in virtual time. What a test wants to do to a datagram it does in `tap`.
 *
 * The server's engine is an echo: the answer is the query with QR set and, if the first octet of the name's label is a
 * digit n, n KiB of zeros behind it.
 */
#ifndef WEIR_TESTS_DOQWORLD_H
#define WEIR_TESTS_DOQWORLD_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"
#include "transport/antireplay.h"
#include "transport/chunks.h"
#include "transport/doq.h"
#include "transport/doqclient.h"
#include "transport/doqserver.h"
#include "transport/quicdoor.h"
#include "unit/transport/certs.h"

enum { DW_WORKERS = 2, DW_CLIENTS = 64, DW_FLIGHT = 4096, DW_ROOM = 65600, DW_ANSWERS = 256 };

struct dw_packet {
    uint64_t at_us;
    bool used, to_server;
    uint16_t client, worker;
    struct wr_doq_datagram way;
    uint8_t *bytes;
    size_t size;
};

struct dw_client {
    struct wr_doqclient *c;
    void *block;
    struct wr_addr addr;
    uint16_t worker; /* where the kernel would take its datagrams */
    bool ready, ended, own;
    const char *why;
    unsigned answers, failed, bad;
    const char *failed_why;
    size_t last_size;
    uint8_t ticket[WR_QUIC_TICKET_MAX], token[256];
    size_t ticket_size, token_size;
    uint64_t sent, received; /* octets */
};

struct dw {
    uint64_t now_us;
    struct wr_rng rng, net;
    unsigned loss, twice, jitter_us, delay_us; /* loss and twice of 1000 */
    struct wr_creds *server_creds, *client_creds;
    struct wr_quic_secrets secrets;
    struct certs_one cert;
    uint8_t ticket_key[WR_TLS_TICKET_KEY];
    struct wr_doqserver_setup setup;
    struct wr_doqserver *s[DW_WORKERS];
    void *block[DW_WORKERS];
    uint64_t handed;
    struct wr_chunks chunks;
    void *chunk_block;
    uint8_t room[DW_ROOM];
    struct dw_client client[DW_CLIENTS];
    unsigned clients;
    struct dw_packet flight[DW_FLIGHT];
    bool verify_fails, mute;
    /* False: the datagram is lost. */
    bool (*tap)(struct dw *w, bool to_server, unsigned client, uint8_t *bytes, size_t *size);
    unsigned early_queries;
    struct wr_addr last_from;
    struct wr_identity last_claim;
    uint64_t last_conn, last_stream;
    struct wr_strike strike;
    struct wr_antireplay antireplay[DW_WORKERS]; /* each worker has its own, as in the daemon */
    void *strike_block;
    uint32_t admitted;
    uint32_t admit_max;
    uint64_t client_memory; /* octets that the libraries may hold for one */
    uint32_t rogue_window;  /* octets; 0: enough for all */
    uint64_t lack;          /* octets that the owner has too few */
};

static inline struct wr_creds *dw_creds(const struct certs_one *cert)
{
    struct wr_creds_pem pair = {0};
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why;
    struct wr_creds *creds = NULL;

    if (cert != NULL) {
        pair = (struct wr_creds_pem){.chain = cert->pem.data,
                                     .chain_size = cert->pem.size,
                                     .key = cert->key_pem.data,
                                     .key_size = cert->key_pem.size};
        setup.pairs = &pair;
        setup.count = 1;
    }
    assert_int_equal(wr_creds_make(&setup, &why, &creds), WR_OK);
    return creds;
}

static inline bool dw_admit(void *user, const struct wr_addr *from)
{
    struct dw *w = user;

    if (w->admitted >= w->admit_max) {
        return false;
    }
    w->admitted++;
    return true;
}

static inline void dw_leave(void *user, const struct wr_addr *from)
{
    ((struct dw *)user)->admitted--;
}

static inline uint64_t dw_lack(void *user)
{
    return ((struct dw *)user)->lack;
}

static inline int dw_verify(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    return ((struct dw *)user)->verify_fails || chain->count != 1 ? WR_E_DENIED : WR_OK;
}

static inline void dw_start_server(struct dw *w, unsigned i)
{
    size_t size = wr_doqserver_size(&w->setup);

    w->setup.worker = (uint16_t)i;
    w->setup.tls.anti_replay = w->antireplay[i].handle;
    w->block[i] = aligned_alloc(64, (size + 63) & ~(size_t)63);
    memset(w->block[i], 0, size);
    assert_int_equal(wr_doqserver_start(w->block[i], &w->setup, &w->s[i]), WR_OK);
}

static inline struct dw *dw_new(uint64_t seed)
{
    struct dw *w = calloc(1, sizeof(*w));

    w->now_us = 1000 * WR_S;
    w->delay_us = 5000;
    w->admit_max = UINT32_MAX;
    w->client_memory = 8u << 20;
    wr_rng_seed_u64(&w->rng, seed);
    wr_rng_seed_u64(&w->net, seed + 1);
    certs_make(&w->cert, &(struct certs_want){.names = {"dns.test"}}, NULL);
    w->server_creds = dw_creds(&w->cert);
    w->client_creds = dw_creds(NULL);
    wr_rng_bytes(&w->rng, w->ticket_key, sizeof(w->ticket_key));
    wr_rng_bytes(&w->rng, &w->secrets, sizeof(w->secrets));
    w->setup = (struct wr_doqserver_setup){
        .workers = DW_WORKERS,
        .connections = 256,
        .streams = 2048,
        .chunks = 8192,
        .query_max = 4096,
        .idle_ms = 30000,
        .message_ms = 5000,
        .read_ms = 20000,
        .memory_max = 64u << 20,
        .secrets = &w->secrets,
        .tls = {.creds = w->server_creds, .ticket_key = w->ticket_key},
        .rng = &w->rng,
        .admit = dw_admit,
        .leave = dw_leave,
        .lack = dw_lack,
        .user = w,
    };
    w->chunk_block = malloc(wr_chunks_size(8192));
    wr_chunks_init(&w->chunks, w->chunk_block, 8192);
    return w;
}

/* Before dw_start: early data is taken. */
static inline void dw_take_early(struct dw *w)
{
    static const struct wr_hash_key key = {{1, 2}};

    w->strike_block = calloc(1, wr_strike_size(256));
    wr_strike_init(&w->strike, w->strike_block, 256, &key, WR_ANTIREPLAY_WINDOW_MS * WR_MS);
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        struct timespec apart = {.tv_nsec = 2000000}; /* made at other times */

        nanosleep(&apart, NULL);
        assert_int_equal(wr_antireplay_init(&w->antireplay[i], &w->strike, &w->now_us), WR_OK);
    }
}

static inline void dw_take_no_early(struct dw *w)
{
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        wr_antireplay_end(&w->antireplay[i]);
    }
    free(w->strike_block);
    w->strike_block = NULL;
}

static inline void dw_start(struct dw *w)
{
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        dw_start_server(w, i);
    }
}

static inline struct wr_addr dw_addr(unsigned host, uint16_t port)
{
    return (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, (uint8_t)host}, .port = port};
}

/* A client on worker i % DW_WORKERS; ticket and, at its address, token of an earlier one, or NULL. */
static inline struct dw_client *dw_client_at(struct dw *w, const struct dw_client *before,
                                             bool with_token)
{
    struct dw_client *c = &w->client[w->clients];
    struct wr_doqclient_setup setup = {
        .tls = {.creds = w->client_creds,
                .host = "dns.test",
                .verify = dw_verify,
                .verify_user = w},
        .to = dw_addr(1, 853),
        .queries = 100,
        .chunks = &w->chunks,
        .room = w->room,
        .room_size = sizeof(w->room),
        .rng = &w->rng,
        .memory_max = w->client_memory,
        .idle_ms = 30000,
        .handshake_ms = 5000,
    };

    const struct wr_now now = {.mono_us = w->now_us, .wall_s = CERTS_NOW_S, .wall_proven = true};

    c->addr = dw_addr(10 + w->clients, (uint16_t)(40000 + w->clients));
    c->worker = (uint16_t)(w->clients++ % DW_WORKERS);
    setup.local = c->addr;
    if (before != NULL) {
        setup.tls.ticket = before->ticket_size > 0 ? before->ticket : NULL;
        setup.tls.ticket_size = before->ticket_size;
    }
    if (before != NULL && with_token) {
        setup.token = before->token;
        setup.token_size = before->token_size;
        memcpy(c->addr.ip, before->addr.ip, sizeof(c->addr.ip));
        setup.local = c->addr;
    }
    size_t size = (wr_doqclient_size(&setup) + 63) & ~(size_t)63;
    c->block = aligned_alloc(64, size);
    memset(c->block, 0, size);
    assert_int_equal(wr_doqclient_start(c->block, &setup, &now, &c->c), WR_OK);
    return c;
}

static inline struct dw_client *dw_client(struct dw *w)
{
    return dw_client_at(w, NULL, false);
}

static inline void dw_put_one(struct dw *w, bool to_server, unsigned client, uint16_t worker,
                              const struct wr_doq_datagram *way, const uint8_t *bytes, size_t size)
{
    for (unsigned i = 0; i < DW_FLIGHT; i++) {
        struct dw_packet *p = &w->flight[i];

        if (!p->used) {
            *p = (struct dw_packet){.at_us = w->now_us + w->delay_us,
                                    .used = true,
                                    .to_server = to_server,
                                    .client = (uint16_t)client,
                                    .worker = worker,
                                    .way = *way,
                                    .size = size};
            if (w->jitter_us > 0) {
                p->at_us += wr_rng_below(&w->net, w->jitter_us);
            }
            p->bytes = malloc(size);
            memcpy(p->bytes, bytes, size);
            return;
        }
    }
    fail_msg("the network is full");
}

static inline void dw_put(struct dw *w, bool to_server, unsigned client, uint16_t worker,
                          const struct wr_doq_datagram *way, uint8_t *bytes, size_t size)
{
    if (w->tap != NULL && !w->tap(w, to_server, client, bytes, &size)) {
        return;
    }
    if (w->loss > 0 && wr_rng_below(&w->net, 1000) < w->loss) {
        return;
    }
    dw_put_one(w, to_server, client, worker, way, bytes, size);
    if (w->twice > 0 && wr_rng_below(&w->net, 1000) < w->twice) {
        dw_put_one(w, to_server, client, worker, way, bytes, size);
    }
}

/* A query with this id for a name of one label; its second letter is a number of KiB to answer with. */
static inline size_t dw_query(uint8_t *msg, uint16_t id, unsigned kib)
{
    static const uint8_t rest[] = {1,   0, 0,   1,   0,   0,   0,   0, 0, 0, 3, 'q',
                                   '0', 0, 'x', 'y', 'z', 'a', 'b', 0, 0, 1, 0, 1};

    msg[0] = (uint8_t)(id >> 8);
    msg[1] = (uint8_t)id;
    memcpy(msg + 2, rest, 10);
    memcpy(msg + 12, (uint8_t[]){3, 'q', (uint8_t)('0' + kib), 'x', 0, 0, 1, 0, 1}, 9);
    return 21;
}

static inline void dw_serve(struct dw *w, unsigned worker)
{
    struct wr_doq_query q;
    static uint8_t answer[DW_ROOM];

    while (wr_doqserver_next(w->s[worker], &q) != WR_DOQ_NOTHING) {
        if (q.said == WR_DOQ_QUERY) {
            size_t more = q.size > 14 && q.msg[14] > '0' && q.msg[14] <= '0' + 63
                              ? (size_t)(q.msg[14] - '0') * 1024
                              : 0;

            w->early_queries += q.early;
            w->last_from = q.from;
            w->last_claim = *q.claim;
            w->last_conn = q.conn;
            w->last_stream = q.stream;
            memset(answer, 0, sizeof(answer));
            memcpy(answer, q.msg, q.size);
            answer[2] |= 0x80;
            if (!w->mute) {
                wr_doqserver_answer(w->s[worker], q.conn, q.stream, answer, q.size + more,
                                    w->now_us);
            }
        }
    }
}

static inline unsigned dw_client_of(const struct dw *w, const struct wr_addr *to)
{
    for (unsigned i = 0; i < w->clients; i++) {
        if (wr_addr_equal(&w->client[i].addr, to)) {
            return i;
        }
    }
    return DW_CLIENTS; /* nobody */
}

static inline void dw_flush_server(struct dw *w, unsigned worker)
{
    uint8_t bytes[WR_QUIC_DATAGRAM];
    struct wr_doq_datagram way;
    size_t n;

    dw_serve(w, worker);
    while ((n = wr_doqserver_output(w->s[worker], bytes, sizeof(bytes), &way, w->now_us)) > 0) {
        unsigned client = dw_client_of(w, &way.from);

        if (client < DW_CLIENTS) {
            dw_put(w, false, client, (uint16_t)worker, &way, bytes, n);
        }
        dw_serve(w, worker);
    }
}

static inline void dw_flush_client(struct dw *w, unsigned i)
{
    struct dw_client *c = &w->client[i];
    struct wr_doqclient_said said;
    uint8_t bytes[WR_QUIC_DATAGRAM];
    size_t n;

    if (c->c == NULL) {
        return;
    }
    while (wr_doqclient_next(c->c, &said) != WR_DOQCLIENT_NOTHING) {
        switch (said.kind) {
        case WR_DOQCLIENT_READY: c->ready = true; break;
        case WR_DOQCLIENT_ANSWER:
            c->answers++;
            c->last_size = said.size;
            c->bad += said.size < 21 || (said.msg[2] & 0x80) == 0 ||
                      said.msg[0] != (uint8_t)(said.id >> 8) || said.msg[1] != (uint8_t)said.id;
            break;
        case WR_DOQCLIENT_FAILED:
            c->failed++;
            c->failed_why = said.why;
            break;
        case WR_DOQCLIENT_TICKET:
            c->ticket_size = wr_doqclient_ticket(c->c, c->ticket, sizeof(c->ticket));
            break;
        case WR_DOQCLIENT_TOKEN:
            assert_true(said.size <= sizeof(c->token));
            memcpy(c->token, said.msg, said.size);
            c->token_size = said.size;
            break;
        case WR_DOQCLIENT_ENDED:
            c->ended = true;
            c->own = said.own;
            c->why = said.why;
            break;
        case WR_DOQCLIENT_NOTHING: break;
        }
    }
    while ((n = wr_doqclient_output(c->c, bytes, sizeof(bytes), w->now_us)) > 0) {
        struct wr_doq_datagram way = {.from = c->addr, .local = dw_addr(1, 853), .listener = 3};

        c->sent += n;
        dw_put(w, true, i, c->worker, &way, bytes, n);
    }
}

static inline void dw_feed_server(struct dw *w, unsigned worker, const struct wr_doq_datagram *in)
{
    uint16_t other = 0;

    if (wr_doqserver_feed(w->s[worker], in, w->now_us, &other) == WR_E_NOTFOUND) {
        struct wr_doq_datagram handed = *in;

        handed.handed = true;
        w->handed++;
        assert_int_equal(wr_doqserver_feed(w->s[other], &handed, w->now_us, &other), WR_OK);
        dw_flush_server(w, other);
    }
    dw_flush_server(w, worker);
}

static inline void dw_arrive(struct dw *w, struct dw_packet *p)
{
    struct dw_packet now = *p;

    p->used = false;
    if (now.to_server) {
        now.way.bytes = now.bytes;
        now.way.size = now.size;
        dw_feed_server(w, now.worker, &now.way);
    } else if (w->client[now.client].c != NULL) {
        w->client[now.client].received += now.size;
        wr_doqclient_feed(w->client[now.client].c, now.bytes, now.size, w->now_us);
        dw_flush_client(w, now.client);
    }
    free(now.bytes);
}

/* One step of time; false: nothing will ever happen. */
static inline bool dw_step(struct dw *w, uint64_t end_us)
{
    struct dw_packet *first = NULL;
    uint64_t at_us = WR_TIME_NEVER;

    for (unsigned i = 0; i < DW_WORKERS; i++) {
        dw_flush_server(w, i);
        at_us = wr_time_min(at_us, wr_doqserver_deadline(w->s[i]));
    }
    for (unsigned i = 0; i < w->clients; i++) {
        dw_flush_client(w, i);
        if (w->client[i].c != NULL) {
            at_us = wr_time_min(at_us, wr_doqclient_deadline(w->client[i].c));
        }
    }
    for (unsigned i = 0; i < DW_FLIGHT; i++) {
        if (w->flight[i].used && (first == NULL || w->flight[i].at_us < first->at_us)) {
            first = &w->flight[i];
        }
    }
    if (first != NULL && first->at_us <= at_us) {
        if (first->at_us > end_us) {
            w->now_us = end_us;
            return false;
        }
        w->now_us = first->at_us > w->now_us ? first->at_us : w->now_us;
        dw_arrive(w, first);
        return true;
    }
    if (at_us > end_us) {
        w->now_us = end_us;
        return false;
    }
    w->now_us = at_us > w->now_us ? at_us : w->now_us;
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        wr_doqserver_time(w->s[i], w->now_us);
    }
    for (unsigned i = 0; i < w->clients; i++) {
        if (w->client[i].c != NULL) {
            wr_doqclient_time(w->client[i].c, w->now_us);
        }
    }
    return true;
}

static inline void dw_run(struct dw *w, uint64_t us)
{
    uint64_t end_us = w->now_us + us;

    for (unsigned steps = 0; dw_step(w, end_us); steps++) {
        assert_true(steps < 1000000);
    }
}

static inline void dw_ask(struct dw *w, struct dw_client *c, uint16_t id, unsigned kib)
{
    uint8_t msg[64];

    assert_int_equal(wr_doqclient_ask(c->c, msg, dw_query(msg, id, kib), false, w->now_us), WR_OK);
}

static inline void dw_client_end(struct dw_client *c)
{
    if (c->c != NULL) {
        wr_doqclient_end(c->c);
        free(c->block);
        c->c = NULL;
    }
}

static inline void dw_stop_server(struct dw *w, unsigned i)
{
    wr_doqserver_end(w->s[i]);
    assert_int_equal(wr_doqserver_memory(w->s[i]), 0);
    free(w->block[i]);
}

static inline void dw_free(struct dw *w)
{
    for (unsigned i = 0; i < DW_CLIENTS; i++) {
        dw_client_end(&w->client[i]);
    }
    assert_int_equal(w->chunks.taken, 0);
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        dw_stop_server(w, i);
    }
    assert_int_equal(w->admitted, 0);
    for (unsigned i = 0; i < DW_FLIGHT; i++) {
        if (w->flight[i].used) {
            free(w->flight[i].bytes);
        }
    }
    dw_take_no_early(w);
    wr_creds_drop(w->server_creds);
    wr_creds_drop(w->client_creds);
    certs_free(&w->cert);
    free(w->chunk_block);
    free(w);
}

#endif
