/* SPDX-License-Identifier: Apache-2.0 */
#include "net/askflow.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/err.h"
#include "base/time.h"

struct running {
    const struct wr_askflow *flow;
    const uint8_t *query;
    size_t size;
    struct wr_askflow_room *room;
    struct wr_ask_reply *reply;
    struct wr_askflow_facts *facts;
    struct wr_asksock sock;
    uint64_t since_us; /* what is being timed began */
    bool asked;
};

static struct wr_now time_now(const struct running *r)
{
    struct wr_now now;

    wr_clock_read(r->flow->clock, &now);
    return now;
}

/* Microseconds since the last call, or since the beginning. */
static uint32_t lap(struct running *r)
{
    uint64_t now = wr_asksock_now_us();
    uint32_t took = (uint32_t)(now - r->since_us);

    r->since_us = now;
    return took;
}

static int fail(struct running *r, int err, const char *what, const char *more)
{
    snprintf(r->facts->why, sizeof(r->facts->why), "%s%s%s", what, *more ? ": " : "", more);
    return err;
}

static bool is_quic(const struct running *r)
{
    return r->flow->kind == WR_UPCONN_DOQ;
}

static const char *too_late(const struct running *r)
{
    if (r->facts->ready)
        return "no answer in time";
    if (is_quic(r))
        return "nobody answers there by QUIC";
    return r->facts->connect_us ? "the server took the connection and said nothing"
                                : "no connection in time";
}

static int fail_io(struct running *r, int err)
{
    switch (err) {
    case WR_E_IO: return fail(r, err, r->sock.error, "");
    case WR_E_CLOSED:
        return fail(r, err,
                    r->facts->ready ? "the server closed the connection without an answer"
                                    : "the server closed the connection in the handshake",
                    "");
    case WR_E_TIMEOUT: return fail(r, err, too_late(r), "");
    default: return fail(r, err, wr_err_name(err), "");
    }
}

/* All that the connection wants sent. */
static int flush(struct running *r)
{
    const uint8_t *bytes;
    size_t n;

    (void)wr_upconn_time(&r->room->conn, wr_asksock_now_us());
    while ((n = wr_upconn_output(&r->room->conn, &bytes)) > 0) {
        int err = wr_asksock_send(&r->sock, bytes, n);

        if (err)
            return fail_io(r, err);
    }
    return WR_OK;
}

static void note_session(struct running *r)
{
    struct wr_upconn_facts facts;

    wr_upconn_facts(&r->room->conn, &facts);
    r->facts->ready = true;
    r->facts->handshake_us = lap(r);
    r->facts->resumed = facts.resumed;
    snprintf(r->facts->version, sizeof(r->facts->version), "%s", facts.version);
    snprintf(r->facts->cipher, sizeof(r->facts->cipher), "%s", facts.cipher);
    if (facts.protocol[0] && !is_quic(r))
        snprintf(r->facts->http, sizeof(r->facts->http), "%s",
                 strcmp(facts.protocol, "h2") ? "1.1" : "2");
}

static int ask(struct running *r)
{
    int err = wr_upconn_ask(&r->room->conn, r->query, r->size);

    r->asked = true;
    return err ? fail(r, err, "the question is too long for this transport", "") : WR_OK;
}

static int take_answer(struct running *r, const struct wr_upconn_said *said)
{
    if (!wr_ask_matches(r->query, r->size, said->msg, said->size)) {
        r->reply->wrong++;
        return r->reply->wrong < WR_WRONG_READS_MAX
                   ? WR_E_AGAIN
                   : fail(r, WR_E_LIMIT, "too many replies that do not answer the question", "");
    }
    r->facts->answer_us = lap(r);
    memcpy(r->reply->bytes, said->msg, said->size);
    r->reply->size = said->size;
    return WR_OK;
}

static void take_ticket(struct running *r, const struct wr_upconn_said *said)
{
    if (said->size > sizeof(r->facts->ticket))
        return;
    memcpy(r->facts->ticket, said->msg, said->size);
    r->facts->ticket_size = said->size;
}

/* What the connection has to say; WR_OK: the answer is here, WR_E_AGAIN: go on. */
static int listen_to(struct running *r)
{
    struct wr_now now = time_now(r);
    struct wr_upconn_said said;
    int err = WR_E_AGAIN;

    while (wr_upconn_next(&r->room->conn, &now, &said)) {
        if (said.kind == WR_UPCONN_SAID_READY) {
            note_session(r);
        } else if (said.kind == WR_UPCONN_SAID_TICKET) {
            take_ticket(r, &said);
        } else if (said.kind == WR_UPCONN_SAID_ANSWER) {
            err = err == WR_E_AGAIN ? take_answer(r, &said) : err;
        } else if (err == WR_E_AGAIN && said.kind == WR_UPCONN_SAID_FAILED) {
            err = fail(r, WR_E_CLOSED, "no answer", said.text);
        } else if (err == WR_E_AGAIN) {
            err = fail(r, said.why == WR_UPCONN_STRANGER ? WR_E_DENIED : WR_E_CLOSED,
                       wr_upconn_why_text(said.why), said.text);
        }
        if (err != WR_E_AGAIN && err != WR_OK)
            break;
    }
    return err;
}

/* Until something comes, or the connection wants to be moved by the clock. */
static int wait_for_it(struct running *r)
{
    uint64_t now_us = wr_asksock_now_us(), due_us = wr_upconn_deadline(&r->room->conn), until_us;
    int err;

    until_us = due_us > now_us + WR_MS ? due_us : now_us + WR_MS; /* it had its turn just now */
    err = wr_asksock_wait(&r->sock, POLLIN, until_us);
    if (err == WR_E_TIMEOUT && until_us < r->sock.deadline_us && wr_asksock_now_us() >= until_us)
        return WR_E_AGAIN;
    return err;
}

/* What came, to the connection. */
static int hear(struct running *r)
{
    struct wr_now now;
    size_t n = 0;
    int err = wait_for_it(r);

    if (!err)
        err = wr_asksock_read(&r->sock, r->room->in, sizeof(r->room->in), &n);
    if (err == WR_E_CLOSED && is_quic(r))
        err = WR_E_AGAIN; /* a datagram of nothing */
    if (err == WR_E_AGAIN)
        return err;
    if (err)
        return fail_io(r, err);
    now = time_now(r);
    wr_upconn_feed(&r->room->conn, r->room->in, n, &now);
    return WR_E_AGAIN;
}

/* One turn: what waits goes out, what comes is fed. WR_E_AGAIN: another. */
static int turn(struct running *r)
{
    int err = listen_to(r), sent = flush(r);

    if (err == WR_E_AGAIN && is_quic(r) && wr_upconn_deadline(&r->room->conn) == WR_TIME_NEVER)
        err = listen_to(r); /* it ended by the clock */
    if (err != WR_E_AGAIN)
        return err; /* an alert may not have gone out: the reason counts */
    if (!sent && r->facts->ready && !r->asked) {
        sent = ask(r);
        if (!sent)
            sent = flush(r);
    }
    return sent ? sent : hear(r);
}

/* What QUIC and the envelopes of ODoH are made with. */
static int seed(struct running *r)
{
    uint8_t bytes[32];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return fail(r, WR_E_IO, "the system gives no randomness", "");
    wr_rng_seed(&r->room->rng, bytes);
    explicit_bzero(bytes, sizeof(bytes));
    return WR_OK;
}

static int run(struct running *r)
{
    int err = wr_asksock_open(&r->sock, is_quic(r) ? SOCK_DGRAM : SOCK_STREAM, &r->flow->server,
                              &r->flow->from);

    if (!err && !is_quic(r))
        err = wr_asksock_connected(&r->sock);
    if (err)
        return fail_io(r, err);
    if (!is_quic(r))
        r->facts->connect_us = lap(r);
    wr_upconn_opened(&r->room->conn, r->flow->ticket, r->flow->ticket_size);
    do {
        err = turn(r);
    } while (err == WR_E_AGAIN);
    wr_upconn_close(&r->room->conn);
    if (!err)
        (void)flush(r);
    return err;
}

/* HTTP sessions grow and shrink; one of them, for one question. */
static void *resize(void *user, void *old, size_t size)
{
    (void)user;
    if (size)
        return realloc(old, size);
    free(old);
    return NULL;
}

uint8_t wr_askflow_kind(uint8_t scheme)
{
    switch (scheme) {
    case WR_URI_TLS: return WR_UPCONN_DOT;
    case WR_URI_HTTPS: return WR_UPCONN_DOH;
    case WR_URI_ODOH: return WR_UPCONN_ODOH;
    case WR_URI_QUIC: return wr_uri_is_served(scheme) ? WR_UPCONN_DOQ : 0;
    default: return 0;
    }
}

int wr_askflow_run(const struct wr_askflow *flow, const uint8_t *query, size_t size,
                   struct wr_askflow_room *room, struct wr_ask_reply *ret_reply,
                   struct wr_askflow_facts *ret_facts)
{
    struct running r = {.flow = flow,
                        .query = query,
                        .size = size,
                        .room = room,
                        .reply = ret_reply,
                        .facts = ret_facts};
    struct wr_upconn_setup setup = {.kind = flow->kind,
                                    .room = room->room,
                                    .out = room->out,
                                    .plain = room->plain,
                                    .secure = flow->secure};
    int err;

    wr_assert(wr_upconn_is_encrypted(flow->kind));
    setup.secure.memory = (struct wr_http_memory){.resize = resize};
    setup.secure.target.rng = setup.secure.rng = &room->rng;
    setup.secure.to = flow->server;
    memset(ret_facts, 0, sizeof(*ret_facts));
    ret_reply->size = 0;
    ret_reply->tries = ret_reply->wrong = 0;
    ret_reply->was_truncated = false;
    ret_reply->number = 0;
    ret_reply->error[0] = 0;
    ret_reply->tcp = true;
    wr_upconn_start(&room->conn, &setup);
    wr_asksock_begin(&r.sock, flow->timeout_ms, flow->cancel);
    r.since_us = r.sock.started_us;
    err = seed(&r);
    if (!err)
        err = run(&r);
    wr_upconn_end(&room->conn);
    ret_reply->took_us = wr_asksock_end(&r.sock);
    return err;
}
