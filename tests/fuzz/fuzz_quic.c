/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DoQ server fed with datagrams. The input is a script of four octets a step: what is done to the next datagram of a real
 * client on its way (passed, lost, doubled, cut, an octet changed), or that the rest of the script is itself a datagram.
 * The server must stay within its memory and give all of it back, whatever comes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/time.h"
#include "transport/doqclient.h"
#include "transport/doqserver.h"
#include "transport/quicdoor.h"
#include "unit/transport/certs.h"

enum { MEMORY = 1 << 20, STEPS = 64, ROOM = 65536 };

static struct wr_creds *server_creds, *client_creds;
static uint8_t ticket_key[WR_TLS_TICKET_KEY];
static struct wr_quic_secrets secrets;

static void prepare(void)
{
    struct wr_creds_pem pair;
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why;
    struct certs_one cert;

    certs_make(&cert, &(struct certs_want){.names = {"dns.test"}}, NULL);
    wr_assert(wr_creds_make(&setup, &why, &client_creds) == WR_OK);
    pair = (struct wr_creds_pem){.chain = cert.pem.data,
                                 .chain_size = cert.pem.size,
                                 .key = cert.key_pem.data,
                                 .key_size = cert.key_pem.size};
    setup.pairs = &pair;
    setup.count = 1;
    wr_assert(wr_creds_make(&setup, &why, &server_creds) == WR_OK);
    certs_free(&cert);
}

static int verify(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    return WR_OK;
}

struct run {
    struct wr_rng rng;
    uint64_t now_us;
    struct wr_doqserver *s;
    struct wr_doqclient *c;
    struct wr_chunks chunks;
    struct wr_addr server, client;
    const uint8_t *script;
    size_t left;
};

static void feed(struct run *r, const uint8_t *bytes, size_t size)
{
    struct wr_doq_datagram in = {
        .from = r->client, .local = r->server, .bytes = bytes, .size = size};
    struct wr_doq_query q;
    uint16_t other;

    (void)wr_doqserver_feed(r->s, &in, r->now_us, &other);
    while (wr_doqserver_next(r->s, &q) != WR_DOQ_NOTHING) {
        if (q.said == WR_DOQ_QUERY) {
            wr_doqserver_answer(r->s, q.conn, q.stream, q.msg, q.size, r->now_us);
        }
    }
    wr_assert(wr_doqserver_memory(r->s) <= MEMORY + 64 * WR_CHUNK_SIZE);
}

/* One datagram of the client meets one step of the script. */
static void meet(struct run *r, uint8_t *bytes, size_t size)
{
    uint8_t op = 0;
    size_t at = 0;

    if (r->left >= 4) {
        op = r->script[0] % 6;
        at = ((size_t)r->script[1] << 8 | r->script[2]) % size;
        if (op == 3) {
            size = at + 1;
        } else if (op == 4) {
            bytes[at] ^= r->script[3];
        }
        r->script += 4;
        r->left -= 4;
    }
    if (op == 5) {
        feed(r, r->script, r->left);
        r->left = 0;
    } else if (op != 1) {
        feed(r, bytes, size);
        if (op == 2) {
            feed(r, bytes, size);
        }
    }
}

static void turn(struct run *r)
{
    static uint8_t bytes[WR_QUIC_DATAGRAM];
    struct wr_doqclient_said said;
    struct wr_doq_datagram way;
    size_t n;

    while ((n = wr_doqclient_output(r->c, bytes, sizeof(bytes), r->now_us)) > 0) {
        meet(r, bytes, n);
    }
    while ((n = wr_doqserver_output(r->s, bytes, sizeof(bytes), &way, r->now_us)) > 0) {
        wr_doqclient_feed(r->c, bytes, n, r->now_us);
    }
    while (wr_doqclient_next(r->c, &said) != WR_DOQCLIENT_NOTHING) {
    }
    r->now_us += 100 * WR_MS;
    wr_doqserver_time(r->s, r->now_us);
    wr_doqclient_time(r->c, r->now_us);
}

static void *block_of(size_t size)
{
    size = (size + 63) & ~(size_t)63;
    void *at = aligned_alloc(64, size);

    wr_assert(at != NULL);
    return memset(at, 0, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run r;
    static uint8_t room[ROOM];
    uint8_t query[] = {0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};

    if (server_creds == NULL) {
        prepare();
    }
    r = (struct run){.now_us = 1000 * WR_S, .script = data, .left = size};
    wr_rng_seed_u64(&r.rng, 1);
    r.server = (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, 1}, .port = 853};
    r.client = (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, 2}, .port = 4000};
    struct wr_doqserver_setup su = {.workers = 2,
                                    .connections = 8,
                                    .streams = 64,
                                    .chunks = 64,
                                    .query_max = 4096,
                                    .idle_ms = 5000,
                                    .message_ms = 5000,
                                    .read_ms = 5000,
                                    .memory_max = MEMORY,
                                    .secrets = &secrets,
                                    .tls = {.creds = server_creds, .ticket_key = ticket_key},
                                    .rng = &r.rng};
    void *sb = block_of(wr_doqserver_size(&su)), *cb, *kb = block_of(wr_chunks_size(64));
    wr_assert(wr_doqserver_start(sb, &su, &r.s) == WR_OK);
    wr_chunks_init(&r.chunks, kb, 64);
    struct wr_doqclient_setup cu = {.tls = {.creds = client_creds, .verify = verify},
                                    .local = r.client,
                                    .to = r.server,
                                    .queries = 8,
                                    .chunks = &r.chunks,
                                    .room = room,
                                    .room_size = sizeof(room),
                                    .rng = &r.rng,
                                    .memory_max = MEMORY,
                                    .idle_ms = 5000,
                                    .handshake_ms = 5000};
    struct wr_now now = {.mono_us = r.now_us, .wall_s = CERTS_NOW_S};
    cb = block_of(wr_doqclient_size(&cu));
    wr_assert(wr_doqclient_start(cb, &cu, &now, &r.c) == WR_OK);
    for (unsigned i = 0; i < STEPS; i++) {
        if (i % 8 == 0) {
            (void)wr_doqclient_ask(r.c, query, sizeof(query), false, r.now_us);
        }
        turn(&r);
    }
    wr_doqclient_end(r.c);
    wr_assert(r.chunks.taken == 0);
    wr_doqserver_end(r.s);
    wr_assert(wr_doqserver_memory(r.s) == 0);
    free(sb);
    free(cb);
    free(kb);
    return 0;
}
