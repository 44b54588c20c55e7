/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to an upstream by QUIC (transport/upconn, updoq, doqclient) whose server's datagrams and answers do not come as they were
 * sent. The input is a script of four octets a step: what is done to the next datagram of a real server on its way (passed, lost,
 * doubled, cut, an octet changed; or the rest of the script is itself a datagram), and to its next answer (cut, an octet changed).
 *
 * Nothing is ready twice, each question is settled at most once, nothing is told after the end, all memory is given back.
 */
#include "tlspair.h"

#include "transport/doqserver.h"
#include "transport/quicdoor.h"
#include "transport/upconn.h"

enum { MEMORY = 1 << 20, TURNS = 64, ASKED = 24, ID = 0x1200 };

static const uint8_t query[] = "\x12\0\1\0\0\1\0\0\0\0\0\0\4lamp\4home\0\0\1\0\1";
static uint8_t room[WR_UPCONN_ROOM], out[WR_UPCONN_OUT], plain[WR_UPCONN_PLAIN];
static struct wr_quic_secrets secrets;
static struct wr_addr here = {.family = WR_AF_V4, .ip = {192, 0, 2, 2}, .port = 4000};
static struct wr_addr there = {.family = WR_AF_V4, .ip = {192, 0, 2, 1}, .port = 853};
static struct wr_upconn c;
static struct wr_doqserver *server;
static struct wr_rng rng;
static struct wr_now now;
static const uint8_t *script;
static size_t left;
static long pieces;
static bool ended;
static unsigned readies, asked, settled[ASKED];

/* The next step: what is done, and where; false: the script is over. */
static bool step(size_t size, uint8_t *ret_op, size_t *ret_at, uint8_t *ret_flip)
{
    if (left < 4) {
        return false;
    }
    *ret_op = script[0];
    *ret_at = ((size_t)script[1] << 8 | script[2]) % size;
    *ret_flip = script[3];
    script += 4;
    left -= 4;
    return true;
}

static void told(const struct wr_upconn_said *said)
{
    promise(!ended);
    ended = said->kind == WR_UPCONN_SAID_ENDED;
    promise(said->kind != WR_UPCONN_SAID_READY || ++readies == 1);
    promise(said->kind != WR_UPCONN_SAID_ANSWER || said->size >= 12);
    if (said->kind == WR_UPCONN_SAID_ANSWER || said->kind == WR_UPCONN_SAID_FAILED) {
        promise((unsigned)said->id - ID < asked && ++settled[said->id - ID] == 1);
    }
}

static void attend(void)
{
    struct wr_upconn_said said;
    while (wr_upconn_next(&c, &now, &said)) {
        told(&said);
    }
    promise(!ended || !wr_upconn_can_ask(&c));
}

static void come(const uint8_t *bytes, size_t size)
{
    wr_upconn_feed(&c, bytes, size, &now);
    attend();
}

/* One datagram of the server meets one step. */
static void meet(uint8_t *bytes, size_t size)
{
    uint8_t op = 0, flip = 0;
    size_t at = 0;

    if (step(size, &op, &at, &flip)) {
        op %= 6;
        size = op == 3 ? at + 1 : size;
        bytes[at] ^= op == 4 ? flip : 0;
    }
    if (op == 5) {
        come(script, left);
        left = 0;
    } else if (op != 1) {
        come(bytes, size);
        if (op == 2) {
            come(bytes, size);
        }
    }
}

/* One answer too; it is the query with QR. */
static void answer(const struct wr_doq_query *q)
{
    uint8_t msg[64], op, flip;
    size_t at, size = q->size < sizeof(msg) ? q->size : sizeof(msg);

    memcpy(msg, q->msg, size);
    msg[2] |= 0x80;
    if (step(size, &op, &at, &flip)) {
        size = op % 3 == 1 ? at + 1 : size;
        msg[at] ^= op % 3 == 2 ? flip : 0;
    }
    wr_doqserver_answer(server, q->conn, q->stream, msg, size, now.mono_us);
}

static void hear(const uint8_t *bytes, size_t size)
{
    struct wr_doq_datagram in = {.from = here, .local = there, .bytes = bytes, .size = size};
    struct wr_doq_query q;
    uint16_t other;

    (void)wr_doqserver_feed(server, &in, now.mono_us, &other);
    while (wr_doqserver_next(server, &q) != WR_DOQ_NOTHING) {
        if (q.said == WR_DOQ_QUERY) {
            answer(&q);
        }
    }
}

static void ask(void)
{
    uint8_t message[sizeof(query) - 1];

    memcpy(message, query, sizeof(message));
    message[1] = (uint8_t)asked;
    if (asked < ASKED && wr_upconn_can_ask(&c) &&
        wr_upconn_ask(&c, message, sizeof(message)) == WR_OK) {
        asked++;
    }
}

static void turn(void)
{
    static uint8_t bytes[WR_QUIC_DATAGRAM];
    struct wr_doq_datagram way;
    const uint8_t *sent;
    size_t n;

    (void)wr_upconn_time(&c, now.mono_us);
    attend();
    ask();
    for (unsigned i = 0; i < 32 && (n = wr_upconn_output(&c, &sent)) > 0; i++) {
        hear(sent, n);
    }
    while ((n = wr_doqserver_output(server, bytes, sizeof(bytes), &way, now.mono_us)) > 0) {
        meet(bytes, n);
    }
    now.mono_us += 100 * WR_MS;
    wr_doqserver_time(server, now.mono_us);
}

static void *start_server(void)
{
    struct wr_tls_setup tls = tlspair_setup(WR_TLS_SERVER, NULL, 0);
    struct wr_doqserver_setup setup = {.workers = 1,
                                       .connections = 8,
                                       .streams = 64,
                                       .chunks = 64,
                                       .query_max = 4096,
                                       .idle_ms = 5000,
                                       .message_ms = 5000,
                                       .read_ms = 5000,
                                       .memory_max = MEMORY,
                                       .secrets = &secrets,
                                       .tls = {.creds = tls.creds, .ticket_key = tls.ticket_key},
                                       .rng = &rng};
    size_t size = (wr_doqserver_size(&setup) + 63) & ~(size_t)63;
    void *block = aligned_alloc(64, size);

    promise(block != NULL);
    memset(block, 0, size);
    promise(wr_doqserver_start(block, &setup, &server) == WR_OK);
    return block;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_upconn_setup setup = {
        .kind = WR_UPCONN_DOQ, .room = room, .out = out, .plain = plain};
    const uint8_t *last;
    void *block;

    script = data;
    left = size;
    ended = false;
    readies = asked = 0;
    memset(settled, 0, sizeof(settled));
    now = tlspair_now;
    now.mono_us = 1000 * WR_S;
    wr_rng_seed_u64(&rng, 1);
    block = start_server();
    setup.secure = (struct wr_upconn_secure){.creds = tlspair_client,
                                             .verify = tlspair_judge,
                                             .name = TLSPAIR_NAME,
                                             .memory = {fuzz_resize, &pieces},
                                             .to = there,
                                             .rng = &rng};
    wr_upconn_start(&c, &setup);
    wr_upconn_opened(&c, NULL, 0);
    for (unsigned i = 0; i < TURNS && !ended; i++) {
        turn();
    }
    promise(size > 0 || (settled[0] == 1 && settled[ASKED - 1] == 1)); /* undisturbed it works */
    wr_upconn_close(&c);
    (void)wr_upconn_output(&c, &last);
    wr_upconn_end(&c);
    promise(pieces == 0);
    wr_doqserver_end(server);
    promise(wr_doqserver_memory(server) == 0);
    free(block);
    return 0;
}
